/* SPDX-License-Identifier: MIT
 * descriptor.c: checks a plugin's descriptor: interface, size, hooks, option table. */
#include "core/descriptor.h"

#include "core/options.h"

#include <math.h>
#include <string.h>

enum { MOST_OPTIONS = 256, LONGEST_NAME = 64, LARGEST_STATE = 1 << 20 };

static const uint32_t sizes[FV_KINDS] = {
    [FV_SOURCE] = sizeof(FvSource), [FV_AUGMENT] = sizeof(FvAugment), [FV_LAYER] = sizeof(FvLayer),
    [FV_LOSS] = sizeof(FvLoss),     [FV_OPTIM] = sizeof(FvOptim),     [FV_SCHEDULE] = sizeof(FvSchedule),
    [FV_METRIC] = sizeof(FvMetric),
};

/* Of the C field of each option type. FV_TYPE_VALUES has none. */
static const struct {
    size_t size, align;
} fields[] = {
    [FV_TYPE_INT] = { sizeof(int), _Alignof(int) },
    [FV_TYPE_FLOAT] = { sizeof(float), _Alignof(float) },
    [FV_TYPE_BOOL] = { sizeof(gboolean), _Alignof(gboolean) },
    [FV_TYPE_STRING] = { sizeof(char *), _Alignof(char *) },
    [FV_TYPE_CHOICE] = { sizeof(int), _Alignof(int) },
    [FV_TYPE_SIZE] = { sizeof(FvSize), _Alignof(FvSize) },
    [FV_TYPE_RANGE] = { sizeof(FvRange), _Alignof(FvRange) },
    [FV_TYPE_EXTENT] = { sizeof(FvExtent), _Alignof(FvExtent) },
    [FV_TYPE_FLOATS] = { sizeof(FvFloats), _Alignof(FvFloats) },
    [FV_TYPE_INIT] = { sizeof(FvInit), _Alignof(FvInit) },
    [FV_TYPE_VALUE] = { sizeof(FvRef), _Alignof(FvRef) },
    [FV_TYPE_VALUES] = { 0, 1 },
    [FV_TYPE_TARGET] = { sizeof(char *), _Alignof(char *) },
};

gboolean fv_name_valid(const char *name)
{
    if (!g_ascii_islower(name[0]))
        return FALSE;
    const size_t length = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_");
    return name[length] == '\0' && length <= LONGEST_NAME;
}

gboolean fv_descriptor_fits(const FvPlugin *plugin, FvKind kind, GError **error)
{
    if (plugin->abi != FV_ABI) {
        g_set_error(error, FV_ERROR, FV_ERROR_ABI, "made for plugin interface %u, this fovea has %u",
                    (unsigned) plugin->abi, FV_ABI);
        return FALSE;
    }
    if (plugin->size >= sizeof(FvPlugin) && (unsigned) plugin->kind < FV_KINDS)
        kind = plugin->kind;
    if (plugin->size != sizes[kind]) {
        g_set_error(error, FV_ERROR, FV_ERROR_ABI, "descriptor of %u bytes, expected %u", (unsigned) plugin->size,
                    (unsigned) sizes[kind]);
        return FALSE;
    }
    if ((unsigned) plugin->kind >= FV_KINDS) {
        g_set_error(error, FV_ERROR, FV_ERROR_ABI, "of kind %d, which there is not", (int) plugin->kind);
        return FALSE;
    }
    return TRUE;
}

/* ----------------------------------------------------------------- options */

static gboolean default_within(const FvOption *option)
{
    const gboolean whole = option->type == FV_TYPE_INT || option->type == FV_TYPE_SIZE;
    const double high = option->type == FV_TYPE_RANGE || option->type == FV_TYPE_EXTENT ? option->def_hi : option->def;
    if (!(option->def <= high && option->def >= option->min && high <= option->max))
        return FALSE;
    return !whole || (option->def == floor(option->def) && fabs(option->def) <= G_MAXINT);
}

static gboolean choices_sound(const FvOption *option)
{
    int count = 0;
    while (option->choices && option->choices[count]) {
        if (!fv_name_valid(option->choices[count]))
            return FALSE;
        count++;
    }
    return count > 0 && option->def >= 0 && option->def < count && option->def == floor(option->def);
}

