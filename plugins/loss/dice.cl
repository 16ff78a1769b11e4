/* SPDX-License-Identifier: MIT
 * dice.cl: C channels of PIXELS places. Probabilities p are made first, then what they share with the target is added up
 * in runs of CHUNK pixels, CHUNKS in a sample. A work-group takes a block of samples, lane beside lane. */

/* p = sigmoid or softmax of x; a work-group takes a chunk. */
FV_KERNEL FV_NAME(probabilities)(global const real *restrict x, global real *restrict p)
{
    int first = get_group_id(0) * FV_L, begin = get_group_id(1) * CHUNK, end = min(begin + CHUNK, PIXELS);
    size_t at = FV_AT(first, 0, 0, 0, C, PIXELS, 1);
    x += at;
    p += at;
#if SOFTMAX
    for (int pixel = begin + FV_ME; pixel < end; pixel += FV_WORKERS) {
        int from = pixel * C * FV_L;
        real top[FV_L], sum[FV_L];
        for (int lane = 0; lane < FV_L; lane++) {
            top[lane] = x[from + lane];
            sum[lane] = 0;
        }
        for (int c = 1; c < C; c++)
            for (int lane = 0; lane < FV_L; lane++)
                top[lane] = x[from + c * FV_L + lane] > top[lane] ? x[from + c * FV_L + lane] : top[lane];
        for (int c = 0; c < C; c++)
            for (int lane = 0; lane < FV_L; lane++)
                sum[lane] += p[from + c * FV_L + lane] = exp(x[from + c * FV_L + lane] - top[lane]);
        for (int c = 0; c < C; c++)
            for (int lane = 0; lane < FV_L; lane++)
                p[from + c * FV_L + lane] /= sum[lane];
    }
#else
    for (int i = begin * C * FV_L + FV_ME; i < end * C * FV_L; i += FV_WORKERS)
        p[i] = 1 / (1 + exp(-x[i]));
#endif
}

/* For each chunk, channel and lane: the sums of p t, and of p + t or their squares. part: [blocks][CHUNKS][2][C][L]. */
FV_KERNEL FV_NAME(overlap)(global const real *restrict p, global const real *restrict t, global real *restrict part)
{
    int block = get_group_id(0), begin = get_group_id(1) * CHUNK, end = min(begin + CHUNK, PIXELS);
    size_t at = FV_AT(block * FV_L, 0, 0, 0, C, PIXELS, 1);
    global real *both = part + ((size_t)block * CHUNKS + get_group_id(1)) * 2 * C * FV_L, *all = both + C * FV_L;
    p += at;
    t += at;
    for (int i = FV_ME; i < C * FV_L; i += FV_WORKERS)
        both[i] = all[i] = 0;
    for (int pixel = begin; pixel < end; pixel++)
        for (int i = FV_ME; i < C * FV_L; i += FV_WORKERS) { /* the same ones in every round: nobody else adds there */
            real ours = p[(size_t)pixel * C * FV_L + i], theirs = t[(size_t)pixel * C * FV_L + i];
            both[i] += ours * theirs;
            all[i] += SQUARED ? ours * ours + theirs * theirs : ours + theirs;
        }
}

/* The loss of each sample; where `part` of the first chunk was, the derivatives of it by the two sums. */
FV_KERNEL FV_NAME(judge)(global real *restrict part, global real *restrict result, int slot, int n, real weight,
                         real smooth)
{
    local real room[FV_WORKERS];
    int block = get_group_id(0);
    real loss[FV_L];
    part += (size_t)block * CHUNKS * 2 * C * FV_L;
    for (int lane = 0; lane < FV_L; lane++)
        loss[lane] = 0;
    for (int c = FV_ME; c < C; c += FV_WORKERS)
        for (int lane = 0; lane < FV_L; lane++) {
            global real *both = part + c * FV_L + lane, *all = both + C * FV_L;
            real shared = 0, sum = smooth;
            for (int k = 0; k < CHUNKS; k++) {
                shared += both[k * 2 * C * FV_L];
                sum += all[k * 2 * C * FV_L];
            }
            loss[lane] += (1 - (2 * shared + smooth) / sum) / C;
            *both = -2 / (C * sum);
            *all = (2 * shared + smooth) / (C * sum * sum);
        }
    for (int lane = 0; lane < FV_L; lane++) {
        real total = fv_total(loss[lane], room);
        if (FV_ME == 0 && block * FV_L + lane < n)
            result[slot + block * FV_L + lane] = weight * total;
    }
}

/* Of the loss by p. */
#define BY_P(i, k) (slope[k] * t[i] + slope[C * FV_L + (k)] * (SQUARED ? 2 * p[i] : 1))

FV_KERNEL FV_NAME(gradient)(global const real *restrict p, global const real *restrict t,
                            global const real *restrict slope, global real *restrict dx, int n, real scale)
{
    int first = get_group_id(0) * FV_L, begin = get_group_id(1) * CHUNK, end = min(begin + CHUNK, PIXELS);
    size_t at = FV_AT(first, 0, 0, 0, C, PIXELS, 1);
    p += at;
    t += at;
    dx += at;
    slope += (size_t)get_group_id(0) * CHUNKS * 2 * C * FV_L;
    for (int pixel = begin + FV_ME; pixel < end; pixel += FV_WORKERS) {
        int from = pixel * C * FV_L;
        real mean[FV_L]; /* softmax: of the derivatives, weighted by p */
        for (int lane = 0; lane < FV_L; lane++)
            mean[lane] = 0;
        for (int c = 0; c < C && SOFTMAX; c++)
            for (int lane = 0; lane < FV_L; lane++) {
                int k = c * FV_L + lane;
                mean[lane] += p[from + k] * BY_P(from + k, k);
            }
        for (int c = 0; c < C; c++)
            for (int lane = 0; lane < FV_L; lane++) {
                int k = c * FV_L + lane, i = from + k;
                real d = SOFTMAX ? p[i] * (BY_P(i, k) - mean[lane]) : p[i] * (1 - p[i]) * BY_P(i, k);
                dx[i] = first + lane < n ? scale * d : 0;
            }
    }
}
#undef BY_P
