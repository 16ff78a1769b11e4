/* SPDX-License-Identifier: MIT
 * peak.cl: kernels that nothing holds up: sums in registers, and a copy.
 * VECTOR: a type; GROUP: 1 where a group is one work-item; EACH(F): F(0) F(1) ... of all accumulators. */
#if GROUP
#define PEAK kernel __attribute__((reqd_work_group_size(1, 1, 1))) void
#else
#define PEAK kernel void
#endif
#ifdef FP_FAST_FMAF
#define MULTIPLY_ADD fma
#else
#define MULTIPLY_ADD mad
#endif

#define BEGIN(i) VECTOR a##i = (VECTOR)(s + i + (float)get_group_id(0));
#define STEP(i) a##i = MULTIPLY_ADD(a##i, b, c);
#define ADD(i) sum += a##i;

PEAK peak_flops(global VECTOR *restrict out, float s, int steps)
{
    VECTOR b = (VECTOR)(s), c = (VECTOR)(s * 0.5f), sum = (VECTOR)(0.0f);
    EACH(BEGIN)
    for (int k = 0; k < steps; k++) {
        EACH(STEP)
    }
    EACH(ADD)
    out[get_global_id(0)] = sum;
}

/* Every work-item takes `each` vectors. */
PEAK peak_copy(global const VECTOR *restrict from, global VECTOR *restrict to, int each)
{
    size_t begin = get_global_id(0) * (size_t)each, end = begin + each;
    for (size_t i = begin; i < end; i++)
        to[i] = from[i];
}
