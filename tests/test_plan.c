/* SPDX-License-Identifier: MIT
 * test_plan.c: shapes, parameters, what is alive, memory, and that lists compute the same however the plan is laid out,
 * and by either family of kernels. */
#include "core/exec/exec.h"
#include "core/plan/plan.h"
#include "core/train/pipeline.h"
#include "tests/bad_files.h"

#include <math.h>
#include <string.h>

static FvDevice *device; /* one for all cases, opened by main() */

/* ------------------------------------------------------------------- tools */

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

/* The plan is NULL, and @error set, where it cannot be made. */
static Net net_try(const char *text, FvPlanSettings settings, GError **error)
{
    g_autoptr(GError) failed = NULL;
    g_autoptr(FvDiag) diag = fv_diag_new();
    Net net = { fv_pipeline_from_text("t.fv", text, &failed), NULL };
    g_assert_no_error(failed);
    net.plan = fv_plan_new(net.pipeline->graph, &settings, diag);
    fv_diag_check(diag, error);
    return net;
}

static Net net_plan(const char *text, FvPlanSettings settings)
{
    g_autoptr(GError) error = NULL;
    Net net = net_try(text, settings, &error);
    g_assert_no_error(error);
    return net;
}

/* Loaded, with parameters of a seed. */
static Net net_load(const char *text, FvPlanSettings settings)
{
    g_autoptr(GError) error = NULL;
    Net net = net_plan(text, settings);
    fv_plan_load(net.plan, device, NULL, &error);
    g_assert_no_error(error);
    fv_plan_initialise(net.plan, 11, &error);
    g_assert_no_error(error);
    return net;
}

/* Numbers of a stream, the same for every sample whatever the number of samples. */
static void write_random(Net *net, FvBuffer *buffer, FvShape shape, int samples, guint32 stream, double scale)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(FvTensor) tensor =
        fv_tensor_new(FV_F32, 4, (const gint64[]){ samples, shape.c, shape.h, shape.w }, &error);
    const gint64 each = fv_shape_elements(shape);
    for (int s = 0; s < samples; s++) {
        FvRandom random = fv_random(5, 0, (guint32) s, stream);
        for (gint64 i = 0; i < each; i++)
            fv_tensor_set(tensor, s * each + i, scale * fv_random_gaussian(&random));
    }
    fv_plan_write_value(net->plan, buffer, shape, samples, tensor, &error);
    g_assert_no_error(error);
}

/* Input and targets. */
static void write_batch(Net *net, int samples, double scale)
{
    static const char *const targets[] = { "label", "target", "other" };
    g_autofree gint32 *classes = g_new(gint32, samples);
    for (int s = 0; s < samples; s++)
        classes[s] = s % 4;
    write_random(net, fv_plan_input(net->plan), fv_plan_input_shape(net->plan), samples, 1, scale);
    for (guint i = 0; i < G_N_ELEMENTS(targets); i++) {
        FvTarget kind;
        FvShape shape;
        FvBuffer *buffer = fv_plan_target(net->plan, targets[i], &kind, &shape);
        if (buffer && kind == FV_TARGET_CLASS)
            fv_device_write(device, buffer->memory, 0, (size_t) samples * sizeof *classes, classes, NULL);
        else if (buffer)
            write_random(net, buffer, shape, samples, 2 + i, scale);
    }
}

static void enqueue(Net *net, FvListKind kind, int samples, guint32 number)
{
    g_autoptr(GError) error = NULL;
    const FvStep step = { .step = number, .rate = 0.05, .seed = 3, .update = number };
    const FvList *list = fv_plan_list(net->plan, kind, samples, &error);
    g_assert_no_error(error);
    fv_exec_enqueue(device, list, &step, &error);
    g_assert_no_error(error);
}

/* All that @get gives for the trained parameters, one behind the other. */
static GArray *read_params(Net *net, FvTensor *(*get)(FvPlan *, guint, GError **) )
{
    GArray *numbers = g_array_new(FALSE, FALSE, sizeof(double));
    for (guint i = 0; i < fv_plan_params(net->plan); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(FvTensor) tensor = fv_plan_param(net->plan, i).trained ? get(net->plan, i, &error) : NULL;
        g_assert_no_error(error);
        for (gint64 k = 0; tensor && k < fv_tensor_elements(tensor); k++) {
            const double number = fv_tensor_get(tensor, k);
            g_array_append_val(numbers, number);
        }
    }
    return numbers;
}

static GArray *read_output(Net *net, int samples)
{
    g_autoptr(GError) error = NULL;
    const FvShape shape = fv_plan_output_shape(net->plan);
    GArray *numbers = g_array_new(FALSE, FALSE, sizeof(double));
    g_array_set_size(numbers, (guint) (samples * fv_shape_elements(shape)));
    fv_plan_read_value(net->plan, fv_plan_output(net->plan), shape, samples, (double *) numbers->data, &error);
    g_assert_no_error(error);
    return numbers;
}

/* Gradients of one step. */
static GArray *gradients(Net *net, int samples, double scale)
{
    write_batch(net, samples, scale);
    enqueue(net, FV_LIST_GRADIENT, samples, 0);
    return read_params(net, fv_plan_get_gradient);
}

static GArray *prediction(Net *net, int samples, double scale)
{
    write_batch(net, samples, scale);
    enqueue(net, FV_LIST_PACK, samples, 0);
    enqueue(net, FV_LIST_PREDICT, samples, 0);
    return read_output(net, samples);
}

#define assert_same(a, b) g_assert_cmpmem((a)->data, (a)->len * sizeof(double), (b)->data, (b)->len * sizeof(double))

/* Within a share of the largest. */
static void assert_near(const GArray *a, const GArray *b, double tolerance)
{
    double largest = 0, off = 0;
    g_assert_cmpuint(a->len, ==, b->len);
    for (guint i = 0; i < a->len; i++) {
        const double x = g_array_index(a, double, i), y = g_array_index(b, double, i);
        largest = MAX(largest, fabs(x));
        off = isnan(x - y) ? INFINITY : MAX(off, fabs(x - y));
    }
    g_assert_cmpfloat(largest, >, 0);
    g_assert_cmpfloat(off, <=, tolerance * largest);
}

/* ------------------------------------------------------------------- shapes */

static const struct {
    const char *net;
    FvShape out;
    gint64 parameters;
} shapes[] = {
    { "input(3, 32, 32) -> conv(10, 5, pad=2)", { 10, 32, 32 }, 760 },
    { "input(3, 32, 32) -> conv(8, 3, stride=2)", { 8, 15, 15 }, 224 },
    { "input(1, 10, 7) -> conv(2, 2, stride=3)", { 2, 3, 2 }, 10 },
    { "input(1, 10, 7) -> conv(2, [3, 1], stride=[1, 2], pad=[0, 1])", { 2, 8, 5 }, 8 },
    { "input(6, 8, 8) -> conv(12, 3, pad=1, groups=3, bias=false)", { 12, 8, 8 }, 216 },
    { "input(6, 8, 8) -> conv(6, 3, groups=6)", { 6, 6, 6 }, 60 },
    { "input(1, 9, 9) -> conv(4, 3, dilation=2)", { 4, 5, 5 }, 40 },
    { "input(1, 5, 5) -> maxpool(2)", { 1, 2, 2 }, 0 },
    { "input(2, 3, 4) -> upsample([1, 3])", { 2, 3, 12 }, 0 },
    { "input(2, 7, 7) -> maxpool(3, stride=2, pad=1)", { 2, 4, 4 }, 0 },
    { "input(5, 4, 3) -> gap", { 5, 1, 1 }, 0 },
    { "input(3, 4, 4) -> dense(10)", { 10, 1, 1 }, 490 },
    { "input(3, 4, 5) -> flatten", { 60, 1, 1 }, 0 },
    { "input(3, 4, 4) -> batchnorm", { 3, 4, 4 }, 6 }, /* statistics are not trained */
    { "input(3, 4, 4) -> { conv(4, 1) | conv(6, 3, pad=1) } -> concat", { 10, 4, 4 }, 184 },
    { "input(3, 8, 8) as x -> conv(3, 3, pad=1) as y  x -> match(y)", { 3, 8, 8 }, 84 },
    { "input(3, 8, 8) as x -> conv(6, 3, stride=2, pad=1) as y  x -> match(y)", { 6, 4, 4 }, 192 },
    { "input(3, 7, 7) as x -> conv(6, 3, stride=3, pad=1) as y  x -> match(y)", { 6, 3, 3 }, 192 },
};

