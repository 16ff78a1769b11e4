/* SPDX-License-Identifier: MIT
 * test_golden: runs fovea on every folder of tests/golden and compares with what PyTorch made of the same net.
 *
 * usage: test_golden [LANES [CASE...]]. Each folder is a test case for each of the two layouts of values: one lane and
 * sixteen (FOVEA_LANES). The binary is the environment's FOVEA, else `fovea` of the PATH. What the files hold is said
 * in tests/golden/make.py. */
#include "core/sink/npy.h"
#include "core/sink/safetensors.h"
#include "core/tensor.h"

#include <glib/gstdio.h>
#include <math.h>
#include <string.h>

/* Largest error allowed in a tensor, in units of its own largest expected value, but of SMALL at least: a gradient
 * that is zero in theory, such as that of a bias before batchnorm, is some rounding error in practice. */
#define TOLERANCE 1e-4
#define SMALL 0.1

typedef struct {
    char *folder;
    const char *lanes;
} Case;

static void case_free(gpointer data)
{
    Case *c = data;
    g_free(c->folder);
    g_free(c);
}

/* Notes a failure and goes on, so that one run tells everything that is wrong with a case. */
static void G_GNUC_PRINTF(1, 2) complain(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *text = g_strdup_vprintf(format, args);
    va_end(args);
    g_test_message("%s", text);
    g_test_fail();
}

static double tolerated(double largest)
{
    return TOLERANCE * MAX(SMALL, largest);
}

static void compare(const char *what, const FvTensor *got, const FvTensor *expected)
{
    g_autofree char *got_dims = fv_tensor_dims_text(got);
    g_autofree char *expected_dims = fv_tensor_dims_text(expected);
    if (strcmp(got_dims, expected_dims) != 0) {
        complain("%s: is %s, expected %s", what, got_dims, expected_dims);
        return;
    }
    gint64 count = fv_tensor_elements(expected), worst = -1;
    double largest = 0, worst_error = -1;
    for (gint64 i = 0; i < count; i++) {
        double error = fabs(fv_tensor_get(got, i) - fv_tensor_get(expected, i));
        largest = MAX(largest, fabs(fv_tensor_get(expected, i)));
        if (isnan(error)) /* worse than any other, the first of them */
            error = INFINITY;
        if (error > worst_error) {
            worst_error = error;
            worst = i;
        }
    }
    if (count > 0 && !(worst_error <= tolerated(largest)))
        complain("%s (%s): element %" G_GINT64_FORMAT " is %.9g, expected %.9g: off by %.3g, tolerated %.3g", what,
                 expected_dims, worst, fv_tensor_get(got, worst), fv_tensor_get(expected, worst), worst_error,
                 tolerated(largest));
}

/* Runs `fovea ARGUMENTS` with the case's lanes. Returns what it printed, or NULL after a complaint. */
static char *run_fovea(const Case *c, const char *const *arguments)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) argv = g_ptr_array_new();
    const char *fovea = g_getenv("FOVEA");
    g_ptr_array_add(argv, (char *) (fovea ? fovea : "fovea"));
    for (; *arguments; arguments++)
        g_ptr_array_add(argv, (char *) *arguments);
    g_ptr_array_add(argv, NULL);
    g_auto(GStrv) environment = g_environ_setenv(g_get_environ(), "FOVEA_LANES", c->lanes, TRUE);
    g_autofree char *out = NULL;
    g_autofree char *err = NULL;
    int status = 0;
    if (!g_spawn_sync(NULL, (char **) argv->pdata, environment, G_SPAWN_SEARCH_PATH, NULL, NULL, &out, &err, &status,
                      &error)) {
        complain("%s", error->message);
        return NULL;
    }
    if (!g_spawn_check_wait_status(status, &error)) {
        g_autofree char *line = g_strjoinv(" ", (char **) argv->pdata);
        complain("%s: %s: %s", line, error->message, g_strstrip(err));
        return NULL;
    }
    return g_steal_pointer(&out);
}

static FvTensor *read_npy(const char *folder, const char *name)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *path = g_build_filename(folder, name, NULL);
    FvTensor *tensor = fv_npy_read(path, &error);
    if (!tensor)
        complain("%s", error->message);
    return tensor;
}

static void check_prediction(const Case *c, const char *folder)
{
    g_autofree char *pipeline = g_build_filename(c->folder, "case.fv", NULL);
    g_autofree char *weights = g_build_filename(c->folder, "weights.safetensors", NULL);
    g_autofree char *in = g_build_filename(c->folder, "in.npy", NULL);
    g_autofree char *out = g_build_filename(folder, "out.npy", NULL);
    g_autofree char *printed =
        run_fovea(c, (const char *[]){ "run", pipeline, "--weights", weights, "--in", in, "--out", out, NULL });
    if (!printed)
        return;
    g_autoptr(FvTensor) got = read_npy(folder, "out.npy");
    g_autoptr(FvTensor) expected = read_npy(c->folder, "out.npy");
    if (got && expected)
        compare("output", got, expected);
}

