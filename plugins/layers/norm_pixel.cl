/* SPDX-License-Identifier: MIT
 * norm_pixel.cl: every pixel of a sample normalised by itself, over its C channels. MEAN: by mean and variance, else by
 * the Euclidean norm alone; AFFINE: with weight and bias; KEEP: moments are written, for backward: for each pixel FV_L
 * means, then FV_L factors. A work-item takes SOME_PIXELS pixels; on GPUs a work-group takes a lane of one. Sums for
 * weight and bias are taken over ROWS pixels for SPAN reals of a pixel, on GPUs for one. */
#define PIXEL (C * FV_L)

/* The factor, from the sum of squares (of differences from the mean). */
#if MEAN
#define FACTOR(squares, epsilon) (1 / sqrt((squares) / C + (epsilon)))
#else
#define FACTOR(squares, epsilon) (1 / (sqrt(squares) < (epsilon) ? (epsilon) : sqrt(squares)))
#endif
/* What is taken from dy by the mean, and by the factor: where the norm is too small, that does not move. */
#if MEAN
#define BY_MEAN(sum) ((sum) / C)
#define BY_FACTOR(sum, factor, epsilon) ((sum) / C)
#else
#define BY_MEAN(sum) 0
#define BY_FACTOR(sum, factor, epsilon) ((factor) * (epsilon) < 1 ? (sum) : 0)
#endif

#if FV_WORKERS > 1
#if !BACKWARD
FV_KERNEL FV_NAME(forward)(global const real *restrict x, global const real *restrict weight,
                           global const real *restrict bias, global real *restrict y, global real *restrict moments,
                           int pixels, real epsilon FV_TAIL_PARAMS)
{
    FV_TAIL_BEGIN(y)
    local real room[FV_WORKERS];
    int lane = get_group_id(1);
    size_t first = (size_t)get_group_id(0) * PIXEL + lane;
    real mean = 0, squares = 0;
#if MEAN
    for (int c = FV_ME; c < C; c += FV_WORKERS)
        mean += x[first + c * FV_L];
    mean = fv_total(mean, room) / C;
#endif
    for (int c = FV_ME; c < C; c += FV_WORKERS) {
        real difference = x[first + c * FV_L] - mean;
        squares += difference * difference;
    }
    squares = fv_total(squares, room);
    real factor = FACTOR(squares, epsilon);
#if KEEP
    if (FV_ME == 0) {
        moments[(size_t)get_group_id(0) * 2 * FV_L + lane] = mean;
        moments[(size_t)get_group_id(0) * 2 * FV_L + FV_L + lane] = factor;
    }
#endif
    for (int c = FV_ME; c < C; c += FV_WORKERS) {
        size_t at = first + c * FV_L;
        real v = (x[at] - mean) * factor;
        y[at] = FV_TAIL(AFFINE ? v * weight[c] + bias[c] : v, y + at);
    }
}

#else
FV_KERNEL FV_NAME(backward)(global const real *restrict x, global const real *restrict dy,
                            global const real *restrict weight, global const real *restrict moments,
                            global real *restrict dx, int pixels, real epsilon FV_TAIL_PARAMS)
{
    FV_TAIL_BEGIN(dx)
    local real room[FV_WORKERS];
    int lane = get_group_id(1);
    size_t first = (size_t)get_group_id(0) * PIXEL + lane;
    real mean = moments[(size_t)get_group_id(0) * 2 * FV_L + lane];
    real factor = moments[(size_t)get_group_id(0) * 2 * FV_L + FV_L + lane], sum = 0, product = 0;
    for (int c = FV_ME; c < C; c += FV_WORKERS) {
        real d = dy[first + c * FV_L] * (AFFINE ? weight[c] : 1);
        sum += d;
        product += d * (x[first + c * FV_L] - mean) * factor;
    }
    sum = fv_total(sum, room);
    product = fv_total(product, room);
    real by_mean = BY_MEAN(sum), by_factor = BY_FACTOR(product, factor, epsilon);
    for (int c = FV_ME; c < C; c += FV_WORKERS) {
        size_t at = first + c * FV_L;
        real d = dy[at] * (AFFINE ? weight[c] : 1);
        dx[at] = FV_TAIL(factor * (d - by_mean - (x[at] - mean) * factor * by_factor), dx + at);
    }
}