/* Only layers take several values, and only what looks at the net's values takes them at all. */
static gboolean type_allowed(const FvPlugin *plugin, const FvOption *option)
{
    const gboolean judges = plugin->kind == FV_LOSS || plugin->kind == FV_METRIC;
    if (option->type == FV_TYPE_VALUES)
        return plugin->kind == FV_LAYER;
    if (option->type == FV_TYPE_VALUE)
        return plugin->kind == FV_LAYER || judges;
    return option->type != FV_TYPE_TARGET || judges;
}

/* What is wrong with an option by itself, or NULL. */
static const char *option_fault(const FvPlugin *plugin, const FvOption *option)
{
    if (!fv_name_valid(option->name))
        return "the name is not lower case with underscores";
    if (g_str_equal(option->name, "name"))
        return "this name is reserved";
    if ((unsigned) option->type >= G_N_ELEMENTS(fields))
        return "of a type that there is not";
    const size_t size = fields[option->type].size;
    if (size > plugin->state_size || option->offset > plugin->state_size - size ||
        option->offset % fields[option->type].align != 0)
        return "its field is not within the state";
    if (!option->help)
        return "no help";
    if (!type_allowed(plugin, option))
        return "of a type that this kind of plugin cannot have";
    if (!(option->min <= option->max))
        return "its range is empty";
    if (option->flags & FV_REQUIRED)
        return option->type == FV_TYPE_CHOICE && !choices_sound(option) ? "its choices are wrong" : NULL;

    switch (option->type) {
    case FV_TYPE_INT:
    case FV_TYPE_FLOAT:
    case FV_TYPE_SIZE:
    case FV_TYPE_RANGE:
    case FV_TYPE_EXTENT:
    case FV_TYPE_FLOATS:
        return default_within(option) ? NULL : "its default is out of range";
    case FV_TYPE_CHOICE:
        return choices_sound(option) ? NULL : "its choices or its default are wrong";
    case FV_TYPE_INIT:
        return !option->def_text || fv_init_parse(option->def_text, NULL) ? NULL : "its default is no initialisation";
    default:
        return NULL;
    }
}

static gboolean options_check(const FvPlugin *plugin, GError **error)
{
    int count = 0;
    for (const FvOption *option = plugin->options; option && option->name; option++) {
        if (++count > MOST_OPTIONS) {
            g_set_error(error, FV_ERROR, FV_ERROR_ABI, "option table without an end");
            return FALSE;
        }
        const char *fault = option_fault(plugin, option);
        for (const FvOption *other = plugin->options; !fault && other < option; other++) {
            if (g_str_equal(other->name, option->name))
                fault = "there are two of this name";
            else if (other->type == FV_TYPE_VALUES)
                fault = "nothing can stand after an option that takes all values";
        }
        if (fault) {
            g_set_error(error, FV_ERROR, FV_ERROR_ABI, "option table malformed: %.64s: %s", option->name, fault);
            return FALSE;
        }
    }
    return TRUE;
}

/* ------------------------------------------------------------------- hooks */

static gboolean has_option(const FvPlugin *plugin, FvType type, const char *name)
{
    for (const FvOption *option = plugin->options; option && option->name; option++) {
        if (option->type == type && (!name || g_str_equal(option->name, name)))
            return TRUE;
    }
    return FALSE;
}

/* A target is compared with a value: whoever has one needs options for both. */
static const char *target_missing(const FvPlugin *plugin, FvTarget target)
{
    if (target == FV_TARGET_NONE)
        return NULL;
    if (!has_option(plugin, FV_TYPE_VALUE, NULL))
        return "an option for the value";
    return has_option(plugin, FV_TYPE_TARGET, NULL) ? NULL : "an option for the target";
}

static const char *source_missing(const FvPlugin *plugin)
{
    const FvSource *source = (const FvSource *) plugin;
    return !source->open ? "open" : !source->read ? "read" : !source->close ? "close" : NULL;
}

