/* SPDX-License-Identifier: MIT
 * shape.c: makes a plan of a graph: nodes, shapes, parameters, and the choice of lanes. */
#include "core/plan/private.h"

#include <string.h>

static void param_free(gpointer data)
{
    FvParam *param = data;
    g_free(param->name);
    g_free(param);
}

static void scratch_free(gpointer data)
{
    g_free(data);
}

static void node_free(gpointer data)
{
    FvNode *node = data;
    g_ptr_array_unref(node->params);
    g_ptr_array_unref(node->scratch);
    g_ptr_array_unref(node->tail);
    g_free(node->dx);
    fv_fuse_backward_clear(node);
    g_free(node->self);
    g_free(node);
}

static void target_free(gpointer data)
{
    FvTargetArea *target = data;
    g_free(target->name);
    g_clear_pointer(&target->others, g_ptr_array_unref);
    g_free(target);
}

static void snippet_free(gpointer data)
{
    FvSnippet *snippet = data;
    g_free(snippet->key);
    g_free(snippet);
}

static void kernel_free(gpointer data)
{
    FvKernel *kernel = data;
    g_free(kernel->name);
    g_free(kernel);
}

static void memory_free(gpointer data)
{
    clReleaseMemObject(data);
}

static void product_clear(gpointer data)
{
    FvPlanProduct *product = data;
    g_free(product->text);
}

void fv_plan_free(FvPlan *plan)
{
    if (!plan)
        return;
    if (plan->device)
        clFinish(plan->device->queue);
    g_hash_table_unref(plan->lists);
    g_ptr_array_unref(plan->buffers);
    g_ptr_array_unref(plan->chunks);
    if (plan->program)
        clReleaseProgram(plan->program);
    g_ptr_array_unref(plan->terms);
    g_ptr_array_unref(plan->nodes);
    g_ptr_array_unref(plan->params);
    g_ptr_array_unref(plan->idle);
    g_ptr_array_unref(plan->targets);
    g_ptr_array_unref(plan->areas);
    g_ptr_array_unref(plan->snippets);
    g_ptr_array_unref(plan->kernels);
    g_string_free(plan->source, TRUE);
    g_array_unref(plan->extras);
    g_array_unref(plan->products);
    g_clear_pointer(&plan->settings.tiles, g_hash_table_unref);
    fv_update_clear(&plan->update);
    g_free(plan->freezes_used);
    g_free(plan);
}

static FvPlan *plan_alloc(const FvGraph *graph, const FvPlanSettings *settings, int lanes)
{
    FvPlan *plan = g_new0(FvPlan, 1);
    plan->graph = graph;
    plan->settings = *settings;
    plan->settings.batch = MAX(1, settings->batch);
    plan->settings.slots = MAX(1, settings->slots);
    plan->settings.parts = MAX(1, settings->parts);
    if (settings->group_memory == 0)
        plan->settings.group_memory = 32 << 10;
    if (settings->group_items <= 0)
        plan->settings.group_items = 256;
    plan->lanes = lanes;
    plan->blocks = (plan->settings.batch + lanes - 1) / lanes;
    plan->real_size = settings->doubles ? sizeof(double) : sizeof(float);
    plan->nodes = g_ptr_array_new_with_free_func(node_free);
    plan->terms = g_ptr_array_new_with_free_func(node_free);
    plan->params = g_ptr_array_new_with_free_func(param_free);
    plan->idle = g_ptr_array_new_with_free_func(param_free);
    plan->targets = g_ptr_array_new_with_free_func(target_free);
    plan->areas = g_ptr_array_new_with_free_func(g_free);
    plan->snippets = g_ptr_array_new_with_free_func(snippet_free);
    plan->kernels = g_ptr_array_new_with_free_func(kernel_free);
    plan->chunks = g_ptr_array_new_with_free_func(memory_free);
    plan->buffers = g_ptr_array_new_with_free_func(memory_free);
    plan->source = g_string_new(NULL);
    plan->products = g_array_new(FALSE, FALSE, sizeof(FvPlanProduct));
    g_array_set_clear_func(plan->products, product_clear);
    if (settings->tiles)
        g_hash_table_ref(settings->tiles);
    plan->extras = g_array_new(FALSE, FALSE, sizeof(int));
    plan->lists = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, (GDestroyNotify) fv_list_free);
    plan->output = graph->output;
    plan->input = -1;
    plan->freezes_used = g_new0(gboolean, graph->freezes->len + 1);
    return plan;
}

