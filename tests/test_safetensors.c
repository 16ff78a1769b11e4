/* SPDX-License-Identifier: MIT
 * test_safetensors.c: safetensors there and back, byte for byte the same each time, and files that must be refused. */
#include "core/sink/safetensors.h"

#include <glib/gstdio.h>
#include <string.h>

typedef struct {
    char *folder, *file;
} Fixture;

static void set_up(Fixture *f, gconstpointer data)
{
    GError *error = NULL;
    f->folder = g_dir_make_tmp("fovea-safetensors-XXXXXX", &error);
    g_assert_no_error(error);
    f->file = g_build_filename(f->folder, "x.safetensors", NULL);
}

static void tear_down(Fixture *f, gconstpointer data)
{
    g_unlink(f->file);
    g_assert_cmpint(g_rmdir(f->folder), ==, 0); /* nothing else may be left, such as half-written files */
    g_free(f->file);
    g_free(f->folder);
}

static void add(FvTensors *tensors, const char *name, FvDtype dtype, int rank, const gint64 *dims)
{
    g_autoptr(GError) error = NULL;
    FvTensor *tensor = fv_tensor_new(dtype, rank, dims, &error);
    g_assert_no_error(error);
    for (gint64 i = 0, count = fv_tensor_elements(tensor); i < count; i++)
        fv_tensor_set(tensor, i, (double) (i * 7 % 100 + 1));
    fv_tensors_add(tensors, name, tensor, &error);
    g_assert_no_error(error);
}

static FvTensors *make_tensors(void)
{
    FvTensors *tensors = fv_tensors_new();
    add(tensors, "conv1.weight", FV_F32, 4, (gint64[]){ 4, 3, 2, 1 });
    add(tensors, "bytes", FV_U8, 1, (gint64[]){ 3 });
    add(tensors, "a \"quoted\" \\ näme", FV_I64, 0, NULL);
    add(tensors, "empty", FV_I32, 2, (gint64[]){ 0, 7 });
    add(tensors, "double", FV_F64, 8, (gint64[]){ 1, 2, 1, 2, 1, 1, 1, 1 });
    return tensors;
}

static GByteArray *contents(const char *file)
{
    g_autoptr(GError) error = NULL;
    char *text;
    gsize size;
    g_file_get_contents(file, &text, &size, &error);
    g_assert_no_error(error);
    return g_byte_array_new_take((guint8 *) text, size);
}

