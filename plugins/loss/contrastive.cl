/* SPDX-License-Identifier: MIT
 * contrastive.cl: a work-group takes a sample beside all others. */
#if TRAIN
#define SLOPES , global real *restrict slope
#else
#define SLOPES
#endif

FV_KERNEL FV_NAME(judge)(global const real *restrict distance, global const int *restrict label,
                         global real *restrict result, int slot, int n, real weight, real margin SLOPES)
{
    local real room[FV_WORKERS];
    int i = get_group_id(0), own = label[i];
    real share = n > 1 ? (real)1 / (n - 1) : 0, mine = 0;

    for (int j = FV_ME; j < n; j += FV_WORKERS) {
        real d = distance[(size_t)i * n + j], lacks = margin - d;
        /* Not "lacks > 0 ? lacks : 0", which would hide a NaN. */
        real off = j == i ? 0 : label[j] == own ? d : lacks < 0 ? 0 : -lacks;
        mine += off * off / 2;
#if TRAIN
        slope[(size_t)i * n + j] = share * off;
#endif
    }
    real all = fv_total(mine, room);
    if (FV_ME == 0)
        result[slot + i] = own < 0 ? (real)NAN : weight * share * all;
}
#undef SLOPES
