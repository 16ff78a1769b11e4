/* SPDX-License-Identifier: MIT
 * test_options.c: option tables: defaults, values of every type, what is refused, and the texts. */
#include "core/options.h"

#include <math.h>
#include <string.h>

typedef struct {
    int channels;
    float rate;
    gboolean bias;
    const char *path;
    int mode;
    FvSize stride;
    FvRange angle;
    FvFloats mean;
    FvInit init;
    FvRef other;
    const char *target;
} All;

static const char *const modes[] = { "nearest", "bilinear", NULL };

static const FvOption options[] = {
    FV_OPT_INT(All, channels, 0, 1, 65536, "outputs", .flags = FV_REQUIRED),
    FV_OPT_FLOAT(All, rate, 0.1, 0.0, INFINITY, "learning rate"),
    FV_OPT_BOOL(All, bias, TRUE, "adds a bias"),
    FV_OPT_STRING(All, path, NULL, "where"),
    FV_OPT_CHOICE(All, mode, 1, modes, "how"),
    FV_OPT_SIZE(All, stride, 1, 1, 1000, "steps"),
    FV_OPT_RANGE(All, angle, -5, 5, -180, 180, "turn", .unit = "degrees"),
    FV_OPT_FLOATS(All, mean, 0.5, -INFINITY, INFINITY, "mean of each channel"),
    FV_OPT_INIT(All, init, "gaussian(0.02)", "how weights begin"),
    FV_OPT_VALUE(All, other, "the other value"),
    FV_OPT_TARGET(All, target, "label", "what is compared"),
    { 0 },
};

static const FvLayer all = {
    .base = { FV_HEAD(FvLayer, All), .kind = FV_LAYER, .name = "all", .summary = "every type", .options = options },
};

static FvValue number(double n)
{
    return (FvValue){ .type = FV_VALUE_NUMBER, .number = n };
}

static FvValue text(const char *s)
{
    return (FvValue){ .type = FV_VALUE_TEXT, .text = s };
}

static FvValue word(const char *s)
{
    return (FvValue){ .type = FV_VALUE_WORD, .text = s };
}

static FvValue numbers(FvValueType type, int count, const double *list)
{
    return (FvValue){ .type = type, .count = count, .list = list };
}

static gboolean set(FvState *state, const char *name, FvValue value, GError **error)
{
    const FvOption *option = fv_option_find(&all.base, name, error);
    return option && fv_option_set(state, option, &value, error);
}

static void assert_refused(const char *name, FvValue value, const char *message)
{
    g_autoptr(FvState) state = fv_state_new(&all.base);
    g_autoptr(GError) error = NULL;
    g_assert_false(set(state, name, value, &error));
    g_assert_nonnull(error);
    g_assert_cmpstr(error->message, ==, message);
}

static void test_defaults(void)
{
    g_autoptr(FvState) state = fv_state_new(&all.base);
    const All *self = fv_state_self(state);
    g_assert_cmpint(self->channels, ==, 0);
    g_assert_cmpfloat(self->rate, ==, 0.1f);
    g_assert_true(self->bias);
    g_assert_null(self->path);
    g_assert_cmpint(self->mode, ==, 1);
    g_assert_cmpint(self->stride.h, ==, 1);
    g_assert_cmpint(self->stride.w, ==, 1);
    g_assert_cmpfloat(self->angle.lo, ==, -5);
    g_assert_cmpfloat(self->angle.hi, ==, 5);
    g_assert_cmpint(self->mean.count, ==, 1);
    g_assert_cmpfloat(self->mean.values[0], ==, 0.5f);
    g_assert_cmpint(self->init.kind, ==, FV_INIT_GAUSSIAN);
    g_assert_cmpfloat(self->init.std, ==, 0.02f);
    g_assert_cmpstr(self->target, ==, "label");
}

