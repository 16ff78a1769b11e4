/* SPDX-License-Identifier: MIT
 * test_noise.c: what layers that draw at random draw: the values themselves, their share and their moments, that a step
 * draws the same each time and other steps others, that backward sees what forward drew, and what prediction takes.
 *
 * Samples are the rows of the identity: what comes out of a layer are its weights of this step. */
#include "core/exec/exec.h"
#include "core/train/pipeline.h"
#include "core/train/tally.h"

#include <math.h>
#include <string.h>

enum { INPUTS = 40, OUTPUTS = 35, STEPS = 12, SEED = 5 };
#define NEAR 1e-5 /* relative */
#define SIGMAS 5  /* how far a mean may be from its expectation, in deviations of the mean */

static FvDevice *device;

typedef struct {
    FvPipeline *pipeline;
    FvPlan *plan;
    FvShape in, out;
    double *x, *y, *dx; /* INPUTS samples, N,C,H,W */
    FvTensor *weight, *gradient;
} Net;

static void net_clear(Net *net)
{
    fv_plan_free(net->plan);
    fv_pipeline_free(net->pipeline);
    g_free(net->x);
    g_free(net->y);
    g_free(net->dx);
    fv_tensor_free(net->weight);
    fv_tensor_free(net->gradient);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Net, net_clear)

static void write_values(Net *net, FvBuffer *buffer, FvShape shape, const double *values)
{
    g_autoptr(GError) error = NULL;
    const gint64 dims[] = { INPUTS, shape.c, shape.h, shape.w };
    g_autoptr(FvTensor) tensor = fv_tensor_new(FV_F64, 4, dims, &error);
    for (gint64 i = 0; i < fv_tensor_elements(tensor); i++)
        fv_tensor_set(tensor, i, values ? values[i] : 0);
    fv_plan_write_value(net->plan, buffer, shape, INPUTS, tensor, &error);
    g_assert_no_error(error);
}

/* @layer between @input and a loss whose targets are 0, so that dy = y / N. x is the identity, or where it is no
 * vector, numbers that are not 0. */
static Net net_open(const char *input, const char *layer)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(FvDiag) diag = fv_diag_new();
    g_autofree char *text = g_strdup_printf("net { %s -> %s as result }\nloss = mse(result, target)\n", input, layer);
    Net net = { .pipeline = fv_pipeline_from_text("noise", text, &error) };
    g_assert_no_error(error);
    FvPlanSettings settings = { .purpose = FV_FOR_TRAINING, .batch = INPUTS, .input_gradient = TRUE };
    fv_plan_settings_for(device, &settings);
    net.plan = fv_plan_new(net.pipeline->graph, &settings, diag);
    fv_diag_check(diag, &error);
    g_assert_no_error(error);
    g_assert_true(fv_plan_load(net.plan, device, NULL, &error) && fv_plan_initialise(net.plan, SEED, &error));
    g_assert_no_error(error);
    net.in = fv_plan_input_shape(net.plan);
    net.out = fv_plan_output_shape(net.plan);
    net.x = g_new0(double, INPUTS *fv_shape_elements(net.in));
    net.dx = g_new0(double, INPUTS *fv_shape_elements(net.in));
    net.y = g_new0(double, INPUTS *fv_shape_elements(net.out));
    for (gint64 i = 0; i < INPUTS * fv_shape_elements(net.in); i++)
        net.x[i] = net.in.h * net.in.w > 1 ? 1 + (double) (i % 7) : i % (INPUTS + 1) == 0;
    FvShape shape;
    FvTarget kind;
    FvBuffer *target = fv_plan_target(net.plan, "target", &kind, &shape);
    write_values(&net, fv_plan_input(net.plan), net.in, net.x);
    write_values(&net, target, shape, NULL);
    if (fv_plan_params(net.plan) > 0)
        net.weight = fv_plan_get_param(net.plan, 0, &error);
    g_assert_no_error(error);
    return net;
}

static void read_values(Net *net, FvBuffer *buffer, FvShape shape, double *values)
{
    g_autoptr(GError) error = NULL;
    fv_plan_read_value(net->plan, buffer, shape, INPUTS, values, &error);
    g_assert_no_error(error);
}

