/* SPDX-License-Identifier: MIT
 * test_layers.c: walks the registry: gradients, determinism and lanes of every layer and loss, options of every plugin.
 *
 * Nothing here names a plugin: what the search path holds is tested, by the pipelines that fv_gradcheck_pipelines()
 * makes of its examples. Each check of a plugin is a test case of its own: `test_layers -p /layers/conv` is all of one
 * plugin, `test_layers layers loss` all of these kinds, `test_layers layers:1/2` every second layer, `test_layers
 * layers/conv/lanes layers/mul/lanes` these cases.
 */
#include "core/descriptor.h"
#include "core/exec/exec.h"
#include "core/options.h"
#include "core/train/gradcheck.h"
#include "core/train/pipeline.h"
#include "core/train/tally.h"
#include "core/train/targets.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Largest difference between results of different lanes, in units of the tensor's own largest, but of SMALL times the
 * largest of all at least: a gradient that is zero in theory is some rounding error in practice. */
#define TOLERANCE 1e-4
#define SMALL 0.01

enum { SEED = 7 };

typedef struct {
    FvKind kind;
    char *name;
    int lanes, batch;
} Case;

static FvDevice *device;          /* one for all cases, opened by main() */
static const char *const *wanted; /* arguments: kinds and cases; none: all */
static gboolean in_share;         /* the plugin at hand is among the wanted */

/* As the folders of plugins/. */
static const char *const folders[FV_KINDS] = {
    [FV_SOURCE] = "source", [FV_AUGMENT] = "augment",   [FV_LAYER] = "layers",  [FV_LOSS] = "loss",
    [FV_OPTIM] = "optim",   [FV_SCHEDULE] = "schedule", [FV_METRIC] = "metric",
};

/* Notes a failure and goes on, so that one run tells everything that is wrong. */
static void G_GNUC_PRINTF(1, 2) complain(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *text = g_strdup_vprintf(format, args);
    va_end(args);
    g_test_message("%s", text);
    g_test_fail();
}

static void set_lanes(int lanes)
{
    g_autofree char *text = g_strdup_printf("%d", lanes);
    g_setenv("FOVEA_LANES", text, TRUE);
}

static const FvPlugin *find(FvRegistry *registry, const Case *c)
{
    g_autoptr(GError) error = NULL;
    const FvPlugin *plugin = fv_registry_find(registry, c->kind, c->name, &error);
    g_assert_no_error(error);
    return plugin;
}

/* The plugin's pipelines, each of them parsed and resolved. */
static GPtrArray *open_pipelines(const Case *c)
{
    g_autoptr(FvRegistry) registry = fv_registry_new();
    g_auto(GStrv) texts = fv_gradcheck_pipelines(find(registry, c));
    GPtrArray *pipelines = g_ptr_array_new_with_free_func((GDestroyNotify) fv_pipeline_free);
    for (int i = 0; texts && texts[i]; i++) {
        g_autoptr(GError) error = NULL;
        g_autofree char *name = g_strdup_printf("(%s, example %d)", c->name, i + 1);
        FvPipeline *pipeline = fv_pipeline_from_text(name, texts[i], &error);
        if (pipeline)
            g_ptr_array_add(pipelines, pipeline);
        else
            complain("%s\n%s", error->message, texts[i]);
    }
    return pipelines;
}

/* ---------------------------------------------------------------- gradients */

static void on_result(const FvGradcheckResult *result, gpointer data)
{
    if (!(result->worst <= FV_GRADCHECK_TOLERANCE))
        complain("%s: %s: worst relative error %.2e of %d elements", (const char *) data, result->name, result->worst,
                 result->checked);
}

static void test_gradients(gconstpointer data)
{
    const Case *c = data;
    if (!device->info->has_double) {
        g_test_skip("the device has no double precision");
        return;
    }
    set_lanes(c->lanes);
    g_autoptr(GPtrArray) pipelines = open_pipelines(c);
    for (guint i = 0; i < pipelines->len; i++) {
        g_autoptr(GError) error = NULL;
        const FvGraph *graph = ((FvPipeline *) pipelines->pdata[i])->graph;
        const FvGradcheckSettings settings = {
            .graph = graph, .device = device, .seed = SEED, .batch = c->batch, .tolerance = FV_GRADCHECK_TOLERANCE
        };
        gboolean passed = FALSE;
        if (!fv_gradcheck(&settings, on_result, (gpointer) graph->file, &passed, &error))
            complain("%s: %s", graph->file, error->message);
        else if (!passed)
            g_test_fail();
    }
}

