/* SPDX-License-Identifier: MIT
 * softmax.cl: C classes. A work-item takes LANES samples, lane beside lane. With WEIGHTED, WEIGHTS are those of the
 * classes, and TOTAL is their sum. SMOOTHING: the share of the target that all classes have alike. */
#if WEIGHTED
constant real FV_NAME(weights)[C] = { WEIGHTS };
#define WEIGHT(c) FV_NAME(weights)[c]
#else
#define WEIGHT(c) 1
#endif

/* The largest score, and the sum of exp(score - largest). */
void FV_NAME(sum)(global const real *restrict x, real *top, real *sum)
{
    for (int lane = 0; lane < LANES; lane++) {
        top[lane] = x[lane];
        sum[lane] = 0;
    }
    for (int c = 1; c < C; c++)
        for (int lane = 0; lane < LANES; lane++)
            top[lane] = x[c * FV_L + lane] > top[lane] ? x[c * FV_L + lane] : top[lane];
    for (int c = 0; c < C; c++)
        for (int lane = 0; lane < LANES; lane++)
            sum[lane] += exp(x[c * FV_L + lane] - top[lane]);
}

void FV_NAME(write)(global const real *restrict x, global const int *restrict label, global real *restrict result,
                    int slot, int n, real weight, const real *top, const real *sum)
{
    int first = get_group_id(0) * LANES;
    for (int lane = 0; lane < LANES && first + lane < n; lane++) {
        int right = label[first + lane];
        real l = (real)NAN, norm = log(sum[lane]);
        if (right >= 0 && right < C)
            l = (1 - SMOOTHING) * WEIGHT(right) * (norm - (x[right * FV_L + lane] - top[lane]));
        for (int c = 0; c < (SMOOTHING > 0 ? C : 0); c++)
            l += SMOOTHING / C * WEIGHT(c) * (norm - (x[c * FV_L + lane] - top[lane]));
        result[slot + first + lane] = weight * l;
    }
}

kernel __attribute__((reqd_work_group_size(1, 1, 1))) void
FV_NAME(evaluate)(global const real *restrict x, global const int *restrict label, global real *restrict result,
                  int slot, int n, real weight)
{
    int first = get_group_id(0) * LANES;
    real top[LANES], sum[LANES];
    x += FV_AT(first, 0, 0, 0, C, 1, 1);
    FV_NAME(sum)(x, top, sum);
    FV_NAME(write)(x, label, result, slot, n, weight, top, sum);
}

/* dx = scale * (softmax * the weight of all classes together - that of the class), where the label has the weight that
 * smoothing leaves it, and all have their part of the rest. */
kernel __attribute__((reqd_work_group_size(1, 1, 1))) void
FV_NAME(train)(global const real *restrict x, global const int *restrict label, global real *restrict result, int slot,
               int n, real weight, global real *restrict dx, real scale)
{
    int first = get_group_id(0) * LANES;
    real top[LANES], sum[LANES], own[LANES], all[LANES];
    int right[LANES];
    x += FV_AT(first, 0, 0, 0, C, 1, 1);
    dx += FV_AT(first, 0, 0, 0, C, 1, 1);
    FV_NAME(sum)(x, top, sum);
    FV_NAME(write)(x, label, result, slot, n, weight, top, sum);

    for (int lane = 0; lane < LANES; lane++) {
        right[lane] = first + lane < n ? label[first + lane] : -1;
        int counts = right[lane] >= 0 && right[lane] < C;
        own[lane] = counts ? (1 - SMOOTHING) * WEIGHT(right[lane]) : 0;
        all[lane] = counts ? own[lane] + SMOOTHING * TOTAL / C : 0;
    }
    for (int c = 0; c < C; c++)
        for (int lane = 0; lane < LANES; lane++) {
            real share = exp(x[c * FV_L + lane] - top[lane]) / sum[lane];
            int counts = right[lane] >= 0 && right[lane] < C;
            real d = all[lane] * share - SMOOTHING / C * WEIGHT(c) - (c == right[lane] ? own[lane] : 0);
            dx[c * FV_L + lane] = counts ? scale * d : 0;
        }
}
#undef WEIGHT
