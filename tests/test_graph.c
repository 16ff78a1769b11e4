/* SPDX-License-Identifier: MIT
 * test_graph.c: pipelines into graphs: nodes, paths, inputs, settings; and every mistake with its message. Plugins are
 * made up here, with the option tables of the real ones. */
#include "core/graph/graph.h"

#include "tests/bad_files.h"

#include <string.h>

/* ----------------------------------------------------------------- plugins */

typedef struct {
    int channels, n;
    float number, rate;
    gboolean bias;
    const char *path, *target;
    int mode;
    FvSize size, stride, pad;
    FvRange range;
    FvFloats floats;
    FvInit init;
    FvRef value;
} Fake;

static const char *const modes[] = { "zero", "reflect", NULL };
static const FvOption none[] = { { 0 } };
static const FvOption input_options[] = { FV_OPT_INT(Fake, channels, 0, 1, 65536, "c", .flags = FV_REQUIRED),
                                          FV_OPT_INT(Fake, n, 1, 1, 65536, "height"),
                                          FV_OPT_SIZE(Fake, size, 1, 1, 65536, "width"),
                                          { 0 } };
static const FvOption conv_options[] = {
    FV_OPT_INT(Fake, channels, 0, 1, 65536, "outputs", .flags = FV_REQUIRED),
    FV_OPT_SIZE(Fake, size, 1, 1, 255, "kernel"),
    FV_OPT_SIZE(Fake, stride, 1, 1, 1000, "steps"),
    FV_OPT_SIZE(Fake, pad, 0, 0, 1000, "rim"),
    FV_OPT_BOOL(Fake, bias, TRUE, "adds a bias"),
    FV_OPT_INIT(Fake, init, "he", "how weights begin"),
    FV_OPT_CHOICE(Fake, mode, 0, modes, "what the rim is"),
    { 0 },
};
static const FvOption number_options[] = { FV_OPT_FLOAT(Fake, number, 0.5, 0, 1, "number"), { 0 } };
static const FvOption values_options[] = { FV_OPT_VALUES("values", "what is added"), { 0 } };
static const FvOption match_options[] = { FV_OPT_VALUE(Fake, value, "whose shape"), { 0 } };
static const FvOption loss_options[] = { FV_OPT_VALUE(Fake, value, "output"),
                                         FV_OPT_TARGET(Fake, target, "label", "what it should be"),
                                         { 0 } };
static const FvOption rate_options[] = { FV_OPT_FLOAT(Fake, rate, 0.01, 0, 1000, "rate"),
                                         FV_OPT_FLOAT(Fake, number, 0, 0, 1, "momentum"),
                                         { 0 } };
static const FvOption path_options[] = { FV_OPT_STRING(Fake, path, NULL, "where", .flags = FV_REQUIRED), { 0 } };
static const FvOption floats_options[] = { FV_OPT_FLOATS(Fake, floats, 0, -10, 10, "mean"), { 0 } };
static const FvOption range_options[] = { FV_OPT_RANGE(Fake, range, 0, 0, -180, 180, "degrees"), { 0 } };

#define BASE(T, KIND, NAME, OPTIONS) \
    .base = { FV_HEAD(T, Fake), .kind = KIND, .name = NAME, .summary = NAME, .options = OPTIONS }
#define LAYER(NAME, OPTIONS, ...)                                                                                \
    {                                                                                                            \
        BASE(FvLayer, FV_LAYER, NAME, OPTIONS), .forward_map = "y = x;", .backward_map = "dx = dy;", __VA_ARGS__ \
    }

