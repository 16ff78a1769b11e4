/* SPDX-License-Identifier: MIT
 * fuse.c: which layers are computed while the value before them is written.
 *
 * A layer whose kernels write y through FV_TAIL (plugin.h) is the head of a chain; behind it follow sums with a value
 * that is there by then, and elementwise layers, as long as nobody else reads what stands between. None of these has a
 * forward pass of its own. All nodes of a chain have one y, that of its end, since what stands between is never
 * written. Backward passes are as before; so a chain ends where one of them reads what would not be there. Outside of
 * training a convolution also takes in a normalisation with fixed moments behind it: into its weights. */
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

/* ------------------------------------------------------------------- source */

/* @width: of the vector fv_v; 1: one number. Maps that hold for numbers alone go element by element. */
static void append_stage(GString *out, const FvNode *node, int width, int *summands)
{
    if (fv_node_layer(node)->fold)
        return;
    if (node->added) {
        const int number = (*summands)++;
        if (width == 1)
            g_string_append_printf(out, "    fv_v += fv_more%d[fv_at];\n", number);
        else
            g_string_append_printf(out, "    fv_v += vload%d(0, fv_more%d + fv_at);\n", width, number);
        return;
    }
    const gboolean vectors = width > 1 && fv_node_layer(node)->vector_maps, each = width > 1 && !vectors;
    g_autoptr(GString) defines = g_string_new(NULL);
    g_string_append(out, "    {\n");
    if (vectors)
        g_string_append_printf(out, "#define real real%d\n", width);
    if (each)
        g_string_append_printf(out,
                               "        real fv_e[%d];\n        vstore%d(fv_v, 0, fv_e);\n"
                               "        for (int fv_i = 0; fv_i < %d; fv_i++) {\n",
                               width, width, width);
    fv_state_defines(node->state, defines);
    g_string_append_printf(out, "        real x = %s, y;\n%s        {\n%s\n        }\n        %s = y;\n",
                           each ? "fv_e[fv_i]" : "fv_v", defines->str, fv_node_layer(node)->forward_map,
                           each ? "fv_e[fv_i]" : "fv_v");
    fv_plan_append_undefines(out, defines->str);
    if (each)
        g_string_append_printf(out, "        }\n        fv_v = vload%d(0, fv_e);\n", width);
    if (vectors)
        g_string_append(out, "#undef real\n");
    g_string_append(out, "    }\n");
}

/* Returns the number of summands. */
static int append_stages(GString *out, const FvNode *node, int width)
{
    int summands = 0;
    for (guint i = 0; i < node->tail->len; i++)
        append_stage(out, node->tail->pdata[i], width, &summands);
    return summands;
}

static const char plain_tail[] =
    "#define FV_TAIL_PARAMS\n#define FV_TAIL_FORMAL\n#define FV_TAIL_PASS\n"
    "#define FV_TAIL_BEGIN(base)\n#define FV_TAIL_EXPECT(to)\n#define FV_TAIL(v, to) (v)\n"
    "#define FV_TAIL8(v, to) (v)\n#define FV_TAIL16(v, to) (v)\n";

static char *tail_text(const FvNode *node)
{
    g_autoptr(GString) stages = g_string_new(NULL), out = g_string_new("#define FV_TAIL_PARAMS");
    g_autoptr(GString) pass = g_string_new(NULL);
    const int summands = append_stages(stages, node, 1);
    if (stages->len == 0)
        return g_strdup(plain_tail);
    for (int i = 0; i < summands; i++) {
        g_string_append_printf(out, "%s, global const real *fv_more%d", i == 0 ? " " : "", i);
        g_string_append_printf(pass, ", fv_more%d", i);
    }
    g_string_append_printf(out,
                           "\n#define FV_TAIL_FORMAL , global const real *fv_base FV_TAIL_PARAMS\n"
                           "#define FV_TAIL_PASS , fv_base%s\n"
                           "#define FV_TAIL_BEGIN(base) global const real *fv_base = base;\n"
                           "real FV_NAME(fv_tail)(real fv_v, size_t fv_at FV_TAIL_PARAMS)\n{\n%s    return fv_v;\n}\n"
                           "#define FV_TAIL(v, to) FV_NAME(fv_tail)(v, (size_t)((to) - fv_base)%s)\n",
                           pass->str, stages->str, pass->str);
    g_string_append(out, "#define FV_TAIL_EXPECT(to)");
    for (int i = 0; i < summands; i++)
        g_string_append_printf(out, " FV_FETCH(fv_more%d + ((to) - fv_base));", i);
    g_string_append_c(out, '\n');
    for (int width = 8; width <= 16; width *= 2) {
        g_string_truncate(stages, 0);
        append_stages(stages, node, width);
        g_string_append_printf(out,
                               "real%d FV_NAME(fv_tail%d)(real%d fv_v, size_t fv_at FV_TAIL_PARAMS)\n{\n%s"
                               "    return fv_v;\n}\n"
                               "#define FV_TAIL%d(v, to) FV_NAME(fv_tail%d)(v, (size_t)((to) - fv_base)%s)\n",
                               width, width, width, stages->str, width, width, pass->str);
    }
    return g_string_free(g_steal_pointer(&out), FALSE);
}

FvKernel *fv_fuse_add_kernel(FvNode *node, gboolean tail, const char *source, const char *name, const char *defines)
{
    return tail ? fv_node_add_tail_kernel(node, source, name, "%s", defines)
                : fv_node_add_kernel(node, source, name, "%s%s", defines, plain_tail);
}

FvKernel *fv_node_add_tail_kernel(FvNode *node, const char *source, const char *name, const char *defines, ...)
{
    va_list args;
    va_start(args, defines);
    g_autofree char *more = defines ? g_strdup_vprintf(defines, args) : g_strdup("");
    va_end(args);
    g_autofree char *tail = tail_text(node), *text = g_strconcat(more, tail, NULL);
    FvKernel *kernel = fv_plan_add_kernel(node->plan, source, name, text);
    for (guint i = 0; i < node->tail->len; i++) {
        const FvNode *added = ((const FvNode *) node->tail->pdata[i])->added;
        if (added)
            kernel->more[kernel->more_count++] = &added->y->buffer;
    }
    return kernel;
}
