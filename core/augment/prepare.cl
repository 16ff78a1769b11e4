/* prepare.cl: the last pass of a batch's samples, into the net's input.
 *
 * Before it stand, written by fv_augment_source(): WANT_C, WANT_H, WANT_W, the net's input; WORDS of a sample's program;
 * FEW, numbers that are few for a work-item; and augment.cl. */

/* Numbers of a row of a block, all lanes. */
#define ROW (WANT_W * WANT_C * FV_L)
/* Lanes (0) and columns (1) that a work-item takes. On CPUs all of them, of some STRIP rows, as fv_prepare_grid() has it:
 * a work-group costs as much as a few hundred numbers. */
#if ROWS
#define STRIP (ROW > FEW ? 1 : FEW / ROW < WANT_H ? FEW / ROW : WANT_H)
#define FIRST(d) 0
#define STEP(d) (d == 1 ? 16 : 1)
/* Sixteen lanes are made one after the other in private memory, and then brought between each other by whole vectors:
 * numbers that are written one by one, each to a line of its own, take three times as long. */
#define TILED (FV_L == 16 && !FV_DOUBLE && ROW <= 16384)
#else
#define TILED 0
#define STRIP 1
#define FIRST(d) ((int)get_global_id(d))
#define STEP(d) ((int)get_global_size(d))
#endif

#if TILED
#define SPACE
#define STRIDE 1
#else
#define SPACE global
#define STRIDE FV_L
#endif

/* Row y of one sample: every STRIDE-th number of @row. */
void FV_NAME(row)(global const uchar *restrict pixels, global const float *restrict planes,
                  global const float *restrict tables, global const int *restrict program, SPACE real *restrict row,
                  int y)
{
    global const FvPass *pass = (global const FvPass *)(program + 4) + (program[0] - 1);
    global const uchar *bytes = pixels + FV_NAME(place)(pass->from_low, pass->from_high);
    global const float *from = planes + FV_NAME(place)(pass->from_low, pass->from_high);
    for (int x = FIRST(1); x < WANT_W; x += STEP(1)) {
        VEC value[CHANNELS];
        FV_NAME(values)(pass, program, bytes, from, tables, x, y, value);
#if ROWS && WANT_C == 1 && STRIDE == 1 && !FV_DOUBLE
        if (x + 16 <= WANT_W) {
            vstore16(value[0], 0, row + x);
            continue;
        }
#endif
        for (int i = 0; i < min(LANES, WANT_W - x); i++)
            for (int c = 0; c < WANT_C; c++)
                row[((x + i) * WANT_C + c) * STRIDE] = (real)FV_LANE(float, value[c], i);
    }
}

/* The same of sample `s`; 0 where there is none. */
void FV_NAME(sample)(global const uchar *restrict pixels, global const float *restrict planes,
                     global const float *restrict tables, global const int *restrict programs, int n,
                     SPACE real *restrict row, int s, int y)
{
    if (s < n) {
        FV_NAME(row)(pixels, planes, tables + (size_t)s * 768, programs + (size_t)s * WORDS, row, y);
        return;
    }
    for (int x = FIRST(1); x < WANT_W; x += STEP(1))
        for (int i = 0; i < min(LANES, WANT_W - x) * WANT_C; i++)
            row[(x * WANT_C + i) * STRIDE] = (real)0;
}

#if ROWS
/* Images of a batch lie far from each other: reading a byte of each line of the cache that a strip of all lanes will
 * need (about, where images are mapped) lets the processor wait for all of them together. */
void FV_NAME(touch)(global const uchar *restrict pixels, global const int *restrict infos, int lanes, int begin,
                    int end)
{
    for (int lane = 0; lane < lanes; lane++) {
        global const int *about = infos + lane * 8;
        global const uchar *image = pixels + (size_t)((ulong)(uint)about[1] << 32 | (uint)about[0]);
        const size_t row = (size_t)about[4] * about[2];
        const size_t from = (size_t)begin * about[3] / WANT_H * row, to = (size_t)end * about[3] / WANT_H * row;
        for (size_t at = from; at < to + 64; at += 64)
            (void)*(volatile global const uchar *)(image + min(at, to - 1));
    }
}
#endif

