/* SPDX-License-Identifier: MIT
 * test_image_turned.c: pictures come out upright, whole and at eighths of their size, and masks with them. The files of
 * tests/images are Pillow's and OpenCV's. */
#include "core/data/image_private.h"

#include <math.h>
#include <string.h>

enum { H = 13, W = 21 };

static GByteArray *load(const char *name)
{
    g_autofree char *file = g_test_build_filename(G_TEST_DIST, "images", name, NULL);
    GByteArray *bytes = g_byte_array_new();
    GError *error = NULL;
    fv_image_file(file, NULL, bytes, &error);
    g_assert_no_error(error);
    return bytes;
}

static GByteArray *decode(const char *name, const FvImageDecoding *how, FvShape *shape, FvImageScale *scale)
{
    g_autoptr(GByteArray) file = load(name);
    GByteArray *pixels = g_byte_array_new();
    GError *error = NULL;
    fv_image_decode_as(name, file->data, file->len, how, shape, scale, pixels, &error);
    g_assert_no_error(error);
    g_assert_cmpint(pixels->len, ==, fv_shape_elements(*shape));
    return pixels;
}

static FvImageHead read_head(const char *name)
{
    g_autoptr(GByteArray) file = load(name);
    GError *error = NULL;
    FvImageHead head;
    fv_image_head(name, file->data, file->len, NULL, &head, &error);
    g_assert_no_error(error);
    return head;
}

static void assert_shape(FvShape shape, int c, int h, int w)
{
    g_assert_cmpint(shape.c, ==, c);
    g_assert_cmpint(shape.h, ==, h);
    g_assert_cmpint(shape.w, ==, w);
}

/* What make.py drew, dimmed by black ink in one of the files. */
static void assert_upright(const GByteArray *pixels, double light, int tolerance)
{
    for (int i = 0; i < H * W; i++) {
        const double expected[3] = { i % W * 11 * light, i / W * 17 * light, 60 * light };
        for (int c = 0; c < 3; c++)
            g_assert_cmpfloat_with_epsilon(pixels->data[3 * i + c], expected[c], tolerance + 0.5);
    }
}

static void test_whole(void)
{
    static const struct {
        const char *name;
        FvImageFormat format;
        int orientation;
        double light;
        int tolerance;
    } files[] = {
        { "upright.png", FV_IMAGE_PNG, 1, 1, 0 },      { "turned-6.png", FV_IMAGE_PNG, 6, 1, 0 },
        { "sixteen.png", FV_IMAGE_PNG, 1, 1, 0 },      { "turned-1.jpg", FV_IMAGE_JPEG, 1, 1, 6 },
        { "turned-2.jpg", FV_IMAGE_JPEG, 2, 1, 6 },    { "turned-3.jpg", FV_IMAGE_JPEG, 3, 1, 6 },
        { "turned-4.jpg", FV_IMAGE_JPEG, 4, 1, 6 },    { "turned-5.jpg", FV_IMAGE_JPEG, 5, 1, 6 },
        { "turned-6.jpg", FV_IMAGE_JPEG, 6, 1, 6 },    { "turned-7.jpg", FV_IMAGE_JPEG, 7, 1, 6 },
        { "turned-8.jpg", FV_IMAGE_JPEG, 8, 1, 6 },    { "other-order.jpg", FV_IMAGE_JPEG, 8, 1, 6 },
        { "progressive.jpg", FV_IMAGE_JPEG, 1, 1, 9 }, { "cmyk.jpg", FV_IMAGE_JPEG, 1, 215 / 255.0, 9 },
    };
    for (guint i = 0; i < G_N_ELEMENTS(files); i++) {
        const FvImageHead head = read_head(files[i].name);
        FvShape shape;
        FvImageScale scale;
        g_autoptr(GByteArray) pixels = decode(files[i].name, NULL, &shape, &scale);
        g_test_message("%s", files[i].name);
        g_assert_cmpint(head.format, ==, files[i].format);
        g_assert_cmpint(head.orientation, ==, files[i].orientation);
        assert_shape(head.shape, 3, H, W);
        assert_shape(shape, 3, H, W);
        g_assert_true(scale.eighths == 8 && scale.u_shift == 0 && scale.v_shift == 0);
        assert_upright(pixels, files[i].light, files[i].tolerance);
    }
}

