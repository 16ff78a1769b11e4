/* SPDX-License-Identifier: MIT
 * test_image.c: PNG and JPEG of every kind that occurs, and files that must be refused. */
#include "core/data/image.h"

#include <glib/gstdio.h>
#include <png.h>
#include <string.h>
#include <sys/stat.h>
#include <turbojpeg.h>
#include <unistd.h>
#include <zlib.h>

static void append(png_structp png, png_bytep data, size_t size)
{
    g_byte_array_append(png_get_io_ptr(png), data, (guint) size);
}

static void flush(png_structp png)
{
}

/* Rows are packed as PNG wants them. The palette is colour i = (i, 255 - i, 7). */
static GByteArray *make_png(int w, int h, int depth, int type, int interlace, const guint8 *data)
{
    GByteArray *out = g_byte_array_new();
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
    png_infop info = png_create_info_struct(png);
    png_set_write_fn(png, out, append, flush);
    png_set_IHDR(png, info, (png_uint_32) w, (png_uint_32) h, depth, type, interlace, PNG_COMPRESSION_TYPE_DEFAULT,
                 PNG_FILTER_TYPE_DEFAULT);
    png_color colours[256];
    for (int i = 0; i < 256; i++)
        colours[i] = (png_color){ (png_byte) i, (png_byte) (255 - i), 7 };
    if (type == PNG_COLOR_TYPE_PALETTE)
        png_set_PLTE(png, info, colours, 1 << depth);
    png_write_info(png, info);
    gsize stride = png_get_rowbytes(png, info);
    g_autofree png_bytep *rows = g_new(png_bytep, h);
    for (int y = 0; y < h; y++)
        rows[y] = (png_bytep) data + (gsize) y * stride;
    png_write_image(png, rows);
    png_write_end(png, info);
    png_destroy_write_struct(&png, &info);
    return out;
}

static GByteArray *decode(const GByteArray *file, int channels, FvShape *shape)
{
    GError *error = NULL;
    GByteArray *pixels = g_byte_array_new();
    fv_image_decode("x", file->data, file->len, channels, shape, pixels, &error);
    g_assert_no_error(error);
    g_assert_cmpint(pixels->len, ==, fv_shape_elements(*shape));
    return pixels;
}

static void assert_shape(FvShape shape, int c, int h, int w)
{
    g_assert_cmpint(shape.c, ==, c);
    g_assert_cmpint(shape.h, ==, h);
    g_assert_cmpint(shape.w, ==, w);
}

static void check(GByteArray *file, int channels, int c, int h, int w, const guint8 *expected)
{
    FvShape shape;
    g_autoptr(GByteArray) pixels = decode(file, channels, &shape);
    assert_shape(shape, c, h, w);
    g_assert_cmpmem(pixels->data, pixels->len, expected, (gsize) (c * h * w));
    g_byte_array_unref(file);
}

/* As class numbers; a palette of @colours. */
static void check_mask(GByteArray *file, int h, int w, int colours, const guint8 *expected)
{
    g_autoptr(GByteArray) mask = g_byte_array_new();
    g_autofree FvPalette *palette = g_new(FvPalette, 1);
    GError *error = NULL;
    FvShape shape;
    fv_mask_decode("x", file->data, file->len, NULL, &shape, mask, palette, &error);
    g_assert_no_error(error);
    assert_shape(shape, 1, h, w);
    g_assert_cmpmem(mask->data, mask->len, expected, (gsize) (h * w));
    g_assert_cmpint(palette->count, ==, colours);
    g_byte_array_unref(file);
}

