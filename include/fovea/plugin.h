/* SPDX-License-Identifier: MIT
 * plugin.h: everything that a fovea plugin includes: descriptors, option tables, and what the plan offers to hooks.
 *
 * A plugin is one shared object. It exports one symbol, made by FV_EXPORT(), which returns a static const
 * descriptor. A descriptor begins with FvPlugin, whose first two fields are the ABI number and the size of the whole
 * descriptor. Hooks and fields are only ever appended to descriptors, together with a new FV_ABI.
 *
 * Ownership: the core owns every object that a hook is given, and everything that the object hands out. Plugins
 * borrow. `self` is the plugin's own state: zeroed, then filled from the option table, one for each use of the plugin
 * in a pipeline; fields that are no options are the plugin's to fill in `plan` or `open`.
 */
#ifndef FOVEA_PLUGIN_H
#define FOVEA_PLUGIN_H

#include <glib.h>
#include <stddef.h>
#include <stdint.h>

G_BEGIN_DECLS

#define FV_ABI 4u

/** What a plugin is; one folder below plugins/ each. */
typedef enum { FV_SOURCE, FV_AUGMENT, FV_LAYER, FV_LOSS, FV_OPTIM, FV_SCHEDULE, FV_METRIC, FV_KINDS } FvKind;

/** The one error domain. Each room puts its context in front of the message. */
#define FV_ERROR (fv_error_quark())
typedef enum {
    FV_ERROR_SYNTAX,  /* the text of a pipeline is wrong */
    FV_ERROR_UNKNOWN, /* a name that nothing has */
    FV_ERROR_OPTION,  /* an option of the wrong type or out of range */
    FV_ERROR_SHAPE,   /* values whose shapes do not fit */
    FV_ERROR_ABI,     /* a plugin made for another fovea, or no plugin at all */
    FV_ERROR_IO,      /* a file that cannot be read or written */
    FV_ERROR_DATA,    /* a file whose contents are wrong; a loss that is not finite */
    FV_ERROR_OPENCL,  /* the device or its compiler refused */
    FV_ERROR_NOMEM    /* it does not fit into the device's memory */
} FvError;
GQuark fv_error_quark(void);

/* ------------------------------------------------------------------ options */

typedef enum {
    FV_TYPE_INT,    /* int */
    FV_TYPE_FLOAT,  /* float */
    FV_TYPE_BOOL,   /* gboolean */
    FV_TYPE_STRING, /* const char * */
    FV_TYPE_CHOICE, /* int: index into choices */
    FV_TYPE_SIZE,   /* FvSize: one number, or [height, width] */
    FV_TYPE_RANGE,  /* FvRange: lo..hi, or one number for lo = hi */
    FV_TYPE_FLOATS, /* FvFloats: one number, or a list */
    FV_TYPE_INIT,   /* FvInit: zeros, gaussian(std), xavier, he */
    FV_TYPE_VALUE,  /* FvRef: the name of a value of the net, which becomes an input */
    FV_TYPE_VALUES, /* no field: all positional arguments from here on are values, which become inputs */
    FV_TYPE_EXTENT, /* FvExtent: as FV_TYPE_SIZE, or a range; above 1 pixels, up to 1 shares of the image */
    FV_TYPE_TARGET  /* const char *: the name of what the data give beside the image: label, box ... */
} FvType;

typedef struct {
    int h, w;
} FvSize;

typedef struct {
    float lo, hi;
} FvRange;

/** An extent in pixels (above 1) or as a share of an image (up to 1): the same number, drawn once, for both sides, or
 * one for each. */
typedef struct {
    FvRange h, w;
    gboolean same;
} FvExtent;

typedef struct {
    int count;
    const float *values;
} FvFloats;

/** A value of the net named in an argument: `input` is its place among the node's inputs. */
typedef struct {
    int input;
} FvRef;

/** How a parameter begins. */
typedef enum {
    FV_INIT_ZEROS,
    FV_INIT_ONES,
    FV_INIT_GAUSSIAN, /* normal, standard deviation `std` */
    FV_INIT_XAVIER,   /* uniform within sqrt(6 / (fan_in + fan_out)) (Glorot and Bengio, 2010) */
    FV_INIT_HE,       /* normal, sqrt(2 / fan_in) (He et al., 2015) */
    FV_INIT_CONSTANT  /* all of them `std` */
} FvInitKind;

typedef struct {
    FvInitKind kind;
    float std;
} FvInit;

enum { FV_REQUIRED = 1 << 0 /* no default: the pipeline must give it */ };

/** One option: storage, default, range, unit and help at once. A table ends with { 0 }. Made by the macros below. */
typedef struct {
    const char *name;
    FvType type;
    size_t offset;              /* of the field in the plugin's state */
    double def, def_hi;         /* numbers, booleans, choices (index), ranges (def..def_hi) */
    const char *def_text;       /* strings, targets, FV_TYPE_INIT ("he") */
    double min, max;            /* inclusive; checked on every element */
    const char *const *choices; /* NULL-ended */
    const char *help;
    const char *unit; /* "px", "degrees", NULL */
    unsigned flags;
} FvOption;

/* The C type of the field is checked when the plugin is compiled: _Generic has no other branch. */
#define FV_FIELD(T, field, type) _Generic(((T *) 0)->field, type : offsetof(T, field))

#define FV_OPT_INT(T, field, def_, min_, max_, help_, ...)                                                    \
    {                                                                                                         \
        .name = #field, .type = FV_TYPE_INT, .offset = FV_FIELD(T, field, int), .def = (def_), .min = (min_), \
        .max = (max_), .help = (help_), __VA_ARGS__                                                           \
    }
#define FV_OPT_FLOAT(T, field, def_, min_, max_, help_, ...)                                                      \
    {                                                                                                             \
        .name = #field, .type = FV_TYPE_FLOAT, .offset = FV_FIELD(T, field, float), .def = (def_), .min = (min_), \
        .max = (max_), .help = (help_), __VA_ARGS__                                                               \
    }
