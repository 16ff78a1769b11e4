/* SPDX-License-Identifier: MIT
 * safetensors.c: named tensors in one file: the header's length in eight bytes, a JSON header, then the data.
 *
 * The format: https://huggingface.co/docs/safetensors. The header is
 * {"__metadata__":{"key":"text"},"name":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]}, ...}. */
#include "core/sink/safetensors.h"

#include "core/sink/atomic.h"
#include "core/sink/input.h"

#include <json-glib/json-glib.h>
#include <string.h>

enum {
    LENGTH_SIZE = 8,
    ALIGNMENT = 8,
    MAX_HEADER = 100 * 1000 * 1000, /* as in the reference implementation */
    MAX_DEPTH = 3,                  /* of brackets in a header */
    MAX_VALUES = 1000 * 1000        /* in a header, which take some 100 bytes each once parsed */
};
static const char metadata_key[] = "__metadata__";

static const char *const dtypes[FV_DTYPES] = {
    [FV_F32] = "F32", [FV_F64] = "F64", [FV_I64] = "I64", [FV_I32] = "I32", [FV_U8] = "U8",
};

static gboolean refuse(GError **error, const char *format, ...) G_GNUC_PRINTF(2, 3);

static gboolean refuse(GError **error, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *text = g_strdup_vprintf(format, args);
    va_end(args);
    g_set_error_literal(error, FV_ERROR, FV_ERROR_DATA, text);
    return FALSE;
}

/* ----------------------------------------------------------------- reading */

/* json-glib parses by recursion, makes a node of every value, and cuts strings at \u0000: what it is given must be
 * known to be flat, of bounded size, and without that. */
static gboolean scan_header(const char *text, gsize length, GError **error)
{
    guint depth = 0, values = 0;
    gboolean quoted = FALSE;
    if (*text != '{') /* also keeps out the comments and assignments that json-glib takes */
        return refuse(error, "malformed header: no JSON object");
    for (gsize i = 0; i < length; i++) {
        char c = text[i];
        if (c == 0)
            return refuse(error, "malformed header: a NUL byte");
        if (quoted) {
            if (c == '\\') {
                if (!strncmp(text + i, "\\u0000", 6))
                    return refuse(error, "malformed header: a NUL character in a string");
                i++;
            } else if (c == '"') {
                quoted = FALSE;
            }
            continue;
        }
        if (c == '/' || c == '\'')
            return refuse(error, "malformed header: an unexpected %c", c);
        quoted = c == '"';
        depth += c == '{' || c == '[';
        values += c == '{' || c == '[' || c == ',';
        if (depth > MAX_DEPTH)
            return refuse(error, "malformed header: too deep");
        if (values > MAX_VALUES)
            return refuse(error, "malformed header: too many values");
        if ((c == '}' || c == ']') && depth-- == 0)
            return refuse(error, "malformed header: an unexpected %c", c);
    }
    return TRUE;
}

/* json-glib lets the last of several equal keys win; JSON objects with two meanings must not be read as either. */
typedef struct {
    GHashTable *members; /* JsonObject * -> how many were parsed */
    gboolean twice;
} Duplicates;

static void count_member(JsonParser *parser, JsonObject *object, const char *name, gpointer data)
{
    Duplicates *duplicates = data;
    guint count = GPOINTER_TO_UINT(g_hash_table_lookup(duplicates->members, object)) + 1;
    g_hash_table_insert(duplicates->members, object, GUINT_TO_POINTER(count));
    if (count != json_object_get_size(object))
        duplicates->twice = TRUE;
}

static void end_object(JsonParser *parser, JsonObject *object, gpointer data)
{
    Duplicates *duplicates = data;
    g_hash_table_remove(duplicates->members, object);
}

static JsonNode *parse_header(const char *text, gsize length, GError **error)
{
    g_autoptr(JsonParser) parser = json_parser_new_immutable();
    g_autoptr(GHashTable) members = g_hash_table_new(NULL, NULL);
    g_autoptr(GError) reason = NULL;
    Duplicates duplicates = { .members = members };
    g_signal_connect(parser, "object-member", G_CALLBACK(count_member), &duplicates);
    g_signal_connect(parser, "object-end", G_CALLBACK(end_object), &duplicates);
    if (!g_utf8_validate(text, (gssize) length, NULL)) {
        refuse(error, "malformed header: not UTF-8");
        return NULL;
    }
    if (!json_parser_load_from_data(parser, text, (gssize) length, &reason)) {
        g_autofree char *shown = fv_printable(reason->message);
        refuse(error, "malformed header: %s", shown);
        return NULL;
    }
    if (duplicates.twice) {
        refuse(error, "malformed header: a name stands there twice");
        return NULL;
    }
    JsonNode *root = json_parser_get_root(parser);
    if (!root || !JSON_NODE_HOLDS_OBJECT(root)) {
        refuse(error, "malformed header: no JSON object");
        return NULL;
    }
    return json_node_ref(root);
}

