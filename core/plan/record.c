/* SPDX-License-Identifier: MIT
 * record.c: records the lists of launches: pack, predict, evaluate, gradient, train. */
#include "core/plan/private.h"

static gboolean computed(const FvNode *node)
{
    return node->alive && !node->passes;
}

static gboolean has_backward(const FvNode *node)
{
    return computed(node) && node->reached && node->dy;
}

static void pack(FvPlan *plan, FvList *list)
{
    for (guint i = 0; i < plan->nodes->len; i++) {
        FvNode *node = plan->nodes->pdata[i];
        list->layer = node->path;
        if (computed(node) && !node->head && fv_node_layer(node)->pack)
            fv_node_layer(node)->pack(node, node->self, list);
    }
}

static void forward(FvPlan *plan, guint end, FvList *list)
{
    for (guint i = 0; i < end; i++) {
        FvNode *node = plan->nodes->pdata[i];
        const FvLayer *layer = fv_node_layer(node);
        if (!computed(node) || node->head)
            continue;
        list->layer = node->path;
        if (layer->forward_map)
            fv_maps_forward(node, list);
        else if (layer->forward)
            layer->forward(node, node->self, list);
    }
}

/* A gradient that was written to a piece of its own is added to what was there before. */
static void add_up(FvNode *node, FvList *list)
{
    for (int i = 0; node->stores && i < node->input_count; i++) {
        if (!node->stores[i].adds)
            continue;
        FvNode *input = fv_plan_resolve(node->plan, node->inputs[i]);
        guint64 reals =
            (guint64) fv_shape_elements(input->out) * (guint64) node->plan->lanes * (guint64) fv_list_blocks(list);
        fv_maps_add(node->plan, fv_node_dy(input), &node->dx[i]->buffer, reals, list);
    }
}

/* Gradients to which all readers add. */
static void clear_sums(FvPlan *plan, FvList *list)
{
    for (guint i = 0; i < plan->nodes->len; i++) {
        FvNode *node = plan->nodes->pdata[i];
        list->layer = node->path;
        if (node->gradient.cleared)
            fv_maps_clear(plan, fv_node_dy(node), (guint64) fv_node_elements(node, node->out), list);
    }
}

static void loss_forward(FvNode *term, FvList *list)
{
    const FvLoss *loss = (const FvLoss *) term->plugin;
    if (loss->forward_map)
        fv_maps_loss(term, list);
    else
        loss->forward(term, term->self, list);
}

static void losses(FvPlan *plan, FvList *list)
{
    list->layer = FV_ONE_HOT;
    fv_targets_record(plan, list);
    for (guint i = 0; i < plan->terms->len; i++) {
        FvNode *term = plan->terms->pdata[i];
        list->layer = term->path;
        list->result_stride = term->result_stride;
        if (term->plugin->kind == FV_METRIC) {
            ((const FvMetric *) term->plugin)->forward(term, term->self, list);
            continue;
        }
        const FvLoss *loss = (const FvLoss *) term->plugin;
        if (loss->target == FV_TARGET_NONE)
            continue;
        if (list->training && fv_mixed_is(term))
            fv_mixed_loss(term, loss_forward, list);
        else
            loss_forward(term, list);
        if (list->training)
            add_up(term, list);
    }
}

static void penalties(FvPlan *plan, FvList *list)
{
    for (guint i = 0; i < plan->terms->len; i++) {
        FvNode *term = plan->terms->pdata[i];
        if (term->plugin->kind != FV_LOSS || ((const FvLoss *) term->plugin)->target != FV_TARGET_NONE)
            continue;
        list->layer = term->path;
        list->result_stride = term->result_stride;
        fv_maps_penalty(term, list);
    }
}

static void backward(FvPlan *plan, FvList *list)
{
    for (guint i = plan->nodes->len; i-- > 0;) {
        FvNode *node = plan->nodes->pdata[i];
        const FvLayer *layer = fv_node_layer(node);
        if (!has_backward(node) || node->derived)
            continue;
        list->layer = node->path;
        if (layer->forward_map)
            fv_maps_backward(node, list);
        else if (layer->backward)
            layer->backward(node, node->self, list);
        add_up(node, list);
    }
}

gboolean fv_param_unwritten(const FvParam *param)
{
    return param->spec.role == FV_WEIGHT && !has_backward(param->node);
}

