/* SPDX-License-Identifier: MIT
 * counts.cl: the predicted class and the right one of every sample, -1 where it is none. C scores; one alone is that of
 * class 1 beside class 0. A work-item takes LANES samples. */

/* The first class with the highest score; -1 where a score is not a number. */
int FV_NAME(predicted)(global const real *restrict x)
{
    int best = 0, good = !isnan(x[0]);
    if (C == 1)
        return good ? x[0] > 0 : -1;
    for (int c = 1; c < C; c++) {
        good &= !isnan(x[c * FV_L]);
        best = x[c * FV_L] > x[best * FV_L] ? c : best;
    }
    return good ? best : -1;
}

kernel __attribute__((reqd_work_group_size(1, 1, 1))) void
FV_NAME(evaluate)(global const real *restrict x, global const int *restrict label, global real *restrict result,
                  int slot, int n)
{
    int first = get_group_id(0) * LANES;
    x += FV_AT(first, 0, 0, 0, C, 1, 1);
    result += slot + first * 2;

    for (int lane = 0; lane < LANES && first + lane < n; lane++) {
        int right = label[first + lane];
        result[lane * 2] = FV_NAME(predicted)(x + lane);
        result[lane * 2 + 1] = right >= 0 && right < max(C, 2) ? right : -1;
    }
}