#define FV_OPT_BOOL(T, field, def_, help_, ...)                                                                \
    {                                                                                                          \
        .name = #field, .type = FV_TYPE_BOOL, .offset = FV_FIELD(T, field, gboolean), .def = (def_), .max = 1, \
        .help = (help_), __VA_ARGS__                                                                           \
    }
#define FV_OPT_STRING(T, field, def_, help_, ...)                                                               \
    {                                                                                                           \
        .name = #field, .type = FV_TYPE_STRING, .offset = FV_FIELD(T, field, const char *), .def_text = (def_), \
        .help = (help_), __VA_ARGS__                                                                            \
    }
#define FV_OPT_CHOICE(T, field, def_, choices_, help_, ...)                                       \
    {                                                                                             \
        .name = #field, .type = FV_TYPE_CHOICE, .offset = FV_FIELD(T, field, int), .def = (def_), \
        .choices = (choices_), .help = (help_), __VA_ARGS__                                       \
    }
#define FV_OPT_SIZE(T, field, def_, min_, max_, help_, ...)                                                       \
    {                                                                                                             \
        .name = #field, .type = FV_TYPE_SIZE, .offset = FV_FIELD(T, field, FvSize), .def = (def_), .min = (min_), \
        .max = (max_), .help = (help_), __VA_ARGS__                                                               \
    }
#define FV_OPT_RANGE(T, field, lo_, hi_, min_, max_, help_, ...)                                                     \
    {                                                                                                                \
        .name = #field, .type = FV_TYPE_RANGE, .offset = FV_FIELD(T, field, FvRange), .def = (lo_), .def_hi = (hi_), \
        .min = (min_), .max = (max_), .help = (help_), __VA_ARGS__                                                   \
    }
#define FV_OPT_EXTENT(T, field, lo_, hi_, help_, ...)                                                                  \
    {                                                                                                                  \
        .name = #field, .type = FV_TYPE_EXTENT, .offset = FV_FIELD(T, field, FvExtent), .def = (lo_), .def_hi = (hi_), \
        .min = 0.0001, .max = 65500, .help = (help_), __VA_ARGS__                                                      \
    }
#define FV_OPT_FLOATS(T, field, def_, min_, max_, help_, ...)                                                         \
    {                                                                                                                 \
        .name = #field, .type = FV_TYPE_FLOATS, .offset = FV_FIELD(T, field, FvFloats), .def = (def_), .min = (min_), \
        .max = (max_), .help = (help_), __VA_ARGS__                                                                   \
    }
#define FV_OPT_INIT(T, field, def_, help_, ...)                                                         \
    {                                                                                                   \
        .name = #field, .type = FV_TYPE_INIT, .offset = FV_FIELD(T, field, FvInit), .def_text = (def_), \
        .help = (help_), __VA_ARGS__                                                                    \
    }
#define FV_OPT_VALUE(T, field, help_, ...)                                                           \
    {                                                                                                \
        .name = #field, .type = FV_TYPE_VALUE, .offset = FV_FIELD(T, field, FvRef), .help = (help_), \
        .flags = FV_REQUIRED, __VA_ARGS__                                                            \
    }
/** The same that need not be given: `input` is then -1. */
#define FV_OPT_VALUE_OR_NONE(T, field, help_, ...)                                                               \
    {                                                                                                            \
        .name = #field, .type = FV_TYPE_VALUE, .offset = FV_FIELD(T, field, FvRef), .help = (help_), __VA_ARGS__ \
    }
#define FV_OPT_VALUES(name_, help_, ...)                                      \
    {                                                                         \
        .name = (name_), .type = FV_TYPE_VALUES, .help = (help_), __VA_ARGS__ \
    }
#define FV_OPT_TARGET(T, field, def_, help_, ...)                                                               \
    {                                                                                                           \
        .name = #field, .type = FV_TYPE_TARGET, .offset = FV_FIELD(T, field, const char *), .def_text = (def_), \
        .help = (help_), __VA_ARGS__                                                                            \
    }

/* --------------------------------------------------------------- descriptor */

/** The head of every descriptor. */
typedef struct {
    uint32_t abi;      /* FV_ABI when the plugin was compiled */
    uint32_t size;     /* of the whole descriptor: sizeof(FvLayer) ... */
    size_t state_size; /* of the plugin's own state */
    FvKind kind;
    const char *name;    /* lower case with underscores, and the file's name */
    const char *summary; /* one line, no full stop */
    const FvOption *options;
    const char *details;         /* formula, shapes, limits: paragraphs of plain text, or NULL */
    const char *reference;       /* where the method was published, or NULL */
    const char *const *examples; /* uses such as "conv(4, 3, stride=2)"; gradcheck and the tests run each. NULL: the
                                    name alone */
} FvPlugin;

/** The state of a plugin that has no options. */
typedef struct {
    char unused;
} FvNone;

#define FV_HEAD(Descriptor, State) .abi = FV_ABI, .size = sizeof(Descriptor), .state_size = sizeof(State)

#define FV_SYMBOL "fovea_plugin"
typedef const FvPlugin *(*FvEntry)(void);
#define FV_EXPORT(descriptor)                                                  \
    __attribute__((visibility("default"))) const FvPlugin *fovea_plugin(void); \
    __attribute__((visibility("default"))) const FvPlugin *fovea_plugin(void)  \
    {                                                                          \
        return &(descriptor).base;                                             \
    }

/* ------------------------------------------------------------ nodes, launches */

/** The shape of a value for one sample: channels, height, width. A vector of n is { n, 1, 1 }. */
typedef struct {
    int c, h, w;
} FvShape;

static inline gint64 fv_shape_elements(FvShape s)
{
    return (gint64) s.c * s.h * s.w;
}

static inline gboolean fv_shape_equal(FvShape a, FvShape b)
{
    return a.c == b.c && a.h == b.h && a.w == b.w;
}