static const FvLayer layers[] = {
    LAYER("input", input_options, .min_inputs = FV_NO_INPUTS, .max_inputs = FV_NO_INPUTS),
    LAYER("conv", conv_options, .min_inputs = 1, .max_inputs = 1),
    LAYER("relu", none),
    LAYER("gap", none),
    LAYER("batchnorm", none),
    LAYER("dropout", number_options),
    LAYER("dense", conv_options),
    LAYER("maxpool", input_options),
    LAYER("add", values_options, .min_inputs = 2, .max_inputs = FV_ANY_INPUTS),
    LAYER("concat", values_options, .min_inputs = 1, .max_inputs = FV_ANY_INPUTS),
    LAYER("match", match_options, .min_inputs = 2, .max_inputs = 2),
    LAYER("choose", none, .min_inputs = 2, .max_inputs = 4),
};
static const FvLoss losses[] = {
    { BASE(FvLoss, FV_LOSS, "softmax", loss_options), .target = FV_TARGET_CLASS },
    { BASE(FvLoss, FV_LOSS, "smooth_l1", loss_options), .target = FV_TARGET_VALUE },
    { BASE(FvLoss, FV_LOSS, "l2", number_options), .target = FV_TARGET_NONE },
};
static const FvMetric accuracy = { BASE(FvMetric, FV_METRIC, "accuracy", loss_options), .target = FV_TARGET_CLASS };
static const FvOptim sgd = { BASE(FvOptim, FV_OPTIM, "sgd", rate_options), .update_map = "w -= rate * g;" };
static const FvSchedule cosine = { BASE(FvSchedule, FV_SCHEDULE, "cosine", none) };
static const FvSource idx = { BASE(FvSource, FV_SOURCE, "idx", path_options) };
static const FvAugment augments[] = {
    { BASE(FvAugment, FV_AUGMENT, "normalize", floats_options), .pixel_map = "p -= 0;" },
    { BASE(FvAugment, FV_AUGMENT, "rotate", range_options), .coord_map = "u = u;" },
    { BASE(FvAugment, FV_AUGMENT, "flip", number_options), .coord_map = "u = u;" },
};

static FvRegistry *make_registry(void)
{
    FvRegistry *registry = fv_registry_new();
    for (gsize i = 0; i < G_N_ELEMENTS(layers); i++)
        fv_registry_add(registry, &layers[i].base);
    for (gsize i = 0; i < G_N_ELEMENTS(losses); i++)
        fv_registry_add(registry, &losses[i].base);
    for (gsize i = 0; i < G_N_ELEMENTS(augments); i++)
        fv_registry_add(registry, &augments[i].base);
    fv_registry_add(registry, &accuracy.base);
    fv_registry_add(registry, &sgd.base);
    fv_registry_add(registry, &cosine.base);
    fv_registry_add(registry, &idx.base);
    return registry;
}

/* ------------------------------------------------------------------- tools */

/* A graph and what it lives on. */
typedef struct {
    FvRegistry *registry;
    FvTree *tree;
    FvGraph *graph; /* NULL where there were errors */
    char *errors;
} Built;

static Built build_with(const char *text, GHashTable *overrides)
{
    g_autoptr(FvDiag) diag = fv_diag_new();
    Built built = { make_registry(), NULL, NULL, NULL };
    built.tree = fv_parse_text("t.fv", text, diag);
    if (built.tree)
        built.graph = fv_graph_build(built.tree, "dir/t.fv", overrides, built.registry, diag);
    built.errors = fv_diag_text(diag);
    return built;
}

static void built_clear(Built *built)
{
    fv_graph_free(built->graph);
    fv_tree_free(built->tree);
    fv_registry_free(built->registry);
    g_free(built->errors);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Built, built_clear)

static Built build(const char *text)
{
    Built built = build_with(text, NULL);
    g_assert_cmpstr(built.errors, ==, "");
    g_assert_nonnull(built.graph);
    return built;
}

static const FvGraphNode *node_at(const Built *built, guint i)
{
    g_assert_cmpuint(i, <, built->graph->nodes->len);
    return built->graph->nodes->pdata[i];
}

static const Fake *self_of(const Built *built, guint i)
{
    return fv_state_self(node_at(built, i)->state);
}