/* ------------------------------------------------------------- one step, float */

/* A plan of a pipeline, with random parameters, input and targets. */
typedef struct {
    FvPlan *plan;
    const FvGraph *graph;
    int batch;
} Net;

static void net_clear(Net *net)
{
    g_clear_pointer(&net->plan, fv_plan_free);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Net, net_clear)

static void write_random(Net *net, FvBuffer *buffer, FvShape shape, guint32 stream)
{
    g_autoptr(GError) error = NULL;
    const gint64 dims[] = { net->batch, shape.c, shape.h, shape.w };
    g_autoptr(FvTensor) tensor = fv_tensor_new(FV_F32, 4, dims, &error);
    FvRandom random = fv_random(SEED, 0, 0, stream);
    g_assert_no_error(error);
    for (gint64 i = 0; i < fv_tensor_elements(tensor); i++)
        fv_tensor_set(tensor, i, fv_random_gaussian(&random));
    fv_plan_write_value(net->plan, buffer, shape, net->batch, tensor, &error);
    g_assert_no_error(error);
}

static Net net_open(const FvGraph *graph, int lanes, int batch)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(FvDiag) diag = fv_diag_new();
    FvPlanSettings settings = {
        .purpose = FV_FOR_TRAINING,
        .batch = batch,
        .lanes = lanes,
        .input_gradient = TRUE,
        .fit_samples = 2100, /* more than one piece of whatever keeps them */
    };
    fv_plan_settings_for(device, &settings);
    Net net = { fv_plan_new(graph, &settings, diag), graph, batch };
    fv_diag_check(diag, &error);
    g_assert_no_error(error);
    g_assert_cmpint(fv_plan_lanes(net.plan), ==, lanes);
    fv_plan_load(net.plan, device, NULL, &error);
    g_assert_no_error(error);
    fv_plan_initialise(net.plan, SEED, &error);
    g_assert_no_error(error);
    write_random(&net, fv_plan_input(net.plan), fv_plan_input_shape(net.plan), 1);
    fv_random_targets(net.plan, graph, batch, SEED, &error);
    g_assert_no_error(error);
    return net;
}

static void enqueue(Net *net, FvListKind kind)
{
    g_autoptr(GError) error = NULL;
    const FvStep step = { .step = 3, .seed = SEED };
    const FvList *list = fv_plan_list(net->plan, kind, net->batch, &error);
    g_assert_no_error(error);
    fv_exec_enqueue(device, list, &step, &error);
    g_assert_no_error(error);
}

static double read_loss(Net *net)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(FvTally) tally = fv_tally_new(net->plan);
    fv_tally_step(tally, net->batch);
    fv_tally_flush(tally, &error);
    g_assert_no_error(error);
    return fv_tally_totals(tally).loss;
}

static void results_add(GPtrArray *results, int rank, const gint64 *dims, const double *numbers)
{
    FvTensor *tensor = fv_tensor_new(FV_F64, rank, dims, NULL);
    memcpy(tensor->data, numbers, (size_t) fv_tensor_elements(tensor) * sizeof *numbers);
    g_ptr_array_add(results, tensor);
}

static void results_add_value(GPtrArray *results, Net *net, FvBuffer *buffer, FvShape shape)
{
    g_autoptr(GError) error = NULL;
    const gint64 dims[] = { net->batch, shape.c, shape.h, shape.w };
    g_autofree double *numbers = g_new0(double, net->batch *fv_shape_elements(shape));
    if (buffer && !fv_plan_read_value(net->plan, buffer, shape, net->batch, numbers, &error))
        g_assert_no_error(error);
    results_add(results, 4, dims, numbers);
}

/* Loss, gradients of input and parameters of a training step; then the prediction. Every one a tensor of doubles,
 * always in the same order. */
