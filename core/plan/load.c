/* SPDX-License-Identifier: MIT
 * load.c: brings a plan to a device: one program of all kernels, one allocation of all memory. */
#include "core/plan/private.h"

#include "prelude.cl.h"

#include <string.h>

/* ----------------------------------------------------------------- program */

/* "#define A 1\n#define B 2\n" -> "#undef A\n#undef B\n" */
void fv_plan_append_undefines(GString *out, const char *defines)
{
    static const char define[] = "#define ";
    for (const char *at = strstr(defines, define); at; at = strstr(at + 1, define)) {
        const char *name = at + sizeof define - 1;
        g_string_append_printf(out, "#undef %.*s\n", (int) strcspn(name, " (\n"), name);
    }
}

static int add_snippet(FvPlan *plan, const char *source, const char *defines)
{
    g_autofree char *key = g_strconcat(defines, "\1", source, NULL);
    for (guint i = 0; i < plan->snippets->len; i++) {
        const FvSnippet *known = plan->snippets->pdata[i];
        if (g_str_equal(known->key, key))
            return known->number;
    }
    FvSnippet *snippet = g_new0(FvSnippet, 1);
    snippet->key = g_steal_pointer(&key);
    snippet->number = (int) plan->snippets->len;
    g_ptr_array_add(plan->snippets, snippet);

    g_string_append_printf(plan->source, "#define FV_NAME(x) fv%d_##x\n%s%s\n", snippet->number, defines, source);
    fv_plan_append_undefines(plan->source, defines);
    g_string_append(plan->source, "#undef FV_NAME\n");
    return snippet->number;
}

FvKernel *fv_plan_add_kernel(FvPlan *plan, const char *source, const char *name, const char *defines)
{
    FvKernel *kernel = g_new0(FvKernel, 1);
    kernel->name = g_strdup_printf("fv%d_%s", add_snippet(plan, source, defines), name);
    g_ptr_array_add(plan->kernels, kernel);
    return kernel;
}

static gboolean build_node(FvNode *node, gboolean (*build)(FvNode *, void *, GError **), GError **error)
{
    if (!build || build(node, node->self, error))
        return TRUE;
    g_prefix_error(error, "%s: ", node->path);
    return FALSE;
}

static gboolean build_sources(FvPlan *plan, GError **error)
{
    for (guint i = 0; i < plan->nodes->len; i++) {
        FvNode *node = plan->nodes->pdata[i];
        if (node->alive && !node->passes && (!node->head || node->reached) &&
            !build_node(node, fv_node_layer(node)->build, error))
            return FALSE;
    }
    for (guint i = 0; i < plan->terms->len; i++) {
        FvNode *term = plan->terms->pdata[i];
        gboolean metric = term->plugin->kind == FV_METRIC;
        if (!build_node(term,
                        metric ? ((const FvMetric *) term->plugin)->build : ((const FvLoss *) term->plugin)->build,
                        error))
            return FALSE;
    }
    fv_targets_build(plan);
    fv_maps_build(plan);
    fv_mixed_build(plan);
    if (plan->settings.purpose == FV_FOR_TRAINING && plan->graph->optimizer.plugin)
        fv_update_build(plan);
    fv_norms_build(plan);
    return TRUE;
}

static gboolean build_program(FvPlan *plan, const char *const *extra, GError **error)
{
    if (plan->settings.doubles && !plan->device->info->has_double) {
        g_set_error(error, FV_ERROR, FV_ERROR_OPENCL, "%s has no double precision (cl_khr_fp64)",
                    plan->device->info->name);
        return FALSE;
    }
    if (!build_sources(plan, error))
        return FALSE;
    for (; extra && *extra; extra++) {
        int number = add_snippet(plan, *extra, "");
        g_array_append_val(plan->extras, number);
    }

    /* PoCL's compiler makes an instruction of it; others refuse it. */
    const gboolean prefetch = plan->settings.family == FV_FAMILY_CPU && plan->device->host_memory &&
                              g_str_has_prefix(plan->device->info->platform, "Portable Computing Language");
    g_autofree char *head =
        g_strdup_printf("#define FV_DOUBLE %d\n#define FV_PREFETCH %d\n#define FV_L %d\n#define FV_WORKERS %d\n",
                        plan->settings.doubles, prefetch, plan->lanes, fv_plan_workers(plan));
    g_autofree char *source = g_strconcat(head, prelude_cl, plan->source->str, NULL);
    const char *dump = g_getenv("FOVEA_DUMP_SOURCE"); /* for those who write kernels */
    if (dump && !g_file_set_contents(dump, source, -1, error))
        return FALSE;
    /* -w: compilers print how many warnings there are, but not which, on every start. */
    const char *more = g_getenv("FOVEA_BUILD_OPTIONS"); /* for those who write kernels, too */
    g_autofree char *options =
        g_strjoin(" ", "-w -cl-std=CL1.2 -cl-mad-enable", plan->settings.doubles ? "" : "-cl-single-precision-constant",
                  more ? more : "", NULL);
    plan->program = fv_program_build(plan->device, source, options, error);
    if (!plan->program)
        return FALSE;
    for (guint i = 0; i < plan->kernels->len; i++)
        ((FvKernel *) plan->kernels->pdata[i])->program = plan->program;
    return TRUE;
}

