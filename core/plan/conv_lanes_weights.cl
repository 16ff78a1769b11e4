/* conv_lanes_weights.cl: the gradient of a convolution's weights and bias, with vectors over the batch.
 *
 * A work-group adds up ROWS output channels x (TAPS taps of a row x COLS input channels), one vector each, over all
 * pixels of a share of the batch's blocks, and then the lanes of each vector. Tiles at the channels' ends are moved
 * back so that they read nothing outside, and store only what is theirs. The host defines the geometry and
 * EACH_ROW(F), EACH_TAP(F), EACH_COL(F, k), EACH_COL_OF(F, i, k): F(row), F(tap), F(tap, column), F(row, tap,
 * column). */

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

#define DECLARE_COL(i, k, j) realv c##i##_##k##_##j = (realv)(0);
#define DECLARE_TAP(k) EACH_ROW_OF(DECLARE_ROW, k)
#define DECLARE_ROW(i, k) EACH_COL_OF(DECLARE_COL, i, k)
#define LOAD_COL(k, j) realv x##k##_##j = FV_LOAD(0, a + (k * DILATION_W * IN_C + j) * FV_L);
#define LOAD(k) EACH_COL(LOAD_COL, k)
#define MULTIPLY_COL(i, k, j) c##i##_##k##_##j = mad(v, x##k##_##j, c##i##_##k##_##j);
#define MULTIPLY_TAP(i, k) EACH_COL_OF(MULTIPLY_COL, i, k)
#define MULTIPLY(i)                                                                                                    \
    {                                                                                                                  \
        realv v = FV_LOAD(0, d + i * FV_L);                                                                            \
        EACH_TAP_OF(MULTIPLY_TAP, i)                                                                                   \
    }
/* At the edges of a padded input some of a tile's taps are outside. */
#define EDGE_TAP(k)                                                                                                    \
    if (px * STRIDE_W - PAD_W + (kx + k) * DILATION_W >= 0 && px * STRIDE_W - PAD_W + (kx + k) * DILATION_W < IN_W) {  \
        LOAD(k)                                                                                                        \
        EACH_ROW_OF(EDGE_ROW, k)                                                                                       \
    }
#define EDGE_ROW(i, k)                                                                                                 \
    {                                                                                                                  \
        realv v = FV_LOAD(0, d + i * FV_L);                                                                            \
        EACH_COL_OF(MULTIPLY_COL, i, k)                                                                                \
    }
