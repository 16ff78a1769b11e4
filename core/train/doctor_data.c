/* SPDX-License-Identifier: MIT
 * doctor_data.c: reads the images of all splits, on all processors: how many there are of each class, which are the
 * same byte for byte, which hold one number alone. */
#include "core/train/doctor_private.h"

#include "core/data/order.h"

#include <math.h>
#include <string.h>

enum { DIGEST = 16, AT_ONCE = 64, MOST_THREADS = 16 };

/* What is kept of an image. */
typedef struct {
    guint8 digest[DIGEST];
    gint32 label;
    gboolean constant;
} Seen;

typedef struct {
    guint32 *indices; /* in the source's split */
    gsize count;      /* of these */
    gsize all;        /* images of the split; count is less where there are too many */
    FvSplit from;
    Seen *seen; /* NULL: there is no such split */
} Split;

typedef struct {
    const FvDoctor *doctor;
    const FvLoaderConfig *config;
    Split splits[FV_SPLITS];
    gsize total;
    gint next;   /* atomic: batches of images that are taken */
    gint done;   /* atomic: images */
    gint failed; /* atomic */
    GMutex lock;
    GError *error;
} Scan;

/* -------------------------------------------------------------------- reading */

/* Image number i of all splits. */
static Split *find(Scan *scan, gsize i, gsize *place)
{
    int split = 0;
    while (i >= scan->splits[split].count)
        i -= scan->splits[split++].count;
    *place = i;
    return &scan->splits[split];
}

static void look(Seen *seen, const FvSample *sample, GChecksum *sum)
{
    const guint8 *pixels = sample->pixels->data;
    const gsize bytes = sample->pixels->len, channels = (gsize) MAX(1, sample->shape.c);
    gsize length = DIGEST;
    g_checksum_reset(sum);
    g_checksum_update(sum, (const guchar *) &sample->shape, sizeof sample->shape);
    g_checksum_update(sum, pixels, (gssize) bytes);
    g_checksum_get_digest(sum, seen->digest, &length);
    seen->label = sample->label;
    /* Each pixel is the one before it. */
    seen->constant = bytes > channels && memcmp(pixels, pixels + channels, bytes - channels) == 0;
}

static void fail(Scan *scan, GError *error, const char *name)
{
    g_mutex_lock(&scan->lock);
    if (name)
        g_prefix_error(&error, "%s: ", name);
    if (scan->error)
        g_error_free(error);
    else
        scan->error = error;
    g_mutex_unlock(&scan->lock);
    g_atomic_int_set(&scan->failed, TRUE);
}

static gboolean look_at(Scan *scan, gsize i, FvSample *sample, GChecksum *sum)
{
    gsize place;
    Split *split = find(scan, i, &place);
    GError *error = NULL;
    sample->label = -1;
    if (scan->config->source->read(scan->config->state, split->from, split->indices[place], sample, &error))
        look(&split->seen[place], sample, sum);
    else
        fail(scan, error, sample->name);
    g_clear_pointer(&sample->name, g_free);
    return error == NULL;
}

static gpointer work(gpointer data)
{
    Scan *scan = data;
    FvSample sample = { .pixels = g_byte_array_new() };
    GChecksum *sum = g_checksum_new(G_CHECKSUM_MD5);
    gboolean good = TRUE;
    while (good && !g_atomic_int_get(&scan->failed) && !fv_session_stopped(scan->doctor->session)) {
        const gsize begin = (gsize) g_atomic_int_add(&scan->next, 1) * AT_ONCE;
        if (begin >= scan->total)
            break;
        const gsize end = MIN(begin + AT_ONCE, scan->total);
        for (gsize i = begin; i < end && good; i++)
            good = look_at(scan, i, &sample, sum);
        g_atomic_int_add(&scan->done, (gint) (end - begin));
    }
    g_checksum_free(sum);
    g_byte_array_unref(sample.pixels);
    return NULL;
}

/* Shows how far it is until all is read; then waits for the threads. */
static gboolean read_all(Scan *scan, GError **error)
{
    FvProgressBar *progress = scan->doctor->settings->progress;
    const guint wanted = CLAMP(g_get_num_processors(), 1, MOST_THREADS);
    GThread *threads[MOST_THREADS];
    guint count = 0;
    for (; count < wanted && (threads[count] = g_thread_try_new("doctor", work, scan, NULL)); count++)
        ;
    if (count == 0)
        work(scan);
    if (progress)
        fv_progress_start(progress, "data", 0, (gint64) scan->total, 0);
    while (progress && !g_atomic_int_get(&scan->failed) && !fv_session_stopped(scan->doctor->session) &&
           (gsize) g_atomic_int_get(&scan->done) < scan->total) {
        fv_progress_update(progress, g_atomic_int_get(&scan->done), NAN, NULL, NAN);
        g_usleep(G_USEC_PER_SEC / 100);
    }
    for (guint i = 0; i < count; i++)
        g_thread_join(threads[i]);
    if (progress)
        fv_progress_finish(progress);
    if (scan->error)
        g_propagate_error(error, g_steal_pointer(&scan->error));
    return !scan->failed && !fv_session_stopped(scan->doctor->session);
}

