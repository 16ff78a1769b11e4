/* conv_winograd.cl: a 3x3 convolution of stride 1, or the gradient of its input, by Winograd's F(4x4, 3x3) (Lavin and
 * Gray, 2016), with vectors over the target's channels.
 *
 * The target is cut into tiles of 4x4 pixels, numbered over the whole batch. A work-group takes TILES of them: it brings
 * their 6x6 pixels of the source into the transformed domain (v), multiplies there, for each of 36 places and for one
 * panel of channels after the other, with the transformed weights (m), and brings the products back. `source` is x and
 * `target` y; BACKWARD: dy and dx. Pads and weights come turned round for these, and for transposed convolutions.
 * Panels: [panel][WIDTH bias][36][SOURCE_C][WIDTH].
 * The host defines the geometry and EACH_PIXEL(F), EACH_VECTOR(F), EACH_VECTOR_OF(F, i) of tiles x vectors.
 *
 * ROOM above 0: what is transformed and multiplied lies in scratch for that many tiles (winograd_spread_x() and
 * conv_winograd_multiply.cl were there before), and only what brings products back is here. */
#define BLOCKS ((SOURCE_C + 15) / 16)
#define V_PLACE (BLOCKS * TILES * 16)
#if ROOM
#define M_PLACE (PANELS * VECTORS * ROOM * 16)
#define M_SPACE global
#else
#define M_PLACE (VECTORS * TILES * 16)
#define M_SPACE local
#endif

/* A column or row of the source's transform, B^T d, and of the product's, A^T m. */
#define TRANSFORM_IN(d, at, step, o0, o1, o2, o3, o4, o5)                                                              \
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
#define TRANSFORM_OUT(a0, a1, a2, a3, a4, a5, o0, o1, o2, o3)                                                          \
    {                                                                                                                  \
        real16 p = a1 + a2, q = a1 - a2, r = a3 + a4, s = a3 - a4;                                                     \
        o0 = a0 + p + r;                                                                                               \
        o1 = q + 2 * s;                                                                                                \
        o2 = p + 4 * r;                                                                                                \
        o3 = q + 8 * s + a5;                                                                                           \
    }

#if !ROOM
/* The 6x6 pixels from y, x on, 16 channels of them; zero outside the source. */
void FV_NAME(load)(global const real *restrict image, int y, int x, real16 *restrict d)
{
    if (y >= 0 && x >= 0 && y + 6 <= SOURCE_H && x + 6 <= SOURCE_W) {
        image += (size_t)(y * SOURCE_W + x) * SOURCE_C;
#pragma unroll
        for (int i = 0; i < 6; i++)
#pragma unroll
            for (int j = 0; j < 6; j++)
                d[6 * i + j] = vload16(0, image + (i * SOURCE_W + j) * SOURCE_C);
        return;
    }
    for (int i = 0; i < 6; i++)
        for (int j = 0; j < 6; j++) {
            int sy = y + i, sx = x + j;
            d[6 * i + j] = (real16)(0);
            if (sy >= 0 && sx >= 0 && sy < SOURCE_H && sx < SOURCE_W)
                d[6 * i + j] = vload16(0, image + (size_t)(sy * SOURCE_W + sx) * SOURCE_C);
        }
}

void FV_NAME(transform_in)(global const real *restrict image, int y, int x, local real *restrict v)
{
    real16 d[36], e[36];
    FV_NAME(load)(image, y, x, d);
#pragma unroll
    for (int j = 0; j < 6; j++)
        TRANSFORM_IN(d, j, 6, e[j], e[6 + j], e[12 + j], e[18 + j], e[24 + j], e[30 + j])
#pragma unroll
    for (int i = 0; i < 6; i++) {
        real16 o0, o1, o2, o3, o4, o5;
        TRANSFORM_IN(e, 6 * i, 1, o0, o1, o2, o3, o4, o5)
        vstore16(o0, 0, v + (6 * i + 0) * V_PLACE);
        vstore16(o1, 0, v + (6 * i + 1) * V_PLACE);
        vstore16(o2, 0, v + (6 * i + 2) * V_PLACE);
        vstore16(o3, 0, v + (6 * i + 3) * V_PLACE);
        vstore16(o4, 0, v + (6 * i + 4) * V_PLACE);
        vstore16(o5, 0, v + (6 * i + 5) * V_PLACE);
    }
}
#endif

