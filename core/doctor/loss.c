/* SPDX-License-Identifier: MIT
 * loss.c: the loss before any step: what chance gives, and more with stronger penalties. */
#include "core/doctor/private.h"

#include <math.h>

/* Of the batches that rates will be judged by. */
static gboolean first_loss(FvDoctor *doctor, FvDoctorLoss *loss, GError **error)
{
    const guint batches = doctor->sample.batches->len;
    if (!fv_doctor_set_back(doctor, error))
        return FALSE;
    if (doctor->trains)
        return fv_doctor_run(doctor, FV_LIST_GRADIENT, batches, doctor->steps, doctor->last, 0, loss, error);
    return fv_doctor_evaluate(doctor, doctor->sample.some, loss, error);
}

static FvCheck *compare_with_chance(FvDoctor *doctor, double loss)
{
    /* How far the first loss may be from that of chance: with initialisations that are usual, and with none. */
    static const double low = 0.5, high = 3, far = 10;
    const gboolean given = doctor->settings->begin.file != NULL;
    const double ratio = loss / doctor->chance;
    const FvVerdict verdict = ratio > far                               ? FV_VERDICT_FAULT
                              : ratio > high || (ratio < low && !given) ? FV_VERDICT_WARNING
                                                                        : FV_VERDICT_OK;
    FvCheck *check = fv_doctor_add(doctor, "initial-loss", verdict, "%.4g %s; chance gives %.4g", loss,
                                   given ? "with the weights that are given" : "before any step", doctor->chance);
    fv_check_number(check, "chance", doctor->chance);
    if (ratio > high)
        fv_check_advise(check,
                        "The net is sure of wrong answers before it has seen anything: give the last layer a "
                        "smaller initialisation, and the net an input with mean 0 and deviation 1.");
    else if (verdict == FV_VERDICT_WARNING)
        fv_check_advise(check, "A net that has seen nothing cannot know that much: does the image show its label?");
    return check;
}

static void judge_first(FvDoctor *doctor, double loss)
{
    FvCheck *check;
    if (!isfinite(loss)) {
        check = fv_doctor_add(doctor, "initial-loss", FV_VERDICT_FAULT, "it is not finite before any step");
        fv_check_advise(check, "Numbers run away on the way through the net: look at input and initialisation.");
    } else if (!isfinite(doctor->chance)) {
        check = fv_doctor_add(doctor, "initial-loss", FV_VERDICT_NONE,
                              "%.4g before any step; it is not known what chance gives with this loss", loss);
    } else {
        check = compare_with_chance(doctor, loss);
    }
    fv_check_number(check, "loss", loss);
}

/* ------------------------------------------------------------------ penalties */

enum { STRONGER = 10 };

/* The same pipeline with stronger penalties; what it shares with the graph must outlive it. */
static FvGraph stronger_graph(const FvGraph *graph)
{
    FvGraph stronger = *graph;
    stronger.losses = g_ptr_array_new_with_free_func(g_free);
    for (guint i = 0; i < graph->losses->len; i++) {
        FvTerm *term = g_memdup2(graph->losses->pdata[i], sizeof *term);
        term->weight *= term->value < 0 ? STRONGER : 1;
        g_ptr_array_add(stronger.losses, term);
    }
    return stronger;
}

/* Whether there is a term that is, or that is not, a penalty. */
static gboolean has_term(const FvGraph *graph, gboolean penalty)
{
    for (guint i = 0; i < graph->losses->len; i++)
        if ((((const FvTerm *) graph->losses->pdata[i])->value < 0) == penalty)
            return TRUE;
    return FALSE;
}

/* The losses before any step, in a net planned for other factors. */
static gboolean loss_with(const FvDoctor *doctor, const FvGraph *graph, FvDoctorLoss *loss, GError **error)
{
    FvDoctor copy;
    const gboolean done =
        fv_doctor_copy(doctor, graph, FALSE, &copy, error) &&
        fv_doctor_run(&copy, FV_LIST_GRADIENT, copy.sample.batches->len, copy.steps, copy.last, 0, loss, error);
    fv_doctor_copy_clear(&copy);
    return done;
}

static void judge_penalties(FvDoctor *doctor, const FvDoctorLoss *loss, const FvDoctorLoss *more)
{
    const double with = loss->data + loss->penalties, with_more = more->data + more->penalties;
    const gboolean rises = with_more > with && loss->penalties > 0;
    const gboolean heavy = isfinite(with) && loss->penalties > loss->data;
    FvCheck *check = fv_doctor_add(doctor, "penalties",
                                   !rises  ? FV_VERDICT_FAULT
                                   : heavy ? FV_VERDICT_WARNING
                                           : FV_VERDICT_OK,
                                   "the loss is %.6g without them, %.6g with them, %.6g with %d times as much",
                                   loss->data, with, with_more, STRONGER);
    if (!rises)
        fv_check_advise(check,
                        "It should rise with the penalties: is their factor 0, or have the layers no weights "
                        "but zeros?");
    else if (heavy)
        fv_check_advise(check, "Most of what will be made smaller is the weights, not the errors: a smaller factor.");
    fv_check_number(check, "without", loss->data);
    fv_check_number(check, "with", with);
    fv_check_number(check, "with_more", with_more);
}

/* Weights that all begin as zeros and learn at once (a linear classifier's) have a penalty of 0 before any step. */
static gboolean begins_with_zeros(const FvDoctor *doctor)
{
    for (guint i = 0; i < doctor->first->len; i++) {
        const FvTensor *tensor = doctor->first->pdata[i];
        for (gint64 k = 0; fv_plan_param(doctor->plan, i).spec.role == FV_WEIGHT && k < fv_tensor_elements(tensor); k++)
            if (fv_tensor_get(tensor, k) != 0)
                return FALSE;
    }
    return TRUE;
}

static gboolean look_at_penalties(FvDoctor *doctor, const FvDoctorLoss *loss, GError **error)
{
    if (!has_term(doctor->graph, TRUE)) {
        fv_doctor_add(doctor, "penalties", FV_VERDICT_NONE, "there are none (l1, l2, elastic)");
        return TRUE;
    }
    if (!doctor->trains || !isfinite(loss->data)) {
        fv_doctor_add(doctor, "penalties", FV_VERDICT_NONE, "without a loss they cannot be weighed");
        return TRUE;
    }
    if (begins_with_zeros(doctor)) {
        fv_doctor_add(doctor, "penalties", FV_VERDICT_NONE, "all weights begin as zeros: they cost nothing yet");
        return TRUE;
    }
    FvGraph stronger = stronger_graph(doctor->graph);
    FvDoctorLoss more;
    const gboolean done = loss_with(doctor, &stronger, &more, error);
    g_ptr_array_unref(stronger.losses);
    if (done)
        judge_penalties(doctor, loss, &more);
    return done;
}

gboolean fv_doctor_look_at_loss(FvDoctor *doctor, GError **error)
{
    FvDoctorLoss loss;
    if (!has_term(doctor->graph, FALSE)) {
        fv_doctor_add(doctor, "initial-loss", FV_VERDICT_NONE, "the pipeline has none");
        fv_doctor_add(doctor, "penalties", FV_VERDICT_NONE, "there are none");
        return TRUE;
    }
    if (!first_loss(doctor, &loss, error))
        return FALSE;
    doctor->first_loss = loss.data;
    judge_first(doctor, loss.data);
    return look_at_penalties(doctor, &loss, error);
}
