/* SPDX-License-Identifier: MIT
 * test_zoo: the nets of pipelines/ beside torchvision's own classes, with an eighth of the channels on small images.
 *
 * tests/golden/zoo.py writes zoo.json: names and shapes of all parameters (a digest), the output, and norms and
 * projections of gradients. Weights and inputs follow from names alone, by the rule that fill() has here and there. */
#include "core/device/device.h"
#include "core/train/apply.h"
#include "core/train/pipeline.h"

#include <glib/gstdio.h>
#include <json-glib/json-glib.h>
#include <math.h>
#include <string.h>

#define OUTPUT_TOLERANCE 1e-4
#define GRADIENT_TOLERANCE 1e-3

static FvDevice *device;
static char *folder;

static void G_GNUC_PRINTF(1, 2) complain(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *text = g_strdup_vprintf(format, args);
    va_end(args);
    g_test_message("%s", text);
    g_test_fail();
}

/* ------------------------------------------------------------------ numbers */

/* From -1 to 1, by a name and a place: FNV-1a, then a mixer of 32 bits. */
static double hashed(const char *name, guint32 at)
{
    guint32 key = 0x811C9DC5;
    for (; *name; name++)
        key = (key ^ (guint8) *name) * 0x01000193;
    guint32 h = at * 0x9E3779B9 + key;
    h = (h ^ (h >> 16)) * 0x7FEB352D;
    h = (h ^ (h >> 15)) * 0x846CA68B;
    h ^= h >> 16;
    return (double) (h >> 8) / (1 << 23) - 1;
}

static FvTensor *fill(const char *name, const FvParamSpec *spec)
{
    gint64 dims[4] = { 0 };
    double fan_in = 1;
    for (int d = 0; d < spec->rank; d++) {
        dims[d] = spec->dims[d];
        fan_in *= d > 0 ? spec->dims[d] : 1;
    }
    FvTensor *tensor = fv_tensor_new(FV_F32, spec->rank, dims, NULL);
    for (gint64 i = 0; i < fv_tensor_elements(tensor); i++) {
        const double u = hashed(name, (guint32) i);
        const double value = g_str_has_suffix(name, "running_var")    ? 1.25 + 0.75 * u
                             : g_str_has_suffix(name, "running_mean") ? 0.5 * u
                             : spec->rank > 1                         ? u * sqrt(6 / fan_in)
                             : g_str_has_suffix(name, "weight")       ? 1 + 0.5 * u
                                                                      : 0.25 * u;
        fv_tensor_set(tensor, i, value);
    }
    return tensor;
}

static FvTensor *images(const char *key, int samples, FvShape shape)
{
    FvTensor *tensor = fv_tensor_new(FV_F32, 4, (const gint64[]){ samples, shape.c, shape.h, shape.w }, NULL);
    for (gint64 i = 0; i < fv_tensor_elements(tensor); i++)
        fv_tensor_set(tensor, i, 1.7 * hashed(key, (guint32) i));
    return tensor;
}

static FvTensor *target(int samples, gint64 classes)
{
    FvTensor *tensor = fv_tensor_new(FV_I64, 1, (const gint64[]){ samples }, NULL);
    for (gint64 i = 0; i < samples; i++)
        ((gint64 *) tensor->data)[i] = i % classes;
    return tensor;
}

/* ---------------------------------------------------------------- parameters */

static int by_text(gconstpointer a, gconstpointer b)
{
    return strcmp(*(char *const *) a, *(char *const *) b);
}

/* Names and shapes of everything that a state_dict would hold. */
static void check_names(const FvPlan *plan, const char *expected)
{
    g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
    for (guint i = 0; i < fv_plan_params(plan); i++) {
        const FvPlanParam param = fv_plan_param(plan, i);
        g_autoptr(FvTensor) tensor = fill(param.name, &param.spec);
        g_autofree char *dims = fv_tensor_dims_text(tensor);
        g_ptr_array_add(lines, g_strdup_printf("%s %s\n", param.name, dims));
    }
    g_ptr_array_sort(lines, by_text);
    for (guint i = 0; i < lines->len; i++)
        g_checksum_update(sum, lines->pdata[i], -1);
    if (strcmp(g_checksum_get_string(sum), expected) != 0)
        complain("names or shapes of parameters are not torchvision's");
}

static gboolean write_weights(const FvPlan *plan, const char *file, GError **error)
{
    g_autoptr(FvTensors) tensors = fv_tensors_new();
    for (guint i = 0; i < fv_plan_params(plan); i++) {
        const FvPlanParam param = fv_plan_param(plan, i);
        if (!fv_tensors_add(tensors, param.name, fill(param.name, &param.spec), error))
            return FALSE;
    }
    return fv_safetensors_write(file, tensors, NULL, error);
}

/* -------------------------------------------------------------------- results */

static void check_output(const FvApplySettings *settings, JsonObject *entry, const FvTensor *in)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(FvTensor) out = fv_apply_forward(settings, in, "in", &error);
    JsonArray *expected = json_object_get_array_member(entry, "out");
    if (!out) {
        complain("%s", error->message);
        return;
    }
    g_assert_cmpint(fv_tensor_elements(out), ==, json_array_get_length(expected));
    double largest = 0, worst = 0;
    for (guint i = 0; i < json_array_get_length(expected); i++) {
        const double want = json_array_get_double_element(expected, i);
        const double off = fabs(fv_tensor_get(out, i) - want);
        largest = MAX(largest, fabs(want));
        worst = isnan(off) ? INFINITY : MAX(worst, off);
    }
    g_test_message("output: off by %.2g of its largest value", worst / largest);
    if (!(worst <= OUTPUT_TOLERANCE * largest))
        complain("output: off by %.3g, tolerated %.3g", worst, OUTPUT_TOLERANCE * largest);
}

