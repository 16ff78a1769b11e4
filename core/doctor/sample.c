/* SPDX-License-Identifier: MIT
 * sample.c: takes a sample of the data to the host. */
#include "core/doctor/private.h"

#include <math.h>

/* Work that one step, and the steps at one rate, may be, so that large nets get few images: FLOPs. */
static const double step_budget = 4e10, rate_budget = 2e11;

enum {
    MOST_EACH = 64,    /* images of a batch */
    LEAST_EACH = 8,    /* fewer say nothing of a batch's statistics */
    SOME = 128,        /* images are enough for statistics */
    RATE_IMAGES = 256, /* that a rate is tried with, at least */
    LEAST_STEPS = 12,  /* and the steps */
    MOST_STEPS = 40,
    PICTURES = 1500, /* of the training split, to compare */
    JUDGED = 500,    /* of the other split */
    PICTURE_SIDE = 18
};

/* ------------------------------------------------------------------ pictures */

/* The sides of the squares that are averaged. */
static int square_of(FvShape shape)
{
    const int channels = MIN(shape.c, 3);
    const double side = sqrt((double) shape.h * shape.w * channels) / (PICTURE_SIDE * sqrt(3));
    return MAX(1, (int) ceil(side - 1e-9));
}

static gsize picture_size(FvShape shape)
{
    const int square = square_of(shape);
    return (gsize) shape.c * (gsize) ((shape.h + square - 1) / square) * (gsize) ((shape.w + square - 1) / square);
}

/* Averages squares of pixels. @image: C,H,W. */
static void append_picture(FvDoctorPictures *pictures, const double *image, FvShape shape, int label)
{
    const int square = square_of(shape);
    const gint32 class = label;
    for (int c = 0; c < shape.c; c++)
        for (int y = 0; y < shape.h; y += square)
            for (int x = 0; x < shape.w; x += square) {
                const int bottom = MIN(y + square, shape.h), right = MIN(x + square, shape.w);
                double sum = 0;
                for (int v = y; v < bottom; v++)
                    for (int u = x; u < right; u++)
                        sum += image[((gint64) c * shape.h + v) * shape.w + u];
                const float mean = (float) (sum / ((bottom - y) * (right - x)));
                g_array_append_val(pictures->numbers, mean);
            }
    g_array_append_val(pictures->labels, class);
    pictures->count++;
}

static void begin_pictures(FvDoctorPictures *pictures, FvShape shape)
{
    pictures->size = picture_size(shape);
    pictures->numbers = g_array_new(FALSE, FALSE, sizeof(float));
    pictures->labels = g_array_new(FALSE, FALSE, sizeof(gint32));
}

/* -------------------------------------------------------------------- batches */

/* Keeps images until there are `wanted` of them, in whole batches of `each`. */
static gboolean keep_images(FvDoctorSample *sample, const double *numbers, const int *labels, int samples, int wanted,
                            FvShape shape, GError **error)
{
    const gint64 each = fv_shape_elements(shape);
    for (int i = 0; i < samples && (int) sample->labels->len < wanted; i++) {
        const int place = (int) sample->labels->len % sample->each;
        if (place == 0) {
            const gint64 dims[] = { sample->each, shape.c, shape.h, shape.w };
            FvTensor *tensor = fv_tensor_new(FV_F32, 4, dims, error);
            if (!tensor)
                return FALSE;
            g_ptr_array_add(sample->batches, tensor);
        }
        float *to =
            (float *) ((FvTensor *) sample->batches->pdata[sample->batches->len - 1])->data + (gint64) place * each;
        for (gint64 k = 0; k < each; k++)
            to[k] = (float) numbers[i * each + k];
        const gint32 label = labels[i];
        g_array_append_val(sample->labels, label);
    }
    return TRUE;
}

