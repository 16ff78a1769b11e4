/* conv_winograd_weights.cl: the gradient of the weights of a 3x3 convolution of stride 1 by Winograd's F(4x4, 3x3), with
 * vectors over channels: what conv_winograd.cl does, seen from the weights. With U = G w G^T, V = B^T x B and
 * Y = A^T (U * V) A the gradient of w is G^T (sum over tiles of V * (A dy A^T)) G.
 *
 * Some images at a time are brought into the transformed domain, [36 places][blocks of 16 channels][tiles][16], and
 * multiplied there, tiles being what is summed over. Nothing is specialised, so that a net needs these kernels once. */

/* A column or row of B^T x, A dy and G^T u. */
#define SPREAD_X(d, at, step, o0, o1, o2, o3, o4, o5)                                                                  \
    {                                                                                                                  \
        real16 a0 = d[at], a1 = d[at + step], a2 = d[at + 2 * step], a3 = d[at + 3 * step], a4 = d[at + 4 * step],     \
               a5 = d[at + 5 * step];                                                                                  \
        real16 t0 = a4 - 4 * a2, t1 = a3 - 4 * a1, t2 = a4 - a2, t3 = 2 * (a3 - a1);                                   \
        o0 = 4 * a0 - 5 * a2 + a4;                                                                                     \
        o1 = t0 + t1;                                                                                                  \
        o2 = t0 - t1;                                                                                                  \
        o3 = t2 + t3;                                                                                                  \
        o4 = t2 - t3;                                                                                                  \
        o5 = 4 * a1 - 5 * a3 + a5;                                                                                     \
    }
#define SPREAD_DY(d, at, step, o0, o1, o2, o3, o4, o5)                                                                 \
    {                                                                                                                  \
        real16 y0 = d[at], y1 = d[at + step], y2 = d[at + 2 * step], y3 = d[at + 3 * step];                            \
        real16 p = y0 + y2, q = y1 + y3, r = y0 + 4 * y2, s = 2 * y1 + 8 * y3;                                         \
        o0 = y0;                                                                                                       \
        o1 = p + q;                                                                                                    \
        o2 = p - q;                                                                                                    \
        o3 = r + s;                                                                                                    \
        o4 = r - s;                                                                                                    \
        o5 = y3;                                                                                                       \
    }
#define BRING_BACK(u0, u1, u2, u3, u4, u5, o0, o1, o2)                                                                 \
    {                                                                                                                  \
        real16 near = (u1 + u2) * ((real)1 / 6), far = (u3 + u4) * ((real)1 / 24);                                     \
        o0 = u0 * ((real)1 / 4) - near + far;                                                                          \
        o1 = (u2 - u1) * ((real)1 / 6) + (u3 - u4) * ((real)1 / 12);                                                   \
        o2 = 4 * far - near + u5;                                                                                      \
    }

/* The SIZE x SIZE pixels of tile `at` from (y, x) on, 16 channels of them; zero outside. */
#define LOAD(SIZE, d)                                                                                                  \
    if (y >= 0 && x >= 0 && y + SIZE <= high && x + SIZE <= wide) {                                                    \
        global const real *from = image + ((size_t)y * wide + x) * channels + block * 16;                              \
        _Pragma("unroll") for (int i = 0; i < SIZE; i++) _Pragma("unroll") for (int j = 0; j < SIZE; j++)              \
            d[SIZE * i + j] = vload16(0, from + (i * wide + j) * channels);                                            \
    } else {                                                                                                           \
        for (int i = 0; i < SIZE; i++)                                                                                 \
            for (int j = 0; j < SIZE; j++) {                                                                           \
                d[SIZE * i + j] = (real16)(0);                                                                         \
                if (y + i >= 0 && x + j >= 0 && y + i < high && x + j < wide)                                          \
                    d[SIZE * i + j] = vload16(0, image + ((size_t)(y + i) * wide + x + j) * channels + block * 16);    \
            }                                                                                                          \
    }

