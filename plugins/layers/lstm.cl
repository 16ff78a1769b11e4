/* SPDX-License-Identifier: MIT
 * lstm.cl: one step of an LSTM, forward and backward through time, of all samples and both directions.
 *
 * H units, D directions, T steps. Of each block of samples, gates are [T][D][4][H][lane], in the order i, f, g, o: sums
 * over the input when a step begins, what was let through when it is done, their gradients when it was gone back
 * through. before, the outputs that a step begins with, is [T][D][H][lane]; cells are [T + 1][D][H][lane], those before
 * and after each position; gradients of cells [D][H][lane]. y is [y_steps][D][H][lane], with one step where only the
 * last is wanted. Directions go side by side: step n of the second is at position T - 1 - n.
 *
 * packed are the weights of the outputs, [D][tile of UNITS units][H][4][UNITS]. A work-group takes `tiles` tiles of
 * units of `some` blocks; where these are all of them, it takes several steps one after the other, `from` to `to`:
 * samples know nothing of each other. */
#define GATES (4 * H)
#define GATE_AT(b, t) ((((size_t)(b) * T + (t)) * D + d) * GATES * FV_L)
#define STATE_AT(b, t, steps) ((((size_t)(b) * (steps) + (t)) * D + d) * H * FV_L)

#define SIGMOID(v) (1 / (1 + exp(-(v))))
#define TANH(v) (2 / (1 + exp(-2 * (v))) - 1)

/* From sums to outputs. */
#define GO(i, f, g, o, before, cell, out)                                                                             \
    i = SIGMOID(i);                                                                                                   \
    f = SIGMOID(f);                                                                                                   \
    g = TANH(g);                                                                                                      \
    o = SIGMOID(o);                                                                                                   \
    cell = f * before + i * g;                                                                                        \
    out = o * TANH(cell);

/* From dh and dc, the gradients of output and cell, to those of the four sums, and of the cell before. */
#define GO_BACK(i, f, g, o, before, cell, dh, dc)                                                                     \
    cell = TANH(cell);                                                                                                \
    dc += dh * o * (1 - cell * cell);                                                                                 \
    o *= dh * cell * (1 - o);                                                                                         \
    before *= dc * f * (1 - f);                                                                                       \
    cell = dc * g * i * (1 - i);                                                                                      \
    g = dc * i * (1 - g * g);                                                                                         \
    dc *= f;                                                                                                          \
    i = cell;                                                                                                         \
    f = before;

#if FV_WORKERS > 1
/* A work-item takes a unit of a sample. */
#define number real
#define LOAD(from, count) (*(from))
#define STORE(v, to, count) *(to) = v
#elif FV_L == 1
/* Vectors run over units. */
#define number real16
#if H % 16
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
#define LOAD(from, count) FV_NAME(load)(from, count)
#define STORE(v, to, count) fv_store16(v, to, count)
#else
#define LOAD(from, count) vload16(0, from)
#define STORE(v, to, count) vstore16(v, 0, to)
#endif
#elif FV_L == 8
#define number real8
#define LOAD(from, count) vload8(0, from)
#define STORE(v, to, count) vstore8(v, 0, to)
#else
#define number real16
#define LOAD(from, count) vload16(0, from)
#define STORE(v, to, count) vstore16(v, 0, to)
#endif

/* The end of a forward step of one vector. next: where the step after begins, or NULL. */
void FV_NAME(go)(number i, number f, number g, number o, global real *gate, global const real *old, global real *made,
                 global real *next, global real *y, int count)
{
    number before = LOAD(old, count), cell, out;
    GO(i, f, g, o, before, cell, out)
    STORE(i, gate, count);
    STORE(f, gate + H * FV_L, count);
    STORE(g, gate + 2 * H * FV_L, count);
    STORE(o, gate + 3 * H * FV_L, count);
    STORE(cell, made, count);
    STORE(out, y, count);
    if (next)
        STORE(out, next, count);
}

