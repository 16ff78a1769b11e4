/* SPDX-License-Identifier: MIT
 * test_optim.c: optimizers and schedules against what PyTorch made of the same steps: optim.json, optim_net.json,
 * schedule.json and course.json of tests/golden.
 *
 * A step's gradient is brought about by a net of one dense unit under smooth_l1, whose slope is exactly 1 where the
 * target is far below: the gradient of the weights is the input itself. */
#include "core/exec/exec.h"
#include "core/sink/npy.h"
#include "core/train/pipeline.h"
#include "core/train/rate.h"
#include "core/train/step.h"
#include "core/train/tally.h"

#include <json-glib/json-glib.h>
#include <math.h>
#include <string.h>

/* Largest error, in units of the number but of 1 at least. Options are float, and so are off by 6e-8 of themselves
 * already in the first step: that is all that double leaves. */
static const double exact = 1e-12, options_exact = 1e-7, single = 5e-7, seven_digits = 1e-7;

static FvDevice *device; /* one for all cases, opened by main() */

/* ------------------------------------------------------------------- files */

static JsonParser *open_json(const char *name)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *path = g_test_build_filename(G_TEST_DIST, "golden", name, NULL);
    JsonParser *parser = json_parser_new();
    json_parser_load_from_file(parser, path, &error);
    g_assert_no_error(error);
    return parser;
}

static JsonObject *root_of(JsonParser *parser)
{
    return json_node_get_object(json_parser_get_root(parser));
}

static FvTensor *read_npy(const char *name)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *path = g_test_build_filename(G_TEST_DIST, "golden", "course-backprop", name, NULL);
    FvTensor *tensor = fv_npy_read(path, &error);
    g_assert_no_error(error);
    return tensor;
}

static void assert_near(const char *what, double got, double expected, double tolerance)
{
    if (fabs(got - expected) <= tolerance * MAX(1, fabs(expected)))
        return;
    g_test_message("%s: is %.15g, expected %.15g: off by %.3g", what, got, expected, fabs(got - expected));
    g_test_fail();
}

/* ---------------------------------------------------------------------- net */

typedef struct {
    FvPipeline *pipeline;
    FvPlan *plan;
} Net;

static void net_clear(Net *net)
{
    g_clear_pointer(&net->plan, fv_plan_free);
    g_clear_pointer(&net->pipeline, fv_pipeline_free);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Net, net_clear)

static Net net_open(const char *text, int batch, gboolean doubles)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(FvDiag) diag = fv_diag_new();
    const FvPlanSettings settings = { .purpose = FV_FOR_TRAINING, .batch = batch, .doubles = doubles };
    Net net = { fv_pipeline_from_text("optim.fv", text, &error), NULL };
    g_assert_no_error(error);
    net.plan = fv_plan_new(net.pipeline->graph, &settings, diag);
    fv_diag_check(diag, &error);
    g_assert_no_error(error);
    fv_plan_load(net.plan, device, NULL, &error);
    g_assert_no_error(error);
    fv_plan_initialise(net.plan, 1, &error);
    g_assert_no_error(error);
    return net;
}

static void write_value(Net *net, FvBuffer *buffer, FvShape shape, const FvTensor *tensor)
{
    g_autoptr(GError) error = NULL;
    fv_plan_write_value(net->plan, buffer, shape, 1, tensor, &error);
    g_assert_no_error(error);
}

static void write_target(Net *net, const FvTensor *tensor)
{
    FvShape shape;
    FvBuffer *target = fv_plan_target(net->plan, "target", NULL, &shape);
    write_value(net, target, shape, tensor);
}

static void train(Net *net, guint32 step, double rate)
{
    g_autoptr(GError) error = NULL;
    const FvStep now = { .step = step, .rate = rate, .update = step, .share = 1 };
    const FvList *list = fv_plan_list(net->plan, FV_LIST_TRAIN, 1, &error);
    g_assert_no_error(error);
    fv_exec_enqueue(device, list, &now, &error);
    g_assert_no_error(error);
}

static FvTensor *get(FvTensor *(*from)(FvPlan *, guint, GError **), Net *net, guint i)
{
    g_autoptr(GError) error = NULL;
    FvTensor *tensor = from(net->plan, i, &error);
    g_assert_no_error(error);
    return tensor;
}

