/* SPDX-License-Identifier: MIT
 * test_npy.c: .npy files there and back, as NumPy writes them, and those that must be refused. */
#include "core/sink/npy.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct {
    char *folder, *file;
} Fixture;

static void set_up(Fixture *f, gconstpointer data)
{
    GError *error = NULL;
    f->folder = g_dir_make_tmp("fovea-npy-XXXXXX", &error);
    g_assert_no_error(error);
    f->file = g_build_filename(f->folder, "x.npy", NULL);
}

static void tear_down(Fixture *f, gconstpointer data)
{
    g_unlink(f->file);
    g_assert_cmpint(g_rmdir(f->folder), ==, 0); /* nothing else may be left, such as half-written files */
    g_free(f->file);
    g_free(f->folder);
}

/* A file of the given version with this header, as it is, and so many bytes 0, 1, 2 ... of data. */
static GByteArray *build(int major, const char *header, gsize data_size)
{
    GByteArray *bytes = g_byte_array_new();
    gsize length = strlen(header);
    guint8 head[] = { 0x93, 'N', 'U', 'M', 'P', 'Y', (guint8) major, 0, length & 0xff, length >> 8 & 0xff, 0, 0 };
    g_byte_array_append(bytes, head, major == 1 ? 10 : 12);
    g_byte_array_append(bytes, (const guint8 *) header, (guint) length);
    for (gsize i = 0; i < data_size; i++)
        g_byte_array_append(bytes, (guint8[]){ (guint8) i }, 1);
    return bytes;
}

static FvTensor *read_bytes(const Fixture *f, const GByteArray *bytes, GError **error)
{
    g_assert_true(g_file_set_contents(f->file, (const char *) bytes->data, bytes->len, NULL));
    return fv_npy_read(f->file, error);
}

static void assert_refused(const Fixture *f, const GByteArray *bytes, const char *reason)
{
    g_autoptr(GError) error = NULL;
    g_assert_null(read_bytes(f, bytes, &error));
    g_assert_error(error, FV_ERROR, FV_ERROR_DATA);
    g_autofree char *prefix = g_strdup_printf("%s: ", f->file);
    g_assert_true(g_str_has_prefix(error->message, prefix));
    g_assert_null(strchr(error->message, '\n'));
    if (!strstr(error->message, reason))
        g_error("expected \"%s\" in: %s", reason, error->message);
}

static void test_round_trip(Fixture *f, gconstpointer data)
{
    for (int dtype = 0; dtype < FV_DTYPES; dtype++)
        for (int rank = 0; rank <= FV_MAX_RANK; rank++) {
            g_autoptr(GError) error = NULL;
            gint64 dims[FV_MAX_RANK] = { 3, 2, 1, 4, 1, 2, 1, 3 };
            g_autoptr(FvTensor) tensor = fv_tensor_new((FvDtype) dtype, rank, dims, &error);
            gint64 count = fv_tensor_elements(tensor);
            for (gint64 i = 0; i < count; i++)
                fv_tensor_set(tensor, i, (double) (i * 7 % 251));
            fv_npy_write(f->file, tensor, &error);
            g_assert_no_error(error);
            g_autoptr(FvTensor) back = fv_npy_read(f->file, &error);
            g_assert_no_error(error);
            g_assert_cmpint(back->dtype, ==, tensor->dtype);
            g_assert_cmpint(back->rank, ==, rank);
            g_assert_cmpmem(back->dims, sizeof dims, tensor->dims, sizeof dims);
            gsize size = (gsize) count * fv_dtype_size(tensor->dtype);
            g_assert_cmpmem(back->data, size, tensor->data, size);
        }
}

