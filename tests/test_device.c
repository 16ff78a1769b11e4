/* SPDX-License-Identifier: MIT
 * test_device.c: devices by number and name, memory that does not fit, error names, compiler logs, the program cache.
 */
#include "core/device/device.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

/* What a search for a device found: its number in the list, or -1 with the error. */
static int open_number(const char *which, GError **error)
{
    g_autoptr(GPtrArray) devices = fv_device_list(NULL);
    g_autoptr(FvDevice) device = fv_device_open(which, error);
    for (guint i = 0; device && i < devices->len; i++)
        if (((FvDeviceInfo *) devices->pdata[i])->id == device->info->id)
            return (int) i;
    g_assert_null(device);
    return -1;
}

static FvDevice *open_first(void)
{
    g_autoptr(GError) error = NULL;
    FvDevice *device = fv_device_open(NULL, &error);
    g_assert_no_error(error);
    return device;
}

/* ------------------------------------------------------------------ the list */

static int rank(cl_device_type type)
{
    return type & CL_DEVICE_TYPE_GPU ? 0 : type & CL_DEVICE_TYPE_CPU ? 1 : 2;
}

static void test_list(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) devices = fv_device_list(&error);
    g_assert_no_error(error);
    g_assert_cmpuint(devices->len, >, 0);
    for (guint i = 0; i < devices->len; i++) {
        const FvDeviceInfo *info = devices->pdata[i];
        g_assert_true(*info->name && *info->platform && *info->version);
        g_assert_true(g_str_has_prefix(info->version, "OpenCL "));
        g_assert_cmpuint(info->memory, >, 0);
        g_assert_cmpuint(info->max_alloc, >, 0);
        g_assert_cmpuint(info->units, >, 0);
        g_assert_cmpuint(info->align, >, 0);
        g_assert_cmpuint(info->align & (info->align - 1), ==, 0);
        g_assert_true(i == 0 || rank(((FvDeviceInfo *) devices->pdata[i - 1])->type) <= rank(info->type));
    }
}

static void test_types(void)
{
    g_assert_cmpstr(fv_device_type_name(CL_DEVICE_TYPE_GPU), ==, "GPU");
    g_assert_cmpstr(fv_device_type_name(CL_DEVICE_TYPE_CPU), ==, "CPU");
    g_assert_cmpstr(fv_device_type_name(CL_DEVICE_TYPE_CPU | CL_DEVICE_TYPE_DEFAULT), ==, "CPU");
    g_assert_cmpstr(fv_device_type_name(CL_DEVICE_TYPE_ACCELERATOR), ==, "accelerator");
    g_assert_cmpstr(fv_device_type_name(CL_DEVICE_TYPE_CUSTOM), ==, "custom");
}

/* --------------------------------------------------------------------- opening */

static void test_open_number(void)
{
    g_autoptr(GPtrArray) devices = fv_device_list(NULL);
    for (guint i = 0; i < devices->len; i++) {
        g_autoptr(GError) error = NULL;
        g_autofree char *number = g_strdup_printf("%u", i);
        g_assert_cmpint(open_number(number, &error), ==, (int) i);
        g_assert_no_error(error);
    }
}

/* Every text that a device has finds the first device which has it, in any case. */
static void test_open_part(void)
{
    g_autoptr(GPtrArray) devices = fv_device_list(NULL);
    const FvDeviceInfo *first = devices->pdata[0];
    const char *const texts[] = { first->name, first->platform, first->version };
    for (guint i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_autofree char *upper = g_ascii_strup(texts[i], -1);
        g_autofree char *part = g_ascii_strdown(texts[i] + 1, (gssize) strlen(texts[i]) - 2);
        g_assert_cmpint(open_number(texts[i], NULL), ==, 0);
        g_assert_cmpint(open_number(upper, NULL), ==, 0);
        g_assert_cmpint(open_number(part, NULL), ==, 0);
    }
}

