/* SPDX-License-Identifier: MIT
 * plan.h: a graph made ready to run: shapes, parameters, one arena for all values, a program, lists of launches. */
#ifndef FOVEA_PLAN_H
#define FOVEA_PLAN_H

#include "core/device/device.h"
#include "core/graph/graph.h"
#include "core/plan/launch.h"
#include "core/tensor.h"

/** What a plan is for; each is able to do what those before it do. */
typedef enum {
    FV_FOR_PREDICTION, /* the output alone: losses, metrics, and what only they need, are left out */
    FV_FOR_EVALUATION, /* losses and metrics too */
    FV_FOR_TRAINING
} FvPurpose;

typedef struct {
    FvPurpose purpose;
    int batch;               /* the most samples at once */
    int lanes;               /* 0: the plan chooses (FOVEA_LANES overrides) */
    gboolean doubles;        /* real is double */
    gboolean input_gradient; /* keep the gradient of the net's input (gradcheck) */
    gboolean keep;           /* keep every value and gradient until the next step */
    gboolean contributions;  /* with keep: what each reader of a value gives to its gradient, too */
    int units;               /* compute units of the device; 0: not known */
    guint64 local_memory;    /* bytes that a work-group may have on a device that computes as CPUs do; 0: none */
    FvFamily family;         /* of kernels */
    guint64 group_memory;    /* FV_FAMILY_GPU: bytes of local memory of a work-group, 0: 32 KiB */
    int group_items;         /* FV_FAMILY_GPU: the most work-items of a work-group, 0: 256 */
    GHashTable *tiles;       /* FvPlanProduct.text -> number of a tile that was found by trying, or NULL; referenced */
    int tile;                /* above 0: number of the tile that products take where it can be had, to try it */
    gint64 fit_samples;      /* of the training split, for layers that keep it; 0: not known */
    int slots;               /* steps whose results are kept until they are read; 0: 1 */
    int parts;               /* images that a sample of a training is mixed of, at most; 0: 1 */
} FvPlanSettings;

typedef struct FvPlan FvPlan;

/** Sets what follows from the device: units, family and their limits. */
void fv_plan_settings_for(const FvDevice *device, FvPlanSettings *settings);

/** Shapes, parameters and memory; no device is needed. Every error goes to @diag; NULL where there was one. The graph
 * is borrowed. */
FvPlan *fv_plan_new(const FvGraph *graph, const FvPlanSettings *settings, FvDiag *diag);
void fv_plan_free(FvPlan *plan);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FvPlan, fv_plan_free)

/** Compiles the kernels and allocates the memory. The device must outlive the plan.
 * @extra: more OpenCL C for the program, NULL-ended, or NULL; kernels of it by fv_plan_extra_kernel(). FV_ERROR_NOMEM
 * names the device's limit and the largest batch that fits. */
gboolean fv_plan_load(FvPlan *plan, FvDevice *device, const char *const *extra, GError **error);
/** Kernel FV_NAME(@name) of extra source number @which. */
FvKernel *fv_plan_extra_kernel(FvPlan *plan, guint which, const char *name);

/* ---- what it found, without a device */

typedef struct {
    const char *path, *kind, *name; /* name: what `as` calls it, or NULL */
    FvShape out;
    gint64 parameters; /* of it, statistics not counted */
    double flops;      /* forward, one sample */
    gboolean passes;   /* the output is the input itself */
    gboolean alive;    /* FALSE: not needed for this purpose */
    gboolean fitted;   /* to the training split: core/plan/fit.h */
    const int *inputs;
    int input_count;
} FvPlanLayer;

guint fv_plan_layers(const FvPlan *plan);
FvPlanLayer fv_plan_layer(const FvPlan *plan, guint i);

typedef struct {
    guint64 parameters, gradients, optimizer, values, scratch, total; /* bytes */
} FvPlanMemory;

FvPlanMemory fv_plan_memory(const FvPlan *plan);
gint64 fv_plan_parameter_count(const FvPlan *plan);      /* trained ones of all layers */
gint64 fv_plan_idle_parameter_count(const FvPlan *plan); /* those of them that prediction does without */
double fv_plan_flops(const FvPlan *plan);                /* forward, one sample */
int fv_plan_lanes(const FvPlan *plan);
int fv_plan_batch(const FvPlan *plan);
size_t fv_plan_real_size(const FvPlan *plan);
int fv_plan_slots_of_results(const FvPlan *plan); /* steps whose results are kept */
FvShape fv_plan_input_shape(const FvPlan *plan);
FvShape fv_plan_output_shape(const FvPlan *plan);

