/* SPDX-License-Identifier: MIT
 * mixed.c: losses of samples that are mixed of several images (mixup, cutmix, mosaic): the loss of each image's class,
 * and its gradient, weighted by the image's share.
 *
 * It works for every loss that looks at a class: such a loss is computed once for each part, and what it wrote is added
 * up. Lists that only evaluate see the class with the largest share alone. */
#include "core/plan/private.h"

static const char source[] =
    "#line 1 \"mixed.c\"\n"
    "/* Number i of a value of so many elements is of this sample. */\n"
    "int FV_NAME(sample)(size_t i, int elements)\n"
    "{\n"
    "    return (int)(i / ((size_t)elements * FV_L)) * FV_L + (int)(i % FV_L);\n"
    "}\n"
    "\n"
    "/* What part number `part` of a sample gave, x, and what those before it gave. */\n"
    "real FV_NAME(weigh)(real x, real before, global const float *restrict shares, int part, int n, int sample)\n"
    "{\n"
    "    return (part > 0 ? before : 0) + (sample < n ? (real)shares[part * n + sample] * x : 0);\n"
    "}\n"
    "\n"
    "FV_KERNEL FV_NAME(mix_gradient)(global real *restrict dx, global real *restrict sum,\n"
    "                                global const float *restrict shares, int part, int parts, int n, int elements,\n"
    "                                int count)\n"
    "{\n"
    "    size_t begin = (size_t)get_group_id(0) * CHUNK, end = min(begin + CHUNK, (size_t)count);\n"
    "    for (size_t i = begin + FV_ME; i < end; i += FV_WORKERS) {\n"
    "        real all = FV_NAME(weigh)(dx[i], sum[i], shares, part, n, FV_NAME(sample)(i, elements));\n"
    "        if (part + 1 < parts)\n"
    "            sum[i] = all;\n"
    "        else\n"
    "            dx[i] = all;\n"
    "    }\n"
    "}\n"
    "\n"
    "FV_KERNEL FV_NAME(mix_loss)(global real *restrict result, global real *restrict sum,\n"
    "                            global const float *restrict shares, int part, int parts, int n, int slot)\n"
    "{\n"
    "    int begin = get_group_id(0) * CHUNK, end = min(begin + CHUNK, n);\n"
    "    for (int i = begin + FV_ME; i < end; i += FV_WORKERS) {\n"
    "        real all = FV_NAME(weigh)(result[slot + i], sum[i], shares, part, n, i);\n"
    "        if (part + 1 < parts)\n"
    "            sum[i] = all;\n"
    "        else\n"
    "            result[slot + i] = all;\n"
    "    }\n"
    "}\n";

enum { CHUNK = 2048 /* numbers of a work-group */ };

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
    g_autofree char *defines = g_strdup_printf("#define CHUNK %d\n", CHUNK);
    if (!any(plan))
        return;
    plan->mix_gradient_kernel = fv_plan_add_kernel(plan, source, "mix_gradient", defines);
    plan->mix_loss_kernel = fv_plan_add_kernel(plan, source, "mix_loss", defines);
}

static FvGrid grid_of(const FvNode *term, gint64 numbers)
{
    return fv_node_grid(term, (size_t) ((numbers + CHUNK - 1) / CHUNK), 1, 1);
}

static void add_part(FvNode *term, int part, FvList *list)
{
    const FvPlan *plan = term->plan;
    const FvShape shape = fv_node_input(term, 0);
    const int n = fv_list_samples(list), parts = plan->settings.parts;
    const gint64 count = fv_shape_elements(shape) * plan->lanes * fv_list_blocks(list);
    const FvArg shares = fv_buffer(&plan->shares->buffer);
    fv_launch(list, plan->mix_loss_kernel, grid_of(term, n), fv_buffer(fv_node_result(term)),
              fv_buffer(&term->mixed_loss->buffer), shares, fv_int(part), fv_int(parts), fv_int(n), fv_slot());
    if (fv_node_dx(term, 0))
        fv_launch(list, plan->mix_gradient_kernel, grid_of(term, count), fv_buffer(fv_node_dx(term, 0)),
                  fv_buffer(&term->mixed_gradient->buffer), shares, fv_int(part), fv_int(parts), fv_int(n),
                  fv_int((int) fv_shape_elements(shape)), fv_int((int) count));
}

void fv_mixed_loss(FvNode *term, void (*forward)(FvNode *term, FvList *list), FvList *list)
{
    for (term->part = 0; term->part < term->plan->settings.parts; term->part++) {
        forward(term, list);
        add_part(term, term->part, list);
    }
    term->part = 0;
}