FvKernel *fv_plan_extra_kernel(FvPlan *plan, guint which, const char *name)
{
    FvKernel *kernel = g_new0(FvKernel, 1);
    kernel->name = g_strdup_printf("fv%d_%s", g_array_index(plan->extras, int, which), name);
    kernel->program = plan->program;
    g_ptr_array_add(plan->kernels, kernel);
    return kernel;
}

/* ------------------------------------------------------------------ memory */

FvPlanMemory fv_plan_memory(const FvPlan *plan)
{
    gboolean training = plan->settings.purpose == FV_FOR_TRAINING;
    FvPlanMemory memory = {
        .parameters = plan->param_reals * plan->real_size,
        .gradients = training ? (plan->trained_reals + plan->unread_reals) * plan->real_size : 0,
        .optimizer = plan->trained_reals * plan->real_size * (guint64) plan->update.slot_count,
        .values = plan->arena_bytes,
        .scratch = plan->call_bytes,
    };
    memory.total = memory.parameters + memory.gradients + memory.optimizer + memory.values + memory.scratch;
    return memory;
}

/* What the device gives: in all, and in one buffer. */
typedef struct {
    guint64 memory, chunk, align;
} Limits;

static gboolean batch_fits(const FvPlan *plan, const Limits *limits, int batch)
{
    FvPlanSettings settings = plan->settings;
    settings.batch = batch;
    g_autoptr(FvDiag) diag = fv_diag_new();
    g_autoptr(FvPlan) other = fv_plan_new(plan->graph, &settings, diag);
    return other && fv_plan_lay_out(other, limits->chunk, limits->align) &&
           fv_plan_memory(other).total <= limits->memory;
}

/* "the largest batch that fits is 12"; g_free() it. */
static char *advice_of(const FvPlan *plan, const Limits *limits)
{
    int fits = 0, fails = plan->settings.batch; /* the largest known to fit, the smallest known not to */
    while (fails - fits > 1) {
        const int middle = fits + (fails - fits) / 2;
        if (batch_fits(plan, limits, middle))
            fits = middle;
        else
            fails = middle;
    }
    return fits > 0 ? g_strdup_printf("the largest batch that fits is %d", fits)
                    : g_strdup("not even a batch of 1 fits");
}

static gboolean lay_out(FvPlan *plan, const Limits *limits, GError **error)
{
    const double gib = 1 << 30;
    const char *device = plan->device->info->name;
    if (!fv_plan_lay_out(plan, limits->chunk, limits->align)) {
        g_autofree char *advice = advice_of(plan, limits);
        g_set_error(error, FV_ERROR, FV_ERROR_NOMEM,
                    "with a batch of %d one value alone is larger than the largest buffer of %s, %.2f GiB; %s",
                    plan->settings.batch, device, (double) limits->chunk / gib, advice);
        return FALSE;
    }
    const guint64 need = fv_plan_memory(plan).total;
    if (need <= limits->memory)
        return TRUE;
    g_autofree char *advice = advice_of(plan, limits);
    g_set_error(error, FV_ERROR, FV_ERROR_NOMEM, "a batch of %d needs %.2f GiB, and %s has %.2f GiB; %s",
                plan->settings.batch, (double) need / gib, device, (double) limits->memory / gib, advice);
    return FALSE;
}

static gboolean take(FvPlan *plan, guint64 bytes, cl_mem *memory, GError **error)
{
    *memory = fv_device_alloc(plan->device, MAX(FV_ALIGN, bytes), error);
    if (!*memory)
        return FALSE;
    g_ptr_array_add(plan->buffers, *memory);
    return TRUE;
}

static gboolean part(FvPlan *plan, cl_mem whole, guint64 offset, guint64 bytes, FvBuffer *buffer, GError **error)
{
    buffer->memory = fv_device_part(whole, offset, MAX(4, bytes), error);
    buffer->bytes = bytes;
    if (!buffer->memory)
        return FALSE;
    g_ptr_array_add(plan->buffers, buffer->memory);
    return TRUE;
}

static guint64 bytes_of_param(const FvParam *param)
{
    return ((guint64) param->elements + FV_SLACK) * param->node->plan->real_size;
}

