/* conv_gpu_weights.cl: the gradient of a convolution's weights and bias, as a product of matrices with tiles in local
 * memory.
 *
 * Rows are output channels of a group, columns taps x input channels, and the sum runs over the pixels (lanes and all) of
 * a share of the batch. Otherwise it is done as in conv_gpu.cl. The work-groups of the first columns add up the bias's
 * gradient from the rows that pass by. The host defines the geometry; EACH_ROW(F), EACH_COL_OF(F, i), EACH_A(F) and
 * EACH_B(F) as there. */
#define ITEMS (ITEMS_X * ITEMS_Y)
#define ROWS (ITEMS_Y * ROWS_EACH)
#define COLS (ITEMS_X * COLS_EACH)
#define TAPS (KERNEL_H * KERNEL_W)
#define ALL_COLS (TAPS * IN_G)

/* Four channels at once where they lie side by side, in one tap. */
#if FV_L == 1 && OUT_G % 4 == 0
#define A_WIDE 4
#define reala real4
#define KEEP_A(i) a[A_K(i)][A_ROW(i) / 4] = a##i;
#else
#define A_WIDE 1
#define reala real
#define KEEP_A(i) ((local real *)a)[A_K(i) * ROWS + A_ROW(i)] = a##i;
#endif
#if FV_L == 1 && IN_G % 4 == 0
#define B_WIDE 4
#define realb real4
#define KEEP_B(i) b[B_K(i)][B_COL(i) / 4] = b##i;
#else
#define B_WIDE 1
#define realb real
#define KEEP_B(i) ((local real *)b)[B_K(i) * COLS + B_COL(i)] = b##i;
#endif

/* Where a fetch belongs in the slab; neighbours read neighbours: channels, or lanes. */
#if FV_L == 1
#define A_K(i) ((me + i * ITEMS) / (ROWS / A_WIDE))
#define A_ROW(i) ((me + i * ITEMS) % (ROWS / A_WIDE) * A_WIDE)
#define B_K(i) ((me + i * ITEMS) / (COLS / B_WIDE))
#define B_COL(i) ((me + i * ITEMS) % (COLS / B_WIDE) * B_WIDE)
#else
#define A_K(i) ((me + i * ITEMS) % SLAB)
#define A_ROW(i) ((me + i * ITEMS) / SLAB)
#define B_K(i) ((me + i * ITEMS) % SLAB)
#define B_COL(i) ((me + i * ITEMS) / SLAB)
#endif
#define A_HAS(i) (SLAB * ROWS / A_WIDE % ITEMS == 0 || me + i * ITEMS < SLAB * ROWS / A_WIDE)
#define B_HAS(i) (SLAB * COLS / B_WIDE % ITEMS == 0 || me + i * ITEMS < SLAB * COLS / B_WIDE)

#define DECLARE_A(i) reala a##i;
#define FETCH_A(i)                                                                                                     \
    a##i = 0;                                                                                                          \
    {                                                                                                                  \
        int k = slab + A_K(i), o = first_row + A_ROW(i);                                                               \
        if (A_HAS(i) && k < to && o < OUT_G)                                                                           \
            a##i = *(global const reala *)(dy + (k / FV_L * OUT_C + group * OUT_G + o) * FV_L + k % FV_L);             \
    }
#define STORE_A(i)                                                                                                     \
    if (A_HAS(i))                                                                                                      \
        KEEP_A(i)

/* The tap and channel of a fetch's column; far outside where there is no such column. */
#define PLACE(i)                                                                                                       \
    int n##i = first_col + B_COL(i), c##i = group * IN_G + n##i % IN_G;                                                \
    int y##i = n##i < ALL_COLS ? n##i / IN_G / KERNEL_W * DILATION_H - PAD_H : -0x40000000;                            \
    int x##i = n##i / IN_G % KERNEL_W * DILATION_W - PAD_W;                                                            \
    realb b##i;
#define FETCH_B(i)                                                                                                     \
    b##i = 0;                                                                                                          \
    {                                                                                                                  \
        int k = slab + B_K(i), q = k / FV_L;                                                                           \
        int sx = q % OUT_W * STRIDE_W + x##i, sy = q / OUT_W % OUT_H * STRIDE_H + y##i;                                \
        if (B_HAS(i) && k < to && sy >= 0 && sy < IN_H && sx >= 0 && sx < IN_W)                                        \
            b##i = *(global const realb *)(x + (((q / (OUT_W * OUT_H) * IN_H + sy) * IN_W + sx) * IN_C + c##i) * FV_L + \
                                           k % FV_L);                                                                  \
    }
