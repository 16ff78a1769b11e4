/* SPDX-License-Identifier: MIT
 * upsample.cl: a work-item takes SPAN reals of COLUMNS pixels of one row of one block, of the output going forward, of
 * the input going backward; on GPUs one real of them. C, H, W: input; FH, FW: factors. */
#define PIXEL (C * FV_L)
#define SPANS ((PIXEL + SPAN - 1) / SPAN)
#define OH (H * FH)
#define OW (W * FW)

/* Output o of an axis lies at AT / UNIT pixels of the input, in whole numbers: no rounding moves it to another pixel. */
#if !BILINEAR
#define AT(o, factor, extent) ((long)(o))
#define UNIT(factor, extent) ((long)(factor))
#elif ALIGN_CORNERS
#define AT(o, factor, extent) ((long)(o) * ((extent) - 1))
#define UNIT(factor, extent) max((long)(extent) * (factor) - 1, 1L)
#else
#define AT(o, factor, extent) max(2 * (long)(o) + 1 - (factor), 0L)
#define UNIT(factor, extent) (2L * (factor))
#endif
#define FROM(o, factor, extent) (int)(AT(o, factor, extent) / UNIT(factor, extent))
#define REST(o, factor, extent) \
    (BILINEAR ? (real)(AT(o, factor, extent) % UNIT(factor, extent)) / (real)UNIT(factor, extent) : (real)0)

/* Outputs that may look at pixel i. */
#if !BILINEAR
#define BEGIN(i, factor, extent) ((i) * (factor))
#define END(i, factor, extent) (((i) + 1) * (factor))
#elif ALIGN_CORNERS
#define BEGIN(i, factor, extent) (int)(max((i) - 1L, 0L) * UNIT(factor, extent) / max((extent) - 1, 1))
#define END(i, factor, extent) \
    (int)min(((i) + 1L) * UNIT(factor, extent) / max((extent) - 1, 1) + 1, (long)(extent) * (factor))
#else
#define BEGIN(i, factor, extent) ((i) == 0 ? 0 : ((i) - 1) * (factor) + ((factor) - 1) / 2 + 1)
#define END(i, factor, extent) ((i) == (extent) - 1 ? (extent) * (factor) : ((i) + 1) * (factor) + (factor) / 2)
#endif

/* How much output o takes of pixel i; at the end both of its pixels are the last one. */
real FV_NAME(share)(int o, int i, int factor, int extent)
{
    int from = FROM(o, factor, extent), next = min(from + 1, extent - 1);
    real rest = REST(o, factor, extent);
    return (from == i ? 1 - rest : (real)0) + (next == i ? rest : (real)0);
}

#if FV_WORKERS > 1
#define LOAD(p) (*(p))
#else
#define LOAD(p) vload16(0, p)
#endif

/* Output (oy, ox), which lies `down` and `across` behind pixel (top, left); x being its channel's. */
#define PIXEL_AT(x, row, column) LOAD((x) + ((size_t)(row) * W + (column)) * PIXEL)
#define BETWEEN(x)                                                                                                   \
    (BILINEAR ? (1 - down) * ((1 - across) * PIXEL_AT(x, top, left) + across * PIXEL_AT(x, top, right)) +            \
                    down * ((1 - across) * PIXEL_AT(x, bottom, left) + across * PIXEL_AT(x, bottom, right))          \
              : PIXEL_AT(x, top, left))

#if FV_WORKERS > 1
FV_KERNEL FV_NAME(forward)(global const real *restrict x, global real *restrict y, int blocks)
{
    size_t at = FV_ITEM;
    int ox = at / PIXEL % OW, oy = at / PIXEL / OW % OH, block = at / PIXEL / OW / OH;
    if (block >= blocks)
        return;
    int top = FROM(oy, FH, H), bottom = min(top + 1, H - 1), left = FROM(ox, FW, W), right = min(left + 1, W - 1);
    real down = REST(oy, FH, H), across = REST(ox, FW, W);
    x += (size_t)block * H * W * PIXEL + at % PIXEL;
    y[at] = BETWEEN(x);
}

