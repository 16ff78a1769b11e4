/* SPDX-License-Identifier: MIT
 * numbers.c: reads tensors that stand on the command line. */
#include "core/train/numbers.h"

#include "core/sink/npy.h"

#include <math.h>

static gboolean is_file(const char *text)
{
    g_autofree char *lower = g_ascii_strdown(text, -1);
    return g_str_has_suffix(lower, ".npy");
}

/* Array of double; NULL where the text is something else. */
static GArray *parse(const char *text, const char *what, GError **error)
{
    g_autoptr(GArray) numbers = g_array_new(FALSE, FALSE, sizeof(double));
    g_auto(GStrv) words = g_strsplit_set(text, ", \t\n", -1);
    for (char **word = words; *word; word++) {
        char *end;
        const double number = g_ascii_strtod(*word, &end);
        if (**word == '\0')
            continue;
        if (*end != '\0' || !isfinite(number)) {
            g_set_error(error, FV_ERROR, FV_ERROR_DATA,
                        "%s: \"%.40s\" is no number; expected numbers with commas between them, or a .npy file", what,
                        *word);
            return NULL;
        }
        g_array_append_val(numbers, number);
    }
    return g_steal_pointer(&numbers);
}

static FvTensor *make(const GArray *numbers, FvDtype dtype, int rank, const gint64 *dims, GError **error)
{
    FvTensor *tensor = fv_tensor_new(dtype, rank, dims, error);
    for (guint i = 0; tensor && i < numbers->len; i++)
        fv_tensor_set(tensor, i, g_array_index(numbers, double, i));
    return tensor;
}

FvTensor *fv_numbers_read(const char *text, FvShape shape, const char *what, GError **error)
{
    if (is_file(text))
        return fv_npy_read(text, error);
    g_autoptr(GArray) numbers = parse(text, what, error);
    const gint64 each = fv_shape_elements(shape);
    if (!numbers)
        return NULL;
    if (numbers->len == 0 || numbers->len % each != 0) {
        g_set_error(error, FV_ERROR, FV_ERROR_DATA,
                    "%s: %u numbers, where a sample of shape %dx%dx%d has %" G_GINT64_FORMAT, what, numbers->len,
                    shape.c, shape.h, shape.w, each);
        return NULL;
    }
    return make(numbers, FV_F64, 4, (const gint64[]){ numbers->len / each, shape.c, shape.h, shape.w }, error);
}

FvTensor *fv_numbers_read_classes(const char *text, const char *what, GError **error)
{
    if (is_file(text))
        return fv_npy_read(text, error);
    g_autoptr(GArray) numbers = parse(text, what, error);
    for (guint i = 0; numbers && i < numbers->len; i++)
        if (g_array_index(numbers, double, i) != floor(g_array_index(numbers, double, i))) {
            g_set_error(error, FV_ERROR, FV_ERROR_DATA, "%s: %g is no class; classes are whole numbers from 0", what,
                        g_array_index(numbers, double, i));
            return NULL;
        }
    return numbers ? make(numbers, FV_I64, 1, (const gint64[]){ numbers->len }, error) : NULL;
}

gboolean fv_numbers_fill(FvTensor *tensor, const char *text, const char *what, GError **error)
{
    g_autoptr(GArray) numbers = parse(text, what, error);
    if (!numbers)
        return FALSE;
    if (numbers->len != fv_tensor_elements(tensor)) {
        g_autofree char *dims = fv_tensor_dims_text(tensor);
        g_set_error(error, FV_ERROR, FV_ERROR_DATA, "%s: %u numbers, where its shape, %s, has %" G_GINT64_FORMAT, what,
                    numbers->len, dims, fv_tensor_elements(tensor));
        return FALSE;
    }
    for (guint i = 0; i < numbers->len; i++)
        fv_tensor_set(tensor, i, g_array_index(numbers, double, i));
    return TRUE;
}
