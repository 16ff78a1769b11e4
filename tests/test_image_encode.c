/* SPDX-License-Identifier: MIT
 * test_image_encode.c: pixels into files and back. */
#include "core/data/image.h"

#include <string.h>

enum { H = 37, W = 53 };

/* A smooth picture of @c channels. */
static guint8 *draw(int c)
{
    guint8 *pixels = g_malloc(H * W * c);
    for (int i = 0; i < H * W * c; i++) {
        const int x = i / c % W, y = i / c / W, k = i % c;
        pixels[i] = (guint8) (k == 0 ? 40 + 3 * x : k == 1 ? 30 + 5 * y : 200 - x - y);
    }
    return pixels;
}

static GByteArray *encode(const FvImageEncoding *how, FvShape shape, const guint8 *pixels)
{
    GByteArray *bytes = g_byte_array_new(), *again = g_byte_array_new();
    GError *error = NULL;
    fv_image_encode("x", how, shape, pixels, bytes, &error);
    g_assert_no_error(error);
    fv_image_encode("x", how, shape, pixels, again, &error);
    g_assert_no_error(error);
    g_assert_cmpmem(bytes->data, bytes->len, again->data, again->len);
    g_byte_array_unref(again);
    return bytes;
}

/* Encodes, decodes, and returns the bytes that the file has. */
static guint round_trip(const FvImageEncoding *how, int c, int tolerance)
{
    const FvShape shape = { c, H, W };
    g_autofree guint8 *pixels = draw(c);
    g_autoptr(GByteArray) bytes = encode(how, shape, pixels), back = g_byte_array_new();
    GError *error = NULL;
    FvShape got;
    FvImageHead head;
    fv_image_head("x", bytes->data, bytes->len, NULL, &head, &error);
    g_assert_no_error(error);
    g_assert_cmpint(head.format, ==, how->format);
    g_assert_cmpint(head.orientation, ==, 1);
    g_assert_cmpint(head.shape.c, ==, how->format == FV_IMAGE_WEBP ? 3 : c);
    fv_image_decode("x", bytes->data, bytes->len, c, &got, back, &error);
    g_assert_no_error(error);
    g_assert_true(got.c == c && got.h == H && got.w == W);
    for (guint i = 0; i < back->len; i++)
        g_assert_cmpint(ABS(back->data[i] - pixels[i]), <=, tolerance);
    return bytes->len;
}

static void test_png(void)
{
    for (int small = 0; small <= 1; small++)
        for (int c = 1; c <= 3; c += 2)
            round_trip(&(FvImageEncoding){ .small = small }, c, 0);
}

static void test_jpeg(void)
{
    for (int c = 1; c <= 3; c += 2) {
        const guint usual = round_trip(&(FvImageEncoding){ .format = FV_IMAGE_JPEG }, c, 8);
        const guint fine = round_trip(&(FvImageEncoding){ .format = FV_IMAGE_JPEG, .quality = 100 }, c, 5);
        g_assert_cmpint(usual, <, fine);
    }
    const FvImageEncoding half = { .format = FV_IMAGE_JPEG, .quality = 95 },
                          full = { .format = FV_IMAGE_JPEG, .quality = 95, .full_chroma = TRUE };
    g_assert_cmpint(round_trip(&half, 3, 8), <, round_trip(&full, 3, 5));
}

static void test_webp(void)
{
    const FvImageEncoding usual = { .format = FV_IMAGE_WEBP }, fine = { .format = FV_IMAGE_WEBP, .quality = 100 };
    if (fv_image_format_built(FV_IMAGE_WEBP)) {
        g_assert_cmpint(round_trip(&usual, 3, 16), <, round_trip(&fine, 3, 12));
        round_trip(&usual, 1, 10);
        return;
    }
    g_autoptr(GError) error = NULL;
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    g_assert_false(fv_image_encode("x.webp", &usual, (FvShape){ 1, 1, 1 }, (const guint8 *) "", bytes, &error));
    g_assert_error(error, FV_ERROR, FV_ERROR_DATA);
    g_assert_nonnull(strstr(error->message, "x.webp: this fovea was built without WebP"));
}

