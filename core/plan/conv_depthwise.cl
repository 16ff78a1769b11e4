/* conv_depthwise.cl: convolutions with one channel in each group, with vectors over channels: every output needs so few
 * numbers that memory is what counts. Weights are packed as [bias][tap][channels in whole vectors]. The host defines the
 * geometry: C channels, target and source extents, and, where TURNED (the gradient of the input, or a transposed
 * convolution), every pixel of the target gathers what it had a part in. */
#define PADDED ((C + 15) / 16 * 16)
#define TAPS (KERNEL_H * KERNEL_W)

#ifdef TURNED

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
/* Of a row, where all taps are inside. */
#define INSIDE_BEGIN (STRIDE_W > 1 ? TARGET_W : max(0, (KERNEL_W - 1) * DILATION_W - PAD_W))
#define INSIDE_END (STRIDE_W > 1 ? 0 : min(TARGET_W, SOURCE_W - PAD_W))
#define FIRST(x) ((x) + PAD_W)
#define NEXT (-DILATION_W)
#define STEP 1
#else
int FV_NAME(at)(int t, int k, int stride, int pad, int dilation, int size)
{
    int v = t * stride - pad + k * dilation;
    return v < size ? v : -1;
}
#define INSIDE_BEGIN ((PAD_W + STRIDE_W - 1) / STRIDE_W)
#define INSIDE_END min(TARGET_W, (SOURCE_W - 1 + PAD_W - (KERNEL_W - 1) * DILATION_W + STRIDE_W) / STRIDE_W)
#define FIRST(x) ((x) * STRIDE_W - PAD_W)
#define NEXT DILATION_W
#define STEP STRIDE_W
#endif

/* A work-group makes CHUNK rows. */
kernel __attribute__((reqd_work_group_size(1, 1, 1)))
void SELF(global const real *restrict source, global const real *restrict packed, global real *restrict target,
          int blocks FV_TAIL_PARAMS)
{
    FV_TAIL_BEGIN(target)
    int begin = get_group_id(0) * CHUNK, end = min(begin + CHUNK, TARGET_H);
    source += (size_t)get_group_id(1) * (SOURCE_H * SOURCE_W * C);
    target += (size_t)get_group_id(1) * (TARGET_H * TARGET_W * C);
    for (int y = begin; y < end; y++) {
        global real *out = target + (size_t)y * (TARGET_W * C);
        int inside = min(INSIDE_BEGIN, TARGET_W), outside = max(inside, INSIDE_END);
        int x = inside;
        /* Four pixels at once: each weight is loaded once for them. */
        for (; x + 4 <= outside; x += 4)
            for (int c = 0; c < C; c += 16) {
                global const real *w = packed + PADDED + c;
                real16 s0 = BIAS ? vload16(0, packed + c) : (real16)(0), s1 = s0, s2 = s0, s3 = s0;
                for (int ky = 0; ky < KERNEL_H; ky++) {
                    int sy = FV_NAME(at)(y, ky, STRIDE_H, PAD_H, DILATION_H, SOURCE_H);
                    if (sy < 0)
                        continue;
                    global const real *a = source + ((size_t)sy * SOURCE_W + FIRST(x)) * C + c;
#pragma unroll
                    for (int kx = 0; kx < KERNEL_W; kx++) {
                        real16 v = vload16(0, w + (ky * KERNEL_W + kx) * PADDED);
                        s0 = mad(vload16(0, a + kx * NEXT * C), v, s0);
                        s1 = mad(vload16(0, a + (kx * NEXT + STEP) * C), v, s1);
                        s2 = mad(vload16(0, a + (kx * NEXT + 2 * STEP) * C), v, s2);
                        s3 = mad(vload16(0, a + (kx * NEXT + 3 * STEP) * C), v, s3);
                    }
                }
                global real *to = out + (size_t)x * C + c;
                fv_store16(FV_TAIL16(s0, to), to, C - c);
                fv_store16(FV_TAIL16(s1, to + C), to + C, C - c);
                fv_store16(FV_TAIL16(s2, to + 2 * C), to + 2 * C, C - c);
                fv_store16(FV_TAIL16(s3, to + 3 * C), to + 3 * C, C - c);
            }
        for (int c = 0; c < C; c += 16) {
            global const real *w = packed + PADDED + c;
            real16 bias = BIAS ? vload16(0, packed + c) : (real16)(0);
            for (int edge = 0; edge < TARGET_W; edge++) {
                if (edge >= inside && edge < x) /* made above */
                    edge = x;
                if (edge >= TARGET_W)
                    break;
                real16 sum = bias;
                for (int ky = 0; ky < KERNEL_H; ky++) {
                    int sy = FV_NAME(at)(y, ky, STRIDE_H, PAD_H, DILATION_H, SOURCE_H);
                    for (int kx = 0; kx < KERNEL_W && sy >= 0; kx++) {
                        int sx = FV_NAME(at)(edge, kx, STRIDE_W, PAD_W, DILATION_W, SOURCE_W);
                        if (sx >= 0)
                            sum = mad(vload16(0, source + ((size_t)sy * SOURCE_W + sx) * C + c),
                                      vload16(0, w + (ky * KERNEL_W + kx) * PADDED), sum);
                    }
                }
                global real *to = out + (size_t)edge * C + c;
                fv_store16(FV_TAIL16(sum, to), to, C - c);
            }
        }
    }
}
#undef SELF
#undef INSIDE_BEGIN
#undef INSIDE_END
#undef FIRST
#undef NEXT
#undef STEP

