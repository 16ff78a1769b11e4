/* conv_gpu_direct.cl: convolutions whose groups are too narrow for a product of tiles, such as depthwise ones: a
 * work-item for each sum. Neighbours have neighbouring channels, of values and of packed weights alike:
 * [bias][tap][source channel of the group][target channel]. The host defines the geometry. */
#define FV_PUT(pointer, index, value) (pointer)[index] = FV_TAIL(value, (pointer) + (index))

#if GATHER
#if BACKWARD
#define SELF FV_NAME(conv_input_gradient)
#else
#define SELF FV_NAME(conv_forward)
#endif
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

/* source: x, or dy; target: y, or dx. TURNED: as in conv_gpu.cl. */
FV_KERNEL SELF(global const real *restrict source, global const real *restrict weights, global real *restrict target,
               int blocks FV_TAIL_PARAMS)
{
    FV_TAIL_BEGIN(target)
    uint at = FV_ITEM; /* the last group may go past what an int counts */
    int pixel = at / (TARGET_C * FV_L), c = at / FV_L % TARGET_C;
    int x = pixel % TARGET_W, y = pixel / TARGET_W % TARGET_H, block = pixel / (TARGET_W * TARGET_H);
    if (block >= blocks)
        return;
    real sum = BIAS ? weights[c] : 0;
    weights += BIAS * TARGET_C + c;
    source += (block * (SOURCE_H * SOURCE_W * SOURCE_C) + c / TARGET_G * SOURCE_G) * FV_L + at % FV_L;
    for (int ky = 0; ky < KERNEL_H; ky++) {
        int sy = FV_NAME(at)(y, ky, STRIDE_H, PAD_H, DILATION_H, SOURCE_H);
        for (int kx = 0; kx < KERNEL_W && sy >= 0; kx++) {
            int sx = FV_NAME(at)(x, kx, STRIDE_W, PAD_W, DILATION_W, SOURCE_W);
            if (sx < 0)
                continue;
            global const real *from = source + (sy * SOURCE_W + sx) * (SOURCE_C * FV_L);
            global const real *w = weights + (ky * KERNEL_W + kx) * (SOURCE_G * TARGET_C);
            for (int i = 0; i < SOURCE_G; i++)
                sum = mad(from[i * FV_L], w[i * TARGET_C], sum);
        }
    }
    FV_PUT(target, at, sum);
}
#undef SELF

#else
/* The gradient of the weights, and of the bias. A work-item adds one of them up over rows `from` to `to` of the batch's
 * outputs; every row apart, which keeps rounding errors small. dw, db: sets of partial sums, WEIGHTS apart; one: the
 * gradients themselves. */
FV_KERNEL FV_NAME(conv_weight_gradient)(global const real *restrict x, global const real *restrict dy,
                                        global real *restrict dw, global real *restrict db, int rows, int share)
{
    int number = FV_ITEM, o = number % OUT_C, i = number / OUT_C % IN_G;
    int tap = number / (OUT_C * IN_G), ky = tap / KERNEL_W, kx = tap % KERNEL_W;
    int from = get_group_id(1) * share, to = min(from + share, rows), is_bias = tap == KERNEL_H * KERNEL_W;
    if (tap > KERNEL_H * KERNEL_W || (is_bias && i >= BIAS))
        return;

    real sum = 0;
    for (int row = from; row < to; row++) {
        int block = row / OUT_H, sy = row % OUT_H * STRIDE_H - PAD_H + ky * DILATION_H;
        global const real *d = dy + (row * (OUT_W * OUT_C) + o) * FV_L;
        global const real *a = x + ((block * IN_H + sy) * (IN_W * IN_C) + o / OUT_G * IN_G + i) * FV_L;
        real part = 0;
        if (is_bias)
            for (int p = 0; p < OUT_W; p++)
                for (int lane = 0; lane < FV_L; lane++)
                    part += d[p * (OUT_C * FV_L) + lane];
        else if (sy >= 0 && sy < IN_H)
            for (int p = 0; p < OUT_W; p++) {
                int sx = p * STRIDE_W - PAD_W + kx * DILATION_W;
                for (int lane = 0; lane < FV_L && sx >= 0 && sx < IN_W; lane++)
                    part = mad(d[p * (OUT_C * FV_L) + lane], a[sx * (IN_C * FV_L) + lane], part);
            }
        sum += part;
    }
    if (is_bias)
        db[get_group_id(1) * (size_t)WEIGHTS + BIAS_AT + o] = sum;
    else
        dw[get_group_id(1) * (size_t)WEIGHTS + (o * IN_G + i) * (KERNEL_H * KERNEL_W) + tap] = sum;
}
#endif
#undef FV_PUT
