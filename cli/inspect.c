/* SPDX-License-Identifier: MIT
 * inspect.c: `fovea inspect [KIND] [NAME]`: what plugins there are, what each does, and its options. */
#include "cli/cli.h"

#include "core/common.h"
#include "core/diag.h"
#include "core/options.h"
#include "core/registry.h"

#include "cli/formula.h"

#include <math.h>
#include <string.h>

static const FvCliHelp help = { "inspect", "[KIND] [NAME]",
                                "Lists plugins, or says what one does, its options, ranges and defaults.",
                                "KIND is source, augment, layer, loss, optimizer, schedule or metric. Without it, "
                                "plugins of that name of all kinds\n"
                                "are shown.\n" };

typedef struct {
    FvRegistry *registry;
    GPtrArray *plugins; /* of const FvPlugin, to show */
    gboolean broken;    /* a plugin had to be refused */
} Inspection;

/* ------------------------------------------------------------------ finding */

/* Names of a kind are also those of files that do not tell their kind: these are passed over. */
static void find_one(Inspection *inspection, FvKind kind, const char *name)
{
    g_autoptr(GError) error = NULL;
    const FvPlugin *plugin = fv_registry_find(inspection->registry, kind, name, &error);
    if (plugin) {
        g_ptr_array_add(inspection->plugins, (gpointer) plugin);
        return;
    }
    if (error->code == FV_ERROR_UNKNOWN)
        return;
    g_printerr("fovea: %s\n", error->message);
    inspection->broken = TRUE;
}

static void find_all(Inspection *inspection, FvKind kind)
{
    g_auto(GStrv) names = fv_registry_names(inspection->registry, kind);
    for (char **name = names; *name; name++)
        find_one(inspection, kind, *name);
}

/* ------------------------------------------------------------------- texts */

/* "one", "none", "2 or more": how many inputs a layer takes. */
static char *inputs_text(const FvLayer *layer)
{
    const int min = MAX(layer->min_inputs, 0), max = MAX(layer->max_inputs, 0);
    if (layer->max_inputs == FV_NO_INPUTS)
        return g_strdup("none");
    if ((min == 0 && max == 0) || (min == 1 && max == 1))
        return g_strdup("one");
    if (max >= FV_ANY_INPUTS)
        return g_strdup_printf("%d or more", min);
    return min == max ? g_strdup_printf("%d", min) : g_strdup_printf("%d to %d", min, max);
}

static const char *target_text(const FvPlugin *plugin)
{
    static const char *const texts[] = { [FV_TARGET_NONE] = "none: it looks at the weights alone",
                                         [FV_TARGET_CLASS] = "a class for each sample",
                                         [FV_TARGET_VALUE] = "numbers in the shape of the value" };
    const FvTarget target =
        plugin->kind == FV_LOSS ? ((const FvLoss *) plugin)->target : ((const FvMetric *) plugin)->target;
    return (unsigned) target < G_N_ELEMENTS(texts) ? texts[target] : "unknown";
}

/* @besides: whose options stand before those of the same name; or NULL. */
static void print_table(const FvPlugin *plugin, const FvPlugin *besides)
{
    for (const FvOption *option = plugin->options; option && option->name; option++) {
        if (besides && fv_option_find(besides, option->name, NULL))
            continue;
        g_autofree char *range = fv_option_range(option);
        g_autofree char *def = fv_option_default(option);
        const char *before = def ? ", default " : option->flags & FV_REQUIRED ? ", required" : "";
        g_print("  %-12s %s\n  %-12s %s%s%s%s%s\n", option->name, option->help, "", range, option->unit ? ", in " : "",
                option->unit ? option->unit : "", before, def ? def : "");
    }
}

static void print_options(const FvPlugin *plugin)
{
    g_print("\nOptions, in the order of positional arguments:\n");
    if (fv_option_count(plugin) == 0)
        g_print("  none\n");
    print_table(plugin, NULL);
    if (!fv_common(plugin->kind))
        return;
    g_print("\nBy name, as every %s:\n", fv_kind_name(plugin->kind));
    print_table(fv_common(plugin->kind), plugin);
}

static void print_plugin(FvRegistry *registry, const FvPlugin *plugin)
{
    const char *file = fv_registry_file(registry, plugin);
    g_print("%s %s: %s\n", fv_kind_name(plugin->kind), plugin->name, plugin->summary);
    if (plugin->details)
        g_print("\n%s\n", plugin->details);
    if (plugin->kind == FV_LAYER) {
        g_autofree char *inputs = inputs_text((const FvLayer *) plugin);
        g_print("\nInputs: %s\n", inputs);
    }
    if (plugin->kind == FV_LOSS || plugin->kind == FV_METRIC)
        g_print("\nTarget: %s\n", target_text(plugin));
    print_options(plugin);
    for (const char *const *example = plugin->examples; example && *example; example++)
        g_print("%s  %s\n", example == plugin->examples ? "\nExamples:\n" : "", *example);
    if (plugin->reference)
        g_print("\nReference: %s\n", plugin->reference);
    if (file)
        g_print("\nFile: %s\n", file);
}