#define STORE_B(i)                                                                                                     \
    if (B_HAS(i))                                                                                                      \
        KEEP_B(i)

#if ROWS_EACH == 8
#define realr real8
#define LOAD_ROWS(k) (real8)(a[k][ty], a[k][ITEMS_Y + ty])
#else
#define realr real4
#define LOAD_ROWS(k) a[k][ty]
#endif
#if COLS_EACH == 8
#define realc real8
#define LOAD_COLS(k) (real8)(b[k][tx], b[k][ITEMS_X + tx])
#else
#define realc real4
#define LOAD_COLS(k) b[k][tx]
#endif
#define DECLARE(i) realc s##i = 0;
#define MULTIPLY(i) s##i = mad((realc)(r.s##i), c, s##i);
#define PUT(i, j)                                                                                                      \
    {                                                                                                                  \
        int n = first_col + (j / 4 * ITEMS_X + tx) * 4 + j % 4;                                                        \
        if (n < ALL_COLS)                                                                                              \
            dw[(((group * OUT_G + o) * IN_G) + n % IN_G) * TAPS + n / IN_G] = s##i.s##j;                               \
    }
#define STORE(i)                                                                                                       \
    {                                                                                                                  \
        int o = first_row + (i / 4 * ITEMS_Y + ty) * 4 + i % 4;                                                        \
        if (o < OUT_G) {                                                                                               \
            EACH_COL_OF(PUT, i)                                                                                        \
        }                                                                                                              \
    }

/* dw, db: sets of partial sums, WEIGHTS apart; one: the gradients themselves. pixels: of the batch. */
kernel __attribute__((reqd_work_group_size(ITEMS, 1, 1)))
void FV_NAME(conv_weight_gradient)(global const real *restrict x, global const real *restrict dy,
                                   global real *restrict dw, global real *restrict db, int pixels, int share)
{
    local real4 a[SLAB][ROWS / 4], b[SLAB][COLS / 4];
    int me = get_local_id(0), tx = me % ITEMS_X, ty = me / ITEMS_X;
    int tile = get_group_id(0), group = tile / (ROW_TILES * COL_TILES);
    int first_row = tile / COL_TILES % ROW_TILES * ROWS, first_col = tile % COL_TILES * COLS;
    int from = get_group_id(1) * share, to = min(from + share, pixels);

    dw += get_group_id(1) * (size_t)WEIGHTS;
    db += get_group_id(1) * (size_t)WEIGHTS + BIAS_AT;
    EACH_A(DECLARE_A)
    EACH_B(PLACE)
    EACH_ROW(DECLARE)
#if BIAS
    real bias = 0;
#endif
    {
        const int slab = from;
        EACH_A(FETCH_A)
        EACH_B(FETCH_B)
    }
    for (int done = from; done < to; done += SLAB) {
        EACH_A(STORE_A)
        EACH_B(STORE_B)
        barrier(CLK_LOCAL_MEM_FENCE);
        {
            const int slab = done + SLAB;
            EACH_A(FETCH_A)
            EACH_B(FETCH_B)
        }
#pragma unroll
        for (int k = 0; k < SLAB; k++) {
            realr r = LOAD_ROWS(k);
            realc c = LOAD_COLS(k);
            EACH_ROW(MULTIPLY)
        }
#if BIAS
        if (first_col == 0 && me < ROWS)
            for (int k = 0; k < SLAB; k++)
                bias += ((local real *)a)[k * ROWS + me];
#endif
        barrier(CLK_LOCAL_MEM_FENCE);
    }
    EACH_ROW(STORE)
#if BIAS
    if (first_col == 0 && me < ROWS && first_row + me < OUT_G)
        db[group * OUT_G + first_row + me] = bias;
#endif
}
#undef ITEMS
#undef ROWS
#undef COLS
#undef TAPS
#undef ALL_COLS
#undef A_WIDE
#undef reala
#undef KEEP_A
#undef B_WIDE
#undef realb
#undef KEEP_B
#undef A_K
#undef A_ROW
#undef B_K
#undef B_COL
#undef A_HAS
#undef B_HAS
#undef DECLARE_A
#undef FETCH_A
#undef STORE_A
#undef PLACE
#undef FETCH_B
#undef STORE_B
#undef realr
#undef LOAD_ROWS
#undef realc
#undef LOAD_COLS
#undef DECLARE
#undef MULTIPLY
#undef PUT
#undef STORE
