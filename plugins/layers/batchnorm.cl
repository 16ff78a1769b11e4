/* SPDX-License-Identifier: MIT
 * batchnorm.cl: C channels. A unit is a run of `pixels` pixels of C * FV_L reals each, of which the first
 * min(FV_L, n - unit * FV_L) lanes are samples. It is summed up in parts of SOME_PIXELS and SOME_CHANNELS; parts are put
 * together for PUT_TOGETHER channels, 64 at a time to keep the rounding error small; all else takes NORMALISED_PIXELS and
 * NORMALISED_CHANNELS. moments: C means, then C times 1 / sqrt(var + epsilon). */
#define PIXEL (C * FV_L)
#define SPAN (SOME_CHANNELS * FV_L)
#define RUN 64

#if !BACKWARD
/* The parts' means and sums of squared differences from them: C and C for each part. */
kernel __attribute__((reqd_work_group_size(1, 1, 1))) void
FV_NAME(measure)(global const real *restrict x, global real *restrict parts, int n, int pixels)
{
    int part = get_group_id(0), unit = get_group_id(1), channel = get_group_id(2) * SOME_CHANNELS;
    int begin = part * SOME_PIXELS, end = min(begin + SOME_PIXELS, pixels);
    int channels = min(SOME_CHANNELS, C - channel), span = channels * FV_L, lanes = min(FV_L, n - unit * FV_L);
    real count = (real)(end - begin) * lanes;
    real mean[SPAN], sum[SPAN], square[SPAN];
    x += (size_t)unit * pixels * PIXEL + channel * FV_L;
    parts += ((size_t)unit * get_num_groups(0) + part) * 2 * C + channel;

    for (int i = 0; i < SPAN; i++)
        mean[i] = sum[i] = square[i] = 0;
    for (int p = begin; p < end; p++)
        for (int i = 0; i < span; i++)
            sum[i] += x[(size_t)p * PIXEL + i];
    for (int c = 0; c < channels; c++) {
        real total = 0;
        for (int lane = 0; lane < lanes; lane++)
            total += sum[c * FV_L + lane];
        for (int lane = 0; lane < FV_L; lane++)
            mean[c * FV_L + lane] = total / count;
    }
    /* The sum of differences is what rounding left of the mean: Chan et al., 1983. */
    for (int i = 0; i < SPAN; i++)
        sum[i] = 0;
    for (int p = begin; p < end; p++)
        for (int i = 0; i < span; i++) {
            real difference = x[(size_t)p * PIXEL + i] - mean[i];
            sum[i] += difference;
            square[i] += difference * difference;
        }
    for (int c = 0; c < channels; c++) {
        real left = 0, squares = 0;
        for (int lane = 0; lane < lanes; lane++) {
            left += sum[c * FV_L + lane];
            squares += square[c * FV_L + lane];
        }
        parts[c] = mean[c * FV_L] + left / count;
        squares -= left * left / count;
        parts[C + c] = squares < 0 ? 0 : squares;
    }
}

/* The numbers of a channel in part k. */
int FV_NAME(count)(int k, int parts_of_unit, int n, int pixels)
{
    int unit = k / parts_of_unit, begin = k % parts_of_unit * SOME_PIXELS;
    return min(SOME_PIXELS, pixels - begin) * min(FV_L, n - unit * FV_L);
}

