/* SPDX-License-Identifier: MIT
 * test_sink.c: whole files or none, PNG, run folders and their logs, event files, the progress bar on a terminal,
 * reports. */
#include "core/sink/atomic.h"
#include "core/sink/chart.h"
#include "core/sink/compare.h"
#include "core/sink/crc32c.h"
#include "core/sink/events.h"
#include "core/sink/image.h"
#include "core/sink/page.h"
#include "core/sink/progress.h"
#include "core/sink/records.h"
#include "core/sink/report.h"
#include "core/sink/run.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct {
    char *folder, *before; /* the working folder is `folder`, and was `before` */
} Fixture;

static void set_up(Fixture *f, gconstpointer data)
{
    GError *error = NULL;
    f->before = g_get_current_dir();
    f->folder = g_dir_make_tmp("fovea-sink-XXXXXX", &error);
    g_assert_no_error(error);
    g_assert_cmpint(g_chdir(f->folder), ==, 0);
}

static void remove_all(const char *path)
{
    g_autoptr(GDir) dir = g_file_test(path, G_FILE_TEST_IS_SYMLINK) ? NULL : g_dir_open(path, 0, NULL);
    for (const char *name; dir && (name = g_dir_read_name(dir));) {
        g_autofree char *child = g_build_filename(path, name, NULL);
        remove_all(child);
    }
    g_assert_cmpint(g_remove(path), ==, 0);
}

static void tear_down(Fixture *f, gconstpointer data)
{
    g_assert_cmpint(g_chdir(f->before), ==, 0);
    remove_all(f->folder);
    g_free(f->folder);
    g_free(f->before);
}

static int count_files(const char *folder)
{
    int count = 0;
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    while (g_dir_read_name(dir))
        count++;
    return count;
}

static void assert_contents(const char *file, const char *expected)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *text = NULL;
    g_file_get_contents(file, &text, NULL, &error);
    g_assert_no_error(error);
    g_assert_cmpstr(text, ==, expected);
}

static void put(const char *file, const char *text)
{
    g_assert_true(g_file_set_contents(file, text, -1, NULL));
}

/* ------------------------------------------------------------------- atomic */

static void test_atomic(Fixture *f, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    struct stat info;
    mode_t mask = umask(027);
    g_assert_true(fv_file_replace("x", "one", 3, &error));
    umask(mask);
    assert_contents("x", "one");
    g_assert_cmpint(g_stat("x", &info), ==, 0);
    g_assert_cmpuint(info.st_mode & 0777, ==, 0640);

    /* permissions stay */
    g_assert_cmpint(g_chmod("x", 0604), ==, 0);
    g_assert_true(fv_file_replace("x", "two", 3, &error));
    assert_contents("x", "two");
    g_assert_cmpint(g_stat("x", &info), ==, 0);
    g_assert_cmpuint(info.st_mode & 0777, ==, 0604);

    /* given up: the old file is as it was */
    FvAtomic *atomic = fv_atomic_begin("x", &error);
    g_assert_no_error(error);
    g_assert_true(fv_atomic_write(atomic, "half", 4, &error));
    assert_contents("x", "two");
    g_assert_cmpint(count_files("."), ==, 2);
    fv_atomic_abort(atomic);
    assert_contents("x", "two");
    fv_atomic_abort(NULL);

    /* a link is followed, not replaced */
    g_assert_cmpint(symlink("x", "link"), ==, 0);
    g_assert_true(fv_file_replace("link", "three", 5, &error));
    assert_contents("x", "three");
    g_assert_true(g_file_test("link", G_FILE_TEST_IS_SYMLINK));
    g_assert_cmpint(count_files("."), ==, 2);
}

static void test_atomic_refused(Fixture *f, gconstpointer data)
{
    g_assert_cmpint(g_mkdir("folder", 0777), ==, 0);
    g_assert_cmpint(symlink("nowhere/x", "dangling"), ==, 0);
    const char *const files[] = { "missing/x", "folder", "/dev/null", "dangling", "" };
    for (guint i = 0; i < G_N_ELEMENTS(files); i++) {
        g_autoptr(GError) error = NULL;
        g_assert_false(fv_file_replace(files[i], "x", 1, &error));
        g_assert_error(error, FV_ERROR, FV_ERROR_IO);
        g_assert_true(g_str_has_prefix(error->message, files[i]));
    }
    g_assert_cmpint(count_files("."), ==, 2);
}

/* What is replaced becomes a folder in the meantime: the rename fails, nothing is left. */
static void test_atomic_rename(Fixture *f, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    FvAtomic *atomic = fv_atomic_begin("x", &error);
    g_assert_true(fv_atomic_write(atomic, "x", 1, &error));
    g_assert_cmpint(g_mkdir("x", 0777), ==, 0);
    g_assert_false(fv_atomic_commit(atomic, &error));
    g_assert_error(error, FV_ERROR, FV_ERROR_IO);
    g_assert_cmpint(count_files("."), ==, 1);
}

/* -------------------------------------------------------------------- image */

