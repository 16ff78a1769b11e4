/* conv_channels_weights.cl: the gradient of a convolution's weights and bias, with vectors over channels.
 *
 * A work-group adds up ROWS rows x VECTORS vectors of the gradient over all pixels of a share of the batch: a[pixel]
 * is one number for each row, b[pixel] the vectors. Where a tap has weights of its own place (OUTER 0), rows are input
 * channels and vectors output channels. A 1x1 convolution or a dense layer (OUTER 1) is the product of two matrices;
 * there rows are output channels and vectors inputs, as the gradient lies in memory. Tiles at the channels' ends are
 * moved back so that they read nothing outside, and store only what is theirs. The host defines the geometry and
 * EACH_ROW(F), EACH_VECTOR(F), EACH_VECTOR_OF(F, i). */
#if OUTER
#define ALL_ROWS OUT_G
#define ALL_COLS IN_G
#define A_ROW FV_L /* dy has lanes; x was spread: [sample][input] */
#define A_STEP (FV_L > 1 ? 1 : OUT_C)
#define B_STEP IN_C
#else
#define ALL_ROWS IN_G
#define ALL_COLS OUT_G
#define A_ROW 1
#define A_STEP (STRIDE_W * IN_C)
#define B_STEP OUT_C
/* The first and one past the last output position for which tap k lies in the input. */
int FV_NAME(first)(int k, int stride, int pad, int dilation)
{
    return max(0, pad - k * dilation + stride - 1) / stride;
}
int FV_NAME(end)(int k, int stride, int pad, int dilation, int size, int outputs)
{
    int last = size - 1 + pad - k * dilation;
    return last < 0 ? 0 : min(outputs, last / stride + 1);
}
#endif
#define ALL_VECTORS ((ALL_COLS + 15) / 16)

void FV_NAME(store)(real16 v, global real *out, int stride, int count)
{
    real part[16];
    vstore16(v, 0, part);
    for (int i = 0; i < min(count, 16); i++)
        out[i * stride] = part[i];
}

#define DECLARE_VECTOR(i, j) real16 c##i##_##j = (real16)(0);
#define DECLARE(i) EACH_VECTOR_OF(DECLARE_VECTOR, i)
#define LOAD(j) real16 b##j = vload16(j, b);
#define MULTIPLY_VECTOR(i, j) c##i##_##j = mad(v, b##j, c##i##_##j);
#define MULTIPLY(i)                                                                                                    \
    {                                                                                                                  \
        real16 v = (real16)(a[i * A_ROW]);                                                                             \
        EACH_VECTOR_OF(MULTIPLY_VECTOR, i)                                                                             \
    }
