/* SPDX-License-Identifier: MIT
 * records.c: what the lines of a log come to. */
#include "core/sink/records.h"

#include "core/sink/chart.h"
#include "core/sink/log.h"

#include <math.h>
#include <string.h>

double fv_record_get(const FvRecord *record, const char *name)
{
    const double *number = fv_record_number(record, name);
    if (number)
        return *number;
    if (record->metric && !strcmp(record->metric, name))
        return record->value;
    for (guint i = 0; record->scores && i < record->scores->len; i++) {
        const FvScore *score = &g_array_index(record->scores, FvScore, i);
        if (!strcmp(score->name, name))
            return score->value;
    }
    return NAN;
}

static void add_point(GArray *points, double x, double y)
{
    const FvPoint point = { x, y };
    if (isfinite(y))
        g_array_append_val(points, point);
}

GArray *fv_records_curve(const GArray *records, FvSplit split, const char *name, double unit)
{
    GArray *points = g_array_new(FALSE, FALSE, sizeof(FvPoint));
    for (guint i = 0; i < records->len; i++) {
        const FvRecord *record = &g_array_index(records, FvRecord, i);
        if (record->split == split)
            add_point(points, (double) record->step / unit, fv_record_get(record, name));
    }
    return points;
}

static void add_name(GPtrArray *names, const char *name)
{
    if (!g_ptr_array_find_with_equal_func(names, name, g_str_equal, NULL))
        g_ptr_array_add(names, (char *) name);
}

GPtrArray *fv_records_metrics(const GArray *records)
{
    GPtrArray *names = g_ptr_array_new();
    for (guint i = 0; i < records->len; i++) {
        const FvRecord *record = &g_array_index(records, FvRecord, i);
        if (record->metric)
            add_name(names, record->metric);
        for (guint k = 0; record->scores && k < record->scores->len; k++)
            add_name(names, g_array_index(record->scores, FvScore, k).name);
    }
    return names;
}

const FvRecord *fv_records_layers(const GArray *records)
{
    for (guint i = records->len; i-- > 0;) {
        const FvRecord *record = &g_array_index(records, FvRecord, i);
        if (record->layers && record->layers->len > 0)
            return record;
    }
    return NULL;
}

GArray *fv_records_layer(const GArray *records, const char *layer)
{
    GArray *points = g_array_new(FALSE, FALSE, sizeof(FvPoint));
    for (guint i = 0; i < records->len; i++) {
        const FvRecord *record = &g_array_index(records, FvRecord, i);
        for (guint k = 0; record->layers && k < record->layers->len; k++) {
            const FvScore *norm = &g_array_index(record->layers, FvScore, k);
            if (!strcmp(norm->name, layer))
                add_point(points, (double) record->step, norm->value);
        }
    }
    return points;
}

GArray *fv_records_epochs(const GArray *records)
{
    GArray *epochs = g_array_new(FALSE, FALSE, sizeof(FvRecords));
    gint64 done = 0;
    for (guint i = 0; i < records->len; i++) {
        const FvRecord *record = &g_array_index(records, FvRecord, i);
        FvRecords *last = epochs->len ? &g_array_index(epochs, FvRecords, epochs->len - 1) : NULL;
        if (record->split != FV_TEST && (!last || record->epoch != last->epoch)) {
            const FvRecords epoch = { record->epoch, done, record, 1 };
            g_array_append_val(epochs, epoch);
        } else if (last) {
            last->count = (guint) (record - last->begin) + 1;
        }
        done = record->step;
    }
    return epochs;
}

double fv_records_mean(const FvRecords *epoch, FvSplit split, const char *name)
{
    double sum = 0, weights = 0;
    gint64 before = epoch->before;
    for (guint i = 0; i < epoch->count; i++) {
        const FvRecord *record = &epoch->begin[i];
        const double value = fv_record_get(record, name);
        const double weight = split == FV_TRAIN ? (double) MAX(1, record->step - before) : 1;
        if (record->split != split)
            continue;
        before = record->step;
        if (isnan(value))
            continue;
        sum += weight * value;
        weights += weight;
    }
    return weights > 0 ? sum / weights : (double) NAN;
}

double fv_records_last(const FvRecords *epoch, FvSplit split, const char *name)
{
    double last = NAN;
    for (guint i = 0; i < epoch->count; i++) {
        const double value = epoch->begin[i].split == split ? fv_record_get(&epoch->begin[i], name) : (double) NAN;
        last = isnan(value) ? last : value;
    }
    return last;
}
