/* SPDX-License-Identifier: MIT
 * loader.c: worker threads that read samples ahead of the consumer, and the batches that are handed out in order. */
#include "core/data/loader_private.h"

#include <string.h>

enum { RUN = 2048 /* samples to draw numbers for at once: a thread is woken for each run */ };

/* ------------------------------------------------------------------ workers */

/* The first sample in the batch's order that failed is the one reported, whichever worker was first. */
static void keep_error(FvLoader *loader, FvSlot *slot, int at, GError *error)
{
    g_mutex_lock(&loader->lock);
    if (!slot->error || at < slot->error_at) {
        g_clear_error(&slot->error);
        slot->error = g_steal_pointer(&error);
        slot->error_at = at;
    }
    g_mutex_unlock(&loader->lock);
    g_clear_error(&error);
}

static void work(gpointer data, gpointer user_data)
{
    FvTask *task = data;
    FvLoader *loader = user_data;
    FvSlot *slot = task->slot;
    for (int i = task->begin; i < task->end && !g_atomic_int_get(&loader->stopping); i++) {
        GError *error = NULL;
        if (fv_loader_read(loader, slot, i, &error))
            continue;
        keep_error(loader, slot, i, error);
        break;
    }
    g_mutex_lock(&loader->lock);
    gboolean last = --slot->pending == 0;
    gboolean whole = last && !slot->error && !g_atomic_int_get(&loader->stopping);
    g_mutex_unlock(&loader->lock);
    if (!last)
        return;
    GError *error = NULL;
    if (whole && !fv_loader_join(loader, slot, &error))
        keep_error(loader, slot, 0, error);
    g_mutex_lock(&loader->lock);
    slot->state = FV_SLOT_READY;
    loader->loading--;
    g_cond_broadcast(&loader->changed);
    g_mutex_unlock(&loader->lock);
}

static gboolean all_kept(const FvLoader *loader)
{
    return loader->kept == loader->count;
}

static void start_batch(FvLoader *loader, FvBatch *batch)
{
    const gint64 size = loader->config.batch;
    batch->number = loader->dispatched;
    batch->place = 0;
    batch->parts = loader->parts;
    batch->batches = (int) MIN(loader->run, loader->end - loader->dispatched);
    batch->n = (int) MIN(batch->batches * size, (gint64) loader->count - batch->number * size);
    batch->programs = (guint32 *) (batch->info + batch->n);
    batch->about = (gsize) batch->n * fv_loader_about_bytes(loader);
    loader->dispatched += batch->batches;
}

/* Gives free slots the next batches. The lock is held. */
static void dispatch(FvLoader *loader)
{
    /* Drawing numbers alone is not enough work to be divided. */
    const int workers = all_kept(loader) ? 1 : loader->config.workers;
    for (int i = 0; i < FV_LOADER_SLOTS && loader->dispatched < loader->end; i++) {
        FvSlot *slot = &loader->slots[i];
        if (slot->state != FV_SLOT_FREE)
            continue;
        start_batch(loader, &slot->batch);
        slot->state = FV_SLOT_LOADING;
        slot->pending = MIN(workers, slot->batch.n);
        loader->loading++;
        for (int j = 0, tasks = slot->pending; j < tasks; j++) {
            slot->tasks[j] = (FvTask){ slot, (int) ((gint64) slot->batch.n * j / tasks),
                                       (int) ((gint64) slot->batch.n * (j + 1) / tasks) };
            /* All threads of the pool run since it was made, so that this cannot fail. */
            g_thread_pool_push(loader->pool, &slot->tasks[j], NULL);
        }
    }
}

/* Waits until no worker touches a slot, and drops what they have read. The lock is held. */
static void stop(FvLoader *loader)
{
    g_atomic_int_set(&loader->stopping, TRUE);
    while (loader->loading > 0)
        g_cond_wait(&loader->changed, &loader->lock);
    g_atomic_int_set(&loader->stopping, FALSE);
    for (int i = 0; i < FV_LOADER_SLOTS; i++) {
        FvSlot *slot = &loader->slots[i];
        if (slot->state == FV_SLOT_READY)
            slot->state = FV_SLOT_FREE;
        g_clear_error(&slot->error);
    }
}

/* ----------------------------------------------------------------- consumer */

/* Room for what is known of so many samples. */
static void resize_slot(const FvLoader *loader, FvSlot *slot, gsize most)
{
    FvBatch *batch = &slot->batch;
    batch->info = g_realloc_n(batch->info, most, fv_loader_about_bytes(loader));
    batch->samples = g_renew(guint32, batch->samples, most);
    batch->names = g_renew(const char *, batch->names, most);
}

