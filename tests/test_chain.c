/* SPDX-License-Identifier: MIT
 * test_chain.c: chains of augmentations on the host: choices, probabilities, segments, points, manifests. No device. */
#include "core/augment/segments.h"

#include <math.h>
#include <string.h>

/* ------------------------------------------------------------------- chains */

typedef struct {
    FvRegistry *registry;
    FvTree *tree;
    FvGraph *graph;
    FvAugmentChain *chain;
} Fixture;

static void clear_fixture(Fixture *fixture)
{
    g_clear_pointer(&fixture->chain, fv_augment_chain_free);
    g_clear_pointer(&fixture->graph, fv_graph_free);
    g_clear_pointer(&fixture->tree, fv_tree_free);
    g_clear_pointer(&fixture->registry, fv_registry_free);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Fixture, clear_fixture)

/* What the text is refused with, or NULL. */
static char *open_text(Fixture *fixture, const char *text)
{
    g_autoptr(FvDiag) diag = fv_diag_new();
    g_autoptr(GError) error = NULL;
    fixture->registry = fv_registry_new();
    fixture->tree = fv_parse_chain("chain", text, diag);
    fixture->graph = fixture->tree ? fv_graph_build(fixture->tree, "chain", NULL, fixture->registry, diag) : NULL;
    if (!fixture->graph)
        return fv_diag_text(diag);
    fixture->chain = fv_augment_chain_new(fixture->graph->augment, NULL, (FvShape){ 3, 0, 0 }, TRUE, NULL, &error);
    return fixture->chain ? NULL : g_strdup(error->message);
}

static Fixture open_chain(const char *text)
{
    Fixture fixture = { NULL };
    g_autofree char *message = open_text(&fixture, text);
    if (message)
        g_error("%s: %s", text, message);
    return fixture;
}

static FvDraw *draw_with(const Fixture *fixture, guint32 sample, FvShape shape)
{
    const FvDrawKey key = { 7, 0, sample };
    const FvShape shapes[FV_AUGMENT_PARTS] = { shape, shape, shape, shape };
    guint32 others[FV_AUGMENT_PARTS];
    GError *error = NULL;
    const int count = fv_draw_others(fixture->chain, key, 100, others);
    FvDraw *draw = fv_draw_new(fixture->chain, key, count > 0 ? others : NULL, shapes, &error);
    g_assert_no_error(error);
    return draw;
}

/* Names of what is applied, one after the other. */
static char *names(const FvDraw *draw)
{
    GString *text = g_string_new(NULL);
    for (guint i = 0; i < draw->parts[0].applied->len; i++) {
        const FvApplied *applied = &g_array_index(draw->parts[0].applied, FvApplied, i);
        g_string_append_printf(text, "%s%s", i > 0 ? " " : "",
                               fv_chain_operation(draw->chain, applied->operation)->augment->base.name);
    }
    return g_string_free(text, FALSE);
}

/* ------------------------------------------------------------------- choices */

enum { SAMPLES = 1200 };
static const FvShape photo = { 3, 60, 80 };

static GHashTable *count_names(const char *text)
{
    g_auto(Fixture) fixture = open_chain(text);
    GHashTable *counts = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    for (guint32 i = 0; i < SAMPLES; i++) {
        g_autoptr(FvDraw) draw = draw_with(&fixture, i, photo);
        char *key = names(draw);
        g_hash_table_insert(counts, key, GINT_TO_POINTER(GPOINTER_TO_INT(g_hash_table_lookup(counts, key)) + 1));
    }
    return counts;
}

static void expect(GHashTable *counts, const char *key, double share)
{
    const int count = GPOINTER_TO_INT(g_hash_table_lookup(counts, key));
    const double deviation = sqrt(SAMPLES * share * (1 - share));
    g_test_message("%s: %d of %d, expected %.0f", key, count, SAMPLES, share * SAMPLES);
    g_assert_cmpfloat(fabs(count - share * SAMPLES), <=, 4 * deviation);
}