/* What numpy.save() writes for arange(6, dtype='<f4').reshape(2, 3), byte for byte. */
static void test_same_as_numpy(Fixture *f, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GString) expected = g_string_new_len("\x93NUMPY\1\0\x76\0", 10);
    g_string_append(expected, "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }");
    while (expected->len < 127)
        g_string_append_c(expected, ' ');
    g_string_append_c(expected, '\n');
    g_autoptr(FvTensor) tensor = fv_tensor_new(FV_F32, 2, (gint64[]){ 2, 3 }, &error);
    for (int i = 0; i < 6; i++)
        fv_tensor_set(tensor, i, i);
    g_string_append_len(expected, tensor->data, 24);
    fv_npy_write(f->file, tensor, &error);
    g_assert_no_error(error);
    g_autofree char *text = NULL;
    gsize size;
    g_assert_true(g_file_get_contents(f->file, &text, &size, &error));
    g_assert_cmpmem(text, size, expected->str, expected->len);
}

static void test_accepted(Fixture *f, gconstpointer data)
{
    static const struct {
        int major;
        const char *header;
        gsize size;
        FvDtype dtype;
        int rank;
    } cases[] = {
        { 1, "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }    \n", 24, FV_F32, 2 },
        { 2, "{'descr': '<f8', 'fortran_order': False, 'shape': (3,), }\n", 24, FV_F64, 1 },
        { 3, "{'descr': '<i8', 'fortran_order': False, 'shape': (3,), }\n", 24, FV_I64, 1 },
        { 1, "{\"shape\":(2,3,),\"descr\":\"<i4\",\"fortran_order\":False}", 24, FV_I32, 2 },
        { 1, "{'descr': '<u1', 'fortran_order': False, 'shape': (24,)}\n", 24, FV_U8, 1 },
        { 1, "{'descr': '|u1', 'fortran_order': False, 'shape': ()}\n", 1, FV_U8, 0 },
        { 1, "{'descr': '<f8', 'fortran_order': False, 'shape': (0, 5)}\n", 0, FV_F64, 2 },
    };
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(GByteArray) bytes = build(cases[i].major, cases[i].header, cases[i].size);
        g_autoptr(FvTensor) tensor = read_bytes(f, bytes, &error);
        g_assert_no_error(error);
        g_assert_cmpint(tensor->dtype, ==, cases[i].dtype);
        g_assert_cmpint(tensor->rank, ==, cases[i].rank);
        for (gsize k = 0; k < cases[i].size; k++)
            g_assert_cmpuint(((guint8 *) tensor->data)[k], ==, k);
    }
}

