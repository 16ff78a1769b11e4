/* SPDX-License-Identifier: MIT
 * test_augment.c: the planned chain and its one kernel, on an OpenCL device, against plain C on the host.
 * Plugins are found through FOVEA_PLUGIN_PATH. Without a device only what needs none is tested. */
#include "core/augment/chain_private.h"
#include "core/data/data.h"

#include <CL/cl.h>
#include <math.h>
#include <string.h>

/* ------------------------------------------------------------------- device */

typedef struct {
    cl_device_id device;
    cl_context context;
    cl_command_queue queue;
    gboolean doubles;
} Device;

static gboolean find_device(Device *found)
{
    cl_platform_id platforms[16];
    cl_uint count = 0;
    *found = (Device){ 0 };
    if (clGetPlatformIDs(16, platforms, &count) != CL_SUCCESS)
        return FALSE;
    for (cl_uint i = 0; i < MIN(count, 16) && !found->device; i++)
        if (clGetDeviceIDs(platforms[i], CL_DEVICE_TYPE_ALL, 1, &found->device, NULL) != CL_SUCCESS)
            found->device = NULL;
    if (!found->device)
        return FALSE;
    char extensions[8192] = "";
    clGetDeviceInfo(found->device, CL_DEVICE_EXTENSIONS, sizeof extensions, extensions, NULL);
    found->doubles = strstr(extensions, "cl_khr_fp64") != NULL;
    cl_int code;
    found->context = clCreateContext(NULL, 1, &found->device, NULL, NULL, &code);
    g_assert_cmpint(code, ==, CL_SUCCESS);
    found->queue = clCreateCommandQueue(found->context, found->device, 0, &code);
    g_assert_cmpint(code, ==, CL_SUCCESS);
    return TRUE;
}

static void release_device(Device *device)
{
    clReleaseCommandQueue(device->queue);
    clReleaseContext(device->context);
}

static cl_program build(const Device *device, const char *source, int lanes, gboolean doubles)
{
    g_autofree char *options = g_strdup_printf("-cl-std=CL1.2 -DFV_L=%d -DFV_DOUBLE=%d", lanes, doubles);
    g_autofree char *file = g_test_build_filename(G_TEST_DIST, "..", "core", "plan", "prelude.cl", NULL);
    g_autofree char *prelude = NULL;
    GError *error = NULL;
    g_assert_true(g_file_get_contents(file, &prelude, NULL, &error));
    const char *parts[] = { prelude, "\n#define FV_NAME(x) fv0_##x\n", source };
    cl_int code;
    cl_program program = clCreateProgramWithSource(device->context, 3, parts, NULL, &code);
    g_assert_cmpint(code, ==, CL_SUCCESS);
    if (clBuildProgram(program, 1, &device->device, options, NULL, NULL) != CL_SUCCESS) {
        static char log[65536];
        clGetProgramBuildInfo(program, device->device, CL_PROGRAM_BUILD_LOG, sizeof log, log, NULL);
        g_error("%s\n%s", source, log);
    }
    return program;
}

static cl_mem buffer(const Device *device, gsize size, const void *data)
{
    cl_int code;
    cl_mem memory = clCreateBuffer(device->context, CL_MEM_READ_WRITE | (data ? CL_MEM_COPY_HOST_PTR : 0), size,
                                   (void *) data, &code);
    g_assert_cmpint(code, ==, CL_SUCCESS);
    return memory;
}

/* A kernel whose arguments are @count memories, and then @more numbers. */
static void launch(const Device *device, cl_program program, const char *name, const cl_mem *memories, int count,
                   const cl_int *numbers, int more, FvGrid grid)
{
    cl_int code;
    cl_kernel kernel = clCreateKernel(program, name, &code);
    g_assert_cmpint(code, ==, CL_SUCCESS);
    for (int i = 0; i < count; i++)
        g_assert_cmpint(clSetKernelArg(kernel, (cl_uint) i, sizeof(cl_mem), &memories[i]), ==, CL_SUCCESS);
    for (int i = 0; i < more; i++)
        g_assert_cmpint(clSetKernelArg(kernel, (cl_uint) (count + i), sizeof(cl_int), &numbers[i]), ==, CL_SUCCESS);
    for (int i = 0; i < 3; i++)
        grid.global[i] = MAX(grid.global[i], 1);
    g_assert_cmpint(clEnqueueNDRangeKernel(device->queue, kernel, 3, NULL, grid.global,
                                           grid.local[0] ? grid.local : NULL, 0, NULL, NULL),
                    ==, CL_SUCCESS);
    g_assert_cmpint(clFinish(device->queue), ==, CL_SUCCESS);
    clReleaseKernel(kernel);
}

/* -------------------------------------------------------------------- batch */

/* Images with what was drawn for them. */
typedef struct {
    int n;
    FvShape *shapes;
    GByteArray *pixels;
    FvImageInfo *info;
    guint32 *programs;
    FvDraw **draws;
} Batch;

enum { SEED = 3, EPOCH = 1 };

