/* SPDX-License-Identifier: MIT
 * gradcheck.c: gradients against differences of the loss. */
#include "core/train/gradcheck.h"

#include "core/exec/exec.h"
#include "core/train/pipeline.h"
#include "core/train/tally.h"
#include "core/train/targets.h"

#include <math.h>

enum { MOST_CHECKED = 24, STREAM_CHOICE = 0x6703 };

/* Steps of the differences: the first is exact enough for smooth nets; smaller ones avoid kinks. */
static const double steps[] = { 1e-3, 1e-4, 1e-5, 1e-6 };

typedef struct {
    const FvGradcheckSettings *settings;
    FvPlan *plan;
    FvTally *tally;
    double largest; /* of all analytic gradients */
} Check;

/* A parameter, or the net's input. */
typedef struct {
    const char *name;
    int param; /* its number, -1 for the input */
    FvTensor *value, *gradient;
} Subject;

static gboolean run(Check *check, double *loss, GError **error)
{
    const int batch = check->settings->batch;
    const FvList *list = fv_plan_list(check->plan, FV_LIST_GRADIENT, batch, error);
    fv_tally_reset(check->tally);
    const FvStep step = { .slot = list ? fv_tally_step(check->tally, batch) : 0, .seed = check->settings->seed };
    if (!list || !fv_exec_enqueue(check->settings->device, list, &step, error) || !fv_tally_flush(check->tally, error))
        return FALSE;
    *loss = fv_tally_totals(check->tally).loss;
    return TRUE;
}

static gboolean set(Check *check, const Subject *subject, GError **error)
{
    if (subject->param >= 0)
        return fv_plan_set_param(check->plan, (guint) subject->param, subject->value, error);
    return fv_plan_write_value(check->plan, fv_plan_input(check->plan), fv_plan_input_shape(check->plan),
                               check->settings->batch, subject->value, error);
}

/* ---------------------------------------------------------------- differences */

static gboolean loss_at(Check *check, const Subject *subject, gint64 element, double value, double *loss,
                        GError **error)
{
    fv_tensor_set(subject->value, element, value);
    return set(check, subject, error) && run(check, loss, error);
}

static gboolean central(Check *check, const Subject *subject, gint64 element, double h, double *slope, GError **error)
{
    const double x = fv_tensor_get(subject->value, element);
    double above, below;
    gboolean done = loss_at(check, subject, element, x + h, &above, error) &&
                    loss_at(check, subject, element, x - h, &below, error);
    fv_tensor_set(subject->value, element, x);
    if (done)
        *slope = (above - below) / (2 * h);
    return done;
}

/* Richardson: the error of the two differences falls with h^2, that of their combination with h^4. */
static gboolean numeric(Check *check, const Subject *subject, gint64 element, double h, double *slope, GError **error)
{
    double wide, narrow;
    if (!central(check, subject, element, h, &wide, error) || !central(check, subject, element, h / 2, &narrow, error))
        return FALSE;
    *slope = (4 * narrow - wide) / 3;
    return TRUE;
}

static gboolean check_element(Check *check, const Subject *subject, gint64 element, double floor, double *relative,
                              GError **error)
{
    const double analytic = fv_tensor_get(subject->gradient, element);
    *relative = INFINITY;
    for (guint i = 0; i < G_N_ELEMENTS(steps) && *relative > check->settings->tolerance / 10; i++) {
        double slope;
        if (!numeric(check, subject, element, steps[i], &slope, error))
            return FALSE;
        const double scale = MAX(floor, MAX(fabs(analytic), fabs(slope)));
        const double now = analytic == slope ? 0 : fabs(analytic - slope) / scale;
        if (now < *relative) /* never so for a NaN */
            *relative = now;
    }
    return TRUE;
}

static double largest(const FvTensor *tensor)
{
    double most = 0;
    for (gint64 i = 0; i < fv_tensor_elements(tensor); i++)
        most = MAX(most, fabs(fv_tensor_get(tensor, i)));
    return most;
}

static gboolean check_subject(Check *check, const Subject *subject, FvGradcheckResult *result, GError **error)
{
    const double floor = MAX(1e-3 * largest(subject->gradient), 1e-4 * check->largest);
    FvRandom random = fv_random(check->settings->seed, 0, (guint32) (subject->param + 1), STREAM_CHOICE);
    *result = (FvGradcheckResult){ .name = subject->name, .elements = fv_tensor_elements(subject->gradient) };
    result->checked = (int) MIN(result->elements, MOST_CHECKED);
    for (int i = 0; i < result->checked; i++) {
        gint64 element = result->elements <= MOST_CHECKED
                             ? i
                             : (gint64) fv_random_below(&random, (guint32) MIN(result->elements, G_MAXUINT32));
        double relative;
        if (!check_element(check, subject, element, floor, &relative, error))
            return FALSE;
        result->worst = MAX(result->worst, relative);
    }
    return set(check, subject, error); /* as it was */
}