static void test_palette(void)
{
    g_autofree FvPalette *palette = g_new0(FvPalette, 1), *got = g_new0(FvPalette, 1);
    g_autofree guint8 *classes = g_malloc(H * W);
    palette->count = 9;
    for (int i = 0; i < palette->count; i++)
        memcpy(palette->rgb[i], (guint8[]){ (guint8) (i * 25), 7, (guint8) (255 - i) }, 3);
    for (int i = 0; i < H * W; i++)
        classes[i] = (guint8) ((i % W / 9 + i / W / 7) % palette->count);
    const FvShape shape = { 1, H, W };
    const FvImageEncoding how = { .palette = palette };
    g_autoptr(GByteArray) bytes = encode(&how, shape, classes), back = g_byte_array_new(), colours = g_byte_array_new();
    g_autoptr(GError) error = NULL;
    FvShape read;
    fv_mask_decode("x", bytes->data, bytes->len, NULL, &read, back, got, &error);
    g_assert_no_error(error);
    g_assert_cmpmem(back->data, back->len, classes, H * W);
    g_assert_cmpint(got->count, ==, palette->count);
    g_assert_cmpmem(got->rgb, 27, palette->rgb, 27);
    fv_image_decode("x", bytes->data, bytes->len, 0, &read, colours, &error);
    g_assert_no_error(error);
    g_assert_cmpint(read.c, ==, 3);
    for (int i = 0; i < H * W; i++)
        g_assert_cmpmem(colours->data + 3 * i, 3, palette->rgb[classes[i]], 3);
    classes[5] = 9;
    g_assert_false(fv_image_encode("m.png", &how, shape, classes, bytes, &error));
    g_assert_error(error, FV_ERROR, FV_ERROR_DATA);
    g_assert_cmpstr(error->message, ==, "m.png: class 9, and the palette has 9 colours");
}

/* Grey masks without a palette keep their numbers. */
static void test_grey_mask(void)
{
    g_autofree guint8 *classes = draw(1);
    g_autofree FvPalette *palette = g_new0(FvPalette, 1);
    g_autoptr(GByteArray) bytes = encode(&(FvImageEncoding){ 0 }, (FvShape){ 1, H, W }, classes);
    g_autoptr(GByteArray) back = g_byte_array_new();
    GError *error = NULL;
    FvShape read;
    fv_mask_decode("x", bytes->data, bytes->len, NULL, &read, back, palette, &error);
    g_assert_no_error(error);
    g_assert_cmpint(palette->count, ==, 0);
    g_assert_cmpmem(back->data, back->len, classes, H * W);
}

static void test_refused(void)
{
    static const struct {
        FvImageFormat format;
        FvShape shape;
    } refused[] = {
        { FV_IMAGE_PNG, { 2, 1, 1 } },       { FV_IMAGE_PNG, { 4, 1, 1 } },      { FV_IMAGE_PNG, { 1, 0, 1 } },
        { FV_IMAGE_PNG, { 3, 1 << 21, 1 } }, { FV_IMAGE_JPEG, { 1, 1, 65501 } }, { FV_IMAGE_JPEG, { 3, 1, -1 } },
    };
    const guint8 pixel[4] = { 0 };
    for (guint i = 0; i < G_N_ELEMENTS(refused); i++) {
        const FvImageEncoding how = { .format = refused[i].format };
        g_autoptr(GByteArray) bytes = g_byte_array_new();
        g_autoptr(GError) error = NULL;
        g_assert_false(fv_image_encode("x", &how, refused[i].shape, pixel, bytes, &error));
        g_assert_error(error, FV_ERROR, FV_ERROR_SHAPE);
        g_assert_null(strchr(error->message, '\n'));
    }
}

static void test_names(void)
{
    static const struct {
        const char *file;
        int format;
    } names[] = { { "a.png", FV_IMAGE_PNG },
                  { "a.b/c.JPG", FV_IMAGE_JPEG },
                  { "x.jpeg", FV_IMAGE_JPEG },
                  { "x.webp", FV_IMAGE_WEBP },
                  { "png", -1 },
                  { "a.gif", -1 },
                  { "photos.png/list", -1 },
                  { "", -1 },
                  { "a.", -1 } };
    for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
        FvImageFormat format;
        g_assert_cmpint(fv_image_format_of(names[i].file, &format), ==, names[i].format >= 0);
        if (names[i].format >= 0)
            g_assert_cmpint(format, ==, names[i].format);
    }
    g_assert_cmpstr(fv_image_format_name(FV_IMAGE_WEBP), ==, "WebP");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/image-encode/png", test_png);
    g_test_add_func("/image-encode/jpeg", test_jpeg);
    g_test_add_func("/image-encode/webp", test_webp);
    g_test_add_func("/image-encode/palette", test_palette);
    g_test_add_func("/image-encode/grey-mask", test_grey_mask);
    g_test_add_func("/image-encode/refused", test_refused);
    g_test_add_func("/image-encode/names", test_names);
    return g_test_run();
}
