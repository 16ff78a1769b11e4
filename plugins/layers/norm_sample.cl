/* SPDX-License-Identifier: MIT
 * norm_sample.cl: samples normalised over all PIXELS pixels of the C / G channels of each of G groups. MEAN: by mean and
 * variance, else by the Euclidean norm alone; AFFINE: 1 for a weight and a bias of each channel, 2 of each element, which
 * then come packed as values are. moments: for each block G * FV_L means, then as many factors. On CPUs columns (a lane
 * of a channel) are summed up over parts of SOME_PIXELS pixels, SPAN columns at a time; on GPUs a work-group sums up a
 * group of a sample. */
#define PIXEL (C * FV_L)
#define MEMBERS (C / G)
#define COUNT ((real)PIXELS * MEMBERS)
/* Where a column's moments are among those of its block. */
#define GROUP(column) ((column) / FV_L / MEMBERS * FV_L + (column) % FV_L)

#if MEAN
#define FACTOR(squares, epsilon) (1 / sqrt((squares) / COUNT + (epsilon)))
#define BY_MEAN(sum) ((sum) / COUNT)
#define BY_FACTOR(sum, factor, epsilon) ((sum) / COUNT)
#else
#define FACTOR(squares, epsilon) (1 / (sqrt(squares) < (epsilon) ? (epsilon) : sqrt(squares)))
#define BY_MEAN(sum) 0
#define BY_FACTOR(sum, factor, epsilon) ((factor) * (epsilon) < 1 ? (sum) : 0)
#endif

#if AFFINE == 2
/* From C, H, W to the order of values: 16 pixels, on GPUs one number. */
FV_KERNEL FV_NAME(pack)(global const real *restrict from, global real *restrict packed)
{
#if FV_WORKERS > 1
    size_t at = FV_ITEM;
    if (at < (size_t)PIXELS * C)
        packed[at] = from[at % C * PIXELS + at / C];
#else
    int begin = get_group_id(0) * 16, end = min(begin + 16, PIXELS);
    for (int c = 0; c < C; c++)
        for (int p = begin; p < end; p++)
            packed[(size_t)p * C + c] = from[(size_t)c * PIXELS + p];
#endif
}
#endif

#if FV_WORKERS > 1
/* The element of lane `lane` that is the e-th of group g, and its channel. */
#define AT(e, g, lane) (((size_t)((e) / MEMBERS) * C + (g) * MEMBERS + (e) % MEMBERS) * FV_L + (lane))
#if AFFINE == 2
#define PLACE(at) ((at) / FV_L)
#else
#define PLACE(at) ((at) / FV_L % C)
#endif

#if !BACKWARD
FV_KERNEL FV_NAME(measure)(global const real *restrict x, global real *restrict moments, real epsilon)
{
    local real room[FV_WORKERS];
    int g = get_group_id(0) / FV_L, lane = get_group_id(0) % FV_L, block = get_group_id(1);
    real mean = 0, squares = 0;
    x += (size_t)block * PIXELS * PIXEL;
    moments += (size_t)block * 2 * G * FV_L + get_group_id(0);
#if MEAN
    for (int e = FV_ME; e < PIXELS * MEMBERS; e += FV_WORKERS)
        mean += x[AT(e, g, lane)];
    mean = fv_total(mean, room) / COUNT;
#endif
    for (int e = FV_ME; e < PIXELS * MEMBERS; e += FV_WORKERS) {
        real difference = x[AT(e, g, lane)] - mean;
        squares += difference * difference;
    }
    squares = fv_total(squares, room);
    if (FV_ME == 0) {
        moments[0] = mean;
        moments[G * FV_L] = FACTOR(squares, epsilon);
    }
}

FV_KERNEL FV_NAME(normalise)(global const real *restrict x, global const real *restrict moments,
                             global const real *restrict weight, global const real *restrict bias,
                             global real *restrict y FV_TAIL_PARAMS)
{
    FV_TAIL_BEGIN(y)
    size_t at = FV_ITEM, whole = (size_t)get_group_id(1) * PIXELS * PIXEL;
    if (at >= (size_t)PIXELS * PIXEL)
        return;
    moments += (size_t)get_group_id(1) * 2 * G * FV_L + GROUP(at % PIXEL);
    real v = (x[whole + at] - moments[0]) * moments[G * FV_L];
    y[whole + at] = FV_TAIL(AFFINE ? v * weight[PLACE(at)] + bias[PLACE(at)] : v, y + whole + at);
}

