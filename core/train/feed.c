/* SPDX-License-Identifier: MIT
 * feed.c: uploads batches and enqueues their preparation, without waiting for the net. */
#include "core/train/feed.h"

#include <string.h>

enum { AHEAD = 2 }; /* batches whose upload may still be under way */

typedef struct {
    FvBatch *batch;
    cl_event uploaded;
} Upload;

struct FvFeed {
    FvPlan *plan;
    FvDevice *device;
    const FvPrep *prep;
    FvLoader *loader;
    FvBuffer *label;
    cl_kernel kernel;
    cl_mem pixels, info, params; /* one set: the queue is in order */
    size_t pixel_bytes;
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

void fv_source_close(FvOpenSource *open)
{
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

FvFeed *fv_feed_new(FvPlan *plan, FvKernel *kernel, const FvLoaderConfig *config, FvBuffer *label, GError **error)
{
    g_autoptr(FvFeed) feed = g_new0(FvFeed, 1);
    cl_int code;
    feed->plan = plan;
    feed->device = fv_plan_device(plan);
    feed->prep = config->prep;
    feed->label = label;
    feed->loader = fv_loader_new(config, error);
    if (!feed->loader)
        return NULL;
    feed->kernel = clCreateKernel(kernel->program, kernel->name, &code);
    if (code != CL_SUCCESS) {
        fv_cl_fail(code, kernel->name, error);
        return NULL;
    }
    size_t batch = (size_t) config->batch;
    feed->info = take(feed, batch * sizeof(FvImageInfo), error);
    if (!feed->info)
        return NULL;
    feed->params = take(feed, batch * (size_t) fv_prep_params(config->prep) * sizeof(float), error);
    return feed->params ? g_steal_pointer(&feed) : NULL;
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
    cl_mem all[] = { feed->pixels, feed->info, feed->params };
    for (guint i = 0; i < G_N_ELEMENTS(all); i++)
        if (all[i])
            clReleaseMemObject(all[i]);
    g_free(feed);
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

static gboolean write_buffer(FvFeed *feed, cl_mem to, size_t bytes, const void *from, cl_event *event, GError **error)
{
    cl_int code = clEnqueueWriteBuffer(feed->device->queue, to, CL_FALSE, 0, bytes, from, 0, NULL, event);
    return code == CL_SUCCESS || fv_cl_fail(code, "uploading a batch", error);
}

static gboolean upload(FvFeed *feed, Upload *up, GError **error)
{
    const FvBatch *batch = up->batch;
    size_t n = (size_t) batch->n;
    /* In-order: when the last of these is done, all are. */
    return make_room(feed, MAX(1, batch->bytes), error) &&
           write_buffer(feed, feed->pixels, MAX(1, batch->bytes), batch->pixels, NULL, error) &&
           write_buffer(feed, feed->info, n * sizeof(FvImageInfo), batch->info, NULL, error) &&
           (!feed->label || write_buffer(feed, feed->label->memory, n * sizeof(gint32), batch->labels, NULL, error)) &&
           write_buffer(feed, feed->params, n * (size_t) fv_prep_params(feed->prep) * sizeof(float), batch->params,
                        &up->uploaded, error);
}

static gboolean prepare(FvFeed *feed, int n, GError **error)
{
    FvBuffer *input = fv_plan_input(feed->plan);
    gboolean rows = fv_feed_rows(feed->device);
    FvGrid grid = fv_prep_grid(feed->prep, n, fv_plan_lanes(feed->plan), rows);
    const cl_mem memories[] = { feed->pixels, feed->info, feed->params, input->memory };
    cl_int count = n, code = CL_SUCCESS;

    for (cl_uint i = 0; i < G_N_ELEMENTS(memories) && code == CL_SUCCESS; i++)
        code = clSetKernelArg(feed->kernel, i, sizeof(cl_mem), &memories[i]);
    if (code == CL_SUCCESS)
        code = clSetKernelArg(feed->kernel, G_N_ELEMENTS(memories), sizeof count, &count);
    for (int d = 0; d < 3; d++)
        grid.global[d] = MAX(1, grid.global[d]);
    if (code == CL_SUCCESS)
        code = clEnqueueNDRangeKernel(feed->device->queue, feed->kernel, 3, NULL, grid.global,
                                      grid.local[0] ? grid.local : NULL, 0, NULL, NULL);
    return code == CL_SUCCESS || fv_cl_fail(code, "preparing a batch", error);
}

int fv_feed_next(FvFeed *feed, GError **error)
{
    GError *failed = NULL;
    while (feed->under_way >= AHEAD)
        finish_oldest(feed);
    FvBatch *batch = fv_loader_next(feed->loader, &failed);
    if (!batch) {
        if (!failed)
            return 0;
        g_propagate_error(error, failed);
        return -1;
    }
    Upload *up = &feed->uploads[feed->under_way++];
    *up = (Upload){ .batch = batch };
    return upload(feed, up, error) && prepare(feed, batch->n, error) ? batch->n : -1;
}

const FvBatch *fv_feed_batch(const FvFeed *feed)
{
    return feed->under_way > 0 ? feed->uploads[feed->under_way - 1].batch : NULL;
}
