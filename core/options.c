/* SPDX-License-Identifier: MIT
 * options.c: fills a plugin's state from its option table and from a pipeline's arguments. */
#include "core/options.h"

#include "core/diag.h"

#include <math.h>
#include <string.h>

struct FvState {
    const FvPlugin *plugin;
    void *self;
    gboolean *given; /* one for each option */
    GPtrArray *owned;
};

/* ----------------------------------------------------------------- setters */

static void *field(FvState *state, const FvOption *option)
{
    return (char *) state->self + option->offset;
}

static gboolean within(const FvOption *option, double number)
{
    return isfinite(number) && number >= option->min && number <= option->max;
}

static gboolean whole_within(const FvOption *option, double number)
{
    return within(option, number) && number == floor(number) && number >= G_MININT && number <= G_MAXINT;
}

static gboolean float_within(const FvOption *option, double number)
{
    return within(option, number) && isfinite((float) number);
}

static const char *own_text(FvState *state, const char *text)
{
    char *copy = g_strdup(text);
    g_ptr_array_add(state->owned, copy);
    return copy;
}

static FvFloats own_floats(FvState *state, int count, const double *numbers)
{
    float *values = g_new(float, (guint) MAX(count, 0));
    for (int i = 0; i < count; i++)
        values[i] = (float) numbers[i];
    g_ptr_array_add(state->owned, values);
    return (FvFloats){ count, values };
}

static gboolean set_int(FvState *state, const FvOption *option, const FvValue *value)
{
    if (value->type != FV_VALUE_NUMBER || !whole_within(option, value->number))
        return FALSE;
    *(int *) field(state, option) = (int) value->number;
    return TRUE;
}

static gboolean set_float(FvState *state, const FvOption *option, const FvValue *value)
{
    if (value->type != FV_VALUE_NUMBER || !float_within(option, value->number))
        return FALSE;
    *(float *) field(state, option) = (float) value->number;
    return TRUE;
}

static gboolean set_bool(FvState *state, const FvOption *option, const FvValue *value)
{
    if (value->type != FV_VALUE_BOOL)
        return FALSE;
    *(gboolean *) field(state, option) = value->number != 0;
    return TRUE;
}

static gboolean set_string(FvState *state, const FvOption *option, const FvValue *value)
{
    if (value->type != FV_VALUE_TEXT)
        return FALSE;
    *(const char **) field(state, option) = own_text(state, value->text);
    return TRUE;
}

static gboolean is_word(const FvValue *value)
{
    return value->type == FV_VALUE_TEXT || (value->type == FV_VALUE_WORD && value->count == 0);
}

static gboolean set_choice(FvState *state, const FvOption *option, const FvValue *value)
{
    if (!is_word(value))
        return FALSE;
    for (int i = 0; option->choices[i]; i++) {
        if (g_str_equal(option->choices[i], value->text)) {
            *(int *) field(state, option) = i;
            return TRUE;
        }
    }
    return FALSE;
}

static gboolean set_size(FvState *state, const FvOption *option, const FvValue *value)
{
    if (value->type != FV_VALUE_NUMBER && !(value->type == FV_VALUE_LIST && value->count == 2))
        return FALSE;
    const double h = value->type == FV_VALUE_LIST ? value->list[0] : value->number;
    const double w = value->type == FV_VALUE_LIST ? value->list[1] : value->number;
    if (!whole_within(option, h) || !whole_within(option, w))
        return FALSE;
    *(FvSize *) field(state, option) = (FvSize){ (int) h, (int) w };
    return TRUE;
}

static gboolean set_range(FvState *state, const FvOption *option, const FvValue *value)
{
    if (value->type != FV_VALUE_NUMBER && value->type != FV_VALUE_RANGE)
        return FALSE;
    const double lo = value->type == FV_VALUE_RANGE ? value->list[0] : value->number;
    const double hi = value->type == FV_VALUE_RANGE ? value->list[1] : value->number;
    if (!float_within(option, lo) || !float_within(option, hi) || lo > hi)
        return FALSE;
    *(FvRange *) field(state, option) = (FvRange){ (float) lo, (float) hi };
    return TRUE;
}

static gboolean extent_within(const FvOption *option, double number)
{
    return float_within(option, number) && (number <= 1 || number == floor(number));
}

static gboolean set_extent(FvState *state, const FvOption *option, const FvValue *value)
{
    const gboolean both = value->type == FV_VALUE_LIST && value->count == 2;
    if (value->type != FV_VALUE_NUMBER && value->type != FV_VALUE_RANGE && !both)
        return FALSE;
    const double a = value->type == FV_VALUE_NUMBER ? value->number : value->list[0];
    const double b = value->type == FV_VALUE_NUMBER ? value->number : value->list[1];
    /* A range of shares ends at 1: from there on numbers are pixels. */
    if (!extent_within(option, a) || !extent_within(option, b) || (!both && (a > b || (a < 1 && b > 1))))
        return FALSE;
    const FvRange first = { (float) a, (float) a }, second = { (float) b, (float) b }, range = { (float) a, (float) b };
    *(FvExtent *) field(state, option) = both ? (FvExtent){ first, second, FALSE } : (FvExtent){ range, range, TRUE };
    return TRUE;
}