/* What sources and predictions read is upright too. */
static void test_read(void)
{
    static const char *const names[] = { "turned-6.jpg", "turned-8.jpg", "turned-6.png" };
    for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *file = g_test_build_filename(G_TEST_DIST, "images", names[i], NULL);
        g_autoptr(GByteArray) pixels = g_byte_array_new();
        GError *error = NULL;
        FvShape shape;
        fv_image_read(file, 3, &shape, pixels, &error);
        g_assert_no_error(error);
        assert_shape(shape, 3, H, W);
        assert_upright(pixels, 1, 6);
    }
}

/* Wherever a file is cut, it is refused. */
static void test_cut(void)
{
    static const char *const names[] = { "turned-6.png", "turned-7.webp", "lossy.webp", "mask.png" };
    for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autoptr(GByteArray) file = load(names[i]), pixels = g_byte_array_new();
        for (gsize size = 0; size < file->len; size++) {
            g_autofree guint8 *cut = g_memdup2(file->data, MAX(size, 1));
            g_autoptr(GError) error = NULL;
            FvShape shape;
            g_assert_false(fv_image_decode("x", cut, size, 0, &shape, pixels, &error));
            g_assert_error(error, FV_ERROR, FV_ERROR_DATA);
            g_assert_null(strchr(error->message, '\n'));
        }
    }
}

/* A pixel has the colour of the middle of what it covers of the whole picture, where that is all inside. */
static void check_scaled(const char *name, int eighths)
{
    const FvImageDecoding how = { .eighths = eighths };
    FvShape shape;
    FvImageScale scale;
    g_autoptr(GByteArray) pixels = decode(name, &how, &shape, &scale);
    const double side = 8.0 / scale.eighths;
    g_assert_cmpint(scale.eighths, >=, eighths);
    assert_shape(shape, 3, (int) ceil(H / side), (int) ceil(W / side));
    g_assert_true(scale.u_shift >= 0 && scale.u_shift < 1 && scale.v_shift >= 0 && scale.v_shift < 1);
    int seen = 0;
    for (int y = 0; y < shape.h; y++)
        for (int x = 0; x < shape.w; x++) {
            const double u = (x - scale.u_shift) * side, v = (y - scale.v_shift) * side;
            if (u < 0 || v < 0 || u + side > W || v + side > H)
                continue;
            const guint8 *p = pixels->data + 3 * (y * shape.w + x);
            g_assert_cmpfloat_with_epsilon(p[0], (u + side / 2 - 0.5) * 11, 8);
            g_assert_cmpfloat_with_epsilon(p[1], (v + side / 2 - 0.5) * 17, 8);
            seen++;
        }
    g_assert_cmpint(seen, >, 0);
}

static void test_scaled(void)
{
    for (int orientation = 1; orientation <= 8; orientation++)
        for (int eighths = 1; eighths <= 8; eighths++) {
            g_autofree char *name = g_strdup_printf("turned-%d.jpg", orientation);
            check_scaled(name, eighths);
        }
}

/* Formats without a scale of their own stay whole, and say so. */
static void test_unscaled(void)
{
    const FvImageDecoding how = { .eighths = 2, .channels = 1 };
    FvShape shape;
    FvImageScale scale;
    g_autoptr(GByteArray) pixels = decode("turned-6.png", &how, &shape, &scale);
    assert_shape(shape, 1, H, W);
    g_assert_cmpint(scale.eighths, ==, 8);
    for (int i = 0; i < H * W; i++)
        g_assert_cmpint(pixels->data[i], ==, (299 * (i % W * 11) + 587 * (i / W * 17) + 114 * 60 + 500) / 1000);
}