static void test_png(Fixture *f, gconstpointer data)
{
    static const guint8 pixels[] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18 };
    for (int c = 1; c <= 3; c += 2) {
        g_autoptr(GError) error = NULL;
        g_autoptr(GByteArray) back = g_byte_array_new();
        FvShape shape;
        fv_png_write("x.png", pixels, c, 2, 3, &error);
        g_assert_no_error(error);
        fv_image_read("x.png", 0, &shape, back, &error);
        g_assert_no_error(error);
        g_assert_true(fv_shape_equal(shape, (FvShape){ c, 2, 3 }));
        g_assert_cmpmem(back->data, back->len, pixels, (gsize) c * 6);
    }
    static const int bad[][3] = { { 2, 1, 1 }, { 0, 1, 1 }, { 1, 0, 1 }, { 1, 1, -1 }, { 1, 1 << 21, 1 } };
    for (guint i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GError) error = NULL;
        g_assert_false(fv_png_write("bad.png", pixels, bad[i][0], bad[i][1], bad[i][2], &error));
        g_assert_error(error, FV_ERROR, FV_ERROR_SHAPE);
    }
    g_assert_cmpint(count_files("."), ==, 1);
}

static void check_png(FvDtype dtype, int rank, const gint64 *dims, const double *values, const guint8 *expected)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GByteArray) back = g_byte_array_new();
    g_autoptr(FvTensor) tensor = fv_tensor_new(dtype, rank, dims, &error);
    gint64 count = fv_tensor_elements(tensor);
    for (gint64 i = 0; i < count; i++)
        fv_tensor_set(tensor, i, values[i]);
    FvShape shape;
    fv_tensor_to_png(tensor, "x.png", &error);
    g_assert_no_error(error);
    fv_image_read("x.png", 0, &shape, back, &error);
    g_assert_no_error(error);
    g_assert_cmpmem(back->data, back->len, expected, (gsize) count);
}

static void test_tensor_png(Fixture *f, gconstpointer data)
{
    const double grey[] = { 0, 1, 0.5, -1, 2, NAN }, planes[] = { 0, 1, 1, 0, 0.2, 0.4 }, bytes[] = { 0, 255, 7 };
    const guint8 grey_bytes[] = { 0, 255, 128, 0, 255, 0 };
    check_png(FV_F32, 2, (gint64[]){ 2, 3 }, grey, grey_bytes);
    check_png(FV_F64, 3, (gint64[]){ 1, 3, 2 }, grey, grey_bytes);
    check_png(FV_F32, 4, (gint64[]){ 1, 3, 1, 2 }, planes, (const guint8[]){ 0, 255, 51, 255, 0, 102 });
    check_png(FV_U8, 2, (gint64[]){ 1, 3 }, bytes, (const guint8[]){ 0, 255, 7 });
    static const struct {
        FvDtype dtype;
        int rank;
        gint64 dims[5];
    } bad[] = {
        { FV_F32, 1, { 4 } },          { FV_F32, 3, { 2, 1, 1 } },
        { FV_F32, 4, { 2, 1, 1, 1 } }, { FV_F32, 5, { 1, 1, 1, 1, 1 } },
        { FV_I32, 2, { 1, 1 } },       { FV_F32, 2, { 0, 1 } },
        { FV_F32, 0, { 0 } },          { FV_U8, 2, { 1, 1 << 21 } },
    };
    for (guint i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(FvTensor) tensor = fv_tensor_new(bad[i].dtype, bad[i].rank, bad[i].dims, &error);
        g_assert_no_error(error);
        g_assert_false(fv_tensor_to_png(tensor, "bad.png", &error));
        g_assert_error(error, FV_ERROR, FV_ERROR_SHAPE);
    }
}

/* --------------------------------------------------------------------- runs */

static FvRun *create(const char *out, const char *stem)
{
    g_autoptr(GError) error = NULL;
    FvRun *run = fv_run_create(out, stem, &error);
    g_assert_no_error(error);
    return run;
}

static void assert_no_run(FvRun *run, GError **error, const char *reason)
{
    g_assert_null(run);
    g_assert_error(*error, FV_ERROR, FV_ERROR_IO);
    g_assert_nonnull(strstr((*error)->message, reason));
    g_clear_error(error);
}

static void test_folders(Fixture *f, gconstpointer data)
{
    static const char *const stems[] = { "net", "net", "other", "a/b", "net" };
    static const char *const folders[] = { "runs/net-1", "runs/net-2", "runs/other-1", "runs/run-1", "runs/net-3" };
    for (guint i = 0; i < G_N_ELEMENTS(stems); i++) {
        g_autoptr(FvRun) run = create(NULL, stems[i]);
        g_assert_cmpstr(fv_run_folder(run), ==, folders[i]);
    }
    g_autoptr(FvRun) given = create("deep/er/out", "net");
    g_assert_cmpstr(fv_run_folder(given), ==, "deep/er/out");
    g_autofree char *file = fv_run_file(given, FV_RUN_LAST);
    g_assert_cmpstr(file, ==, "deep/er/out/last.safetensors");
    assert_contents("deep/er/out/log.jsonl", "");
    g_assert_cmpint(g_mkdir("empty", 0777), ==, 0);
    g_autoptr(FvRun) empty = create("empty", "net");

    g_autoptr(GError) error = NULL;
    g_autofree char *busy =
        g_strdup_printf("deep/er/out: another process is at work in this folder (process %ld)", (long) getpid());
    assert_no_run(fv_run_create("deep/er/out", "net", &error), &error, busy);
    assert_no_run(fv_run_create("deep", "net", &error), &error, "not empty");
    assert_no_run(fv_run_create("deep/er/out/log.jsonl", "net", &error), &error, "log.jsonl");
    assert_no_run(fv_run_open("deep/er/out", &error), &error, busy);
    assert_no_run(fv_run_open("deep", &error), &error, "deep/log.jsonl");
    assert_no_run(fv_run_open("nowhere", &error), &error, "nowhere");

    /* The lock of a process that was killed locks nothing; that of a run goes with it. */
    g_assert_cmpint(g_mkdir("stale", 0777), ==, 0);
    g_assert_true(g_file_set_contents("stale/.fovea-train.lock", "1\n", -1, NULL));
    fv_run_free(create("stale", "net"));
    g_assert_false(g_file_test("stale/.fovea-train.lock", G_FILE_TEST_EXISTS));
    fv_run_free(fv_run_open("stale", &error));
    g_assert_no_error(error);
}

