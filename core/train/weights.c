/* SPDX-License-Identifier: MIT
 * weights.c: parameters and checkpoints to and from safetensors.
 *
 * A parameter is kept under its own name. Beside it a checkpoint holds "optimizer/SLOT/NAME" (a path holds no slash),
 * and its position in the metadata, doubles as hexadecimal so that no bit is lost. */
#include "core/train/weights.h"

#include "core/diag.h"
#include "core/train/weights_match.h"

#include <json-glib/json-glib.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ------------------------------------------------------------------- reading */

static gboolean refuse(const char *file, const char *name, const char *reason, GError **error)
{
    g_set_error(error, FV_ERROR, FV_ERROR_DATA, "%s: %s: %s", file, name, reason);
    return FALSE;
}

static gboolean missing(const FvTensors *tensors, const char *file, const char *name, GError **error)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    for (guint i = 0; i < fv_tensors_count(tensors); i++)
        g_ptr_array_add(names, fv_tensors_at(tensors, i)->name);
    g_ptr_array_add(names, NULL);
    const char *nearest = fv_nearest(name, (const char *const *) names->pdata);
    g_autofree char *hint = nearest ? g_strdup_printf(" (there is %s)", nearest) : g_strdup("");
    g_set_error(error, FV_ERROR, FV_ERROR_DATA, "%s: %s: the net has this parameter, the file has not%s", file, name,
                hint);
    return FALSE;
}

/* The tensor of that name, checked to be numbers that a parameter can take. */
static const FvTensor *get(const FvTensors *tensors, const char *file, const char *name, GError **error)
{
    const FvTensor *tensor = fv_tensors_get(tensors, name);
    if (!tensor) {
        missing(tensors, file, name, error);
        return NULL;
    }
    if (tensor->dtype != FV_F32 && tensor->dtype != FV_F64) {
        refuse(file, name, "its elements are whole numbers; a parameter is F32 or F64", error);
        return NULL;
    }
    return tensor;
}

/* A parameter of other dims is the file's fault here, not the pipeline's. */
static gboolean fail_as_data(const char *file, GError *inner, GError **error)
{
    g_set_error(error, FV_ERROR, inner->code == FV_ERROR_SHAPE ? FV_ERROR_DATA : inner->code, "%s: %s", file,
                inner->message);
    g_error_free(inner);
    return FALSE;
}

static gboolean set_taken(FvPlan *plan, const FvWeightsMatch *match, const char *file, GError **error)
{
    for (guint i = 0; i < match->taken->len; i++) {
        GError *inner = NULL;
        if (match->taken->pdata[i] && !fv_plan_set_param(plan, i, match->taken->pdata[i], &inner))
            return fail_as_data(file, inner, error);
    }
    return TRUE;
}

/* @advice: behind the message, where something fits. */
static gboolean set_all(FvPlan *plan, const FvTensors *tensors, const char *file, const char *advice, GError **error)
{
    g_autoptr(FvWeightsMatch) match = fv_weights_match_new(plan, tensors);
    g_autofree char *differences = fv_weights_match_text(match);
    if (!differences)
        return set_taken(plan, match, file, error);
    g_set_error(error, FV_ERROR, FV_ERROR_DATA, "%s: %s%s", file, differences,
                fv_weights_match_count(match) ? advice : "");
    return FALSE;
}

gboolean fv_weights_set(FvPlan *plan, const FvTensors *tensors, const char *file, GError **error)
{
    return set_all(plan, tensors, file, "", error);
}

/* Sets what fits; the rest is as it would be without a file. */
static gboolean set_partly(FvPlan *plan, const FvTensors *tensors, const char *file, guint64 seed, FvWeightsNote note,
                           GError **error)
{
    g_autoptr(FvWeightsMatch) match = fv_weights_match_new(plan, tensors);
    g_autofree char *differences = fv_weights_match_text(match);
    const guint set = fv_weights_match_count(match), all = match->taken->len;
    if (differences && set == 0) {
        g_set_error(error, FV_ERROR, FV_ERROR_DATA, "%s: nothing in it is this net's: it %s", file, differences);
        return FALSE;
    }
    if (set < all && !fv_plan_initialise(plan, seed, error))
        return FALSE;
    if (differences) {
        g_autofree char *line = g_strdup_printf("%s: %u of the net's %u parameters and statistics are taken; it %s",
                                                file, set, all, differences);
        note(line);
    }
    return set_taken(plan, match, file, error);
}

