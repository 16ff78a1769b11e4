/* SPDX-License-Identifier: MIT
 * test_metric.c: metrics against what scikit-learn makes of the same scores and labels: metrics.json of tests/golden.
 */
#include "core/exec/exec.h"
#include "core/sink/run.h"
#include "core/train/pipeline.h"
#include "core/train/tally.h"

#include <json-glib/json-glib.h>
#include <math.h>
#include <string.h>

enum { BATCH = 16 }; /* the samples of no case are a multiple of it */

static FvDevice *device; /* one for all cases, opened by main() */

typedef struct {
    JsonObject *object; /* borrowed */
    int lanes;
} Case;

typedef struct {
    FvPipeline *pipeline;
    FvPlan *plan;
    FvTally *tally;
} Net;

static void net_clear(Net *net)
{
    g_clear_pointer(&net->tally, fv_tally_free);
    g_clear_pointer(&net->plan, fv_plan_free);
    g_clear_pointer(&net->pipeline, fv_pipeline_free);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Net, net_clear)

static JsonArray *array(const Case *c, const char *name)
{
    return json_object_get_array_member(c->object, name);
}

static double number(JsonArray *scores, guint sample, guint class)
{
    return json_array_get_double_element(json_array_get_array_element(scores, sample), class);
}

static int count_of(const Case *c)
{
    return (int) json_array_get_length(array(c, "labels"));
}

/* The net is its input alone, with all metrics of the case. */
static Net net_open(const Case *c)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(FvDiag) diag = fv_diag_new();
    const guint classes = json_array_get_length(json_array_get_array_element(array(c, "scores"), 0));
    JsonArray *uses = array(c, "uses");
    g_autoptr(GString) text = g_string_new(NULL);
    g_string_printf(text, "net { input(%u) as x }\nmetric = [", classes);
    for (guint i = 0; i < json_array_get_length(uses); i++)
        g_string_append_printf(text, "%s%s", i ? ", " : "",
                               json_object_get_string_member(json_array_get_object_element(uses, i), "use"));
    g_string_append(text, "]\n");
    FvPlanSettings settings = { .purpose = FV_FOR_EVALUATION, .batch = BATCH, .lanes = c->lanes, .slots = 8 };
    fv_plan_settings_for(device, &settings);
    Net net = { fv_pipeline_from_text("metric.fv", text->str, &error), NULL, NULL };
    g_assert_no_error(error);
    net.plan = fv_plan_new(net.pipeline->graph, &settings, diag);
    fv_diag_check(diag, &error);
    g_assert_no_error(error);
    fv_plan_load(net.plan, device, NULL, &error);
    g_assert_no_error(error);
    net.tally = fv_tally_new(net.plan);
    return net;
}

/* One batch, as evaluation takes it. */
static void step(const Net *net, const Case *c, int begin, int samples)
{
    g_autoptr(GError) error = NULL;
    const FvShape shape = fv_plan_input_shape(net->plan);
    g_autoptr(FvTensor) in = fv_tensor_new(FV_F32, 4, (const gint64[]){ samples, shape.c, 1, 1 }, NULL);
    g_autofree gint32 *labels = g_new(gint32, samples);
    for (int i = 0; i < samples; i++) {
        labels[i] = (gint32) json_array_get_int_element(array(c, "labels"), (guint) (begin + i));
        for (int k = 0; k < shape.c; k++)
            fv_tensor_set(in, i * shape.c + k, number(array(c, "scores"), (guint) (begin + i), (guint) k));
    }
    fv_plan_write_value(net->plan, fv_plan_input(net->plan), shape, samples, in, &error);
    g_assert_no_error(error);
    fv_device_write(device, fv_plan_target(net->plan, "label", NULL, NULL)->memory, 0,
                    (size_t) samples * sizeof *labels, labels, &error);
    g_assert_no_error(error);
    const FvList *list = fv_plan_list(net->plan, FV_LIST_EVALUATE, samples, &error);
    g_assert_no_error(error);
    fv_exec_enqueue(device, list, &(FvStep){ .slot = fv_tally_step(net->tally, samples) }, &error);
    g_assert_no_error(error);
}

static void check_scores(const Case *c, const GArray *scores, const char *which)
{
    JsonArray *uses = array(c, "uses");
    g_assert_cmpuint(scores->len, ==, json_array_get_length(uses));
    for (guint i = 0; i < scores->len; i++) {
        JsonObject *use = json_array_get_object_element(uses, i);
        const double got = g_array_index(scores, FvScore, i).value;
        const double expected = json_object_get_double_member(use, which);
        if (fabs(got - expected) <= 1e-12)
            continue;
        g_test_message("%s, %s: is %.15g, expected %.15g", json_object_get_string_member(use, "use"), which, got,
                       expected);
        g_test_fail();
    }
}

