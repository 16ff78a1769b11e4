/* SPDX-License-Identifier: MIT
 * flatten.cl: pixels of C channels (device order) to channels of PIXELS (C, H, W order), and back. A work-item takes
 * SOME_CHANNELS of SOME_PIXELS of a block; on GPUs one element of what it writes. */
#if FV_WORKERS > 1
#define ALL ((size_t)C * PIXELS * FV_L)
FV_KERNEL FV_NAME(forward)(global const real *restrict x, global real *restrict y, int blocks)
{
    size_t at = FV_ITEM;
    int lane = at % FV_L, p = at / FV_L % PIXELS, c = at / (PIXELS * FV_L) % C;
    if (at < blocks * ALL)
        y[at] = x[at / ALL * ALL + ((size_t)p * C + c) * FV_L + lane];
}

FV_KERNEL FV_NAME(backward)(global const real *restrict dy, global real *restrict dx, int blocks FV_TAIL_PARAMS)
{
    FV_TAIL_BEGIN(dx)
    size_t at = FV_ITEM;
    int lane = at % FV_L, c = at / FV_L % C, p = at / (C * FV_L) % PIXELS;
    if (at < blocks * ALL)
        dx[at] = FV_TAIL(dy[at / ALL * ALL + ((size_t)c * PIXELS + p) * FV_L + lane], dx + at);
}
#undef ALL

#else
kernel __attribute__((reqd_work_group_size(1, 1, 1))) void
FV_NAME(forward)(global const real *restrict x, global real *restrict y, int blocks)
{
    int first = get_group_id(0) * SOME_PIXELS, last = min(first + SOME_PIXELS, PIXELS);
    int begin = get_group_id(1) * SOME_CHANNELS, end = min(begin + SOME_CHANNELS, C);
    size_t block = (size_t)get_group_id(2) * C * PIXELS * FV_L;
    x += block;
    y += block;

    for (int p = first; p < last; p++)
        for (int c = begin; c < end; c++)
            for (int lane = 0; lane < FV_L; lane++)
                y[((size_t)c * PIXELS + p) * FV_L + lane] = x[((size_t)p * C + c) * FV_L + lane];
}

kernel __attribute__((reqd_work_group_size(1, 1, 1))) void
FV_NAME(backward)(global const real *restrict dy, global real *restrict dx, int blocks FV_TAIL_PARAMS)
{
    FV_TAIL_BEGIN(dx)
    int first = get_group_id(0) * SOME_PIXELS, last = min(first + SOME_PIXELS, PIXELS);
    int begin = get_group_id(1) * SOME_CHANNELS, end = min(begin + SOME_CHANNELS, C);
    size_t block = (size_t)get_group_id(2) * C * PIXELS * FV_L;
    dy += block;
    dx += block;

    for (int p = first; p < last; p++)
        for (int c = begin; c < end; c++)
            for (int lane = 0; lane < FV_L; lane++) {
                global real *to = dx + ((size_t)p * C + c) * FV_L + lane;
                *to = FV_TAIL(dy[((size_t)c * PIXELS + p) * FV_L + lane], to);
            }
}
#endif