/* @format: of the message; %u is the number of devices. */
static const struct {
    const char *which, *message;
} wrong[] = {
    { "99", "no device 99; there are %u (see fovea devices)" },
    { "18446744073709551616", "no device 18446744073709551616; there are %u (see fovea devices)" },
    { "no-such-maker", "no device with \"no-such-maker\" in its name (see fovea devices)" },
    { "-1", "no device -1; there are %u (see fovea devices)" },
    { "0 apples", "no device with \"0 apples\" in its name (see fovea devices)" },
};

static void test_open_wrong(void)
{
    g_autoptr(GPtrArray) devices = fv_device_list(NULL);
    g_autofree char *count = g_strdup_printf("%u", devices->len);
    for (guint i = 0; i < G_N_ELEMENTS(wrong); i++) {
        g_autoptr(GError) error = NULL;
        g_auto(GStrv) parts = g_strsplit(wrong[i].message, "%u", 2);
        g_autofree char *expected = g_strjoinv(count, parts);
        g_assert_cmpint(open_number(wrong[i].which, &error), ==, -1);
        g_assert_error(error, FV_ERROR, FV_ERROR_UNKNOWN);
        g_assert_cmpstr(error->message, ==, expected);
    }
}

/* FOVEA_DEVICE is asked where nothing is said, and only there. */
static void test_open_environment(void)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *before = g_strdup(g_getenv("FOVEA_DEVICE"));
    g_setenv("FOVEA_DEVICE", "no-such-maker", TRUE);
    g_assert_cmpint(open_number(NULL, &error), ==, -1);
    g_assert_error(error, FV_ERROR, FV_ERROR_UNKNOWN);
    g_assert_cmpint(open_number("0", NULL), ==, 0);
    g_assert_cmpint(open_number("", NULL), ==, 0);
    g_setenv("FOVEA_DEVICE", "", TRUE);
    g_assert_cmpint(open_number(NULL, NULL), ==, 0);
    g_unsetenv("FOVEA_DEVICE");
    if (before)
        g_setenv("FOVEA_DEVICE", before, TRUE);
}

/* ---------------------------------------------------------------------- errors */

static const struct {
    cl_int code;
    const char *name;
    FvError error;
} codes[] = {
    { CL_OUT_OF_RESOURCES, "CL_OUT_OF_RESOURCES", FV_ERROR_OPENCL },
    { CL_MEM_OBJECT_ALLOCATION_FAILURE, "CL_MEM_OBJECT_ALLOCATION_FAILURE", FV_ERROR_NOMEM },
    { CL_OUT_OF_HOST_MEMORY, "CL_OUT_OF_HOST_MEMORY", FV_ERROR_NOMEM },
    { CL_BUILD_PROGRAM_FAILURE, "CL_BUILD_PROGRAM_FAILURE", FV_ERROR_OPENCL },
    { CL_INVALID_KERNEL_ARGS, "CL_INVALID_KERNEL_ARGS", FV_ERROR_OPENCL },
    { CL_INVALID_PROPERTY, "CL_INVALID_PROPERTY", FV_ERROR_OPENCL },
    { -9999, "unknown OpenCL error", FV_ERROR_OPENCL },
};

static void test_errors(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(codes); i++) {
        g_autoptr(GError) error = NULL;
        g_autofree char *expected = g_strdup_printf("what: %s (%d)", codes[i].name, codes[i].code);
        g_assert_cmpstr(fv_cl_error_name(codes[i].code), ==, codes[i].name);
        g_assert_false(fv_cl_fail(codes[i].code, "what", &error));
        g_assert_error(error, FV_ERROR, (int) codes[i].error);
        g_assert_cmpstr(error->message, ==, expected);
    }
}

/* ---------------------------------------------------------------------- memory */

static void test_memory(void)
{
    enum { BYTES = 4099 }; /* no multiple of anything */
    g_autoptr(GError) error = NULL;
    g_autoptr(FvDevice) device = open_first();
    guint8 sent[BYTES], got[BYTES];
    cl_mem memory = fv_device_alloc(device, BYTES, &error);
    g_assert_no_error(error);
    memset(got, 1, sizeof got);
    fv_device_read(device, memory, 0, BYTES, got, &error);
    g_assert_no_error(error);
    memset(sent, 0, sizeof sent); /* as new memory is */
    g_assert_cmpmem(sent, BYTES, got, BYTES);
    for (int i = 0; i < BYTES; i++)
        sent[i] = (guint8) (7 * i);
    fv_device_write(device, memory, 0, BYTES, sent, &error);
    g_assert_no_error(error);
    fv_device_read(device, memory, 11, BYTES - 11, got, &error);
    g_assert_no_error(error);
    g_assert_cmpmem(sent + 11, BYTES - 11, got, BYTES - 11);
    clReleaseMemObject(memory);
}