gint64 fv_weights_kept_samples(const FvPlan *plan, const FvTensors *tensors)
{
    for (guint i = 0; i < fv_plan_params(plan); i++) {
        const FvPlanParam param = fv_plan_param(plan, i);
        const FvTensor *tensor = param.spec.per_sample ? fv_tensors_get(tensors, param.name) : NULL;
        if (tensor && tensor->rank > 0)
            return CLAMP(tensor->dims[0], 0, G_MAXINT);
    }
    return 0;
}

/* NULL where there are none, or where they are no list of strings: names are only for people. */
char **fv_weights_classes(const FvTensors *tensors)
{
    const char *text = g_hash_table_lookup(tensors->metadata, "classes");
    g_autoptr(JsonNode) node = text ? json_from_string(text, NULL) : NULL;
    if (!node || !JSON_NODE_HOLDS_ARRAY(node))
        return NULL;
    JsonArray *array = json_node_get_array(node);
    g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
    for (guint i = 0; i < json_array_get_length(array); i++) {
        JsonNode *item = json_array_get_element(array, i);
        if (!JSON_NODE_HOLDS_VALUE(item) || json_node_get_value_type(item) != G_TYPE_STRING)
            return NULL;
        g_strv_builder_add(builder, json_node_get_string(item));
    }
    return g_strv_builder_end(builder);
}

gboolean fv_weights_load(FvPlan *plan, const char *file, GError **error)
{
    g_autoptr(FvTensors) tensors = fv_safetensors_read(file, error);
    return tensors && fv_weights_set(plan, tensors, file, error);
}

gboolean fv_beginning_read(const FvBeginning *from, FvTensors **tensors, GError **error)
{
    *tensors = from->file ? fv_safetensors_read(from->file, error) : NULL;
    return *tensors || !from->file;
}

gboolean fv_weights_begin(FvPlan *plan, const FvBeginning *from, const FvTensors *tensors, GError **error)
{
    if (!tensors)
        return fv_plan_initialise(plan, from->seed, error);
    return from->partial ? set_partly(plan, tensors, from->file, from->seed, from->partial, error)
                         : set_all(plan, tensors, from->file, " (--partial takes what fits)", error);
}

/* ------------------------------------------------------------------- writing */

static gboolean is_finite(const FvTensor *tensor)
{
    gint64 count = fv_tensor_elements(tensor);
    const float *singles = tensor->data;
    if (tensor->dtype != FV_F32)
        return TRUE;
    for (gint64 i = 0; i < count; i++)
        if (!isfinite(singles[i]))
            return FALSE;
    return TRUE;
}

static gboolean add_params(FvPlan *plan, FvTensors *tensors, GError **error)
{
    for (guint i = 0; i < fv_plan_params(plan); i++) {
        const char *name = fv_plan_param(plan, i).name;
        FvTensor *tensor = fv_plan_get_param(plan, i, error);
        if (!tensor)
            return FALSE;
        if (!is_finite(tensor)) {
            fv_tensor_free(tensor);
            g_set_error(error, FV_ERROR, FV_ERROR_DATA, "%s is not finite", name);
            return FALSE;
        }
        if (!fv_tensors_add(tensors, name, tensor, error))
            return FALSE;
    }
    return TRUE;
}

static char *slot_name(const char *slot, const char *param)
{
    return g_strdup_printf("optimizer/%s/%s", slot, param);
}

static gboolean add_slots(FvPlan *plan, FvTensors *tensors, GError **error)
{
    const char *const *slots = fv_plan_slots(plan);
    for (guint s = 0; slots[s]; s++)
        for (guint i = 0; i < fv_plan_params(plan); i++) {
            FvPlanParam param = fv_plan_param(plan, i);
            if (!param.trained)
                continue;
            g_autofree char *name = slot_name(slots[s], param.name);
            FvTensor *tensor = fv_plan_get_slot(plan, i, s, error);
            if (!tensor || !fv_tensors_add(tensors, name, tensor, error))
                return FALSE;
        }
    return TRUE;
}

static void note(FvTensors *tensors, const char *key, char *value)
{
    g_hash_table_insert(tensors->metadata, g_strdup(key), value);
}

static void add_notes(FvTensors *tensors, const FvWeightsNotes *notes)
{
    note(tensors, "format", g_strdup("pt")); /* for readers of other frameworks: row-major, PyTorch's layouts */
    note(tensors, "fovea", g_strdup(FV_VERSION));
    if (!notes->classes)
        return;
    g_autoptr(JsonBuilder) builder = json_builder_new();
    json_builder_begin_array(builder);
    for (const char *const *name = notes->classes; *name; name++)
        json_builder_add_string_value(builder, *name);
    json_builder_end_array(builder);
    g_autoptr(JsonNode) root = json_builder_get_root(builder);
    note(tensors, "classes", json_to_string(root, FALSE));
}