/* The end of a step back. dy: NULL where the step's output is not looked at. last: it is the first to be gone back
 * through. */
void FV_NAME(go_back)(number dh, global real *gate, global const real *old, global const real *made,
                      global real *dcell, global const real *dy, bool last, int count)
{
    number i = LOAD(gate, count), f = LOAD(gate + H * FV_L, count), g = LOAD(gate + 2 * H * FV_L, count);
    number o = LOAD(gate + 3 * H * FV_L, count);
    number before = LOAD(old, count), cell = LOAD(made, count), dc = 0;
    if (dy)
        dh += LOAD(dy, count);
    if (!last)
        dc = LOAD(dcell, count);
    GO_BACK(i, f, g, o, before, cell, dh, dc)
    STORE(i, gate, count);
    STORE(f, gate + H * FV_L, count);
    STORE(g, gate + 2 * H * FV_L, count);
    STORE(o, gate + 3 * H * FV_L, count);
    STORE(dc, dcell, count);
}

/* Where one vector of a block ends its step: `at` is the first real of it within H * FV_L. */
#define GO_AT(b, at, i, f, g, o, count)                                                                               \
    FV_NAME(go)(i, f, g, o, gates + GATE_AT(b, t) + (at), cells + STATE_AT(b, t + d, T + 1) + (at),                   \
                cells + STATE_AT(b, t + 1 - d, T + 1) + (at), end ? 0 : before + STATE_AT(b, next, T) + (at),         \
                y + STATE_AT(b, y_steps == 1 ? 0 : t, y_steps) + (at), count)

/* The same backward. Behind the first step, dh and the gradient of the cell are those of the state that it began with:
 * they go to the layer's part of these, [STATES][lane] of a block, from `first` on. */
#define GO_BACK_AT(b, at, dh, count)                                                                                  \
    if (step < 0) {                                                                                                   \
        size_t state = ((size_t)(b) * STATES + first + d * H) * FV_L + (at);                                          \
        if (wanted & 1)                                                                                               \
            STORE(dh, dh0 + state, count);                                                                            \
        if (wanted & 2) {                                                                                             \
            number dc = LOAD(dcells + STATE_AT(b, 0, 1) + (at), count);                                               \
            STORE(dc, dc0 + state, count);                                                                            \
        }                                                                                                             \
    } else {                                                                                                          \
        FV_NAME(go_back)(dh, gates + GATE_AT(b, t) + (at), cells + STATE_AT(b, t + d, T + 1) + (at),                  \
                         cells + STATE_AT(b, t + 1 - d, T + 1) + (at), dcells + STATE_AT(b, 0, 1) + (at),             \
                         y_steps == 1 && !end ? 0 : dy + STATE_AT(b, y_steps == 1 ? 0 : t, y_steps) + (at), end,      \
                         count);                                                                                      \
    }