static void test_webp(void)
{
    if (!fv_image_format_built(FV_IMAGE_WEBP)) {
        g_test_skip("built without WebP");
        return;
    }
    FvShape shape;
    const FvImageHead head = read_head("turned-7.webp");
    g_assert_cmpint(head.format, ==, FV_IMAGE_WEBP);
    g_assert_cmpint(head.orientation, ==, 7);
    assert_shape(head.shape, 3, H, W);
    g_autoptr(GByteArray) turned = decode("turned-7.webp", NULL, &shape, NULL);
    assert_shape(shape, 3, H, W);
    assert_upright(turned, 1, 0);
    g_autoptr(GByteArray) lossy = decode("lossy.webp", NULL, &shape, NULL);
    assert_upright(lossy, 1, 15);
    g_autoptr(GByteArray) alpha = decode("alpha.webp", NULL, &shape, NULL);
    assert_upright(alpha, 1, 0);
    g_autoptr(GByteArray) animated = load("animated.webp");
    g_autoptr(GError) error = NULL;
    g_assert_false(fv_image_decode("a.webp", animated->data, animated->len, 0, &shape, alpha, &error));
    g_assert_error(error, FV_ERROR, FV_ERROR_DATA);
    g_assert_cmpstr(error->message, ==, "a.webp: an animation is no single picture");
}

/* --------------------------------------------------------------------- EXIF */

static void test_exif(void)
{
    static const struct {
        const char *bytes;
        gsize size;
        int orientation;
    } blocks[] = {
#define BLOCK(text, orientation) { text, sizeof text - 1, orientation }
        BLOCK("", 1),
        BLOCK("Exif\0\0", 1),
        BLOCK("II*\0\x08\0\0\0", 1),
        BLOCK("MM\0*\0\0\0\x08\0\1\x01\x12\0\3\0\0\0\1\0\6\0\0", 6),
        BLOCK("Exif\0\0MM\0*\0\0\0\x08\0\1\x01\x12\0\3\0\0\0\1\0\6\0\0", 6),
        BLOCK("II*\0\x08\0\0\0\1\0\x12\x01\3\0\1\0\0\0\3\0\0\0", 3),
        BLOCK("II*\0\x08\0\0\0\1\0\x12\x01\4\0\1\0\0\0\3\0\0\0", 3), /* a long, as some write it */
        BLOCK("II*\0\x08\0\0\0\1\0\x12\x01\3\0\1\0\0\0\3", 1),       /* cut in the value */
        BLOCK("II*\0\x08\0\0\0\1\0\x12\x01\3\0\1\0\0\0\x09\0\0\0", 1),
        BLOCK("II*\0\x08\0\0\0\1\0\x12\x01\3\0\1\0\0\0\0\0\0\0", 1),
        BLOCK("II*\0\x08\0\0\0\1\0\x12\x01\2\0\1\0\0\0\3\0\0\0", 1), /* text */
        BLOCK("II*\0\x08\0\0\0\1\0\x12\x01\3\0\2\0\0\0\3\0\3\0", 1), /* two of them */
        BLOCK("II*\0\x08\0\0\0\xff\xff\x12\x01\3\0\1\0\0\0\3\0\0\0", 3),
        BLOCK("II*\0\xff\xff\xff\xff\1\0\x12\x01\3\0\1\0\0\0\3\0\0\0", 1),
        BLOCK("MM*\0\x08\0\0\0\1\0\x12\x01\3\0\1\0\0\0\3\0\0\0", 1), /* neither order */
#undef BLOCK
    };
    for (guint i = 0; i < G_N_ELEMENTS(blocks); i++) {
        g_autofree guint8 *exact = g_memdup2(blocks[i].bytes, MAX(blocks[i].size, 1));
        g_test_message("block %u", i);
        g_assert_cmpint(fv_exif_orientation(exact, blocks[i].size), ==, blocks[i].orientation);
    }
}

/* -------------------------------------------------------------------- masks */

static int drawn_class(int x, int y)
{
    if (y == 0)
        return 20;
    if (y >= 6 && y < 12 && x >= 10 && x < 20)
        return 15;
    return y >= 3 && y < 8 && x >= 4 && x < 15;
}

static void test_mask(void)
{
    static const guint8 person[3] = { 192, 128, 128 };
    g_autoptr(GByteArray) file = load("mask.png"), mask = g_byte_array_new();
    g_autofree FvPalette *palette = g_new(FvPalette, 1);
    GError *error = NULL;
    FvShape shape;
    fv_mask_decode("mask.png", file->data, file->len, NULL, &shape, mask, palette, &error);
    g_assert_no_error(error);
    assert_shape(shape, 1, H, W);
    g_assert_cmpint(palette->count, >=, 21);
    g_assert_cmpmem(palette->rgb[15], 3, person, 3);
    for (int i = 0; i < H * W; i++)
        g_assert_cmpint(mask->data[i], ==, drawn_class(i % W, i / W));
}

