/* conv_channels_weights.cl: the gradient of a convolution's weights and bias, with vectors over channels.
 *
 * A work-group adds up, over a share of the batch, all rows x RANGE vector tiles of the gradient, ROWS rows x VECTORS
 * vectors at a time: a[pixel] is one number for each row, b[pixel] the vectors. It takes a few pixels at a time, so few
 * that they stay in the cache while all tiles are made of them, and keeps the sums in `dw` meanwhile. Where a tap has
 * weights of its own place (OUTER 0), rows are input channels, vectors output channels, and dw is [tap][row][channel].
 * A 1x1 convolution or a dense layer (OUTER 1) is the product of two matrices; there rows are output channels and vectors
 * inputs, as the gradient lies in memory. Tiles at the rows' end are moved back so that they read nothing outside, and
 * keep only what is theirs. The host defines the geometry and EACH_ROW(F), EACH_VECTOR(F), EACH_VECTOR_OF(F, i). */
#if OUTER
#define ALL_ROWS OUT_G
#define ALL_COLS IN_G
#define TAPS 1
#define A_ROW FV_L /* dy has lanes; x was spread: [sample][input] */
#define A_STEP (FV_L > 1 ? 1 : OUT_C)
#define B_STEP SPREAD_STEP
#else
#define ALL_ROWS IN_G
#define ALL_COLS OUT_G
#define TAPS (KERNEL_H * KERNEL_W)
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
#if DIRECT /* dw is the gradient itself, whose rows end where they end */
#define ROW_STEP ALL_COLS
#else
#define ROW_STEP (ALL_VECTORS * 16)
#endif

real16 FV_NAME(load)(global const real *from, int count)
{
    if (!DIRECT || count >= 16)
        return vload16(0, from);
    real part[16];
    for (int i = 0; i < 16; i++)
        part[i] = i < count ? from[i] : 0;
    return vload16(0, part);
}

#if BIAS && FV_L == 1
/* Adds up channels from `begin` to `end` of a run of pixels. */
void FV_NAME(add_bias)(global const real *restrict dy, global real *restrict db, int begin, int end, int pixels,
                       bool fresh)
{
    for (int o = begin; o < end; o += 16) {
        real16 sum = (real16)(0);
        real part[16];
        for (int p = 0; p < pixels; p++)
            sum += vload16(0, dy + (size_t)p * OUT_C + o);
        vstore16(sum, 0, part);
        for (int i = 0; i < min(16, end - o); i++)
            db[o + i] = fresh ? part[i] : db[o + i] + part[i];
    }
}
#endif

#define DECLARE_VECTOR(i, j)                                                                                           \
    real16 c##i##_##j = (real16)(0);                                                                                   \
    if (!fresh && i >= skip_rows && j >= skip_vectors)                                                                 \
        c##i##_##j = FV_NAME(load)(out + i * ROW_STEP + j * 16, ALL_COLS - (vector + j) * 16);
#define DECLARE(i) EACH_VECTOR_OF(DECLARE_VECTOR, i)
#define LOAD(j) real16 b##j = vload16(j, b);
#define MULTIPLY_VECTOR(i, j) c##i##_##j = mad(v, b##j, c##i##_##j);
#define MULTIPLY(i)                                                                                                    \
    {                                                                                                                  \
        real16 v = (real16)(a[i * A_ROW]);                                                                             \
        EACH_VECTOR_OF(MULTIPLY_VECTOR, i)                                                                             \
    }
