/* SPDX-License-Identifier: MIT
 * work.c: the outputs that are to be made. */
#include "core/batch/work.h"

#include "core/batch/manifest.h"
#include "core/batch/names.h"

struct FvWork {
    const FvImages *images;
    guint64 seed;
    guint copies; /* 0: of a manifest */
    char *ending;
    GPtrArray *items; /* of FvManifestItem */
};

void fv_work_item_clear(FvWorkItem *item)
{
    g_clear_pointer(&item->name, g_free);
}

FvWork *fv_work_new(const FvImages *images, guint64 seed, guint copies, const char *ending)
{
    FvWork *work = g_new0(FvWork, 1);
    work->images = images;
    work->seed = seed;
    work->copies = copies;
    work->ending = g_strdup(ending);
    return work;
}

FvWork *fv_work_from_manifest(FvImages *images, const char *manifest, GError **error)
{
    g_autoptr(FvWork) work = fv_work_new(images, 0, 0, "");
    work->items = fv_manifest_read(manifest, images, error);
    return work->items ? g_steal_pointer(&work) : NULL;
}

void fv_work_free(FvWork *work)
{
    if (!work)
        return;
    g_clear_pointer(&work->items, g_ptr_array_unref);
    g_free(work->ending);
    g_free(work);
}

guint64 fv_work_count(const FvWork *work)
{
    return work->items ? work->items->len : (guint64) fv_images_count(work->images) * work->copies;
}

guint fv_work_copies(const FvWork *work)
{
    return work->copies;
}

void fv_work_get(const FvWork *work, guint64 index, FvWorkItem *item)
{
    if (work->items) {
        *item = *(const FvWorkItem *) work->items->pdata[index];
        item->name = g_strdup(item->name);
        return;
    }
    const guint32 image = (guint32) (index / work->copies), copy = (guint32) (index % work->copies);
    *item = (FvWorkItem){ .key = { work->seed, copy, image }, .image = image };
    item->name = fv_name_output(fv_images_names(work->images)[image], copy, work->copies, work->ending);
}

guint64 fv_work_group(const FvWork *work, guint64 begin, guint most)
{
    const guint64 count = fv_work_count(work);
    if (work->items || work->copies > most)
        return MIN(begin + most, count);
    return MIN(begin + most / work->copies * work->copies, count);
}