static void enqueue(Net *net, FvListKind kind, int step)
{
    g_autoptr(GError) error = NULL;
    const FvStep at = { .step = step, .seed = SEED };
    const FvList *list = fv_plan_list(net->plan, kind, INPUTS, &error);
    g_assert_no_error(error);
    fv_exec_enqueue(device, list, &at, &error);
    g_assert_no_error(error);
}

static void train(Net *net, int step)
{
    g_autoptr(GError) error = NULL;
    enqueue(net, FV_LIST_GRADIENT, step);
    read_values(net, fv_plan_output(net->plan), net->out, net->y);
    read_values(net, fv_plan_input_gradient(net->plan), net->in, net->dx);
    g_clear_pointer(&net->gradient, fv_tensor_free);
    if (net->weight)
        net->gradient = fv_plan_get_gradient(net->plan, 0, &error);
    g_assert_no_error(error);
}

static void predict(Net *net)
{
    enqueue(net, FV_LIST_PACK, 0);
    enqueue(net, FV_LIST_PREDICT, 0);
    read_values(net, fv_plan_output(net->plan), net->out, net->y);
}

static gboolean near(double a, double b)
{
    return fabs(a - b) <= NEAR * MAX(1e-3, MAX(fabs(a), fabs(b)));
}

/* The mean of `count` numbers with that deviation. */
static void assert_mean(double mean, double expected, double deviation, double count)
{
    g_assert_cmpfloat(fabs(mean - expected), <, SIGMAS * deviation / sqrt(count));
}

/* Weight from input i to output o; the one of this step; the gradient of the parameter. */
static double weight_of(const Net *net, int i, int o)
{
    return fv_tensor_get(net->weight, o * INPUTS + i);
}

static double drawn_of(const Net *net, int i, int o)
{
    return net->y[i * OUTPUTS + o];
}

static double gradient_of(const Net *net, int i, int o)
{
    return fv_tensor_get(net->gradient, o * INPUTS + i);
}

static void assert_repeats(Net *net)
{
    const gsize bytes = INPUTS * (gsize) fv_shape_elements(net->out) * sizeof(double);
    train(net, 3);
    g_autofree double *first = g_memdup2(net->y, bytes);
    train(net, 4);
    g_assert_true(memcmp(first, net->y, bytes) != 0);
    train(net, 3);
    g_assert_true(memcmp(first, net->y, bytes) == 0);
}

static void assert_predicts_weights(Net *net)
{
    predict(net);
    for (int i = 0; i < INPUTS; i++)
        for (int o = 0; o < OUTPUTS; o++)
            g_assert_true(near(drawn_of(net, i, o), weight_of(net, i, o)));
}

static char *layer_text(const char *format, int outputs)
{
    return g_strdup_printf(format, outputs);
}

/* ---------------------------------------------------------------- weights */

/* Weights that are one of two things: with probability rate `low`, else `slope` * w + `more` * sign(w). */
static void check_two(const char *format, double rate, double low, double slope, double more)
{
    g_autofree char *layer = layer_text(format, OUTPUTS);
    g_auto(Net) net = net_open("input(40)", layer);
    int dropped = 0;
    for (int step = 0; step < STEPS; step++) {
        train(&net, step);
        for (int i = 0; i < INPUTS; i++)
            for (int o = 0; o < OUTPUTS; o++) {
                const double w = weight_of(&net, i, o), drawn = drawn_of(&net, i, o), sign = w > 0 ? 1 : -1;
                const gboolean is_low = near(drawn, low * sign);
                g_assert_true(is_low || near(drawn, slope * w + more * sign));
                g_assert_true(near(gradient_of(&net, i, o), is_low ? 0 : drawn * slope / INPUTS));
                dropped += is_low;
            }
    }
    const double count = STEPS * INPUTS * OUTPUTS;
    assert_mean(dropped / count, rate, sqrt(rate * (1 - rate)), count);
    assert_repeats(&net);
    assert_predicts_weights(&net);
}

static void test_dropconnect(void)
{
    check_two("dropconnect(%d, 0.25)", 0.25, 0, 1 / 0.75, 0);
}

static void test_shakeout(void)
{
    check_two("shakeout(%d, 0.25, c=0.7)", 0.25, -0.7, 1 / 0.75, 0.7 / 3);
}