/* Image i is shapes[i % kinds]; its bytes look random. */
static Batch *make_batch(const FvPrep *prep, int n, const FvShape *shapes, int kinds)
{
    const gsize words = (gsize) fv_prep_words(prep);
    Batch *batch = g_new0(Batch, 1);
    GError *error = NULL;
    batch->n = n;
    batch->shapes = g_new(FvShape, (gsize) n);
    batch->info = g_new0(FvImageInfo, (gsize) n);
    batch->programs = g_new0(guint32, (gsize) n * words);
    batch->draws = g_new0(FvDraw *, (gsize) n);
    /* An odd number of bytes before the first image: nothing is aligned. */
    batch->pixels = g_byte_array_new();
    g_byte_array_append(batch->pixels, (const guint8 *) "\x11\x22\x33", 3);
    FvRandom random = fv_random(99, 0, 0, 0);
    for (int i = 0; i < n; i++) {
        const FvShape shape = batch->shapes[i] = shapes[i % kinds];
        const FvShape as = { fv_prep_want(prep).c, shape.h, shape.w };
        const FvDrawKey key = { SEED, EPOCH, (guint32) i };
        const guint64 place = batch->pixels->len;
        guint32 *program = batch->programs + words * (gsize) i;
        g_assert_true(fv_prep_program(prep, key, NULL, &shape, program, NULL, &error));
        g_assert_no_error(error);
        batch->draws[i] = fv_draw_new(fv_prep_chain(prep), key, NULL, &as, &error);
        g_assert_no_error(error);
        fv_program_place(program, &place, 0, 0);
        batch->info[i] = (FvImageInfo){
            .offset_low = (guint32) place, .c = shape.c, .h = shape.h, .w = shape.w, .label = 7 * i + 1
        };
        for (gint64 j = 0; j < fv_shape_elements(shape); j++) {
            guint8 byte = (guint8) fv_random_bits(&random);
            g_byte_array_append(batch->pixels, &byte, 1);
        }
    }
    g_byte_array_set_size(batch->pixels, batch->pixels->len + 64);
    return batch;
}

/* What operation number @operation drew for a sample, or NULL where it is not applied. */
static const float *drawn(const Batch *batch, int s, int operation)
{
    const GArray *applied = batch->draws[s]->parts[0].applied;
    for (guint i = 0; i < applied->len; i++)
        if (g_array_index(applied, FvApplied, i).operation == operation)
            return g_array_index(applied, FvApplied, i).drawn;
    return NULL;
}

static void free_batch(Batch *batch)
{
    for (int i = 0; i < batch->n; i++)
        fv_draw_free(batch->draws[i]);
    g_free(batch->draws);
    g_free(batch->shapes);
    g_free(batch->info);
    g_free(batch->programs);
    g_byte_array_unref(batch->pixels);
    g_free(batch);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Batch, free_batch)

static double pixel(const Batch *batch, int s, int c, int y, int x)
{
    FvShape shape = batch->shapes[s];
    if (x < 0 || y < 0 || x >= shape.w || y >= shape.h)
        return 0;
    return batch->pixels->data[batch->info[s].offset_low + (gsize) ((y * shape.w + x) * shape.c + c)];
}

/* Bilinear, the edge beyond the image. */
static double bilinear(const Batch *batch, int s, int c, double u, double v)
{
    const FvShape shape = batch->shapes[s];
    const double px = CLAMP(u - 0.5, 0, shape.w - 1), py = CLAMP(v - 0.5, 0, shape.h - 1);
    const double a = px - floor(px), b = py - floor(py);
    const int x = (int) px, y = (int) py, right = MIN(x + 1, shape.w - 1), below = MIN(y + 1, shape.h - 1);
    return (pixel(batch, s, c, y, x) * (1 - a) + pixel(batch, s, c, y, right) * a) * (1 - b) +
           (pixel(batch, s, c, below, x) * (1 - a) + pixel(batch, s, c, below, right) * a) * b;
}

/* What the net's input should be at a point. */
typedef double (*Expected)(const FvPrep *prep, const Batch *batch, int s, int c, int y, int x);

/* What the kernel is told of the samples, behind some that it is not to look at; g_free() it. */
enum { BEFORE = 3 };
static guint8 *infos_and_params(const FvPrep *prep, const Batch *batch, gsize *bytes)
{
    const gsize n = (gsize) batch->n, all = n + BEFORE, words = sizeof(guint32) * (gsize) fv_prep_words(prep);
    *bytes = all * (sizeof(FvImageInfo) + words);
    guint8 *both = g_malloc0(*bytes);
    memcpy(both + BEFORE * sizeof(FvImageInfo), batch->info, n * sizeof(FvImageInfo));
    memcpy(both + all * sizeof(FvImageInfo) + BEFORE * words, batch->programs, n * words);
    return both;
}

static void check_labels(const Device *device, const Batch *batch, cl_mem memory)
{
    const gsize bytes = sizeof(gint32) * (gsize) batch->n;
    g_autofree gint32 *labels = g_malloc0(bytes);
    g_assert_cmpint(clEnqueueReadBuffer(device->queue, memory, CL_TRUE, 0, bytes, labels, 0, NULL, NULL), ==,
                    CL_SUCCESS);
    for (int i = 0; i < batch->n; i++)
        g_assert_cmpint(labels[i], ==, batch->info[i].label);
}