void FV_NAME(transform_out)(M_SPACE const real *restrict m, real16 bias, global real *restrict image, int y, int x,
                            int channels FV_TAIL_FORMAL)
{
    real16 e[24];
#pragma unroll
    for (int j = 0; j < 6; j++) {
        M_SPACE const real *a = m + j * M_PLACE;
        real16 a0 = vload16(0, a), a1 = vload16(0, a + 6 * M_PLACE), a2 = vload16(0, a + 12 * M_PLACE),
               a3 = vload16(0, a + 18 * M_PLACE), a4 = vload16(0, a + 24 * M_PLACE), a5 = vload16(0, a + 30 * M_PLACE);
        TRANSFORM_OUT(a0, a1, a2, a3, a4, a5, e[j], e[6 + j], e[12 + j], e[18 + j])
    }
#pragma unroll
    for (int i = 0; i < 4; i++) {
        real16 o[4];
        TRANSFORM_OUT(e[6 * i], e[6 * i + 1], e[6 * i + 2], e[6 * i + 3], e[6 * i + 4], e[6 * i + 5], o[0], o[1], o[2],
                      o[3])
        global real *out = image + (size_t)((y + i) * TARGET_W + x) * TARGET_C;
        if (y + i < TARGET_H)
#pragma unroll
            for (int j = 0; j < 4; j++)
                if (x + j < TARGET_W)
                    fv_store16(FV_TAIL16(o[j] + bias, out + j * TARGET_C), out + j * TARGET_C, channels);
    }
}

#if ROOM
/* Of images from `first` on; a work-group takes a row of tiles. */
kernel __attribute__((reqd_work_group_size(1, 1, 1)))
void FV_NAME(winograd_bring_out)(global const real *restrict products, global const real *restrict panels,
                                 global real *restrict target, int first FV_TAIL_PARAMS)
{
    FV_TAIL_BEGIN(target)
    int row = get_group_id(0), y = row % TILES_Y * 4;
    target += (size_t)(first + row / TILES_Y) * (TARGET_H * TARGET_W * TARGET_C);
    for (int channel = 0; channel < TARGET_C; channel += 16) {
        int panel = channel / WIDTH, vector = channel % WIDTH / 16;
        real16 bias = BIAS ? vload16(vector, panels + (size_t)panel * PANEL) : (real16)(0);
        global const real *m = products + ((size_t)(channel / 16) * ROOM + row * TILES_X) * 16;
        for (int x = 0; x < TILES_X; x++)
            FV_NAME(transform_out)(m + x * 16, bias, target + channel, y, x * 4, TARGET_C - channel FV_TAIL_PASS);
    }
}
#else
/* Has part `place` of 36 of what will be added to tiles, or multiply them, on its way. */
void FV_NAME(expect)(global real *restrict target, int first, int here, int place FV_TAIL_FORMAL)
{
    for (int k = place * here * 16 / 36; k < (place + 1) * here * 16 / 36; k++) {
        int tile = first + k / 16, n = tile / (TILES_X * TILES_Y);
        int y = tile / TILES_X % TILES_Y * 4 + k / 4 % 4, x = tile % TILES_X * 4 + k % 4;
        global real *to = target + ((size_t)(n * TARGET_H + y) * TARGET_W + x) * TARGET_C;
        for (int j = 0; j < VECTORS && y < TARGET_H && x < TARGET_W; j++) {
            FV_TAIL_EXPECT(to + j * 16)
        }
    }
}

#define DECLARE_VECTOR(i, j) real16 c##i##_##j = (real16)(0);
#define DECLARE(i) EACH_VECTOR_OF(DECLARE_VECTOR, i)
#define WEIGHTS(j) real16 b##j = vload16(j, w);
#define MULTIPLY_VECTOR(i, j) c##i##_##j = mad(s, b##j, c##i##_##j);
#define MULTIPLY(i)                                                                                                    \
    {                                                                                                                  \
        real16 s = (real16)(a[i * 16 + c]);                                                                            \
        EACH_VECTOR_OF(MULTIPLY_VECTOR, i)                                                                             \
    }