/* ---- tiles of the kernels for GPUs */

/** A product of matrices whose tile can be chosen: a pass of a convolution or dense layer, FV_FAMILY_GPU. */
typedef struct {
    const char *layer, *kernel; /* "conv1", "conv_forward" */
    char *text;                 /* its geometry: products of the same text are alike on one device */
    int tile;                   /* number of its tile, from 1 */
    int usual;                  /* and of the one that it has where nothing was tried */
} FvPlanProduct;

/** Of a loaded plan: array of FvPlanProduct, in the layers' order. */
const GArray *fv_plan_products(const FvPlan *plan);
/** A tile in words without "="; NULL past the last number. g_free() it. */
char *fv_plan_tile_text(int number);
/** Changes whenever the kernels with tiles do: what was tried before says nothing any more. g_free() it. */
char *fv_plan_tiles_digest(void);

/* ---- lists */

typedef enum {
    FV_LIST_PACK,     /* brings parameters into the kernels' order; before PREDICT and EVALUATE, once after a change */
    FV_LIST_PREDICT,  /* input to output */
    FV_LIST_EVALUATE, /* and losses, metrics */
    FV_LIST_JUDGE,    /* losses and metrics alone, of values that were written to where the net would have put them */
    FV_LIST_GRADIENT, /* training mode: packs, forward, losses, backward, penalties */
    FV_LIST_TRAIN,    /* and the optimizer's update; of optimizers that step by themselves: one evaluation */
    FV_LIST_GATHER,   /* GRADIENT, added to that of other batches for an update to come */
    FV_LIST_FINISH,   /* what follows the step of such an optimizer: noise, averages */
    FV_LIST_SWAP,     /* exchanges parameters and their averages */
    FV_LIST_KINDS
} FvListKind;

/** The list for that many samples; recorded at the first call, kept by the plan. */
const FvList *fv_plan_list(FvPlan *plan, FvListKind kind, int samples, GError **error);
/** What comes before a layer: its inputs are there when the list is done. As FV_LIST_PREDICT, FV_LIST_PACK before it.
 */
const FvList *fv_plan_list_before(FvPlan *plan, guint layer, int samples, GError **error);

/* ---- memory of a loaded plan */

FvBuffer *fv_plan_input(FvPlan *plan);  /* the net's input value */
FvBuffer *fv_plan_output(FvPlan *plan); /* the value that prediction computes */
/** The output of a layer, and its gradient; NULL where there is none. Only the input, the output and, where settings
 * say so, everything is kept to the end of a step. */
FvBuffer *fv_plan_value(FvPlan *plan, guint layer);
FvBuffer *fv_plan_value_gradient(FvPlan *plan, guint layer);
FvBuffer *fv_plan_input_gradient(FvPlan *plan); /* where settings ask for it */
/** What one reader of a value gives to its gradient. */
typedef struct {
    const char *from; /* path of the layer, or name of the loss */
    FvBuffer *gradient;
} FvPlanContribution;
/** All that the gradient of a layer's output is the sum of, in the order of backward passes: array of
 * FvPlanContribution, to be unreferenced. Buffers hold what they say where settings ask for contributions, or where
 * there is but one. */
GArray *fv_plan_contributions(FvPlan *plan, guint layer);
/** The buffer of a target by its name, and what it takes; NULL where no loss or metric has it. "one_hot" is made of
 * "label": the buffer is that of the class. */
FvBuffer *fv_plan_target(FvPlan *plan, const char *name, FvTarget *kind, FvShape *shape);
/** Where samples are mixed of several images: buffer of the classes of image @part, from 1; NULL where there is no such
 * target. */
FvBuffer *fv_plan_part_target(FvPlan *plan, const char *name, int part);
/** The shares of these classes, float: part behind part, n samples of each; NULL where nothing is mixed. */
FvBuffer *fv_plan_shares(FvPlan *plan);
/** The first loss's target, or NULL. */
const char *fv_plan_first_target(const FvPlan *plan);