FvNode *fv_plan_resolve(const FvPlan *plan, int number)
{
    FvNode *node = plan->nodes->pdata[number];
    while (node->passes)
        node = plan->nodes->pdata[node->inputs[0]];
    return node;
}

int fv_plan_workers(const FvPlan *plan)
{
    enum { WORKERS = 128 };
    if (plan->settings.family == FV_FAMILY_CPU)
        return 1;
    int workers = WORKERS;
    while (workers > plan->settings.group_items)
        workers /= 2;
    return workers;
}

static FvNode *node_new(FvPlan *plan, const FvPlugin *plugin, FvState *state, int index)
{
    FvNode *node = g_new0(FvNode, 1);
    node->plan = plan;
    node->index = index;
    node->plugin = plugin;
    node->state = state;
    /* A copy: several plans may be made of one graph, and hooks keep what they find out in the state. */
    node->self = g_memdup2(fv_state_self(state), MAX(1, plugin->state_size));
    node->params = g_ptr_array_new();
    node->scratch = g_ptr_array_new_with_free_func(scratch_free);
    node->tail = g_ptr_array_new();
    node->weight = 1;
    return node;
}

static gboolean check_output(const FvNode *node, GError **error)
{
    FvShape s = node->out;
    if (s.c < 1 || s.h < 1 || s.w < 1) {
        g_set_error(error, FV_ERROR, FV_ERROR_SHAPE, "the output would be %dx%dx%d", s.c, s.h, s.w);
        return FALSE;
    }
    guint64 plane, whole;
    if (!g_uint64_checked_mul(&plane, (guint64) s.c * (guint64) s.h, (guint64) s.w) ||
        !g_uint64_checked_mul(&whole, plane, (guint64) node->plan->blocks * (guint64) node->plan->lanes) ||
        whole > G_MAXINT32) {
        g_set_error(error, FV_ERROR, FV_ERROR_SHAPE,
                    "the output of %dx%dx%d for %d samples has more elements than can be numbered", s.c, s.h, s.w,
                    node->plan->settings.batch);
        return FALSE;
    }
    return TRUE;
}

static gboolean has_trained(const FvNode *node)
{
    for (guint i = 0; i < node->params->len; i++) {
        if (fv_param_trained(node->params->pdata[i]))
            return TRUE;
    }
    return FALSE;
}

static gboolean plan_node(FvNode *node, GError **error)
{
    const FvLayer *layer = fv_node_layer(node);
    gboolean ok = TRUE;

    node->planning = TRUE;
    if (node->input_count > 0)
        node->out = fv_node_input(node, 0);
    if (layer->plan)
        ok = layer->plan(node, node->self, error);
    node->planning = FALSE;
    if (!ok)
        return FALSE;
    if (!check_output(node, error))
        return FALSE;
    if (node->passes && !fv_shape_equal(node->out, fv_node_input(node, 0))) {
        g_set_error(error, FV_ERROR, FV_ERROR_SHAPE, "passes its input on, but says another shape");
        return FALSE;
    }

    node->trained_above = has_trained(node);
    for (int i = 0; i < node->input_count - layer->shape_inputs && !layer->no_gradient; i++)
        node->trained_above |= fv_plan_resolve(node->plan, node->inputs[i])->trained_above;
    return TRUE;
}

static void report(FvDiag *diag, const FvNode *node, GError *error)
{
    g_prefix_error(&error, "%s: ", node->plugin->name);
    fv_diag_take(diag, node->loc, node->trace, error);
}

