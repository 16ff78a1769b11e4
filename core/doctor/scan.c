/* SPDX-License-Identifier: MIT
 * scan.c: reads the images of all splits, on all processors. */
#include "core/doctor/scan.h"

#include "core/data/order.h"

#include <math.h>
#include <string.h>

enum { AT_ONCE = 64, MOST_THREADS = 16 };

typedef struct {
    const FvDoctor *doctor;
    const FvLoaderConfig *config;
    FvDoctorScan *scan;
    guint32 *indices[FV_SPLITS]; /* of each split's images, in the source's split `from` */
    FvSplit from[FV_SPLITS];
    gint next;   /* atomic: batches of images that are taken */
    gint done;   /* atomic: images */
    gint failed; /* atomic */
    GMutex lock;
    GError *error;
} Reading;

/* -------------------------------------------------------------------- reading */

/* Image number i of all splits. */
static int find(const Reading *reading, gsize i, gsize *place)
{
    int split = 0;
    while (i >= reading->scan->splits[split].count)
        i -= reading->scan->splits[split++].count;
    *place = i;
    return split;
}

static void look(FvDoctorSeen *seen, const FvSample *sample, GChecksum *sum)
{
    const guint8 *pixels = sample->pixels->data;
    const gsize bytes = sample->pixels->len, channels = (gsize) MAX(1, sample->shape.c);
    gsize length = FV_DOCTOR_DIGEST;
    g_checksum_reset(sum);
    g_checksum_update(sum, (const guchar *) &sample->shape, sizeof sample->shape);
    g_checksum_update(sum, pixels, (gssize) bytes);
    g_checksum_get_digest(sum, seen->digest, &length);
    seen->label = sample->label;
    /* Each pixel is the one before it. */
    seen->constant = bytes > channels && memcmp(pixels, pixels + channels, bytes - channels) == 0;
}

static void fail(Reading *reading, GError *error, const char *name)
{
    g_mutex_lock(&reading->lock);
    if (name)
        g_prefix_error(&error, "%s: ", name);
    if (reading->error)
        g_error_free(error);
    else
        reading->error = error;
    g_mutex_unlock(&reading->lock);
    g_atomic_int_set(&reading->failed, TRUE);
}

static gboolean look_at(Reading *reading, gsize i, FvSample *sample, GChecksum *sum)
{
    gsize place;
    const int split = find(reading, i, &place);
    GError *error = NULL;
    sample->label = -1;
    if (reading->config->source->read(reading->config->state, reading->from[split], reading->indices[split][place],
                                      sample, &error))
        look(&reading->scan->splits[split].seen[place], sample, sum);
    else
        fail(reading, error, sample->name);
    g_clear_pointer(&sample->name, g_free);
    return error == NULL;
}

static gpointer work(gpointer data)
{
    Reading *reading = data;
    FvSample sample = { .pixels = g_byte_array_new() };
    GChecksum *sum = g_checksum_new(G_CHECKSUM_MD5);
    gboolean good = TRUE;
    while (good && !g_atomic_int_get(&reading->failed) && !fv_session_stopped(reading->doctor->session)) {
        const gsize begin = (gsize) g_atomic_int_add(&reading->next, 1) * AT_ONCE;
        if (begin >= reading->scan->total)
            break;
        const gsize end = MIN(begin + AT_ONCE, reading->scan->total);
        for (gsize i = begin; i < end && good; i++)
            good = look_at(reading, i, &sample, sum);
        g_atomic_int_add(&reading->done, (gint) (end - begin));
    }
    g_checksum_free(sum);
    g_byte_array_unref(sample.pixels);
    return NULL;
}

/* Shows how far it is until all is read; then waits for the threads. */
static gboolean read_all(Reading *reading, GError **error)
{
    FvProgressBar *progress = reading->doctor->settings->progress;
    const guint wanted = CLAMP(g_get_num_processors(), 1, MOST_THREADS);
    GThread *threads[MOST_THREADS];
    guint count = 0;
    for (; count < wanted && (threads[count] = g_thread_try_new("doctor", work, reading, NULL)); count++)
        ;
    if (count == 0)
        work(reading);
    if (progress)
        fv_progress_start(progress, "data", 0, (gint64) reading->scan->total, 0);
    while (progress && !g_atomic_int_get(&reading->failed) && !fv_session_stopped(reading->doctor->session) &&
           (gsize) g_atomic_int_get(&reading->done) < reading->scan->total) {
        fv_progress_update(progress, g_atomic_int_get(&reading->done), NAN, NULL, NAN);
        g_usleep(G_USEC_PER_SEC / 100);
    }
    for (guint i = 0; i < count; i++)
        g_thread_join(threads[i]);
    if (progress)
        fv_progress_finish(progress);
    if (reading->error)
        g_propagate_error(error, g_steal_pointer(&reading->error));
    return !reading->failed && !fv_session_stopped(reading->doctor->session);
}

/* Where there are too many, those that are looked at lie evenly over the split. */
static gboolean open_split(Reading *reading, FvSplit which, GError **error)
{
    FvDoctorSplit *split = &reading->scan->splits[which];
    const gint64 given = reading->doctor->settings->images;
    const gsize most = (gsize) (given > 0 ? given : FV_DOCTOR_IMAGES);
    if (!fv_session_has(reading->doctor->session, which))
        return TRUE;
    const FvLoaderConfig config = fv_session_loader_config(reading->doctor->session, which);
    guint32 *indices = reading->indices[which] = fv_order_split(&config, &split->all, error);
    if (!indices)
        return FALSE;
    split->count = MIN(split->all, most);
    for (gsize i = 0; i < split->count; i++)
        indices[i] = indices[i * split->all / split->count];
    reading->from[which] = fv_order_source_split(&config);
    split->seen = g_new0(FvDoctorSeen, MAX(1, split->count));
    reading->scan->total += split->count;
    return TRUE;
}

gboolean fv_doctor_scan(const FvDoctor *doctor, FvDoctorScan *scan, GError **error)
{
    const FvLoaderConfig config = fv_session_loader_config(doctor->session, FV_TRAIN);
    Reading reading = { .doctor = doctor, .config = &config, .scan = scan };
    gboolean done = TRUE;
    *scan = (FvDoctorScan){ 0 };
    g_mutex_init(&reading.lock);
    for (int split = 0; split < FV_SPLITS && done; split++)
        done = open_split(&reading, (FvSplit) split, error);
    done = done && read_all(&reading, error);
    for (int split = 0; split < FV_SPLITS; split++)
        g_free(reading.indices[split]);
    g_mutex_clear(&reading.lock);
    return done;
}

void fv_doctor_scan_clear(FvDoctorScan *scan)
{
    for (int split = 0; split < FV_SPLITS; split++)
        g_free(scan->splits[split].seen);
}