static gboolean read_metadata(JsonNode *node, GHashTable *metadata, GError **error)
{
    if (!JSON_NODE_HOLDS_OBJECT(node))
        return refuse(error, "malformed header: %s is no object", metadata_key);
    JsonObjectIter iter;
    const char *key;
    JsonNode *value;
    json_object_iter_init_ordered(&iter, json_node_get_object(node));
    while (json_object_iter_next_ordered(&iter, &key, &value)) {
        if (json_node_get_value_type(value) != G_TYPE_STRING)
            return refuse(error, "malformed header: %s holds something that is no string", metadata_key);
        g_hash_table_insert(metadata, g_strdup(key), json_node_dup_string(value));
    }
    return TRUE;
}

/* Numbers of a JSON array, which must be whole and not negative. Returns how many, -1 where it is anything else. */
static int read_numbers(JsonObject *object, const char *name, gint64 *numbers, int room)
{
    JsonNode *node = json_object_get_member(object, name);
    if (!node || !JSON_NODE_HOLDS_ARRAY(node))
        return -1;
    JsonArray *array = json_node_get_array(node);
    guint count = json_array_get_length(array);
    for (guint i = 0; i < count && i < (guint) room; i++) {
        JsonNode *element = json_array_get_element(array, i);
        if (json_node_get_value_type(element) != G_TYPE_INT64 || json_node_get_int(element) < 0)
            return -1;
        numbers[i] = json_node_get_int(element);
    }
    return (int) count;
}

typedef struct {
    const char *name;
    FvTensor claimed; /* without data */
    gint64 begin, end;
} Entry;

static gboolean read_entry(JsonNode *node, gint64 data_size, Entry *entry, GError **error)
{
    if (!JSON_NODE_HOLDS_OBJECT(node))
        return refuse(error, "no JSON object");
    JsonObject *object = json_node_get_object(node);
    JsonNode *dtype = json_object_get_member(object, "dtype");
    if (!dtype || json_node_get_value_type(dtype) != G_TYPE_STRING)
        return refuse(error, "no dtype");
    int known = 0;
    while (known < FV_DTYPES && strcmp(dtypes[known], json_node_get_string(dtype)) != 0)
        known++;
    if (known == FV_DTYPES) {
        g_autofree char *shown = fv_printable(json_node_get_string(dtype));
        return refuse(error, "dtype %s is not supported", shown);
    }
    FvTensor *claimed = &entry->claimed;
    claimed->dtype = (FvDtype) known;
    claimed->rank = read_numbers(object, "shape", claimed->dims, FV_MAX_RANK);
    if (claimed->rank < 0)
        return refuse(error, "malformed shape");
    if (claimed->rank > FV_MAX_RANK)
        return refuse(error, "%d dimensions, at most %d are supported", claimed->rank, FV_MAX_RANK);
    gint64 offsets[2];
    if (read_numbers(object, "data_offsets", offsets, 2) != 2 || offsets[0] > offsets[1])
        return refuse(error, "malformed data_offsets");
    entry->begin = offsets[0];
    entry->end = offsets[1];
    if (entry->end > data_size)
        return refuse(error, "its data reach %" G_GINT64_FORMAT " bytes past the end of the file",
                      entry->end - data_size);
    gint64 elements = fv_tensor_elements(claimed), bytes = entry->end - entry->begin;
    gint64 size = (gint64) fv_dtype_size(claimed->dtype);
    if (elements < 0 || bytes / size != elements || bytes % size != 0) {
        g_autofree char *dims = fv_tensor_dims_text(claimed);
        return refuse(error, "shape %s of %s does not fit its %" G_GINT64_FORMAT " bytes", dims, dtypes[known], bytes);
    }
    return TRUE;
}

static int by_begin(gconstpointer a, gconstpointer b)
{
    const Entry *x = *(Entry *const *) a, *y = *(Entry *const *) b;
    if (x->begin != y->begin)
        return x->begin < y->begin ? -1 : 1;
    return x->end < y->end ? -1 : x->end > y->end;
}