static double project(const FvTensor *tensor, const char *which, const char *name)
{
    g_autofree char *key = g_strconcat(which, name, NULL);
    double sum = 0;
    for (gint64 i = 0; i < fv_tensor_elements(tensor); i++)
        sum += hashed(key, (guint32) i) < 0 ? -fv_tensor_get(tensor, i) : fv_tensor_get(tensor, i);
    return sum;
}

/* An error as large as a thousandth of the gradient changes its projections by about as much. */
static double gradient_error(const FvTensor *tensor, const char *name, JsonArray *expected)
{
    double square = 0;
    for (gint64 i = 0; i < fv_tensor_elements(tensor); i++)
        square += fv_tensor_get(tensor, i) * fv_tensor_get(tensor, i);
    const double norm = json_array_get_double_element(expected, 0);
    const double errors[] = { fabs(sqrt(square) - norm),
                              fabs(project(tensor, "a:", name) - json_array_get_double_element(expected, 1)),
                              fabs(project(tensor, "b:", name) - json_array_get_double_element(expected, 2)) };
    return isnan(square) ? INFINITY : MAX(errors[0], MAX(errors[1], errors[2])) / norm;
}

static void check_gradients(const FvApplySettings *settings, JsonObject *entry, const FvTensor *in,
                            const FvTensor *classes)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(FvTensors) grads = NULL;
    JsonObject *expected = json_object_get_object_member(entry, "grads");
    const double want = json_object_get_double_member(entry, "loss");
    double loss, worst = 0;
    if (!fv_apply_gradients(settings, in, "in", classes, "target", &loss, &grads, &error)) {
        complain("%s", error->message);
        return;
    }
    if (!(fabs(loss - want) <= OUTPUT_TOLERANCE * fabs(want)))
        complain("loss: is %.9g, expected %.9g", loss, want);
    g_assert_cmpuint(fv_tensors_count(grads), ==, json_object_get_size(expected));
    for (guint i = 0; i < fv_tensors_count(grads); i++) {
        const FvNamedTensor *named = fv_tensors_at(grads, i);
        g_assert_true(json_object_has_member(expected, named->name));
        const double off =
            gradient_error(named->tensor, named->name, json_object_get_array_member(expected, named->name));
        worst = MAX(worst, off);
        if (!(off <= GRADIENT_TOLERANCE))
            complain("gradient of %s: off by %.3g of its norm, tolerated %.3g", named->name, off, GRADIENT_TOLERANCE);
    }
    g_test_message("gradients: off by %.2g of their norms at most", worst);
}

static FvPipeline *open_net(JsonObject *entry, GError **error)
{
    g_autofree char *name = g_strconcat(json_object_get_string_member(entry, "net"), ".fv", NULL);
    g_autofree char *file = g_build_filename(g_getenv("G_TEST_SRCDIR"), "..", "pipelines", name, NULL);
    g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
    JsonArray *sets = json_object_get_array_member(entry, "sets");
    for (guint i = 0; i < json_array_get_length(sets); i++)
        g_strv_builder_add(builder, json_array_get_string_element(sets, i));
    g_auto(GStrv) all = g_strv_builder_end(builder);
    return fv_pipeline_open(file, (const char *const *) all, error);
}

static void test_net(gconstpointer data)
{
    JsonObject *entry = (JsonObject *) data;
    g_autoptr(GError) error = NULL;
    g_autoptr(FvDiag) diag = fv_diag_new();
    g_autofree char *weights = g_build_filename(folder, "weights.safetensors", NULL);
    g_autoptr(FvPipeline) pipeline = open_net(entry, &error);
    g_assert_no_error(error);
    const FvPlanSettings wanted = { .purpose = FV_FOR_TRAINING,
                                    .batch = (int) json_object_get_int_member(entry, "batch") };
    g_autoptr(FvPlan) plan = fv_plan_new(pipeline->graph, &wanted, diag);
    g_assert_nonnull(plan);
    g_assert_cmpint(fv_plan_parameter_count(plan), ==, json_object_get_int_member(entry, "parameters"));
    check_names(plan, json_object_get_string_member(entry, "digest"));
    g_assert_true(write_weights(plan, weights, &error));

    const FvApplySettings settings = { .graph = pipeline->graph, .device = device, .begin = { .file = weights } };
    g_autoptr(FvTensor) in =
        images(json_object_get_string_member(entry, "input"), wanted.batch, fv_plan_input_shape(plan));
    check_output(&settings, entry, in);
    if (json_object_has_member(entry, "grads")) {
        g_autoptr(FvTensor) classes = target(wanted.batch, fv_shape_elements(fv_plan_output_shape(plan)));
        check_gradients(&settings, entry, in, classes);
    }
    g_remove(weights);
}

int main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(JsonParser) parser = json_parser_new();
    g_test_init(&argc, &argv, NULL);
    g_autofree char *file = g_build_filename(g_getenv("G_TEST_SRCDIR"), "golden", "zoo.json", NULL);
    device = fv_device_open(NULL, &error);
    folder = g_dir_make_tmp("fovea-zoo-XXXXXX", NULL);
    if (!device || !folder || !json_parser_load_from_file(parser, file, &error))
        g_error("%s", error ? error->message : "no temporary folder");
    JsonArray *nets = json_node_get_array(json_parser_get_root(parser));
    for (guint i = 0; i < json_array_get_length(nets); i++) {
        JsonObject *entry = json_array_get_object_element(nets, i);
        g_autofree char *path = g_strconcat("/zoo/", json_object_get_string_member(entry, "net"), NULL);
        g_test_add_data_func(path, entry, test_net);
    }
    const int code = g_test_run();
    g_rmdir(folder);
    g_free(folder);
    fv_device_close(device);
    return code;
}
