/* SPDX-License-Identifier: MIT
 * npy.c: single tensors as NumPy's .npy files.
 *
 * The format: NumPy enhancement proposal 1, "A simple file format for NumPy arrays", and numpy.lib.format. */
#include "core/sink/npy.h"

#include "core/sink/atomic.h"
#include "core/sink/input.h"

#include <string.h>

/* NumPy itself takes no header over 10000 bytes from strangers; ours has rank 8 at most. */
enum { MAGIC_SIZE = 6, MAX_HEADER = 10000, ALIGNMENT = 64 };
static const char magic[] = "\x93NUMPY";

static const char *const descrs[FV_DTYPES] = {
    [FV_F32] = "<f4", [FV_F64] = "<f8", [FV_I64] = "<i8", [FV_I32] = "<i4", [FV_U8] = "|u1",
};

/* ------------------------------------------------------------------ header */

typedef struct {
    const char *at; /* the header's text, which ends with NUL */
    gboolean has_descr, has_order, has_shape;
    char descr[16];
    gboolean fortran;
    int rank;
    gint64 dims[FV_MAX_RANK];
} Header;

static void skip_blanks(Header *header)
{
    header->at += strspn(header->at, " \t\n\r");
}

/* Takes @text if it comes next, blanks around it left out. */
static gboolean take(Header *header, const char *text)
{
    skip_blanks(header);
    size_t length = strlen(text);
    if (strncmp(header->at, text, length) != 0)
        return FALSE;
    header->at += length;
    skip_blanks(header);
    return TRUE;
}

static gboolean take_string(Header *header, char *text, size_t size)
{
    skip_blanks(header);
    char quote = *header->at;
    if (quote != '\'' && quote != '"')
        return FALSE;
    const char *end = strchr(header->at + 1, quote);
    if (!end || (size_t) (end - header->at) > size || memchr(header->at, '\\', (size_t) (end - header->at)))
        return FALSE;
    size_t length = (size_t) (end - header->at) - 1;
    memcpy(text, header->at + 1, length);
    text[length] = 0;
    header->at = end + 1;
    skip_blanks(header);
    return TRUE;
}

static gboolean take_number(Header *header, gint64 *number)
{
    gint64 value = 0;
    const char *start = header->at;
    for (; g_ascii_isdigit(*header->at); header->at++)
        if (__builtin_mul_overflow(value, 10, &value) || __builtin_add_overflow(value, *header->at - '0', &value))
            return FALSE;
    *number = value;
    return header->at > start;
}

/* (), (3,), (3, 4) or (3, 4,) */
static gboolean take_shape(Header *header)
{
    if (!take(header, "("))
        return FALSE;
    while (!take(header, ")")) {
        if (header->rank == FV_MAX_RANK || !take_number(header, &header->dims[header->rank++]))
            return FALSE;
        if (take(header, ","))
            continue;
        /* (3) is a number in Python, no tuple */
        return header->rank > 1 && take(header, ")");
    }
    return TRUE;
}

static gboolean take_entry(Header *header)
{
    char key[16];
    if (!take_string(header, key, sizeof key) || !take(header, ":"))
        return FALSE;
    if (!strcmp(key, "descr") && !header->has_descr) {
        header->has_descr = TRUE;
        /* A list here is a structured type. */
        if (*header->at != '[')
            return take_string(header, header->descr, sizeof header->descr);
        g_strlcpy(header->descr, "structured", sizeof header->descr);
        return FALSE;
    }
    if (!strcmp(key, "fortran_order") && !header->has_order) {
        header->has_order = TRUE;
        header->fortran = take(header, "True");
        return header->fortran || take(header, "False");
    }
    if (!strcmp(key, "shape") && !header->has_shape) {
        header->has_shape = TRUE;
        return take_shape(header);
    }
    return FALSE;
}

static gboolean parse_header(const char *text, Header *header)
{
    *header = (Header){ .at = text };
    if (!take(header, "{"))
        return FALSE;
    while (!take(header, "}")) {
        if (!take_entry(header))
            return FALSE;
        if (!take(header, ",")) {
            if (!take(header, "}"))
                return FALSE;
            break;
        }
    }
    return !*header->at && header->has_descr && header->has_order && header->has_shape;
}

static gboolean find_dtype(const char *descr, FvDtype *dtype)
{
    for (int i = 0; i < FV_DTYPES; i++)
        /* The byte order of a single byte may be written in any way. */
        if (!strcmp(descr, descrs[i]) ||
            (i == FV_U8 && strlen(descr) == 3 && strchr("<=>", *descr) && !strcmp(descr + 1, "u1"))) {
            *dtype = (FvDtype) i;
            return TRUE;
        }
    return FALSE;
}