/* "input1 | conv1 0 | add1 0 1": every path with its inputs. */
static char *layout(const Built *built)
{
    g_autoptr(GString) text = g_string_new(NULL);
    for (guint i = 0; i < built->graph->nodes->len; i++) {
        const FvGraphNode *node = node_at(built, i);
        g_string_append_printf(text, "%s%s", i ? " | " : "", node->path);
        for (int k = 0; k < node->input_count; k++)
            g_string_append_printf(text, " %d", node->inputs[k]);
    }
    return g_string_free(g_steal_pointer(&text), FALSE);
}

static void assert_layout(const char *text, const char *expected)
{
    g_auto(Built) built = build(text);
    g_autofree char *found = layout(&built);
    g_assert_cmpstr(found, ==, expected);
}

static void assert_errors(const char *text, const char *expected)
{
    g_auto(Built) built = build_with(text, NULL);
    g_assert_null(built.graph);
    g_assert_cmpstr(built.errors, ==, expected);
}

/* ---------------------------------------------------------------- examples */

static void test_lenet(void)
{
    g_auto(Built) built = build(
        "let classes = 10\nlet rate = 0.01\n"
        "data { source = idx(\"/data\") validate = 0.1 }\n"
        "prepare { normalize(0.286) }\n"
        "augment { rotate(-15..15) -> flip(number=0.25) }\n"
        "net { input(1, 28) -> conv(20, 5) -> relu -> dense(500) -> dropout(0.5)\n"
        "  -> dense(2 * classes - 10) as logits }\n"
        "loss = softmax(logits, label) + l2(5e-4)\n"
        "optimizer = sgd(rate=rate, number=0.9)\nschedule = cosine\n"
        "train { epochs = 3 batch = 32 }\n");
    const FvGraph *graph = built.graph;
    g_autofree char *found = layout(&built);
    g_assert_cmpstr(found, ==, "input1 | conv1 0 | relu1 1 | dense1 2 | dropout1 3 | dense2 4");
    g_assert_cmpint(self_of(&built, 1)->size.w, ==, 5);
    g_assert_cmpint(self_of(&built, 5)->channels, ==, 10);
    g_assert_cmpstr(node_at(&built, 5)->name, ==, "logits");
    g_assert_null(node_at(&built, 5)->trace);
    g_assert_cmpint(node_at(&built, 1)->loc.line, ==, 6);
    g_assert_cmpint(GPOINTER_TO_INT(g_hash_table_lookup(graph->values, "logits")), ==, 6);

    g_assert_cmpuint(graph->losses->len, ==, 2);
    const FvTerm *first = graph->losses->pdata[0], *second = graph->losses->pdata[1];
    g_assert_cmpint(first->value, ==, 5);
    g_assert_cmpstr(first->target, ==, "label");
    g_assert_cmpfloat(first->weight, ==, 1);
    g_assert_cmpint(second->value, ==, -1);
    g_assert_null(second->target);
    g_assert_cmpuint(graph->metrics->len, ==, 1);
    const FvTerm *metric = graph->metrics->pdata[0];
    g_assert_cmpstr(metric->use.plugin->name, ==, "accuracy");
    g_assert_cmpint(metric->value, ==, 5);
    g_assert_cmpstr(metric->target, ==, "label");

    g_assert_cmpint(graph->output, ==, 5);
    g_assert_cmpstr(graph->optimizer.plugin->name, ==, "sgd");
    g_assert_cmpfloat(((Fake *) fv_state_self(graph->optimizer.state))->rate, ==, 0.01f);
    g_assert_cmpstr(graph->schedule.plugin->name, ==, "cosine");
    g_assert_cmpstr(((Fake *) fv_state_self(graph->source.state))->path, ==, "/data");
    g_assert_cmpfloat(graph->validate, ==, 0.1);
    g_assert_cmpint(graph->epochs, ==, 3);
    g_assert_cmpint(graph->batch, ==, 32);
    g_assert_cmpuint(graph->prepare->len, ==, 1);
    g_assert_cmpuint(graph->augment->len, ==, 2);
    const FvUse *rotate = graph->augment->pdata[0];
    g_assert_cmpfloat(((Fake *) fv_state_self(rotate->state))->range.lo, ==, -15);
    g_assert_cmpstr(graph->stem, ==, "t");
    g_assert_true(graph->has_data && graph->has_train);
}