/* Gradients of frozen parameters, of layers that have a backward pass. */
static gboolean allocate_unread(FvPlan *plan, GError **error)
{
    const guint64 align = MAX((guint64) FV_ALIGN, plan->device->info->align);
    for (guint i = 0; i < plan->nodes->len; i++) {
        const FvNode *node = plan->nodes->pdata[i];
        guint64 at = plan->trained_reals * plan->real_size;
        for (guint k = 0; node->reached && k < node->params->len; k++) {
            FvParam *param = node->params->pdata[k];
            if (!param->frozen || param->spec.role == FV_STATISTIC)
                continue;
            if (!part(plan, plan->gradient_memory, at, bytes_of_param(param), &param->gradient, error))
                return FALSE;
            at += fv_round_up(bytes_of_param(param), align);
        }
    }
    return TRUE;
}

static gboolean allocate_params(FvPlan *plan, GError **error)
{
    gboolean training = plan->settings.purpose == FV_FOR_TRAINING;
    guint64 size = plan->real_size, trained = plan->trained_reals * size;

    if (!take(plan, plan->param_reals * size, &plan->param_memory, error))
        return FALSE;
    if (training && !take(plan, trained + plan->unread_reals * size, &plan->gradient_memory, error))
        return FALSE;
    for (int i = 0; i < plan->update.slot_count; i++) {
        FvBuffer *slot = &plan->update.slots[i];
        if (!take(plan, trained, &slot->memory, error))
            return FALSE;
        slot->bytes = trained;
    }
    plan->all_value = (FvBuffer){ plan->param_memory, trained };
    plan->weights_value = (FvBuffer){ plan->param_memory, plan->weight_reals * size };
    plan->all_gradient = (FvBuffer){ plan->gradient_memory, trained };
    plan->weights_gradient = (FvBuffer){ plan->gradient_memory, plan->weight_reals * size };

    for (guint i = 0; i < plan->params->len; i++) {
        FvParam *param = plan->params->pdata[i];
        guint64 offset = param->offset * size, bytes = bytes_of_param(param);
        if (!part(plan, plan->param_memory, offset, bytes, &param->value, error))
            return FALSE;
        if (training && fv_param_trained(param) &&
            !part(plan, plan->gradient_memory, offset, bytes, &param->gradient, error))
            return FALSE;
    }
    return !training || allocate_unread(plan, error);
}

static gboolean allocate_arena(FvPlan *plan, guint64 chunk, GError **error)
{
    for (guint64 at = 0; at < plan->arena_bytes; at += chunk) {
        cl_mem memory = fv_device_alloc(plan->device, MIN(chunk, plan->arena_bytes - at), error);
        if (!memory)
            return FALSE;
        g_ptr_array_add(plan->chunks, memory);
    }
    for (guint i = 0; i < plan->areas->len; i++) {
        FvArea *area = plan->areas->pdata[i];
        cl_mem whole = plan->chunks->pdata[area->piece.offset / chunk];
        if (!part(plan, whole, area->piece.offset % chunk, area->piece.bytes, &area->buffer, error))
            return FALSE;
    }
    return TRUE;
}

/* Scratch of single calls: every node's pieces begin at the same place. */
static gboolean allocate_call_scratch(FvPlan *plan, const GPtrArray *nodes, GError **error)
{
    for (guint i = 0; i < nodes->len; i++) {
        const FvNode *node = nodes->pdata[i];
        for (guint j = 0; j < node->scratch->len; j++) {
            FvScratch *scratch = node->scratch->pdata[j];
            if (scratch->life != FV_LIFE_CALL || (node->plugin->kind == FV_LAYER && (!node->alive || node->passes)))
                continue;
            FvArea *area = g_new0(FvArea, 1);
            g_ptr_array_add(plan->areas, area);
            scratch->area = area;
            if (!part(plan, plan->call_memory, scratch->call_offset, (scratch->reals + FV_SLACK) * plan->real_size,
                      &area->buffer, error))
                return FALSE;
        }
    }
    return TRUE;
}

static gboolean allocate(FvPlan *plan, GError **error)
{
    const FvDeviceInfo *info = plan->device->info;
    const guint64 align = MAX((guint64) FV_ALIGN, info->align);
    const Limits limits = { info->memory, info->max_alloc / align * align, align };

    if (!lay_out(plan, &limits, error) || !allocate_params(plan, error) || !allocate_arena(plan, limits.chunk, error))
        return FALSE;
    return plan->call_bytes == 0 ||
           (take(plan, plan->call_bytes, &plan->call_memory, error) &&
            allocate_call_scratch(plan, plan->nodes, error) && allocate_call_scratch(plan, plan->terms, error));
}

gboolean fv_plan_load(FvPlan *plan, FvDevice *device, const char *const *extra, GError **error)
{
    plan->device = device;
    /* Memory first: what does not fit is said before anything is compiled. */
    return allocate(plan, error) && build_program(plan, extra, error);
}
