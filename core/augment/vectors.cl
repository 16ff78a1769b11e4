/* vectors.cl: what maps and passes are written over: runs of 16 points in a row on CPUs, single points on GPUs; random
 * numbers for each point; the structs of program.h. */
#undef VEC
#undef IVEC
#undef UVEC
#undef ULVEC
#undef LANES
#if ROWS
#define VEC float16
#define IVEC int16
#define UVEC uint16
#define ULVEC ulong16
#define LANES 16
#define FV_RAMP_(T) ((T)(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15))
#define FV_FLOATS(x) convert_float16(x)
#define FV_INTS(x) convert_int16(x)
#define FV_UINTS(x) convert_uint16(x)
#define FV_LOAD(p) vload16(0, p)
#define FV_LOAD_BYTES(p) convert_int16(vload16(0, p))
#define FV_STORE(x, p) vstore16(x, 0, p)
#define FV_AS_INTS(x) as_int16(x)
#define FV_AS_FLOATS(x) as_float16(x)
#define FV_RAMP FV_RAMP_(float16)
#define FV_COUNTS FV_RAMP_(uint16)
#define FV_FIRST 0
#define FV_STEP 16
#define FV_ONE_ITEM __attribute__((reqd_work_group_size(1, 1, 1)))
#else
#define VEC float
#define IVEC int
#define UVEC uint
#define ULVEC ulong
#define LANES 1
#define FV_FLOATS(x) convert_float(x)
#define FV_INTS(x) convert_int(x)
#define FV_UINTS(x) convert_uint(x)
#define FV_LOAD(p) (*(p))
#define FV_LOAD_BYTES(p) ((int)*(p))
#define FV_STORE(x, p) (*(p) = (x))
#define FV_AS_INTS(x) as_int(x)
#define FV_AS_FLOATS(x) as_float(x)
#define FV_RAMP 0.0f
#define FV_COUNTS 0u
#define FV_FIRST ((int)get_global_id(0))
#define FV_STEP ((int)get_global_size(0))
#define FV_ONE_ITEM
#endif

#ifndef FV_VECTORS
#define FV_VECTORS
enum { FV_SAMPLE, FV_NEIGHBOUR, FV_HISTOGRAM };
enum { FV_BYTES, FV_PLANES, FV_NET };
enum { FV_MATRIX = -1, FV_FILL = -2, FV_TABLE = -3, FV_REGION = -4 };
enum { FV_NO_BOUND, FV_CONSTANT, FV_EDGE, FV_REFLECT };
#define FV_COVERS 4

typedef struct {
    int kind, from, to;
    uint from_low, from_high, to_low, to_high;
    int from_c, from_h, from_w, c, h, w;
    int samples_x, samples_y, coords, pixels, first;
    int x0, y0, x1, y1;
    float weight;
    int cubic;
    uint sample, copy, seed_low, seed_high;
    int function, turn, part, unused;
} FvPass;

typedef struct {
    int code, drawn, operation, bound, cover;
    float in_w, in_h, out_w, out_h;
    float number[7];
} FvInstruction;
#endif

#undef FV_LANE
#define FV_LANE(T, v, i) (((T *)&(v))[i])

/* ----------------------------------------------------------------- neighbours */

#if FV_NEIGHBOURS
/* Row or column i of n, mirrored at the ends without repeating them. */
int FV_NAME(mirrored)(int i, int n)
{
    if (n == 1)
        return 0;
    i = abs(i) % (2 * n - 2);
    return min(i, 2 * n - 2 - i);
}

float FV_NAME(near_one)(global const float *plane, int h, int w, int x, int y)
{
    return plane[(size_t)FV_NAME(mirrored)(y, h) * w + FV_NAME(mirrored)(x, w)];
}

/* What stands at columns x .. x + 15 of row y of a plane. */
VEC FV_NAME(near)(global const float *plane, int h, int w, int x, int y)
{
    global const float *row = plane + (size_t)FV_NAME(mirrored)(y, h) * w;
    VEC value;
    if (x >= 0 && x + LANES <= w)
        return FV_LOAD(row + x);
    for (int i = 0; i < LANES; i++)
        FV_LANE(float, value, i) = row[FV_NAME(mirrored)(x + i, w)];
    return value;
}
#endif

