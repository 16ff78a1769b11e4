/* SPDX-License-Identifier: MIT
 * target.c: what losses and metrics compare values with: one piece of memory for each name; and the class as numbers.
 */
#include "core/plan/private.h"

#include "target.cl.h"

/* The class as numbers, of which it is made on the device: no data have to bring both. */
static const char label[] = "label", one_hot[] = FV_ONE_HOT;

static FvTargetArea *find(FvPlan *plan, const char *name, const FvShape *shape)
{
    for (guint i = 0; i < plan->targets->len; i++) {
        FvTargetArea *target = plan->targets->pdata[i];
        if (g_str_equal(target->name, name) && (!shape || fv_shape_equal(target->shape, *shape)))
            return target;
    }
    return NULL;
}

static FvTargetArea *add(FvPlan *plan, const char *name, FvTarget kind, FvShape shape)
{
    FvTargetArea *target = g_new0(FvTargetArea, 1);
    target->name = g_strdup(name);
    target->kind = kind;
    target->shape = shape;
    g_ptr_array_add(plan->targets, target);
    return target;
}

static gboolean wants_pixels(const FvNode *node)
{
    return node->plugin->kind == FV_METRIC ? ((const FvMetric *) node->plugin)->pixels
                                           : ((const FvLoss *) node->plugin)->pixels;
}

static const char *describe(FvTarget kind, FvShape shape)
{
    if (kind == FV_TARGET_VALUE)
        return "numbers";
    return shape.h * shape.w > 1 ? "a class for each pixel" : "a class";
}

static FvTargetArea *bind(FvPlan *plan, const char *name, FvTarget kind, FvShape shape, GError **error)
{
    FvTargetArea *target = find(plan, name, NULL);
    if (!target)
        return add(plan, name, kind, shape);
    if (target->kind == kind && fv_shape_equal(target->shape, shape))
        return target;
    const char *is = describe(target->kind, target->shape), *wanted = describe(kind, shape);
    const char *rest = is == wanted                                       ? " of another shape"
                       : target->kind != kind && g_str_equal(name, label) ? "; one_hot is the class as numbers"
                                                                          : "";
    g_set_error(error, FV_ERROR, FV_ERROR_SHAPE, "%s is used both as %s and as %s%s", name, is, wanted, rest);
    return NULL;
}

static FvTargetArea *bind_one_hot(FvPlan *plan, FvShape shape, GError **error)
{
    FvTargetArea *from = bind(plan, label, FV_TARGET_CLASS, (FvShape){ 1, 1, 1 }, error);
    FvTargetArea *target = from ? find(plan, one_hot, &shape) : NULL; /* one for each shape that is asked for */
    if (!from || target)
        return target;
    target = add(plan, one_hot, FV_TARGET_VALUE, shape);
    target->from = from;
    return target;
}

gboolean fv_target_bind(FvNode *node, const char *name, FvTarget kind, GError **error)
{
    FvShape shape = fv_node_input(node, 0);
    if (kind == FV_TARGET_CLASS)
        shape = wants_pixels(node) ? (FvShape){ 1, shape.h, shape.w } : (FvShape){ 1, 1, 1 };
    const gboolean made = kind == FV_TARGET_VALUE && g_str_equal(name, one_hot);
    node->target = made ? bind_one_hot(node->plan, shape, error) : bind(node->plan, name, kind, shape, error);
    return node->target != NULL;
}

const FvTargetArea *fv_target_find(const FvPlan *plan, const char *name)
{
    const FvTargetArea *target = find((FvPlan *) plan, name, NULL);
    return target && target->from ? target->from : target;
}

/* --------------------------------------------------------------------- kernel */

void fv_targets_build(FvPlan *plan)
{
    if (find(plan, one_hot, NULL))
        plan->one_hot_kernel = fv_plan_add_kernel(plan, target_cl, "one_hot", "");
}

static void record_part(FvPlan *plan, const FvTargetArea *target, int parts, int part, FvList *list)
{
    FvArea *classes = part > 0 ? target->from->others->pdata[part - 1] : target->from->area;
    FvBuffer *to = &target->area->buffer;
    fv_launch(list, plan->one_hot_kernel, fv_maps_groups(plan, (guint64) fv_list_blocks(list)),
              fv_buffer(&classes->buffer), fv_buffer(parts > 1 ? &plan->shares->buffer : to), fv_buffer(to),
              fv_int(fv_list_samples(list)), fv_int(target->shape.c), fv_int(target->shape.h * target->shape.w),
              fv_int(parts > 1), fv_int(part));
}

void fv_targets_record(FvPlan *plan, FvList *list)
{
    for (guint i = 0; i < plan->targets->len; i++) {
        const FvTargetArea *target = plan->targets->pdata[i];
        const int parts = target->from && target->from->others && fv_list_training(list) ? plan->settings.parts : 1;
        for (int part = 0; target->from && part < parts; part++)
            record_part(plan, target, parts, part, list);
    }
}