static void plan_layers(FvPlan *plan, gboolean *failed, FvDiag *diag)
{
    const FvGraph *graph = plan->graph;
    int inputs = 0;
    for (guint i = 0; i < graph->nodes->len; i++) {
        const FvGraphNode *from = graph->nodes->pdata[i];
        FvNode *node = node_new(plan, &from->layer->base, from->state, (int) i);
        node->path = from->path;
        node->name = from->name;
        node->trace = from->trace;
        node->loc = from->loc;
        node->rate = from->rate;
        node->inputs = from->inputs;
        node->input_count = from->input_count;
        g_ptr_array_add(plan->nodes, node);

        /* What follows a mistake is no mistake of its own. */
        for (int j = 0; j < node->input_count; j++)
            failed[i] |= failed[node->inputs[j]];
        if (failed[i])
            continue;

        GError *error = NULL;
        if (!plan_node(node, &error)) {
            failed[i] = TRUE;
            report(diag, node, error);
            continue;
        }
        if (node->input_count == 0) {
            plan->input = inputs++ == 0 ? (int) i : -1;
            if (plan->settings.input_gradient)
                node->trained_above = TRUE;
        }
    }
}

static gboolean plan_term(FvNode *node, const char *target, GError **error)
{
    gboolean metric = node->plugin->kind == FV_METRIC;
    const FvLoss *loss = metric ? NULL : (const FvLoss *) node->plugin;
    const FvMetric *measure = metric ? (const FvMetric *) node->plugin : NULL;
    FvTarget kind = metric ? measure->target : loss->target;
    gboolean (*plan)(FvNode *, void *, GError **) = metric ? measure->plan : loss->plan;

    node->numbers = node->sums = 1;
    node->planning = TRUE;
    gboolean ok = !plan || plan(node, node->self, error);
    node->planning = FALSE;
    node->result_stride = kind == FV_TARGET_NONE ? FV_PARTIALS : node->plan->settings.batch * node->numbers;
    return ok && (kind == FV_TARGET_NONE || fv_target_bind(node, target, kind, error));
}

static void plan_terms(FvPlan *plan, const GPtrArray *terms, const gboolean *failed, FvDiag *diag)
{
    for (guint i = 0; i < terms->len; i++) {
        const FvTerm *from = terms->pdata[i];
        FvNode *node = node_new(plan, from->use.plugin, from->use.state, (int) (plan->nodes->len + plan->terms->len));
        node->path = node->name = from->use.plugin->name;
        node->loc = from->use.loc;
        node->weight = from->weight;
        node->term = from;
        node->inputs = &from->value;
        node->input_count = from->value >= 0 ? 1 : 0;
        g_ptr_array_add(plan->terms, node);
        if (from->value >= 0 && failed[from->value])
            continue;
        GError *error = NULL;
        if (!plan_term(node, from->target, &error))
            report(diag, node, error);
    }
}

/* Vectors over the batch use every lane whatever the channels; vectors over channels need no second sample and reuse
 * memory better in the weight gradients of wide nets (198 against 49 GFLOP/s at 64 channels), and Winograd's algorithm
 * has them so: ResNet-18 predicts twice as fast. */
static int choose_lanes(const FvPlan *plan)
{
    const char *forced = g_getenv("FOVEA_LANES");
    if (plan->settings.lanes > 0)
        return plan->settings.lanes;
    if (forced) {
        int lanes = (int) g_ascii_strtoll(forced, NULL, 10);
        if (lanes == 1 || lanes == 8 || lanes == 16)
            return lanes;
    }
    /* Kernels of many work-items have neighbouring ones take neighbouring channels, as they lie with one lane. */
    if (plan->settings.batch < 16 || plan->settings.family == FV_FAMILY_GPU)
        return 1;
    double flops = 0, channels = 0;
    for (guint i = 0; i < plan->nodes->len; i++) {
        const FvNode *node = plan->nodes->pdata[i];
        if (node->out.h * node->out.w == 1)
            continue;
        flops += node->flops;
        channels += node->flops * node->out.c;
    }
    return flops > 0 && channels / flops >= 64 ? 1 : 16;
}

