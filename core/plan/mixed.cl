/* mixed.cl: what losses gave for the classes of images that samples are mixed of, added up by the images' shares; one
 * image, `part`, at a time. FV_CHUNK: numbers that a work-group takes. */

/* Number i of a value of so many elements is of this sample. */
int FV_NAME(sample)(size_t i, int elements)
{
    return (int)(i / ((size_t)elements * FV_L)) * FV_L + (int)(i % FV_L);
}

/* What part number `part` of a sample gave, x, and what those before it gave. */
real FV_NAME(weigh)(real x, real before, global const float *restrict shares, int part, int n, int sample)
{
    return (part > 0 ? before : 0) + (sample < n ? (real)shares[part * n + sample] * x : 0);
}

FV_KERNEL FV_NAME(mix_gradient)(global real *restrict dx, global real *restrict sum,
                                global const float *restrict shares, int part, int parts, int n, int elements,
                                int count)
{
    size_t begin = (size_t)get_group_id(0) * FV_CHUNK, end = min(begin + FV_CHUNK, (size_t)count);
    for (size_t i = begin + FV_ME; i < end; i += FV_WORKERS) {
        real all = FV_NAME(weigh)(dx[i], sum[i], shares, part, n, FV_NAME(sample)(i, elements));
        if (part + 1 < parts)
            sum[i] = all;
        else
            dx[i] = all;
    }
}

FV_KERNEL FV_NAME(mix_loss)(global real *restrict result, global real *restrict sum,
                            global const float *restrict shares, int part, int parts, int n, int slot)
{
    int begin = get_group_id(0) * FV_CHUNK, end = min(begin + FV_CHUNK, n);
    for (int i = begin + FV_ME; i < end; i += FV_WORKERS) {
        real all = FV_NAME(weigh)(result[slot + i], sum[i], shares, part, n, i);
        if (part + 1 < parts)
            sum[i] = all;
        else
            result[slot + i] = all;
    }
}