static GPtrArray *run(Net *net)
{
    g_autoptr(GError) error = NULL;
    GPtrArray *results = g_ptr_array_new_with_free_func((GDestroyNotify) fv_tensor_free);
    enqueue(net, FV_LIST_GRADIENT);
    const double loss = read_loss(net);
    results_add(results, 1, (const gint64[]){ 1 }, &loss);
    results_add_value(results, net, fv_plan_input_gradient(net->plan), fv_plan_input_shape(net->plan));
    for (guint i = 0; i < fv_plan_params(net->plan); i++) {
        if (!fv_plan_param(net->plan, i).trained)
            continue;
        FvTensor *gradient = fv_plan_get_gradient(net->plan, i, &error);
        g_assert_no_error(error);
        g_ptr_array_add(results, gradient);
    }
    enqueue(net, FV_LIST_PACK);
    enqueue(net, FV_LIST_PREDICT);
    results_add_value(results, net, fv_plan_output(net->plan), fv_plan_output_shape(net->plan));
    return results;
}

/* What results_... put at a place, for messages. */
static char *result_name(const Net *net, guint place, guint count)
{
    static const char *const first[] = { "loss", "gradient of the input" };
    if (place < G_N_ELEMENTS(first))
        return g_strdup(first[place]);
    if (place + 1 == count)
        return g_strdup("prediction");
    guint left = place - G_N_ELEMENTS(first), i = 0;
    while (!fv_plan_param(net->plan, i).trained || left-- > 0)
        i++;
    return g_strdup_printf("gradient of %s", fv_plan_param(net->plan, i).name);
}

/* -------------------------------------------------------------- determinism */

static void compare_bits(const Net *net, const GPtrArray *a, const GPtrArray *b, const char *when)
{
    g_assert_cmpuint(a->len, ==, b->len);
    for (guint i = 0; i < a->len; i++) {
        const FvTensor *x = a->pdata[i], *y = b->pdata[i];
        g_autofree char *name = result_name(net, i, a->len);
        g_assert_cmpint(fv_tensor_elements(x), ==, fv_tensor_elements(y));
        if (memcmp(x->data, y->data, (size_t) fv_tensor_elements(x) * fv_dtype_size(x->dtype)) != 0)
            complain("%s: %s: other bits %s", net->graph->file, name, when);
    }
}

static void test_determinism(gconstpointer data)
{
    const Case *c = data;
    g_autoptr(GPtrArray) pipelines = open_pipelines(c);
    for (guint i = 0; i < pipelines->len; i++) {
        const FvGraph *graph = ((FvPipeline *) pipelines->pdata[i])->graph;
        g_auto(Net) net = net_open(graph, c->lanes, c->batch);
        g_auto(Net) other = net_open(graph, c->lanes, c->batch);
        g_autoptr(GPtrArray) first = run(&net);
        g_autoptr(GPtrArray) fresh = run(&other);
        compare_bits(&net, first, fresh, "in a second plan");
        /* Statistics have moved meanwhile: what they change is the prediction, the last result. */
        g_autoptr(GPtrArray) second = run(&net);
        g_ptr_array_set_size(first, (gint) first->len - 1);
        g_ptr_array_set_size(second, (gint) second->len - 1);
        compare_bits(&net, first, second, "the second time");
    }
}

/* -------------------------------------------------------------------- lanes */

static double largest(const FvTensor *tensor)
{
    double most = 0;
    for (gint64 i = 0; i < fv_tensor_elements(tensor); i++)
        most = MAX(most, fabs(fv_tensor_get(tensor, i)));
    return most;
}

static double distance(const FvTensor *a, const FvTensor *b)
{
    double most = 0;
    g_assert_cmpint(fv_tensor_elements(a), ==, fv_tensor_elements(b));
    for (gint64 i = 0; i < fv_tensor_elements(a); i++) {
        const double off = fabs(fv_tensor_get(a, i) - fv_tensor_get(b, i));
        most = isnan(off) ? INFINITY : MAX(most, off);
    }
    return most;
}

static void compare_near(const Net *net, const GPtrArray *a, const GPtrArray *b)
{
    double most = 0;
    for (guint i = 1; i + 1 < a->len; i++) /* of gradients: loss and prediction have their own size */
        most = MAX(most, largest(a->pdata[i]));
    for (guint i = 0; i < a->len; i++) {
        const double scale = MAX(largest(a->pdata[i]), SMALL * most), off = distance(a->pdata[i], b->pdata[i]);
        g_autofree char *name = result_name(net, i, a->len);
        if (!(off <= TOLERANCE * scale))
            complain("%s: %s: lanes 1 and %d are %.3g apart, largest %.3g", net->graph->file, name,
                     fv_plan_lanes(net->plan), off, scale);
    }
}

