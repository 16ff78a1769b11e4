/* SPDX-License-Identifier: MIT
 * check.c: `fovea check PIPELINE`: shapes, parameters, FLOPs and memory, without a device. */
#include "cli/cli.h"

#include "core/plan/plan.h"
#include "core/sink/atomic.h"
#include "core/sink/dot.h"
#include "core/sweep/sweep.h"

#include <stdio.h>
#include <string.h>

#include "cli/json.h"

static const FvCliHelp help = {
    "check", "PIPELINE", "Checks a pipeline, and prints shape, parameters, FLOPs and memory of each layer.",
    "FLOPs are those of one image, forward, a multiplication and an addition counting two. A layer's memory is that "
    "of\n"
    "its output for a whole batch. What a pipeline with an optimizer needs is told for training, else for prediction.\n"
    "No device is needed, and no data.\n\n"
    "Example: fovea check --svg net.svg pipelines/resnet-small.fv\n"
};

/* Where a layer's inputs come from, unless that is just the layer before; NULL then. g_free() it. */
static char *inputs_text(const FvPlan *plan, guint i)
{
    const FvPlanLayer layer = fv_plan_layer(plan, i);
    if (layer.input_count == 0 || (layer.input_count == 1 && layer.inputs[0] == (int) i - 1))
        return NULL;
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    for (int k = 0; k < layer.input_count; k++) {
        const FvPlanLayer input = fv_plan_layer(plan, (guint) layer.inputs[k]);
        g_ptr_array_add(names, (char *) (input.name ? input.name : input.path));
    }
    g_ptr_array_add(names, NULL);
    return g_strjoinv(", ", (char **) names->pdata);
}

static guint64 value_bytes(const FvPlan *plan, FvShape shape)
{
    const guint64 lanes = (guint64) fv_plan_lanes(plan);
    const guint64 blocks = ((guint64) fv_plan_batch(plan) + lanes - 1) / lanes;
    return (guint64) fv_shape_elements(shape) * blocks * lanes * fv_plan_real_size(plan);
}

/* 1234567 -> "1.23 M"; g_free() it. */
static char *flops_text(double flops)
{
    static const char *const units[] = { "", " k", " M", " G", " T" };
    guint i = 0;
    for (; flops >= 1000 && i + 1 < G_N_ELEMENTS(units); i++)
        flops /= 1000;
    return g_strdup_printf(i == 0 || flops >= 100 ? "%.0f%s" : "%.2f%s", flops, units[i]);
}

static int path_width(const FvPlan *plan)
{
    int width = 5;
    for (guint i = 0; i < fv_plan_layers(plan); i++)
        width = MAX(width, (int) g_utf8_strlen(fv_plan_layer(plan, i).path, -1));
    return MIN(width, 40);
}

static void print_layer(const FvPlan *plan, guint i, int width)
{
    const FvPlanLayer layer = fv_plan_layer(plan, i);
    g_autofree char *shape = fv_cli_shape(layer.out);
    g_autofree char *flops = flops_text(layer.passes ? 0 : layer.flops);
    g_autofree char *bytes = fv_cli_bytes(layer.passes ? 0 : value_bytes(plan, layer.out));
    g_autofree char *inputs = inputs_text(plan, i);
    g_print("%-*s  %-12s %12" G_GINT64_FORMAT " %10s %11s", width, layer.path, shape, layer.parameters, flops, bytes);
    if (inputs || layer.name)
        g_print(" ");
    if (inputs)
        g_print(" of %s", inputs);
    if (layer.name)
        g_print(" as %s", layer.name);
    if (layer.frozen > 0 && layer.frozen == layer.parameters)
        g_print(" (frozen)");
    else if (layer.frozen > 0)
        g_print(" (%" G_GINT64_FORMAT " frozen)", layer.frozen);
    g_print("%s\n", layer.passes ? " (passes its input on)" : layer.alive ? "" : " (not needed)");
}

