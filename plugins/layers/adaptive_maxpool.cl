/* adaptive_maxpool.cl: a work-item takes SPAN reals of COLUMNS pixels of one row of one block: of the output going forward,
 * of the input going backward; on GPUs one real of them. C, H, W: input; OH, OW: output. */
#define PIXEL (C * FV_L)
#define SPANS ((PIXEL + SPAN - 1) / SPAN)
/* The place of a pixel in the window of output (oy, ox). */
#define PLACE(iy, ix, oy, ox) (((iy) - BEGIN(oy, H, OH)) * EXTENT(ox, W, OW) + (ix) - BEGIN(ox, W, OW))

/* What is taken at once: a real, or 16 next to each other. */
#if FV_WORKERS > 1
#define SOME real
#define LOAD(p) (*(p))
#else
#define SOME real16
#define LOAD(p) vload16(0, p)
#endif

#if !BACKWARD
/* The largest of a window, x being its channel; and where it was. */
SOME FV_NAME(largest)(global const real *restrict x, int oy, int ox, SOME *place)
{
    int top = BEGIN(oy, H, OH), bottom = END(oy, H, OH), left = BEGIN(ox, W, OW), right = END(ox, W, OW);
    SOME most = LOAD(x + ((size_t)top * W + left) * PIXEL);
    *place = 0;
    for (int iy = top; iy < bottom; iy++)
        for (int ix = left; ix < right; ix++) {
            SOME v = LOAD(x + ((size_t)iy * W + ix) * PIXEL), here = PLACE(iy, ix, oy, ox);
            /* The second comparison lets a NaN through. */
            *place = v > most || v != v ? here : *place;
            most = v > most || v != v ? v : most;
        }
    return most;
}
#else
/* What the windows that hold a pixel give it, dy and winner being its channel's. */
SOME FV_NAME(won)(global const real *restrict winner, global const real *restrict dy, int iy, int ix)
{
    SOME sum = 0;
    for (int oy = BEGIN(iy, OH, H); oy < END(iy, OH, H); oy++)
        for (int ox = BEGIN(ix, OW, W); ox < END(ix, OW, W); ox++) {
            size_t from = ((size_t)oy * OW + ox) * PIXEL;
            SOME place = PLACE(iy, ix, oy, ox);
            sum += LOAD(winner + from) == place ? LOAD(dy + from) : (SOME)(0);
        }
    return sum;
}
#endif

#if FV_WORKERS > 1
/* The pixel of the value that is written, and its channel and lane; nothing where there is none. */
#define ITEM(to_h, to_w)                                                                                    \
    size_t at = FV_ITEM;                                                                                    \
    int column = at / PIXEL % (to_w), row = at / PIXEL / (to_w) % (to_h), block = at / PIXEL / (to_w) / (to_h); \
    if (block >= blocks)                                                                                    \
        return;
#if !BACKWARD
FV_KERNEL FV_NAME(forward)(global const real *restrict x, global real *restrict y, int blocks)
{
    ITEM(OH, OW)
    real place;
    y[at] = FV_NAME(largest)(x + (size_t)block * H * W * PIXEL + at % PIXEL, row, column, &place);
}

FV_KERNEL FV_NAME(train)(global const real *restrict x, global real *restrict y, global real *restrict winner,
                         int blocks)
{
    ITEM(OH, OW)
    real place;
    y[at] = FV_NAME(largest)(x + (size_t)block * H * W * PIXEL + at % PIXEL, row, column, &place);
    winner[at] = place;
}
#else
FV_KERNEL FV_NAME(backward)(global const real *restrict winner, global const real *restrict dy,
                            global real *restrict dx, int blocks FV_TAIL_PARAMS)
{
    FV_TAIL_BEGIN(dx)
    ITEM(H, W)
    size_t from = (size_t)block * OH * OW * PIXEL + at % PIXEL;
    dx[at] = FV_TAIL(FV_NAME(won)(winner + from, dy + from, row, column), dx + at);
}
#endif
#undef ITEM

#else
/* The piece of this work-item: columns begin to end of a row, reals from first on, of a block. */
#define PIECE(to_w)                                                                   \
    int begin = get_group_id(0) * COLUMNS, end = min(begin + COLUMNS, to_w);          \
    int row = get_group_id(1), first = get_group_id(2) % SPANS * SPAN;                \
    int span = min(SPAN, PIXEL - first);                                              \
    size_t block = get_group_id(2) / SPANS;
#if !BACKWARD
kernel __attribute__((reqd_work_group_size(1, 1, 1))) void
FV_NAME(forward)(global const real *restrict x, global real *restrict y, int blocks)
{
    PIECE(OW)
    x += block * H * W * PIXEL + first;
    y += ((block * OH + row) * OW + begin) * PIXEL + first;
    for (int column = begin; column < end; column++, y += PIXEL)
        for (int i = 0; i < span; i += 16) {
            real16 place;
            fv_store16(FV_NAME(largest)(x + i, row, column, &place), y + i, span - i);
        }
}

kernel __attribute__((reqd_work_group_size(1, 1, 1))) void
FV_NAME(train)(global const real *restrict x, global real *restrict y, global real *restrict winner, int blocks)
{
    PIECE(OW)
    size_t out = ((block * OH + row) * OW + begin) * PIXEL + first;
    x += block * H * W * PIXEL + first;
    y += out;
    winner += out;
    for (int column = begin; column < end; column++, y += PIXEL, winner += PIXEL)
        for (int i = 0; i < span; i += 16) {
            real16 place;
            fv_store16(FV_NAME(largest)(x + i, row, column, &place), y + i, span - i);
            fv_store16(place, winner + i, span - i);
        }
}
#else
kernel __attribute__((reqd_work_group_size(1, 1, 1))) void
FV_NAME(backward)(global const real *restrict winner, global const real *restrict dy, global real *restrict dx,
                  int blocks FV_TAIL_PARAMS)
{
    FV_TAIL_BEGIN(dx)
    PIECE(W)
    winner += block * OH * OW * PIXEL + first;
    dy += block * OH * OW * PIXEL + first;
    dx += ((block * H + row) * W + begin) * PIXEL + first;
    for (int column = begin; column < end; column++, dx += PIXEL)
        for (int i = 0; i < span; i += 16) {
            FV_TAIL_EXPECT(dx + i)
            real16 sum = FV_NAME(won)(winner + i, dy + i, row, column);
            fv_store16(FV_TAIL16(sum, dx + i), dx + i, span - i);
        }
}
#endif
#undef PIECE
#endif

#undef PIXEL
#undef SPANS
#undef PLACE
#undef SOME
#undef LOAD