static gboolean check_overlap(GArray *entries, GError **error)
{
    g_autoptr(GPtrArray) sorted = g_ptr_array_new();
    for (guint i = 0; i < entries->len; i++)
        g_ptr_array_add(sorted, &g_array_index(entries, Entry, i));
    g_ptr_array_sort(sorted, by_begin);
    for (guint i = 1; i < sorted->len; i++) {
        const Entry *last = g_ptr_array_index(sorted, i - 1), *entry = g_ptr_array_index(sorted, i);
        if (entry->begin < last->end) {
            g_autofree char *name = fv_printable(entry->name), *other = fv_printable(last->name);
            return refuse(error, "%s: its data overlap those of %s", name, other);
        }
    }
    return TRUE;
}

/* Reads everything that the header says; no tensor is made yet. Names belong to @root. */
static gboolean read_entries(JsonNode *root, gint64 data_size, GHashTable *metadata, GArray *entries, GError **error)
{
    JsonObjectIter iter;
    const char *name;
    JsonNode *node;
    json_object_iter_init_ordered(&iter, json_node_get_object(root));
    while (json_object_iter_next_ordered(&iter, &name, &node)) {
        if (!strcmp(name, metadata_key)) {
            if (!read_metadata(node, metadata, error))
                return FALSE;
            continue;
        }
        Entry entry = { .name = name };
        if (!read_entry(node, data_size, &entry, error)) {
            g_autofree char *shown = fv_printable(name);
            g_prefix_error(error, "%s: ", shown);
            return FALSE;
        }
        g_array_append_val(entries, entry);
    }
    return check_overlap(entries, error);
}

static gboolean read_tensors(FvInput *input, guint64 start, GArray *entries, FvTensors *tensors, GError **error)
{
    for (guint i = 0; i < entries->len; i++) {
        const Entry *entry = &g_array_index(entries, Entry, i);
        g_autoptr(FvTensor) tensor =
            fv_tensor_new(entry->claimed.dtype, entry->claimed.rank, entry->claimed.dims, error);
        if (!tensor) {
            g_autofree char *shown = fv_printable(entry->name);
            g_prefix_error(error, "%s: %s: ", fv_input_name(input), shown);
            return FALSE;
        }
        if (!fv_input_read(input, start + (guint64) entry->begin, tensor->data, (gsize) (entry->end - entry->begin),
                           error))
            return FALSE;
        if (!fv_tensors_add(tensors, entry->name, g_steal_pointer(&tensor), error)) {
            g_prefix_error(error, "%s: ", fv_input_name(input));
            return FALSE;
        }
    }
    return TRUE;
}

/* The header's text, NUL after it. */
static char *read_header(FvInput *input, guint64 *length, GError **error)
{
    guint64 size = fv_input_size(input);
    guint8 head[LENGTH_SIZE];
    if (size < LENGTH_SIZE) {
        refuse(error, "%s: not a safetensors file: too short", fv_input_name(input));
        return NULL;
    }
    if (!fv_input_read(input, 0, head, sizeof head, error))
        return NULL;
    *length = 0;
    for (int i = 0; i < LENGTH_SIZE; i++)
        *length |= (guint64) head[i] << 8 * i;
    if (*length > MAX_HEADER || *length > size - LENGTH_SIZE) {
        refuse(error, "%s: not a safetensors file, or cut short", fv_input_name(input));
        return NULL;
    }
    g_autofree char *text = g_try_malloc0(*length + 1);
    if (!text) {
        g_set_error(error, FV_ERROR, FV_ERROR_NOMEM, "%s: the header does not fit into memory", fv_input_name(input));
        return NULL;
    }
    return fv_input_read(input, LENGTH_SIZE, text, *length, error) ? g_steal_pointer(&text) : NULL;
}

FvTensors *fv_safetensors_read(const char *file, GError **error)
{
    g_autoptr(FvInput) input = fv_input_open(file, error);
    guint64 length;
    g_autofree char *text = input ? read_header(input, &length, error) : NULL;
    if (!text)
        return NULL;
    g_autoptr(JsonNode) root = scan_header(text, length, error) ? parse_header(text, length, error) : NULL;
    g_autoptr(FvTensors) tensors = fv_tensors_new();
    g_autoptr(GArray) entries = g_array_new(FALSE, TRUE, sizeof(Entry));
    guint64 start = LENGTH_SIZE + length;
    if (!root || !read_entries(root, (gint64) (fv_input_size(input) - start), tensors->metadata, entries, error)) {
        g_prefix_error(error, "%s: ", file);
        return NULL;
    }
    return read_tensors(input, start, entries, tensors, error) ? g_steal_pointer(&tensors) : NULL;
}

/* ----------------------------------------------------------------- writing */

static int by_text(gconstpointer a, gconstpointer b)
{
    return strcmp(*(char *const *) a, *(char *const *) b);
}

