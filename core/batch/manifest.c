/* SPDX-License-Identifier: MIT
 * manifest.c: lines of manifest.jsonl, between text and work. */
#include "core/batch/manifest.h"

#include "core/batch/names.h"

#include <string.h>

/* ------------------------------------------------------------------ writing */

static void add_int(JsonBuilder *builder, const char *name, gint64 value)
{
    json_builder_set_member_name(builder, name);
    json_builder_add_int_value(builder, value);
}

static void add_string(JsonBuilder *builder, const char *name, const char *value)
{
    g_autofree char *text = fv_name_text(value);
    json_builder_set_member_name(builder, name);
    json_builder_add_string_value(builder, text);
}

static void add_part(JsonBuilder *builder, const FvManifestLine *line, int part, const FvImages *images)
{
    add_string(builder, "source", fv_images_names(images)[line->images[part]]);
    add_int(builder, "sample", line->samples[part]);
    add_int(builder, "source_height", line->shapes[part].h);
    add_int(builder, "source_width", line->shapes[part].w);
    add_int(builder, "eighths", line->eighths[part]);
    if (line->parts > 1) {
        json_builder_set_member_name(builder, "weight");
        json_builder_add_double_value(builder, fv_draw_weight(line->draw, part));
    }
}

char *fv_manifest_line(const FvManifestLine *line, const FvImages *images)
{
    g_autoptr(JsonBuilder) builder = json_builder_new();
    g_autoptr(JsonGenerator) generator = json_generator_new();
    const FvShape size = fv_draw_output(line->draw);
    json_builder_begin_object(builder);
    add_string(builder, "output", line->item->name);
    add_part(builder, line, 0, images);
    add_int(builder, "copy", line->item->key.copy);
    add_int(builder, "seed", (gint64) line->item->key.seed);
    add_int(builder, "channels", size.c);
    add_int(builder, "height", size.h);
    add_int(builder, "width", size.w);
    if (line->quality)
        add_int(builder, "quality", line->quality);
    if (line->parts > 1) {
        json_builder_set_member_name(builder, "others");
        json_builder_begin_array(builder);
        for (int part = 1; part < line->parts; part++) {
            json_builder_begin_object(builder);
            add_part(builder, line, part, images);
            json_builder_end_object(builder);
        }
        json_builder_end_array(builder);
    }
    json_builder_set_member_name(builder, "operations");
    fv_draw_write(line->draw, builder);
    json_builder_end_object(builder);
    g_autoptr(JsonNode) root = json_builder_get_root(builder);
    json_generator_set_root(generator, root);
    g_autofree char *json = json_generator_to_data(generator, NULL);
    return g_strconcat(json, "\n", NULL);
}

/* ------------------------------------------------------------------ reading */

enum { MOST_BYTES = 1 << 30, MOST_LINE = 1 << 20, MOST_DEPTH = 100 };

/* A manifest while it is read. */
typedef struct {
    const char *file;
    guint line;
    FvImages *images;
    GHashTable *outputs; /* names that were there before */
} Reader;

static void item_free(gpointer data)
{
    FvWorkItem *item = data;
    g_clear_pointer(&item->drawn, json_array_unref);
    fv_work_item_clear(item);
    g_free(item);
}

static gboolean wrong(const Reader *reader, const char *what, GError **error)
{
    g_set_error(error, FV_ERROR, FV_ERROR_DATA, "%s:%u: %s", reader->file, reader->line, what);
    return FALSE;
}

static gboolean read_int(const Reader *reader, JsonObject *object, const char *name, gint64 least, gint64 most,
                         gint64 *value, GError **error)
{
    JsonNode *node = json_object_get_member(object, name);
    if (node && JSON_NODE_HOLDS_VALUE(node) && json_node_get_value_type(node) == G_TYPE_INT64) {
        *value = json_node_get_int(node);
        if (*value >= least && *value <= most)
            return TRUE;
    }
    g_autofree char *what = g_strdup_printf("not a line of a manifest: no good \"%s\"", name);
    return wrong(reader, what, error);
}

static const char *read_string(const Reader *reader, JsonObject *object, const char *name, GError **error)
{
    JsonNode *node = json_object_get_member(object, name);
    if (node && JSON_NODE_HOLDS_VALUE(node) && json_node_get_value_type(node) == G_TYPE_STRING)
        return json_node_get_string(node);
    g_autofree char *what = g_strdup_printf("not a line of a manifest: no \"%s\"", name);
    wrong(reader, what, error);
    return NULL;
}

/* Names that are no UTF-8 stand in the manifest as fv_name_text() writes them. */
static gint64 find(const Reader *reader, const char *text)
{
    const gint64 number = fv_images_find(reader->images, text);
    if (number >= 0)
        return number;
    g_autofree char *name = fv_name_from_text(text);
    return fv_images_find(reader->images, name);
}

/* What add_part() wrote. */
static gboolean read_part(Reader *reader, JsonObject *object, guint32 *image, guint32 *sample, int *eighths,
                          GError **error)
{
    gint64 number, scale;
    const char *source = read_string(reader, object, "source", error);
    if (!source || !read_int(reader, object, "sample", 0, G_MAXUINT32, &number, error) ||
        !read_int(reader, object, "eighths", 1, 8, &scale, error))
        return FALSE;
    const gint64 found = find(reader, source);
    if (found < 0) {
        g_autofree char *what = g_strdup_printf("\"%s\" is not among the images", source);
        return wrong(reader, what, error);
    }
    *image = (guint32) found;
    *sample = (guint32) number;
    *eighths = (int) scale;
    return TRUE;
}