static void test_lanes(gconstpointer data)
{
    static const int others[] = { 8, 16 };
    const Case *c = data;
    g_autoptr(GPtrArray) pipelines = open_pipelines(c);
    for (guint i = 0; i < pipelines->len; i++) {
        const FvGraph *graph = ((FvPipeline *) pipelines->pdata[i])->graph;
        g_auto(Net) one = net_open(graph, 1, c->batch);
        g_autoptr(GPtrArray) expected = run(&one);
        for (guint k = 0; k < G_N_ELEMENTS(others); k++) {
            g_auto(Net) net = net_open(graph, others[k], c->batch);
            g_autoptr(GPtrArray) results = run(&net);
            compare_near(&net, expected, results);
        }
    }
}

/* ------------------------------------------------------------------ options */

static void check_default(const char *plugin, const FvOption *option)
{
    const double high = option->type == FV_TYPE_RANGE ? option->def_hi : option->def;
    int choices = 0;
    while (option->choices && option->choices[choices])
        choices++;
    if (option->min < option->max && !(option->min <= option->def && option->def <= high && high <= option->max))
        complain("%s: %s: its default, %g..%g, is not within %g..%g", plugin, option->name, option->def, high,
                 option->min, option->max);
    if (option->type == FV_TYPE_CHOICE && !(option->def >= 0 && option->def < choices))
        complain("%s: %s: its default is none of the %d choices", plugin, option->name, choices);
    if (option->type == FV_TYPE_INIT && option->def_text && !fv_init_parse(option->def_text, NULL))
        complain("%s: %s: its default, %s, is no initialisation", plugin, option->name, option->def_text);
}

static void check_option(const char *plugin, const FvOption *option)
{
    g_autofree char *range = fv_option_range(option);
    if (!fv_name_valid(option->name))
        complain("%s: %s: not a name", plugin, option->name);
    if (!option->help || !*option->help || g_str_has_suffix(option->help, "."))
        complain("%s: %s: help is missing, or ends with a full stop", plugin, option->name);
    if (option->type != FV_TYPE_VALUES && (!range || !*range))
        complain("%s: %s: no range", plugin, option->name);
    if (!(option->flags & FV_REQUIRED))
        check_default(plugin, option);
}

/* A pipeline around one use of a plugin, for the kinds that fv_gradcheck_pipelines() has none for. */
static char *example_text(const FvPlugin *plugin, const char *example)
{
    const FvKind kind = plugin->kind;
    static const char net[] = "net { input(3, 8, 8) -> dense(4) as value }\n";
    static const struct {
        const char *before, *after;
    } around[FV_KINDS] = {
        [FV_SOURCE] = { "data { source = ", " }" },
        [FV_AUGMENT] = { "augment { ", " }" },
        [FV_LOSS] = { "loss = ", "" },
        [FV_OPTIM] = { "optimizer = ", "" },
        [FV_SCHEDULE] = { "schedule = ", "" },
        [FV_METRIC] = { "metric = ", "" },
    };
    if (kind == FV_AUGMENT && ((const FvAugment *) plugin)->choose)
        return g_strdup_printf("%saugment { { flip | } -> %s }\n", net, example);
    if (kind == FV_LAYER) /* one without input */
        return g_strdup_printf("net { %s -> dense(4) as value }\n", example);
    return g_strconcat(net, around[kind].before, example, around[kind].after, "\n", NULL);
}

static void check_text(const Case *c, const char *text)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(FvPipeline) pipeline = fv_pipeline_from_text(c->name, text, &error);
    if (!pipeline)
        complain("%s\n%s", error->message, text);
}

static void check_examples(const Case *c, const FvPlugin *plugin)
{
    const char *const alone[] = { plugin->name, NULL };
    g_auto(GStrv) texts = fv_gradcheck_pipelines(plugin);
    for (int i = 0; texts && texts[i]; i++)
        check_text(c, texts[i]);
    for (const char *const *example = plugin->examples ? plugin->examples : alone; !texts && *example; example++) {
        g_autofree char *text = example_text(plugin, *example);
        check_text(c, text);
    }
}

static void check_file(FvRegistry *registry, const FvPlugin *plugin)
{
    g_autofree char *end = g_strconcat(G_DIR_SEPARATOR_S, plugin->name, ".so", NULL);
    const char *file = fv_registry_file(registry, plugin);
    g_assert_true(file && g_path_is_absolute(file) && g_str_has_suffix(file, end));
    g_assert_true(g_file_test(file, G_FILE_TEST_IS_REGULAR));
}