static void test_defaults(void)
{
    g_auto(Built) built = build("net { input(1) -> relu }");
    g_assert_cmpint(built.graph->output, ==, 1);
    g_assert_cmpint(built.graph->epochs, ==, 1);
    g_assert_cmpint(built.graph->batch, ==, 64);
    g_assert_null(built.graph->optimizer.plugin);
    g_assert_null(built.graph->source.plugin);
    g_assert_false(built.graph->has_data || built.graph->has_train);
    g_assert_cmpuint(built.graph->metrics->len, ==, 0);
}

static const char residual[] =
    "block residual(c, stride=1) {\n"
    "  in -> conv(c, 3, stride=stride, pad=1) -> batchnorm -> relu\n"
    "     -> conv(c, 3, pad=1) -> batchnorm as main\n"
    "  in -> match(main) as skip\n"
    "  add(main, skip) -> relu as out\n"
    "}\n";

static void test_residual(void)
{
    g_autofree char *text = g_strconcat(residual,
                                        "net { input(3) -> repeat 2 { residual(16) } -> residual(32, stride=2)"
                                        " as trunk\n trunk -> gap -> dense(10) as logits }",
                                        NULL);
    g_auto(Built) built = build(text);
    g_autofree char *found = layout(&built);
    g_assert_cmpstr(found, ==,
                    "input1 | residual1.conv1 0 | residual1.batchnorm1 1 | residual1.relu1 2 | residual1.conv2 3 | "
                    "residual1.batchnorm2 4 | residual1.match1 0 5 | residual1.add1 5 6 | residual1.relu2 7 | "
                    "residual2.conv1 8 | residual2.batchnorm1 9 | residual2.relu1 10 | residual2.conv2 11 | "
                    "residual2.batchnorm2 12 | residual2.match1 8 13 | residual2.add1 13 14 | residual2.relu2 15 | "
                    "residual3.conv1 16 | residual3.batchnorm1 17 | residual3.relu1 18 | residual3.conv2 19 | "
                    "residual3.batchnorm2 20 | residual3.match1 16 21 | residual3.add1 21 22 | residual3.relu2 23 | "
                    "gap1 24 | dense1 25");
    g_assert_cmpint(self_of(&built, 17)->stride.h, ==, 2);
    g_assert_cmpint(self_of(&built, 9)->stride.h, ==, 1);
    g_assert_cmpint(self_of(&built, 6)->value.input, ==, 1);
    g_assert_cmpstr(node_at(&built, 5)->name, ==, "main");
    g_assert_cmpstr(node_at(&built, 24)->name, ==, "trunk");
    g_assert_cmpstr(node_at(&built, 17)->trace, ==, "(in residual, used at 7:48)");
    g_assert_null(node_at(&built, 25)->trace);
    g_assert_null(g_hash_table_lookup(built.graph->values, "main"));
    g_assert_cmpint(GPOINTER_TO_INT(g_hash_table_lookup(built.graph->values, "trunk")), ==, 25);
}

static void test_branches(void)
{
    assert_layout(
        "block inception(a, b) { in -> { conv(a) -> relu | conv(b) | maxpool(1) -> conv(1) } -> concat as out }"
        "net { input(3) -> inception(4, 5) -> relu }",
        "input1 | inception1.conv1 0 | inception1.relu1 1 | inception1.conv2 0 | inception1.maxpool1 0 | "
        "inception1.conv3 4 | inception1.concat1 2 3 5 | relu1 6");
    assert_layout("net { input(3) -> { conv(3) | } -> add }", "input1 | conv1 0 | add1 1 0");
    assert_layout("net { { input(3) | input(3) } -> add }", "input1 | input2 | add1 0 1");
    assert_layout("net { input(3) as a -> conv(1) -> { a | relu } -> add }", "input1 | conv1 0 | relu1 1 | add1 0 2");
    assert_layout("net { input(3) as a -> conv(1) -> { relu | add(a) } -> concat }",
                  "input1 | conv1 0 | relu1 1 | add1 1 0 | concat1 2 3");
}

