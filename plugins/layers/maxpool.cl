/* SPDX-License-Identifier: MIT
 * maxpool.cl: a work-item takes SPAN reals of COLUMNS pixels of one row of one block: of the output going forward, of the
 * input going backward; on GPUs one real of them. C, H, W: input; OH, OW: output; KH, KW: kernel; SH, SW: stride; PH, PW: margin. */
#define PIXEL (C * FV_L)
#define SPANS ((PIXEL + SPAN - 1) / SPAN)

/* The part of window o that lies within the image. */
#define WINDOW_BEGIN(o, stride, pad) max((o) * stride - pad, 0)
#define WINDOW_END(o, stride, pad, kernel, extent) min((o) * stride - pad + kernel, extent)

#if FV_WORKERS > 1 && !BACKWARD
/* The place of the winner in the window of element `at` of the output, and where it lies in x. */
int FV_NAME(winner)(global const real *restrict x, size_t at, size_t *from)
{
    int ox = at / PIXEL % OW, oy = at / PIXEL / OW % OH, block = at / PIXEL / OW / OH, place = 0;
    int top = WINDOW_BEGIN(oy, SH, PH), bottom = WINDOW_END(oy, SH, PH, KH, H);
    int left = WINDOW_BEGIN(ox, SW, PW), right = WINDOW_END(ox, SW, PW, KW, W);
    size_t image = (size_t)block * H * W * PIXEL + at % PIXEL;
    real most = 0;
    for (int iy = top; iy < bottom; iy++)
        for (int ix = left; ix < right; ix++) {
            size_t here = image + ((size_t)iy * W + ix) * PIXEL;
            real v = x[here];
            /* The last comparison lets a NaN through. */
            if ((iy == top && ix == left) || v > most || v != v) {
                most = v;
                *from = here;
                place = (iy - (oy * SH - PH)) * KW + ix - (ox * SW - PW);
            }
        }
    return place;
}

FV_KERNEL FV_NAME(forward)(global const real *restrict x, global real *restrict y, int blocks)
{
    size_t at = FV_ITEM, from = 0;
    if (at >= (size_t)blocks * OH * OW * PIXEL)
        return;
    FV_NAME(winner)(x, at, &from);
    y[at] = x[from];
}

FV_KERNEL FV_NAME(train)(global const real *restrict x, global real *restrict y, global real *restrict winner,
                         int blocks)
{
    size_t at = FV_ITEM, from = 0;
    if (at >= (size_t)blocks * OH * OW * PIXEL)
        return;
    winner[at] = FV_NAME(winner)(x, at, &from);
    y[at] = x[from];
}

#elif FV_WORKERS > 1
FV_KERNEL FV_NAME(backward)(global const real *restrict winner, global const real *restrict dy,
                            global real *restrict dx, int blocks FV_TAIL_PARAMS)
{
    FV_TAIL_BEGIN(dx)
    size_t at = FV_ITEM;
    int ix = at / PIXEL % W, iy = at / PIXEL / W % H, block = at / PIXEL / W / H;
    if (block >= blocks)
        return;
    int top = iy + PH < KH ? 0 : (iy + PH - KH) / SH + 1, bottom = min((iy + PH) / SH + 1, OH);
    int left = ix + PW < KW ? 0 : (ix + PW - KW) / SW + 1, right = min((ix + PW) / SW + 1, OW);
    real sum = 0;
    for (int oy = top; oy < bottom; oy++)
        for (int ox = left; ox < right; ox++) {
            size_t from = (((size_t)block * OH + oy) * OW + ox) * PIXEL + at % PIXEL;
            int place = (iy + PH - oy * SH) * KW + ix + PW - ox * SW;
            sum += winner[from] == place ? dy[from] : 0;
        }
    dx[at] = FV_TAIL(sum, dx + at);
}

