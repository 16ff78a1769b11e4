/* SPDX-License-Identifier: MIT
 * live.c: which values and gradients are needed, when, and where in memory they lie. */
#include "core/plan/private.h"

#include <string.h>

static int backward_time(const FvNode *node)
{
    return 2 * (int) node->plan->nodes->len - node->index;
}

static int loss_time(const FvPlan *plan)
{
    return (int) plan->nodes->len;
}

/* Inputs that are computed with, not only looked at. */
static int data_inputs(const FvNode *node)
{
    if (node->plugin->kind != FV_LAYER)
        return node->input_count;
    return node->input_count - fv_node_layer(node)->shape_inputs;
}

static gboolean is_word(char c)
{
    return g_ascii_isalnum(c) || c == '_';
}

static gboolean mentions(const char *text, const char *word)
{
    size_t length = strlen(word);
    for (const char *at = strstr(text, word); at; at = strstr(at + 1, word))
        if ((at == text || !is_word(at[-1])) && !is_word(at[length]))
            return TRUE;
    return FALSE;
}

unsigned fv_plan_backward_reads(const FvLayer *layer)
{
    if (layer->forward_map)
        return (mentions(layer->backward_map, "x") ? FV_READS_X : 0u) |
               (mentions(layer->backward_map, "y") ? FV_READS_Y : 0u);
    return layer->backward_reads ? layer->backward_reads : (FV_READS_X | FV_READS_Y);
}

static void mark_alive(FvPlan *plan, int number)
{
    FvNode *top = fv_plan_resolve(plan, number);
    g_autoptr(GPtrArray) todo = g_ptr_array_new();
    g_ptr_array_add(todo, top);
    while (todo->len > 0) {
        FvNode *node = g_ptr_array_steal_index(todo, todo->len - 1);
        if (node->alive)
            continue;
        node->alive = TRUE;
        for (int i = 0; i < data_inputs(node); i++)
            g_ptr_array_add(todo, fv_plan_resolve(plan, node->inputs[i]));
    }
}

static gboolean has_gradient(const FvNode *term)
{
    return term->plugin->kind == FV_LOSS && term->input_count > 0;
}

static void mark(FvPlan *plan)
{
    mark_alive(plan, plan->output);
    for (guint i = 0; i < plan->terms->len; i++) {
        FvNode *term = plan->terms->pdata[i];
        if (term->input_count > 0)
            mark_alive(plan, term->inputs[0]);
        if (has_gradient(term))
            fv_plan_resolve(plan, term->inputs[0])->reached = plan->settings.purpose == FV_FOR_TRAINING;
    }
    for (guint i = plan->nodes->len; i-- > 0;) {
        FvNode *node = plan->nodes->pdata[i];
        for (int j = 0; node->reached && !node->passes && j < data_inputs(node); j++)
            fv_plan_resolve(plan, node->inputs[j])->reached = TRUE;
        node->reached &= node->trained_above && !node->passes;
    }
}

/* Training and evaluation keep the parameters of every layer; prediction those that it computes with. */
static void drop_idle_params(FvPlan *plan)
{
    for (guint i = 0; plan->settings.purpose == FV_FOR_PREDICTION && i < plan->params->len;) {
        const FvParam *param = plan->params->pdata[i];
        if (param->node->alive)
            i++;
        else
            g_ptr_array_add(plan->idle, g_ptr_array_steal_index(plan->params, i));
    }
}

FvArea *fv_plan_add_area(FvPlan *plan, guint64 reals, size_t size, int first, int last, guint64 align)
{
    FvArea *area = g_new0(FvArea, 1);
    area->piece.bytes = fv_round_up((reals + FV_SLACK) * size, align);
    area->piece.first = first;
    area->piece.last = last;
    g_ptr_array_add(plan->areas, area);
    return area;
}

static FvArea *add_value(FvPlan *plan, FvShape shape, int first, int last, guint64 align)
{
    guint64 reals = (guint64) fv_shape_elements(shape) * (guint64) plan->lanes * (guint64) plan->blocks;
    return fv_plan_add_area(plan, reals, plan->real_size, first, last, align);
}

