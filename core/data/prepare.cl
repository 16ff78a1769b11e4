/* prepare.cl: images of a batch into the net's input, all operations in one pass.
 *
 * Before it stand, written by fv_prep_source(): WANT_C, WANT_H, WANT_W; PARAMS, floats a sample; CHANNELS of the images,
 * or 0 where they differ; MAPPED, whether there are coordinate maps; AFFINE, whether all of them are affine; ROWS,
 * whether a work-item makes whole rows; FEW, numbers that are few for it; and
 *   void FV_NAME(map)(float *u, float *v, uint on, global const float *params)     output to image
 *   float FV_NAME(pixel)(float p, int c, float u, float v, uint on, global const float *params) */

/* Numbers of a row of a block, all lanes. */
#define ROW (WANT_W * WANT_C * FV_L)
/* Lanes (0) and columns (1) that a work-item takes. On CPUs all of them, of some STRIP rows, as fv_prep_grid() has it:
 * a work-group costs as much as a few hundred numbers. */
#if ROWS
#define STRIP (ROW > FEW ? 1 : FEW / ROW < WANT_H ? FEW / ROW : WANT_H)
#define FIRST(d) 0
#define STEP(d) 1
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

float FV_NAME(tap)(global const uchar *image, int w, int h, int channels, int c, int x, int y)
{
    return x < 0 || y < 0 || x >= w || y >= h ? 0.0f : (float)image[((size_t)y * w + x) * channels + c];
}

/* Channel c at a point whose upper left pixel is x, y, and which lies a, b away from its centre. */
float FV_NAME(bilinear)(global const uchar *image, int w, int h, int channels, int c, int x, int y, float a, float b)
{
#if MAPPED
    const float p = FV_NAME(tap)(image, w, h, channels, c, x, y);
    float right, below, across;
    if (a == 0.0f && b == 0.0f)
        return p;
    if (x >= 0 && y >= 0 && x + 1 < w && y + 1 < h) {
        global const uchar *at = image + (((size_t)y * w + x) * channels + c);
        right = (float)at[channels];
        below = (float)at[w * channels];
        across = (float)at[(w + 1) * channels];
    } else {
        right = FV_NAME(tap)(image, w, h, channels, c, x + 1, y);
        below = FV_NAME(tap)(image, w, h, channels, c, x, y + 1);
        across = FV_NAME(tap)(image, w, h, channels, c, x + 1, y + 1);
    }
    return (p * (1.0f - a) + right * a) * (1.0f - b) + (below * (1.0f - a) + across * a) * b;
#else
    return (float)image[((size_t)y * w + x) * channels + c];
#endif
}

/* Channel c of the net's, which may have to be made of others. */
float FV_NAME(value)(global const uchar *image, int w, int h, int channels, int c, int x, int y, float a, float b)
{
#if WANT_C == 1
    if (channels == 3)
        return 0.299f * FV_NAME(bilinear)(image, w, h, 3, 0, x, y, a, b) +
               0.587f * FV_NAME(bilinear)(image, w, h, 3, 1, x, y, a, b) +
               0.114f * FV_NAME(bilinear)(image, w, h, 3, 2, x, y, a, b);
#endif
    return FV_NAME(bilinear)(image, w, h, channels, channels == 1 ? 0 : c, x, y, a, b);
}

/* Whether a coordinate is a pixel's very centre, and small enough for an int. */
int FV_NAME(whole)(float u)
{
    return fabs(u) < 1e6f && u - 0.5f == floor(u);
}