static gboolean read_others(Reader *reader, JsonObject *object, FvWorkItem *item, GError **error)
{
    JsonNode *node = json_object_get_member(object, "others");
    if (!node)
        return TRUE;
    JsonArray *others = JSON_NODE_HOLDS_ARRAY(node) ? json_node_get_array(node) : NULL;
    if (!others || json_array_get_length(others) > FV_AUGMENT_PARTS - 1)
        return wrong(reader, "not a line of a manifest: no good \"others\"", error);
    item->other_count = (int) json_array_get_length(others);
    for (int i = 0; i < item->other_count; i++) {
        JsonNode *other = json_array_get_element(others, (guint) i);
        if (!JSON_NODE_HOLDS_OBJECT(other))
            return wrong(reader, "not a line of a manifest: no good \"others\"", error);
        if (!read_part(reader, json_node_get_object(other), &item->other_images[i], &item->others[i],
                       &item->eighths[i + 1], error))
            return FALSE;
    }
    return TRUE;
}

/* The name of the output: below OUT, an image, and not one of two. The source's name tells whether it is UTF-8. */
static gboolean read_output(Reader *reader, JsonObject *object, FvWorkItem *item, GError **error)
{
    FvImageFormat format;
    const char *text = read_string(reader, object, "output", error);
    const char *source = fv_images_names(reader->images)[item->image];
    if (!text)
        return FALSE;
    g_autofree char *output = g_utf8_validate(source, -1, NULL) ? g_strdup(text) : fv_name_from_text(text);
    item->name = fv_name_below(output);
    if (g_strcmp0(item->name, output) != 0)
        return wrong(reader, "the name of the output leads elsewhere", error);
    if (!fv_image_format_of(output, &format))
        return wrong(reader, "the name of the output has not the ending of an image", error);
    if (!g_hash_table_add(reader->outputs, item->name))
        return wrong(reader, "the output was there in a line before", error);
    return TRUE;
}

static FvWorkItem *read_item(Reader *reader, JsonObject *object, GError **error)
{
    FvWorkItem *item = g_new0(FvWorkItem, 1);
    gint64 copy = 0, seed = 0;
    if (!read_part(reader, object, &item->image, &item->key.sample, &item->eighths[0], error) ||
        !read_output(reader, object, item, error) || !read_others(reader, object, item, error) ||
        !read_int(reader, object, "copy", 0, G_MAXUINT32, &copy, error) ||
        !read_int(reader, object, "seed", 0, G_MAXINT64, &seed, error))
        goto failed;
    JsonNode *drawn = json_object_get_member(object, "operations");
    if (!drawn || !JSON_NODE_HOLDS_ARRAY(drawn)) {
        wrong(reader, "not a line of a manifest: no \"operations\"", error);
        goto failed;
    }
    item->drawn = json_array_ref(json_node_get_array(drawn));
    item->key.copy = (guint32) copy;
    item->key.seed = (guint64) seed;
    return item;
failed:
    g_hash_table_remove(reader->outputs, item->name ? item->name : "");
    item_free(item);
    return NULL;
}

/* json-glib's parser calls itself for each bracket. */
static gboolean is_deep(const char *text, gsize size)
{
    int depth = 0;
    for (gsize i = 0; i < size && depth <= MOST_DEPTH; i++)
        depth += (text[i] == '[' || text[i] == '{') - (text[i] == ']' || text[i] == '}');
    return depth > MOST_DEPTH;
}

/* @text: @size bytes. */
static gboolean read_line(Reader *reader, const char *text, gsize size, GPtrArray *items, GError **error)
{
    g_autoptr(JsonParser) parser = json_parser_new();
    if (size > MOST_LINE || is_deep(text, size) || !json_parser_load_from_data(parser, text, (gssize) size, NULL))
        return wrong(reader, "not a line of a manifest", error);
    JsonNode *root = json_parser_get_root(parser);
    if (!root || !JSON_NODE_HOLDS_OBJECT(root))
        return wrong(reader, "not a line of a manifest", error);
    FvWorkItem *item = read_item(reader, json_node_get_object(root), error);
    if (item)
        g_ptr_array_add(items, item);
    return item != NULL;
}

GPtrArray *fv_manifest_read(const char *file, FvImages *images, GError **error)
{
    const FvImageLimits limits = { .bytes = MOST_BYTES };
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    g_autoptr(GPtrArray) items = g_ptr_array_new_with_free_func(item_free);
    g_autoptr(GHashTable) outputs = g_hash_table_new(g_str_hash, g_str_equal);
    Reader reader = { file, 1, images, outputs };
    gboolean good = fv_image_file(file, &limits, bytes, error);
    const char *text = (const char *) bytes->data, *end = text + bytes->len;
    for (const char *stop; good && text < end; text = stop + 1, reader.line++) {
        stop = memchr(text, '\n', (gsize) (end - text));
        if (!stop)
            stop = end;
        if (stop > text)
            good = read_line(&reader, text, (gsize) (stop - text), items, error);
    }
    if (good && items->len == 0) {
        g_set_error(error, FV_ERROR, FV_ERROR_DATA, "%s: no output is listed in it", file);
        good = FALSE;
    }
    return good ? g_steal_pointer(&items) : NULL;
}
