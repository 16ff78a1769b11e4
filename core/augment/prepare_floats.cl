/* prepare_floats.cl: samples that are arrays of float, C, H, W, into the net's input, as they are. The arguments are
 * those of prepare.cl; WANT_C, WANT_H and WANT_W are defined before it. A work-item takes a row of a block on CPUs, a
 * column of it and one lane on GPUs. */

#if ROWS
__attribute__((reqd_work_group_size(1, 1, 1)))
#endif
kernel void FV_NAME(prepare)(global const uchar *restrict pixels, global const int *restrict samples,
                             global const float *restrict planes, global const float *restrict tables,
                             global real *restrict out, global int *restrict labels, int count, int first, int n)
{
    const int y = (int)(get_global_id(2) % WANT_H), block = (int)(get_global_id(2) / WANT_H);
    for (int lane = (int)get_global_id(0); lane < FV_L; lane += (int)get_global_size(0)) {
        const int s = block * FV_L + lane;
        global real *to = out + ((size_t)block * WANT_H + y) * WANT_W * WANT_C * FV_L + lane;
        global const int *about = samples + (size_t)(first + min(s, n - 1)) * 8;
        global const float *from =
            (global const float *)(pixels + (size_t)((ulong)(uint)about[1] << 32 | (uint)about[0])) + (size_t)y * WANT_W;
        if (s < n && y == 0 && get_global_id(1) == 0)
            labels[s] = about[6];
        for (int x = (int)get_global_id(1); x < WANT_W; x += (int)get_global_size(1))
            for (int c = 0; c < WANT_C; c++)
                to[(size_t)(x * WANT_C + c) * FV_L] =
                    s < n ? (real)from[(size_t)c * WANT_H * WANT_W + x] : (real)0;
    }
}