static FvTensor *tensor_of(JsonArray *numbers, int rank, const gint64 *dims)
{
    FvTensor *tensor = fv_tensor_new(FV_F64, rank, dims, NULL);
    g_assert_cmpint(fv_tensor_elements(tensor), ==, json_array_get_length(numbers));
    for (guint i = 0; i < json_array_get_length(numbers); i++)
        fv_tensor_set(tensor, i, json_array_get_double_element(numbers, i));
    return tensor;
}

static void set_param(Net *net, guint i, JsonArray *numbers)
{
    g_autoptr(GError) error = NULL;
    const FvPlanParam param = fv_plan_param(net->plan, i);
    gint64 dims[4];
    for (int d = 0; d < param.spec.rank; d++)
        dims[d] = param.spec.dims[d];
    g_autoptr(FvTensor) tensor = tensor_of(numbers, param.spec.rank, dims);
    fv_plan_set_param(net->plan, i, tensor, &error);
    g_assert_no_error(error);
}

static void compare(const char *what, const FvTensor *got, JsonArray *expected, double tolerance)
{
    g_assert_cmpint(fv_tensor_elements(got), ==, json_array_get_length(expected));
    for (guint i = 0; i < json_array_get_length(expected); i++) {
        g_autofree char *element = g_strdup_printf("%s, element %u", what, i);
        assert_near(element, fv_tensor_get(got, i), json_array_get_double_element(expected, i), tolerance);
    }
}

/* ---------------------------------------------------------------- optimizers */

typedef struct {
    JsonParser *parser; /* that the object is of */
    JsonObject *object; /* an optimizer of optim.json */
    gboolean doubles;
} Case;

static void case_free(gpointer data)
{
    Case *c = data;
    g_object_unref(c->parser);
    g_free(c);
}

/* The net of a case, at its beginning. */
static Net open_case(const Case *c)
{
    JsonArray *initial = json_object_get_array_member(c->object, "initial");
    g_autofree char *text = g_strdup_printf(
        "net { input(%u) -> dense(1, bias=false) as result }\n"
        "loss = smooth_l1(result, target)\noptimizer = %s\n",
        json_array_get_length(initial), json_object_get_string_member(c->object, "text"));
    Net net = net_open(text, 1, c->doubles);
    const double low = -1e4;
    g_autoptr(FvTensor) target = fv_tensor_new(FV_F64, 4, (const gint64[]){ 1, 1, 1, 1 }, NULL);
    fv_tensor_set(target, 0, low);
    write_target(&net, target);
    set_param(&net, 0, initial);
    return net;
}

static void take_step(const Case *c, Net *net, guint step)
{
    JsonArray *steps = json_object_get_array_member(c->object, "steps");
    JsonObject *now = json_array_get_object_element(steps, step);
    JsonArray *wanted = json_object_get_array_member(now, "gradient");
    JsonObject *options = json_object_get_object_member(c->object, "options");
    const gint64 dims[] = { 1, json_array_get_length(wanted), 1, 1 };
    g_autoptr(FvTensor) x = tensor_of(wanted, 4, dims);
    write_value(net, fv_plan_input(net->plan), fv_plan_input_shape(net->plan), x);
    train(net, step, json_object_get_double_member(options, "rate") * json_object_get_double_member(now, "factor"));
    g_autoptr(FvTensor) gradient = get(fv_plan_get_gradient, net, 0);
    compare("gradient", gradient, wanted, 0); /* else the rest says nothing */
}

static guint step_count(const Case *c)
{
    return json_array_get_length(json_object_get_array_member(c->object, "steps"));
}

static gboolean lacks_double(const Case *c)
{
    if (!c->doubles || device->info->has_double)
        return FALSE;
    g_test_skip("the device has no double precision");
    return TRUE;
}

static void test_trajectory(gconstpointer data)
{
    const Case *c = data;
    if (lacks_double(c))
        return;
    g_auto(Net) net = open_case(c);
    JsonArray *steps = json_object_get_array_member(c->object, "steps");
    for (guint i = 0; i < step_count(c); i++) {
        g_autofree char *what = g_strdup_printf("weights after step %u", i + 1);
        JsonObject *now = json_array_get_object_element(steps, i);
        take_step(c, &net, i);
        g_autoptr(FvTensor) weights = get(fv_plan_get_param, &net, 0);
        compare(what, weights, json_object_get_array_member(now, "expected"), c->doubles ? options_exact : single);
    }
}

