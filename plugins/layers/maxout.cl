/* SPDX-License-Identifier: MIT
 * maxout.cl: PIECES pieces of C channels each. A work-item takes SPAN reals of SOME_PIXELS pixels of the output, on GPUs
 * one real. */
#define PIXEL (C * FV_L)

#if FV_WORKERS > 1
#if !BACKWARD
FV_KERNEL FV_NAME(forward)(global const real *restrict x, global real *restrict y, int pixels FV_TAIL_PARAMS)
{
    FV_TAIL_BEGIN(y)
    size_t at = FV_ITEM;
    if (at >= (size_t)pixels * PIXEL)
        return;
    x += at / PIXEL * PIECES * PIXEL + at % PIXEL;
    real top = x[0];
    for (int k = 1; k < PIECES; k++)
        top = x[k * PIXEL] > top || x[k * PIXEL] != x[k * PIXEL] ? x[k * PIXEL] : top;
    y[at] = FV_TAIL(top, y + at);
}

#else
FV_KERNEL FV_NAME(backward)(global const real *restrict x, global const real *restrict dy, global real *restrict dx,
                            int pixels FV_TAIL_PARAMS)
{
    FV_TAIL_BEGIN(dx)
    size_t at = FV_ITEM;
    if (at >= (size_t)pixels * PIXEL)
        return;
    x += at / PIXEL * PIECES * PIXEL + at % PIXEL;
    dx += at / PIXEL * PIECES * PIXEL + at % PIXEL;
    int winner = 0;
    for (int k = 1; k < PIECES; k++)
        winner = x[k * PIXEL] > x[winner * PIXEL] ? k : winner;
    for (int k = 0; k < PIECES; k++)
        dx[k * PIXEL] = FV_TAIL(k == winner ? dy[at] : 0, dx + k * PIXEL);
}
#endif

#else
/* The largest of one vector's pieces; a NaN is larger than all. */
real16 FV_NAME(largest)(global const real *x)
{
    real16 top = vload16(0, x);
    for (int k = 1; k < PIECES; k++) {
        real16 v = vload16(0, x + k * PIXEL);
        top = v > top || v != v ? v : top;
    }
    return top;
}

#if !BACKWARD
kernel __attribute__((reqd_work_group_size(1, 1, 1))) void
FV_NAME(forward)(global const real *restrict x, global real *restrict y, int pixels FV_TAIL_PARAMS)
{
    FV_TAIL_BEGIN(y)
    int begin = get_group_id(0) * SOME_PIXELS, end = min(begin + SOME_PIXELS, pixels);
    int first = get_group_id(1) * SPAN, span = min(SPAN, PIXEL - first);
    x += (size_t)begin * PIECES * PIXEL + first;
    y += (size_t)begin * PIXEL + first;
    for (int p = begin; p < end; p++, x += PIECES * PIXEL, y += PIXEL)
        for (int i = 0; i < span; i += 16)
            fv_store16(FV_TAIL16(FV_NAME(largest)(x + i), y + i), y + i, span - i);
}

#else
/* The first of the largest takes dy, and `left` becomes 0 for those after it. */
kernel __attribute__((reqd_work_group_size(1, 1, 1))) void
FV_NAME(backward)(global const real *restrict x, global const real *restrict dy, global real *restrict dx,
                  int pixels FV_TAIL_PARAMS)
{
    FV_TAIL_BEGIN(dx)
    int begin = get_group_id(0) * SOME_PIXELS, end = min(begin + SOME_PIXELS, pixels);
    int first = get_group_id(1) * SPAN, span = min(SPAN, PIXEL - first);
    x += (size_t)begin * PIECES * PIXEL + first;
    dy += (size_t)begin * PIXEL + first;
    dx += (size_t)begin * PIECES * PIXEL + first;
    for (int p = begin; p < end; p++, x += PIECES * PIXEL, dy += PIXEL, dx += PIECES * PIXEL)
        for (int i = 0; i < span; i += 16) {
            real16 top = FV_NAME(largest)(x + i), left = vload16(0, dy + i);
            for (int k = 0; k < PIECES; k++) {
                global real *to = dx + k * PIXEL + i;
                real16 taken = vload16(0, x + k * PIXEL + i) == top ? left : (real16)(0);
                left -= taken;
                fv_store16(FV_TAIL16(taken, to), to, span - i);
            }
        }
}
#endif
#endif

#undef PIXEL
