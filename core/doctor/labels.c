/* SPDX-License-Identifier: MIT
 * labels.c: whether labels have anything to do with images. A net can learn labels by heart that have not, so
 * its loss on what it was trained with says nothing: images that look alike must have the same label more often than
 * chance has it. */
#include "core/doctor/private.h"

#include <math.h>

/* So many standard deviations above chance are no chance: once in 30,000 sound data sets it would be. */
static const double sure = 4;

/* How often a guess was right, and how often it would be if labels were dealt out anew. */
typedef struct {
    gint64 right, guesses;
    double expected, deviation; /* of `right` */
} Agreement;

/* Several sums side by side, so that the compiler can make vectors of them. */
static double distance(const float *restrict a, const float *restrict b, gsize size)
{
    enum { SUMS = 16 };
    float sums[SUMS] = { 0 };
    double sum = 0;
    gsize i = 0;
    for (; i + SUMS <= size; i += SUMS)
        for (gsize k = 0; k < SUMS; k++)
            sums[k] += (a[i + k] - b[i + k]) * (a[i + k] - b[i + k]);
    for (; i < size; i++)
        sums[0] += (a[i] - b[i]) * (a[i] - b[i]);
    for (gsize k = 0; k < SUMS; k++)
        sum += (double) sums[k];
    return sum;
}

static const float *picture(const FvDoctorPictures *pictures, gsize i)
{
    return &g_array_index(pictures->numbers, float, i * pictures->size);
}

static int label(const FvDoctorPictures *pictures, gsize i)
{
    return g_array_index(pictures->labels, gint32, i);
}

/* The label of the most similar picture that is not the same; -1 where there is none. */
static int nearest(const FvDoctorPictures *among, const float *to, gsize size)
{
    double least = INFINITY;
    int found = -1;
    for (gsize i = 0; i < among->count; i++) {
        const double far = distance(picture(among, i), to, size);
        if (far > 0 && far < least) {
            least = far;
            found = label(among, i);
        }
    }
    return found;
}

/* Means of the pictures of each class, of which one can be taken out again. */
typedef struct {
    int classes;
    gsize size;
    double *sums;
    gint64 *counts;
} Means;

static Means sum_up(const FvDoctorPictures *pictures, int classes)
{
    Means means = { .classes = classes,
                    .size = pictures->size,
                    .sums = g_new0(double, (gsize) classes * pictures->size),
                    .counts = g_new0(gint64, classes) };
    for (gsize i = 0; i < pictures->count; i++) {
        const int class = label(pictures, i);
        if (class < 0 || class >= classes)
            continue;
        means.counts[class]++;
        for (gsize k = 0; k < pictures->size; k++)
            means.sums[(gsize) class * pictures->size + k] += (double) picture(pictures, i)[k];
    }
    return means;
}

static void means_clear(Means *means)
{
    g_free(means->sums);
    g_free(means->counts);
}

/* The class whose mean is the nearest. @own: the picture's own class where it is one of those summed up, else -1. */
static int nearest_mean(const Means *means, const float *to, int own)
{
    double least = INFINITY;
    int found = -1;
    for (int c = 0; c < means->classes; c++) {
        const double taken = c == own ? 1 : 0, count = (double) means->counts[c] - taken;
        double far = 0;
        if (count < 1)
            continue;
        for (gsize k = 0; k < means->size; k++) {
            const double x = (double) to[k], mean = (means->sums[(gsize) c * means->size + k] - taken * x) / count;
            far += (x - mean) * (x - mean);
        }
        if (far < least) {
            least = far;
            found = c;
        }
    }
    return found;
}

/* Guesses that know nothing of the labels, as many of each class as were made, would be right that often. */
static Agreement agree(const GArray *guesses, const FvDoctorPictures *judged, int classes)
{
    Agreement agreement = { 0 };
    g_autofree double *guessed = g_new0(double, classes), *there = g_new0(double, classes);
    for (guint i = 0; i < guesses->len; i++) {
        const int guess = g_array_index(guesses, gint32, i), right = label(judged, i);
        if (guess < 0 || right < 0 || right >= classes)
            continue;
        guessed[guess]++;
        there[right]++;
        agreement.guesses++;
        agreement.right += guess == right;
    }
    const double n = (double) MAX(1, agreement.guesses);
    for (int c = 0; c < classes; c++)
        agreement.expected += guessed[c] * there[c] / n;
    const double chance = agreement.expected / n;
    agreement.deviation = sqrt(MAX(n * chance * (1 - chance), 1e-9));
    return agreement;
}

