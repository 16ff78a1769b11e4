/* conv_depthwise_pack.cl: [channel][tap] -> [bias][tap][channels in whole vectors]. with_bias: 1; else it is zero. */
kernel __attribute__((reqd_work_group_size(1, 1, 1)))
void FV_NAME(conv_pack_depthwise)(global const real *restrict weight, global const real *restrict bias,
                                  global real *restrict packed, int channels, int taps, int with_bias)
{
    int padded = (channels + 15) / 16 * 16, begin = get_group_id(0) * 16;
    for (int c = begin; c < begin + 16; c++) {
        packed[c] = with_bias == 1 && c < channels ? bias[c] : 0;
        for (int tap = 0; tap < taps; tap++)
            packed[(tap + 1) * padded + c] = c < channels ? weight[c * taps + tap] : 0;
    }
}
