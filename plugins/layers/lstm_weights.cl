/* SPDX-License-Identifier: MIT
 * lstm_weights.cl: brings an LSTM's parameters to where its kernels read them, and states to where they begin. SPAN: reals
 * that a work-group takes. */

/* H units; weight is [4][H][H]; packed [TILES][H][4][UNITS], with zeros behind the last unit. A work-group takes SOME
 * columns of a tile. */
FV_KERNEL FV_NAME(pack)(global const real *restrict weight, global real *restrict packed, int from)
{
    int tile = get_group_id(0), begin = get_group_id(1) * SOME, end = min(begin + SOME, H);
    packed += (size_t)from + (size_t)tile * H * (4 * UNITS);
    for (int k = begin + FV_ME; k < end; k += FV_WORKERS)
        for (int gate = 0; gate < 4; gate++)
            for (int u = 0; u < UNITS; u++) {
                int unit = tile * UNITS + u;
                packed[((size_t)k * 4 + gate) * UNITS + u] =
                    unit < H ? weight[((size_t)gate * H + unit) * H + k] : 0;
            }
}

FV_KERNEL FV_NAME(copy)(global const real *restrict from, global real *restrict to, int from_offset, int to_offset,
                        int count)
{
    int begin = get_group_id(0) * SPAN, end = begin + min(SPAN, count - begin);
    for (int i = begin + FV_ME; i < end; i += FV_WORKERS)
        to[to_offset + i] = from[from_offset + i];
}

FV_KERNEL FV_NAME(add_biases)(global const real *restrict input, global const real *restrict hidden,
                              global real *restrict bias, int offset, int count)
{
    int begin = get_group_id(0) * SPAN, end = begin + min(SPAN, count - begin);
    for (int i = begin + FV_ME; i < end; i += FV_WORKERS)
        bias[offset + i] = input[i] + hidden[i];
}

/* Of each block, the first of `steps` positions for direction 0, and the last for direction 1, become the layer's part of
 * `from`, [STATES][lane], or zeros. A work-group takes a direction of a block. */
FV_KERNEL FV_NAME(begin)(global const real *restrict from, global real *restrict to, int first, int given, int steps)
{
    int d = get_group_id(0);
    size_t block = get_group_id(1);
    from += (block * STATES + first + d * H) * FV_L;
    to += ((block * steps + (d ? steps - 1 : 0)) * D + d) * H * FV_L;
    for (int i = FV_ME; i < H * FV_L; i += FV_WORKERS)
        to[i] = given ? from[i] : 0;
}