static void check_run(const Device *device, const FvPrep *prep, const Batch *batch, int lanes, gboolean rows,
                      gboolean doubles, Expected expected, double tolerance)
{
    FvShape want = fv_prep_want(prep);
    const int blocks = (batch->n + lanes - 1) / lanes;
    const gsize size = (gsize) (blocks * lanes) * (gsize) fv_shape_elements(want), bytes = doubles ? 8 : 4;
    g_autoptr(GString) source = g_string_new(NULL);
    fv_prep_source(prep, rows, source);
    cl_program program = build(device, source->str, lanes, doubles);
    g_autofree guint8 *out = g_malloc(size * bytes);
    memset(out, 0xff, size * bytes); /* not a number, where nothing is written */
    gsize about;
    g_autofree guint8 *samples = infos_and_params(prep, batch, &about);
    cl_mem memories[] = { buffer(device, batch->pixels->len, batch->pixels->data),
                          buffer(device, about, samples),
                          buffer(device, 16, NULL),
                          buffer(device, 16, NULL),
                          buffer(device, size * bytes, out),
                          buffer(device, sizeof(gint32) * (gsize) batch->n, NULL) };
    const int count = G_N_ELEMENTS(memories);
    const cl_int numbers[] = { batch->n + BEFORE, BEFORE, batch->n };
    launch(device, program, "fv0_prepare", memories, count, numbers, 3, fv_prep_grid(prep, batch->n, lanes, rows));
    g_assert_cmpint(clEnqueueReadBuffer(device->queue, memories[4], CL_TRUE, 0, size * bytes, out, 0, NULL, NULL), ==,
                    CL_SUCCESS);
    check_labels(device, batch, memories[5]);
    for (int s = 0; s < blocks * lanes; s++)
        for (int y = 0; y < want.h; y++)
            for (int x = 0; x < want.w; x++)
                for (int c = 0; c < want.c; c++) {
                    gsize at = (gsize) ((((s / lanes * want.h + y) * want.w + x) * want.c + c) * lanes + s % lanes);
                    double got = doubles ? ((double *) out)[at] : (double) ((float *) out)[at];
                    double right = s < batch->n ? expected(prep, batch, s, c, y, x) : 0;
                    if (!(fabs(got - right) <= tolerance))
                        g_error("sample %d channel %d row %d column %d: %.9g, expected %.9g", s, c, y, x, got, right);
                }
    for (int i = 0; i < count; i++)
        clReleaseMemObject(memories[i]);
    clReleaseProgram(program);
}

/* Both styles of kernel, several layouts, and double where there is one. */
static void check(const FvPrep *prep, int n, const FvShape *shapes, int kinds, Expected expected, double tolerance)
{
    static const struct {
        int lanes;
        gboolean rows, doubles;
    } ways[] = { { 1, TRUE, FALSE }, { 16, TRUE, FALSE }, { 4, FALSE, FALSE }, { 1, FALSE, FALSE }, { 4, TRUE, TRUE } };
    Device device;
    if (!find_device(&device)) {
        g_test_skip("no OpenCL device");
        return;
    }
    g_autoptr(Batch) batch = make_batch(prep, n, shapes, kinds);
    for (guint i = 0; i < G_N_ELEMENTS(ways); i++)
        if (!ways[i].doubles || device.doubles)
            check_run(&device, prep, batch, ways[i].lanes, ways[i].rows, ways[i].doubles, expected, tolerance);
    release_device(&device);
}

/* ------------------------------------------------------------------- chains */

typedef struct {
    FvRegistry *registry;
    GPtrArray *uses;
} Chain;

static void free_use(gpointer data)
{
    FvUse *use = data;
    fv_state_free(use->state);
    g_free(use);
}

static void clear_chain(Chain *chain)
{
    g_ptr_array_unref(chain->uses);
    fv_registry_free(chain->registry);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Chain, clear_chain)

static Chain new_chain(void)
{
    return (Chain){ fv_registry_new(), g_ptr_array_new_with_free_func(free_use) };
}

static FvState *add_plugin(Chain *chain, const FvPlugin *plugin)
{
    FvUse *use = g_new0(FvUse, 1);
    use->plugin = plugin;
    use->state = fv_state_new(plugin);
    use->loc = (FvLoc){ "chain", 1, (int) chain->uses->len + 1 };
    g_ptr_array_add(chain->uses, use);
    return use->state;
}

static FvState *add(Chain *chain, const char *name)
{
    GError *error = NULL;
    const FvPlugin *plugin = fv_registry_find(chain->registry, FV_AUGMENT, name, &error);
    g_assert_no_error(error);
    return add_plugin(chain, plugin);
}

static void set(FvState *state, const FvPlugin *plugin, const char *name, FvValue value)
{
    GError *error = NULL;
    g_assert_true(fv_option_set(state, fv_option_find(plugin, name, NULL), &value, &error));
    g_assert_no_error(error);
}

static const FvPlugin *plugin_of(const Chain *chain)
{
    return ((FvUse *) g_ptr_array_index(chain->uses, chain->uses->len - 1))->plugin;
}