#if TILED
float16 FV_NAME(low)(float16 a, float16 b)
{
    return (float16)(a.s0, b.s0, a.s1, b.s1, a.s2, b.s2, a.s3, b.s3, a.s4, b.s4, a.s5, b.s5, a.s6, b.s6, a.s7, b.s7);
}

float16 FV_NAME(high)(float16 a, float16 b)
{
    return (float16)(a.s8, b.s8, a.s9, b.s9, a.sa, b.sa, a.sb, b.sb, a.sc, b.sc, a.sd, b.sd, a.se, b.se, a.sf, b.sf);
}

/* Row k of 16 lanes, one behind the other in tile, to the numbers of all lanes: 16 at a time are a matrix to be
 * transposed, which four times dealing out the upper and the lower half of its rows in turn does. */
void FV_NAME(interleave)(const float *restrict tile, global float *restrict row)
{
    int k = 0;
    for (; k + 16 <= WANT_W * WANT_C; k += 16) {
        float16 a[16], b[16];
        for (int i = 0; i < 16; i++)
            a[i] = vload16(0, tile + i * WANT_W * WANT_C + k);
        for (int round = 0; round < 2; round++) {
            for (int i = 0; i < 8; i++) {
                b[2 * i] = FV_NAME(low)(a[i], a[i + 8]);
                b[2 * i + 1] = FV_NAME(high)(a[i], a[i + 8]);
            }
            for (int i = 0; i < 8; i++) {
                a[2 * i] = FV_NAME(low)(b[i], b[i + 8]);
                a[2 * i + 1] = FV_NAME(high)(b[i], b[i + 8]);
            }
        }
        for (int i = 0; i < 16; i++)
            vstore16(a[i], k + i, row);
    }
    for (; k < WANT_W * WANT_C; k++)
        for (int lane = 0; lane < 16; lane++)
            row[k * 16 + lane] = tile[lane * WANT_W * WANT_C + k];
}
#endif

/* samples: infos of `count` samples, 8 ints each, and behind them their programs. Makes the input of n of them, from the
 * one numbered `first`, whole blocks; lanes past n become 0. Their labels are written too. */
FV_ONE_ITEM kernel void FV_NAME(prepare)(global const uchar *restrict pixels, global const int *restrict samples,
                                         global const float *restrict planes, global const float *restrict tables,
                                         global real *restrict out, global int *restrict labels, int count, int first,
                                         int n)
{
    const int strips = (WANT_H + STRIP - 1) / STRIP;
    const int begin = (int)(get_global_id(2) % strips) * STRIP, end = min(begin + STRIP, WANT_H);
    const int block = (int)(get_global_id(2) / strips), lanes = min(FV_L, n - block * FV_L);
    global const int *programs = samples + (size_t)count * 8 + (size_t)first * WORDS;

    if (begin == 0 && FIRST(1) == 0)
        for (int lane = FIRST(0); lane < lanes; lane += STEP(0))
            labels[block * FV_L + lane] = samples[(size_t)(first + block * FV_L + lane) * 8 + 6];
#if ROWS
    FV_NAME(touch)(pixels, samples + (size_t)(first + block * FV_L) * 8, lanes, begin, end);
#endif
    for (int y = begin; y < end; y++) {
        global real *row = out + ((size_t)block * WANT_H + y) * ROW;
#if TILED
        float tile[ROW];
        for (int lane = 0; lane < FV_L; lane++)
            FV_NAME(sample)(pixels, planes, tables, programs, n, tile + lane * WANT_W * WANT_C, block * FV_L + lane, y);
        FV_NAME(interleave)(tile, row);
#else
        for (int lane = FIRST(0); lane < FV_L; lane += STEP(0))
            FV_NAME(sample)(pixels, planes, tables, programs, n, row + lane, block * FV_L + lane, y);
#endif
    }
}

#undef TILED
#undef SPACE
#undef STRIDE
#undef STRIP
#undef FIRST
#undef STEP
#undef ROW