/* ----------------------------------------------------------------- reading */

static gboolean refuse(const FvInput *input, GError **error, const char *format, ...) G_GNUC_PRINTF(3, 4);

static gboolean refuse(const FvInput *input, GError **error, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *text = g_strdup_vprintf(format, args);
    va_end(args);
    g_set_error(error, FV_ERROR, FV_ERROR_DATA, "%s: %s", fv_input_name(input), text);
    return FALSE;
}

/* Reads the text of the header; @start is where the data begin. */
static char *read_header(FvInput *input, guint64 *start, GError **error)
{
    guint8 head[MAGIC_SIZE + 2 + 4] = { 0 };
    gsize known = MIN(fv_input_size(input), sizeof head);
    if (known < MAGIC_SIZE + 2 + 2) {
        refuse(input, error, "not a .npy file: too short");
        return NULL;
    }
    if (!fv_input_read(input, 0, head, known, error))
        return NULL;
    if (memcmp(head, magic, MAGIC_SIZE) != 0) {
        refuse(input, error, "not a .npy file");
        return NULL;
    }
    int major = head[6], minor = head[7];
    if (major < 1 || major > 3 || minor != 0) {
        refuse(input, error, ".npy version %d.%d is not supported", major, minor);
        return NULL;
    }
    const guint8 *p = head + MAGIC_SIZE + 2;
    gsize length = major == 1 ? (gsize) (p[0] | p[1] << 8)
                              : (gsize) p[0] | (gsize) p[1] << 8 | (gsize) p[2] << 16 | (gsize) p[3] << 24;
    *start = MAGIC_SIZE + 2 + (major == 1 ? 2 : 4);
    if (length > MAX_HEADER) {
        refuse(input, error, "a header of %" G_GSIZE_FORMAT " bytes is too long", length);
        return NULL;
    }
    if (*start + length > fv_input_size(input)) {
        refuse(input, error, "the file ends within its header");
        return NULL;
    }
    g_autofree char *text = g_malloc0(length + 1);
    if (!fv_input_read(input, *start, text, length, error))
        return NULL;
    if (strlen(text) != length) {
        refuse(input, error, "malformed header");
        return NULL;
    }
    *start += length;
    return g_steal_pointer(&text);
}

static gboolean read_tensor(FvInput *input, const char *text, guint64 start, FvTensor **tensor, GError **error)
{
    Header header;
    FvDtype dtype;
    gboolean whole = parse_header(text, &header);
    g_autofree char *descr = fv_printable(header.descr);
    if (!strcmp(header.descr, "structured"))
        return refuse(input, error, "structured elements are not supported");
    if (!whole)
        return refuse(input, error, "malformed header");
    if (!find_dtype(header.descr, &dtype))
        return refuse(input, error, "elements of type %s%s are not supported", descr,
                      *header.descr == '>' ? " (big-endian)" : "");
    if (header.fortran)
        return refuse(input, error, "Fortran order is not supported; save numpy.ascontiguousarray(x)");

    FvTensor claimed = { .dtype = dtype, .rank = header.rank };
    memcpy(claimed.dims, header.dims, sizeof claimed.dims);
    g_autofree char *dims = fv_tensor_dims_text(&claimed);
    gint64 elements = fv_tensor_elements(&claimed);
    guint64 bytes = fv_input_size(input) - start, size = fv_dtype_size(dtype);
    if (elements < 0 || bytes / size != (guint64) elements || bytes % size != 0)
        return refuse(input, error, "shape %s of %s does not fit the %" G_GUINT64_FORMAT " bytes of data", dims, descr,
                      bytes);
    g_autoptr(FvTensor) made = fv_tensor_new(dtype, header.rank, header.dims, error);
    if (!made) {
        g_prefix_error(error, "%s: ", fv_input_name(input));
        return FALSE;
    }
    if (!fv_input_read(input, start, made->data, bytes, error))
        return FALSE;
    *tensor = g_steal_pointer(&made);
    return TRUE;
}

FvTensor *fv_npy_read(const char *file, GError **error)
{
    g_autoptr(FvInput) input = fv_input_open(file, error);
    if (!input)
        return NULL;
    guint64 start;
    g_autofree char *text = read_header(input, &start, error);
    FvTensor *tensor = NULL;
    return text && read_tensor(input, text, start, &tensor, error) ? tensor : NULL;
}