#else
FV_KERNEL FV_NAME(sum)(global const real *restrict x, global const real *restrict dy,
                       global const real *restrict moments, global const real *restrict weight,
                       global real *restrict totals, real epsilon)
{
    local real room[FV_WORKERS];
    int g = get_group_id(0) / FV_L, lane = get_group_id(0) % FV_L, block = get_group_id(1);
    size_t of = (size_t)block * 2 * G * FV_L + get_group_id(0);
    real mean = moments[of], factor = moments[of + G * FV_L], sum = 0, product = 0;
    x += (size_t)block * PIXELS * PIXEL;
    dy += (size_t)block * PIXELS * PIXEL;
    for (int e = FV_ME; e < PIXELS * MEMBERS; e += FV_WORKERS) {
        size_t at = AT(e, g, lane);
        real d = dy[at] * (AFFINE ? weight[PLACE(at)] : 1);
        sum += d;
        product += d * (x[at] - mean) * factor;
    }
    sum = fv_total(sum, room);
    product = fv_total(product, room);
    if (FV_ME == 0) {
        totals[of] = BY_MEAN(sum);
        totals[of + G * FV_L] = BY_FACTOR(product, factor, epsilon);
    }
}

FV_KERNEL FV_NAME(backward)(global const real *restrict x, global const real *restrict dy,
                            global const real *restrict moments, global const real *restrict totals,
                            global const real *restrict weight, global real *restrict dx FV_TAIL_PARAMS)
{
    FV_TAIL_BEGIN(dx)
    size_t at = FV_ITEM, whole = (size_t)get_group_id(1) * PIXELS * PIXEL;
    if (at >= (size_t)PIXELS * PIXEL)
        return;
    size_t of = (size_t)get_group_id(1) * 2 * G * FV_L + GROUP(at % PIXEL);
    real factor = moments[of + G * FV_L], v = (x[whole + at] - moments[of]) * factor;
    real d = dy[whole + at] * (AFFINE ? weight[PLACE(at)] : 1);
    dx[whole + at] = FV_TAIL(factor * (d - totals[of] - v * totals[of + G * FV_L]), dx + whole + at);
}

#if AFFINE == 1
FV_KERNEL FV_NAME(sum_channels)(global const real *restrict x, global const real *restrict dy,
                                global const real *restrict moments, global real *restrict dweight,
                                global real *restrict dbias, int blocks)
{
    local real room[FV_WORKERS];
    int c = get_group_id(0);
    real sum = 0, product = 0;
    for (int block = 0; block < blocks; block++)
        for (int e = FV_ME; e < PIXELS * FV_L; e += FV_WORKERS) {
            int column = c * FV_L + e % FV_L;
            size_t at = ((size_t)block * PIXELS + e / FV_L) * PIXEL + column;
            size_t of = (size_t)block * 2 * G * FV_L + GROUP(column);
            sum += dy[at];
            product += dy[at] * (x[at] - moments[of]) * moments[of + G * FV_L];
        }
    sum = fv_total(sum, room);
    product = fv_total(product, room);
    if (FV_ME == 0) {
        dweight[c] = product;
        dbias[c] = sum;
    }
}
#endif

#if AFFINE == 2
FV_KERNEL FV_NAME(sum_elements)(global const real *restrict x, global const real *restrict dy,
                                global const real *restrict moments, global real *restrict dweight,
                                global real *restrict dbias, int blocks)
{
    size_t element = FV_ITEM;
    if (element >= (size_t)PIXELS * C)
        return;
    real sum = 0, product = 0;
    for (int block = 0; block < blocks; block++)
        for (int lane = 0; lane < FV_L; lane++) {
            size_t at = ((size_t)block * PIXELS * C + element) * FV_L + lane;
            size_t of = (size_t)block * 2 * G * FV_L + GROUP(element % C * FV_L + lane);
            sum += dy[at];
            product += dy[at] * (x[at] - moments[of]) * moments[of + G * FV_L];
        }
    dweight[element % C * PIXELS + element / C] = product;
    dbias[element % C * PIXELS + element / C] = sum;
}
#endif
#endif
#undef AT
#undef PLACE

#else
#define PARTS ((PIXELS + SOME_PIXELS - 1) / SOME_PIXELS)
/* Columns from `first` on: a constant where that is possible, so that sums stay in registers. */
#define WITHIN(first) (PIXEL % SPAN == 0 ? SPAN : min(SPAN, PIXEL - (first)))
/* Parameters of elements, as those of the vector at `at` of a block. */
real16 FV_NAME(element)(global const real *packed, size_t at)
{
#if FV_L == 1
    return vload16(0, packed + at);
#elif FV_L >= 16
    return (real16)(packed[at / FV_L]);
#else
    real part[16];
    for (int i = 0; i < 16; i++)
        part[i] = packed[(at + i) / FV_L];
    return vload16(0, part);
#endif
}

