/* SPDX-License-Identifier: MIT
 * embedding.cl: VOCABULARY rows of DIM weights; PADDING: the number without a row, or -1. x is taken as one row of
 * numbers per lane, [number][lane], and y, whose pixels hold the vectors of their numbers side by side, as
 * [number][DIM][lane]. */
#define ROW(v) FV_NAME(row)(v)

/* The row of a number, -1 where it has none. */
int FV_NAME(row)(real v)
{
    v = rint(v);
    return v >= 0 && v < VOCABULARY && v != PADDING ? (int)v : -1;
}

/* A work-group takes SPAN reals. */
FV_KERNEL FV_NAME(clear)(global real *restrict out, int count)
{
    int begin = get_group_id(0) * SPAN, end = begin + min(SPAN, count - begin);
    for (int i = begin + FV_ME; i < end; i += FV_WORKERS)
        out[i] = 0;
}

#if FV_WORKERS > 1
/* A work-item takes a real of y. */
FV_KERNEL FV_NAME(forward)(global const real *restrict x, global const real *restrict weight, global real *restrict y,
                           int numbers)
{
    size_t number = FV_ITEM / (DIM * FV_L);
    if (number >= numbers)
        return;
    int row = ROW(x[number * FV_L + FV_ITEM % FV_L]);
    y[FV_ITEM] = row < 0 ? 0 : weight[(size_t)row * DIM + FV_ITEM / FV_L % DIM];
}

/* A work-item has one column of ROWS rows to itself, and looks for them among the numbers from begin to end. */
FV_KERNEL FV_NAME(add)(global const real *restrict x, global const real *restrict dy, global real *restrict gradient,
                       int begin, int end)
{
    int d = get_group_id(0) * FV_WORKERS + FV_ME, first = get_group_id(1) * ROWS;
    if (d >= DIM)
        return;
    for (int i = begin * FV_L; i < end * FV_L; i++) {
        int row = ROW(x[i]);
        if (row >= first && row < first + ROWS)
            gradient[(size_t)row * DIM + d] += dy[((size_t)(i / FV_L) * DIM + d) * FV_L + i % FV_L];
    }
}

#else
/* A work-group takes SOME numbers of each lane. */
FV_KERNEL FV_NAME(forward)(global const real *restrict x, global const real *restrict weight, global real *restrict y,
                           int numbers)
{
    int begin = get_group_id(0) * SOME, end = min(begin + SOME, numbers);
    for (int i = begin; i < end; i++) {
        global real *restrict to = y + (size_t)i * DIM * FV_L;
#if FV_L > 1
        long at[FV_L];
        for (int l = 0; l < FV_L; l++)
            at[l] = ROW(x[(size_t)i * FV_L + l]) * (long)DIM;
        for (int d = 0; d < DIM; d++)
            for (int l = 0; l < FV_L; l++)
                to[d * FV_L + l] = at[l] < 0 ? 0 : weight[at[l] + d];
#else
        int row = ROW(x[i]);
        global const real *restrict from = weight + (size_t)max(row, 0) * DIM;
        for (int d = 0; d < DIM; d++)
            to[d] = row < 0 ? 0 : from[d];
#endif
    }
}

/* Adds `count` reals of dy, FV_L apart. */
void FV_NAME(add_row)(global const real *restrict from, global real *restrict to, int count)
{
    for (int d = 0; d < count; d++)
        to[d] += from[d * FV_L];
}

/* A work-group has WIDE columns of ROWS rows to itself, and looks for them among the numbers from begin to end. */
FV_KERNEL FV_NAME(add)(global const real *restrict x, global const real *restrict dy, global real *restrict gradient,
                       int begin, int end)
{
    int d = get_group_id(0) * WIDE, count = min(WIDE, DIM - d), first = get_group_id(1) * ROWS;
    for (int i = begin; i < end; i++)
        for (int l = 0; l < FV_L; l++) {
            int row = ROW(x[(size_t)i * FV_L + l]);
            if (row < first || row >= first + ROWS)
                continue;
            global const real *from = dy + ((size_t)i * DIM + d) * FV_L + l;
            global real *to = gradient + (size_t)row * DIM + d;
            if (count == WIDE)
                FV_NAME(add_row)(from, to, WIDE);
            else
                FV_NAME(add_row)(from, to, count);
        }
}
#endif
#undef ROW
