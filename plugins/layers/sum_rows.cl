/* SPDX-License-Identifier: MIT
 * sum_rows.cl: sums whose parts lie in rows, always added in the same order. */
#define RUN 64

#if FV_WORKERS > 1
#define COLUMNS 1
#define COLUMN FV_ITEM
#define VECTOR real
#define LOAD(p) (*(p))
#define STORE(v, p, count) (*(p) = (v))
#else
#define COLUMNS 16
#define COLUMN ((size_t)get_group_id(0) * COLUMNS)
#define VECTOR real16
#define LOAD(p) vload16(0, p)
#define STORE(v, p, count) fv_store16(v, p, count)
#endif

/* out[i] = sum of from[row * width + i], in runs, which keep the rounding error of many rows small; the same for each
 * of several sets of rows. */
FV_KERNEL FV_NAME(add_rows)(global const real *restrict from, global real *restrict out, int rows, int width)
{
    size_t column = COLUMN;
    if (column >= width)
        return;
    from += (size_t)get_group_id(1) * rows * width;
    out += (size_t)get_group_id(1) * width;
    VECTOR sum = 0;
    for (int begin = 0; begin < rows; begin += RUN) {
        VECTOR some = 0;
        for (int row = begin; row < min(begin + RUN, rows); row++)
            some += LOAD(from + (size_t)row * width + column);
        sum += some;
    }
    STORE(sum, out + column, width - (int)column);
}

/* out[i] = sum over k below `outer` and j below `inner` of from[(k * count + i) * inner + j]. */
FV_KERNEL FV_NAME(fold)(global const real *restrict from, global real *restrict out, int count, int outer, int inner)
{
    size_t i = FV_ITEM;
    if (i >= count)
        return;
    real sum = 0;
    for (int k = 0; k < outer; k++)
        for (int j = 0; j < inner; j++)
            sum += from[((size_t)k * count + i) * inner + j];
    out[i] = sum;
}

#undef RUN
#undef COLUMNS
#undef COLUMN
#undef VECTOR
#undef LOAD
#undef STORE