/* The mask of a picture that was decoded smaller has, where the picture has its pixels, the class that is there. */
static void test_mask_shrink(void)
{
    for (int orientation = 1; orientation <= 8; orientation++)
        for (int eighths = 1; eighths <= 8; eighths++) {
            const FvShape stored = orientation > 4 ? (FvShape){ 1, W, H } : (FvShape){ 1, H, W };
            const FvImageScale scale = fv_image_turned_scale(stored, eighths, orientation);
            const FvShape to = { 1, (H * eighths + 7) / 8, (W * eighths + 7) / 8 };
            FvShape shape = { 1, H, W };
            g_autoptr(GByteArray) mask = g_byte_array_new();
            for (int i = 0; i < H * W; i++)
                g_byte_array_append(mask, &(guint8){ (guint8) drawn_class(i % W, i / W) }, 1);
            fv_mask_shrink(mask, &shape, to, &scale);
            assert_shape(shape, 1, to.h, to.w);
            g_assert_cmpint(mask->len, ==, to.h * to.w);
            for (int y = 0; y < to.h; y++)
                for (int x = 0; x < to.w; x++) {
                    const double u = (x + 0.5 - scale.u_shift) * 8 / eighths,
                                 v = (y + 0.5 - scale.v_shift) * 8 / eighths;
                    g_assert_cmpint(mask->data[y * to.w + x], ==,
                                    drawn_class(CLAMP((int) floor(u), 0, W - 1), CLAMP((int) floor(v), 0, H - 1)));
                }
        }
}

/* Alpha is dropped: a colour that is marked as transparent is what it is. */
static void test_transparent(void)
{
    FvShape shape, same;
    g_autoptr(GByteArray) file = load("mask-transparent.png"), mask = g_byte_array_new();
    GError *error = NULL;
    fv_mask_decode("x", file->data, file->len, NULL, &shape, mask, NULL, &error);
    g_assert_no_error(error);
    for (int i = 0; i < H * W; i++)
        g_assert_cmpint(mask->data[i], ==, drawn_class(i % W, i / W));
    g_autoptr(GByteArray) pixels = decode("mask-transparent.png", NULL, &shape, NULL);
    g_autoptr(GByteArray) opaque = decode("mask.png", NULL, &same, NULL);
    assert_shape(shape, 3, H, W);
    g_assert_cmpmem(pixels->data, pixels->len, opaque->data, opaque->len);
}

static void test_no_mask(void)
{
    static const char *const refused[][2] = {
        { "upright.png", "x: broken PNG: a mask must have a palette or be grey, without alpha" },
        { "turned-1.jpg", "x: a mask must be PNG, and this is JPEG" },
    };
    for (guint i = 0; i < G_N_ELEMENTS(refused); i++) {
        g_autoptr(GByteArray) file = load(refused[i][0]), mask = g_byte_array_new();
        g_autoptr(GError) error = NULL;
        FvShape shape;
        g_assert_false(fv_mask_decode("x", file->data, file->len, NULL, &shape, mask, NULL, &error));
        g_assert_error(error, FV_ERROR, FV_ERROR_DATA);
        g_assert_cmpstr(error->message, ==, refused[i][1]);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/image-turned/whole", test_whole);
    g_test_add_func("/image-turned/read", test_read);
    g_test_add_func("/image-turned/cut", test_cut);
    g_test_add_func("/image-turned/scaled", test_scaled);
    g_test_add_func("/image-turned/unscaled", test_unscaled);
    g_test_add_func("/image-turned/webp", test_webp);
    g_test_add_func("/image-turned/exif", test_exif);
    g_test_add_func("/image-turned/mask", test_mask);
    g_test_add_func("/image-turned/mask-shrink", test_mask_shrink);
    g_test_add_func("/image-turned/transparent", test_transparent);
    g_test_add_func("/image-turned/no-mask", test_no_mask);
    return g_test_run();
}
