/* SPDX-License-Identifier: MIT
 * maps.c: kernels made of the expressions of plugins: elementwise layers, losses and penalties. */
#include "core/plan/private.h"

#include <string.h>

#define KERNEL "FV_KERNEL "

const char fv_maps_each_element[] =
    "    size_t fv_begin = (size_t)get_group_id(0) * FV_CHUNK;\n"
    "    size_t fv_end = min(fv_begin + FV_CHUNK, (size_t)count);\n"
    "    for (size_t fv_i = fv_begin + FV_ME; fv_i < fv_end; fv_i += FV_WORKERS) {\n";

guint64 fv_maps_chunk(const FvPlan *plan)
{
    enum { EACH = 8 }; /* elements of a work-item where there are many */
    const int workers = fv_plan_workers(plan);
    return workers > 1 ? (guint64) (workers * EACH) : FV_CHUNK;
}

FvGrid fv_maps_groups(const FvPlan *plan, guint64 groups)
{
    const size_t workers = (size_t) fv_plan_workers(plan);
    return (FvGrid){ .global = { groups * workers }, .local = { workers, 1, 1 } };
}

FvGrid fv_maps_chunks(const FvPlan *plan, guint64 reals)
{
    return fv_maps_groups(plan, (reals + fv_maps_chunk(plan) - 1) / fv_maps_chunk(plan));
}

/* @numbers: single floats are constants, too. */
static char *defines_of(const FvPlan *plan, const FvState *state, gboolean numbers)
{
    GString *defines = g_string_new(NULL);
    g_string_append_printf(defines, "#define FV_CHUNK %d\n", (int) fv_maps_chunk(plan));
    if (state && numbers)
        fv_state_defines(state, defines);
    else if (state)
        fv_state_defines_but_numbers(state, defines);
    return g_string_free(defines, FALSE);
}

static char *with_name(const char *source, const char *name, const FvState *state)
{
    return g_strdup_printf("#line 1 \"maps of %s\"\n%s", state ? fv_state_plugin(state)->name : name, source);
}

/* @forward: it writes y. */
static FvKernel *add_layer_kernel(FvNode *node, const char *source, const char *name, gboolean forward)
{
    g_autofree char *defines = defines_of(node->plan, node->state, TRUE);
    g_autofree char *text = with_name(source, name, node->state);
    return fv_tail_add_kernel(node, forward, text, name, defines);
}
FvKernel *fv_maps_add_kernel(FvPlan *plan, const char *source, const char *name, const FvState *state)
{
    g_autofree char *defines = defines_of(plan, state, TRUE);
    g_autofree char *text = with_name(source, name, state);
    return fv_plan_add_kernel(plan, text, name, defines);
}

/* Calls @func for each option that is a single float. */
static void each_number(const FvState *state, void (*func)(const FvOption *, float, gpointer), gpointer data)
{
    const char *self = fv_state_self((FvState *) state);
    for (const FvOption *option = fv_state_plugin(state)->options; option && option->name; option++)
        if (option->type == FV_TYPE_FLOAT)
            func(option, *(const float *) (gconstpointer) (self + option->offset), data);
}

static void append_param(const FvOption *option, float number, gpointer source)
{
    g_string_append_printf(source, ", real %s", option->name);
}

void fv_maps_append_params(const FvState *state, GString *source)
{
    each_number(state, append_param, source);
}

static void append_arg(const FvOption *option, float number, gpointer args)
{
    const FvArg arg = fv_real((double) number);
    g_array_append_val(args, arg);
}

void fv_maps_append_args(const FvState *state, GArray *args)
{
    each_number(state, append_arg, args);
}

FvKernel *fv_maps_add_open_kernel(FvPlan *plan, const char *source, const char *name, const FvState *state)
{
    g_autofree char *defines = defines_of(plan, state, FALSE);
    g_autofree char *text = with_name(source, name, state);
    return fv_plan_add_kernel(plan, text, name, defines);
}

/* ------------------------------------------------------------------ layers */

static void build_forward(FvNode *node)
{
    const FvLayer *layer = fv_node_layer(node);
    g_autoptr(GString) forward = g_string_new(NULL);
    g_string_append_printf(forward,
                           KERNEL
                           "FV_NAME(%s_forward)(global const real *restrict fv_x, global real *restrict fv_y, "
                           "int count FV_TAIL_PARAMS)\n{\n    FV_TAIL_BEGIN(fv_y)\n%s"
                           "        real x = fv_x[fv_i], y;\n"
                           "        {\n%s\n        }\n"
                           "        fv_y[fv_i] = FV_TAIL(y, fv_y + fv_i);\n    }\n}\n",
                           node->plugin->name, fv_maps_each_element, layer->forward_map);
    g_autofree char *forward_name = g_strconcat(node->plugin->name, "_forward", NULL);
    node->maps[0] = add_layer_kernel(node, forward->str, forward_name, TRUE);
}

