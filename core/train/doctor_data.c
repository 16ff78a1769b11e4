/* SPDX-License-Identifier: MIT
 * doctor_data.c: what the images of all splits say: how many there are of each class, which are the same, which show
 * nothing. */
#include "core/train/doctor_scan.h"

#include <string.h>

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

static void judge_classes(FvDoctor *doctor, const FvDoctorSplit *train)
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

static void judge_copies(FvDoctor *doctor, const FvDoctorScan *scan)
{
    static const double serious = 0.01, odd = 0.001; /* shares of a split */
    static const struct {
        FvSplit split;
        const char *name, *number;
    } others[] = { { FV_TEST, "test", "test_copies" }, { FV_VALIDATE, "validation", "validation_copies" } };
    const FvDoctorSplit *train = &scan->splits[FV_TRAIN];
    const Known known = know(train);
    g_autoptr(GString) text = g_string_new(NULL);
    double worst = 0;
    gboolean any = FALSE, all = train->count == train->all;
    FvCheck *check = fv_doctor_add(doctor, "copies", FV_VERDICT_OK, "%s", "");
    for (guint i = 0; i < G_N_ELEMENTS(others); i++) {
        const FvDoctorSplit *split = &scan->splits[others[i].split];
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