static void test_repeat(void)
{
    assert_layout("net { input(3) -> repeat 3 as i { conv(8 * (i + 1)) -> relu } -> gap }",
                  "input1 | conv1 0 | relu1 1 | conv2 2 | relu2 3 | conv3 4 | relu3 5 | gap1 6");
    assert_layout("net { input(3) -> repeat 0 { conv(1) } -> gap }", "input1 | gap1 0");
    assert_layout("net { input(3) -> repeat 2 { in -> conv(1) as a  add(a, in) } }",
                  "input1 | conv1 0 | add1 1 0 | conv2 2 | add2 3 2");
    assert_layout("net { input(3) -> repeat 2 as i { conv(1, name=\"stage${i}.conv\") } }",
                  "input1 | stage0.conv 0 | stage1.conv 1");
}

static void test_blocks(void)
{
    /* Values through parameters; a block that begins a chain; defaults that build on others; the last chain is out. */
    assert_layout(
        "block join(a, b) { add(a, b) -> relu }"
        "net { input(1) as x  input(2) as y  join(x, y) -> gap }",
        "input1 | input2 | join1.add1 0 1 | join1.relu1 2 | gap1 3");
    assert_layout("let k = 2 block wide(c, d = c * k) { conv(d) } net { input(1) -> wide(3) -> wide(1, 1) }",
                  "input1 | wide1.conv1 0 | wide2.conv1 1");
    assert_layout("block inner() { relu -> gap } block outer() { inner -> inner } net { input(1) -> outer -> outer }",
                  "input1 | outer1.inner1.relu1 0 | outer1.inner1.gap1 1 | outer1.inner2.relu1 2 | "
                  "outer1.inner2.gap1 3 | outer2.inner1.relu1 4 | outer2.inner1.gap1 5 | outer2.inner2.relu1 6 | "
                  "outer2.inner2.gap1 7");
    assert_layout("block pass(a) { add(a, in) } net { input(1) as x -> relu -> pass(x) }",
                  "input1 | relu1 0 | pass1.add1 0 1");
    assert_layout("block relu() { gap -> gap } net { input(1) -> relu }", "input1 | relu1.gap1 0 | relu1.gap2 1");
    g_auto(Built) built = build(
        "block b(c, d = c + 1, start = gaussian(0.5)) { conv(d, init=start) }"
        "net { input(1) -> b(2) -> b(2, start=zeros) -> b(2, start=\"xavier\") }");
    g_assert_cmpint(self_of(&built, 1)->channels, ==, 3);
    g_assert_cmpint(self_of(&built, 1)->init.kind, ==, FV_INIT_GAUSSIAN);
    g_assert_cmpfloat(self_of(&built, 1)->init.std, ==, 0.5f);
    g_assert_cmpint(self_of(&built, 2)->init.kind, ==, FV_INIT_ZEROS);
    g_assert_cmpint(self_of(&built, 3)->init.kind, ==, FV_INIT_XAVIER);
}

static void test_paths(void)
{
    assert_layout(
        "block b() { conv(1) -> conv(1, name=\"second\") -> conv(1) }"
        "net { input(1) -> b(name=\"layer1.0\") -> b -> relu(name=\"A-b\") -> relu }",
        "input1 | layer1.0.conv1 0 | layer1.0.second 1 | layer1.0.conv3 2 | b2.conv1 3 | b2.second 4 | "
        "b2.conv3 5 | A-b 6 | relu2 7");
}

static void test_traces(void)
{
    g_auto(Built) built = build("block a() { relu }\nblock b() {\n  in -> a }\nnet { input(1) -> b }");
    g_assert_cmpstr(node_at(&built, 1)->trace, ==, "(in a, used at 3:9; in b, used at 4:19)");
}