static double above_chance(const Agreement *agreement)
{
    return ((double) agreement->right - agreement->expected) / agreement->deviation;
}

/* The better of two ways to guess: the nearest picture, and the nearest mean of a class. */
static Agreement compare(const FvDoctorPictures *train, const Means *means, const FvDoctorPictures *judged,
                         gboolean same_split)
{
    enum { MOST = 600 };
    g_autoptr(GArray) by_picture = g_array_new(FALSE, FALSE, sizeof(gint32));
    g_autoptr(GArray) by_mean = g_array_new(FALSE, FALSE, sizeof(gint32));
    for (gsize i = 0; i < MIN(judged->count, MOST); i++) {
        const gint32 near = nearest(train, picture(judged, i), train->size);
        const gint32 mean = nearest_mean(means, picture(judged, i), same_split ? label(judged, i) : -1);
        g_array_append_val(by_picture, near);
        g_array_append_val(by_mean, mean);
    }
    const Agreement first = agree(by_picture, judged, means->classes), second = agree(by_mean, judged, means->classes);
    return above_chance(&first) >= above_chance(&second) ? first : second;
}

static FvCheck *tell(FvDoctor *doctor, const char *split, const Agreement *agreement, FvVerdict verdict)
{
    const double n = (double) MAX(1, agreement->guesses);
    FvCheck *check =
        fv_doctor_add(doctor, "labels", verdict,
                      "of %" G_GINT64_FORMAT
                      " %s images %.0f%% have the label of those that look like "
                      "them; %.0f%% would by chance",
                      agreement->guesses, split, 100 * (double) agreement->right / n, 100 * agreement->expected / n);
    fv_check_number(check, "images", n);
    fv_check_number(check, "right", (double) agreement->right / n);
    fv_check_number(check, "chance", agreement->expected / n);
    fv_check_number(check, "deviations", above_chance(agreement));
    return check;
}

/* What similar pictures do not show, a net may see: it is judged by @split. */
static gboolean judge(FvDoctor *doctor, const char *name, FvSplit split, const Agreement *agreement, GError **error)
{
    gboolean learns = FALSE;
    if (above_chance(agreement) > sure)
        return tell(doctor, name, agreement, FV_VERDICT_OK) != NULL;
    if (!fv_doctor_learns(doctor, split, &learns, error))
        return FALSE;
    FvCheck *check = tell(doctor, name, agreement, learns ? FV_VERDICT_OK : FV_VERDICT_FAULT);
    if (learns)
        fv_check_advise(check,
                        "A short training does better than chance on images that it has not seen: labels say "
                        "something that similar pixels do not.");
    else
        fv_check_advise(check,
                        "Labels seem to have nothing to do with the images: look at some of them side by side. "
                        "Were images and labels put in order, or shuffled, apart from each other?");
    return TRUE;
}

/* By images alike within the training split; and of the other split, whose labels may be wrong by themselves. */
static gboolean compare_splits(FvDoctor *doctor, int classes, GError **error)
{
    enum { FEW = 50 };
    const FvSplit unseen = fv_session_has(doctor->session, FV_VALIDATE) ? FV_VALIDATE : FV_TEST;
    Means means = sum_up(&doctor->train, classes);
    const Agreement own = compare(&doctor->train, &means, &doctor->train, TRUE);
    const Agreement other = compare(&doctor->train, &means, &doctor->judged, FALSE);
    means_clear(&means);
    if (own.guesses < FEW) {
        fv_doctor_add(doctor, "labels", FV_VERDICT_NONE, "%" G_GINT64_FORMAT " images are too few to tell",
                      own.guesses);
        return TRUE;
    }
    if (other.guesses >= FEW && above_chance(&own) > sure && above_chance(&other) <= sure)
        return judge(doctor, fv_doctor_split_name(doctor->judged_split), doctor->judged_split, &other, error);
    return judge(doctor, fv_doctor_split_name(FV_TRAIN), unseen, &own, error);
}

gboolean fv_doctor_look_at_labels(FvDoctor *doctor, GError **error)
{
    const int classes = fv_session_source(doctor->session)->classes;
    const FvCheck *found = fv_checkup_find(doctor->checkup, "classes");
    if (classes >= 2 && found->verdict != FV_VERDICT_FAULT)
        return compare_splits(doctor, classes, error);
    fv_doctor_add(doctor, "labels", FV_VERDICT_NONE, "there are no two classes to tell apart");
    return TRUE;
}
