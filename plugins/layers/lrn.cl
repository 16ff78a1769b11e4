/* SPDX-License-Identifier: MIT
 * lrn.cl: C channels; a window is BEFORE channels before a channel, it, and AFTER behind it. SCALE(d) is d to the power
 * of -beta. A work-item takes SPAN reals of SOME_PIXELS pixels, on GPUs one real. */
#define PIXEL (C * FV_L)
#define SIZE (BEFORE + 1 + AFTER)

#if FV_WORKERS > 1
/* k + alpha * mean of the squares in the window of column i of a pixel. */
real FV_NAME(divisor)(global const real *x, int i, real k, real alpha)
{
    real sum = 0;
    int c = i / FV_L, lane = i % FV_L;
    for (int j = max(c - BEFORE, 0); j <= min(c + AFTER, C - 1); j++)
        sum += x[j * FV_L + lane] * x[j * FV_L + lane];
    return k + alpha / SIZE * sum;
}

#if !BACKWARD
FV_KERNEL FV_NAME(forward)(global const real *restrict x, global real *restrict y, int pixels, real alpha, real beta,
                           real k FV_TAIL_PARAMS)
{
    FV_TAIL_BEGIN(y)
    size_t at = FV_ITEM;
    if (at >= (size_t)pixels * PIXEL)
        return;
    real d = FV_NAME(divisor)(x + at / PIXEL * PIXEL, at % PIXEL, k, alpha);
    y[at] = FV_TAIL(x[at] * SCALE(d), y + at);
}

#else
FV_KERNEL FV_NAME(backward)(global const real *restrict x, global const real *restrict dy, global real *restrict dx,
                            int pixels, real alpha, real beta, real k FV_TAIL_PARAMS)
{
    FV_TAIL_BEGIN(dx)
    size_t at = FV_ITEM;
    if (at >= (size_t)pixels * PIXEL)
        return;
    size_t pixel = at / PIXEL * PIXEL;
    int c = at % PIXEL / FV_L, lane = at % FV_L;
    real sum = 0, d;
    for (int j = max(c - AFTER, 0); j <= min(c + BEFORE, C - 1); j++) {
        size_t other = pixel + j * FV_L + lane;
        d = FV_NAME(divisor)(x + pixel, j * FV_L + lane, k, alpha);
        sum += dy[other] * x[other] * SCALE(d) / d;
    }
    d = FV_NAME(divisor)(x + pixel, at % PIXEL, k, alpha);
    dx[at] = FV_TAIL(dy[at] * SCALE(d) - 2 * alpha * beta / SIZE * x[at] * sum, dx + at);
}
#endif

#else
/* Squares of the columns from `from` to `to` of a pixel, or what of them it has; beyond it they are 0, as room[] has
 * been before: its first is that of column `origin`. */
void FV_NAME(square)(global const real *x, real *room, int origin, int from, int to)
{
    int end = min(to, PIXEL);
    for (int i = max(from, 0); i < end; i += 16) {
        real16 v = vload16(0, x + i);
        vstore16(v * v, 0, room + i - origin);
    }
    for (int i = end; i < min(end + 15, PIXEL + 15) && end == PIXEL; i++)
        room[i - origin] = 0;
}

/* k + alpha * mean of the squares of a window that begins at room. */
real16 FV_NAME(divisor)(const real *room, real k, real alpha)
{
    real16 sum = 0;
    for (int j = 0; j < SIZE; j++)
        sum += vload16(0, room + j * FV_L);
    return k + alpha / SIZE * sum;
}

#if !BACKWARD
kernel __attribute__((reqd_work_group_size(1, 1, 1))) void
FV_NAME(forward)(global const real *restrict x, global real *restrict y, int pixels, real alpha, real beta,
                 real k FV_TAIL_PARAMS)
{
    FV_TAIL_BEGIN(y)
    int begin = get_group_id(0) * SOME_PIXELS, end = min(begin + SOME_PIXELS, pixels);
    int first = get_group_id(1) * SPAN, span = min(SPAN, PIXEL - first), origin = first - BEFORE * FV_L;
    real squares[SPAN + (SIZE - 1) * FV_L + 30];
    for (int i = 0; i < SPAN + (SIZE - 1) * FV_L + 30; i++)
        squares[i] = 0;
    x += (size_t)begin * PIXEL;
    y += (size_t)begin * PIXEL;
    for (int p = begin; p < end; p++, x += PIXEL, y += PIXEL) {
        FV_NAME(square)(x, squares, origin, origin, first + span + AFTER * FV_L);
        for (int i = 0; i < span; i += 16) {
            real16 d = FV_NAME(divisor)(squares + i, k, alpha), v = vload16(0, x + first + i) * SCALE(d);
            fv_store16(FV_TAIL16(v, y + first + i), y + first + i, span - i);
        }
    }
}

#else
/* dx[i] = dy[i] * d[i]^-beta - 2 alpha beta / size * x[i] * sum of dy[j] * x[j] * d[j]^(-beta - 1) over the channels j in
 * whose windows i is. */
kernel __attribute__((reqd_work_group_size(1, 1, 1))) void
FV_NAME(backward)(global const real *restrict x, global const real *restrict dy, global real *restrict dx, int pixels,
                  real alpha, real beta, real k FV_TAIL_PARAMS)
{
    FV_TAIL_BEGIN(dx)
    int begin = get_group_id(0) * SOME_PIXELS, end = min(begin + SOME_PIXELS, pixels);
    int first = get_group_id(1) * SPAN, span = min(SPAN, PIXEL - first);
    int from = first - AFTER * FV_L, to = first + span + BEFORE * FV_L, origin = from - BEFORE * FV_L;
    real squares[SPAN + 2 * (SIZE - 1) * FV_L + 30];
    real terms[SPAN + (SIZE - 1) * FV_L + 30], scales[SPAN + (SIZE - 1) * FV_L + 30];
    for (int i = 0; i < SPAN + 2 * (SIZE - 1) * FV_L + 30; i++)
        squares[i] = 0;
    for (int i = 0; i < SPAN + (SIZE - 1) * FV_L + 30; i++)
        terms[i] = 0;
    x += (size_t)begin * PIXEL;
    dy += (size_t)begin * PIXEL;
    dx += (size_t)begin * PIXEL;
    for (int p = begin; p < end; p++, x += PIXEL, dy += PIXEL, dx += PIXEL) {
        FV_NAME(square)(x, squares, origin, origin, to + AFTER * FV_L);
        for (int i = max(from, 0); i < min(to, PIXEL); i += 16) {
            real16 d = FV_NAME(divisor)(squares + i - from, k, alpha), scale = SCALE(d);
            vstore16(scale, 0, scales + i - from);
            vstore16(vload16(0, dy + i) * vload16(0, x + i) * scale / d, 0, terms + i - from);
        }
        if (to >= PIXEL)
            for (int i = PIXEL; i < PIXEL + 15; i++)
                terms[i - from] = 0;
        for (int i = 0; i < span; i += 16) {
            real16 sum = 0, scale = vload16(0, scales + i + AFTER * FV_L);
            for (int j = 0; j < SIZE; j++)
                sum += vload16(0, terms + i + j * FV_L);
            real16 v = vload16(0, dy + first + i) * scale -
                       2 * alpha * beta / SIZE * vload16(0, x + first + i) * sum;
            fv_store16(FV_TAIL16(v, dx + first + i), dx + first + i, span - i);
        }
    }
}
#endif
#endif

#undef PIXEL
#undef SIZE
