/* SPDX-License-Identifier: MIT
 * fuse.c: which layers are computed while the value before them is written.
 *
 * A layer whose kernels write y through FV_TAIL (plugin.h) is the head of a chain; behind it follow sums with a value
 * that is there by then, and elementwise layers, as long as nobody else reads what stands between. None of these has a
 * forward pass of its own. All nodes of a chain have one y, that of its end, since what stands between is never
 * written. A chain ends where a backward pass reads what would not be there (what backward passes compute for each
 * other is decided in fuse_backward.c). Outside of training a convolution also takes in a normalisation with fixed
 * moments behind it: into its weights. */
#include "core/plan/private.h"

static gboolean shape_only(const FvNode *node, int input)
{
    return node->plugin->kind == FV_LAYER && input >= node->input_count - fv_node_layer(node)->shape_inputs;
}

/* For each value, how many read it, and the last layer that does. */
static void count_readers(const FvPlan *plan, int *readers, FvNode **reader)
{
    for (guint i = 0; i < plan->nodes->len; i++) {
        FvNode *node = plan->nodes->pdata[i];
        for (int j = 0; node->alive && !node->passes && j < node->input_count; j++)
            if (!shape_only(node, j)) {
                const FvNode *value = fv_plan_resolve(plan, node->inputs[j]);
                readers[value->index]++;
                reader[value->index] = node;
            }
    }
    for (guint i = 0; i < plan->terms->len; i++) {
        const FvNode *term = plan->terms->pdata[i];
        if (term->input_count > 0)
            readers[fv_plan_resolve(plan, term->inputs[0])->index]++;
    }
    readers[fv_plan_resolve(plan, plan->output)->index]++;
}

/* The other value of a sum of two; NULL: it is no such sum, or one of a value with itself. */
static FvNode *summand(const FvNode *sum, const FvNode *value)
{
    if (!fv_node_layer(sum)->sums || sum->input_count != 2)
        return NULL;
    FvNode *a = fv_plan_resolve(sum->plan, sum->inputs[0]), *b = fv_plan_resolve(sum->plan, sum->inputs[1]);
    return a == b ? NULL : a == value ? b : a;
}

static gboolean backward_reads(const FvNode *node, unsigned what)
{
    return node->reached && (fv_plan_backward_reads(fv_node_layer(node)) & what);
}

/* Whether `next` can be computed where the end of head's chain is written. */
static gboolean takes(const FvNode *head, const FvNode *end, const FvNode *next)
{
    if (next->head || backward_reads(next, FV_READS_X) || backward_reads(end, FV_READS_Y))
        return FALSE;
    if (next->input_count == 1 && fv_node_layer(next)->fold)
        return end == head && head->may_fold;
    if (next->input_count == 1 && fv_node_layer(next)->forward_map)
        return TRUE;
    const FvNode *other = summand(next, end);
    const int there = !other ? G_MAXINT : other->head ? other->head->index : other->index;
    return other && there < head->index && head->summands < FV_MAX_SUMMANDS;
}

static void follow(FvPlan *plan, FvNode *head, const int *readers, FvNode *const *reader)
{
    FvNode *end = head;
    while (readers[end->index] == 1 && reader[end->index] && takes(head, end, reader[end->index])) {
        FvNode *next = reader[end->index];
        next->head = head;
        next->added = summand(next, end);
        head->summands += next->added != NULL;
        g_ptr_array_add(head->tail, next);
        end = next;
    }
}

static gboolean reads(const FvNode *node, const FvNode *value)
{
    for (int i = 0; i < node->input_count; i++)
        if (fv_plan_resolve(node->plan, node->inputs[i]) == value)
            return TRUE;
    return FALSE;
}

/* Whether nobody looks at a value after head's kernels, nor they themselves but to add it. */
static gboolean dies_at(const FvNode *value, const FvNode *head)
{
    const FvPlan *plan = value->plan;
    if (value->input_count == 0 || value == fv_plan_resolve(plan, plan->output) || reads(head, value))
        return FALSE;
    for (guint i = 0; i < plan->terms->len; i++)
        if (reads(plan->terms->pdata[i], value))
            return FALSE;
    for (guint i = 0; i < plan->nodes->len; i++) {
        const FvNode *node = plan->nodes->pdata[i];
        if (node->alive && !node->passes && reads(node, value) && node->head != head &&
            (node->head ? node->head : node)->index > head->index)
            return FALSE;
    }
    return TRUE;
}

/* What is added may be written over where it is not needed any more; in training its readers' backward passes need it.
 */
static void choose_place(FvNode *head)
{
    for (guint i = 0; i < head->tail->len && !head->in_place; i++) {
        FvNode *added = ((FvNode *) head->tail->pdata[i])->added;
        if (added && head->plan->settings.purpose != FV_FOR_TRAINING && dies_at(added, head))
            head->in_place = added;
    }
}

void fv_fuse(FvPlan *plan)
{
    g_autofree int *readers = g_new0(int, plan->nodes->len + 1);
    g_autofree FvNode **reader = g_new0(FvNode *, plan->nodes->len + 1);
    for (guint i = 0; i < plan->nodes->len; i++) {
        FvNode *node = plan->nodes->pdata[i];
        node->head = NULL;
        node->added = NULL;
        node->summands = 0;
        node->in_place = NULL;
        g_ptr_array_set_size(node->tail, 0);
    }
    if (plan->settings.keep)
        return;
    count_readers(plan, readers, reader);
    for (guint i = 0; i < plan->nodes->len; i++) {
        FvNode *node = plan->nodes->pdata[i];
        const FvLayer *layer = fv_node_layer(node);
        if (node->alive && !node->passes && !node->head && (layer->takes_tail || layer->forward_map))
            follow(plan, node, readers, reader);
    }
    for (guint i = 0; i < plan->nodes->len; i++)
        choose_place(plan->nodes->pdata[i]);
}

gboolean fv_fuse_may_fold(const FvNode *node)
{
    const FvPlan *plan = node->plan;
    const FvGraph *graph = plan->graph;
    const FvGraphNode *only = NULL;
    int readers = 0;
    if (plan->settings.purpose == FV_FOR_TRAINING || plan->settings.keep)
        return FALSE;
    for (guint i = (guint) node->index + 1; i < graph->nodes->len; i++) {
        const FvGraphNode *other = graph->nodes->pdata[i];
        for (int j = 0; j < other->input_count; j++)
            if (other->inputs[j] == node->index) {
                readers++;
                only = other;
            }
    }
    return readers == 1 && only->layer->fold && graph->output != node->index;
}

const FvNode *fv_fuse_folded(const FvNode *node)
{
    const FvNode *first = node->tail->len > 0 ? node->tail->pdata[0] : NULL;
    return first && fv_node_layer(first)->fold ? first : NULL;
}
