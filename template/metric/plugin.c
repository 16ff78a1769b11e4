/* SPDX-License-Identifier: MIT
 * @NAME@: how often the largest score is not that of the right class. */
#include <fovea/plugin.h>

typedef struct {
    FvRef value;
    const char *target;
    FvKernel *count; /* set by build */
} State;

static const FvOption options[] = {
    FV_OPT_VALUE(State, value, "scores, one for each class"),
    FV_OPT_TARGET(State, target, "label", "right class"),
    { 0 },
};

/* One work-item for each sample. FV_AT knows how values lie in memory. */
static const char source[] =
    "kernel void FV_NAME(count)(global const real *x, global const int *target, global real *result, int slot)\n"
    "{\n"
    "    int s = get_global_id(0), best = 0;\n"
    "    for (int c = 1; c < CLASSES; c++)\n"
    "        if (x[FV_AT(s, c, 0, 0, CLASSES, 1, 1)] > x[FV_AT(s, best, 0, 0, CLASSES, 1, 1)])\n"
    "            best = c;\n"
    "    result[slot + s] = best == target[s] ? 0 : 1;\n"
    "}\n";

static gboolean plan(FvNode *node, void *self, GError **error)
{
    const FvShape in = fv_node_input(node, 0);
    if (in.h == 1 && in.w == 1)
        return TRUE;
    g_set_error(error, FV_ERROR, FV_ERROR_SHAPE, "%s is %dx%dx%d, expected scores, one for each class",
                fv_node_input_name(node, 0), in.c, in.h, in.w);
    return FALSE;
}

static gboolean build(FvNode *node, void *self, GError **error)
{
    State *state = self;
    state->count = fv_node_add_kernel(node, source, "count", "#define CLASSES %d\n", fv_node_input(node, 0).c);
    return TRUE;
}

static void forward(FvNode *node, const void *self, FvList *list)
{
    const State *state = self;
    fv_launch(list, state->count, FV_GRID(fv_list_samples(list)), fv_buffer(fv_node_x(node, 0)),
              fv_buffer(fv_node_target(node)), fv_buffer(fv_node_result(node)), fv_slot());
}

static const FvMetric plugin = {
    .base = { FV_HEAD(FvMetric, State), .kind = FV_METRIC, .name = "@NAME@",
              .summary = "share of samples whose largest score is not that of the right class", .options = options },
    .target = FV_TARGET_CLASS,
    .plan = plan,
    .build = build,
    .forward = forward,
    .lower_is_better = TRUE,
};
FV_EXPORT(plugin)
