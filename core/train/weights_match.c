/* SPDX-License-Identifier: MIT
 * weights_match.c: which tensors of a file a net takes, and where the two differ. */
#include "core/train/weights_match.h"

#include <string.h>

enum { MOST_NAMES = 20 };

/* PyTorch's batchnorm counts its batches in an int64 of its own, which only a momentum of None would need. */
#define COUNTER ".num_batches_tracked"

static gboolean is_parameter(const char *name)
{
    return !strchr(name, '/') && !g_str_has_suffix(name, COUNTER);
}

static gboolean same_dims(const FvTensor *tensor, const FvParamSpec *spec)
{
    gboolean same = tensor->rank == spec->rank;
    for (int d = 0; same && d < spec->rank; d++)
        same = tensor->dims[d] == spec->dims[d];
    return same;
}

static char *spec_text(const FvParamSpec *spec)
{
    GString *text = g_string_new(NULL);
    for (int d = 0; d < spec->rank; d++)
        g_string_append_printf(text, d ? "x%d" : "%d", (int) spec->dims[d]);
    return g_string_free(text, FALSE);
}

/* Why the parameter cannot take that tensor, or NULL where it can. */
static char *misfit(const FvPlanParam *param, const FvTensor *tensor)
{
    if (tensor->dtype != FV_F32 && tensor->dtype != FV_F64)
        return g_strdup_printf("%s is of whole numbers, where F32 or F64 is wanted", param->name);
    if (same_dims(tensor, &param->spec))
        return NULL;
    g_autofree char *has = fv_tensor_dims_text(tensor);
    g_autofree char *wants = spec_text(&param->spec);
    return g_strdup_printf("%s is %s, the net's is %s", param->name, has, wants);
}

FvWeightsMatch *fv_weights_match_new(const FvPlan *plan, const FvTensors *tensors)
{
    FvWeightsMatch *match = g_new(FvWeightsMatch, 1);
    *match = (FvWeightsMatch){ g_ptr_array_new(), g_ptr_array_new_with_free_func(g_free),
                               g_ptr_array_new_with_free_func(g_free), g_ptr_array_new_with_free_func(g_free) };
    g_autoptr(GHashTable) known = g_hash_table_new(g_str_hash, g_str_equal);
    for (guint i = 0; i < fv_plan_params(plan); i++) {
        const FvPlanParam param = fv_plan_param(plan, i);
        FvTensor *tensor = fv_tensors_get(tensors, param.name);
        char *why = tensor ? misfit(&param, tensor) : NULL;
        if (!tensor)
            g_ptr_array_add(match->missing, g_strdup(param.name));
        if (why)
            g_ptr_array_add(match->unfit, why);
        g_ptr_array_add(match->taken, why ? NULL : tensor);
        g_hash_table_add(known, (char *) param.name);
    }
    for (guint i = 0; i < fv_tensors_count(tensors); i++) {
        const char *name = fv_tensors_at(tensors, i)->name;
        if (is_parameter(name) && !g_hash_table_contains(known, name) && !fv_plan_has_idle_param(plan, name))
            g_ptr_array_add(match->unknown, g_strdup(name));
    }
    return match;
}

void fv_weights_match_free(FvWeightsMatch *match)
{
    if (!match)
        return;
    g_ptr_array_unref(match->taken);
    g_ptr_array_unref(match->missing);
    g_ptr_array_unref(match->unknown);
    g_ptr_array_unref(match->unfit);
    g_free(match);
}

guint fv_weights_match_count(const FvWeightsMatch *match)
{
    guint count = 0;
    for (guint i = 0; i < match->taken->len; i++)
        count += match->taken->pdata[i] != NULL;
    return count;
}

/* "BEFORE a, b and 3 more", behind what is there already. */
static void append_names(GString *text, const char *before, const GPtrArray *names)
{
    if (names->len == 0)
        return;
    g_string_append_printf(text, "%s%s", text->len ? "; " : "", before);
    for (guint i = 0; i < MIN(names->len, MOST_NAMES); i++)
        g_string_append_printf(text, "%s%s", i ? ", " : "", (const char *) names->pdata[i]);
    if (names->len > MOST_NAMES)
        g_string_append_printf(text, " and %u more", names->len - MOST_NAMES);
}

char *fv_weights_match_text(const FvWeightsMatch *match)
{
    GString *text = g_string_new(NULL);
    append_names(text, "lacks ", match->missing);
    append_names(text, "has what the net has not: ", match->unknown);
    append_names(text, "", match->unfit);
    return g_string_free(text, text->len == 0);
}

static void add_line(GStrvBuilder *lines, const char *before, const GPtrArray *names)
{
    g_autoptr(GString) line = g_string_new(NULL);
    append_names(line, before, names);
    if (line->len > 0)
        g_strv_builder_add(lines, line->str);
}

char **fv_weights_match_lines(const FvWeightsMatch *match)
{
    g_autoptr(GStrvBuilder) lines = g_strv_builder_new();
    add_line(lines, "of another size, begin anew: ", match->unfit);
    add_line(lines, "not in the file, begin anew: ", match->missing);
    add_line(lines, "not in the net, left aside: ", match->unknown);
    return g_strv_builder_end(lines);
}