static void test_shapes(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(shapes); i++) {
        g_autofree char *text = g_strdup_printf("net { %s }\n", shapes[i].net);
        g_auto(Net) net = net_plan(text, (FvPlanSettings){ .batch = 1 });
        const FvShape out = fv_plan_output_shape(net.plan);
        g_test_message("%s: %dx%dx%d", shapes[i].net, out.c, out.h, out.w);
        g_assert_true(fv_shape_equal(out, shapes[i].out));
        g_assert_cmpint(fv_plan_parameter_count(net.plan), ==, shapes[i].parameters);
    }
}

static void test_match(void)
{
    g_auto(Net) net =
        net_plan("net { input(3, 8, 8) as x -> conv(3, 3, pad=1) as y  x -> match(y) }", (FvPlanSettings){ 0 });
    const FvPlanLayer conv = fv_plan_layer(net.plan, 1), match = fv_plan_layer(net.plan, 2);
    g_assert_true(match.passes && match.parameters == 0);
    g_assert_cmpfloat(conv.flops, >=, 2.0 * 3 * 9 * 3 * 8 * 8); /* a product and a sum count two */
}

/* ------------------------------------------------------------------- mistakes */

static const struct {
    const char *text, *message;
} mistakes[] = {
    { "net { input(3, 8, 8)\n  -> conv(4, 9) }\n",
      "t.fv:2:6: error: conv: kernel 9x9 is larger than the padded input 8x8" },
    { "net { input(6, 8, 8) -> conv(4, 3, groups=3) }\n",
      "t.fv:1:25: error: conv: groups=3 must divide the channels of input (6) and output (4)" },
    { "net { input(3, 2, 2) -> conv_transpose(2, 3, pad=2) }\n",
      "t.fv:1:25: error: conv_transpose: pad 2x2 leaves nothing of the output of a 2x2 input" },
    { "net { input(4, 2, 2) -> conv_transpose(6, 3, groups=3) }\n",
      "t.fv:1:25: error: conv_transpose: groups=3 must divide the channels of input (4) and output (6)" },
    { "net { input(1, 4, 4) as a -> conv(2, 1) as b\n  add(a, b) }\n", "t.fv:2:3: error: add: a is 1x4x4, b is 2x4x4" },
    { "net { input(1, 4, 4) -> { conv(2, 1) | conv(2, 2) } -> concat }\n",
      "t.fv:1:56: error: concat: conv1 is 2x4x4, conv2 is 2x3x3" },
    { "block residual(c) {\n"
      "  in -> conv(c, 3, stride=2, pad=1) as main\n"
      "  in -> conv(c / 2, 1) as skip\n"
      "  add(main, skip) as out\n"
      "}\n"
      "net {\n"
      "  input(3, 32, 32) -> residual(32) -> gap\n"
      "}\n",
      "t.fv:4:3: error: add: main is 32x16x16, skip is 16x32x32 (in residual, used at 7:23)" },
    /* two mistakes are two messages; what follows from one is no other */
    { "net { input(1, 4, 4) as x -> conv(2, 9) -> conv(2, 9) -> maxpool(8)\n  x -> conv(3, 2, groups=2) }\n",
      "t.fv:1:30: error: conv: kernel 9x9 is larger than the padded input 4x4\n"
      "t.fv:2:8: error: conv: groups=2 must divide the channels of input (1) and output (3)" },
    { "net { input(3, 4, 4) -> { dense(4) as a | dense(5) as b } }\nloss = mse(a, target) + mse(b, target)\n",
      "t.fv:2:25: error: mse: target is used both as numbers and as numbers of another shape" },
    { "net { input(3, 4, 4) -> dense(4) as a }\nloss = softmax(a, label) + mse(a, label)\n",
      "t.fv:2:28: error: mse: label is used both as a class and as numbers; one_hot is the class as numbers" },
    { "net { input(1, 1, 65000) -> upsample([1, 32]) -> upsample([1, 32]) -> upsample([1, 64]) }\n",
      "t.fv:1:71: error: upsample: upsample2 is 1x1x66560000, too large to be enlarged 1x64 times" },
    { "net { input(3, 65500, 65500) }\n",
      "t.fv:1:7: error: input: the output of 3x65500x65500 for 2 samples has more elements than can be numbered" },
};

static void test_mistakes(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(mistakes); i++) {
        g_autoptr(GError) error = NULL;
        g_auto(Net) net = net_try(mistakes[i].text, (FvPlanSettings){ .purpose = FV_FOR_TRAINING, .batch = 2 }, &error);
        g_assert_null(net.plan);
        g_assert_error(error, FV_ERROR, FV_ERROR_SHAPE);
        g_assert_cmpstr(error->message, ==, mistakes[i].message);
    }
}

/* Every NAME.fv of tests/bad/plan must be refused with exactly NAME.expect. */
static void test_bad_file(gconstpointer data)
{
    g_autofree char *folder = bad_folder("plan");
    g_autofree char *path = g_build_filename(folder, data, NULL);
    g_autoptr(GError) error = NULL;
    g_autoptr(FvDiag) diag = fv_diag_new();
    g_autoptr(FvPipeline) pipeline = fv_pipeline_open(path, NULL, &error);
    g_assert_no_error(error);
    const FvPlanSettings settings = { .purpose = FV_FOR_TRAINING, .batch = 2 };
    g_autoptr(FvPlan) plan = fv_plan_new(pipeline->graph, &settings, diag);
    g_assert_null(plan);
    assert_expected("plan", path, diag);
}

/* --------------------------------------------------------------- what is alive */

static const char two_heads[] =
    "net { input(3, 8, 8) -> conv(8, 3, pad=1) -> relu as trunk\n"
    "  trunk -> gap -> dense(4) as logits\n"
    "  trunk -> conv(2, 1) -> flatten as map }\n"
    "loss = softmax(logits, label) + 0.5 * mse(map, target)\n"
    "optimizer = sgd(rate=0.05, momentum=0.9)\n";

static void test_alive(void)
{
    static const char *const dead[] = { "conv2", "flatten1", NULL };
    g_auto(Net) predicts = net_plan(two_heads, (FvPlanSettings){ .purpose = FV_FOR_PREDICTION, .batch = 2 });
    g_auto(Net) trains = net_plan(two_heads, (FvPlanSettings){ .purpose = FV_FOR_TRAINING, .batch = 2 });
    for (guint i = 0; i < fv_plan_layers(predicts.plan); i++) {
        const FvPlanLayer layer = fv_plan_layer(predicts.plan, i);
        g_assert_true(layer.alive == !g_strv_contains(dead, layer.path));
        g_assert_true(fv_plan_layer(trains.plan, i).alive);
    }
    g_assert_cmpuint(fv_plan_terms(predicts.plan), ==, 0);
    g_assert_cmpuint(fv_plan_terms(trains.plan), ==, 3); /* the losses, and accuracy by itself */
    g_assert_cmpint(fv_plan_output_shape(predicts.plan).c, ==, 4);
    g_assert_cmpfloat(fv_plan_flops(predicts.plan), <, fv_plan_flops(trains.plan));
}

