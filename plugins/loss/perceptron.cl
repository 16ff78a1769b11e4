/* SPDX-License-Identifier: MIT
 * perceptron.cl: C classes, or with C = 1 a single score for two. A work-item takes LANES samples. */
#define CLASSES (C == 1 ? 2 : C)

/* The best class but the right one. */
int FV_NAME(rival)(global const real *restrict x, int right)
{
    int best = right == 0 ? 1 : 0;
    for (int c = best + 1; c < C; c++)
        if (c != right && x[c * FV_L] > x[best * FV_L])
            best = c;
    return best;
}

/* How far the right class is behind. */
real FV_NAME(behind)(global const real *restrict x, int right)
{
    if (C == 1)
        return right == 1 ? -x[0] : x[0];
    return x[FV_NAME(rival)(x, right) * FV_L] - x[right * FV_L];
}

kernel __attribute__((reqd_work_group_size(1, 1, 1))) void
FV_NAME(evaluate)(global const real *restrict x, global const int *restrict label, global real *restrict result,
                  int slot, int n, real weight)
{
    int first = get_group_id(0) * LANES;
    x += FV_AT(first, 0, 0, 0, C, 1, 1);

    for (int lane = 0; lane < LANES && first + lane < n; lane++) {
        int right = label[first + lane], counts = right >= 0 && right < CLASSES;
        real behind = counts ? FV_NAME(behind)(x + lane, right) : (real)NAN;
        result[slot + first + lane] = weight * (behind < 0 ? 0 : behind); /* a NaN stays one */
    }
}

kernel __attribute__((reqd_work_group_size(1, 1, 1))) void
FV_NAME(train)(global const real *restrict x, global const int *restrict label, global real *restrict dx, int n,
               real scale)
{
    int first = get_group_id(0) * LANES;
    x += FV_AT(first, 0, 0, 0, C, 1, 1);
    dx += FV_AT(first, 0, 0, 0, C, 1, 1);

    for (int lane = 0; lane < LANES; lane++) {
        int right = first + lane < n ? label[first + lane] : -1;
        int wrong = right >= 0 && right < CLASSES && FV_NAME(behind)(x + lane, right) >= 0;
        for (int c = 0; c < C; c++)
            dx[c * FV_L + lane] = 0;
#if C == 1
        if (wrong)
            dx[lane] = right == 1 ? -scale : scale;
#else
        if (wrong) {
            dx[right * FV_L + lane] = -scale;
            dx[FV_NAME(rival)(x + lane, right) * FV_L + lane] = scale;
        }
#endif
    }
}

#undef CLASSES