static gpointer create_many(gpointer data)
{
    GPtrArray *folders = g_ptr_array_new_with_free_func(g_free);
    for (int i = 0; i < 20; i++) {
        g_autoptr(FvRun) run = create(NULL, "race");
        g_ptr_array_add(folders, g_strdup(fv_run_folder(run)));
    }
    return folders;
}

static void test_race(Fixture *f, gconstpointer data)
{
    GThread *threads[4];
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    for (guint i = 0; i < G_N_ELEMENTS(threads); i++)
        threads[i] = g_thread_new("create", create_many, NULL);
    for (guint i = 0; i < G_N_ELEMENTS(threads); i++) {
        g_autoptr(GPtrArray) folders = g_thread_join(threads[i]);
        for (guint k = 0; k < folders->len; k++)
            g_assert_true(g_hash_table_add(seen, g_strdup(g_ptr_array_index(folders, k))));
    }
    g_assert_cmpint(count_files("runs"), ==, 80);
    g_assert_true(g_hash_table_contains(seen, "runs/race-80")); /* no number is left out */
}

static void log_steps(FvRun *run, gint64 from, gint64 to)
{
    g_autoptr(GError) error = NULL;
    for (gint64 step = from; step <= to; step++) {
        FvRecord record = fv_record(step, (int) (step / 10) + 1, FV_TRAIN);
        record.loss = 1.0 / (double) step;
        record.metric = "accuracy";
        record.value = 0.1;
        fv_run_log(run, &record, &error);
        g_assert_no_error(error);
    }
}

static void test_log(Fixture *f, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(FvRun) run = create("r", "net");
    FvRecord record = fv_record(938, 1, FV_TRAIN);
    record.loss = 0.1;
    record.metric = "accuracy";
    record.value = 0.87;
    record.rate = 1e-5;
    record.images_per_second = INFINITY;
    g_assert_true(fv_run_log(run, &record, &error));
    record = fv_record(939, 2, FV_VALIDATE);
    record.metric = "a \"b\"";
    record.value = -2;
    g_assert_true(fv_run_log(run, &record, &error));
    record = fv_record(940, 2, FV_TEST);
    record.metric = "accuracy";
    g_assert_true(fv_run_log(run, &record, &error));
    assert_contents("r/log.jsonl",
                    "{\"step\":938,\"epoch\":1,\"split\":\"train\",\"loss\":0.1,\"accuracy\":0.87,"
                    "\"rate\":1e-05,\"images_per_second\":null}\n"
                    "{\"step\":939,\"epoch\":2,\"split\":\"validate\",\"a \\\"b\\\"\":-2}\n"
                    "{\"step\":940,\"epoch\":2,\"split\":\"test\"}\n");
    g_autoptr(GArray) records = fv_run_read_log("r", &error);
    g_assert_no_error(error);
    g_assert_cmpuint(records->len, ==, 3);
    const FvRecord *first = &g_array_index(records, FvRecord, 0), *second = first + 1, *third = first + 2;
    g_assert_cmpint(first->step, ==, 938);
    g_assert_cmpint(first->split, ==, FV_TRAIN);
    g_assert_cmpstr(first->metric, ==, "accuracy");
    g_assert_cmpfloat(first->value, ==, 0.87);
    g_assert_cmpfloat(first->rate, ==, 1e-5);
    g_assert_true(isnan(first->images_per_second));
    g_assert_cmpint(second->epoch, ==, 2);
    g_assert_cmpstr(second->metric, ==, "a \"b\"");
    g_assert_true(isnan(second->loss));
    g_assert_cmpint(third->split, ==, FV_TEST);
    g_assert_null(third->metric);
}

/* Everything that a line can hold comes back. */
static void test_log_whole(Fixture *f, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(FvRun) run = create("r", "net");
    const FvScore scores[] = { { "accuracy", 0.5 }, { "f1", 0.25 } }, layers[] = { { "conv1", 1.5 }, { "a.b", 2 } };
    g_autoptr(GArray) metrics = g_array_new(FALSE, FALSE, sizeof(FvScore));
    g_autoptr(GArray) norms = g_array_new(FALSE, FALSE, sizeof(FvScore));
    g_array_append_vals(metrics, scores, 2);
    g_array_append_vals(norms, layers, 2);
    FvRecord record = fv_record(50, 1, FV_TRAIN);
    record.loss = 0.1;
    record.metric = "accuracy";
    record.value = 0.5;
    record.scores = metrics;
    record.rate = 0.01;
    record.gradient_norm = 2.5;
    record.seconds = 6.125;
    record.memory = 412000256123.0;
    record.layers = norms;
    g_assert_true(fv_run_log(run, &record, &error));
    assert_contents("r/log.jsonl",
                    "{\"step\":50,\"epoch\":1,\"split\":\"train\",\"loss\":0.1,\"accuracy\":0.5,\"f1\":0.25,"
                    "\"rate\":0.01,\"gradient_norm\":2.5,\"seconds\":6.125,\"memory\":412000256123,"
                    "\"gradient_norms\":{\"conv1\":1.5,\"a.b\":2}}\n");
    g_autoptr(GArray) records = fv_run_read_log("r", &error);
    g_assert_no_error(error);
    const FvRecord *back = &g_array_index(records, FvRecord, 0);
    static const char *const names[] = { "loss", "accuracy", "f1", "rate", "gradient_norm", "seconds", "memory" };
    for (guint i = 0; i < G_N_ELEMENTS(names); i++)
        g_assert_cmpfloat(fv_record_get(back, names[i]), ==, fv_record_get(&record, names[i]));
    g_assert_true(isnan(fv_record_get(back, "images_per_second")));
    g_assert_cmpuint(back->layers->len, ==, 2);
    g_assert_cmpstr(g_array_index(back->layers, FvScore, 1).name, ==, "a.b");
    g_assert_cmpfloat(g_array_index(back->layers, FvScore, 1).value, ==, 2);
}