static void test_part(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(FvDevice) device = open_first();
    const size_t align = device->info->align;
    const guint32 sent = 0x12345678;
    guint32 got = 0;
    cl_mem whole = fv_device_alloc(device, 4 * align, &error);
    g_assert_no_error(error);
    cl_mem part = fv_device_part(whole, 2 * align, align, &error);
    g_assert_no_error(error);
    fv_device_write(device, part, 0, sizeof sent, &sent, &error);
    fv_device_read(device, whole, 2 * align, sizeof got, &got, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(got, ==, sent);
    clReleaseMemObject(part);
    g_assert_null(fv_device_part(whole, 8 * align, align, &error)); /* past the end */
    g_assert_error(error, FV_ERROR, FV_ERROR_OPENCL);
    g_assert_true(g_str_has_prefix(error->message, "part of a buffer: CL_"));
    clReleaseMemObject(whole);
}

/* More than the device has, and more than it gives at once: an error that names the device, and no abort. */
static void test_too_large(void)
{
    g_autoptr(FvDevice) device = open_first();
    const guint64 sizes[] = { device->info->memory + 1, device->info->max_alloc + 1, (guint64) 1 << 50, G_MAXINT64 };
    for (guint i = 0; i < G_N_ELEMENTS(sizes); i++) {
        g_autoptr(GError) error = NULL;
        g_autofree char *expected = g_strdup_printf("%s: allocating %.1f MiB: CL_MEM_OBJECT_ALLOCATION_FAILURE (-4)",
                                                    device->info->name, (double) sizes[i] / 1048576);
        g_assert_null(fv_device_alloc(device, sizes[i], &error));
        g_assert_error(error, FV_ERROR, FV_ERROR_NOMEM);
        g_assert_cmpstr(error->message, ==, expected);
    }
    g_assert_null(fv_device_alloc_unset(device, device->info->memory + 1, NULL));
    cl_mem memory = fv_device_alloc(device, 64, NULL); /* it still works */
    g_assert_nonnull(memory);
    clReleaseMemObject(memory);
}

static void release(gpointer memory)
{
    clReleaseMemObject(memory);
}

/* Leaves the process so many bytes more than it has. */
static gboolean limit_memory(guint64 more)
{
    g_autofree char *text = NULL;
    if (!g_file_get_contents("/proc/self/statm", &text, NULL, NULL)) /* pages of its address space come first */
        return FALSE;
    const rlim_t bytes = g_ascii_strtoull(text, NULL, 10) * (guint64) sysconf(_SC_PAGESIZE) + more;
    return setrlimit(RLIMIT_AS, &(struct rlimit){ bytes, bytes }) == 0;
}

/* Takes piece after piece from a host that runs out of memory. */
static void test_exhausted_child(void)
{
    enum { PIECE = 32 << 20, PIECES = 8 };
    g_autoptr(FvDevice) device = open_first();
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) taken = g_ptr_array_new_with_free_func(release);
    g_assert_true(limit_memory((guint64) PIECES * PIECE));
    while (!error && taken->len < 2 * PIECES) {
        cl_mem memory = fv_device_alloc(device, PIECE, &error);
        if (memory)
            g_ptr_array_add(taken, memory);
    }
    g_assert_error(error, FV_ERROR, FV_ERROR_NOMEM);
    g_assert_cmpuint(taken->len, >, 0);
}

static void test_exhausted(void)
{
    g_autoptr(FvDevice) device = open_first();
    if (!strstr(device->info->platform, "Portable Computing Language")) {
        g_test_skip("not PoCL: its memory is not the host's");
        return;
    }
#ifdef __SANITIZE_ADDRESS__
    g_test_skip("the address sanitizer does not live with little memory");
#else
    g_test_trap_subprocess("/device/exhausted/subprocess", 0, (GTestSubprocessFlags) 0);
    g_test_trap_assert_passed();
#endif
}

