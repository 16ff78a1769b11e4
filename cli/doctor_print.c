/* SPDX-License-Identifier: MIT
 * doctor_print.c: a checkup as text and as JSON. */
#include "cli/doctor_print.h"

#include "cli/cli.h"
#include "cli/json.h"

#include <math.h>
#include <string.h>

/* Columns of a check's line, and where its texts end. */
enum { VERDICT = 9, TITLE = 22, WIDTH = 110 };

/* Words, from a column on; lines that follow begin there, too. */
static void print_wrapped(const char *text)
{
    const int indent = VERDICT + TITLE;
    g_auto(GStrv) words = g_strsplit(text, " ", -1);
    int at = indent;
    for (char **word = words; *word; word++) {
        const int length = (int) g_utf8_strlen(*word, -1);
        if (at > indent && at + 1 + length > WIDTH) {
            g_print("\n%*s", indent, "");
            at = indent;
        }
        g_print("%s%s", at > indent ? " " : "", *word);
        at += length + (at > indent);
    }
    g_print("\n");
}

void fv_cli_print_check(const FvCheck *check)
{
    g_print("%-*s%-*s", VERDICT, check->verdict == FV_VERDICT_NONE ? "-" : fv_verdict_name(check->verdict), TITLE,
            check->title);
    print_wrapped(check->finding);
    if (!check->advice)
        return;
    g_print("%*s", VERDICT + TITLE, "");
    print_wrapped(check->advice);
}

void fv_cli_print_verdicts(const FvCheckup *checkup)
{
    const guint faults = fv_checkup_count(checkup, FV_VERDICT_FAULT),
                warnings = fv_checkup_count(checkup, FV_VERDICT_WARNING),
                none = fv_checkup_count(checkup, FV_VERDICT_NONE);
    g_print("\n%u fault%s, %u warning%s, %u ok", faults, faults == 1 ? "" : "s", warnings, warnings == 1 ? "" : "s",
            fv_checkup_count(checkup, FV_VERDICT_OK));
    if (none > 0)
        g_print(", %u without a reference", none);
    g_print("\n");
}

/* ----------------------------------------------------------------------- JSON */

/* JSON has no numbers that are not finite. */
static void add_number(JsonBuilder *builder, const char *name, double number)
{
    json_builder_set_member_name(builder, name);
    if (!isfinite(number))
        json_builder_add_null_value(builder);
    else if (number == floor(number) && fabs(number) < 1e15)
        json_builder_add_int_value(builder, (gint64) number);
    else
        json_builder_add_double_value(builder, number);
}

static void add_check(JsonBuilder *builder, const FvCheck *check)
{
    json_builder_begin_object(builder);
    fv_json_string(builder, "id", check->id);
    fv_json_string(builder, "group", check->group);
    fv_json_string(builder, "verdict", fv_verdict_name(check->verdict));
    fv_json_string(builder, "finding", check->finding);
    fv_json_string(builder, "advice", check->advice);
    fv_json_string(builder, "follows", check->follows);
    json_builder_set_member_name(builder, "numbers");
    json_builder_begin_object(builder);
    for (guint i = 0; i < check->numbers->len; i++) {
        const FvCheckNumber *number = &g_array_index(check->numbers, FvCheckNumber, i);
        add_number(builder, number->name, number->value);
    }
    json_builder_end_object(builder);
    json_builder_end_object(builder);
}

static void add_rate(JsonBuilder *builder, const FvTriedRate *tried)
{
    json_builder_begin_object(builder);
    add_number(builder, "rate", tried->rate);
    add_number(builder, "loss", tried->loss);
    json_builder_set_member_name(builder, "falls");
    json_builder_add_boolean_value(builder, tried->falls);
    json_builder_end_object(builder);
}

static void add_layer(JsonBuilder *builder, const FvLayerHealth *layer)
{
    json_builder_begin_object(builder);
    fv_json_string(builder, "path", layer->path);
    fv_json_string(builder, "kind", layer->kind);
    add_number(builder, "mean", layer->mean);
    add_number(builder, "deviation", layer->deviation);
    add_number(builder, "least", layer->least);
    add_number(builder, "largest", layer->largest);
    add_number(builder, "dead", layer->dead);
    add_number(builder, "gradient", layer->gradient);
    add_number(builder, "weight", layer->weight);
    add_number(builder, "weight_gradient", layer->weight_gradient);
    json_builder_end_object(builder);
}

void fv_cli_print_checkup_json(const FvCheckup *checkup)
{
    g_autoptr(JsonBuilder) builder = json_builder_new();
    json_builder_begin_object(builder);
    fv_json_string(builder, "pipeline", checkup->pipeline);
    fv_json_string(builder, "device", checkup->device);
    add_number(builder, "seed", (double) checkup->seed);
    add_number(builder, "faults", fv_checkup_count(checkup, FV_VERDICT_FAULT));
    add_number(builder, "warnings", fv_checkup_count(checkup, FV_VERDICT_WARNING));
    json_builder_set_member_name(builder, "checks");
    json_builder_begin_array(builder);
    for (guint i = 0; i < checkup->checks->len; i++)
        add_check(builder, checkup->checks->pdata[i]);
    json_builder_end_array(builder);
    json_builder_set_member_name(builder, "rates");
    json_builder_begin_array(builder);
    for (guint i = 0; i < checkup->rates->len; i++)
        add_rate(builder, &g_array_index(checkup->rates, FvTriedRate, i));
    json_builder_end_array(builder);
    json_builder_set_member_name(builder, "layers");
    json_builder_begin_array(builder);
    for (guint i = 0; i < checkup->layers->len; i++)
        add_layer(builder, &g_array_index(checkup->layers, FvLayerHealth, i));
    json_builder_end_array(builder);
    json_builder_end_object(builder);
    fv_cli_print_json(builder);
}
