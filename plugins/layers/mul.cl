/* SPDX-License-Identifier: MIT
 * mul.cl: a work-group takes CHUNK elements. */
FV_KERNEL FV_NAME(product)(global const real *restrict a, global const real *restrict b, global real *restrict y, int count)
{
    size_t begin = (size_t)get_group_id(0) * CHUNK, end = min(begin + CHUNK, (size_t)count);
    for (size_t i = begin + FV_ME; i < end; i += FV_WORKERS)
        y[i] = a[i] * b[i];
}

FV_KERNEL FV_NAME(more)(global const real *restrict x, global real *restrict y, int count)
{
    size_t begin = (size_t)get_group_id(0) * CHUNK, end = min(begin + CHUNK, (size_t)count);
    for (size_t i = begin + FV_ME; i < end; i += FV_WORKERS)
        y[i] *= x[i];
}