/* Where there are too many, those that are looked at lie evenly over the split. */
static gboolean open_split(Scan *scan, FvSplit which, GError **error)
{
    Split *split = &scan->splits[which];
    const gint64 given = scan->doctor->settings->images;
    const gsize most = (gsize) (given > 0 ? given : FV_DOCTOR_IMAGES);
    if (!fv_session_has(scan->doctor->session, which))
        return TRUE;
    const FvLoaderConfig config = fv_session_loader_config(scan->doctor->session, which);
    split->indices = fv_order_split(&config, &split->all, error);
    if (!split->indices)
        return FALSE;
    split->count = MIN(split->all, most);
    for (gsize i = 0; i < split->count; i++)
        split->indices[i] = split->indices[i * split->all / split->count];
    split->from = fv_order_source_split(&config);
    split->seen = g_new0(Seen, MAX(1, split->count));
    scan->total += split->count;
    return TRUE;
}

/* -------------------------------------------------------------------- classes */

static const char *class_text(const FvSourceInfo *info, int class)
{
    return info->class_names ? info->class_names[class] : "";
}

/* "3 (Dress)", or "3" */
static char *class_name(const FvSourceInfo *info, int class)
{
    const char *name = class_text(info, class);
    return *name ? g_strdup_printf("%d (%s)", class, name) : g_strdup_printf("%d", class);
}

static void judge_classes(FvDoctor *doctor, const Split *train)
{
    enum { UNEVEN = 10 }; /* times as many of one class as of another */
    const FvSourceInfo *info = fv_session_source(doctor->session);
    if (info->classes < 1) {
        fv_doctor_add(doctor, "classes", FV_VERDICT_NONE, "the data have no classes");
        return;
    }
    g_autofree gint64 *counts = g_new0(gint64, info->classes);
    for (gsize i = 0; i < train->count; i++)
        if (train->seen[i].label >= 0 && train->seen[i].label < info->classes)
            counts[train->seen[i].label]++;
    int present = 0, least = -1, most = 0;
    for (int c = 0; c < info->classes; c++) {
        present += counts[c] > 0;
        most = counts[c] > counts[most] ? c : most;
        least = counts[c] > 0 && (least < 0 || counts[c] < counts[least]) ? c : least;
    }
    g_autofree char *rarest = least >= 0 ? class_name(info, least) : g_strdup("");
    g_autofree char *commonest = class_name(info, most);
    FvCheck *check;
    if (present < 2) {
        check = fv_doctor_add(doctor, "classes", FV_VERDICT_FAULT,
                              "all %" G_GSIZE_FORMAT " training images are of one class, %s", train->count, commonest);
        fv_check_advise(check,
                        "There is nothing to tell apart: a net learns to give that class for anything. Look at "
                        "how labels are read, and at the folder that images come from.");
    } else if (present < info->classes) {
        check = fv_doctor_add(doctor, "classes", FV_VERDICT_WARNING,
                              "%d classes of %d have no image among %" G_GSIZE_FORMAT " to train with",
                              info->classes - present, info->classes, train->count);
        fv_check_advise(check, "They will never be predicted. Is the list of names too long, or the data cut off?");
    } else {
        const gboolean uneven = counts[most] > UNEVEN * counts[least];
        if (counts[most] == counts[least])
            check = fv_doctor_add(doctor, "classes", FV_VERDICT_OK,
                                  "%d classes in %" G_GSIZE_FORMAT " training images, %" G_GINT64_FORMAT " of each",
                                  info->classes, train->count, counts[least]);
        else
            check = fv_doctor_add(doctor, "classes", uneven ? FV_VERDICT_WARNING : FV_VERDICT_OK,
                                  "%d classes in %" G_GSIZE_FORMAT " training images, from %" G_GINT64_FORMAT
                                  " of %s to %" G_GINT64_FORMAT " of %s",
                                  info->classes, train->count, counts[least], rarest, counts[most], commonest);
        if (uneven)
            fv_check_advise(check,
                            "Accuracy says little of the rare classes: add metric f1 or confusion. "
                            "softmax(weight=[...]) counts them more.");
    }
    fv_check_number(check, "images", (double) train->count);
    fv_check_number(check, "classes", info->classes);
    fv_check_number(check, "present", present);
    fv_check_number(check, "least", least >= 0 ? (double) counts[least] : 0);
    fv_check_number(check, "most", (double) counts[most]);
}

/* --------------------------------------------------------------------- copies */

static guint hash(gconstpointer key)
{
    guint number;
    memcpy(&number, key, sizeof number);
    return number;
}

static gboolean same(gconstpointer a, gconstpointer b)
{
    return memcmp(a, b, DIGEST) == 0;
}

/* Images of the training split that were there before; and those of them with another label than the first. */
typedef struct {
    GHashTable *first; /* digest -> Seen */
    gint64 copies, contradictions;
} Known;

