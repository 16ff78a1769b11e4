/* SPDX-License-Identifier: MIT
 * concat.cl: a work-item copies SPAN reals of SOME_PIXELS of one input to or from its channels among the output's C; on
 * GPUs one real. */
#if FV_WORKERS > 1
FV_KERNEL FV_NAME(forward)(global const real *restrict x, global real *restrict y, int channel, int channels,
                           int pixels)
{
    int reals = channels * FV_L, p = FV_ITEM / reals, i = FV_ITEM % reals;
    if (p < pixels)
        y[((size_t)p * C + channel) * FV_L + i] = x[FV_ITEM];
}

FV_KERNEL FV_NAME(backward)(global const real *restrict dy, global real *restrict dx, int channel, int channels,
                            int pixels FV_TAIL_PARAMS)
{
    FV_TAIL_BEGIN(dx)
    int reals = channels * FV_L, p = FV_ITEM / reals, i = FV_ITEM % reals;
    if (p < pixels)
        dx[FV_ITEM] = FV_TAIL(dy[((size_t)p * C + channel) * FV_L + i], dx + FV_ITEM);
}

#else
kernel __attribute__((reqd_work_group_size(1, 1, 1))) void
FV_NAME(forward)(global const real *restrict x, global real *restrict y, int channel, int channels, int pixels)
{
    int begin = get_group_id(0) * SOME_PIXELS, end = min(begin + SOME_PIXELS, pixels);
    int first = get_group_id(1) * SPAN, span = min(SPAN, channels * FV_L - first);
    for (int p = begin; p < end; p++) {
        global const real *from = x + (size_t)p * channels * FV_L + first;
        global real *to = y + ((size_t)p * C + channel) * FV_L + first;
        for (int i = 0; i < span; i++)
            to[i] = from[i];
    }
}

kernel __attribute__((reqd_work_group_size(1, 1, 1))) void
FV_NAME(backward)(global const real *restrict dy, global real *restrict dx, int channel, int channels,
                  int pixels FV_TAIL_PARAMS)
{
    FV_TAIL_BEGIN(dx)
    int begin = get_group_id(0) * SOME_PIXELS, end = min(begin + SOME_PIXELS, pixels);
    int first = get_group_id(1) * SPAN, span = min(SPAN, channels * FV_L - first);
    for (int p = begin; p < end; p++) {
        global const real *from = dy + ((size_t)p * C + channel) * FV_L + first;
        global real *to = dx + (size_t)p * channels * FV_L + first;
        for (int i = 0; i < span; i++)
            to[i] = FV_TAIL(from[i], to + i);
    }
}
#endif