/* Row y of one sample: every STRIDE-th number of @row. */
void FV_NAME(row)(global const uchar *restrict image, global const int *restrict about,
                  global const float *restrict drawn, SPACE real *restrict row, int y)
{
    const int channels = CHANNELS ? CHANNELS : about[2];
    /* Without coordinate maps the image has the net's extent. */
    const int h = MAPPED ? about[3] : WANT_H, w = MAPPED ? about[4] : WANT_W;
    const uint on = (uint)about[5];
    const float v = (float)y + 0.5f;

#if MAPPED && AFFINE && ROWS
    /* The row's image is a straight line: its ends say all. Where it runs along pixels, they are copied. */
    float u0 = 0.5f, v0 = v, du = (float)WANT_W - 0.5f, dv = v;
    FV_NAME(map)(&u0, &v0, on, drawn);
    FV_NAME(map)(&du, &dv, on, drawn);
    du = WANT_W > 1 ? (du - u0) / (float)(WANT_W - 1) : 1.0f;
    dv = WANT_W > 1 ? (dv - v0) / (float)(WANT_W - 1) : 0.0f;
    if (FV_NAME(whole)(u0) && FV_NAME(whole)(v0) && fabs(du) == 1.0f && dv == 0.0f) {
        const int begin = (int)floor(u0), line = (int)floor(v0), step = du > 0.0f ? 1 : -1;
        for (int x = 0; x < WANT_W; x++)
            for (int c = 0; c < WANT_C; c++) {
                const float p = FV_NAME(value)(image, w, h, channels, c, begin + step * x, line, 0.0f, 0.0f);
                row[(x * WANT_C + c) * STRIDE] =
                    (real)FV_NAME(pixel)(p * (1.0f / 255.0f), c, (float)x + 0.5f, v, on, drawn);
            }
        return;
    }
#endif
    for (int x = FIRST(1); x < WANT_W; x += STEP(1)) {
        const float u = (float)x + 0.5f;
        int ix = x, iy = y, inside = 1;
        float a = 0.0f, b = 0.0f;
#if MAPPED
#if AFFINE && ROWS
        float iu = u0 + (float)x * du, iv = v0 + (float)x * dv;
#else
        float iu = u, iv = v;
        FV_NAME(map)(&iu, &iv, on, drawn);
#endif
        iu -= 0.5f;
        iv -= 0.5f;
        /* Written so that a point that is not a number lies outside. */
        inside = iu > -1.0f && iv > -1.0f && iu < (float)w && iv < (float)h;
        const float left = inside ? floor(iu) : 0.0f, top = inside ? floor(iv) : 0.0f;
        ix = (int)left;
        iy = (int)top;
        a = iu - left;
        b = iv - top;
#endif
        for (int c = 0; c < WANT_C; c++) {
            const float p = inside ? FV_NAME(value)(image, w, h, channels, c, ix, iy, a, b) : 0.0f;
            row[(x * WANT_C + c) * STRIDE] = (real)FV_NAME(pixel)(p * (1.0f / 255.0f), c, u, v, on, drawn);
        }
    }
}

/* The same of sample `s`; 0 where there is none. */
void FV_NAME(sample)(global const uchar *restrict pixels, global const int *restrict samples, int count, int first,
                     int n, SPACE real *restrict row, int s, int y)
{
    if (s >= n) {
        for (int x = FIRST(1); x < WANT_W; x += STEP(1))
            for (int c = 0; c < WANT_C; c++)
                row[(x * WANT_C + c) * STRIDE] = (real)0;
        return;
    }
    global const int *about = samples + (size_t)(first + s) * 8;
    global const float *drawn = (global const float *)(samples + (size_t)count * 8) + (size_t)(first + s) * PARAMS;
    FV_NAME(row)(pixels + (size_t)((ulong)(uint)about[1] << 32 | (uint)about[0]), about, drawn, row, y);
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

#if ROWS
__attribute__((reqd_work_group_size(1, 1, 1)))
#endif
kernel void FV_NAME(prepare)(global const uchar *restrict pixels, global const int *restrict samples,
                             global real *restrict out, global int *restrict labels, int count, int first, int n)
{
    const int strips = (WANT_H + STRIP - 1) / STRIP;
    const int begin = (int)(get_global_id(2) % strips) * STRIP, end = min(begin + STRIP, WANT_H);
    const int block = (int)(get_global_id(2) / strips), lanes = min(FV_L, n - block * FV_L);

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
            FV_NAME(sample)(pixels, samples, count, first, n, tile + lane * WANT_W * WANT_C, block * FV_L + lane, y);
        FV_NAME(interleave)(tile, row);
#else
        for (int lane = FIRST(0); lane < FV_L; lane += STEP(0))
            FV_NAME(sample)(pixels, samples, count, first, n, row + lane, block * FV_L + lane, y);
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