/* A convolution whose weights are drawn: the centre of its kernel alone meets numbers. */
static void test_convolution(void)
{
    g_autofree char *layer = layer_text("dropconnect(%d, 0.25, kernel=3, pad=1)", OUTPUTS);
    g_auto(Net) net = net_open("input(40)", layer);
    int dropped = 0;
    for (int step = 0; step < STEPS; step++) {
        train(&net, step);
        for (int i = 0; i < INPUTS; i++)
            for (int o = 0; o < OUTPUTS; o++) {
                const int at = (o * INPUTS + i) * 9 + 4;
                const double w = fv_tensor_get(net.weight, at), drawn = drawn_of(&net, i, o);
                g_assert_true(drawn == 0 || near(drawn, w / 0.75));
                g_assert_true(near(fv_tensor_get(net.gradient, at), drawn / 0.75 / INPUTS));
                dropped += drawn == 0;
            }
    }
    const double count = STEPS * INPUTS * OUTPUTS;
    assert_mean(dropped / count, 0.25, sqrt(0.25 * 0.75), count);
    assert_repeats(&net);
}

/* Deviation of whiteout's noise on weight w, and its derivative by w. */
static double deviation(double w, double sigma, double gamma, double lambda, double *slope)
{
    const double size = MAX(fabs(w), 1e-4), part = sigma * sigma * pow(size, -gamma), s = sqrt(part + lambda);
    *slope = fabs(w) > 1e-4 ? -gamma * part / (2 * s * w) : 0;
    return s;
}

static void test_whiteout(void)
{
    g_autofree char *layer = layer_text("whiteout(%d, sigma=0.2, gamma=0.8, lambda=0.05)", OUTPUTS);
    g_auto(Net) net = net_open("input(40)", layer);
    double sum = 0, squares = 0, count = 0;
    for (int step = 0; step < STEPS; step++) {
        train(&net, step);
        for (int i = 0; i < INPUTS; i++)
            for (int o = 0; o < OUTPUTS; o++) {
                double slope;
                const double w = weight_of(&net, i, o),
                             s = deviation(w, (double) 0.2f, (double) 0.8f, (double) 0.05f, &slope);
                const double drawn = drawn_of(&net, i, o), e = (drawn / w - 1) / s;
                const double expected = drawn / INPUTS * (1 + e * (s + w * slope));
                if (fabs(w) < 1e-3) /* e then is not known to many digits */
                    continue;
                g_assert_cmpfloat(fabs(gradient_of(&net, i, o) - expected), <, 1e-5);
                sum += e;
                squares += e * e;
                count++;
            }
    }
    g_assert_cmpfloat(count, >, 0.9 * STEPS * INPUTS * OUTPUTS);
    assert_mean(sum / count, 0, 1, count);
    assert_mean(squares / count, 1, sqrt(2), count);
    assert_repeats(&net);
    assert_predicts_weights(&net);
}

/* All samples get the same noise, a sum over the weights of an output. */
static void test_whiteout_add(void)
{
    g_autofree char *layer = layer_text("whiteout(%d, sigma=0.2, gamma=0.8, lambda=0.05, noise=add)", OUTPUTS);
    g_auto(Net) net = net_open("input(40)", layer);
    double sum = 0, squares = 0;
    for (int step = 0; step < STEPS; step++) {
        train(&net, step);
        for (int o = 0; o < OUTPUTS; o++) {
            double variance = 0, slope;
            const double noise = drawn_of(&net, 0, o) - weight_of(&net, 0, o);
            for (int i = 0; i < INPUTS; i++) {
                const double w = weight_of(&net, i, o);
                const double s = deviation(w, (double) 0.2f, (double) 0.8f, (double) 0.05f, &slope);
                variance += w * w * s * s;
                g_assert_cmpfloat(fabs(drawn_of(&net, i, o) - w - noise), <, 1e-5);
            }
            sum += noise / sqrt(variance);
            squares += noise * noise / variance;
        }
    }
    assert_mean(sum / (STEPS * OUTPUTS), 0, 1, STEPS * OUTPUTS);
    assert_mean(squares / (STEPS * OUTPUTS), 1, sqrt(2), STEPS * OUTPUTS);
    assert_repeats(&net);
    assert_predicts_weights(&net);
}