gboolean fv_weights_save(FvPlan *plan, const FvWeightsNotes *notes, const char *file, GError **error)
{
    g_autoptr(FvTensors) tensors = fv_tensors_new();
    add_notes(tensors, notes);
    return add_params(plan, tensors, error) && fv_safetensors_write(file, tensors, NULL, error);
}

/* ------------------------------------------------------------------- positions */

FvPosition fv_position_begin(guint64 seed)
{
    return (FvPosition){ .seed = seed, .early_best = -INFINITY, .history = g_array_new(FALSE, FALSE, sizeof(FvEpoch)) };
}

void fv_position_clear(FvPosition *at)
{
    fv_sums_clear(&at->sums);
    fv_sums_clear(&at->mark);
    g_clear_pointer(&at->history, g_array_unref);
}

/* ---------------------------------------------------------------- checkpoints */

/* Doubles as a text that holds every bit; "" for none. */
static char *numbers_text(const double *numbers, gsize count)
{
    GString *text = g_string_new(NULL);
    for (gsize i = 0; i < count; i++)
        g_string_append_printf(text, i ? " %a" : "%a", numbers[i]);
    return g_string_free(text, FALSE);
}

static gboolean read_numbers(const char *text, double *numbers, gsize count)
{
    char *at = (char *) text;
    for (gsize i = 0; i < count; i++) {
        char *from = at;
        numbers[i] = g_ascii_strtod(from, &at);
        if (at == from)
            return FALSE;
    }
    return *at == '\0';
}

enum { NUMBERS_OF_EPOCH = sizeof(FvEpoch) / sizeof(double) };

/* What not every training has. */
static void note_more(FvPlan *plan, const FvPosition *at, FvTensors *tensors)
{
    int count;
    const double *numbers = fv_plan_numbers(plan, &count);
    if (count > 0)
        note(tensors, "optimizer", numbers_text(numbers, (gsize) count));
    if (at->waited > 0 || isfinite(at->early_best))
        note(tensors, "early", g_strdup_printf("%d %a", at->waited, at->early_best));
    if (at->history->len > 0)
        note(tensors, "history",
             numbers_text((const double *) (const void *) at->history->data, at->history->len * NUMBERS_OF_EPOCH));
}

static char *sums_text(const FvSums *sums)
{
    GString *text = g_string_new(NULL);
    g_string_printf(text, "%" G_GINT64_FORMAT " %" G_GINT64_FORMAT " %a %a", sums->seen, sums->steps, sums->losses,
                    sums->penalties);
    for (guint i = 0; sums->metrics && i < sums->metrics->len; i++) {
        const double sum = g_array_index(sums->metrics, double, i);
        if (sum == 0) /* as most of a large confusion matrix is */
            g_string_append(text, " 0");
        else
            g_string_append_printf(text, " %a", sum);
    }
    return g_string_free(text, FALSE);
}

gboolean fv_checkpoint_save(FvPlan *plan, const FvPosition *at, const FvWeightsNotes *notes, const char *file,
                            GError **error)
{
    g_autoptr(FvTensors) tensors = fv_tensors_new();
    add_notes(tensors, notes);
    note(tensors, "device", g_strdup(notes->device));
    note(tensors, "seed", g_strdup_printf("%" G_GUINT64_FORMAT, at->seed));
    note(tensors, "step", g_strdup_printf("%" G_GINT64_FORMAT, at->step));
    note(tensors, "epochs", g_strdup_printf("%d", at->epochs));
    note(tensors, "sums", sums_text(&at->sums));
    note(tensors, "mark", sums_text(&at->mark));
    note(tensors, "best", at->has_best ? g_strdup_printf("%a", at->best) : g_strdup("none"));
    note_more(plan, at, tensors);
    return add_params(plan, tensors, error) && add_slots(plan, tensors, error) &&
           fv_safetensors_write(file, tensors, NULL, error);
}

static const char *noted(const FvTensors *tensors, const char *key)
{
    const char *value = g_hash_table_lookup(tensors->metadata, key);
    return value ? value : "";
}

static gboolean read_number(const char *text, gint64 max, gint64 *number)
{
    char *end;
    *number = g_ascii_strtoll(text, &end, 10);
    return end != text && *end == '\0' && *number >= 0 && *number <= max;
}