static void print_memory(const FvPlan *plan, FvPurpose purpose)
{
    const FvPlanMemory memory = fv_plan_memory(plan);
    const struct {
        const char *name;
        guint64 bytes;
    } parts[] = { { "parameters", memory.parameters },
                  { "gradients", memory.gradients },
                  { "optimizer", memory.optimizer },
                  { "values", memory.values },
                  { "scratch", memory.scratch } };
    g_autofree char *total = fv_cli_bytes(memory.total);
    g_print("memory to %s, batch of %d: %s (", purpose == FV_FOR_TRAINING ? "train" : "predict", fv_plan_batch(plan),
            total);
    gboolean first = TRUE;
    for (guint i = 0; i < G_N_ELEMENTS(parts); i++) {
        g_autofree char *bytes = fv_cli_bytes(parts[i].bytes);
        if (parts[i].bytes)
            g_print("%s%s %s", first ? "" : ", ", parts[i].name, bytes);
        first &= parts[i].bytes == 0;
    }
    g_print(")\n");
}

/* Graphviz reads UTF-8 in every locale, into which g_print() would bring it. */
static void print_dot(const FvPlan *plan, const FvGraph *graph)
{
    g_autofree char *text = fv_dot_text(plan, graph);
    fputs(text, stdout);
}

static gboolean write_svg(const FvPlan *plan, const FvGraph *graph, const char *file, GError **error)
{
    g_autofree char *svg = fv_dot_svg(plan, graph, error);
    if (svg)
        return fv_file_replace(file, svg, strlen(svg), error);
    g_prefix_error(error, "--svg: ");
    return FALSE;
}

static gint64 needed(const FvPlan *plan)
{
    return fv_plan_parameter_count(plan) - fv_plan_idle_parameter_count(plan);
}

/* Layers that keep the training split: how large that is, only the data know. */
static void print_kept(const FvPlan *plan)
{
    guint64 reals = 0;
    for (guint i = 0; i < fv_plan_params(plan); i++) {
        const FvParamSpec spec = fv_plan_param(plan, i).spec;
        guint64 row = spec.per_sample;
        for (int d = 1; d < spec.rank; d++)
            row *= (guint64) spec.dims[d];
        reals += row;
    }
    g_autofree char *bytes = fv_cli_bytes(reals * fv_plan_real_size(plan));
    if (reals > 0)
        g_print("and %s for each image of the training split, which the net keeps\n", bytes);
}

/* @prediction: the same net without what only losses need. */
static void print_table(const FvPlan *plan, const FvPlan *prediction, FvPurpose purpose)
{
    const int width = path_width(plan);
    g_autofree char *flops = flops_text(fv_plan_flops(plan));
    g_print("%-*s  %-12s %12s %10s %11s\n", width, "layer", "output", "parameters", "FLOPs", "memory");
    for (guint i = 0; i < fv_plan_layers(plan); i++)
        print_layer(plan, i, width);
    g_print("\n%" G_GINT64_FORMAT " parameters, %s FLOPs for an image\n", fv_plan_parameter_count(plan), flops);
    if (fv_plan_frozen_parameter_count(plan) > 0)
        g_print("%" G_GINT64_FORMAT " of them trainable, %" G_GINT64_FORMAT " frozen\n",
                fv_plan_parameter_count(plan) - fv_plan_frozen_parameter_count(plan),
                fv_plan_frozen_parameter_count(plan));
    if (fv_plan_idle_parameter_count(prediction)) {
        g_autofree char *fewer = flops_text(fv_plan_flops(prediction));
        g_print("%" G_GINT64_FORMAT " parameters, %s FLOPs for an image in prediction\n", needed(prediction), fewer);
    }
    print_memory(plan, purpose);
    print_kept(plan);
}

static void add_layer(JsonBuilder *builder, const FvPlan *plan, guint i)
{
    const FvPlanLayer layer = fv_plan_layer(plan, i);
    json_builder_begin_object(builder);
    fv_json_string(builder, "path", layer.path);
    fv_json_string(builder, "kind", layer.kind);
    json_builder_set_member_name(builder, "output");
    json_builder_begin_array(builder);
    json_builder_add_int_value(builder, layer.out.c);
    json_builder_add_int_value(builder, layer.out.h);
    json_builder_add_int_value(builder, layer.out.w);
    json_builder_end_array(builder);
    json_builder_set_member_name(builder, "inputs");
    json_builder_begin_array(builder);
    for (int k = 0; k < layer.input_count; k++)
        json_builder_add_string_value(builder, fv_plan_layer(plan, (guint) layer.inputs[k]).path);
    json_builder_end_array(builder);
    fv_json_int(builder, "parameters", layer.parameters);
    fv_json_int(builder, "frozen", layer.frozen);
    fv_json_int(builder, "flops", (gint64) (layer.passes ? 0 : layer.flops));
    fv_json_int(builder, "bytes", (gint64) (layer.passes ? 0 : value_bytes(plan, layer.out)));
    json_builder_end_object(builder);
}