static void test_one_of(void)
{
    g_autoptr(GHashTable) even = count_names("{ grey | invert | } -> one_of");
    g_assert_cmpuint(g_hash_table_size(even), ==, 3);
    expect(even, "grey", 1 / 3.0);
    expect(even, "invert", 1 / 3.0);
    expect(even, "", 1 / 3.0);
    g_autoptr(GHashTable) weighed = count_names("{ grey | invert -> flip(p=1) } -> one_of(weights=[1, 3], p=0.8)");
    expect(weighed, "grey", 0.2);
    expect(weighed, "invert flip", 0.6);
    expect(weighed, "", 0.2);
}

static void test_some_of(void)
{
    g_autoptr(GHashTable) two = count_names("{ grey | invert | flip(p=1) } -> some_of(2)");
    g_assert_cmpuint(g_hash_table_size(two), ==, 3);
    expect(two, "grey invert", 1 / 3.0);
    expect(two, "grey flip", 1 / 3.0);
    expect(two, "invert flip", 1 / 3.0);
    g_autoptr(GHashTable) any = count_names("{ grey | invert } -> some_of(0..2)");
    expect(any, "", 1 / 3.0);
    expect(any, "grey", 1 / 6.0);
    expect(any, "grey invert", 1 / 3.0);
}

static void test_probability(void)
{
    g_autoptr(GHashTable) counts = count_names("grey(p=0.25) -> invert(p=0.5)");
    expect(counts, "grey", 0.125);
    expect(counts, "grey invert", 0.125);
    expect(counts, "invert", 0.375);
    expect(counts, "", 0.375);
}

static void test_nested(void)
{
    g_autoptr(GHashTable) counts = count_names("{ { grey | invert } -> one_of | flip(p=1) } -> one_of");
    expect(counts, "grey", 0.25);
    expect(counts, "invert", 0.25);
    expect(counts, "flip", 0.5);
}

/* ------------------------------------------------------------------ segments */

/* "S2 N S1": passes of the first image, with the operations of those that sample. */
static char *segments(const char *text)
{
    g_auto(Fixture) fixture = open_chain(text);
    g_autoptr(FvDraw) draw = draw_with(&fixture, 1, photo);
    const GArray *list = draw->parts[0].applied;
    GString *made = g_string_new(NULL);
    FvCut cut = { 0 };
    while (cut.begin < list->len || cut.table || !cut.planes) {
        const FvSegment segment = fv_segment_next(fixture.chain, list, &cut);
        g_string_append(made, made->len ? " " : "");
        if (segment.kind == FV_PASS_SAMPLE)
            g_string_append_printf(made, "S%u", segment.end - segment.begin);
        else
            g_string_append(made, segment.kind == FV_PASS_NEIGHBOUR ? "N" : "H");
    }
    return g_string_free(made, FALSE);
}

static void test_segments(void)
{
    static const struct {
        const char *chain, *segments;
    } cases[] = {
        { "crop(0.9) -> rotate(10) -> shear(0.1) -> resize(32) -> noise(0.1)", "S5" },
        { "noise(0.1) -> resize(32)", "S1 S1" },
        { "gamma(2) -> rotate(10)", "S1 S1" },
        { "gamma(2) -> crop(32) -> flip(p=1)", "S3" },
        { "brightness(1.2) -> grey -> rotate(10) -> contrast(2) -> resize(20)", "S5" },
        { "noise(0.1) -> crop(32)", "S1 S1" },
        { "blur(1)", "S0 N" },
        { "rotate(3) -> blur(1) -> blur(2) -> rotate(5)", "S1 N N S1" },
        { "equalize", "S0 H S0" },
        { "equalize -> rotate(4)", "S0 H S0 S1" },
        { "equalize -> flip(p=1)", "S0 H S1" },
        { "equalize -> equalize", "S0 H S0 H S0" },
        { "rotate(1) -> rotate(2) -> rotate(3) -> rotate(4) -> rotate(5)", "S4 S1" },
        { "rotate(1, fill=edge) -> rotate(2, fill=edge) -> rotate(3) -> rotate(4) -> rotate(5)", "S5" },
    };
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *made = segments(cases[i].chain);
        if (!g_str_equal(made, cases[i].segments))
            g_error("%s: %s, expected %s", cases[i].chain, made, cases[i].segments);
    }
}