float *fv_array_read(const char *file, int *rank, gint64 dims[8], GError **error)
{
    g_autoptr(FvTensor) tensor = fv_npy_read(file, error);
    if (!tensor)
        return NULL;
    const gint64 count = fv_tensor_elements(tensor);
    *rank = tensor->rank;
    memcpy(dims, tensor->dims, sizeof tensor->dims);
    if (tensor->dtype == FV_F32)
        return g_steal_pointer(&tensor->data);
    float *numbers = g_try_new(float, (gsize) MAX(1, count));
    if (!numbers)
        g_set_error(error, FV_ERROR, FV_ERROR_NOMEM, "%s: no memory for %" G_GINT64_FORMAT " numbers", file, count);
    for (gint64 i = 0; numbers && i < count; i++)
        numbers[i] = (float) fv_tensor_get(tensor, i);
    return numbers;
}

/* ----------------------------------------------------------------- writing */

struct FvNpyWriter {
    FvAtomic *atomic;
    char *file;
    guint64 left; /* bytes that are to come */
};

static gboolean write_header(FvNpyWriter *writer, FvDtype dtype, int rank, const gint64 *dims, GError **error)
{
    g_autoptr(GString) header = g_string_new(NULL);
    g_string_append_printf(header, "{'descr': '%s', 'fortran_order': False, 'shape': (", descrs[dtype]);
    for (int i = 0; i < rank; i++)
        g_string_append_printf(header, "%" G_GINT64_FORMAT "%s", dims[i], i + 1 < rank ? ", " : (rank == 1 ? "," : ""));
    g_string_append(header, "), }");
    while ((MAGIC_SIZE + 4 + header->len + 1) % ALIGNMENT)
        g_string_append_c(header, ' ');
    g_string_append_c(header, '\n');
    guint8 head[MAGIC_SIZE + 4];
    memcpy(head, magic, MAGIC_SIZE);
    memcpy(head + MAGIC_SIZE, (guint8[]){ 1, 0, header->len & 0xff, header->len >> 8 & 0xff }, 4);
    return fv_atomic_write(writer->atomic, head, sizeof head, error) &&
           fv_atomic_write(writer->atomic, header->str, header->len, error);
}

FvNpyWriter *fv_npy_begin(const char *file, FvDtype dtype, int rank, const gint64 *dims, GError **error)
{
    g_autoptr(FvNpyWriter) writer = g_new0(FvNpyWriter, 1);
    writer->file = g_strdup(file);
    writer->left = fv_dtype_size(dtype);
    for (int i = 0; i < rank; i++)
        if (dims[i] < 0 || !g_uint64_checked_mul(&writer->left, writer->left, (guint64) dims[i])) {
            g_set_error(error, FV_ERROR, FV_ERROR_NOMEM, "%s: an array of more bytes than can be counted", file);
            return NULL;
        }
    writer->atomic = fv_atomic_begin(file, error);
    return writer->atomic && write_header(writer, dtype, rank, dims, error) ? g_steal_pointer(&writer) : NULL;
}

gboolean fv_npy_append(FvNpyWriter *writer, const void *data, gsize bytes, GError **error)
{
    if (bytes > writer->left) {
        g_set_error(error, FV_ERROR, FV_ERROR_DATA, "%s: more elements than its shape has", writer->file);
        return FALSE;
    }
    writer->left -= bytes;
    return fv_atomic_write(writer->atomic, data, bytes, error);
}

gboolean fv_npy_commit(FvNpyWriter *writer, GError **error)
{
    g_autoptr(FvNpyWriter) owned = writer;
    if (writer->left > 0) {
        g_set_error(error, FV_ERROR, FV_ERROR_DATA, "%s: %" G_GUINT64_FORMAT " bytes are missing", writer->file,
                    writer->left);
        return FALSE;
    }
    return fv_atomic_commit(g_steal_pointer(&writer->atomic), error);
}

void fv_npy_abort(FvNpyWriter *writer)
{
    if (!writer)
        return;
    fv_atomic_abort(writer->atomic);
    g_free(writer->file);
    g_free(writer);
}

gboolean fv_npy_write(const char *file, const FvTensor *tensor, GError **error)
{
    g_autoptr(FvNpyWriter) writer = fv_npy_begin(file, tensor->dtype, tensor->rank, tensor->dims, error);
    const gsize bytes = (gsize) fv_tensor_elements(tensor) * fv_dtype_size(tensor->dtype);
    return writer && fv_npy_append(writer, tensor->data, bytes, error) &&
           fv_npy_commit(g_steal_pointer(&writer), error);
}
