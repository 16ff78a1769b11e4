/* SPDX-License-Identifier: MIT
 * loader.c: reads samples on worker threads, ahead of the consumer, and hands out batches in order. */
#include "core/data/order.h"

#include <string.h>

enum {
    SLOTS = 4, /* FvBatches at once: read, waiting, held */
    MAX_WORKERS = 16,
    STORAGE = 1 << 20, /* a sample's storage that is worth holding for the next one, bytes */
    RUN = 2048         /* samples to draw numbers for at once: a thread is woken for each run */
};

#define NOT_KEPT G_MAXUINT32 /* as a sample's place */

typedef enum { FREE, LOADING, READY, HELD } State;

typedef struct Slot Slot;

/* Samples begin .. end - 1 of a batch: what the pool calls a task. */
typedef struct {
    Slot *slot;
    int begin, end;
} Task;

struct Slot {
    FvBatch batch;    /* first, so that a batch is its slot */
    gsize capacity;   /* of batch.pixels */
    FvSample *sample; /* config.batch of them: no more are read at once */
    Task *tasks;      /* one for each worker */
    State state;
    int pending; /* tasks not done */
    GError *error;
    int error_at; /* the sample in the batch that it is about */
};

struct FvLoader {
    FvLoaderConfig config;
    gsize count, words;
    int most;         /* samples of a slot */
    guint32 *places;  /* of each sample among the images that are kept, or NOT_KEPT; NULL where none are to be */
    gint32 *labels;   /* of the samples that are kept */
    gsize kept;       /* how many */
    gsize image;      /* bytes of one of them */
    int run;          /* batches of a slot: more than one where all are kept */
    guint32 *indices; /* of the split */
    guint32 *order;   /* of this epoch */
    guint32 epoch;
    GThreadPool *pool;
    gint stopping; /* atomic: workers leave the rest of their tasks */
    GMutex lock;   /* for everything below, and for state, pending and error of slots */
    GCond changed;
    gint64 dispatched, next, end; /* batches: the next to begin, the next to hand out, one past the last */
    int loading;                  /* slots */
    Slot slots[SLOTS];
};

/* ------------------------------------------------------------------ workers */

static gboolean check_sample(const FvLoader *loader, const FvSample *sample, GError **error)
{
    const FvShape shape = sample->shape;
    int classes = loader->config.info->classes;
    if (shape.c < 1 || shape.h < 1 || shape.w < 1 || shape.h > G_MAXINT / shape.w ||
        (gint64) shape.h * shape.w > G_MAXINT / shape.c || sample->pixels->len != fv_shape_elements(shape)) {
        g_set_error(error, FV_ERROR, FV_ERROR_DATA, "%dx%dx%d do not go with %u bytes", shape.c, shape.h, shape.w,
                    sample->pixels->len);
        return FALSE;
    }
    if (classes > 0 && (sample->label < 0 || sample->label >= classes)) {
        g_set_error(error, FV_ERROR, FV_ERROR_DATA, "class %d, where classes are 0 to %d", sample->label, classes - 1);
        return FALSE;
    }
    return TRUE;
}

static gsize about_bytes(const FvLoader *loader)
{
    return sizeof(FvImageInfo) + sizeof(guint32) * loader->words;
}

/* Each sample is in an epoch once: while workers ask about those of an epoch, the consumer tells of others. */
static gboolean is_kept(const FvLoader *loader, guint32 index)
{
    return loader->places && loader->places[index] != NOT_KEPT;
}

static void set_offset(FvImageInfo *info, guint64 offset)
{
    info->offset_low = (guint32) offset;
    info->offset_high = (guint32) (offset >> 32);
}

static gboolean draw(const FvLoader *loader, FvBatch *batch, int i, FvShape shape, int label, GError **error)
{
    const FvLoaderConfig *config = &loader->config;
    FvImageInfo *info = &batch->info[i];
    *info = (FvImageInfo){ .c = shape.c, .h = shape.h, .w = shape.w, .label = label };
    const FvDrawKey key = { config->seed, loader->epoch, batch->samples[i] };
    return fv_prep_program(config->prep, key, shape, batch->programs + loader->words * (gsize) i, error);
}

static gboolean read_sample(const FvLoader *loader, FvBatch *batch, FvSample *sample, int i, GError **error)
{
    const FvLoaderConfig *config = &loader->config;
    FvSplit split = fv_order_source_split(config);
    g_clear_pointer(&sample->name, g_free);
    sample->label = -1;
    if (!config->source->read(config->state, split, batch->samples[i], sample, error))
        return FALSE;
    batch->names[i] = sample->name;
    if (check_sample(loader, sample, error) && draw(loader, batch, i, sample->shape, sample->label, error))
        return TRUE;
    /* What one sample is like is no mistake of the pipeline. */
    if (error && g_error_matches(*error, FV_ERROR, FV_ERROR_SHAPE))
        (*error)->code = FV_ERROR_DATA;
    if (sample->name)
        g_prefix_error(error, "%s: ", sample->name);
    else
        g_prefix_error(error, "sample %u: ", batch->samples[i]);
    return FALSE;
}

