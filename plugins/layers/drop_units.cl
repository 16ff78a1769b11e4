/* SPDX-License-Identifier: MIT
 * drop_units.cl: C, PIXELS: input; NODE: the layer's number; DROPPED: words below are dropped; SCALE: of what is kept,
 * TEST_SCALE: of everything outside of training; BY_CHANNEL, BY_SAMPLE: 1 where each is drawn for itself, else 0.
 *
 * The factors of a block are C * L numbers, of which each channel of each sample has one. Channel c takes word c % 4 of
 * Philox with counter (c / 4, sample, step, NODE) and the seed as key. */
#define SPAN (C * FV_L)

/* A work-group takes a block. */
FV_KERNEL FV_NAME(draw)(global real *restrict factors, uint step, uint2 seed)
{
    int block = get_group_id(0);
    factors += (size_t)block * SPAN;
    for (int i = FV_ME; i < (C + 3) / 4 * FV_L; i += FV_WORKERS) {
        int group = i / FV_L, lane = i % FV_L;
        uint words[4];
        vstore4(fv_philox((uint4)(BY_CHANNEL * group, BY_SAMPLE * (block * FV_L + lane), step, NODE), seed), 0, words);
        for (int k = 0; k < 4 && group * 4 + k < C; k++)
            factors[(group * 4 + k) * FV_L + lane] = words[BY_CHANNEL * k] < DROPPED ? 0 : SCALE;
    }
}

FV_KERNEL FV_NAME(fill)(global real *restrict factors)
{
    factors += (size_t)get_group_id(0) * SPAN;
    for (int i = FV_ME; i < SPAN; i += FV_WORKERS)
        factors[i] = TEST_SCALE;
}

/* Forward from x to y, backward from dy to dx. A work-item takes SOME_PIXELS of a block; on GPUs one element. */
#if FV_WORKERS > 1
FV_KERNEL FV_NAME(apply)(global const real *restrict from, global const real *restrict factors, global real *restrict to,
                         int blocks FV_TAIL_PARAMS)
{
    FV_TAIL_BEGIN(to)
    size_t at = FV_ITEM;
    if (at < (size_t)blocks * PIXELS * SPAN)
        to[at] = FV_TAIL(from[at] * factors[at / ((size_t)PIXELS * SPAN) * SPAN + at % SPAN], to + at);
}

#else
FV_KERNEL FV_NAME(apply)(global const real *restrict from, global const real *restrict factors, global real *restrict to,
                         int blocks FV_TAIL_PARAMS)
{
    FV_TAIL_BEGIN(to)
    int begin = get_group_id(0) * SOME_PIXELS, end = min(begin + SOME_PIXELS, PIXELS), block = get_group_id(1);
    from += (size_t)block * PIXELS * SPAN;
    to += (size_t)block * PIXELS * SPAN;
    factors += (size_t)block * SPAN;
    for (int p = begin; p < end; p++)
        for (int i = 0; i < SPAN; i++) {
            size_t at = (size_t)p * SPAN + i;
            to[at] = FV_TAIL(from[at] * factors[i], to + at);
        }
}
#endif
#undef SPAN