/* Means of an epoch are weighted by steps, and epochs begin where those before them ended. */
static void test_records(void)
{
    static const struct {
        gint64 step;
        int epoch;
        FvSplit split;
        double loss;
    } lines[] = { { 50, 1, FV_TRAIN, 1 },    { 60, 1, FV_TRAIN, 4 },  { 60, 1, FV_VALIDATE, 3 },
                  { 110, 2, FV_TRAIN, 0.5 }, { 120, 2, FV_TRAIN, 2 }, { 120, 2, FV_VALIDATE, NAN },
                  { 120, 2, FV_TEST, 0.125 } };
    g_autoptr(GArray) records = g_array_new(FALSE, FALSE, sizeof(FvRecord));
    for (guint i = 0; i < G_N_ELEMENTS(lines); i++) {
        FvRecord record = fv_record(lines[i].step, lines[i].epoch, lines[i].split);
        record.loss = lines[i].loss;
        g_array_append_val(records, record);
    }
    g_autoptr(GArray) epochs = fv_records_epochs(records);
    g_assert_cmpuint(epochs->len, ==, 2);
    const FvRecords *first = &g_array_index(epochs, FvRecords, 0), *second = first + 1;
    g_assert_cmpfloat(fv_records_mean(first, FV_TRAIN, "loss"), ==, (50 * 1 + 10 * 4) / 60.0);
    g_assert_cmpfloat(fv_records_mean(first, FV_VALIDATE, "loss"), ==, 3);
    g_assert_cmpfloat(fv_records_mean(second, FV_TRAIN, "loss"), ==, (50 * 0.5 + 10 * 2) / 60.0);
    g_assert_true(isnan(fv_records_mean(second, FV_VALIDATE, "loss")));
    g_assert_cmpfloat(fv_records_last(second, FV_TRAIN, "loss"), ==, 2);
    g_autoptr(GArray) curve = fv_records_curve(records, FV_TRAIN, "loss", 60);
    g_assert_cmpuint(curve->len, ==, 4);
    g_assert_cmpfloat(g_array_index(curve, FvPoint, 3).x, ==, 2);
}

/* ------------------------------------------------------------------- events */

static void test_crc32c(void)
{
    /* RFC 3720, B.4, and the usual check value. */
    guint8 bytes[32] = { 0 };
    g_assert_cmphex(fv_crc32c("123456789", 9), ==, 0xe3069283);
    g_assert_cmphex(fv_crc32c(bytes, sizeof bytes), ==, 0x8a9136aa);
    memset(bytes, 0xff, sizeof bytes);
    g_assert_cmphex(fv_crc32c(bytes, sizeof bytes), ==, 0x62a8ab43);
    for (guint i = 0; i < sizeof bytes; i++)
        bytes[i] = (guint8) i;
    g_assert_cmphex(fv_crc32c(bytes, sizeof bytes), ==, 0x46dd794e);
    g_assert_cmphex(fv_crc32c(bytes, 0), ==, 0);
}

static void assert_hex(const GByteArray *bytes, const char *expected)
{
    g_autoptr(GString) hex = g_string_new(NULL);
    for (guint i = 0; i < bytes->len; i++)
        g_string_append_printf(hex, "%02x", bytes->data[i]);
    g_assert_cmpstr(hex->str, ==, expected);
}

/* What TensorBoard 2.21's own classes make of the same events. */
static void test_events(Fixture *f, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GByteArray) scalars = g_byte_array_new();
    g_autoptr(GByteArray) start = g_byte_array_new();
    g_autoptr(GByteArray) version = g_byte_array_new();
    g_autoptr(GArray) values = g_array_new(FALSE, FALSE, sizeof(FvScalar));
    FvScalar some[] = { { (char *) "loss/train", 0.25 }, { (char *) "rate", 0.01 } };
    g_array_append_vals(values, some, 2);
    fv_events_append_scalars(scalars, 1700000000.5, 300, values);
    assert_hex(scalars,
               "2e00000000000000c5cb57fa0900002040fc54d94110ac022a200a110a0a6c6f73732f747261696e150000803e0a0b0a"
               "0472617465150ad7233c45d41d2f");
    fv_events_append_start(start, 1700000000.5, 5);
    assert_hex(start, "0f000000000000006d532b090900002040fc54d94110053a0208015ecbb75c");
    fv_events_append_version(version, 1700000000.5);
    assert_hex(version, "1800000000000000a37f4b220900002040fc54d9411a0d627261696e2e4576656e743a322b353110");

    /* Each run has a file of its own, which grows with each record. */
    for (guint i = 0; i < 2; i++) {
        g_autoptr(FvEvents) events = fv_events_new("deep/er", 1, &error);
        g_assert_no_error(error);
        FvRecord record = fv_record(1, 1, FV_TRAIN);
        record.loss = 1;
        record.metric = "\xff<&";
        record.value = INFINITY;
        g_assert_true(fv_events_write(events, &record, &error));
    }
    g_assert_cmpint(count_files("deep/er"), ==, 2);
    put("file", "");
    g_assert_null(fv_events_new("file", 1, &error));
    g_assert_error(error, FV_ERROR, FV_ERROR_IO);
}