static void print_list(const Inspection *inspection)
{
    int kind = -1;
    for (guint i = 0; i < inspection->plugins->len; i++) {
        const FvPlugin *plugin = inspection->plugins->pdata[i];
        if ((int) plugin->kind != kind)
            g_print("%s%s\n", kind < 0 ? "" : "\n", fv_kind_name(plugin->kind));
        kind = plugin->kind;
        g_print("  %-14s %s\n", plugin->name, plugin->summary);
    }
}

/* -------------------------------------------------------------------- JSON */

static void add_text(JsonBuilder *builder, const char *name, const char *text)
{
    if (!text)
        return;
    json_builder_set_member_name(builder, name);
    json_builder_add_string_value(builder, text);
}

/* JSON has no infinities: a bound that is none is left out. */
static void add_bound(JsonBuilder *builder, const char *name, double number)
{
    if (!isfinite(number))
        return;
    json_builder_set_member_name(builder, name);
    json_builder_add_double_value(builder, number);
}

static void add_texts(JsonBuilder *builder, const char *name, const char *const *texts)
{
    json_builder_set_member_name(builder, name);
    json_builder_begin_array(builder);
    for (; texts && *texts; texts++)
        json_builder_add_string_value(builder, *texts);
    json_builder_end_array(builder);
}

static void add_option(JsonBuilder *builder, const FvOption *option)
{
    static const char *const types[] = {
        [FV_TYPE_INT] = "int",       [FV_TYPE_FLOAT] = "float",   [FV_TYPE_BOOL] = "bool",
        [FV_TYPE_STRING] = "string", [FV_TYPE_CHOICE] = "choice", [FV_TYPE_SIZE] = "size",
        [FV_TYPE_RANGE] = "range",   [FV_TYPE_FLOATS] = "floats", [FV_TYPE_INIT] = "init",
        [FV_TYPE_VALUE] = "value",   [FV_TYPE_VALUES] = "values", [FV_TYPE_EXTENT] = "extent",
        [FV_TYPE_TARGET] = "target",
    };
    const gboolean bounded = option->type == FV_TYPE_INT || option->type == FV_TYPE_FLOAT ||
                             option->type == FV_TYPE_SIZE || option->type == FV_TYPE_RANGE ||
                             option->type == FV_TYPE_FLOATS;
    g_autofree char *range = fv_option_range(option);
    g_autofree char *def = fv_option_default(option);
    json_builder_begin_object(builder);
    add_text(builder, "name", option->name);
    add_text(builder, "type", types[option->type]);
    add_text(builder, "range", range);
    if (bounded) {
        add_bound(builder, "min", option->min);
        add_bound(builder, "max", option->max);
    }
    if (option->type == FV_TYPE_CHOICE)
        add_texts(builder, "choices", option->choices);
    add_text(builder, "default", def);
    json_builder_set_member_name(builder, "required");
    json_builder_add_boolean_value(builder, (option->flags & FV_REQUIRED) != 0);
    add_text(builder, "unit", option->unit);
    add_text(builder, "help", option->help);
    json_builder_end_object(builder);
}

static void add_options(JsonBuilder *builder, const char *name, const FvPlugin *plugin)
{
    json_builder_set_member_name(builder, name);
    json_builder_begin_array(builder);
    for (int i = 0; i < fv_option_count(plugin); i++)
        add_option(builder, &plugin->options[i]);
    json_builder_end_array(builder);
}

static void add_plugin(JsonBuilder *builder, FvRegistry *registry, const FvPlugin *plugin)
{
    json_builder_begin_object(builder);
    add_text(builder, "kind", fv_kind_name(plugin->kind));
    add_text(builder, "name", plugin->name);
    add_text(builder, "summary", plugin->summary);
    g_autofree char *formula = fv_cli_formula(plugin);
    g_autofree char *gradient = fv_cli_backward_formula(plugin);
    add_text(builder, "details", plugin->details);
    add_text(builder, "formula", g_strcmp0(formula, plugin->summary) == 0 ? NULL : formula);
    add_text(builder, "gradient", gradient);
    if (plugin->kind == FV_LAYER) {
        g_autofree char *inputs = inputs_text((const FvLayer *) plugin);
        add_text(builder, "inputs", inputs);
    }
    if (plugin->kind == FV_LOSS || plugin->kind == FV_METRIC)
        add_text(builder, "target", target_text(plugin));
    add_options(builder, "options", plugin);
    if (fv_common(plugin->kind))
        add_options(builder, "common", fv_common(plugin->kind));
    add_texts(builder, "examples", plugin->examples);
    add_text(builder, "reference", plugin->reference);
    add_text(builder, "file", fv_registry_file(registry, plugin));
    json_builder_end_object(builder);
}