static void extend(FvArea *area, int last)
{
    area->piece.last = MAX(area->piece.last, last);
}

/* Nodes of a chain have one value, that of its end. */
static void lay_out_value(FvNode *node, guint64 align)
{
    FvPlan *plan = node->plan;
    FvNode *end = node->tail->len > 0 ? node->tail->pdata[node->tail->len - 1] : node;
    if (node->head) {
        extend(node->y, node->index);
        return;
    }
    gboolean kept = plan->settings.keep || node->input_count == 0 || end == fv_plan_resolve(plan, plan->output);
    if (node->in_place) {
        node->y = node->in_place->y;
        extend(node->y, kept ? FV_ALWAYS : node->index);
    } else {
        node->y =
            add_value(plan, end->out, node->input_count == 0 ? -1 : node->index, kept ? FV_ALWAYS : node->index, align);
    }
    for (guint i = 0; i < node->tail->len; i++)
        ((FvNode *) node->tail->pdata[i])->y = node->y;
}

static FvArea *add_classes(FvPlan *plan, FvShape shape, guint64 align)
{
    const guint64 elements = (guint64) fv_shape_elements(shape) * (guint64) plan->lanes * (guint64) plan->blocks;
    return fv_plan_add_area(plan, elements, sizeof(cl_int), -1, FV_ALWAYS, align);
}

static void lay_out_targets(FvPlan *plan, guint64 align)
{
    const int parts = plan->settings.purpose == FV_FOR_TRAINING ? plan->settings.parts : 1;
    for (guint i = 0; i < plan->targets->len; i++) {
        FvTargetArea *target = plan->targets->pdata[i];
        target->area = target->kind == FV_TARGET_CLASS ? add_classes(plan, target->shape, align)
                       : target->from ? add_value(plan, target->shape, loss_time(plan), loss_time(plan), align)
                                      : add_value(plan, target->shape, -1, FV_ALWAYS, align);
        g_clear_pointer(&target->others, g_ptr_array_unref);
        if (target->kind != FV_TARGET_CLASS || parts < 2)
            continue;
        target->others = g_ptr_array_new();
        for (int part = 1; part < parts; part++)
            g_ptr_array_add(target->others, add_classes(plan, target->shape, align));
    }
    plan->shares = parts < 2 ? NULL
                             : fv_plan_add_area(plan, (guint64) plan->settings.batch * (guint64) parts,
                                                sizeof(cl_float), -1, FV_ALWAYS, align);
}

/* Where a loss of mixed samples is added up. */
static void lay_out_mixed(FvNode *term, guint64 align)
{
    const int now = loss_time(term->plan);
    term->mixed_loss = term->mixed_gradient = NULL;
    if (!fv_mixed_is(term))
        return;
    term->mixed_loss =
        fv_plan_add_area(term->plan, (guint64) term->plan->settings.batch, term->plan->real_size, now, now, align);
    term->mixed_gradient = add_value(term->plan, fv_node_input(term, 0), now, now, align);
}

static void lay_out_values(FvPlan *plan, guint64 align)
{
    for (guint i = 0; i < plan->nodes->len; i++) {
        FvNode *node = plan->nodes->pdata[i];
        if (!node->alive || node->passes)
            continue;
        lay_out_value(node, align);
        unsigned reads = fv_plan_backward_reads(fv_node_layer(node));
        if (node->reached && (reads & FV_READS_Y))
            extend(node->y, backward_time(node));
        for (int j = 0; j < data_inputs(node); j++)
            extend(fv_plan_resolve(plan, node->inputs[j])->y,
                   node->reached && (reads & FV_READS_X) ? backward_time(node) : node->index);
    }
    for (guint i = 0; i < plan->terms->len; i++) {
        FvNode *term = plan->terms->pdata[i];
        if (term->input_count > 0)
            extend(fv_plan_resolve(plan, term->inputs[0])->y, loss_time(plan));
        const guint64 slots = (guint64) plan->settings.slots + (fv_update_steps(plan) ? 1 : 0);
        term->result =
            fv_plan_add_area(plan, slots * (guint64) term->result_stride, plan->real_size, -1, FV_ALWAYS, align);
        lay_out_mixed(term, align);
    }
    lay_out_targets(plan, align);
}