#elif !BACKWARD
kernel __attribute__((reqd_work_group_size(1, 1, 1))) void
FV_NAME(forward)(global const real *restrict x, global real *restrict y, int blocks)
{
    int begin = get_group_id(0) * COLUMNS, end = min(begin + COLUMNS, OW), oy = get_group_id(1);
    int block = get_group_id(2) / SPANS, first = get_group_id(2) % SPANS * SPAN, span = min(SPAN, PIXEL - first);
    int top = WINDOW_BEGIN(oy, SH, PH), bottom = WINDOW_END(oy, SH, PH, KH, H);
    x += (size_t)block * H * W * PIXEL + first;
    y += (((size_t)block * OH + oy) * OW + begin) * PIXEL + first;

    for (int ox = begin; ox < end; ox++, y += PIXEL) {
        int left = WINDOW_BEGIN(ox, SW, PW), right = WINDOW_END(ox, SW, PW, KW, W);
        for (int i = 0; i < span; i++)
            y[i] = x[((size_t)top * W + left) * PIXEL + i];
        for (int iy = top; iy < bottom; iy++)
            for (int ix = left; ix < right; ix++) {
                global const real *from = x + ((size_t)iy * W + ix) * PIXEL;
                /* The second comparison lets a NaN through. */
                for (int i = 0; i < span; i++)
                    y[i] = from[i] > y[i] || from[i] != from[i] ? from[i] : y[i];
            }
    }
}

/* The same, noting where in the window the winner was. */
kernel __attribute__((reqd_work_group_size(1, 1, 1))) void
FV_NAME(train)(global const real *restrict x, global real *restrict y, global real *restrict winner, int blocks)
{
    int begin = get_group_id(0) * COLUMNS, end = min(begin + COLUMNS, OW), oy = get_group_id(1);
    int block = get_group_id(2) / SPANS, first = get_group_id(2) % SPANS * SPAN, span = min(SPAN, PIXEL - first);
    int top = WINDOW_BEGIN(oy, SH, PH), bottom = WINDOW_END(oy, SH, PH, KH, H);
    size_t out = (((size_t)block * OH + oy) * OW + begin) * PIXEL + first;
    x += (size_t)block * H * W * PIXEL + first;
    y += out;
    winner += out;

    for (int ox = begin; ox < end; ox++, y += PIXEL, winner += PIXEL) {
        int left = WINDOW_BEGIN(ox, SW, PW), right = WINDOW_END(ox, SW, PW, KW, W);
        for (int iy = top; iy < bottom; iy++)
            for (int ix = left; ix < right; ix++) {
                global const real *from = x + ((size_t)iy * W + ix) * PIXEL;
                real place = (iy - (oy * SH - PH)) * KW + ix - (ox * SW - PW);
                if (iy == top && ix == left) {
                    for (int i = 0; i < span; i++) {
                        y[i] = from[i];
                        winner[i] = place;
                    }
                    continue;
                }
                for (int i = 0; i < span; i++) {
                    int wins = from[i] > y[i] || from[i] != from[i];
                    y[i] = wins ? from[i] : y[i];
                    winner[i] = wins ? place : winner[i];
                }
            }
    }
}

#else
/* Every pixel asks the windows that hold it whether it won there. */
kernel __attribute__((reqd_work_group_size(1, 1, 1))) void
FV_NAME(backward)(global const real *restrict winner, global const real *restrict dy, global real *restrict dx,
                  int blocks FV_TAIL_PARAMS)
{
    FV_TAIL_BEGIN(dx)
    int begin = get_group_id(0) * COLUMNS, end = min(begin + COLUMNS, W), iy = get_group_id(1);
    int block = get_group_id(2) / SPANS, first = get_group_id(2) % SPANS * SPAN, span = min(SPAN, PIXEL - first);
    int top = iy + PH < KH ? 0 : (iy + PH - KH) / SH + 1, bottom = min((iy + PH) / SH + 1, OH);
    winner += (size_t)block * OH * OW * PIXEL + first;
    dy += (size_t)block * OH * OW * PIXEL + first;
    dx += (((size_t)block * H + iy) * W + begin) * PIXEL + first;

    for (int ix = begin; ix < end; ix++, dx += PIXEL) {
        int left = ix + PW < KW ? 0 : (ix + PW - KW) / SW + 1, right = min((ix + PW) / SW + 1, OW);
        for (int i = 0; i < span; i += 16) {
            real16 sum = 0;
            FV_TAIL_EXPECT(dx + i)
            for (int oy = top; oy < bottom; oy++)
                for (int ox = left; ox < right; ox++) {
                    size_t from = ((size_t)oy * OW + ox) * PIXEL + i;
                    real16 place = (iy + PH - oy * SH) * KW + ix + PW - ox * SW;
                    sum += vload16(0, winner + from) == place ? vload16(0, dy + from) : (real16)(0);
                }
            fv_store16(FV_TAIL16(sum, dx + i), dx + i, span - i);
        }
    }
}
#endif

#undef PIXEL
#undef SPANS
#undef WINDOW_BEGIN
#undef WINDOW_END