/* Always an array, so that a script need not ask how many there are. */
static void print_json(const Inspection *inspection)
{
    g_autoptr(JsonBuilder) builder = json_builder_new();
    json_builder_begin_array(builder);
    for (guint i = 0; i < inspection->plugins->len; i++)
        add_plugin(builder, inspection->registry, inspection->plugins->pdata[i]);
    json_builder_end_array(builder);
    fv_cli_print_json(builder);
}

/* -------------------------------------------------------------------- verb */

static int unknown(const Inspection *inspection, const char *what, const char *name, GPtrArray *names)
{
    g_ptr_array_add(names, NULL);
    const char *nearest = fv_nearest(name, (const char *const *) names->pdata);
    g_printerr("fovea: inspect: no %s is called \"%s\"%s%s%s\n", what, name, nearest ? "; did you mean \"" : "",
               nearest ? nearest : "", nearest ? "\"?" : "");
    return 2;
}

/* A word alone is a kind, or the name of plugins of any kind. */
static int choose_by_word(Inspection *inspection, const char *word)
{
    if (fv_kind_from_name(word) != FV_KINDS) {
        find_all(inspection, fv_kind_from_name(word));
        return 0;
    }
    for (int kind = 0; kind < FV_KINDS; kind++)
        find_one(inspection, kind, word);
    if (inspection->plugins->len || inspection->broken)
        return 0;
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    for (int kind = 0; kind < FV_KINDS; kind++) {
        g_auto(GStrv) own = fv_registry_names(inspection->registry, kind);
        g_ptr_array_add(names, g_strdup(fv_kind_name(kind)));
        for (char **name = own; *name; name++)
            g_ptr_array_add(names, g_strdup(*name));
    }
    return unknown(inspection, "kind or plugin", word, names);
}

static int choose(Inspection *inspection, const char *first, const char *second)
{
    g_autoptr(GError) error = NULL;
    if (!first) {
        for (int kind = 0; kind < FV_KINDS; kind++)
            find_all(inspection, kind);
        return FV_CLI_DONE;
    }
    if (!second)
        return choose_by_word(inspection, first);
    const FvKind kind = fv_kind_from_name(first);
    if (kind == FV_KINDS) {
        g_autoptr(GPtrArray) names = g_ptr_array_new();
        for (int i = 0; i < FV_KINDS; i++)
            g_ptr_array_add(names, (gpointer) fv_kind_name(i));
        return unknown(inspection, "kind", first, names);
    }
    const FvPlugin *plugin = fv_registry_find(inspection->registry, kind, second, &error);
    if (plugin) {
        g_ptr_array_add(inspection->plugins, (gpointer) plugin);
        return FV_CLI_DONE;
    }
    g_printerr("fovea: %s\n", error->message);
    return error->code == FV_ERROR_UNKNOWN ? FV_CLI_WRONG : FV_CLI_FAILED;
}

int fv_cli_inspect(int argc, char **argv)
{
    gboolean json = FALSE;
    const GOptionEntry own[] = {
        { "json", 0, 0, G_OPTION_ARG_NONE, &json, "Print an array of objects", NULL },
        G_OPTION_ENTRY_NULL,
    };
    g_auto(FvCliOptions) options = { 0 };
    if (!fv_cli_parse(&help, 0, own, &options, argc, argv) || !fv_cli_count(&help, &options, 0, 2))
        return FV_CLI_WRONG;
    g_autoptr(FvRegistry) registry = fv_registry_new();
    g_autoptr(GPtrArray) plugins = g_ptr_array_new();
    Inspection inspection = { registry, plugins, FALSE };
    const char *first = options.rest[0], *second = first ? options.rest[1] : NULL;
    const int code = choose(&inspection, first, second);
    if (code)
        return code;

    const gboolean list = !first || (!second && fv_kind_from_name(first) != FV_KINDS);
    if (json)
        print_json(&inspection);
    else if (list)
        print_list(&inspection);
    else
        for (guint i = 0; i < plugins->len; i++) {
            g_print("%s", i ? "\n" : "");
            print_plugin(registry, plugins->pdata[i]);
        }
    return inspection.broken ? FV_CLI_FAILED : FV_CLI_DONE;
}