static void build_backward(FvNode *node)
{
    const FvLayer *layer = fv_node_layer(node);
    /* Buffers that the map does not mention may be gone by then: their place is taken by dy. */
    g_autoptr(GString) backward = g_string_new(NULL);
    g_string_append_printf(backward,
                           KERNEL
                           "FV_NAME(%s_backward)(global const real *restrict fv_x, "
                           "global const real *restrict fv_y, global const real *restrict fv_dy, "
                           "global real *restrict fv_dx, int count FV_TAIL_PARAMS)\n{\n"
                           "    FV_TAIL_BEGIN(fv_dx)\n%s"
                           "        real x = fv_x[fv_i], y = fv_y[fv_i], dy = fv_dy[fv_i], dx;\n"
                           "        {\n%s\n        }\n"
                           "        fv_dx[fv_i] = FV_TAIL(dx, fv_dx + fv_i);\n    }\n}\n",
                           node->plugin->name, fv_maps_each_element, layer->backward_map);
    g_autofree char *backward_name = g_strconcat(node->plugin->name, "_backward", NULL);
    node->maps[1] = add_layer_kernel(node, backward->str, backward_name, FALSE);
}

static guint64 elements_now(const FvNode *node, const FvList *list)
{
    return (guint64) fv_shape_elements(node->out) * (guint64) node->plan->lanes * (guint64) fv_list_blocks(list);
}

void fv_maps_forward(FvNode *node, FvList *list)
{
    guint64 count = elements_now(node, list);
    fv_launch(list, node->maps[0], fv_maps_chunks(node->plan, count), fv_buffer(fv_node_x(node, 0)),
              fv_buffer(fv_node_y(node)), fv_int((int) count));
}

void fv_maps_backward(FvNode *node, FvList *list)
{
    guint64 count = elements_now(node, list);
    if (!fv_node_dx(node, 0))
        return;
    fv_launch(list, node->maps[1], fv_maps_chunks(node->plan, count), fv_buffer(fv_node_x(node, 0)),
              fv_buffer(fv_node_y(node)), fv_buffer(fv_node_dy(node)), fv_buffer(fv_node_dx(node, 0)),
              fv_int((int) count));
}

/* ------------------------------------------------------------------ losses */

/* A work-group takes a block of samples, lane beside lane. Where a block is one sample, CPUs take FV_RUN numbers beside
 * each other, each with a sum of its own: a single sum would have to be made number by number. */
static const char loss_source[] =
    "#if FV_L == 1 && FV_WORKERS == 1\n"
    "#define FV_RUN 16\n"
    "#else\n"
    "#define FV_RUN FV_L\n"
    "#endif\n"
    "real FV_NAME(loss_at)(real x, real t)\n"
    "{\n"
    "    real l;\n"
    "    {\n%s\n    }\n"
    "    return l;\n"
    "}\n" KERNEL
    "FV_NAME(loss)(global const real *restrict fv_x, global const real *restrict fv_t, "
    "global real *restrict fv_result, int slot, int n, int elements, real weight)\n"
    "{\n"
    "    local real fv_room[FV_WORKERS];\n"
    "    int fv_block = get_group_id(0), fv_runs = elements * FV_L / FV_RUN;\n"
    "    size_t fv_begin = (size_t)fv_block * elements * FV_L;\n"
    "    real fv_sum[FV_RUN];\n"
    "    for (int fv_k = 0; fv_k < FV_RUN; fv_k++)\n"
    "        fv_sum[fv_k] = 0;\n"
    "    for (int fv_e = FV_ME; fv_e < fv_runs; fv_e += FV_WORKERS) {\n"
    "        size_t fv_i = fv_begin + (size_t)fv_e * FV_RUN;\n"
    "        for (int fv_k = 0; fv_k < FV_RUN; fv_k++)\n"
    "            fv_sum[fv_k] += FV_NAME(loss_at)(fv_x[fv_i + fv_k], fv_t[fv_i + fv_k]);\n"
    "    }\n"
    "#if FV_RUN != FV_L\n"
    "    for (int fv_e = fv_runs * FV_RUN; fv_e < elements; fv_e++)\n"
    "        fv_sum[fv_e %% FV_RUN] += FV_NAME(loss_at)(fv_x[fv_begin + fv_e], fv_t[fv_begin + fv_e]);\n"
    "    for (int fv_k = 1; fv_k < FV_RUN; fv_k++)\n"
    "        fv_sum[0] += fv_sum[fv_k];\n"
    "#endif\n"
    "    for (int fv_lane = 0; fv_lane < FV_L; fv_lane++) {\n"
    "        real fv_all = fv_total(fv_sum[fv_lane], fv_room);\n"
    "        if (FV_ME == 0 && fv_block * FV_L + fv_lane < n)\n"
    "            fv_result[slot + fv_block * FV_L + fv_lane] = weight * fv_all;\n"
    "    }\n"
    "}\n"
    "#undef FV_RUN\n" KERNEL
    "FV_NAME(loss_gradient)(global const real *restrict fv_x, global const real *restrict fv_t, "
    "global real *restrict fv_dx, int n, int elements, real scale)\n"
    "{\n"
    "    int fv_block = get_group_id(0);\n"
    "    for (int fv_e = FV_ME; fv_e < elements; fv_e += FV_WORKERS) {\n"
    "        size_t fv_i = ((size_t)fv_block * elements + fv_e) * FV_L;\n"
    "        for (int fv_lane = 0; fv_lane < FV_L; fv_lane++, fv_i++) {\n"
    "            real x = fv_x[fv_i], t = fv_t[fv_i], dx;\n"
    "            {\n%s\n            }\n"
    "            fv_dx[fv_i] = fv_block * FV_L + fv_lane < n ? scale * dx : 0;\n"
    "        }\n"
    "    }\n"
    "}\n";