#if !BACKWARD
/* For each part PIXEL means, and PIXEL sums of squared differences from them, both from differences from the part's first
 * pixel: it is one of the numbers, so that the error is no more than their count times that of one. What reads past the
 * end of a pixel adds to columns that are not written, here and below. */
kernel __attribute__((reqd_work_group_size(1, 1, 1))) void
FV_NAME(measure)(global const real *restrict x, global real *restrict means, global real *restrict squares)
{
    int part = get_group_id(0), begin = part * SOME_PIXELS, end = min(begin + SOME_PIXELS, PIXELS);
    int first = get_group_id(2) * SPAN, span = WITHIN(first);
    size_t to = ((size_t)get_group_id(1) * PARTS + part) * PIXEL + first;
    real origin[SPAN + 15], sum[SPAN + 15], square[SPAN + 15];
    x += ((size_t)get_group_id(1) * PIXELS + begin) * PIXEL + first;

    for (int i = 0; i < SPAN + 15; i++) {
        origin[i] = MEAN && i < span ? x[i] : 0;
        sum[i] = square[i] = 0;
    }
    for (int p = begin; p < end; p++, x += PIXEL)
        for (int i = 0; i < span; i += 16) {
            real16 difference = vload16(0, x + i) - vload16(0, origin + i);
#if MEAN
            vstore16(vload16(0, sum + i) + difference, 0, sum + i);
#endif
            vstore16(vload16(0, square + i) + difference * difference, 0, square + i);
        }
    for (int i = 0; i < span; i++) {
        real mean = sum[i] / (end - begin), left = square[i] - sum[i] * mean;
        means[to + i] = origin[i] + mean;
        squares[to + i] = left < 0 ? 0 : left;
    }
}

/* The parts of 16 columns of a block become one (Chan et al., 1983). */
kernel __attribute__((reqd_work_group_size(1, 1, 1))) void
FV_NAME(put_together)(global const real *restrict means, global const real *restrict squares,
                      global real *restrict column_means, global real *restrict column_squares)
{
    int column = get_group_id(0) * 16, block = get_group_id(1);
    size_t from = (size_t)block * PARTS * PIXEL + column, to = (size_t)block * PIXEL + column;
    real16 origin = vload16(0, means + from), mean = 0, square = 0;
    for (int k = 0; k < PARTS; k++) {
        real count = min(SOME_PIXELS, PIXELS - k * SOME_PIXELS);
        mean += count * (vload16(0, means + from + (size_t)k * PIXEL) - origin);
    }
    mean = origin + mean / PIXELS;
    for (int k = 0; k < PARTS; k++) {
        real count = min(SOME_PIXELS, PIXELS - k * SOME_PIXELS);
        real16 difference = vload16(0, means + from + (size_t)k * PIXEL) - mean;
        square += vload16(0, squares + from + (size_t)k * PIXEL) + count * difference * difference;
    }
    fv_store16(mean, column_means + to, PIXEL - column);
    fv_store16(square, column_squares + to, PIXEL - column);
}

/* Moments of a group, from those of its columns. Vectors hold lanes, and what is not used where there are fewer than
 * 16, here and in total(). */
kernel __attribute__((reqd_work_group_size(1, 1, 1))) void
FV_NAME(group)(global const real *restrict means, global const real *restrict squares, global real *restrict moments,
               real epsilon)
{
    int g = get_group_id(0), lane = get_group_id(2) * 16;
    size_t from = (size_t)get_group_id(1) * PIXEL + g * MEMBERS * FV_L + lane;
    moments += (size_t)get_group_id(1) * 2 * G * FV_L + g * FV_L + lane;
    real16 origin = vload16(0, means + from), mean = 0, square = 0;
    for (int c = 0; c < MEMBERS; c++)
        mean += vload16(0, means + from + c * FV_L) - origin;
    mean = origin + mean / MEMBERS;
    for (int c = 0; c < MEMBERS; c++) {
        real16 difference = vload16(0, means + from + c * FV_L) - mean;
        square += vload16(0, squares + from + c * FV_L) + PIXELS * difference * difference;
    }
    fv_store16(mean, moments, FV_L);
    fv_store16(FACTOR(square, epsilon), moments + G * FV_L, FV_L);
}

