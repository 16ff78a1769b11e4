/* conv_winograd_multiply.cl: the products of Winograd's F(4x4, 3x3) where transformed weights are too many for a cache:
 * tiles of many images were brought into the transformed domain by winograd_spread_x() before, so that each weight comes
 * from memory once for all of them.
 *
 * tiles: [36][source blocks of 16 channels][room][16]; products: [36][panels of 32 channels][2][room][16]; weights:
 * [panel][32 bias][36][source channels][32]. A work-group takes a place and a panel. room: eight after eight tiles; those
 * past the last hold anything. Nothing is specialised, so that a net needs this once. */
#define EACH_TILE(F) F(0) F(1) F(2) F(3) F(4) F(5) F(6) F(7)
#define DECLARE(i) real16 c##i = (real16)(0), e##i = (real16)(0);
#define MULTIPLY(i)                                                                                                    \
    c##i = mad((real16)(a[i * 16 + c]), v, c##i);                                                                      \
    e##i = mad((real16)(a[i * 16 + c]), w, e##i);
#define STORE(i)                                                                                                       \
    vstore16(c##i, i, to);                                                                                             \
    vstore16(e##i, room + i, to);

/* The next panel's weights are fetched meanwhile, a share of them with each eight tiles. */
#define MULTIPLY_PANELS(NAME)                                                                                          \
    kernel __attribute__((reqd_work_group_size(1, 1, 1))) void FV_NAME(NAME)(                                          \
        global const real *restrict tiles, global const real *restrict weights, global real *restrict products,        \
        int channels, int count, int room, int bias)                                                                   \
    {                                                                                                                  \
        int panel = get_group_id(0), panels = get_num_groups(0), place = get_group_id(1);                              \
        int blocks = (channels + 15) / 16, lines = 32 / ((count + 7) / 8) + 1;                                         \
        size_t each = (size_t)channels * 32, all = each * 36 + bias;                                                   \
        global const real *b = weights + panel * all + bias + place * each;                                            \
        global const real *next = panel + 1 < panels ? b + all : place < 35 ? weights + bias + (place + 1) * each : b; \
        tiles += (size_t)place * blocks * room * 16;                                                                   \
        products += (size_t)(place * panels + panel) * room * 32;                                                      \
        for (int t = 0; t < count; t += 8) {                                                                           \
            global const real *from = b, *a = tiles + t * 16;                                                          \
            global real *to = products + t * 16;                                                                       \
            EACH_TILE(DECLARE)                                                                                         \
            for (int block = 0; block < channels / 16; block++, a += room * 16) {                                      \
                for (int i = 0; i < lines; i++)                                                                        \
                    FV_FETCH(next + block * 512 + (t / 8 * lines + i) % 32 * 16);                                      \
                _Pragma("unroll 4") for (int c = 0; c < 16; c++, from += 32)                                           \
                {                                                                                                      \
                    real16 v = vload16(0, from), w = vload16(1, from);                                                 \
                    EACH_TILE(MULTIPLY)                                                                                \
                }                                                                                                      \
            }                                                                                                          \
            for (int c = 0; c < channels % 16; c++, from += 32) {                                                      \
                real16 v = vload16(0, from), w = vload16(1, from);                                                     \
                EACH_TILE(MULTIPLY)                                                                                    \
            }                                                                                                          \
            EACH_TILE(STORE)                                                                                           \
        }                                                                                                              \
    }
MULTIPLY_PANELS(conv_forward)
MULTIPLY_PANELS(conv_input_gradient)
#undef EACH_TILE
#undef DECLARE
#undef MULTIPLY
#undef STORE
#undef MULTIPLY_PANELS