/* -------------------------------------------------------------------- memory */

static const char deep[] =
    "net { input(4, 12, 12) -> conv(8, 3, pad=1) -> batchnorm -> relu as a -> conv(8, 3, pad=1) -> batchnorm as b\n"
    "  add(a, b) -> relu -> { conv(6, 1) -> sigmoid | maxpool(3, stride=1, pad=1) | conv(2, 3, pad=1) -> elu }\n"
    "  -> concat -> dropout(0.3) -> maxpool(2) -> conv(12, 3) -> tanh -> dense(4) as logits }\n"
    "loss = softmax(logits, label) + l2(0.001)\noptimizer = sgd(rate=0.05, momentum=0.9)\n";

static FvPlanMemory memory_of(FvPurpose purpose, int batch, gboolean keep)
{
    g_auto(Net) net = net_plan(deep, (FvPlanSettings){ .purpose = purpose, .batch = batch, .lanes = 16, .keep = keep });
    const FvPlanMemory m = fv_plan_memory(net.plan);
    g_assert_cmpuint(m.total, ==, m.parameters + m.gradients + m.optimizer + m.values + m.scratch);
    g_assert_cmpuint(m.parameters, >=, 4 * (guint64) fv_plan_parameter_count(net.plan));
    return m;
}

static void test_memory(void)
{
    const FvPlanMemory predict = memory_of(FV_FOR_PREDICTION, 32, FALSE), train = memory_of(FV_FOR_TRAINING, 32, FALSE);
    const FvPlanMemory kept = memory_of(FV_FOR_TRAINING, 32, TRUE), twice = memory_of(FV_FOR_TRAINING, 64, FALSE);
    g_assert_cmpuint(predict.gradients + predict.optimizer, ==, 0);
    g_assert_cmpuint(train.gradients, >, 0);
    g_assert_cmpuint(train.optimizer, ==, train.gradients); /* momentum: one slot */
    g_assert_cmpuint(predict.total, <, train.total);
    g_assert_cmpuint(train.values, <, kept.values);
    g_assert_cmpuint(memory_of(FV_FOR_PREDICTION, 32, TRUE).values, >, predict.values);
    g_assert_cmpuint(twice.values, >, train.values);
    g_assert_cmpuint(twice.parameters, ==, train.parameters);
}

/* Values and scratch, in bytes, of so many equal convolutions, one after the other. */
static guint64 memory_of_stack(int count, FvPlanSettings settings)
{
    g_autofree char *text = g_strdup_printf(
        "net { input(64, 4, 4) -> repeat %d { conv(64, 3, pad=1) } as out }\n"
        "loss = mse(out, target)\noptimizer = sgd(rate=0.05)\n",
        count);
    g_auto(Net) net = net_plan(text, settings);
    const FvPlanMemory m = fv_plan_memory(net.plan);
    return m.values + m.scratch;
}

/* A training holds packed weights of one pass at a time, a prediction those of every layer. */
static void test_packed_weights(void)
{
    enum { FEW = 2, MANY = 8, WEIGHTS = 64 * 64 * 9 * (int) sizeof(float) };
    static const FvPlanSettings cases[] = {
        { .family = FV_FAMILY_CPU, .lanes = 1 },
        { .family = FV_FAMILY_CPU, .lanes = 16 },
        { .family = FV_FAMILY_GPU, .lanes = 1 },
    };
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        FvPlanSettings settings = cases[i];
        settings.batch = 1;
        settings.purpose = FV_FOR_TRAINING;
        guint64 more = memory_of_stack(MANY, settings) - memory_of_stack(FEW, settings);
        g_assert_cmpuint(more, <, (MANY - FEW) * (guint64) WEIGHTS);
        settings.purpose = FV_FOR_PREDICTION;
        more = memory_of_stack(MANY, settings) - memory_of_stack(FEW, settings);
        g_assert_cmpuint(more, >=, (MANY - FEW) * (guint64) WEIGHTS);
    }
}

/* Whether a training with that batch can be loaded. */
static gboolean fits(int batch, GError **error)
{
    g_auto(Net) net = net_plan(deep, (FvPlanSettings){ .purpose = FV_FOR_TRAINING, .batch = batch });
    return fv_plan_load(net.plan, device, NULL, error);
}

static void test_largest_batch(void)
{
    const guint64 before = device->info->memory;
    device->info->memory = memory_of(FV_FOR_TRAINING, 100, FALSE).total;
    g_autoptr(GError) error = NULL;
    g_assert_false(fits(1000, &error));
    g_assert_error(error, FV_ERROR, FV_ERROR_NOMEM);
    g_test_message("%s", error->message);
    g_assert_true(g_str_has_prefix(error->message, "a batch of 1000 needs "));
    g_assert_nonnull(strstr(error->message, device->info->name));
    const char *advice = strstr(error->message, "; the largest batch that fits is ");
    g_assert_nonnull(advice);
    const int largest = (int) g_ascii_strtoll(strrchr(advice, ' '), NULL, 10);
    g_assert_true(fits(largest, NULL));
    g_assert_false(fits(largest + 1, NULL));

    g_clear_error(&error);
    device->info->memory = 1 << 12;
    g_assert_false(fits(8, &error));
    g_assert_error(error, FV_ERROR, FV_ERROR_NOMEM);
    g_assert_true(g_str_has_suffix(error->message, "; not even a batch of 1 fits"));
    device->info->memory = before;
}

/* A device that gives its memory in small pieces. */
static void test_small_buffers(void)
{
    const guint64 before = device->info->max_alloc;
    const FvPlanSettings settings = { .purpose = FV_FOR_TRAINING, .batch = 16, .lanes = 16 };
    g_auto(Net) whole = net_load(deep, settings);
    device->info->max_alloc = 200000; /* the largest value has 147456 bytes, and a little */
    g_auto(Net) pieces = net_load(deep, settings);
    g_assert_cmpuint(fv_plan_memory(pieces.plan).values, >, device->info->max_alloc);
    g_autoptr(GArray) a = gradients(&whole, 16, 1);
    g_autoptr(GArray) b = gradients(&pieces, 16, 1);
    assert_same(a, b);

    g_autoptr(GError) error = NULL;
    device->info->max_alloc = 100000;
    g_assert_false(fits(16, &error));
    g_assert_error(error, FV_ERROR, FV_ERROR_NOMEM);
    g_assert_true(
        g_str_has_prefix(error->message, "with a batch of 16 one value alone is larger than the largest buffer of "));
    g_assert_cmpstr(strstr(error->message, "GiB;"), ==, "GiB; the largest batch that fits is 10");
    g_assert_true(fits(10, NULL));
    g_assert_false(fits(11, NULL));
    device->info->max_alloc = before;
}

/* ---------------------------------------------------------------------- lists */

static GArray *train(int batch)
{
    g_auto(Net) net = net_load(deep, (FvPlanSettings){ .purpose = FV_FOR_TRAINING, .batch = batch });
    for (guint32 step = 0; step < 5; step++) {
        const int samples = step == 4 ? batch - 3 : batch;
        write_batch(&net, samples, 1 + step);
        enqueue(&net, FV_LIST_TRAIN, samples, step);
    }
    return read_params(&net, fv_plan_get_param);
}

static void test_same_bits(void)
{
    static const int batches[] = { 5, 19 }; /* lanes 1 and 16 */
    for (guint i = 0; i < G_N_ELEMENTS(batches); i++) {
        g_autoptr(GArray) a = train(batches[i]);
        g_autoptr(GArray) b = train(batches[i]);
        assert_same(a, b);
    }
}

