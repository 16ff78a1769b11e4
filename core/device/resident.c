/* SPDX-License-Identifier: MIT
 * resident.c: peak resident set, from /proc. */
#include "core/device/resident.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif

void fv_resident_reset(void)
{
#ifdef __GLIBC__
    malloc_trim(0); /* what was freed is no more ours */
#endif
    int file = open("/proc/self/clear_refs", O_WRONLY | O_CLOEXEC);
    if (file < 0)
        return;
    gssize written G_GNUC_UNUSED = write(file, "5", 1);
    close(file);
}

guint64 fv_resident_peak(void)
{
    g_autofree char *status = NULL;
    if (!g_file_get_contents("/proc/self/status", &status, NULL, NULL))
        return 0;
    const char *line = strstr(status, "\nVmHWM:");
    return line ? g_ascii_strtoull(line + strlen("\nVmHWM:"), NULL, 10) * 1024 : 0;
}
