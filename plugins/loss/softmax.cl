/* SPDX-License-Identifier: MIT
 * softmax.cl: C classes, at each of PIXELS places. A work-group takes LANES samples, lane beside lane. With WEIGHTED,
 * WEIGHTS are those of the classes, and TOTAL is their sum. SMOOTHING: the share of the target that all classes have
 * alike. */
#if TRAIN
#define GRADIENT , global real *restrict dx, real scale
#else
#define GRADIENT
#endif
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

real FV_NAME(loss_of)(global const real *restrict x, int right, real top, real sum)
{
    real norm = log(sum), l = (real)NAN;
    if (right >= 0 && right < C)
        l = (1 - SMOOTHING) * WEIGHT(right) * (norm - (x[right * FV_L] - top));
    for (int c = 0; c < (SMOOTHING > 0 ? C : 0); c++)
        l += SMOOTHING / C * WEIGHT(c) * (norm - (x[c * FV_L] - top));
    return l;
}

#if TRAIN
/* dx = scale * (softmax * the weight of all classes together - that of the class), where the label has the weight that
 * smoothing leaves it, and all have their part of the rest. */
void FV_NAME(gradient)(global const real *restrict x, global real *restrict dx, const int *right, const real *top,
                       const real *sum, real scale)
{
    real own[LANES], all[LANES];
    for (int lane = 0; lane < LANES; lane++) {
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
#endif

FV_KERNEL FV_NAME(judge)(global const real *restrict x, global const int *restrict label, global real *restrict result,
                         int slot, int n, real weight GRADIENT)
{
    local real room[FV_WORKERS];
    int first = get_group_id(0) * LANES, right[LANES];
    real top[LANES], sum[LANES], loss[LANES];
    for (int lane = 0; lane < LANES; lane++)
        loss[lane] = 0;

    for (int pixel = FV_ME; pixel < PIXELS; pixel += FV_WORKERS) {
        size_t at = FV_AT(first, 0, pixel, 0, C, PIXELS, 1);
        for (int lane = 0; lane < LANES; lane++)
            right[lane] = first + lane < n ? label[FV_AT(first, 0, pixel, 0, 1, PIXELS, 1) + lane] : -1;
        FV_NAME(sum)(x + at, top, sum);
        for (int lane = 0; lane < LANES; lane++)
            loss[lane] += FV_NAME(loss_of)(x + at + lane, right[lane], top[lane], sum[lane]);
#if TRAIN
        FV_NAME(gradient)(x + at, dx + at, right, top, sum, scale / PIXELS);
#endif
    }
    for (int lane = 0; lane < LANES; lane++) {
        real all = fv_total(loss[lane], room);
        if (FV_ME == 0 && first + lane < n)
            result[slot + first + lane] = weight * all / PIXELS;
    }
}
#undef WEIGHT
#undef GRADIENT
