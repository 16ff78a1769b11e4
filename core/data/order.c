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
    guint32 *indices = g_new0(guint32, MAX(count, 1));
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

/* Where the samples of each split are among all of the training split, once these are shuffled: a part, and for
 * FV_TRAIN also what is left behind another part. */
typedef struct {
    gint64 begin, count, gap_at, gap;
} Part;

static gboolean divide(const FvLoaderConfig *config, Part parts[FV_SPLITS], GError **error)
{
    gint64 validate = 0, test = 0, all = config->info->count[FV_TRAIN];
    if (!share_of(config->info, FV_VALIDATE, config->validate, &validate, error) ||
        !share_of(config->info, FV_TEST, config->test, &test, error))
        return FALSE;
    if (validate + test > 0 && validate + test >= all) {
        g_set_error(error, FV_ERROR, FV_ERROR_OPTION,
                    "validate and test take %" G_GINT64_FORMAT " of %" G_GINT64_FORMAT
                    " samples; none are left to train with",
                    validate + test, all);
        return FALSE;
    }
    parts[FV_VALIDATE] = (Part){ .begin = 0, .count = validate };
    parts[FV_TEST] = (Part){ .begin = validate, .count = test };
    parts[FV_TRAIN] = (Part){ .begin = validate + test, .count = all - validate - test };
    return TRUE;
}

static gboolean divide_folds(const FvLoaderConfig *config, Part parts[FV_SPLITS], GError **error)
{
    const Part rest = parts[FV_TRAIN];
    const gint64 begin = rest.count * config->fold / config->folds,
                 end = rest.count * (config->fold + 1) / config->folds;
    if (config->folds < 2 || config->folds > rest.count) {
        g_set_error(error, FV_ERROR, FV_ERROR_OPTION,
                    "%d folds of %" G_GINT64_FORMAT " samples: from 2 to %" G_GINT64_FORMAT " are possible",
                    config->folds, rest.count, rest.count);
        return FALSE;
    }
    parts[FV_VALIDATE] = (Part){ .begin = rest.begin + begin, .count = end - begin };
    parts[FV_TRAIN] =
        (Part){ .begin = rest.begin, .count = rest.count - (end - begin), .gap_at = begin, .gap = end - begin };
    return TRUE;
}

static guint32 *take(const guint32 *everything, const Part *part)
{
    guint32 *indices = g_new(guint32, MAX(1, part->count));
    for (gint64 i = 0; i < part->count; i++)
        indices[i] = everything[part->begin + i + (part->gap > 0 && i >= part->gap_at ? part->gap : 0)];
    qsort(indices, (gsize) part->count, sizeof(guint32), ascending);
    return indices;
}

FvSplit fv_order_source_split(const FvLoaderConfig *config)
{
    const gboolean fold = config->folds > 0 && config->split == FV_VALIDATE;
    return !fold && config->info->count[config->split] > 0 ? config->split : FV_TRAIN;
}

guint32 *fv_order_split(const FvLoaderConfig *config, gsize *count, GError **error)
{
    const gint64 all = config->info->count[FV_TRAIN];
    const FvSplit split = config->split;
    Part parts[FV_SPLITS] = { { 0 } };
    if (!check_counts(config->info, error) || !divide(config, parts, error) ||
        (config->folds > 0 && !divide_folds(config, parts, error)))
        return NULL;
    const gboolean own = split != FV_TRAIN && fv_order_source_split(config) == split;
    *count = (gsize) (own ? config->info->count[split] : parts[split].count);
    if (*count == 0) {
        g_set_error(error, FV_ERROR, FV_ERROR_DATA, "the data have no samples to %s", split_names[split]);
        return NULL;
    }
    if (own || (gint64) *count == all)
        return count_up(*count);
    g_autofree guint32 *everything = count_up((gsize) all);
    fv_order_shuffle(everything, (gsize) all, fv_random(config->seed, 0, 0, FV_STREAM_SPLIT));
    return take(everything, &parts[split]);
}