/* Memory that several values share changes nothing, nor does what is computed in one kernel, but for rounding. */
static void test_keep(void)
{
    FvPlanSettings settings = { .purpose = FV_FOR_TRAINING, .batch = 17, .lanes = 16 };
    g_auto(Net) shared = net_load(deep, settings);
    settings.keep = TRUE;
    g_auto(Net) kept = net_load(deep, settings);
    g_autoptr(GArray) a = gradients(&shared, 17, 1);
    g_autoptr(GArray) b = gradients(&kept, 17, 1);
    assert_near(a, b, 1e-5);
}

/* ------------------------------------------------------------------- fusion */

/* Launches of a prediction, of nets whose layers are computed in the kernels before them, or are not. */
static const struct {
    const char *net;
    guint launches;
} fusions[] = {
    { "input(4, 8, 8) -> conv(8, 3, pad=1) -> batchnorm -> relu -> conv(8, 1, bias=false) -> batchnorm", 2 },
    { "input(4, 8, 8) -> conv(4, 3, pad=1) -> leaky -> sigmoid -> tanh -> elu", 1 },
    { "input(4, 8, 8) -> conv(8, 3, pad=1) -> relu as a -> conv(8, 3, pad=1) -> batchnorm as b add(a, b) -> relu", 2 },
    { "input(4, 8, 8) as x -> conv(8, 1) -> batchnorm as a x -> conv(8, 3, pad=1, groups=2) as b add(a, b) -> relu",
      2 },
    { "input(4, 8, 8) as x -> conv(4, 3, pad=1) as a add(a, x) -> elu", 1 },
    { "input(4, 8, 8) -> conv(4, 3, pad=1) as a add(a, a) -> relu", 3 },      /* no value of another */
    { "input(4, 8, 8) -> conv(4, 3, pad=1) as a -> relu as b add(a, b)", 2 }, /* a is read twice */
    { "input(4, 8, 8) -> conv(4, 3, pad=1) -> relu -> batchnorm", 3 },        /* not linear before it: moments, too */
    { "input(4, 8, 8) -> relu -> tanh", 1 },
    { "input(4, 8, 8) -> batchnorm -> leaky", 2 },
    { "input(4, 8, 8) -> dense(6) -> sigmoid", 1 },
    { "input(4, 8, 8) -> dense(6) -> batchnorm -> relu -> dense(19, bias=false) -> batchnorm -> tanh", 2 },
    { "input(20) -> dense(33, bias=false) -> batchnorm -> relu6 -> dense(6) -> batchnorm -> softmax", 3 },
    { "input(4, 8, 8) -> conv(8, 3, pad=1, groups=4) -> batchnorm -> gelu -> gap -> dense(6) -> batchnorm", 3 },
    { "input(4, 8, 8) -> conv(8, 3) -> prelu(true) -> silu", 2 },
};

static void copy_params(Net *from, Net *to)
{
    for (guint i = 0; i < fv_plan_params(from->plan); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(FvTensor) tensor = fv_plan_get_param(from->plan, i, &error);
        g_assert_no_error(error);
        g_assert_true(fv_plan_set_param(to->plan, i, tensor, &error));
    }
}

/* Trained for a few steps, so that moments are not what they begin as, nets predict the same with all values kept. */
static void test_fusion(gconstpointer data)
{
    enum { SAMPLES = 5 };
    for (guint i = 0; i < G_N_ELEMENTS(fusions); i++) {
        g_autofree char *text =
            g_strdup_printf("net { %s as out }\nloss = mse(out, target)\noptimizer = sgd(rate=0.05)\n", fusions[i].net);
        FvPlanSettings settings = { .batch = SAMPLES, .lanes = GPOINTER_TO_INT(data), .purpose = FV_FOR_TRAINING };
        g_auto(Net) trained = net_load(text, settings);
        write_batch(&trained, SAMPLES, 1);
        for (guint32 step = 0; step < 3; step++)
            enqueue(&trained, FV_LIST_TRAIN, SAMPLES, step);
        settings.purpose = FV_FOR_PREDICTION;
        g_auto(Net) fused = net_load(text, settings);
        settings.keep = TRUE;
        g_auto(Net) kept = net_load(text, settings);
        copy_params(&trained, &fused);
        copy_params(&trained, &kept);
        g_autoptr(GArray) a = prediction(&fused, SAMPLES, 1);
        g_autoptr(GArray) b = prediction(&kept, SAMPLES, 1);
        assert_near(a, b, 1e-5);
        g_autoptr(GArray) c = prediction(&trained, SAMPLES, 1);
        assert_near(a, c, 1e-5);
        g_assert_cmpuint(fv_plan_list(fused.plan, FV_LIST_PREDICT, SAMPLES, NULL)->launches->len, ==,
                         fusions[i].launches);
    }
}

/* Backward passes of nets: launches that elementwise layers, sums and concat make there, or whose layer is "add", since
 * they add up gradients. */
static const struct {
    const char *net;
    guint launches;
} backward_fusions[] = {
    { "conv(8, 3, pad=1) -> relu -> conv(6, 1) -> relu -> maxpool(2) -> dense(4)", 0 },
    { "conv(8, 3, pad=1) -> sigmoid -> tanh -> leaky -> elu -> conv(4, 3)", 0 }, /* a run of maps */
    { "conv(8, 3, pad=1) -> batchnorm -> relu -> conv(8, 3, pad=1, groups=8) -> elu -> avgpool(3, stride=2)", 0 },
    { "conv(8, 3, pad=1) -> relu -> dropout(0.3) -> flatten -> tanh -> dense(4)", 0 },
    { "conv(8, 3, pad=1) -> batchnorm -> relu as a -> conv(8, 3, pad=1) -> batchnorm -> relu -> conv(8, 3, pad=1)\n"
      "-> batchnorm as b add(a, b) -> relu as c -> conv(8, 1) -> batchnorm as d add(c, d) -> relu -> gap -> dense(4)",
      0 }, /* residual */
    { "conv(8, 3, pad=1) -> batchnorm -> relu as a -> conv(4, 3, pad=1, stride=2) -> batchnorm as b\n"
      "a -> conv(4, 1, stride=2) -> batchnorm as c add(b, c) -> relu -> gap -> dense(4)",
      0 },
    { "conv(8, 3, pad=1) -> relu -> { conv(3, 1) -> relu | conv(3, 1) -> relu -> conv(5, 3, pad=1) -> relu\n"
      "| maxpool(3, stride=1, pad=1) -> conv(4, 1) -> relu } -> concat -> gap -> dense(4)",
      3 }, /* inception: concat writes to each branch */
    { "conv(4, 3, pad=1) as a -> relu as b a -> tanh as c add(b, c) -> dense(4)", 2 }, /* dy of both maps is one */
    { "conv(4, 3, pad=1) as a add(a, a) -> dense(4)", 3 },                             /* two copies, one sum */
    { "conv(4, 3, pad=1) as a -> relu as b add(a, b) -> conv(4, 3)",
      2 }, /* a copy: dy of relu is read when a's is added to */
    { "conv(4, 3, pad=1) as a -> tanh as b add(a, b) as c mul(a, c) -> dense(4)", 5 }, /* mul: 3 */
    { "conv(4, 3, pad=1) -> sigmoid -> relu", 1 }, /* the loss has no such kernels: that of relu does both */
};

