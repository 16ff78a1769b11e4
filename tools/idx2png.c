/* SPDX-License-Identifier: MIT
 * idx2png: writes images of an IDX file (plain or .gz) as PNG files, for trying out `fovea predict` on them.
 * usage: idx2png FOLDER COUNT OUT: the first COUNT of FOLDER/t10k-images-idx3-ubyte.gz as OUT/test-0.png ... */
#include "core/sink/image.h"
#include "plugins/source/idx_file.h"

#include <glib/gstdio.h>

static int write_images(const Idx *images, gint64 count, const char *out)
{
    const int h = (int) images->dims[1], w = (int) images->dims[2];
    for (gint64 i = 0; i < MIN(count, images->dims[0]); i++) {
        g_autoptr(GError) error = NULL;
        g_autofree char *name = g_strdup_printf("test-%" G_GINT64_FORMAT ".png", i);
        g_autofree char *file = g_build_filename(out, name, NULL);
        if (!fv_png_write(file, images->data + i * h * w, 1, h, w, &error)) {
            g_printerr("idx2png: %s\n", error->message);
            return 1;
        }
    }
    return 0;
}

int main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;
    if (argc != 4) {
        g_printerr("usage: idx2png FOLDER COUNT OUT\n");
        return 2;
    }
    g_autofree char *file = g_build_filename(argv[1], "t10k-images-idx3-ubyte.gz", NULL);
    Idx images = { 0 };
    if (!idx_open(file, &images, &error) || !idx_read_data(file, &images, &error) || images.rank != 3 ||
        g_mkdir_with_parents(argv[3], 0777) != 0) {
        g_printerr("idx2png: %s\n", error ? error->message : "cannot be written as images");
        return 1;
    }
    const int code = write_images(&images, g_ascii_strtoll(argv[2], NULL, 10), argv[3]);
    idx_clear(&images);
    return code;
}