/* ------------------------------------------------------------------- subjects */

/* The gradient of the input, as N,C,H,W. */
static FvTensor *input_gradient(Check *check, GError **error)
{
    const FvShape shape = fv_plan_input_shape(check->plan);
    const int batch = check->settings->batch;
    g_autoptr(FvTensor) tensor = fv_tensor_new(FV_F64, 4, (const gint64[]){ batch, shape.c, shape.h, shape.w }, error);
    FvBuffer *buffer = fv_plan_input_gradient(check->plan);
    if (tensor && !buffer)
        return g_steal_pointer(&tensor); /* no loss depends on it */
    if (!tensor || !fv_plan_read_value(check->plan, buffer, shape, batch, tensor->data, error))
        return NULL;
    return g_steal_pointer(&tensor);
}

static gboolean take_param(Check *check, guint i, Subject *subject, GError **error)
{
    subject->param = (int) i;
    subject->name = fv_plan_param(check->plan, i).name;
    subject->value = fv_plan_get_param(check->plan, i, error);
    subject->gradient = subject->value ? fv_plan_get_gradient(check->plan, i, error) : NULL;
    return subject->gradient != NULL;
}

static gboolean take_input(Check *check, GArray *subjects, GError **error)
{
    Subject subject = { .name = "the input", .param = -1 };
    subject.value = fv_random_input(check->plan, check->settings->batch, check->settings->seed, error);
    g_array_append_val(subjects, subject);
    return subject.value && set(check, &subject, error);
}

/* Gradients are all taken before the first difference changes anything. */
static gboolean take_gradients(Check *check, GArray *subjects, GError **error)
{
    Subject *input = &g_array_index(subjects, Subject, 0);
    double loss;
    if (!run(check, &loss, error) || !(input->gradient = input_gradient(check, error)))
        return FALSE;
    for (guint i = 0; i < fv_plan_params(check->plan); i++) {
        Subject subject = { 0 };
        if (!fv_plan_param(check->plan, i).trained)
            continue;
        gboolean taken = take_param(check, i, &subject, error);
        g_array_append_val(subjects, subject);
        if (!taken)
            return FALSE;
    }
    for (guint i = 0; i < subjects->len; i++)
        check->largest = MAX(check->largest, largest(g_array_index(subjects, Subject, i).gradient));
    return TRUE;
}

static void clear_subject(gpointer data)
{
    Subject *subject = data;
    fv_tensor_free(subject->value);
    fv_tensor_free(subject->gradient);
}

static gboolean check_all(Check *check, FvGradcheckFunc func, gpointer data, gboolean *passed, GError **error)
{
    g_autoptr(GArray) subjects = g_array_new(FALSE, TRUE, sizeof(Subject));
    g_array_set_clear_func(subjects, clear_subject);
    const FvGradcheckSettings *settings = check->settings;
    if (!fv_random_targets(check->plan, settings->graph, settings->batch, settings->seed, error) ||
        !take_input(check, subjects, error) || !take_gradients(check, subjects, error))
        return FALSE;
    *passed = TRUE;
    for (guint i = 0; i < subjects->len; i++) {
        FvGradcheckResult result;
        if (!check_subject(check, &g_array_index(subjects, Subject, i), &result, error))
            return FALSE;
        *passed &= result.worst <= check->settings->tolerance;
        func(&result, data);
    }
    return TRUE;
}

static FvPlan *make_plan(const FvGradcheckSettings *settings, GError **error)
{
    const FvGraph *graph = settings->graph;
    const FvPlanSettings wanted = {
        .purpose = FV_FOR_TRAINING, .batch = settings->batch, .doubles = TRUE, .input_gradient = TRUE
    };
    if (graph->losses->len > 0)
        return fv_pipeline_plan(graph, settings->device, &wanted, error);
    g_autoptr(FvDiag) diag = fv_diag_new();
    const FvLoc top = { g_intern_string(graph->file), 1, 1 };
    fv_diag_error(diag, top, NULL, "there is no loss, and so nothing whose gradient could be checked");
    fv_diag_check(diag, error);
    return NULL;
}

gboolean fv_gradcheck(const FvGradcheckSettings *settings, FvGradcheckFunc func, gpointer data, gboolean *passed,
                      GError **error)
{
    g_autoptr(FvPlan) plan = make_plan(settings, error);
    Check check = { .settings = settings, .plan = plan };
    *passed = FALSE;
    if (!plan || !fv_plan_load(plan, settings->device, NULL, error))
        return FALSE;
    const FvBeginning begin = { settings->weights, settings->seed, settings->partial };
    if (!fv_weights_begin(plan, &begin, NULL, error))
        return FALSE;
    check.tally = fv_tally_new(plan);
    gboolean done = check_all(&check, func, data, passed, error);
    fv_tally_free(check.tally);
    return done;
}