static void test_resume(Fixture *f, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    FvRun *run = create("r", "net");
    log_steps(run, 1, 12);
    fv_run_free(run);
    /* killed while a line and a checkpoint were being written */
    g_autofree char *text = NULL;
    g_assert_true(g_file_get_contents("r/log.jsonl", &text, NULL, NULL));
    g_autofree char *torn = g_strconcat(text, "{\"step\":13,\"ep", NULL);
    put("r/log.jsonl", torn);
    put("r/last.safetensors.tmp-ab12cd", "half");
    put("r/notes.tmp-ab12cd", "not ours");

    run = fv_run_open("r", &error);
    g_assert_no_error(error);
    g_assert_false(g_file_test("r/last.safetensors.tmp-ab12cd", G_FILE_TEST_EXISTS));
    g_assert_true(g_file_test("r/notes.tmp-ab12cd", G_FILE_TEST_EXISTS));
    g_assert_true(fv_run_truncate_log(run, 10, &error));
    log_steps(run, 11, 12);
    assert_contents("r/log.jsonl", text);
    g_assert_true(fv_run_truncate_log(run, 0, &error));
    assert_contents("r/log.jsonl", "");
    fv_run_free(run);
}

static void test_log_refused(Fixture *f, gconstpointer data)
{
    g_autofree char *deep = g_strnfill(1000000, '[');
    const char *const lines[] = {
        "",
        "[]",
        "x",
        "{\"step\":1}",
        "{\"step\":1,\"epoch\":1,\"split\":\"x\"}",
        "{\"step\":-1,\"epoch\":1,\"split\":\"train\"}",
        "{\"step\":1.5,\"epoch\":1,\"split\":\"train\"}",
        "{\"step\":1,\"epoch\":99999999999,\"split\":\"train\"}",
        "{\"step\":[],\"epoch\":{},\"split\":null}",
        deep,
    };
    g_assert_cmpint(g_mkdir("r", 0777), ==, 0);
    for (guint i = 0; i < G_N_ELEMENTS(lines); i++) {
        g_autoptr(GError) error = NULL;
        g_autofree char *text = g_strconcat("{\"step\":1,\"epoch\":1,\"split\":\"train\"}\n", lines[i], "\n", NULL);
        put("r/log.jsonl", text);
        g_assert_null(fv_run_read_log("r", &error));
        g_assert_error(error, FV_ERROR, FV_ERROR_DATA);
        g_assert_cmpstr(error->message, ==, "r/log.jsonl:2: not a line of a log");
    }
}

/* ----------------------------------------------------------------- progress */

static FvProgressView sample_view(void)
{
    return (FvProgressView){ .label = "epoch 2/3",
                             .unit = "images",
                             .metric = "accuracy",
                             .done = 43,
                             .total = 100,
                             .rate = 1234,
                             .seconds_left = 34.2,
                             .loss = 0.3456,
                             .value = 0.8765 };
}

static void test_bar(void)
{
    static const struct {
        int width;
        const char *text;
    } cases[] = {
        { 85, "epoch 2/3  [===>       ]  43%  1234 images/s  loss 0.3456  accuracy 0.8765  0:35 left" },
        { 79, "epoch 2/3  [=>   ]  43%  1234 images/s  loss 0.3456  accuracy 0.8765  0:35 left" },
        { 72, "epoch 2/3  [=>   ]  43%  1234/s  loss 0.3456  accuracy 0.8765  0:35 left" },
        { 60, "epoch 2/3  [=>    ]  loss 0.3456  accuracy 0.8765  0:35 left" },
        { 30, "epoch 2/3  [=>    ]  0:35 left" },
        { 12, "epoch 2/3" },
        { 5, "epoch" },
        { 0, "" },
        { -3, "" },
    };
    static const char with_memory[] = "epoch 2/3  [==>     ]  1234/s  loss 0.3456  accuracy 0.8765  0:35 left  412 MiB";
    FvProgressView view = sample_view();
    view.memory = (guint64) 412 << 20;
    g_autofree char *usual = fv_progress_text(&view, 79, FALSE); /* in a terminal of 80 columns */
    g_assert_cmpstr(usual, ==, with_memory);
    view.memory = 0;
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *text = fv_progress_text(&view, cases[i].width, FALSE);
        g_assert_cmpstr(text, ==, cases[i].text);
    }
    for (int width = 0; width < 200; width++) {
        g_autofree char *text = fv_progress_text(&view, width, FALSE);
        g_assert_cmpint(g_utf8_strlen(text, -1), <=, width);
    }
    g_autofree char *coloured = fv_progress_text(&view, 100, TRUE);
    g_assert_nonnull(strstr(coloured, "\033[32m"));
    view.total = view.rate = 0;
    view.seconds_left = -1;
    view.loss = view.value = NAN;
    g_autofree char *empty = fv_progress_text(&view, 40, FALSE);
    g_assert_cmpstr(empty, ==, "epoch 2/3  [                      ]   0%");
}