static void test_round_trip(Fixture *f, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(FvTensors) tensors = make_tensors();
    g_hash_table_insert(tensors->metadata, g_strdup("step"), g_strdup("938"));
    g_hash_table_insert(tensors->metadata, g_strdup("format"), g_strdup("pt\n\"x\""));
    fv_safetensors_write(f->file, tensors, NULL, &error);
    g_assert_no_error(error);
    g_autoptr(FvTensors) back = fv_safetensors_read(f->file, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(fv_tensors_count(back), ==, fv_tensors_count(tensors));
    for (guint i = 0; i < fv_tensors_count(back); i++) {
        const FvNamedTensor *a = fv_tensors_at(tensors, i), *b = fv_tensors_at(back, i);
        gsize size = (gsize) fv_tensor_elements(a->tensor) * fv_dtype_size(a->tensor->dtype);
        g_assert_cmpstr(a->name, ==, b->name);
        g_assert_cmpint(a->tensor->dtype, ==, b->tensor->dtype);
        g_assert_cmpint(a->tensor->rank, ==, b->tensor->rank);
        g_assert_cmpmem(a->tensor->dims, sizeof a->tensor->dims, b->tensor->dims, sizeof b->tensor->dims);
        g_assert_cmpmem(a->tensor->data, size, b->tensor->data, size);
        g_assert_true(fv_tensors_get(back, a->name) == b->tensor);
    }
    g_assert_null(fv_tensors_get(back, "conv1"));
    g_assert_cmpuint(g_hash_table_size(back->metadata), ==, 2);
    g_assert_cmpstr(g_hash_table_lookup(back->metadata, "format"), ==, "pt\n\"x\"");
}

static void test_bytes(Fixture *f, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(FvTensors) tensors = fv_tensors_new();
    add(tensors, "b", FV_U8, 1, (gint64[]){ 3 });
    add(tensors, "a", FV_F32, 2, (gint64[]){ 1, 2 });
    g_autoptr(GHashTable) metadata = g_hash_table_new(g_str_hash, g_str_equal);
    g_hash_table_insert(metadata, (char *) "z", (char *) "1");
    g_hash_table_insert(metadata, (char *) "y", (char *) "2");
    fv_safetensors_write(f->file, tensors, metadata, &error);
    g_assert_no_error(error);
    /* The larger elements come first, so that they are aligned; names stay in order. */
    static const char header[] =
        "{\"__metadata__\":{\"y\":\"2\",\"z\":\"1\"},"
        "\"b\":{\"dtype\":\"U8\",\"shape\":[3],\"data_offsets\":[8,11]},"
        "\"a\":{\"dtype\":\"F32\",\"shape\":[1,2],\"data_offsets\":[0,8]}}";
    g_autoptr(GString) expected = g_string_new(NULL);
    gsize padded = (strlen(header) + 7) / 8 * 8;
    g_string_append_len(expected, (const char[]){ (char) padded, 0, 0, 0, 0, 0, 0, 0 }, 8);
    g_string_append(expected, header);
    while (expected->len < 8 + padded)
        g_string_append_c(expected, ' ');
    g_string_append_len(expected, (const char *) (const float[]){ 1, 8 }, 8);
    g_string_append_len(expected, "\1\10\17", 3);
    g_autoptr(GByteArray) first = contents(f->file);
    g_assert_cmpmem(first->data, first->len, expected->str, expected->len);
}

static void test_names(void)
{
    g_autofree char *longest = g_strnfill(1025, 'x');
    const char *const names[] = { "", "a", longest, "a\nb", "\x7f", "\xc2\x9b", "\xff", "__metadata__" };
    g_autoptr(FvTensors) tensors = fv_tensors_new();
    add(tensors, "a", FV_U8, 0, NULL);
    for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autoptr(GError) error = NULL;
        g_assert_false(fv_tensors_add(tensors, names[i], fv_tensor_new(FV_U8, 0, NULL, NULL), &error));
        g_assert_error(error, FV_ERROR, FV_ERROR_DATA);
    }
    g_assert_cmpuint(fv_tensors_count(tensors), ==, 1);
}

static void test_metadata_refused(Fixture *f, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(FvTensors) tensors = make_tensors();
    g_hash_table_insert(tensors->metadata, g_strdup("x"), g_strdup("\xff"));
    g_assert_false(fv_safetensors_write(f->file, tensors, NULL, &error));
    g_assert_error(error, FV_ERROR, FV_ERROR_DATA);
    g_assert_false(g_file_test(f->file, G_FILE_TEST_EXISTS));
}

/* ----------------------------------------------------------------- refusals */

static void append_length(GByteArray *bytes, guint64 length)
{
    for (int i = 0; i < 8; i++)
        g_byte_array_append(bytes, (guint8[]){ (guint8) (length >> 8 * i) }, 1);
}

static GByteArray *build(const char *header, gsize length, gsize data_size)
{
    GByteArray *bytes = g_byte_array_new();
    append_length(bytes, length);
    g_byte_array_append(bytes, (const guint8 *) header, (guint) length);
    guint start = bytes->len;
    g_byte_array_set_size(bytes, start + (guint) data_size);
    memset(bytes->data + start, 1, data_size);
    return bytes;
}

