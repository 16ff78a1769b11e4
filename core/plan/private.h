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
    FvBuffer value, gradient;
} FvParam;

typedef struct {
    FvLife life;
    guint64 reals;
    guint64 call_offset; /* FV_LIFE_CALL: in bytes, in the shared area */
    FvArea *area;
} FvScratch;

typedef struct {
    char *name;
    FvTarget kind;
    FvShape shape;
    FvArea *area;
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
    } gradient;
    gboolean derived; /* a map whose derivative is applied in another one's kernel */
    FvTargetArea *target;
    FvArea *result;
    int result_stride;
    FvKernel *maps[2]; /* of expressions: forward, backward */
    const FvTerm *term;
    FvNode *head;      /* its y is written by that one's kernels: fuse.c */
    FvNode *added;     /* in a chain: what this one, a sum, adds to the value before it; else NULL */
    GPtrArray *tail;   /* of FvNode, borrowed: what this one's kernels compute besides, in order */
    int summands;      /* values that are added there */
    FvNode *in_place;  /* the one of these in whose memory y is written, or NULL */
    gboolean may_fold; /* was planned so that a normalisation may go into its weights */
};

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
    GArray *products;  /* of FvPlanProduct */
    GArray *extras;    /* of int: numbers of the snippets that fv_plan_load() was given */
    int input, output; /* node numbers; input -1: there are several or none */
    guint64 weight_reals, trained_reals, param_reals; /* weights first, then other trained ones, then statistics */
    guint64 arena_bytes, persistent_bytes, call_bytes;
    int slot_count;

    FvDevice *device;
    cl_program program;
    GPtrArray *chunks; /* of cl_mem: the arena */
    cl_mem call_memory, param_memory, gradient_memory, slot_memory[FV_MAX_SLOTS];
    FvBuffer weights_value, weights_gradient, all_value, all_gradient, all_slots[FV_MAX_SLOTS];
    GPtrArray *buffers; /* of cl_mem: sub-buffers */
    FvKernel *add_kernel, *update_kernel, *clear_kernel;
    GHashTable *lists; /* kind and samples -> FvList */
};

/* shape.c */
int fv_plan_workers(const FvPlan *plan);                 /* FV_WORKERS of the prelude */
FvNode *fv_plan_resolve(const FvPlan *plan, int number); /* past nodes that pass their input on */
/* live.c */
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
void fv_maps_update(FvPlan *plan, FvList *list);
void fv_maps_add(FvPlan *plan, FvBuffer *sum, FvBuffer *more, guint64 reals, FvList *list);
/** Whether no backward pass writes the gradient of a parameter that penalties look at. */
gboolean fv_param_unwritten(const FvParam *param);
void fv_maps_clear(FvPlan *plan, FvBuffer *gradient, guint64 reals, FvList *list);
FvKernel *fv_plan_add_kernel(FvPlan *plan, const char *source, const char *name, const char *defines);

static inline guint64 fv_round_up(guint64 value, guint64 align)
{
    return (value + align - 1) / align * align;
}

static inline const FvLayer *fv_node_layer(const FvNode *node)
{
    return (const FvLayer *) node->plugin;
}

#endif