static gboolean set_floats(FvState *state, const FvOption *option, const FvValue *value)
{
    if (value->type != FV_VALUE_NUMBER && value->type != FV_VALUE_LIST)
        return FALSE;
    const int count = value->type == FV_VALUE_LIST ? value->count : 1;
    const double *numbers = value->type == FV_VALUE_LIST ? value->list : &value->number;
    for (int i = 0; i < count; i++) {
        if (!float_within(option, numbers[i]))
            return FALSE;
    }
    if (count == 0)
        return FALSE;
    *(FvFloats *) field(state, option) = own_floats(state, count, numbers);
    return TRUE;
}

/* The one place that knows how a parameter may begin. */
static gboolean init_from(const char *word, int count, const double *list, FvInit *init)
{
    static const struct {
        const char *word;
        FvInitKind kind;
        int most_arguments;
    } kinds[] = {
        { "zeros", FV_INIT_ZEROS, 0 },   { "ones", FV_INIT_ONES, 0 }, { "gaussian", FV_INIT_GAUSSIAN, 1 },
        { "xavier", FV_INIT_XAVIER, 0 }, { "he", FV_INIT_HE, 0 },
    };
    static const double usual_deviation = 0.01;
    for (gsize i = 0; i < G_N_ELEMENTS(kinds); i++) {
        if (!g_str_equal(kinds[i].word, word))
            continue;
        const double std = count > 0 ? list[0] : usual_deviation;
        if (count > kinds[i].most_arguments || !(std > 0) || !isfinite((float) std))
            return FALSE;
        *init = (FvInit){ kinds[i].kind, kinds[i].kind == FV_INIT_GAUSSIAN ? (float) std : 0 };
        return TRUE;
    }
    return FALSE;
}

gboolean fv_init_parse(const char *text, FvInit *init)
{
    FvInit unused;
    if (!init)
        init = &unused;
    const char *open = strchr(text, '(');
    if (!open)
        return init_from(text, 0, NULL, init);
    g_autofree char *word = g_strndup(text, open - text);
    char *end;
    const double std = g_ascii_strtod(open + 1, &end);
    return end != open + 1 && g_str_equal(end, ")") && init_from(word, 1, &std, init);
}

static gboolean set_init(FvState *state, const FvOption *option, const FvValue *value)
{
    FvInit *init = field(state, option);
    if (value->type == FV_VALUE_TEXT)
        return fv_init_parse(value->text, init);
    return value->type == FV_VALUE_WORD && init_from(value->text, value->count, value->list, init);
}

static gboolean set_value(FvState *state, const FvOption *option, const FvValue *value)
{
    if (value->type != FV_VALUE_NUMBER)
        return FALSE;
    ((FvRef *) field(state, option))->input = (int) value->number;
    return TRUE;
}

static gboolean set_values(FvState *state, const FvOption *option, const FvValue *value)
{
    return value->type == FV_VALUE_NUMBER;
}

static gboolean set_target(FvState *state, const FvOption *option, const FvValue *value)
{
    if (!is_word(value) || value->text[0] == '\0')
        return FALSE;
    *(const char **) field(state, option) = own_text(state, value->text);
    return TRUE;
}

/* Stores a value that fits and returns TRUE; the state is as before otherwise. */
static gboolean (*const setters[])(FvState *state, const FvOption *option, const FvValue *value) = {
    [FV_TYPE_INT] = set_int,       [FV_TYPE_FLOAT] = set_float,   [FV_TYPE_BOOL] = set_bool,
    [FV_TYPE_STRING] = set_string, [FV_TYPE_CHOICE] = set_choice, [FV_TYPE_SIZE] = set_size,
    [FV_TYPE_RANGE] = set_range,   [FV_TYPE_FLOATS] = set_floats, [FV_TYPE_INIT] = set_init,
    [FV_TYPE_VALUE] = set_value,   [FV_TYPE_VALUES] = set_values, [FV_TYPE_TARGET] = set_target,
    [FV_TYPE_EXTENT] = set_extent,
};

/* ------------------------------------------------------------------- state */

int fv_option_count(const FvPlugin *plugin)
{
    int count = 0;
    while (plugin->options && plugin->options[count].name)
        count++;
    return count;
}

