/* SPDX-License-Identifier: MIT
 * attention.cl: softmax(Q K^T * QK_SCALE) V for each sample and head, and its derivative, in tiles of BQ queries x BK
 * keys, so that the matrix of all scores is never in memory (Dao et al., 2022).
 *
 * QUERIES, KEYS: positions; HEADS, WIDTH: heads, and features of one; Q_STEP, KV_STEP: features of a position of q and
 * kv; Q_AT, K_AT, V_AT: where queries, keys and values begin in it; CAUSAL: query i sees keys 0 .. i; DROP: there is
 * dropout, with what drop_defines() says. BACKWARD: the derivative, of queries (QUERIES_OUT), of keys and values
 * (KEYS_OUT) or of all.
 *
 * A row of a tile is a query. On CPUs a work-item has a tile: with one lane its vectors run over keys, or features,
 * else over lanes. On GPUs a work-group has a tile of one sample. E: reals of an element of a tile; J: elements of a
 * vector; ROW: a number for each row; MANY: a vector of a row's elements. */
#define FEATURES (HEADS * WIDTH)
#define KEYS_PADDED ((KEYS + 15) / 16 * 16)

#if FV_WORKERS > 1
#define E 1
#define J 1
#define ROW real
#define MANY real
#define LOAD(p) (*(p))
#define STORE(v, p) (*(p) = (v))
#define SYNC barrier(CLK_LOCAL_MEM_FENCE | CLK_GLOBAL_MEM_FENCE);
#define EACH_ELEMENT                                                                                                   \
    for (int e = FV_ME, i = e / keys, j = e % keys; e < rows * keys; e += FV_WORKERS, i = e / keys, j = e % keys)
/* Where what has so many reals for each sample begins. */
#define PLACE(reals) ((size_t)(get_group_id(0) / FV_L) * (reals) * FV_L + get_group_id(0) % FV_L)

#else
#define E FV_L
#define SYNC
#define EACH_ELEMENT                                                                                                   \
    for (int i = 0; i < rows; i++)                                                                                     \
        for (int j = 0; j < keys; j += J)
#define PLACE(reals) (get_group_id(0) * (size_t)(reals) * FV_L)
#if FV_L == 1
#define J 16
#define ROW real
#define MANY real16
#elif FV_L == 8
#define J 1
#define ROW real8
#define MANY real8
#define LOAD(p) vload8(0, p)
#define STORE(v, p) vstore8(v, 0, p)
#else
#define J 1
#define ROW real16
#define MANY real16
#define LOAD(p) vload16(0, p)
#define STORE(v, p) vstore16(v, 0, p)
#endif
#endif
/* fmax() goes number by number on CPUs. */
#define LARGER(a, b) ((a) > (b) ? (a) : (b))
#define EACH_ROW for (int i = FV_ME; i < rows; i += FV_WORKERS)
/* The same, J of them at once; there is room for more than `rows`. */
#define EACH_ROWS for (int i = FV_ME * J; i < rows; i += FV_WORKERS * J)

#if J == 16
#define LOAD_ROW(p) (*(p))
#define STORE_ROW(v, p) (*(p) = (v))
#define LOAD_MANY(p) vload16(0, p)
#define STORE_MANY(v, p) vstore16(v, 0, p)
/* Feature n of a head and those behind it, as far as they are its own. */
#define SAVE(v, p, n) fv_store16(v, p, WIDTH - (n))
#define SAVE_ROWS(v, p) fv_store16(v, p, rows - i)
#define LOAD_SAVED(p, n) FV_NAME(load)(p, WIDTH - (n))
/* v where key j and those behind it are not above the last that is seen, else `hidden`. */
#define BEHIND_FIRST (real16)(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15)
#define SEEN(v, hidden) (BEHIND_FIRST <= (real)(LAST_SEEN - j) ? (v) : (real16)(hidden))

/* The first `count` numbers: what is behind them, another work-item may be writing. */
real16 FV_NAME(load)(global const real *from, int count)
{
    if (count >= 16)
        return vload16(0, from);
    real all[16];
    for (int i = 0; i < 16; i++)
        all[i] = i < count ? from[i] : 0;
    return vload16(0, all);
}

