/* SPDX-License-Identifier: MIT
 * prelu.cl: C channels, SHARED: one weight for all. Values are taken as rows of ROW reals, whole pixels; a work-item
 * takes SPAN reals of ROWS rows, on GPUs one real of each. DX: there is a gradient to be written. */
#define WEIGHT(i) weight[SHARED ? 0 : (i) / FV_L % C]

#if !BACKWARD && FV_WORKERS > 1
FV_KERNEL FV_NAME(forward)(global const real *restrict x, global const real *restrict weight, global real *restrict y,
                           int count FV_TAIL_PARAMS)
{
    FV_TAIL_BEGIN(y)
    size_t at = FV_ITEM;
    if (at < count)
        y[at] = FV_TAIL(x[at] < 0 ? x[at] * WEIGHT(at) : x[at], y + at);
}

#elif !BACKWARD
kernel __attribute__((reqd_work_group_size(1, 1, 1))) void
FV_NAME(forward)(global const real *restrict x, global const real *restrict weight, global real *restrict y,
                 int count FV_TAIL_PARAMS)
{
    FV_TAIL_BEGIN(y)
    int first = get_group_id(0) * SPAN, span = min(SPAN, ROW - first);
    size_t row = (size_t)get_group_id(1) * ROWS * ROW + first;
    real slope[SPAN];

    for (int i = 0; i < span; i++)
        slope[i] = WEIGHT(first + i);
    for (int r = 0; r < ROWS && row < count; r++, row += ROW)
        for (int i = 0; i < min(span, count - (int)row); i += 16) {
            real16 v = vload16(0, x + row + i), below = v * vload16(0, slope + i);
            fv_store16(FV_TAIL16(v < 0 ? below : v, y + row + i), y + row + i, count - (int)row - i);
        }
}

#elif FV_WORKERS > 1
FV_KERNEL FV_NAME(backward)(global const real *restrict x, global const real *restrict dy,
                            global const real *restrict weight, global real *restrict dx, global real *restrict parts,
                            int count FV_TAIL_PARAMS)
{
    FV_TAIL_BEGIN(dx)
    int column = FV_ITEM;
    if (column >= ROW)
        return;
    size_t at = (size_t)get_group_id(1) * ROWS * ROW + column;
    real slope = WEIGHT(column), sum = 0;
    for (int r = 0; r < ROWS && at < count; r++, at += ROW) {
        sum += x[at] < 0 ? dy[at] * x[at] : 0;
#if DX
        dx[at] = FV_TAIL(x[at] < 0 ? dy[at] * slope : dy[at], dx + at);
#endif
    }
    parts[(size_t)get_group_id(1) * ROW + column] = sum;
}

#else
/* Beside dx, sums of dy * x below 0: a row of parts for each run of rows. */
kernel __attribute__((reqd_work_group_size(1, 1, 1))) void
FV_NAME(backward)(global const real *restrict x, global const real *restrict dy, global const real *restrict weight,
                  global real *restrict dx, global real *restrict parts, int count FV_TAIL_PARAMS)
{
    FV_TAIL_BEGIN(dx)
    int first = get_group_id(0) * SPAN, span = min(SPAN, ROW - first);
    size_t row = (size_t)get_group_id(1) * ROWS * ROW + first;
    real slope[SPAN], sum[SPAN];

    for (int i = 0; i < span; i++) {
        slope[i] = WEIGHT(first + i);
        sum[i] = 0;
    }
    for (int r = 0; r < ROWS && row < count; r++, row += ROW) {
        int here = min(span, count - (int)row), i = 0;
        for (; i + 16 <= here; i += 16) {
            real16 v = vload16(0, x + row + i), d = vload16(0, dy + row + i);
            vstore16(vload16(0, sum + i) + (v < 0 ? v * d : (real16)(0)), 0, sum + i);
#if DX
            vstore16(FV_TAIL16(v < 0 ? d * vload16(0, slope + i) : d, dx + row + i), 0, dx + row + i);
#endif
        }
        for (; i < here; i++) {
            size_t at = row + i;
            sum[i] += x[at] < 0 ? x[at] * dy[at] : 0;
#if DX
            dx[at] = FV_TAIL(x[at] < 0 ? dy[at] * slope[i] : dy[at], dx + at);
#endif
        }
    }
    for (int i = 0; i < span; i++)
        parts[(size_t)get_group_id(1) * ROW + first + i] = sum[i];
}
#endif

#undef WEIGHT
