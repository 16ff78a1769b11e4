/* SPDX-License-Identifier: MIT
 * knn.cl: queries have C channels of PIXELS pixels; they lie in groups of 16, [group][feature][query], features in the order
 * of files, C, H, W, as those of samples do. There is an even number of groups. keys are what samples are ordered by,
 * [group][sample of a CHUNK][query]; nearest, rows and distance are [group][candidate][query]. */
#define FEATURES (C * PIXELS)
#define TILED (FV_WORKERS >= 8)

/* Half of |t|^2: |x - t|^2 is smallest where that less x t is. */
FV_KERNEL FV_NAME(square)(global const real *restrict samples, global real *restrict halves, int n)
{
    int begin = get_group_id(0) * SQUARES, end = min(begin + SQUARES, n);
    for (int row = begin + FV_ME; row < end; row += FV_WORKERS) {
        global const real *t = samples + (size_t)row * FEATURES;
        real sum[16];
        for (int i = 0; i < 16; i++)
            sum[i] = 0;
        int f = 0;
        for (; f + 16 <= FEATURES; f += 16)
            for (int i = 0; i < 16; i++)
                sum[i] += t[f + i] * t[f + i];
        for (; f < FEATURES; f++)
            sum[f % 16] += t[f] * t[f];
        real whole = 0;
        for (int i = 0; i < 16; i++)
            whole += sum[i];
        halves[row] = whole / 2;
    }
}

FV_KERNEL FV_NAME(gather)(global const real *restrict x, global real *restrict queries, int n)
{
    int begin = get_group_id(0) * SPAN, end = min(begin + SPAN, FEATURES), first = get_group_id(1) * 16;
    queries += (size_t)first * FEATURES;
    for (int e = begin * 16 + FV_ME; e < end * 16; e += FV_WORKERS) {
        int s = first + e % 16, f = e / 16;
        queries[e] = s < n ? x[FV_AT(s, f / PIXELS, 0, f % PIXELS, C, 1, PIXELS)] : (real)0;
    }
}

/* ------------------------------------------------------------------- keys */

#if L1
#define JOIN(sum, x, t) sum += fabs((x) - (t))
#define KEY(sum, half) (sum)
#else
#define JOIN(sum, x, t) sum += (x) * (t)
#define KEY(sum, half) ((half) - (sum))
#endif

#if TILED
/* A work-group makes keys of two groups of queries and 4 samples for each 8 of its work-items, which take 4 x 4 each;
 * DEEP features at a time pass through local memory. */
#define DEEP 16
#define TALL (FV_WORKERS / 2)
FV_KERNEL FV_NAME(compare)(global const real *restrict queries, global const real *restrict samples,
                           global const real *restrict halves, global real *restrict keys, int begin, int count,
                           int groups)
{
    local real x[DEEP][32], t[TALL][DEEP + 1];
    int first = get_group_id(0) * TALL, row = FV_ME / 8 * 4, query = FV_ME % 8 * 4;
    real sum[4][4];
    for (int i = 0; i < 16; i++)
        sum[i / 4][i % 4] = 0;
    queries += get_group_id(1) * (size_t)32 * FEATURES;
    samples += (size_t)(begin + first) * FEATURES;
    for (int from = 0; from < FEATURES; from += DEEP) {
        barrier(CLK_LOCAL_MEM_FENCE);
        for (int e = FV_ME; e < DEEP * 32; e += FV_WORKERS) {
            int f = e / 16 % DEEP, q = e % 16 + e / (16 * DEEP) * 16;
            x[f][q] = from + f < FEATURES ? queries[((size_t)(q / 16) * FEATURES + from + f) * 16 + q % 16] : (real)0;
        }
        for (int e = FV_ME; e < TALL * DEEP; e += FV_WORKERS) {
            int f = e % DEEP, r = e / DEEP;
            t[r][f] = from + f < FEATURES && first + r < count ? samples[(size_t)r * FEATURES + from + f] : (real)0;
        }
        barrier(CLK_LOCAL_MEM_FENCE);
        for (int f = 0; f < DEEP; f++)
            for (int r = 0; r < 4; r++)
                for (int q = 0; q < 4; q++)
                    JOIN(sum[r][q], x[f][query + q], t[row + r][f]);
    }
    for (int r = 0; r < 4 && first + row + r < count; r++)
        for (int q = 0; q < 4; q++)
            keys[((get_group_id(1) * 2 + (query + q) / 16) * (size_t)CHUNK + first + row + r) * 16 + (query + q) % 16] =
                KEY(sum[r][q], halves[begin + first + row + r]);
}