real FV_NAME(largest)(real16 v)
{
    real8 by8 = LARGER(v.lo, v.hi);
    real4 by4 = LARGER(by8.lo, by8.hi);
    real2 by2 = LARGER(by4.lo, by4.hi);
    return LARGER(by2.x, by2.y);
}

real FV_NAME(total)(real16 v)
{
    real8 by8 = v.lo + v.hi;
    real4 by4 = by8.lo + by8.hi;
    real2 by2 = by4.lo + by4.hi;
    return by2.x + by2.y;
}
#define LARGEST(v) FV_NAME(largest)(v)
#define TOTAL(v) FV_NAME(total)(v)

#else
#define LOAD_ROW LOAD
#define STORE_ROW STORE
#define LOAD_MANY LOAD
#define STORE_MANY STORE
#define SAVE(v, p, n) STORE(v, p)
#define SAVE_ROWS STORE
#define LOAD_SAVED(p, n) LOAD(p)
#define SEEN(v, hidden) (j <= LAST_SEEN ? (v) : (MANY)(hidden))
#define LARGEST(v) (v)
#define TOTAL(v) (v)
#endif
#define LAST_SEEN ((CAUSAL ? min(KEYS - 1, i0 + i) : KEYS - 1) - k0)

/* ----------------------------------------------------------------- products
 *
 * PRODUCT(m_count, n_count, k_count, a, a_m, a_k, b, b_k, b_n, PUT): the sums over k of a[m * a_m + k * a_k] *
 * b[k * b_k + n * b_n], each of them given to PUT(m, n, sum). A tile of them is made at once. llvmpipe's compiler takes
 * minutes for tiles of several rows; FV_PREFETCH tells which compiler it is. */
#define SMALL (FV_WORKERS == 1 && !FV_PREFETCH)

#if J == 16
/* Rows x 1 or 2 vectors over n; b_n is 1. Rows past the last repeat it. */
#if SMALL
#define TILE_ROWS 1
#define EACH_TILE_ROW(F, x, y) F(0, x, y)
#else
#define TILE_ROWS 8
#define EACH_TILE_ROW(F, x, y)                                                                                         \
    F(0, x, y) F(1, x, y) F(2, x, y) F(3, x, y) F(4, x, y) F(5, x, y) F(6, x, y) F(7, x, y)
#endif
#define BEGIN_ROW(r, m_count, a_m)                                                                                     \
    int at##r = min(m + r, (m_count) - 1) * (a_m);                                                                     \
    real16 c##r = 0, d##r = 0;
