/* SPDX-License-Identifier: MIT
 * gradcheck_nets.c: small nets around one layer or loss. */
#include "core/train/gradcheck.h"

#include <string.h>

static gboolean has_option(const FvPlugin *plugin, FvType type)
{
    for (const FvOption *option = plugin->options; option && option->name; option++)
        if (option->type == type)
            return TRUE;
    return FALSE;
}

/* A name alone cannot say which value is meant. */
static char *with_value(const FvPlugin *plugin, const char *example, const char *value)
{
    if (strchr(example, '(') || !has_option(plugin, FV_TYPE_VALUE))
        return g_strdup(example);
    return g_strdup_printf("%s(%s)", example, value);
}

static char *layer_net(const FvPlugin *plugin, const char *example)
{
    const FvLayer *layer = (const FvLayer *) plugin;
    const gboolean named = has_option(plugin, FV_TYPE_VALUE);
    g_autofree char *use = with_value(plugin, example, "other");
    g_autoptr(GString) before = g_string_new(NULL);
    if (layer->no_gradient) /* nothing can be trained before it */
        return g_strdup_printf("net { input(3, 7, 6) -> %s as result }\nloss = mse(result, target)\n", use);
    if (layer->max_inputs >= 2 && !named) {
        for (int i = 0; i < MAX(2, layer->min_inputs); i++)
            g_string_append_printf(before, "%s conv(6, 3, pad=1)", i ? " |" : "{");
        g_string_append(before, " }");
    } else {
        g_string_append(before, "conv(6, 3, pad=1)");
    }
    return g_strdup_printf(
        "net {\n"
        "  input(3, 7, 6) as image -> conv(5, 3, stride=2, pad=1) as other\n"
        "%s  image -> %s -> %s as result\n"
        "}\n"
        "loss = mse(result, target)\n",
        strstr(use, "features") ? "  other -> gap as features\n" : "", before->str, use);
}

static char *loss_net(const FvPlugin *plugin, const char *example)
{
    const FvLoss *loss = (const FvLoss *) plugin;
    g_autofree char *use = with_value(plugin, example, "value");
    const char *end = loss->target == FV_TARGET_VALUE ? "conv(3, 2)" : "dense(6)";
    return g_strdup_printf("net { input(3, 5, 4) -> conv(4, 2) -> %s as value }\nloss = %s%s\n", end,
                           loss->target == FV_TARGET_NONE ? "mse(value, target) + " : "", use);
}

char **fv_gradcheck_pipelines(const FvPlugin *plugin)
{
    const char *const alone[] = { plugin->name, NULL };
    const char *const *examples = plugin->examples ? plugin->examples : alone;
    if ((plugin->kind != FV_LAYER && plugin->kind != FV_LOSS) ||
        (plugin->kind == FV_LAYER && ((const FvLayer *) plugin)->max_inputs == FV_NO_INPUTS))
        return NULL;
    g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
    for (; *examples; examples++) {
        g_autofree char *text = plugin->kind == FV_LAYER ? layer_net(plugin, *examples) : loss_net(plugin, *examples);
        g_strv_builder_add(builder, text);
    }
    return g_strv_builder_end(builder);
}