static gboolean read_sums(const char *text, FvSums *sums)
{
    char *at = (char *) text;
    double *const doubles[] = { &sums->losses, &sums->penalties };
    sums->seen = g_ascii_strtoll(at, &at, 10);
    sums->steps = g_ascii_strtoll(at, &at, 10);
    for (guint i = 0; i < G_N_ELEMENTS(doubles); i++) {
        char *from = at;
        *doubles[i] = g_ascii_strtod(from, &at);
        if (at == from || !isfinite(*doubles[i]))
            return FALSE;
    }
    sums->metrics = g_array_new(FALSE, FALSE, sizeof(double));
    while (*at) {
        char *from = at;
        const double sum = g_ascii_strtod(from, &at);
        if (at == from || !isfinite(sum))
            return FALSE;
        g_array_append_val(sums->metrics, sum);
    }
    return sums->seen >= 0 && sums->steps >= 0;
}

/* Of all epochs that are done, or of none. */
static gboolean read_history(const FvTensors *tensors, FvPosition *at)
{
    const char *text = noted(tensors, "history");
    if (!*text)
        return TRUE;
    if ((gsize) at->epochs > strlen(text)) /* a number is two bytes at least: nothing is taken for numbers not there */
        return FALSE;
    g_array_set_size(at->history, (guint) at->epochs);
    return read_numbers(text, (double *) (void *) at->history->data, (gsize) at->epochs * NUMBERS_OF_EPOCH);
}

/* Of trainings with patience; others have none. */
static gboolean read_early(const FvTensors *tensors, FvPosition *at)
{
    const char *text = noted(tensors, "early");
    char *end;
    if (!*text)
        return TRUE;
    const gint64 waited = g_ascii_strtoll(text, &end, 10);
    at->waited = (int) CLAMP(waited, 0, G_MAXINT);
    return waited >= 0 && read_numbers(end, &at->early_best, 1) && !isnan(at->early_best);
}

static gboolean read_position(const FvTensors *tensors, FvPosition *at)
{
    gint64 epochs;
    const char *seed = noted(tensors, "seed"), *best = noted(tensors, "best");
    at->has_best = strcmp(best, "none") != 0;
    at->best = at->has_best ? g_ascii_strtod(best, NULL) : 0;
    if (!*best || !g_ascii_string_to_unsigned(seed, 10, 0, G_MAXUINT64, &at->seed, NULL) ||
        !read_number(noted(tensors, "step"), G_MAXINT64 / 2, &at->step) ||
        !read_number(noted(tensors, "epochs"), G_MAXINT, &epochs))
        return FALSE;
    at->epochs = (int) epochs;
    return read_sums(noted(tensors, "sums"), &at->sums) && read_sums(noted(tensors, "mark"), &at->mark) &&
           read_history(tensors, at) && read_early(tensors, at);
}

static gboolean set_slots(FvPlan *plan, const FvTensors *tensors, const char *file, GError **error)
{
    const char *const *slots = fv_plan_slots(plan);
    for (guint s = 0; slots[s]; s++)
        for (guint i = 0; i < fv_plan_params(plan); i++) {
            FvPlanParam param = fv_plan_param(plan, i);
            if (!param.trained)
                continue;
            g_autofree char *name = slot_name(slots[s], param.name);
            const FvTensor *tensor = get(tensors, file, name, error);
            GError *inner = NULL;
            if (!tensor)
                return FALSE;
            if (!fv_plan_set_slot(plan, i, s, tensor, &inner))
                return fail_as_data(file, inner, error);
        }
    return TRUE;
}

FvTensors *fv_checkpoint_read(const char *file, FvPosition *at, GError **error)
{
    g_autoptr(FvTensors) tensors = fv_safetensors_read(file, error);
    if (!tensors)
        return NULL;
    *at = fv_position_begin(0);
    if (!read_position(tensors, at)) {
        g_set_error(error, FV_ERROR, FV_ERROR_DATA, "%s: holds no position of a training; it is no checkpoint", file);
        fv_position_clear(at);
        return NULL;
    }
    return g_steal_pointer(&tensors);
}

const char *fv_checkpoint_device(const FvTensors *checkpoint)
{
    return g_hash_table_lookup(checkpoint->metadata, "device");
}

gboolean fv_checkpoint_set(FvPlan *plan, const FvTensors *checkpoint, const char *file, GError **error)
{
    int count;
    double *numbers = fv_plan_numbers(plan, &count);
    if (!read_numbers(noted(checkpoint, "optimizer"), numbers, (gsize) count))
        return refuse(file, "optimizer", "its numbers are not those of this pipeline's optimizer", error);
    return fv_weights_set(plan, checkpoint, file, error) && set_slots(plan, checkpoint, file, error);
}
