/* SPDX-License-Identifier: MIT
 * gap.cl: C channels, PIXELS = height * width. */
#define PIXEL (C * FV_L)
#define RUNS ((PIXELS + RUN - 1) / RUN)

/* Adds up HELD reals of a run of RUN pixels, and divides by WHOLE. The sums of the runs make an image of RUNS pixels:
 * added up by a second launch, they keep the rounding error of large images small. */
kernel __attribute__((reqd_work_group_size(1, 1, 1))) void
FV_NAME(sum)(global const real *restrict x, global real *restrict y)
{
    int first = get_group_id(0) * HELD, count = min(HELD, PIXEL - first);
    int begin = get_group_id(1) * RUN, end = min(begin + RUN, PIXELS);
    real sum[HELD];
    x += (size_t)get_group_id(2) * PIXELS * PIXEL + first;
    y += ((size_t)get_group_id(2) * RUNS + get_group_id(1)) * PIXEL + first;

    for (int i = 0; i < HELD; i++)
        sum[i] = 0;
    for (int p = begin; p < end; p++)
        for (int i = 0; i < count; i++)
            sum[i] += x[(size_t)p * PIXEL + i];
    for (int i = 0; i < count; i++)
        y[i] = sum[i] / WHOLE;
}

/* A work-item writes SPAN reals of SOME_PIXELS of a block. */
kernel __attribute__((reqd_work_group_size(1, 1, 1))) void
FV_NAME(backward)(global const real *restrict dy, global real *restrict dx FV_TAIL_PARAMS)
{
    FV_TAIL_BEGIN(dx)
    int begin = get_group_id(0) * SOME_PIXELS, end = min(begin + SOME_PIXELS, PIXELS);
    int first = get_group_id(1) * SPAN, span = min(SPAN, PIXEL - first);
    dy += (size_t)get_group_id(2) * PIXEL + first;
    dx += (size_t)get_group_id(2) * PIXELS * PIXEL + first;

    for (int p = begin; p < end; p++)
        for (int i = 0; i < span; i++)
            dx[(size_t)p * PIXEL + i] = FV_TAIL(dy[i] / WHOLE, dx + (size_t)p * PIXEL + i);
}

#undef PIXEL
#undef RUNS
