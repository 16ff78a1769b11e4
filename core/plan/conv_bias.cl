/* conv_bias.cl: sums of a value's channels over all pixels and lanes: in shares of the pixels, which are then added.
 * Not specialised, so that a net needs this once. */
#if FV_WORKERS > 1
/* A work-item for each channel, neighbours by neighbours; get_group_id(1): the share. */
FV_KERNEL FV_NAME(conv_bias_shares)(global const real *restrict dy, global real *restrict parts, int channels,
                                    int pixels, int share)
{
    int c = FV_ITEM, begin = get_group_id(1) * share, end = min(begin + share, pixels);
    real sum = 0;
    if (c >= channels)
        return;
    for (int p = begin; p < end; p++)
        for (int lane = 0; lane < FV_L; lane++)
            sum += dy[((size_t)p * channels + c) * FV_L + lane];
    parts[(size_t)get_group_id(1) * channels + c] = sum;
}

#else
#define HELD 64
kernel __attribute__((reqd_work_group_size(1, 1, 1)))
void FV_NAME(conv_bias_shares)(global const real *restrict dy, global real *restrict parts, int channels, int pixels,
                               int share)
{
    int begin = get_group_id(1) * share, end = min(begin + share, pixels), all = channels * FV_L;
    int first = get_group_id(0) * HELD, count = min(HELD, all - first);
    real sum[HELD];
    for (int i = 0; i < HELD; i++)
        sum[i] = 0;
    for (int p = begin; p < end; p++) {
        global const real *from = dy + (size_t)p * all + first;
        for (int i = 0; i < count; i++)
            sum[i] += from[i];
    }
    parts += (size_t)get_group_id(1) * channels + first / FV_L;
    for (int i = 0; i < count / FV_L; i++) {
        real total = 0;
        for (int lane = 0; lane < FV_L; lane++)
            total += sum[i * FV_L + lane];
        parts[i] = total;
    }
}
#undef HELD
#endif

FV_KERNEL FV_NAME(conv_bias_sum)(global const real *restrict parts, global real *restrict db, int channels, int shares)
{
    int c = FV_ITEM;
    if (c >= channels)
        return;
    real sum = 0;
    for (int share = 0; share < shares; share++)
        sum += parts[(size_t)share * channels + c];
    db[c] = sum;
}