/* Gradients that are the same numbers, or follow each other as they are written, have one piece (fuse_backward.c). */
static void lay_out_gradient(FvNode *node, guint64 align)
{
    FvNode *owner = node->gradient.owner;
    const gboolean kept = node->plan->settings.keep || node->input_count == 0;
    if (!owner)
        return;
    if (owner == node)
        node->dy = add_value(node->plan, node->out, node->gradient.first, node->gradient.first, align);
    else
        node->dy = owner->dy;
    extend(node->dy, kept ? FV_ALWAYS : backward_time(node));
}

/* Where a backward pass writes: to the input's dy, or to a piece of its own, which is then added. */
static void lay_out_stores(FvNode *reader, int time, guint64 align)
{
    FvPlan *plan = reader->plan;
    const int last = plan->settings.contributions ? FV_ALWAYS : time;
    reader->dx = g_new0(FvArea *, reader->input_count + 1);
    for (int i = 0; i < reader->input_count; i++) {
        const FvStore *store = &reader->stores[i];
        FvNode *input = fv_plan_resolve(plan, reader->inputs[i]);
        if (store->wanted)
            reader->dx[i] = store->same   ? reader->dy
                            : store->adds ? add_value(plan, input->out, time, last, align)
                                          : input->dy;
    }
}

static void lay_out_gradients(FvPlan *plan, guint64 align)
{
    for (guint i = plan->nodes->len; i-- > 0;)
        lay_out_gradient(plan->nodes->pdata[i], align);
    for (guint i = 0; i < plan->terms->len; i++)
        if (((FvNode *) plan->terms->pdata[i])->stores)
            lay_out_stores(plan->terms->pdata[i], loss_time(plan), align);
    for (guint i = plan->nodes->len; i-- > 0;) {
        FvNode *node = plan->nodes->pdata[i];
        if (node->stores)
            lay_out_stores(node, backward_time(node), align);
    }
}

static void lay_out_scratch(FvNode *node, guint64 align)
{
    FvPlan *plan = node->plan;
    guint64 call = 0;
    for (guint i = 0; i < node->scratch->len; i++) {
        FvScratch *scratch = node->scratch->pdata[i];
        int now = node->plugin->kind == FV_LAYER ? node->index : loss_time(plan);
        switch (scratch->life) {
        case FV_LIFE_PLAN:
            scratch->area = fv_plan_add_area(plan, scratch->reals, plan->real_size, -1, FV_ALWAYS, align);
            break;
        case FV_LIFE_STEP:
            scratch->area = fv_plan_add_area(plan, scratch->reals, plan->real_size, now,
                                             node->reached ? backward_time(node) : now, align);
            break;
        case FV_LIFE_CALL: /* calls follow each other: all share one piece */
            scratch->call_offset = call;
            call += fv_round_up((scratch->reals + FV_SLACK) * plan->real_size, align);
            break;
        }
    }
    plan->call_bytes = MAX(plan->call_bytes, call);
}

/* Factors of the rate that there are, in the order in which they first appear. */
static GArray *rates_of(const FvPlan *plan)
{
    GArray *rates = g_array_new(FALSE, FALSE, sizeof(double));
    for (guint i = 0; i < plan->nodes->len; i++) {
        const double rate = ((FvNode *) plan->nodes->pdata[i])->rate;
        guint k = 0;
        while (k < rates->len && g_array_index(rates, double, k) != rate)
            k++;
        if (k == rates->len)
            g_array_append_val(rates, rate);
    }
    return rates;
}

static void place(FvParam *param, guint64 unit, guint64 *at)
{
    param->offset = *at;
    *at += fv_round_up((guint64) param->elements + FV_SLACK, unit);
}

