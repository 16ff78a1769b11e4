/* SPDX-License-Identifier: MIT
 * test_tensor.c: sizes of tensors that must be refused, elements of every type, and the device's layout. */
#include "core/tensor.h"

#include <math.h>
#include <string.h>

/* The sanitizer would otherwise end the program where malloc() returns NULL. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "allocator_may_return_null=1";
}

static FvTensor *make(FvDtype dtype, int rank, const gint64 *dims)
{
    GError *error = NULL;
    FvTensor *tensor = fv_tensor_new(dtype, rank, dims, &error);
    g_assert_no_error(error);
    g_assert_nonnull(tensor);
    return tensor;
}

static void test_new(void)
{
    g_autoptr(FvTensor) tensor = make(FV_F32, 4, (gint64[]){ 50, 20, 5, 5 });
    g_autofree char *text = fv_tensor_dims_text(tensor);
    g_assert_cmpstr(text, ==, "50x20x5x5");
    g_assert_cmpint(fv_tensor_elements(tensor), ==, 25000);
    for (gint64 i = 0; i < 25000; i++)
        g_assert_cmpfloat(fv_tensor_get(tensor, i), ==, 0);

    g_autoptr(FvTensor) scalar = make(FV_F64, 0, NULL);
    g_assert_cmpint(fv_tensor_elements(scalar), ==, 1);
    fv_tensor_set(scalar, 0, 3);
    g_assert_cmpfloat(fv_tensor_get(scalar, 0), ==, 3);

    g_autoptr(FvTensor) empty = make(FV_F64, 3, (gint64[]){ 2, 0, 3 });
    g_assert_cmpint(fv_tensor_elements(empty), ==, 0);
    g_assert_nonnull(empty->data);
    fv_tensor_free(NULL);
}

static void test_refused(void)
{
    static const struct {
        FvDtype dtype;
        int rank;
        gint64 dims[9];
        FvError code;
    } cases[] = {
        { FV_U8, 1, { -1 }, FV_ERROR_DATA },
        { FV_U8, 2, { G_MAXINT64, 2 }, FV_ERROR_DATA },
        { FV_F64, 1, { G_MAXINT64 / 4 }, FV_ERROR_DATA },
        { FV_F32, 3, { G_GINT64_CONSTANT(1) << 40, G_GINT64_CONSTANT(1) << 40, 0 }, FV_ERROR_DATA },
        { FV_U8, 9, { 1, 1, 1, 1, 1, 1, 1, 1, 1 }, FV_ERROR_DATA },
        { FV_U8, -1, { 0 }, FV_ERROR_DATA },
        { FV_DTYPES, 1, { 1 }, FV_ERROR_DATA },
        { FV_U8, 1, { G_GINT64_CONSTANT(1) << 60 }, FV_ERROR_NOMEM },
    };
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_assert_null(fv_tensor_new(cases[i].dtype, cases[i].rank, cases[i].dims, &error));
        g_assert_error(error, FV_ERROR, (int) cases[i].code);
    }
}

static void test_elements(void)
{
    static const struct {
        FvDtype dtype;
        double set, expected;
    } cases[] = {
        { FV_F32, 0.1, 0.1f },     { FV_F64, 0.1, 0.1 },         { FV_I64, -1e15, -1e15 },
        { FV_I64, 1e300, 0x1p63 }, { FV_I64, NAN, 0 },           { FV_I32, 2.6, 3 },
        { FV_I32, -2.6, -3 },      { FV_I32, 1e10, 2147483647 }, { FV_I32, -INFINITY, -2147483648.0 },
        { FV_U8, 255, 255 },       { FV_U8, 300, 255 },          { FV_U8, -4, 0 },
    };
    static const size_t sizes[FV_DTYPES] = { [FV_F32] = 4, [FV_F64] = 8, [FV_I64] = 8, [FV_I32] = 4, [FV_U8] = 1 };
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(FvTensor) tensor = make(cases[i].dtype, 1, (gint64[]){ 3 });
        g_assert_cmpuint(fv_dtype_size(cases[i].dtype), ==, sizes[cases[i].dtype]);
        fv_tensor_set(tensor, 1, cases[i].set);
        g_assert_cmpfloat(fv_tensor_get(tensor, 1), ==, cases[i].expected);
        g_assert_cmpfloat(fv_tensor_get(tensor, 0), ==, 0);
        g_assert_cmpfloat(fv_tensor_get(tensor, 2), ==, 0);
    }
}

static double device_get(const void *device, gint64 at, size_t real_size)
{
    return real_size == sizeof(double) ? ((const double *) device)[at] : (double) ((const float *) device)[at];
}

/* Against the formula of plugin.h, element by element. */
static void check_layout(int n, FvShape shape, int lanes, size_t real_size, gboolean from_floats)
{
    gint64 elements = fv_shape_elements(shape), all = n * elements, blocks = (n + lanes - 1) / lanes;
    gsize size = (gsize) (blocks * lanes * elements) * real_size;
    g_autofree double *nchw = g_new(double, all);
    g_autofree float *floats = g_new(float, all);
    g_autofree double *back = g_new0(double, all);
    g_autofree char *device = g_malloc(size);
    memset(device, 0xff, size); /* NaN */
    for (gint64 i = 0; i < all; i++)
        floats[i] = (float) (nchw[i] = (double) i + 0.5);
    fv_layout_pack(from_floats ? NULL : nchw, from_floats ? floats : NULL, n, shape, lanes, real_size, device);
    for (int s = 0; s < blocks * lanes; s++)
        for (int c = 0; c < shape.c; c++)
            for (int y = 0; y < shape.h; y++)
                for (int x = 0; x < shape.w; x++) {
                    gint64 at =
                        ((((gint64) (s / lanes) * shape.h + y) * shape.w + x) * shape.c + c) * lanes + s % lanes;
                    gint64 from = ((s * (gint64) shape.c + c) * shape.h + y) * shape.w + x;
                    g_assert_cmpfloat(device_get(device, at, real_size), ==, s < n ? nchw[from] : 0);
                }
    fv_layout_unpack(device, n, shape, lanes, real_size, back);
    g_assert_cmpmem(back, (gsize) all * sizeof(double), nchw, (gsize) all * sizeof(double));
}

static void test_layout(void)
{
    static const int counts[] = { 1, 3, 4, 5, 17 }, lanes[] = { 1, 4, 16 };
    static const FvShape shapes[] = { { 1, 1, 1 }, { 7, 1, 1 }, { 3, 2, 5 } };
    for (guint i = 0; i < G_N_ELEMENTS(counts); i++)
        for (guint k = 0; k < G_N_ELEMENTS(lanes); k++)
            for (guint j = 0; j < G_N_ELEMENTS(shapes); j++)
                for (int kind = 0; kind < 4; kind++)
                    check_layout(counts[i], shapes[j], lanes[k], kind & 1 ? sizeof(float) : sizeof(double), kind & 2);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/tensor/new", test_new);
    g_test_add_func("/tensor/refused", test_refused);
    g_test_add_func("/tensor/elements", test_elements);
    g_test_add_func("/tensor/layout", test_layout);
    return g_test_run();
}