/* JPEGs may be decoded smaller where all of a pass's pixels span several of theirs. */
static void test_eighths(void)
{
    static const struct {
        const char *chain;
        int eighths;
    } cases[] = { { "rotate(10)", 8 },
                  { "resize(0.5)", 4 },
                  { "crop(0.5) -> resize(0.5) -> noise(0.1)", 4 },
                  { "noise(0.1) -> resize(8)", 8 },
                  { "resize([40, 8])", 5 },
                  { "blur(1) -> resize(8)", 8 },
                  { "resize([6, 8])", 1 } };
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_auto(Fixture) fixture = open_chain(cases[i].chain);
        g_autoptr(FvDraw) draw = draw_with(&fixture, 1, photo);
        g_test_message("%s", cases[i].chain);
        g_assert_cmpint(fv_draw_eighths(draw, 0), ==, cases[i].eighths);
    }
}

/* ------------------------------------------------------------------- manifests */

static void test_manifest(void)
{
    static const char *const chains[] = {
        "crop(0.5..1) -> rotate(-40..40) -> { shear(-1..1) | noise(0..0.1) -> blur(0.5..2) } -> one_of -> "
        "resize(0.2..0.9)",
        "rotate(-9..9) -> mosaic -> crop(0.5..0.9)",
        "flip -> mixup",
        "cutmix(p=0.5) -> grey(p=0.5)",
        "erase -> flip",
    };
    for (guint c = 0; c < G_N_ELEMENTS(chains); c++) {
        g_auto(Fixture) fixture = open_chain(chains[c]);
        for (guint32 sample = 0; sample < 40; sample++) {
            const FvShape shapes[FV_AUGMENT_PARTS] = { photo, photo, photo, photo };
            const FvDrawKey key = { 7, 0, sample };
            guint32 others[FV_AUGMENT_PARTS];
            const int count = fv_draw_others(fixture.chain, key, 100, others);
            g_autoptr(FvDraw) draw = draw_with(&fixture, sample, photo);
            g_autoptr(JsonBuilder) builder = json_builder_new();
            g_autoptr(GError) error = NULL;
            fv_draw_write(draw, builder);
            g_autoptr(JsonNode) written = json_builder_get_root(builder);
            g_autofree char *text = json_to_string(written, FALSE);
            g_autoptr(JsonNode) read = json_from_string(text, &error);
            g_autoptr(FvDraw) again =
                fv_draw_read(fixture.chain, key, others, count, shapes, json_node_get_array(read), &error);
            g_assert_no_error(error);
            g_autoptr(GArray) first = g_array_new(FALSE, FALSE, sizeof(guint32));
            g_autoptr(GArray) second = g_array_new(FALSE, FALSE, sizeof(guint32));
            const FvProgramTarget target = { FV_PLACE_BYTES, 3, FALSE };
            const FvProgramImage decoded[FV_AUGMENT_PARTS] = { { photo }, { photo }, { photo }, { photo } };
            fv_program_write(draw, decoded, &target, first);
            fv_program_write(again, decoded, &target, second);
            g_assert_cmpmem(first->data, first->len * 4, second->data, second->len * 4);
            g_assert_cmpuint(first->len, <=, (guint) fv_program_most(fixture.chain));
        }
    }
}

static void refuse_manifest(const char *chain, const char *text, const char *message)
{
    g_auto(Fixture) fixture = open_chain(chain);
    g_autoptr(GError) error = NULL;
    g_autoptr(JsonNode) node = json_from_string(text, &error);
    g_assert_no_error(error);
    g_assert_null(fv_draw_read(fixture.chain, (FvDrawKey){ 0 }, NULL, 0, &photo, json_node_get_array(node), &error));
    g_assert_error(error, FV_ERROR, FV_ERROR_DATA);
    g_assert_cmpstr(error->message, ==, message);
}