/** One layer, loss or metric in one plan. */
typedef struct FvNode FvNode;
/** A list of launches that is being recorded. */
typedef struct FvList FvList;
/** A kernel of the plan's program. */
typedef struct FvKernel FvKernel;
/** A piece of device memory that the plan owns. NULL where there is none. */
typedef struct FvBuffer FvBuffer;

/* Values on the device are [ceil(N/L)][H][W][C][L] of `real`: images in blocks of L, which the plan chooses for the
 * whole pipeline (1: vectors run over channels; 16 or 32: over the batch). The element of sample s, channel c, row y,
 * column x is at ((((s / L) * H + y) * W + x) * C + c) * L + s % L.
 *
 * The last block may be only partly full. Lanes past the last sample hold finite numbers that mean nothing in values,
 * and must hold 0 in gradients: `dy` has 0 there when a backward hook sees it, and `dx` must have 0 there when the
 * hook is done. Every buffer may be read (never written) 16 reals past its end.
 *
 * Parameters, and their gradients, lie on the device as PyTorch has them (O,I,H,W; O,I), one real after the other. */

/** What a parameter is for. */
typedef enum {
    FV_WEIGHT,   /* trained, and penalised by l1, l2 ... */
    FV_BIAS,     /* trained, never penalised */
    FV_STATISTIC /* kept with the weights, but not trained: running mean ... */
} FvRole;

typedef struct {
    const char *name; /* "weight" */
    FvRole role;
    int rank; /* of dims, 1 to 4 */
    int dims[4];
    FvInit init;
    gint64 fan_in, fan_out;
    gboolean per_sample; /* dims[0] is fv_node_fit_samples(): the layer keeps the training split */
} FvParamSpec;

/** How long a piece of scratch memory keeps its contents. */
typedef enum {
    FV_LIFE_CALL, /* within one call of a hook */
    FV_LIFE_STEP, /* from this node's forward to its backward */
    FV_LIFE_PLAN  /* as long as the plan: packed weights */
} FvLife;

/* For `plan`, and later hooks as well: what the node is. */
int fv_node_inputs(const FvNode *node);
FvShape fv_node_input(const FvNode *node, int i);           /* shape */
const char *fv_node_input_name(const FvNode *node, int i);  /* its `as` name, else its path; for error messages */
gboolean fv_node_wants_gradient(const FvNode *node, int i); /* FALSE: fv_node_dx(node, i) is NULL */
FvShape fv_node_output(const FvNode *node);
int fv_node_lanes(const FvNode *node);         /* L */
int fv_node_batch(const FvNode *node);         /* the most samples of a batch; buffers are made for these */
gboolean fv_node_training(const FvNode *node); /* FALSE: there will be no backward */
int fv_node_index(const FvNode *node);         /* place in the net: tells random streams apart */
int fv_node_units(const FvNode *node);         /* compute units of the device, at least 1 */
gint64 fv_node_elements(const FvNode *node, FvShape shape); /* reals that a value of that shape takes, whole blocks */
/** Samples of the training split, for layers that keep something of each (FvParamSpec.per_sample); 1 as long as that is
 * not known: the net is planned again when it is. */
gint64 fv_node_fit_samples(const FvNode *node);

/* For `plan` only: what the node needs. No device is at hand. */
void fv_node_set_output(FvNode *node, FvShape shape);
/** Operations of one sample's forward pass, a multiplication and an addition counting two. */
void fv_node_set_flops(FvNode *node, double flops);
/** The output is input 0 itself: no hook is called any more, no buffer is made. The output shape must be input 0's. */
void fv_node_pass_through(FvNode *node);
/** Returns the number that fv_node_param() and fv_node_gradient() take: 0, 1, ... in the order of the calls. */
int fv_node_add_param(FvNode *node, const FvParamSpec *spec);
/** Metrics with `add` alone: forward writes so many numbers for each sample, one after the other, those of sample s
 * from fv_slot() + s * numbers on; and so many sums are kept of them. */
void fv_node_set_sums(FvNode *node, int numbers, int sums);
/** Returns the number that fv_node_scratch() takes. Elements are reals. */
int fv_node_add_scratch(FvNode *node, gint64 reals, FvLife life);

/** For `build` only: a kernel of the program.
 *
 * @source: OpenCL C 1.2, borrowed until `build` of the last node has returned, with kernels and helper functions
 *          named by FV_NAME(x), so that several nodes' sources can stand in one program. Before it stand the prelude
 *          (`real`, `real2` ... `real16`, `FV_L` lanes, fv_philox(), fv_uniform(), fv_gaussian(), FV_AT(s, c, y, x,
 *          C, H, W), FV_KERNEL, FV_ME, FV_WORKERS, FV_ITEM, fv_total()) and @defines.
 * @name:   the kernel: x of FV_NAME(x).
 * @defines: printf format of lines such as "#define C %d\n"; the same source with the same defines is compiled once.
 */
FvKernel *fv_node_add_kernel(FvNode *node, const char *source, const char *name, const char *defines, ...)
    G_GNUC_PRINTF(4, 5);

/** The same for the kernel that writes y, of a layer with takes_tail. The parameters of the kernel end with
 * FV_TAIL_PARAMS; FV_TAIL_BEGIN(y) stands among its declarations, before the pointer is moved; and what is written to
 * a pointer `to` into y is FV_TAIL(value, to), for vectors FV_TAIL8(value, to) or FV_TAIL16(value, to): elementwise
 * layers and sums that follow are computed there. Functions that write have FV_TAIL_FORMAL at the end of their
 * parameters and are given FV_TAIL_PASS. FV_TAIL_EXPECT(to) says early that a vector will be written there. Launches
 * are as those of other kernels. Other kernels of the same source may be added in this way, too. */
FvKernel *fv_node_add_tail_kernel(FvNode *node, const char *source, const char *name, const char *defines, ...)
    G_GNUC_PRINTF(4, 5);

/** The same for the kernel that writes dx of input @input, of a layer with takes_gradient_tail, with dx in the place of
 * y: what other layers have given to that gradient is added there, and elementwise layers before it apply their
 * derivative. Where nothing is to be done the kernel is as fv_node_add_kernel() makes it. */
