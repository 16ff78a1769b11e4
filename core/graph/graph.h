/* SPDX-License-Identifier: MIT
 * graph.h: a pipeline with every name resolved and every option checked: nodes, edges, losses, settings. */
#ifndef FOVEA_GRAPH_H
#define FOVEA_GRAPH_H

#include "core/common.h"
#include "core/options.h"
#include "core/parse/ast.h"
#include "core/registry.h"

/** One layer, in the order of the text, which is an order of computation too: inputs come before. */
typedef struct {
    const FvLayer *layer;
    FvState *state;
    int *inputs; /* node numbers */
    int input_count;
    char *path; /* "residual3.conv2" */
    char *name; /* what `as` calls it, or NULL */
    FvLoc loc;
    char *trace; /* "(in residual, used at 14:8)", or NULL */
    double rate; /* factor of the optimizer's rate for its parameters, those of the blocks around it included */
} FvGraphNode;

/** A use of a plugin outside the net: optimizer, schedule, source, augmentation. plugin is NULL where not given. */
typedef struct {
    const FvPlugin *plugin;
    FvState *state;
    FvLoc loc;
    GPtrArray *branches; /* { a | b } -> one_of: what is chosen from, of GPtrArray of FvUse; NULL for all others */
    FvState *common;     /* options that all of its kind have (common.h); NULL: there are none */
} FvUse;

/** weight * loss(value, target), or a metric */
typedef struct {
    FvUse use;
    double weight;
    int value;    /* node number, -1 for penalties */
    char *target; /* "label", or NULL */
} FvTerm;

/** The target that is the class as numbers, made of the target "label". */
#define FV_ONE_HOT "one_hot"

/** What makes probabilities of the value that a loss looks at; metrics do not say. */
FvLink fv_term_link(const FvTerm *loss);
/** Whether a term's value is scores of classes, of which a sample has one: its target is a class, or "one_hot", the
 * same as numbers. Not so for embeddings. */
gboolean fv_term_classifies(const FvTerm *term);
/** How many classes a value of that shape can tell from each other; 0: any number. */
int fv_term_classes(const FvTerm *term, FvShape value);

typedef struct {
    GPtrArray *nodes;   /* of FvGraphNode */
    GPtrArray *losses;  /* of FvTerm */
    GPtrArray *metrics; /* of FvTerm; accuracy of the first loss with a class where none is given */
    int output;         /* the node that prediction computes: the first loss's value, else the first metric's, else the
                          last node */
    FvUse source, optimizer, schedule;
    GPtrArray *prepare, *augment; /* of FvUse */
    double validate;              /* share of the training split, 0 where not given */
    double test;                  /* share of the training split that becomes the test split, for sources without one */
    int epochs, batch;            /* defaults 1 and 64 */
    int accumulate;               /* batches of one update; default 1 */
    double ema;                   /* share of the old average of parameters that an update keeps; 0: no average */
    int patience;                 /* epochs without a better validation after which training stops; 0: it does not */
    double min_delta;             /* by more than which it must be better */
    FvLoc patience_loc;
    gboolean snapshots; /* parameters are kept at the end of each of the schedule's cycles */
    gboolean has_data, has_train;
    GHashTable *values; /* `as` name -> node number + 1 */
    char *file, *stem;  /* "pipelines/lenet.fv", "lenet" */
} FvGraph;

void fv_graph_free(FvGraph *graph);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FvGraph, fv_graph_free)

/** Resolves a tree. All errors go to @diag; NULL where there was one.
 * @overrides: let name -> FvExpr, from -s, or NULL. The registry must outlive the graph. */
FvGraph *fv_graph_build(const FvTree *tree, const char *file, GHashTable *overrides, FvRegistry *registry,
                        FvDiag *diag);

#endif