kernel __attribute__((reqd_work_group_size(1, 1, 1))) void
FV_NAME(normalise)(global const real *restrict x, global const real *restrict moments,
                   global const real *restrict weight, global const real *restrict bias,
                   global real *restrict y FV_TAIL_PARAMS)
{
    FV_TAIL_BEGIN(y)
    int begin = get_group_id(0) * SOME_PIXELS, end = min(begin + SOME_PIXELS, PIXELS);
    int first = get_group_id(2) * SPAN, span = WITHIN(first);
    real mean[SPAN + 15], scale[SPAN + 15], shift[SPAN + 15];
    x += (size_t)get_group_id(1) * PIXELS * PIXEL;
    y += (size_t)get_group_id(1) * PIXELS * PIXEL;
    moments += (size_t)get_group_id(1) * 2 * G * FV_L;

    for (int i = 0; i < SPAN + 15; i++) {
        int column = min(first + i, PIXEL - 1);
        mean[i] = moments[GROUP(column)];
        scale[i] = moments[G * FV_L + GROUP(column)];
        shift[i] = 0;
#if AFFINE == 1
        scale[i] *= weight[column / FV_L];
        shift[i] = bias[column / FV_L];
#endif
    }
    for (int p = begin; p < end; p++)
        for (int i = 0; i < span; i += 16) {
            size_t at = (size_t)p * PIXEL + first + i;
            real16 v = (vload16(0, x + at) - vload16(0, mean + i)) * vload16(0, scale + i) + vload16(0, shift + i);
#if AFFINE == 2
            v = v * FV_NAME(element)(weight, at) + FV_NAME(element)(bias, at);
#endif
            fv_store16(FV_TAIL16(v, y + at), y + at, span - i);
        }
}

#else
/* For each part PIXEL sums of dy, and PIXEL of dy times the normalised x; dy is weighted where each element has a weight
 * of its own. */
kernel __attribute__((reqd_work_group_size(1, 1, 1))) void
FV_NAME(sum)(global const real *restrict x, global const real *restrict dy, global const real *restrict moments,
             global const real *restrict weight, global real *restrict sums, global real *restrict products)
{
    int part = get_group_id(0), begin = part * SOME_PIXELS, end = min(begin + SOME_PIXELS, PIXELS);
    int first = get_group_id(2) * SPAN, span = WITHIN(first);
    size_t to = ((size_t)get_group_id(1) * PARTS + part) * PIXEL + first;
    real mean[SPAN + 15], sum[SPAN + 15], product[SPAN + 15];
    x += (size_t)get_group_id(1) * PIXELS * PIXEL;
    dy += (size_t)get_group_id(1) * PIXELS * PIXEL;
    moments += (size_t)get_group_id(1) * 2 * G * FV_L;

    for (int i = 0; i < SPAN + 15; i++) {
        mean[i] = moments[GROUP(min(first + i, PIXEL - 1))];
        sum[i] = product[i] = 0;
    }
    for (int p = begin; p < end; p++)
        for (int i = 0; i < span; i += 16) {
            size_t at = (size_t)p * PIXEL + first + i;
            real16 d = vload16(0, dy + at), difference = vload16(0, x + at) - vload16(0, mean + i);
#if AFFINE == 2
            d *= FV_NAME(element)(weight, at);
#endif
            vstore16(vload16(0, sum + i) + d, 0, sum + i);
            vstore16(vload16(0, product + i) + d * difference, 0, product + i);
        }
    for (int i = 0; i < span; i++) {
        sums[to + i] = sum[i];
        products[to + i] = product[i] * moments[G * FV_L + GROUP(first + i)];
    }
}

/* What dx takes from dy by the mean and by the factor, for a group, from the sums of its columns. */
kernel __attribute__((reqd_work_group_size(1, 1, 1))) void
FV_NAME(total)(global const real *restrict sums, global const real *restrict products,
               global const real *restrict moments, global const real *restrict weight, global real *restrict totals,
               real epsilon)
{
    int g = get_group_id(0), lane = get_group_id(2) * 16;
    size_t from = (size_t)get_group_id(1) * PIXEL + g * MEMBERS * FV_L + lane;
    size_t of = (size_t)get_group_id(1) * 2 * G * FV_L + g * FV_L + lane;
    real16 sum = 0, product = 0, factor = vload16(0, moments + of + G * FV_L);
    for (int c = 0; c < MEMBERS; c++) {
        real scale = AFFINE == 1 ? weight[g * MEMBERS + c] : 1;
        sum += scale * vload16(0, sums + from + c * FV_L);
        product += scale * vload16(0, products + from + c * FV_L);
    }
    real16 by_mean = BY_MEAN(sum), by_factor = BY_FACTOR(product, factor, epsilon);
    fv_store16(by_mean, totals + of, FV_L);
    fv_store16(by_factor, totals + of + G * FV_L, FV_L);
}