static void test_png(void)
{
    const guint8 grey[] = { 0, 1, 128, 200, 254, 255 };
    check(make_png(3, 2, 8, PNG_COLOR_TYPE_GRAY, 0, grey), 0, 1, 2, 3, grey);
    const guint8 tripled[] = { 0, 0, 0, 1, 1, 1, 128, 128, 128, 200, 200, 200, 254, 254, 254, 255, 255, 255 };
    check(make_png(3, 2, 8, PNG_COLOR_TYPE_GRAY, 0, grey), 3, 3, 2, 3, tripled);
    const guint8 rgb[] = { 255, 0, 0, 0, 255, 0, 0, 0, 255, 10, 20, 30 };
    check(make_png(2, 2, 8, PNG_COLOR_TYPE_RGB, 0, rgb), 0, 3, 2, 2, rgb);
    /* 0.299 * 255 = 76.2, 0.587 * 255 = 149.7, 0.114 * 255 = 29.1, and 18.15 */
    const guint8 luma[] = { 76, 150, 29, 18 };
    check(make_png(2, 2, 8, PNG_COLOR_TYPE_RGB, 0, rgb), 1, 1, 2, 2, luma);
    const guint8 bits[] = { 0xa0 };
    const guint8 black_white[] = { 255, 0, 255 };
    check(make_png(3, 1, 1, PNG_COLOR_TYPE_GRAY, 0, bits), 0, 1, 1, 3, black_white);
    const guint8 pairs[] = { 0x1b };
    const guint8 fours[] = { 0, 85, 170, 255 };
    check(make_png(4, 1, 2, PNG_COLOR_TYPE_GRAY, 0, pairs), 0, 1, 1, 4, fours);
    const guint8 nibbles[] = { 0x0f, 0x80 };
    const guint8 sixteens[] = { 0, 255, 136 };
    check(make_png(3, 1, 4, PNG_COLOR_TYPE_GRAY, 0, nibbles), 0, 1, 1, 3, sixteens);
    const guint8 words[] = { 0xff, 0xff, 0x80, 0x00, 0x01, 0x00, 0x00, 0xff };
    const guint8 rounded[] = { 255, 128, 1, 1 };
    check(make_png(4, 1, 16, PNG_COLOR_TYPE_GRAY, 0, words), 0, 1, 1, 4, rounded);
    const guint8 bit_classes[] = { 1, 0, 1 };
    check_mask(make_png(3, 1, 1, PNG_COLOR_TYPE_GRAY, 0, bits), 1, 3, 0, bit_classes);
    const guint8 pair_classes[] = { 0, 1, 2, 3 };
    check_mask(make_png(4, 1, 2, PNG_COLOR_TYPE_GRAY, 0, pairs), 1, 4, 0, pair_classes);
    check_mask(make_png(4, 1, 2, PNG_COLOR_TYPE_PALETTE, 0, pairs), 1, 4, 4, pair_classes);
}

static void test_png_palette_and_alpha(void)
{
    const guint8 indices[] = { 0x1c };
    const guint8 colours[] = { 0, 255, 7, 1, 254, 7, 3, 252, 7, 0, 255, 7 };
    check(make_png(4, 1, 2, PNG_COLOR_TYPE_PALETTE, 0, indices), 0, 3, 1, 4, colours);
    /* Dropped, not composited: what is transparent keeps its colour. */
    const guint8 rgba[] = { 9, 8, 7, 0, 1, 2, 3, 255 };
    const guint8 rgb[] = { 9, 8, 7, 1, 2, 3 };
    check(make_png(2, 1, 8, PNG_COLOR_TYPE_RGB_ALPHA, 0, rgba), 0, 3, 1, 2, rgb);
    const guint8 grey_alpha[] = { 50, 0, 60, 128 };
    const guint8 grey[] = { 50, 60 };
    check(make_png(2, 1, 8, PNG_COLOR_TYPE_GRAY_ALPHA, 0, grey_alpha), 0, 1, 1, 2, grey);
}

static void test_png_interlaced(void)
{
    guint8 rgb[3 * 13 * 11];
    for (guint i = 0; i < sizeof rgb; i++)
        rgb[i] = (guint8) (i * 7);
    check(make_png(13, 11, 8, PNG_COLOR_TYPE_RGB, PNG_INTERLACE_ADAM7, rgb), 3, 3, 11, 13, rgb);
}

