/* SPDX-License-Identifier: MIT
 * graph.h: a pipeline with every name resolved and every option checked: nodes, edges, losses, settings. */
#ifndef FOVEA_GRAPH_H
#define FOVEA_GRAPH_H

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
} FvGraphNode;

/** A use of a plugin outside the net: optimizer, schedule, source, augmentation. plugin is NULL where not given. */
typedef struct {
    const FvPlugin *plugin;
    FvState *state;
    FvLoc loc;
    GPtrArray *branches; /* { a | b } -> one_of: what is chosen from, of GPtrArray of FvUse; NULL for all others */
} FvUse;

/** weight * loss(value, target), or a metric */
typedef struct {
    FvUse use;
    double weight;
    int value;    /* node number, -1 for penalties */
    char *target; /* "label", or NULL */
} FvTerm;

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
