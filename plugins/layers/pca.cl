/* SPDX-License-Identifier: MIT
 * pca.cl: products with a matrix of IN rows and OUT columns, which are padded to a multiple of SPAN. The input has C
 * channels of PIXELS pixels, and K components come out of it. */
#define FEATURES (C * PIXELS)
#define PADDED(n) (((n) + SPAN - 1) / SPAN * SPAN)

/* Components from files' order to the device's: to[feature][component], which whitening scales, and back the other way
 * round. A work-group takes ORDERED features; the first one also the zeros behind rows of `back`. */
FV_KERNEL FV_NAME(order)(global const real *restrict mean, global const real *restrict components,
                         global const real *restrict variance, real epsilon, global real *restrict shift,
                         global real *restrict to, global real *restrict back)
{
    int begin = get_group_id(0) * ORDERED, end = min(begin + ORDERED, FEATURES);
    for (int d = begin; d < end; d++) {
        int feature = d % C * PIXELS + d / C;
        if (FV_ME == 0)
            shift[d] = mean[feature];
        for (int k = FV_ME; k < PADDED(K); k += FV_WORKERS) {
            real scale = WHITEN && k < K ? 1 / sqrt(variance[k] + epsilon) : (real)1;
            real number = k < K ? components[(size_t)k * FEATURES + feature] * scale : (real)0;
            to[(size_t)d * PADDED(K) + k] = number;
            if (TRAINS && k < K)
                back[(size_t)k * PADDED(FEATURES) + d] = number;
        }
    }
    for (int k = FV_ME; TRAINS && begin == 0 && k < K; k += FV_WORKERS)
        for (int d = FEATURES; d < PADDED(FEATURES); d++)
            back[(size_t)k * PADDED(FEATURES) + d] = 0;
}

/* y = (x - shift) matrix. A work-group makes SPAN numbers of each sample of a block. */
FV_KERNEL FV_NAME(multiply)(global const real *restrict x, global const real *restrict shift,
                            global const real *restrict matrix, global real *restrict y)
{
    int first = get_group_id(0) * SPAN, count = min(SPAN, OUT - first) * FV_L;
    x += get_group_id(1) * (size_t)IN * FV_L;
    y += (get_group_id(1) * (size_t)OUT + first) * FV_L;
    matrix += first;
#if FV_WORKERS > 1
    for (int e = FV_ME; e < count; e += FV_WORKERS) {
        real sum = 0;
        for (int i = 0; i < IN; i++)
            sum += (x[i * FV_L + e % FV_L] - (SHIFTS ? shift[i] : (real)0)) * matrix[(size_t)i * PADDED(OUT) + e / FV_L];
        y[e] = sum;
    }
#else
    real sum[SPAN * FV_L];
    for (int e = 0; e < SPAN * FV_L; e++)
        sum[e] = 0;
    for (int i = 0; i < IN; i++)
        for (int k = 0; k < SPAN; k++)
            for (int lane = 0; lane < FV_L; lane++)
                sum[k * FV_L + lane] += (x[i * FV_L + lane] - (SHIFTS ? shift[i] : (real)0)) *
                                        matrix[(size_t)i * PADDED(OUT) + k];
    for (int e = 0; e < count; e++)
        y[e] = sum[e];
#endif
}

#undef FEATURES
#undef PADDED
