/* SPDX-License-Identifier: MIT
 * data.c: what the images of all splits say: how many there are of each class, which are the same, which show
 * nothing. */
#include "core/doctor/scan.h"

#include <string.h>

/* -------------------------------------------------------------------- classes */

typedef struct {
    gint64 images;  /* of the training split */
    gint64 *counts; /* of each class */
    int classes, present;
    int rarest, commonest; /* of those present */
} Classes;

static Classes count_classes(const FvDoctorSplit *train, int classes)
{
    Classes found = {
        .images = (gint64) train->count, .counts = g_new0(gint64, classes), .classes = classes, .rarest = -1
    };
    gint64 *counts = found.counts;
    for (gsize i = 0; i < train->count; i++)
        if (train->seen[i].label >= 0 && train->seen[i].label < classes)
            counts[train->seen[i].label]++;
    for (int c = 0; c < classes; c++) {
        if (counts[c] == 0)
            continue;
        found.present++;
        found.commonest = counts[c] > counts[found.commonest] ? c : found.commonest;
        found.rarest = found.rarest < 0 || counts[c] < counts[found.rarest] ? c : found.rarest;
    }
    return found;
}

/* "3 (Dress)", or "3" */
static char *class_name(const FvSourceInfo *info, int class)
{
    const char *name = info->class_names ? info->class_names[class] : "";
    return *name ? g_strdup_printf("%d (%s)", class, name) : g_strdup_printf("%d", class);
}

static FvCheck *tell_too_few(FvDoctor *doctor, const Classes *found)
{
    FvCheck *check;
    if (found->present < 2) {
        g_autofree char *only = class_name(fv_session_source(doctor->session), found->commonest);
        check = fv_doctor_add(doctor, "classes", FV_VERDICT_FAULT,
                              "all %" G_GINT64_FORMAT " training images are of one class, %s", found->images, only);
        fv_check_advise(check,
                        "There is nothing to tell apart: a net learns to give that class for anything. Look at "
                        "how labels are read, and at the folder that images come from.");
        return check;
    }
    check = fv_doctor_add(doctor, "classes", FV_VERDICT_WARNING,
                          "%d classes of %d have no image among %" G_GINT64_FORMAT " to train with",
                          found->classes - found->present, found->classes, found->images);
    fv_check_advise(check, "They will never be predicted. Is the list of names too long, or the data cut off?");
    return check;
}

static FvCheck *tell_balance(FvDoctor *doctor, const Classes *found)
{
    enum { UNEVEN = 10 }; /* times as many of one class as of another */
    const FvSourceInfo *info = fv_session_source(doctor->session);
    const gint64 least = found->counts[found->rarest], most = found->counts[found->commonest];
    g_autofree char *rarest = class_name(info, found->rarest), *commonest = class_name(info, found->commonest);
    if (least == most)
        return fv_doctor_add(doctor, "classes", FV_VERDICT_OK,
                             "%d classes in %" G_GINT64_FORMAT " training images, %" G_GINT64_FORMAT " of each",
                             found->classes, found->images, least);
    const gboolean uneven = most > UNEVEN * least;
    FvCheck *check = fv_doctor_add(doctor, "classes", uneven ? FV_VERDICT_WARNING : FV_VERDICT_OK,
                                   "%d classes in %" G_GINT64_FORMAT " training images, from %" G_GINT64_FORMAT
                                   " of %s to %" G_GINT64_FORMAT " of %s",
                                   found->classes, found->images, least, rarest, most, commonest);
    if (uneven)
        fv_check_advise(check,
                        "Accuracy says little of the rare classes: add the metrics f1 or confusion. "
                        "softmax(weight=[...]) counts them more.");
    return check;
}

static void judge_classes(FvDoctor *doctor, const FvDoctorSplit *train)
{
    const int classes = fv_session_source(doctor->session)->classes;
    if (classes < 1) {
        fv_doctor_add(doctor, "classes", FV_VERDICT_NONE, "the data have no classes");
        return;
    }
    const Classes found = count_classes(train, classes);
    FvCheck *check =
        found.present < 2 || found.present < classes ? tell_too_few(doctor, &found) : tell_balance(doctor, &found);
    fv_check_number(check, "images", (double) found.images);
    fv_check_number(check, "classes", classes);
    fv_check_number(check, "present", found.present);
    fv_check_number(check, "least", found.rarest >= 0 ? (double) found.counts[found.rarest] : 0);
    fv_check_number(check, "most", (double) found.counts[found.commonest]);
    g_free(found.counts);
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
    return memcmp(a, b, FV_DOCTOR_DIGEST) == 0;
}