FvKernel *fv_node_add_gradient_kernel(FvNode *node, int input, const char *source, const char *name,
                                      const char *defines, ...) G_GNUC_PRINTF(5, 6);

/* For `pack`, `forward` and `backward` only: the node's memory. */
FvBuffer *fv_node_x(const FvNode *node, int i);
FvBuffer *fv_node_y(const FvNode *node);
FvBuffer *fv_node_dx(const FvNode *node, int i); /* to overwrite; NULL where there is nothing to write */
FvBuffer *fv_node_dy(const FvNode *node);
FvBuffer *fv_node_param(const FvNode *node, int i);
FvBuffer *fv_node_gradient(const FvNode *node, int i); /* to overwrite */
FvBuffer *fv_node_scratch(const FvNode *node, int i);
/* Losses and metrics only. */
FvBuffer *fv_node_target(const FvNode *node); /* classes: int[N], or for each pixel; values: as input 0 */
FvBuffer *fv_node_result(const FvNode *node); /* real for each sample: write at fv_slot() + sample */
double fv_node_weight(const FvNode *node);    /* the factor before the loss, 1 for metrics */

/* Hooks are not called at every step: a list is recorded once for each mode and number of samples, and then enqueued
 * again and again. What changes from step to step is an argument of its own: fv_step(), fv_slot() ... */
int fv_list_samples(const FvList *list); /* of this list's batch: N */
int fv_list_blocks(const FvList *list);  /* ceil(N / L) */
gboolean fv_list_training(const FvList *list);

typedef struct {
    size_t global[3]; /* 0 counts as 1 */
    size_t local[3];  /* all 0: what the kernel requires, else the device chooses */
} FvGrid;

#define FV_GRID(...) ((FvGrid){ .global = { __VA_ARGS__ } })
/** The same for kernels of one work-item a work-group. */
#define FV_ITEMS(...) ((FvGrid){ .global = { __VA_ARGS__ }, .local = { 1, 1, 1 } })

/* CPUs want a work-group of one work-item that takes many elements, GPUs one of many work-items, of which neighbours
 * take neighbouring elements. One text serves both where the kernel begins with FV_KERNEL in the place of `kernel
 * void`, and its loop over the elements of a work-group is
 *
 *     for (int i = begin + FV_ME; i < end; i += FV_WORKERS)
 *
 * FV_WORKERS is the number of work-items in a work-group, FV_ME which of them this one is: 1 and 0 on CPUs. Sums over
 * a work-group come from fv_total(mine, room), with `local real room[FV_WORKERS];` in the kernel. Where a text of its
 * own is better for GPUs, `#if FV_WORKERS > 1` tells; FV_ITEM then is the number of a work-item in the whole launch.
 * Kernels that have neither run as well, if slowly. */

/** FV_WORKERS of the node's kernels. */
int fv_node_workers(const FvNode *node);
/** So many work-groups of FV_WORKERS work-items, for kernels that begin with FV_KERNEL. */
FvGrid fv_node_grid(const FvNode *node, size_t groups_0, size_t groups_1, size_t groups_2);
/** As many work-groups of them as take `elements` one by one. */
FvGrid fv_node_each(const FvNode *node, size_t elements);

typedef enum {
    FV_ARG_BUFFER,
    FV_ARG_INT,    /* int */
    FV_ARG_REAL,   /* real: float, or double in gradcheck */
    FV_ARG_LOCAL,  /* local memory, in reals */
    FV_ARG_STEP,   /* uint: number of the training step, from 0 */
    FV_ARG_SEED,   /* uint2 */
    FV_ARG_SLOT,   /* int: where this step's results begin in fv_node_result() */
    FV_ARG_RATE,   /* real: the learning rate of this step, times a number */
    FV_ARG_UPDATE, /* uint: number of the update, from 0; the core's kernels alone */
    FV_ARG_SHARE   /* real: the share of this batch in the update's gradient; the core's kernels alone */
} FvArgType;

typedef struct {
    FvArgType type;
    FvBuffer *buffer;
    double number;
} FvArg;

static inline FvArg fv_buffer(FvBuffer *b)
{
    return (FvArg){ .type = FV_ARG_BUFFER, .buffer = b };
}
static inline FvArg fv_int(int i)
{
    return (FvArg){ .type = FV_ARG_INT, .number = i };
}
static inline FvArg fv_real(double r)
{
    return (FvArg){ .type = FV_ARG_REAL, .number = r };
}
static inline FvArg fv_local(int reals)
{
    return (FvArg){ .type = FV_ARG_LOCAL, .number = reals };
}
static inline FvArg fv_step(void)
{
    return (FvArg){ .type = FV_ARG_STEP };
}
static inline FvArg fv_seed(void)
{
    return (FvArg){ .type = FV_ARG_SEED };
}
static inline FvArg fv_slot(void)
{
    return (FvArg){ .type = FV_ARG_SLOT };
}

/** Appends a launch. Kernels of one list run one after the other; each sees what those before it wrote. Launches
 * cannot fail here: what the device refuses is reported, with the kernel's name, when the list is enqueued. */
void fv_list_launch(FvList *list, FvKernel *kernel, FvGrid grid, const FvArg *args, int count);
#define fv_launch(list, kernel, grid, ...)                                   \
    fv_list_launch((list), (kernel), (grid), (const FvArg[]){ __VA_ARGS__ }, \
                   (int) (sizeof((const FvArg[]){ __VA_ARGS__ }) / sizeof(FvArg)))

/* -------------------------------------------------------------------- fitting */

/* Layers may be fitted to the training split instead of trained by gradients: means, principal components, the samples
 * themselves. What they find are parameters FV_STATISTIC, kept with the weights. `fovea train` fits them before its
 * first step, in the order of the net, so that each sees what those before it give; a run that is resumed, and one that
 * begins with weights, does not fit again. All of it happens on the host. Samples come in the order of the data,
 * prepared but not augmented, each once in a pass; how many at once says nothing, and results must not depend on it. */

