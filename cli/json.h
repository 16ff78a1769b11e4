/* SPDX-License-Identifier: MIT
 * json.h: named members of the objects that verbs print. */
#ifndef FOVEA_CLI_JSON_H
#define FOVEA_CLI_JSON_H

#include <json-glib/json-glib.h>

static inline void fv_json_int(JsonBuilder *builder, const char *name, gint64 number)
{
    json_builder_set_member_name(builder, name);
    json_builder_add_int_value(builder, number);
}

/** @text: NULL: null. */
static inline void fv_json_string(JsonBuilder *builder, const char *name, const char *text)
{
    json_builder_set_member_name(builder, name);
    if (text)
        json_builder_add_string_value(builder, text);
    else
        json_builder_add_null_value(builder);
}

#endif