/* -------------------------------------------------------------------- programs */

static const char good[] = "kernel void answer(global int *out)\n{\n    out[get_global_id(0)] = ANSWER;\n}\n";

/* What the program's kernel writes. */
static int answer_of(FvDevice *device, cl_program program)
{
    g_autoptr(GError) error = NULL;
    const size_t one = 1;
    cl_int code, answer = 0;
    cl_mem out = fv_device_alloc(device, sizeof answer, &error);
    g_assert_no_error(error);
    cl_kernel kernel = clCreateKernel(program, "answer", &code);
    g_assert_cmpint(code, ==, CL_SUCCESS);
    g_assert_cmpint(clSetKernelArg(kernel, 0, sizeof out, &out), ==, CL_SUCCESS);
    g_assert_cmpint(clEnqueueNDRangeKernel(device->queue, kernel, 1, NULL, &one, NULL, 0, NULL, NULL), ==, CL_SUCCESS);
    fv_device_read(device, out, 0, sizeof answer, &answer, &error);
    g_assert_no_error(error);
    clReleaseKernel(kernel);
    clReleaseMemObject(out);
    return answer;
}

static int build_answer(FvDevice *device, const char *options)
{
    g_autoptr(GError) error = NULL;
    cl_program program = fv_program_build(device, good, options, &error);
    g_assert_no_error(error);
    const int answer = answer_of(device, program);
    clReleaseProgram(program);
    return answer;
}

static void test_program(void)
{
    g_autoptr(FvDevice) device = open_first();
    g_assert_cmpint(build_answer(device, "-DANSWER=42"), ==, 42);
    g_assert_cmpint(build_answer(device, "-DANSWER=43"), ==, 43);
    g_assert_cmpint(build_answer(device, "-DANSWER=42"), ==, 42);
}

static void test_build_error(void)
{
    static const char bad[] = "kernel void wrong(global int *out)\n{\n    out[0] = no_such_word;\n}\n";
    g_autoptr(FvDevice) device = open_first();
    g_autoptr(GError) error = NULL;
    g_assert_null(fv_program_build(device, bad, "", &error));
    g_assert_error(error, FV_ERROR, FV_ERROR_OPENCL);
    g_assert_true(g_str_has_prefix(error->message, device->info->name));
    g_assert_nonnull(strstr(error->message, ": the kernels do not compile (CL_BUILD_PROGRAM_FAILURE):\n"));
    g_assert_nonnull(strstr(error->message, "no_such_word")); /* from the compiler's log */
}

/* ----------------------------------------------------------------------- cache */

/* Paths of the files of the cache. */
static GPtrArray *cached(void)
{
    g_autofree char *folder = g_build_filename(g_get_user_cache_dir(), "fovea", NULL);
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    GPtrArray *files = g_ptr_array_new_with_free_func(g_free);
    for (const char *name; dir && (name = g_dir_read_name(dir));)
        g_ptr_array_add(files, g_build_filename(folder, name, NULL));
    return files;
}

static void clear_cache(void)
{
    g_autoptr(GPtrArray) files = cached();
    for (guint i = 0; i < files->len; i++)
        g_unlink(files->pdata[i]);
}

/* A device whose programs fovea keeps, or NULL: PoCL and oclgrind have ways of their own. */
static FvDevice *open_cached(void)
{
    g_autoptr(GPtrArray) devices = fv_device_list(NULL);
    for (guint i = 0; i < devices->len; i++) {
        const FvDeviceInfo *info = devices->pdata[i];
        g_autofree char *number = g_strdup_printf("%u", i);
        if (!strstr(info->platform, "Portable Computing Language") && !strstr(info->platform, "Oclgrind"))
            return fv_device_open(number, NULL);
    }
    g_test_skip("no device whose programs are kept by fovea");
    return NULL;
}