/* What is told of each image of each sample. */
static void init_mixed(FvSlot *slot, gsize images)
{
    slot->batch.offsets = g_new0(guint64, images);
    slot->batch.labels = g_new0(gint32, images);
    slot->batch.shares = g_new0(float, images);
}

static void init_slot(FvLoader *loader, FvSlot *slot)
{
    const gsize n = (gsize) loader->config.batch * (gsize) loader->parts;
    slot->capacity = 1;
    slot->batch.pixels = g_malloc(slot->capacity);
    slot->tasks = g_new0(FvTask, (gsize) loader->config.workers);
    slot->sample = g_new0(FvSample, n);
    for (gsize i = 0; i < n; i++)
        slot->sample[i].pixels = g_byte_array_new();
    resize_slot(loader, slot, (gsize) loader->config.batch);
    if (loader->parts > 1)
        init_mixed(slot, n);
}

/* What only reading needs. */
static void free_storage(const FvLoader *loader, FvSlot *slot)
{
    slot->capacity = 1;
    slot->batch.pixels = g_realloc(slot->batch.pixels, slot->capacity);
    for (int i = 0; slot->sample && i < loader->config.batch * loader->parts; i++) {
        g_byte_array_unref(slot->sample[i].pixels);
        g_free(slot->sample[i].name);
    }
    g_clear_pointer(&slot->sample, g_free);
}

static void clear_slot(const FvLoader *loader, FvSlot *slot)
{
    free_storage(loader, slot);
    g_free(slot->tasks);
    g_free(slot->batch.pixels);
    g_free(slot->batch.info);
    g_free(slot->batch.samples);
    g_free(slot->batch.names);
    g_free(slot->batch.offsets);
    g_free(slot->batch.labels);
    g_free(slot->batch.shares);
    g_clear_error(&slot->error);
}

gint64 fv_loader_config_count(const FvLoaderConfig *config, GError **error)
{
    gsize count = 0;
    g_autofree guint32 *indices = fv_order_split(config, &count, error);
    return indices ? (gint64) count : 0;
}

FvLoader *fv_loader_new(const FvLoaderConfig *config, GError **error)
{
    g_autoptr(FvLoader) loader = g_new0(FvLoader, 1);
    GError *thread_error = NULL;
    loader->config = *config;
    g_mutex_init(&loader->lock);
    g_cond_init(&loader->changed);
    if (config->batch < 1) {
        g_set_error(error, FV_ERROR, FV_ERROR_OPTION, "a batch of %d samples", config->batch);
        return NULL;
    }
    if (loader->config.workers < 1)
        loader->config.workers = (int) g_get_num_processors();
    loader->config.workers = MIN(loader->config.workers, FV_LOADER_WORKERS);
    loader->words = (gsize) fv_prep_words(config->prep);
    loader->parts = fv_prep_parts(config->prep);
    loader->indices = fv_order_split(config, &loader->count, error);
    if (!loader->indices)
        return NULL;
    loader->config.batch = (int) MIN((gsize) config->batch, loader->count);
    loader->run = 1;
    loader->most = loader->config.batch;
    loader->order = g_memdup2(loader->indices, sizeof(guint32) * loader->count);
    loader->pool = g_thread_pool_new(work, loader, loader->config.workers, TRUE, &thread_error);
    if (thread_error) {
        g_set_error(error, FV_ERROR, FV_ERROR_IO, "no threads to read the data: %s", thread_error->message);
        g_clear_error(&thread_error);
        return NULL;
    }
    for (int i = 0; i < FV_LOADER_SLOTS; i++)
        init_slot(loader, &loader->slots[i]);
    return g_steal_pointer(&loader);
}

void fv_loader_free(FvLoader *loader)
{
    if (!loader)
        return;
    g_mutex_lock(&loader->lock);
    stop(loader);
    g_mutex_unlock(&loader->lock);
    if (loader->pool)
        g_thread_pool_free(loader->pool, FALSE, TRUE);
    for (int i = 0; i < FV_LOADER_SLOTS; i++)
        clear_slot(loader, &loader->slots[i]);
    g_free(loader->places);
    g_free(loader->labels);
    g_free(loader->order);
    g_free(loader->indices);
    g_cond_clear(&loader->changed);
    g_mutex_clear(&loader->lock);
    g_free(loader);
}

