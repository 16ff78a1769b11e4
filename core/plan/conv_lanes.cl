/* conv_lanes.cl: a convolution, or one turned round (the gradient of its input), with vectors over the batch.
 *
 * A work-group makes CHUNK rows of the target (FLAT: CHUNK pixels), ROWS channels of two pixels at a time: one vector
 * each, all in registers, so that each weight is loaded once for both. `source` is x and `target` y; BACKWARD: dy and
 * dx. TURNED: every pixel of the target gathers what it had a part in, or, of a transposed convolution, what goes to
 * it. A pixel whose tap falls outside the source reads the zeros behind the panels. The host defines the geometry,
 * `realv` (VECTOR reals), FV_LOAD, FV_STORE, and EACH_ROW(F): F(0) F(1) ... F(ROWS - 1). */
#if TURNED
/* Where tap k of target position t lies in the source; -1: nowhere. */
int FV_NAME(at)(int t, int k, int stride, int pad, int dilation, int size)
{
    int v = t + pad - k * dilation;
    return v >= 0 && v % stride == 0 && v / stride < size ? v / stride : -1;
}
#else
int FV_NAME(at)(int t, int k, int stride, int pad, int dilation, int size)
{
    int v = t * stride - pad + k * dilation;
    return v < size ? v : -1;
}
#endif

#if BIAS
#define DECLARE(i) realv c##i = (realv)(packed[i]), d##i = c##i;
#else
#define DECLARE(i) realv c##i = (realv)(0), d##i = c##i;
#endif
#define MULTIPLY(i)                                                                                                    \
    {                                                                                                                  \
        realv s = (realv)(w[i]);                                                                                       \
        c##i = mad(s, v0, c##i);                                                                                       \
        d##i = mad(s, v1, d##i);                                                                                       \
    }
#if VECTOR == 16
#define TAIL FV_TAIL16
#else
#define TAIL FV_TAIL8
#endif
#define STORE(i)                                                                                                       \
    if (TARGET_G % ROWS == 0 || first + i < TARGET_G) {                                                                \
        global real *to = out + i * FV_L;                                                                              \
        FV_STORE(TAIL(c##i, to), 0, to);                                                                               \
        to += TARGET_C * FV_L;                                                                                         \
        if (two)                                                                                                       \
            FV_STORE(TAIL(d##i, to), 0, to);                                                                           \
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
    int group = get_group_id(0) / PANELS, first = get_group_id(0) % PANELS * ROWS;
    global const real *packed = panels + (size_t)get_group_id(0) * PANEL;
    global const real *zeros = panels + (size_t)get_num_groups(0) * PANEL;
#if FLAT
    int y = 0, x_begin = get_group_id(1) * CHUNK, x_end = min(x_begin + CHUNK, count);
#else
    source += (size_t)get_group_id(2) * (SOURCE_H * SOURCE_W * SOURCE_C * FV_L);
    target += (size_t)get_group_id(2) * (TARGET_H * TARGET_W * TARGET_C * FV_L);
    int y_begin = get_group_id(1) * CHUNK, x_begin = 0, x_end = TARGET_W;
    for (int y = y_begin; y < min(y_begin + CHUNK, TARGET_H); y++)
#endif
    for (int x = x_begin; x < x_end; x += 2)
        for (int lane = 0; lane < FV_L; lane += VECTOR) {
            bool two = x + 1 < x_end;
            EACH_ROW(DECLARE)
            for (int ky = 0; ky < KERNEL_H; ky++) {
                int sy = FLAT ? 0 : FV_NAME(at)(y, ky, STRIDE_H, PAD_H, DILATION_H, SOURCE_H);
                if (sy < 0)
                    continue;
                global const real *row =
                    source + ((size_t)sy * (SOURCE_W * SOURCE_C) + group * SOURCE_G) * FV_L + lane;
                for (int kx = 0; kx < KERNEL_W; kx++) {
                    int s0 = FLAT ? x : FV_NAME(at)(x, kx, STRIDE_W, PAD_W, DILATION_W, SOURCE_W);
                    int s1 = !two ? -1 : FLAT ? x + 1 : FV_NAME(at)(x + 1, kx, STRIDE_W, PAD_W, DILATION_W, SOURCE_W);
                    if (s0 < 0 && s1 < 0)
                        continue;
                    global const real *a0 = s0 < 0 ? zeros : row + (size_t)s0 * (SOURCE_C * FV_L);
                    global const real *a1 = s1 < 0 ? zeros : row + (size_t)s1 * (SOURCE_C * FV_L);
                    global const real *w = packed + BIAS * ROWS + (ky * KERNEL_W + kx) * (SOURCE_G * ROWS);
#pragma unroll UNROLL
                    for (int c = 0; c < SOURCE_G; c++, a0 += FV_L, a1 += FV_L, w += ROWS) {
                        realv v0 = FV_LOAD(0, a0), v1 = FV_LOAD(0, a1);
                        EACH_ROW(MULTIPLY)
                    }
                }
            }
            global real *out =
                target + ((size_t)(y * TARGET_W + x) * TARGET_C + group * TARGET_G + first) * FV_L + lane;
            EACH_ROW(STORE)
        }
}
#undef DECLARE
#undef MULTIPLY
#undef STORE
#undef TAIL
#undef SELF