/** A layer that is being fitted. */
typedef struct FvFit FvFit;

/** Some samples. */
typedef struct {
    int count;
    const double *x;   /* of input 0, C,H,W of each sample */
    const int *labels; /* the class of each; -1 where the data have none */
} FvFitBatch;

gint64 fv_fit_samples(const FvFit *fit); /* of the whole split */
int fv_fit_classes(const FvFit *fit);    /* 0: the data have none */
int fv_fit_pass(const FvFit *fit);       /* from 0 */
/** Array number i of the layer's own, zeroed at its first use, kept until the layer is fitted. */
double *fv_fit_numbers(FvFit *fit, int i, gint64 count);
/** Parameter i of the node, zeroed, to be filled in. It is brought to the device after the last pass. */
float *fv_fit_param(FvFit *fit, int i);

/** Eigenvalues, in descending order, and eigenvectors of a real symmetric matrix.
 * @matrix: n x n, of which the upper triangle is read; row k becomes the unit vector of values[k], with the sign that
 * makes its largest element (the first of them) positive.
 * @values: n numbers. FALSE where it does not converge, as with elements that are not finite. */
gboolean fv_symmetric_eigen(int n, double *matrix, double *values);

/* -------------------------------------------------------------------- layers */

enum { FV_READS_NOTHING = 1 << 0, FV_READS_X = 1 << 1, FV_READS_Y = 1 << 2 };
enum { FV_NO_INPUTS = -1, FV_ANY_INPUTS = 1000 };

/** A normalisation as FvLayer.fold tells it: parameters of the node by number. */
typedef struct {
    int weight, bias, mean, var;
    double epsilon;
} FvFold;

/** A layer. Either the two maps, or plan, build, forward and backward. */
typedef struct {
    FvPlugin base;
    /** Elementwise layers: OpenCL C statements on scalars. `y = ...;` of x; `dx = ...;` of x, y and dy. Options stand
     * under their names as constants: floats, ints and booleans. Every line may declare variables of its own. */
    const char *forward_map, *backward_map;
    int min_inputs, max_inputs; /* 0, 0: exactly one. FV_NO_INPUTS, FV_ANY_INPUTS */
    int shape_inputs;           /* so many of the last inputs are looked at for their shape only */
    unsigned backward_reads;    /* what backward reads: FV_READS_...; 0: all x and y (the safe answer) */
    /** Says the output's shape, parameters, scratch and FLOPs. Called once, when all input shapes are known. Called
     * without a device; errors are FV_ERROR_SHAPE or FV_ERROR_OPTION, without the file's position, which the plan
     * adds, and without the layer's name. */
    gboolean (*plan)(FvNode *node, void *self, GError **error);
    /** Adds kernels. Called once, after every node's plan. NULL: none needed. */
    gboolean (*build)(FvNode *node, void *self, GError **error);
    /** Brings parameters into the kernels' own order. Recorded before forward whenever parameters may have changed.
     * NULL: kernels read parameters as they are. */
    void (*pack)(FvNode *node, const void *self, FvList *list);
    /** Writes y. */
    void (*forward)(FvNode *node, const void *self, FvList *list);
    /** Overwrites dx of every input that wants a gradient, and the gradient of every trained parameter. The plan adds
     * up where a value fans out. */
    void (*backward)(FvNode *node, const void *self, FvList *list);
    /** y is written by kernels of fv_node_add_tail_kernel() alone. */
    gboolean takes_tail;
    /** The maps hold for vectors of numbers, too: `real` is then a vector (real8, real16), and so are x and y. So they
     * have no `if` and no `&&`, and make vectors of constants by (real)(1). */
    gboolean vector_maps;
    /** y is the sum of all inputs, element by element. The gradient of an input may then be dy itself, where nothing is
     * to be written. */
    gboolean sums;
    /** Outside of training y = weight * (x - mean) / sqrt(var + epsilon) + bias, for each channel: a convolution before
     * it may have that in its weights. NULL: it is not so. */
    void (*fold)(const FvNode *node, const void *self, FvFold *fold);
    /** dx of every input is written by kernels of fv_node_add_gradient_kernel() alone, each number once: it is
     * not read back. */
    gboolean takes_gradient_tail;
    /** Fitted layers: how many times they want to see the training split; 0: not fitted. All parameters are then
     * FV_STATISTIC, and all are set. */
    int fit_passes;
    /** Takes some samples. Errors: FV_ERROR_DATA. */
    gboolean (*fit_batch)(const FvNode *node, const void *self, FvFit *fit, const FvFitBatch *batch, GError **error);
    /** Called after each pass; after the last one fv_fit_param() must be filled. NULL: fit_batch does that. */
    gboolean (*fit_end)(const FvNode *node, const void *self, FvFit *fit, GError **error);
    /** There is no derivative, and no backward: a net that wants a gradient through the layer is refused. */
    gboolean no_gradient;
} FvLayer;

/* ------------------------------------------------------------------- losses */

typedef enum {
    FV_TARGET_NONE,  /* a penalty: it looks at the weights alone */
    FV_TARGET_CLASS, /* one class for each sample, or with `pixels` for each pixel of it: int */
    FV_TARGET_VALUE  /* numbers in the shape of the input */
} FvTarget;

/** What makes probabilities of the value that a loss looks at: how a prediction shows it. */
typedef enum {
    FV_LINK_NONE,    /* numbers stay as they are */
    FV_LINK_SOFTMAX, /* exp(x[i]) / sum over j of exp(x[j]), over channels */
    FV_LINK_SIGMOID  /* 1 / (1 + exp(-x[i])) */
} FvLink;

/** A loss, averaged over the batch by the plan; or a penalty. Either the two maps, or build and forward; a penalty has
 * maps.
 *
 * Maps of a loss: `l = ...;` and `dx = ...;` (the derivative of l) of x and t, added up over the elements of a
 * sample. Maps of a penalty: `l = ...;` and `dx = ...;` of the weight x, added up over all weights. */
