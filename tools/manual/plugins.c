/* SPDX-License-Identifier: MIT
 * plugins.c: writes what is known of each plugin. */
#include "plugins.h"

#include "page.h"

#include <string.h>

static const Kind known[] = {
    { "layer", "Layers", "plugins/layers", "What a net is made of.", NULL },
    { "loss", "Losses and penalties", "plugins/loss", "What training makes small.", NULL },
    { "optimizer", "Optimizers", "plugins/optim", "How a gradient changes the weights.", NULL },
    { "schedule", "Schedules", "plugins/schedule", "How the learning rate changes while training goes on.", NULL },
    { "metric", "Metrics", "plugins/metric", "What is measured beside the loss.", NULL },
    { "source", "Data sources", "plugins/source", "Where images come from.", NULL },
    { "augment", "Preparation and augmentation", "plugins/augment", "What is done to images before the net sees them.",
      NULL },
    { NULL, NULL, NULL, NULL, NULL },
};

static const char *text_of(JsonObject *object, const char *name)
{
    return json_object_get_string_member_with_default(object, name, NULL);
}

static int by_name(gconstpointer a, gconstpointer b)
{
    return strcmp(text_of(*(JsonObject *const *) a, "name"), text_of(*(JsonObject *const *) b, "name"));
}

Kind *plugins_by_kind(JsonArray *plugins, const char *below)
{
    Kind *kinds = g_memdup2(known, sizeof known);
    for (Kind *kind = kinds; kind->kind; kind++) {
        kind->plugins = g_ptr_array_new();
        for (guint i = 0; i < json_array_get_length(plugins); i++) {
            JsonObject *plugin = json_array_get_object_element(plugins, i);
            const char *file = text_of(plugin, "file");
            if (g_str_equal(text_of(plugin, "kind"), kind->kind) && file && g_str_has_prefix(file, below))
                g_ptr_array_add(kind->plugins, plugin);
        }
        g_ptr_array_sort(kind->plugins, by_name);
    }
    return kinds;
}

GHashTable *plugins_links(const Kind *kinds)
{
    GHashTable *links = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    g_autoptr(GHashTable) twice = g_hash_table_new(g_str_hash, g_str_equal);
    GHashTableIter iter;
    gpointer name;
    for (const Kind *kind = kinds; kind->kind; kind++)
        for (guint i = 0; i < kind->plugins->len; i++) {
            const char *own = text_of(kind->plugins->pdata[i], "name");
            if (g_hash_table_contains(links, own))
                g_hash_table_add(twice, (gpointer) own);
            g_hash_table_replace(links, g_strdup(own), g_strdup_printf("%s/%s.html", kind->kind, own));
        }
    g_hash_table_iter_init(&iter, twice);
    while (g_hash_table_iter_next(&iter, &name, NULL))
        g_hash_table_remove(links, name);
    return links;
}

/* ----------------------------------------------------------------- one plugin */

/* "conv(channels, kernel=3, ...)": how it is called. */
static void append_call(GString *out, JsonObject *plugin)
{
    JsonArray *options = json_object_get_array_member(plugin, "options");
    const guint count = json_array_get_length(options);
    g_string_append_printf(out, "<pre class=\"call\"><code><b>%s</b>", text_of(plugin, "name"));
    for (guint i = 0; i < count; i++) {
        JsonObject *option = json_array_get_object_element(options, i);
        const char *def = text_of(option, "default");
        g_string_append(out, i ? ", " : "(");
        page_append_text(out, text_of(option, "name"));
        if (g_strcmp0(text_of(option, "type"), "values") == 0)
            g_string_append(out, "...");
        if (def) {
            g_string_append(out, "<span class=\"comment\">=");
            page_append_text(out, def);
            g_string_append(out, "</span>");
        }
    }
    g_string_append(out, count ? ")</code></pre>\n" : "</code></pre>\n");
}

static void append_formula(GString *out, const char *head, const char *formula)
{
    if (!formula)
        return;
    g_string_append_printf(out, "<div class=\"formula\"><span>%s</span><code>", head);
    page_append_text(out, formula);
    g_string_append(out, "</code></div>\n");
}

/* The details without what stands above as formulas. */
static void append_details(GString *out, JsonObject *plugin)
{
    const char *details = text_of(plugin, "details"), *formula = text_of(plugin, "formula");
    if (!details)
        return;
    if (formula && g_str_has_prefix(details, formula)) {
        details += strlen(formula);
        details += strspn(details, ". \n");
    }
    g_auto(GStrv) paragraphs = g_strsplit(details, "\n\n", -1);
    for (char **paragraph = paragraphs; *paragraph; paragraph++) {
        if (**paragraph == '\0' || (text_of(plugin, "gradient") && g_str_has_prefix(*paragraph, "Backward: ")))
            continue;
        g_string_append(out, "<p>");
        page_append_text(out, *paragraph);
        g_string_append(out, "</p>\n");
    }
}