/* The option's rate is what the pipeline says. */
static void test_rate(gconstpointer data)
{
    const Case *c = data;
    if (lacks_double(c))
        return;
    g_auto(Net) net = open_case(c);
    JsonObject *options = json_object_get_object_member(c->object, "options");
    assert_near("rate", fv_plan_rate(net.plan), json_object_get_double_member(options, "rate"), options_exact);
}

static void copy_state(Net *from, Net *to)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(FvTensor) weights = get(fv_plan_get_param, from, 0);
    fv_plan_set_param(to->plan, 0, weights, &error);
    g_assert_no_error(error);
    for (guint slot = 0; fv_plan_slots(from->plan)[slot]; slot++) {
        g_autoptr(FvTensor) state = fv_plan_get_slot(from->plan, 0, slot, &error);
        g_assert_no_error(error);
        fv_plan_set_slot(to->plan, 0, slot, state, &error);
        g_assert_no_error(error);
    }
}

/* Parameters, slots and the step's number are all that an optimizer knows. */
static void test_resume(gconstpointer data)
{
    const Case *c = data;
    if (lacks_double(c))
        return;
    g_auto(Net) net = open_case(c);
    g_auto(Net) other = open_case(c);
    const guint half = step_count(c) / 2;
    for (guint i = 0; i < half; i++)
        take_step(c, &net, i);
    copy_state(&net, &other);
    for (guint i = half; i < step_count(c); i++) {
        take_step(c, &net, i);
        take_step(c, &other, i);
    }
    g_autoptr(FvTensor) straight = get(fv_plan_get_param, &net, 0);
    g_autoptr(FvTensor) resumed = get(fv_plan_get_param, &other, 0);
    const size_t bytes = (size_t) fv_tensor_elements(straight) * fv_dtype_size(straight->dtype);
    g_assert_cmpmem(straight->data, bytes, resumed->data, bytes);
}

static void add_case(JsonParser *parser, JsonObject *object, const char *what, gboolean doubles, GTestDataFunc func)
{
    const Case c = { g_object_ref(parser), object, doubles };
    g_autofree char *path = g_strdup_printf("/optim/%s/%s", json_object_get_string_member(object, "name"), what);
    g_test_add_data_func_full(path, g_memdup2(&c, sizeof c), func, case_free);
}

static void add_optimizers(void)
{
    g_autoptr(JsonParser) parser = open_json("optim.json");
    JsonArray *optimizers = json_object_get_array_member(root_of(parser), "optimizers");
    for (guint i = 0; i < json_array_get_length(optimizers); i++) {
        JsonObject *object = json_array_get_object_element(optimizers, i);
        add_case(parser, object, "double", TRUE, test_trajectory);
        add_case(parser, object, "float", FALSE, test_trajectory);
        add_case(parser, object, "rate", FALSE, test_rate);
        add_case(parser, object, "resume", FALSE, test_resume);
    }
}

/* ------------------------------------------------ steps on a small net, common options */

/* A case of optim_net.json, at work: each update takes the same samples, in so many batches. */
typedef struct {
    const Case *c;
    JsonObject *root;
    Net net;
} Descent;

static FvTensor *samples_of(const Descent *descent, const char *which, guint first, guint count)
{
    JsonArray *all = json_object_get_array_member(descent->root, which);
    const gint64 dims[] = { count, 2, 1, 1 };
    FvTensor *tensor = fv_tensor_new(FV_F64, 4, dims, NULL);
    for (guint i = 0; i < 2 * count; i++)
        fv_tensor_set(tensor, i, json_array_get_double_element(all, 2 * first + i));
    return tensor;
}