static void test_refused(Fixture *f, gconstpointer data)
{
    static const struct {
        const char *header;
        gsize size;
        const char *reason;
    } cases[] = {
        { "", 0, "malformed header" },
        { "{}", 0, "malformed header" },
        { "{'descr': '<f4', 'fortran_order': False, 'shape': (3)}", 12, "malformed header" },
        { "{'descr': '<f4', 'fortran_order': False, 'shape': 3}", 12, "malformed header" },
        { "{'descr': '<f4', 'fortran_order': False, 'shape': (-3,)}", 12, "malformed header" },
        { "{'descr': '<f4', 'fortran_order': False, 'shape': (3,)} x", 12, "malformed header" },
        { "{'descr': '<f4', 'fortran_order': False}", 4, "malformed header" },
        { "{'descr': '<f4', 'fortran_order': 0, 'shape': (3,)}", 12, "malformed header" },
        { "{'descr': '<f4', 'fortran_order': False, 'shape': (3,), 'shape': (3,)}", 12, "malformed header" },
        { "{'descr': '<f4', 'fortran_order': False, 'shape': (3,), 'more': 1}", 12, "malformed header" },
        { "{'descr': '<f4' 'fortran_order': False, 'shape': (3,)}", 12, "malformed header" },
        { "{'descr': '<f4', 'fortran_order': False, 'shape': (1,1,1,1,1,1,1,1,1)}", 4, "malformed header" },
        { "{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,)}", 4, "malformed header" },
        { "{'descr': '<f4', 'fortran_order': False, 'shape': (9223372036854775807, 2)}", 8, "does not fit" },
        { "{'descr': '<f4', 'fortran_order': False, 'shape': (4611686018427387904,)}", 0, "does not fit" },
        { "{'descr': '<f4', 'fortran_order': False, 'shape': (1000000000,)}", 8, "does not fit" },
        { "{'descr': '<f4', 'fortran_order': False, 'shape': (3,)}", 13, "does not fit" },
        { "{'descr': '<f4', 'fortran_order': False, 'shape': (3,)}", 16, "does not fit" },
        { "{'descr': '<f4', 'fortran_order': True, 'shape': (3,)}", 12, "Fortran order" },
        { "{'descr': '>f4', 'fortran_order': False, 'shape': (3,)}", 12, ">f4 (big-endian) are not supported" },
        { "{'descr': '<f2', 'fortran_order': False, 'shape': (3,)}", 6, "<f2 are not supported" },
        { "{'descr': '|O', 'fortran_order': False, 'shape': (3,)}", 6, "|O are not supported" },
        { "{'descr': 'a\nb\033', 'fortran_order': False, 'shape': (3,)}", 6, "are not supported" },
        { "{'descr': [('x', '<f4')], 'fortran_order': False, 'shape': (3,)}", 12, "structured" },
    };
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GByteArray) bytes = build(1, cases[i].header, cases[i].size);
        assert_refused(f, bytes, cases[i].reason);
    }
    g_autoptr(GByteArray) version = build(4, "{'descr': '<f4', 'fortran_order': False, 'shape': (1,)}", 4);
    assert_refused(f, version, "version 4.0");
    g_autoptr(GByteArray) foreign = build(1, "{}", 0);
    foreign->data[1] = 'X';
    assert_refused(f, foreign, "not a .npy file");
    g_autoptr(GByteArray) huge = build(2, "{'descr': '<f4', 'fortran_order': False, 'shape': (1,)}", 4);
    memset(huge->data + 8, 0xff, 4);
    assert_refused(f, huge, "4294967295 bytes is too long");
    g_autoptr(GByteArray) nul = build(1, "{'descr': '<f4', 'fortran_order': False, 'shape': (1,)}   ", 4);
    nul->data[66] = 0;
    assert_refused(f, nul, "malformed header");
}

static void test_cut_short(Fixture *f, gconstpointer data)
{
    g_autoptr(GByteArray) bytes = build(1, "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }\n", 24);
    for (guint length = bytes->len; length-- > 0;) {
        g_byte_array_set_size(bytes, length);
        assert_refused(f, bytes, "");
    }
}

static void test_no_file(Fixture *f, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    g_assert_null(fv_npy_read(f->file, &error));
    g_assert_error(error, FV_ERROR, FV_ERROR_IO);
    g_clear_error(&error);
    g_assert_null(fv_npy_read(f->folder, &error));
    g_assert_error(error, FV_ERROR, FV_ERROR_IO);
    g_clear_error(&error);
    g_assert_cmpint(mkfifo(f->file, 0600), ==, 0); /* must not be waited for */
    g_assert_null(fv_npy_read(f->file, &error));
    g_assert_error(error, FV_ERROR, FV_ERROR_IO);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add("/npy/round-trip", Fixture, NULL, set_up, test_round_trip, tear_down);
    g_test_add("/npy/same-as-numpy", Fixture, NULL, set_up, test_same_as_numpy, tear_down);
    g_test_add("/npy/accepted", Fixture, NULL, set_up, test_accepted, tear_down);
    g_test_add("/npy/refused", Fixture, NULL, set_up, test_refused, tear_down);
    g_test_add("/npy/cut-short", Fixture, NULL, set_up, test_cut_short, tear_down);
    g_test_add("/npy/no-file", Fixture, NULL, set_up, test_no_file, tear_down);
    return g_test_run();
}
