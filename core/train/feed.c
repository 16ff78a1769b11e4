/* SPDX-License-Identifier: MIT
 * feed.c: uploads batches and enqueues their preparation, without waiting for the net. */
#include "core/train/feed.h"

#include <string.h>

enum { AHEAD = 2 }; /* uploads that may still be under way */

/* Arguments of the kernel. */
enum { ARG_PIXELS, ARG_ABOUT, ARG_INPUT, ARG_LABELS, ARG_COUNT, ARG_FIRST, ARG_N };

typedef struct {
    FvBatch *batch;
    cl_event uploaded;
} Upload;

struct FvFeed {
    FvPlan *plan;
    FvDevice *device;
    const FvPrep *prep;
    FvLoader *loader;
    cl_kernel kernel;
    cl_mem pixels, about, labels; /* one set: the queue is in order */
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
    for (int split = 0; split < FV_SPLITS && done; split++)
        done = open->info.count[split] == 0 || open->source->read(open->self, (FvSplit) split, 0, &sample, error);
    g_byte_array_unref(sample.pixels);
    g_free(sample.name);
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
    feed->pixels = fv_device_alloc_unset(feed->device, image * count, NULL);
    if (!feed->pixels)
        return;
    feed->resident = feed->pixel_bytes = image * count;
    fv_loader_keep_images(feed->loader);
}

static gboolean set_arguments(const FvFeed *feed, GError **error)
{
    const FvBuffer *input = fv_plan_input(feed->plan);
    const cl_mem memories[] = { feed->about, input->memory, feed->labels };
    cl_int code = CL_SUCCESS;
    for (cl_uint i = 0; i < G_N_ELEMENTS(memories) && code == CL_SUCCESS; i++)
        code = clSetKernelArg(feed->kernel, ARG_ABOUT + i, sizeof(cl_mem), &memories[i]);
    return code == CL_SUCCESS || fv_cl_fail(code, "preparing batches", error);
}

FvFeed *fv_feed_new(const FvFeedConfig *config, GError **error)
{
    g_autoptr(FvFeed) feed = g_new0(FvFeed, 1);
    cl_int code;
    feed->plan = config->plan;
    feed->device = fv_plan_device(config->plan);
    feed->prep = config->config.prep;
    feed->loader = fv_loader_new(&config->config, error);
    if (!feed->loader)
        return NULL;
    feed->kernel = clCreateKernel(config->kernel->program, config->kernel->name, &code);
    if (code != CL_SUCCESS) {
        fv_cl_fail(code, config->kernel->name, error);
        return NULL;
    }
    keep_images(feed, config);
    feed->batch = fv_loader_batch(feed->loader);
    size_t most = (size_t) fv_loader_most(feed->loader), params = (size_t) fv_prep_params(feed->prep);
    feed->about = take(feed, most * (sizeof(FvImageInfo) + params * sizeof(float)), error);
    feed->labels = config->label ? config->label->memory : take(feed, (size_t) feed->batch * sizeof(gint32), error);
    if (!feed->about || !feed->labels)
        return NULL;
    if (config->label)
        clRetainMemObject(feed->labels);
    return set_arguments(feed, error) ? g_steal_pointer(&feed) : NULL;
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
    if (feed->kernel)
        clReleaseKernel(feed->kernel);
    cl_mem all[] = { feed->pixels, feed->about, feed->labels };
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
    while (feed->under_way > 0)
        finish_oldest(feed);
    fv_loader_start_epoch(feed->loader, epoch, first_batch);
}

/* Images of a batch may be larger than any before. */
static gboolean make_room(FvFeed *feed, size_t bytes, GError **error)
{
    if (bytes <= feed->pixel_bytes)
        return TRUE;
    size_t wanted = bytes + bytes / 4;
    if (feed->pixels)
        clReleaseMemObject(feed->pixels); /* the queue keeps it until it is done */
    feed->pixels = take(feed, wanted, error);
    feed->pixel_bytes = feed->pixels ? wanted : 0;
    return feed->pixels != NULL;
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
    if (!feed->resident && !make_room(feed, batch->bytes, error))
        return FALSE;
    return write_buffer(feed, feed->pixels, batch->place, batch->bytes, batch->pixels, NULL, error);
}

static gboolean upload(FvFeed *feed, FvBatch *batch, GError **error)
{
    Upload *up = &feed->uploads[feed->under_way++];
    *up = (Upload){ .batch = batch };
    const cl_int count = batch->n;
    /* In-order: when the last of these is done, all are. */
    if (!upload_pixels(feed, batch, error) ||
        !write_buffer(feed, feed->about, 0, batch->about, batch->info, &up->uploaded, error))
        return FALSE;
    fv_loader_set_kept(feed->loader, batch);
    feed->taken = 0;
    cl_int code = clSetKernelArg(feed->kernel, ARG_PIXELS, sizeof feed->pixels, &feed->pixels);
    if (code == CL_SUCCESS)
        code = clSetKernelArg(feed->kernel, ARG_COUNT, sizeof count, &count);
    return code == CL_SUCCESS || fv_cl_fail(code, "preparing a batch", error);
}

static gboolean prepare(FvFeed *feed, int n, GError **error)
{
    gboolean rows = fv_feed_rows(feed->device);
    FvGrid grid = fv_prep_grid(feed->prep, n, fv_plan_lanes(feed->plan), rows);
    const cl_int first = feed->taken, samples = n;
    cl_int code = clSetKernelArg(feed->kernel, ARG_FIRST, sizeof first, &first);
    if (code == CL_SUCCESS)
        code = clSetKernelArg(feed->kernel, ARG_N, sizeof samples, &samples);
    for (int d = 0; d < 3; d++)
        grid.global[d] = MAX(1, grid.global[d]);
    if (code == CL_SUCCESS)
        code = clEnqueueNDRangeKernel(feed->device->queue, feed->kernel, 3, NULL, grid.global,
                                      grid.local[0] ? grid.local : NULL, 0, NULL, NULL);
    return code == CL_SUCCESS || fv_cl_fail(code, "preparing a batch", error);
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
