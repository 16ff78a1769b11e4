/* conv_pack.cl: what convolutions share: weights brought into the order of the kernels, partial sums added, values
 * with lanes spread out. Nothing here is specialised, so that a net needs these kernels once. */

/* Packs ROWS channels of the target at a time: [panel][ROWS bias][tap][source channel][ROWS], zero where there are no
 * more channels; `zeros` zeros follow the last panel. with_bias: 2, where the bias is zero. Element (row, channel, tap) of a group comes from
 * weight[group * group_step + row % row_split * row_step + row / row_split * split_step + channel * channel_step +
 * tap], its bias from bias[group * rows + row % row_split]. */
kernel __attribute__((reqd_work_group_size(1, 1, 1)))
void FV_NAME(conv_pack)(global const real *restrict weight, global const real *restrict bias,
                        global real *restrict packed, int panels, int width, int rows, int channels, int taps,
                        int zeros, int with_bias, int group_step, int row_split, int row_step, int split_step, int channel_step)
{
    int group = get_group_id(0) / panels, first = get_group_id(0) % panels * width;
    size_t size = (size_t)width * ((with_bias > 0) + (size_t)channels * taps);
    global real *out = packed + get_group_id(0) * size;
    int used = min(width, rows - first), at[MAX_WIDTH];
    weight += (size_t)group * group_step;

    if (get_group_id(0) == 0)
        for (int i = 0; i < zeros; i++)
            packed[get_num_groups(0) * size + i] = 0;
    if (with_bias) {
        for (int r = 0; r < width; r++)
            out[r] = with_bias == 1 && r < used ? bias[group * rows + (first + r) % row_split] : 0;
        out += width;
    }
    for (int r = 0; r < used; r++)
        at[r] = (first + r) % row_split * row_step + (first + r) / row_split * split_step;
    for (int c = 0; c < channels; c++, weight += channel_step)
        for (int tap = 0; tap < taps; tap++) {
            global real *to = out + (size_t)(tap * channels + c) * width;
            for (int r = 0; r < used; r++)
                to[r] = weight[at[r] + tap];
            for (int r = used; r < width; r++)
                to[r] = 0;
        }
}

/* Packs 3x3 weights for conv_winograd.cl, transformed to 6x6 places (G w G^T), `width` channels of the target at a time,
 * a multiple of 16: [panel][width bias][36][source channel][width], zero where there are no more channels. A work-group
 * takes a panel and `chunk` source channels, 16 channels of the target at once. The weight of (row, channel, tap) is
 * weight[row * row_step + channel * channel_step + tap], or tap 8 - tap where turned. */
#define TRANSFORM(a, b, c, o0, o1, o2, o3, o4, o5)                                                                     \
    {                                                                                                                  \
        real16 even = a * ((real)1 / 24) + c * ((real)1 / 6), odd = b * ((real)1 / 12), outer = (a + c) * ((real)1 / 6); \
        o0 = a * ((real)1 / 4);                                                                                        \
        o1 = -outer - b * ((real)1 / 6);                                                                               \
        o2 = -outer + b * ((real)1 / 6);                                                                               \
        o3 = even + odd;                                                                                               \
        o4 = even - odd;                                                                                               \
        o5 = c;                                                                                                        \
    }
