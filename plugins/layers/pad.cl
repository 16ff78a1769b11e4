/* pad.cl: margins that repeat the edge or mirror the image. A work-item takes SPAN reals of one row of one block, of the
 * output going forward, of the input going backward; on GPUs one real. C, H, W: input; OH, OW: output; TOP, LEFT:
 * margins before it. */
#define PIXEL (C * FV_L)

/* The pixel along an axis that output o is a copy of. */
int FV_NAME(source)(int o, int before, int extent)
{
    int i = o - before;
#if REFLECT
    return i < 0 ? -i : i < extent ? i : 2 * (extent - 1) - i;
#else
    return clamp(i, 0, extent - 1);
#endif
}

/* How many outputs are copies of pixel i, and the n-th of them; the 0th of a pixel with one is the pixel's own place. */
int FV_NAME(copies)(int i, int before, int extent, int all)
{
    int after = all - before - extent;
#if REFLECT
    return 1 + (i >= 1 && i <= before) + (i >= extent - 1 - after && i <= extent - 2);
#else
    return 1 + (i == 0 ? before : 0) + (i == extent - 1 ? after : 0);
#endif
}

int FV_NAME(copy)(int i, int n, int before, int extent)
{
#if REFLECT
    if (n == 0)
        return before + i;
    return n == 1 && i >= 1 && i <= before ? before - i : before + 2 * (extent - 1) - i;
#else
    return (i == 0 ? 0 : before + i) + n;
#endif
}

/* Columns between these have one copy alone, next to their neighbour's. */
#if REFLECT
#define PLAIN_BEGIN (LEFT + 1)
#define PLAIN_END (2 * W + LEFT - OW - 1)
#else
#define PLAIN_BEGIN 1
#define PLAIN_END (W - 1)
#endif

#if FV_WORKERS > 1
FV_KERNEL FV_NAME(forward)(global const real *restrict x, global real *restrict y, int blocks FV_TAIL_PARAMS)
{
    FV_TAIL_BEGIN(y)
    size_t at = FV_ITEM;
    int ox = at / PIXEL % OW, oy = at / PIXEL / OW % OH, block = at / PIXEL / OW / OH;
    if (block >= blocks)
        return;
    int ix = FV_NAME(source)(ox, LEFT, W), iy = FV_NAME(source)(oy, TOP, H);
    y[at] = FV_TAIL(x[(((size_t)block * H + iy) * W + ix) * PIXEL + at % PIXEL], y + at);
}

FV_KERNEL FV_NAME(backward)(global const real *restrict dy, global real *restrict dx, int blocks FV_TAIL_PARAMS)
{
    FV_TAIL_BEGIN(dx)
    size_t at = FV_ITEM;
    int ix = at / PIXEL % W, iy = at / PIXEL / W % H, block = at / PIXEL / W / H;
    if (block >= blocks)
        return;
    int down = FV_NAME(copies)(iy, TOP, H, OH), across = FV_NAME(copies)(ix, LEFT, W, OW);
    real sum = 0;
    for (int n = 0; n < down; n++)
        for (int m = 0; m < across; m++) {
            int oy = FV_NAME(copy)(iy, n, TOP, H), ox = FV_NAME(copy)(ix, m, LEFT, W);
            sum += dy[(((size_t)block * OH + oy) * OW + ox) * PIXEL + at % PIXEL];
        }
    dx[at] = FV_TAIL(sum, dx + at);
}

#else
kernel __attribute__((reqd_work_group_size(1, 1, 1))) void
FV_NAME(forward)(global const real *restrict x, global real *restrict y, int blocks FV_TAIL_PARAMS)
{
    FV_TAIL_BEGIN(y)
    int first = get_group_id(0) * SPAN, end = min(first + SPAN, OW * PIXEL);
    int block = get_group_id(1) / OH, oy = get_group_id(1) % OH;
    global const real *row = x + ((size_t)block * H + FV_NAME(source)(oy, TOP, H)) * W * PIXEL;
    y += ((size_t)block * OH + oy) * OW * PIXEL;
    /* The image's own pixels at once, those of the margins one by one. */
    for (int i = first, next; i < end; i = next) {
        int ox = i / PIXEL;
        next = min(end, (ox >= LEFT && ox < LEFT + W ? LEFT + W : ox + 1) * PIXEL);
        global const real *from = row + FV_NAME(source)(ox, LEFT, W) * PIXEL + (i - ox * PIXEL);
        for (int k = i; k < next; k++)
            y[k] = FV_TAIL(from[k - i], y + k);
    }
}

kernel __attribute__((reqd_work_group_size(1, 1, 1))) void
FV_NAME(backward)(global const real *restrict dy, global real *restrict dx, int blocks FV_TAIL_PARAMS)
{
    FV_TAIL_BEGIN(dx)
    int first = get_group_id(0) * SPAN, end = min(first + SPAN, W * PIXEL);
    int block = get_group_id(1) / H, iy = get_group_id(1) % H, down = FV_NAME(copies)(iy, TOP, H, OH);
    dy += (size_t)block * OH * OW * PIXEL;
    dx += ((size_t)block * H + iy) * W * PIXEL;
    for (int i = first, next; i < end; i = next) {
        int ix = i / PIXEL, across = FV_NAME(copies)(ix, LEFT, W, OW);
        next = min(end, (ix >= PLAIN_BEGIN && ix < PLAIN_END ? PLAIN_END : ix + 1) * PIXEL);
        for (int k = i; k < next; k += 16) {
            real16 sum = 0;
            FV_TAIL_EXPECT(dx + k)
            for (int n = 0; n < down; n++)
                for (int m = 0; m < across; m++) {
                    int oy = FV_NAME(copy)(iy, n, TOP, H), ox = FV_NAME(copy)(ix, m, LEFT, W);
                    sum += vload16(0, dy + ((size_t)oy * OW + ox) * PIXEL + (k - ix * PIXEL));
                }
            fv_store16(FV_TAIL16(sum, dx + k), dx + k, next - k);
        }
    }
}
#endif

#undef PIXEL
#undef PLAIN_BEGIN
#undef PLAIN_END