/* Moments of the batch, and the running statistics. */
kernel __attribute__((reqd_work_group_size(1, 1, 1))) void
FV_NAME(put_together)(global const real *restrict parts, global real *restrict moments,
                      global real *restrict running_mean, global real *restrict running_var, int n, int pixels,
                      int units, real epsilon, real momentum)
{
    int channel = get_group_id(0) * PUT_TOGETHER, channels = min(PUT_TOGETHER, C - channel);
    int parts_of_unit = (pixels + SOME_PIXELS - 1) / SOME_PIXELS, all = units * parts_of_unit;
    real count = FV_L == 1 ? (real)pixels : (real)pixels * n;
    real mean[PUT_TOGETHER], squares[PUT_TOGETHER], some[PUT_TOGETHER];
    parts += channel;

    for (int c = 0; c < PUT_TOGETHER; c++)
        mean[c] = squares[c] = 0;
    for (int begin = 0; begin < all; begin += RUN) {
        for (int c = 0; c < PUT_TOGETHER; c++)
            some[c] = 0;
        for (int k = begin; k < min(begin + RUN, all); k++) {
            real weight = FV_NAME(count)(k, parts_of_unit, n, pixels);
            for (int c = 0; c < channels; c++)
                some[c] += weight * (parts[(size_t)k * 2 * C + c] - parts[c]);
        }
        for (int c = 0; c < PUT_TOGETHER; c++)
            mean[c] += some[c];
    }
    for (int c = 0; c < channels; c++)
        mean[c] = parts[c] + mean[c] / count;
    for (int begin = 0; begin < all; begin += RUN) {
        for (int c = 0; c < PUT_TOGETHER; c++)
            some[c] = 0;
        for (int k = begin; k < min(begin + RUN, all); k++) {
            real weight = FV_NAME(count)(k, parts_of_unit, n, pixels);
            for (int c = 0; c < channels; c++) {
                real difference = parts[(size_t)k * 2 * C + c] - mean[c];
                some[c] += parts[(size_t)k * 2 * C + C + c] + weight * difference * difference;
            }
        }
        for (int c = 0; c < PUT_TOGETHER; c++)
            squares[c] += some[c];
    }
    for (int c = 0; c < channels; c++) {
        int at = channel + c;
        moments[at] = mean[c];
        moments[C + at] = 1 / sqrt(squares[c] / count + epsilon);
        running_mean[at] += momentum * (mean[c] - running_mean[at]);
        if (count > 1)
            running_var[at] += momentum * (squares[c] / (count - 1) - running_var[at]);
    }
}

/* Moments outside of training. */
kernel __attribute__((reqd_work_group_size(1, 1, 1))) void
FV_NAME(take_running)(global const real *restrict running_mean, global const real *restrict running_var,
                      global real *restrict moments, real epsilon)
{
    int begin = get_group_id(0) * PUT_TOGETHER, end = min(begin + PUT_TOGETHER, C);
    for (int c = begin; c < end; c++) {
        moments[c] = running_mean[c];
        moments[C + c] = 1 / sqrt(running_var[c] + epsilon);
    }
}

/* Lanes without a sample become 0: normalised by what others have, they could grow from layer to layer. */
kernel __attribute__((reqd_work_group_size(1, 1, 1))) void
FV_NAME(normalise)(global const real *restrict x, global const real *restrict moments,
                   global const real *restrict weight, global const real *restrict bias, global real *restrict y, int n,
                   int pixels FV_TAIL_PARAMS)
{
    FV_TAIL_BEGIN(y)
    int begin = get_group_id(0) * NORMALISED_PIXELS, end = min(begin + NORMALISED_PIXELS, pixels);
    int first = get_group_id(2) * NORMALISED_CHANNELS, last = min(first + NORMALISED_CHANNELS, C);
    int unit = get_group_id(1), lanes = min(FV_L, n - unit * FV_L);
    x += (size_t)unit * pixels * PIXEL;
    y += (size_t)unit * pixels * PIXEL;

    for (int p = begin; p < end; p++)
        for (int c = first; c < last; c++) {
            size_t at = ((size_t)p * C + c) * FV_L;
            real mean = moments[c], scale = weight[c] * moments[C + c], shift = bias[c];
            for (int lane = 0; lane < FV_L; lane++)
                y[at + lane] = FV_TAIL(lane < lanes ? (x[at + lane] - mean) * scale + shift : 0, y + at + lane);
        }
}

