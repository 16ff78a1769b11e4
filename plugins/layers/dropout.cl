/* SPDX-License-Identifier: MIT
 * dropout.cl: C, PIXELS: input; NODE: the layer's number; DROPPED: words below are dropped; SCALE: of what is kept,
 * TEST_SCALE: of everything outside of training.
 *
 * Element e of a sample, in C, H, W order, takes word e % 4 of Philox with counter (e / 4, sample, step, NODE) and the
 * seed as key. On CPUs CALLS calls are made side by side: for the lanes of a block, or, where there is one lane, for
 * neighbouring groups of four elements. On GPUs each element makes a call of its own: neighbours in memory share none. */
#if FV_WORKERS > 1
#define ALL ((size_t)C * PIXELS * FV_L)
FV_KERNEL FV_NAME(apply)(global const real *restrict from, global real *restrict to, uint step, uint2 seed,
                         int blocks FV_TAIL_PARAMS)
{
    FV_TAIL_BEGIN(to)
    size_t at = FV_ITEM;
    if (at >= blocks * ALL)
        return;
    uint sample = at / ALL * FV_L + at % FV_L, element = at / FV_L % C * PIXELS + at / (C * FV_L) % PIXELS;
    uint4 words = fv_philox((uint4)(element / 4, sample, step, NODE), seed);
    uint word = element % 4 == 0 ? words.x : element % 4 == 1 ? words.y : element % 4 == 2 ? words.z : words.w;
    to[at] = FV_TAIL(word < DROPPED ? 0 : from[at] * SCALE, to + at);
}

FV_KERNEL FV_NAME(copy)(global const real *restrict x, global real *restrict y, int blocks)
{
    if (FV_ITEM < blocks * ALL)
        y[FV_ITEM] = x[FV_ITEM] * TEST_SCALE;
}
#undef ALL

#else
#if FV_L > 1
#define CALLS FV_L
#define GROUPS_AT_ONCE 1
#define LANE(k) (k)
#define GROUP(g, k) (g)
#else
#define CALLS 16
#define GROUPS_AT_ONCE 16
#define LANE(k) 0
#define GROUP(g, k) ((g) + (k))
#endif

/* fv_philox() with vectors over the calls. words: 4 x CALLS. */
void FV_NAME(draw)(uint *words, uint group, uint sample, uint step, uint2 key)
{
    uint a[CALLS], b[CALLS], c[CALLS], d[CALLS];
    for (int k = 0; k < CALLS; k++) {
        a[k] = GROUP(group, k);
        b[k] = sample + LANE(k);
        c[k] = step;
        d[k] = NODE;
    }
    for (int round = 0; round < 10; round++) {
        for (int k = 0; k < CALLS; k++) {
            uint high0 = mul_hi(0xD2511F53u, a[k]), low0 = 0xD2511F53u * a[k];
            uint high1 = mul_hi(0xCD9E8D57u, c[k]), low1 = 0xCD9E8D57u * c[k];
            a[k] = high1 ^ b[k] ^ key.x;
            b[k] = low1;
            c[k] = high0 ^ d[k] ^ key.y;
            d[k] = low0;
        }
        key += (uint2)(0x9E3779B9u, 0xBB67AE85u);
    }
    for (int k = 0; k < CALLS; k++) {
        words[k] = a[k];
        words[CALLS + k] = b[k];
        words[2 * CALLS + k] = c[k];
        words[3 * CALLS + k] = d[k];
    }
}

/* Forward from x to y, backward from dy to dx. A work-item takes SOME_GROUPS groups of a block. */
kernel __attribute__((reqd_work_group_size(1, 1, 1))) void
FV_NAME(apply)(global const real *restrict from, global real *restrict to, uint step, uint2 seed,
               int blocks FV_TAIL_PARAMS)
{
    FV_TAIL_BEGIN(to)
    int begin = get_group_id(0) * SOME_GROUPS, end = min(begin + SOME_GROUPS, (C * PIXELS + 3) / 4);
    int block = get_group_id(1);
    from += (size_t)block * C * PIXELS * FV_L;
    to += (size_t)block * C * PIXELS * FV_L;

    for (int group = begin; group < end; group += GROUPS_AT_ONCE) {
        uint words[4 * CALLS];
        FV_NAME(draw)(words, group, block * FV_L, step, seed);
        for (int word = 0; word < 4; word++)
            for (int k = 0; k < CALLS; k++) {
                int element = GROUP(group, k) * 4 + word;
                size_t at = ((size_t)(element % PIXELS) * C + element / PIXELS) * FV_L + LANE(k);
                if (element < C * PIXELS)
                    to[at] = FV_TAIL(words[word * CALLS + k] < DROPPED ? 0 : from[at] * SCALE, to + at);
            }
    }
}

/* Outside of training. */
kernel __attribute__((reqd_work_group_size(1, 1, 1))) void
FV_NAME(copy)(global const real *restrict x, global real *restrict y, int blocks)
{
    int begin = get_group_id(0) * SOME_GROUPS * 4, end = min(begin + SOME_GROUPS * 4, C * PIXELS);
    x += (size_t)get_group_id(1) * C * PIXELS * FV_L;
    y += (size_t)get_group_id(1) * C * PIXELS * FV_L;
    for (int i = begin * FV_L; i < end * FV_L; i++)
        y[i] = x[i] * TEST_SCALE;
}

#undef CALLS
#undef GROUPS_AT_ONCE
#undef LANE
#undef GROUP
#endif