kernel __attribute__((reqd_work_group_size(1, 1, 1))) void
FV_NAME(backward)(global const real *restrict x, global const real *restrict dy, global const real *restrict moments,
                  global const real *restrict totals, global const real *restrict weight,
                  global real *restrict dx FV_TAIL_PARAMS)
{
    FV_TAIL_BEGIN(dx)
    int begin = get_group_id(0) * SOME_PIXELS, end = min(begin + SOME_PIXELS, PIXELS);
    int first = get_group_id(2) * SPAN, span = WITHIN(first);
    /* dx = scale * dy - (x - mean) * slope - less */
    real mean[SPAN + 15], scale[SPAN + 15], slope[SPAN + 15], less[SPAN + 15];
    size_t of = (size_t)get_group_id(1) * 2 * G * FV_L;
    x += (size_t)get_group_id(1) * PIXELS * PIXEL;
    dy += (size_t)get_group_id(1) * PIXELS * PIXEL;
    dx += (size_t)get_group_id(1) * PIXELS * PIXEL;

    for (int i = 0; i < SPAN + 15; i++) {
        int column = min(first + i, PIXEL - 1);
        size_t at = of + GROUP(column);
        real factor = moments[at + G * FV_L];
        mean[i] = moments[at];
        scale[i] = AFFINE == 1 ? factor * weight[column / FV_L] : factor;
        slope[i] = factor * factor * totals[at + G * FV_L];
        less[i] = factor * totals[at];
    }
    for (int p = begin; p < end; p++)
        for (int i = 0; i < span; i += 16) {
            size_t at = (size_t)p * PIXEL + first + i;
            real16 d = vload16(0, dy + at), difference = vload16(0, x + at) - vload16(0, mean + i);
#if AFFINE == 2
            d *= FV_NAME(element)(weight, at);
#endif
            d = vload16(0, scale + i) * d - difference * vload16(0, slope + i) - vload16(0, less + i);
            fv_store16(FV_TAIL16(d, dx + at), dx + at, span - i);
        }
}

#if AFFINE == 2
/* Gradients of weight and bias, in C, H, W order, of 16 pixels and FEW columns, whole channels. G is 1. */
kernel __attribute__((reqd_work_group_size(1, 1, 1))) void
FV_NAME(sum_elements)(global const real *restrict x, global const real *restrict dy,
                      global const real *restrict moments, global real *restrict dweight, global real *restrict dbias,
                      int blocks)
{
    int begin = get_group_id(0) * 16, end = min(begin + 16, PIXELS);
    int first = get_group_id(1) * FEW, few = min(FEW, PIXEL - first);
    real sum[16][FEW + 15], product[16][FEW + 15];
    for (int p = 0; p < 16; p++)
        for (int i = 0; i < FEW + 15; i++)
            sum[p][i] = product[p][i] = 0;
    for (int block = 0; block < blocks; block++) {
        real mean[FEW + 15], factor[FEW + 15];
        for (int i = 0; i < FEW + 15; i++) {
            mean[i] = moments[(size_t)block * 2 * FV_L + (first + i) % FV_L];
            factor[i] = moments[(size_t)block * 2 * FV_L + FV_L + (first + i) % FV_L];
        }
        for (int p = begin; p < end; p++)
            for (int i = 0; i < few; i += 16) {
                size_t at = ((size_t)block * PIXELS + p) * PIXEL + first + i;
                real16 d = vload16(0, dy + at);
                real16 v = (vload16(0, x + at) - vload16(0, mean + i)) * vload16(0, factor + i);
                vstore16(vload16(0, &sum[p - begin][i]) + d, 0, &sum[p - begin][i]);
                vstore16(vload16(0, &product[p - begin][i]) + d * v, 0, &product[p - begin][i]);
            }
    }
    for (int c = 0; c < few / FV_L; c++)
        for (int p = begin; p < end; p++) {
            real sums = 0, products = 0;
            for (int lane = 0; lane < FV_L; lane++) {
                sums += sum[p - begin][c * FV_L + lane];
                products += product[p - begin][c * FV_L + lane];
            }
            dweight[(size_t)(first / FV_L + c) * PIXELS + p] = products;
            dbias[(size_t)(first / FV_L + c) * PIXELS + p] = sums;
        }
}
#endif
#endif
#undef PARTS
#undef WITHIN
#endif

#undef PIXEL
#undef MEMBERS
#undef COUNT
#undef GROUP
#undef FACTOR
#undef BY_MEAN
#undef BY_FACTOR
