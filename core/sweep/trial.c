/* SPDX-License-Identifier: MIT
 * trial.c: one trial of a sweep. */
#include "core/sweep/trial.h"

#include <math.h>

FvTrial *fv_trial_new(int number, int round, int epochs, const double *drawn, guint parameters)
{
    FvTrial *trial = g_new0(FvTrial, 1);
    *trial = (FvTrial){ .number = number,
                        .round = round,
                        .epochs = epochs,
                        .drawn = g_memdup2(drawn, parameters * sizeof *drawn),
                        .loss = NAN,
                        .metric = NAN };
    return trial;
}

void fv_trial_free(FvTrial *trial)
{
    if (!trial)
        return;
    g_free(trial->drawn);
    g_free(trial);
}

char *fv_trial_value(const FvTrial *trial, const FvSweep *sweep, guint parameter)
{
    const FvSweepParameter *of = sweep->parameters->pdata[parameter];
    const double drawn = trial->drawn[parameter];
    return of->choices ? g_strdup(of->choices[(int) drawn]) : fv_number_text(drawn);
}

char *fv_trial_text(const FvTrial *trial, const FvSweep *sweep)
{
    GString *text = g_string_new(NULL);
    for (guint i = 0; i < sweep->parameters->len; i++) {
        g_autofree char *value = fv_trial_value(trial, sweep, i);
        const FvSweepParameter *parameter = sweep->parameters->pdata[i];
        g_string_append_printf(text, "%s%s=%s", i ? " " : "", parameter->name, value);
    }
    return g_string_free(text, FALSE);
}
