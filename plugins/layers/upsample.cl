/* SPDX-License-Identifier: MIT
 * upsample.cl: a work-group takes SPAN reals of COLUMNS pixels of one row of one block: of the output going forward, of
 * the input going backward. C, H, W: input; FH, FW: factors. */
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
#define BEGIN(i, factor, extent) (max((i) - 1, 0) * (factor))
#define END(i, factor, extent) (min((i) + 2, extent) * (factor))
#endif

/* How much output o takes of pixel i; at the end both of its pixels are the last one. */
real FV_NAME(share)(int o, int i, int factor, int extent)
{
    int from = FROM(o, factor, extent), next = min(from + 1, extent - 1);
    real rest = REST(o, factor, extent);
    return (from == i ? 1 - rest : (real)0) + (next == i ? rest : (real)0);
}

#if FV_WORKERS > 1
#define SOME real
#define STEP FV_WORKERS
#define LOAD(p) (*(p))
#define TAIL_STORE(v, p, n) *(p) = FV_TAIL(v, p)
#else
#define SOME real16
#define STEP 16
#define LOAD(p) vload16(0, p)
#define TAIL_STORE(v, p, n) fv_store16(FV_TAIL16(v, p), p, n)
#endif

/* The piece of this work-group: columns begin to end of a row, reals from first on, of a block. */
#define PIECE(width)                                                                   \
    int begin = get_group_id(0) * COLUMNS, end = min(begin + COLUMNS, width);          \
    int row = get_group_id(1), first = get_group_id(2) % SPANS * SPAN;                 \
    int span = min(SPAN, PIXEL - first);                                               \
    size_t block = get_group_id(2) / SPANS;

FV_KERNEL FV_NAME(forward)(global const real *restrict x, global real *restrict y)
{
    PIECE(OW)
    int top = FROM(row, FH, H), bottom = min(top + 1, H - 1);
    real down = REST(row, FH, H);
    x += block * H * W * PIXEL + first;
    y += ((block * OH + row) * OW) * PIXEL + first;
    for (int ox = begin; ox < end; ox++) {
        int left = FROM(ox, FW, W), right = min(left + 1, W - 1);
        real across = REST(ox, FW, W);
        global const real *a = x + ((size_t)top * W + left) * PIXEL, *b = x + ((size_t)top * W + right) * PIXEL;
        global const real *c = x + ((size_t)bottom * W + left) * PIXEL, *d = x + ((size_t)bottom * W + right) * PIXEL;
        global real *to = y + (size_t)ox * PIXEL;
        for (int i = FV_ME; i < span; i += FV_WORKERS)
            to[i] = BILINEAR ? (1 - down) * ((1 - across) * a[i] + across * b[i]) +
                                   down * ((1 - across) * c[i] + across * d[i])
                             : a[i];
    }
}

/* Every pixel adds up what the outputs took of it. */
FV_KERNEL FV_NAME(backward)(global const real *restrict dy, global real *restrict dx FV_TAIL_PARAMS)
{
    FV_TAIL_BEGIN(dx)
    PIECE(W)
    dy += block * OH * OW * PIXEL + first;
    dx += (block * H + row) * W * PIXEL + first;
    for (int ix = begin; ix < end; ix++) {
        global real *to = dx + (size_t)ix * PIXEL;
        for (int i = FV_ME * (STEP / FV_WORKERS); i < span; i += STEP) {
            SOME sum = 0;
            for (int oy = BEGIN(row, FH, H); oy < END(row, FH, H); oy++) {
                real down = FV_NAME(share)(oy, row, FH, H);
                for (int ox = BEGIN(ix, FW, W); ox < END(ix, FW, W); ox++)
                    sum += down * FV_NAME(share)(ox, ix, FW, W) * LOAD(dy + ((size_t)oy * OW + ox) * PIXEL + i);
            }
            TAIL_STORE(sum, to + i, span - i);
        }
    }
}

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
#undef SOME
#undef STEP
#undef LOAD
#undef TAIL_STORE
#undef PIECE