/* Everything that @work writes to a stream, which is a terminal of 60 columns or a plain file. */
static char *captured(gboolean terminal, void (*work)(FILE *))
{
    g_autoptr(GString) text = g_string_new(NULL);
    char buffer[4096];
    int reader = -1;
    FILE *out;
    if (terminal) {
        reader = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
        g_assert_cmpint(reader, >=, 0);
        g_assert_cmpint(grantpt(reader) | unlockpt(reader), ==, 0);
        int writer = open(ptsname(reader), O_RDWR | O_NOCTTY | O_CLOEXEC);
        g_assert_cmpint(ioctl(writer, TIOCSWINSZ, &(struct winsize){ .ws_row = 24, .ws_col = 60 }), ==, 0);
        out = fdopen(writer, "w");
    } else {
        out = fopen("out", "w");
        reader = open("out", O_RDONLY | O_CLOEXEC);
    }
    work(out);
    fflush(out);
    g_assert_cmpint(fcntl(reader, F_SETFL, O_NONBLOCK), ==, 0);
    for (ssize_t size; (size = read(reader, buffer, sizeof buffer)) > 0;)
        g_string_append_len(text, buffer, size);
    fclose(out);
    close(reader);
    return g_string_free(g_steal_pointer(&text), FALSE);
}

static void train(FILE *out)
{
    g_autoptr(FvProgressBar) bar = fv_progress_new(out, "images");
    fv_progress_start(bar, "epoch 1/2", 0, 1000, 1000);
    for (int i = 1; i <= 1000; i++) /* far more often than it may draw */
        fv_progress_update(bar, i, 0.5, "accuracy", 0.75);
    g_usleep(110000);
    fv_progress_update(bar, 1000, 0.25, "accuracy", 0.75);
    fv_progress_print(bar, "a message");
    g_assert_cmpfloat(fv_progress_finish(bar), >, 0);
    fv_progress_epoch(bar, "epoch 1/2", "accuracy", 0.25, 0.75, NAN, 0.5, 1234);
}

static gboolean has_terminals(void)
{
    int fd = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    return fd >= 0 && close(fd) == 0;
}

static void test_terminal(Fixture *f, gconstpointer data)
{
    if (!has_terminals()) {
        g_test_skip("no pseudo-terminals here (/dev/pts)");
        return;
    }
    static const char lines[] = "epoch 1/2  loss 0.2500  accuracy 0.7500  validation accuracy 0.5000  1234 images/s";
    g_setenv("TERM", "xterm", TRUE);
    g_setenv("NO_COLOR", "1", TRUE);
    g_autofree char *drawn = captured(TRUE, train);
    g_autofree char *expected = g_strdup_printf("\r\033[Ka message\r\n%s\r\n", lines);
    g_assert_true(g_str_has_prefix(drawn, "\repoch 1/2  ["));
    g_assert_nonnull(strstr(drawn, "100%  loss 0.2500  accuracy 0.7500\033[K"));
    g_assert_true(g_str_has_suffix(drawn, expected));
    g_assert_null(strstr(drawn, "\033[32m"));
    int drawings = 0;
    for (const char *p = drawn; (p = strstr(p, "\repoch")); p++)
        drawings++;
    g_assert_cmpint(drawings, <=, 3);

    g_unsetenv("NO_COLOR");
    g_autofree char *coloured = captured(TRUE, train);
    g_assert_nonnull(strstr(coloured, "\033[32m"));

    g_autofree char *plain_expected = g_strdup_printf("a message\n%s\n", lines);
    g_autofree char *plain = captured(FALSE, train);
    g_assert_cmpstr(plain, ==, plain_expected);
    g_setenv("TERM", "dumb", TRUE);
    g_autofree char *dumb = captured(TRUE, train);
    g_assert_null(strchr(dumb, '['));
}

/* ------------------------------------------------------------------- report */

static const guint8 pixels[12] = { 0, 50, 100, 150, 200, 250 };

static void add_findings(FvReport *report, const char *name, double scale)
{
    const char *const names[] = { name, name, NULL };
    const gint64 counts[] = { 90, 10, 0, 5, 15, 0, 0, 0, 0 };
    const FvConfusion confusion = { 3, names, counts };
    const FvMistake mistake = {
        .truth = name, .predicted = name, .certainty = scale, .name = name, .shape = { 3, 2, 2 }, .pixels = pixels
    };
    g_autofree char *svg = g_strdup_printf("<?xml?><!-- %s --><svg xmlns=\"http://x\" width=\"1pt\"></svg>", "http:");
    fv_report_note(report, "%s", name);
    fv_report_confusion(report, name, &confusion);
    fv_report_mistake(report, &mistake);
    fv_report_filter(report, NULL, (FvShape){ 1, 2, 3 }, pixels);
    fv_report_filter(report, name, (FvShape){ 3, 2, 2 }, pixels);
    fv_report_filters(report, "%s", name);
    fv_report_drawing(report, svg);
    fv_report_pipeline(report, name);
}

/* Text of a report of everything, with @name in every place that takes text. */
static char *make_report(const char *name, double scale)
{
    g_autoptr(FvReport) report = fv_report_new();
    g_autoptr(GArray) records = g_array_new(FALSE, FALSE, sizeof(FvRecord));
    for (int i = 1; i <= 1000; i++) {
        FvRecord record = fv_record(i, (i + 499) / 500, FV_TRAIN);
        record.loss = scale / i;
        record.metric = name;
        record.value = i;
        record.rate = 0.1;
        record.gradient_norm = scale / i;
        g_array_append_val(records, record);
        record.split = FV_VALIDATE;
        if (i % 500 == 0)
            g_array_append_val(records, record);
    }
    fv_report_result(report, name, "%s", name);
    fv_report_setting(report, name, "%s", name);
    fv_report_layer(report, name, name, (FvShape){ 20, 24, 24 }, 1234567);
    fv_report_layer(report, name, name, (FvShape){ 10, 1, 1 }, 999);
    fv_report_log(report, records, 1);
    add_findings(report, name, scale);
    return fv_report_html(name, report);
}

