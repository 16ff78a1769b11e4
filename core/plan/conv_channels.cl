/* conv_channels.cl: a convolution, or one turned round (the gradient of its input), with vectors over the target's
 * channels.
 *
 * A work-group makes CHUNK rows of the target (FLAT: CHUNK pixels of the whole batch), PIXELS x VECTORS vectors at a
 * time, all in registers. `source` is x and `target` y; BACKWARD: dy and dx. TURNED: every pixel of the target gathers
 * what it had a part in, or, of a transposed convolution, what goes to it: the pixels of a tile are then STEP = stride
 * apart, so that a tap has a place for all of them or for none.
 * Pixels whose tap falls outside the source, or that lie past the row's end, read the row of zeros behind the panels.
 * The host defines the geometry, EACH_PIXEL(F): F(0) ... F(PIXELS - 1); EACH_VECTOR(F): F(0) ... F(VECTORS - 1);
 * EACH_VECTOR_OF(F, i): F(i, 0) ... F(i, VECTORS - 1). */
#if TARGET_G % 16
#define STORE_VECTOR(i, j)                                                                                             \
    {                                                                                                                  \
        global real *to = out + i * (STEP * TARGET_C) + j * 16;                                                        \
        fv_store16(FV_TAIL16(c##i##_##j, to), to, TARGET_G - first - j * 16);                                          \
    }
#else
#define STORE_VECTOR(i, j)                                                                                             \
    if (TARGET_G % WIDTH == 0 || first + j * 16 < TARGET_G) {                                                          \
        global real *to = out + i * (STEP * TARGET_C) + j * 16;                                                        \
        vstore16(FV_TAIL16(c##i##_##j, to), 0, to);                                                                    \
    }
#endif

#if BIAS
#define DECLARE_VECTOR(i, j) real16 c##i##_##j = vload16(j, packed);
#else
#define DECLARE_VECTOR(i, j) real16 c##i##_##j = (real16)(0);
#endif
#define DECLARE(i) EACH_VECTOR_OF(DECLARE_VECTOR, i)
#define WEIGHTS(j) real16 b##j = vload16(j, w);
#define MULTIPLY_VECTOR(i, j) c##i##_##j = mad(v, b##j, c##i##_##j);
#define MULTIPLY(i)                                                                                                    \
    {                                                                                                                  \
        real16 v = (real16)(a[c + i * (SOURCE_STEP * SOURCE_C)]);                                                      \
        EACH_VECTOR_OF(MULTIPLY_VECTOR, i)                                                                             \
    }
#define PLACE(i)                                                                                                       \
    int s##i = sx + i * SOURCE_STEP;                                                                                   \
    global const real *a##i = s##i >= 0 && s##i < width ? row + (size_t)s##i * SOURCE_C : zeros;
#define MULTIPLY_PLACED(i)                                                                                             \
    {                                                                                                                  \
        real16 v = (real16)(a##i[c]);                                                                                  \
        EACH_VECTOR_OF(MULTIPLY_VECTOR, i)                                                                             \
    }
#define EXPECT_VECTOR(i, j) FV_TAIL_EXPECT(out + i * (STEP * TARGET_C) + j * 16)
#define EXPECT(i) EACH_VECTOR_OF(EXPECT_VECTOR, i)
#define STORE(i)                                                                                                       \
    if (x + i * STEP < x_end) {                                                                                        \
        EACH_VECTOR_OF(STORE_VECTOR, i)                                                                                \
    }

#if BACKWARD
#define SELF FV_NAME(conv_input_gradient)
#else
#define SELF FV_NAME(conv_forward)
#endif
kernel __attribute__((reqd_work_group_size(1, 1, 1)))
void SELF(global const real *restrict source, global const real *restrict panels, global real *restrict target,
          int count FV_TAIL_PARAMS)
{
    FV_TAIL_BEGIN(target)
    int group = get_group_id(0) / PANELS, first = get_group_id(0) % PANELS * WIDTH;
    global const real *packed = panels + (size_t)get_group_id(0) * PANEL;
    global const real *zeros = panels + (size_t)get_num_groups(0) * PANEL;
    source += group * SOURCE_G;
    target += group * TARGET_G + first;
#if FLAT
    int y = 0, width = count, x_begin = get_group_id(1) * CHUNK, x_end = min(x_begin + CHUNK, count);
#else
    source += (size_t)get_group_id(2) * (SOURCE_H * SOURCE_W * SOURCE_C);
    target += (size_t)get_group_id(2) * (TARGET_H * TARGET_W * TARGET_C);
    int y_begin = get_group_id(1) * CHUNK, width = SOURCE_W, x_end = TARGET_W;
    for (int y = y_begin; y < min(y_begin + CHUNK, TARGET_H); y++)
    for (int x_begin = 0; x_begin < STEP; x_begin++)
#endif
    for (int x = x_begin; x < x_end; x += PIXELS * STEP) {
        global real *out = target + (size_t)(y * TARGET_W + x) * TARGET_C;
        EACH_PIXEL(EXPECT)
        EACH_PIXEL(DECLARE)
        for (int ky = 0; ky < KERNEL_H; ky++) {
#if TURNED
            int sy = y + PAD_H - ky * DILATION_H;
            if (sy % STRIDE_H != 0)
                continue;
            sy /= STRIDE_H;
#else
            int sy = y * STRIDE_H - PAD_H + ky * DILATION_H;
#endif
            if (sy < 0 || sy >= SOURCE_H)
                continue;
            global const real *row = source + (size_t)sy * (SOURCE_W * SOURCE_C);
            for (int kx = 0; kx < KERNEL_W; kx++) {
#if TURNED
                int sx = x + PAD_W - kx * DILATION_W;
                if (sx % STRIDE_W != 0)
                    continue;
                sx /= STRIDE_W;
#else
                int sx = x * STRIDE_W - PAD_W + kx * DILATION_W;
#endif
                global const real *w = packed + BIAS * WIDTH + (ky * KERNEL_W + kx) * (SOURCE_G * WIDTH);
                if (sx >= 0 && sx + (PIXELS - 1) * SOURCE_STEP < width) {
                    global const real *a = row + (size_t)sx * SOURCE_C;
#pragma unroll UNROLL
                    for (int c = 0; c < SOURCE_G; c++, w += WIDTH) {
                        EACH_VECTOR(WEIGHTS)
                        EACH_PIXEL(MULTIPLY)
                    }
                } else {
                    EACH_PIXEL(PLACE)
#pragma unroll 1
                    for (int c = 0; c < SOURCE_G; c++, w += WIDTH) {
                        EACH_VECTOR(WEIGHTS)
                        EACH_PIXEL(MULTIPLY_PLACED)
                    }
                }
            }
        }
        EACH_PIXEL(STORE)
    }
}
#undef STORE_VECTOR
#undef DECLARE_VECTOR
#undef DECLARE
#undef WEIGHTS
#undef MULTIPLY_VECTOR
#undef MULTIPLY
#undef PLACE
#undef MULTIPLY_PLACED
#undef STORE
#undef EXPECT_VECTOR
#undef EXPECT
#undef SELF
