/* conv_pack.cl: what convolutions share: weights brought into the order of the kernels, partial sums added, values
 * with lanes spread out. Nothing here is specialised, so that a net needs these kernels once. */

/* Packs ROWS channels of the target at a time: [panel][ROWS bias][tap][source channel][ROWS], zero where there are no
 * more channels; `zeros` zeros follow the last panel. Element (row, channel, tap) of a group comes from
 * weight[group * group_step + row % row_split * row_step + row / row_split * split_step + channel * channel_step +
 * tap]. */
kernel __attribute__((reqd_work_group_size(1, 1, 1)))
void FV_NAME(conv_pack)(global const real *restrict weight, global const real *restrict bias,
                        global real *restrict packed, int panels, int width, int rows, int channels, int taps,
                        int zeros, int with_bias, int group_step, int row_split, int row_step, int split_step, int channel_step)
{
    int group = get_group_id(0) / panels, first = get_group_id(0) % panels * width;
    size_t size = (size_t)width * (with_bias + (size_t)channels * taps);
    global real *out = packed + get_group_id(0) * size;
    int used = min(width, rows - first), at[MAX_WIDTH];
    weight += (size_t)group * group_step;

    if (get_group_id(0) == 0)
        for (int i = 0; i < zeros; i++)
            packed[get_num_groups(0) * size + i] = 0;
    if (with_bias) {
        for (int r = 0; r < width; r++)
            out[r] = r < used ? bias[group * rows + first + r] : 0;
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

/* [block][pixel][channel][lane] -> [block][lane][channel][pixel]: the inputs of a dense layer, sample by sample, in
 * the order of its weights. A work-group takes a block, and `chunk` channels. */
kernel __attribute__((reqd_work_group_size(1, 1, 1)))
void FV_NAME(conv_spread)(global const real *restrict x, global real *restrict out, int channels, int pixels,
                          int chunk)
{
    size_t block = (size_t)get_group_id(1) * channels * pixels * FV_L;
    int begin = get_group_id(0) * chunk, end = min(begin + chunk, channels);
    for (int c = begin; c < end; c++)
        for (int p = 0; p < pixels; p++)
            for (int lane = 0; lane < FV_L; lane++)
                out[block + ((size_t)lane * channels + c) * pixels + p] =
                    x[block + ((size_t)p * channels + c) * FV_L + lane];
}