/** One loss term, penalty or metric, and where its numbers are. */
typedef struct {
    const char *kind; /* "softmax" */
    gboolean metric;
    gboolean penalty;
    int stride; /* numbers kept for each slot: those of the batch's samples; partial sums of a penalty */
    double weight;
    FvBuffer *result;
    int numbers, sums;     /* metrics: of a sample, and what is kept of them; 1 each where the mean is meant */
    const FvMetric *hooks; /* metrics with `add`, else NULL */
    const void *self;      /* for them */
} FvPlanTerm;

guint fv_plan_terms(const FvPlan *plan);
FvPlanTerm fv_plan_term(const FvPlan *plan, guint i);

/* ---- parameters */

typedef struct {
    const char *name; /* "conv1.weight" */
    FvParamSpec spec;
    gboolean trained;
} FvPlanParam;

/** Those of all layers; in plans for prediction, of those that it computes with. */
guint fv_plan_params(const FvPlan *plan);
FvPlanParam fv_plan_param(const FvPlan *plan, guint i);
/** Whether it is a parameter of a layer that prediction does without. */
gboolean fv_plan_has_idle_param(const FvPlan *plan, const char *name);
/** Whether a layer keeps the training split (FvParamSpec.per_sample): settings.fit_samples must then be known. */
gboolean fv_plan_keeps_samples(const FvPlan *plan);

/** Fills all parameters from the seed, and sets the optimizer's slots to 0. */
gboolean fv_plan_initialise(FvPlan *plan, guint64 seed, GError **error);
/** Copies a parameter, its gradient, or one of its optimizer's slots; F32, or F64 in plans of doubles. */
FvTensor *fv_plan_get_param(FvPlan *plan, guint i, GError **error);
FvTensor *fv_plan_get_gradient(FvPlan *plan, guint i, GError **error);
FvTensor *fv_plan_get_slot(FvPlan *plan, guint i, guint slot, GError **error);
/** Sets them; the tensor's dims must be the parameter's. */
gboolean fv_plan_set_param(FvPlan *plan, guint i, const FvTensor *tensor, GError **error);
gboolean fv_plan_set_slot(FvPlan *plan, guint i, guint slot, const FvTensor *tensor, GError **error);
/** A copy of all parameters as they are, on the device; to be released. FV_ERROR_NOMEM. */
cl_mem fv_plan_copy_params(FvPlan *plan, GError **error);
/** Puts such a copy in their place; FV_LIST_PACK must follow. Does not wait. */
gboolean fv_plan_put_params(FvPlan *plan, cl_mem copy, GError **error);
/** Names of the optimizer's slots, NULL-ended: those of the plugin, then those that the pipeline's settings ask for. */
const char *const *fv_plan_slots(const FvPlan *plan);
/** Whether averages of the parameters are kept: FV_LIST_SWAP puts them in their place. */
gboolean fv_plan_averages(const FvPlan *plan);
/** The optimizer's rate as the pipeline gives it. */
double fv_plan_rate(const FvPlan *plan);

/* ---- for optimizers that step by themselves (FvOptim.step) */

/** Numbers that such an optimizer keeps, and how many. */
double *fv_plan_numbers(FvPlan *plan, int *count);
/** A slot of results beside fv_plan_slots_of_results(), for evaluations whose loss is nobody's but the optimizer's. */
int fv_plan_spare_slot(const FvPlan *plan);
/** Lists that do with vectors (their own, or FV_PARAMETERS, FV_GRADIENT) what plugin.h says; fv_list_free() them. */
FvList *fv_plan_list_combine(FvPlan *plan, int to, double alpha, int a, double beta, int b, GError **error);
FvList *fv_plan_list_dot(FvPlan *plan, int a, int b, GError **error);
FvList *fv_plan_list_absolute(FvPlan *plan, int a, GError **error);
/** What the last such list came to; waits for the device. @largest: of fv_plan_list_absolute(), or NULL. */
gboolean fv_plan_read_sum(FvPlan *plan, double *sum, double *largest, GError **error);

FvDevice *fv_plan_device(const FvPlan *plan);

/** Reads a value of that shape as N,C,H,W doubles. Waits for the device. */
gboolean fv_plan_read_value(FvPlan *plan, FvBuffer *buffer, FvShape shape, int samples, double *nchw, GError **error);
/** Writes one from N,C,H,W. */
gboolean fv_plan_write_value(FvPlan *plan, FvBuffer *buffer, FvShape shape, int samples, const FvTensor *nchw,
                             GError **error);

#endif
