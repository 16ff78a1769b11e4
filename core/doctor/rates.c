/* SPDX-License-Identifier: MIT
 * rates.c: tries learning rates, each from the beginning, for a few steps on the same images: where the loss
 * falls at all, and whether the pipeline's rate is there. */
#include "core/doctor/private.h"

#include <math.h>

/* Rates are half a power of ten from each other. Where two in a row do not help, no more are tried that way. */
enum { MOST_UP = 8, MOST_DOWN = 14, PATIENCE = 2 };

/* Shares of the loss: it falls where this much is gone, and stands where it moves by less. */
static const double falls_by = 0.05, stands_within = 0.02;

typedef struct {
    FvDoctor *doctor;
    double first; /* loss before any step, without penalties */
    double goal;  /* it falls where it comes below this */
    FvTriedRate own;
    int own_steps;
} Sweep;

static int by_rate(gconstpointer a, gconstpointer b)
{
    const double x = ((const FvTriedRate *) a)->rate, y = ((const FvTriedRate *) b)->rate;
    return (x > y) - (x < y);
}

static gboolean run(const Sweep *sweep, double rate, int steps, FvTriedRate *tried, GError **error)
{
    FvDoctor *doctor = sweep->doctor;
    const guint batches = doctor->sample.batches->len;
    FvDoctorLoss loss;
    if (!fv_doctor_set_back(doctor, error) ||
        !fv_doctor_run(doctor, FV_LIST_TRAIN, batches, steps, doctor->last, rate, &loss, error))
        return FALSE;
    *tried = (FvTriedRate){ rate, loss.data, loss.data < sweep->goal };
    return TRUE;
}

static gboolean try_rate(Sweep *sweep, double rate, FvTriedRate *tried, GError **error)
{
    FvDoctor *doctor = sweep->doctor;
    if (doctor->settings->progress)
        fv_progress_update(doctor->settings->progress, doctor->checkup->rates->len, NAN, NULL, NAN);
    if (!run(sweep, rate, doctor->steps, tried, error))
        return FALSE;
    g_array_append_val(doctor->checkup->rates, *tried);
    return TRUE;
}

/* What begins with a jump may fall afterwards: the pipeline's rate is given more time before it is called too high. */
static gboolean try_own(Sweep *sweep, double rate, GError **error)
{
    enum { LONGER = 4 };
    FvTriedRate longer;
    sweep->own_steps = sweep->doctor->steps;
    if (!try_rate(sweep, rate, &sweep->own, error))
        return FALSE;
    if (sweep->own.falls || !isfinite(sweep->own.loss))
        return TRUE;
    if (!run(sweep, rate, LONGER * sweep->doctor->steps, &longer, error))
        return FALSE;
    if (longer.falls) {
        sweep->own = longer;
        sweep->own_steps *= LONGER;
        g_array_index(sweep->doctor->checkup->rates, FvTriedRate, 0) = longer;
    }
    return TRUE;
}

/* From one rate on, up or down, while it makes sense. */
static gboolean try_on(Sweep *sweep, double from, int direction, GError **error)
{
    const int most = direction > 0 ? MOST_UP : MOST_DOWN;
    gboolean found = sweep->own.falls;
    int idle = 0;
    if (sweep->own.loss == sweep->first) /* nothing moves at all */
        return TRUE;
    for (int i = 1; i <= most && (idle < PATIENCE || !found); i++) {
        FvTriedRate tried;
        if (!try_rate(sweep, from * pow(10, direction * i / 2.0), &tried, error))
            return FALSE;
        idle = tried.falls ? 0 : idle + 1;
        found |= tried.falls;
        /* Nothing larger than what ran away helps, and nothing smaller than what no longer moves. */
        const double moved = fabs(tried.loss - sweep->first);
        if (!tried.falls && (direction > 0 ? !isfinite(tried.loss) : moved < stands_within * fabs(sweep->first)))
            break;
    }
    return TRUE;
}

/* The rates around the one with the least loss at which it falls. */
static void find_range(FvDoctor *doctor)
{
    const GArray *rates = doctor->checkup->rates;
    const FvTriedRate *tried = (const FvTriedRate *) (const void *) rates->data;
    int best = -1;
    for (guint i = 0; i < rates->len; i++)
        if (tried[i].falls && (best < 0 || tried[i].loss < tried[best].loss))
            best = (int) i;
    if (best < 0)
        return;
    guint least = (guint) best, most = (guint) best;
    while (least > 0 && tried[least - 1].falls)
        least--;
    while (most + 1 < rates->len && tried[most + 1].falls)
        most++;
    doctor->best_rate = tried[best].rate;
    doctor->checkup->least = tried[least].rate;
    doctor->checkup->most = tried[most].rate;
}