static void test_values(void)
{
    g_autoptr(FvState) state = fv_state_new(&all.base);
    const All *self = fv_state_self(state);
    const double pair[] = { 3, 4 }, range[] = { -1.5, 2 }, three[] = { 1, 2, 3 }, std[] = { 0.5 };
    FvValue gaussian = word("gaussian");
    gaussian.count = 1;
    gaussian.list = std;
    char path[] = "here";
    g_assert_true(set(state, "channels", number(16), NULL));
    g_assert_true(set(state, "rate", number(0.25), NULL));
    g_assert_true(set(state, "bias", (FvValue){ .type = FV_VALUE_BOOL }, NULL));
    g_assert_true(set(state, "path", text(path), NULL));
    path[0] = 'x';
    g_assert_true(set(state, "mode", word("nearest"), NULL));
    g_assert_true(set(state, "stride", numbers(FV_VALUE_LIST, 2, pair), NULL));
    g_assert_true(set(state, "angle", numbers(FV_VALUE_RANGE, 2, range), NULL));
    g_assert_true(set(state, "mean", numbers(FV_VALUE_LIST, 3, three), NULL));
    g_assert_true(set(state, "init", gaussian, NULL));
    g_assert_true(set(state, "other", number(2), NULL));
    g_assert_true(set(state, "target", word("box"), NULL));
    g_assert_cmpint(self->channels, ==, 16);
    g_assert_cmpfloat(self->rate, ==, 0.25f);
    g_assert_false(self->bias);
    g_assert_cmpstr(self->path, ==, "here");
    g_assert_cmpint(self->mode, ==, 0);
    g_assert_cmpint(self->stride.h, ==, 3);
    g_assert_cmpint(self->stride.w, ==, 4);
    g_assert_cmpfloat(self->angle.lo, ==, -1.5f);
    g_assert_cmpfloat(self->angle.hi, ==, 2);
    g_assert_cmpint(self->mean.count, ==, 3);
    g_assert_cmpfloat(self->mean.values[2], ==, 3);
    g_assert_cmpfloat(self->init.std, ==, 0.5f);
    g_assert_cmpint(self->other.input, ==, 2);
    g_assert_cmpstr(self->target, ==, "box");
    g_assert_true(fv_state_complete(state, NULL));
}

static void test_one_number(void)
{
    g_autoptr(FvState) state = fv_state_new(&all.base);
    const All *self = fv_state_self(state);
    g_assert_true(set(state, "stride", number(2), NULL));
    g_assert_true(set(state, "angle", number(7), NULL));
    g_assert_true(set(state, "mean", number(9), NULL));
    g_assert_true(set(state, "init", text("he"), NULL));
    g_assert_cmpint(self->stride.h, ==, 2);
    g_assert_cmpint(self->stride.w, ==, 2);
    g_assert_cmpfloat(self->angle.lo, ==, 7);
    g_assert_cmpfloat(self->angle.hi, ==, 7);
    g_assert_cmpint(self->mean.count, ==, 1);
    g_assert_cmpfloat(self->mean.values[0], ==, 9);
    g_assert_cmpint(self->init.kind, ==, FV_INIT_HE);
}

static void test_refused(void)
{
    const double backwards[] = { 3, 1 }, three[] = { 1, 2, 3 }, huge[] = { 0, 1e39 };
    assert_refused("channels", text("a"), "channels: expected a whole number from 1 to 65536, found \"a\"");
    assert_refused("channels", number(0), "channels: expected a whole number from 1 to 65536, found 0");
    assert_refused("channels", number(1.5), "channels: expected a whole number from 1 to 65536, found 1.5");
    assert_refused("channels", number(1e300), "channels: expected a whole number from 1 to 65536, found 1e+300");
    assert_refused("channels", number(NAN), "channels: expected a whole number from 1 to 65536, found nan");
    assert_refused("rate", number(-1), "rate: expected a number of 0 or more, found -1");
    assert_refused("rate", number(1e39), "rate: expected a number of 0 or more, found 1e+39");
    assert_refused("bias", number(1), "bias: expected true or false, found 1");
    assert_refused("path", word("here"), "path: expected a \"string\", found here");
    assert_refused("mode", word("biliner"),
                   "mode: expected one of nearest, bilinear, found biliner; did you mean \"bilinear\"?");
    assert_refused("stride", numbers(FV_VALUE_LIST, 3, three),
                   "stride: expected a whole number or [height, width], each from 1 to 1000, found a list of 3");
    assert_refused("angle", numbers(FV_VALUE_RANGE, 2, backwards),
                   "angle: expected a number or a range lo..hi, each from -180 to 180, found 3..1");
    assert_refused("mean", numbers(FV_VALUE_LIST, 0, NULL),
                   "mean: expected a number or a list of numbers, found a list of 0");
    assert_refused("mean", numbers(FV_VALUE_LIST, 2, huge),
                   "mean: expected a number or a list of numbers, found a list of 2");
    assert_refused("init", word("hee"), "init: expected zeros, ones, gaussian(std), xavier or he, found hee");
    assert_refused("target", text(""), "target: expected the name of a target, found \"\"");
    assert_refused("chanels", number(1), "no option \"chanels\"; did you mean \"channels\"?");
    assert_refused("zzzzzzzz", number(1), "no option \"zzzzzzzz\"");
}

static void test_twice_and_missing(void)
{
    g_autoptr(FvState) state = fv_state_new(&all.base);
    g_autoptr(GError) error = NULL;
    g_assert_false(fv_state_complete(state, &error));
    g_assert_cmpstr(error->message, ==, "channels: missing: expected a whole number from 1 to 65536");
    g_clear_error(&error);
    g_assert_true(set(state, "channels", number(3), NULL));
    g_assert_false(set(state, "channels", number(4), &error));
    g_assert_error(error, FV_ERROR, FV_ERROR_OPTION);
    g_assert_cmpstr(error->message, ==, "channels: given twice");
    g_clear_error(&error);
    g_assert_false(fv_state_complete(state, &error));
    g_assert_cmpstr(error->message, ==, "other: missing: expected the name of a value");
}

