/* conv_gpu.cl: a convolution, or one turned round (the gradient of its input), as a product of matrices with tiles in
 * local memory.
 *
 * Rows are pixels of the target (lanes and all, over the whole batch), columns its channels in a group, and what is
 * summed over is taps x channels of the source. A work-group of ITEMS_X x ITEMS_Y work-items makes a tile of ROWS x COLS;
 * each of them ROWS_EACH x COLS_EACH in registers. SLAB products of each sum pass through local memory at a time; those
 * of the next slab are on their way into registers meanwhile.
 *
 * TURNED: every pixel of the target gathers what it had a part in (BACKWARD: source is dy and target dx), or, of a
 * transposed convolution, what goes to it. Pixels of one class,
 * get_group_id(1), are STRIDE apart, and have the same taps, PERIOD apart; each class is a product of its own.
 *
 * Weights are packed as the tiles read them (conv_gpu_pack.cl). An item's columns are ITEMS_X apart in the target, so
 * that neighbours store to neighbours, but side by side in local memory, so that it reads them as a vector.
 *
 * The host defines the geometry; EACH_ROW(F): F(0) ... F(ROWS_EACH - 1); EACH_COL_OF(F, i): F(i, 0) ...; EACH_A(F) and
 * EACH_B(F), for each of the A_FETCHES and B_FETCHES that an item makes for a slab. */
#define FV_PUT(pointer, index, value) (pointer)[index] = FV_TAIL(value, (pointer) + (index))

#define ITEMS (ITEMS_X * ITEMS_Y)
#define ROWS (ITEMS_Y * ROWS_EACH)
#define COLS (ITEMS_X * COLS_EACH)
#define DEPTH (KERNEL_H * KERNEL_W * SOURCE_G)

/* Four channels at once where they lie side by side, in one tap. */
#if FV_L == 1 && SOURCE_G % 4 == 0
#define A_WIDE 4
#define reala real4
#define KEEP_A(i)                                                                                                      \
    {                                                                                                                  \
        local real *to = (local real *)a + A_K(i) * (ROWS + 4) + A_ROW(i);                                             \
        to[0] = a##i.s0;                                                                                               \
        to[ROWS + 4] = a##i.s1;                                                                                        \
        to[2 * (ROWS + 4)] = a##i.s2;                                                                                  \
        to[3 * (ROWS + 4)] = a##i.s3;                                                                                  \
    }
#else
#define A_WIDE 1
#define reala real
#define KEEP_A(i) ((local real *)a)[A_K(i) * (ROWS + 4) + A_ROW(i)] = a##i;
#endif

/* Where a fetch belongs in the slab; neighbours read neighbours: channels, or lanes. */
#if FV_L == 1
#define A_K(i) (me % (SLAB / A_WIDE) * A_WIDE)
#define A_ROW(i) ((me + i * ITEMS) / (SLAB / A_WIDE))
#else
#define A_K(i) ((me + i * ITEMS) / ROWS)
#define A_ROW(i) ((me + i * ITEMS) % ROWS)
#endif
#define A_HAS(i) (ROWS * SLAB / A_WIDE % ITEMS == 0 || me + i * ITEMS < ROWS * SLAB / A_WIDE)
#define B_K(i) ((me + i * ITEMS) / (COLS / 4))
#define B_COL(i) ((me + i * ITEMS) % (COLS / 4))
#define B_HAS(i) (SLAB * COLS / 4 % ITEMS == 0 || me + i * ITEMS < SLAB * COLS / 4)

