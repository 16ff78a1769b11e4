/* SPDX-License-Identifier: MIT
 * accuracy.cl: C classes. A work-item takes LANES samples. */
kernel __attribute__((reqd_work_group_size(1, 1, 1))) void
FV_NAME(evaluate)(global const real *restrict x, global const int *restrict label, global real *restrict result,
                  int slot, int n, int top)
{
    int first = get_group_id(0) * LANES;
    x += FV_AT(first, 0, 0, 0, C, 1, 1);

    for (int lane = 0; lane < LANES && first + lane < n; lane++) {
        int right = label[first + lane], counts = right >= 0 && right < C, ahead = 0;
        for (int c = 0; c < C && counts; c++) {
            real score = x[c * FV_L + lane], own = x[right * FV_L + lane];
            /* Said the other way round, so that a NaN is ahead of everything. */
            ahead += !(score < own || (score == own && c >= right));
        }
        result[slot + first + lane] = counts && ahead < top ? 1 : 0;
    }
}
