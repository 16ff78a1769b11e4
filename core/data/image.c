/* SPDX-License-Identifier: MIT
 * image.c: PNG and JPEG files into 8-bit interleaved pixels. */
#include "core/data/data.h"

#include <errno.h>
#include <fcntl.h>
#include <png.h>
#include <setjmp.h>
#include <string.h>
#include <sys/stat.h>
#include <turbojpeg.h>
#include <unistd.h>

static gboolean check_size(const char *name, gint64 w, gint64 h, GError **error)
{
    if (w >= 1 && h >= 1 && w <= FV_IMAGE_MAX_SIDE && h <= FV_IMAGE_MAX_SIDE && w * h <= FV_IMAGE_MAX_PIXELS)
        return TRUE;
    g_set_error(error, FV_ERROR, FV_ERROR_DATA,
                "%s: the image is %" G_GINT64_FORMAT "x%" G_GINT64_FORMAT
                " pixels; the most are %d a side and %d megapixels",
                name, w, h, FV_IMAGE_MAX_SIDE, FV_IMAGE_MAX_PIXELS / 1000000);
    return FALSE;
}

/* Rec. 601 luma, rounded. In place: the grey value of a pixel is written no later than its colours are read. */
static void to_grey(guint8 *pixels, gsize count)
{
    for (gsize i = 0; i < count; i++) {
        const guint8 *p = pixels + 3 * i;
        pixels[i] = (299u * p[0] + 587u * p[1] + 114u * p[2] + 500u) / 1000u;
    }
}

/* From the end, so that nothing is overwritten before it is read. */
static void to_colour(guint8 *pixels, gsize count)
{
    for (gsize i = count; i-- > 0;) {
        guint8 grey = pixels[i];
        pixels[3 * i] = pixels[3 * i + 1] = pixels[3 * i + 2] = grey;
    }
}

static void convert(GByteArray *pixels, FvShape *shape, int channels)
{
    gsize count = (gsize) shape->h * shape->w;
    if (channels == 1 && shape->c == 3) {
        to_grey(pixels->data, count);
        g_byte_array_set_size(pixels, (guint) count);
        shape->c = 1;
    } else if (channels == 3 && shape->c == 1) {
        g_byte_array_set_size(pixels, (guint) (3 * count));
        to_colour(pixels->data, count);
        shape->c = 3;
    }
}

/* ---------------------------------------------------------------------- PNG */

typedef struct {
    const guint8 *data;
    gsize size, at;
    jmp_buf jump;
    char message[120];
} PngInput;

static G_NORETURN void png_failed(png_structp png, png_const_charp message)
{
    PngInput *input = png_get_error_ptr(png);
    g_strlcpy(input->message, message, sizeof input->message);
    longjmp(input->jump, 1);
}

static void png_warned(png_structp png, png_const_charp message)
{
}

static void png_bytes(png_structp png, png_bytep out, size_t count)
{
    PngInput *input = png_get_io_ptr(png);
    if (count > input->size - input->at)
        png_error(png, "the file ends too early");
    memcpy(out, input->data + input->at, count);
    input->at += count;
}