static void test_positions(void)
{
    static const FvOption rest[] = { FV_OPT_INT(All, channels, 1, 1, 9, "n"), FV_OPT_VALUES("values", "all"), { 0 } };
    const FvPlugin plugin = { .options = rest }, none = { 0 };
    g_assert_cmpint(fv_option_count(&all.base), ==, 11);
    g_assert_true(fv_option_at(&all.base, 0) == &options[0]);
    g_assert_true(fv_option_at(&all.base, 10) == &options[10]);
    g_assert_null(fv_option_at(&all.base, 11));
    g_assert_true(fv_option_at(&plugin, 0) == &rest[0]);
    g_assert_true(fv_option_at(&plugin, 7) == &rest[1]);
    g_assert_null(fv_option_at(&none, 0));
    g_assert_cmpint(fv_option_count(&none), ==, 0);
}

static void test_texts(void)
{
    static const char *const expected[][2] = {
        { "whole number, 1 to 65536", NULL },
        { "real number, 0 or more", "0.1" },
        { "true or false", "true" },
        { "string", NULL },
        { "one of: nearest, bilinear", "bilinear" },
        { "whole number or [height, width], 1 to 1000", "1" },
        { "real number or range lo..hi, -180 to 180", "-5..5" },
        { "real number or list", "0.5" },
        { "zeros, ones, gaussian(std), xavier or he", "gaussian(0.02)" },
        { "a value of the net", NULL },
        { "a target of the data", "label" },
    };
    for (gsize i = 0; i < G_N_ELEMENTS(expected); i++) {
        g_autofree char *range = fv_option_range(&options[i]);
        g_autofree char *def = fv_option_default(&options[i]);
        g_assert_cmpstr(range, ==, expected[i][0]);
        g_assert_cmpstr(def, ==, expected[i][1]);
    }
    g_autofree char *third = fv_number_text(1.0 / 3);
    g_assert_cmpfloat(g_ascii_strtod(third, NULL), ==, 1.0 / 3);
}

static void test_init_words(void)
{
    static const char *const good[] = { "zeros", "ones", "gaussian", "gaussian(0.01)", "xavier", "he" };
    static const char *const bad[] = { "", "hee", "he(1)", "gaussian()", "gaussian(0)", "gaussian(1", "gaussian(-1)" };
    for (gsize i = 0; i < G_N_ELEMENTS(good); i++)
        g_assert_true(fv_init_parse(good[i], NULL));
    for (gsize i = 0; i < G_N_ELEMENTS(bad); i++)
        g_assert_false(fv_init_parse(bad[i], NULL));
}

static void test_defines(void)
{
    g_autoptr(FvState) state = fv_state_new(&all.base);
    g_autoptr(GString) source = g_string_new(NULL);
    const double two[] = { 0.25, -1 };
    g_assert_true(set(state, "channels", number(8), NULL));
    g_assert_true(set(state, "mean", numbers(FV_VALUE_LIST, 2, two), NULL));
    fv_state_defines(state, source);
    g_assert_cmpstr(source->str, ==,
                    "#define channels (8)\n"
                    "#define rate ((real) 1.00000001e-01f)\n"
                    "#define bias (1)\n"
                    "#define mode (1)\n"
                    "#define stride_h (1)\n"
                    "#define stride_w (1)\n"
                    "#define angle_lo ((real) -5.00000000e+00f)\n"
                    "#define angle_hi ((real) 5.00000000e+00f)\n"
                    "#define mean ((const real[]){ ((real) 2.50000000e-01f), ((real) -1.00000000e+00f) })\n"
                    "#define mean_count (2)\n");
    g_string_truncate(source, 0);
    fv_state_undefines(state, source);
    g_assert_cmpstr(source->str, ==,
                    "#undef channels\n#undef rate\n#undef bias\n#undef mode\n#undef stride_h\n#undef stride_w\n"
                    "#undef angle_lo\n#undef angle_hi\n#undef mean\n#undef mean_count\n");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/options/defaults", test_defaults);
    g_test_add_func("/options/values", test_values);
    g_test_add_func("/options/one-number", test_one_number);
    g_test_add_func("/options/refused", test_refused);
    g_test_add_func("/options/twice-and-missing", test_twice_and_missing);
    g_test_add_func("/options/positions", test_positions);
    g_test_add_func("/options/texts", test_texts);
    g_test_add_func("/options/init-words", test_init_words);
    g_test_add_func("/options/defines", test_defines);
    return g_test_run();
}
