/* update.cl: what is done with the gradients and parameters of the whole net, around the update itself. FV_CHUNK:
 * elements that a work-group takes. */
#define EACH(i, count)                                                                               \
    size_t begin = (size_t)get_group_id(0) * FV_CHUNK, end = min(begin + FV_CHUNK, (size_t)(count)); \
    for (size_t i = begin + FV_ME; i < end; i += FV_WORKERS)

/* Adds a batch's gradient to that of the batches before it. */
FV_KERNEL FV_NAME(gather)(global real *restrict sum, global const real *restrict g, int count, real share)
{
    EACH (i, count)
        sum[i] += share * g[i];
}

/* The same for the last batch of an update: the whole is the gradient, and the next sum begins at 0. */
FV_KERNEL FV_NAME(complete)(global real *restrict sum, global real *restrict g, int count, real share)
{
    EACH (i, count) {
        g[i] = sum[i] + share * g[i];
        sum[i] = 0;
    }
}

/* Sums of squares of elements first .. last - 1, `chunk` of them for each work-group: partials[at + group]. */
FV_KERNEL FV_NAME(squares)(global const real *restrict g, global real *restrict partials, int first, int last,
                           int chunk, int at, real limit)
{
    local real room[FV_WORKERS];
    int begin = first + get_group_id(0) * chunk, end = min(begin + chunk, last);
    real sum = 0;
    for (int row = begin; row < end; row += 256) { /* rows keep the rounding error small */
        real part = 0;
        for (int i = row + FV_ME; i < min(row + 256, end); i += FV_WORKERS) {
            real x = clamp(g[i], -limit, limit);
            part += x * x;
        }
        sum += part;
    }
    sum = fv_total(sum, room);
    if (FV_ME == 0)
        partials[at + get_group_id(0)] = sum;
}

/* The factor that brings the gradient's norm down to the limit, if it is longer: one work-group. */
FV_KERNEL FV_NAME(scale)(global real *restrict partials, int count, real limit)
{
    local real room[FV_WORKERS];
    real sum = 0;
    for (int i = FV_ME; i < count; i += FV_WORKERS)
        sum += partials[i];
    sum = fv_total(sum, room);
    if (FV_ME == 0)
        partials[count] = fmin((real)1, limit / (sqrt(sum) + (real)1e-6));
}

/* Limits gradients where they are, for optimizers that read them more than once. */
FV_KERNEL FV_NAME(clip)(global real *restrict g, global const real *restrict scale, int scale_at, int count,
                        real limit)
{
    real factor = scale_at < 0 ? (real)1 : scale[scale_at];
    EACH (i, count)
        g[i] = factor * clamp(g[i], -limit, limit);
}

/* Element i of a parameter takes two words of Philox with counter (i, parameter, update, NOISE). */
#define NOISE 0x6E6F6973u
FV_KERNEL FV_NAME(noise)(global real *restrict w, int count, real deviation, uint parameter, uint update, uint2 seed)
{
    EACH (i, count) {
        uint4 words = fv_philox((uint4)(i, parameter, update, NOISE), seed);
        w[i] += deviation * fv_gaussian(words.x, words.y);
    }
}
#undef NOISE

/* The average begins as the parameters after the first update. */
FV_KERNEL FV_NAME(average)(global real *restrict average, global const real *restrict w, int count, real keep,
                           uint update)
{
    EACH (i, count)
        average[i] = update == 0 ? w[i] : keep * average[i] + (1 - keep) * w[i];
}

FV_KERNEL FV_NAME(swap)(global real *restrict a, global real *restrict b, int count)
{
    EACH (i, count) {
        real kept = a[i];
        a[i] = b[i];
        b[i] = kept;
    }
}
#undef EACH
