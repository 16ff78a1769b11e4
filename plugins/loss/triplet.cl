/* SPDX-License-Identifier: MIT
 * triplet.cl: a work-group takes a sample as anchor. Where triplets are chosen, every work-item looks for them by itself
 * and writes the slopes that are its own: those of samples j with j % FV_WORKERS == FV_ME. MINING is HARD, ALL,
 * or neither: semi-hard. */
#if TRAIN
#define SLOPES , global real *restrict slope
#else
#define SLOPES
#endif

/* Number of the farthest sample of the anchor's class (same), or of another one; -1: there is none. */
int FV_NAME(farthest)(global const real *restrict distance, global const int *restrict label, int anchor, int n,
                      int same)
{
    int found = -1;
    for (int j = 0; j < n; j++)
        if (j != anchor && (label[j] == label[anchor]) == same && (found < 0 || distance[j] > distance[found]))
            found = j;
    return found;
}

/* Number of the nearest sample of another class that is farther away than `beyond`, or -1. */
int FV_NAME(nearest)(global const real *restrict distance, global const int *restrict label, int anchor, int n,
                     real beyond)
{
    int found = -1;
    for (int j = 0; j < n; j++)
        if (label[j] != label[anchor] && !(distance[j] <= beyond) && (found < 0 || distance[j] < distance[found]))
            found = j;
    return found;
}

/* The negative for an anchor and its positive. */
int FV_NAME(negative)(global const real *restrict distance, global const int *restrict label, int anchor, int n,
                      int positive)
{
    int found = FV_NAME(nearest)(distance, label, anchor, n, MINING == HARD ? (real)-1 : distance[positive]);
    if (found >= 0)
        return found;
    return MINING == HARD ? -1 : FV_NAME(farthest)(distance, label, anchor, n, 0);
}

/* The sum over the anchor's chosen triplets, and how many there are. Every work-item has all of it. */
real FV_NAME(chosen)(global const real *restrict distance, global const int *restrict label, int anchor, int n,
                     real margin, int *count SLOPES)
{
    int only = MINING == HARD ? FV_NAME(farthest)(distance, label, anchor, n, 1) : -1;
    real sum = 0;
    *count = 0;
    for (int p = 0; p < n; p++) {
        if (MINING == HARD ? p != only : p == anchor || label[p] != label[anchor])
            continue;
        int negative = FV_NAME(negative)(distance, label, anchor, n, p);
        if (negative < 0)
            return 0; /* all samples are of one class */
        real lacks = margin + distance[p] - distance[negative];
        ++*count;
        /* Not "lacks > 0", which would hide a NaN. */
        if (lacks < 0)
            continue;
        sum += lacks;
#if TRAIN
        if (p % FV_WORKERS == FV_ME)
            slope[p] += 1;
        if (negative % FV_WORKERS == FV_ME)
            slope[negative] -= 1;
#endif
    }
    return sum;
}

/* The sum over all triplets of the anchor: each work-item has that of its own positives. Samples are looked at in runs of
 * 16, each with a sum of its own, as vectors have them. */
real FV_NAME(every)(global const real *restrict distance, global const int *restrict label, int anchor, int n,
                    real margin SLOPES)
{
    int right = label[anchor];
    real total = 0;
    for (int j = FV_ME; j < n; j += FV_WORKERS) {
        int same = label[j] == right, near[16], all = 0;
        real way = same ? -1 : 1, lead = margin - way * distance[j], sum[16];
        if (j == anchor)
            continue;
        for (int i = 0; i < 16; i++)
            near[i] = sum[i] = 0;
        for (int k = 0; k < n; k += 16)
            for (int i = 0; i < 16; i++) { /* what is read past the end is left out */
                real lacks = lead + way * distance[k + i];
                /* Positives meet negatives, and negatives positives, but not the anchor. */
                int counts = (k + i < n) & (k + i != anchor) & ((label[k + i] == right) != same) & !(lacks < 0);
                near[i] += counts;
                sum[i] += counts ? lacks : 0;
            }
        for (int i = 0; i < 16; i++) {
            all += near[i];
            total += same ? sum[i] : 0;
        }
#if TRAIN
        slope[j] = same ? all : -all;
#endif
    }
    return total;
}

FV_KERNEL FV_NAME(judge)(global const real *restrict distance, global const int *restrict label,
                         global real *restrict result, int slot, int n, real weight, real margin SLOPES)
{
    local real room[FV_WORKERS];
    int i = get_group_id(0), count = 0;
    real sum = 0;
    distance += (size_t)i * n;
#if TRAIN
    slope += (size_t)i * n;
    for (int j = FV_ME; j < n; j += FV_WORKERS)
        slope[j] = 0;
#define SLOPE , slope
#else
#define SLOPE
#endif
    if (MINING == ALL) {
        int positives = 0;
        for (int j = 0; j < n; j++)
            positives += j != i && label[j] == label[i];
        count = positives * (n - 1 - positives);
        sum = fv_total(FV_NAME(every)(distance, label, i, n, margin SLOPE), room);
    } else {
        sum = FV_NAME(chosen)(distance, label, i, n, margin, &count SLOPE);
    }
    real share = count > 0 ? (real)1 / count : 0;
#if TRAIN
    for (int j = FV_ME; j < n; j += FV_WORKERS)
        slope[j] *= share;
#endif
    if (FV_ME == 0)
        result[slot + i] = label[i] < 0 ? (real)NAN : weight * share * sum;
}
#undef SLOPE
#undef SLOPES