static void test_arithmetic(void)
{
    g_auto(Built) built = build(
        "let a = 7 let b = -(a % 4) + 2 * (a - 1) / 3 + 9 let h = 0.5 let s = \"x${a}\" let t = \"${s}-${h}-${a + 2 * "
        "3}\""
        "data { source = idx(t) }"
        "net { input(1) -> conv(b, [a, 3], pad=1, bias=false, mode=reflect) -> dropout(h) }");
    const Fake *conv = self_of(&built, 1);
    g_assert_cmpint(conv->channels, ==, 10);
    g_assert_cmpint(conv->size.h, ==, 7);
    g_assert_cmpint(conv->size.w, ==, 3);
    g_assert_cmpint(conv->pad.w, ==, 1);
    g_assert_false(conv->bias);
    g_assert_cmpint(conv->mode, ==, 1);
    g_assert_cmpstr(((Fake *) fv_state_self(built.graph->source.state))->path, ==, "x7-0.5-13");
}

static void test_losses(void)
{
    g_auto(Built) built = build(
        "let w = 0.3 net { input(1) -> relu as a -> gap as b }"
        "loss = softmax(a) + w * smooth_l1(b, box) - (l2(0.1) + 2 * softmax(b, other)) / 4"
        "metric = [accuracy(a), accuracy(b, other)]");
    static const struct {
        double weight;
        int value;
        const char *target;
    } expected[] = { { 1, 1, "label" }, { 0.3, 2, "box" }, { -0.25, -1, NULL }, { -0.5, 2, "other" } };
    g_assert_cmpuint(built.graph->losses->len, ==, G_N_ELEMENTS(expected));
    for (guint i = 0; i < G_N_ELEMENTS(expected); i++) {
        const FvTerm *term = built.graph->losses->pdata[i];
        g_assert_cmpfloat(term->weight, ==, expected[i].weight);
        g_assert_cmpint(term->value, ==, expected[i].value);
        g_assert_cmpstr(term->target, ==, expected[i].target);
    }
    g_assert_cmpuint(built.graph->metrics->len, ==, 2);
    g_assert_cmpint(built.graph->output, ==, 1);
}

static void test_overrides(void)
{
    g_autoptr(FvDiag) diag = fv_diag_new();
    g_autoptr(GHashTable) overrides =
        g_hash_table_new_full(g_str_hash, g_str_equal, NULL, (GDestroyNotify) fv_expr_free);
    g_hash_table_insert(overrides, (char *) "c", fv_parse_value("-s", "2 * k", diag));
    g_auto(Built) built = build_with("let k = 5 let c = 1 net { input(1) -> conv(c) }", overrides);
    g_assert_cmpstr(built.errors, ==, "");
    g_assert_cmpint(self_of(&built, 1)->channels, ==, 10);

    g_hash_table_insert(overrides, (char *) "rat", fv_parse_value("-s rat", "1", diag));
    g_auto(Built) wrong = build_with("let k = 1 let rate = 5 let c = 1 net { input(1) -> conv(c) }", overrides);
    g_assert_null(wrong.graph);
    g_assert_cmpstr(wrong.errors, ==, "-s rat:1:1: error: the pipeline has no let \"rat\"; did you mean \"rate\"?\n");
}

static void test_chain_alone(void)
{
    g_autoptr(FvDiag) diag = fv_diag_new();
    g_autoptr(FvRegistry) registry = make_registry();
    g_autoptr(FvTree) tree = fv_parse_chain("chain", "rotate(-15..15) -> flip", diag);
    g_autoptr(FvGraph) graph = fv_graph_build(tree, "chain", NULL, registry, diag);
    g_assert_cmpint(fv_diag_count(diag), ==, 0);
    g_assert_cmpuint(graph->augment->len, ==, 2);
    g_assert_cmpuint(graph->nodes->len, ==, 0);
    g_assert_cmpint(graph->output, ==, -1);
}

/* ------------------------------------------------------------------ limits */

