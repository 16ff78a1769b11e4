/* SPDX-License-Identifier: MIT
 * test_fit: layers that are fitted to the training split, beside scikit-learn: what they find, and what they make of
 * it.
 *
 * usage: test_fit [CASE...]. The cases are the folders of golden/fit; what the files hold is said in golden/fit.py. The
 * binary is the environment's FOVEA. */
#include "core/sink/npy.h"
#include "core/sink/safetensors.h"
#include "core/tensor.h"

#include <glib/gstdio.h>
#include <math.h>

/* Of the largest of a tensor, of SMALL at least: what is 0 in theory is some rounding error in practice. */
#define TOLERANCE 2e-5
#define SMALL 0.1

/* Batches and lanes say nothing: every case is run with several. */
static const struct {
    const char *batch, *lanes;
} ways[] = { { "16", "16" }, { "7", "1" }, { "90", "8" } };

static char *root; /* golden/fit */

static FvTensor *read_npy(const char *file)
{
    g_autoptr(GError) error = NULL;
    FvTensor *tensor = fv_npy_read(file, &error);
    g_assert_no_error(error);
    return tensor;
}

static void compare(const char *what, const FvTensor *got, const FvTensor *expected)
{
    g_autofree char *got_dims = fv_tensor_dims_text(got), *expected_dims = fv_tensor_dims_text(expected);
    double largest = 0, worst = 0;
    g_assert_cmpstr(got_dims, ==, expected_dims);
    for (gint64 i = 0; i < fv_tensor_elements(expected); i++) {
        const double off = fabs(fv_tensor_get(got, i) - fv_tensor_get(expected, i));
        worst = isnan(off) ? INFINITY : MAX(worst, off);
        largest = MAX(largest, fabs(fv_tensor_get(expected, i)));
    }
    if (!(worst <= TOLERANCE * MAX(SMALL, largest))) {
        g_test_message("%s: off by %.3g, largest %.3g", what, worst, largest);
        g_test_fail();
    }
}

/* Runs `fovea ARGUMENTS` in golden/fit. */
static void run_fovea(const char *lanes, const char *const *arguments)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) argv = g_ptr_array_new();
    g_autofree char *err = NULL;
    int status = 0;
    g_ptr_array_add(argv, (char *) g_getenv("FOVEA"));
    for (; *arguments; arguments++)
        g_ptr_array_add(argv, (char *) *arguments);
    g_ptr_array_add(argv, NULL);
    g_auto(GStrv) environment = g_environ_setenv(g_get_environ(), "FOVEA_LANES", lanes, TRUE);
    g_spawn_sync(root, (char **) argv->pdata, environment, G_SPAWN_SEARCH_PATH | G_SPAWN_STDOUT_TO_DEV_NULL, NULL, NULL,
                 NULL, &err, &status, &error);
    g_assert_no_error(error);
    if (!g_spawn_check_wait_status(status, &error))
        g_test_message("%s: %s", arguments[-1] ? arguments[-1] : "", err);
    g_assert_no_error(error);
}

/* The case with another batch, beside the folder that the run is to get. */
static char *write_pipeline(const char *folder, const char *temporary, const char *batch)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *file = g_build_filename(folder, "case.fv", NULL);
    g_autofree char *text = NULL;
    g_file_get_contents(file, &text, NULL, &error);
    g_assert_no_error(error);
    g_auto(GStrv) parts = g_strsplit(text, "batch = 16", -1);
    g_autofree char *wanted = g_strconcat("batch = ", batch, NULL);
    g_autofree char *changed = g_strjoinv(wanted, parts);
    char *out = g_build_filename(temporary, "case.fv", NULL);
    g_file_set_contents(out, changed, -1, &error);
    g_assert_no_error(error);
    return out;
}

static void check_found(const char *expected, const char *got)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(FvTensors) want = fv_safetensors_read(expected, &error);
    g_assert_no_error(error);
    g_autoptr(FvTensors) have = fv_safetensors_read(got, &error);
    g_assert_no_error(error);
    for (guint i = 0; i < fv_tensors_count(want); i++) {
        const FvNamedTensor *one = fv_tensors_at(want, i);
        const FvTensor *tensor = fv_tensors_get(have, one->name);
        g_assert_nonnull(tensor);
        compare(one->name, tensor, one->tensor);
    }
}

static void remove_folder(const char *folder)
{
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    for (const char *name = dir ? g_dir_read_name(dir) : NULL; name; name = g_dir_read_name(dir)) {
        g_autofree char *file = g_build_filename(folder, name, NULL);
        if (g_remove(file) != 0)
            remove_folder(file);
    }
    g_rmdir(folder);
}