#define FORWARD_HEAD                                                                                                  \
    FV_KERNEL FV_NAME(forward)(global real *restrict gates, global const real *restrict packed,                       \
                               global real *restrict before, global real *restrict cells, global real *restrict y,    \
                               int from, int to, int y_steps, int blocks, int some, int tiles)                        \
    {                                                                                                                 \
        int d = get_group_id(2);
#define BACKWARD_HEAD                                                                                                 \
    FV_KERNEL FV_NAME(backward)(                                                                                      \
        global real *restrict gates, global const real *restrict weight, global const real *restrict weight_reverse,  \
        global const real *restrict cells, global real *restrict dcells, global const real *restrict dy,              \
        global real *restrict dh0, global real *restrict dc0, int first, int wanted, int from, int to, int y_steps,   \
        int blocks, int some, int tiles)                                                                              \
    {                                                                                                                 \
        int d = get_group_id(2);                                                                                      \
        if (d)                                                                                                        \
            weight = weight_reverse;
/* Where a step is. */
#define PLACE(step)                                                                                                   \
    int t = d ? T - 1 - (step) : (step), next = d ? t - 1 : t + 1;                                                    \
    bool end = step == T - 1;
/* A work-group's steps, tiles, of ALL, and blocks, AT_ONCE at a time. */
#define SHARE                                                                                                         \
    int start = get_group_id(1) * some, stop = min(start + some, blocks);                                             \
    int tile_start = get_group_id(0) * tiles;
#define EACH_TILE(ALL) for (int tile = tile_start; tile < min(tile_start + tiles, ALL); tile++)
#define EACH_BLOCK(AT_ONCE) for (int b = start; b < stop; b += AT_ONCE)

#if FV_WORKERS > 1
FORWARD_HEAD
    int step = from;
    PLACE(step)
    int b = FV_ITEM / (H * FV_L), at = FV_ITEM % (H * FV_L), unit = at / FV_L, l = at % FV_L;
    if (b >= blocks)
        return;
    global const real *h = before + STATE_AT(b, t, T) + l, *w = packed + (size_t)d * H * GATES + unit;
    global const real *gate = gates + GATE_AT(b, t) + at;
    real i = gate[0], f = gate[H * FV_L], g = gate[2 * H * FV_L], o = gate[3 * H * FV_L];
    for (int k = 0; k < H; k++) {
        real v = h[k * FV_L];
        i += w[0] * v;
        f += w[H] * v;
        g += w[2 * H] * v;
        o += w[3 * H] * v;
        w += GATES;
    }
    GO_AT(b, at, i, f, g, o, 1);
}

BACKWARD_HEAD
    int step = from;
    PLACE(step)
    int b = FV_ITEM / (H * FV_L), at = FV_ITEM % (H * FV_L), unit = at / FV_L, l = at % FV_L;
    if (b >= blocks)
        return;
    real dh = 0;
    if (!end) {
        global const real *dgate = gates + GATE_AT(b, next) + l;
        for (int r = 0; r < GATES; r++)
            dh += weight[(size_t)r * H + unit] * dgate[r * FV_L];
    }
    GO_BACK_AT(b, at, dh, 1)
}

#elif FV_L == 1
/* A tile of EACH_SAMPLE(F) samples x UNITS = 16 units, all four gates of them. */
#define BEGIN(s)                                                                                                      \
    int b##s = min(b + s, stop - 1);                                                                                  \
    global const real *h##s = before + STATE_AT(b##s, t, T), *gate##s = gates + GATE_AT(b##s, t) + unit;              \
    real16 i##s = LOAD(gate##s, H - unit), f##s = LOAD(gate##s + H, H - unit);                                        \
    real16 g##s = LOAD(gate##s + 2 * H, H - unit), o##s = LOAD(gate##s + 3 * H, H - unit);
