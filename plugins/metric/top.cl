/* SPDX-License-Identifier: MIT
 * top.cl: C classes, at each of PIXELS places. A work-group takes LANES samples. */

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

FV_KERNEL FV_NAME(evaluate)(global const real *restrict x, global const int *restrict label, global real *restrict result,
                            int slot, int n, int top)
{
    local real room[FV_WORKERS];
    int first = get_group_id(0) * LANES;

    for (int lane = 0; lane < LANES; lane++) {
        int hits = 0;
        for (int pixel = FV_ME; pixel < PIXELS && first + lane < n; pixel += FV_WORKERS) {
            int right = label[FV_AT(first, 0, pixel, 0, 1, PIXELS, 1) + lane], counts = right >= 0 && right < max(C, 2);
            size_t at = FV_AT(first, 0, pixel, 0, C, PIXELS, 1) + lane;
            hits += counts && FV_NAME(ahead)(x + at, right) < top;
        }
        real all = fv_total(hits, room);
        if (FV_ME == 0 && first + lane < n)
            result[slot + first + lane] = all / PIXELS;
    }
}