static void test_manifest_refused(void)
{
    refuse_manifest("grey", "[1]", "operation 1 of the manifest: it is no object");
    refuse_manifest("grey", "[{\"operation\": 3}]",
                    "operation 1 of the manifest: there is no such operation in the chain");
    refuse_manifest("grey", "[{\"operation\": 0, \"name\": \"flip\"}]",
                    "operation 1 of the manifest: the chain has another one at its place");
    refuse_manifest("grey", "[{\"operation\": 0, \"name\": \"grey\", \"size\": [1, 1e9]}]",
                    "operation 1 of the manifest: its size is missing or wrong");
    refuse_manifest("rotate(3)",
                    "[{\"operation\": 0, \"name\": \"rotate\", \"size\": [9, 9], \"drawn\": {\"angle\": \"x\"}}]",
                    "operation 1 of the manifest: what it drew is missing or no number");
}

/* ------------------------------------------------------------------ mixtures */

static void test_mixtures(void)
{
    static const char *const chains[] = { "mixup(1)", "cutmix", "mosaic" };
    for (guint c = 0; c < G_N_ELEMENTS(chains); c++) {
        g_auto(Fixture) fixture = open_chain(chains[c]);
        for (guint32 sample = 0; sample < 50; sample++) {
            g_autoptr(FvDraw) draw = draw_with(&fixture, sample, photo);
            double sum = 0, area = 0;
            for (int i = 0; i < fv_draw_parts(draw); i++) {
                double box[4];
                fv_draw_region(draw, i, box);
                sum += fv_draw_weight(draw, i);
                area += (box[2] - box[0]) * (box[3] - box[1]) / (photo.w * photo.h);
            }
            g_assert_cmpfloat(fabs(sum - 1), <, 1e-6);
            if (c == 2)
                g_assert_cmpfloat(fabs(area - 1), <, 1e-6);
        }
    }
}

static void test_others(void)
{
    g_auto(Fixture) fixture = open_chain("cutmix(p=0.5)");
    int mixed = 0;
    for (guint32 sample = 0; sample < SAMPLES; sample++) {
        guint32 others[FV_AUGMENT_PARTS];
        const int count = fv_draw_others(fixture.chain, (FvDrawKey){ 7, 0, sample }, 10, others);
        g_assert_true(count == 0 || (count == 1 && others[0] < 10));
        mixed += count;
    }
    g_assert_cmpfloat(fabs(mixed - SAMPLES / 2.0), <, 4 * sqrt(SAMPLES / 4.0));
    g_assert_cmpint(fv_draw_others(fixture.chain, (FvDrawKey){ 0 }, 0, NULL), ==, 0);
}

/* -------------------------------------------------------------------- refused */

static void refuse(const char *text, const char *message)
{
    g_auto(Fixture) fixture = { NULL };
    g_autofree char *got = open_text(&fixture, text);
    g_assert_nonnull(got);
    if (!strstr(got, message))
        g_error("%s: %s", text, got);
}

static void test_refused(void)
{
    refuse("{ grey | invert }",
           "chain:1:1: error: augment: after { a | b } there must be what chooses, such as \"-> one_of\"");
    refuse("{ grey | invert } -> flip", "after { a | b } there must be what chooses");
    refuse("grey -> one_of", "chain:1:9: error: one_of: it chooses among branches: { a | b } -> one_of");
    refuse("{ mixup | grey } -> one_of", "mixup: images cannot be mixed within a choice");
    refuse("mixup -> cutmix", "cutmix: images can be mixed only once");
    refuse("rotate(500)", "angle: expected a number or a range lo..hi");
    refuse("crop(0.5..3)", "size: expected pixels");
    refuse("grey as x", "only augmentations can stand here");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/chain/one-of", test_one_of);
    g_test_add_func("/chain/some-of", test_some_of);
    g_test_add_func("/chain/probability", test_probability);
    g_test_add_func("/chain/nested", test_nested);
    g_test_add_func("/chain/segments", test_segments);
    g_test_add_func("/chain/eighths", test_eighths);
    g_test_add_func("/chain/manifest", test_manifest);
    g_test_add_func("/chain/manifest-refused", test_manifest_refused);
    g_test_add_func("/chain/mixtures", test_mixtures);
    g_test_add_func("/chain/others", test_others);
    g_test_add_func("/chain/refused", test_refused);
    return g_test_run();
}