/* The number after "loss " at the start of a line of @text. */
static gboolean find_loss(const char *text, double *loss)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (char **line = lines; *line; line++) {
        if (!g_str_has_prefix(*line, "loss "))
            continue;
        char *end = NULL;
        *loss = g_ascii_strtod(*line + strlen("loss "), &end);
        return end != *line + strlen("loss ");
    }
    return FALSE;
}

static void check_loss(const Case *c, const char *printed)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *path = g_build_filename(c->folder, "loss.txt", NULL);
    g_autofree char *text = NULL;
    if (!g_file_get_contents(path, &text, NULL, &error)) {
        complain("%s", error->message);
        return;
    }
    double expected = g_ascii_strtod(text, NULL), got = NAN;
    if (!find_loss(printed, &got))
        complain("no line \"loss L\" in: %s", printed);
    else if (!(fabs(got - expected) <= tolerated(fabs(expected))))
        complain("loss: is %.9g, expected %.9g: off by %.3g", got, expected, fabs(got - expected));
}

static void check_gradients(const char *got_file, const char *expected_file)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(FvTensors) got = fv_safetensors_read(got_file, &error);
    g_autoptr(FvTensors) expected = got ? fv_safetensors_read(expected_file, &error) : NULL;
    if (!expected) {
        complain("%s", error->message);
        return;
    }
    for (guint i = 0; i < fv_tensors_count(expected); i++) {
        const FvNamedTensor *named = fv_tensors_at(expected, i);
        g_autofree char *what = g_strdup_printf("gradient of %s", named->name);
        const FvTensor *mine = fv_tensors_get(got, named->name);
        if (mine)
            compare(what, mine, named->tensor);
        else
            complain("%s: there is none", what);
    }
    for (guint i = 0; i < fv_tensors_count(got); i++)
        if (!fv_tensors_get(expected, fv_tensors_at(got, i)->name))
            complain("gradient of %s: is there, and should not be", fv_tensors_at(got, i)->name);
}

static void check_training(const Case *c, const char *folder)
{
    g_autofree char *pipeline = g_build_filename(c->folder, "case.fv", NULL);
    g_autofree char *weights = g_build_filename(c->folder, "weights.safetensors", NULL);
    g_autofree char *in = g_build_filename(c->folder, "in.npy", NULL);
    g_autofree char *target = g_build_filename(c->folder, "target.npy", NULL);
    g_autofree char *expected = g_build_filename(c->folder, "grads.safetensors", NULL);
    g_autofree char *grads = g_build_filename(folder, "grads.safetensors", NULL);
    g_autofree char *printed = run_fovea(c, (const char *[]){ "run", pipeline, "--weights", weights, "--in", in,
                                                              "--target", target, "--grads", grads, NULL });
    if (!printed)
        return;
    check_loss(c, printed);
    check_gradients(grads, expected);
}

static void test_case(gconstpointer data)
{
    const Case *c = data;
    g_autoptr(GError) error = NULL;
    g_autofree char *folder = g_dir_make_tmp("fovea-golden-XXXXXX", &error);
    g_assert_no_error(error);
    /* Forward kernels are the same in training: their own program is compiled for one layout only. */
    if (g_str_equal(c->lanes, "1"))
        check_prediction(c, folder);
    check_training(c, folder);
    static const char *const made[] = { "out.npy", "grads.safetensors" };
    for (size_t i = 0; i < G_N_ELEMENTS(made); i++) {
        g_autofree char *path = g_build_filename(folder, made[i], NULL);
        g_unlink(path);
    }
    g_assert_cmpint(g_rmdir(folder), ==, 0); /* nothing else may be left, such as half-written files */
}

static int by_name(gconstpointer a, gconstpointer b)
{
    return strcmp(*(char *const *) a, *(char *const *) b);
}

/* Names of the folders of @root that hold a case, sorted. */
static GPtrArray *find_cases(const char *root)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GDir) dir = g_dir_open(root, 0, &error);
    g_assert_no_error(error);
    GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
    for (const char *name; (name = g_dir_read_name(dir));) {
        g_autofree char *path = g_build_filename(root, name, "case.fv", NULL);
        if (g_file_test(path, G_FILE_TEST_IS_REGULAR))
            g_ptr_array_add(names, g_strdup(name));
    }
    g_ptr_array_sort(names, by_name);
    return names;
}

static void add_case(const char *root, const char *name, const char *lanes)
{
    g_autofree char *path = g_strdup_printf("/golden/%s/lanes-%s", name, lanes);
    Case *c = g_new0(Case, 1);
    c->folder = g_build_filename(root, name, NULL);
    c->lanes = lanes;
    g_test_add_data_func_full(path, c, test_case, case_free);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_set_nonfatal_assertions(); /* every case is run, whatever came before it */
    g_autofree char *root = g_test_build_filename(G_TEST_DIST, "golden", NULL);
    g_autoptr(GPtrArray) names = find_cases(root);
    g_assert_cmpuint(names->len, >, 0);
    for (guint i = 0; i < names->len; i++) {
        const char *name = g_ptr_array_index(names, i);
        if (argc > 2 && !g_strv_contains((const char *const *) argv + 2, name))
            continue;
        add_case(root, name, argc > 1 ? argv[1] : "1");
        if (argc < 2)
            add_case(root, name, "16");
    }
    return g_test_run();
}
