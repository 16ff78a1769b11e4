/* target.cl: targets that are made of others. */

/* A work-group takes a block of samples. One channel alone is asked for class 1 of two. Where samples are mixed of
 * several images, each of their classes counts by its share; `part` is the image. */
FV_KERNEL FV_NAME(one_hot)(global const int *restrict label, global const float *restrict shares,
                           global real *restrict t, int n, int channels, int pixels, int mixed, int part)
{
    int first = get_group_id(0) * FV_L, count = channels * pixels * FV_L;
    t += (size_t)get_group_id(0) * count;
    for (int i = FV_ME; i < count; i += FV_WORKERS) {
        int sample = first + i % FV_L, own = sample < n ? label[sample] : 0;
        real is = channels == 1 ? own : own == i / FV_L % channels;
        real share = mixed && sample < n ? (real)shares[part * n + sample] : (real)1;
        real made = own >= 0 && own < max(channels, 2) ? share * is : (real)NAN;
        t[i] = part > 0 ? t[i] + made : made;
    }
}