/* ----------------------------------------------------------------- values */

enum { CHANNELS = 6, PIXELS = 12 };

/* The factor of a channel of a sample, which all of its pixels have; backward has the same one. */
static double factor_of(const Net *net, int sample, int channel)
{
    const int at = (sample * CHANNELS + channel) * PIXELS;
    const double factor = net->y[at] / net->x[at];
    for (int p = at; p < at + PIXELS; p++) {
        g_assert_true(near(net->y[p], factor * net->x[p]));
        g_assert_true(near(net->dx[p], factor * net->y[p] / INPUTS));
    }
    return factor;
}

/* @channels, @samples: how many have one factor. */
static void check_units(const char *layer, double rate, double kept, double at_test, int channels, int samples)
{
    g_auto(Net) net = net_open("input(6, 4, 3)", layer);
    int dropped = 0, count = 0;
    for (int step = 0; step < 4 * STEPS; step++) {
        train(&net, step);
        for (int s = 0; s < INPUTS; s++)
            for (int c = 0; c < CHANNELS; c++) {
                const double factor = factor_of(&net, s, c);
                g_assert_true(factor == 0 || near(factor, kept));
                g_assert_true(near(factor, factor_of(&net, s - s % samples, c - c % channels)));
                if (s % samples == 0 && c % channels == 0) {
                    dropped += factor == 0;
                    count++;
                }
            }
    }
    assert_mean(dropped / (double) count, rate, sqrt(rate * (1 - rate)), count);
    g_assert_true(dropped > 0 && dropped < count);
    predict(&net);
    for (int i = 0; i < INPUTS * CHANNELS * PIXELS; i++)
        g_assert_true(near(net.y[i], at_test * net.x[i]));
}

static void test_spatial_dropout(void)
{
    check_units("spatial_dropout(0.25)", 0.25, 1 / 0.75, 1, 1, 1);
    check_units("spatial_dropout(0.25, scale=test)", 0.25, 1, 0.75, 1, 1);
}

static void test_stochastic_depth(void)
{
    check_units("stochastic_depth(0.25)", 0.25, 1 / 0.75, 1, CHANNELS, 1);
    check_units("stochastic_depth(0.25, mode=batch)", 0.25, 1 / 0.75, 1, CHANNELS, INPUTS);
    check_units("stochastic_depth(0.25, mode=row, scale=test)", 0.25, 1, 0.75, CHANNELS, 1);
}

static void check_dropout(const char *layer, double rate, double kept, double at_test)
{
    g_auto(Net) net = net_open("input(6, 4, 3)", layer);
    enum { ALL = INPUTS * CHANNELS * PIXELS };
    int dropped = 0;
    train(&net, 1);
    for (int i = 0; i < ALL; i++) {
        const double factor = net.y[i] / net.x[i];
        g_assert_true(factor == 0 || near(factor, kept));
        g_assert_true(near(net.dx[i], factor * net.y[i] / INPUTS));
        dropped += factor == 0;
    }
    assert_mean(dropped / (double) ALL, rate, sqrt(rate * (1 - rate)), ALL);
    assert_repeats(&net);
    predict(&net);
    for (int i = 0; i < ALL; i++)
        g_assert_true(near(net.y[i], at_test * net.x[i]));
}

static void test_dropout(void)
{
    check_dropout("dropout(0.25)", 0.25, 1 / 0.75, 1);
    check_dropout("dropout(0.25, scale=test)", 0.25, 1, 0.75);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_autoptr(GError) error = NULL;
    device = fv_device_open(NULL, &error);
    g_assert_no_error(error);
    g_test_add_func("/noise/dropout", test_dropout);
    g_test_add_func("/noise/spatial_dropout", test_spatial_dropout);
    g_test_add_func("/noise/stochastic_depth", test_stochastic_depth);
    g_test_add_func("/noise/dropconnect", test_dropconnect);
    g_test_add_func("/noise/shakeout", test_shakeout);
    g_test_add_func("/noise/convolution", test_convolution);
    g_test_add_func("/noise/whiteout", test_whiteout);
    g_test_add_func("/noise/whiteout-add", test_whiteout_add);
    const int failed = g_test_run();
    fv_device_close(device);
    return failed;
}