#if OUTER
#define STORE_VECTOR(i, j)                                                                                             \
    if (j >= skip_vectors && (vector + j) * 16 + 16 <= ALL_COLS)                                                       \
        vstore16(c##i##_##j, 0, out + i * IN_G + j * 16);                                                              \
    else if (j >= skip_vectors)                                                                                        \
        FV_NAME(store)(c##i##_##j, out + i * IN_G + j * 16, 1, ALL_COLS - (vector + j) * 16);
#else
#define STORE_VECTOR(i, j)                                                                                             \
    if (j >= skip_vectors)                                                                                             \
        FV_NAME(store)(c##i##_##j, out + (j * 16 * IN_G + i) * TAPS, IN_G * TAPS, ALL_COLS - (vector + j) * 16);
#endif
#define STORE(i)                                                                                                       \
    if (i >= skip_rows) {                                                                                              \
        EACH_VECTOR_OF(STORE_VECTOR, i)                                                                                \
    }
#define RUN(n)                                                                                                         \
    for (int p = 0; p < (n); p++, a += A_STEP, b += B_STEP) {                                                          \
        EACH_VECTOR(LOAD)                                                                                              \
        EACH_ROW(MULTIPLY)                                                                                             \
    }
#define BIAS_ROW(i) real s##i = 0;
#define BIAS_ROW_ADD(i) s##i += a[i * A_ROW];
#define BIAS_ROW_STORE(i)                                                                                              \
    if (i >= skip_rows)                                                                                                \
        db[group * OUT_G + first + i] = s##i;
#define BIAS_VECTOR(j) real16 s##j = (real16)(0);
#define BIAS_VECTOR_ADD(j) s##j += vload16(j, b);
#define BIAS_VECTOR_STORE(j)                                                                                           \
    if (j >= skip_vectors)                                                                                             \
        FV_NAME(store)(s##j, db + group * OUT_G + (vector + j) * 16, 1, ALL_COLS - (vector + j) * 16);

/* dw, db: SHARES sets of partial sums, WEIGHTS apart; one: the gradients themselves. count: samples, or blocks. */
kernel __attribute__((reqd_work_group_size(1, 1, 1)))
void FV_NAME(conv_weight_gradient)(global const real *restrict x, global const real *restrict dy,
                                   global real *restrict dw, global real *restrict db, int count, int share)
{
    int tile = get_group_id(1), group = tile / (ROW_TILES * VECTOR_TILES);
    int row = tile / VECTOR_TILES % ROW_TILES * ROWS, first = min(row, ALL_ROWS - ROWS), skip_rows = row - first;
    int block = tile % VECTOR_TILES * VECTORS, vector = min(block, ALL_VECTORS - VECTORS), skip_vectors = block - vector;
    int from = get_group_id(2) * share, to = min(from + share, count);

    dw += (size_t)get_group_id(2) * WEIGHTS;
    db += (size_t)get_group_id(2) * WEIGHTS + BIAS_AT;
    EACH_ROW(DECLARE)
#if OUTER
    x += group * IN_G + vector * 16;
    dy += (group * OUT_G + first) * FV_L;
    global real *out = dw + (size_t)(group * OUT_G + first) * IN_G + vector * 16;
#if FV_L > 1
    for (int n = from; n < to; n++) {
        global const real *a = dy + (size_t)n * (OUT_C * FV_L), *b = x + (size_t)n * (FV_L * IN_C);
        RUN(FV_L)
    }
#else
    {
        global const real *a = dy + (size_t)from * (PIXELS * OUT_C), *b = x + (size_t)from * (PIXELS * IN_C);
        RUN((to - from) * PIXELS)
    }
#endif
#else
    int ky = get_group_id(0) / KERNEL_W, kx = get_group_id(0) % KERNEL_W;
    int y_begin = FV_NAME(first)(ky, STRIDE_H, PAD_H, DILATION_H);
    int y_end = FV_NAME(end)(ky, STRIDE_H, PAD_H, DILATION_H, IN_H, OUT_H);
    int x_begin = FV_NAME(first)(kx, STRIDE_W, PAD_W, DILATION_W);
    int x_end = FV_NAME(end)(kx, STRIDE_W, PAD_W, DILATION_W, IN_W, OUT_W);
    x += group * IN_G + first;
    dy += group * OUT_G + vector * 16;
    global real *out = dw + ((size_t)(group * OUT_G + vector * 16) * IN_G + first) * TAPS + get_group_id(0);
    for (int n = from; n < to; n++)
        for (int y = y_begin; y < y_end; y++) {
            int sy = y * STRIDE_H - PAD_H + ky * DILATION_H, sx = x_begin * STRIDE_W - PAD_W + kx * DILATION_W;
            global const real *a = x + ((size_t)(n * IN_H + sy) * IN_W + sx) * IN_C;
            global const real *b = dy + ((size_t)(n * OUT_H + y) * OUT_W + x_begin) * OUT_C;
            RUN(x_end - x_begin)
        }
#endif
    EACH_ROW(STORE)

#if BIAS && OUTER
    if (block > 0)
        return;
    EACH_ROW(BIAS_ROW)
    for (int n = from; n < to; n++) {
        global const real *a = dy + (size_t)n * (PIXELS * OUT_C * FV_L);
        for (int p = 0; p < PIXELS * FV_L; p++, a += A_STEP) {
            EACH_ROW(BIAS_ROW_ADD)
        }
    }
    EACH_ROW(BIAS_ROW_STORE)
#elif BIAS
    if (get_group_id(0) > 0 || row > 0)
        return;
    EACH_VECTOR(BIAS_VECTOR)
    for (int n = from; n < to; n++) {
        global const real *b = dy + (size_t)n * (OUT_H * OUT_W * OUT_C);
        for (int p = 0; p < OUT_H * OUT_W; p++, b += OUT_C) {
            EACH_VECTOR(BIAS_VECTOR_ADD)
        }
    }
    EACH_VECTOR(BIAS_VECTOR_STORE)
#endif
}
#undef ALL_ROWS
#undef ALL_COLS
#undef ALL_VECTORS
#undef A_ROW
#undef A_STEP
#undef B_STEP
#undef DECLARE_VECTOR
#undef DECLARE
#undef LOAD
#undef MULTIPLY_VECTOR
#undef MULTIPLY
#undef STORE_VECTOR
#undef STORE
#undef RUN
#undef BIAS_ROW
#undef BIAS_ROW_ADD
#undef BIAS_ROW_STORE
#undef BIAS_VECTOR
#undef BIAS_VECTOR_ADD
#undef BIAS_VECTOR_STORE