static void check_table(const Case *c, const Net *net)
{
    g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
    JsonArray *given = json_object_get_null_member(c->object, "names") ? NULL : array(c, "names");
    for (guint i = 0; given && i < json_array_get_length(given); i++)
        g_strv_builder_add(builder, json_array_get_string_element(given, i));
    g_auto(GStrv) names = g_strv_builder_end(builder);
    g_autofree char *text = fv_tally_tables(net->tally, given ? (const char *const *) names : NULL);
    g_assert_true(g_str_has_prefix(text, "confusion: "));
    g_assert_cmpstr(strchr(text, '\n') + 1, ==, json_object_get_string_member(c->object, "table"));
}

static void test_case(gconstpointer data)
{
    const Case *c = data;
    g_autoptr(GError) error = NULL;
    const int count = count_of(c), mark = (int) json_object_get_int_member(c->object, "mark");
    g_auto(Net) net = net_open(c);
    FvSums before = { 0 };
    for (int begin = 0; begin < count; begin += BATCH) {
        if (begin == mark) {
            fv_tally_flush(net.tally, &error);
            g_assert_no_error(error);
            fv_sums_copy(&before, fv_tally_sums(net.tally));
        }
        step(&net, c, begin, MIN(BATCH, count - begin));
    }
    fv_tally_flush(net.tally, &error);
    g_assert_no_error(error);
    g_autoptr(GArray) all = fv_tally_scores_since(net.tally, NULL);
    g_autoptr(GArray) rest = fv_tally_scores_since(net.tally, &before);
    check_scores(c, all, "all");
    check_scores(c, rest, "rest");
    check_table(c, &net);
    g_assert_cmpfloat(fv_tally_totals(net.tally).metric, ==, g_array_index(all, FvScore, 0).value);
    fv_sums_clear(&before);
}

/* Later metrics of one kind are numbered, so that each has a name of its own in the log. */
static void test_names(gconstpointer data)
{
    const Case *c = data;
    g_auto(Net) net = net_open(c);
    g_autoptr(GArray) scores = fv_tally_scores_since(net.tally, NULL);
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
    for (guint i = 0; i < scores->len; i++)
        g_assert_true(g_hash_table_add(seen, (char *) g_array_index(scores, FvScore, i).name));
    g_assert_true(g_hash_table_contains(seen, "precision"));
    g_assert_true(g_hash_table_contains(seen, "precision_2"));
    g_assert_cmpstr(fv_tally_metric(net.tally), ==, "accuracy");
}

/* Scores that are not numbers are no class: wrong, and in a column of their own. */
static void test_not_a_number(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(JsonParser) parser = json_parser_new();
    json_parser_load_from_data(parser,
                               "{\"scores\": [[1, 0], [0, 1], [1, 0]], \"labels\": [0, 0, 1], \"uses\": ["
                               "{\"use\": \"confusion(x)\"}, {\"use\": \"precision(x, class=0)\"}, "
                               "{\"use\": \"recall(x, class=0)\"}, {\"use\": \"accuracy(x)\"}]}",
                               -1, &error);
    g_assert_no_error(error);
    const Case c = { json_node_get_object(json_parser_get_root(parser)), 1 };
    json_array_remove_element(json_array_get_array_element(array(&c, "scores"), 0), 1);
    json_array_add_double_element(json_array_get_array_element(array(&c, "scores"), 0), (double) NAN);
    g_auto(Net) net = net_open(&c);
    step(&net, &c, 0, 3);
    fv_tally_flush(net.tally, &error);
    g_assert_no_error(error);
    g_autoptr(GArray) scores = fv_tally_scores_since(net.tally, NULL);
    for (guint i = 0; i < scores->len; i++)
        g_assert_cmpfloat(g_array_index(scores, FvScore, i).value, ==, 0);
    g_autofree char *table = fv_tally_tables(net.tally, NULL);
    g_assert_cmpstr(strchr(table, '\n') + 1, ==, "   0  1  none\n0  0  1     1\n1  1  0     0\n");
}

