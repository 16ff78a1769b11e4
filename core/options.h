/* SPDX-License-Identifier: MIT
 * options.h: option tables at work: values of a pipeline into a plugin's state, and the table as text. */
#ifndef FOVEA_OPTIONS_H
#define FOVEA_OPTIONS_H

#include <fovea/plugin.h>

typedef enum {
    FV_VALUE_NUMBER,
    FV_VALUE_BOOL,
    FV_VALUE_TEXT, /* "string" */
    FV_VALUE_WORD, /* a choice, a value's name, an initialisation; arguments in list for word(1, 2) */
    FV_VALUE_LIST, /* of numbers */
    FV_VALUE_RANGE /* list: lo, hi */
} FvValueType;

/** An evaluated argument. */
typedef struct {
    FvValueType type;
    double number;
    const char *text; /* borrowed while options are applied */
    int count;
    const double *list;
} FvValue;

/** State of a plugin, zeroed, every option at its default. Strings and lists that options own go with it. */
typedef struct FvState FvState;
FvState *fv_state_new(const FvPlugin *plugin);
void fv_state_free(FvState *state);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FvState, fv_state_free)
/** The struct that hooks take as `self`. */
void *fv_state_self(FvState *state);
const FvPlugin *fv_state_plugin(const FvState *state);

/** Finds an option by name; on failure the message suggests the nearest. */
const FvOption *fv_option_find(const FvPlugin *plugin, const char *name, GError **error);
/** The same for an option that may also be one of @common (common.h), or NULL; @of is set to the one that has it. */
const FvOption *fv_option_find_either(const FvPlugin *plugin, const FvPlugin *common, const char *name,
                                      const FvPlugin **of, GError **error);
/** The option at a position, or NULL: FV_TYPE_VALUES stays at its position for all that follow. */
const FvOption *fv_option_at(const FvPlugin *plugin, int position);
int fv_option_count(const FvPlugin *plugin);
/** Sets one option; checks type, range, choices. For FV_TYPE_VALUE @value->number is the input's number. */
gboolean fv_option_set(FvState *state, const FvOption *option, const FvValue *value, GError **error);
/** Fails for the first required option not set yet. */
gboolean fv_state_complete(const FvState *state, GError **error);

/** Whether a string is an initialisation: zeros, ones, gaussian, gaussian(0.01), xavier, he; fills @init unless NULL.
 */
gboolean fv_init_parse(const char *text, FvInit *init);
/** The shortest decimal that reads back as the same number; g_free() it. */
char *fv_number_text(double number);

/** "real number, 0 to 10", "one of: a, b, c": the type and range for people; g_free() it. */
char *fv_option_range(const FvOption *option);
/** The same within a message: "a whole number from 1 to 8"; g_free() it. */
char *fv_option_expected(const FvOption *option);
/** A value as a message shows it, shortened: 3, "text", -1..2, a list of 3; g_free() it. */
char *fv_value_text(const FvValue *value);
/** The default as a pipeline would write it, or NULL where there is none; g_free() it. */
char *fv_option_default(const FvOption *option);
/** What stands between the parentheses of a use of the plugin: options that are required or not at their defaults,
 * "64, 3, pad=1"; names of values and targets are left out. g_free() it. */
char *fv_state_text(const FvState *state);
/** The option's current value in OpenCL C: "#define NAME value\n" for int, float, bool, choice, size (NAME_h, NAME_w),
 * range (NAME_lo, NAME_hi); an array and NAME_count for floats; nothing for others. All options of @state. */
void fv_state_defines(const FvState *state, GString *source);
/** The same of all but single floats. */
void fv_state_defines_but_numbers(const FvState *state, GString *source);
/** #undef of the same. */
void fv_state_undefines(const FvState *state, GString *source);

#endif
