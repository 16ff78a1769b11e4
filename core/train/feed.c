/* SPDX-License-Identifier: MIT
 * feed.c: uploads batches and enqueues their preparation, without waiting for the net. */
#include "core/train/feed.h"

#include "core/augment/passes.h"

#include <string.h>

enum { AHEAD = 2 }; /* uploads that may still be under way */

/* The kernels of a chain: those of passes before the last, and that of the last. */
enum { KERNEL_PREPARE = FV_PASS_KINDS, KERNELS };

typedef struct {
    FvBatch *batch;
    cl_event uploaded;
} Upload;

struct FvFeed {
    FvPlan *plan;
    FvDevice *device;
    const FvPrep *prep;
    FvLoader *loader;
    cl_kernel kernels[KERNELS];                   /* NULL where the chain needs none such */
    cl_mem pixels, about, labels, planes, tables; /* one set: the queue is in order */
    size_t plane_bytes;
    size_t pixel_bytes;
    guint64 resident; /* bytes for images that stay: pixels is theirs; 0 where they do not stay */
    int batch;
    int taken;             /* samples of the newest upload that the net has been given */
    Upload uploads[AHEAD]; /* oldest first */
    int under_way;
};

/* Sources promise as many names as there are classes; who comes after wants an end to them. */
static void own_class_names(FvOpenSource *open)
{
    if (!open->info.class_names)
        return;
    open->class_names = g_new0(char *, (gsize) open->info.classes + 1);
    for (int i = 0; i < open->info.classes; i++)
        open->class_names[i] = g_strdup(open->info.class_names[i]);
    open->info.class_names = (const char *const *) open->class_names;
}

gboolean fv_source_open(const FvUse *use, FvOpenSource *open, GError **error)
{
    open->source = (const FvSource *) use->plugin;
    open->self = fv_state_self(use->state);
    open->info = (FvSourceInfo){ 0 };
    if (!open->source->open(open->self, &open->info, error)) {
        open->source = NULL;
        return FALSE;
    }
    own_class_names(open);
    return TRUE;
}

void fv_source_open_ahead(const FvUse *use, FvOpenSource *open)
{
    if (use->plugin)
        fv_source_open(use, open, &open->failed);
}

gboolean fv_source_try(const FvOpenSource *open, GError **error)
{
    FvSample sample = { .pixels = g_byte_array_new() };
    gboolean done = TRUE;
    for (int split = 0; split < FV_SPLITS && done; split++) {
        done = open->info.count[split] == 0 || open->source->read(open->self, (FvSplit) split, 0, &sample, error);
        g_clear_pointer(&sample.name, g_free);
    }
    g_byte_array_unref(sample.pixels);
    return done;
}

void fv_source_close(FvOpenSource *open)
{
    g_clear_error(&open->failed);
    if (open->source)
        open->source->close(open->self);
    g_clear_pointer(&open->class_names, g_strfreev);
    open->source = NULL;
}

gboolean fv_feed_rows(const FvDevice *device)
{
    return (device->info->type & CL_DEVICE_TYPE_CPU) != 0;
}

static cl_mem take(FvFeed *feed, size_t bytes, GError **error)
{
    return fv_device_alloc(feed->device, MAX(16, bytes), error);
}

/* Where there is no such memory, images are sent again in each epoch: that is no error. */
static void keep_images(FvFeed *feed, const FvFeedConfig *config)
{
    const FvShape shape = config->config.info->shape;
    const guint64 image = (guint64) fv_shape_elements(shape), count = (guint64) fv_loader_count(feed->loader);
    if (image == 0 || count > config->budget / image)
        return;
    feed->pixels = fv_device_alloc_unset(feed->device, image * count + FV_PROGRAM_PADDING, NULL);
    if (!feed->pixels)
        return;
    feed->pixel_bytes = image * count + FV_PROGRAM_PADDING;
    feed->resident = image * count;
    fv_loader_keep_images(feed->loader);
}

static gboolean open_kernels(FvFeed *feed, const FvFeedConfig *config, GError **error)
{
    const FvAugmentChain *chain = fv_prep_chain(feed->prep);
    const gboolean wanted[KERNELS] = { fv_augment_has_passes(chain), fv_augment_has_neighbours(chain),
                                       fv_augment_has_histograms(chain), TRUE };
    for (int i = 0; i < KERNELS; i++) {
        cl_int code;
        if (!wanted[i])
            continue;
        const FvKernel *kernel =
            fv_plan_extra_kernel(feed->plan, config->extra, i == KERNEL_PREPARE ? "prepare" : fv_pass_kernels[i]);
        feed->kernels[i] = clCreateKernel(kernel->program, kernel->name, &code);
        if (code != CL_SUCCESS)
            return fv_cl_fail(code, kernel->name, error);
    }
    return TRUE;
}

