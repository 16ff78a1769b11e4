/* SPDX-License-Identifier: MIT
 * mixed.c: losses of samples that are mixed of several images (mixup, cutmix, mosaic): the loss of each image's class,
 * and its gradient, weighted by the image's share.
 *
 * It works for every loss that looks at a class: such a loss is computed once for each part, and what it wrote is added
 * up. Lists that only evaluate see the class with the largest share alone. */
#include "core/plan/private.h"

#include "mixed.cl.h"

gboolean fv_mixed_is(const FvNode *term)
{
    return term->plan->settings.parts > 1 && term->plan->settings.purpose == FV_FOR_TRAINING &&
           term->plugin->kind == FV_LOSS && ((const FvLoss *) term->plugin)->target == FV_TARGET_CLASS;
}

static gboolean any(const FvPlan *plan)
{
    for (guint i = 0; i < plan->terms->len; i++)
        if (fv_mixed_is(plan->terms->pdata[i]))
            return TRUE;
    return FALSE;
}

void fv_mixed_build(FvPlan *plan)
{
    if (!any(plan))
        return;
    plan->mix_gradient_kernel = fv_maps_add_kernel(plan, mixed_cl, "mix_gradient", NULL);
    plan->mix_loss_kernel = fv_maps_add_kernel(plan, mixed_cl, "mix_loss", NULL);
}

static void add_part(FvNode *term, int part, FvList *list)
{
    const FvPlan *plan = term->plan;
    const FvShape shape = fv_node_input(term, 0);
    const int n = fv_list_samples(list), parts = plan->settings.parts;
    const gint64 count = fv_shape_elements(shape) * plan->lanes * fv_list_blocks(list);
    const FvArg shares = fv_buffer(&plan->shares->buffer);
    fv_launch(list, plan->mix_loss_kernel, fv_maps_chunks(plan, (guint64) n), fv_buffer(fv_node_result(term)),
              fv_buffer(&term->mixed_loss->buffer), shares, fv_int(part), fv_int(parts), fv_int(n), fv_slot());
    if (fv_node_dx(term, 0))
        fv_launch(list, plan->mix_gradient_kernel, fv_maps_chunks(plan, (guint64) count),
                  fv_buffer(fv_node_dx(term, 0)), fv_buffer(&term->mixed_gradient->buffer), shares, fv_int(part),
                  fv_int(parts), fv_int(n), fv_int((int) fv_shape_elements(shape)), fv_int((int) count));
}

void fv_mixed_loss(FvNode *term, void (*forward)(FvNode *term, FvList *list), FvList *list)
{
    for (term->part = 0; term->part < term->plan->settings.parts; term->part++) {
        forward(term, list);
        add_part(term, term->part, list);
    }
    term->part = 0;
}
