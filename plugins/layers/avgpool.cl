/* SPDX-License-Identifier: MIT
 * avgpool.cl: a work-item takes SPAN reals of COLUMNS pixels of one row of one block: of the output going forward, of the
 * input going backward; on GPUs one real of them. C, H, W: input; OH, OW: output; KH, KW: kernel; SH, SW: stride; PH, PW: margin. */
#define PIXEL (C * FV_L)
#define SPANS ((PIXEL + SPAN - 1) / SPAN)

/* What a pixel of window (oy, ox) counts. Most often all windows are whole; WHOLE is known to the preprocessor. */
#define FITS(o, stride, kernel, extent) ((o - 1) * stride + kernel <= extent)
#define WHOLE (FITS(OH, SH, KH, H + 2 * PH) && FITS(OW, SW, KW, W + 2 * PW) && (COUNT_PAD || (PH == 0 && PW == 0)))
#if WHOLE
#define SHARE(oy, ox) ((real)1 / (KH * KW))
#else
#define EDGE(pad) (COUNT_PAD ? pad : 0)
#define COUNTED(o, stride, kernel, pad, extent) \
    (min((o) * stride - pad + kernel, extent + EDGE(pad)) - max((o) * stride - pad, -EDGE(pad)))
#define SHARE(oy, ox) ((real)1 / (COUNTED(oy, SH, KH, PH, H) * COUNTED(ox, SW, KW, PW, W)))
#endif

#if FV_WORKERS > 1 && !BACKWARD
FV_KERNEL FV_NAME(forward)(global const real *restrict x, global real *restrict y, int blocks)
{
    size_t at = FV_ITEM;
    int ox = at / PIXEL % OW, oy = at / PIXEL / OW % OH, block = at / PIXEL / OW / OH;
    if (block >= blocks)
        return;
    int top = max(oy * SH - PH, 0), bottom = min(oy * SH - PH + KH, H);
    int left = max(ox * SW - PW, 0), right = min(ox * SW - PW + KW, W);
    real sum = 0;
    x += (size_t)block * H * W * PIXEL + at % PIXEL;
    for (int iy = top; iy < bottom; iy++)
        for (int ix = left; ix < right; ix++)
            sum += x[((size_t)iy * W + ix) * PIXEL];
    y[at] = sum * SHARE(oy, ox);
}

#elif FV_WORKERS > 1
FV_KERNEL FV_NAME(backward)(global const real *restrict dy, global real *restrict dx, int blocks FV_TAIL_PARAMS)
{
    FV_TAIL_BEGIN(dx)
    size_t at = FV_ITEM;
    int ix = at / PIXEL % W, iy = at / PIXEL / W % H, block = at / PIXEL / W / H;
    if (block >= blocks)
        return;
    int top = iy + PH < KH ? 0 : (iy + PH - KH) / SH + 1, bottom = min((iy + PH) / SH + 1, OH);
    int left = ix + PW < KW ? 0 : (ix + PW - KW) / SW + 1, right = min((ix + PW) / SW + 1, OW);
    real sum = 0;
    dy += (size_t)block * OH * OW * PIXEL + at % PIXEL;
    for (int oy = top; oy < bottom; oy++)
        for (int ox = left; ox < right; ox++)
            sum += dy[((size_t)oy * OW + ox) * PIXEL] * SHARE(oy, ox);
    dx[at] = FV_TAIL(sum, dx + at);
}

#elif !BACKWARD
kernel __attribute__((reqd_work_group_size(1, 1, 1))) void
FV_NAME(forward)(global const real *restrict x, global real *restrict y, int blocks)
{
    int begin = get_group_id(0) * COLUMNS, end = min(begin + COLUMNS, OW), oy = get_group_id(1);
    int block = get_group_id(2) / SPANS, first = get_group_id(2) % SPANS * SPAN, span = min(SPAN, PIXEL - first);
    int top = max(oy * SH - PH, 0), bottom = min(oy * SH - PH + KH, H);
    x += (size_t)block * H * W * PIXEL + first;
    y += (((size_t)block * OH + oy) * OW + begin) * PIXEL + first;

    for (int ox = begin; ox < end; ox++, y += PIXEL) {
        int left = max(ox * SW - PW, 0), right = min(ox * SW - PW + KW, W);
        for (int i = 0; i < span; i++)
            y[i] = 0;
        for (int iy = top; iy < bottom; iy++)
            for (int ix = left; ix < right; ix++) {
                global const real *from = x + ((size_t)iy * W + ix) * PIXEL;
                for (int i = 0; i < span; i++)
                    y[i] += from[i];
            }
        const real share = SHARE(oy, ox);
        for (int i = 0; i < span; i++)
            y[i] *= share;
    }
}

#else
/* Every pixel gathers from the windows that hold it. */
kernel __attribute__((reqd_work_group_size(1, 1, 1))) void
FV_NAME(backward)(global const real *restrict dy, global real *restrict dx, int blocks FV_TAIL_PARAMS)
{
    FV_TAIL_BEGIN(dx)
    int begin = get_group_id(0) * COLUMNS, end = min(begin + COLUMNS, W), iy = get_group_id(1);
    int block = get_group_id(2) / SPANS, first = get_group_id(2) % SPANS * SPAN, span = min(SPAN, PIXEL - first);
    int top = iy + PH < KH ? 0 : (iy + PH - KH) / SH + 1, bottom = min((iy + PH) / SH + 1, OH);
    dy += (size_t)block * OH * OW * PIXEL + first;
    dx += (((size_t)block * H + iy) * W + begin) * PIXEL + first;

    for (int ix = begin; ix < end; ix++, dx += PIXEL) {
        int left = ix + PW < KW ? 0 : (ix + PW - KW) / SW + 1, right = min((ix + PW) / SW + 1, OW);
        for (int i = 0; i < span; i += 16) {
            real16 sum = 0;
            FV_TAIL_EXPECT(dx + i)
            for (int oy = top; oy < bottom; oy++)
                for (int ox = left; ox < right; ox++)
                    sum += vload16(0, dy + ((size_t)oy * OW + ox) * PIXEL + i) * SHARE(oy, ox);
            fv_store16(FV_TAIL16(sum, dx + i), dx + i, span - i);
        }
    }
}
#endif

#undef PIXEL
#undef SPANS
#undef SHARE
#undef FITS
#undef WHOLE
#undef EDGE
#undef COUNTED