FV_KERNEL FV_NAME(sum)(global const real *restrict x, global const real *restrict dy,
                       global const real *restrict moments, global real *restrict weight_parts,
                       global real *restrict bias_parts, int pixels)
{
    int column = FV_ITEM, begin = get_group_id(1) * ROWS, end = min(begin + ROWS, pixels);
    if (column >= PIXEL)
        return;
    real sum = 0, product = 0;
    for (int p = begin; p < end; p++) {
        size_t at = (size_t)p * PIXEL + column, of = (size_t)p * 2 * FV_L + column % FV_L;
        sum += dy[at];
        product += dy[at] * (x[at] - moments[of]) * moments[of + FV_L];
    }
    weight_parts[(size_t)get_group_id(1) * PIXEL + column] = product;
    bias_parts[(size_t)get_group_id(1) * PIXEL + column] = sum;
}
#endif

#else
/* A pixel as vectors: one behind the other, with channels side by side where there are fewer than 16 lanes; else one for
 * each channel, of 16 lanes. */
#if FV_L <= 16
#define VECTORS ((PIXEL + 15) / 16)
#define STEP 16
#define REST (PIXEL % 16)
#else
#define VECTORS C
#define STEP FV_L
#define REST 0
#endif

/* The vector, or what of the last one is not the next pixel's. */
real16 FV_NAME(valid)(real16 v, int k)
{
#if REST
    const real16 index = (real16)(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    if (k == VECTORS - 1)
        return index < (real)REST ? v : (real16)(0);
#endif
    return v;
}

/* For each lane the sum of its elements. */
real16 FV_NAME(total)(real16 v)
{
#if FV_L >= 16
    return v;
#else
    real8 by8 = v.lo + v.hi;
#if FV_L == 8
    return (real16)(by8, by8);
#else
    real4 by4 = by8.lo + by8.hi;
#if FV_L == 4
    return (real16)(by4, by4, by4, by4);
#else
    real2 by2 = by4.lo + by4.hi;
#if FV_L == 2
    return (real16)(by2, by2, by2, by2, by2, by2, by2, by2);
#else
    return (real16)(by2.lo + by2.hi);
#endif
#endif
#endif
#endif
}

/* A number for each lane, as those of a vector. */
real16 FV_NAME(spread)(global const real *lanes)
{
#if FV_L == 1
    return (real16)(lanes[0]);
#elif FV_L >= 16
    return vload16(0, lanes);
#else
    real part[16];
    for (int i = 0; i < 16; i++)
        part[i] = lanes[i % FV_L];
    return vload16(0, part);
#endif
}

/* A number for each channel, as those of vector k. */
real16 FV_NAME(each)(global const real *channels, int k)
{
#if FV_L == 1
    return vload16(0, channels + 16 * k);
#elif FV_L >= 16
    return (real16)(channels[k]);
#else
    real part[16];
    for (int i = 0; i < 16; i++)
        part[i] = channels[(16 * k + i) / FV_L];
    return vload16(0, part);
#endif
}

#if !BACKWARD
kernel __attribute__((reqd_work_group_size(1, 1, 1))) void
FV_NAME(forward)(global const real *restrict x, global const real *restrict weight, global const real *restrict bias,
                 global real *restrict y, global real *restrict moments, int pixels, real epsilon FV_TAIL_PARAMS)
{
    FV_TAIL_BEGIN(y)
    int begin = get_group_id(0) * SOME_PIXELS, end = min(begin + SOME_PIXELS, pixels), lane = get_group_id(1) * 16;
    x += (size_t)begin * PIXEL + lane;
    y += (size_t)begin * PIXEL + lane;
    for (int p = begin; p < end; p++, x += PIXEL, y += PIXEL) {
        real16 mean = 0, squares = 0;
#if MEAN
        for (int k = 0; k < VECTORS; k++)
            mean += FV_NAME(valid)(vload16(0, x + k * STEP), k);
        mean = FV_NAME(total)(mean) / C;
#endif
        for (int k = 0; k < VECTORS; k++) {
            real16 difference = FV_NAME(valid)(vload16(0, x + k * STEP) - mean, k);
            squares += difference * difference;
        }
        squares = FV_NAME(total)(squares);
        real16 factor = FACTOR(squares, epsilon);
#if KEEP
        fv_store16(mean, moments + (size_t)p * 2 * FV_L + lane, FV_L);
        fv_store16(factor, moments + (size_t)p * 2 * FV_L + FV_L + lane, FV_L);
#endif
        for (int k = 0; k < VECTORS; k++) {
            real16 v = (vload16(0, x + k * STEP) - mean) * factor;
#if AFFINE
            v = v * FV_NAME(each)(weight, k) + FV_NAME(each)(bias, k);
#endif
            fv_store16(FV_TAIL16(v, y + k * STEP), y + k * STEP, REST && k == VECTORS - 1 ? REST : 16);
        }
    }
}

#else
kernel __attribute__((reqd_work_group_size(1, 1, 1))) void
FV_NAME(backward)(global const real *restrict x, global const real *restrict dy, global const real *restrict weight,
                  global const real *restrict moments, global real *restrict dx, int pixels,
                  real epsilon FV_TAIL_PARAMS)
{
    FV_TAIL_BEGIN(dx)
    int begin = get_group_id(0) * SOME_PIXELS, end = min(begin + SOME_PIXELS, pixels), lane = get_group_id(1) * 16;
    x += (size_t)begin * PIXEL + lane;
    dy += (size_t)begin * PIXEL + lane;
    dx += (size_t)begin * PIXEL + lane;
    for (int p = begin; p < end; p++, x += PIXEL, dy += PIXEL, dx += PIXEL) {
        real16 mean = FV_NAME(spread)(moments + (size_t)p * 2 * FV_L + lane);
        real16 factor = FV_NAME(spread)(moments + (size_t)p * 2 * FV_L + FV_L + lane), sum = 0, product = 0;
        for (int k = 0; k < VECTORS; k++) {
            real16 d = vload16(0, dy + k * STEP);
#if AFFINE
            d *= FV_NAME(each)(weight, k);
#endif
            d = FV_NAME(valid)(d, k);
            sum += d;
            product += d * FV_NAME(valid)(vload16(0, x + k * STEP) - mean, k);
        }
        product = FV_NAME(total)(product) * factor;
        real16 by_mean = BY_MEAN(FV_NAME(total)(sum)), by_factor = BY_FACTOR(product, factor, epsilon);
        for (int k = 0; k < VECTORS; k++) {
            real16 d = vload16(0, dy + k * STEP), v = (vload16(0, x + k * STEP) - mean) * factor;
#if AFFINE
            d *= FV_NAME(each)(weight, k);
#endif
            fv_store16(FV_TAIL16(factor * (d - by_mean - v * by_factor), dx + k * STEP), dx + k * STEP,
                       REST && k == VECTORS - 1 ? REST : 16);
        }
    }
}

/* What reads past the end of a pixel adds to sums that are not written. */
kernel __attribute__((reqd_work_group_size(1, 1, 1))) void
FV_NAME(sum)(global const real *restrict x, global const real *restrict dy, global const real *restrict moments,
             global real *restrict weight_parts, global real *restrict bias_parts, int pixels)
{
    int part = get_group_id(1), begin = part * ROWS, end = min(begin + ROWS, pixels);
    int first = get_group_id(0) * SPAN, span = PIXEL % SPAN == 0 ? SPAN : min(SPAN, PIXEL - first);
    real sum[SPAN + 15], product[SPAN + 15];
    for (int i = 0; i < SPAN + 15; i++)
        sum[i] = product[i] = 0;
    for (int p = begin; p < end; p++)
        for (int i = 0; i < span; i += 16) {
            size_t at = (size_t)p * PIXEL + first + i, of = (size_t)p * 2 * FV_L + (FV_L > 16 ? (first + i) % FV_L : 0);
            real16 d = vload16(0, dy + at);
            real16 v = (vload16(0, x + at) - FV_NAME(spread)(moments + of)) * FV_NAME(spread)(moments + of + FV_L);
            vstore16(vload16(0, sum + i) + d, 0, sum + i);
            vstore16(vload16(0, product + i) + d * v, 0, product + i);
        }
    for (int i = 0; i < span; i++) {
        weight_parts[(size_t)part * PIXEL + first + i] = product[i];
        bias_parts[(size_t)part * PIXEL + first + i] = sum[i];
    }
}
#endif

#undef VECTORS
#undef STEP
#undef REST
#endif

#undef PIXEL
#undef FACTOR
#undef BY_MEAN
#undef BY_FACTOR
