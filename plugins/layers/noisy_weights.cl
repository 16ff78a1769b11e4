/* SPDX-License-Identifier: MIT
 * noisy_weights.cl: ROW: weights of one output; NODE: the layer's number; SOME: weights of a row that a work-group
 * takes; NOISE(w, v, d, a, b): sets v to what stands in the place of weight w, and d to its derivative by w; a and b are
 * random words.
 *
 * Weight k of output o takes two words of Philox with counter (k / 32 * 16 + k % 16, o, step, NODE) and the seed as key:
 * the first two where k / 16 is even, else the last two. On CPUs vectors of 16 weights share a vector of calls. */

#if FV_WORKERS > 1
typedef real FV_NAME(number);
typedef uint FV_NAME(word);
#define CHOOSE(below, yes, no) ((below) ? (yes) : (no))
#define TO_FLOAT convert_float
#define TO_NUMBER(f) ((real)(f))
#define EACH_BEGIN(begin, end, row)                                                                                   \
    for (int k = (begin) + FV_ME; k < (end); k += FV_WORKERS) {                                                       \
        uint4 fv_words = fv_philox((uint4)(k / 32 * 16 + k % 16, row, step, NODE), seed);                             \
        uint fv_a = k / 16 % 2 ? fv_words.z : fv_words.x, fv_b = k / 16 % 2 ? fv_words.w : fv_words.y;
#define EACH_END }
#define LOAD(from) (*(from))
#define LOAD_OWN(from, end) (*(from))
#define STORE(v, to, end) *(to) = v
#define ADD_UP(sum, v, end) sum += v

#else
typedef real16 FV_NAME(number);
typedef uint16 FV_NAME(word);
#if FV_DOUBLE
#define CHOOSE(below, yes, no) select((real16)(no), (real16)(yes), convert_long16(below))
#define TO_NUMBER(f) convert_double16(f)
#else
#define CHOOSE(below, yes, no) select((real16)(no), (real16)(yes), below)
#define TO_NUMBER(f) (f)
#endif
#define TO_FLOAT convert_float16

/* fv_philox() with vectors over 16 calls that follow each other; on a, b, c, d. */
void FV_NAME(philox)(uint16 *words, uint first, uint row, uint step, uint2 key)
{
    uint16 a = first + (uint16)(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    uint16 b = row, c = step, d = NODE;
    for (int round = 0; round < 10; round++) {
        uint16 high0 = mul_hi((uint16)0xD2511F53u, a), low0 = 0xD2511F53u * a;
        uint16 high1 = mul_hi((uint16)0xCD9E8D57u, c), low1 = 0xCD9E8D57u * c;
        a = high1 ^ b ^ key.x;
        b = low1;
        c = high0 ^ d ^ key.y;
        d = low0;
        key += (uint2)(0x9E3779B9u, 0xBB67AE85u);
    }
    words[0] = a;
    words[1] = b;
    words[2] = c;
    words[3] = d;
}

#define EACH_BEGIN(begin, end, row)                                                                                   \
    for (int fv_k = (begin); fv_k < (end); fv_k += 32) {                                                              \
        uint16 fv_words[4];                                                                                           \
        FV_NAME(philox)(fv_words, fv_k / 2, row, step, seed);                                                         \
        for (int fv_half = 0; fv_half < 2; fv_half++) {                                                               \
            int k = fv_k + 16 * fv_half;                                                                              \
            uint16 fv_a = fv_words[2 * fv_half], fv_b = fv_words[2 * fv_half + 1];                                    \
            if (k >= (end))                                                                                           \
                break;
#define EACH_END                                                                                                      \
    }                                                                                                                 \
    }
#define LOAD(from) vload16(0, from)
#define LOAD_OWN(from, end) FV_NAME(load)(from, (end) - k)
#define STORE(v, to, end) fv_store16(v, to, (end) - k)
#define ADD_UP(sum, v, end) sum += FV_NAME(total)(v, (end) - k)

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

/* The sum of the first `count` numbers. */
real FV_NAME(total)(real16 v, int count)
{
    real all[16], sum = 0;
    vstore16(v, 0, all);
    for (int i = 0; i < 16; i++)
        sum += i < count ? all[i] : 0;
    return sum;
}
#endif

/* Normal, as fv_gaussian(). */
#define GAUSSIAN(a, b)                                                                                                \
    TO_NUMBER(sqrt(-2.0f * log((TO_FLOAT((a) >> 8) + 1.0f) * 0x1p-24f)) *                                             \
              cos(6.283185307179586f * (TO_FLOAT((b) >> 8) * 0x1p-24f)))

/* The weights of this step. */
FV_KERNEL FV_NAME(draw)(global const real *restrict weight, global real *restrict noisy, uint step, uint2 seed)
{
    int begin = get_group_id(0) * SOME, end = min(begin + SOME, ROW), row = get_group_id(1);
    weight += (size_t)row * ROW;
    noisy += (size_t)row * ROW;
    EACH_BEGIN(begin, end, row)
        FV_NAME(number) w = LOAD(weight + k), v, d;
        NOISE(w, v, d, fv_a, fv_b)
        STORE(v, noisy + k, end);
    EACH_END
}

/* From their gradient to that of the parameter. */
FV_KERNEL FV_NAME(pass_back)(global const real *restrict weight, global real *restrict gradient, uint step, uint2 seed)
{
    int begin = get_group_id(0) * SOME, end = min(begin + SOME, ROW), row = get_group_id(1);
    weight += (size_t)row * ROW;
    gradient += (size_t)row * ROW;
    EACH_BEGIN(begin, end, row)
        FV_NAME(number) w = LOAD(weight + k), v, d;
        NOISE(w, v, d, fv_a, fv_b)
        STORE(LOAD_OWN(gradient + k, end) * d, gradient + k, end);
    EACH_END
}

/* Noise that is added to signals: what all of an output's come to, weighted, is added to its bias. */
FV_KERNEL FV_NAME(draw_bias)(global const real *restrict weight, global const real *restrict bias,
                             global real *restrict noisy, uint step, uint2 seed)
{
    local real room[FV_WORKERS];
    int row = get_group_id(0);
    real sum = 0;
    weight += (size_t)row * ROW;
    EACH_BEGIN(0, ROW, row)
        FV_NAME(number) w = LOAD(weight + k), v, d;
        NOISE(w, v, d, fv_a, fv_b)
        ADD_UP(sum, v - w, ROW);
    EACH_END
    sum = fv_total(sum, room);
    if (FV_ME == 0)
        noisy[row] = bias[row] + sum;
}

/* And the way of its gradient to the weights. */
FV_KERNEL FV_NAME(pass_back_bias)(global const real *restrict weight, global const real *restrict bias_gradient,
                                  global real *restrict gradient, uint step, uint2 seed)
{
    int begin = get_group_id(0) * SOME, end = min(begin + SOME, ROW), row = get_group_id(1);
    weight += (size_t)row * ROW;
    gradient += (size_t)row * ROW;
    EACH_BEGIN(begin, end, row)
        FV_NAME(number) w = LOAD(weight + k), v, d;
        NOISE(w, v, d, fv_a, fv_b)
        STORE(LOAD_OWN(gradient + k, end) + bias_gradient[row] * (d - 1), gradient + k, end);
    EACH_END
}

#undef CHOOSE
#undef TO_FLOAT
#undef TO_NUMBER
#undef EACH_BEGIN
#undef EACH_END
#undef LOAD
#undef LOAD_OWN
#undef STORE
#undef ADD_UP
#undef GAUSSIAN
