/* SPDX-License-Identifier: MIT
 * doctor_sample.c: a sample of the data on the host, and steps over it. */
#include "core/train/doctor_private.h"

#include "core/train/step.h"

#include <math.h>
#include <string.h>

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

typedef struct {
    double sum, squares;
    gint64 count;
} Moments;

static void add_moments(Moments *moments, const double *numbers, gint64 count)
{
    for (gint64 i = 0; i < count; i++) {
        moments->sum += numbers[i];
        moments->squares += numbers[i] * numbers[i];
    }
    moments->count += count;
}

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
    Moments moments = { 0 };
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
        add_moments(&moments, numbers, fv_shape_elements(shape) * samples);
        for (int i = 0; i < samples && (int) pictures->count < wanted; i++)
            append_picture(pictures, numbers + i * fv_shape_elements(shape), shape, labels[i]);
        if (sample && !keep_images(sample, numbers, labels, samples, images, shape, error))
            return FALSE;
    }
    if (sample && moments.count > 0) {
        sample->mean = moments.sum / (double) moments.count;
        sample->deviation = sqrt(MAX(0, moments.squares / (double) moments.count - sample->mean * sample->mean));
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
    doctor->steps = MAX(fv_doctor_steps(doctor, sample->each, rate_budget, LEAST_STEPS, MOST_STEPS),
                        (RATE_IMAGES + sample->each - 1) / sample->each);
    doctor->last = MAX(LEAST_STEPS / 4, doctor->steps / 4);
    /* A batch for each step, as far as there are images: what is learnt by heart does not show. */
    const int images = sample->each * (int) MIN((gint64) doctor->steps, there / sample->each);
    sample->some = (guint) MIN(images / sample->each, (SOME + sample->each - 1) / sample->each);
    sample->batches = g_ptr_array_new_with_free_func((GDestroyNotify) fv_tensor_free);
    sample->labels = g_array_new(FALSE, FALSE, sizeof(gint32));
    begin_pictures(&doctor->train, shape);
    begin_pictures(&doctor->judged, shape);
    if (!read_split(doctor, FV_TRAIN, &doctor->train, PICTURES, sample, images, error))
        return FALSE;
    static const FvSplit judged[] = { FV_TEST, FV_VALIDATE };
    for (guint i = 0; i < G_N_ELEMENTS(judged) && !doctor->judged_name; i++) {
        if (!fv_session_has(doctor->session, judged[i]))
            continue;
        doctor->judged_name = judged[i] == FV_TEST ? "test" : "validation";
        if (!read_split(doctor, judged[i], &doctor->judged, JUDGED, NULL, 0, error))
            return FALSE;
    }
    return TRUE;
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

/* ---------------------------------------------------------------------- steps */

/* Where samples are mixed of several images, all of each is its own here. */
static gboolean write_shares(FvPlan *plan, int samples, GError **error)
{
    const FvBuffer *shares = fv_plan_shares(plan);
    if (!shares)
        return TRUE;
    const gsize count = (gsize) shares->bytes / sizeof(float);
    g_autofree float *numbers = g_new0(float, count);
    for (gsize i = 0; i < MIN(count, (gsize) samples); i++)
        numbers[i] = 1;
    return fv_device_write(fv_plan_device(plan), shares->memory, 0, count * sizeof(float), numbers, error);
}

gboolean fv_doctor_write_batch(const FvDoctor *doctor, guint batch, GError **error)
{
    FvPlan *plan = doctor->plan;
    const FvDoctorSample *sample = &doctor->sample;
    const FvBuffer *label = fv_plan_target(plan, "label", NULL, NULL);
    const gint32 *labels = &g_array_index(sample->labels, gint32, batch * (guint) sample->each);
    return fv_plan_write_value(plan, fv_plan_input(plan), fv_plan_input_shape(plan), sample->each,
                               sample->batches->pdata[batch], error) &&
           (!label || fv_device_write(fv_plan_device(plan), label->memory, 0, (gsize) sample->each * sizeof(gint32),
                                      labels, error)) &&
           write_shares(plan, sample->each, error);
}

gboolean fv_doctor_set_back(FvDoctor *doctor, GError **error)
{
    FvPlan *plan = doctor->plan;
    doctor->step = 0;
    if (!fv_plan_initialise(plan, doctor->settings->begin.seed, error))
        return FALSE;
    for (guint i = 0; i < doctor->first->len; i++)
        if (!fv_plan_set_param(plan, i, doctor->first->pdata[i], error))
            return FALSE;
    return TRUE;
}

gboolean fv_doctor_copy(const FvDoctor *doctor, const FvGraph *graph, gboolean keep, FvDoctor *copy, GError **error)
{
    const FvSessionSettings settings = { .graph = graph,
                                         .device = doctor->settings->device,
                                         .seed = doctor->settings->begin.seed,
                                         .share = doctor->session,
                                         .keep = keep,
                                         .stop = doctor->settings->stop };
    *copy = *doctor;
    copy->graph = graph;
    copy->tally = NULL;
    copy->session = fv_session_new(&settings, FV_FOR_TRAINING, error);
    if (!copy->session)
        return FALSE;
    copy->plan = fv_session_plan(copy->session);
    copy->tally = fv_tally_new(copy->plan);
    return fv_doctor_set_back(copy, error);
}

void fv_doctor_copy_clear(FvDoctor *copy)
{
    fv_tally_free(copy->tally);
    fv_session_free(copy->session);
}

static FvDoctorLoss losses_since(const FvTally *tally, const FvSums *before)
{
    const FvSums *now = fv_tally_sums(tally);
    return (FvDoctorLoss){ .data = (now->losses - before->losses) / (double) MAX(1, now->seen - before->seen),
                           .penalties =
                               (now->penalties - before->penalties) / (double) MAX(1, now->steps - before->steps) };
}

static gboolean take(FvDoctor *doctor, FvListKind kind, double rate, GError **error)
{
    const guint32 step = (guint32) doctor->step++;
    const FvStep now = { .step = step,
                         .slot = fv_tally_step(doctor->tally, doctor->sample.each),
                         .rate = rate,
                         .seed = doctor->settings->begin.seed,
                         .update = step,
                         .share = 1 };
    return fv_step_take(doctor->plan, doctor->graph, kind, &now, doctor->sample.each, error);
}

gboolean fv_doctor_step(FvDoctor *doctor, FvListKind kind, double rate, GError **error)
{
    fv_tally_reset(doctor->tally);
    return take(doctor, kind, rate, error) && fv_tally_flush(doctor->tally, error);
}

gboolean fv_doctor_run(FvDoctor *doctor, FvListKind kind, guint batches, int steps, int last, double rate,
                       FvDoctorLoss *loss, GError **error)
{
    FvTally *tally = doctor->tally;
    FvSums before = { 0 };
    fv_tally_reset(tally);
    for (int i = 0; i < steps; i++) {
        if (fv_session_stopped(doctor->session))
            return FALSE;
        if (i == steps - last && i > 0) {
            if (!fv_tally_flush(tally, error))
                return FALSE;
            fv_sums_copy(&before, fv_tally_sums(tally));
        }
        if (((batches > 1 || i == 0) && !fv_doctor_write_batch(doctor, (guint) i % batches, error)) ||
            !take(doctor, kind, rate, error) || (fv_tally_full(tally) && !fv_tally_flush(tally, error)))
            return FALSE;
    }
    if (!fv_tally_flush(tally, error))
        return FALSE;
    *loss = losses_since(tally, &before);
    fv_sums_clear(&before);
    if (fv_tally_totals(tally).bad_step >= 0)
        loss->data = NAN;
    return TRUE;
}

gboolean fv_doctor_evaluate(FvDoctor *doctor, guint batches, FvDoctorLoss *loss, GError **error)
{
    FvPlan *plan = doctor->plan;
    FvDevice *device = fv_plan_device(plan);
    const int each = doctor->sample.each;
    const FvList *pack = fv_plan_list(plan, FV_LIST_PACK, 1, error);
    const FvList *list = pack ? fv_plan_list(plan, FV_LIST_EVALUATE, each, error) : NULL;
    if (!list || !fv_exec_enqueue(device, pack, &(FvStep){ 0 }, error))
        return FALSE;
    fv_tally_reset(doctor->tally);
    for (guint i = 0; i < batches; i++) {
        const FvStep now = { .slot = fv_tally_step(doctor->tally, each), .seed = doctor->settings->begin.seed };
        if (!fv_doctor_write_batch(doctor, i, error) || !fv_exec_enqueue(device, list, &now, error) ||
            (fv_tally_full(doctor->tally) && !fv_tally_flush(doctor->tally, error)))
            return FALSE;
    }
    if (!fv_tally_flush(doctor->tally, error))
        return FALSE;
    *loss = losses_since(doctor->tally, &(FvSums){ 0 });
    return TRUE;
}