/* The hooks of one group, and of no other. */
static const char *augment_missing(const FvPlugin *plugin)
{
    const FvAugment *augment = (const FvAugment *) plugin;
    const gboolean kinds[] = { augment->matrix != NULL,     augment->coord_map != NULL, augment->pixel_map != NULL,
                               augment->colour_map != NULL, augment->table_map != NULL, augment->neighbour_map != NULL,
                               augment->part != NULL,       augment->choose != NULL,    augment->expand != NULL };
    int count = 0;
    for (guint i = 0; i < G_N_ELEMENTS(kinds); i++)
        count += kinds[i];
    if (count != 1)
        return count == 0 ? "any of matrix, coord_map, pixel_map ..."
                          : "a single purpose: it has hooks of several groups";
    if (augment->coord_map && !augment->forward_point)
        return "forward_point";
    if (augment->neighbour_map && augment->passes < 1)
        return "its number of passes";
    if (augment->part && (augment->others < 1 || augment->others >= FV_MAX_PARTS))
        return "the number of others";
    return NULL;
}

static const char *layer_missing(const FvPlugin *plugin)
{
    const FvLayer *layer = (const FvLayer *) plugin;
    if (layer->forward_map && !layer->backward_map)
        return "backward_map";
    if (layer->backward_map && !layer->forward_map)
        return "forward_map";
    if (!layer->forward_map && !layer->plan)
        return "forward_map or plan";
    return (layer->build || layer->backward) && !layer->forward ? "forward" : NULL;
}

static const char *loss_missing(const FvPlugin *plugin)
{
    const FvLoss *loss = (const FvLoss *) plugin;
    if (loss->forward_map && !loss->backward_map)
        return "backward_map";
    if (loss->backward_map && !loss->forward_map)
        return "forward_map";
    if (loss->target == FV_TARGET_NONE && !loss->forward_map)
        return "forward_map, which a penalty needs";
    if (!loss->forward_map && !loss->forward)
        return "forward_map or forward";
    return target_missing(plugin, loss->target);
}

static const char *optim_missing(const FvPlugin *plugin)
{
    const FvOptim *optim = (const FvOptim *) plugin;
    if (optim->slots[FV_MAX_SLOTS])
        return "the end of its slots";
    if (!optim->update_map == !optim->step)
        return optim->step ? "a single way to step: it has update_map and step" : "update_map or step";
    if (optim->step && (!optim->vectors || !optim->numbers))
        return optim->vectors ? "numbers" : "vectors";
    return has_option(plugin, FV_TYPE_FLOAT, "rate") ? NULL : "the option rate";
}

static const char *schedule_missing(const FvPlugin *plugin)
{
    return ((const FvSchedule *) plugin)->factor ? NULL : "factor";
}

static const char *metric_missing(const FvPlugin *plugin)
{
    const FvMetric *metric = (const FvMetric *) plugin;
    if (!metric->forward)
        return "forward";
    if (metric->add && !metric->plan)
        return "plan, which says what its sums are";
    if (metric->add && !metric->finish)
        return "finish";
    if (!metric->add && (metric->finish || metric->table))
        return "add";
    return target_missing(plugin, metric->target);
}

/* What a plugin lacks that its kind cannot do without, or NULL. */
static const char *(*const missing[FV_KINDS])(const FvPlugin *plugin) = {
    [FV_SOURCE] = source_missing, [FV_AUGMENT] = augment_missing, [FV_LAYER] = layer_missing,
    [FV_LOSS] = loss_missing,     [FV_OPTIM] = optim_missing,     [FV_SCHEDULE] = schedule_missing,
    [FV_METRIC] = metric_missing,
};

gboolean fv_descriptor_check(const FvPlugin *plugin, GError **error)
{
    if (!plugin->name || !fv_name_valid(plugin->name)) {
        g_set_error(error, FV_ERROR, FV_ERROR_ABI, "its name is not lower case with underscores");
        return FALSE;
    }
    if (!plugin->summary || !plugin->summary[0]) {
        g_set_error(error, FV_ERROR, FV_ERROR_ABI, "without summary");
        return FALSE;
    }
    if (plugin->state_size > LARGEST_STATE) {
        g_set_error(error, FV_ERROR, FV_ERROR_ABI, "a state of %zu bytes, at most %d are allowed", plugin->state_size,
                    LARGEST_STATE);
        return FALSE;
    }
    if (!options_check(plugin, error))
        return FALSE;
    const char *lack = missing[plugin->kind](plugin);
    if (lack) {
        g_set_error(error, FV_ERROR, FV_ERROR_ABI, "without %s", lack);
        return FALSE;
    }
    return TRUE;
}