static FvTensors *read_bytes(const Fixture *f, const GByteArray *bytes, GError **error)
{
    g_assert_true(g_file_set_contents(f->file, (const char *) bytes->data, bytes->len, NULL));
    return fv_safetensors_read(f->file, error);
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

#define ENTRY(dtype, shape, offsets) "{\"dtype\":\"" dtype "\",\"shape\":" shape ",\"data_offsets\":" offsets "}"

/* Each has 16 bytes of data. */
static void test_refused(Fixture *f, gconstpointer data)
{
    static const struct {
        const char *header, *reason;
    } cases[] = {
        { "", "no JSON object" },
        { "[]", "no JSON object" },
        { "\"x\"", "no JSON object" },
        { "{", "malformed header" },
        { "{}}", "malformed header" },
        { "{\"x\":[}", "malformed header" },
        { "{} /* x */", "an unexpected /" },
        { "{'x':1}", "an unexpected '" },
        { "{\"x\":1}", "x: no JSON object" },
        { "{\"x\":{}}", "x: no dtype" },
        { "{\"x\":{\"dtype\":4}}", "x: no dtype" },
        { "{\"x\":{\"dtype\":\"F32\"}}", "x: malformed shape" },
        { "{\"x\":{\"dtype\":\"F32\",\"shape\":[4]}}", "x: malformed data_offsets" },
        { "{\"fc.weight\":" ENTRY("BF16", "[8]", "[0,16]") "}", "fc.weight: dtype BF16 is not supported" },
        { "{\"x\":" ENTRY("a\\nb\\u001b", "[8]", "[0,16]") "}", "is not supported" },
        { "{\"x\":" ENTRY("F32", "[-4]", "[0,16]") "}", "x: malformed shape" },
        { "{\"x\":" ENTRY("F32", "[4.0]", "[0,16]") "}", "x: malformed shape" },
        { "{\"x\":" ENTRY("F32", "[\"4\"]", "[0,16]") "}", "x: malformed shape" },
        { "{\"x\":" ENTRY("F32", "[[4]]", "[0,16]") "}", "malformed header: too deep" },
        { "{\"x\":" ENTRY("F32", "4", "[0,16]") "}", "x: malformed shape" },
        { "{\"x\":" ENTRY("F32", "[1,1,1,1,1,1,1,1,4]", "[0,16]") "}", "9 dimensions" },
        { "{\"x\":" ENTRY("F32", "[5]", "[0,16]") "}", "shape 5 of F32 does not fit its 16 bytes" },
        { "{\"x\":" ENTRY("F32", "[3]", "[0,15]") "}", "does not fit" },
        { "{\"x\":" ENTRY("F32", "[9223372036854775807,2]", "[0,16]") "}", "does not fit" },
        { "{\"x\":" ENTRY("F32", "[4611686018427387908]", "[0,16]") "}", "does not fit" },
        { "{\"x\":" ENTRY("F32", "[99999999999999999999999]", "[0,16]") "}", "x: " },
        { "{\"x\":" ENTRY("F32", "[4]", "[-16,0]") "}", "malformed data_offsets" },
        { "{\"x\":" ENTRY("F32", "[4]", "[16,0]") "}", "malformed data_offsets" },
        { "{\"x\":" ENTRY("F32", "[4]", "[0,16,32]") "}", "malformed data_offsets" },
        { "{\"x\":" ENTRY("F32", "[4]", "[16]") "}", "malformed data_offsets" },
        { "{\"x\":" ENTRY("F32", "[4]", "[1,17]") "}", "its data reach 1 bytes past the end" },
        { "{\"x\":" ENTRY("U8", "[9223372036854775807]", "[0,9223372036854775807]") "}", "past the end" },
        { "{\"x\":" ENTRY("F32", "[2]", "[0,8]") ",\"y\":" ENTRY("F32", "[2]", "[4,12]") "}",
          "y: its data overlap those of x" },
        { "{\"x\":" ENTRY("F32", "[2]", "[8,16]") ",\"y\":" ENTRY("F32", "[4]", "[0,16]") "}",
          "x: its data overlap those of y" },
        { "{\"x\":" ENTRY("F32", "[2]", "[0,8]") ",\"x\":" ENTRY("F32", "[2]", "[8,16]") "}",
          "a name stands there twice" },
        { "{\"x\":{\"dtype\":\"F32\",\"shape\":[4],\"shape\":[2],\"data_offsets\":[0,16]}}", "stands there twice" },
        { "{\"__metadata__\":{\"a\":\"1\",\"a\":\"2\"}}", "stands there twice" },
        { "{\"__metadata__\":1}", "__metadata__ is no object" },
        { "{\"__metadata__\":{\"a\":1}}", "no string" },
        { "{\"\":" ENTRY("F32", "[4]", "[0,16]") "}", "without a name" },
        { "{\"a\\nb\":" ENTRY("F32", "[4]", "[0,16]") "}", "control characters" },
        { "{\"a\\nb\":" ENTRY("F32", "[5]", "[0,16]") "}", "does not fit" },
        { "{\"a\\u0000b\":" ENTRY("F32", "[4]", "[0,16]") "}", "a NUL character" },
        { "{\"\xff\":" ENTRY("F32", "[4]", "[0,16]") "}", "not UTF-8" },
    };
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GByteArray) bytes = build(cases[i].header, strlen(cases[i].header), 16);
        assert_refused(f, bytes, cases[i].reason);
    }
    g_autoptr(GByteArray) nul = build("{}\0 ", 4, 0);
    assert_refused(f, nul, "a NUL byte");
}