static int occurrences(const char *text, const char *part)
{
    int count = 0;
    for (const char *p = text; (p = strstr(p, part)); p += strlen(part))
        count++;
    return count;
}

/* Well-formed as far as tags go: each that is opened is closed, in order. */
static void assert_balanced(const char *html)
{
    static const char *const empty[] = { "meta", "line", "circle", "path", "rect", "img", NULL };
    g_autoptr(GPtrArray) open = g_ptr_array_new_with_free_func(g_free);
    for (const char *p = strstr(html, "<html"); (p = strchr(p, '<')); p++) {
        gboolean closes = p[1] == '/';
        const char *start = p + 1 + closes;
        g_autofree char *tag = g_strndup(start, strspn(start, "abcdefghijklmnopqrstuvwxyz0123456789"));
        if (g_strv_contains(empty, tag))
            continue;
        if (!closes) {
            g_ptr_array_add(open, g_steal_pointer(&tag));
            continue;
        }
        g_assert_cmpuint(open->len, >, 0);
        g_assert_cmpstr(g_ptr_array_index(open, open->len - 1), ==, tag);
        g_ptr_array_remove_index(open, open->len - 1);
    }
    g_assert_cmpuint(open->len, ==, 0);
}

static void test_report(Fixture *f, gconstpointer data)
{
    g_autofree char *html = make_report("top_five", 2);
    assert_balanced(html);
    g_assert_cmpint(occurrences(html, "<svg"), ==, 5); /* loss, metric, rate, norm; the net */
    g_assert_cmpint(occurrences(html, "<path"), ==, 6);
    g_assert_cmpint(occurrences(html, "<img"), ==, 3);
    g_assert_cmpint(occurrences(html, "src=\"data:image/png;base64,"), ==, 3);
    g_assert_nonnull(strstr(html, "<figcaption>Top five</figcaption>"));
    g_assert_nonnull(strstr(html, "1,235,566")); /* all parameters */
    g_assert_nonnull(strstr(html, "20×24×24"));
    static const char *const outside[] = { "http:", "https:", "src=\"h", "href=", "<script", "url(", ">nan", ">inf" };
    for (guint i = 0; i < G_N_ELEMENTS(outside); i++)
        g_assert_null(strstr(html, outside[i]));
    g_assert_nonnull(strstr(html, ">0.9474<")); /* precision of the first class: 90 of 95 */
    g_assert_nonnull(strstr(html, ">0.9000<")); /* and its recall */
    /* Nothing grows with the log but what is thinned out. */
    g_assert_cmpuint(strlen(html), <, 160000);
}

/* Powers of ten stand as far from each other; what has no logarithm is left out. */
static void test_log_axes(void)
{
    g_autoptr(GString) html = g_string_new(NULL);
    g_autoptr(GArray) points = g_array_new(FALSE, FALSE, sizeof(FvPoint));
    const FvPoint some[] = { { 0, 1 }, { 1e-4, 1 }, { 1e-3, 10 }, { 1e-2, 100 }, { 1e-1, -5 }, { 1, 1000 } };
    g_array_append_vals(points, some, G_N_ELEMENTS(some));
    const FvSeries series = { .name = "loss", .style = "train", .points = points };
    const FvChart chart = {
        .title = "Rates", .unit = "rate", .series = &series, .count = 1, .log_x = TRUE, .log_y = TRUE
    };
    fv_chart_draw(html, &chart);
    g_assert_nonnull(strstr(html->str, ">0.001</text>"));
    g_assert_nonnull(strstr(html->str, ">1000</text>"));
    const char *path = strstr(html->str, "d=\"M");
    double x[4];
    g_assert_nonnull(path);
    path += strlen("d=\"");
    for (guint i = 0; i < G_N_ELEMENTS(x); i++) {
        x[i] = g_ascii_strtod(path + 1, NULL);
        path = strchr(path + 1, 'L');
        g_assert_true((path != NULL) == (i + 1 < G_N_ELEMENTS(x)));
    }
    g_assert_cmpfloat_with_epsilon(x[2] - x[1], x[1] - x[0], 0.02);
    g_assert_cmpfloat_with_epsilon(x[3] - x[2], 2 * (x[1] - x[0]), 0.02);
}

/* What is pointed at is a number of the log, not a mean. */
static void test_tips(void)
{
    g_autoptr(GString) html = g_string_new(NULL);
    g_autoptr(GArray) points = g_array_new(FALSE, FALSE, sizeof(FvPoint));
    for (int i = 0; i < 10000; i++) {
        const FvPoint point = { i, i % 7 };
        g_array_append_val(points, point);
    }
    const FvSeries series = { .name = "loss", .style = "train", .points = points };
    fv_chart_append(html, "Loss", "steps", &series, 1, NULL, TRUE);
    g_assert_cmpint(occurrences(html->str, "class=\"tip\""), ==, 60);
    for (const char *tip = html->str; (tip = strstr(tip, "steps: <tspan")); tip++) {
        const char *number = tip;
        while (number[-1] != '>')
            number--;
        const int step = atoi(number), value = atoi(strstr(tip, "train\">") + strlen("train\">"));
        g_assert_cmpint(value, ==, step % 7);
    }
}

