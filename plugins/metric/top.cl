/* SPDX-License-Identifier: MIT
 * top.cl: C classes. A work-item takes LANES samples. */

/* How many classes have a higher score than the right one. */
int FV_NAME(ahead)(global const real *restrict x, int right)
{
    int ahead = 0;
    if (C == 1) /* of two classes. A NaN is neither. */
        return !(right == 1 ? x[0] > 0 : x[0] <= 0);
    for (int c = 0; c < C; c++) {
        real score = x[c * FV_L], own = x[right * FV_L];
        /* Said the other way round, so that a NaN is ahead of everything. */
        ahead += !(score < own || (score == own && c >= right));
    }
    return ahead;
}

kernel __attribute__((reqd_work_group_size(1, 1, 1))) void
FV_NAME(evaluate)(global const real *restrict x, global const int *restrict label, global real *restrict result,
                  int slot, int n, int top)
{
    int first = get_group_id(0) * LANES;
    x += FV_AT(first, 0, 0, 0, C, 1, 1);

    for (int lane = 0; lane < LANES && first + lane < n; lane++) {
        int right = label[first + lane], counts = right >= 0 && right < max(C, 2);
        result[slot + first + lane] = counts && FV_NAME(ahead)(x + lane, right) < top ? 1 : 0;
    }
}