static guint launches_beside(const FvList *list)
{
    static const char *const names[] = { "_backward", "_copy", "_add", "_product", "_more" };
    static const char *const others[] = { "pool", "gap", "flatten", "batchnorm", "dropout" };
    guint count = 0;
    for (guint i = 0; i < list->launches->len; i++) {
        const FvLaunch *launch = list->launches->pdata[i];
        gboolean counts = FALSE;
        for (guint k = 0; k < G_N_ELEMENTS(names); k++)
            counts |= g_str_has_suffix(launch->name, names[k]);
        for (guint k = 0; launch->layer && k < G_N_ELEMENTS(others); k++)
            counts &= strstr(launch->layer, others[k]) == NULL;
        count += counts;
    }
    return count;
}

static void test_backward_fusion(gconstpointer data)
{
    enum { SAMPLES = 5 };
    for (guint i = 0; i < G_N_ELEMENTS(backward_fusions); i++) {
        g_autofree char *text = g_strdup_printf(
            "net { input(4, 8, 8) -> %s as out }\nloss = mse(out, target)\noptimizer = sgd(rate=0.05)\n",
            backward_fusions[i].net);
        FvPlanSettings settings = { .batch = SAMPLES + 2, .lanes = GPOINTER_TO_INT(data), .purpose = FV_FOR_TRAINING };
        fv_plan_settings_for(device, &settings);
        g_auto(Net) fused = net_load(text, settings);
        settings.keep = TRUE;
        g_auto(Net) kept = net_load(text, settings);
        g_autoptr(GArray) a = gradients(&fused, SAMPLES, 1);
        g_autoptr(GArray) b = gradients(&kept, SAMPLES, 1);
        g_test_message("%s", backward_fusions[i].net);
        assert_near(a, b, 1e-5);
        g_assert_cmpuint(launches_beside(fv_plan_list(fused.plan, FV_LIST_GRADIENT, SAMPLES, NULL)), ==,
                         backward_fusions[i].launches);
    }
}

/* Two heads that look at one value, and the gradient of the input, which stays. */
static void test_backward_heads(void)
{
    static const char heads[] =
        "net { input(4, 8, 8) -> relu as x -> conv(8, 3, pad=1) -> relu as a -> conv(8, 3, pad=1) as b\n"
        "  add(a, b) -> relu as trunk trunk -> conv(6, 3) -> tanh -> dense(4) as logits trunk -> gap -> dense(4) as "
        "out }\n"
        "loss = softmax(logits, label) + 0.3 * mse(out, target) + 0.1 * mse(logits, other)\n"
        "optimizer = sgd(rate=0.05)\n";
    FvPlanSettings settings = { .batch = 5, .purpose = FV_FOR_TRAINING, .input_gradient = TRUE };
    g_auto(Net) fused = net_load(heads, settings);
    settings.keep = TRUE;
    g_auto(Net) kept = net_load(heads, settings);
    g_autoptr(GArray) a = gradients(&fused, 5, 1);
    g_autoptr(GArray) b = gradients(&kept, 5, 1);
    assert_near(a, b, 1e-5);
    double x[5 * 256], y[5 * 256], largest = 0, off = 0;
    const FvShape shape = fv_plan_input_shape(fused.plan);
    g_assert_true(fv_plan_read_value(fused.plan, fv_plan_input_gradient(fused.plan), shape, 5, x, NULL));
    g_assert_true(fv_plan_read_value(kept.plan, fv_plan_input_gradient(kept.plan), shape, 5, y, NULL));
    for (guint i = 0; i < G_N_ELEMENTS(x); i++) {
        largest = MAX(largest, fabs(y[i]));
        off = MAX(off, fabs(x[i] - y[i]));
    }
    g_assert_cmpfloat(largest, >, 0);
    g_assert_cmpfloat(off, <=, 1e-5 * largest);
}

/* Fewer samples than the batch: what an earlier, full batch has left behind in the other lanes must not be seen. */
static void check_samples(FvPlanSettings settings, int samples, GArray *(*run)(Net *, int, double) )
{
    g_auto(Net) large = net_load(deep, settings);
    g_array_unref(run(&large, settings.batch, 1e3));
    settings.batch = samples;
    g_auto(Net) exact = net_load(deep, settings);
    g_autoptr(GArray) a = run(&exact, samples, 1);
    g_autoptr(GArray) b = run(&large, samples, 1);
    assert_near(a, b, 1e-5);
}

static void test_samples(gconstpointer data)
{
    static const int cases[][2] = { { 16, 5 }, { 16, 1 }, { 40, 17 }, { 40, 32 } };
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        FvPlanSettings settings = { .batch = cases[i][0], .lanes = GPOINTER_TO_INT(data) };
        check_samples(settings, cases[i][1], prediction);
        settings.purpose = FV_FOR_TRAINING;
        check_samples(settings, cases[i][1], gradients);
    }
}

/* A plan that can train predicts the same as one that cannot. */
static void test_prediction(void)
{
    g_auto(Net) predicts = net_load(deep, (FvPlanSettings){ .batch = 5 });
    g_auto(Net) trains = net_load(deep, (FvPlanSettings){ .purpose = FV_FOR_TRAINING, .batch = 5 });
    g_autoptr(GArray) a = prediction(&predicts, 5, 1);
    g_autoptr(GArray) b = prediction(&trains, 5, 1);
    assert_near(a, b, 1e-5);
}

/* ------------------------------------------------------------------- fan-out */

/* Nets with a value that several look at, and two losses: the gradient of their sum is the sum of their gradients. */
static const char *const fans[] = {
    "net { input(3, 6, 6) -> conv(5, 3) as v  v -> conv(4, 2) as p  v -> conv(3, 1) as q }\n",
    "net { input(3, 6, 6) -> conv(5, 3) -> relu as v  v -> { sigmoid | tanh | elu } -> add as p  v -> conv(2, 1) as q "
    "}\n",
    "net { input(3, 6, 6) -> conv(5, 3) as v  add(v, v) as p  v -> { conv(2, 2) | conv(2, 2) } -> concat as q }\n",
    "net { input(3, 6, 6) -> conv(5, 3) as p -> conv(5, 1) as q  add(p, q) -> dense(3) }\n",
    "net { input(3, 6, 6) -> conv(5, 3) as p -> dropout(0) as q }\n", /* two losses on one value */
    "net { input(3, 6, 6) -> conv(5, 3) as v  mul(v, v) as p  v -> match(p) -> dense(3) as q }\n",
};

static GArray *fan_gradients(const char *fan, const char *loss)
{
    g_autofree char *text = g_strdup_printf("%sloss = %s\n", fan, loss);
    g_auto(Net) net = net_load(text, (FvPlanSettings){ .purpose = FV_FOR_TRAINING, .batch = 3 });
    return gradients(&net, 3, 1);
}

static void test_fan_out(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(fans); i++) {
        g_autoptr(GArray) p = fan_gradients(fans[i], "mse(p, target)");
        g_autoptr(GArray) q = fan_gradients(fans[i], "mse(q, other)");
        g_autoptr(GArray) both = fan_gradients(fans[i], "mse(p, target) + 2 * mse(q, other)");
        g_assert_cmpuint(p->len, ==, q->len);
        for (guint k = 0; k < p->len; k++)
            g_array_index(p, double, k) += 2 * g_array_index(q, double, k);
        assert_near(p, both, 1e-5);
    }
}

/* Weights that no loss depends on have the penalty's gradient, at every step the same. */
static void test_penalty(void)
{
    g_auto(Net) net = net_load(
        "net { input(3, 4, 4) as x -> dense(3) as y  x -> dense(2) as z }\n"
        "loss = mse(y, target) + l2(0.1)\n",
        (FvPlanSettings){ .purpose = FV_FOR_TRAINING, .batch = 2 });
    g_autoptr(GArray) once = gradients(&net, 2, 1);
    g_autoptr(GArray) twice = gradients(&net, 2, 1);
    assert_same(once, twice);
}