#define STORE_COL(i, k, j)                                                                                             \
    if (i >= skip_rows && j >= skip_cols)                                                                              \
        out[((i) * IN_G + j) * (KERNEL_H * KERNEL_W) + k] = FV_NAME(sum)(c##i##_##k##_##j);
#define STORE_TAP(k) EACH_ROW_OF(STORE_ROW, k)
#define STORE_ROW(i, k) EACH_COL_OF(STORE_COL, i, k)
#define BIAS_DECLARE(i) realv s##i = (realv)(0);
#define BIAS_ADD(i) s##i += FV_LOAD(0, d + i * FV_L);
#define BIAS_STORE(i)                                                                                                  \
    if (i >= skip_rows)                                                                                                \
        db[group * OUT_G + o + i] = FV_NAME(sum)(s##i);

real FV_NAME(sum)(realv v)
{
#if VECTOR == 16
    real8 h = v.lo + v.hi;
#elif VECTOR == 8
    real8 h = v;
#endif
#if VECTOR >= 8
    real4 q = h.lo + h.hi;
#elif VECTOR == 4
    real4 q = v;
#endif
#if VECTOR >= 4
    real2 p = q.lo + q.hi;
#else
    real2 p = v;
#endif
    return p.x + p.y;
}

/* dw, db: SHARES sets of partial sums, WEIGHTS apart; one: the gradients themselves. */
kernel __attribute__((reqd_work_group_size(1, 1, 1)))
void FV_NAME(conv_weight_gradient)(global const real *restrict x, global const real *restrict dy,
                                   global real *restrict dw, global real *restrict db, int blocks, int share)
{
    int ky = get_group_id(0) / (KERNEL_W / TAPS), kx = get_group_id(0) % (KERNEL_W / TAPS) * TAPS;
    int tile = get_group_id(1), group = tile / (ROW_TILES * COL_TILES);
    int row = tile / COL_TILES % ROW_TILES * ROWS, col = tile % COL_TILES * COLS;
    int o = min(row, OUT_G - ROWS), c = min(col, IN_G - COLS), skip_rows = row - o, skip_cols = col - c;
    int from = get_group_id(2) * share, to = min(from + share, blocks);

    dw += (size_t)get_group_id(2) * WEIGHTS;
    db += (size_t)get_group_id(2) * WEIGHTS + BIAS_AT;
    x += (group * IN_G + c) * FV_L;
    dy += (group * OUT_G + o) * FV_L;

    int y_begin = FV_NAME(first)(ky, STRIDE_H, PAD_H, DILATION_H);
    int y_end = FV_NAME(end)(ky, STRIDE_H, PAD_H, DILATION_H, IN_H, OUT_H);
    int x_begin = FV_NAME(first)(kx, STRIDE_W, PAD_W, DILATION_W);
    int x_end = FV_NAME(end)(kx + TAPS - 1, STRIDE_W, PAD_W, DILATION_W, IN_W, OUT_W);

    EACH_TAP(DECLARE_TAP)
    for (int block = from; block < to; block++)
        for (int py = y_begin; py < y_end; py++)
            for (int lane = 0; lane < FV_L; lane += VECTOR) {
                global const real *in =
                    x + ((size_t)(block * IN_H + py * STRIDE_H - PAD_H + ky * DILATION_H) * IN_W) * (IN_C * FV_L) + lane;
                global const real *out = dy + (size_t)(block * OUT_H + py) * (OUT_W * OUT_C * FV_L) + lane;
                global const real *a = in + (x_begin * STRIDE_W - PAD_W + kx * DILATION_W) * (IN_C * FV_L);
                global const real *d = out + x_begin * (OUT_C * FV_L);
#pragma unroll 1
                for (int px = x_begin; px < x_end; px++, a += STRIDE_W * IN_C * FV_L, d += OUT_C * FV_L) {
                    EACH_TAP(LOAD)
                    EACH_ROW(MULTIPLY)
                }
#if TAPS > 1 && PAD_W > 0
#pragma unroll 1
                for (int px = 0; px < OUT_W; px++) {
                    if (px >= x_begin && px < x_end)
                        continue;
                    a = in + (px * STRIDE_W - PAD_W + kx * DILATION_W) * (IN_C * FV_L);
                    d = out + px * (OUT_C * FV_L);
                    EACH_TAP(EDGE_TAP)
                }
#endif
            }
    {
        global real *out = dw + (size_t)((group * OUT_G + o) * IN_G + c) * (KERNEL_H * KERNEL_W) + ky * KERNEL_W + kx;
        EACH_TAP(STORE_TAP)
    }
#if BIAS
    if (get_group_id(0) > 0 || col > 0)
        return;
    EACH_ROW(BIAS_DECLARE)
    for (int block = from; block < to; block++)
        for (int p = 0; p < OUT_H * OUT_W; p++)
            for (int lane = 0; lane < FV_L; lane += VECTOR) {
                global const real *d = dy + ((size_t)block * (OUT_H * OUT_W) + p) * (OUT_C * FV_L) + lane;
                EACH_ROW(BIAS_ADD)
            }
    EACH_ROW(BIAS_STORE)
#endif
}
#undef DECLARE_COL
#undef DECLARE_TAP
#undef DECLARE_ROW
#undef LOAD_COL
#undef LOAD
#undef MULTIPLY_COL
#undef MULTIPLY_TAP
#undef MULTIPLY
#undef EDGE_TAP
#undef EDGE_ROW
#undef STORE_COL
#undef STORE_TAP
#undef STORE_ROW
#undef BIAS_DECLARE
#undef BIAS_ADD
#undef BIAS_STORE