static Known know(const Split *train)
{
    Known known = { .first = g_hash_table_new(hash, same) };
    for (gsize i = 0; i < train->count; i++) {
        Seen *seen = &train->seen[i];
        const Seen *before = g_hash_table_lookup(known.first, seen->digest);
        if (!before) {
            g_hash_table_insert(known.first, seen->digest, seen);
            continue;
        }
        known.copies++;
        known.contradictions += before->label != seen->label;
    }
    return known;
}

static gint64 count_known(const Known *known, const Split *split)
{
    gint64 count = 0;
    for (gsize i = 0; i < split->count; i++)
        count += g_hash_table_contains(known->first, split->seen[i].digest);
    return count;
}

static void judge_copies(FvDoctor *doctor, const Scan *scan)
{
    static const double serious = 0.01, odd = 0.001; /* shares of a split */
    static const struct {
        FvSplit split;
        const char *name, *number;
    } others[] = { { FV_TEST, "test", "test_copies" }, { FV_VALIDATE, "validation", "validation_copies" } };
    const Split *train = &scan->splits[FV_TRAIN];
    const Known known = know(train);
    g_autoptr(GString) text = g_string_new(NULL);
    double worst = 0;
    gboolean any = FALSE, all = train->count == train->all;
    FvCheck *check = fv_doctor_add(doctor, "copies", FV_VERDICT_OK, "%s", "");
    for (guint i = 0; i < G_N_ELEMENTS(others); i++) {
        const Split *split = &scan->splits[others[i].split];
        if (!split->seen)
            continue;
        const gint64 copies = count_known(&known, split);
        g_string_append_printf(text, "%s%" G_GINT64_FORMAT " of %" G_GSIZE_FORMAT " %s images", any ? ", " : "", copies,
                               split->count, others[i].name);
        worst = MAX(worst, (double) copies / (double) MAX(1, split->count));
        any = TRUE;
        all &= split->count == split->all;
        fv_check_number(check, others[i].number, (double) copies);
    }
    if (any)
        g_string_append(text, " are training images, byte for byte");
    g_string_append_printf(text, "%s%" G_GINT64_FORMAT " of %" G_GSIZE_FORMAT " training images are copies of others",
                           any ? "; " : "", known.copies, train->count);
    if (known.contradictions > 0)
        g_string_append_printf(text, ", %" G_GINT64_FORMAT " of these with another label", known.contradictions);
    if (!all)
        g_string_append(text, " (not all were looked at: --images)");
    g_free(check->finding);
    check->finding = g_string_free(g_steal_pointer(&text), FALSE);
    fv_check_number(check, "training_copies", (double) known.copies);
    fv_check_number(check, "contradictions", (double) known.contradictions);
    if (worst > serious) {
        check->verdict = FV_VERDICT_FAULT;
        fv_check_advise(check,
                        "What is measured on them is memory: take them out of the training split. Where a share "
                        "of it validates, remove the copies first.");
    } else if (worst > odd || (double) known.contradictions > odd * (double) train->count) {
        check->verdict = FV_VERDICT_WARNING;
        fv_check_advise(check, worst > odd ? "Few, but they make results look better than they are."
                                           : "Nobody can be right on both: one of the labels is wrong.");
    }
    g_hash_table_unref(known.first);
}

static void judge_constant(FvDoctor *doctor, const Scan *scan)
{
    static const double serious = 0.5, odd = 0.001; /* shares of all images */
    gsize constant = 0;
    for (int split = 0; split < FV_SPLITS; split++)
        for (gsize i = 0; i < scan->splits[split].count; i++)
            constant += scan->splits[split].seen[i].constant;
    const double share = (double) constant / (double) MAX(1, scan->total);
    FvCheck *check = fv_doctor_add(doctor, "constant",
                                   share > serious ? FV_VERDICT_FAULT
                                   : share > odd   ? FV_VERDICT_WARNING
                                                   : FV_VERDICT_OK,
                                   "%" G_GSIZE_FORMAT " of %" G_GSIZE_FORMAT " images are of one colour alone",
                                   constant, scan->total);
    if (share > odd)
        fv_check_advise(check,
                        "They show nothing. Files that could not be decoded, or a wrong format of the source, "
                        "look like that.");
    fv_check_number(check, "constant", (double) constant);
}

gboolean fv_doctor_look_at_data(FvDoctor *doctor, GError **error)
{
    const FvLoaderConfig config = fv_session_loader_config(doctor->session, FV_TRAIN);
    Scan scan = { .doctor = doctor, .config = &config };
    g_mutex_init(&scan.lock);
    gboolean done = TRUE;
    for (int split = 0; split < FV_SPLITS && done; split++)
        done = open_split(&scan, (FvSplit) split, error);
    done = done && read_all(&scan, error);
    if (done) {
        judge_classes(doctor, &scan.splits[FV_TRAIN]);
        judge_copies(doctor, &scan);
        judge_constant(doctor, &scan);
    }
    for (int split = 0; split < FV_SPLITS; split++) {
        g_free(scan.splits[split].indices);
        g_free(scan.splits[split].seen);
    }
    g_mutex_clear(&scan.lock);
    return done;
}