/* ---------------------------------------------------------------------- norms */

static double norm_of(Net *net, const char *layer)
{
    double squares = 0;
    for (guint i = 0; i < fv_plan_params(net->plan); i++) {
        const FvPlanParam param = fv_plan_param(net->plan, i);
        g_autoptr(FvTensor) gradient = param.trained ? fv_plan_get_gradient(net->plan, i, NULL) : NULL;
        if (!gradient || !g_str_has_prefix(param.name, layer))
            continue;
        for (gint64 k = 0; k < fv_tensor_elements(gradient); k++)
            squares += fv_tensor_get(gradient, k) * fv_tensor_get(gradient, k);
    }
    return sqrt(squares);
}

/* Those of the gradients as they are, not as an update limits them; of layers that stay as they are there is none. */
static void test_norms(gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GArray) layers = g_array_new(FALSE, FALSE, sizeof(FvPlanNorm));
    g_auto(Net) net = net_load(
        "net { input(3, 9, 7) -> conv(5, 3, rate=0) -> batchnorm -> conv(6, 3, rate=0.5) -> relu -> dense(4) as y }\n"
        "loss = softmax(y, label) + l2(0.1)\n"
        "optimizer = sgd(rate=0.1, clip_norm=0.001, clip_value=0.01)\n",
        (FvPlanSettings){ .purpose = FV_FOR_TRAINING, .batch = 5, .lanes = GPOINTER_TO_INT(data) });
    double norm = 0;
    write_batch(&net, 5, 3);
    enqueue(&net, FV_LIST_TRAIN, 5, 0);
    enqueue(&net, FV_LIST_NORMS, 1, 0);
    fv_plan_read_norms(net.plan, &norm, layers, &error);
    g_assert_no_error(error);
    static const char *const moving[] = { "batchnorm1", "conv2", "dense1" };
    double squares = 0;
    g_assert_cmpuint(layers->len, ==, G_N_ELEMENTS(moving));
    for (guint i = 0; i < layers->len; i++) {
        const FvPlanNorm *layer = &g_array_index(layers, FvPlanNorm, i);
        const double wanted = norm_of(&net, moving[i]);
        g_assert_cmpstr(layer->path, ==, moving[i]);
        g_assert_cmpfloat(wanted, >, 0.01);
        g_assert_cmpfloat_with_epsilon(layer->norm / wanted, 1, 1e-5);
        squares += wanted * wanted;
    }
    g_assert_cmpfloat_with_epsilon(norm / sqrt(squares), 1, 1e-5);
}

/* ------------------------------------------------------------- mixed samples */

enum { MIXED = 5, MIXED_PARTS = 3 };
static const gint32 mixed_classes[MIXED_PARTS][MIXED] = { { 0, 1, 2, 3, 0 }, { 2, 2, 2, 0, 1 }, { 3, 0, 1, 1, 0 } };
static const float mixed_shares[MIXED_PARTS][MIXED] = { { 1, 0.75f, 0.5f, 0.25f, 0.5f },
                                                        { 0, 0.25f, 0.25f, 0.25f, 0.5f },
                                                        { 0, 0, 0.25f, 0.5f, 0 } };

/* All terms of each sample, added up. */
static void read_losses(Net *net, double *losses, GError **error)
{
    memset(losses, 0, MIXED * sizeof *losses);
    for (guint i = 0; i < fv_plan_terms(net->plan); i++) {
        float read[MIXED];
        const FvPlanTerm term = fv_plan_term(net->plan, i);
        if (term.metric || !fv_device_read(device, term.result->memory, 0, sizeof read, read, error))
            continue;
        for (int s = 0; s < MIXED; s++)
            losses[s] += (double) read[s];
    }
}

/* Gradients where all samples have the classes of these places of the table. */
static GArray *class_gradients(const char *text, int lanes, int parts, const gint32 *classes, double *losses)
{
    const gsize bytes = MIXED * sizeof(gint32);
    GError *error = NULL;
    g_auto(Net) net =
        net_load(text, (FvPlanSettings){ .purpose = FV_FOR_TRAINING, .batch = MIXED, .lanes = lanes, .parts = parts });
    write_batch(&net, MIXED, 1);
    fv_device_write(device, fv_plan_target(net.plan, "label", NULL, NULL)->memory, 0, bytes, classes, &error);
    for (int part = 1; part < parts; part++)
        fv_device_write(device, fv_plan_part_target(net.plan, "label", part)->memory, 0, bytes, mixed_classes[part],
                        &error);
    g_assert_true((fv_plan_shares(net.plan) != NULL) == (parts > 1));
    if (parts > 1)
        fv_device_write(device, fv_plan_shares(net.plan)->memory, 0, sizeof mixed_shares, mixed_shares, &error);
    enqueue(&net, FV_LIST_GRADIENT, MIXED, 0);
    read_losses(&net, losses, &error);
    g_assert_no_error(error);
    return read_params(&net, fv_plan_get_gradient);
}

/* A net without batch statistics: the gradient of a batch is the mean of those of its samples, so that the mixed one is
 * made of gradients of batches in which one sample's class is another. */
static void test_mixed(gconstpointer data)
{
    static const char *const nets[] = {
        "net { input(2, 3, 4) -> conv(5, 2) -> tanh -> dense(4) as p }\nloss = softmax(p, label)\n",
        "net { input(2, 3, 4) -> conv(5, 2) -> tanh as t -> dense(4) as p  t -> dense(6) as q }\n"
        "loss = softmax(p, label) + 0.3 * softmax(q, label) + 2 * hinge(p, label)\n",
        "net { input(2, 3, 4) -> conv(5, 2) -> tanh -> dense(4) as p }\nloss = bce(p, one_hot) + softmax(p, label)\n",
    };
    const int lanes = GPOINTER_TO_INT(data);
    for (guint n = 0; n < G_N_ELEMENTS(nets); n++) {
        double losses[MIXED], mixed_losses[MIXED], expected[MIXED];
        g_autoptr(GArray) mixed = class_gradients(nets[n], lanes, MIXED_PARTS, mixed_classes[0], mixed_losses);
        g_autoptr(GArray) sum = class_gradients(nets[n], lanes, 1, mixed_classes[0], expected);
        g_autoptr(GArray) own = g_array_copy(sum);
        for (int s = 0; s < MIXED; s++)
            expected[s] *= (double) mixed_shares[0][s];
        for (int part = 1; part < MIXED_PARTS; part++)
            for (int s = 0; s < MIXED; s++) {
                gint32 classes[MIXED];
                memcpy(classes, mixed_classes[0], sizeof classes);
                classes[s] = mixed_classes[part][s];
                g_autoptr(GArray) other = class_gradients(nets[n], lanes, 1, classes, losses);
                const double share = (double) mixed_shares[part][s];
                for (guint k = 0; k < sum->len; k++)
                    g_array_index(sum, double, k) +=
                        share * (g_array_index(other, double, k) - g_array_index(own, double, k));
                expected[s] += share * losses[s];
            }
        assert_near(mixed, sum, 1e-5);
        for (int s = 0; s < MIXED; s++)
            g_assert_cmpfloat_with_epsilon(mixed_losses[s], expected[s], 1e-5);
    }
}

/* ----------------------------------------------------------- kernels for GPUs */

/* Columns and rows that do not fill tiles, channels by four and not, strides that make classes of pixels. */
static const char tiled[] =
    "net { input(5, 9, 8) -> conv(36, 3, stride=2, pad=1) -> relu -> conv(10, 2) -> dense(70) as p }\n"
    "loss = mse(p, target)\n";