static void add_crop(Chain *chain, double h, double w, double pad, const char *at)
{
    FvState *state = add(chain, "crop");
    const double size[] = { h, w };
    set(state, plugin_of(chain), "size", (FvValue){ .type = FV_VALUE_LIST, .count = 2, .list = size });
    set(state, plugin_of(chain), "pad", (FvValue){ .type = FV_VALUE_NUMBER, .number = pad });
    set(state, plugin_of(chain), "at", (FvValue){ .type = FV_VALUE_WORD, .text = at });
}

static void add_flip(Chain *chain, double p, const char *axis)
{
    FvState *state = add(chain, "flip");
    set(state, plugin_of(chain), "p", (FvValue){ .type = FV_VALUE_NUMBER, .number = p });
    set(state, plugin_of(chain), "axis", (FvValue){ .type = FV_VALUE_WORD, .text = axis });
}

static void add_normalize(Chain *chain, int count, const double *mean, const double *std)
{
    FvState *state = add(chain, "normalize");
    set(state, plugin_of(chain), "mean", (FvValue){ .type = FV_VALUE_LIST, .count = count, .list = mean });
    set(state, plugin_of(chain), "std", (FvValue){ .type = FV_VALUE_LIST, .count = count, .list = std });
}

static FvPrep *plan_chain(const Chain *augment, const Chain *prepare, FvShape in, FvShape want, gboolean training)
{
    GError *error = NULL;
    FvPrep *prep =
        fv_prep_new(augment ? augment->uses : NULL, prepare ? prepare->uses : NULL, in, want, training, NULL, &error);
    g_assert_no_error(error);
    return prep;
}

/* A turn by a drawn angle about the middle, as code and as a matrix; and a gain whose option `p` has the name of the
 * pixel itself. */
typedef struct {
    FvRange radians;
    int fill;
    FvFloats value;
} Turn;
static const FvOption turn_options[] = {
    FV_OPT_RANGE(Turn, radians, -0.5, 0.5, -4, 4, "how far", .unit = "radians"),
    FV_OPT_FILL(Turn),
    { 0 },
};

static gboolean turn_forward(const void *self, FvShape in, FvShape out, const float *numbers, double *u, double *v)
{
    const double x = *u - in.w / 2.0, y = *v - in.h / 2.0, a = cos(numbers[0]), b = sin(numbers[0]);
    *u = a * x + b * y + out.w / 2.0;
    *v = -b * x + a * y + out.h / 2.0;
    return TRUE;
}

static void turn_matrix(const void *self, FvShape in, FvShape out, const float *numbers, double m[6])
{
    const double a = cos(numbers[0]), b = sin(numbers[0]);
    const double made[6] = { a, -b, in.w / 2.0 - a * out.w / 2.0 + b * out.h / 2.0,
                             b, a,  in.h / 2.0 - b * out.w / 2.0 - a * out.h / 2.0 };
    memcpy(m, made, sizeof made);
}

static const FvAugment turn = {
    .base = { FV_HEAD(FvAugment, Turn), .kind = FV_AUGMENT, .name = "turn", .summary = "turns",
              .options = turn_options },
    .coord_map =
        "float x = u - out_w / 2, y = v - out_h / 2;\n"
        "u = cos(radians) * x - sin(radians) * y + in_w / 2;\n"
        "v = sin(radians) * x + cos(radians) * y + in_h / 2;",
    .drawn = { "radians" },
    .forward_point = turn_forward,
};

static const FvAugment straight_turn = {
    .base = { FV_HEAD(FvAugment, Turn), .kind = FV_AUGMENT, .name = "straight_turn", .summary = "turns",
              .options = turn_options },
    .drawn = { "radians" },
    .matrix = turn_matrix,
};

typedef struct {
    FvRange shift;
    float p;
} Gain;
static const FvOption gain_options[] = {
    FV_OPT_RANGE(Gain, shift, 0, 1, 0, 1, "added"),
    FV_OPT_P(Gain, 0.5),
    { 0 },
};

static const FvAugment gain = {
    .base = { FV_HEAD(FvAugment, Gain), .kind = FV_AUGMENT, .name = "gain", .summary = "brighter",
              .options = gain_options },
    .pixel_map = "p = p * 2.0f + shift + 0.001f * (u + out_w * v) + 0.1f * c;",
    .drawn = { "shift" },
    .places = TRUE,
};

/* ------------------------------------------------------------------ kernels */

static double copied(const FvPrep *prep, const Batch *batch, int s, int c, int y, int x)
{
    return (float) pixel(batch, s, c, y, x) * (1.0f / 255.0f);
}

static void test_copy(void)
{
    const FvShape shapes[] = { { 1, 5, 7 }, { 3, 4, 9 }, { 5, 3, 3 } };
    for (guint i = 0; i < G_N_ELEMENTS(shapes); i++) {
        g_autoptr(FvPrep) prep = plan_chain(NULL, NULL, shapes[i], shapes[i], TRUE);
        check(prep, 19, &shapes[i], 1, copied, 0);
    }
    /* White is exactly 1. */
    g_assert_true(255.0f * (1.0f / 255.0f) == 1.0f);
}

