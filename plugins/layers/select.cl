/* SPDX-License-Identifier: MIT
 * select.cl: KEPT of the features of C channels and PIXELS pixels. `from` is the place in a sample of each output's
 * feature, `to` the output of the feature at each place; -1 where there is none. They are reals, which hold such numbers
 * exactly. IN_PLACE: what is not kept becomes 0. A work-group takes SPAN_OUT outputs, or SPAN_IN features, of a block. */
#define FEATURES (C * PIXELS)
#define PLACE(f) ((f) % PIXELS * C + (f) / PIXELS)

/* One after the other: how many were kept before decides. */
FV_KERNEL FV_NAME(order)(global const real *restrict mask, global real *restrict from, global real *restrict to)
{
    if (IN_PLACE || FV_ME > 0)
        return;
    int kept = 0;
    for (int f = 0; f < FEATURES; f++) {
        int keep = mask[f] != 0 && kept < KEPT;
        to[PLACE(f)] = keep ? kept : -1;
        if (keep)
            from[kept++] = PLACE(f);
    }
    for (; kept < KEPT; kept++)
        from[kept] = -1;
}

FV_KERNEL FV_NAME(place)(global const real *restrict mask, global real *restrict from, global real *restrict to)
{
    int begin = get_group_id(0) * SPAN_IN, end = min(begin + SPAN_IN, FEATURES);
    for (int f = begin + FV_ME; f < end; f += FV_WORKERS)
        from[PLACE(f)] = to[PLACE(f)] = mask[f] != 0 ? PLACE(f) : -1;
}

FV_KERNEL FV_NAME(forward)(global const real *restrict x, global const real *restrict from, global real *restrict y)
{
    int begin = get_group_id(0) * SPAN_OUT, end = min(begin + SPAN_OUT, KEPT);
    x += get_group_id(1) * (size_t)FEATURES * FV_L;
    y += get_group_id(1) * (size_t)KEPT * FV_L;
    for (int i = begin + FV_ME; i < end; i += FV_WORKERS) {
        int place = (int)from[i];
        for (int lane = 0; lane < FV_L; lane++)
            y[i * FV_L + lane] = place < 0 ? 0 : x[place * FV_L + lane];
    }
}

FV_KERNEL FV_NAME(backward)(global const real *restrict dy, global const real *restrict to, global real *restrict dx)
{
    int begin = get_group_id(0) * SPAN_IN, end = min(begin + SPAN_IN, FEATURES);
    dy += get_group_id(1) * (size_t)KEPT * FV_L;
    dx += get_group_id(1) * (size_t)FEATURES * FV_L;
    for (int d = begin + FV_ME; d < end; d += FV_WORKERS) {
        int output = (int)to[d];
        for (int lane = 0; lane < FV_L; lane++)
            dx[d * FV_L + lane] = output < 0 ? 0 : dy[output * FV_L + lane];
    }
}

#undef FEATURES
#undef PLACE
