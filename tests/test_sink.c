/* SPDX-License-Identifier: MIT
 * test_sink.c: whole files or none, PNG, run folders and their logs, the progress bar on a terminal, the report. */
#include "core/sink/atomic.h"
#include "core/sink/image.h"
#include "core/sink/progress.h"
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
    FvRecord record = { 938, 1, FV_TRAIN, 0.1, "accuracy", 0.87, 1e-5, INFINITY };
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
        { 60, "epoch 2/3  [======>           ]  43%  loss 0.3456  0:35 left" },
        { 30, "epoch 2/3  [====>       ]  43%" },
        { 12, "epoch 2/3" },
        { 5, "epoch" },
        { 0, "" },
        { -3, "" },
    };
    FvProgressView view = sample_view();
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
        g_array_append_val(records, record);
        record.split = FV_VALIDATE;
        if (i % 500 == 0)
            g_array_append_val(records, record);
    }
    fv_report_result(report, name, "%s", name);
    fv_report_setting(report, name, "%s", name);
    fv_report_layer(report, name, name, (FvShape){ 20, 24, 24 }, 1234567);
    fv_report_layer(report, name, name, (FvShape){ 10, 1, 1 }, 999);
    fv_report_log(report, records);
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
    static const char *const empty[] = { "meta", "line", "circle", "path", NULL };
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
    g_assert_cmpint(occurrences(html, "<svg"), ==, 3);
    g_assert_cmpint(occurrences(html, "<path"), ==, 5);
    g_assert_nonnull(strstr(html, "<figcaption>Top five</figcaption>"));
    g_assert_nonnull(strstr(html, "1,235,566")); /* all parameters */
    g_assert_nonnull(strstr(html, "20×24×24"));
    static const char *const outside[] = { "http:", "https:", "src=", "href=", "<script", "url(", "nan", "inf" };
    for (guint i = 0; i < G_N_ELEMENTS(outside); i++)
        g_assert_null(strstr(html, outside[i]));
    g_assert_cmpuint(strlen(html), <, 40000);
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
    g_test_add("/sink/resume", Fixture, NULL, set_up, test_resume, tear_down);
    g_test_add("/sink/log-refused", Fixture, NULL, set_up, test_log_refused, tear_down);
    g_test_add_func("/sink/bar", test_bar);
    g_test_add("/sink/terminal", Fixture, NULL, set_up, test_terminal, tear_down);
    g_test_add("/sink/report", Fixture, NULL, set_up, test_report, tear_down);
    g_test_add("/sink/report-hostile", Fixture, NULL, set_up, test_report_hostile, tear_down);
    return g_test_run();
}