static GArray *family_gradients(FvPlanSettings settings)
{
    settings.purpose = FV_FOR_TRAINING;
    settings.batch = 3;
    settings.lanes = MAX(1, settings.lanes);
    settings.input_gradient = TRUE; /* the first layer, too, then has all passes */
    g_auto(Net) net = net_load(tiled, settings);
    const GArray *products = fv_plan_products(net.plan);
    g_assert_cmpuint(products->len, ==, settings.family == FV_FAMILY_GPU ? 9 : 0);
    for (guint i = 0; settings.tile > 0 && i < products->len; i++)
        g_assert_cmpint(g_array_index(products, FvPlanProduct, i).tile, ==, settings.tile);
    return gradients(&net, 3, 1);
}

static void test_tiles(void)
{
    g_autoptr(GArray) expected = family_gradients((FvPlanSettings){ .family = FV_FAMILY_CPU });
    g_autofree char *text = NULL;
    for (int tile = 1; (text = fv_plan_tile_text(tile)); tile++) {
        g_test_message("%s", text);
        g_clear_pointer(&text, g_free);
        g_autoptr(GArray) got =
            family_gradients((FvPlanSettings){ .family = FV_FAMILY_GPU, .tile = tile, .group_memory = 64 << 10 });
        assert_near(expected, got, 1e-5);
    }
}

/* The smallest work-groups that there may be, doubles, and lanes. */
static void test_group_limits(void)
{
    g_autoptr(GArray) expected = family_gradients((FvPlanSettings){ .family = FV_FAMILY_CPU });
    g_autoptr(GArray) small =
        family_gradients((FvPlanSettings){ .family = FV_FAMILY_GPU, .group_memory = 4 << 10, .group_items = 64 });
    g_autoptr(GArray) lanes = family_gradients((FvPlanSettings){ .family = FV_FAMILY_GPU, .lanes = 16, .units = 7 });
    assert_near(expected, small, 1e-5);
    assert_near(expected, lanes, 1e-5);
    if (!device->info->has_double)
        return;
    g_autoptr(GArray) doubles = family_gradients((FvPlanSettings){ .family = FV_FAMILY_GPU, .doubles = TRUE });
    assert_near(doubles, expected, 1e-5);
}

static void test_known_tiles(void)
{
    g_autoptr(GHashTable) tiles = g_hash_table_new(g_str_hash, g_str_equal);
    FvPlanSettings settings = { .batch = 3, .family = FV_FAMILY_GPU };
    g_auto(Net) net = net_load(tiled, settings);
    const FvPlanProduct *first = &g_array_index(fv_plan_products(net.plan), FvPlanProduct, 0);
    const int other = first->usual == 1 ? 2 : 1;
    g_hash_table_insert(tiles, first->text, GINT_TO_POINTER(other));
    settings.tiles = tiles;
    g_auto(Net) tuned = net_load(tiled, settings);
    const GArray *products = fv_plan_products(tuned.plan);
    for (guint i = 0; i < products->len; i++) {
        const FvPlanProduct *product = &g_array_index(products, FvPlanProduct, i);
        g_assert_cmpint(product->tile, ==, i == 0 ? other : product->usual);
    }
}

/* -------------------------------------------------------------------- frozen */

static const char frozen_trunk[] =
    "net { input(3, 8, 8) -> conv(8, 3, pad=1) -> batchnorm -> relu -> conv(8, 3, pad=1, groups=8) -> prelu\n"
    "  -> conv(6, 3) as features -> dense(5) -> relu -> dense(4) as logits }\n"
    "loss = softmax(logits, label) + l2(0.001)\noptimizer = sgd(rate=0.05, momentum=0.9)\n";

/* Launches of a layer whose kernels have such a name; NULL: any. */
static guint launches_of(Net *net, FvListKind kind, const char *layer, const char *name)
{
    const FvList *list = fv_plan_list(net->plan, kind, 5, NULL);
    guint count = 0;
    for (guint i = 0; i < list->launches->len; i++) {
        const FvLaunch *launch = list->launches->pdata[i];
        count += g_strcmp0(launch->layer, layer) == 0 && (!name || strstr(launch->name, name));
    }
    return count;
}

static GArray *frozen_params(Net *net)
{
    GArray *numbers = g_array_new(FALSE, FALSE, sizeof(double));
    for (guint i = 0; i < fv_plan_params(net->plan); i++) {
        g_autoptr(FvTensor) tensor = fv_plan_param(net->plan, i).trained ? NULL : fv_plan_get_param(net->plan, i, NULL);
        for (gint64 k = 0; tensor && k < fv_tensor_elements(tensor); k++) {
            const double number = fv_tensor_get(tensor, k);
            g_array_append_val(numbers, number);
        }
    }
    return numbers;
}

/* A frozen trunk costs its forward pass, and nothing in it moves: neither weights nor statistics. */
static void test_frozen_trunk(gconstpointer data)
{
    static const char *const layers[] = { "conv1", "batchnorm1", "conv2", "prelu1", "conv3" };
    FvPlanSettings settings = {
        .purpose = FV_FOR_TRAINING, .batch = 5, .lanes = GPOINTER_TO_INT(data), .local_memory = 1 << 16
    };
    g_autofree char *text =
        g_strconcat(frozen_trunk, "freeze [\"conv*\", \"batchnorm1\"]\nfreeze \"prelu?.weight\"\n", NULL);
    g_auto(Net) free = net_load(frozen_trunk, settings);
    g_auto(Net) net = net_load(text, settings);
    for (guint i = 0; i < G_N_ELEMENTS(layers); i++) {
        g_test_message("%s", layers[i]);
        const guint forward = launches_of(&net, FV_LIST_PREDICT, layers[i], NULL);
        g_assert_cmpuint(launches_of(&net, FV_LIST_TRAIN, layers[i], "gradient"), ==, 0);
        g_assert_cmpuint(launches_of(&net, FV_LIST_TRAIN, layers[i], "backward"), ==, 0);
        g_assert_cmpuint(launches_of(&net, FV_LIST_TRAIN, layers[i], NULL), <, /* of forward passes, with packing */
                         launches_of(&free, FV_LIST_TRAIN, layers[i], NULL));
        g_assert_cmpuint(launches_of(&net, FV_LIST_TRAIN, layers[i], NULL), >=, forward);
    }
    g_assert_cmpuint(launches_of(&net, FV_LIST_TRAIN, "dense1", "gradient"), >, 0);
    g_assert_cmpuint(launches_of(&net, FV_LIST_TRAIN, "dense1", "input_gradient"), ==, 0);

    const FvPlanMemory less = fv_plan_memory(net.plan), more = fv_plan_memory(free.plan);
    g_assert_cmpuint(less.optimizer, <, more.optimizer);
    g_assert_cmpuint(less.gradients, ==, less.optimizer); /* momentum: one slot */
    g_assert_cmpuint(less.values, <, more.values);
    const gint64 head = (6 * 6 * 6 + 1) * 5 + 6 * 4;
    g_assert_cmpint(fv_plan_parameter_count(net.plan) - fv_plan_frozen_parameter_count(net.plan), ==, head);

    g_autoptr(GArray) before = frozen_params(&net);
    write_batch(&net, 5, 1);
    for (guint32 step = 0; step < 3; step++)
        enqueue(&net, FV_LIST_TRAIN, 5, step);
    g_autoptr(GArray) after = frozen_params(&net);
    g_assert_cmpuint(before->len, >, 0);
    assert_same(before, after);
}