static void test_limits(void)
{
    assert_errors("net { input(1) -> repeat 100000 { relu } -> relu }",
                  "t.fv:1:35: error: the net has more than 100000 layers\n");
    assert_errors("net { input(1) -> repeat 100000 { repeat 100000 { { } } } }",
                  "t.fv:1:35: error: the pipeline has more than 1000000 steps when written out\n");
}

static void test_doubling(void)
{
    g_autoptr(GString) text = g_string_new("block b0() { in as a in as out }\n");
    for (int i = 1; i < 60; i++)
        g_string_append_printf(text, "block b%d() { in -> b%d -> b%d }\n", i, i - 1, i - 1);
    g_string_append(text, "net { input(1) -> b59 }");
    g_auto(Built) built = build_with(text->str, NULL);
    g_assert_null(built.graph);
    g_assert_nonnull(strstr(built.errors, "more than 1000000 steps"));

    g_autoptr(GString) wide = g_string_new("net { input(1)");
    for (int i = 0; i < 60; i++)
        g_string_append(wide, " -> { | }");
    g_string_append(wide, " -> concat }");
    g_auto(Built) broad = build_with(wide->str, NULL);
    g_assert_nonnull(strstr(broad.errors, "more than 1000 values side by side"));

    g_autoptr(GString) lets = g_string_new("let a0 = \"0123456789\"\n");
    for (int i = 1; i < 60; i++)
        g_string_append_printf(lets, "let a%d = \"${a%d}${a%d}\"\n", i, i - 1, i - 1);
    g_string_append(lets, "net { input(1) -> relu }");
    g_auto(Built) strings = build_with(lets->str, NULL);
    g_assert_nonnull(strstr(strings.errors, "a string of more than 65536 bytes"));

    g_autoptr(GString) deep = g_string_new("block b0() { relu }\n");
    for (int i = 1; i < 100; i++)
        g_string_append_printf(deep, "block b%d() { b%d }\n", i, i - 1);
    g_string_append(deep, "net { input(1) -> b99 }");
    g_auto(Built) blocks = build_with(deep->str, NULL);
    g_assert_nonnull(strstr(blocks.errors, "blocks within blocks, deeper than 64"));
}

/* -------------------------------------------------------------- tests/bad */

/* Every NAME.fv there must be refused with exactly NAME.expect. */
static void test_bad_file(gconstpointer data)
{
    g_autofree char *folder = bad_folder("graph");
    g_autofree char *path = g_build_filename(folder, data, NULL);
    g_autoptr(FvDiag) diag = fv_diag_new();
    g_autoptr(FvRegistry) registry = make_registry();
    g_autoptr(FvTree) tree = fv_parse_file(path, diag);
    g_autofree char *unparsed = fv_diag_text(diag);
    g_assert_cmpstr(unparsed, ==, "");
    g_autoptr(FvGraph) graph = fv_graph_build(tree, path, NULL, registry, diag);
    g_assert_null(graph);
    assert_expected("graph", path, diag);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_setenv("FOVEA_PLUGIN_PATH", "", TRUE);
    g_test_add_func("/graph/lenet", test_lenet);
    g_test_add_func("/graph/defaults", test_defaults);
    g_test_add_func("/graph/residual", test_residual);
    g_test_add_func("/graph/branches", test_branches);
    g_test_add_func("/graph/repeat", test_repeat);
    g_test_add_func("/graph/blocks", test_blocks);
    g_test_add_func("/graph/paths", test_paths);
    g_test_add_func("/graph/traces", test_traces);
    g_test_add_func("/graph/arithmetic", test_arithmetic);
    g_test_add_func("/graph/losses", test_losses);
    g_test_add_func("/graph/overrides", test_overrides);
    g_test_add_func("/graph/chain-alone", test_chain_alone);
    g_test_add_func("/graph/limits", test_limits);
    g_test_add_func("/graph/doubling", test_doubling);
    add_bad_files("graph", "/graph/bad/", test_bad_file);
    return g_test_run();
}