#else
/* Sums of dy and of dy * (x - mean): C and C for each part. */
kernel __attribute__((reqd_work_group_size(1, 1, 1))) void
FV_NAME(sum)(global const real *restrict x, global const real *restrict dy, global const real *restrict moments,
             global real *restrict parts, int n, int pixels)
{
    int part = get_group_id(0), unit = get_group_id(1), channel = get_group_id(2) * SOME_CHANNELS;
    int begin = part * SOME_PIXELS, end = min(begin + SOME_PIXELS, pixels);
    int channels = min(SOME_CHANNELS, C - channel), span = channels * FV_L, lanes = min(FV_L, n - unit * FV_L);
    real mean[SPAN], sum[SPAN], product[SPAN];
    x += (size_t)unit * pixels * PIXEL + channel * FV_L;
    dy += (size_t)unit * pixels * PIXEL + channel * FV_L;
    parts += ((size_t)unit * get_num_groups(0) + part) * 2 * C + channel;

    for (int i = 0; i < SPAN; i++) {
        mean[i] = i < span ? moments[channel + i / FV_L] : 0;
        sum[i] = product[i] = 0;
    }
    for (int p = begin; p < end; p++)
        for (int i = 0; i < span; i++) {
            sum[i] += dy[(size_t)p * PIXEL + i];
            product[i] += dy[(size_t)p * PIXEL + i] * (x[(size_t)p * PIXEL + i] - mean[i]);
        }
    for (int c = 0; c < channels; c++) {
        real sums = 0, products = 0;
        for (int lane = 0; lane < lanes; lane++) {
            sums += sum[c * FV_L + lane];
            products += product[c * FV_L + lane];
        }
        parts[c] = sums;
        parts[C + c] = products;
    }
}

/* The gradients of weight and bias. */
kernel __attribute__((reqd_work_group_size(1, 1, 1))) void
FV_NAME(sum_up)(global const real *restrict parts, global const real *restrict moments, global real *restrict dweight,
                global real *restrict dbias, int all)
{
    int channel = get_group_id(0) * PUT_TOGETHER, channels = min(PUT_TOGETHER, C - channel);
    real sum[PUT_TOGETHER], product[PUT_TOGETHER], some_sum[PUT_TOGETHER], some_product[PUT_TOGETHER];
    parts += channel;

    for (int c = 0; c < PUT_TOGETHER; c++)
        sum[c] = product[c] = 0;
    for (int begin = 0; begin < all; begin += RUN) {
        for (int c = 0; c < PUT_TOGETHER; c++)
            some_sum[c] = some_product[c] = 0;
        for (int k = begin; k < min(begin + RUN, all); k++)
            for (int c = 0; c < channels; c++) {
                some_sum[c] += parts[(size_t)k * 2 * C + c];
                some_product[c] += parts[(size_t)k * 2 * C + C + c];
            }
        for (int c = 0; c < PUT_TOGETHER; c++) {
            sum[c] += some_sum[c];
            product[c] += some_product[c];
        }
    }
    for (int c = 0; c < channels; c++) {
        dweight[channel + c] = product[c] * moments[C + channel + c];
        dbias[channel + c] = sum[c];
    }
}

/* dx = weight / deviation * (dy - mean of dy - normalised x * mean of dy * normalised x); FIXED: moments do not depend
 * on x, and nothing is taken away */
kernel __attribute__((reqd_work_group_size(1, 1, 1))) void
FV_NAME(backward)(global const real *restrict x, global const real *restrict dy, global const real *restrict moments,
                  global const real *restrict weight, global const real *restrict dweight,
                  global const real *restrict dbias, global real *restrict dx, int n, int pixels FV_TAIL_PARAMS)
{
    FV_TAIL_BEGIN(dx)
    int begin = get_group_id(0) * NORMALISED_PIXELS, end = min(begin + NORMALISED_PIXELS, pixels);
    int first = get_group_id(2) * NORMALISED_CHANNELS, last = min(first + NORMALISED_CHANNELS, C);
    int unit = get_group_id(1), lanes = min(FV_L, n - unit * FV_L);
    real share = 1 / (FV_L == 1 ? (real)pixels : (real)pixels * n);
    x += (size_t)unit * pixels * PIXEL;
    dy += (size_t)unit * pixels * PIXEL;
    dx += (size_t)unit * pixels * PIXEL;

    for (int p = begin; p < end; p++)
        for (int c = first; c < last; c++) {
            size_t at = ((size_t)p * C + c) * FV_L;
            real mean = moments[c], inverse = moments[C + c], scale = weight[c] * inverse;
            real dmean = FIXED ? 0 : dbias[c] * share, slope = FIXED ? 0 : dweight[c] * share * inverse;
            for (int lane = 0; lane < FV_L; lane++)
                dx[at + lane] =
                    FV_TAIL(lane < lanes ? scale * (dy[at + lane] - dmean - (x[at + lane] - mean) * slope) : 0,
                            dx + at + lane);
        }
}
#endif

#undef PIXEL
#undef SPAN
#undef RUN