/* The pixel of a fetch's row, as the place of its first tap in the source; far outside where there is no such row. */
#define PLACE(i)                                                                                                       \
    int m##i = tile * ROWS + A_ROW(i), q##i = m##i / FV_L;                                                             \
    int x##i = q##i % wide * SCALE_W + first_x, y##i = q##i / wide % high * SCALE_H + first_y;                         \
    int at##i = (q##i / wide / high * (SOURCE_H * SOURCE_W * SOURCE_C) + group * SOURCE_G) * FV_L + m##i % FV_L;       \
    reala a##i;                                                                                                        \
    if (m##i >= rows)                                                                                                  \
        y##i = -0x40000000;

#define FETCH_A(i)                                                                                                     \
    a##i = 0;                                                                                                          \
    if (A_HAS(i)) {                                                                                                    \
        int k = slab + A_K(i), tap = k / SOURCE_G;                                                                     \
        int sy = y##i + tap / taps_w * STEP_H, sx = x##i + tap % taps_w * STEP_W;                                      \
        if (k < depth && sy >= 0 && sy < SOURCE_H && sx >= 0 && sx < SOURCE_W)                                         \
            a##i = *(global const reala *)(source + at##i + ((sy * SOURCE_W + sx) * SOURCE_C + k % SOURCE_G) * FV_L);  \
    }
#define STORE_A(i)                                                                                                     \
    if (A_HAS(i))                                                                                                      \
        KEEP_A(i)

#if CLASSES > 1
#define PANEL_ROW(k)                                                                                                   \
    ((((tap_y + (k) / SOURCE_G / taps_w * PERIOD_H) * KERNEL_W) + tap_x + (k) / SOURCE_G % taps_w * PERIOD_W) *        \
         SOURCE_G +                                                                                                    \
     (k) % SOURCE_G)
#else
#define PANEL_ROW(k) (k)
#endif
#define DECLARE_B(i) real4 b##i;
#define FETCH_B(i)                                                                                                     \
    b##i = 0;                                                                                                          \
    if (B_HAS(i) && slab + B_K(i) < depth)                                                                             \
        b##i = panel[PANEL_ROW(slab + B_K(i)) * (COLS / 4) + B_COL(i)];
#define STORE_B(i)                                                                                                     \
    if (B_HAS(i))                                                                                                      \
        b[B_K(i)][B_COL(i)] = b##i;

#if ROWS_EACH == 8
#define realr real8
#define LOAD_ROWS(k) (real8)(a[k][ty], a[k][ITEMS_Y + ty])
#else
#define realr real4
#define LOAD_ROWS(k) a[k][ty]
#endif
#if COLS_EACH == 8
#define realc real8
#define LOAD_COLS(from) (real8)((from)[tx], (from)[ITEMS_X + tx])
#else
#define realc real4
#define LOAD_COLS(from) (from)[tx]
#endif

#define DECLARE(i) realc c##i = 0;
#define MULTIPLY(i) c##i = mad((realc)(r.s##i), c, c##i);
#define PUT(i, j)                                                                                                      \
    if (TARGET_G % COLS == 0 || first + j * ITEMS_X + tx < TARGET_G)                                                   \
        FV_PUT(target, at + j * (ITEMS_X * FV_L), c##i.s##j);
#if BIAS
#define ADD_BIAS(i) c##i += bias;
#else
#define ADD_BIAS(i)
#endif
#define STORE(i)                                                                                                       \
    {                                                                                                                  \
        int m = tile * ROWS + (i / 4 * ITEMS_Y + ty) * 4 + i % 4, q = m / FV_L;                                        \
        int at = (TARGET_PIXEL(q) * TARGET_C + group * TARGET_G + first + tx) * FV_L + m % FV_L;                       \
        ADD_BIAS(i)                                                                                                    \
        if (m < rows) {                                                                                                \
            EACH_COL_OF(PUT, i)                                                                                        \
        }                                                                                                              \
    }

#if CLASSES > 1
#define TARGET_PIXEL(q)                                                                                                \
    ((q / wide / high * TARGET_H + q / wide % high * STRIDE_H + class_y) * TARGET_W + q % wide * STRIDE_W + class_x)

/* The first of `taps` taps that pixels of a class have, PERIOD apart. */
int FV_NAME(first_tap)(int pixel, int stride, int pad, int dilation, int taps)
{
    int tap = 0;
    while (tap < taps && (pixel + pad - tap * dilation) % stride != 0)
        tap++;
    return tap;
}
#else
#define TARGET_PIXEL(q) q
#endif

#if BACKWARD
#define SELF FV_NAME(conv_input_gradient)
#else
#define SELF FV_NAME(conv_forward)
#endif
#if TURNED
#define SCALE_H 1
#define SCALE_W 1
#define STEP_H (-(PERIOD_H * DILATION_H / STRIDE_H))
#define STEP_W (-(PERIOD_W * DILATION_W / STRIDE_W))
#else
#define SCALE_H STRIDE_H
#define SCALE_W STRIDE_W
#define STEP_H DILATION_H
#define STEP_W DILATION_W
#endif

kernel __attribute__((reqd_work_group_size(ITEMS, 1, 1)))
void SELF(global const real *restrict source, global const real *restrict panels, global real *restrict target,
          int blocks FV_TAIL_PARAMS)
{
    FV_TAIL_BEGIN(target)
    local real4 a[SLAB][ROWS / 4 + 1], b[SLAB][COLS / 4];
    int me = get_local_id(0), tx = me % ITEMS_X, ty = me / ITEMS_X;
    int number = get_group_id(0) % (GROUPS * PANELS), tile = get_group_id(0) / (GROUPS * PANELS);
    int group = number / PANELS, first = number % PANELS * COLS;

#if CLASSES > 1
    int class_y = get_group_id(1) / STRIDE_W, class_x = get_group_id(1) % STRIDE_W;
    int high = (TARGET_H - class_y + STRIDE_H - 1) / STRIDE_H, wide = (TARGET_W - class_x + STRIDE_W - 1) / STRIDE_W;
    int tap_y = FV_NAME(first_tap)(class_y, STRIDE_H, PAD_H, DILATION_H, KERNEL_H);
    int tap_x = FV_NAME(first_tap)(class_x, STRIDE_W, PAD_W, DILATION_W, KERNEL_W);
    int taps_h = (KERNEL_H - tap_y + PERIOD_H - 1) / PERIOD_H, taps_w = (KERNEL_W - tap_x + PERIOD_W - 1) / PERIOD_W;
    int depth = taps_h * taps_w * SOURCE_G;
    int first_y = (class_y + PAD_H - tap_y * DILATION_H) / STRIDE_H;
    int first_x = (class_x + PAD_W - tap_x * DILATION_W) / STRIDE_W;
    taps_w = max(taps_w, 1); /* it is divided by */
    if (tile * ROWS >= blocks * FV_L * high * wide) /* the first class has most pixels */
        return;
#else
    const int high = TARGET_H, wide = TARGET_W, taps_w = KERNEL_W, depth = DEPTH;
    const int first_y = TURNED ? PAD_H : -PAD_H, first_x = TURNED ? PAD_W : -PAD_W;
#endif
    int rows = blocks * FV_L * high * wide;

    global const real4 *panel = (global const real4 *)(panels + number * (size_t)PANEL);
#if BIAS
    realc bias = LOAD_COLS(panel);
    panel += COLS / 4;
#endif
    EACH_A(PLACE)
    EACH_B(DECLARE_B)
    EACH_ROW(DECLARE)
    {
        const int slab = 0;
        EACH_A(FETCH_A)
        EACH_B(FETCH_B)
    }
    for (int done = 0; done < depth; done += SLAB) {
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
            realc c = LOAD_COLS(b[k]);
            EACH_ROW(MULTIPLY)
        }
        barrier(CLK_LOCAL_MEM_FENCE);
    }
    EACH_ROW(STORE)
}
#undef FV_PUT
#undef ITEMS
#undef ROWS
#undef COLS
#undef DEPTH
#undef A_WIDE
#undef reala
#undef KEEP_A
#undef A_K
#undef A_ROW
#undef A_HAS
#undef B_K
#undef B_COL
#undef B_HAS
#undef PLACE
#undef FETCH_A
#undef STORE_A
#undef PANEL_ROW
#undef DECLARE_B
#undef FETCH_B
#undef STORE_B
#undef realr
#undef LOAD_ROWS
#undef realc
#undef LOAD_COLS
#undef DECLARE
#undef MULTIPLY
#undef PUT
#undef ADD_BIAS
#undef STORE
#undef TARGET_PIXEL
#undef SELF
#undef SCALE_H
#undef SCALE_W
#undef STEP_H
#undef STEP_W
