/* conv_fold.cl: a normalisation with fixed moments behind a convolution, brought into its weights: a work-group for each
 * output channel o, whose weights are `runs` runs of `run` numbers, `apart` from each other. The first run begins at
 * o / split * group_step + o % split * run. */
FV_KERNEL FV_NAME(conv_fold)(global const real *restrict weight, global const real *restrict bias,
                             global const real *restrict norm_weight, global const real *restrict norm_bias,
                             global const real *restrict mean, global const real *restrict var,
                             global real *restrict folded, global real *restrict folded_bias, int runs, int run,
                             int apart, int split, int group_step, int with_bias, real epsilon)
{
    int o = get_group_id(0);
    real scale = norm_weight[o] / sqrt(var[o] + epsilon), before = with_bias ? bias[o] : 0;
    size_t first = (size_t)(o / split) * group_step + (size_t)(o % split) * run;
    weight += first;
    folded += first;
    for (int i = FV_ME; i < runs * run; i += FV_WORKERS) {
        size_t at = (size_t)(i / run) * apart + i % run;
        folded[at] = weight[at] * scale;
    }
    if (FV_ME == 0)
        folded_bias[o] = (before - mean[o]) * scale + norm_bias[o];
}
