/* SPDX-License-Identifier: MIT
 * chain.c: plans a chain: its operations in one list, their options, the extents that are known before drawing. */
#include "core/augment/chain_private.h"

#include <string.h>

const char *const fv_fill_names[] = { "constant", "edge", "reflect", NULL };

/* Where the planning stands. */
typedef struct {
    FvAugmentChain *chain;
    FvLoc *where;       /* or NULL */
    GPtrArray *sources; /* text of each function, for the sharing of functions */
} Planner;

static void free_operation(gpointer data)
{
    FvOperation *op = data;
    g_clear_pointer(&op->branches, g_ptr_array_unref);
    g_free(op);
}

static FvSequence *new_sequence(void)
{
    return g_array_new(FALSE, FALSE, sizeof(int));
}

static gboolean known(FvShape shape)
{
    return shape.h > 0 && shape.w > 0;
}

/* ------------------------------------------------------------------- options */

static const void *option_field(const FvOperation *op, const char *name, FvType type)
{
    for (const FvOption *option = op->augment->base.options; option && option->name; option++)
        if (g_str_equal(option->name, name) && option->type == type)
            return (const char *) op->self + option->offset;
    return NULL;
}

static void read_options(FvOperation *op)
{
    const float *p = option_field(op, "p", FV_TYPE_FLOAT);
    const int *fill = option_field(op, "fill", FV_TYPE_CHOICE);
    const FvFloats *value = option_field(op, "value", FV_TYPE_FLOATS);
    op->p = p ? *p : 1;
    op->fills = fill != NULL && (op->augment->matrix || op->augment->coord_map);
    op->fill = op->fills ? (FvFill) *fill : FV_FILL_EDGE;
    if (value)
        op->value = *value;
    for (int i = 0; i < op->drawn && !op->augment->draw; i++)
        op->ranges[i] = option_field(op, op->augment->drawn[i], FV_TYPE_RANGE);
}

/* What the core alone reads is no constant of a map. */
static gboolean reaches_map(const char *define)
{
    static const char *const own[] = { "#define p ", "#define fill ", "#define value ", "#define value_count " };
    for (guint i = 0; i < G_N_ELEMENTS(own); i++)
        if (g_str_has_prefix(define, own[i]))
            return FALSE;
    return TRUE;
}

static void append_constants(const FvOperation *op, GString *text)
{
    g_autoptr(GString) defines = g_string_new(NULL);
    fv_state_defines(op->state, defines);
    g_auto(GStrv) lines = g_strsplit(defines->str, "\n", -1);
    for (char **line = lines; *line; line++)
        if (reaches_map(*line))
            g_string_append_printf(text, "%s\n", *line);
}

/* Operations with the same plugin and the same constants share a function of the kernel. */
static int function_of(Planner *planner, const FvOperation *op)
{
    const FvAugment *augment = op->augment;
    if (augment->matrix || augment->part || augment->choose)
        return -1;
    g_autoptr(GString) text = g_string_new(augment->base.name);
    g_string_append_c(text, '\n');
    append_constants(op, text);
    for (guint i = 0; i < planner->sources->len; i++)
        if (g_str_equal(planner->sources->pdata[i], text->str))
            return (int) i;
    g_ptr_array_add(planner->sources, g_strdup(text->str));
    return (int) planner->sources->len - 1;
}

/* --------------------------------------------------------------------- sizes */

gboolean fv_operation_plan(const FvOperation *op, FvShape in, FvShape *out, GError **error)
{
    *out = in;
    if (op->augment->plan && !op->augment->plan(op->self, in, out, error)) {
        g_prefix_error(error, "%s: ", op->augment->base.name);
        return FALSE;
    }
    if (out->c == in.c && out->h >= 0 && out->w >= 0 && known(*out) == (out->h > 0 || out->w > 0))
        return TRUE;
    g_set_error(error, FV_ERROR, FV_ERROR_SHAPE, "%s: makes %dx%dx%d of %dx%dx%d", op->augment->base.name, out->c,
                out->h, out->w, in.c, in.h, in.w);
    return FALSE;
}

static gboolean plan_sequence(Planner *planner, const GPtrArray *uses, FvSequence *sequence, gboolean in_branch,
                              FvShape *at, int *most, GError **error);

