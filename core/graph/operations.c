/* SPDX-License-Identifier: MIT
 * operations.c: chains of augmentations: operations one after the other, choices among branches, policies. */
#include "core/graph/graph_private.h"

enum { MOST_BRANCHES = 64, MOST_POLICY_DEPTH = 4 };

typedef struct {
    Builder *builder;
    const char *section; /* "augment" */
    int depth;           /* of policies within policies */
} Context;

static void build_chain(const Context *place, const FvChain *chain, GPtrArray *operations);

void fv_use_free(gpointer data)
{
    FvUse *use = data;
    fv_state_free(use->state);
    g_clear_pointer(&use->branches, g_ptr_array_unref);
    g_free(use);
}

static GPtrArray *new_operations(void)
{
    return g_ptr_array_new_with_free_func(fv_use_free);
}

static const FvAugment *augment_of(const FvUse *use)
{
    return (const FvAugment *) use->plugin;
}

/* ------------------------------------------------------------------ policies */

/* What a policy stands for is text as a pipeline would have it; its mistakes are the plugin's, told where it is used.
 */
static void build_policy(const Context *place, FvUse *use, GPtrArray *operations)
{
    Builder *builder = place->builder;
    const char *name = use->plugin->name;
    g_autoptr(GError) error = NULL;
    g_autofree char *text = augment_of(use)->expand(fv_state_self(use->state), &error);
    if (!text) {
        fv_graph_report_take(builder, NULL, use->loc, name, g_steal_pointer(&error));
        return;
    }
    if (place->depth == MOST_POLICY_DEPTH) {
        fv_graph_report(builder, NULL, use->loc, FV_ERROR_OPTION, "%s: policies within policies, %d deep", name,
                        MOST_POLICY_DEPTH);
        return;
    }
    g_autofree char *file = g_strdup_printf("%s (at %s:%d:%d)", name, use->loc.file, use->loc.line, use->loc.col);
    g_autoptr(FvTree) tree = fv_parse_chain(g_intern_string(file), text, builder->diag);
    const Context inner = { builder, place->section, place->depth + 1 };
    if (tree)
        build_chain(&inner, ((FvSection *) tree->sections->pdata[0])->chains->pdata[0], operations);
}

/* ------------------------------------------------------------------- choices */

/* The branches before a choice, or NULL where an error was reported. */
static GPtrArray *build_branches(const Context *place, const FvStage *stage)
{
    if (stage->chains->len > MOST_BRANCHES) {
        fv_graph_report(place->builder, NULL, stage->loc, FV_ERROR_OPTION, "%s: %u branches; the most are %d",
                        place->section, stage->chains->len, MOST_BRANCHES);
        return NULL;
    }
    GPtrArray *branches = g_ptr_array_new_with_free_func((GDestroyNotify) g_ptr_array_unref);
    for (guint i = 0; i < stage->chains->len; i++) {
        GPtrArray *operations = new_operations();
        build_chain(place, stage->chains->pdata[i], operations);
        g_ptr_array_add(branches, operations);
    }
    return branches;
}

static void report_lone(const Context *place, const FvUse *use, const FvStage *branches)
{
    if (branches)
        fv_graph_report(place->builder, NULL, branches->loc, FV_ERROR_SYNTAX,
                        "%s: after { a | b } there must be what chooses, such as \"-> one_of\"", place->section);
    else
        fv_graph_report(place->builder, NULL, use->loc, FV_ERROR_SYNTAX,
                        "%s: it chooses among branches: { a | b } -> %s", use->plugin->name, use->plugin->name);
}

/* -------------------------------------------------------------------- chains */

/* @branches: the stage before, where it is one of branches. */
static void build_use(const Context *place, const FvStage *stage, const FvStage *branches, GPtrArray *operations)
{
    Builder *builder = place->builder;
    FvUse found = { NULL };
    if (!branches && fv_fitted_take(builder, place->section, stage))
        return;
    if (!fv_use_plugin(builder, builder->lets, FV_AUGMENT, stage->use, NULL, &found))
        return;
    FvUse *use = g_memdup2(&found, sizeof found);
    const gboolean chooses = augment_of(use)->choose != NULL;
    if (chooses != (branches != NULL)) {
        report_lone(place, use, branches);
        fv_use_free(use);
    } else if (augment_of(use)->expand) {
        build_policy(place, use, operations);
        fv_use_free(use);
    } else {
        use->branches = branches ? build_branches(place, branches) : NULL;
        g_ptr_array_add(operations, use);
    }
}

static void build_chain(const Context *place, const FvChain *chain, GPtrArray *operations)
{
    Builder *builder = place->builder;
    const FvStage *branches = NULL;
    for (guint i = 0; i < chain->stages->len; i++) {
        const FvStage *stage = chain->stages->pdata[i];
        if (!fv_expand_step(builder, NULL, stage->loc))
            return;
        if (stage->as || stage->type == FV_STAGE_REPEAT) {
            fv_graph_report(builder, NULL, stage->as ? stage->as_loc : stage->loc, FV_ERROR_SYNTAX,
                            "%s: only augmentations can stand here, one after the other", place->section);
        } else if (stage->type == FV_STAGE_USE) {
            build_use(place, stage, branches, operations);
            branches = NULL;
        } else if (branches || i + 1 == chain->stages->len) {
            report_lone(place, NULL, stage);
        } else {
            branches = stage;
        }
    }
}

void fv_build_operations(Builder *builder, const FvSection *section, GPtrArray *operations)
{
    const Context place = { builder, section->name, 0 };
    for (guint i = 0; i < section->chains->len; i++) {
        const FvChain *chain = section->chains->pdata[i];
        if (i > 0)
            fv_graph_report(builder, NULL, chain->loc, FV_ERROR_SYNTAX,
                            "%s: there can be only one chain here; is a \"->\" missing?", section->name);
        build_chain(&place, chain, operations);
    }
}
