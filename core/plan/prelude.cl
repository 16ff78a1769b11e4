/* prelude.cl: what stands before every source: types, the place of an element, random numbers.
 * The host defines FV_DOUBLE, FV_PREFETCH (1 or 0), FV_L (lanes) and FV_WORKERS (a power of 2; 1 on CPUs). */
#if FV_DOUBLE
#pragma OPENCL EXTENSION cl_khr_fp64 : enable
typedef double real;
typedef double2 real2;
typedef double4 real4;
typedef double8 real8;
typedef double16 real16;
#define FV_HUGE DBL_MAX
#else
typedef float real;
typedef float2 real2;
typedef float4 real4;
typedef float8 real8;
typedef float16 real16;
#define FV_HUGE FLT_MAX
#endif

/* A kernel whose work-groups are FV_WORKERS work-items; which of them one is. Loops over a group's elements begin at
 * `begin + FV_ME` and step by FV_WORKERS: neighbours take neighbours, and on CPUs one work-item takes all. */
#define FV_KERNEL kernel __attribute__((reqd_work_group_size(FV_WORKERS, 1, 1))) void
#if FV_WORKERS > 1
#define FV_ME ((int)get_local_id(0))
#else
#define FV_ME 0
#endif
/* The number of a work-item in the whole launch, where each takes one element. */
#define FV_ITEM (get_group_id(0) * (size_t)FV_WORKERS + FV_ME)

/* Has the cache line at p on its way, where the compiler knows how: long loops hide what memory takes. */
#if FV_PREFETCH
#define FV_FETCH(p) __builtin_prefetch((const void *)(size_t)(p))
#else
#define FV_FETCH(p)
#endif

/* The sum over a work-group, always in the same order; every work-item must call it, and is given the sum.
 * room: FV_WORKERS reals. */
real fv_total(real mine, local real *room)
{
#if FV_WORKERS > 1
    barrier(CLK_LOCAL_MEM_FENCE); /* what was there before has been read */
    room[FV_ME] = mine;
    barrier(CLK_LOCAL_MEM_FENCE);
    for (int step = FV_WORKERS / 2; step > 0; step /= 2) {
        if (FV_ME < step)
            room[FV_ME] += room[FV_ME + step];
        barrier(CLK_LOCAL_MEM_FENCE);
    }
    return room[0];
#else
    return mine;
#endif
}

/* Writes the first `count` numbers of a vector, 16 at most. */
void fv_store16(real16 v, global real *restrict out, int count)
{
    if (count >= 16) {
        vstore16(v, 0, out);
        return;
    }
    real part[16];
    vstore16(v, 0, part);
    for (int i = 0; i < count; i++)
        out[i] = part[i];
}

/* Where sample s, channel c, row y, column x of a C x H x W value lies. */
#define FV_AT(s, c, y, x, C, H, W)                                                                                    \
    (((((size_t)((s) / FV_L) * (H) + (y)) * (W) + (x)) * (C) + (c)) * FV_L + (s) % FV_L)

/* Philox4x32-10 (Salmon et al., 2011). */
uint4 fv_philox(uint4 counter, uint2 key)
{
    for (int round = 0; round < 10; round++) {
        uint hi0 = mul_hi(0xD2511F53u, counter.x), lo0 = 0xD2511F53u * counter.x;
        uint hi1 = mul_hi(0xCD9E8D57u, counter.z), lo1 = 0xCD9E8D57u * counter.z;
        counter = (uint4)(hi1 ^ counter.y ^ key.x, lo1, hi0 ^ counter.w ^ key.y, lo0);
        key += (uint2)(0x9E3779B9u, 0xBB67AE85u);
    }
    return counter;
}

/* In [0, 1), from the upper 24 bits. */
float fv_uniform(uint bits)
{
    return (float)(bits >> 8) * 0x1p-24f;
}

/* Normal, from two random words (Box and Muller, 1958). */
float fv_gaussian(uint a, uint b)
{
    return sqrt(-2.0f * log(((float)(a >> 8) + 1.0f) * 0x1p-24f)) * cos(6.283185307179586f * fv_uniform(b));
}
