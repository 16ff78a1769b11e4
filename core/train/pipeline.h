/* SPDX-License-Identifier: MIT
 * pipeline.h: a pipeline file taken from text to graph, with what it needs to live. */
#ifndef FOVEA_PIPELINE_H
#define FOVEA_PIPELINE_H

#include "core/device/device.h"
#include "core/graph/graph.h"
#include "core/plan/plan.h"

typedef struct {
    FvRegistry *registry;
    FvTree *tree;
    GHashTable *overrides; /* let name -> FvExpr */
    FvGraph *graph;
} FvPipeline;

/** Reads and resolves a pipeline.
 * @sets: "name=value" of -s, NULL-ended, or NULL.
 * Errors: the message is every error found, one a line, each with its place: to be printed as it is. */
FvPipeline *fv_pipeline_open(const char *file, const char *const *sets, GError **error);
/** The same, with patterns that `freeze` takes besides those of the file.
 * @freezes: of --freeze, NULL-ended, or NULL. */
FvPipeline *fv_pipeline_open_frozen(const char *file, const char *const *sets, const char *const *freezes,
                                    GError **error);
/** The same for text; @name stands for the file. */
FvPipeline *fv_pipeline_from_text(const char *name, const char *text, GError **error);
/** A chain of augmentations alone, as augment { } holds it. */
FvPipeline *fv_pipeline_from_chain(const char *name, const char *text, GError **error);
void fv_pipeline_free(FvPipeline *pipeline);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FvPipeline, fv_pipeline_free)

/** The pipeline as one text: imports inlined, `let`s as overridden, with what else was frozen; g_free() it. */
char *fv_pipeline_text(const FvPipeline *pipeline);

/** Plans a net with one input for a device: @settings are completed by what is to be known of that. Mistakes come with
 * their place, one a line. The graph is borrowed. */
FvPlan *fv_pipeline_plan(const FvGraph *graph, const FvDevice *device, const FvPlanSettings *settings, GError **error);

/** Sets @error to everything in @diag; returns FALSE where there was anything. */
gboolean fv_diag_check(FvDiag *diag, GError **error);

#endif