FvFeed *fv_feed_new(const FvFeedConfig *config, GError **error)
{
    g_autoptr(FvFeed) feed = g_new0(FvFeed, 1);
    feed->plan = config->plan;
    feed->device = fv_plan_device(config->plan);
    feed->prep = config->config.prep;
    feed->loader = fv_loader_new(&config->config, error);
    if (!feed->loader)
        return NULL;
    if (!open_kernels(feed, config, error))
        return NULL;
    keep_images(feed, config);
    feed->batch = fv_loader_batch(feed->loader);
    const size_t most = (size_t) fv_loader_most(feed->loader), words = (size_t) fv_prep_words(feed->prep);
    const gboolean tables = fv_augment_has_histograms(fv_prep_chain(feed->prep));
    feed->about = take(feed, most * (sizeof(FvImageInfo) + words * sizeof(guint32)), error);
    feed->tables = take(feed, tables ? (size_t) feed->batch * FV_PROGRAM_TABLE * sizeof(float) : 0, error);
    feed->planes = take(feed, 0, error);
    feed->labels = config->label ? config->label->memory : take(feed, (size_t) feed->batch * sizeof(gint32), error);
    if (!feed->about || !feed->labels || !feed->tables || !feed->planes)
        return NULL;
    if (config->label)
        clRetainMemObject(feed->labels);
    return g_steal_pointer(&feed);
}

/* Gives the oldest batch back to the loader, once the device has it. */
static void finish_oldest(FvFeed *feed)
{
    Upload oldest = feed->uploads[0];
    feed->under_way--;
    memmove(feed->uploads, feed->uploads + 1, (size_t) feed->under_way * sizeof oldest);
    if (oldest.uploaded) {
        clWaitForEvents(1, &oldest.uploaded);
        clReleaseEvent(oldest.uploaded);
    }
    fv_loader_recycle(feed->loader, oldest.batch);
}

void fv_feed_free(FvFeed *feed)
{
    if (!feed)
        return;
    while (feed->under_way > 0)
        finish_oldest(feed);
    if (feed->loader)
        fv_loader_free(feed->loader);
    for (int i = 0; i < KERNELS; i++)
        if (feed->kernels[i])
            clReleaseKernel(feed->kernels[i]);
    cl_mem all[] = { feed->pixels, feed->about, feed->labels, feed->planes, feed->tables };
    for (guint i = 0; i < G_N_ELEMENTS(all); i++)
        if (all[i])
            clReleaseMemObject(all[i]);
    g_free(feed);
}

guint64 fv_feed_resident(const FvFeed *feed)
{
    return feed->resident;
}

gint64 fv_feed_samples(const FvFeed *feed)
{
    return fv_loader_count(feed->loader);
}

gint64 fv_feed_batches(const FvFeed *feed)
{
    return fv_loader_batches(feed->loader);
}

void fv_feed_start_epoch(FvFeed *feed, guint32 epoch, gint64 first_batch)
{
    fv_feed_start_part(feed, epoch, first_batch, fv_feed_batches(feed));
}

void fv_feed_start_part(FvFeed *feed, guint32 epoch, gint64 first_batch, gint64 batches)
{
    while (feed->under_way > 0)
        finish_oldest(feed);
    fv_loader_start_part(feed->loader, epoch, first_batch, batches);
}

/* Images of a batch, or what lies between their passes, may be larger than any before. */
static gboolean make_room(FvFeed *feed, cl_mem *memory, size_t *has, size_t bytes, GError **error)
{
    if (bytes <= *has)
        return TRUE;
    size_t wanted = bytes + bytes / 4;
    if (*memory)
        clReleaseMemObject(*memory); /* the queue keeps it until it is done */
    *memory = take(feed, wanted, error);
    *has = *memory ? wanted : 0;
    return *memory != NULL;
}

static gboolean write_buffer(FvFeed *feed, cl_mem to, size_t offset, size_t bytes, const void *from, cl_event *event,
                             GError **error)
{
    cl_int code = clEnqueueWriteBuffer(feed->device->queue, to, CL_FALSE, offset, bytes, from, 0, NULL, event);
    return code == CL_SUCCESS || fv_cl_fail(code, "uploading a batch", error);
}

static gboolean upload_pixels(FvFeed *feed, const FvBatch *batch, GError **error)
{
    if (batch->bytes == 0)
        return TRUE;
    if (!feed->resident &&
        !make_room(feed, &feed->pixels, &feed->pixel_bytes, batch->bytes + FV_PROGRAM_PADDING, error))
        return FALSE;
    return write_buffer(feed, feed->pixels, batch->place, batch->bytes, batch->pixels, NULL, error);
}

/* Programs are told where their image lies, and the planes between its passes; those of one batch after the other may
 * lie at the same place, since the queue is in order. */
static size_t place_programs(const FvFeed *feed, FvBatch *batch)
{
    const size_t words = (size_t) fv_prep_words(feed->prep);
    size_t floats = 0, most = 0;
    for (int i = 0; i < batch->n; i++) {
        const FvImageInfo *info = &batch->info[i];
        const guint64 image = (guint64) info->offset_high << 32 | info->offset_low;
        const guint64 *images = batch->offsets ? batch->offsets + (gsize) i * (gsize) batch->parts : &image;
        guint32 *program = batch->programs + words * (size_t) i;
        if (i % feed->batch == 0)
            floats = 0;
        const size_t own = fv_program_floats(program);
        fv_program_place(program, images, floats, 0);
        floats += own;
        most = MAX(most, floats);
    }
    return most * sizeof(float);
}

