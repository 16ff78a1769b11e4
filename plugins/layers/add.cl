/* SPDX-License-Identifier: MIT
 * add.cl: a work-item takes CHUNK elements. */
kernel __attribute__((reqd_work_group_size(1, 1, 1))) void
FV_NAME(sum)(global const real *restrict a, global const real *restrict b, global real *restrict y, int count)
{
    size_t begin = (size_t)get_group_id(0) * CHUNK, end = min(begin + CHUNK, (size_t)count);
    for (size_t i = begin; i < end; i++)
        y[i] = a[i] + b[i];
}

kernel __attribute__((reqd_work_group_size(1, 1, 1))) void
FV_NAME(more)(global const real *restrict x, global real *restrict y, int count)
{
    size_t begin = (size_t)get_group_id(0) * CHUNK, end = min(begin + CHUNK, (size_t)count);
    for (size_t i = begin; i < end; i++)
        y[i] += x[i];
}

kernel __attribute__((reqd_work_group_size(1, 1, 1))) void
FV_NAME(copy)(global const real *restrict from, global real *restrict to, int count)
{
    size_t begin = (size_t)get_group_id(0) * CHUNK, end = min(begin + CHUNK, (size_t)count);
    for (size_t i = begin; i < end; i++)
        to[i] = from[i];
}