/* A class for each pixel: the mean over pixels is that of the sample. */
static void test_pixels(gconstpointer data)
{
    static const gint32 classes[3][2] = { { 0, 1 }, { 2, 2 }, { 1, 7 } };                   /* 7: there is none such */
    static const float scores[3][3][2] = { { { 5, 0 }, { 1, 1 }, { 2, 2 } },                /* right, second */
                                           { { 0, 4 }, { 1, 3 }, { 2, 5 } },                /* right, right */
                                           { { 3, (float) NAN }, { 2, 0 }, { 2.5f, 0 } } }; /* third, wrong */
    g_autoptr(GError) error = NULL;
    g_autoptr(FvDiag) diag = fv_diag_new();
    g_autoptr(FvTensor) in = fv_tensor_new(FV_F32, 4, (const gint64[]){ 3, 3, 1, 2 }, NULL);
    const FvPlanSettings settings = { .purpose = FV_FOR_EVALUATION, .batch = 3, .lanes = GPOINTER_TO_INT(data) };
    g_auto(Net) net = { fv_pipeline_from_text("metric.fv",
                                              "net { input(3, 1, 2) as x }\n"
                                              "metric = [accuracy(x, classes), topk(x, classes, 2), "
                                              "topk(x, classes, k=3)]\n",
                                              &error),
                        NULL, NULL };
    g_assert_no_error(error);
    net.plan = fv_plan_new(net.pipeline->graph, &settings, diag);
    fv_diag_check(diag, &error);
    g_assert_no_error(error);
    fv_plan_load(net.plan, device, NULL, &error);
    g_assert_no_error(error);
    net.tally = fv_tally_new(net.plan);
    memcpy(in->data, scores, sizeof scores);
    fv_plan_write_value(net.plan, fv_plan_input(net.plan), (FvShape){ 3, 1, 2 }, 3, in, &error);
    g_assert_no_error(error);

    const int lanes = fv_plan_lanes(net.plan);
    gint32 labels[32] = { 0 };
    FvShape shape;
    FvBuffer *target = fv_plan_target(net.plan, "classes", NULL, &shape);
    g_assert_true(fv_shape_equal(shape, (FvShape){ 1, 1, 2 }));
    for (int sample = 0; sample < 3; sample++)
        for (int pixel = 0; pixel < 2; pixel++)
            labels[(sample / lanes * 2 + pixel) * lanes + sample % lanes] = classes[sample][pixel];
    fv_device_write(device, target->memory, 0, (size_t) (lanes == 1 ? 6 : 2 * lanes) * sizeof *labels, labels, &error);
    g_assert_no_error(error);
    const FvList *list = fv_plan_list(net.plan, FV_LIST_EVALUATE, 3, &error);
    g_assert_no_error(error);
    fv_exec_enqueue(device, list, &(FvStep){ .slot = fv_tally_step(net.tally, 3) }, &error);
    g_assert_no_error(error);
    fv_tally_flush(net.tally, &error);
    g_assert_no_error(error);
    static const double expected[] = { 3 / 6., 4 / 6., 5 / 6. };
    g_autoptr(GArray) results = fv_tally_scores_since(net.tally, NULL);
    for (guint i = 0; i < results->len; i++)
        g_assert_cmpfloat_with_epsilon(g_array_index(results, FvScore, i).value, expected[i], 1e-7);
}

int main(int argc, char **argv)
{
    static const int lanes[] = { 1, 16 };
    g_test_init(&argc, &argv, NULL);
    g_autoptr(GError) error = NULL;
    g_autoptr(JsonParser) parser = json_parser_new();
    g_autofree char *path = g_test_build_filename(G_TEST_DIST, "golden", "metrics.json", NULL);
    json_parser_load_from_file(parser, path, &error);
    g_assert_no_error(error);
    device = fv_device_open(NULL, &error);
    g_assert_no_error(error);
    JsonArray *cases = json_node_get_array(json_parser_get_root(parser));
    for (guint i = 0; i < json_array_get_length(cases); i++)
        for (guint k = 0; k < G_N_ELEMENTS(lanes); k++) {
            g_autofree char *name = g_strdup_printf("/metric/case-%u/lanes-%d", i + 1, lanes[k]);
            const Case c = { json_array_get_object_element(cases, i), lanes[k] };
            g_test_add_data_func_full(name, g_memdup2(&c, sizeof c), test_case, g_free);
        }
    const Case first = { json_array_get_object_element(cases, 0), 1 };
    g_test_add_data_func("/metric/names", &first, test_names);
    g_test_add_func("/metric/not-a-number", test_not_a_number);
    g_test_add_data_func("/metric/pixels/lanes-1", GINT_TO_POINTER(1), test_pixels);
    g_test_add_data_func("/metric/pixels/lanes-16", GINT_TO_POINTER(16), test_pixels);
    const int failed = g_test_run();
    fv_device_close(device);
    return failed;
}