typedef struct {
    FvPlugin base;
    FvTarget target;
    const char *forward_map, *backward_map;
    /** Checks shapes, asks for scratch. NULL: any shape will do. */
    gboolean (*plan)(FvNode *node, void *self, GError **error);
    gboolean (*build)(FvNode *node, void *self, GError **error);
    /** Writes weight * loss of each sample to fv_node_result(), and, where fv_node_dx(node, 0) is not NULL and the
     * list is for training, overwrites it with weight / N times the derivative. */
    void (*forward)(FvNode *node, const void *self, FvList *list);
    FvLink link;
    /** Where the link depends on options; else NULL. */
    FvLink (*link_of)(const void *self);
    /** FV_TARGET_CLASS: the value is an embedding, whose samples are compared with each other by their classes; its
     * numbers are not scores of classes. */
    gboolean embeds;
    /** FV_TARGET_CLASS: a class is wanted for each pixel of the value, int[ceil(N / L)][H][W][L]; of a vector that is
     * one for each sample. */
    gboolean pixels;
    /** FV_TARGET_CLASS: one number alone is the score of two classes: above 0 for the second. */
    gboolean binary;
} FvLoss;

/** A metric: one number for each sample, averaged over the split; or, with add and finish, one that follows from sums
 * over the split, as those of a confusion matrix do. */
typedef struct {
    FvPlugin base;
    FvTarget target;
    gboolean (*plan)(FvNode *node, void *self, GError **error);
    gboolean (*build)(FvNode *node, void *self, GError **error);
    /** Writes the number of each sample to fv_node_result(). */
    void (*forward)(FvNode *node, const void *self, FvList *list);
    gboolean lower_is_better; /* which epoch of a training is kept as the best; FALSE: higher is */
    /** Adds the numbers of one sample to the sums, which begin at 0. plan has said by fv_node_set_sums() how many there
     * are of both. Sums must add up: those of two parts of a split are those of both, number by number. */
    void (*add)(const void *self, const double *numbers, double *sums);
    /** The metric of all samples that are in the sums. */
    double (*finish)(const void *self, const double *sums);
    /** What is printed besides, in whole lines, of the sums of a split; to be g_free()d. NULL: nothing.
     * @class_names: NULL-ended, or NULL where the data have none. */
    char *(*table)(const void *self, const double *sums, const char *const *class_names);
    gboolean pixels; /* as FvLoss.pixels */
} FvMetric;

/* --------------------------------------------------------------- optimizers */

enum { FV_MAX_SLOTS = 4 };

/** A step of an optimizer that takes it by itself: FvOptim.step. */
typedef struct FvOptimStep FvOptimStep;

/** An optimizer: OpenCL C statements that change the parameter `w` by its gradient `g`, the learning rate `rate`, the
 * number of the update `t` (int, from 1) and its slots, which begin at 0 and are kept with the checkpoint. One kernel
 * updates all parameters. Its option table must have a float `rate`.
 *
 * What all optimizers have is the core's: limits of the gradient, noise, several batches for one update, averages of
 * the parameters, and factors of the rate. */
typedef struct {
    FvPlugin base;
    const char *slots[FV_MAX_SLOTS + 1]; /* names, NULL-ended */
    const char *update_map;

    /* -- in the place of slots and update_map: optimizers that look at all parameters together, and at the loss */

    /** So many vectors of the parameters' length are kept; they begin at 0. */
    int (*vectors)(const void *self);
    /** So many numbers are kept; they begin at 0. */
    int (*numbers)(const void *self);
    /** Takes one step from where the parameters are, by fv_optim_evaluate() and what follows below. It waits for the
     * device. All that it is to remember is in vectors and numbers, which are kept with the checkpoint. */
    gboolean (*step)(const void *self, FvOptimStep *step, GError **error);
} FvOptim;

/* For `step` only. Vectors hold a number for each parameter that is trained, all parameters one after the other; sums
 * over them are added up in an order that is always the same. The optimizer's own vectors are 0, 1, ...; beside them:
 */
enum { FV_PARAMETERS = -1, FV_GRADIENT = -2 };

/** The loss of the step's batch, penalties included, at the parameters as they are, and FV_GRADIENT. Random numbers
 * (dropout) are the same at each call of one step. It must be called at least once. */
gboolean fv_optim_evaluate(FvOptimStep *step, double *loss, GError **error);
/** The learning rate of this step. */
double fv_optim_rate(const FvOptimStep *step);
double *fv_optim_numbers(FvOptimStep *step);
/** to = alpha * a + beta * b, element by element; any of them may be the same. */
gboolean fv_optim_combine(FvOptimStep *step, int to, double alpha, int a, double beta, int b, GError **error);
/** The sum of a[i] * b[i]. */
gboolean fv_optim_dot(FvOptimStep *step, int a, int b, double *sum, GError **error);
/** The sum of the absolute values, and the largest of them; either may be NULL. */
gboolean fv_optim_absolute(FvOptimStep *step, int a, double *sum, double *largest, GError **error);

/** What an epoch came to: on the validation split, or without one on the training split. */
typedef struct {
    double loss, metric; /* the first metric; NAN: there is none */
} FvEpoch;

/** Where training stands. */
typedef struct {
    gint64 step, steps; /* of the whole training; step counts from 0 */
    gint64 epoch_steps; /* steps of one epoch */
    /** Of the epochs that are over, for schedules that watch them; else NULL and 0. */
    const FvEpoch *epochs;
    int epoch_count;
    gboolean lower_is_better; /* of FvEpoch.metric */
} FvProgress;

/** A schedule: the factor by which the optimizer's rate is multiplied at a step. A step is an update. What it is
 * depends on @at alone. Warm-up is the core's: step, steps and epochs are counted from its end. */
typedef struct {
    FvPlugin base;
    double (*factor)(const void *self, const FvProgress *at);
    gboolean watches; /* it looks at FvProgress.epochs */
} FvSchedule;

