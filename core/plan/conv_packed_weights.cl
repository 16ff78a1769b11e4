/* conv_packed_weights.cl: the gradient of a convolution's weights and bias, with vectors over output channels.
 *
 * A work-group adds up, over a share of the batch, RANGE tiles of VECTORS vectors of output channels, for all taps and
 * input channels. It takes IMAGES x LINES lines of the output at a time: what it needs of x, with zeros where the
 * padding is, and of dy goes into local memory first, so that pixels follow each other; then ROWS x VECTORS vectors are
 * made at once, of all pixels, and added to those of the lines before. dw: [tap][input channel][output channels in
 * whole vectors]. The host defines the geometry and EACH_ROW(F), EACH_VECTOR(F), EACH_VECTOR_OF(F, i); ROWS divides 16. */
#define TAPS (KERNEL_H * KERNEL_W)
#define BLOCKS ((IN_G + 15) / 16)
#define HELD_PIXELS (IMAGES * LINES * OUT_W)
#define X_H ((LINES - 1) * STRIDE_H + (KERNEL_H - 1) * DILATION_H + 1)
#define X_W ((OUT_W - 1) * STRIDE_W + (KERNEL_W - 1) * DILATION_W + 1)
#define X_BLOCK (IMAGES * X_H * X_W * 16)
#define TILE (VECTORS * 16)
#define ALL_VECTORS ((OUT_G + 15) / 16)
/* The next lines are fetched while these are multiplied, some pixels before each line: where lines are short, that costs
 * more than it saves. */
#define AHEAD (OUT_W >= 28)

#define DECLARE_VECTOR(i, j)                                                                                           \
    real16 c##i##_##j = (real16)(0);                                                                                   \
    if (!fresh && row + i < IN_G && vector + j < ALL_VECTORS)                                                          \
        c##i##_##j = vload16(0, out + i * (ALL_VECTORS * 16) + j * 16);
#define DECLARE(i) EACH_VECTOR_OF(DECLARE_VECTOR, i)
#define LOAD(j) real16 b##j = vload16(j, b);
#define MULTIPLY_VECTOR(i, j) c##i##_##j = mad(v, b##j, c##i##_##j);
#define MULTIPLY(i)                                                                                                    \
    {                                                                                                                  \
        real16 v = (real16)(a[i]);                                                                                     \
        EACH_VECTOR_OF(MULTIPLY_VECTOR, i)                                                                             \
    }