/* ------------------------------------------------------------- random numbers */

/* The key of a point's random numbers. */
typedef struct {
    UVEC point;
    uint operation, sample, copy;
    uint2 seed;
} FV_NAME(Stream);
#undef FvStream
#define FvStream FV_NAME(Stream)

/* Philox4x32-10 (Salmon et al., 2011), as fv_philox() has it, for a run of points. @k: which four numbers. */
void FV_NAME(philox)(FvStream stream, uint k, UVEC *out)
{
    UVEC a = stream.point, b = stream.operation | 0x80000000u | k << 20, c = stream.sample, d = stream.copy;
    uint k0 = stream.seed.x, k1 = stream.seed.y;
    for (int round = 0; round < 10; round++) {
        const UVEC high_a = mul_hi(a, (UVEC)0xD2511F53u), low_a = a * 0xD2511F53u;
        const UVEC high_c = mul_hi(c, (UVEC)0xCD9E8D57u), low_c = c * 0xCD9E8D57u;
        a = high_c ^ b ^ k0;
        b = low_c;
        c = high_a ^ d ^ k1;
        d = low_a;
        k0 += 0x9E3779B9u;
        k1 += 0xBB67AE85u;
    }
    out[0] = a;
    out[1] = b;
    out[2] = c;
    out[3] = d;
}

/* Four numbers in (0, 1) for each point. */
void FV_NAME(uniforms)(FvStream stream, uint k, VEC *out)
{
    UVEC bits[4];
    FV_NAME(philox)(stream, k, bits);
    for (int i = 0; i < 4; i++)
        out[i] = (FV_FLOATS(bits[i] >> 8u) + 0.5f) * 0x1p-24f;
}

/* The natural logarithm of numbers in (0, 1]: exponent, and a polynomial on sqrt(1/2) .. sqrt(2) that is within 1e-7 of
 * it; written out, so that it is the same everywhere. */
VEC FV_NAME(log)(VEC x)
{
    const IVEC bits = FV_AS_INTS(x) - 0x3f3504f3;
    const VEC e = FV_FLOATS(bits >> 23);
    const VEC m = FV_AS_FLOATS((bits & 0x7fffff) + 0x3f3504f3) - 1.0f;
    const VEC s = m / (2.0f + m), z = s * s;
    return e * 0.693147181f + 2.0f * s * (1.0f + z * (0.333333333f + z * (0.2f + z * (0.142857143f + z * 0.111111f))));
}

/* Four normally distributed numbers for each point (Box and Muller, 1958). Cosine and sine of a whole turn by
 * polynomials on an eighth of it are within 1e-6. */
void FV_NAME(gaussians)(FvStream stream, uint k, VEC *out)
{
    VEC u[4];
    FV_NAME(uniforms)(stream, k, u);
    for (int i = 0; i < 2; i++) {
        const VEC radius = sqrt(-2.0f * FV_NAME(log)(u[2 * i]));
        const VEC turn = u[2 * i + 1] - 0.5f; /* -1/2 .. 1/2 of a turn; the sign of both is turned, which nobody sees */
        const VEC t = turn * 3.14159265f, z = t * t; /* half the angle */
        const VEC sine = t * (1.0f + z * (-0.166666667f + z * (0.00833333333f + z * (-0.000198412698f + z * 2.7557e-6f))));
        const VEC cosine =
            1.0f + z * (-0.5f + z * (0.0416666667f + z * (-0.00138888889f + z * (2.48015873e-5f - z * 2.7557e-7f))));
        out[2 * i] = radius * (cosine * cosine - sine * sine);
        out[2 * i + 1] = radius * (2.0f * sine * cosine);
    }
}

#undef fv_uniforms
#undef fv_gaussians
#define fv_uniforms(k, out) FV_NAME(uniforms)(fv_stream, k, out)
#define fv_gaussians(k, out) FV_NAME(gaussians)(fv_stream, k, out)