#define STORE_VECTOR(i, j)                                                                                             \
    if (j >= skip_vectors)                                                                                             \
        fv_store16(c##i##_##j, out + i * ROW_STEP + j * 16, DIRECT ? ALL_COLS - (vector + j) * 16 : 16);
#define STORE(i)                                                                                                       \
    if (i >= skip_rows) {                                                                                              \
        EACH_VECTOR_OF(STORE_VECTOR, i)                                                                                \
    }
#define RUN(n)                                                                                                         \
    for (int p = 0; p < (n); p++, a += A_STEP, b += B_STEP) {                                                          \
        EACH_VECTOR(LOAD)                                                                                              \
        EACH_ROW(MULTIPLY)                                                                                             \
    }

/* dw, db: SHARES sets of partial sums, WEIGHTS apart; DIRECT: the gradients themselves. count: samples, or blocks. */
kernel __attribute__((reqd_work_group_size(1, 1, 1)))
void FV_NAME(conv_weight_gradient)(global const real *restrict x, global const real *restrict dy,
                                   global real *restrict dw, global real *restrict db, int count, int share)
{
    int first_tile = get_group_id(0) * RANGE, end_tile = min(first_tile + RANGE, VECTOR_TILES);
    int group = get_group_id(1), from = get_group_id(2) * share, to = min(from + share, count);

    dw += (size_t)get_group_id(2) * WEIGHTS + (size_t)group * (TAPS * ALL_ROWS * ROW_STEP);
    db += (size_t)get_group_id(2) * WEIGHTS + BIAS_AT + group * OUT_G;
#if OUTER
    x += group * IN_G;
    dy += group * OUT_G * FV_L;
    int pixels = max(0, to - from) * (FV_L > 1 ? 1 : PIXELS);
    bool fresh = true;
    for (int begin = 0; begin < max(pixels, 1); begin += AT_ONCE, fresh = false) {
        int end = min(begin + AT_ONCE, pixels);
        for (int tile = first_tile; tile < end_tile; tile++) {
            int vector = min(tile * VECTORS, ALL_VECTORS - VECTORS), skip_vectors = tile * VECTORS - vector;
            for (int row = 0; row < ALL_ROWS; row += ROWS) {
                int first = min(row, ALL_ROWS - ROWS), skip_rows = row - first;
                global real *out = dw + (size_t)first * ROW_STEP + vector * 16;
                EACH_ROW(DECLARE)
#if FV_L > 1
                for (int n = from + begin; n < from + end; n++) {
                    global const real *a = dy + ((size_t)n * OUT_C + first) * FV_L;
                    global const real *b = x + (size_t)n * (FV_L * B_STEP) + vector * 16;
                    RUN(FV_L)
                }
#else
                {
                    size_t pixel = (size_t)from * PIXELS + begin;
                    global const real *a = dy + pixel * OUT_C + first, *b = x + pixel * B_STEP + vector * 16;
                    RUN(end - begin)
                }
#endif
                EACH_ROW(STORE)
            }
        }
#if BIAS && FV_L > 1
        if (first_tile == 0)
            for (int o = 0; o < OUT_G; o++) {
                real sum = fresh ? 0 : db[o];
                for (int n = from + begin; n < from + end; n++)
                    for (int lane = 0; lane < FV_L; lane++)
                        sum += dy[((size_t)n * OUT_C + o) * FV_L + lane];
                db[o] = sum;
            }
#elif BIAS
        if (first_tile == 0)
            FV_NAME(add_bias)(dy + ((size_t)from * PIXELS + begin) * OUT_C, db, 0, OUT_G, end - begin, fresh);
#endif
    }
#else
    x += group * IN_G;
    dy += group * OUT_G;
    bool fresh = true;
    for (int n_begin = from; n_begin < max(to, from + 1); n_begin += IMAGES)
    for (int row_begin = 0; row_begin < OUT_H; row_begin += LINES, fresh = false) {
        int n_end = min(n_begin + IMAGES, to);
        for (int tap = 0; tap < TAPS; tap++) {
            int ky = tap / KERNEL_W, kx = tap % KERNEL_W;
            int y_begin = max(row_begin, FV_NAME(first)(ky, STRIDE_H, PAD_H, DILATION_H));
            int y_end = min(row_begin + LINES, FV_NAME(end)(ky, STRIDE_H, PAD_H, DILATION_H, IN_H, OUT_H));
            int x_begin = FV_NAME(first)(kx, STRIDE_W, PAD_W, DILATION_W);
            int x_end = FV_NAME(end)(kx, STRIDE_W, PAD_W, DILATION_W, IN_W, OUT_W);
            int sx = x_begin * STRIDE_W - PAD_W + kx * DILATION_W;
            for (int tile = first_tile; tile < end_tile; tile++) {
                int vector = min(tile * VECTORS, ALL_VECTORS - VECTORS), skip_vectors = tile * VECTORS - vector;
                for (int row = 0; row < ALL_ROWS; row += ROWS) {
                    int first = min(row, ALL_ROWS - ROWS), skip_rows = row - first;
                    global real *out = dw + (size_t)(tap * ALL_ROWS + first) * ROW_STEP + vector * 16;
                    EACH_ROW(DECLARE)
                    for (int n = n_begin; n < n_end; n++)
                        for (int y = y_begin; y < y_end; y++) {
                            int sy = y * STRIDE_H - PAD_H + ky * DILATION_H;
                            global const real *a = x + ((size_t)(n * IN_H + sy) * IN_W + sx) * IN_C + first;
                            global const real *b =
                                dy + ((size_t)(n * OUT_H + y) * OUT_W + x_begin) * OUT_C + vector * 16;
                            RUN(x_end - x_begin)
                        }
                    EACH_ROW(STORE)
                }
            }
        }
#if BIAS
        int channel = first_tile * (VECTORS * 16), end_channel = min(OUT_G, end_tile * (VECTORS * 16));
        int lines = min(LINES, OUT_H - row_begin);
        FV_NAME(add_bias)(dy + (size_t)(n_begin * OUT_H + row_begin) * (OUT_W * OUT_C), db, channel, end_channel,
                          (LINES < OUT_H ? 1 : n_end - n_begin) * lines * OUT_W, fresh);
#endif
    }
#endif
}
#undef ALL_ROWS
#undef ALL_COLS
#undef TAPS
#undef ALL_VECTORS
#undef ROW_STEP
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
