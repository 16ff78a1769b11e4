/* SPDX-License-Identifier: MIT
 * graph.c: builds a graph from a tree, and owns it. */
#include "core/graph/graph_private.h"

#include <string.h>

/* --------------------------------------------------------------- ownership */

static void node_free(gpointer data)
{
    FvGraphNode *node = data;
    fv_state_free(node->state);
    g_free(node->inputs);
    g_free(node->path);
    g_free(node->name);
    if (node->trace)
        g_ref_string_release(node->trace);
    g_free(node);
}

static void use_clear(FvUse *use)
{
    fv_state_free(use->state);
    fv_state_free(use->common);
}

static void term_free(gpointer data)
{
    FvTerm *term = data;
    use_clear(&term->use);
    g_free(term->target);
    g_free(term);
}

static FvGraph *graph_new(const char *file)
{
    FvGraph *graph = g_new0(FvGraph, 1);
    graph->nodes = g_ptr_array_new_with_free_func(node_free);
    graph->losses = g_ptr_array_new_with_free_func(term_free);
    graph->metrics = g_ptr_array_new_with_free_func(term_free);
    graph->prepare = g_ptr_array_new_with_free_func(fv_use_free);
    graph->augment = g_ptr_array_new_with_free_func(fv_use_free);
    graph->classes = g_ptr_array_new_with_free_func(fv_chosen_class_free);
    graph->freezes = g_ptr_array_new_with_free_func(fv_freeze_free);
    graph->values = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    graph->output = -1;
    graph->epochs = 1;
    graph->batch = 64;
    graph->accumulate = 1;
    graph->file = g_strdup(file);
    graph->stem = g_path_get_basename(file);
    if (g_str_has_suffix(graph->stem, ".fv") && strlen(graph->stem) > strlen(".fv"))
        graph->stem[strlen(graph->stem) - strlen(".fv")] = '\0';
    return graph;
}

FvLink fv_term_link(const FvTerm *loss)
{
    const FvLoss *plugin = (const FvLoss *) loss->use.plugin;
    if (loss->use.plugin->kind == FV_METRIC)
        return FV_LINK_NONE;
    return plugin->link_of ? plugin->link_of(fv_state_self(loss->use.state)) : plugin->link;
}

static FvTarget target_of(const FvTerm *term)
{
    return term->use.plugin->kind == FV_METRIC ? ((const FvMetric *) term->use.plugin)->target
                                               : ((const FvLoss *) term->use.plugin)->target;
}

/* Whether one number alone tells two classes from each other. */
static gboolean takes_single(const FvTerm *term)
{
    return term->use.plugin->kind == FV_METRIC || target_of(term) == FV_TARGET_VALUE ||
           ((const FvLoss *) term->use.plugin)->binary;
}

static gboolean embeds(const FvTerm *term)
{
    return term->use.plugin->kind == FV_LOSS && ((const FvLoss *) term->use.plugin)->embeds;
}

gboolean fv_term_classifies(const FvTerm *term)
{
    if (term->value < 0 || !term->target || embeds(term))
        return FALSE;
    return target_of(term) == FV_TARGET_CLASS ||
           (target_of(term) == FV_TARGET_VALUE && g_str_equal(term->target, FV_ONE_HOT));
}

int fv_term_classes(const FvTerm *term, FvShape value)
{
    if (!fv_term_classifies(term))
        return 0;
    return value.c == 1 && takes_single(term) ? 2 : value.c;
}

void fv_graph_free(FvGraph *graph)
{
    if (!graph)
        return;
    g_ptr_array_unref(graph->nodes);
    g_ptr_array_unref(graph->losses);
    g_ptr_array_unref(graph->metrics);
    g_ptr_array_unref(graph->prepare);
    g_ptr_array_unref(graph->augment);
    g_ptr_array_unref(graph->classes);
    g_ptr_array_unref(graph->freezes);
    use_clear(&graph->source);
    use_clear(&graph->optimizer);
    use_clear(&graph->schedule);
    fv_sweep_free(graph->sweep);
    g_hash_table_unref(graph->values);
    g_free(graph->file);
    g_free(graph->stem);
    g_free(graph);
}

/* ----------------------------------------------------------------- reports */