static void run_case(const char *folder, const char *batch, const char *lanes, char **first)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *temporary = g_dir_make_tmp("fovea-fit-XXXXXX", &error);
    g_assert_no_error(error);
    g_autofree char *pipeline = write_pipeline(folder, temporary, batch);
    g_autofree char *run = g_build_filename(temporary, "run", NULL),
                    *best = g_build_filename(run, "best.safetensors", NULL);
    g_autofree char *given = g_build_filename(folder, "weights.safetensors", NULL);
    g_autofree char *expected = g_build_filename(folder, "expected.safetensors", NULL);
    g_autofree char *in = g_build_filename(folder, "in.npy", NULL), *out = g_build_filename(folder, "out.npy", NULL);
    g_autofree char *made = g_build_filename(temporary, "out.npy", NULL);
    const gboolean fits = !g_file_test(given, G_FILE_TEST_EXISTS);
    if (fits) {
        g_autofree char *bytes = NULL;
        gsize length = 0;
        run_fovea(lanes, (const char *[]){ "train", pipeline, "--out", run, NULL });
        check_found(expected, best);
        g_assert_true(g_file_get_contents(best, &bytes, &length, NULL));
        g_autofree char *sum = g_compute_checksum_for_data(G_CHECKSUM_SHA256, (guchar *) bytes, length);
        if (!*first)
            *first = g_steal_pointer(&sum);
        else
            g_assert_cmpstr(*first, ==, sum); /* to the bit, whatever came at once */
    }
    run_fovea(lanes,
              (const char *[]){ "run", pipeline, "--weights", fits ? best : given, "--in", in, "--out", made, NULL });
    g_autoptr(FvTensor) got = read_npy(made);
    g_autoptr(FvTensor) want = read_npy(out);
    /* What keeps its shape is compared as the vector that golden/fit.py writes. */
    if (got->rank == want->rank && fv_tensor_elements(got) == fv_tensor_elements(want))
        for (int d = 1; d < got->rank; d++)
            got->dims[d] = want->dims[d];
    compare("output", got, want);
    remove_folder(temporary);
}

static void test_case(gconstpointer data)
{
    g_autofree char *folder = g_build_filename(root, data, NULL);
    g_autofree char *first = NULL;
    for (guint i = 0; i < G_N_ELEMENTS(ways); i++)
        run_case(folder, ways[i].batch, ways[i].lanes, &first);
}

/* --------------------------------------------------------------- eigenvalues */

/* V A V' must be the diagonal of the values, and V V' the identity, to rounding. */
static void check_eigen(int n, const double *matrix)
{
    g_autofree double *vectors = g_memdup2(matrix, sizeof(double) * (gsize) (n * n));
    g_autofree double *values = g_new(double, n);
    g_assert_true(fv_symmetric_eigen(n, vectors, values));
    const double largest = MAX(fabs(values[0]), fabs(values[n - 1]));
    for (int k = 0; k < n; k++) {
        g_assert_true(k == 0 || values[k] <= values[k - 1]);
        for (int i = 0; i < n; i++) {
            double product = 0, unit = 0;
            for (int j = 0; j < n; j++) {
                product += matrix[MIN(i, j) * n + MAX(i, j)] * vectors[k * n + j];
                unit += vectors[k * n + j] * vectors[i * n + j];
            }
            g_assert_cmpfloat(fabs(product - values[k] * vectors[k * n + i]), <=, 1e-13 * n * largest + 1e-300);
            g_assert_cmpfloat(fabs(unit - (i == k)), <=, 1e-13 * n);
        }
    }
}

static void test_eigen(void)
{
    static const int sizes[] = { 1, 2, 3, 4, 17, 60 };
    for (guint s = 0; s < G_N_ELEMENTS(sizes); s++) {
        const int n = sizes[s];
        FvRandom random = fv_random(3, 0, (guint32) n, 0);
        g_autofree double *matrix = g_new(double, n *n), *zero = g_new0(double, n *n), *low = g_new0(double, n *n);
        for (int i = 0; i < n * n; i++)
            matrix[i] = fv_random_gaussian(&random);
        for (int i = 0; i < n; i++) /* of rank 1, and of sizes that are far apart */
            for (int j = i; j < n; j++)
                low[i * n + j] = pow(10, -i) * pow(10, -j);
        check_eigen(n, matrix);
        check_eigen(n, zero);
        check_eigen(n, low);
    }
}

/* The sign is fixed, and what is not finite is told. */
static void test_eigen_ends(void)
{
    double matrix[] = { 2, -1, 0, 2 }, values[2], broken[] = { 1, NAN, NAN, 1 };
    g_assert_true(fv_symmetric_eigen(2, matrix, values));
    g_assert_cmpfloat_with_epsilon(values[0], 3, 1e-12);
    g_assert_cmpfloat_with_epsilon(values[1], 1, 1e-12);
    for (int k = 0; k < 2; k++)
        g_assert_cmpfloat(MAX(matrix[2 * k], matrix[2 * k + 1]), >=, M_SQRT1_2 - 1e-12);
    g_assert_false(fv_symmetric_eigen(2, broken, values));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    root = g_test_build_filename(G_TEST_DIST, "golden", "fit", NULL);
    g_autoptr(GDir) dir = g_dir_open(root, 0, NULL);
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    g_assert_nonnull(dir);
    for (const char *name = g_dir_read_name(dir); name; name = g_dir_read_name(dir)) {
        g_autofree char *file = g_build_filename(root, name, "case.fv", NULL);
        if (g_file_test(file, G_FILE_TEST_EXISTS) && (argc == 1 || g_strv_contains((const char *const *) argv, name)))
            g_ptr_array_add(names, g_strdup(name));
    }
    for (guint i = 0; i < names->len; i++) {
        g_autofree char *path = g_strdup_printf("/fit/%s", (char *) names->pdata[i]);
        g_test_add_data_func(path, names->pdata[i], test_case);
    }
    g_test_add_func("/eigen/vectors", test_eigen);
    g_test_add_func("/eigen/ends", test_eigen_ends);
    const int failed = g_test_run();
    g_free(root);
    return failed;
}