static double to_other_channels(const FvPrep *prep, const Batch *batch, int s, int c, int y, int x)
{
    int from = batch->shapes[s].c, to = fv_prep_want(prep).c;
    if (from == 3 && to == 1)
        return (0.299 * pixel(batch, s, 0, y, x) + 0.587 * pixel(batch, s, 1, y, x) +
                0.114 * pixel(batch, s, 2, y, x)) /
               255;
    return pixel(batch, s, from == 1 ? 0 : c, y, x) / 255;
}

static void test_channels(void)
{
    const FvShape shapes[] = { { 1, 5, 7 }, { 3, 5, 7 } };
    for (int i = 0; i < 2; i++) {
        g_autoptr(FvPrep) mixed = plan_chain(NULL, NULL, (FvShape){ 0, 5, 7 }, shapes[i], TRUE);
        check(mixed, 6, shapes, 2, to_other_channels, 1e-6);
        g_autoptr(FvPrep) other = plan_chain(NULL, NULL, shapes[1 - i], shapes[i], TRUE);
        check(other, 6, &shapes[1 - i], 1, to_other_channels, 1e-6);
    }
}

/* crop, then flip: left and top are drawn. */
static double cropped(const FvPrep *prep, const Batch *batch, int s, int c, int y, int x)
{
    const float *params = drawn(batch, s, 0);
    if (drawn(batch, s, 1))
        x = fv_prep_want(prep).w - 1 - x;
    return (float) pixel(batch, s, c, y + (int) params[1], x + (int) params[0]) * (1.0f / 255.0f);
}

static void test_crop_and_flip(void)
{
    g_auto(Chain) chain = new_chain();
    add_crop(&chain, 6, 9, 2, "random");
    add_flip(&chain, 0.5, "horizontal");
    const FvShape shape = { 3, 7, 10 };
    g_autoptr(FvPrep) prep = plan_chain(&chain, NULL, shape, (FvShape){ 3, 6, 9 }, TRUE);
    check(prep, 40, &shape, 1, cropped, 0);
    g_autoptr(Batch) batch = make_batch(prep, 400, &shape, 1);
    int flipped = 0, seen[6 * 6] = { 0 };
    for (int s = 0; s < batch->n; s++) {
        const float *params = drawn(batch, s, 0);
        g_assert_true(params[0] >= -2 && params[0] <= 3 && params[1] >= -2 && params[1] <= 3);
        seen[((int) params[1] + 2) * 6 + (int) params[0] + 2]++;
        flipped += drawn(batch, s, 1) != NULL;
    }
    for (guint i = 0; i < G_N_ELEMENTS(seen); i++)
        g_assert_cmpint(seen[i], >, 0);
    g_assert_cmpint(flipped, >, 150);
    g_assert_cmpint(flipped, <, 250);
}

/* flip, then crop: the other order gives other pixels. Images differ in size, so that extents travel with samples. */
static double flipped_first(const FvPrep *prep, const Batch *batch, int s, int c, int y, int x)
{
    FvShape shape = batch->shapes[s];
    int left = (shape.w - 4) / 2, top = (shape.h - 3) / 2;
    return (float) pixel(batch, s, c, shape.h - 1 - (y + top), x + left) * (1.0f / 255.0f);
}

static void test_sizes_differ(void)
{
    g_auto(Chain) chain = new_chain();
    add_flip(&chain, 1, "vertical");
    add_crop(&chain, 3, 4, 0, "centre");
    const FvShape shapes[] = { { 1, 3, 4 }, { 1, 8, 5 }, { 1, 5, 12 } };
    g_autoptr(FvPrep) prep = plan_chain(NULL, &chain, (FvShape){ 1, 0, 0 }, (FvShape){ 1, 3, 4 }, FALSE);
    check(prep, 10, shapes, 3, flipped_first, 0);
}

static double normalized(const FvPrep *prep, const Batch *batch, int s, int c, int y, int x)
{
    static const double mean[] = { 0.485, 0.456, 0.406 }, std[] = { 0.229, 0.224, 0.225 };
    return ((pixel(batch, s, c, y, x) / 255 - mean[c]) / std[c] - 0.25) / 2;
}

static void test_normalize(void)
{
    const double mean[] = { 0.485, 0.456, 0.406 }, std[] = { 0.229, 0.224, 0.225 }, quarter = 0.25, two = 2;
    g_auto(Chain) chain = new_chain();
    add_normalize(&chain, 3, mean, std);
    add_normalize(&chain, 1, &quarter, &two);
    const FvShape shape = { 3, 4, 5 };
    g_autoptr(FvPrep) prep = plan_chain(NULL, &chain, shape, shape, FALSE);
    check(prep, 7, &shape, 1, normalized, 2e-6);
}

/* How far a point lies within an extent, and the nearest point that does. */
static double enter(double *u, double *v, int w, int h)
{
    const double inside =
        CLAMP(*u + 0.5, 0, 1) * CLAMP(w - *u + 0.5, 0, 1) * CLAMP(*v + 0.5, 0, 1) * CLAMP(h - *v + 0.5, 0, 1);
    *u = CLAMP(*u, 0.5, w - 0.5);
    *v = CLAMP(*v, 0.5, h - 0.5);
    return inside;
}