static void test_options(gconstpointer data)
{
    const Case *c = data;
    g_autoptr(FvRegistry) registry = fv_registry_new();
    const FvPlugin *plugin = find(registry, c);
    if (!plugin)
        return;
    fv_state_free(fv_state_new(plugin)); /* defaults can be had */
    g_assert_true(fv_name_valid(plugin->name));
    g_assert_true(plugin->summary && *plugin->summary && !g_str_has_suffix(plugin->summary, "."));
    for (const FvOption *option = plugin->options; option && option->name; option++)
        check_option(plugin->name, option);
    check_file(registry, plugin);
    check_examples(c, plugin);
}

static void case_free(gpointer data)
{
    Case *c = data;
    g_free(c->name);
    g_free(c);
}

static void add_case(FvKind kind, const char *name, const char *what, int lanes, int batch, GTestDataFunc func)
{
    g_autofree char *path = g_strdup_printf("/%s/%s/%s", folders[kind], name, what);
    if (*wanted && !in_share && !g_strv_contains(wanted, path + 1))
        return;
    const Case c = { .kind = kind, .name = g_strdup(name), .lanes = lanes, .batch = batch };
    g_test_add_data_func_full(path, g_memdup2(&c, sizeof c), func, case_free);
}

static gboolean has_gradient(const FvPlugin *plugin)
{
    return plugin->kind != FV_LAYER || !((const FvLayer *) plugin)->no_gradient;
}

static void add_net_cases(const FvPlugin *plugin)
{
    const FvKind kind = plugin->kind;
    const char *name = plugin->name;
    /* 3 samples leave lanes empty, 17 take a second block. */
    static const int gradients[][2] = { { 1, 3 }, { 8, 3 }, { 16, 3 }, { 16, 17 } };
    for (guint i = 0; i < G_N_ELEMENTS(gradients) && has_gradient(plugin); i++) {
        g_autofree char *what = g_strdup_printf("gradients-lanes-%d-batch-%d", gradients[i][0], gradients[i][1]);
        add_case(kind, name, what, gradients[i][0], gradients[i][1], test_gradients);
    }
    add_case(kind, name, "determinism-lanes-1", 1, 17, test_determinism);
    add_case(kind, name, "determinism-lanes-16", 16, 17, test_determinism);
    add_case(kind, name, "lanes", 0, 17, test_lanes);
}

/* Arguments are names of kinds, `KIND:SHARE/SHARES`, which takes every so many-th plugin of one, and names of cases. */
static gboolean is_wanted(FvKind kind, guint number)
{
    for (const char *const *argument = wanted; *argument; argument++) {
        g_auto(GStrv) parts = g_strsplit(*argument, ":", 2);
        guint share = 1, shares = 1;
        if (!g_str_equal(parts[0], folders[kind]))
            continue;
        if (parts[1] && (sscanf(parts[1], "%u/%u", &share, &shares) != 2 || share < 1 || share > shares))
            g_error("%s: not a share like layers:1/2", *argument);
        if (number % shares == share - 1)
            return TRUE;
    }
    return FALSE;
}

/* A file outside of the kinds' folders is listed under every kind: it belongs to the one that finds it. */
static void add_kind(FvRegistry *registry, FvKind kind)
{
    g_auto(GStrv) names = fv_registry_names(registry, kind);
    for (char **name = names; *name; name++) {
        g_autoptr(GError) error = NULL;
        in_share = is_wanted(kind, (guint) (name - names));
        const FvPlugin *plugin = fv_registry_find(registry, kind, *name, &error);
        if (g_error_matches(error, FV_ERROR, FV_ERROR_UNKNOWN))
            continue;
        add_case(kind, *name, "options", 0, 0, test_options); /* says what is wrong, where it does not load */
        g_auto(GStrv) texts = plugin ? fv_gradcheck_pipelines(plugin) : NULL;
        if (texts)
            add_net_cases(plugin);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_set_nonfatal_assertions(); /* every case is run, whatever came before it */
    g_autoptr(GError) error = NULL;
    g_autoptr(FvRegistry) registry = fv_registry_new();
    device = fv_device_open(NULL, &error);
    g_assert_no_error(error);
    wanted = (const char *const *) argv + 1;
    for (int kind = 0; kind < FV_KINDS; kind++)
        add_kind(registry, (FvKind) kind);
    const int failed = g_test_run();
    fv_device_close(device);
    return failed;
}