/* The first trained layer that leads to a node, or NULL. */
static const FvNode *trained_before(const FvPlan *plan, const FvNode *node)
{
    g_autofree gboolean *leads = g_new0(gboolean, plan->nodes->len);
    const FvNode *first = NULL;
    leads[node->index] = TRUE;
    for (guint i = (guint) node->index + 1; i-- > 0;) {
        const FvNode *at = plan->nodes->pdata[i];
        if (leads[i] && has_trained(at))
            first = at;
        for (int j = 0; leads[i] && j < at->input_count - fv_node_layer(at)->shape_inputs; j++)
            leads[at->inputs[j]] = TRUE;
    }
    return first;
}

/* Nothing before a layer without a derivative can be trained by a loss behind it. */
static void check_derivatives(const FvPlan *plan, FvDiag *diag)
{
    g_autofree gboolean *judged = g_new0(gboolean, plan->nodes->len);
    for (guint i = 0; i < plan->terms->len; i++) {
        const FvNode *term = plan->terms->pdata[i];
        if (term->plugin->kind == FV_LOSS && term->input_count > 0)
            judged[term->inputs[0]] = TRUE;
    }
    for (guint i = plan->nodes->len; i-- > 0;) {
        const FvNode *node = plan->nodes->pdata[i];
        for (int j = 0; judged[i] && j < node->input_count - fv_node_layer(node)->shape_inputs; j++)
            judged[node->inputs[j]] = TRUE;
        const FvNode *trained = judged[i] && fv_node_layer(node)->no_gradient ? trained_before(plan, node) : NULL;
        if (trained)
            fv_diag_error(diag, node->loc, node->trace,
                          "%s: it has no derivative: the loss behind it cannot train %s, which is before it",
                          node->plugin->name, trained->path);
    }
}

static FvPlan *plan_with_lanes(const FvGraph *graph, const FvPlanSettings *settings, int lanes, FvDiag *diag)
{
    g_autoptr(FvPlan) plan = plan_alloc(graph, settings, lanes);
    g_autofree gboolean *failed = g_new0(gboolean, graph->nodes->len + 1);
    int errors = fv_diag_count(diag);

    plan_layers(plan, failed, diag);
    if (settings->purpose != FV_FOR_PREDICTION) {
        plan_terms(plan, graph->losses, failed, diag);
        plan_terms(plan, graph->metrics, failed, diag);
    }
    if (settings->purpose == FV_FOR_TRAINING && fv_diag_count(diag) == errors)
        check_derivatives(plan, diag);
    if (fv_diag_count(diag) == errors)
        fv_freeze_check(plan, diag);
    return fv_diag_count(diag) == errors ? g_steal_pointer(&plan) : NULL;
}

void fv_plan_settings_for(const FvDevice *device, FvPlanSettings *settings)
{
    settings->units = (int) device->info->units;
    settings->local_memory = fv_device_group_memory(device);
    settings->family = fv_device_family(device);
    settings->group_memory = device->info->local_memory;
    settings->tiles = device->tiles;
    settings->group_items = (int) MIN(device->info->max_group, (size_t) G_MAXINT);
}

FvPlan *fv_plan_new(const FvGraph *graph, const FvPlanSettings *settings, FvDiag *diag)
{
    enum { FIRST_GUESS = 16 };
    g_autoptr(FvPlan) plan = plan_with_lanes(graph, settings, FIRST_GUESS, diag);
    if (!plan)
        return NULL;
    int lanes = choose_lanes(plan);
    if (lanes != FIRST_GUESS) {
        fv_plan_free(plan);
        plan = plan_with_lanes(graph, settings, lanes, diag);
        if (!plan)
            return NULL;
    }
    if (!fv_plan_lay_out(plan, 0, FV_ALIGN)) {
        FvLoc loc = { graph->file, 1, 1 };
        fv_diag_error(diag, loc, NULL, "the net needs more memory than can be addressed");
        return NULL;
    }
    return g_steal_pointer(&plan);
}
