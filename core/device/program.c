/* SPDX-License-Identifier: MIT
 * program.c: compiles OpenCL C, and keeps the binaries in the user's cache folder. */
#include "core/device/device.h"

#include <glib/gstdio.h>
#include <string.h>

/* A cached file: this, the SHA-256 of the binary (hex), the binary. */
static const char magic[] = "fovea program 1\n";
enum { MAGIC = sizeof magic - 1, DIGEST = 64, MAX_BINARY = 256 << 20 };

static char *cache_file(const FvDevice *device, const char *source, const char *options)
{
    if (g_strcmp0(g_getenv("FOVEA_CACHE"), "0") == 0)
        return NULL;
    const FvDeviceInfo *info = device->info;
    /* PoCL compiles work-groups lazily, after the binary is taken, and has a cache of its own that works. */
    if (strstr(info->platform, "Portable Computing Language") || strstr(info->platform, "Oclgrind"))
        return NULL;
    g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
    const char *const parts[] = { FV_VERSION,    info->platform, info->name, info->vendor,
                                  info->version, info->driver,   options,    source };
    for (guint i = 0; i < G_N_ELEMENTS(parts); i++)
        g_checksum_update(sum, (const guchar *) parts[i], (gssize) strlen(parts[i]) + 1);
    g_autofree char *name = g_strconcat(g_checksum_get_string(sum), ".bin", NULL);
    return g_build_filename(g_get_user_cache_dir(), "fovea", name, NULL);
}

static cl_program from_cache(FvDevice *device, const char *file, const char *options)
{
    g_autofree char *data = NULL;
    gsize size = 0;
    GStatBuf status_of_file;
    if (g_stat(file, &status_of_file) != 0 || status_of_file.st_size > MAX_BINARY ||
        !g_file_get_contents(file, &data, &size, NULL))
        return NULL;
    if (size < MAGIC + DIGEST || memcmp(data, magic, MAGIC) != 0)
        return NULL;
    const guchar *binary = (const guchar *) data + MAGIC + DIGEST;
    size_t length = size - MAGIC - DIGEST;
    g_autofree char *digest = g_compute_checksum_for_data(G_CHECKSUM_SHA256, binary, length);
    if (memcmp(digest, data + MAGIC, DIGEST) != 0)
        return NULL;

    cl_int code, status;
    cl_program program =
        clCreateProgramWithBinary(device->context, 1, &device->info->id, &length, &binary, &status, &code);
    if (code == CL_SUCCESS)
        code = clBuildProgram(program, 1, &device->info->id, options, NULL, NULL);
    if (code == CL_SUCCESS)
        return program;
    if (program)
        clReleaseProgram(program);
    return NULL;
}

/* A cache that cannot be written is no error: the next start compiles again. */
static void to_cache(cl_program program, const char *file)
{
    size_t size = 0;
    if (clGetProgramInfo(program, CL_PROGRAM_BINARY_SIZES, sizeof size, &size, NULL) != CL_SUCCESS || size == 0 ||
        size > MAX_BINARY)
        return;
    g_autofree guchar *binary = g_try_malloc(size);
    if (!binary || clGetProgramInfo(program, CL_PROGRAM_BINARIES, sizeof binary, &binary, NULL) != CL_SUCCESS)
        return;
    g_autofree char *folder = g_path_get_dirname(file);
    if (g_mkdir_with_parents(folder, 0700) != 0)
        return;
    g_autofree char *digest = g_compute_checksum_for_data(G_CHECKSUM_SHA256, binary, size);
    g_autoptr(GByteArray) all = g_byte_array_new();
    g_byte_array_append(all, (const guint8 *) magic, MAGIC);
    g_byte_array_append(all, (const guint8 *) digest, DIGEST);
    g_byte_array_append(all, binary, (guint) size);
    g_file_set_contents(file, (const char *) all->data, all->len, NULL);
}

cl_program fv_program_build(FvDevice *device, const char *source, const char *options, GError **error)
{
    g_autofree char *file = cache_file(device, source, options);
    cl_program program = file ? from_cache(device, file, options) : NULL;
    if (program)
        return program;

    cl_int code;
    size_t length = strlen(source);
    program = clCreateProgramWithSource(device->context, 1, &source, &length, &code);
    if (code != CL_SUCCESS) {
        fv_cl_fail(code, "creating the program", error);
        return NULL;
    }
    code = clBuildProgram(program, 1, &device->info->id, options, NULL, NULL);
    if (code == CL_SUCCESS) {
        if (file)
            to_cache(program, file);
        return program;
    }

    size_t size = 0;
    clGetProgramBuildInfo(program, device->info->id, CL_PROGRAM_BUILD_LOG, 0, NULL, &size);
    g_autofree char *log = g_malloc0(size + 1);
    clGetProgramBuildInfo(program, device->info->id, CL_PROGRAM_BUILD_LOG, size, log, NULL);
    g_set_error(error, FV_ERROR, FV_ERROR_OPENCL, "%s: the kernels do not compile (%s):\n%s", device->info->name,
                fv_cl_error_name(code), g_strstrip(log));
    clReleaseProgram(program);
    return NULL;
}