/* Ways to spoil a file of that many bytes. */
static void spoil(const char *file, int way)
{
    g_autofree char *data = NULL;
    gsize size = 0;
    g_assert_true(g_file_get_contents(file, &data, &size, NULL));
    if (way == 0)
        size = 0;
    else if (way == 1)
        size = 20;
    else if (way == 2)
        size -= 1;
    else
        data[way == 3 ? 0 : way == 4 ? 20 : size - 1] ^= 1; /* magic, digest, binary */
    g_assert_true(g_file_set_contents(file, data, (gssize) size, NULL));
}

static void test_cache(void)
{
    enum { WAYS = 6 };
    g_autoptr(FvDevice) device = open_cached();
    if (!device)
        return;
    clear_cache();
    g_assert_cmpint(build_answer(device, "-DANSWER=1"), ==, 1);
    g_autoptr(GPtrArray) files = cached();
    g_assert_cmpuint(files->len, ==, 1);
    const char *file = files->pdata[0];
    g_assert_cmpint(build_answer(device, "-DANSWER=1"), ==, 1); /* from the cache */
    for (int way = 0; way < WAYS; way++) {
        spoil(file, way);
        g_assert_cmpint(build_answer(device, "-DANSWER=1"), ==, 1);
    }
    g_assert_cmpint(build_answer(device, "-DANSWER=2"), ==, 2); /* other options: another file */
    g_autoptr(GPtrArray) more = cached();
    g_assert_cmpuint(more->len, ==, 2);
    clear_cache();
    g_setenv("FOVEA_CACHE", "0", TRUE);
    g_assert_cmpint(build_answer(device, "-DANSWER=1"), ==, 1);
    g_unsetenv("FOVEA_CACHE");
    g_autoptr(GPtrArray) none = cached();
    g_assert_cmpuint(none->len, ==, 0);
}

/* Where fovea keeps nothing, nothing appears. */
static void test_no_cache(void)
{
    g_autoptr(FvDevice) device = open_first();
    if (!strstr(device->info->platform, "Portable Computing Language")) {
        g_test_skip("not PoCL");
        return;
    }
    g_assert_cmpint(build_answer(device, "-DANSWER=3"), ==, 3);
    g_autoptr(GPtrArray) files = cached();
    g_assert_cmpuint(files->len, ==, 0);
}

/* fovea's cache becomes a folder of this run alone; the caches of the drivers stay where they are, or are left out.
 * To be called before anything asks GLib for the folder. Returns it. */
static char *own_cache(void)
{
    const char *cache = g_getenv("XDG_CACHE_HOME"), *home = g_getenv("HOME");
    g_autofree char *pocl = cache ? g_build_filename(cache, "pocl", "kcache", NULL)
                                  : g_build_filename(home ? home : "/", ".cache", "pocl", "kcache", NULL);
    g_autoptr(GError) error = NULL;
    char *folder = g_dir_make_tmp("fovea-device-XXXXXX", &error);
    g_assert_no_error(error);
    g_setenv("POCL_CACHE_DIR", pocl, FALSE);
    g_setenv("MESA_SHADER_CACHE_DISABLE", "true", TRUE);
    g_setenv("XDG_CACHE_HOME", folder, TRUE);
    return folder;
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_autofree char *folder = own_cache();
    g_test_add_func("/device/list", test_list);
    g_test_add_func("/device/types", test_types);
    g_test_add_func("/device/open/number", test_open_number);
    g_test_add_func("/device/open/part", test_open_part);
    g_test_add_func("/device/open/wrong", test_open_wrong);
    g_test_add_func("/device/open/environment", test_open_environment);
    g_test_add_func("/device/errors", test_errors);
    g_test_add_func("/device/memory", test_memory);
    g_test_add_func("/device/part", test_part);
    g_test_add_func("/device/too-large", test_too_large);
    g_test_add_func("/device/exhausted", test_exhausted);
    g_test_add_func("/device/exhausted/subprocess", test_exhausted_child);
    g_test_add_func("/program/good", test_program);
    g_test_add_func("/program/build-error", test_build_error);
    g_test_add_func("/program/cache", test_cache);
    g_test_add_func("/program/no-cache", test_no_cache);
    const int failed = g_test_run();
    g_autofree char *inner = g_build_filename(folder, "fovea", NULL);
    g_rmdir(inner);
    g_rmdir(folder);
    return failed;
}