static void test_compare(void)
{
    static const char *const names[] = { "runs/a", "<script>alert(1)</script>", "\xff\xfe\x01" };
    FvCompared runs[G_N_ELEMENTS(names)];
    g_autoptr(GPtrArray) left_out = g_ptr_array_new();
    g_autoptr(GPtrArray) logs = g_ptr_array_new_with_free_func((GDestroyNotify) g_array_unref);
    g_ptr_array_add(left_out, (char *) "x: <b>damaged");
    for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
        GArray *log = g_array_new(FALSE, FALSE, sizeof(FvRecord));
        g_ptr_array_add(logs, log);
        for (int k = 1; k <= 20; k++) {
            FvRecord record = fv_record(10 * k, (k + 9) / 10, k % 10 ? FV_TRAIN : FV_VALIDATE);
            record.loss = 1.0 / (k + (int) i);
            g_array_append_val(log, record);
        }
        runs[i] = (FvCompared){ .name = names[i],
                                .missing = i ? NULL : "unfinished: 2 of 3 epochs",
                                .records = log,
                                .best = 2,
                                .lower_is_better = TRUE,
                                .settings = fv_page_rows_new() };
        const FvPageRow rows[] = { { g_strdup("same"), g_strdup("1") }, { g_strdup("name"), g_strdup(names[i]) } };
        g_array_append_vals(runs[i].settings, rows, 2);
    }
    g_autofree char *html = fv_compare_html(runs, G_N_ELEMENTS(runs), left_out);
    assert_balanced(html);
    g_assert_true(g_utf8_validate(html, -1, NULL));
    g_assert_null(strstr(html, "<script"));
    g_assert_nonnull(strstr(html, "left out: x: &lt;b&gt;damaged"));
    g_assert_nonnull(strstr(html, "unfinished: 2 of 3 epochs"));
    g_assert_cmpint(occurrences(html, "<path"), ==, 6); /* of each run training and validation */
    g_assert_nonnull(strstr(html, ">epochs</text>"));
    g_assert_null(strstr(html, ">same<"));
    g_assert_nonnull(strstr(html, ">name<"));
    g_assert_nonnull(strstr(html, "<td class=\"number best\">0.0455</td>")); /* 1 / 22: the least */
    for (guint i = 0; i < G_N_ELEMENTS(names); i++)
        g_array_unref(runs[i].settings);
}

static void test_report_hostile(Fixture *f, gconstpointer data)
{
    static const char *const names[] = {
        "<script>alert(1)</script>", "\"><svg onload=x>", "&amp; 'x'", "\xff\xfe\x01", "\xc3", "", "%s%n"
    };
    static const double scales[] = { 0, 1e-300, 1e300, INFINITY, NAN, -5 };
    for (guint i = 0; i < G_N_ELEMENTS(names); i++)
        for (guint k = 0; k < G_N_ELEMENTS(scales); k++) {
            g_autofree char *html = make_report(names[i], scales[k]);
            assert_balanced(html);
            g_assert_null(strstr(html, "<script"));
            g_assert_null(strstr(html, "<svg onload"));
            g_assert_true(g_utf8_validate(html, -1, NULL));
            g_assert_null(strstr(html, "=\"nan"));
            g_assert_null(strstr(html, "=\"inf"));
        }
    g_autoptr(GError) error = NULL;
    g_autoptr(FvReport) empty = fv_report_new();
    g_assert_true(fv_report_write(".", "empty", empty, &error));
    g_autofree char *text = NULL;
    g_assert_true(g_file_get_contents("report.html", &text, NULL, NULL));
    assert_balanced(text);
    g_assert_cmpint(occurrences(text, "<h2>"), ==, 0);
    g_assert_false(fv_report_write("missing", "empty", empty, &error));
    g_assert_error(error, FV_ERROR, FV_ERROR_IO);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add("/sink/atomic", Fixture, NULL, set_up, test_atomic, tear_down);
    g_test_add("/sink/atomic-refused", Fixture, NULL, set_up, test_atomic_refused, tear_down);
    g_test_add("/sink/atomic-rename", Fixture, NULL, set_up, test_atomic_rename, tear_down);
    g_test_add("/sink/png", Fixture, NULL, set_up, test_png, tear_down);
    g_test_add("/sink/tensor-png", Fixture, NULL, set_up, test_tensor_png, tear_down);
    g_test_add("/sink/folders", Fixture, NULL, set_up, test_folders, tear_down);
    g_test_add("/sink/race", Fixture, NULL, set_up, test_race, tear_down);
    g_test_add("/sink/log", Fixture, NULL, set_up, test_log, tear_down);
    g_test_add("/sink/log-whole", Fixture, NULL, set_up, test_log_whole, tear_down);
    g_test_add_func("/sink/records", test_records);
    g_test_add_func("/sink/crc32c", test_crc32c);
    g_test_add("/sink/events", Fixture, NULL, set_up, test_events, tear_down);
    g_test_add("/sink/resume", Fixture, NULL, set_up, test_resume, tear_down);
    g_test_add("/sink/log-refused", Fixture, NULL, set_up, test_log_refused, tear_down);
    g_test_add_func("/sink/bar", test_bar);
    g_test_add("/sink/terminal", Fixture, NULL, set_up, test_terminal, tear_down);
    g_test_add("/sink/report", Fixture, NULL, set_up, test_report, tear_down);
    g_test_add_func("/sink/log-axes", test_log_axes);
    g_test_add_func("/sink/tips", test_tips);
    g_test_add_func("/sink/compare", test_compare);
    g_test_add("/sink/report-hostile", Fixture, NULL, set_up, test_report_hostile, tear_down);
    return g_test_run();
}