/* Gradients that no backward pass writes, and to which penalties are added at every step. */
static void clear_rest(FvPlan *plan, FvList *list)
{
    for (guint i = 0; i < plan->params->len; i++) {
        FvParam *param = plan->params->pdata[i];
        list->layer = param->node->path;
        if (fv_param_unwritten(param))
            fv_maps_clear(plan, &param->gradient, (guint64) param->elements, list);
    }
}

static gboolean trains(FvListKind kind)
{
    return kind == FV_LIST_GRADIENT || kind == FV_LIST_TRAIN || kind == FV_LIST_GATHER;
}

/* What is not of the net but of its parameters; FALSE where a list is of the net. */
static gboolean record_parameters(FvPlan *plan, FvListKind kind, FvList *list)
{
    const FvPlugin *optim = plan->graph->optimizer.plugin;
    if (kind != FV_LIST_FINISH && kind != FV_LIST_SWAP)
        return FALSE;
    list->layer = optim->name;
    if (kind == FV_LIST_FINISH)
        fv_update_finish(plan, list);
    else
        fv_update_swap(plan, list);
    return TRUE;
}

static void record(FvPlan *plan, FvListKind kind, FvList *list)
{
    if (record_parameters(plan, kind, list))
        return;
    if (kind == FV_LIST_PACK || trains(kind))
        pack(plan, list);
    if (kind == FV_LIST_PACK)
        return;
    if (kind != FV_LIST_JUDGE)
        forward(plan, plan->nodes->len, list);
    if (kind == FV_LIST_PREDICT)
        return;
    if (trains(kind))
        clear_sums(plan, list);
    losses(plan, list);
    if (trains(kind)) {
        clear_rest(plan, list);
        backward(plan, list);
    }
    penalties(plan, list);
    if (kind != FV_LIST_TRAIN && kind != FV_LIST_GATHER)
        return;
    list->layer = plan->graph->optimizer.plugin->name;
    if (kind == FV_LIST_TRAIN)
        fv_update_apply(plan, list);
    else
        fv_update_gather(plan, list);
}

/* The plan's from now on, or an error. */
static const FvList *keep(FvPlan *plan, gint64 key, FvList *recorded, GError **error)
{
    g_autoptr(FvList) list = recorded;
    if (list->failed) {
        g_propagate_error(error, g_steal_pointer(&list->failed));
        return NULL;
    }
    g_hash_table_insert(plan->lists, g_memdup2(&key, sizeof key), g_steal_pointer(&list));
    return recorded;
}

const FvList *fv_plan_list(FvPlan *plan, FvListKind kind, int samples, GError **error)
{
    static const FvPurpose needs[] = {
        [FV_LIST_PACK] = FV_FOR_PREDICTION,     [FV_LIST_PREDICT] = FV_FOR_PREDICTION,
        [FV_LIST_EVALUATE] = FV_FOR_EVALUATION, [FV_LIST_JUDGE] = FV_FOR_EVALUATION,
        [FV_LIST_GRADIENT] = FV_FOR_TRAINING,   [FV_LIST_TRAIN] = FV_FOR_TRAINING,
        [FV_LIST_GATHER] = FV_FOR_TRAINING,     [FV_LIST_FINISH] = FV_FOR_TRAINING,
        [FV_LIST_SWAP] = FV_FOR_TRAINING,
    };
    g_assert(plan->program && plan->settings.purpose >= needs[kind] && samples >= 1 && samples <= plan->settings.batch);

    gint64 key = (gint64) kind << 32 | samples;
    const FvList *known = g_hash_table_lookup(plan->lists, &key);
    if (known)
        return known;
    g_autoptr(FvList) list = fv_list_new(samples, plan->lanes, plan->real_size, trains(kind));
    record(plan, kind, list);
    return keep(plan, key, g_steal_pointer(&list), error);
}

const FvList *fv_plan_list_before(FvPlan *plan, guint layer, int samples, GError **error)
{
    g_assert(plan->program && layer < plan->nodes->len && samples >= 1 && samples <= plan->settings.batch);
    gint64 key = (gint64) (FV_LIST_KINDS + layer) << 32 | samples;
    const FvList *known = g_hash_table_lookup(plan->lists, &key);
    if (known)
        return known;
    g_autoptr(FvList) list = fv_list_new(samples, plan->lanes, plan->real_size, FALSE);
    forward(plan, layer, list);
    return keep(plan, key, g_steal_pointer(&list), error);
}
