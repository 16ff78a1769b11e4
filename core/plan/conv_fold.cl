/* conv_fold.cl: a normalisation with fixed moments behind a convolution, brought into its weights: a work-group for each
 * output channel, which has `each` weights. */
FV_KERNEL FV_NAME(conv_fold)(global const real *restrict weight, global const real *restrict bias,
                             global const real *restrict norm_weight, global const real *restrict norm_bias,
                             global const real *restrict mean, global const real *restrict var,
                             global real *restrict folded, global real *restrict folded_bias, int each, int with_bias,
                             real epsilon)
{
    int o = get_group_id(0);
    real scale = norm_weight[o] / sqrt(var[o] + epsilon), before = with_bias ? bias[o] : 0;
    weight += (size_t)o * each;
    folded += (size_t)o * each;
    for (int i = FV_ME; i < each; i += FV_WORKERS)
        folded[i] = weight[i] * scale;
    if (FV_ME == 0)
        folded_bias[o] = (before - mean[o]) * scale + norm_bias[o];
}