/* Reads images of a split as the net gets them. @sample: NULL: pictures alone. */
static gboolean read_split(FvDoctor *doctor, FvSplit split, FvDoctorPictures *pictures, int wanted,
                           FvDoctorSample *sample, int images, GError **error)
{
    FvPlan *plan = doctor->plan;
    const FvShape shape = fv_plan_input_shape(plan);
    const int batch = fv_plan_batch(plan);
    g_autoptr(FvFeed) feed = fv_session_sample_feed(doctor->session, split, error);
    g_autofree double *numbers = g_new(double, fv_shape_elements(shape) * batch);
    g_autofree int *labels = g_new(int, batch);
    int samples = 0;
    if (!feed)
        return FALSE;
    fv_feed_start_epoch(feed, 0, 0);
    while (((int) pictures->count < wanted || (sample && (int) sample->labels->len < images)) &&
           (samples = fv_feed_next(feed, error)) > 0) {
        if (fv_session_stopped(doctor->session) ||
            !fv_plan_read_value(plan, fv_plan_input(plan), shape, samples, numbers, error))
            return FALSE;
        fv_feed_labels(feed, samples, labels);
        for (int i = 0; i < samples && (int) pictures->count < wanted; i++)
            append_picture(pictures, numbers + i * fv_shape_elements(shape), shape, labels[i]);
        if (sample && !keep_images(sample, numbers, labels, samples, images, shape, error))
            return FALSE;
    }
    return samples >= 0;
}

gboolean fv_doctor_take_sample(FvDoctor *doctor, GError **error)
{
    const FvShape shape = fv_plan_input_shape(doctor->plan);
    FvDoctorSample *sample = &doctor->sample;
    FvLoaderConfig config = fv_session_loader_config(doctor->session, FV_TRAIN);
    const gint64 there = fv_loader_config_count(&config, error);
    if (there == 0)
        return FALSE;
    const double flops = MAX(1, 3 * fv_plan_flops(doctor->plan));
    sample->each = (int) CLAMP(step_budget / flops, LEAST_EACH, MOST_EACH);
    sample->each = (int) MIN(sample->each, MIN((gint64) fv_plan_batch(doctor->plan), there));
    /* A batch for each step, as far as there are images: what is learnt by heart does not show. An optimizer that
     * remembers the loss wants to see the same one. */
    const gboolean one = fv_doctor_steps_by_itself(doctor->graph);
    doctor->steps = fv_doctor_steps(doctor, sample->each, rate_budget, LEAST_STEPS, MOST_STEPS);
    if (!one)
        doctor->steps = MAX(doctor->steps, (RATE_IMAGES + sample->each - 1) / sample->each);
    doctor->last = MAX(LEAST_STEPS / 4, doctor->steps / 4);
    const int images = sample->each * (one ? 1 : (int) MIN((gint64) doctor->steps, there / sample->each));
    sample->some = (guint) MIN(images / sample->each, (SOME + sample->each - 1) / sample->each);
    sample->batches = g_ptr_array_new_with_free_func((GDestroyNotify) fv_tensor_free);
    sample->labels = g_array_new(FALSE, FALSE, sizeof(gint32));
    begin_pictures(&doctor->train, shape);
    begin_pictures(&doctor->judged, shape);
    if (!read_split(doctor, FV_TRAIN, &doctor->train, PICTURES, sample, images, error))
        return FALSE;
    doctor->judged_split = fv_session_has(doctor->session, FV_TEST) ? FV_TEST : FV_VALIDATE;
    return !fv_session_has(doctor->session, doctor->judged_split) ||
           read_split(doctor, doctor->judged_split, &doctor->judged, JUDGED, NULL, 0, error);
}

static void clear_pictures(FvDoctorPictures *pictures)
{
    g_clear_pointer(&pictures->numbers, g_array_unref);
    g_clear_pointer(&pictures->labels, g_array_unref);
}

void fv_doctor_clear_sample(FvDoctor *doctor)
{
    g_clear_pointer(&doctor->sample.batches, g_ptr_array_unref);
    g_clear_pointer(&doctor->sample.labels, g_array_unref);
    clear_pictures(&doctor->train);
    clear_pictures(&doctor->judged);
}
