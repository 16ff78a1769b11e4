/* SPDX-License-Identifier: MIT
 * private.h: what the files of the plan share. */
#ifndef FOVEA_PLAN_PRIVATE_H
#define FOVEA_PLAN_PRIVATE_H

#include "core/plan/arena.h"
#include "core/plan/plan.h"

/* Reals that may be read past the end of a buffer. */
enum { FV_SLACK = 16 };
/* Buffers begin at multiples of this many bytes, or of what the device asks for where that is more. */
enum { FV_ALIGN = 512 };
/* Elements that one work-item of an elementwise kernel takes on a CPU, and the most partial sums of a penalty. */
enum { FV_CHUNK = 4096, FV_PARTIALS = 64 };

/* The moments of a step: nodes' forward passes are 0 .. n - 1, losses n, backward passes n + 1 .. 2n. */
enum { FV_ALWAYS = G_MAXINT };

/** A piece of device memory before and after it is there. */
typedef struct {
    FvPiece piece;
    FvBuffer buffer;
} FvArea;

typedef struct {
    char *name;
    FvParamSpec spec;
    gint64 elements;
    guint number;   /* among all of the net: the stream that its first values are drawn from */
    guint64 offset; /* in reals, in the regions of parameters, gradients and slots */
    FvNode *node;
    gboolean frozen;          /* it stays as it is: freeze.c */
    FvBuffer value, gradient; /* a frozen one's gradient is read by nobody, and lies where others' do as well */
} FvParam;

typedef struct {
    FvLife life;
    guint64 reals;
    guint64 call_offset; /* FV_LIFE_CALL: in bytes, in the shared area */
    FvArea *area;
} FvScratch;

typedef struct FvTargetArea {
    char *name;
    FvTarget kind;
    FvShape shape;
    FvArea *area;
    GPtrArray *others;         /* of FvArea: classes of the other images that samples are mixed of; or NULL */
    struct FvTargetArea *from; /* the class that it is made of, or NULL: it is given */
} FvTargetArea;

/** How a node's backward pass gives the gradient of one of its inputs: fuse_backward.c. */
typedef struct {
    gboolean wanted;
    gboolean same;   /* it is dy itself: nothing is written */
    gboolean joins;  /* what others gave before is added as it is written */
    gboolean adds;   /* a launch adds it to what others gave before */
    GPtrArray *maps; /* of FvNode, borrowed: derivatives that are applied as it is written, in order; or NULL */
} FvStore;

/* Layers, losses and metrics alike. */
struct FvNode {
    FvPlan *plan;
    int index; /* layers: number in the graph; terms: after them */
    const FvPlugin *plugin;
    FvState *state;
    void *self;
    const char *path, *name, *trace;
    FvLoc loc;
    int input_count;
    const int *inputs;
    FvShape out;
    double flops, weight;
    double rate; /* layers: factor of the optimizer's rate */
    gboolean passes, alive, planning;
    gboolean trained_above; /* a trained parameter in it or before it: dy is wanted */
    gboolean reached;       /* a loss depends on it */
    GPtrArray *params;      /* of FvParam, borrowed */
    GPtrArray *scratch;     /* of FvScratch */
    FvArea *y, *dy;
    FvArea **dx;     /* for each input: where backward writes; dy of the input, or a piece of its own */
    FvStore *stores; /* for each input, and one more; NULL where there is no backward pass */
    struct {
        FvNode *owner;           /* whose dy it is, too: gradients of one memory; NULL: there is none */
        int first, second, last; /* moments at which it is written; second: 0 where it is written once */
        FvStore *store;          /* the last of these, where derivatives can be applied; or NULL */
        gboolean cleared;        /* it begins as 0, and all writers add to it */
    } gradient;
    gboolean derived; /* a map whose derivative is applied in another one's kernel */
    FvTargetArea *target;
    FvArea *result;
    int result_stride;
    int part; /* losses of mixed samples: the image whose class fv_node_target() is, while they are recorded */
    FvArea *mixed_loss, *mixed_gradient; /* sums over parts, or NULL: mixed.c */
    int numbers, sums; /* metrics: of a sample, and what is kept of them: 1 each where the mean is meant */
    FvKernel *maps[2]; /* of expressions: forward, backward */
    const FvTerm *term;
    FvNode *head;      /* its y is written by that one's kernels: fuse.c */
    FvNode *added;     /* in a chain: what this one, a sum, adds to the value before it; else NULL */
    GPtrArray *tail;   /* of FvNode, borrowed: what this one's kernels compute besides, in order */
    int summands;      /* values that are added there */
    FvNode *in_place;  /* the one of these in whose memory y is written, or NULL */
    gboolean may_fold; /* was planned so that a normalisation may go into its weights */
};