#define KEEP_VECTOR(i, j) vstore16(c##i##_##j, 0, to + (j * TILES + i) * 16);
#define KEEP(i) EACH_VECTOR_OF(KEEP_VECTOR, i)
#define CHANNEL                                                                                                        \
    {                                                                                                                  \
        EACH_VECTOR(WEIGHTS)                                                                                           \
        EACH_PIXEL(MULTIPLY)                                                                                           \
        w += WIDTH;                                                                                                    \
    }

#if BACKWARD
#define SELF FV_NAME(conv_input_gradient)
#else
#define SELF FV_NAME(conv_forward)
#endif
kernel __attribute__((reqd_work_group_size(1, 1, 1)))
void SELF(global const real *restrict source, global const real *restrict panels, global real *restrict target,
          int count FV_TAIL_PARAMS)
{
    FV_TAIL_BEGIN(target)
    local real v[36 * V_PLACE], m[36 * M_PLACE];
    int first = get_group_id(0) * TILES, here = min(TILES, count - first);

    /* Tiles past the last are computed with the last one's numbers, and not stored. */
    for (int t = 0; t < TILES; t++) {
        int tile = first + min(t, here - 1), n = tile / (TILES_X * TILES_Y);
        int y = tile / TILES_X % TILES_Y * 4 - PAD_H, x = tile % TILES_X * 4 - PAD_W;
        global const real *image = source + (size_t)n * (SOURCE_H * SOURCE_W * SOURCE_C);
        for (int b = 0; b < BLOCKS; b++)
            FV_NAME(transform_in)(image + b * 16, y, x, v + (b * TILES + t) * 16);
    }
    for (int panel = 0; panel < PANELS; panel++) {
        global const real *packed = panels + (size_t)panel * PANEL;
        for (int place = 0; place < 36; place++) {
            FV_NAME(expect)(target + panel * WIDTH, first, here, place FV_TAIL_PASS);
            for (int t = 0; t < TILES; t += PIXELS) {
                global const real *w = packed + BIAS * WIDTH + place * (SOURCE_C * WIDTH);
                local const real *a = v + place * V_PLACE + t * 16;
                local real *to = m + place * M_PLACE + t * 16;
                EACH_PIXEL(DECLARE)
                for (int b = 0; b < SOURCE_C / 16; b++, a += TILES * 16)
#pragma unroll 4
                    for (int c = 0; c < 16; c++)
                        CHANNEL
#if SOURCE_C % 16
#pragma unroll 1
                for (int c = 0; c < SOURCE_C % 16; c++)
                    CHANNEL
#endif
                EACH_PIXEL(KEEP)
            }
        }
        for (int j = 0; j < VECTORS && panel * WIDTH + j * 16 < TARGET_C; j++) {
            int channel = panel * WIDTH + j * 16;
            real16 bias = BIAS ? vload16(j, packed) : (real16)(0);
            for (int t = 0; t < here; t++) {
                int tile = first + t, n = tile / (TILES_X * TILES_Y);
                global real *image = target + (size_t)n * (TARGET_H * TARGET_W * TARGET_C) + channel;
                FV_NAME(transform_out)(m + (j * TILES + t) * 16, bias, image, tile / TILES_X % TILES_Y * 4,
                                       tile % TILES_X * 4, TARGET_C - channel FV_TAIL_PASS);
            }
        }
    }
}
#endif
#undef BLOCKS
#undef V_PLACE
#undef M_PLACE
#undef M_SPACE
#undef TRANSFORM_IN
#undef TRANSFORM_OUT
#undef DECLARE_VECTOR
#undef DECLARE
#undef WEIGHTS
#undef MULTIPLY_VECTOR
#undef MULTIPLY
#undef KEEP_VECTOR
#undef KEEP
#undef CHANNEL
#undef SELF