static void write_samples(Descent *descent, guint first, guint count)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(FvTensor) x = samples_of(descent, "x", first, count);
    g_autoptr(FvTensor) target = samples_of(descent, "target", first, count);
    FvPlan *plan = descent->net.plan;
    FvShape shape;
    FvBuffer *to = fv_plan_target(plan, "target", NULL, &shape);
    fv_plan_write_value(plan, fv_plan_input(plan), fv_plan_input_shape(plan), (int) count, x, &error);
    g_assert_no_error(error);
    fv_plan_write_value(plan, to, shape, (int) count, target, &error);
    g_assert_no_error(error);
}

static void take_update(Descent *descent, guint update)
{
    g_autoptr(GError) error = NULL;
    JsonArray *batches = json_object_get_array_member(descent->c->object, "batches");
    const guint count = json_array_get_length(batches);
    const double all = json_array_get_length(json_object_get_array_member(descent->root, "x")) / 2;
    for (guint i = 0, first = 0; i < count; i++) {
        const guint samples = (guint) json_array_get_int_element(batches, i);
        const FvStep now = { .step = update * count + i,
                             .update = update,
                             .rate = fv_plan_rate(descent->net.plan),
                             .seed = (guint64) json_object_get_int_member(descent->root, "seed"),
                             .share = samples / all };
        write_samples(descent, first, samples);
        fv_step_take(descent->net.plan, descent->net.pipeline->graph, i + 1 < count ? FV_LIST_GATHER : FV_LIST_TRAIN,
                     &now, (int) samples, &error);
        g_assert_no_error(error);
        first += samples;
    }
}

/* All parameters, one after the other, with what the case expects of them. */
static void compare_params(Descent *descent, const char *what, JsonArray *expected)
{
    const double tolerance = descent->c->doubles ? 2e-7 : 1e-5;
    guint at = 0;
    for (guint p = 0; p < fv_plan_params(descent->net.plan); p++) {
        g_autoptr(FvTensor) tensor = get(fv_plan_get_param, &descent->net, p);
        for (gint64 i = 0; i < fv_tensor_elements(tensor); i++, at++) {
            g_autofree char *element = g_strdup_printf("%s, element %u", what, at);
            assert_near(element, fv_tensor_get(tensor, i), json_array_get_double_element(expected, at), tolerance);
        }
    }
    g_assert_cmpuint(at, ==, json_array_get_length(expected));
}

static void set_params(Descent *descent)
{
    JsonArray *initial = json_object_get_array_member(descent->root, "initial");
    for (guint p = 0, at = 0; p < fv_plan_params(descent->net.plan); p++) {
        g_autoptr(FvTensor) tensor = get(fv_plan_get_param, &descent->net, p);
        g_autoptr(JsonArray) own = json_array_new();
        for (gint64 i = 0; i < fv_tensor_elements(tensor); i++)
            json_array_add_double_element(own, json_array_get_double_element(initial, at++));
        set_param(&descent->net, p, own);
    }
}

static char *descent_text(const Case *c)
{
    return g_strdup_printf(
        "%s\nloss = %s\noptimizer = %s\ntrain { batch = 7 %s }\n", json_object_get_string_member(c->object, "net"),
        json_object_get_string_member(root_of(c->parser), "loss"),
        json_object_get_string_member(c->object, "optimizer"), json_object_get_string_member(c->object, "train"));
}

static void swap_averages(Descent *descent)
{
    g_autoptr(GError) error = NULL;
    fv_step_swap_averages(descent->net.plan, &error);
    g_assert_no_error(error);
}

static double loss_of_step(Descent *descent)
{
    g_autoptr(GError) error = NULL;
    JsonArray *batches = json_object_get_array_member(descent->c->object, "batches");
    const int samples = (int) json_array_get_int_element(batches, json_array_get_length(batches) - 1);
    double loss;
    fv_tally_read_loss(descent->net.plan, 0, samples, &loss, &error);
    g_assert_no_error(error);
    return loss;
}

static void check_kept(Descent *descent, JsonObject *kept)
{
    g_autofree char *what = g_strdup_printf("parameters after step %d", (int) json_object_get_int_member(kept, "step"));
    JsonArray *batches = json_object_get_array_member(descent->c->object, "batches");
    compare_params(descent, what, json_object_get_array_member(kept, "expected"));
    if (json_array_get_length(batches) == 1)
        assert_near("loss at the beginning of the step", loss_of_step(descent),
                    json_object_get_double_member(kept, "loss"), 1e-5);
    g_assert_cmpint(fv_plan_averages(descent->net.plan), ==, json_object_has_member(kept, "averages"));
    if (!fv_plan_averages(descent->net.plan))
        return;
    swap_averages(descent);
    compare_params(descent, "averages", json_object_get_array_member(kept, "averages"));
    swap_averages(descent);
}

