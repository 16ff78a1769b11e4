/* SPDX-License-Identifier: MIT
 * softmax.cl: C classes. A work-item takes LANES samples, lane beside lane. */

/* The largest score, and the sum of exp(score - largest). */
void FV_NAME(sum)(global const real *restrict x, real *top, real *sum)
{
    for (int lane = 0; lane < LANES; lane++) {
        top[lane] = x[lane];
        sum[lane] = 0;
    }
    for (int c = 1; c < C; c++)
        for (int lane = 0; lane < LANES; lane++)
            top[lane] = x[c * FV_L + lane] > top[lane] ? x[c * FV_L + lane] : top[lane];
    for (int c = 0; c < C; c++)
        for (int lane = 0; lane < LANES; lane++)
            sum[lane] += exp(x[c * FV_L + lane] - top[lane]);
}

void FV_NAME(write)(global const real *restrict x, global const int *restrict label, global real *restrict result,
                    int slot, int n, real weight, const real *top, const real *sum)
{
    int first = get_group_id(0) * LANES;
    for (int lane = 0; lane < LANES && first + lane < n; lane++) {
        int right = label[first + lane];
        real l = (real)NAN;
        if (right >= 0 && right < C)
            l = log(sum[lane]) - (x[right * FV_L + lane] - top[lane]);
        result[slot + first + lane] = weight * l;
    }
}

kernel __attribute__((reqd_work_group_size(1, 1, 1))) void
FV_NAME(evaluate)(global const real *restrict x, global const int *restrict label, global real *restrict result,
                  int slot, int n, real weight)
{
    int first = get_group_id(0) * LANES;
    real top[LANES], sum[LANES];
    x += FV_AT(first, 0, 0, 0, C, 1, 1);
    FV_NAME(sum)(x, top, sum);
    FV_NAME(write)(x, label, result, slot, n, weight, top, sum);
}

/* dx = scale * (softmax - 1 at the label) */
kernel __attribute__((reqd_work_group_size(1, 1, 1))) void
FV_NAME(train)(global const real *restrict x, global const int *restrict label, global real *restrict result, int slot,
               int n, real weight, global real *restrict dx, real scale)
{
    int first = get_group_id(0) * LANES;
    real top[LANES], sum[LANES];
    int right[LANES];
    x += FV_AT(first, 0, 0, 0, C, 1, 1);
    dx += FV_AT(first, 0, 0, 0, C, 1, 1);
    FV_NAME(sum)(x, top, sum);
    FV_NAME(write)(x, label, result, slot, n, weight, top, sum);

    for (int lane = 0; lane < LANES; lane++)
        right[lane] = first + lane < n ? label[first + lane] : -1;
    for (int c = 0; c < C; c++)
        for (int lane = 0; lane < LANES; lane++) {
            real share = exp(x[c * FV_L + lane] - top[lane]) / sum[lane];
            int counts = right[lane] >= 0 && right[lane] < C;
            dx[c * FV_L + lane] = counts ? scale * (c == right[lane] ? share - 1 : share) : 0;
        }
}
