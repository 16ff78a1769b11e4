/* conv_gpu_pack.cl: what convolutions of this family share: weights brought into the order of the kernels, and partial
 * sums added. A work-item for each element; nothing here is specialised, so that a net needs these kernels once. */

/* Packs panels of `width` channels of the target: [panel][width biases][tap][source channel][width], zero where there
 * are no more channels. Within a panel channels stand as tiles read them: `apart` vectors of 4 channels that are `apart`
 * from each other, and then the next such lot. Element (row, channel, tap) of a group comes from
 * weight[group * group_step + row % row_split * row_step + row / row_split * split_step + channel * channel_step +
 * tap], its bias from bias[group * rows + row % row_split]. all: panels of all groups. */
FV_KERNEL FV_NAME(conv_pack)(global const real *restrict weight, global const real *restrict bias,
                             global real *restrict packed, int all, int panels, int width, int apart, int rows,
                             int channels, int taps, int with_bias, int group_step, int row_split, int row_step,
                             int split_step, int channel_step)
{
    int biases = with_bias > 0, depth = biases + channels * taps;
    size_t at = FV_ITEM;
    int place = at % width, k = at / width % depth, panel = at / width / depth, group = panel / panels;
    int row = panel % panels * width + (place / (4 * apart) * 4 + place % 4) * apart + place / 4 % apart;
    if (panel >= all)
        return;
    real value = 0;
    if (row < rows && k < biases) {
        value = with_bias == 1 ? bias[group * rows + row % row_split] : 0;
    } else if (row < rows) {
        k -= biases;
        value = weight[group * group_step + row % row_split * row_step + row / row_split * split_step +
                       k % channels * channel_step + k / channels];
    }
    packed[at] = value;
}

/* For conv_gpu_direct.cl: [bias][tap][source channel of the group][target channel of all groups]. */
FV_KERNEL FV_NAME(conv_pack_direct)(global const real *restrict weight, global const real *restrict bias,
                                    global real *restrict packed, int width, int rows, int channels, int taps,
                                    int with_bias, int group_step, int row_step, int channel_step)
{
    size_t at = FV_ITEM;
    int c = at % width, k = at / width, biases = with_bias > 0;
    if (k >= biases + channels * taps)
        return;
    if (k < biases) {
        packed[at] = with_bias == 1 ? bias[c] : 0;
        return;
    }
    k -= biases;
    packed[at] = weight[c / rows * group_step + c % rows * row_step + k % channels * channel_step + k / channels];
}

/* out[i] = sum over shares of parts[share * stride + offset + i], always in the same order. */
FV_KERNEL FV_NAME(conv_sum)(global const real *restrict parts, global real *restrict out, int offset, int stride,
                            int shares, int count)
{
    uint i = FV_ITEM;
    if (i >= (uint)count)
        return;
    real sum = parts[offset + i];
    for (int share = 1; share < shares; share++)
        sum += parts[share * (size_t)stride + offset + i];
    out[i] = sum;
}