/* Of `images` images from `first` on, tiles_y x tiles_x tiles each; a work-group takes a row of tiles. room: tiles that
 * a block has place for. */
#define SPREAD(NAME, SIZE, TRANSFORM)                                                                                  \
    kernel __attribute__((reqd_work_group_size(1, 1, 1))) void FV_NAME(NAME)(                                          \
        global const real *restrict values, global real *restrict spread, int first, int high, int wide, int channels, \
        int pad_h, int pad_w, int tiles_y, int tiles_x, int room)                                                      \
    {                                                                                                                  \
        int row = get_group_id(0), n = row / tiles_y, y = row % tiles_y * 4 - pad_h;                                   \
        int blocks = (channels + 15) / 16;                                                                             \
        size_t place = (size_t)blocks * room * 16;                                                                     \
        global const real *image = values + (size_t)(first + n) * high * wide * channels;                              \
        for (int tile = 0; tile < tiles_x; tile++) {                                                                   \
            int x = tile * 4 - pad_w;                                                                                  \
            for (int block = 0; block < blocks; block++) {                                                             \
                global real *to = spread + ((size_t)block * room + row * tiles_x + tile) * 16;                         \
                real16 d[SIZE * SIZE], e[6 * SIZE];                                                                    \
                LOAD(SIZE, d)                                                                                          \
                _Pragma("unroll") for (int j = 0; j < SIZE; j++)                                                       \
                    TRANSFORM(d, j, SIZE, e[j], e[SIZE + j], e[2 * SIZE + j], e[3 * SIZE + j], e[4 * SIZE + j],        \
                              e[5 * SIZE + j])                                                                         \
                _Pragma("unroll") for (int i = 0; i < 6; i++)                                                          \
                {                                                                                                      \
                    real16 o0, o1, o2, o3, o4, o5;                                                                     \
                    TRANSFORM(e, SIZE * i, 1, o0, o1, o2, o3, o4, o5)                                                  \
                    vstore16(o0, 0, to + (6 * i + 0) * place);                                                         \
                    vstore16(o1, 0, to + (6 * i + 1) * place);                                                         \
                    vstore16(o2, 0, to + (6 * i + 2) * place);                                                         \
                    vstore16(o3, 0, to + (6 * i + 3) * place);                                                         \
                    vstore16(o4, 0, to + (6 * i + 4) * place);                                                         \
                    vstore16(o5, 0, to + (6 * i + 5) * place);                                                         \
                }                                                                                                      \
            }                                                                                                          \
        }                                                                                                              \
    }
SPREAD(winograd_spread_x, 6, SPREAD_X)
SPREAD(winograd_spread_dy, 4, SPREAD_DY)

#define DECLARE(i) real16 c##i = (real16)(0), e##i = (real16)(0);
#define FETCH(i)                                                                                                       \
    c##i = vload16(0, to + (size_t)i * width);                                                                         \
    if (two)                                                                                                           \
        e##i = vload16(1, to + (size_t)i * width);
#define MULTIPLY(i)                                                                                                    \
    c##i = mad((real16)(a[t * 16 + i]), v, c##i);                                                                      \
    e##i = mad((real16)(a[t * 16 + i]), w, e##i);