FV_KERNEL FV_NAME(backward)(global const real *restrict dy, global real *restrict dx, int blocks FV_TAIL_PARAMS)
{
    FV_TAIL_BEGIN(dx)
    size_t at = FV_ITEM;
    int ix = at / PIXEL % W, iy = at / PIXEL / W % H, block = at / PIXEL / W / H;
    if (block >= blocks)
        return;
    real sum = 0;
    dy += (size_t)block * OH * OW * PIXEL + at % PIXEL;
    for (int oy = BEGIN(iy, FH, H); oy < END(iy, FH, H); oy++) {
        real down = FV_NAME(share)(oy, iy, FH, H);
        for (int ox = BEGIN(ix, FW, W); ox < END(ix, FW, W); ox++)
            sum += down * FV_NAME(share)(ox, ix, FW, W) * dy[((size_t)oy * OW + ox) * PIXEL];
    }
    dx[at] = FV_TAIL(sum, dx + at);
}

#else
/* Outputs of an axis that look at one pixel, at most: with align_corners, of two pixels, both are far apart. */
#define MOST(factor) (4 * (factor) + 2)

/* The piece of this work-item: columns begin to end of a row, reals from first on, of a block. */
#define PIECE(width)                                                                   \
    int begin = get_group_id(0) * COLUMNS, end = min(begin + COLUMNS, width);          \
    int row = get_group_id(1), first = get_group_id(2) % SPANS * SPAN;                 \
    int span = min(SPAN, PIXEL - first);                                               \
    size_t block = get_group_id(2) / SPANS;

kernel __attribute__((reqd_work_group_size(1, 1, 1))) void
FV_NAME(forward)(global const real *restrict x, global real *restrict y, int blocks)
{
    PIECE(OW)
    int top = FROM(row, FH, H), bottom = min(top + 1, H - 1);
    real down = REST(row, FH, H);
    x += block * H * W * PIXEL + first;
    y += ((block * OH + row) * OW) * PIXEL + first;
    for (int ox = begin; ox < end; ox++) {
        int left = FROM(ox, FW, W), right = min(left + 1, W - 1);
        real across = REST(ox, FW, W);
        global real *to = y + (size_t)ox * PIXEL;
        for (int i = 0; i < span; i += 16)
            fv_store16(BETWEEN(x + i), to + i, span - i);
    }
}

kernel __attribute__((reqd_work_group_size(1, 1, 1))) void
FV_NAME(backward)(global const real *restrict dy, global real *restrict dx, int blocks FV_TAIL_PARAMS)
{
    FV_TAIL_BEGIN(dx)
    PIECE(W)
    dy += block * OH * OW * PIXEL + first;
    dx += ((block * H + row) * W + begin) * PIXEL + first;
    int top = BEGIN(row, FH, H), high = END(row, FH, H) - top;
    real down[MOST(FH)], across[MOST(FW)];
    for (int k = 0; k < high; k++)
        down[k] = FV_NAME(share)(top + k, row, FH, H);
    for (int ix = begin; ix < end; ix++, dx += PIXEL) {
        int left = BEGIN(ix, FW, W), wide = END(ix, FW, W) - left;
        for (int k = 0; k < wide; k++)
            across[k] = FV_NAME(share)(left + k, ix, FW, W);
        for (int i = 0; i < span; i += 16) {
            real16 sum = 0;
            FV_TAIL_EXPECT(dx + i)
            for (int v = 0; v < high; v++)
                for (int h = 0; h < wide; h++)
                    sum += down[v] * across[h] * vload16(0, dy + ((size_t)(top + v) * OW + left + h) * PIXEL + i);
            fv_store16(FV_TAIL16(sum, dx + i), dx + i, span - i);
        }
    }
}
#undef MOST
#undef PIECE
#endif

#undef PIXEL
#undef SPANS
#undef OH
#undef OW
#undef AT
#undef UNIT
#undef FROM
#undef REST
#undef BEGIN
#undef END
#undef LOAD
#undef PIXEL_AT
#undef BETWEEN