static GByteArray *make_jpeg(const guint8 *pixels, int w, int h, int format, int subsampling, int flags)
{
    tjhandle handle = tjInitCompress();
    unsigned char *data = NULL;
    unsigned long size = 0;
    g_assert_cmpint(
        tjCompress2(handle, pixels, w, 0, h, format, &data, &size, subsampling, 98, flags | TJFLAG_ACCURATEDCT), ==, 0);
    GByteArray *out = g_byte_array_append(g_byte_array_new(), data, (guint) size);
    tjFree(data);
    tjDestroy(handle);
    return out;
}

static void assert_near(const GByteArray *pixels, const guint8 *expected, int tolerance)
{
    for (guint i = 0; i < pixels->len; i++)
        g_assert_cmpint(ABS(pixels->data[i] - expected[i]), <=, tolerance);
}

static void test_jpeg(void)
{
    enum { W = 19, H = 10 };
    guint8 grey[W * H], rgb[3 * W * H], luma[W * H], inks[4 * W * H], inked[3 * W * H];
    FvShape shape;
    for (int i = 0; i < W * H; i++) {
        grey[i] = (guint8) (i % W * 12);
        rgb[3 * i] = (guint8) (i % W * 10);
        rgb[3 * i + 1] = (guint8) (i / W * 20);
        rgb[3 * i + 2] = 100;
        luma[i] = (guint8) ((299 * rgb[3 * i] + 587 * rgb[3 * i + 1] + 114 * rgb[3 * i + 2] + 500) / 1000);
        inks[4 * i] = rgb[3 * i];
        inks[4 * i + 1] = rgb[3 * i + 1];
        inks[4 * i + 2] = 100;
        inks[4 * i + 3] = 200;
        for (int c = 0; c < 3; c++)
            inked[3 * i + c] = (guint8) ((rgb[3 * i + c] * 200 + 127) / 255);
    }
    g_autoptr(GByteArray) a = make_jpeg(grey, W, H, TJPF_GRAY, TJSAMP_GRAY, 0);
    g_autoptr(GByteArray) a_pixels = decode(a, 0, &shape);
    assert_shape(shape, 1, H, W);
    assert_near(a_pixels, grey, 4);
    g_autoptr(GByteArray) a_colour = decode(a, 3, &shape);
    assert_shape(shape, 3, H, W);
    g_autoptr(GByteArray) b = make_jpeg(rgb, W, H, TJPF_RGB, TJSAMP_444, TJFLAG_PROGRESSIVE);
    g_autoptr(GByteArray) b_pixels = decode(b, 0, &shape);
    assert_shape(shape, 3, H, W);
    assert_near(b_pixels, rgb, 6);
    g_autoptr(GByteArray) b_grey = decode(b, 1, &shape);
    assert_shape(shape, 1, H, W);
    assert_near(b_grey, luma, 4);
    g_autoptr(GByteArray) c = make_jpeg(inks, W, H, TJPF_CMYK, TJSAMP_444, 0);
    g_autoptr(GByteArray) c_pixels = decode(c, 0, &shape);
    assert_shape(shape, 3, H, W);
    assert_near(c_pixels, inked, 8);
    g_autoptr(GByteArray) c_grey = decode(c, 1, &shape);
    assert_shape(shape, 1, H, W);
}

/* ------------------------------------------------------------------ refused */

static void refuse(const guint8 *data, gsize size, const char *reason)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GByteArray) pixels = g_byte_array_new();
    FvShape shape;
    g_assert_false(fv_image_decode("photo.png", data, size, 3, &shape, pixels, &error));
    g_assert_error(error, FV_ERROR, FV_ERROR_DATA);
    g_assert_true(g_str_has_prefix(error->message, "photo.png: "));
    g_assert_null(strchr(error->message, '\n'));
    if (!strstr(error->message, reason))
        g_error("'%s' does not say '%s'", error->message, reason);
}

/* Wherever a file is cut, it is refused: under a memory checker also exactly at the end of the allocation. */
static void refuse_cut(GByteArray *file, gsize tail)
{
    for (gsize size = 0; size + tail < file->len; size++) {
        g_autofree guint8 *cut = g_memdup2(file->data, MAX(size, 1));
        refuse(cut, size, "");
    }
    g_byte_array_unref(file);
}