/* Everything that is allocated between setjmp and longjmp hangs on a pointer that was set before. */
static gboolean decode_png(const char *name, const guint8 *data, gsize size, FvShape *shape, GByteArray *pixels,
                           GError **error)
{
    PngInput input = { .data = data, .size = size };
    png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &input, png_failed, png_warned);
    png_infop info = png ? png_create_info_struct(png) : NULL;
    g_autoptr(GPtrArray) rows = g_ptr_array_new();
    if (!info) {
        png_destroy_read_struct(&png, NULL, NULL);
        g_set_error(error, FV_ERROR, FV_ERROR_NOMEM, "%s: no memory to read it", name);
        return FALSE;
    }
    if (setjmp(input.jump)) {
        png_destroy_read_struct(&png, &info, NULL);
        g_set_error(error, FV_ERROR, FV_ERROR_DATA, "%s: broken PNG: %s", name, input.message);
        return FALSE;
    }
    png_set_read_fn(png, &input, png_bytes);
    /* Sizes are checked below, with a better message than the library's. */
    png_set_user_limits(png, PNG_UINT_31_MAX, PNG_UINT_31_MAX);
    png_set_chunk_malloc_max(png, 8 * 1024 * 1024);
    png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_NEVER, NULL, 0);
    png_read_info(png, info);
    guint32 w = png_get_image_width(png, info), h = png_get_image_height(png, info);
    if (!check_size(name, w, h, error)) {
        png_destroy_read_struct(&png, &info, NULL);
        return FALSE;
    }
    png_set_palette_to_rgb(png);
    png_set_expand_gray_1_2_4_to_8(png);
    png_set_scale_16(png);
    png_set_strip_alpha(png);
    png_set_interlace_handling(png);
    png_read_update_info(png, info);
    int channels = png_get_channels(png, info);
    if ((channels != 1 && channels != 3) || png_get_rowbytes(png, info) != (gsize) w * channels)
        png_error(png, "unknown kind of pixels");
    g_byte_array_set_size(pixels, (guint) ((gsize) w * h * channels));
    g_ptr_array_set_size(rows, (gint) h);
    for (guint32 y = 0; y < h; y++)
        rows->pdata[y] = pixels->data + (gsize) y * w * channels;
    png_read_image(png, (png_bytepp) rows->pdata);
    png_read_end(png, NULL);
    png_destroy_read_struct(&png, &info, NULL);
    *shape = (FvShape){ channels, (int) h, (int) w };
    return TRUE;
}

/* --------------------------------------------------------------------- JPEG */

/* Warnings that leave the picture whole. Every other means that data are lost. */
static gboolean harmless(const char *warning)
{
    static const char *const known[] = { "extraneous bytes", "Invalid SOS parameters", "JFIF major revision" };
    for (guint i = 0; i < G_N_ELEMENTS(known); i++)
        if (strstr(warning, known[i]))
            return TRUE;
    return FALSE;
}

/* Adobe's programs write inks inverted, and nothing else writes CMYK. */
static void cmyk_to_rgb(guint8 *pixels, gsize count)
{
    for (gsize i = 0; i < count; i++) {
        const guint8 *inks = pixels + 4 * i;
        guint k = inks[3];
        guint8 rgb[3] = { (inks[0] * k + 127) / 255, (inks[1] * k + 127) / 255, (inks[2] * k + 127) / 255 };
        memcpy(pixels + 3 * i, rgb, 3);
    }
}

static gboolean jpeg_failed(const char *name, tjhandle handle, GError **error)
{
    g_set_error(error, FV_ERROR, FV_ERROR_DATA, "%s: broken JPEG: %s", name, tjGetErrorStr2(handle));
    return FALSE;
}

static gboolean decode_jpeg_with(tjhandle handle, const char *name, const guint8 *data, gsize size, int channels,
                                 FvShape *shape, GByteArray *pixels, GError **error)
{
    int w = 0, h = 0, subsampling = 0, space = 0;
    if (tjDecompressHeader3(handle, data, size, &w, &h, &subsampling, &space) != 0)
        return jpeg_failed(name, handle, error);
    /* What only has tables, or is cut before the frame, is no error to the library. */
    if (w < 1 || h < 1) {
        g_set_error(error, FV_ERROR, FV_ERROR_DATA, "%s: broken JPEG: no picture in it", name);
        return FALSE;
    }
    if (!check_size(name, w, h, error))
        return FALSE;
    gboolean inks = space == TJCS_CMYK || space == TJCS_YCCK;
    gboolean grey = !inks && (channels == 1 || (channels == 0 && space == TJCS_GRAY));
    int format = inks ? TJPF_CMYK : grey ? TJPF_GRAY : TJPF_RGB;
    gsize count = (gsize) w * h;
    g_byte_array_set_size(pixels, (guint) (count * tjPixelSize[format]));
    if (tjDecompress2(handle, data, size, pixels->data, w, 0, h, format, TJFLAG_LIMITSCANS) != 0 &&
        (tjGetErrorCode(handle) != TJERR_WARNING || !harmless(tjGetErrorStr2(handle))))
        return jpeg_failed(name, handle, error);
    if (inks) {
        cmyk_to_rgb(pixels->data, count);
        g_byte_array_set_size(pixels, (guint) (3 * count));
    }
    *shape = (FvShape){ grey ? 1 : 3, h, w };
    return TRUE;
}

