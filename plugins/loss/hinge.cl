/* SPDX-License-Identifier: MIT
 * hinge.cl: C classes. A work-item takes LANES samples. */
kernel __attribute__((reqd_work_group_size(1, 1, 1))) void
FV_NAME(evaluate)(global const real *restrict x, global const int *restrict label, global real *restrict result,
                  int slot, int n, real margin, real weight)
{
    int first = get_group_id(0) * LANES;
    x += FV_AT(first, 0, 0, 0, C, 1, 1);

    for (int lane = 0; lane < LANES && first + lane < n; lane++) {
        int right = label[first + lane], counts = right >= 0 && right < C;
        real l = counts ? 0 : (real)NAN;
        for (int c = 0; c < C && counts; c++) {
            real behind = x[c * FV_L + lane] - x[right * FV_L + lane] + margin;
            /* Not "behind > 0 ? behind : 0", which would hide a NaN. */
            l += c == right || behind < 0 ? 0 : behind;
        }
        result[slot + first + lane] = weight * l;
    }
}

/* dx of every other class is 1 where it is less than the margin behind; the right one has minus their sum. */
kernel __attribute__((reqd_work_group_size(1, 1, 1))) void
FV_NAME(train)(global const real *restrict x, global const int *restrict label, global real *restrict dx, int n,
               real margin, real scale)
{
    int first = get_group_id(0) * LANES;
    x += FV_AT(first, 0, 0, 0, C, 1, 1);
    dx += FV_AT(first, 0, 0, 0, C, 1, 1);

    for (int lane = 0; lane < LANES; lane++) {
        int right = first + lane < n ? label[first + lane] : -1, counts = right >= 0 && right < C, near = 0;
        for (int c = 0; c < C; c++) {
            int is_near = counts && c != right && x[c * FV_L + lane] - x[max(right, 0) * FV_L + lane] + margin > 0;
            near += is_near;
            dx[c * FV_L + lane] = is_near ? scale : 0;
        }
        if (counts)
            dx[right * FV_L + lane] = -scale * near;
    }
}