static void test_huge(Fixture *f, gconstpointer data)
{
    static const guint64 lengths[] = { 3, 100, 100 * 1000 * 1000 + 1, G_MAXINT64, G_MAXUINT64, G_MAXUINT64 - 7 };
    for (guint i = 0; i < G_N_ELEMENTS(lengths); i++) {
        g_autoptr(GByteArray) bytes = g_byte_array_new();
        append_length(bytes, lengths[i]);
        g_byte_array_append(bytes, (const guint8 *) "{}", 2);
        assert_refused(f, bytes, "not a safetensors file, or cut short");
    }
    g_autofree char *deep = g_strnfill(1000000, '[');
    deep[0] = '{';
    g_autoptr(GByteArray) nested = build(deep, strlen(deep), 0);
    assert_refused(f, nested, "too deep");
    g_autofree char *many = g_strnfill(4000000, ',');
    memcpy(many, "{\"x\":[", 6);
    g_autoptr(GByteArray) wide = build(many, strlen(many), 0);
    assert_refused(f, wide, "too many values");
}

static void test_accepted(Fixture *f, gconstpointer data)
{
    static const char *const headers[] = {
        "{}",
        "{\"x\":" ENTRY("F32", "[4]", "[0,16]") "}        ",
        "{ \"x\" : {\"data_offsets\":[8, 16], \"shape\":[1,2], \"dtype\":\"F32\", \"more\":true} }\n",
        "{\"x\":" ENTRY("U8", "[1]", "[9,10]") ",\"y\":" ENTRY("U8", "[2]", "[0,2]") "}",
        "{\"x\":" ENTRY("U8", "[0]", "[16,16]") ",\"y\":" ENTRY("U8", "[16]", "[0,16]") "}",
        "{\"x\\\"}{[\":" ENTRY("F64", "[]", "[8,16]") "}",
    };
    for (guint i = 0; i < G_N_ELEMENTS(headers); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(GByteArray) bytes = build(headers[i], strlen(headers[i]), 16);
        g_autoptr(FvTensors) tensors = read_bytes(f, bytes, &error);
        g_assert_no_error(error);
        g_assert_cmpuint(fv_tensors_count(tensors), ==, i == 0 ? 0 : i == 3 || i == 4 ? 2 : 1);
    }
}

static void test_cut_short(Fixture *f, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(FvTensors) tensors = make_tensors();
    fv_safetensors_write(f->file, tensors, NULL, &error);
    g_assert_no_error(error);
    g_autoptr(GByteArray) bytes = contents(f->file);
    for (guint length = bytes->len; length-- > 0;) {
        g_byte_array_set_size(bytes, length);
        assert_refused(f, bytes, "");
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add("/safetensors/round-trip", Fixture, NULL, set_up, test_round_trip, tear_down);
    g_test_add("/safetensors/bytes", Fixture, NULL, set_up, test_bytes, tear_down);
    g_test_add_func("/safetensors/names", test_names);
    g_test_add("/safetensors/metadata-refused", Fixture, NULL, set_up, test_metadata_refused, tear_down);
    g_test_add("/safetensors/refused", Fixture, NULL, set_up, test_refused, tear_down);
    g_test_add("/safetensors/huge", Fixture, NULL, set_up, test_huge, tear_down);
    g_test_add("/safetensors/accepted", Fixture, NULL, set_up, test_accepted, tear_down);
    g_test_add("/safetensors/cut-short", Fixture, NULL, set_up, test_cut_short, tear_down);
    return g_test_run();
}