#define STORE_VECTOR(i, j)                                                                                             \
    if (vector + j < ALL_VECTORS)                                                                                      \
        vstore16(c##i##_##j, 0, out + i * (ALL_VECTORS * 16) + j * 16);
#define STORE(i)                                                                                                       \
    if (row + i < IN_G) {                                                                                              \
        EACH_VECTOR_OF(STORE_VECTOR, i)                                                                                \
    }

#if AHEAD
/* Has what pixel p of the batch's output needs on its way: of dy, and of x what no pixel before it needed. */
void FV_NAME(fetch_pixel)(global const real *x, global const real *dy, int p, int vectors)
{
    enum { LINE = 64 / sizeof(real) };
    int rows = min(STRIDE_H, KERNEL_H), cols = min(STRIDE_W, KERNEL_W);
    int y = p / OUT_W % OUT_H * STRIDE_H + (KERNEL_H - 1) * DILATION_H - PAD_H, n = p / (OUT_H * OUT_W);
    global const real *from = x + ((size_t)n * IN_H * IN_W + y * IN_W + p % OUT_W * STRIDE_W) * IN_C;
    for (int i = 0; i < vectors * 16; i += LINE)
        FV_FETCH(dy + (size_t)p * OUT_C + i);
    for (int row = 0; row < rows; row++)
        for (int col = 0; col < cols; col++)
            for (int i = 0; i < IN_G; i += LINE)
                FV_FETCH(from + (col - row * IN_W) * IN_C + i);
}
#endif

/* dw, db: SHARES sets of partial sums, WEIGHTS apart. count: samples. */
kernel __attribute__((reqd_work_group_size(1, 1, 1)))
void FV_NAME(conv_weight_gradient)(global const real *restrict x, global const real *restrict dy,
                                   global real *restrict dw, global real *restrict db, int count, int share)
{
    local real xs[BLOCKS * X_BLOCK], ds[RANGE * HELD_PIXELS * TILE];
    int first_tile = get_group_id(0) * RANGE, end_tile = min(first_tile + RANGE, VECTOR_TILES);
    int group = get_group_id(1), from = get_group_id(2) * share, to = min(from + share, count);
    bool fresh = true;

    dw += (size_t)get_group_id(2) * WEIGHTS + (size_t)group * (TAPS * IN_G * ALL_VECTORS * 16);
    db += (size_t)get_group_id(2) * WEIGHTS + BIAS_AT + group * OUT_G;
    x += group * IN_G;
    dy += group * OUT_G;
    for (int n = from; n < max(to, from + 1); n += IMAGES)
    for (int line = 0; line < OUT_H; line += LINES, fresh = false) {
        int images = max(0, min(IMAGES, to - n)), lines = min(LINES, OUT_H - line);
        for (int i = 0; i < images; i++) {
            for (int y = 0; y < (lines - 1) * STRIDE_H + (KERNEL_H - 1) * DILATION_H + 1; y++) {
                int sy = line * STRIDE_H - PAD_H + y;
                global const real *from_x = x + (size_t)((n + i) * IN_H + sy) * (IN_W * IN_C);
                local real *to_x = xs + (i * X_H + y) * (X_W * 16);
                int begin = sy >= 0 && sy < IN_H ? min(PAD_W, X_W) : X_W, end = min(X_W, IN_W + PAD_W);
                for (int sx = 0; sx < begin; sx++)
                    for (int b = 0; b < BLOCKS; b++)
                        vstore16((real16)(0), 0, to_x + b * X_BLOCK + sx * 16);
                for (int sx = begin; sx < end; sx++)
                    for (int b = 0; b < BLOCKS; b++)
                        vstore16(vload16(b, from_x + (sx - PAD_W) * IN_C), 0, to_x + b * X_BLOCK + sx * 16);
                for (int sx = max(begin, end); sx < X_W; sx++)
                    for (int b = 0; b < BLOCKS; b++)
                        vstore16((real16)(0), 0, to_x + b * X_BLOCK + sx * 16);
            }
            global const real *from_dy = dy + (size_t)((n + i) * OUT_H + line) * (OUT_W * OUT_C);
            for (int p = 0; p < lines * OUT_W; p++)
                for (int v = first_tile * VECTORS; v < min(end_tile * VECTORS, ALL_VECTORS); v++) {
                    int tile = v / VECTORS - first_tile, at = tile * HELD_PIXELS + i * LINES * OUT_W + p;
                    vstore16(vload16(v, from_dy + p * OUT_C), v % VECTORS, ds + at * TILE);
                }
        }
#if AHEAD
        int next = ((n + max(0, images - 1)) * OUT_H + line + lines) * OUT_W;
        int ahead = min(images * lines * OUT_W, to * (OUT_H * OUT_W) - next), due = 0;
        int steps = TAPS * (end_tile - first_tile) * ((IN_G + ROWS - 1) / ROWS) * images * lines;
#endif
        for (int tap = 0; tap < TAPS; tap++)
            for (int tile = first_tile; tile < end_tile; tile++)
                for (int row = 0; row < IN_G; row += ROWS) {
                    int vector = tile * VECTORS;
                    global real *out = dw + (size_t)(tap * IN_G + row) * (ALL_VECTORS * 16) + vector * 16;
                    EACH_ROW(DECLARE)
                    for (int i = 0; i < images; i++)
                        for (int y = 0; y < lines; y++) {
                            local const real *b = ds + ((tile - first_tile) * HELD_PIXELS + (i * LINES + y) * OUT_W) * TILE;
                            int sy = i * X_H + y * STRIDE_H + tap / KERNEL_W * DILATION_H;
                            local const real *a = xs + row / 16 * X_BLOCK + row % 16 +
                                                  (sy * X_W + tap % KERNEL_W * DILATION_W) * 16;
#if AHEAD
                            for (due += ahead; due >= steps; due -= steps, next++)
                                FV_NAME(fetch_pixel)(x, dy + first_tile * TILE, next,
                                                     (end_tile - first_tile) * VECTORS);
#endif
                            for (int p = 0; p < OUT_W; p++, a += STRIDE_W * 16, b += TILE) {
                                EACH_VECTOR(LOAD)
                                EACH_ROW(MULTIPLY)
                            }
                        }
                    EACH_ROW(STORE)
                }
#if BIAS
        for (int v = first_tile * VECTORS; v < min(end_tile * VECTORS, ALL_VECTORS); v++) {
            local const real *b = ds + (v / VECTORS - first_tile) * (HELD_PIXELS * TILE) + v % VECTORS * 16;
            real16 sum = (real16)(0);
            real part[16];
            for (int i = 0; i < images; i++)
                for (int p = 0; p < lines * OUT_W; p++)
                    sum += vload16(0, b + (i * LINES * OUT_W + p) * TILE);
            vstore16(sum, 0, part);
            for (int i = 0; i < min(16, OUT_G - v * 16); i++)
                db[v * 16 + i] = fresh ? part[i] : db[v * 16 + i] + part[i];
        }
#endif
    }
}
#undef TAPS
#undef BLOCKS
#undef HELD_PIXELS
#undef X_H
#undef X_W
#undef X_BLOCK
#undef TILE
#undef ALL_VECTORS
#undef AHEAD
#undef DECLARE_VECTOR
#undef DECLARE
#undef LOAD
#undef MULTIPLY_VECTOR
#undef MULTIPLY
#undef STORE_VECTOR
#undef STORE