#define MULTIPLY_1(r, a, a_k) c##r = mad((real16)((a)[at##r + k * (a_k)]), v, c##r);
#define MULTIPLY_2(r, a, a_k)                                                                                          \
    {                                                                                                                  \
        real16 factor = (a)[at##r + k * (a_k)];                                                                        \
        c##r = mad(factor, v, c##r);                                                                                   \
        d##r = mad(factor, w, d##r);                                                                                   \
    }
#define END_ROW(r, m_count, PUT)                                                                                       \
    if (m + r < (m_count)) {                                                                                           \
        PUT(m + r, n, c##r)                                                                                            \
        if (two) {                                                                                                     \
            PUT(m + r, n + 16, d##r)                                                                                   \
        }                                                                                                              \
    }
#define PRODUCT(m_count, n_count, k_count, a, a_m, a_k, b, b_k, b_n, PUT)                                              \
    for (int n = 0; n < (n_count); n += 32) {                                                                          \
        const bool two = n + 16 < (n_count);                                                                           \
        for (int m = 0; m < (m_count); m += TILE_ROWS) {                                                               \
            EACH_TILE_ROW(BEGIN_ROW, m_count, a_m)                                                                     \
            if (two)                                                                                                   \
                for (int k = 0; k < (k_count); k++) {                                                                  \
                    real16 v = vload16(0, (b) + k * (b_k) + n), w = vload16(0, (b) + k * (b_k) + n + 16);              \
                    EACH_TILE_ROW(MULTIPLY_2, a, a_k)                                                                  \
                }                                                                                                      \
            else                                                                                                       \
                for (int k = 0; k < (k_count); k++) {                                                                  \
                    real16 v = vload16(0, (b) + k * (b_k) + n);                                                        \
                    EACH_TILE_ROW(MULTIPLY_1, a, a_k)                                                                  \
                }                                                                                                      \
            EACH_TILE_ROW(END_ROW, m_count, PUT)                                                                       \
        }                                                                                                              \
    }

#else
/* Rows x 4 columns, which are apart by so many that neighbouring work-items have neighbouring ones. */
#if SMALL
#define TILE_ROWS 1
#define EACH_TILE_ROW(F, x, y) F(0, x, y)
#else
#define TILE_ROWS 4
#define EACH_TILE_ROW EACH_OF_4
#endif
#define EACH_OF_4(F, x, y) F(0, x, y) F(1, x, y) F(2, x, y) F(3, x, y)
#define BEGIN_ROW(r, m_count, a_m)                                                                                     \
    int row##r = min(m + r, (m_count) - 1) * (a_m);                                                                    \
    ROW c##r##0 = 0, c##r##1 = 0, c##r##2 = 0, c##r##3 = 0;
#define BEGIN_COLUMN(r, n_count, b_n) int column##r = min(n + r * across, (n_count) - 1) * (b_n);
#define LOAD_A(r, a, a_k) ROW v##r = LOAD((a) + row##r + k * (a_k));
#define LOAD_B(r, b, b_k) ROW w##r = LOAD((b) + column##r + k * (b_k));
#define MULTIPLY(r, x, y)                                                                                              \
    c##r##0 = mad(v##r, w0, c##r##0);                                                                                  \
    c##r##1 = mad(v##r, w1, c##r##1);                                                                                  \
    c##r##2 = mad(v##r, w2, c##r##2);                                                                                  \
    c##r##3 = mad(v##r, w3, c##r##3);
#define END_ROW(r, m_count, PUT)                                                                                       \
    if (m + r < (m_count)) {                                                                                           \
        PUT(m + r, n, c##r##0)                                                                                         \
        if (n + across < columns)                                                                                      \
            PUT(m + r, n + across, c##r##1)                                                                            \
        if (n + 2 * across < columns)                                                                                  \
            PUT(m + r, n + 2 * across, c##r##2)                                                                        \
        if (n + 3 * across < columns)                                                                                  \
            PUT(m + r, n + 3 * across, c##r##3)                                                                        \
    }
#define PRODUCT(m_count, n_count, k_count, a, a_m, a_k, b, b_k, b_n, PUT)                                              \
    {                                                                                                                  \
        const int columns = n_count, across = (columns + 3) / 4;                                                       \
        const int tiles = ((m_count) + TILE_ROWS - 1) / TILE_ROWS * across;                                            \
        for (int tile = FV_ME; tile < tiles; tile += FV_WORKERS) {                                                     \
            int m = tile / across * TILE_ROWS, n = tile % across;                                                      \
            EACH_TILE_ROW(BEGIN_ROW, m_count, a_m)                                                                     \
            EACH_OF_4(BEGIN_COLUMN, n_count, b_n)                                                                      \
            for (int k = 0; k < (k_count); k++) {                                                                      \
                EACH_TILE_ROW(LOAD_A, a, a_k)                                                                          \
                EACH_OF_4(LOAD_B, b, b_k)                                                                              \
                EACH_TILE_ROW(MULTIPLY, , )                                                                            \
            }                                                                                                          \
            EACH_TILE_ROW(END_ROW, m_count, PUT)                                                                       \
        }                                                                                                              \
    }
#endif

/* Keys and values feature by feature, as products with vectors over keys read them: turned has [sample][head][key, or
 * value][WIDTH][KEYS_PADDED], with zeros behind the last key; else they lie in kv. */
#if J == 16
#define TURNED_D KEYS_PADDED
#define TURNED_K 1
#define TURNED_KEYS(k0) (turned + (k0))
#define TURNED_VALUES(k0) (turned + WIDTH * KEYS_PADDED + (k0))
#else
#define TURNED_D FV_L
#define TURNED_K (KV_STEP * FV_L)
#define TURNED_KEYS(k0) (kv + ((size_t)(k0) * KV_STEP + K_AT) * FV_L)
#define TURNED_VALUES(k0) (kv + ((size_t)(k0) * KV_STEP + V_AT) * FV_L)
#endif

#if DROP
/* Of the weight of key j, a multiple of J, for query i, what it is multiplied by: word j % 4 of Philox with counter
 * (((head * QUERIES + i) * ceil(KEYS / 4) + j / 4, sample, step, NODE) and the seed as key. */
#define KEPT(word) ((word) < DROPPED ? 0 : SCALE)
#if J == 16
MANY FV_NAME(keep)(real *calls, uint call, int j, uint step, uint2 seed)
{
    for (int k = 0; k < 16; k += 4) {
        uint4 words = fv_philox((uint4)(call + k / 4, get_group_id(0), step, NODE), seed);
        calls[k] = KEPT(words.x);
        calls[k + 1] = KEPT(words.y);
        calls[k + 2] = KEPT(words.z);
        calls[k + 3] = KEPT(words.w);
    }
    return vload16(0, calls);
}
#else
MANY FV_NAME(keep)(real *calls, uint call, int j, uint step, uint2 seed)
{
    if (FV_WORKERS > 1 || j % 4 == 0)
        for (int lane = 0; lane < E; lane++) {
            uint4 words = fv_philox((uint4)(call, get_group_id(0) * E + lane, step, NODE), seed);
            calls[lane] = KEPT(words.x);
            calls[E + lane] = KEPT(words.y);
            calls[2 * E + lane] = KEPT(words.z);
            calls[3 * E + lane] = KEPT(words.w);
        }
    return LOAD(calls + j % 4 * E);
}
#endif
#define KEEP(i, j)                                                                                                     \
    FV_NAME(keep)(calls, (uint)((head * QUERIES + i0 + (i)) * ((KEYS + 3) / 4) + (k0 + (j)) / 4), j, step, seed)
#else
#define KEEP(i, j) 1
#endif

#define PUT_SCORE(m, n, v) STORE_MANY(v, scores + ((m) * BK + (n)) * E);

#if !BACKWARD
/* Parts of parameters that stand together as the weights of a projection, and back. A work-group takes `some`. */
FV_KERNEL FV_NAME(copy)(global const real *restrict from, global real *restrict to, int from_at, int to_at, int count,
                        int some)
{
    int begin = get_group_id(0) * some, end = min(begin + some, count);
    for (int i = begin + FV_ME; i < end; i += FV_WORKERS)
        to[to_at + i] = from[from_at + i];
}

#if J == 16
/* The third number of a work-group says which of the two, and of which keys. */
kernel __attribute__((reqd_work_group_size(1, 1, 1))) void
FV_NAME(turn)(global const real *restrict kv, global real *restrict turned, int each)
{
    int head = get_group_id(1), which = get_group_id(2) % each, begin = get_group_id(2) / each * TURNED_AT_ONCE;
    kv += get_group_id(0) * (size_t)KEYS * KV_STEP + (which ? V_AT : K_AT) + head * WIDTH;
    turned += ((get_group_id(0) * HEADS + head) * each + which) * (size_t)WIDTH * KEYS_PADDED;
    for (int k = begin; k < min(begin + TURNED_AT_ONCE, KEYS_PADDED); k += 16)
        for (int d = 0; d < WIDTH; d++) {
            real some[16];
            for (int i = 0; i < 16; i++)
                some[i] = k + i < KEYS ? kv[(k + i) * KV_STEP + d] : 0;
            vstore16(vload16(0, some), 0, turned + d * KEYS_PADDED + k);
        }
}
#endif

#define PUT_Y(m, n, v)                                                                                                 \
    {                                                                                                                  \
        global real *to = y + ((size_t)(m) * FEATURES + (n)) * FV_L;                                                   \
        MANY made = v;                                                                                                 \
        if (k0 > 0)                                                                                                    \
            made += LOAD_SAVED(to, n) * LOAD_ROW(factors + (m) * E);                                                   \
        if (k0 + BK >= end)                                                                                            \
            made /= LOAD_ROW(sums + (m) * E);                                                                          \
        SAVE(made, to, n);                                                                                             \
    }

/* y: [position][FEATURES]; norms: for each row the logarithm of its sum of exponentials. `tops` are the largest
 * scores so far; where one is larger, what was added up before is brought to it by `factors`. */
FV_KERNEL FV_NAME(forward)(global const real *restrict q, global const real *restrict kv,
                           global const real *restrict turned, global real *restrict y, global real *restrict norms,
                           uint step, uint2 seed)
{
    local real scores[BQ * BK * E], tops[BQ * E], sums[BQ * E], factors[BQ * E];
    int head = get_group_id(1), i0 = get_group_id(2) * BQ, rows = min(BQ, QUERIES - i0);
    int end = CAUSAL ? min(KEYS, i0 + rows) : KEYS;
#if DROP
    real calls[J == 16 ? 16 : 4 * E];
#endif
    q += PLACE(QUERIES * Q_STEP) + ((size_t)i0 * Q_STEP + Q_AT + head * WIDTH) * FV_L;
    kv += PLACE(KEYS * KV_STEP) + (size_t)head * WIDTH * FV_L;
    turned += (get_group_id(0) * HEADS + head) * (size_t)WIDTH * KEYS_PADDED;
    y += PLACE(QUERIES * FEATURES) + ((size_t)i0 * FEATURES + head * WIDTH) * FV_L;
    norms += PLACE(HEADS * QUERIES) + ((size_t)head * QUERIES + i0) * FV_L;

    EACH_ROWS
    {
        STORE_MANY((MANY)(-FV_HUGE), tops + i * E);
        STORE_MANY((MANY)(0), sums + i * E);
    }
    for (int k0 = 0; k0 < end; k0 += BK) {
        int keys = min(BK, KEYS - k0);
        PRODUCT(rows, keys, WIDTH, q, Q_STEP *FV_L, FV_L, TURNED_KEYS(k0), TURNED_D, TURNED_K, PUT_SCORE)
        SYNC
        EACH_ROW
        {
            MANY most = -FV_HUGE;
            for (int j = 0; j < keys; j += J)
            {
                MANY score = SEEN(LOAD_MANY(scores + (i * BK + j) * E) * QK_SCALE, -FV_HUGE);
                most = LARGER(score, most);
            }
            STORE_ROW(LARGEST(most), factors + i * E);
        }
        SYNC
        EACH_ROWS
        {
            MANY top = LOAD_MANY(tops + i * E), found = LOAD_MANY(factors + i * E), higher = LARGER(found, top);
            STORE_MANY(exp(top - higher), factors + i * E);
            STORE_MANY(higher, tops + i * E);
        }
        SYNC
        EACH_ELEMENT
        {
            MANY score = LOAD_MANY(scores + (i * BK + j) * E) * QK_SCALE;
            STORE_MANY(SEEN(exp(score - LOAD_ROW(tops + i * E)), 0), scores + (i * BK + j) * E);
        }
        SYNC
        EACH_ROW
        {
            MANY sum = 0;
            for (int j = 0; j < keys; j += J)
                sum += LOAD_MANY(scores + (i * BK + j) * E);
            STORE_ROW(LOAD_ROW(sums + i * E) * LOAD_ROW(factors + i * E) + TOTAL(sum), sums + i * E);
        }
        SYNC
#if DROP
        EACH_ELEMENT STORE_MANY(LOAD_MANY(scores + (i * BK + j) * E) * KEEP(i, j), scores + (i * BK + j) * E);
        SYNC
#endif
        PRODUCT(rows, WIDTH, keys, scores, BK *E, E, kv + ((size_t)k0 * KV_STEP + V_AT) * FV_L, KV_STEP *FV_L, FV_L,
                PUT_Y)
        SYNC
    }
    EACH_ROWS SAVE_ROWS(LOAD_MANY(tops + i * E) + log(LOAD_MANY(sums + i * E)), norms + i * FV_L);
}
#undef PUT_Y

#else
/* For each row the sum of y * dy, which is that of weights times their gradients. */
FV_KERNEL FV_NAME(measure)(global const real *restrict y, global const real *restrict dy, global real *restrict slants)
{
    int head = get_group_id(1), rows = QUERIES;
    y += PLACE(QUERIES * FEATURES) + (size_t)head * WIDTH * FV_L;
    dy += PLACE(QUERIES * FEATURES) + (size_t)head * WIDTH * FV_L;
    slants += PLACE(HEADS * QUERIES) + (size_t)head * QUERIES * FV_L;
    EACH_ROW
    {
        MANY sum = 0;
        for (int d = 0; d < WIDTH; d += J) {
            size_t at = ((size_t)i * FEATURES + d) * FV_L;
            sum += LOAD_SAVED(y + at, d) * LOAD_SAVED(dy + at, d);
        }
        STORE_ROW(TOTAL(sum), slants + i * FV_L);
    }
}

#define PUT_SLOPE(m, n, v) STORE_MANY(v, slopes + ((m) * BK + (n)) * E);
#define ADD_TO(base, step, first, m, n, v)                                                                             \
    {                                                                                                                  \
        global real *to = (base) + ((size_t)(m) * (step) + (n)) * FV_L;                                                \
        MANY made = v;                                                                                                 \
        if (!(first))                                                                                                  \
            made += LOAD_SAVED(to, n);                                                                                 \
        SAVE(made, to, n);                                                                                             \
    }
#define PUT_DQ(m, n, v) ADD_TO(dq + (size_t)i0 * Q_STEP * FV_L, Q_STEP, k0 == 0, m, n, v)
#define PUT_DK(m, n, v) ADD_TO(dkv + ((size_t)k0 * KV_STEP + K_AT) * FV_L, KV_STEP, qb == first, m, n, v)
#define PUT_DV(m, n, v) ADD_TO(dkv + ((size_t)k0 * KV_STEP + V_AT) * FV_L, KV_STEP, qb == first, m, n, v)

/* A work-group takes all tiles of a head, or those of BK keys, or of BQ queries. Of a weight w = exp(score - norm), and
 * of what dropout multiplies it by, keep: dv[j] = sum over i of w * keep * dy[i]; the slope of the score is w * (keep *
 * (dy[i] . v[j]) - slants[i]) * QK_SCALE; dk[j] = sum over i of slope * q[i], dq[i] = sum over j of slope * k[j]. */
FV_KERNEL FV_NAME(backward)(global const real *restrict q, global const real *restrict kv,
                            global const real *restrict turned, global const real *restrict dy,
                            global const real *restrict norms, global const real *restrict slants,
                            global real *restrict dq, global real *restrict dkv, uint step, uint2 seed)
{
    local real scores[BQ * BK * E], slopes[BQ * BK * E];
    int head = get_group_id(1), mine = get_group_id(2);
#if KEYS_OUT && QUERIES_OUT
    int k_begin = 0, k_end = KEYS, q_begin = 0, q_last = (QUERIES - 1) / BQ;
#elif KEYS_OUT
    int k_begin = mine * BK, k_end = min(k_begin + BK, KEYS), q_begin = 0, q_last = (QUERIES - 1) / BQ;
#else
    int k_begin = 0, k_end = KEYS, q_begin = mine, q_last = mine;
#endif
#if DROP
    real calls[J == 16 ? 16 : 4 * E];
#endif
    q += PLACE(QUERIES * Q_STEP) + ((size_t)Q_AT + head * WIDTH) * FV_L;
    dq += PLACE(QUERIES * Q_STEP) + ((size_t)Q_AT + head * WIDTH) * FV_L;
    kv += PLACE(KEYS * KV_STEP) + (size_t)head * WIDTH * FV_L;
    dkv += PLACE(KEYS * KV_STEP) + (size_t)head * WIDTH * FV_L;
    turned += (get_group_id(0) * HEADS + head) * (size_t)2 * WIDTH * KEYS_PADDED;
    dy += PLACE(QUERIES * FEATURES) + (size_t)head * WIDTH * FV_L;
    norms += PLACE(HEADS * QUERIES) + (size_t)head * QUERIES * FV_L;
    slants += PLACE(HEADS * QUERIES) + (size_t)head * QUERIES * FV_L;

    for (int k0 = k_begin; k0 < k_end; k0 += BK) {
        /* Queries before the first do not see these keys; where none does, the last ones give them zeros. */
        int keys = min(BK, KEYS - k0), first = CAUSAL ? min(k0 / BQ, (QUERIES - 1) / BQ) : 0;
        for (int qb = max(first, q_begin); qb <= q_last; qb++) {
            int i0 = qb * BQ, rows = min(BQ, QUERIES - i0);
            global const real *q_here = q + (size_t)i0 * Q_STEP * FV_L, *dy_here = dy + (size_t)i0 * FEATURES * FV_L;
            PRODUCT(rows, keys, WIDTH, q_here, Q_STEP *FV_L, FV_L, TURNED_KEYS(k0), TURNED_D, TURNED_K, PUT_SCORE)
            PRODUCT(rows, keys, WIDTH, dy_here, FEATURES *FV_L, FV_L, TURNED_VALUES(k0), TURNED_D, TURNED_K,
                    PUT_SLOPE)
            SYNC
            EACH_ELEMENT
            {
                ROW norm = LOAD_ROW(norms + (i0 + i) * FV_L), slant = LOAD_ROW(slants + (i0 + i) * FV_L);
                MANY score = LOAD_MANY(scores + (i * BK + j) * E) * QK_SCALE, keep = KEEP(i, j);
                MANY weight = SEEN(exp(score - norm), 0);
                MANY slope = weight * (keep * LOAD_MANY(slopes + (i * BK + j) * E) - slant) * QK_SCALE;
                STORE_MANY(weight * keep, scores + (i * BK + j) * E);
                STORE_MANY(SEEN(slope, 0), slopes + (i * BK + j) * E);
            }
            SYNC
#if KEYS_OUT
            PRODUCT(keys, WIDTH, rows, scores, E, BK *E, dy_here, FEATURES *FV_L, FV_L, PUT_DV)
            PRODUCT(keys, WIDTH, rows, slopes, E, BK *E, q_here, Q_STEP *FV_L, FV_L, PUT_DK)
#endif
#if QUERIES_OUT
            PRODUCT(rows, WIDTH, keys, slopes, BK *E, E, kv + ((size_t)k0 * KV_STEP + K_AT) * FV_L, KV_STEP *FV_L,
                    FV_L, PUT_DQ)
#endif
            SYNC
        }
    }
}
#undef PUT_SLOPE
#undef ADD_TO
#undef PUT_DQ
#undef PUT_DK
#undef PUT_DV
#endif

#undef FEATURES
#undef KEYS_PADDED
#undef E
#undef J
#undef ROW
#undef MANY
#undef LOAD
#undef STORE
#undef SYNC
#undef EACH_ELEMENT
#undef EACH_ROW
#undef EACH_ROWS
#undef LARGER
#undef PLACE
#undef LOAD_ROW
#undef STORE_ROW
#undef LOAD_MANY
#undef STORE_MANY
#undef SAVE
#undef SAVE_ROWS
#undef LOAD_SAVED
#undef BEHIND_FIRST
#undef SEEN
#undef LAST_SEEN
#undef LARGEST
#undef TOTAL
#undef SMALL
#undef TILE_ROWS
#undef EACH_TILE_ROW
#undef EACH_OF_4
#undef BEGIN_ROW
#undef BEGIN_COLUMN
#undef MULTIPLY
#undef MULTIPLY_1
#undef MULTIPLY_2
#undef LOAD_A
#undef LOAD_B
#undef END_ROW
#undef PRODUCT
#undef TURNED_D
#undef TURNED_K
#undef TURNED_KEYS
#undef TURNED_VALUES
#undef KEPT
#undef KEEP
#undef PUT_SCORE