static FvCheck *tell_range(FvDoctor *doctor, const Sweep *sweep, FvVerdict verdict)
{
    const FvCheckup *checkup = doctor->checkup;
    g_autofree char *steps =
        sweep->own_steps == doctor->steps ? g_strdup("") : g_strdup_printf(" in %d", sweep->own_steps);
    return fv_doctor_add(
        doctor, "rates", verdict,
        "in %d steps the loss falls at rates from %.2g to %.2g, most at %.2g; at the pipeline's, %.4g, "
        "it goes from %.4g to %.4g%s",
        doctor->steps, checkup->least, checkup->most, doctor->best_rate, checkup->rate, sweep->first, sweep->own.loss,
        steps);
}

static void judge(FvDoctor *doctor, const Sweep *sweep)
{
    const FvCheckup *checkup = doctor->checkup;
    FvCheck *check;
    if (doctor->best_rate == 0) {
        check = fv_doctor_add(doctor, "rates", FV_VERDICT_FAULT,
                              "in %d steps the loss (%.4g) falls at none of %u rates from %.2g to %.2g", doctor->steps,
                              sweep->first, checkup->rates->len, g_array_index(checkup->rates, FvTriedRate, 0).rate,
                              g_array_index(checkup->rates, FvTriedRate, checkup->rates->len - 1).rate);
        fv_check_advise(check, "No rate mends that: look at the other checks, at the loss, and at what it is given.");
    } else if (sweep->own.falls) {
        check = tell_range(doctor, sweep, FV_VERDICT_OK);
        if (checkup->rate * 9 < doctor->best_rate)
            fv_check_advise(check, "A rate nearer to %.2g would be quicker at the beginning.", doctor->best_rate);
    } else if (checkup->rate < doctor->best_rate) {
        check = tell_range(doctor, sweep, FV_VERDICT_WARNING);
        fv_check_advise(check, "The rate is low: the training will be slow. Try %.2g.", doctor->best_rate);
    } else {
        check = tell_range(doctor, sweep, FV_VERDICT_FAULT);
        fv_check_advise(check, "The rate is too high: steps jump over what they look for. Try %.2g.",
                        doctor->best_rate);
    }
    fv_check_number(check, "rate", checkup->rate);
    fv_check_number(check, "least", checkup->least);
    fv_check_number(check, "most", checkup->most);
    fv_check_number(check, "best", doctor->best_rate);
    fv_check_number(check, "first_loss", sweep->first);
    fv_check_number(check, "loss", sweep->own.loss);
}

gboolean fv_doctor_try_rates(FvDoctor *doctor, GError **error)
{
    enum { SOME_RATES = 12 };
    static const double usual = 0.01; /* where the pipeline's is 0 */
    FvCheckup *checkup = doctor->checkup;
    if (!doctor->trains) {
        fv_doctor_add(doctor, "rates", FV_VERDICT_NONE, "nothing is trained");
        return TRUE;
    }
    if (doctor->first_loss <= doctor->floor) {
        fv_doctor_add(doctor, "rates", FV_VERDICT_NONE,
                      "the loss, %.4g before any step, cannot fall: it tells no rates apart", doctor->first_loss);
        return TRUE;
    }
    Sweep sweep = { .doctor = doctor, .first = doctor->first_loss };
    /* A net that gives all classes the same, which too high a rate may come to as well, has learnt nothing. */
    sweep.goal = sweep.first - falls_by * fabs(sweep.first);
    if (isfinite(doctor->chance))
        sweep.goal = MIN(sweep.goal, doctor->chance - falls_by * fabs(doctor->chance));
    checkup->rate = fv_plan_rate(doctor->plan);
    checkup->first_loss = sweep.first;
    checkup->steps = doctor->steps;
    if (doctor->settings->progress)
        fv_progress_start(doctor->settings->progress, "rates", 0, SOME_RATES, 0);
    const double centre = checkup->rate > 0 ? checkup->rate : usual;
    const gboolean done =
        try_own(&sweep, centre, error) && try_on(&sweep, centre, 1, error) && try_on(&sweep, centre, -1, error);
    if (doctor->settings->progress)
        fv_progress_finish(doctor->settings->progress);
    if (!done)
        return FALSE;
    if (checkup->rate == 0)
        sweep.own = (FvTriedRate){ 0, sweep.first, FALSE };
    g_array_sort(checkup->rates, by_rate);
    find_range(doctor);
    judge(doctor, &sweep);
    return TRUE;
}