kernel __attribute__((reqd_work_group_size(1, 1, 1)))
void FV_NAME(conv_pack_winograd)(global const real *restrict weight, global const real *restrict bias,
                                 global real *restrict packed, int width, int rows, int channels, int chunk,
                                 int row_step, int channel_step, int turned, int with_bias)
{
    int first = get_group_id(1) * width, begin = get_group_id(0) * chunk, end = min(begin + chunk, channels);
    global real *out = packed + get_group_id(1) * ((size_t)width * ((with_bias > 0) + (size_t)channels * 36));
    if (with_bias) {
        if (begin == 0)
            for (int r = 0; r < width; r++)
                out[r] = with_bias == 1 && first + r < rows ? bias[first + r] : 0;
        out += width;
    }
    for (int channel = begin; channel < end; channel++)
        for (int row = first; row < first + width; row += 16) {
            real w[9][16];
            real16 h[18];
            for (int tap = 0; tap < 9; tap++)
                for (int r = 0; r < 16; r++)
                    w[tap][r] = 0;
            for (int r = 0; r < min(16, rows - row); r++) {
                global const real *from = weight + (size_t)(row + r) * row_step + (size_t)channel * channel_step;
                for (int tap = 0; tap < 9; tap++)
                    w[tap][r] = from[turned ? 8 - tap : tap];
            }
            for (int j = 0; j < 3; j++) {
                real16 a = vload16(0, w[j]), b = vload16(0, w[3 + j]), c = vload16(0, w[6 + j]);
                TRANSFORM(a, b, c, h[j], h[3 + j], h[6 + j], h[9 + j], h[12 + j], h[15 + j])
            }
            for (int i = 0; i < 6; i++) {
                size_t place = (size_t)channels * width;
                global real *to = out + 6 * i * place + (size_t)channel * width + (row - first);
                real16 o0, o1, o2, o3, o4, o5;
                TRANSFORM(h[3 * i], h[3 * i + 1], h[3 * i + 2], o0, o1, o2, o3, o4, o5)
                vstore16(o0, 0, to);
                vstore16(o1, 0, to + place);
                vstore16(o2, 0, to + 2 * place);
                vstore16(o3, 0, to + 3 * place);
                vstore16(o4, 0, to + 4 * place);
                vstore16(o5, 0, to + 5 * place);
            }
        }
}
#undef TRANSFORM

/* out[i] = sum over shares of parts[share * stride + offset + i], always in the same order. */
kernel __attribute__((reqd_work_group_size(1, 1, 1)))
void FV_NAME(conv_sum)(global const real *restrict parts, global real *restrict out, int offset, int stride,
                       int shares, int count, int chunk)
{
    int begin = get_group_id(0) * chunk, end = min(begin + chunk, count);
    parts += offset;
    for (int i = begin; i < end; i++)
        out[i] = parts[i];
    for (int share = 1; share < shares; share++) {
        parts += stride;
        for (int i = begin; i < end; i++)
            out[i] += parts[i];
    }
}

/* Adds up shares of a weight gradient as conv_channels_weights.cl leaves them, always in the same order, and brings it
 * into the order of the weights: out[row * row_step + col * col_step + tap] = sum over shares of
 * parts[share * stride + (tap * rows + row) * row_width + col], for each group of `size` weights. A work-group takes 16
 * columns and `chunk` rows of all taps. */
kernel __attribute__((reqd_work_group_size(1, 1, 1)))
void FV_NAME(conv_sum_turned)(global const real *restrict parts, global real *restrict out, int stride, int shares,
                              int taps, int rows, int cols, int row_step, int col_step, int chunk)
{
    int row_width = (cols + 15) / 16 * 16, col = get_group_id(0) * 16, used = min(16, cols - col);
    int begin = get_group_id(1) * chunk, end = min(begin + chunk, rows);
    parts += (size_t)get_group_id(2) * ((size_t)taps * rows * row_width) + col;
    out += (size_t)get_group_id(2) * ((size_t)taps * rows * cols) + (size_t)col * col_step;
    for (int row = begin; row < end; row++)
        for (int tap = 0; tap < taps; tap++) {
            global const real *from = parts + (size_t)(tap * rows + row) * row_width;
            global real *to = out + (size_t)row * row_step + tap;
            real16 sum = vload16(0, from);
            real part[16];
            for (int share = 1; share < shares; share++)
                sum += vload16(0, from + (size_t)share * stride);
            vstore16(sum, 0, part);
            for (int i = 0; i < used; i++)
                to[(size_t)i * col_step] = part[i];
        }
}

/* [block][pixel][channel][lane] -> [block][lane][channel][pixel]: the inputs of a dense layer, sample by sample, `step`
 * reals apart, in the order of its weights. A work-group takes a block, and `chunk` channels. */
kernel __attribute__((reqd_work_group_size(1, 1, 1)))
void FV_NAME(conv_spread)(global const real *restrict x, global real *restrict out, int channels, int pixels,
                          int step, int chunk)
{
    x += (size_t)get_group_id(1) * channels * pixels * FV_L;
    out += (size_t)get_group_id(1) * step * FV_L;
    int begin = get_group_id(0) * chunk, end = min(begin + chunk, channels);
    for (int c = begin; c < end; c++)
        for (int p = 0; p < pixels; p++)
            for (int lane = 0; lane < FV_L; lane++)
                out[(size_t)lane * step + c * pixels + p] = x[((size_t)p * channels + c) * FV_L + lane];
}