/* What all branches agree on. */
static gboolean plan_branches(Planner *planner, FvOperation *op, const GPtrArray *branches, FvShape *at, int *most,
                              GError **error)
{
    const FvShape in = *at;
    op->branches = g_ptr_array_new_with_free_func((GDestroyNotify) g_array_unref);
    for (guint i = 0; i < branches->len; i++) {
        FvShape out = in;
        int longest = 0;
        FvSequence *sequence = new_sequence();
        g_ptr_array_add(op->branches, sequence);
        if (!plan_sequence(planner, branches->pdata[i], sequence, TRUE, &out, &longest, error))
            return FALSE;
        if (!fv_shape_equal(out, in))
            *at = (FvShape){ in.c, 0, 0 }; /* how many are taken is not known */
        *most += longest;
    }
    return TRUE;
}

static gboolean plan_operation(Planner *planner, FvOperation *op, gboolean in_branch, FvShape *at, int *most,
                               GError **error)
{
    FvShape out;
    if (op->augment->others > 0) {
        if (in_branch || planner->chain->mix >= 0) {
            g_set_error(error, FV_ERROR, FV_ERROR_OPTION, "%s: %s", op->augment->base.name,
                        in_branch ? "images cannot be mixed within a choice" : "images can be mixed only once");
            return FALSE;
        }
        planner->chain->mix = (int) planner->chain->operations->len - 1;
    }
    if (!fv_operation_plan(op, *at, &out, error))
        return FALSE;
    *most += 1;
    if (op->p < 1 && !planner->chain->training)
        return TRUE; /* never applied */
    *at = op->p >= 1 || fv_shape_equal(out, *at) ? out : (FvShape){ at->c, 0, 0 };
    return TRUE;
}

static gboolean plan_use(Planner *planner, const FvUse *use, FvSequence *sequence, gboolean in_branch, FvShape *at,
                         int *most, GError **error)
{
    FvAugmentChain *chain = planner->chain;
    const int number = (int) chain->operations->len;
    if (number == FV_CHAIN_MOST) {
        g_set_error(error, FV_ERROR, FV_ERROR_OPTION, "more than %d operations", FV_CHAIN_MOST);
        return FALSE;
    }
    FvOperation *op = g_new0(FvOperation, 1);
    g_ptr_array_add(chain->operations, op);
    g_array_append_val(sequence, number);
    op->augment = (const FvAugment *) use->plugin;
    op->state = use->state;
    op->self = fv_state_self(use->state);
    op->loc = use->loc;
    while (op->drawn < FV_MAX_DRAWN && op->augment->drawn[op->drawn])
        op->drawn++;
    read_options(op);
    op->function = function_of(planner, op);
    return use->branches ? plan_branches(planner, op, use->branches, at, most, error)
                         : plan_operation(planner, op, in_branch, at, most, error);
}

static gboolean plan_sequence(Planner *planner, const GPtrArray *uses, FvSequence *sequence, gboolean in_branch,
                              FvShape *at, int *most, GError **error)
{
    for (guint i = 0; uses && i < uses->len; i++) {
        const FvUse *use = uses->pdata[i];
        if (planner->where)
            *planner->where = use->loc;
        if (!plan_use(planner, use, sequence, in_branch, at, most, error))
            return FALSE;
    }
    return TRUE;
}

FvAugmentChain *fv_augment_chain_new(const GPtrArray *uses, const GPtrArray *more, FvShape in, gboolean training,
                                     FvLoc *where, GError **error)
{
    g_autoptr(FvAugmentChain) chain = g_new0(FvAugmentChain, 1);
    g_autoptr(GPtrArray) sources = g_ptr_array_new_with_free_func(g_free);
    Planner planner = { chain, where, sources };
    FvShape at = in;
    if (where)
        *where = (FvLoc){ 0 };
    chain->operations = g_ptr_array_new_with_free_func(free_operation);
    chain->main = new_sequence();
    chain->training = training;
    chain->mix = -1;
    if (!plan_sequence(&planner, uses, chain->main, FALSE, &at, &chain->most, error) ||
        !plan_sequence(&planner, more, chain->main, FALSE, &at, &chain->most, error))
        return NULL;
    if (where)
        where->file = NULL;
    chain->out = at;
    chain->functions = (int) sources->len;
    return g_steal_pointer(&chain);
}

void fv_augment_chain_free(FvAugmentChain *chain)
{
    if (!chain)
        return;
    g_ptr_array_unref(chain->operations);
    g_array_unref(chain->main);
    g_free(chain);
}

int fv_augment_chain_count(const FvAugmentChain *chain)
{
    return (int) chain->operations->len;
}

FvShape fv_augment_chain_output(const FvAugmentChain *chain)
{
    return chain->out;
}

int fv_augment_uses_parts(const GPtrArray *uses)
{
    int most = 1;
    for (guint i = 0; uses && i < uses->len; i++) {
        const FvUse *use = uses->pdata[i];
        most = MAX(most, 1 + ((const FvAugment *) use->plugin)->others);
    }
    return most;
}