static const char penalty_source[] = KERNEL
    "FV_NAME(penalty)(global const real *restrict fv_x, global real *restrict fv_result, int slot, int count, "
    "int chunk, real fv_weight%s)\n"
    "{\n"
    "    local real fv_room[FV_WORKERS];\n"
    "    int fv_begin = get_group_id(0) * chunk, fv_end = min(fv_begin + chunk, count);\n"
    "    real fv_sum = 0;\n"
    "    for (int fv_row = fv_begin; fv_row < fv_end; fv_row += 256) {\n" /* rows keep the rounding error small */
    "        real fv_part = 0;\n"
    "        for (int fv_i = fv_row + FV_ME; fv_i < min(fv_row + 256, fv_end); fv_i += FV_WORKERS) {\n"
    "            real x = fv_x[fv_i], l;\n"
    "            {\n%s\n            }\n"
    "            fv_part += l;\n"
    "        }\n"
    "        fv_sum += fv_part;\n"
    "    }\n"
    "    fv_sum = fv_total(fv_sum, fv_room);\n"
    "    if (FV_ME == 0)\n"
    "        fv_result[slot + get_group_id(0)] = fv_weight * fv_sum;\n"
    "}\n" KERNEL
    "FV_NAME(penalty_gradient)(global const real *restrict fv_x, global real *restrict fv_g, int count, "
    "real fv_weight%s)\n"
    "{\n%s"
    "        real x = fv_x[fv_i], dx;\n"
    "        {\n%s\n        }\n"
    "        fv_g[fv_i] += fv_weight * dx;\n"
    "    }\n"
    "}\n";

static void build_loss(FvNode *node)
{
    const FvLoss *loss = (const FvLoss *) node->plugin;
    g_autoptr(GString) source = g_string_new(NULL);
    g_string_append_printf(source, loss_source, loss->forward_map, loss->backward_map);
    node->maps[0] = fv_maps_add_kernel(node->plan, source->str, "loss", node->state);
    node->maps[1] = fv_maps_add_kernel(node->plan, source->str, "loss_gradient", node->state);
}

static void build_penalty(FvNode *node)
{
    const FvLoss *loss = (const FvLoss *) node->plugin;
    g_autoptr(GString) params = g_string_new(NULL);
    fv_maps_append_params(node->state, params);
    g_autofree char *source = g_strdup_printf(penalty_source, params->str, loss->forward_map, params->str,
                                              fv_maps_each_element, loss->backward_map);
    node->maps[0] = fv_maps_add_open_kernel(node->plan, source, "penalty", node->state);
    node->maps[1] = fv_maps_add_open_kernel(node->plan, source, "penalty_gradient", node->state);
}

void fv_maps_loss(FvNode *node, FvList *list)
{
    int n = fv_list_samples(list), elements = (int) fv_shape_elements(fv_node_input(node, 0));
    FvGrid grid = fv_maps_groups(node->plan, (guint64) fv_list_blocks(list));
    FvArg x = fv_buffer(fv_node_x(node, 0)), t = fv_buffer(fv_node_target(node));

    fv_launch(list, node->maps[0], grid, x, t, fv_buffer(fv_node_result(node)), fv_slot(), fv_int(n), fv_int(elements),
              fv_real(node->weight));
    if (fv_list_training(list) && fv_node_dx(node, 0))
        fv_launch(list, node->maps[1], grid, x, t, fv_buffer(fv_node_dx(node, 0)), fv_int(n), fv_int(elements),
                  fv_real(node->weight / n));
}

