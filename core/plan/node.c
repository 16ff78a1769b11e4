/* SPDX-License-Identifier: MIT
 * node.c: what plugin.h offers to the hooks of layers, losses and metrics. */
#include "core/plan/private.h"

#include <string.h>

static const FvNode *input_node(const FvNode *node, int i)
{
    g_assert(i >= 0 && i < node->input_count);
    return fv_plan_resolve(node->plan, node->inputs[i]);
}

int fv_node_inputs(const FvNode *node)
{
    return node->input_count;
}

FvShape fv_node_input(const FvNode *node, int i)
{
    return input_node(node, i)->out;
}

const char *fv_node_input_name(const FvNode *node, int i)
{
    /* What the user called it, even where that only passes another value on. */
    const FvNode *input = node->plan->nodes->pdata[node->inputs[i]];
    return input->name ? input->name : input->path;
}

static gboolean shape_only(const FvNode *node, int i)
{
    return node->plugin->kind == FV_LAYER && i >= node->input_count - fv_node_layer(node)->shape_inputs;
}

gboolean fv_node_wants_gradient(const FvNode *node, int i)
{
    return fv_node_training(node) && node->plugin->kind != FV_METRIC && !shape_only(node, i) &&
           input_node(node, i)->trained_above;
}

FvShape fv_node_output(const FvNode *node)
{
    return node->out;
}

int fv_node_lanes(const FvNode *node)
{
    return node->plan->lanes;
}

int fv_node_batch(const FvNode *node)
{
    return node->plan->settings.batch;
}

gboolean fv_node_training(const FvNode *node)
{
    return node->plan->settings.purpose == FV_FOR_TRAINING;
}

int fv_node_index(const FvNode *node)
{
    return node->index;
}

int fv_node_units(const FvNode *node)
{
    return MAX(1, node->plan->settings.units);
}

gint64 fv_node_elements(const FvNode *node, FvShape shape)
{
    return fv_shape_elements(shape) * node->plan->lanes * node->plan->blocks;
}

gint64 fv_node_fit_samples(const FvNode *node)
{
    return MAX(1, node->plan->settings.fit_samples);
}

void fv_node_set_output(FvNode *node, FvShape shape)
{
    g_assert(node->planning);
    node->out = shape;
}

void fv_node_set_flops(FvNode *node, double flops)
{
    node->flops = flops;
}

void fv_node_set_sums(FvNode *node, int numbers, int sums)
{
    g_assert(node->planning);
    node->numbers = numbers;
    node->sums = sums;
}

void fv_node_pass_through(FvNode *node)
{
    g_assert(node->planning && node->plugin->kind == FV_LAYER && node->input_count > 0);
    node->passes = TRUE;
}

int fv_node_add_param(FvNode *node, const FvParamSpec *spec)
{
    g_assert(node->planning && spec->rank >= 1 && spec->rank <= 4);
    FvParam *param = g_new0(FvParam, 1);
    param->name = g_strconcat(node->path, ".", spec->name, NULL);
    param->spec = *spec;
    param->node = node;
    param->elements = 1;
    for (int d = 0; d < spec->rank; d++)
        param->elements *= spec->dims[d];
    param->number = node->plan->params->len;
    param->frozen = fv_freeze_takes(node->plan, param);
    g_ptr_array_add(node->plan->params, param);
    g_ptr_array_add(node->params, param);
    return (int) node->params->len - 1;
}

int fv_node_add_scratch(FvNode *node, gint64 reals, FvLife life)
{
    g_assert(node->planning && reals >= 0);
    FvScratch *scratch = g_new0(FvScratch, 1);
    scratch->life = life;
    scratch->reals = (guint64) reals;
    g_ptr_array_add(node->scratch, scratch);
    return (int) node->scratch->len - 1;
}

FvKernel *fv_node_add_kernel(FvNode *node, const char *source, const char *name, const char *defines, ...)
{
    va_list args;
    va_start(args, defines);
    g_autofree char *text = defines ? g_strdup_vprintf(defines, args) : g_strdup("");
    va_end(args);
    return fv_tail_add_plain_kernel(node, source, name, text);
}

int fv_node_workers(const FvNode *node)
{
    return fv_plan_workers(node->plan);
}

FvGrid fv_node_grid(const FvNode *node, size_t groups_0, size_t groups_1, size_t groups_2)
{
    const size_t workers = (size_t) fv_node_workers(node);
    return (FvGrid){ .global = { groups_0 * workers, groups_1, groups_2 }, .local = { workers, 1, 1 } };
}

FvGrid fv_node_each(const FvNode *node, size_t elements)
{
    const size_t workers = (size_t) fv_node_workers(node);
    return fv_node_grid(node, (elements + workers - 1) / workers, 1, 1);
}

static FvBuffer *area_buffer(FvArea *area)
{
    return area && area->buffer.memory ? &area->buffer : NULL;
}

FvBuffer *fv_node_x(const FvNode *node, int i)
{
    return area_buffer(input_node(node, i)->y);
}

FvBuffer *fv_node_y(const FvNode *node)
{
    return area_buffer(node->y);
}

FvBuffer *fv_node_dx(const FvNode *node, int i)
{
    return node->dx && !node->stores[i].same ? area_buffer(node->dx[i]) : NULL;
}

FvBuffer *fv_node_dy(const FvNode *node)
{
    return area_buffer(node->dy);
}

FvBuffer *fv_node_param(const FvNode *node, int i)
{
    FvParam *param = node->params->pdata[i];
    return &param->value;
}

FvBuffer *fv_node_gradient(const FvNode *node, int i)
{
    FvParam *param = node->params->pdata[i];
    return param->gradient.memory ? &param->gradient : NULL;
}

gboolean fv_node_frozen(const FvNode *node, int i)
{
    return ((const FvParam *) node->params->pdata[i])->frozen;
}

FvBuffer *fv_node_scratch(const FvNode *node, int i)
{
    FvScratch *scratch = node->scratch->pdata[i];
    return area_buffer(scratch->area);
}

FvBuffer *fv_node_target(const FvNode *node)
{
    if (!node->target)
        return NULL;
    return area_buffer(node->part > 0 ? node->target->others->pdata[node->part - 1] : node->target->area);
}

FvBuffer *fv_node_result(const FvNode *node)
{
    return area_buffer(node->result);
}

double fv_node_weight(const FvNode *node)
{
    return node->weight;
}
