/* SPDX-License-Identifier: MIT
 * input: where images enter the net. */
#include <fovea/plugin.h>

typedef struct {
    int c, h, w;
} Input;

static const FvOption options[] = {
    FV_OPT_INT(Input, c, 1, 1, 1 << 20, "channels, or the length of a vector", .flags = FV_REQUIRED),
    FV_OPT_INT(Input, h, 1, 1, 65500, "height", .unit = "px"),
    FV_OPT_INT(Input, w, 1, 1, 65500, "width", .unit = "px"),
    { 0 },
};

static gboolean plan(FvNode *node, void *self, GError **error)
{
    const Input *input = self;
    fv_node_set_output(node, (FvShape){ input->c, input->h, input->w });
    return TRUE;
}

static const char *const examples[] = { "input(3, 7, 6)", "input(10)", NULL };

static const FvLayer input = {
    .base = { FV_HEAD(FvLayer, Input), .kind = FV_LAYER, .name = "input", .summary = "where images enter the net",
              .options = options,
              .details = "Takes no value and gives c x h x w: what the data hold, once they are prepared. Pixels are "
                         "from 0 to 1 unless prepare changes that.",
              .examples = examples },
    .min_inputs = FV_NO_INPUTS,
    .max_inputs = FV_NO_INPUTS,
    .plan = plan,
};
FV_EXPORT(input)
