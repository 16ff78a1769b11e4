/* param_vectors.cl: what optimizers that step by themselves do with vectors of the parameters' length, from element `first` to
 * `last` - 1. Sums are made in FV_PARTIALS work-groups, which take `chunk` elements each. */

FV_KERNEL FV_NAME(combine)(global real *to, real alpha, global const real *a, real beta, global const real *b,
                           int first, int last)
{
    size_t begin = first + (size_t)get_group_id(0) * FV_CHUNK, end = min(begin + FV_CHUNK, (size_t)last);
    for (size_t i = begin + FV_ME; i < end; i += FV_WORKERS)
        to[i] = beta == 0 ? alpha * a[i] : alpha * a[i] + beta * b[i];
}

FV_KERNEL FV_NAME(dot)(global const real *a, global const real *b, global real *restrict partials, int first, int last,
                       int chunk, int at)
{
    local real room[FV_WORKERS];
    int begin = first + get_group_id(0) * chunk, end = min(begin + chunk, last);
    real sum = 0;
    for (int row = begin; row < end; row += 256) { /* rows keep the rounding error small */
        real part = 0;
        for (int i = row + FV_ME; i < min(row + 256, end); i += FV_WORKERS)
            part += a[i] * b[i];
        sum += part;
    }
    sum = fv_total(sum, room);
    if (FV_ME == 0)
        partials[at + get_group_id(0)] = sum;
}

/* partials[at + group]: sums of absolute values; partials[at + groups + group]: the largest. */
FV_KERNEL FV_NAME(absolute)(global const real *restrict a, global real *restrict partials, int first, int last,
                            int chunk, int at)
{
    local real room[FV_WORKERS];
    int begin = first + get_group_id(0) * chunk, end = min(begin + chunk, last), groups = get_num_groups(0);
    real sum = 0, most = 0;
    for (int row = begin; row < end; row += 256) {
        real part = 0;
        for (int i = row + FV_ME; i < min(row + 256, end); i += FV_WORKERS) {
            part += fabs(a[i]);
            most = fmax(most, fabs(a[i]));
        }
        sum += part;
    }
    sum = fv_total(sum, room);
#if FV_WORKERS > 1
    barrier(CLK_LOCAL_MEM_FENCE);
    room[FV_ME] = most;
    barrier(CLK_LOCAL_MEM_FENCE);
    for (int step = FV_WORKERS / 2; step > 0; step /= 2) {
        if (FV_ME < step)
            room[FV_ME] = fmax(room[FV_ME], room[FV_ME + step]);
        barrier(CLK_LOCAL_MEM_FENCE);
    }
    most = room[0];
#endif
    if (FV_ME == 0) {
        partials[at + get_group_id(0)] = sum;
        partials[at + groups + get_group_id(0)] = most;
    }
}