#define STORE(i)                                                                                                       \
    vstore16(c##i, 0, to + (size_t)i * width);                                                                         \
    if (two)                                                                                                           \
        vstore16(e##i, 1, to + (size_t)i * width);
#define EACH_ROW(F) F(0) F(1) F(2) F(3) F(4) F(5) F(6) F(7)

/* sums: [36][rows of whole blocks][columns of whole blocks]. A work-group takes a place and 32 columns. */
kernel __attribute__((reqd_work_group_size(1, 1, 1)))
void FV_NAME(conv_weight_gradient)(global const real *restrict x, global const real *restrict dy,
                                   global real *restrict sums, int in_blocks, int out_blocks, int tiles, int room,
                                   int fresh)
{
    int block = get_group_id(0) * 2, place = get_group_id(1), two = block + 1 < out_blocks;
    int width = out_blocks * 16;
    global const real *b = dy + ((size_t)place * out_blocks + block) * room * 16, *b2 = two ? b + (size_t)room * 16 : b;
    x += (size_t)place * in_blocks * room * 16;
    sums += (size_t)place * in_blocks * 16 * width + block * 16;
    for (int row = 0; row < in_blocks * 16; row += 8) {
        global const real *a = x + (size_t)(row / 16) * room * 16 + row % 16;
        global real *to = sums + (size_t)row * width;
        EACH_ROW(DECLARE)
        if (!fresh) {
            EACH_ROW(FETCH)
        }
#pragma unroll 2
        for (int t = 0; t < tiles; t++) {
            real16 v = vload16(t, b), w = vload16(t, b2);
            EACH_ROW(MULTIPLY)
        }
        EACH_ROW(STORE)
    }
}

/* To the gradient, [output channel][input channel][3][3]: a work-group takes 16 output and 8 input channels. */
kernel __attribute__((reqd_work_group_size(1, 1, 1)))
void FV_NAME(winograd_bring_back)(global const real *restrict sums, global real *restrict dw, int in_channels,
                                  int out_channels)
{
    int width = (out_channels + 15) / 16 * 16, height = (in_channels + 15) / 16 * 16;
    int first = get_group_id(1) * 8, rows = min(8, in_channels - first), out = get_group_id(0) * 16;
    size_t place = (size_t)height * width;
    real all[8 * 9][16];
    for (int row = 0; row < rows; row++) {
        global const real *from = sums + (size_t)(first + row) * width + out;
        real16 e[18];
        for (int j = 0; j < 6; j++) {
            global const real *u = from + j * place;
            real16 u0 = vload16(0, u), u1 = vload16(0, u + 6 * place), u2 = vload16(0, u + 12 * place),
                   u3 = vload16(0, u + 18 * place), u4 = vload16(0, u + 24 * place), u5 = vload16(0, u + 30 * place);
            BRING_BACK(u0, u1, u2, u3, u4, u5, e[j], e[6 + j], e[12 + j])
        }
        for (int i = 0; i < 3; i++) {
            real16 o0, o1, o2;
            BRING_BACK(e[6 * i], e[6 * i + 1], e[6 * i + 2], e[6 * i + 3], e[6 * i + 4], e[6 * i + 5], o0, o1, o2)
            vstore16(o0, 0, all[row * 9 + i * 3]);
            vstore16(o1, 0, all[row * 9 + i * 3 + 1]);
            vstore16(o2, 0, all[row * 9 + i * 3 + 2]);
        }
    }
    for (int o = 0; o < min(16, out_channels - out); o++) {
        global real *to = dw + ((size_t)(out + o) * in_channels + first) * 9;
        for (int i = 0; i < rows * 9; i++)
            to[i] = all[i][o];
    }
}

/* The bias's: sums of dy over a share of all pixels, for conv_sum to add up. */
kernel __attribute__((reqd_work_group_size(1, 1, 1)))
void FV_NAME(conv_bias_shares)(global const real *restrict dy, global real *restrict parts, int channels, int pixels,
                               int share)
{
    int begin = get_group_id(0) * share, end = min(begin + share, pixels);
    parts += (size_t)get_group_id(0) * channels;
    for (int c = 0; c < channels; c++)
        parts[c] = 0;
    for (int p = begin; p < end; p++)
        for (int c = 0; c < channels; c++)
            parts[c] += dy[(size_t)p * channels + c];
}
#undef SPREAD_X
#undef SPREAD_DY
#undef BRING_BACK
#undef LOAD
#undef SPREAD
#undef DECLARE
#undef FETCH
#undef MULTIPLY
#undef STORE
#undef EACH_ROW