static void append_option(GString *out, JsonObject *option)
{
    const char *unit = text_of(option, "unit"), *def = text_of(option, "default");
    g_string_append(out, "<tr><td><code>");
    page_append_text(out, text_of(option, "name"));
    g_string_append(out, "</code></td><td>");
    page_append_text(out, text_of(option, "help"));
    g_string_append(out, "</td><td>");
    page_append_text(out, text_of(option, "range"));
    if (unit)
        g_string_append_printf(out, ", in %s", unit);
    g_string_append(out, "</td><td>");
    if (def) {
        g_string_append(out, "<code>");
        page_append_text(out, def);
        g_string_append(out, "</code>");
    } else {
        g_string_append(out, json_object_get_boolean_member_with_default(option, "required", FALSE)
                                 ? "<em>required</em>"
                                 : "\u2013");
    }
    g_string_append(out, "</td></tr>\n");
}

static void append_options(GString *out, JsonObject *plugin)
{
    JsonArray *options = json_object_get_array_member(plugin, "options");
    if (json_array_get_length(options) == 0)
        return;
    g_string_append(out,
                    "<h2>Options</h2>\n<div class=\"table\"><table>\n<thead><tr><th>name</th><th>meaning</th>"
                    "<th>values</th><th>default</th></tr></thead>\n<tbody>\n");
    for (guint i = 0; i < json_array_get_length(options); i++)
        append_option(out, json_array_get_object_element(options, i));
    g_string_append(out, "</tbody>\n</table></div>\n");
}

static void append_examples(GString *out, JsonObject *plugin)
{
    JsonArray *examples = json_object_get_array_member(plugin, "examples");
    g_autoptr(GString) code = g_string_new(NULL);
    for (guint i = 0; i < json_array_get_length(examples); i++)
        g_string_append_printf(code, "%s%s", i ? "\n" : "", json_array_get_string_element(examples, i));
    if (code->len == 0)
        return;
    g_string_append(out, "<h2>Examples</h2>\n");
    page_append_code(out, code->str);
}

static void append_fact(GString *out, const char *name, const char *text, const char *tag)
{
    if (!text)
        return;
    g_string_append_printf(out, "<dt>%s</dt><dd><%s>", name, tag);
    page_append_text(out, text);
    g_string_append_printf(out, "</%s></dd>\n", tag);
}

/* Links to the plugins before and after it. */
static void append_neighbours(GString *out, const Kind *kind, guint i)
{
    g_string_append(out, "<footer>");
    if (i > 0) {
        const char *name = text_of(kind->plugins->pdata[i - 1], "name");
        g_string_append_printf(out, "<a href=\"%s.html\">\u2190 %s</a>", name, name);
    }
    g_string_append(out, "<span></span>");
    if (i + 1 < kind->plugins->len) {
        const char *name = text_of(kind->plugins->pdata[i + 1], "name");
        g_string_append_printf(out, "<a href=\"%s.html\">%s \u2192</a>", name, name);
    }
    g_string_append(out, "</footer>\n");
}

static void write_plugin(const Kind *kind, guint i, const char *folder)
{
    JsonObject *plugin = kind->plugins->pdata[i];
    const char *name = text_of(plugin, "name");
    g_autoptr(GString) out = g_string_new(NULL);
    g_autofree char *index = g_strconcat(kind->kind, "/index.html", NULL);
    g_autofree char *file = g_strdup_printf("%s/%s.html", kind->kind, name);
    g_autofree char *source = g_strdup_printf("%s/%s.c", kind->folder, name);
    const char *const path[] = { kind->title, index, NULL };
    page_begin(out, name, "../", path);
    g_string_append_printf(out, "<h1>%s</h1>\n<p class=\"summary\">", name);
    page_append_text(out, text_of(plugin, "summary"));
    g_string_append(out, "</p>\n");
    append_call(out, plugin);
    append_formula(out, "forward", text_of(plugin, "formula"));
    append_formula(out, "backward", text_of(plugin, "gradient"));
    append_details(out, plugin);
    append_options(out, plugin);
    append_examples(out, plugin);
    g_string_append(out, "<dl>\n");
    append_fact(out, "Inputs", text_of(plugin, "inputs"), "span");
    append_fact(out, "Target", text_of(plugin, "target"), "span");
    append_fact(out, "Reference", text_of(plugin, "reference"), "span");
    append_fact(out, "Source", source, "code");
    g_string_append(out, "</dl>\n");
    append_neighbours(out, kind, i);
    page_write(out, folder, file);
}

/* ---------------------------------------------------------------------- kinds */

void plugins_append_list(GString *out, const Kind *kind, const char *root)
{
    g_string_append(out, "<ul class=\"plugins\">\n");
    for (guint i = 0; i < kind->plugins->len; i++) {
        const char *name = text_of(kind->plugins->pdata[i], "name");
        g_string_append_printf(out, "<li><a href=\"%s%s.html\"><code>%s</code></a> <span>", root, name, name);
        page_append_text(out, text_of(kind->plugins->pdata[i], "summary"));
        g_string_append(out, "</span></li>\n");
    }
    g_string_append(out, "</ul>\n");
}

void plugins_write_kind(const Kind *kind, const char *folder)
{
    g_autoptr(GString) out = g_string_new(NULL);
    g_autofree char *file = g_strconcat(kind->kind, "/index.html", NULL);
    const char *const path[] = { NULL };
    page_begin(out, kind->title, "../", path);
    g_string_append_printf(out, "<h1>%s</h1>\n<p class=\"summary\">%s</p>\n", kind->title, kind->about);
    plugins_append_list(out, kind, "");
    page_write(out, folder, file);
    for (guint i = 0; i < kind->plugins->len; i++)
        write_plugin(kind, i, folder);
}