/* Images of the training split that were there before; and those of them with another label than the first. */
typedef struct {
    GHashTable *first; /* digest -> FvDoctorSeen */
    gint64 copies, contradictions;
} Known;

static Known know(const FvDoctorSplit *train)
{
    Known known = { .first = g_hash_table_new(hash, same) };
    for (gsize i = 0; i < train->count; i++) {
        FvDoctorSeen *seen = &train->seen[i];
        const FvDoctorSeen *before = g_hash_table_lookup(known.first, seen->digest);
        if (!before) {
            g_hash_table_insert(known.first, seen->digest, seen);
            continue;
        }
        known.copies++;
        known.contradictions += before->label != seen->label;
    }
    return known;
}

static gint64 count_known(const Known *known, const FvDoctorSplit *split)
{
    gint64 count = 0;
    for (gsize i = 0; i < split->count; i++)
        count += g_hash_table_contains(known->first, split->seen[i].digest);
    return count;
}

/* What was counted, of one split after the other. */
typedef struct {
    double worst;  /* share of a split that is in the training split, too */
    gboolean all;  /* all images were looked at */
    GString *text; /* "3 of 100 test images, ..." */
} Copies;

static Copies count_copies(const FvDoctorScan *scan, const Known *known)
{
    static const FvSplit others[] = { FV_TEST, FV_VALIDATE };
    const FvDoctorSplit *train = &scan->splits[FV_TRAIN];
    Copies copies = { .all = train->count == train->all, .text = g_string_new(NULL) };
    for (guint i = 0; i < G_N_ELEMENTS(others); i++) {
        const FvDoctorSplit *split = &scan->splits[others[i]];
        if (!split->seen)
            continue;
        const gint64 count = count_known(known, split);
        g_string_append_printf(copies.text, "%s%" G_GINT64_FORMAT " of %" G_GSIZE_FORMAT " %s images",
                               copies.text->len > 0 ? ", " : "", count, split->count, fv_doctor_split_name(others[i]));
        copies.worst = MAX(copies.worst, (double) count / (double) MAX(1, split->count));
        copies.all &= split->count == split->all;
    }
    if (copies.text->len > 0)
        g_string_append(copies.text, " are training images, byte for byte; ");
    g_string_append_printf(copies.text,
                           "%" G_GINT64_FORMAT " of %" G_GSIZE_FORMAT " training images are copies of others",
                           known->copies, train->count);
    if (known->contradictions > 0)
        g_string_append_printf(copies.text, ", %" G_GINT64_FORMAT " of these with another label",
                               known->contradictions);
    if (!copies.all)
        g_string_append(copies.text, " (not all were looked at: --images)");
    return copies;
}

static void judge_copies(FvDoctor *doctor, const FvDoctorScan *scan)
{
    static const double serious = 0.01, odd = 0.001; /* shares of a split */
    const Known known = know(&scan->splits[FV_TRAIN]);
    const Copies copies = count_copies(scan, &known);
    const gboolean few = copies.worst > odd,
                   doubtful = (double) known.contradictions > odd * (double) scan->splits[FV_TRAIN].count;
    FvCheck *check = fv_doctor_add(doctor, "copies",
                                   copies.worst > serious ? FV_VERDICT_FAULT
                                   : few || doubtful      ? FV_VERDICT_WARNING
                                                          : FV_VERDICT_OK,
                                   "%s", copies.text->str);
    if (copies.worst > serious)
        fv_check_advise(check,
                        "What is measured on them is memory: take them out of the training split. Where a share "
                        "of it validates, remove the copies first.");
    else if (few || doubtful)
        fv_check_advise(check, few ? "Few, but they make results look better than they are."
                                   : "Nobody can be right on both: one of the labels is wrong.");
    fv_check_number(check, "worst_share", copies.worst);
    fv_check_number(check, "training_copies", (double) known.copies);
    fv_check_number(check, "contradictions", (double) known.contradictions);
    g_string_free(copies.text, TRUE);
    g_hash_table_unref(known.first);
}

static void judge_constant(FvDoctor *doctor, const FvDoctorScan *scan)
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
    FvDoctorScan scan;
    const gboolean done = fv_doctor_scan(doctor, &scan, error);
    if (done) {
        judge_classes(doctor, &scan.splits[FV_TRAIN]);
        judge_copies(doctor, &scan);
        judge_constant(doctor, &scan);
    }
    fv_doctor_scan_clear(&scan);
    return done;
}