static gboolean add_metadata(JsonObject *header, GHashTable *metadata, GError **error)
{
    if (g_hash_table_size(metadata) == 0)
        return TRUE;
    g_autofree gpointer *keys = g_hash_table_get_keys_as_array(metadata, NULL);
    guint count = g_hash_table_size(metadata);
    qsort(keys, count, sizeof *keys, by_text);
    JsonObject *object = json_object_new();
    json_object_set_object_member(header, metadata_key, object);
    for (guint i = 0; i < count; i++) {
        const char *value = g_hash_table_lookup(metadata, keys[i]);
        if (!g_utf8_validate(keys[i], -1, NULL) || !g_utf8_validate(value, -1, NULL))
            return refuse(error, "metadata that are not UTF-8");
        json_object_set_string_member(object, keys[i], value);
    }
    return TRUE;
}

static JsonArray *number_array(const gint64 *numbers, int count)
{
    JsonArray *array = json_array_sized_new((guint) count);
    for (int i = 0; i < count; i++)
        json_array_add_int_element(array, numbers[i]);
    return array;
}

static gsize tensor_bytes(const FvTensor *tensor)
{
    return (gsize) fv_tensor_elements(tensor) * fv_dtype_size(tensor->dtype);
}

/* Numbers of the tensors in the order of their data: by the size of their elements, else as they are. */
static GArray *data_order(const FvTensors *tensors)
{
    GArray *order = g_array_new(FALSE, FALSE, sizeof(guint));
    for (size_t size = 8; size > 0; size /= 2)
        for (guint i = 0; i < fv_tensors_count(tensors); i++)
            if (fv_dtype_size(fv_tensors_at(tensors, i)->tensor->dtype) == size)
                g_array_append_val(order, i);
    return order;
}

static char *make_header(const FvTensors *tensors, const GArray *order, GHashTable *metadata, gsize *length,
                         GError **error)
{
    g_autoptr(JsonObject) header = json_object_new();
    if (!add_metadata(header, metadata, error))
        return NULL;
    g_autofree gint64 *begins = g_new0(gint64, MAX(order->len, 1));
    gint64 end = 0;
    for (guint i = 0; i < order->len; i++) {
        guint which = g_array_index(order, guint, i);
        begins[which] = end;
        end += (gint64) tensor_bytes(fv_tensors_at(tensors, which)->tensor);
    }
    for (guint i = 0; i < fv_tensors_count(tensors); i++) {
        const FvNamedTensor *named = fv_tensors_at(tensors, i);
        const gint64 offsets[2] = { begins[i], begins[i] + (gint64) tensor_bytes(named->tensor) };
        JsonObject *object = json_object_new();
        json_object_set_string_member(object, "dtype", dtypes[named->tensor->dtype]);
        json_object_set_array_member(object, "shape", number_array(named->tensor->dims, named->tensor->rank));
        json_object_set_array_member(object, "data_offsets", number_array(offsets, 2));
        json_object_set_object_member(header, named->name, object);
    }
    g_autoptr(JsonNode) root = json_node_init_object(json_node_alloc(), header);
    g_autoptr(JsonGenerator) generator = json_generator_new();
    json_generator_set_root(generator, root);
    g_autofree char *text = json_generator_to_data(generator, length);
    gsize padded = (*length + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    if (padded > MAX_HEADER) {
        refuse(error, "a header of %" G_GSIZE_FORMAT " bytes is too long", padded);
        return NULL;
    }
    text = g_realloc(text, padded + 1);
    memset(text + *length, ' ', padded - *length);
    *length = padded;
    return g_steal_pointer(&text);
}

gboolean fv_safetensors_write(const char *file, const FvTensors *tensors, GHashTable *metadata, GError **error)
{
    gsize length;
    g_autoptr(GArray) order = data_order(tensors);
    g_autofree char *header = make_header(tensors, order, metadata ? metadata : tensors->metadata, &length, error);
    if (!header) {
        g_prefix_error(error, "%s: ", file);
        return FALSE;
    }
    guint8 head[LENGTH_SIZE];
    for (int i = 0; i < LENGTH_SIZE; i++)
        head[i] = (guint8) ((guint64) length >> 8 * i);
    g_autoptr(FvAtomic) atomic = fv_atomic_begin(file, error);
    if (!atomic || !fv_atomic_write(atomic, head, sizeof head, error) ||
        !fv_atomic_write(atomic, header, length, error))
        return FALSE;
    for (guint i = 0; i < order->len; i++) {
        const FvTensor *tensor = fv_tensors_at(tensors, g_array_index(order, guint, i))->tensor;
        if (!fv_atomic_write(atomic, tensor->data, tensor_bytes(tensor), error))
            return FALSE;
    }
    return fv_atomic_commit(g_steal_pointer(&atomic), error);
}
