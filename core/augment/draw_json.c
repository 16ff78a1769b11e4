/* SPDX-License-Identifier: MIT
 * draw_json.c: what was drawn as JSON, and back: manifest.jsonl and --replay. */
#include "core/augment/chain_private.h"

#include <math.h>
#include <string.h>

/* ------------------------------------------------------------------- writing */

static void write_applied(const FvAugmentChain *chain, const FvApplied *applied, int part, JsonBuilder *builder)
{
    const FvOperation *op = fv_chain_operation(chain, applied->operation);
    json_builder_begin_object(builder);
    json_builder_set_member_name(builder, "operation");
    json_builder_add_int_value(builder, applied->operation);
    json_builder_set_member_name(builder, "name");
    json_builder_add_string_value(builder, op->augment->base.name);
    if (part > 0) {
        json_builder_set_member_name(builder, "part");
        json_builder_add_int_value(builder, part);
    }
    json_builder_set_member_name(builder, "size");
    json_builder_begin_array(builder);
    json_builder_add_int_value(builder, applied->out.h);
    json_builder_add_int_value(builder, applied->out.w);
    json_builder_end_array(builder);
    json_builder_set_member_name(builder, "drawn");
    json_builder_begin_object(builder);
    for (int i = 0; i < op->drawn; i++) {
        json_builder_set_member_name(builder, op->augment->drawn[i]);
        json_builder_add_double_value(builder, (double) applied->drawn[i]);
    }
    json_builder_end_object(builder);
    json_builder_end_object(builder);
}

static void write_list(const FvAugmentChain *chain, const GArray *list, int part, JsonBuilder *builder)
{
    for (guint i = 0; i < list->len; i++)
        write_applied(chain, &g_array_index(list, FvApplied, i), part, builder);
}

void fv_draw_write(const FvDraw *draw, JsonBuilder *builder)
{
    json_builder_begin_array(builder);
    for (int i = 0; i < draw->count; i++)
        write_list(draw->chain, draw->parts[i].applied, i, builder);
    if (draw->count > 1)
        write_applied(draw->chain, &draw->mix, 0, builder);
    write_list(draw->chain, draw->after, 0, builder);
    json_builder_end_array(builder);
}

/* ------------------------------------------------------------------- reading */

static gboolean wrong(GError **error, guint number, const char *what)
{
    g_set_error(error, FV_ERROR, FV_ERROR_DATA, "operation %u of the manifest: %s", number + 1, what);
    return FALSE;
}

static JsonObject *object_at(JsonArray *array, guint i)
{
    JsonNode *node = json_array_get_element(array, i);
    return JSON_NODE_HOLDS_OBJECT(node) ? json_node_get_object(node) : NULL;
}

static gboolean get_number(JsonObject *object, const char *name, double *number)
{
    JsonNode *node = object ? json_object_get_member(object, name) : NULL;
    if (!node || !JSON_NODE_HOLDS_VALUE(node) ||
        (json_node_get_value_type(node) != G_TYPE_INT64 && json_node_get_value_type(node) != G_TYPE_DOUBLE))
        return FALSE;
    *number = json_node_get_double(node);
    return isfinite(*number);
}

static gboolean get_whole(JsonObject *object, const char *name, int most, int *number)
{
    double value;
    if (!get_number(object, name, &value) || value != floor(value) || value < 0 || value > most)
        return FALSE;
    *number = (int) value;
    return TRUE;
}

static gboolean read_size(JsonObject *object, FvShape *out)
{
    JsonNode *node = json_object_get_member(object, "size");
    JsonArray *size = node && JSON_NODE_HOLDS_ARRAY(node) ? json_node_get_array(node) : NULL;
    if (!size || json_array_get_length(size) != 2)
        return FALSE;
    const double h = json_array_get_double_element(size, 0), w = json_array_get_double_element(size, 1);
    if (!(h >= 1 && w >= 1 && h <= FV_CHAIN_SIDE && w <= FV_CHAIN_SIDE))
        return FALSE;
    out->h = (int) h;
    out->w = (int) w;
    return TRUE;
}

static gboolean read_applied(const FvAugmentChain *chain, JsonObject *object, guint number, FvApplied *applied,
                             GError **error)
{
    const FvShape in = applied->in;
    if (!get_whole(object, "operation", fv_augment_chain_count(chain) - 1, &applied->operation))
        return wrong(error, number, "there is no such operation in the chain");
    const FvOperation *op = fv_chain_operation(chain, applied->operation);
    if (op->branches ||
        g_strcmp0(json_object_get_string_member_with_default(object, "name", ""), op->augment->base.name) != 0)
        return wrong(error, number, "the chain has another one at its place");
    applied->out = in;
    if (!read_size(object, &applied->out))
        return wrong(error, number, "its size is missing or wrong");
    JsonNode *node = json_object_get_member(object, "drawn");
    JsonObject *drawn = node && JSON_NODE_HOLDS_OBJECT(node) ? json_node_get_object(node) : NULL;
    for (int i = 0; i < op->drawn; i++) {
        double value;
        if (!get_number(drawn, op->augment->drawn[i], &value))
            return wrong(error, number, "what it drew is missing or no number");
        applied->drawn[i] = (float) value;
    }
    return TRUE;
}

/* One list after the other: of each part, then the mixing, then what follows. */
static gboolean read_all(FvDraw *draw, JsonArray *array, GError **error)
{
    FvShape at[FV_AUGMENT_PARTS];
    gboolean mixed = draw->count == 1;
    for (int i = 0; i < draw->count; i++)
        at[i] = draw->parts[i].image;
    for (guint i = 0; i < json_array_get_length(array); i++) {
        JsonObject *object = object_at(array, i);
        int part = 0;
        if (!object)
            return wrong(error, i, "it is no object");
        if (json_object_has_member(object, "part") && !get_whole(object, "part", draw->count - 1, &part))
            return wrong(error, i, "of a part that there is not");
        FvApplied applied = { .in = at[part] };
        if (!read_applied(draw->chain, object, i, &applied, error))
            return FALSE;
        const gboolean mixes = draw->chain->mix == applied.operation;
        if (mixed && (mixes || part > 0))
            return wrong(error, i, "images are mixed once, and before what follows");
        at[part] = applied.out;
        if (mixes) {
            fv_draw_mix(draw, &applied);
            mixed = TRUE;
        } else {
            g_array_append_val(draw->count > 1 && mixed ? draw->after : draw->parts[part].applied, applied);
        }
    }
    draw->output = at[0];
    return mixed || wrong(error, json_array_get_length(array), "the mixing is missing");
}

FvDraw *fv_draw_read(const FvAugmentChain *chain, FvDrawKey key, const guint32 *others, int count,
                     const FvShape *shapes, JsonArray *drawn, GError **error)
{
    const int wanted = chain->mix >= 0 ? fv_chain_operation(chain, chain->mix)->augment->others : 0;
    if (count != 0 && count != wanted) {
        g_set_error(error, FV_ERROR, FV_ERROR_DATA, "the manifest mixes %d images, the chain %d", count + 1,
                    wanted + 1);
        return NULL;
    }
    for (int i = 0; i <= count; i++)
        if (!fv_draw_check_image(shapes[i], error))
            return NULL;
    g_autoptr(FvDraw) draw = fv_draw_start(chain, key, others, count, shapes);
    return read_all(draw, drawn, error) ? g_steal_pointer(&draw) : NULL;
}