/* crop with a margin, turn, crop, gain: two fills, maps that interpolate, one sampling, some operations left out. */
static double turned(const FvPrep *prep, const Batch *batch, int s, int c, int y, int x)
{
    const float *first = drawn(batch, s, 0), *radians = drawn(batch, s, 1), *last = drawn(batch, s, 2);
    const float *shift = drawn(batch, s, 3);
    const double a = cos(radians[0]), b = sin(radians[0]);
    const double dx = x + 0.5 + last[0] - 12 / 2.0, dy = y + 0.5 + last[1] - 11 / 2.0;
    double u = a * dx - b * dy + 12 / 2.0, v = b * dx + a * dy + 11 / 2.0;
    double inside = enter(&u, &v, 12, 11);
    u += first[0];
    v += first[1];
    inside *= enter(&u, &v, batch->shapes[s].w, batch->shapes[s].h);
    const double value = bilinear(batch, s, c, u, v) / 255 * inside;
    return shift ? value * 2 + shift[0] + 0.001 * (x + 0.5 + 8 * (y + 0.5)) + 0.1 * c : value;
}

static void check_turn(const FvAugment *augment)
{
    const FvShape shape = { 3, 13, 15 };
    g_auto(Chain) chain = new_chain();
    add_crop(&chain, 11, 12, 1, "random");
    add_plugin(&chain, &augment->base);
    add_crop(&chain, 9, 8, 0, "random");
    add_plugin(&chain, &gain.base);
    g_autoptr(FvPrep) prep = plan_chain(&chain, NULL, shape, (FvShape){ 3, 9, 8 }, TRUE);
    check(prep, 21, &shape, 1, turned, 1e-4);
}

static void test_turn(void)
{
    check_turn(&turn);
    check_turn(&straight_turn);
}

/* Images and nets of single columns: a row has no second end. */
static void test_one_column(void)
{
    const FvShape shape = { 1, 6, 1 };
    g_auto(Chain) chain = new_chain();
    add_crop(&chain, 5, 1, 0, "random");
    add_flip(&chain, 0.5, "horizontal");
    g_autoptr(FvPrep) prep = plan_chain(&chain, NULL, shape, (FvShape){ 1, 5, 1 }, TRUE);
    check(prep, 21, &shape, 1, cropped, 0);
}

static void test_double_use(void)
{
    const FvShape shape = { 1, 6, 6 };
    g_auto(Chain) chain = new_chain();
    add_flip(&chain, 1, "horizontal");
    add_flip(&chain, 1, "horizontal");
    g_autoptr(FvPrep) prep = plan_chain(&chain, NULL, shape, shape, TRUE);
    check(prep, 3, &shape, 1, copied, 0);
}

/* Points of the image, forward on the host, and back by the kernel's map. */
/* Step by step a point goes the same way. */
static void assert_steps(const FvDraw *draw, double x, double y, double u, double v)
{
    const int count = fv_draw_steps(draw, 0);
    for (int i = 0; i < count; i++)
        g_assert_true(fv_draw_step(draw, 0, i, &x, &y));
    g_assert_cmpfloat_with_epsilon(x, u, 1e-9);
    g_assert_cmpfloat_with_epsilon(y, v, 1e-9);
    const FvShape last = fv_draw_step_output(draw, 0, count - 1), output = fv_draw_output(draw);
    g_assert_true(count > 0 && last.h == output.h && last.w == output.w);
}

static void check_points(const FvPrep *prep, FvShape shape)
{
    enum { POINTS = 25 };
    Device device;
    if (!find_device(&device)) {
        g_test_skip("no OpenCL device");
        return;
    }
    g_autoptr(Batch) batch = make_batch(prep, 8, &shape, 1);
    g_autoptr(GString) source = g_string_new(NULL);
    fv_prep_source(prep, FALSE, source);
    g_string_append(
        source,
        "kernel void FV_NAME(points)(global float *uv, global const int *program)\n"
        "{\n    int i = (int) get_global_id(0);\n    float u = uv[2 * i], v = uv[2 * i + 1], cover[FV_COVERS];\n"
        "    for (int k = 0; k < FV_COVERS; k++)\n        cover[k] = 1.0f;\n"
        "    FV_NAME(locate)((global const FvPass *)(program + 4), program, &u, &v, cover);\n"
        "    uv[2 * i] = u;\n    uv[2 * i + 1] = v;\n}\n");
    cl_program program = build(&device, source->str, 1, FALSE);
    for (int s = 0; s < batch->n; s++) {
        float before[2 * POINTS], at[2 * POINTS];
        for (int i = 0; i < POINTS; i++) {
            double u = before[2 * i] = 3 + (float) (i % 5) * 2, v = before[2 * i + 1] = 3 + (float) (i / 5) * 1.75f;
            g_assert_true(fv_draw_point(batch->draws[s], 0, &u, &v));
            assert_steps(batch->draws[s], before[2 * i], before[2 * i + 1], u, v);
            at[2 * i] = (float) u;
            at[2 * i + 1] = (float) v;
        }
        cl_mem memories[] = { buffer(&device, sizeof at, at),
                              buffer(&device, sizeof(guint32) * (gsize) fv_prep_words(prep),
                                     batch->programs + (gsize) (s * fv_prep_words(prep))) };
        launch(&device, program, "fv0_points", memories, 2, NULL, 0, FV_GRID(POINTS));
        g_assert_cmpint(clEnqueueReadBuffer(device.queue, memories[0], CL_TRUE, 0, sizeof at, at, 0, NULL, NULL), ==,
                        CL_SUCCESS);
        for (int i = 0; i < 2 * POINTS; i++)
            g_assert_cmpfloat(fabsf(at[i] - before[i]), <, 1e-4f);
        clReleaseMemObject(memories[0]);
        clReleaseMemObject(memories[1]);
    }
    clReleaseProgram(program);
    release_device(&device);
}