static void test_descent(gconstpointer data)
{
    const Case *c = data;
    if (lacks_double(c))
        return;
    g_autofree char *text = descent_text(c);
    Descent descent = { .c = c, .root = root_of(c->parser) };
    descent.net = net_open(text, 7, c->doubles);
    set_params(&descent);
    JsonArray *steps = json_object_get_array_member(c->object, "steps");
    const guint updates = (guint) json_object_get_int_member(descent.root, "updates");
    for (guint update = 0, next = 0; update < updates; update++) {
        JsonObject *kept = json_array_get_object_element(steps, next);
        take_update(&descent, update);
        if (json_object_get_int_member(kept, "step") != update + 1)
            continue;
        check_kept(&descent, kept);
        next++;
    }
    net_clear(&descent.net);
}

static void add_descents(void)
{
    g_autoptr(JsonParser) parser = open_json("optim_net.json");
    JsonArray *cases = json_object_get_array_member(root_of(parser), "cases");
    for (guint i = 0; i < json_array_get_length(cases); i++) {
        JsonObject *object = json_array_get_object_element(cases, i);
        add_case(parser, object, "ten-steps-double", TRUE, test_descent);
        /* Where PyTorch comes to other numbers in single precision, too, there is nothing to compare. */
        if (json_object_get_boolean_member(object, "steady"))
            add_case(parser, object, "ten-steps-float", FALSE, test_descent);
    }
}

/* ----------------------------------------------------------------- schedules */

/* What the epochs came to, where the case says so; NULL: nobody watches. */
static GArray *watched_epochs(JsonObject *object)
{
    if (!json_object_has_member(object, "watched"))
        return NULL;
    JsonArray *watched = json_object_get_array_member(object, "watched");
    GArray *epochs = g_array_new(FALSE, FALSE, sizeof(FvEpoch));
    for (guint i = 0; i < json_array_get_length(watched); i++) {
        JsonArray *pair = json_array_get_array_element(watched, i);
        const FvEpoch epoch = { json_array_get_double_element(pair, 0), json_array_get_double_element(pair, 1) };
        g_array_append_val(epochs, epoch);
    }
    return epochs;
}

static void test_schedule(gconstpointer data)
{
    const Case *c = data;
    g_autoptr(GError) error = NULL;
    const char *use = json_object_get_string_member(c->object, "text");
    g_autofree char *text = g_strdup_printf("net { input(1) -> dense(1) }\nschedule = %s\n", use);
    g_autoptr(FvPipeline) pipeline = fv_pipeline_from_text("schedule.fv", text, &error);
    g_assert_no_error(error);
    g_autoptr(GArray) epochs = watched_epochs(c->object);
    JsonArray *factors = json_object_get_array_member(c->object, "factors");
    FvProgress at = { .steps = json_array_get_length(factors),
                      .epoch_steps = json_object_get_int_member(c->object, "epoch_steps"),
                      .epochs = epochs ? (const FvEpoch *) (const void *) epochs->data : NULL };
    g_assert_cmpint(((const FvSchedule *) pipeline->graph->schedule.plugin)->watches, ==, epochs != NULL);
    for (; at.step < at.steps; at.step++) {
        g_autofree char *what = g_strdup_printf("%s at step %" G_GINT64_FORMAT, use, at.step);
        at.epoch_count = epochs ? (int) (at.step / at.epoch_steps) : 0;
        assert_near(what, fv_rate_factor(&pipeline->graph->schedule, &at),
                    json_array_get_double_element(factors, (guint) at.step), options_exact);
    }
}

static void add_schedules(void)
{
    g_autoptr(JsonParser) parser = open_json("schedule.json");
    JsonArray *schedules = json_object_get_array_member(root_of(parser), "schedules");
    for (guint i = 0; i < json_array_get_length(schedules); i++) {
        const Case c = { g_object_ref(parser), json_array_get_object_element(schedules, i), FALSE };
        g_autofree char *path =
            g_strdup_printf("/schedule/%s/%u", json_object_get_string_member(c.object, "plugin"), i + 1);
        g_test_add_data_func_full(path, g_memdup2(&c, sizeof c), test_schedule, case_free);
    }
}