/* Places the trained parameters of one role and rate after the others. */
static void lay_out_some(FvPlan *plan, FvRole role, double rate, guint64 unit, guint64 *at)
{
    for (guint i = 0; i < plan->params->len; i++) {
        FvParam *param = plan->params->pdata[i];
        if (param->spec.role == role && fv_param_trained(param) && param->node->rate == rate)
            place(param, unit, at);
    }
}

/* Statistics, and what is frozen. */
static void lay_out_rest(FvPlan *plan, guint64 unit, guint64 *at)
{
    for (guint i = 0; i < plan->params->len; i++)
        if (!fv_param_trained(plan->params->pdata[i]))
            place(plan->params->pdata[i], unit, at);
}

/* A backward pass may write gradients of frozen parameters, and may read them back: those of one layer lie beside each
 * other, those of all layers in the same place. */
static guint64 unread_reals(const FvPlan *plan, guint64 unit)
{
    guint64 most = 0;
    for (guint i = 0; i < plan->nodes->len; i++) {
        const FvNode *node = plan->nodes->pdata[i];
        guint64 sum = 0;
        for (guint k = 0; node->reached && k < node->params->len; k++) {
            const FvParam *param = node->params->pdata[k];
            if (param->frozen && param->spec.role != FV_STATISTIC)
                sum += fv_round_up((guint64) param->elements + FV_SLACK, unit);
        }
        most = MAX(most, sum);
    }
    return most;
}

/* Those that move at the same rate lie together: an update is one kernel over each run of them. */
static void lay_out_params(FvPlan *plan, guint64 align)
{
    g_autoptr(GArray) rates = rates_of(plan);
    guint64 unit = align / plan->real_size, at = 0;
    for (guint r = 0; r < rates->len; r++)
        lay_out_some(plan, FV_WEIGHT, g_array_index(rates, double, r), unit, &at);
    plan->weight_reals = at;
    for (guint r = rates->len; r-- > 0;) /* the other way round: the last weights and the first biases are one run */
        lay_out_some(plan, FV_BIAS, g_array_index(rates, double, r), unit, &at);
    plan->trained_reals = at;
    lay_out_rest(plan, unit, &at);
    plan->param_reals = at;
    plan->unread_reals = unread_reals(plan, unit);
}

/* @chunk: the largest buffer the device gives, 0: no limit. May be called again. FALSE: a value is larger than that. */
gboolean fv_plan_lay_out(FvPlan *plan, guint64 chunk, guint64 align)
{
    g_ptr_array_set_size(plan->areas, 0);
    plan->call_bytes = 0;
    for (guint i = 0; i < plan->nodes->len; i++) {
        FvNode *node = plan->nodes->pdata[i];
        node->alive = node->reached = FALSE;
        node->y = node->dy = NULL;
        g_clear_pointer(&node->dx, g_free);
    }
    for (guint i = 0; i < plan->terms->len; i++) {
        FvNode *term = plan->terms->pdata[i];
        g_clear_pointer(&term->dx, g_free);
    }

    mark(plan);
    drop_idle_params(plan);
    fv_fuse(plan);
    fv_fuse_backward(plan);
    lay_out_values(plan, align);
    lay_out_gradients(plan, align);
    for (guint i = 0; i < plan->nodes->len; i++) {
        FvNode *node = plan->nodes->pdata[i];
        if (node->alive && !node->passes)
            lay_out_scratch(node, align);
    }
    for (guint i = 0; i < plan->terms->len; i++)
        lay_out_scratch(plan->terms->pdata[i], align);
    lay_out_params(plan, align);
    fv_update_lay_out(plan, align);
    fv_norms_lay_out(plan, align);

    g_autofree FvPiece **pieces = g_new(FvPiece *, plan->areas->len + 1);
    for (guint i = 0; i < plan->areas->len; i++)
        pieces[i] = &((FvArea *) plan->areas->pdata[i])->piece;
    plan->arena_bytes = fv_arena_pack(pieces, plan->areas->len, align, chunk);
    return plan->areas->len == 0 || plan->arena_bytes > 0;
}
