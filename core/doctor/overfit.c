/* SPDX-License-Identifier: MIT
 * overfit.c: a net that is able to learn anything can learn a few images by heart. */
#include "core/doctor/private.h"

#include <math.h>

enum { LEAST_STEPS = 60, MOST_STEPS = 400, IMAGES = 32, ROUNDS = 8 };

static const double budget = 1.5e12; /* FLOPs of one try */
static const double enough = 0.05;   /* share of the first loss, above the least possible one, that may be left */

/* Trains in rounds, and looks at the loss after each: in training, and as the net will be used. */
static gboolean learn(FvDoctor *doctor, guint batches, int steps, double rate, double goal, double *least,
                      GError **error)
{
    const int round = MAX((int) batches, steps / ROUNDS);
    if (!fv_doctor_set_back(doctor, error))
        return FALSE;
    *least = INFINITY;
    for (int done = 0; done<steps && * least> goal; done += round) {
        FvDoctorLoss training, use;
        if (!fv_doctor_run(doctor, FV_LIST_TRAIN, batches, round, (int) batches, rate, &training, error))
            return FALSE;
        if (!isfinite(training.data))
            return TRUE;
        if (!fv_doctor_evaluate(doctor, batches, &use, error))
            return FALSE;
        *least = fmin(*least, fmin(training.data, use.data));
    }
    return TRUE;
}

gboolean fv_doctor_overfit(FvDoctor *doctor, GError **error)
{
    const guint batches = (guint) CLAMP(IMAGES / MAX(1, doctor->sample.each), 1, (int) doctor->sample.batches->len);
    const int images = (int) batches * doctor->sample.each;
    const int steps = fv_doctor_steps(doctor, doctor->sample.each, budget, LEAST_STEPS, MOST_STEPS) * (int) batches;
    if (!doctor->trains || !isfinite(doctor->first_loss) || doctor->first_loss <= doctor->floor) {
        fv_doctor_add(doctor, "overfit", FV_VERDICT_NONE,
                      !doctor->trains ? "nothing is trained"
                      : !isfinite(doctor->first_loss)
                          ? "the loss is not finite before any step"
                          : "the loss cannot fall: it is as small as it gets before any step");
        return TRUE;
    }
    const double first = isfinite(doctor->chance) ? fmin(doctor->chance, doctor->first_loss) : doctor->first_loss;
    const double goal = doctor->floor + enough * fabs(first - doctor->floor);
    /* The pipeline's own rate first; it is no fault of the net where another is needed. */
    const double rates[] = { doctor->checkup->rate, doctor->best_rate, doctor->best_rate / sqrt(10) };
    double best = INFINITY, rate = 0;
    for (guint i = 0; i < G_N_ELEMENTS(rates) && !(best <= goal); i++) {
        double least;
        if (rates[i] <= 0)
            continue;
        if (!learn(doctor, batches, steps, rates[i], goal, &least, error))
            return FALSE;
        rate = least < best ? rates[i] : rate;
        best = fmin(best, least);
    }
    FvCheck *check = fv_doctor_add(doctor, "overfit", best <= goal ? FV_VERDICT_OK : FV_VERDICT_FAULT,
                                   "the loss of %d images comes from %.4g to %.4g when they are learnt by heart",
                                   images, doctor->first_loss, isfinite(best) ? best : doctor->first_loss);
    if (best > goal)
        fv_check_advise(check,
                        "A net that cannot learn a few images cannot learn many: it is too small, held back by "
                        "penalties or dropout, or something between input and loss is broken.");
    fv_check_number(check, "images", images);
    fv_check_number(check, "first_loss", doctor->first_loss);
    fv_check_number(check, "loss", best);
    fv_check_number(check, "rate", rate);
    return TRUE;
}
