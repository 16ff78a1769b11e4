/* SPDX-License-Identifier: MIT
 * devices.c: `fovea devices`: what OpenCL devices there are. */
#include "cli/cli.h"

static const FvCliHelp help = {
    "devices", "", "Lists OpenCL devices; the first is used unless --device or FOVEA_DEVICE says otherwise.",
    "A device is chosen by its number, or by a part of its name, platform, vendor or version: --device pocl.\n"
};

static void print_device(guint number, const FvDeviceInfo *info)
{
    g_autofree char *memory = fv_cli_bytes(info->memory);
    g_autofree char *local = fv_cli_bytes(info->local_memory);
    g_print("%u  %s %s\n   %s, %s, driver %s\n   %u compute unit%s, %s memory, %s local, %s\n", number,
            fv_device_type_name(info->type), info->name, info->platform, info->version, info->driver, info->units,
            info->units == 1 ? "" : "s", memory, local, info->has_double ? "double precision" : "no double precision");
}

int fv_cli_devices(int argc, char **argv)
{
    g_auto(FvCliOptions) options = { 0 };
    g_autoptr(GError) error = NULL;
    if (!fv_cli_parse(&help, 0, NULL, &options, argc, argv) || !fv_cli_count(&help, &options, 0, 0))
        return FV_CLI_WRONG;
    g_autoptr(GPtrArray) devices = fv_device_list(&error);
    if (!devices)
        return fv_cli_fail(error);
    for (guint i = 0; i < devices->len; i++)
        print_device(i, devices->pdata[i]);
    return FV_CLI_DONE;
}