/* Classes of the images that samples are mixed with; those of the first go with the infos. */
static gboolean upload_mixed(FvFeed *feed, const FvBatch *batch, GError **error)
{
    const FvBuffer *shares = fv_plan_shares(feed->plan);
    const size_t n = (size_t) batch->n;
    if (!batch->shares || !shares)
        return TRUE;
    for (int part = 1; part < batch->parts; part++) {
        const FvBuffer *to = fv_plan_part_target(feed->plan, "label", part);
        if (to &&
            !write_buffer(feed, to->memory, 0, n * sizeof(gint32), batch->labels + n * (size_t) part, NULL, error))
            return FALSE;
    }
    return write_buffer(feed, shares->memory, 0, n * (size_t) batch->parts * sizeof(float), batch->shares, NULL, error);
}

static gboolean upload(FvFeed *feed, FvBatch *batch, GError **error)
{
    Upload *up = &feed->uploads[feed->under_way++];
    *up = (Upload){ .batch = batch };
    const size_t planes = place_programs(feed, batch);
    /* In-order: when the last of these is done, all are. */
    if (!make_room(feed, &feed->planes, &feed->plane_bytes, planes > 0 ? planes + FV_PROGRAM_PADDING : 0, error) ||
        !upload_pixels(feed, batch, error) || !upload_mixed(feed, batch, error) ||
        !write_buffer(feed, feed->about, 0, batch->about, batch->info, &up->uploaded, error))
        return FALSE;
    fv_loader_set_kept(feed->loader, batch);
    feed->taken = 0;
    return TRUE;
}

/* ------------------------------------------------------------------- launches */

/* Passes before the last of the next n samples. */
static gboolean run_passes(const FvFeed *feed, int n, GError **error)
{
    const FvBatch *batch = fv_feed_batch(feed);
    const int words = fv_prep_words(feed->prep);
    FvPasses passes = { .device = feed->device,
                        .rows = fv_feed_rows(feed->device),
                        .pixels = feed->pixels,
                        .programs = feed->about,
                        .planes = feed->planes,
                        .tables = feed->tables,
                        .out = feed->tables, /* nothing is written there */
                        .begin = batch->n * (int) (sizeof(FvImageInfo) / 4) + feed->taken * words,
                        .words = words,
                        .host = batch->programs + (size_t) words * (size_t) feed->taken,
                        .count = n,
                        .but_last = TRUE };
    memcpy(passes.kernels, feed->kernels, sizeof passes.kernels);
    return fv_passes_enqueue(&passes, error);
}

static gboolean prepare(FvFeed *feed, int n, GError **error)
{
    const FvBatch *batch = fv_feed_batch(feed);
    const FvGrid grid = fv_prep_grid(feed->prep, n, fv_plan_lanes(feed->plan), fv_feed_rows(feed->device));
    const cl_mem memories[] = {
        feed->pixels, feed->about, feed->planes, feed->tables, fv_plan_input(feed->plan)->memory, feed->labels
    };
    const cl_int numbers[] = { batch->n, feed->taken, n };
    const FvPassArguments arguments = { memories, G_N_ELEMENTS(memories), numbers, G_N_ELEMENTS(numbers) };
    return run_passes(feed, n, error) &&
           fv_passes_launch(feed->device, feed->kernels[KERNEL_PREPARE], &arguments, grid, "preparing a batch", error);
}

/* FALSE without an error at the epoch's end. */
static gboolean bring_more(FvFeed *feed, GError **error)
{
    while (feed->under_way >= AHEAD)
        finish_oldest(feed);
    FvBatch *batch = fv_loader_next(feed->loader, error);
    return batch && upload(feed, batch, error);
}

int fv_feed_next(FvFeed *feed, GError **error)
{
    GError *failed = NULL;
    const FvBatch *batch = fv_feed_batch(feed);
    if ((!batch || feed->taken == batch->n) && !bring_more(feed, &failed)) {
        if (!failed)
            return 0;
        g_propagate_error(error, failed);
        return -1;
    }
    const int n = MIN(feed->batch, fv_feed_batch(feed)->n - feed->taken);
    if (!prepare(feed, n, error))
        return -1;
    feed->taken += n;
    return n;
}

const FvBatch *fv_feed_batch(const FvFeed *feed)
{
    return feed->under_way > 0 ? feed->uploads[feed->under_way - 1].batch : NULL;
}

void fv_feed_labels(const FvFeed *feed, int samples, int *labels)
{
    const FvBatch *batch = fv_feed_batch(feed);
    for (int i = 0; i < samples; i++)
        labels[i] = batch->info[feed->taken - samples + i].label;
}
