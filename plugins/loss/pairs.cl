/* SPDX-License-Identifier: MIT
 * pairs.cl: distances between all samples of a batch, and the gradient of a loss of these distances. A sample is ELEMENTS
 * numbers. Matrices are N x N, row by row. A work-group takes the samples of a block, lane beside lane. SQUARED: the
 * distances are squared ones. */

/* The squared distance of the block's sample `lane`, whose numbers begin at x, and the one at other. */
#if FV_L == 1
real FV_NAME(square)(global const real *restrict x, global const real *restrict other)
{
    real16 parts = 0;
    int e = 0;
    for (; e + 16 <= ELEMENTS; e += 16) {
        real16 d = vload16(0, x + e) - vload16(0, other + e);
        parts += d * d;
    }
    real8 eight = parts.lo + parts.hi;
    real4 four = eight.lo + eight.hi;
    real sum = four.x + four.y + four.z + four.w;
    for (; e < ELEMENTS; e++)
        sum += (x[e] - other[e]) * (x[e] - other[e]);
    return sum;
}
#endif

FV_KERNEL FV_NAME(distances)(global const real *restrict x, global real *restrict distance, int n)
{
    int first = get_group_id(0) * FV_L;
    global const real *own = x + FV_AT(first, 0, 0, 0, ELEMENTS, 1, 1);

    for (int j = FV_ME; j < n; j += FV_WORKERS) {
        global const real *other = x + FV_AT(j, 0, 0, 0, ELEMENTS, 1, 1);
        real sum[FV_L];
#if FV_L == 1
        sum[0] = FV_NAME(square)(own, other);
#else
        for (int lane = 0; lane < FV_L; lane++)
            sum[lane] = 0;
        for (int e = 0; e < ELEMENTS; e++)
            for (int lane = 0; lane < FV_L; lane++) {
                real d = own[e * FV_L + lane] - other[e * FV_L];
                sum[lane] += d * d;
            }
#endif
        for (int lane = 0; lane < FV_L && first + lane < n; lane++)
            distance[(size_t)(first + lane) * n + j] = SQUARED ? sum[lane] : sqrt(sum[lane]);
    }
}

/* slope[i][j] is the derivative of sample i's loss by the distance of i and j. Leaves in `distance` what the difference
 * of the two samples is to be multiplied with. Where they are at the same place, the distance has no derivative: 0. */
FV_KERNEL FV_NAME(factors)(global const real *restrict slope, global real *restrict distance, int n, real scale)
{
    int i = get_group_id(0);
    for (int j = FV_ME; j < n; j += FV_WORKERS) {
        size_t at = (size_t)i * n + j;
        real both = scale * (slope[at] + slope[(size_t)j * n + i]), d = distance[at];
        distance[at] = SQUARED ? 2 * both : d == 0 ? 0 : both / d;
    }
}

/* dx[i] = sum over j of factor[i][j] * (x[i] - x[j]); the factors are symmetric. */
FV_KERNEL FV_NAME(gradient)(global const real *restrict x, global const real *restrict factor, global real *restrict dx,
                            int n)
{
    int first = get_group_id(0) * FV_L;
    global const real *own = x + FV_AT(first, 0, 0, 0, ELEMENTS, 1, 1);
    dx += FV_AT(first, 0, 0, 0, ELEMENTS, 1, 1);

#if FV_L == 1 && FV_WORKERS == 1
    int e = 0;
    for (; e + 16 <= ELEMENTS; e += 16) {
        real16 here = vload16(0, own + e), sum = 0;
        for (int j = 0; j < n; j++)
            sum += factor[(size_t)first * n + j] * (here - vload16(0, x + (size_t)j * ELEMENTS + e));
        vstore16(sum, 0, dx + e);
    }
    for (; e < ELEMENTS; e++) {
        real sum = 0;
        for (int j = 0; j < n; j++)
            sum += factor[(size_t)first * n + j] * (own[e] - x[(size_t)j * ELEMENTS + e]);
        dx[e] = sum;
    }
#else
    for (int e = FV_ME; e < ELEMENTS; e += FV_WORKERS) {
        real sum[FV_L];
        for (int lane = 0; lane < FV_L; lane++)
            sum[lane] = 0;
        for (int j = 0; j < n; j++) {
            real there = x[FV_AT(j, e, 0, 0, ELEMENTS, 1, 1)];
            for (int lane = 0; lane < FV_L; lane++) /* lanes that are empty read another's factor */
                sum[lane] += factor[(size_t)j * n + min(first + lane, n - 1)] * (own[e * FV_L + lane] - there);
        }
        for (int lane = 0; lane < FV_L; lane++)
            dx[e * FV_L + lane] = first + lane < n ? sum[lane] : 0;
    }
#endif
}