void fv_loader_keep_images(FvLoader *loader)
{
    const gsize samples = (gsize) loader->indices[loader->count - 1] + 1; /* they ascend */
    g_assert(loader->parts == 1);
    loader->image = (gsize) fv_shape_elements(loader->config.info->shape);
    loader->places = g_new(guint32, samples);
    memset(loader->places, 0xff, samples * sizeof *loader->places); /* FV_NOT_KEPT */
    loader->labels = g_new(gint32, samples);
    loader->most = MAX(loader->most, RUN / loader->most * loader->most);
    for (int i = 0; i < FV_LOADER_SLOTS; i++)
        resize_slot(loader, &loader->slots[i], (gsize) loader->most);
}

void fv_loader_set_kept(FvLoader *loader, const FvBatch *batch)
{
    for (int i = 0; loader->places && i < batch->n && !all_kept(loader); i++) {
        if (fv_loader_is_kept(loader, batch->samples[i]))
            continue;
        loader->labels[batch->samples[i]] = batch->info[i].label;
        loader->places[batch->samples[i]] = (guint32) loader->kept++;
    }
}

int fv_loader_batch(const FvLoader *loader)
{
    return loader->config.batch;
}

int fv_loader_most(const FvLoader *loader)
{
    return loader->most;
}

gint64 fv_loader_count(const FvLoader *loader)
{
    return (gint64) loader->count;
}

gint64 fv_loader_batches(const FvLoader *loader)
{
    const gsize size = (gsize) loader->config.batch;
    return (gint64) ((loader->count + size - 1) / size);
}

void fv_loader_start_epoch(FvLoader *loader, guint32 epoch, gint64 first_batch)
{
    fv_loader_start_part(loader, epoch, first_batch, fv_loader_batches(loader));
}

void fv_loader_start_part(FvLoader *loader, guint32 epoch, gint64 first_batch, gint64 batches)
{
    const gint64 first = CLAMP(first_batch, 0, fv_loader_batches(loader));
    g_mutex_lock(&loader->lock);
    stop(loader);
    loader->epoch = epoch;
    memcpy(loader->order, loader->indices, sizeof(guint32) * loader->count);
    if (loader->config.shuffle)
        fv_order_shuffle(loader->order, loader->count, fv_random(loader->config.seed, epoch, 0, FV_STREAM_SHUFFLE));
    loader->end = first + MIN(batches, fv_loader_batches(loader) - first);
    if (all_kept(loader)) {
        loader->run = loader->most / loader->config.batch;
        for (int i = 0; i < FV_LOADER_SLOTS; i++)
            if (loader->slots[i].state == FV_SLOT_FREE)
                free_storage(loader, &loader->slots[i]);
    }
    loader->next = loader->dispatched = first;
    dispatch(loader);
    g_mutex_unlock(&loader->lock);
}

static FvSlot *find_next(FvLoader *loader)
{
    for (int i = 0; i < FV_LOADER_SLOTS; i++) {
        FvSlot *slot = &loader->slots[i];
        if ((slot->state == FV_SLOT_LOADING || slot->state == FV_SLOT_READY) && slot->batch.number == loader->next)
            return slot;
    }
    return NULL;
}

/* Batches come in order, and so their images are kept in this order: behind those that are kept already. */
static void place_images(const FvLoader *loader, FvBatch *batch)
{
    batch->place = (guint64) loader->kept * loader->image;
    for (int i = 0; batch->place > 0 && i < batch->n; i++) {
        FvImageInfo *info = &batch->info[i];
        if (!fv_loader_is_kept(loader, batch->samples[i]))
            fv_image_info_set_offset(info, batch->place + ((guint64) info->offset_high << 32 | info->offset_low));
    }
}

FvBatch *fv_loader_next(FvLoader *loader, GError **error)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&loader->lock);
    if (loader->next >= loader->end)
        return NULL;
    FvSlot *slot = find_next(loader);
    if (!slot) {
        g_set_error(error, FV_ERROR, FV_ERROR_DATA, "all %d batches of the loader are held", FV_LOADER_SLOTS);
        return NULL;
    }
    while (slot->state == FV_SLOT_LOADING)
        g_cond_wait(&loader->changed, &loader->lock);
    if (slot->error) {
        g_propagate_error(error, g_steal_pointer(&slot->error));
        slot->state = FV_SLOT_FREE;
        loader->next = loader->dispatched = loader->end;
        return NULL;
    }
    slot->state = FV_SLOT_HELD;
    loader->next += slot->batch.batches;
    if (slot->batch.bytes > 0)
        place_images(loader, &slot->batch);
    return &slot->batch;
}

void fv_loader_recycle(FvLoader *loader, FvBatch *batch)
{
    FvSlot *slot = (FvSlot *) batch;
    g_mutex_lock(&loader->lock);
    slot->state = FV_SLOT_FREE;
    dispatch(loader);
    g_mutex_unlock(&loader->lock);
}
