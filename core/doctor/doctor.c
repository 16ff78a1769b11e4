/* SPDX-License-Identifier: MIT
 * doctor.c: the order of the checks, and which fault explains which. */
#include "core/doctor/private.h"

#include "core/train/fit.h"

#include <math.h>

enum { MOST_CAUSES = 9 };

/* Checks in the order in which they are made: what explains others comes before them. */
static const struct {
    const char *id, *title, *group;
    const char *causes[MOST_CAUSES]; /* checks whose fault explains a fault of this one */
} kinds[] = {
    { "classes", "classes", "data", { NULL } },
    { "copies", "copies between splits", "data", { NULL } },
    { "constant", "constant images", "data", { NULL } },
    { "labels", "labels", "data", { "classes", "constant" } },
    { "input", "input", "net", { "constant" } },
    { "weights", "weights", "net", { NULL } },
    { "units", "units", "net", { "constant", "input", "weights" } },
    { "activations", "activations", "net", { "constant", "input", "weights", "units" } },
    { "gradients", "gradients", "net", { "constant", "input", "weights", "units", "activations" } },
    { "frozen", "parameters that move", "net", { "weights", "units", "gradients" } },
    { "initial-loss", "initial loss", "loss", { "input", "weights", "activations" } },
    { "penalties", "penalties", "loss", { "weights" } },
    { "rates",
      "learning rate",
      "training",
      { "input", "weights", "units", "activations", "gradients", "frozen", "initial-loss" } },
    { "overfit",
      "small sample",
      "training",
      { "input", "weights", "units", "activations", "gradients", "frozen", "initial-loss", "penalties", "rates" } },
    { "feeding", "feeding", "training", { NULL } },
};

static guint kind_of(const char *id)
{
    guint i = 0;
    while (!g_str_equal(kinds[i].id, id))
        i++;
    return i;
}

FvCheck *fv_doctor_add(FvDoctor *doctor, const char *id, FvVerdict verdict, const char *format, ...)
{
    const guint kind = kind_of(id);
    FvCheck *check = g_new0(FvCheck, 1);
    va_list args;
    va_start(args, format);
    check->id = kinds[kind].id;
    check->title = kinds[kind].title;
    check->group = kinds[kind].group;
    check->verdict = verdict;
    check->finding = g_strdup_vprintf(format, args);
    check->numbers = g_array_new(FALSE, FALSE, sizeof(FvCheckNumber));
    va_end(args);
    g_ptr_array_add(doctor->checkup->checks, check);
    return check;
}

void fv_check_advise(FvCheck *check, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_free(check->advice);
    check->advice = g_strdup_vprintf(format, args);
    va_end(args);
}

void fv_check_number(FvCheck *check, const char *name, double value)
{
    const FvCheckNumber number = { g_intern_string(name), value };
    g_array_append_val(check->numbers, number);
}

const char *fv_doctor_split_name(FvSplit split)
{
    static const char *const names[FV_SPLITS] = { "training", "validation", "test" };
    return names[split];
}

gboolean fv_doctor_steps_by_itself(const FvGraph *graph)
{
    const FvOptim *optim = (const FvOptim *) graph->optimizer.plugin;
    return optim && optim->step;
}

int fv_doctor_steps(const FvDoctor *doctor, int images, double flops, int least, int most)
{
    /* Backward passes cost twice what the forward pass does; such optimizers go through both many times in a step. */
    const int evaluations = fv_doctor_steps_by_itself(doctor->graph) ? 16 : 1;
    const double step = MAX(1, 3 * fv_plan_flops(doctor->plan) * images * evaluations);
    return (int) CLAMP(flops / step, least, MAX(least, most / evaluations));
}

/* A fault that an earlier one explains is told as what follows from it: what is to be mended is the first. */
static void find_cause(const FvCheckup *checkup, FvCheck *check)
{
    const char *const *causes = kinds[kind_of(check->id)].causes;
    for (int i = 0; i < MOST_CAUSES && causes[i] && check->verdict == FV_VERDICT_FAULT; i++) {
        const FvCheck *cause = fv_checkup_find(checkup, causes[i]);
        if (!cause || cause->verdict != FV_VERDICT_FAULT)
            continue;
        check->verdict = FV_VERDICT_WARNING;
        check->follows = cause->id;
        fv_check_advise(check, "Mend \"%s\" first: this follows from it, or may.", cause->title);
    }
}

