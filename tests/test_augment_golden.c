/* SPDX-License-Identifier: MIT
 * test_augment_golden.c: chains of augmentations on a device against OpenCV's results (golden/augment), against their
 * operations one by one, and points and masks against the moved pixels. Plugins are found through FOVEA_PLUGIN_PATH. */
#include "core/augment/augment.h"
#include "core/data/data.h"
#include "core/train/pipeline.h"
#include "core/parse/ast.h"

#include <math.h>
#include <string.h>

static FvDevice *device; /* one for all cases, opened by main() */
static FvRegistry *registry;

enum { SEEDS = 40 };
static const FvShape canvas = { 1, 72, 96 }; /* of images with a marked region */

/* -------------------------------------------------------------------- images */

typedef struct {
    FvShape shape;
    GByteArray *pixels, *mask; /* mask may be NULL */
} Image;

static void clear_image(Image *image)
{
    g_clear_pointer(&image->pixels, g_byte_array_unref);
    g_clear_pointer(&image->mask, g_byte_array_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Image, clear_image)

static Image new_image(FvShape shape, gboolean masked)
{
    Image image = { shape, g_byte_array_new(), masked ? g_byte_array_new() : NULL };
    g_byte_array_set_size(image.pixels, (guint) fv_shape_elements(shape));
    memset(image.pixels->data, 0, image.pixels->len);
    if (masked) {
        g_byte_array_set_size(image.mask, (guint) (shape.h * shape.w));
        memset(image.mask->data, 0, image.mask->len);
    }
    return image;
}

static Image read_image(const char *name)
{
    g_autofree char *file = g_test_build_filename(G_TEST_DIST, "golden", "augment", name, NULL);
    g_autoptr(GError) error = NULL;
    Image image = { .pixels = g_byte_array_new() };
    g_assert_true(fv_image_read(file, 0, &image.shape, image.pixels, &error));
    g_assert_no_error(error);
    return image;
}

/* -------------------------------------------------------------------- chains */

/** A chain ready to run. */
typedef struct {
    FvGraph *graph;
    FvAugmentChain *chain;
    FvAugmenter *augmenter;
} Runner;

static void clear_runner(Runner *runner)
{
    fv_augmenter_free(runner->augmenter);
    fv_augment_chain_free(runner->chain);
    fv_graph_free(runner->graph);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Runner, clear_runner)

static Runner new_runner(const char *text, gboolean cubic)
{
    Runner runner = { NULL };
    g_autoptr(GError) error = NULL;
    g_autoptr(FvDiag) diag = fv_diag_new();
    g_autoptr(FvTree) tree = fv_parse_chain("chain", text, diag);
    if (tree)
        runner.graph = fv_graph_build(tree, "chain", NULL, registry, diag);
    fv_diag_check(diag, &error);
    g_assert_no_error(error);
    runner.chain = fv_augment_chain_new(runner.graph->augment, NULL, (FvShape){ 0 }, TRUE, NULL, &error);
    g_assert_no_error(error);
    runner.augmenter = fv_augmenter_new(device, runner.chain, cubic, &error);
    g_assert_no_error(error);
    return runner;
}

/* All images of a mixture have the same shape. */
static FvDraw *new_draw(const Runner *runner, guint64 seed, FvShape shape)
{
    enum { SAMPLES = 10 };
    const FvDrawKey key = { seed, 0, 1 };
    const FvShape shapes[FV_AUGMENT_PARTS] = { shape, shape, shape, shape };
    guint32 others[FV_AUGMENT_PARTS];
    g_autoptr(GError) error = NULL;
    const int count = fv_draw_others(runner->chain, key, SAMPLES, others);
    FvDraw *draw = fv_draw_new(runner->chain, key, count ? others : NULL, shapes, &error);
    g_assert_no_error(error);
    return draw;
}

static FvDraw *read_draw(const Runner *runner, FvShape shape, JsonArray *drawn)
{
    g_autoptr(GError) error = NULL;
    FvDraw *draw = fv_draw_read(runner->chain, (FvDrawKey){ 1, 0, 1 }, NULL, 0, &shape, drawn, &error);
    g_assert_no_error(error);
    return draw;
}

static FvAugmentImage as_input(const Image *image)
{
    return (FvAugmentImage){ .shape = image->shape,
                             .pixels = image->pixels->data,
                             .mask = image->mask ? image->mask->data : NULL };
}

/* @other: what all other images of a mixture are, or NULL. */
static Image run(const Runner *runner, const FvDraw *draw, const Image *image, const Image *other)
{
    g_autoptr(GError) error = NULL;
    Image out = new_image(fv_draw_output(draw), image->mask != NULL);
    FvAugmentJob job = { .draw = draw, .images = { as_input(image) }, .pixels = out.pixels->data };
    for (int i = 1; i < fv_draw_parts(draw); i++)
        job.images[i] = as_input(other);
    if (out.mask)
        job.mask = out.mask->data;
    g_assert_true(fv_augmenter_run(runner->augmenter, &job, 1, &error));
    g_assert_no_error(error);
    return out;
}

/** How far two images are from each other, in 8-bit levels. */
typedef struct {
    double mean;
    int most;
    double far; /* share of the values that differ by more than FAR */
} Difference;
enum { FAR = 12 };

static Difference compare(const Image *a, const Image *b)
{
    Difference difference = { 0 };
    g_assert_cmpuint(a->pixels->len, ==, b->pixels->len);
    g_assert_cmpint(a->shape.h, ==, b->shape.h);
    for (guint i = 0; i < a->pixels->len; i++) {
        const int apart = abs(a->pixels->data[i] - b->pixels->data[i]);
        difference.mean += (double) apart / a->pixels->len;
        difference.most = MAX(difference.most, apart);
        difference.far += (apart > FAR) / (double) a->pixels->len;
    }
    return difference;
}

/* -------------------------------------------------------------------- golden */

static JsonArray *member_array(JsonObject *object, const char *name)
{
    return json_object_has_member(object, name) ? json_object_get_array_member(object, name) : NULL;
}

static void test_golden(gconstpointer data)
{
    JsonObject *golden = (JsonObject *) data;
    g_auto(Runner) runner =
        new_runner(json_object_get_string_member(golden, "chain"), json_object_get_boolean_member(golden, "cubic"));
    g_auto(Image) image = read_image(json_object_get_string_member(golden, "image"));
    g_autofree char *name = g_strconcat(json_object_get_string_member(golden, "name"), ".png", NULL);
    g_auto(Image) right = read_image(name);
    JsonArray *drawn = member_array(golden, "drawn");
    g_autoptr(FvDraw) draw = drawn ? read_draw(&runner, image.shape, drawn) : new_draw(&runner, 1, image.shape);
    g_auto(Image) got = run(&runner, draw, &image, NULL);
    const Difference difference = compare(&got, &right);
    g_test_message("mean %.3f, most %d", difference.mean, difference.most);
    g_assert_cmpfloat(difference.mean, <=, json_object_get_double_member(golden, "mean"));
    g_assert_cmpint(difference.most, <=, json_object_get_int_member(golden, "most"));
}

static JsonParser *add_golden(void)
{
    g_autofree char *file = g_test_build_filename(G_TEST_DIST, "golden", "augment", "cases.json", NULL);
    g_autoptr(GError) error = NULL;
    JsonParser *parser = json_parser_new();
    g_assert_true(json_parser_load_from_file(parser, file, &error));
    JsonArray *cases = json_node_get_array(json_parser_get_root(parser));
    for (guint i = 0; i < json_array_get_length(cases); i++) {
        JsonObject *golden = json_array_get_object_element(cases, i);
        g_autofree char *path = g_strconcat("/augment/golden/", json_object_get_string_member(golden, "name"), NULL);
        g_test_add_data_func(path, golden, test_golden);
    }
    return parser;
}

/* ---------------------------------------------------------------- one by one */

/** A chain of operations that draw nothing for single pixels. */
typedef struct {
    const char *name;
    const char *operations[8];
    double mean, far; /* tolerances: of all seeds together */
} Steps;

static const Steps steps[] = {
    { "affine",
      { "crop(0.8..1)", "rotate(-15..15, fill=edge)", "shear(0.1, fill=reflect)", "resize([60, 80])" },
      0.6,
      0.001 },
    { "copies", { "translate(-0.2..0.2, 5)", "flip", "pad(7)", "crop([70, 90])" }, 0, 0 },
    { "constant", { "rotate(-30..30, value=0.5)", "translate(-0.2..0.2)", "zoom(0.8..1.2, value=0.2)" }, 0.5, 0.005 },
    { "curved",
      { "perspective(0.15, fill=edge)", "lens(-0.2..0.2, fill=edge)", "elastic(0.02, fill=edge)" },
      0.7,
      0.001 },
    { "colours",
      { "rotate(-15..15)", "brightness(0.8)", "grey", "stretch(0.8..1.2, 0.8..1.2)", "gamma(0.7)" },
      0.8,
      0.01 },
    { "broken",
      { "zoom(0.8..1.2, fill=edge)", "gamma(1.5)", "rotate(-15..15, fill=edge)", "blur(1)", "zoom(1..1.2)" },
      0.3,
      0.001 },
    { "table", { "rotate(-15..15, fill=edge)", "autocontrast", "zoom(1..1.2)" }, 0.3, 0.001 },
};

/* What one operation of a draw drew, as a chain of its own would say. */
static JsonArray *alone(JsonArray *all, guint i)
{
    JsonArray *drawn = json_array_new();
    JsonObject *object = json_array_get_object_element(all, i);
    json_object_set_int_member(object, "operation", 0);
    json_array_add_object_element(drawn, json_object_ref(object));
    return drawn;
}

static Image apply_alone(const Runner *runners, JsonArray *all, const Image *image)
{
    Image at = { image->shape, g_byte_array_ref(image->pixels), NULL };
    for (guint i = 0; i < json_array_get_length(all); i++) {
        JsonObject *object = json_array_get_object_element(all, i);
        const Runner *runner = &runners[json_object_get_int_member(object, "operation")];
        g_autoptr(JsonArray) drawn = alone(all, i);
        g_autoptr(FvDraw) draw = read_draw(runner, at.shape, drawn);
        Image next = run(runner, draw, &at, NULL);
        clear_image(&at);
        at = next;
    }
    return at;
}

static JsonNode *drawn_of(const FvDraw *draw)
{
    g_autoptr(JsonBuilder) builder = json_builder_new();
    fv_draw_write(draw, builder);
    return json_builder_get_root(builder);
}

/* A photo without what resampling loses: its finest structure. */
static Image smooth_photo(void)
{
    g_auto(Image) photo = read_image("photo.png");
    g_auto(Runner) runner = new_runner("blur(2)", FALSE);
    g_autoptr(FvDraw) draw = new_draw(&runner, 1, photo.shape);
    return run(&runner, draw, &photo, NULL);
}

static void test_steps(gconstpointer data)
{
    const Steps *chain = data;
    g_autofree char *text = g_strjoinv(" -> ", (char **) chain->operations);
    g_auto(Runner) whole = new_runner(text, FALSE);
    g_auto(Image) image = smooth_photo();
    Runner runners[G_N_ELEMENTS(chain->operations)] = { { NULL } };
    Difference sum = { 0 };
    for (int i = 0; chain->operations[i]; i++)
        runners[i] = new_runner(chain->operations[i], FALSE);
    for (guint64 seed = 0; seed < SEEDS; seed++) {
        g_autoptr(FvDraw) draw = new_draw(&whole, seed, image.shape);
        g_autoptr(JsonNode) all = drawn_of(draw);
        g_auto(Image) at_once = run(&whole, draw, &image, NULL);
        g_auto(Image) one_by_one = apply_alone(runners, json_node_get_array(all), &image);
        const Difference difference = compare(&at_once, &one_by_one);
        sum.mean += difference.mean / SEEDS;
        sum.far += difference.far / SEEDS;
        sum.most = MAX(sum.most, difference.most);
    }
    g_test_message("mean %.3f, most %d, beyond %d: %.4f", sum.mean, sum.most, FAR, sum.far);
    g_assert_cmpfloat(sum.mean, <=, chain->mean);
    g_assert_cmpfloat(sum.far, <=, chain->far);
    for (int i = 0; chain->operations[i]; i++)
        clear_runner(&runners[i]);
}

/* ------------------------------------------------------------- marked regions */

/* Of several images only the first is marked. */
static const char *const moves[] = {
    "crop(0.7..1)",
    "flip -> translate(-0.3..0.3, -20..20)",
    "crop(0.8..1) -> rotate(-15..15) -> shear(0.1) -> resize([56, 80])",
    "rotate(-180..180) -> stretch(0.6..1.5, 0.6..1.5)",
    "random_resized_crop([64, 64], scale=0.3..1)",
    "pad(10) -> shear(-0.3..0.3, axis=vertical) -> zoom(0.7..1.4)",
    "perspective(0.2)",
    "lens(-0.3..0.3)",
    "lens(0.5..1) -> rotate(-30..30)",
    "elastic(0.02..0.04, grid=5)",
    "perspective(0.1) -> lens(-0.2..0.2) -> elastic(0.02) -> rotate(-20..20) -> resize([90, 70])",
    "lens(0.3) -> mosaic -> resize([72, 96]) -> rotate(-10..10)",
    "cutmix",
    "flip -> cutmix -> perspective(0.1)",
    "rotate(-10..10) -> mixup",
    "rotate(-20..20) -> gamma(1.5) -> zoom(0.8..1.2) -> blur(0.5) -> perspective(0.1)",
};

typedef struct {
    int x0, y0, x1, y1;
} Box;

enum { OUTSIDE, REGION, BACKGROUND }; /* classes of masks */

static Image marked(Box box)
{
    Image image = new_image(canvas, TRUE);
    memset(image.mask->data, BACKGROUND, image.mask->len);
    for (int y = box.y0; y < box.y1; y++)
        for (int x = box.x0; x < box.x1; x++) {
            image.pixels->data[y * canvas.w + x] = 255;
            image.mask->data[y * canvas.w + x] = REGION;
        }
    return image;
}

/* Whether something of the image is at a point of the output: it may have left it on the way, and come back as fill. */
static gboolean is_there(const Image *out, double u, double v)
{
    if (!(u >= 0 && v >= 0 && u < out->shape.w && v < out->shape.h))
        return FALSE;
    return out->mask->data[(int) v * out->shape.w + (int) u] != OUTSIDE;
}

/* The box round a box's moved edges; whether all of them are in the output. */
static gboolean moved_box(const FvDraw *draw, const Image *out, Box box, double moved[4])
{
    enum { SIDE = 64 };
    gboolean whole = TRUE;
    const double x[5] = { box.x0, box.x1, box.x1, box.x0, box.x0 }, y[5] = { box.y0, box.y0, box.y1, box.y1, box.y0 };
    moved[0] = moved[1] = INFINITY;
    moved[2] = moved[3] = -INFINITY;
    for (int i = 0; i < 4 * SIDE; i++) {
        const int k = i / SIDE;
        const double t = (double) (i % SIDE) / SIDE;
        double u = x[k] + (x[k + 1] - x[k]) * t, v = y[k] + (y[k + 1] - y[k]) * t;
        g_assert_true(fv_draw_point(draw, 0, &u, &v));
        whole = whole && is_there(out, u, v);
        moved[0] = MIN(moved[0], u);
        moved[1] = MIN(moved[1], v);
        moved[2] = MAX(moved[2], u);
        moved[3] = MAX(moved[3], v);
    }
    return whole;
}

/* What is found of the region: the box round its pixels, and where image and mask say different things. */
typedef struct {
    Box box; /* of what the mask says */
    int count, doubts;
} Found;

static Found find(const Image *out)
{
    enum { DARK = 24, BRIGHT = 231 };
    Found found = { { G_MAXINT, G_MAXINT, 0, 0 }, 0, 0 };
    for (int y = 0; y < out->shape.h; y++)
        for (int x = 0; x < out->shape.w; x++) {
            const int value = out->pixels->data[y * out->shape.w + x],
                      is_in = out->mask->data[y * out->shape.w + x] == REGION;
            found.doubts += is_in ? value < DARK : value > BRIGHT;
            if (!is_in)
                continue;
            found.count++;
            found.box.x0 = MIN(found.box.x0, x);
            found.box.y0 = MIN(found.box.y0, y);
            found.box.x1 = MAX(found.box.x1, x + 1);
            found.box.y1 = MAX(found.box.y1, y + 1);
        }
    return found;
}

/* Pixels of which more than half is in the region lie within the moved box, which is no larger than it must be. */
static void check_region(const Image *out, const FvDraw *draw, Box box)
{
    static const double pixel = 1;
    double moved[4];
    const gboolean inside = moved_box(draw, out, box, moved);
    const Found found = find(out);
    if (found.count > 0) {
        g_assert_cmpfloat(found.box.x0 + 0.5, >=, moved[0] - 0.01);
        g_assert_cmpfloat(found.box.y0 + 0.5, >=, moved[1] - 0.01);
        g_assert_cmpfloat(found.box.x1 - 0.5, <=, moved[2] + 0.01);
        g_assert_cmpfloat(found.box.y1 - 0.5, <=, moved[3] + 0.01);
    }
    if (inside) {
        g_assert_cmpint(found.count, >, 0);
        g_assert_cmpfloat(found.box.x0, <=, moved[0] + 2 * pixel);
        g_assert_cmpfloat(found.box.y0, <=, moved[1] + 2 * pixel);
        g_assert_cmpfloat(found.box.x1, >=, moved[2] - 2 * pixel);
        g_assert_cmpfloat(found.box.y1, >=, moved[3] - 2 * pixel);
    }
    g_assert_cmpint(found.doubts, ==, 0);
}

static Box random_box(FvRandom *random)
{
    const int x = (int) fv_random_below(random, 70), y = (int) fv_random_below(random, 50);
    return (Box){ x, y, x + 8 + (int) fv_random_below(random, 18), y + 8 + (int) fv_random_below(random, 14) };
}

static void test_regions(gconstpointer data)
{
    g_auto(Runner) runner = new_runner(data, FALSE);
    g_auto(Image) empty = new_image(canvas, TRUE);
    FvRandom random = fv_random(7, 0, 0, 0);
    for (guint64 seed = 0; seed < SEEDS; seed++) {
        const Box box = random_box(&random);
        g_auto(Image) image = marked(box);
        g_autoptr(FvDraw) draw = new_draw(&runner, seed, canvas);
        g_auto(Image) out = run(&runner, draw, &image, &empty);
        check_region(&out, draw, box);
    }
}

/* Fills that repeat the image: the mask is repeated as its image is, more than once where there is room. */
static const char *const repeats[] = {
    "rotate(-60..60, fill=reflect)",
    "zoom(0.3..0.6, fill=reflect)",
    "translate(-0.4..0.4, -0.4..0.4, fill=edge) -> rotate(-10..10, fill=edge)",
    "lens(0.5..1, fill=reflect) -> perspective(0.2, fill=edge)",
    "pad(40, fill=reflect) -> elastic(0.02, fill=edge)",
};

static void test_repeats(gconstpointer data)
{
    g_auto(Runner) runner = new_runner(data, FALSE);
    FvRandom random = fv_random(8, 0, 0, 0);
    for (guint64 seed = 0; seed < SEEDS; seed++) {
        g_auto(Image) image = marked(random_box(&random));
        g_autoptr(FvDraw) draw = new_draw(&runner, seed, canvas);
        g_auto(Image) out = run(&runner, draw, &image, NULL);
        g_assert_cmpint(find(&out).doubts, ==, 0);
        g_assert_null(memchr(out.mask->data, OUTSIDE, out.mask->len));
    }
}

/* ------------------------------------------------------------- decoded smaller */

/* A ramp of both coordinates, and the same at an eighth as JPEG decoders make it: each pixel is the mean of 8 x 8, of
 * which the last column and row (the first, where it was mirrored) have only a part. */
static Image ramp(int side, int step, gboolean mirrored)
{
    const int small = (side + step - 1) / step, cut = mirrored ? small * step - side : 0;
    Image image = new_image((FvShape){ 1, small, small }, FALSE);
    for (int y = 0; y < small; y++)
        for (int x = 0; x < small; x++) {
            const double u = x * step + step / 2.0 - cut, v = y * step + step / 2.0 - cut;
            image.pixels->data[y * small + x] = (guint8) (127.0 * (u + v) / side + 0.5);
        }
    return image;
}

/* Where points lie in the smaller image does not depend on how much of its last pixels is the image's. */
static void test_placing(void)
{
    enum { SIDE = 1001, CUT = 7 /* pixels that 126 times 8 are more */ };
    g_auto(Runner) runner = new_runner("resize(100)", FALSE);
    g_auto(Image) full = ramp(SIDE, 1, FALSE);
    g_autoptr(FvDraw) draw = new_draw(&runner, 1, full.shape);
    g_auto(Image) right = run(&runner, draw, &full, NULL);
    for (int mirrored = 0; mirrored < 2; mirrored++) {
        g_autoptr(GError) error = NULL;
        g_auto(Image) small = ramp(SIDE, 8, mirrored);
        g_auto(Image) got = new_image(fv_draw_output(draw), FALSE);
        FvAugmentJob job = { .draw = draw, .images = { as_input(&small) }, .pixels = got.pixels->data };
        const double shift = mirrored ? CUT / 8.0 : 0;
        job.images[0].placing = (FvPlacing){ 1 / 8.0, shift, shift };
        g_assert_true(fv_augmenter_run(runner.augmenter, &job, 1, &error));
        g_assert_no_error(error);
        const Difference difference = compare(&got, &right);
        g_test_message("mean %.3f, most %d", difference.mean, difference.most);
        g_assert_cmpint(difference.most, <=, 1);
        g_assert_cmpfloat(difference.mean, <=, 0.5);
    }
}

/* ---------------------------------------------------------------------- main */

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_set_nonfatal_assertions();
    g_autoptr(GError) error = NULL;
    device = fv_device_open(NULL, &error);
    if (!device) {
        g_print("1..0 # skip: no OpenCL device\n");
        return 0;
    }
    registry = fv_registry_new();
    g_autoptr(JsonParser) golden = add_golden();
    for (guint i = 0; i < G_N_ELEMENTS(steps); i++) {
        g_autofree char *path = g_strconcat("/augment/one-by-one/", steps[i].name, NULL);
        g_test_add_data_func(path, &steps[i], test_steps);
    }
    for (guint i = 0; i < G_N_ELEMENTS(moves); i++) {
        g_autofree char *path = g_strdup_printf("/augment/regions/%u", i);
        g_test_add_data_func(path, moves[i], test_regions);
    }
    for (guint i = 0; i < G_N_ELEMENTS(repeats); i++) {
        g_autofree char *path = g_strdup_printf("/augment/repeats/%u", i);
        g_test_add_data_func(path, repeats[i], test_repeats);
    }
    g_test_add_func("/augment/placing", test_placing);
    const int failed = g_test_run();
    fv_registry_free(registry);
    fv_device_close(device);
    return failed;
}