/* Neighbouring parameters that move at the same factor of the rate: a stretch of the regions of parameters, gradients
 * and slots. */
typedef struct {
    guint64 first, reals;
    double rate;
} FvRun;

/* What the optimizer does with the net's parameters: update.c, param_vectors.c. */
typedef struct {
    GArray *runs;      /* of FvRun, all trained parameters */
    char **slot_names; /* those of the plugin, then those of the settings; NULL-ended */
    FvBuffer *slots;   /* one for each */
    int slot_count, plugin_slots;
    int gathered, averages; /* numbers of slots that settings ask for; -1: none */
    double *numbers;        /* FvOptim.numbers */
    int number_count;
    FvArea *partials; /* sums of parts of the regions; NULL: none are made */
    FvArea *norms;    /* norms.c: the same of the gradient of each parameter; NULL: not for training */
    FvKernel *update, *gather, *complete, *squares, *scale, *clip, *noise, *average, *swap;
    FvKernel *combine, *dot, *absolute;
} FvUpdate;

/* One source of the program, with the defines before it. */
typedef struct {
    char *key; /* defines and source */
    int number;
} FvSnippet;

struct FvPlan {
    const FvGraph *graph;
    FvPlanSettings settings;
    int lanes, blocks;
    size_t real_size;
    GPtrArray *nodes;    /* of FvNode, in the graph's order */
    GPtrArray *terms;    /* of FvNode: losses, penalties, metrics */
    GPtrArray *params;   /* of FvParam, in the nodes' order */
    GPtrArray *idle;     /* of FvParam: those of layers that prediction does without, which have no memory */
    GPtrArray *targets;  /* of FvTargetArea */
    GPtrArray *areas;    /* of FvArea: everything in the arena */
    GPtrArray *snippets; /* of FvSnippet */
    GPtrArray *kernels;  /* of FvKernel */
    GString *source;
    GArray *products;       /* of FvPlanProduct */
    GArray *extras;         /* of int: numbers of the snippets that fv_plan_load() was given */
    int input, output;      /* node numbers; input -1: there are several or none */
    gboolean *freezes_used; /* for each FvFreeze, whether it took a parameter */
    guint64 weight_reals, trained_reals, param_reals; /* weights first, then other trained ones, then the rest */
    guint64 unread_reals; /* behind the gradients of these: room for those of frozen parameters of one layer */
    guint64 arena_bytes, persistent_bytes, call_bytes;
    FvUpdate update;

    FvDevice *device;
    cl_program program;
    GPtrArray *chunks; /* of cl_mem: the arena */
    cl_mem call_memory, param_memory, gradient_memory;
    FvBuffer weights_value, weights_gradient, all_value, all_gradient;
    GPtrArray *buffers; /* of cl_mem: sub-buffers */
    FvKernel *add_kernel, *clear_kernel, *mix_loss_kernel, *mix_gradient_kernel, *one_hot_kernel;
    FvArea *shares;    /* of mixed samples' labels: [part][sample], float; or NULL */
    GHashTable *lists; /* kind and samples -> FvList */
};

