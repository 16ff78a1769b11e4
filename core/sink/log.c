/* SPDX-License-Identifier: MIT
 * log.c: the lines of log.jsonl, between text and record. */
#include "core/sink/log.h"

#include "core/sink/input.h"

#include <json-glib/json-glib.h>
#include <math.h>
#include <string.h>

/* The bound on brackets bounds json-glib's recursion. */
enum { MAX_LINE = 1024 * 1024, MAX_DEPTH = 4, MAX_FILE = 256 * 1024 * 1024 };

static const char *const splits[FV_SPLITS] = {
    [FV_TRAIN] = "train",
    [FV_VALIDATE] = "validate",
    [FV_TEST] = "test",
};

FvRecord fv_record(gint64 step, int epoch, FvSplit split)
{
    return (FvRecord){ .step = step,
                       .epoch = epoch,
                       .split = split,
                       .loss = NAN,
                       .value = NAN,
                       .rate = NAN,
                       .images_per_second = NAN,
                       .gradient_norm = NAN,
                       .seconds = NAN,
                       .memory = NAN };
}

/* The numbers that have fixed names. */
static const struct {
    const char *name;
    gsize offset;
} numbers[] = {
    { "loss", offsetof(FvRecord, loss) },
    { "rate", offsetof(FvRecord, rate) },
    { "images_per_second", offsetof(FvRecord, images_per_second) },
    { "gradient_norm", offsetof(FvRecord, gradient_norm) },
    { "seconds", offsetof(FvRecord, seconds) },
    { "memory", offsetof(FvRecord, memory) },
};

const double *fv_record_number(const FvRecord *record, const char *name)
{
    for (guint i = 0; i < G_N_ELEMENTS(numbers); i++)
        if (!strcmp(numbers[i].name, name))
            return (const double *) ((const char *) record + numbers[i].offset);
    return NULL;
}

/* The object with a number for each layer. */
static const char layers_name[] = "gradient_norms";

const char *fv_log_split(FvSplit split)
{
    return splits[split];
}

/* ------------------------------------------------------------------ writing */

static void append_string(GString *line, const char *text)
{
    g_autofree char *valid = g_utf8_make_valid(text, -1);
    g_autoptr(JsonNode) node = json_node_init_string(json_node_alloc(), valid);
    g_autofree char *quoted = json_to_string(node, FALSE);
    g_string_append(line, quoted);
}

/* Nine digits bring every float back; bytes are whole numbers that have more. */
static void append_member(GString *line, const char *name, double number)
{
    char text[G_ASCII_DTOSTR_BUF_SIZE];
    const char *format = number == floor(number) && fabs(number) < 1e15 ? "%.0f" : "%.9g";
    append_string(line, name);
    g_string_append_printf(line, ":%s", isinf(number) ? "null" : g_ascii_formatd(text, sizeof text, format, number));
}

static void append_number(GString *line, const char *name, double number)
{
    if (isnan(number))
        return;
    g_string_append_c(line, ',');
    append_member(line, name, number);
}

static void append_layers(GString *line, const GArray *layers)
{
    g_string_append_c(line, ',');
    append_string(line, layers_name);
    g_string_append(line, ":{");
    for (guint i = 0; i < layers->len; i++) {
        const FvScore *layer = &g_array_index(layers, FvScore, i);
        g_string_append(line, i ? "," : "");
        append_member(line, layer->name, layer->value);
    }
    g_string_append_c(line, '}');
}

char *fv_log_line(const FvRecord *record)
{
    GString *line = g_string_new(NULL);
    g_string_append_printf(line, "{\"step\":%" G_GINT64_FORMAT ",\"epoch\":%d,\"split\":\"%s\"", record->step,
                           record->epoch, splits[record->split]);
    append_number(line, "loss", record->loss);
    if (record->metric)
        append_number(line, record->metric, record->value);
    for (guint i = 1; record->scores && i < record->scores->len; i++) {
        const FvScore *score = &g_array_index(record->scores, FvScore, i);
        append_number(line, score->name, score->value);
    }
    append_number(line, "rate", record->rate);
    append_number(line, "images_per_second", record->images_per_second);
    append_number(line, "gradient_norm", record->gradient_norm);
    append_number(line, "seconds", record->seconds);
    append_number(line, "memory", record->memory);
    if (record->layers && record->layers->len > 0)
        append_layers(line, record->layers);
    if (record->note) {
        g_string_append(line, ",\"note\":");
        append_string(line, record->note);
    }
    g_string_append(line, "}\n");
    return g_string_free(line, FALSE);
}

/* ------------------------------------------------------------------ reading */

static gboolean is_number(JsonNode *node)
{
    GType type = json_node_get_value_type(node);
    return type == G_TYPE_INT64 || type == G_TYPE_DOUBLE;
}

static gboolean read_whole(JsonObject *object, const char *name, gint64 max, gint64 *value)
{
    JsonNode *node = json_object_get_member(object, name);
    if (!node || json_node_get_value_type(node) != G_TYPE_INT64)
        return FALSE;
    *value = json_node_get_int(node);
    return *value >= 0 && *value <= max;
}

