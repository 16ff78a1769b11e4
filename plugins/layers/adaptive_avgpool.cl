/* SPDX-License-Identifier: MIT
 * adaptive_avgpool.cl: a work-item writes SPAN reals of COLUMNS pixels of one row of one block, of the output going
 * forward, of the input going backward; on GPUs one real of them. C, H, W: input; OH, OW: output. */
#define PIXEL (C * FV_L)
#define SPANS ((PIXEL + SPAN - 1) / SPAN)

#define SHARE(oy, ox) ((real)1 / (EXTENT(oy, H, OH) * EXTENT(ox, W, OW)))

#if BACKWARD
#define FROM_H OH
#define FROM_W OW
#define TO_H H
#define TO_W W
#define VALUE(value, iy, ix) ((value) * SHARE(iy, ix))
#define RESULT(sum, oy, ox, p) FV_TAIL(sum, p)
#define RESULT16(sum, oy, ox, p) FV_TAIL16(sum, p)
#else
#define FROM_H H
#define FROM_W W
#define TO_H OH
#define TO_W OW
#define VALUE(value, iy, ix) (value)
#define RESULT(sum, oy, ox, p) ((sum) * SHARE(oy, ox))
#define RESULT16(sum, oy, ox, p) ((sum) * SHARE(oy, ox))
#endif

#if BACKWARD
FV_KERNEL FV_NAME(backward)(global const real *restrict from, global real *restrict to, int blocks FV_TAIL_PARAMS)
{
    FV_TAIL_BEGIN(to)
#else
FV_KERNEL FV_NAME(forward)(global const real *restrict from, global real *restrict to, int blocks)
{
#endif
#if FV_WORKERS > 1
    size_t at = FV_ITEM;
    int ox = at / PIXEL % TO_W, oy = at / PIXEL / TO_W % TO_H, block = at / PIXEL / TO_W / TO_H;
    if (block >= blocks)
        return;
    real sum = 0;
    from += (size_t)block * FROM_H * FROM_W * PIXEL + at % PIXEL;
    for (int iy = BEGIN(oy, FROM_H, TO_H); iy < END(oy, FROM_H, TO_H); iy++)
        for (int ix = BEGIN(ox, FROM_W, TO_W); ix < END(ox, FROM_W, TO_W); ix++)
            sum += VALUE(from[((size_t)iy * FROM_W + ix) * PIXEL], iy, ix);
    to[at] = RESULT(sum, oy, ox, to + at);
#else
    int begin = get_group_id(0) * COLUMNS, end = min(begin + COLUMNS, TO_W), oy = get_group_id(1);
    int block = get_group_id(2) / SPANS, first = get_group_id(2) % SPANS * SPAN, span = min(SPAN, PIXEL - first);
    int top = BEGIN(oy, FROM_H, TO_H), bottom = END(oy, FROM_H, TO_H);
    from += (size_t)block * FROM_H * FROM_W * PIXEL + first;
    to += (((size_t)block * TO_H + oy) * TO_W + begin) * PIXEL + first;

    for (int ox = begin; ox < end; ox++, to += PIXEL) {
        int left = BEGIN(ox, FROM_W, TO_W), right = END(ox, FROM_W, TO_W);
        for (int i = 0; i < span; i += 16) {
            real16 sum = 0;
#if BACKWARD
            FV_TAIL_EXPECT(to + i)
#endif
            for (int iy = top; iy < bottom; iy++)
                for (int ix = left; ix < right; ix++)
                    sum += VALUE(vload16(0, from + ((size_t)iy * FROM_W + ix) * PIXEL + i), iy, ix);
            fv_store16(RESULT16(sum, oy, ox, to + i), to + i, span - i);
        }
    }
#endif
}

#undef PIXEL
#undef SPANS
#undef SHARE
#undef FROM_H
#undef FROM_W
#undef TO_H
#undef TO_W
#undef VALUE
#undef RESULT
#undef RESULT16