/* ------------------------------------------------------------------- random */

/** A stream of Philox4x32-10 (Salmon et al., 2011): the same numbers on the host and in kernels. */
typedef struct {
    uint32_t key[2], counter[4], buffer[4];
    int left;
} FvRandom;

/** The stream of (seed, epoch, sample, operation). */
FvRandom fv_random(uint64_t seed, uint32_t epoch, uint32_t sample, uint32_t operation);
uint32_t fv_random_bits(FvRandom *random);
double fv_random_uniform(FvRandom *random); /* in [0, 1) */
double fv_random_range(FvRandom *random, double lo, double hi);
uint32_t fv_random_below(FvRandom *random, uint32_t n); /* 0 .. n - 1, without bias */
double fv_random_gaussian(FvRandom *random);            /* mean 0, deviation 1 */

/* ------------------------------------------------------------------ sources */

typedef enum { FV_TRAIN, FV_VALIDATE, FV_TEST, FV_SPLITS } FvSplit;

/** What a source holds. Strings belong to the source. */
typedef struct {
    gint64 count[FV_SPLITS];        /* samples of each split; 0: it has none */
    FvShape shape;                  /* of every image; h = w = 0 where images differ */
    int classes;                    /* 0: no classes */
    const char *const *class_names; /* `classes` of them, or NULL */
} FvSourceInfo;

/** One sample. The loader owns it and gives the same one again, so that `pixels` keeps its storage. */
typedef struct {
    FvShape shape;
    GByteArray *pixels; /* height x width x channels, 8 bits, channels interleaved (R, G, B) */
    int label;          /* class, or -1 */
    char *name;         /* where it came from, for messages; g_free()d by the loader */
} FvSample;

/** A data source. `path` options come from the pipeline as written; relative ones are relative to the working folder.
 */
typedef struct {
    FvPlugin base;
    /** @info is zeroed before. Cleans up after itself where it fails: close is then not called. May leave work to a
     * thread, for which read waits. */
    gboolean (*open)(void *self, FvSourceInfo *info, GError **error);
    /** Called from several threads at once. Must check sizes before it allocates. */
    gboolean (*read)(const void *self, FvSplit split, gint64 index, FvSample *sample, GError **error);
    void (*close)(void *self);
} FvSource;

/** Decodes a PNG, JPEG or WebP file (told apart by contents) into 8-bit interleaved pixels, upright: the orientation
 * that cameras note (EXIF) is applied. No more than 16384 pixels a side and 64 megapixels.
 * @channels: 1 or 3 to convert to, 0 to keep what the file has (alpha is dropped). */
gboolean fv_image_read(const char *file, int channels, FvShape *shape, GByteArray *pixels, GError **error);

/* ----------------------------------------------------------------- augment */

enum { FV_MAX_DRAWN = 8, FV_MAX_PARTS = 4 };

/** What stands outside of a coordinate operation's input: the choices of its option `fill`. */
typedef enum { FV_FILL_CONSTANT, FV_FILL_EDGE, FV_FILL_REFLECT } FvFill;
extern const char *const fv_fill_names[]; /* "constant", "edge", "reflect", NULL */

/* Two options are the core's, which finds them by name: `p`, and `fill` with `value`. Their fields are a float, an int
 * and FvFloats of the same names. */
#define FV_OPT_P(T, def_)          \
    FV_OPT_FLOAT(T, p, def_, 0, 1, \
                 "probability that it is applied to a sample; outside of training it is where this is 1")
#define FV_OPT_FILL(T)                                                                         \
    FV_OPT_CHOICE(T, fill, FV_FILL_CONSTANT, fv_fill_names,                                    \
                  "what stands outside of the image: value, its edge, or the image mirrored"), \
        FV_OPT_FLOATS(T, value, 0, 0, 1, "what stands there with fill=constant: one number, or one for each channel")

/** What one of several images gives to an output (mixup, cutmix, mosaic). */
typedef struct {
    double matrix[6];      /* from a point of the output to one of this image, as FvAugment.matrix */
    double x0, y0, x1, y1; /* the region of the output that it is in */
    double weight;         /* of its values there, against what the parts before it left */
    double share;          /* of the output's label that is its own */
} FvPart;

/** An augmentation. It changes coordinates or pixels, mixes images, or chooses among others: it has the hooks of one of
 * these groups. A chain of any length samples the image once, in one kernel, as far as that keeps the meaning of the
 * chain's order.
 *
 * Maps are OpenCL C statements. In them options stand under their names as constants (FvFloats: an array and
 * NAME_count; FvRange and FvExtent: not at all, their numbers are drawn), what was drawn for this sample under the
 * names in `drawn`. An option that has the name of a variable of the map cannot be seen by it. `vec` is float, or with
 * vector_maps float or float16: conditions on it are written with select(), fmin(), fmax(), step() and mix(). */