static void print_json(const FvPlan *plan, const FvPlan *prediction)
{
    g_autoptr(JsonBuilder) builder = json_builder_new();
    json_builder_begin_object(builder);
    json_builder_set_member_name(builder, "layers");
    json_builder_begin_array(builder);
    for (guint i = 0; i < fv_plan_layers(plan); i++)
        add_layer(builder, plan, i);
    json_builder_end_array(builder);
    fv_json_int(builder, "parameters", fv_plan_parameter_count(plan));
    fv_json_int(builder, "frozen", fv_plan_frozen_parameter_count(plan));
    fv_json_int(builder, "flops", (gint64) fv_plan_flops(plan));
    json_builder_set_member_name(builder, "prediction");
    json_builder_begin_object(builder);
    fv_json_int(builder, "parameters", needed(prediction));
    fv_json_int(builder, "flops", (gint64) fv_plan_flops(prediction));
    json_builder_end_object(builder);
    fv_json_int(builder, "batch", fv_plan_batch(plan));
    fv_json_int(builder, "bytes", (gint64) fv_plan_memory(plan).total);
    json_builder_end_object(builder);
    fv_cli_print_json(builder);
}

/* NULL after the mistakes were printed. */
static FvPlan *make_plan(const FvGraph *graph, FvPurpose purpose)
{
    /* PoCL's, so that the numbers are those of a run on a CPU. */
    enum { USUAL_LOCAL_MEMORY = 1 << 20 };
    const FvPlanSettings settings = {
        .purpose = purpose, .batch = graph->batch, .local_memory = USUAL_LOCAL_MEMORY, .family = fv_device_family(NULL)
    };
    g_autoptr(GError) error = NULL;
    g_autoptr(FvDiag) diag = fv_diag_new();
    FvPlan *plan = fv_plan_new(graph, &settings, diag);
    if (!plan) {
        fv_diag_check(diag, &error);
        fv_cli_fail(error);
    }
    return plan;
}

int fv_cli_check(int argc, char **argv)
{
    gboolean dot = FALSE, json = FALSE;
    g_autofree char *svg = NULL;
    const GOptionEntry own[] = {
        { "dot", 0, 0, G_OPTION_ARG_NONE, &dot, "Print a drawing for Graphviz instead", NULL },
        { "svg", 0, 0, G_OPTION_ARG_FILENAME, &svg, "Draw the net, by Graphviz, instead", "FILE" },
        { "json", 0, 0, G_OPTION_ARG_NONE, &json, "Print an object instead", NULL },
        G_OPTION_ENTRY_NULL,
    };
    g_auto(FvCliOptions) options = { 0 };
    if (!fv_cli_parse(&help, FV_CLI_SETS | FV_CLI_FREEZE, own, &options, argc, argv) ||
        !fv_cli_count(&help, &options, 1, 1))
        return FV_CLI_WRONG;
    if (dot + json + (svg != NULL) > 1)
        return fv_cli_usage("check", "--dot, --svg and --json: one of them");
    g_autoptr(FvPipeline) pipeline = fv_cli_pipeline(&options);
    if (!pipeline)
        return FV_CLI_WRONG;
    g_autoptr(GError) wrong = NULL;
    if (!fv_sweep_check(options.rest[0], (const char *const *) options.sets, pipeline, &wrong))
        return fv_cli_fail(wrong);

    const FvGraph *graph = pipeline->graph;
    const gboolean trains = graph->losses->len > 0 && graph->optimizer.plugin;
    const FvPurpose purpose = trains ? FV_FOR_TRAINING : graph->losses->len > 0 ? FV_FOR_EVALUATION : FV_FOR_PREDICTION;
    g_autoptr(FvPlan) plan = make_plan(graph, purpose);
    g_autoptr(FvPlan) prediction = plan ? make_plan(graph, FV_FOR_PREDICTION) : NULL;
    if (!prediction)
        return FV_CLI_WRONG;
    if (svg) {
        g_autoptr(GError) error = NULL;
        return write_svg(plan, graph, svg, &error) ? FV_CLI_DONE : fv_cli_fail(error);
    }
    if (dot)
        print_dot(plan, graph);
    else if (json)
        print_json(plan, prediction);
    else
        print_table(plan, prediction, purpose);
    return FV_CLI_DONE;
}