static gboolean load_sample(const FvLoader *loader, Slot *slot, int i, GError **error)
{
    FvBatch *batch = &slot->batch;
    const guint32 index = loader->order[batch->number * loader->config.batch + i];
    batch->samples[i] = index;
    if (!is_kept(loader, index))
        return read_sample(loader, batch, &slot->sample[i], i, error);
    batch->names[i] = NULL;
    if (!draw(loader, batch, i, loader->config.info->shape, loader->labels[index], error))
        return FALSE;
    set_offset(&batch->info[i], (guint64) loader->places[index] * loader->image);
    return TRUE;
}

/* Where images differ, their places are only known when all have been read. */
static gboolean join_pixels(const FvLoader *loader, Slot *slot, GError **error)
{
    FvBatch *batch = &slot->batch;
    gsize bytes = 0;
    batch->bytes = 0;
    for (int i = 0; i < batch->n; i++)
        bytes += is_kept(loader, batch->samples[i]) ? 0 : slot->sample[i].pixels->len;
    if (bytes > slot->capacity) {
        guint8 *pixels = g_try_realloc(batch->pixels, bytes);
        if (!pixels) {
            g_set_error(error, FV_ERROR, FV_ERROR_NOMEM, "no memory for a batch of %d images, %" G_GSIZE_FORMAT " MiB",
                        batch->n, bytes >> 20);
            return FALSE;
        }
        batch->pixels = pixels;
        slot->capacity = bytes;
    }
    for (int i = 0; i < batch->n; i++) {
        FvSample *sample = &slot->sample[i];
        if (is_kept(loader, batch->samples[i]))
            continue;
        set_offset(&batch->info[i], batch->bytes);
        memcpy(batch->pixels + batch->bytes, sample->pixels->data, sample->pixels->len);
        batch->bytes += sample->pixels->len;
        if (sample->pixels->len > STORAGE) {
            g_byte_array_unref(sample->pixels);
            sample->pixels = g_byte_array_new();
        }
    }
    return TRUE;
}

/* The first sample in the batch's order that failed is the one reported, whichever worker was first. */
static void keep_error(FvLoader *loader, Slot *slot, int at, GError *error)
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
    Task *task = data;
    FvLoader *loader = user_data;
    Slot *slot = task->slot;
    for (int i = task->begin; i < task->end && !g_atomic_int_get(&loader->stopping); i++) {
        GError *error = NULL;
        if (load_sample(loader, slot, i, &error))
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
    if (whole && !join_pixels(loader, slot, &error))
        keep_error(loader, slot, 0, error);
    g_mutex_lock(&loader->lock);
    slot->state = READY;
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
    batch->batches = (int) MIN(loader->run, loader->end - loader->dispatched);
    batch->n = (int) MIN(batch->batches * size, (gint64) loader->count - batch->number * size);
    batch->programs = (guint32 *) (batch->info + batch->n);
    batch->about = (gsize) batch->n * about_bytes(loader);
    loader->dispatched += batch->batches;
}