static void test_cut(void)
{
    guint8 rgb[3 * 20 * 20];
    for (guint i = 0; i < sizeof rgb; i++)
        rgb[i] = (guint8) (i * i);
    refuse_cut(make_png(20, 20, 8, PNG_COLOR_TYPE_RGB, 0, rgb), 0);
    refuse_cut(make_png(20, 20, 8, PNG_COLOR_TYPE_RGB, PNG_INTERLACE_ADAM7, rgb), 0);
    refuse_cut(make_jpeg(rgb, 20, 20, TJPF_RGB, TJSAMP_420, 0), 2);
    refuse_cut(make_jpeg(rgb, 20, 20, TJPF_RGB, TJSAMP_420, TJFLAG_PROGRESSIVE), 2);
}

static void test_foreign(void)
{
    refuse((const guint8 *) "", 0, "empty");
    refuse((const guint8 *) "GIF89a..........", 16, "neither PNG nor JPEG nor WebP");
    refuse((const guint8 *) "\x89PNG\r\n\x1a\n", 8, "PNG");
    refuse((const guint8 *) "\xff\xd8\xff\xe0", 4, "JPEG");
    guint8 rgb[3 * 20 * 20];
    memset(rgb, 77, sizeof rgb);
    g_autoptr(GByteArray) png = make_png(20, 20, 8, PNG_COLOR_TYPE_RGB, 0, rgb);
    png->data[png->len / 2] ^= 0xff;
    refuse(png->data, png->len, "broken PNG: IDAT: ");
    png->data[png->len / 2] ^= 0xff;
    png->data[png->len - 16] ^= 0xff; /* before IEND, which takes 12 */
    refuse(png->data, png->len, "broken PNG: IDAT: CRC error");
    png->data[png->len - 16] ^= 0xff;
    png->data[18] ^= 0xff;
    refuse(png->data, png->len, "broken PNG: IHDR: CRC error");
    png->data[18] ^= 0xff;
    refuse(png->data, png->len - 20, "broken PNG: the file ends too early");
    g_autoptr(GByteArray) jpeg = make_jpeg(rgb, 20, 20, TJPF_RGB, TJSAMP_420, 0);
    refuse(jpeg->data, jpeg->len - 9, "broken JPEG: Premature end of JPEG file");
}

/* The header alone says how large the picture is; it must be refused before anything is allocated. */
static void test_giant(void)
{
    static const guint32 sizes[][2] = { { 16385, 1 }, { 1, 16385 }, { 9000, 9000 }, { 0x7fffffff, 0x7fffffff } };
    guint8 grey[1] = { 0 };
    for (guint i = 0; i < G_N_ELEMENTS(sizes); i++) {
        g_autoptr(GByteArray) png = make_png(1, 1, 8, PNG_COLOR_TYPE_GRAY, 0, grey);
        guint32 w = GUINT32_TO_BE(sizes[i][0]), h = GUINT32_TO_BE(sizes[i][1]);
        memcpy(png->data + 16, &w, 4);
        memcpy(png->data + 20, &h, 4);
        guint32 sum = GUINT32_TO_BE((guint32) crc32(0, png->data + 12, 17));
        memcpy(png->data + 29, &sum, 4);
        refuse(png->data, png->len, "the most are 16384 a side and 64 megapixels");
    }
    g_autoptr(GByteArray) jpeg = make_jpeg(grey, 1, 1, TJPF_GRAY, TJSAMP_GRAY, 0);
    for (guint i = 0; i + 9 < jpeg->len; i++)
        if (jpeg->data[i] == 0xff && jpeg->data[i + 1] == 0xc0)
            memset(jpeg->data + i + 5, 0xfe, 4);
    refuse(jpeg->data, jpeg->len, "the most are 16384 a side and 64 megapixels");
}