/* shape.c */
int fv_plan_workers(const FvPlan *plan);                 /* FV_WORKERS of the prelude */
FvNode *fv_plan_resolve(const FvPlan *plan, int number); /* past nodes that pass their input on */
/* target.c */
/** Gives a loss or metric the target of that name, which must be of one kind and shape everywhere. */
gboolean fv_target_bind(FvNode *node, const char *name, FvTarget kind, GError **error);
/** What is to be given under a name, or NULL: for one_hot, the class that it is made of. */
const FvTargetArea *fv_target_find(const FvPlan *plan, const char *name);
void fv_targets_build(FvPlan *plan);
/** Makes the targets that are made of others: before losses and metrics. */
void fv_targets_record(FvPlan *plan, FvList *list);
/* freeze.c */
/** Whether a parameter that is being added is frozen. */
gboolean fv_freeze_takes(FvPlan *plan, const FvParam *param);
/** Reports patterns that took none. */
void fv_freeze_check(const FvPlan *plan, FvDiag *diag);
/* live.c */
FvArea *fv_plan_add_area(FvPlan *plan, guint64 reals, size_t size, int first, int last, guint64 align);
gboolean fv_plan_lay_out(FvPlan *plan, guint64 chunk, guint64 align);
unsigned fv_plan_backward_reads(const FvLayer *layer);
/* load.c: "#define A 1\n" -> "#undef A\n" */
void fv_plan_append_undefines(GString *out, const char *defines);
/* fuse.c */
void fv_fuse(FvPlan *plan);
/** For plan: whether the only reader is a normalisation that may go into weights. */
gboolean fv_fuse_may_fold(const FvNode *node);
/** The normalisation that is in the node's weights, or NULL. */
const FvNode *fv_fuse_folded(const FvNode *node);
/* fuse_backward.c */
void fv_fuse_backward(FvPlan *plan);
void fv_fuse_backward_clear(FvNode *node);
/* tail.c */
/** Adds a kernel of one input that writes y, or else the gradient of that input, through FV_TAIL. */
FvKernel *fv_tail_add_kernel(FvNode *node, gboolean forward, const char *source, const char *name, const char *defines);
/** Adds one for which FV_TAIL does nothing. */
FvKernel *fv_tail_add_plain_kernel(FvNode *node, const char *source, const char *name, const char *defines);
/* maps.c: kernels of expressions */
void fv_maps_build(FvPlan *plan);
void fv_maps_forward(FvNode *node, FvList *list);
void fv_maps_backward(FvNode *node, FvList *list);
void fv_maps_loss(FvNode *node, FvList *list);
void fv_maps_penalty(FvNode *node, FvList *list);
void fv_maps_add(FvPlan *plan, FvBuffer *sum, FvBuffer *more, guint64 reals, FvList *list);
/** Whether no backward pass writes the gradient of a parameter that penalties look at. */
gboolean fv_param_unwritten(const FvParam *param);
void fv_maps_clear(FvPlan *plan, FvBuffer *gradient, guint64 reals, FvList *list);
/** Every work-group takes FV_CHUNK elements, from the beginning of a region on. */
extern const char fv_maps_each_element[];
/** FV_CHUNK, and grids of work-groups: so many; as many as take `reals`. */
guint64 fv_maps_chunk(const FvPlan *plan);
FvGrid fv_maps_groups(const FvPlan *plan, guint64 groups);
FvGrid fv_maps_chunks(const FvPlan *plan, guint64 reals);
/** Adds a kernel of no layer. @state: options that stand in it as constants, or NULL. */
FvKernel *fv_maps_add_kernel(FvPlan *plan, const char *source, const char *name, const FvState *state);
/** The same, where options that are single floats stand in @source as parameters of the kernel, so that other numbers
 * (of a rate, a momentum, a penalty) need no other kernel. */
FvKernel *fv_maps_add_open_kernel(FvPlan *plan, const char *source, const char *name, const FvState *state);
/** Appends these parameters, ", real NAME" each, which are the last ones; and what they are at the launch (of FvArg).
 */
void fv_maps_append_params(const FvState *state, GString *source);
void fv_maps_append_args(const FvState *state, GArray *args);
/* update.c */
/** Slots, runs and what else the optimizer takes; parameters have their offsets. May be called again. */
void fv_update_lay_out(FvPlan *plan, guint64 align);
void fv_update_build(FvPlan *plan);
void fv_update_clear(FvUpdate *update);
/** After the backward pass: the gradient of this batch is added to others. */
void fv_update_gather(FvPlan *plan, FvList *list);
/** The update itself; of an optimizer that steps by itself only what comes before it. */
void fv_update_apply(FvPlan *plan, FvList *list);
/** Noise and averages. */
void fv_update_finish(FvPlan *plan, FvList *list);
void fv_update_swap(FvPlan *plan, FvList *list);
/** Whether the optimizer steps by itself. */
gboolean fv_update_steps(const FvPlan *plan);
/* norms.c */
void fv_norms_lay_out(FvPlan *plan, guint64 align);
void fv_norms_build(FvPlan *plan);
void fv_norms_record(FvPlan *plan, FvList *list);
/* param_vectors.c */
void fv_vectors_build(FvPlan *plan);
FvKernel *fv_plan_add_kernel(FvPlan *plan, const char *source, const char *name, const char *defines);

/* mixed.c */
/** Whether a term is a loss of samples that are mixed of several images. */
gboolean fv_mixed_is(const FvNode *term);
void fv_mixed_build(FvPlan *plan);
/** Records such a loss. @forward records it for one class. */
void fv_mixed_loss(FvNode *term, void (*forward)(FvNode *term, FvList *list), FvList *list);

static inline guint64 fv_round_up(guint64 value, guint64 align)
{
    return (value + align - 1) / align * align;
}

/** Whether the optimizer moves it. */
static inline gboolean fv_param_trained(const FvParam *param)
{
    return param->spec.role != FV_STATISTIC && !param->frozen;
}

static inline const FvLayer *fv_node_layer(const FvNode *node)
{
    return (const FvLayer *) node->plugin;
}

#endif