/* Gives free slots the next batches. The lock is held. */
static void dispatch(FvLoader *loader)
{
    /* Drawing numbers alone is not enough work to be divided. */
    const int workers = all_kept(loader) ? 1 : loader->config.workers;
    for (int i = 0; i < SLOTS && loader->dispatched < loader->end; i++) {
        Slot *slot = &loader->slots[i];
        if (slot->state != FREE)
            continue;
        start_batch(loader, &slot->batch);
        slot->state = LOADING;
        slot->pending = MIN(workers, slot->batch.n);
        loader->loading++;
        for (int j = 0, tasks = slot->pending; j < tasks; j++) {
            slot->tasks[j] = (Task){ slot, (int) ((gint64) slot->batch.n * j / tasks),
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
    for (int i = 0; i < SLOTS; i++) {
        Slot *slot = &loader->slots[i];
        if (slot->state == READY)
            slot->state = FREE;
        g_clear_error(&slot->error);
    }
}

/* ----------------------------------------------------------------- consumer */

/* Room for what is known of so many samples. */
static void resize_slot(const FvLoader *loader, Slot *slot, gsize most)
{
    FvBatch *batch = &slot->batch;
    batch->info = g_realloc_n(batch->info, most, about_bytes(loader));
    batch->samples = g_renew(guint32, batch->samples, most);
    batch->names = g_renew(const char *, batch->names, most);
}

static void init_slot(FvLoader *loader, Slot *slot)
{
    const gsize n = (gsize) loader->config.batch;
    slot->capacity = 1;
    slot->batch.pixels = g_malloc(slot->capacity);
    slot->tasks = g_new0(Task, (gsize) loader->config.workers);
    slot->sample = g_new0(FvSample, n);
    for (gsize i = 0; i < n; i++)
        slot->sample[i].pixels = g_byte_array_new();
    resize_slot(loader, slot, n);
}

/* What only reading needs. */
static void free_storage(const FvLoader *loader, Slot *slot)
{
    slot->capacity = 1;
    slot->batch.pixels = g_realloc(slot->batch.pixels, slot->capacity);
    for (int i = 0; slot->sample && i < loader->config.batch; i++) {
        g_byte_array_unref(slot->sample[i].pixels);
        g_free(slot->sample[i].name);
    }
    g_clear_pointer(&slot->sample, g_free);
}

static void clear_slot(const FvLoader *loader, Slot *slot)
{
    free_storage(loader, slot);
    g_free(slot->tasks);
    g_free(slot->batch.pixels);
    g_free(slot->batch.info);
    g_free(slot->batch.samples);
    g_free(slot->batch.names);
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
    loader->config.workers = MIN(loader->config.workers, MAX_WORKERS);
    loader->words = (gsize) fv_prep_words(config->prep);
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
    for (int i = 0; i < SLOTS; i++)
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
    for (int i = 0; i < SLOTS; i++)
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
    loader->image = (gsize) fv_shape_elements(loader->config.info->shape);
    loader->places = g_new(guint32, samples);
    memset(loader->places, 0xff, samples * sizeof *loader->places); /* NOT_KEPT */
    loader->labels = g_new(gint32, samples);
    loader->most = MAX(loader->most, RUN / loader->most * loader->most);
    for (int i = 0; i < SLOTS; i++)
        resize_slot(loader, &loader->slots[i], (gsize) loader->most);
}

void fv_loader_set_kept(FvLoader *loader, const FvBatch *batch)
{
    for (int i = 0; loader->places && i < batch->n && !all_kept(loader); i++) {
        if (is_kept(loader, batch->samples[i]))
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
    g_mutex_lock(&loader->lock);
    stop(loader);
    loader->epoch = epoch;
    memcpy(loader->order, loader->indices, sizeof(guint32) * loader->count);
    if (loader->config.shuffle)
        fv_order_shuffle(loader->order, loader->count, fv_random(loader->config.seed, epoch, 0, FV_STREAM_SHUFFLE));
    loader->end = fv_loader_batches(loader);
    if (all_kept(loader)) {
        loader->run = loader->most / loader->config.batch;
        for (int i = 0; i < SLOTS; i++)
            if (loader->slots[i].state == FREE)
                free_storage(loader, &loader->slots[i]);
    }
    loader->next = loader->dispatched = CLAMP(first_batch, 0, loader->end);
    dispatch(loader);
    g_mutex_unlock(&loader->lock);
}

static Slot *find_next(FvLoader *loader)
{
    for (int i = 0; i < SLOTS; i++) {
        Slot *slot = &loader->slots[i];
        if ((slot->state == LOADING || slot->state == READY) && slot->batch.number == loader->next)
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
        if (!is_kept(loader, batch->samples[i]))
            set_offset(info, batch->place + ((guint64) info->offset_high << 32 | info->offset_low));
    }
}

FvBatch *fv_loader_next(FvLoader *loader, GError **error)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&loader->lock);
    if (loader->next >= loader->end)
        return NULL;
    Slot *slot = find_next(loader);
    if (!slot) {
        g_set_error(error, FV_ERROR, FV_ERROR_DATA, "all %d batches of the loader are held", SLOTS);
        return NULL;
    }
    while (slot->state == LOADING)
        g_cond_wait(&loader->changed, &loader->lock);
    if (slot->error) {
        g_propagate_error(error, g_steal_pointer(&slot->error));
        slot->state = FREE;
        loader->next = loader->dispatched = loader->end;
        return NULL;
    }
    slot->state = HELD;
    loader->next += slot->batch.batches;
    if (slot->batch.bytes > 0)
        place_images(loader, &slot->batch);
    return &slot->batch;
}

void fv_loader_recycle(FvLoader *loader, FvBatch *batch)
{
    Slot *slot = (Slot *) batch;
    g_mutex_lock(&loader->lock);
    slot->state = FREE;
    dispatch(loader);
    g_mutex_unlock(&loader->lock);
}