/* Other limits than the usual ones, both ways. */
static void test_limits(void)
{
    static const guint8 grey[20 * 30] = { 0 };
    static const struct {
        FvImageLimits limits;
        const char *message;
    } cases[] = {
        { { 30, 600, 1 }, NULL },
        { { 29, 600, 1 }, "x: the image is 30x20 pixels; the most are 29 a side and 0.0006 megapixels" },
        { { 30, 599, 1 }, "x: the image is 30x20 pixels; the most are 30 a side and 0.000599 megapixels" },
        { { G_MAXINT, G_MAXINT64, G_MAXINT64 }, NULL },
    };
    GByteArray *files[] = { make_png(30, 20, 8, PNG_COLOR_TYPE_GRAY, 0, grey),
                            make_jpeg(grey, 30, 20, TJPF_GRAY, TJSAMP_GRAY, 0) };
    for (guint i = 0; i < G_N_ELEMENTS(cases) * 2; i++) {
        const GByteArray *file = files[i % 2];
        const FvImageDecoding how = { .limits = &cases[i / 2].limits };
        g_autoptr(GByteArray) pixels = g_byte_array_new();
        g_autoptr(GError) error = NULL, head_error = NULL;
        FvShape shape;
        FvImageHead head;
        fv_image_decode_as("x", file->data, file->len, &how, &shape, NULL, pixels, &error);
        fv_image_head("x", file->data, file->len, how.limits, &head, &head_error);
        g_assert_cmpstr(error ? error->message : NULL, ==, cases[i / 2].message);
        g_assert_cmpstr(head_error ? head_error->message : NULL, ==, cases[i / 2].message);
    }
    g_byte_array_unref(files[0]);
    g_byte_array_unref(files[1]);
}

static void refuse_file(const char *file, int code)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GByteArray) pixels = g_byte_array_new();
    FvShape shape;
    g_assert_false(fv_image_read(file, 3, &shape, pixels, &error));
    g_assert_error(error, FV_ERROR, code);
    g_assert_true(g_str_has_prefix(error->message, file));
}

static void test_files(void)
{
    g_autofree char *folder = g_dir_make_tmp("fovea-image-XXXXXX", NULL);
    g_autofree char *file = g_build_filename(folder, "a.png", NULL);
    g_autofree char *pipe = g_build_filename(folder, "pipe.png", NULL);
    g_autofree char *vast = g_build_filename(folder, "vast.png", NULL);
    const guint8 grey[] = { 0, 1, 128, 200, 254, 255 };
    g_autoptr(GByteArray) png = make_png(3, 2, 8, PNG_COLOR_TYPE_GRAY, 0, grey);
    g_assert_true(g_file_set_contents(file, (const char *) png->data, png->len, NULL));
    g_autoptr(GByteArray) pixels = g_byte_array_new();
    g_autoptr(GError) error = NULL;
    FvShape shape;
    g_assert_true(fv_image_read(file, 1, &shape, pixels, &error));
    g_assert_no_error(error);
    g_assert_cmpmem(pixels->data, pixels->len, grey, sizeof grey);
    g_assert_cmpint(mkfifo(pipe, 0600), ==, 0);
    refuse_file(pipe, FV_ERROR_IO);
    refuse_file(folder, FV_ERROR_IO);
    refuse_file("no such file.png", FV_ERROR_IO);
    g_assert_true(g_file_set_contents(vast, "", 0, NULL));
    refuse_file(vast, FV_ERROR_DATA);
    g_assert_cmpint(truncate(vast, (off_t) FV_IMAGE_BYTES + 1), ==, 0);
    refuse_file(vast, FV_ERROR_DATA);
    g_unlink(file);
    g_unlink(pipe);
    g_unlink(vast);
    g_rmdir(folder);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/image/png", test_png);
    g_test_add_func("/image/png/palette-and-alpha", test_png_palette_and_alpha);
    g_test_add_func("/image/png/interlaced", test_png_interlaced);
    g_test_add_func("/image/jpeg", test_jpeg);
    g_test_add_func("/image/cut", test_cut);
    g_test_add_func("/image/foreign", test_foreign);
    g_test_add_func("/image/giant", test_giant);
    g_test_add_func("/image/limits", test_limits);
    g_test_add_func("/image/files", test_files);
    return g_test_run();
}