static gboolean read_split(JsonObject *object, FvSplit *split)
{
    JsonNode *node = json_object_get_member(object, "split");
    if (!node || json_node_get_value_type(node) != G_TYPE_STRING)
        return FALSE;
    for (int i = 0; i < FV_SPLITS; i++)
        if (!strcmp(splits[i], json_node_get_string(node))) {
            *split = (FvSplit) i;
            return TRUE;
        }
    return FALSE;
}

static void add_score(const GArray *scores, const char *name, JsonNode *node)
{
    const FvScore score = { g_intern_string(name), json_node_get_double(node) };
    g_array_append_val((GArray *) scores, score);
}

static void read_layers(FvRecord *record, JsonNode *node)
{
    JsonObjectIter iter;
    const char *name;
    JsonNode *member;
    json_object_iter_init_ordered(&iter, json_node_get_object(node));
    while (json_object_iter_next_ordered(&iter, &name, &member))
        if (is_number(member))
            add_score(record->layers, name, member);
}

static void read_member(FvRecord *record, const char *name, JsonNode *node)
{
    if (!strcmp(name, layers_name) && JSON_NODE_HOLDS_OBJECT(node))
        read_layers(record, node);
    if (!is_number(node) || !strcmp(name, "step") || !strcmp(name, "epoch"))
        return;
    double *number = (double *) fv_record_number(record, name);
    if (number) {
        *number = json_node_get_double(node);
        return;
    }
    if (!record->metric) {
        record->metric = g_intern_string(name);
        record->value = json_node_get_double(node);
    }
    add_score(record->scores, name, node);
}

/* Whether brackets outside of strings are within each other no deeper than records have them. */
static gboolean is_shallow(const char *line, gsize length)
{
    gboolean quoted = FALSE;
    int depth = 0;
    for (gsize i = 0; i < length && depth <= MAX_DEPTH; i++) {
        if (quoted && line[i] == '\\')
            i++;
        else if (line[i] == '"')
            quoted = !quoted;
        else if (!quoted)
            depth += line[i] == '{' || line[i] == '[' ? 1 : line[i] == '}' || line[i] == ']' ? -1 : 0;
    }
    return depth <= MAX_DEPTH;
}

/* @scores, @layers: empty, for the record's. */
static gboolean read_record(JsonParser *parser, const char *line, gsize length, GArray *scores, GArray *layers,
                            FvRecord *record)
{
    gint64 step, epoch;
    FvSplit split;
    if (length > MAX_LINE || !is_shallow(line, length) ||
        !json_parser_load_from_data(parser, line, (gssize) length, NULL))
        return FALSE;
    JsonNode *root = json_parser_get_root(parser);
    if (!root || !JSON_NODE_HOLDS_OBJECT(root))
        return FALSE;
    JsonObject *object = json_node_get_object(root);
    if (!read_whole(object, "step", G_MAXINT64, &step) || !read_whole(object, "epoch", G_MAXINT, &epoch) ||
        !read_split(object, &split))
        return FALSE;
    *record = fv_record(step, (int) epoch, split);
    record->scores = scores;
    record->layers = layers;
    JsonObjectIter iter;
    const char *name;
    JsonNode *node;
    json_object_iter_init_ordered(&iter, object);
    while (json_object_iter_next_ordered(&iter, &name, &node))
        read_member(record, name, node);
    return TRUE;
}

static char *read_text(const char *file, gsize *size, GError **error)
{
    g_autoptr(FvInput) input = fv_input_open(file, error);
    if (!input)
        return NULL;
    if (fv_input_size(input) > MAX_FILE) {
        g_set_error(error, FV_ERROR, FV_ERROR_DATA, "%s: too large for a log", file);
        return NULL;
    }
    *size = (gsize) fv_input_size(input);
    g_autofree char *text = g_malloc(*size + 1);
    return fv_input_read(input, 0, text, *size, error) ? g_steal_pointer(&text) : NULL;
}

gboolean fv_log_each(const char *file, FvLogFunc func, gpointer data, GError **error)
{
    gsize size;
    g_autofree char *text = read_text(file, &size, error);
    if (!text)
        return FALSE;
    g_autoptr(JsonParser) parser = json_parser_new();
    const char *end = text + size, *stop;
    int number = 1;
    /* What follows the last line end was being written when the process was killed. */
    for (const char *line = text; (stop = memchr(line, '\n', (gsize) (end - line))); line = stop + 1, number++) {
        FvRecord record;
        g_autoptr(GArray) scores = g_array_new(FALSE, FALSE, sizeof(FvScore));
        g_autoptr(GArray) layers = g_array_new(FALSE, FALSE, sizeof(FvScore));
        if (!read_record(parser, line, (gsize) (stop - line), scores, layers, &record)) {
            g_set_error(error, FV_ERROR, FV_ERROR_DATA, "%s:%d: not a line of a log", file, number);
            return FALSE;
        }
        func(&record, line, (gsize) (stop - line), data);
    }
    return TRUE;
}
