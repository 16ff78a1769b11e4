/* SPDX-License-Identifier: MIT
 * budget.c: how much of a data set may stay in the device's memory. */
#include "core/train/budget.h"

#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

enum { SHARE = 4 }; /* one part in so many of what is left */
static const guint64 MOST = G_GUINT64_CONSTANT(4) << 30;

/* The number behind @key in a file of the system; @otherwise where there is none. */
static guint64 number_in(const char *file, const char *key, guint64 otherwise)
{
    g_autofree char *text = NULL;
    if (!g_file_get_contents(file, &text, NULL, NULL))
        return otherwise;
    const char *at = strstr(text, key);
    char *end;
    if (!at)
        return otherwise;
    guint64 number = g_ascii_strtoull(at += strlen(key), &end, 10);
    return end == at ? otherwise : number; /* "max" is no number */
}

static guint64 minus(guint64 a, guint64 b)
{
    return a > b ? a - b : 0;
}

/* What the process may still ask for (ulimit -v). */
static guint64 left_of_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_AS, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY)
        return G_MAXUINT64;
    /* Pages of its address space come first in the file. */
    return minus(limit.rlim_cur, number_in("/proc/self/statm", "", 0) * (guint64) sysconf(_SC_PAGESIZE));
}

/* A system gives memory that it does not have, and ends the process when it is used: what is left must be asked for. */
static guint64 left_on_host(void)
{
    const guint64 process = left_of_limit();
    const guint64 unknown = G_MAXUINT64 / 1024, kib = number_in("/proc/meminfo", "MemAvailable:", unknown);
    const guint64 limit = number_in("/sys/fs/cgroup/memory.max", "", G_MAXUINT64);
    const guint64 group = minus(limit, number_in("/sys/fs/cgroup/memory.current", "", 0));
    return MIN(kib * 1024, MIN(process, group));
}

guint64 fv_data_budget(const FvDevice *device, guint64 taken)
{
    const FvDeviceInfo *info = device->info;
    const char *forced = g_getenv("FOVEA_RESIDENT");
    guint64 left = minus(info->memory, taken);
    if (g_strcmp0(forced, "off") == 0)
        return 0;
    if (g_strcmp0(forced, "on") == 0)
        return MIN(info->max_alloc, left);
    if (device->host_memory) {
        const guint64 host = left_on_host();
        left = MIN(left, host);
    }
    left = MIN(left / SHARE, MOST);
    return MIN(left, info->max_alloc);
}
