/* SPDX-License-Identifier: MIT
 * trace_json.c: a traced step as an object. */
#include "cli/trace.h"

#include "cli/formula.h"

#include <math.h>

static void add_text(JsonBuilder *builder, const char *name, const char *text)
{
    json_builder_set_member_name(builder, name);
    json_builder_add_string_value(builder, text);
}

/* JSON has no infinities and no NaN. */
static void add_number(JsonBuilder *builder, double number)
{
    if (isfinite(number))
        json_builder_add_double_value(builder, number);
    else
        json_builder_add_null_value(builder);
}

static void add_named(JsonBuilder *builder, const char *name, double number)
{
    json_builder_set_member_name(builder, name);
    add_number(builder, number);
}

/* { "shape": [...], "numbers": [...] }, or with least, mean and largest in the place of numbers. */
static void add_array(const FvCliTrace *shown, JsonBuilder *builder, const char *name, const double *numbers, int rank,
                      const gint64 *dims)
{
    gint64 count = 1;
    json_builder_set_member_name(builder, name);
    json_builder_begin_object(builder);
    json_builder_set_member_name(builder, "shape");
    json_builder_begin_array(builder);
    for (int d = 0; d < rank; d++) {
        json_builder_add_int_value(builder, dims[d]);
        count *= dims[d];
    }
    json_builder_end_array(builder);
    if (shown->limit >= 0 && count > shown->limit) {
        double statistics[3] = { 0 };
        fv_cli_statistics(numbers, count, statistics);
        add_named(builder, "min", statistics[0]);
        add_named(builder, "mean", statistics[1]);
        add_named(builder, "max", statistics[2]);
    } else {
        json_builder_set_member_name(builder, "numbers");
        json_builder_begin_array(builder);
        for (gint64 i = 0; i < count; i++)
            add_number(builder, numbers[i]);
        json_builder_end_array(builder);
    }
    json_builder_end_object(builder);
}

static void add_value(const FvCliTrace *shown, JsonBuilder *builder, const char *name, const double *numbers,
                      FvShape shape)
{
    const gint64 dims[] = { shown->trace->samples, shape.c, shape.h, shape.w };
    if (numbers)
        add_array(shown, builder, name, numbers, 4, dims);
}

static void add_tensor(const FvCliTrace *shown, JsonBuilder *builder, const char *name, const FvTensor *tensor)
{
    if (!tensor)
        return;
    g_autofree double *numbers = fv_cli_doubles(tensor);
    add_array(shown, builder, name, numbers, tensor->rank, tensor->dims);
}

static void add_layer(const FvCliTrace *shown, JsonBuilder *builder, guint i)
{
    const FvPlanLayer layer = fv_plan_layer(shown->trace->plan, i);
    const FvTraceLayer *traced = &shown->trace->layers[i];
    const FvGraphNode *node = shown->graph->nodes->pdata[i];
    g_autofree char *formula = fv_cli_formula(&node->layer->base);
    json_builder_begin_object(builder);
    add_text(builder, "path", layer.path);
    add_text(builder, "kind", layer.kind);
    if (layer.name)
        add_text(builder, "name", layer.name);
    json_builder_set_member_name(builder, "inputs");
    json_builder_begin_array(builder);
    for (int k = 0; k < layer.input_count; k++)
        json_builder_add_string_value(builder, fv_plan_layer(shown->trace->plan, (guint) layer.inputs[k]).path);
    json_builder_end_array(builder);
    add_text(builder, "formula", formula);
    add_value(shown, builder, "value", traced->value, layer.out);
    add_value(shown, builder, "gradient", traced->gradient, layer.out);
    if (traced->shares) {
        json_builder_set_member_name(builder, "shares");
        json_builder_begin_array(builder);
        for (guint k = 0; k < traced->shares->len; k++) {
            const FvTraceShare *share = traced->shares->pdata[k];
            json_builder_begin_object(builder);
            add_text(builder, "from", share->from);
            add_value(shown, builder, "gradient", share->numbers, layer.out);
            json_builder_end_object(builder);
        }
        json_builder_end_array(builder);
    }
    json_builder_end_object(builder);
}

static void add_term(const FvCliTrace *shown, JsonBuilder *builder, const FvTerm *term, const FvTraceTerm *traced)
{
    g_autofree char *text = fv_term_text(shown->graph, term);
    json_builder_begin_object(builder);
    add_text(builder, "kind", term->use.plugin->name);
    add_text(builder, "text", text);
    add_named(builder, "factor", term->weight);
    add_named(builder, "mean", traced->mean);
    add_value(shown, builder, "samples", traced->samples, (FvShape){ 1, 1, 1 });
    if (traced->elements)
        add_value(shown, builder, "elements", traced->elements,
                  fv_plan_layer(shown->trace->plan, (guint) term->value).out);
    json_builder_end_object(builder);
}

static void add_terms(const FvCliTrace *shown, JsonBuilder *builder, const char *name, const GPtrArray *terms,
                      guint begin)
{
    json_builder_set_member_name(builder, name);
    json_builder_begin_array(builder);
    for (guint i = 0; i < terms->len; i++)
        add_term(shown, builder, terms->pdata[i], &shown->trace->terms[begin + i]);
    json_builder_end_array(builder);
}

static void add_param(const FvCliTrace *shown, JsonBuilder *builder, guint i)
{
    const FvTraceParam *param = &shown->trace->params[i];
    const char *const *slots = fv_plan_slots(shown->trace->plan);
    json_builder_begin_object(builder);
    add_text(builder, "name", fv_plan_param(shown->trace->plan, i).name);
    add_tensor(shown, builder, "before", param->before);
    add_tensor(shown, builder, "gradient", param->gradient);
    for (guint s = 0; param->slots && param->slots[s]; s++)
        add_tensor(shown, builder, slots[s], param->slots[s]);
    add_tensor(shown, builder, "after", param->after);
    json_builder_end_object(builder);
}

void fv_cli_print_trace_json(const FvCliTrace *shown)
{
    const FvTrace *trace = shown->trace;
    g_autoptr(JsonBuilder) builder = json_builder_new();
    json_builder_begin_object(builder);
    add_text(builder, "pipeline", shown->graph->file);
    add_text(builder, "precision", trace->doubles ? "double" : "single");
    json_builder_set_member_name(builder, "layers");
    json_builder_begin_array(builder);
    for (guint i = 0; i < fv_plan_layers(trace->plan); i++)
        add_layer(shown, builder, i);
    json_builder_end_array(builder);
    if (trace->backward) {
        add_tensor(shown, builder, "target", trace->target);
        add_terms(shown, builder, "losses", shown->graph->losses, 0);
        add_terms(shown, builder, "metrics", shown->graph->metrics, shown->graph->losses->len);
        add_named(builder, "loss", trace->loss);
    }
    if (trace->updated)
        add_named(builder, "rate", trace->rate);
    json_builder_set_member_name(builder, "parameters");
    json_builder_begin_array(builder);
    for (guint i = 0; i < fv_plan_params(trace->plan); i++)
        add_param(shown, builder, i);
    json_builder_end_array(builder);
    json_builder_end_object(builder);
    fv_cli_print_json(builder);
}