static void test_points(void)
{
    const FvShape shape = { 1, 13, 15 }, unknown = { 1, 0, 0 }, want = { 1, 9, 10 };
    g_auto(Chain) chain = new_chain();
    add_flip(&chain, 0.5, "vertical");
    add_plugin(&chain, &turn.base);
    add_crop(&chain, 9, 10, 2, "random");
    add_flip(&chain, 0.5, "horizontal");
    g_autoptr(FvPrep) prep = plan_chain(&chain, NULL, shape, want, TRUE);
    check_points(prep, shape);
    g_autoptr(FvPrep) unplanned = plan_chain(&chain, NULL, unknown, want, TRUE);
    check_points(unplanned, shape);
}

static void test_philox(void)
{
    enum { BLOCKS = 33 };
    Device device;
    if (!find_device(&device)) {
        g_test_skip("no OpenCL device");
        return;
    }
    cl_program program = build(&device,
                               "kernel void FV_NAME(bits)(global uint4 *out, int sample)\n{\n"
                               "    uint i = (uint) get_global_id(0);\n"
                               "    out[i] = fv_philox((uint4)(i, 9u, (uint) sample, 2u), (uint2)(7u, 5u));\n}\n",
                               1, FALSE);
    uint32_t bits[4 * BLOCKS];
    cl_mem out = buffer(&device, sizeof bits, NULL);
    const cl_int sample = 77;
    launch(&device, program, "fv0_bits", &out, 1, &sample, 1, FV_GRID(BLOCKS));
    g_assert_cmpint(clEnqueueReadBuffer(device.queue, out, CL_TRUE, 0, sizeof bits, bits, 0, NULL, NULL), ==,
                    CL_SUCCESS);
    FvRandom random = fv_random((uint64_t) 5 << 32 | 7, 2, 77, 9);
    for (int i = 0; i < 4 * BLOCKS; i++)
        g_assert_cmphex(bits[i], ==, fv_random_bits(&random));
    clReleaseMemObject(out);
    clReleaseProgram(program);
    release_device(&device);
}

/* --------------------------------------------------------------- on the host */

static FvDraw *draw(const FvPrep *prep, FvDrawKey key, FvShape shape)
{
    GError *error = NULL;
    FvDraw *made = fv_draw_new(fv_prep_chain(prep), key, NULL, &shape, &error);
    g_assert_no_error(error);
    return made;
}

static void test_outside_training(void)
{
    const FvShape shape = { 1, 8, 9 }, want = { 1, 5, 5 };
    g_auto(Chain) augment = new_chain();
    g_auto(Chain) prepare = new_chain();
    add_flip(&augment, 1, "horizontal");
    add_crop(&prepare, 5, 5, 1, "random");
    add_flip(&prepare, 0.9, "horizontal");
    g_autoptr(FvPrep) prep = plan_chain(&augment, &prepare, shape, want, FALSE);
    for (guint32 sample = 0; sample < 20; sample++) {
        g_autoptr(FvDraw) made = draw(prep, (FvDrawKey){ 1, 1, sample }, shape);
        const GArray *applied = made->parts[0].applied;
        g_assert_cmpuint(applied->len, ==, 1);
        g_assert_cmpfloat(g_array_index(applied, FvApplied, 0).drawn[0], ==, 2);
        g_assert_cmpfloat(g_array_index(applied, FvApplied, 0).drawn[1], ==, 1);
    }
}

static gboolean same(const FvPrep *prep, FvDrawKey a, FvDrawKey b, FvShape shape)
{
    g_autoptr(FvDraw) first = draw(prep, a, shape);
    g_autoptr(FvDraw) second = draw(prep, b, shape);
    const FvApplied *x = &g_array_index(first->parts[0].applied, FvApplied, 0);
    return memcmp(x, &g_array_index(second->parts[0].applied, FvApplied, 0), sizeof *x) == 0;
}

static void test_same_draw(void)
{
    const FvShape shape = { 1, 40, 40 };
    g_auto(Chain) chain = new_chain();
    add_crop(&chain, 20, 20, 8, "random");
    g_autoptr(FvPrep) prep = plan_chain(&chain, NULL, shape, (FvShape){ 1, 20, 20 }, TRUE);
    int others[3] = { 0 };
    for (guint32 sample = 0; sample < 50; sample++) {
        const FvDrawKey key = { 8, 4, sample };
        g_assert_true(same(prep, key, key, shape));
        others[0] += !same(prep, key, (FvDrawKey){ 9, 4, sample }, shape);
        others[1] += !same(prep, key, (FvDrawKey){ 8, 5, sample }, shape);
        others[2] += !same(prep, key, (FvDrawKey){ 8, 4, sample + 1 }, shape);
    }
    for (int i = 0; i < 3; i++)
        g_assert_cmpint(others[i], >, 40);
}