/* ------------------------------------------------------------ the worked example */

static void check_step(Net *net, JsonArray *rows, double tolerance)
{
    for (guint i = 0; i < json_array_get_length(rows); i++) {
        JsonObject *row = json_array_get_object_element(rows, i);
        const char *name = json_object_get_string_member(row, "name");
        g_autofree char *what = g_strdup_printf("gradient of %s", name);
        g_autoptr(FvTensor) gradient = get(fv_plan_get_gradient, net, i);
        g_autoptr(FvTensor) weights = get(fv_plan_get_param, net, i);
        compare(what, gradient, json_object_get_array_member(row, "gradient"), tolerance);
        compare(name, weights, json_object_get_array_member(row, "expected"), tolerance);
    }
}

static void set_weights(Net *net, JsonArray *rows)
{
    g_assert_cmpuint(fv_plan_params(net->plan), ==, json_array_get_length(rows));
    for (guint i = 0; i < json_array_get_length(rows); i++) {
        JsonObject *row = json_array_get_object_element(rows, i);
        g_assert_cmpstr(fv_plan_param(net->plan, i).name, ==, json_object_get_string_member(row, "name"));
        set_param(net, i, json_object_get_array_member(row, "initial"));
    }
}

static void check_outputs(Net *net, JsonObject *course, double tolerance)
{
    g_autoptr(GError) error = NULL;
    JsonArray *expected = json_object_get_array_member(course, "outputs");
    g_autofree double *outputs = g_new(double, json_array_get_length(expected));
    fv_plan_read_value(net->plan, fv_plan_output(net->plan), fv_plan_output_shape(net->plan), 1, outputs, &error);
    g_assert_no_error(error);
    for (guint i = 0; i < json_array_get_length(expected); i++)
        assert_near("output", outputs[i], json_array_get_double_element(expected, i), tolerance);
    g_autoptr(FvTally) tally = fv_tally_new(net->plan);
    fv_tally_step(tally, 1);
    fv_tally_flush(tally, &error);
    g_assert_no_error(error);
    assert_near("loss", fv_tally_totals(tally).loss, json_object_get_double_member(course, "loss"), tolerance);
}

static void test_course(gconstpointer data)
{
    const Case *c = data;
    if (lacks_double(c))
        return;
    const double tolerance = c->doubles ? exact : seven_digits;
    JsonArray *rows = json_object_get_array_member(c->object, "step");
    g_autofree char *text = g_strdup_printf(
        "net { input(2) -> dense(2) -> sigmoid -> dense(2) -> sigmoid as result }\n"
        "loss = mse(result, target)\noptimizer = %s\n",
        json_object_get_string_member(c->object, "text"));
    g_auto(Net) net = net_open(text, 1, c->doubles);
    g_autoptr(FvTensor) x = read_npy("in.npy");
    g_autoptr(FvTensor) target = read_npy("target.npy");
    write_value(&net, fv_plan_input(net.plan), fv_plan_input_shape(net.plan), x);
    write_target(&net, target);
    set_weights(&net, rows);
    train(&net, 0, fv_plan_rate(net.plan));
    check_outputs(&net, c->object, tolerance);
    check_step(&net, rows, tolerance);
}

static void add_course(gboolean doubles)
{
    g_autoptr(JsonParser) parser = open_json("course.json");
    const Case c = { g_object_ref(parser), root_of(parser), doubles };
    g_test_add_data_func_full(doubles ? "/course/double" : "/course/float", g_memdup2(&c, sizeof c), test_course,
                              case_free);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_set_nonfatal_assertions(); /* every case is run, whatever came before it */
    g_autoptr(GError) error = NULL;
    device = fv_device_open(NULL, &error);
    g_assert_no_error(error);
    add_optimizers();
    add_descents();
    add_schedules();
    add_course(TRUE);
    add_course(FALSE);
    const int failed = g_test_run();
    fv_device_close(device);
    return failed;
}
