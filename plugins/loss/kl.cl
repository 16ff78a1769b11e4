/* SPDX-License-Identifier: MIT
 * kl.cl: distributions over C channels at each of PIXELS places. A work-group takes a block of samples, lane beside lane. */
#if TRAIN
#define GRADIENT , global real *restrict dx, real scale
#else
#define GRADIENT
#endif

/* The logarithm of a normal number above 0, and NaN of one that is not finite. log() goes number by number on CPUs; for
 * floats this is 2 atanh((m - 1) / (m + 1)) of the mantissa m from sqrt(1/2) to sqrt(2), as a series that is exact to
 * 1e-9. */
real FV_NAME(log_of)(real v)
{
#if FV_DOUBLE
    return log(v);
#else
    int bits = as_int(v) - 0x3f3504f3; /* sqrt(1/2) */
    real m = as_float((bits & 0x7fffff) + 0x3f3504f3), s = (m - 1) / (m + 1), q = s * s;
    real series = 2 * s * (1 + q * (1 / 3. + q * (1 / 5. + q * (1 / 7. + q / 9))));
    return (bits >> 23) * 0.693147182f + series + (v - v);
#endif
}

/* log of the sum of exp(x) over channels, and the sum of the target. */
void FV_NAME(sums)(global const real *restrict x, global const real *restrict t, real *norm, real *share)
{
    real top[FV_L];
    for (int lane = 0; lane < FV_L; lane++) {
        top[lane] = x[lane];
        norm[lane] = share[lane] = 0;
    }
    for (int i = FV_L; i < C * FV_L; i++)
        top[i % FV_L] = x[i] > top[i % FV_L] ? x[i] : top[i % FV_L];
    for (int c = 0; c < C; c++)
        for (int lane = 0; lane < FV_L; lane++) {
            norm[lane] += exp(x[c * FV_L + lane] - top[lane]);
            share[lane] += t[c * FV_L + lane] < 0 ? 0 : t[c * FV_L + lane];
        }
    for (int lane = 0; lane < FV_L; lane++)
        norm[lane] = top[lane] + FV_NAME(log_of)(norm[lane]);
}

FV_KERNEL FV_NAME(judge)(global const real *restrict x, global const real *restrict t, global real *restrict result,
                         int slot, int n, real weight GRADIENT)
{
    local real room[FV_WORKERS];
    int first = get_group_id(0) * FV_L;
    size_t at = FV_AT(first, 0, 0, 0, C, PIXELS, 1);
    real sum[FV_L], norm[FV_L], share[FV_L];
    x += at;
    t += at;
#if TRAIN
    dx += at;
#endif
    for (int lane = 0; lane < FV_L; lane++)
        sum[lane] = norm[lane] = share[lane] = 0;

    for (int pixel = FV_ME; pixel < PIXELS; pixel += FV_WORKERS) {
        int begin = pixel * C * FV_L;
        if (LOGITS)
            FV_NAME(sums)(x + begin, t + begin, norm, share);
        for (int c = 0; c < C; c++)
            for (int lane = 0; lane < FV_L; lane++) {
                int i = begin + c * FV_L + lane;
                real log_q = x[i] - norm[lane];
                /* Not "t > 0 ? ...", which would hide a NaN. */
                sum[lane] += t[i] <= 0 ? 0 : t[i] * (FV_NAME(log_of)(t[i]) - log_q);
#if TRAIN
                real asked = t[i] < 0 ? 0 : t[i], slope = LOGITS ? exp(log_q) * share[lane] - asked : -asked;
                dx[i] = first + lane < n ? scale * slope : 0;
#endif
            }
    }
    for (int lane = 0; lane < FV_L; lane++) {
        real all = fv_total(sum[lane], room);
        if (FV_ME == 0 && first + lane < n)
            result[slot + first + lane] = weight * all;
    }
}
#undef GRADIENT
