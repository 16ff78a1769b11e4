/* SPDX-License-Identifier: MIT
 * standardize.cl: C channels of PIXELS pixels. A work-group takes SPAN features of a block; factors are what is taken
 * off each feature, then what it is multiplied by. */
#define FEATURES (C * PIXELS)
/* Of the feature at place d of a sample: the number of its mean. */
#define GROUP(d) (PER_CHANNEL ? (d) % C : (d) % C * PIXELS + (d) / C)

FV_KERNEL FV_NAME(order)(global const real *restrict mean, global const real *restrict std, global real *restrict factors)
{
    int begin = get_group_id(0) * SPAN, end = min(begin + SPAN, FEATURES);
    for (int d = begin + FV_ME; d < end; d += FV_WORKERS) {
        factors[d] = mean[GROUP(d)];
        factors[FEATURES + d] = 1 / std[GROUP(d)];
    }
}

FV_KERNEL FV_NAME(apply)(global const real *restrict x, global const real *restrict factors, global real *restrict y)
{
    int begin = get_group_id(0) * SPAN, end = min(begin + SPAN, FEATURES);
    size_t block = get_group_id(1) * (size_t)FEATURES * FV_L;
    x += block;
    y += block;
    for (int d = begin + FV_ME; d < end; d += FV_WORKERS)
        for (int lane = 0; lane < FV_L; lane++)
            y[d * FV_L + lane] = (x[d * FV_L + lane] - factors[d]) * factors[FEATURES + d];
}

FV_KERNEL FV_NAME(backward)(global const real *restrict dy, global const real *restrict factors,
                            global real *restrict dx)
{
    int begin = get_group_id(0) * SPAN, end = min(begin + SPAN, FEATURES);
    size_t block = get_group_id(1) * (size_t)FEATURES * FV_L;
    dy += block;
    dx += block;
    for (int d = begin + FV_ME; d < end; d += FV_WORKERS)
        for (int lane = 0; lane < FV_L; lane++)
            dx[d * FV_L + lane] = dy[d * FV_L + lane] * factors[FEATURES + d];
}

#undef FEATURES
#undef GROUP