/* What is below a frozen layer is trained through it; what is frozen in it changes no other gradient. */
static void test_frozen_middle(gconstpointer data)
{
    static const char *const frozen[] = { "", "freeze \"conv2\"\n", "freeze \"conv2.bias\"\n", "freeze \"conv3\"\n" };
    static const char text[] =
        "net { input(3, 8, 8) -> conv(8, 3, pad=1) -> relu -> conv(8, 3, pad=1, groups=8) -> elu -> conv(8, 3)\n"
        "  -> dense(4) as logits }\n"
        "loss = softmax(logits, label) + l2(0.001)\noptimizer = sgd(rate=0.05)\n";
    const FvPlanSettings settings = {
        .purpose = FV_FOR_TRAINING, .batch = 5, .lanes = GPOINTER_TO_INT(data), .local_memory = 1 << 16
    };
    g_autoptr(GPtrArray) whole = g_ptr_array_new_with_free_func((GDestroyNotify) fv_tensor_free);
    for (guint n = 0; n < G_N_ELEMENTS(frozen); n++) {
        g_autofree char *one = g_strconcat(text, frozen[n], NULL);
        g_auto(Net) net = net_load(one, settings);
        write_batch(&net, 5, 1);
        enqueue(&net, FV_LIST_GRADIENT, 5, 0);
        for (guint i = 0; i < fv_plan_params(net.plan); i++) {
            if (!fv_plan_param(net.plan, i).trained)
                continue;
            FvTensor *got = fv_plan_get_gradient(net.plan, i, NULL);
            if (n == 0) {
                g_ptr_array_add(whole, got);
                continue;
            }
            const FvTensor *expected = whole->pdata[i];
            g_assert_cmpmem(got->data, sizeof(float) * (gsize) fv_tensor_elements(got), expected->data,
                            sizeof(float) * (gsize) fv_tensor_elements(expected));
            fv_tensor_free(got);
        }
    }
}

/* Frozen statistics stand in for those of the batch, in the forward pass and in the gradient. */
static void test_frozen_statistics(gconstpointer data)
{
    const int lanes = GPOINTER_TO_INT(data);
    const FvPlanSettings settings = { .purpose = FV_FOR_TRAINING, .batch = 5, .lanes = lanes };
    g_auto(Net) net = net_load(
        "net { input(3, 6, 6) -> conv(4, 3) -> batchnorm(epsilon=1e-12) -> relu -> dense(4) as y }\n"
        "loss = softmax(y, label)\noptimizer = sgd(rate=0.05)\nfreeze \"batchnorm1\"\n",
        settings);
    /* With mean 0 and variance 1 it changes nothing. */
    g_auto(Net) plain = net_load(
        "net { input(3, 6, 6) -> conv(4, 3) -> relu -> dense(4) as y }\n"
        "loss = softmax(y, label)\noptimizer = sgd(rate=0.05)\n",
        settings);
    for (guint i = 0; i < 2; i++) /* streams of first values are numbered by parameters: give both the same */
        for (guint k = 0; k < 2; k++) {
            g_autoptr(FvTensor) tensor = fv_plan_get_param(net.plan, i == 0 ? k : 6 + k, NULL);
            g_assert_true(fv_plan_set_param(plain.plan, i * 2 + k, tensor, NULL));
        }
    g_autoptr(GArray) got = gradients(&net, 5, 1), expected = gradients(&plain, 5, 1);
    assert_near(expected, got, 1e-5);
}

static void test_rate_0(void)
{
    const FvPlanSettings settings = { .purpose = FV_FOR_TRAINING, .batch = 5 };
    g_auto(Net) net = net_load(
        "net { input(3, 6, 6) -> conv(4, 3, rate=0) -> batchnorm(rate=0) -> dense(4) as y }\n"
        "loss = softmax(y, label)\noptimizer = sgd(rate=0.05)\n",
        settings);
    g_assert_cmpuint(launches_of(&net, FV_LIST_TRAIN, "conv1", "gradient"), ==, 0);
    g_assert_cmpuint(launches_of(&net, FV_LIST_TRAIN, "batchnorm1", "backward"), ==, 0);
    g_assert_cmpuint(launches_of(&net, FV_LIST_TRAIN, "batchnorm1", "measure"), ==, 1); /* its statistics move */
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_set_nonfatal_assertions(); /* every case is run, whatever came before it */
    g_autoptr(GError) error = NULL;
    device = fv_device_open(NULL, &error);
    g_assert_no_error(error);
    g_test_add_func("/plan/shapes", test_shapes);
    g_test_add_func("/plan/match", test_match);
    g_test_add_func("/plan/mistakes", test_mistakes);
    add_bad_files("plan", "/plan/bad/", test_bad_file);
    g_test_add_func("/plan/alive", test_alive);
    g_test_add_func("/plan/memory", test_memory);
    g_test_add_data_func("/plan/frozen/trunk/lanes-1", GINT_TO_POINTER(1), test_frozen_trunk);
    g_test_add_data_func("/plan/frozen/trunk/lanes-16", GINT_TO_POINTER(16), test_frozen_trunk);
    g_test_add_data_func("/plan/frozen/middle/lanes-1", GINT_TO_POINTER(1), test_frozen_middle);
    g_test_add_data_func("/plan/frozen/middle/lanes-16", GINT_TO_POINTER(16), test_frozen_middle);
    g_test_add_data_func("/plan/frozen/statistics/lanes-1", GINT_TO_POINTER(1), test_frozen_statistics);
    g_test_add_data_func("/plan/frozen/statistics/lanes-16", GINT_TO_POINTER(16), test_frozen_statistics);
    g_test_add_func("/plan/frozen/rate-0", test_rate_0);
    g_test_add_func("/plan/packed-weights", test_packed_weights);
    g_test_add_func("/plan/largest-batch", test_largest_batch);
    g_test_add_func("/plan/small-buffers", test_small_buffers);
    g_test_add_func("/plan/same-bits", test_same_bits);
    g_test_add_func("/plan/keep", test_keep);
    g_test_add_data_func("/plan/fusion/lanes-1", GINT_TO_POINTER(1), test_fusion);
    g_test_add_data_func("/plan/fusion/lanes-8", GINT_TO_POINTER(8), test_fusion);
    g_test_add_data_func("/plan/fusion/lanes-16", GINT_TO_POINTER(16), test_fusion);
    g_test_add_data_func("/plan/backward/lanes-1", GINT_TO_POINTER(1), test_backward_fusion);
    g_test_add_data_func("/plan/backward/lanes-8", GINT_TO_POINTER(8), test_backward_fusion);
    g_test_add_data_func("/plan/backward/lanes-16", GINT_TO_POINTER(16), test_backward_fusion);
    g_test_add_func("/plan/backward/heads", test_backward_heads);
    g_test_add_data_func("/plan/samples/lanes-1", GINT_TO_POINTER(1), test_samples);
    g_test_add_data_func("/plan/samples/lanes-16", GINT_TO_POINTER(16), test_samples);
    g_test_add_func("/plan/prediction", test_prediction);
    g_test_add_func("/plan/fan-out", test_fan_out);
    g_test_add_func("/plan/penalty", test_penalty);
    g_test_add_data_func("/plan/norms/lanes-1", GINT_TO_POINTER(1), test_norms);
    g_test_add_data_func("/plan/norms/lanes-16", GINT_TO_POINTER(16), test_norms);
    g_test_add_data_func("/plan/mixed/lanes-1", GINT_TO_POINTER(1), test_mixed);
    g_test_add_data_func("/plan/mixed/lanes-16", GINT_TO_POINTER(16), test_mixed);
    g_test_add_func("/plan/gpu/tiles", test_tiles);
    g_test_add_func("/plan/gpu/limits", test_group_limits);
    g_test_add_func("/plan/gpu/known-tiles", test_known_tiles);
    const int failed = g_test_run();
    fv_device_close(device);
    return failed;
}
