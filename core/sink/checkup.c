/* SPDX-License-Identifier: MIT
 * checkup.c: the structures of a checkup. */
#include "core/sink/checkup.h"

const char *fv_verdict_name(FvVerdict verdict)
{
    static const char *const names[FV_VERDICTS] = { "ok", "none", "warning", "fault" };
    return names[verdict];
}

static void check_free(gpointer data)
{
    FvCheck *check = data;
    g_free(check->finding);
    g_free(check->advice);
    g_array_unref(check->numbers);
    g_free(check);
}

static void layer_clear(gpointer data)
{
    g_free(((FvLayerHealth *) data)->path);
}

FvCheckup *fv_checkup_new(const char *pipeline, const char *device, guint64 seed)
{
    FvCheckup *checkup = g_new0(FvCheckup, 1);
    checkup->pipeline = g_strdup(pipeline);
    checkup->device = g_strdup(device);
    checkup->seed = seed;
    checkup->checks = g_ptr_array_new_with_free_func(check_free);
    checkup->rates = g_array_new(FALSE, FALSE, sizeof(FvTriedRate));
    checkup->layers = g_array_new(FALSE, FALSE, sizeof(FvLayerHealth));
    g_array_set_clear_func(checkup->layers, layer_clear);
    return checkup;
}

void fv_checkup_free(FvCheckup *checkup)
{
    if (!checkup)
        return;
    g_free(checkup->pipeline);
    g_free(checkup->device);
    g_ptr_array_unref(checkup->checks);
    g_array_unref(checkup->rates);
    g_array_unref(checkup->layers);
    g_free(checkup);
}

const FvCheck *fv_checkup_find(const FvCheckup *checkup, const char *id)
{
    for (guint i = 0; i < checkup->checks->len; i++) {
        const FvCheck *check = checkup->checks->pdata[i];
        if (g_str_equal(check->id, id))
            return check;
    }
    return NULL;
}

guint fv_checkup_count(const FvCheckup *checkup, FvVerdict verdict)
{
    guint count = 0;
    for (guint i = 0; i < checkup->checks->len; i++)
        count += ((const FvCheck *) checkup->checks->pdata[i])->verdict == verdict;
    return count;
}
