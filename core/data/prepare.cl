/* prepare.cl: images of a batch into the net's input, all operations in one pass.
 *
 * Before it stand, written by fv_prep_source(): WANT_C, WANT_H, WANT_W; PARAMS, floats a sample; CHANNELS of the images,
 * or 0 where they differ; MAPPED, whether there are coordinate maps; AFFINE, whether all of them are affine; ROWS,
 * whether a work-item makes a whole row; and
 *   void FV_NAME(map)(float *u, float *v, uint on, global const float *params)     output to image
 *   float FV_NAME(pixel)(float p, int c, float u, float v, uint on, global const float *params) */

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

#if ROWS
__attribute__((reqd_work_group_size(1, 1, 1)))
#endif
kernel void FV_NAME(prepare)(global const uchar *restrict pixels, global const int *restrict samples,
                             global real *restrict out, global int *restrict labels, int count, int first, int n)
{
    const int y = (int)(get_global_id(2) % WANT_H);
    const int block = (int)(get_global_id(2) / WANT_H);
    global real *row = out + ((size_t)block * WANT_H + y) * WANT_W * WANT_C * FV_L;

    for (int lane = (int)get_global_id(0); lane < FV_L; lane += (int)get_global_size(0)) {
        const int s = block * FV_L + lane;
        if (s >= n) {
            for (int x = (int)get_global_id(1); x < WANT_W; x += (int)get_global_size(1))
                for (int c = 0; c < WANT_C; c++)
                    row[(x * WANT_C + c) * FV_L + lane] = (real)0;
            continue;
        }
        global const int *about = samples + (size_t)(first + s) * 8;
        global const float *drawn = (global const float *)(samples + (size_t)count * 8) + (size_t)(first + s) * PARAMS;
        global const uchar *image = pixels + (size_t)((ulong)(uint)about[1] << 32 | (uint)about[0]);
        const int channels = CHANNELS ? CHANNELS : about[2];
        const int h = about[3], w = about[4];
        const uint on = (uint)about[5];
        const float v = (float)y + 0.5f;
        if (y == 0 && get_global_id(1) == 0)
            labels[s] = about[6];

#if MAPPED && AFFINE && ROWS
        /* The row's image is a straight line: its ends say all. Where it runs along pixels, they are copied. */
        float u0 = 0.5f, v0 = v, du = (float)WANT_W - 0.5f, dv = v;
        FV_NAME(map)(&u0, &v0, on, drawn);
        FV_NAME(map)(&du, &dv, on, drawn);
        du = WANT_W > 1 ? (du - u0) / (float)(WANT_W - 1) : 1.0f;
        dv = WANT_W > 1 ? (dv - v0) / (float)(WANT_W - 1) : 0.0f;
        const int copies = FV_NAME(whole)(u0) && FV_NAME(whole)(v0) && fabs(du) == 1.0f && dv == 0.0f;
        const int first = copies ? (int)floor(u0) : 0, line = copies ? (int)floor(v0) : 0;
        const int step = du > 0.0f ? 1 : -1;
#endif
        for (int x = (int)get_global_id(1); x < WANT_W; x += (int)get_global_size(1)) {
            const float u = (float)x + 0.5f;
            int ix = x, iy = y, inside = 1;
            float a = 0.0f, b = 0.0f;
#if MAPPED
#if AFFINE && ROWS
            if (copies) {
                ix = first + step * x;
                iy = line;
            } else
#endif
            {
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
            }
#endif
            for (int c = 0; c < WANT_C; c++) {
                const float p = inside ? FV_NAME(value)(image, w, h, channels, c, ix, iy, a, b) : 0.0f;
                row[(x * WANT_C + c) * FV_L + lane] =
                    (real)FV_NAME(pixel)(p * (1.0f / 255.0f), c, u, v, on, drawn);
            }
        }
    }
}