static gboolean decode_jpeg(const char *name, const guint8 *data, gsize size, int channels, FvShape *shape,
                            GByteArray *pixels, GError **error)
{
    tjhandle handle = tjInitDecompress();
    if (!handle) {
        g_set_error(error, FV_ERROR, FV_ERROR_NOMEM, "%s: no memory to read it", name);
        return FALSE;
    }
    gboolean done = decode_jpeg_with(handle, name, data, size, channels, shape, pixels, error);
    tjDestroy(handle);
    return done;
}

/* -------------------------------------------------------------------- files */

gboolean fv_image_decode(const char *name, const guint8 *data, gsize size, int channels, FvShape *shape,
                         GByteArray *pixels, GError **error)
{
    static const guint8 png_magic[8] = { 0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n' };
    static const guint8 jpeg_magic[3] = { 0xff, 0xd8, 0xff };
    gboolean done = FALSE;
    if (size == 0)
        g_set_error(error, FV_ERROR, FV_ERROR_DATA, "%s: the file is empty", name);
    else if (size >= sizeof png_magic && memcmp(data, png_magic, sizeof png_magic) == 0)
        done = decode_png(name, data, size, shape, pixels, error);
    else if (size >= sizeof jpeg_magic && memcmp(data, jpeg_magic, sizeof jpeg_magic) == 0)
        done = decode_jpeg(name, data, size, channels, shape, pixels, error);
    else
        g_set_error(error, FV_ERROR, FV_ERROR_DATA, "%s: neither PNG nor JPEG", name);
    if (done)
        convert(pixels, shape, channels);
    return done;
}

static gboolean io_failed(const char *file, GError **error)
{
    g_set_error(error, FV_ERROR, FV_ERROR_IO, "%s: %s", file, g_strerror(errno));
    return FALSE;
}

/* A file may grow or shrink while it is read: what counts is the size at the beginning. */
static gboolean read_bytes(int fd, const char *file, guint8 *data, gsize size, GError **error)
{
    for (gsize at = 0; at < size;) {
        ssize_t got = read(fd, data + at, size - at);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return io_failed(file, error);
        if (got == 0) {
            g_set_error(error, FV_ERROR, FV_ERROR_DATA, "%s: the file ends too early", file);
            return FALSE;
        }
        at += (gsize) got;
    }
    return TRUE;
}

static gboolean read_open_file(int fd, const char *file, int channels, FvShape *shape, GByteArray *pixels,
                               GError **error)
{
    struct stat about;
    if (fstat(fd, &about) != 0)
        return io_failed(file, error);
    if (!S_ISREG(about.st_mode)) {
        g_set_error(error, FV_ERROR, FV_ERROR_IO, "%s: not a regular file", file);
        return FALSE;
    }
    if (about.st_size > FV_IMAGE_MAX_BYTES) {
        g_set_error(error, FV_ERROR, FV_ERROR_DATA, "%s: the file has %" G_GINT64_FORMAT " MiB; the most are %d", file,
                    (gint64) about.st_size >> 20, FV_IMAGE_MAX_BYTES >> 20);
        return FALSE;
    }
    g_autofree guint8 *data = g_malloc((gsize) about.st_size + 1);
    return read_bytes(fd, file, data, (gsize) about.st_size, error) &&
           fv_image_decode(file, data, (gsize) about.st_size, channels, shape, pixels, error);
}

gboolean fv_image_read(const char *file, int channels, FvShape *shape, GByteArray *pixels, GError **error)
{
    /* Without O_NONBLOCK a named pipe would stop us here for ever. */
    int fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return io_failed(file, error);
    gboolean done = read_open_file(fd, file, channels, shape, pixels, error);
    close(fd);
    return done;
}
