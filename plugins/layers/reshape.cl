/* reshape.cl: a value of FROM_PIXELS pixels of FROM_C channels becomes one of TO_PIXELS pixels of TO_C channels, element
 * by element in C, H, W order, while in memory channels lie together. A work-item takes SOME_CHANNELS of SOME_PIXELS of a
 * block of the side with more pixels; on GPUs one element of what it writes. */
#define ALL ((size_t)TO_C * TO_PIXELS * FV_L)
/* Where element number n in C, H, W order lies. */
#define PLACE(n, c, pixels) ((size_t)((n) % (pixels)) * (c) + (n) / (pixels))

#if BACKWARD
#define SELF FV_NAME(backward)
#else
#define SELF FV_NAME(forward)
#endif

#if FV_WORKERS > 1
FV_KERNEL SELF(global const real *restrict from, global real *restrict to, int blocks FV_TAIL_PARAMS)
{
    FV_TAIL_BEGIN(to)
    size_t at = FV_ITEM;
    int lane = at % FV_L, c = at / FV_L % TO_C, p = at / (TO_C * FV_L) % TO_PIXELS, n = c * TO_PIXELS + p;
    if (at < blocks * ALL)
        to[at] = FV_TAIL(from[at / ALL * ALL + PLACE(n, FROM_C, FROM_PIXELS) * FV_L + lane], to + at);
}

#else
#if FROM_PIXELS >= TO_PIXELS
#define TILED_C FROM_C
#define TILED_PIXELS FROM_PIXELS
#else
#define TILED_C TO_C
#define TILED_PIXELS TO_PIXELS
#endif
#define SIDE 16 /* of a tile */
kernel __attribute__((reqd_work_group_size(1, 1, 1))) void
SELF(global const real *restrict from, global real *restrict to, int blocks FV_TAIL_PARAMS)
{
    FV_TAIL_BEGIN(to)
    int first = get_group_id(0) * SOME_PIXELS, last = min(first + SOME_PIXELS, TILED_PIXELS);
    int begin = get_group_id(1) * SOME_CHANNELS, end = min(begin + SOME_CHANNELS, TILED_C);
    from += get_group_id(2) * ALL;
    to += get_group_id(2) * ALL;
#if FV_L == 1 && (FROM_PIXELS == 1 || TO_PIXELS == 1)
    /* A vector on one side: there pixels lie together, channels on the other. Both are read and written in runs. */
    for (int p = first, some; p < last; p += some) {
        real tile[SOME_CHANNELS][SIDE];
        some = min(SIDE, last - p);
#if TO_PIXELS == 1
        for (int i = 0; i < some; i++)
            for (int c = begin; c < end; c++)
                tile[c - begin][i] = from[(size_t)(p + i) * TILED_C + c];
        for (int c = begin; c < end; c++)
            for (int i = 0; i < some; i++) {
                global real *out = to + (size_t)c * TILED_PIXELS + p + i;
                *out = FV_TAIL(tile[c - begin][i], out);
            }
#else
        for (int c = begin; c < end; c++)
            for (int i = 0; i < some; i++)
                tile[c - begin][i] = from[(size_t)c * TILED_PIXELS + p + i];
        for (int i = 0; i < some; i++)
            for (int c = begin; c < end; c++) {
                global real *out = to + (size_t)(p + i) * TILED_C + c;
                *out = FV_TAIL(tile[c - begin][i], out);
            }
#endif
    }
#else
    for (int p = first; p < last; p++)
        for (int c = begin; c < end; c++) {
            int n = c * TILED_PIXELS + p;
            global const real *in = from + PLACE(n, FROM_C, FROM_PIXELS) * FV_L;
            global real *out = to + PLACE(n, TO_C, TO_PIXELS) * FV_L;
            for (int lane = 0; lane < FV_L; lane++)
                out[lane] = FV_TAIL(in[lane], out + lane);
        }
#endif
}
#undef TILED_C
#undef TILED_PIXELS
#undef SIDE
#endif

#undef ALL
#undef PLACE
#undef SELF