/* Makes the checks of one group, and tells of each. */
static gboolean make(FvDoctor *doctor, gboolean (*look)(FvDoctor *, GError **), GError **error)
{
    const FvDoctorSettings *settings = doctor->settings;
    const guint begun = doctor->checkup->checks->len;
    const gboolean done = look(doctor, error);
    if (settings->progress)
        fv_progress_clear(settings->progress);
    for (guint i = begun; done && i < doctor->checkup->checks->len; i++) {
        FvCheck *check = doctor->checkup->checks->pdata[i];
        find_cause(doctor->checkup, check);
        if (settings->func)
            settings->func(check, settings->data);
    }
    return done;
}

/* ------------------------------------------------------------------ beginning */

/* Parameters as training begins with them: drawn, or from a file; layers that are fitted are. */
static gboolean set_out(FvDoctor *doctor, GError **error)
{
    FvPlan *plan = doctor->plan;
    if (!fv_weights_begin(plan, &doctor->settings->begin, doctor->weights, error) ||
        !fv_session_fit(doctor->session, doctor->weights, error))
        return FALSE;
    for (guint i = 0; i < fv_plan_params(plan); i++) {
        FvTensor *tensor = fv_plan_get_param(plan, i, error);
        if (!tensor)
            return FALSE;
        g_ptr_array_add(doctor->first, tensor);
    }
    return TRUE;
}

/* A net whose layers are all frozen is refused by a training; here it is what is found. */
static gboolean open_for(FvDoctor *doctor, const FvSessionSettings *open, GError **error)
{
    g_autoptr(GError) refused = NULL;
    doctor->purpose = FV_FOR_TRAINING;
    doctor->session = fv_session_new(open, doctor->purpose, &refused);
    if (!doctor->session) {
        doctor->purpose = FV_FOR_EVALUATION;
        doctor->session = fv_session_new(open, doctor->purpose, NULL);
        if (doctor->session && fv_plan_frozen_parameter_count(fv_session_plan(doctor->session)) == 0)
            g_clear_pointer(&doctor->session, fv_session_free);
    }
    if (!doctor->session)
        g_propagate_error(error, g_steal_pointer(&refused));
    return doctor->session != NULL;
}

static gboolean open_session(FvDoctor *doctor, GError **error)
{
    const FvDoctorSettings *settings = doctor->settings;
    if (!fv_beginning_read(&settings->begin, &doctor->weights, error))
        return FALSE;
    const FvSessionSettings open = { .graph = doctor->graph,
                                     .device = settings->device,
                                     .seed = settings->begin.seed,
                                     .source = settings->source,
                                     .weights = doctor->weights,
                                     .progress = settings->progress,
                                     .stop = settings->stop };
    if (!open_for(doctor, &open, error) || !fv_session_try_data(doctor->session, error))
        return FALSE;
    doctor->plan = fv_session_plan(doctor->session);
    doctor->tally = fv_tally_new(doctor->plan);
    doctor->trains = fv_session_trains(doctor->session);
    doctor->chance = fv_doctor_chance(doctor->graph, doctor->plan, &doctor->floor);
    doctor->first_loss = NAN;
    return set_out(doctor, error);
}

static gboolean make_all(FvDoctor *doctor, GError **error)
{
    static gboolean (*const looks[])(FvDoctor *, GError **) = {
        fv_doctor_look_at_data, fv_doctor_look_at_labels, fv_doctor_look_at_layers, fv_doctor_look_at_loss,
        fv_doctor_try_rates,    fv_doctor_overfit,        fv_doctor_take_times,
    };
    for (guint i = 0; i < G_N_ELEMENTS(looks); i++)
        if (fv_session_stopped(doctor->session) || !make(doctor, looks[i], error))
            return FALSE;
    return TRUE;
}

FvCheckup *fv_doctor(const FvDoctorSettings *settings, GError **error)
{
    FvDoctor doctor = { .settings = settings, .graph = settings->graph };
    doctor.checkup = fv_checkup_new(settings->graph->file, settings->device->info->name, settings->begin.seed);
    doctor.first = g_ptr_array_new_with_free_func((GDestroyNotify) fv_tensor_free);
    const gboolean done =
        open_session(&doctor, error) && fv_doctor_take_sample(&doctor, error) && make_all(&doctor, error);
    fv_doctor_clear_sample(&doctor);
    g_ptr_array_unref(doctor.first);
    fv_tally_free(doctor.tally);
    fv_session_free(doctor.session);
    fv_tensors_free(doctor.weights);
    if (!done)
        g_clear_pointer(&doctor.checkup, fv_checkup_free);
    return doctor.checkup;
}