#else
/* Rows of the kernel whose sums are held at once. */
#if TAPS <= 16
#define HELD KERNEL_H
#else
#define HELD 1
#endif

/* Adds up, over a share of the batch, the gradient of all weights and biases: parts are [tap][PADDED], then [C]. A
 * work-group takes a share and 16 channels. Without BIAS there are weights alone. */
kernel __attribute__((reqd_work_group_size(1, 1, 1)))
void FV_NAME(conv_weight_gradient)(global const real *restrict x, global const real *restrict dy,
                                   global real *restrict parts, int samples, int share)
{
    int c = get_group_id(0) * 16, from = get_group_id(1) * share, to = min(from + share, samples);
    parts += (size_t)get_group_id(1) * (TAPS * PADDED + BIAS * C);
    for (int ky = 0; ky < KERNEL_H; ky += HELD) {
        real16 sums[HELD * KERNEL_W];
#pragma unroll
        for (int k = 0; k < HELD * KERNEL_W; k++)
            sums[k] = (real16)(0);
        for (int n = from; n < to; n++)
            for (int y = 0; y < OUT_H; y++) {
                global const real *d = dy + (size_t)(n * OUT_H + y) * (OUT_W * C) + c;
                global const real *a = x + (size_t)n * (IN_H * IN_W * C) + c;
                int sy = y * STRIDE_H - PAD_H + ky * DILATION_H;
                for (int px = 0; px < OUT_W; px++) {
                    real16 v = vload16(0, d + px * C);
                    int sx = px * STRIDE_W - PAD_W;
                    bool inside = sx >= 0 && sx + (KERNEL_W - 1) * DILATION_W < IN_W;
#pragma unroll
                    for (int j = 0; j < HELD; j++) {
                        int row = sy + j * DILATION_H;
                        if (row < 0 || row >= IN_H)
                            continue;
#pragma unroll
                        for (int kx = 0; kx < KERNEL_W; kx++) {
                            int at = sx + kx * DILATION_W;
                            if (inside || (at >= 0 && at < IN_W))
                                sums[j * KERNEL_W + kx] =
                                    mad(vload16(0, a + (row * IN_W + at) * C), v, sums[j * KERNEL_W + kx]);
                        }
                    }
                }
            }
#pragma unroll
        for (int k = 0; k < HELD * KERNEL_W; k++)
            vstore16(sums[k], 0, parts + (ky * KERNEL_W + k) * PADDED + c);
    }
#if BIAS
    real16 sum = (real16)(0);
    real all[16];
    for (size_t p = (size_t)from * (OUT_H * OUT_W); p < (size_t)max(from, to) * (OUT_H * OUT_W); p++)
        sum += vload16(0, dy + p * C + c);
    vstore16(sum, 0, all);
    for (int i = 0; i < min(16, C - c); i++)
        parts[TAPS * PADDED + c + i] = all[i];
#endif
}
#undef HELD
#endif
#undef PADDED
#undef TAPS