#else
#define TWELVE(M) M(0) M(1) M(2) M(3) M(4) M(5) M(6) M(7) M(8) M(9) M(10) M(11)
#define SUMS(r) real16 a##r = 0, b##r = 0;
#define STEP(r)                                                                                                       \
    {                                                                                                                 \
        real16 sample = t[(size_t)r * FEATURES + f];                                                                  \
        JOIN(a##r, x0, sample);                                                                                       \
        JOIN(b##r, x1, sample);                                                                                       \
    }
#define STORE(r)                                                                                                      \
    vstore16(KEY(a##r, halves[r]), r, to);                                                                            \
    vstore16(KEY(b##r, halves[r]), CHUNK + r, to);

/* A tile of samples, all of its rows or one, against two groups of queries. */
#define TILE(name, EACH)                                                                                              \
    void FV_NAME(name)(global const real *restrict q, global const real *restrict t, global const real *restrict halves, \
                       global real *restrict to)                                                                      \
    {                                                                                                                 \
        EACH(SUMS)                                                                                                    \
        for (int f = 0; f < FEATURES; f++) {                                                                          \
            real16 x0 = vload16(f, q), x1 = vload16(FEATURES + f, q);                                                 \
            EACH(STEP)                                                                                                \
        }                                                                                                             \
        EACH(STORE)                                                                                                   \
    }
#define ONE(M) M(0)
TILE(tile, TWELVE)
TILE(row, ONE)

/* A work-item takes TILES tiles of 12 samples, and PAIRS pairs of groups of queries: a tile stays in the inner cache for
 * them. */
FV_KERNEL FV_NAME(compare)(global const real *restrict queries, global const real *restrict samples,
                           global const real *restrict halves, global real *restrict keys, int begin, int count,
                           int groups)
{
    int first = get_group_id(0) * 12 * TILES, end = min(first + 12 * TILES, count);
    int from = get_group_id(1) * 2 * PAIRS, last = min(from + 2 * PAIRS, groups);
    if (FV_ME > 0)
        return;
    for (int row = first; row < end;) {
        int whole = row + 12 <= end;
        for (int g = from; g < last; g += 2) {
            global const real *q = queries + (size_t)g * 16 * FEATURES, *t = samples + (size_t)(begin + row) * FEATURES;
            global real *to = keys + ((size_t)g * CHUNK + row) * 16;
            if (whole)
                FV_NAME(tile)(q, t, halves + begin + row, to);
            else
                FV_NAME(row)(q, t, halves + begin + row, to);
        }
        row += whole ? 12 : 1;
    }
}
#undef TWELVE
#undef SUMS
#undef STEP
#undef STORE
#undef TILE
#undef ONE
#endif

/* ----------------------------------------------------------------- the nearest */

/* Puts a sample into its place among the candidates of a query; of equal keys the earlier sample stays before. */
void FV_NAME(insert)(global real *restrict nearest, global real *restrict rows, real key, int row)
{
    int at = CANDIDATES - 1;
    for (; at > 0 && nearest[(at - 1) * 16] > key; at--) {
        nearest[at * 16] = nearest[(at - 1) * 16];
        rows[at * 16] = rows[(at - 1) * 16];
    }
    nearest[at * 16] = key;
    rows[at * 16] = row;
}

/* The candidates of a CHUNK of samples and of those before it. On CPUs a work-item takes the queries of a group. */
FV_KERNEL FV_NAME(find)(global const real *restrict keys, global real *restrict nearest, global real *restrict rows,
                        int begin, int count, int groups)
{
    enum { TAKEN = FV_WORKERS > 1 ? 1 : 16 };
    int item = FV_ITEM, g = item * TAKEN / 16, lane = item * TAKEN % 16;
    if (g >= groups)
        return;
    keys += (size_t)g * CHUNK * 16 + lane;
    nearest += (size_t)g * CANDIDATES * 16 + lane;
    rows += (size_t)g * CANDIDATES * 16 + lane;
    for (int i = 0; begin == 0 && i < CANDIDATES; i++)
        for (int l = 0; l < TAKEN; l++) {
            nearest[i * 16 + l] = FV_HUGE;
            rows[i * 16 + l] = 0;
        }
#if FV_WORKERS > 1
    for (int row = 0; row < count; row++)
        if (keys[row * 16] < nearest[(CANDIDATES - 1) * 16])
            FV_NAME(insert)(nearest, rows, keys[row * 16], begin + row);
#else
    /* Few samples are near enough: looked at one by one only where one of some rows is. */
    enum { SOME = 8 };
    for (int row = 0; row < count; row += SOME) {
        int some = min((int)SOME, count - row);
        real16 least = vload16(row, keys), farthest = vload16(CANDIDATES - 1, nearest);
        for (int i = 1; i < some; i++)
            least = fmin(least, vload16(row + i, keys));
        if (!any(least < farthest))
            continue;
        for (int i = 0; i < some; i++)
            for (int l = 0; l < 16; l++)
                if (keys[(row + i) * 16 + l] < nearest[(CANDIDATES - 1) * 16 + l])
                    FV_NAME(insert)(nearest + l, rows + l, keys[(row + i) * 16 + l], begin + row + i);
    }
#endif
}

/* Their distances, difference by difference. */
FV_KERNEL FV_NAME(measure)(global const real *restrict queries, global const real *restrict samples,
                           global const real *restrict rows, global real *restrict distance, int groups)
{
    enum { TAKEN = FV_WORKERS > 1 ? 1 : MEASURED, PARTS = 8 };
    size_t first = FV_ITEM * TAKEN;
    if (first >= (size_t)groups * CANDIDATES * 16)
        return;
    for (size_t e = first; e < first + TAKEN; e++) {
        global const real *t = samples + (size_t)rows[e] * FEATURES;
        global const real *x = queries + e / (CANDIDATES * 16) * FEATURES * 16 + e % 16;
        real sum[PARTS];
        for (int i = 0; i < PARTS; i++)
            sum[i] = 0;
        for (int from = 0; from < FEATURES; from += PARTS)
            for (int i = 0; i < PARTS; i++) {
                int f = min(from + i, FEATURES - 1);
                real apart = from + i < FEATURES ? x[f * 16] - t[f] : (real)0;
                sum[i] += L1 ? fabs(apart) : apart * apart;
            }
        real whole = ((sum[0] + sum[1]) + (sum[2] + sum[3])) + ((sum[4] + sum[5]) + (sum[6] + sum[7]));
        distance[e] = L1 ? whole : sqrt(whole);
    }
}

/* --------------------------------------------------------------------- votes */

/* By distance, and of equal ones by their number. */
void FV_NAME(sort)(global real *restrict distance, global real *restrict rows)
{
    for (int i = 1; i < CANDIDATES; i++) {
        real own = distance[i * 16], row = rows[i * 16];
        int at = i;
        for (; at > 0; at--) {
            real before = distance[(at - 1) * 16];
            if (before < own || (before == own && rows[(at - 1) * 16] < row))
                break;
            distance[at * 16] = before;
            rows[at * 16] = rows[(at - 1) * 16];
        }
        distance[at * 16] = own;
        rows[at * 16] = row;
    }
}

real FV_NAME(weight)(real distance, real nearest)
{
    if (!BY_DISTANCE)
        return 1;
    return nearest == 0 ? (distance == 0 ? (real)1 : (real)0) : 1 / distance;
}

FV_KERNEL FV_NAME(vote)(global real *restrict distance, global real *restrict rows, global const real *restrict labels,
                        global real *restrict y, int queries)
{
    int s = FV_ITEM;
    if (s >= queries)
        return;
    distance += (size_t)(s / 16) * CANDIDATES * 16 + s % 16;
    rows += (size_t)(s / 16) * CANDIDATES * 16 + s % 16;
    y += FV_AT(s, 0, 0, 0, CLASSES, 1, 1);
    FV_NAME(sort)(distance, rows);
    real whole = 0, most = 0;
    for (int i = 0; i < K; i++)
        whole += FV_NAME(weight)(distance[i * 16], distance[0]);
    for (int c = 0; c < CLASSES; c++)
        y[c * FV_L] = isnan(whole + distance[0]) ? (real)NAN : (real)0;
    for (int i = 0; i < K; i++) {
        int label = (int)labels[(int)rows[i * 16]];
        if (label >= 0 && label < CLASSES)
            y[label * FV_L] += FV_NAME(weight)(distance[i * 16], distance[0]) / whole;
    }
    int highest = 0;
    for (int c = 0; c < CLASSES; c++) {
        highest = y[c * FV_L] > most ? 1 : highest + (y[c * FV_L] == most);
        most = fmax(most, y[c * FV_L]);
    }
    for (int i = 0; i < K && highest > 1; i++) {
        int label = (int)labels[(int)rows[i * 16]];
        if (label < 0 || label >= CLASSES || y[label * FV_L] != most)
            continue;
        y[label * FV_L] += (real)0x1p-20f;
        break;
    }
}

#undef FEATURES
#undef TILED
#undef JOIN
#undef KEY
#undef DEEP
#undef TALL