char *fv_graph_suggestion(const char *nearest)
{
    return nearest ? g_strdup_printf("; did you mean \"%s\"?", nearest) : g_strdup("");
}

char *fv_graph_place(FvLoc loc, const char *file)
{
    if (g_strcmp0(loc.file, file) == 0)
        return g_strdup_printf("%d:%d", loc.line, loc.col);
    return g_strdup_printf("%s:%d:%d", loc.file, loc.line, loc.col);
}

char *fv_graph_most(int count, const char *what)
{
    return count ? g_strdup_printf("it has only %d %s%s", count, what, count == 1 ? "" : "s")
                 : g_strdup("it takes none");
}

void fv_graph_report_take(Builder *builder, const Frame *frame, FvLoc loc, const char *name, GError *error)
{
    if (name)
        g_prefix_error(&error, "%s: ", name);
    fv_diag_take(builder->diag, loc, frame ? frame->trace : NULL, error);
}

void fv_graph_report(Builder *builder, const Frame *frame, FvLoc loc, FvError code, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    GError *error = g_error_new_valist(FV_ERROR, code, format, args);
    va_end(args);
    fv_graph_report_take(builder, frame, loc, NULL, error);
}

/* ---------------------------------------------------------------- building */

/* What prediction computes: what the first loss looks at, else the first metric, else the end of the net. */
static int output_of(const FvGraph *graph)
{
    const GPtrArray *const terms[] = { graph->losses, graph->metrics };
    for (guint k = 0; k < G_N_ELEMENTS(terms); k++)
        for (guint i = 0; i < terms[k]->len; i++) {
            const FvTerm *term = terms[k]->pdata[i];
            if (term->value >= 0)
                return term->value;
        }
    return (int) graph->nodes->len - 1;
}

FvGraph *fv_graph_build(const FvTree *tree, const char *file, GHashTable *overrides, FvRegistry *registry, FvDiag *diag)
{
    const int errors = fv_diag_count(diag);
    GError *none = NULL;
    if (!fv_registry_check(registry, &none)) { /* else every name would be unknown */
        fv_diag_take(diag, (FvLoc){ g_intern_string(file), 1, 1 }, NULL, none);
        return NULL;
    }
    FvGraph *graph = graph_new(file);
    Builder builder = { .graph = graph, .tree = tree, .registry = registry, .diag = diag };
    builder.lets = fv_scope_new(NULL);
    builder.net = fv_scope_new(builder.lets);
    builder.blocks = g_hash_table_new(g_str_hash, g_str_equal);
    builder.paths = g_hash_table_new(g_str_hash, g_str_equal);
    builder.fitted = g_ptr_array_new();
    builder.texts = g_ptr_array_new_with_free_func((GDestroyNotify) fv_tree_free);

    fv_build_lets(&builder, overrides);
    fv_build_blocks(&builder);
    fv_build_sections(&builder);
    fv_build_settings(&builder);
    fv_build_freezes(&builder);
    graph->output = output_of(graph);

    g_ptr_array_unref(builder.texts);
    g_ptr_array_unref(builder.fitted);
    g_hash_table_unref(builder.paths);
    g_hash_table_unref(builder.blocks);
    fv_scope_free(builder.net);
    fv_scope_free(builder.lets);
    if (fv_diag_count(diag) == errors)
        return graph;
    fv_graph_free(graph);
    return NULL;
}

/* -------------------------------------------------------------------- text */

char *fv_term_text(const FvGraph *graph, const FvTerm *term)
{
    g_autofree char *options = fv_state_text(term->use.state);
    g_autoptr(GPtrArray) parts = g_ptr_array_new();
    if (term->value >= 0) {
        const FvGraphNode *node = graph->nodes->pdata[term->value];
        g_ptr_array_add(parts, node->name ? node->name : node->path);
    }
    if (term->target)
        g_ptr_array_add(parts, term->target);
    if (*options)
        g_ptr_array_add(parts, options);
    g_ptr_array_add(parts, NULL);
    g_autofree char *arguments = g_strjoinv(", ", (char **) parts->pdata);
    return *arguments ? g_strdup_printf("%s(%s)", term->use.plugin->name, arguments) : g_strdup(term->use.plugin->name);
}