#define MULTIPLY(s)                                                                                                   \
    {                                                                                                                 \
        real16 v = (real16)(h##s[k]);                                                                                 \
        i##s = mad(v, wi, i##s);                                                                                      \
        f##s = mad(v, wf, f##s);                                                                                      \
        g##s = mad(v, wg, g##s);                                                                                      \
        o##s = mad(v, wo, o##s);                                                                                      \
    }
#define END(s)                                                                                                        \
    if (b + s < stop)                                                                                                 \
        GO_AT(b##s, unit, i##s, f##s, g##s, o##s, H - unit);
FORWARD_HEAD
    SHARE
    for (int step = from; step < to; step++) {
        PLACE(step)
        EACH_TILE(TILES)
            EACH_BLOCK(SAMPLES)
            {
                int unit = tile * UNITS;
                global const real *w = packed + ((size_t)d * TILES + tile) * H * (4 * UNITS);
                EACH_SAMPLE(BEGIN)
                for (int k = 0; k < H; k++) {
                    real16 wi = vload16(0, w), wf = vload16(1, w), wg = vload16(2, w), wo = vload16(3, w);
                    w += 4 * UNITS;
                    EACH_SAMPLE(MULTIPLY)
                }
                EACH_SAMPLE(END)
            }
    }
}
#undef BEGIN
#undef MULTIPLY
#undef END

/* A tile of EACH_SAMPLE_BACK(F) samples x BACK_UNITS = 16 or 32 units. A second vector begins no later than with the
 * last unit, so that nothing far behind the end is read. */
#define BEGIN(s)                                                                                                      \
    int b##s = min(b + s, stop - 1);                                                                                  \
    global const real *dgate##s = gates + GATE_AT(b##s, end ? t : next);                                              \
    real16 u##s = (real16)(0), v##s = (real16)(0);
#if BACK_UNITS > 16
#define SECOND(s) v##s = mad(v, w1, v##s);
#define END_SECOND(s)                                                                                                 \
    if (unit + 16 < H) {                                                                                              \
        GO_BACK_AT(b##s, unit + 16, v##s, H - unit - 16)                                                              \
    }
#else
#define SECOND(s)
#define END_SECOND(s)
#endif
#define MULTIPLY(s)                                                                                                   \
    {                                                                                                                 \
        real16 v = (real16)(dgate##s[r]);                                                                             \
        u##s = mad(v, w0, u##s);                                                                                      \
        SECOND(s)                                                                                                     \
    }
#define END(s)                                                                                                        \
    if (b + s < stop) {                                                                                               \
        GO_BACK_AT(b##s, unit, u##s, H - unit)                                                                        \
        END_SECOND(s)                                                                                                 \
    }
BACKWARD_HEAD
    SHARE
    for (int step = from; step >= to; step--) {
        PLACE(step)
        EACH_TILE((H + BACK_UNITS - 1) / BACK_UNITS)
            EACH_BLOCK(BACK_SAMPLES)
            {
                int unit = tile * BACK_UNITS, rows = end ? 0 : GATES;
                global const real *w = weight + unit;
                EACH_SAMPLE_BACK(BEGIN)
                for (int r = 0; r < rows; r++) {
                    real16 w0 = vload16(0, w);
#if BACK_UNITS > 16
                    real16 w1 = vload16(0, w + min(16, H - 1 - unit));
#endif
                    w += H;
                    EACH_SAMPLE_BACK(MULTIPLY)
                }
                EACH_SAMPLE_BACK(END)
            }
    }
}
#undef BEGIN
#undef SECOND
#undef MULTIPLY
#undef END
#undef END_SECOND

#else
/* Vectors run over the batch: a tile of EACH_UNIT(F) units, all four gates of them, of one block, or of two (PAIR).
 * Units behind the last are the last again. */
#if PAIR
#define SECOND(...) __VA_ARGS__
#else
#define SECOND(...)
#endif
#define FIRST_OF(u, p, b)                                                                                             \
    number i##u##_##p, f##u##_##p, g##u##_##p, o##u##_##p;                                                            \
    {                                                                                                                 \
        global const real *gate = gates + GATE_AT(b, t) + min(unit + u, H - 1) * FV_L;                                \
        i##u##_##p = LOAD(gate, FV_L);                                                                                \
        f##u##_##p = LOAD(gate + H * FV_L, FV_L);                                                                     \
        g##u##_##p = LOAD(gate + 2 * H * FV_L, FV_L);                                                                 \
        o##u##_##p = LOAD(gate + 3 * H * FV_L, FV_L);                                                                 \
    }
#define BEGIN(u) FIRST_OF(u, 0, b) SECOND(FIRST_OF(u, 1, other))
#define MULTIPLY_BY(u, p)                                                                                             \
    i##u##_##p = mad(wi, v##p, i##u##_##p);                                                                           \
    f##u##_##p = mad(wf, v##p, f##u##_##p);                                                                           \
    g##u##_##p = mad(wg, v##p, g##u##_##p);                                                                           \
    o##u##_##p = mad(wo, v##p, o##u##_##p);
#define MULTIPLY(u)                                                                                                   \
    {                                                                                                                 \
        number wi = (number)(w[u]), wf = (number)(w[UNITS + u]), wg = (number)(w[2 * UNITS + u]);                     \
        number wo = (number)(w[3 * UNITS + u]);                                                                       \
        MULTIPLY_BY(u, 0)                                                                                             \
        SECOND(MULTIPLY_BY(u, 1))                                                                                     \
    }
#define END_OF(u, p, b) GO_AT(b, (unit + u) * FV_L, i##u##_##p, f##u##_##p, g##u##_##p, o##u##_##p, FV_L);
#define END(u)                                                                                                        \
    if (unit + u < H) {                                                                                               \
        END_OF(u, 0, b)                                                                                               \
        SECOND(if (b + 1 < stop) END_OF(u, 1, other))                                                                 \
    }
FORWARD_HEAD
    SHARE
    for (int step = from; step < to; step++) {
        PLACE(step)
        EACH_TILE(TILES)
            EACH_BLOCK(1 + PAIR)
            {
                int unit = tile * UNITS;
                global const real *w = packed + ((size_t)d * TILES + tile) * H * (4 * UNITS);
                global const real *h0 = before + STATE_AT(b, t, T);
                SECOND(int other = min(b + 1, stop - 1); global const real *h1 = before + STATE_AT(other, t, T);)
                EACH_UNIT(BEGIN)
                for (int k = 0; k < H; k++) {
                    number v0 = LOAD(h0 + k * FV_L, FV_L);
                    SECOND(number v1 = LOAD(h1 + k * FV_L, FV_L);)
                    EACH_UNIT(MULTIPLY)
                    w += 4 * UNITS;
                }
                EACH_UNIT(END)
            }
    }
}
#undef FIRST_OF
#undef BEGIN
#undef MULTIPLY_BY
#undef MULTIPLY
#undef END_OF
#undef END

/* A tile of EACH_UNIT_BACK(F) units. */
#define BEGIN(u) number s##u##_0 = (number)(0); SECOND(number s##u##_1 = (number)(0);)
#define MULTIPLY(u)                                                                                                   \
    {                                                                                                                 \
        number weight_u = (number)(w[u]);                                                                             \
        s##u##_0 = mad(weight_u, v0, s##u##_0);                                                                       \
        SECOND(s##u##_1 = mad(weight_u, v1, s##u##_1);)                                                               \
    }
#define END(u)                                                                                                        \
    if (unit + u < H) {                                                                                               \
        GO_BACK_AT(b, (unit + u) * FV_L, s##u##_0, FV_L)                                                              \
        SECOND(if (b + 1 < stop) { GO_BACK_AT(other, (unit + u) * FV_L, s##u##_1, FV_L) })                            \
    }
BACKWARD_HEAD
    SHARE
    for (int step = from; step >= to; step--) {
        PLACE(step)
        EACH_TILE((H + BACK_UNITS - 1) / BACK_UNITS)
            EACH_BLOCK(1 + PAIR)
            {
                int unit = tile * BACK_UNITS, rows = end ? 0 : GATES, at = end ? t : next;
                global const real *w = weight + unit, *dgate0 = gates + GATE_AT(b, at);
                SECOND(int other = min(b + 1, stop - 1); global const real *dgate1 = gates + GATE_AT(other, at);)
                EACH_UNIT_BACK(BEGIN)
                for (int r = 0; r < rows; r++) {
                    number v0 = LOAD(dgate0 + r * FV_L, FV_L);
                    SECOND(number v1 = LOAD(dgate1 + r * FV_L, FV_L);)
                    EACH_UNIT_BACK(MULTIPLY)
                    w += H;
                }
                EACH_UNIT_BACK(END)
            }
    }
}
#undef SECOND
#undef BEGIN
#undef MULTIPLY
#undef END
#endif

#undef GATES
#undef GATE_AT
#undef STATE_AT
#undef SIGMOID
#undef TANH
#undef GO
#undef GO_BACK
#undef number
#undef LOAD
#undef STORE
#undef GO_AT
#undef GO_BACK_AT
#undef FORWARD_HEAD
#undef BACKWARD_HEAD
#undef PLACE
#undef SHARE
#undef EACH_TILE
#undef EACH_BLOCK
