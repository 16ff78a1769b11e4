/* SPDX-License-Identifier: MIT
 * maxpool.cl: a work-item takes SPAN reals of COLUMNS pixels of one row of one block: of the output going forward, of the
 * input going backward. C, H, W: input; OH, OW: output; KH, KW: kernel; SH, SW: stride; PH, PW: margin. */
#define PIXEL (C * FV_L)
#define SPANS ((PIXEL + SPAN - 1) / SPAN)

/* The part of window o that lies within the image. */
#define WINDOW_BEGIN(o, stride, pad) max((o) * stride - pad, 0)
#define WINDOW_END(o, stride, pad, kernel, extent) min((o) * stride - pad + kernel, extent)

kernel __attribute__((reqd_work_group_size(1, 1, 1))) void
FV_NAME(forward)(global const real *restrict x, global real *restrict y)
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
FV_NAME(train)(global const real *restrict x, global real *restrict y, global real *restrict winner)
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

/* Every pixel asks the windows that hold it whether it won there. */
kernel __attribute__((reqd_work_group_size(1, 1, 1))) void
FV_NAME(backward)(global const real *restrict winner, global const real *restrict dy, global real *restrict dx)
{
    int begin = get_group_id(0) * COLUMNS, end = min(begin + COLUMNS, W), iy = get_group_id(1);
    int block = get_group_id(2) / SPANS, first = get_group_id(2) % SPANS * SPAN, span = min(SPAN, PIXEL - first);
    int top = iy + PH < KH ? 0 : (iy + PH - KH) / SH + 1, bottom = min((iy + PH) / SH + 1, OH);
    winner += (size_t)block * OH * OW * PIXEL + first;
    dy += (size_t)block * OH * OW * PIXEL + first;
    dx += (((size_t)block * H + iy) * W + begin) * PIXEL + first;

    for (int ix = begin; ix < end; ix++, dx += PIXEL) {
        int left = ix + PW < KW ? 0 : (ix + PW - KW) / SW + 1, right = min((ix + PW) / SW + 1, OW);
        if (top >= bottom || left >= right)
            for (int i = 0; i < span; i++)
                dx[i] = 0;
        for (int oy = top; oy < bottom; oy++)
            for (int ox = left; ox < right; ox++) {
                size_t from = ((size_t)oy * OW + ox) * PIXEL;
                real place = (iy + PH - oy * SH) * KW + ix + PW - ox * SW;
                if (oy == top && ox == left) {
                    for (int i = 0; i < span; i++)
                        dx[i] = winner[from + i] == place ? dy[from + i] : 0;
                    continue;
                }
                for (int i = 0; i < span; i++)
                    dx[i] += winner[from + i] == place ? dy[from + i] : 0;
            }
    }
}

#undef PIXEL
#undef SPANS
#undef WINDOW_BEGIN
#undef WINDOW_END
