/* SPDX-License-Identifier: MIT
 * private.h: what the checks of fv_doctor() share: a sample of the data, a net that is set back again and again.
 */
#ifndef FOVEA_DOCTOR_PRIVATE_H
#define FOVEA_DOCTOR_PRIVATE_H

#include "core/doctor/doctor.h"
#include "core/train/tally.h"

/** Images on the host, prepared but not augmented, in batches; and coarse pictures of more of them, to compare. */
typedef struct {
    GPtrArray *batches; /* of FvTensor: N,C,H,W, float32, all of `each` samples */
    GArray *labels;     /* of gint32, of all batches, one after the other */
    int each;
    guint some; /* batches, from the first on, that are enough for statistics */
} FvDoctorSample;

/** Coarse pictures of a split: squares of pixels averaged, so that no image is more than about a thousand numbers. */
typedef struct {
    gsize count, size; /* images; numbers of each */
    GArray *numbers;   /* of float */
    GArray *labels;    /* of gint32 */
} FvDoctorPictures;

typedef struct {
    const FvDoctorSettings *settings;
    const FvGraph *graph;
    FvCheckup *checkup;
    FvSession *session;
    FvPurpose purpose; /* that it was opened for */
    FvPlan *plan;      /* the session's */
    FvTally *tally;
    FvTensors *weights; /* that parameters begin with, or NULL */
    GPtrArray *first;   /* of FvTensor: each parameter as training begins with it */
    gboolean trains;    /* there is something to train, and the plan can */
    FvDoctorSample sample;
    FvDoctorPictures train, judged; /* of the training split; of another, empty where there is none */
    FvSplit judged_split;           /* FV_TEST, else FV_VALIDATE */
    double chance;                  /* loss of a net that knows nothing, without penalties; NAN: not known */
    double floor;                   /* the least that it can become */
    double first_loss;              /* as it was measured, without penalties */
    int steps;                      /* that a rate is tried for */
    int last;                       /* of these, whose losses tell what it is worth */
    double best_rate;               /* of those that were tried; 0: none helped */
    int step;                       /* taken since parameters were set back */
} FvDoctor;

/** Mean losses of some steps. */
typedef struct {
    double data, penalties; /* data may be NAN or infinite */
} FvDoctorLoss;

/* ---- doctor.c */

/** Adds a check; the text is what was found. */
FvCheck *fv_doctor_add(FvDoctor *doctor, const char *id, FvVerdict verdict, const char *format, ...)
    G_GNUC_PRINTF(4, 5);
void fv_check_advise(FvCheck *check, const char *format, ...) G_GNUC_PRINTF(2, 3);
void fv_check_number(FvCheck *check, const char *name, double value);
/** Whether the optimizer looks at the loss several times in a step, and remembers what it saw (FvOptim.step). */
gboolean fv_doctor_steps_by_itself(const FvGraph *graph);
/** "training", "validation", "test" */
const char *fv_doctor_split_name(FvSplit split);
/** Multiplies the work that one image gives (FLOPs of a step) by @images, and says how many steps fit into a budget. */
int fv_doctor_steps(const FvDoctor *doctor, int images, double flops, int least, int most);

/* ---- doctor_sample.c */

gboolean fv_doctor_take_sample(FvDoctor *doctor, GError **error);
void fv_doctor_clear_sample(FvDoctor *doctor);
/** Puts a batch of the sample onto the device as the net's input and labels. */
gboolean fv_doctor_write_batch(const FvDoctor *doctor, guint batch, GError **error);
/** Sets parameters, and the optimizer's state, as training begins with them. */
gboolean fv_doctor_set_back(FvDoctor *doctor, GError **error);
/** Another session for the same data and the same net, with its plan and its tally: what the functions below work on.
 * @graph: that of doctor, or a copy with other settings; it must outlive the copy. @keep: as in FvSessionSettings. */
gboolean fv_doctor_copy(const FvDoctor *doctor, const FvGraph *graph, gboolean keep, FvDoctor *copy, GError **error);
void fv_doctor_copy_clear(FvDoctor *copy);
/** Takes steps over batches 0 .. @batches - 1 of the sample, round and round. @kind: FV_LIST_TRAIN, or
 * FV_LIST_GRADIENT for losses alone. @last: so many steps at the end are averaged. The loss is not finite as soon as
 * one of them was not. FALSE with an error, or without one where it was stopped. */
gboolean fv_doctor_run(FvDoctor *doctor, FvListKind kind, guint batches, int steps, int last, double rate,
                       FvDoctorLoss *loss, GError **error);
/** Takes a step with the batch that is on the device. */
gboolean fv_doctor_step(FvDoctor *doctor, FvListKind kind, double rate, GError **error);
/** Loss of the first batches as a net in use gives it, without dropout. */
gboolean fv_doctor_evaluate(FvDoctor *doctor, guint batches, FvDoctorLoss *loss, GError **error);

/* ---- the checks; each returns FALSE with an error, or without one where it was stopped */

gboolean fv_doctor_look_at_data(FvDoctor *doctor, GError **error);   /* doctor_data.c: classes, copies, constant */
gboolean fv_doctor_look_at_labels(FvDoctor *doctor, GError **error); /* doctor_labels.c */
gboolean fv_doctor_look_at_layers(FvDoctor *doctor, GError **error); /* doctor_layers.c: input, weights, units ... */
gboolean fv_doctor_look_at_loss(FvDoctor *doctor, GError **error);   /* doctor_loss.c: first loss, penalties */
gboolean fv_doctor_try_rates(FvDoctor *doctor, GError **error);      /* doctor_rates.c */
gboolean fv_doctor_overfit(FvDoctor *doctor, GError **error);        /* doctor_overfit.c */
gboolean fv_doctor_take_times(FvDoctor *doctor, GError **error);     /* doctor_times.c */

/** Whether a short training does better than chance on images of @split, which it has not seen; FALSE too where there
 * are none. doctor_unseen.c */
gboolean fv_doctor_learns(FvDoctor *doctor, FvSplit split, gboolean *learns, GError **error);

/** The loss of a net that gives all classes the same, and the least that the losses can become, both without penalties;
 * NAN where a loss has no such number. doctor_chance.c */
double fv_doctor_chance(const FvGraph *graph, const FvPlan *plan, double *floor);

#endif