typedef struct {
    FvPlugin base;

    /* -- coordinates: pixel centres at .5, so that an image reaches from 0 to its width and height */

    /** Affine operations: m takes an output point to the input point where it comes from,
     * (m[0] u + m[1] v + m[2], m[3] u + m[4] v + m[5]). The chain composes such matrices. */
    void (*matrix)(const void *self, FvShape in, FvShape out, const float *drawn, double m[6]);
    /** Others: statements on `vec u, v` that do the same; in_w, in_h, out_w, out_h (floats) are the extents. */
    const char *coord_map;
    /** Beside coord_map: its inverse on the host, for boxes and key points. FALSE: no answer for this point. */
    gboolean (*forward_point)(const void *self, FvShape in, FvShape out, const float *drawn, double *u, double *v);

    /* -- pixels: values from 0 to 1; results outside of that are kept, and clamped at the chain's end */

    /** Statements on `vec p`, the value of channel `int c` at the point `vec u, v`. */
    const char *pixel_map;
    /** Statements on `vec r, g, b`. Grey images: all three are the value, and r counts. */
    const char *colour_map;
    /** Statements that fill `float table[256]` from `const uint histogram[256]` of a channel and their sum, `float
     * total`: each value becomes that of its place in the table, the nearest. */
    const char *table_map;
    gboolean luma; /* table_map: the histogram is the luma's, and the table's value of the luma is that of all channels
                    */
    /** Statements on `vec p`, the value of channel `int c` (of `int channels`) at `int y` and columns from `int x`;
     * at(c, dx, dy) are the values that stand so far away, mirrored at the edges; in_w, in_h are ints. They run over
     * the whole image `passes` times, each time on what the time before left; `int pass` counts. */
    const char *neighbour_map;
    int passes;
    gboolean linear;      /* pixel_map, colour_map: sums of multiples of the values and constants, so that it does not
                             matter whether they come before or after sampling */
    gboolean places;      /* pixel_map, colour_map: they use u, v or random numbers, and stay where they stand */
    gboolean vector_maps; /* the statements hold where vec is float16, too */

    /* -- several images */

    int others; /* other samples that it wants, at most FV_MAX_PARTS - 1 */
    /** What image @part (0: the sample's own) gives. */
    void (*part)(const void *self, FvShape in, FvShape out, const float *drawn, int part, FvPart *made);

    /* -- choices: { a | b } -> one_of */

    /** Which of the branches are taken: bit i is for the i-th. */
    guint64 (*choose)(const void *self, int branches, FvRandom *random);
    /** Policies: a chain as text, which stands where this one is used; the caller frees it. */
    char *(*expand)(const void *self, GError **error);

    /* -- all but choices */

    const char *drawn[FV_MAX_DRAWN + 1]; /* names of the numbers that draw() writes, NULL-ended */
    /** The output's extent from the input's, as far as it is known before anything is drawn (h = w = 0: not known).
     * NULL: the same. Channels stay. It must not write to self where it is called again, from several threads. */
    gboolean (*plan)(void *self, FvShape in, FvShape *out, GError **error);
    /** Draws this sample's numbers from @random alone, and where plan() could not say it sets the output's extent.
     * Called from several threads at once. NULL: options of type FvRange whose names are in `drawn` are drawn one after
     * the other, uniformly.
     * @training: FALSE in prepare chains of other splits, where random operations take their middle.
     * Errors: FV_ERROR_SHAPE for an image that does not fit. */
    gboolean (*draw)(const void *self, FvShape in, FvShape *out, gboolean training, FvRandom *random, float *drawn,
                     GError **error);
    /** The fitted layer that stands in its place, at the net's input, where the operation is in prepare { } without any
     * argument: "standardize(per=channel)". It can then stand nowhere else without arguments. NULL: none does. */
    const char *fitted;
} FvAugment;

/** A number of a range: drawn uniformly, or its middle outside of training. */
float fv_range_draw(FvRange range, gboolean training, FvRandom *random);
/** The extent that an option asks for of an image; at least one pixel. */
FvSize fv_extent_draw(const FvExtent *extent, FvShape in, gboolean training, FvRandom *random);
/** The same where it is known before drawing: FALSE where it is drawn, or a share of an unknown extent. */
gboolean fv_extent_known(const FvExtent *extent, FvShape in, FvShape *out);

/* ------------------------------------------------------------ convolutions */

/** Whether 3x3 convolutions of stride 1 go by Winograd's F(4x4, 3x3): a quarter of the multiplications, and rounding
 * errors about three times as large. AUTO: where that is faster, on wide layers. */
typedef enum { FV_WINOGRAD_AUTO, FV_WINOGRAD_ON, FV_WINOGRAD_OFF } FvWinograd;

/** What a convolution is computed with in the place of the node's own input, output and parameters. NULL: those. */
typedef struct {
    FvBuffer *x, *y, *dy, *dx, *weight, *bias, *weight_gradient, *bias_gradient;
} FvConvOperands;

/** What a convolution that is a part of a layer is asked for: the output, the gradient of its input, that of its
 * weights and bias. */
enum { FV_CONV_Y = 1 << 0, FV_CONV_DX = 1 << 1, FV_CONV_DW = 1 << 2 };

/** A convolution for layers that are one, or have one: conv, dense, match. The caller keeps it in its state, fills
 * the first part, and calls the functions from the hooks of the same names. Cross-correlation, as everywhere:
 * y[o, i, j] = bias[o] + sum over c, m, n of weight[o, c, m, n] * x[c, i * stride.h - pad.h + m * dilation.h, ...]. */
typedef struct {
    FvShape in, out; /* out.c is the caller's; out.h and out.w are set by fv_conv_plan() */
    FvSize kernel, stride, pad, dilation;
    int groups;
    gboolean bias;
    gboolean flat; /* weight is [out.c][in.c * kernel.h * kernel.w] in files (dense) */
    FvInit init;
    FvWinograd winograd;
    /* set by fv_conv_plan() and fv_conv_build() */
    int weight, bias_param;
    int pack_scratch[2], sum_scratch[3], fold_scratch[2];
    FvKernel *kernels[16];
    int tiles[8];
    /** For calls after `build`, on a copy of this: other operands than the node's. */
    const FvConvOperands *on;
    /** FV_CONV_...: it is one of several parts of a layer, and these are what it is used for. fv_conv_plan() then adds
     * no parameters and says neither output nor FLOPs: that is the layer's to do; `on` must give all operands that
     * these passes have (dx may be NULL: there is none then); and nothing is fused with it. 0: the layer is this
     * convolution. */
    unsigned passes;
} FvConv;

gboolean fv_conv_plan(FvNode *node, FvConv *conv, GError **error);
gboolean fv_conv_build(FvNode *node, FvConv *conv, GError **error);
void fv_conv_pack(FvNode *node, const FvConv *conv, FvList *list);
void fv_conv_forward(FvNode *node, const FvConv *conv, FvList *list);
void fv_conv_backward(FvNode *node, const FvConv *conv, FvList *list);

G_END_DECLS

#endif
