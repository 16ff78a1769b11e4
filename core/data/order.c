/* SPDX-License-Identifier: MIT
 * order.c: divides the training split by shares, and shuffles. */
#include "core/data/order.h"

#include <math.h>
#include <stdlib.h>

static const char *const split_names[FV_SPLITS] = { "train", "validate", "test" };

void fv_order_shuffle(guint32 *indices, gsize count, FvRandom random)
{
    for (gsize i = count; i > 1; i--) {
        guint32 other = fv_random_below(&random, (guint32) i);
        guint32 kept = indices[i - 1];
        indices[i - 1] = indices[other];
        indices[other] = kept;
    }
}

static guint32 *count_up(gsize count)
{
    guint32 *indices = g_new(guint32, MAX(count, 1));
    for (gsize i = 0; i < count; i++)
        indices[i] = (guint32) i;
    return indices;
}

static int ascending(const void *a, const void *b)
{
    guint32 x = *(const guint32 *) a, y = *(const guint32 *) b;
    return (x > y) - (x < y);
}

/* How many samples a share is; fails where the source has the split itself. */
static gboolean share_of(const FvSourceInfo *info, FvSplit split, double share, gint64 *count, GError **error)
{
    *count = 0;
    if (share == 0)
        return TRUE;
    if (!(share > 0 && share < 1)) {
        g_set_error(error, FV_ERROR, FV_ERROR_OPTION, "%s = %g: a share of the training split is from 0 to below 1",
                    split_names[split], share);
        return FALSE;
    }
    if (info->count[split] > 0) {
        g_set_error(error, FV_ERROR, FV_ERROR_OPTION,
                    "%s = %g: the data have %" G_GINT64_FORMAT " samples to %s of their own; leave it out",
                    split_names[split], share, info->count[split], split_names[split]);
        return FALSE;
    }
    *count = MAX(1, llround(share * (double) info->count[FV_TRAIN]));
    return TRUE;
}

static gboolean check_counts(const FvSourceInfo *info, GError **error)
{
    for (int i = 0; i < FV_SPLITS; i++) {
        if (info->count[i] >= 0 && info->count[i] <= G_MAXUINT32)
            continue;
        g_set_error(error, FV_ERROR, FV_ERROR_DATA,
                    "the source has %" G_GINT64_FORMAT " samples to %s; the most are %u", info->count[i],
                    split_names[i], G_MAXUINT32);
        return FALSE;
    }
    return TRUE;
}

guint32 *fv_order_split(const FvSourceInfo *info, FvSplit split, double validate, double test, guint64 seed,
                        gsize *count, GError **error)
{
    gint64 for_validate = 0, for_test = 0, all = info->count[FV_TRAIN];
    if (!check_counts(info, error) || !share_of(info, FV_VALIDATE, validate, &for_validate, error) ||
        !share_of(info, FV_TEST, test, &for_test, error))
        return NULL;
    if (for_validate + for_test > 0 && for_validate + for_test >= all) {
        g_set_error(error, FV_ERROR, FV_ERROR_OPTION,
                    "validate and test take %" G_GINT64_FORMAT " of %" G_GINT64_FORMAT
                    " samples; none are left to train with",
                    for_validate + for_test, all);
        return NULL;
    }
    const gint64 begins[FV_SPLITS] = { for_validate + for_test, 0, for_validate };
    const gint64 shares[FV_SPLITS] = { all - for_validate - for_test, for_validate, for_test };
    gboolean own = info->count[split] > 0 && split != FV_TRAIN;
    *count = (gsize) (own ? info->count[split] : shares[split]);
    if (*count == 0) {
        g_set_error(error, FV_ERROR, FV_ERROR_DATA, "the data have no samples to %s", split_names[split]);
        return NULL;
    }
    if (own || (gint64) *count == all)
        return count_up(*count);
    g_autofree guint32 *everything = count_up((gsize) all);
    fv_order_shuffle(everything, (gsize) all, fv_random(seed, 0, 0, FV_STREAM_SPLIT));
    guint32 *indices = g_memdup2(everything + begins[split], sizeof(guint32) * *count);
    qsort(indices, *count, sizeof(guint32), ascending);
    return indices;
}