static void refuse_plan(const Chain *chain, FvShape in, FvShape want, int code, int column, const char *message)
{
    g_autoptr(GError) error = NULL;
    FvLoc where;
    g_assert_null(fv_prep_new(NULL, chain->uses, in, want, TRUE, &where, &error));
    g_assert_error(error, FV_ERROR, code);
    g_assert_cmpstr(error->message, ==, message);
    g_assert_cmpstr(where.file, ==, column ? "chain" : NULL);
    if (column)
        g_assert_cmpint(where.col, ==, column);
}

static void test_refused(void)
{
    const FvShape shape = { 3, 32, 32 }, want = { 3, 28, 28 };
    const double three[] = { 0.1, 0.2, 0.3 }, ones[] = { 1, 1, 1 };
    g_auto(Chain) none = new_chain();
    refuse_plan(&none, shape, want, FV_ERROR_SHAPE, 0,
                "the image is 3x32x32, the net's input 3x28x28; crop(28) would make it fit");
    refuse_plan(&none, (FvShape){ 4, 28, 28 }, want, FV_ERROR_SHAPE, 0,
                "the image has 4 channels, the net's input 3; only 1 and 3 can be made of each other");
    g_auto(Chain) chain = new_chain();
    add_flip(&chain, 1, "horizontal");
    add_crop(&chain, 30, 20, 0, "random");
    refuse_plan(&chain, shape, want, FV_ERROR_SHAPE, 0,
                "the image is 3x30x20 (from 3x32x32), the net's input 3x28x28; resize(28) would make it fit");
    refuse_plan(&chain, (FvShape){ 3, 29, 32 }, want, FV_ERROR_SHAPE, 2,
                "crop: the image is 29x32, with its margin 29x32, less than the crop 30x20");
    g_auto(Chain) grey = new_chain();
    add_normalize(&grey, 3, three, ones);
    refuse_plan(&grey, (FvShape){ 1, 28, 28 }, (FvShape){ 1, 28, 28 }, FV_ERROR_SHAPE, 1,
                "normalize: mean has 3 numbers, the image 1 channel");
    g_auto(Chain) full = new_chain();
    for (int i = 0; i <= FV_CHAIN_MOST; i++)
        add_flip(&full, 1, "horizontal");
    refuse_plan(&full, shape, shape, FV_ERROR_OPTION, FV_CHAIN_MOST + 1, "more than 256 operations");
}

static void refuse_draw(const FvPrep *prep, FvShape in, const char *message)
{
    g_autoptr(GError) error = NULL;
    g_autofree guint32 *program = g_new0(guint32, (gsize) fv_prep_words(prep));
    g_assert_false(fv_prep_program(prep, (FvDrawKey){ 0 }, NULL, &in, program, NULL, &error));
    g_assert_error(error, FV_ERROR, FV_ERROR_SHAPE);
    g_assert_cmpstr(error->message, ==, message);
}

static void test_refused_images(void)
{
    g_auto(Chain) chain = new_chain();
    add_crop(&chain, 28, 28, 2, "random");
    const FvShape want = { 3, 28, 28 };
    g_autoptr(FvPrep) prep = plan_chain(NULL, &chain, (FvShape){ 3, 0, 0 }, want, TRUE);
    refuse_draw(prep, (FvShape){ 3, 23, 40 },
                "crop: the image is 23x40, with its margin 27x44, less than the crop 28x28");
    refuse_draw(prep, (FvShape){ 1, 40, 40 }, "the image has 1 channel, the others 3");
    g_autoptr(FvPrep) fixed = plan_chain(NULL, NULL, want, want, TRUE);
    refuse_draw(fixed, (FvShape){ 3, 28, 29 }, "the image is 28x29, the others 28x28");
    g_autoptr(FvPrep) any = plan_chain(NULL, NULL, (FvShape){ 0, 0, 0 }, want, TRUE);
    refuse_draw(any, (FvShape){ 2, 28, 28 },
                "the image has 2 channels, the net's input 3; only 1 and 3 can be made of each other");
    refuse_draw(any, (FvShape){ 3, 40000, 40000 }, "the image is 3x40000x40000");
    refuse_draw(any, (FvShape){ 3, 0, 7 }, "the image is 3x0x7");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/augment/copy", test_copy);
    g_test_add_func("/augment/channels", test_channels);
    g_test_add_func("/augment/crop-and-flip", test_crop_and_flip);
    g_test_add_func("/augment/sizes-differ", test_sizes_differ);
    g_test_add_func("/augment/normalize", test_normalize);
    g_test_add_func("/augment/turn", test_turn);
    g_test_add_func("/augment/one-column", test_one_column);
    g_test_add_func("/augment/double-use", test_double_use);
    g_test_add_func("/augment/points", test_points);
    g_test_add_func("/augment/philox", test_philox);
    g_test_add_func("/augment/outside-training", test_outside_training);
    g_test_add_func("/augment/same-draw", test_same_draw);
    g_test_add_func("/augment/refused", test_refused);
    g_test_add_func("/augment/refused-images", test_refused_images);
    return g_test_run();
}