static void launch_penalty(FvNode *node, FvList *list, FvKernel *kernel, FvGrid grid, const FvArg *own, guint count)
{
    g_autoptr(GArray) args = g_array_new(FALSE, FALSE, sizeof(FvArg));
    g_array_append_vals(args, own, count);
    fv_maps_append_args(node->state, args);
    fv_list_launch(list, kernel, grid, (const FvArg *) (gpointer) args->data, (int) args->len);
}

void fv_maps_penalty(FvNode *node, FvList *list)
{
    FvPlan *plan = node->plan;
    const int count = (int) plan->weight_reals, chunk = (count + FV_PARTIALS - 1) / FV_PARTIALS;
    const FvArg forward[] = { fv_buffer(&plan->weights_value),
                              fv_buffer(fv_node_result(node)),
                              fv_slot(),
                              fv_int(count),
                              fv_int(chunk),
                              fv_real(node->weight) };
    const FvArg backward[] = { fv_buffer(&plan->weights_value), fv_buffer(&plan->weights_gradient), fv_int(count),
                               fv_real(node->weight) };
    if (count == 0)
        return;
    launch_penalty(node, list, node->maps[0], fv_maps_groups(plan, FV_PARTIALS), forward, G_N_ELEMENTS(forward));
    if (fv_list_training(list))
        launch_penalty(node, list, node->maps[1], fv_maps_chunks(plan, (guint64) count), backward,
                       G_N_ELEMENTS(backward));
}

/* -------------------------------------------------------------- the whole net */

static void build_add(FvPlan *plan)
{
    g_autoptr(GString) source = g_string_new(NULL);
    g_string_append_printf(source,
                           KERNEL
                           "FV_NAME(add)(global real *restrict fv_sum, global const real *restrict fv_more, "
                           "int count)\n{\n%s        fv_sum[fv_i] += fv_more[fv_i];\n    }\n}\n",
                           fv_maps_each_element);
    plan->add_kernel = fv_maps_add_kernel(plan, source->str, "add", NULL);
}

void fv_maps_add(FvPlan *plan, FvBuffer *sum, FvBuffer *more, guint64 reals, FvList *list)
{
    fv_launch(list, plan->add_kernel, fv_maps_chunks(plan, reals), fv_buffer(sum), fv_buffer(more),
              fv_int((int) reals));
}

static void build_clear(FvPlan *plan)
{
    g_autoptr(GString) source = g_string_new(NULL);
    g_string_append_printf(source,
                           KERNEL
                           "FV_NAME(clear)(global real *restrict fv_g, int count)\n{\n%s"
                           "        fv_g[fv_i] = 0;\n    }\n}\n",
                           fv_maps_each_element);
    plan->clear_kernel = fv_maps_add_kernel(plan, source->str, "clear", NULL);
}

void fv_maps_clear(FvPlan *plan, FvBuffer *gradient, guint64 reals, FvList *list)
{
    fv_launch(list, plan->clear_kernel, fv_maps_chunks(plan, reals), fv_buffer(gradient), fv_int((int) reals));
}

void fv_maps_build(FvPlan *plan)
{
    gboolean sums = FALSE;
    for (guint i = 0; i < plan->nodes->len; i++) {
        FvNode *node = plan->nodes->pdata[i];
        if (!node->alive || node->passes)
            continue;
        if (fv_node_layer(node)->forward_map && !node->head)
            build_forward(node);
        if (fv_node_layer(node)->forward_map && node->reached && !node->derived)
            build_backward(node);
        for (int j = 0; node->stores && j < node->input_count; j++)
            sums |= node->stores[j].adds;
    }
    for (guint i = 0; i < plan->terms->len; i++) {
        FvNode *term = plan->terms->pdata[i];
        const FvLoss *loss = term->plugin->kind == FV_LOSS ? (const FvLoss *) term->plugin : NULL;
        if (loss && loss->forward_map)
            (loss->target == FV_TARGET_NONE ? build_penalty : build_loss)(term);
        sums |= term->stores && term->stores[0].adds;
    }
    if (sums)
        build_add(plan);
    gboolean unwritten = FALSE;
    for (guint i = 0; i < plan->nodes->len; i++)
        unwritten |= ((FvNode *) plan->nodes->pdata[i])->gradient.cleared;
    for (guint i = 0; i < plan->params->len; i++)
        unwritten |= fv_param_unwritten(plan->params->pdata[i]);
    if (plan->settings.purpose == FV_FOR_TRAINING && unwritten)
        build_clear(plan);
}