static void set_default(FvState *state, const FvOption *option)
{
    void *at = field(state, option);
    switch (option->type) {
    case FV_TYPE_INT:
    case FV_TYPE_CHOICE:
        *(int *) at = (int) option->def;
        break;
    case FV_TYPE_FLOAT:
        *(float *) at = (float) option->def;
        break;
    case FV_TYPE_BOOL:
        *(gboolean *) at = option->def != 0;
        break;
    case FV_TYPE_STRING:
    case FV_TYPE_TARGET:
        *(const char **) at = option->def_text;
        break;
    case FV_TYPE_SIZE:
        *(FvSize *) at = (FvSize){ (int) option->def, (int) option->def };
        break;
    case FV_TYPE_RANGE:
        *(FvRange *) at = (FvRange){ (float) option->def, (float) option->def_hi };
        break;
    case FV_TYPE_EXTENT: {
        const FvRange range = { (float) option->def, (float) option->def_hi };
        *(FvExtent *) at = (FvExtent){ range, range, TRUE };
        break;
    }
    case FV_TYPE_FLOATS:
        *(FvFloats *) at = own_floats(state, 1, &option->def);
        break;
    case FV_TYPE_INIT:
        if (option->def_text)
            fv_init_parse(option->def_text, at);
        break;
    case FV_TYPE_VALUE:
        ((FvRef *) at)->input = -1;
        break;
    case FV_TYPE_VALUES:
        break;
    }
}

FvState *fv_state_new(const FvPlugin *plugin)
{
    const int count = fv_option_count(plugin);
    FvState *state = g_new0(FvState, 1);
    state->plugin = plugin;
    state->self = g_malloc0(MAX(plugin->state_size, 1));
    state->given = g_new0(gboolean, count + 1);
    state->owned = g_ptr_array_new_with_free_func(g_free);
    for (int i = 0; i < count; i++) {
        if (!(plugin->options[i].flags & FV_REQUIRED))
            set_default(state, &plugin->options[i]);
    }
    return state;
}

void fv_state_free(FvState *state)
{
    if (!state)
        return;
    g_ptr_array_unref(state->owned);
    g_free(state->given);
    g_free(state->self);
    g_free(state);
}

void *fv_state_self(FvState *state)
{
    return state->self;
}

const FvPlugin *fv_state_plugin(const FvState *state)
{
    return state->plugin;
}

const FvOption *fv_option_find(const FvPlugin *plugin, const char *name, GError **error)
{
    const FvPlugin *of;
    return fv_option_find_either(plugin, NULL, name, &of, error);
}

const FvOption *fv_option_find_either(const FvPlugin *plugin, const FvPlugin *common, const char *name,
                                      const FvPlugin **of, GError **error)
{
    const FvPlugin *const tables[] = { plugin, common };
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    for (guint t = 0; t < G_N_ELEMENTS(tables) && tables[t]; t++) {
        *of = tables[t];
        for (const FvOption *option = tables[t]->options; option && option->name; option++) {
            if (g_str_equal(option->name, name))
                return option;
            g_ptr_array_add(names, (gpointer) option->name);
        }
    }
    g_ptr_array_add(names, NULL);
    const char *nearest = fv_nearest(name, (const char *const *) names->pdata);
    g_set_error(error, FV_ERROR, FV_ERROR_UNKNOWN, "no option \"%.60s\"%s%s%s", name,
                nearest ? "; did you mean \"" : "", nearest ? nearest : "", nearest ? "\"?" : "");
    return NULL;
}

const FvOption *fv_option_at(const FvPlugin *plugin, int position)
{
    const int count = fv_option_count(plugin);
    if (position < 0 || count == 0)
        return NULL;
    if (position < count)
        return &plugin->options[position];
    const FvOption *last = &plugin->options[count - 1];
    return last->type == FV_TYPE_VALUES ? last : NULL;
}

gboolean fv_option_set(FvState *state, const FvOption *option, const FvValue *value, GError **error)
{
    const gsize index = option - state->plugin->options;
    if (state->given[index] && option->type != FV_TYPE_VALUES) {
        g_set_error(error, FV_ERROR, FV_ERROR_OPTION, "%s: given twice", option->name);
        return FALSE;
    }
    state->given[index] = TRUE;
    if (setters[option->type](state, option, value))
        return TRUE;
    g_autofree char *wanted = fv_option_expected(option);
    g_autofree char *got = fv_value_text(value);
    const char *nearest =
        option->type == FV_TYPE_CHOICE && is_word(value) ? fv_nearest(value->text, option->choices) : NULL;
    g_set_error(error, FV_ERROR, FV_ERROR_OPTION, "%s: expected %s, found %s%s%s%s", option->name, wanted, got,
                nearest ? "; did you mean \"" : "", nearest ? nearest : "", nearest ? "\"?" : "");
    return FALSE;
}

gboolean fv_state_complete(const FvState *state, GError **error)
{
    const int count = fv_option_count(state->plugin);
    for (int i = 0; i < count; i++) {
        const FvOption *option = &state->plugin->options[i];
        if ((option->flags & FV_REQUIRED) && !state->given[i]) {
            g_autofree char *wanted = fv_option_expected(option);
            g_set_error(error, FV_ERROR, FV_ERROR_OPTION, "%s: missing: expected %s", option->name, wanted);
            return FALSE;
        }
    }
    return TRUE;
}
