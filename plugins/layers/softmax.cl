/* SPDX-License-Identifier: MIT
 * softmax.cl: a work-item takes LANES lanes of SOME_PIXELS pixels of C channels. */
#define PIXEL (C * FV_L)

kernel __attribute__((reqd_work_group_size(1, 1, 1))) void
FV_NAME(forward)(global const real *restrict x, global real *restrict y, int pixels)
{
    int begin = get_group_id(0) * SOME_PIXELS, end = min(begin + SOME_PIXELS, pixels);
    x += (size_t)begin * PIXEL + get_group_id(1) * LANES;
    y += (size_t)begin * PIXEL + get_group_id(1) * LANES;

    for (int p = begin; p < end; p++, x += PIXEL, y += PIXEL) {
        real top[LANES], sum[LANES];
        for (int lane = 0; lane < LANES; lane++) {
            top[lane] = x[lane];
            sum[lane] = 0;
        }
        for (int c = 1; c < C; c++)
            for (int lane = 0; lane < LANES; lane++)
                top[lane] = x[c * FV_L + lane] > top[lane] ? x[c * FV_L + lane] : top[lane];
        for (int c = 0; c < C; c++)
            for (int lane = 0; lane < LANES; lane++)
                y[c * FV_L + lane] = exp(x[c * FV_L + lane] - top[lane]);
        for (int c = 0; c < C; c++)
            for (int lane = 0; lane < LANES; lane++)
                sum[lane] += y[c * FV_L + lane];
        for (int c = 0; c < C; c++)
            for (int lane = 0; lane < LANES; lane++)
                y[c * FV_L + lane] /= sum[lane];
    }
}

/* dx = y * (dy - sum of dy * y) */
kernel __attribute__((reqd_work_group_size(1, 1, 1))) void
FV_NAME(backward)(global const real *restrict y, global const real *restrict dy, global real *restrict dx,
                  int pixels FV_TAIL_PARAMS)
{
    FV_TAIL_BEGIN(dx)
    int begin = get_group_id(0) * SOME_PIXELS, end = min(begin + SOME_PIXELS, pixels);
    y += (size_t)begin * PIXEL + get_group_id(1) * LANES;
    dy += (size_t)begin * PIXEL + get_group_id(1) * LANES;
    dx += (size_t)begin * PIXEL + get_group_id(1) * LANES;

    for (int p = begin; p < end; p++, y += PIXEL, dy += PIXEL, dx += PIXEL) {
        real sum[LANES];
        for (int lane = 0; lane < LANES; lane++)
            sum[lane] = 0;
        for (int c = 0; c < C; c++)
            for (int lane = 0; lane < LANES; lane++)
                sum[lane] += dy[c * FV_L + lane] * y[c * FV_L + lane];
        for (int c = 0; c < C; c++)
            for (int lane = 0; lane < LANES; lane++)
                dx[c * FV_L + lane] =
                    FV_TAIL(y[c * FV_L + lane] * (dy[c * FV_L + lane] - sum[lane]), dx + c * FV_L + lane);
    }
}

#undef PIXEL
