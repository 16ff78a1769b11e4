/* SPDX-License-Identifier: MIT
 * tail.c: writes what is computed as a value or a gradient is written (fuse.c, fuse_backward.c) as the macros FV_TAIL
 * of plugin.h. */
#include "core/plan/private.h"

/* What is written, and the buffers that are read for that. */
typedef struct {
    GString *stages;
    FvArea *more[FV_MAX_MORE];
    int count;
} Tail;

static int number_of(Tail *tail, FvArea *area)
{
    for (int i = 0; i < tail->count; i++)
        if (tail->more[i] == area)
            return i;
    g_assert(tail->count < FV_MAX_MORE);
    tail->more[tail->count] = area;
    return tail->count++;
}

/* The element, or vector, of a buffer; g_free() it. */
static char *load(Tail *tail, FvArea *area, int width)
{
    const int number = number_of(tail, area);
    return width == 1 ? g_strdup_printf("fv_more%d[fv_at]", number)
                      : g_strdup_printf("vload%d(0, fv_more%d + fv_at)", width, number);
}

static void append_sum(Tail *tail, FvArea *area, int width)
{
    g_autofree char *more = load(tail, area, width);
    g_string_append_printf(tail->stages, "    fv_v += %s;\n", more);
}

/* Declares `name`; @each: as an array of what its elements are. */
static void declare(Tail *tail, const char *name, FvArea *area, int width, gboolean each)
{
    g_autofree char *text = load(tail, area, width);
    if (each)
        g_string_append_printf(tail->stages, "        real fv_%s[%d];\n        vstore%d(%s, 0, fv_%s);\n", name, width,
                               width, text, name);
    else
        g_string_append_printf(tail->stages, "        real %s = %s;\n", name, text);
}

/* @width: of the vector fv_v; 1: one number. Maps that hold for numbers alone go element by element. */
static void append_map(Tail *tail, const FvNode *node, gboolean backward, int width)
{
    const FvLayer *layer = fv_node_layer(node);
    const unsigned reads = backward ? fv_plan_backward_reads(layer) : 0;
    const gboolean vectors = width > 1 && layer->vector_maps, each = width > 1 && !vectors;
    const char *from = backward ? "dy" : "x", *to = backward ? "dx" : "y", *v = each ? "fv_e[fv_i]" : "fv_v";
    GString *out = tail->stages;
    g_autoptr(GString) defines = g_string_new(NULL);

    g_string_append(out, "    {\n");
    if (vectors)
        g_string_append_printf(out, "#define real real%d\n", width);
    if (each)
        g_string_append_printf(out, "        real fv_e[%d];\n        vstore%d(fv_v, 0, fv_e);\n", width, width);
    if (reads & FV_READS_X)
        declare(tail, "x", fv_plan_resolve(node->plan, node->inputs[0])->y, width, each);
    if (reads & FV_READS_Y)
        declare(tail, "y", node->y, width, each);
    if (each)
        g_string_append_printf(out, "        for (int fv_i = 0; fv_i < %d; fv_i++) {\n", width);
    if (each && (reads & FV_READS_X))
        g_string_append(out, "        real x = fv_x[fv_i];\n");
    if (each && (reads & FV_READS_Y))
        g_string_append(out, "        real y = fv_y[fv_i];\n");
    fv_state_defines(node->state, defines);
    g_string_append_printf(out, "        real %s = %s, %s;\n%s        {\n%s\n        }\n        %s = %s;\n", from, v,
                           to, defines->str, backward ? layer->backward_map : layer->forward_map, v, to);
    fv_plan_append_undefines(out, defines->str);
    if (each)
        g_string_append_printf(out, "        }\n        fv_v = vload%d(0, fv_e);\n", width);
    if (vectors)
        g_string_append(out, "#undef real\n");
    g_string_append(out, "    }\n");
}

/* What is computed as y is written. */
static void append_forward(Tail *tail, const FvNode *node, int width)
{
    for (guint i = 0; i < node->tail->len; i++) {
        const FvNode *next = node->tail->pdata[i];
        if (fv_node_layer(next)->fold) /* it is in the weights */
            continue;
        if (next->added)
            append_sum(tail, next->added->y, width);
        else
            append_map(tail, next, FALSE, width);
    }
}

/* And as the gradient of an input is. */
static void append_backward(Tail *tail, const FvNode *node, int input, int width)
{
    const FvStore *store = node->stores ? &node->stores[input] : NULL;
    if (store && store->joins)
        append_sum(tail, node->dx[input], width);
    for (guint i = 0; store && store->maps && i < store->maps->len; i++)
        append_map(tail, store->maps->pdata[i], TRUE, width);
}

static const char plain_tail[] =
    "#define FV_TAIL_PARAMS\n#define FV_TAIL_FORMAL\n#define FV_TAIL_PASS\n"
    "#define FV_TAIL_BEGIN(base)\n#define FV_TAIL_EXPECT(to)\n#define FV_TAIL(v, to) (v)\n"
    "#define FV_TAIL8(v, to) (v)\n#define FV_TAIL16(v, to) (v)\n";

/* @input: whose gradient it is; below 0: y. */
static void append_stages(Tail *tail, const FvNode *node, int input, int width)
{
    g_string_truncate(tail->stages, 0);
    if (input < 0)
        append_forward(tail, node, width);
    else
        append_backward(tail, node, input, width);
}

static void append_function(GString *out, const Tail *tail, int width, const char *pass)
{
    g_autofree char *number = width == 1 ? g_strdup("") : g_strdup_printf("%d", width);
    g_string_append_printf(out,
                           "real%s FV_NAME(fv_tail%s)(real%s fv_v, size_t fv_at FV_TAIL_PARAMS)\n{\n%s"
                           "    return fv_v;\n}\n"
                           "#define FV_TAIL%s(v, to) FV_NAME(fv_tail%s)(v, (size_t)((to) - fv_base)%s)\n",
                           number, number, number, tail->stages->str, number, number, pass);
}

static char *tail_text(Tail *tail, const FvNode *node, int input)
{
    g_autoptr(GString) out = g_string_new("#define FV_TAIL_PARAMS");
    g_autoptr(GString) pass = g_string_new(NULL);
    append_stages(tail, node, input, 1);
    if (tail->stages->len == 0)
        return g_strdup(plain_tail);
    for (int i = 0; i < tail->count; i++) {
        g_string_append_printf(out, "%s, global const real *fv_more%d", i == 0 ? " " : "", i);
        g_string_append_printf(pass, ", fv_more%d", i);
    }
    g_string_append_printf(out,
                           "\n#define FV_TAIL_FORMAL , global const real *fv_base FV_TAIL_PARAMS\n"
                           "#define FV_TAIL_PASS , fv_base%s\n"
                           "#define FV_TAIL_BEGIN(base) global const real *fv_base = base;\n"
                           "#define FV_TAIL_EXPECT(to)",
                           pass->str);
    for (int i = 0; i < tail->count; i++)
        g_string_append_printf(out, " FV_FETCH(fv_more%d + ((to) - fv_base));", i);
    g_string_append_c(out, '\n');
    append_function(out, tail, 1, pass->str);
    for (int width = 8; width <= 16; width *= 2) {
        append_stages(tail, node, input, width);
        append_function(out, tail, width, pass->str);
    }
    return g_string_free(g_steal_pointer(&out), FALSE);
}

static FvKernel *add_kernel(FvNode *node, int input, const char *source, const char *name, const char *defines)
{
    g_autoptr(GString) stages = g_string_new(NULL);
    Tail tail = { .stages = stages };
    g_autofree char *text = tail_text(&tail, node, input), *all = g_strconcat(defines, text, NULL);
    FvKernel *kernel = fv_plan_add_kernel(node->plan, source, name, all);
    for (int i = 0; i < tail.count; i++)
        kernel->more[kernel->more_count++] = &tail.more[i]->buffer;
    return kernel;
}

FvKernel *fv_tail_add_kernel(FvNode *node, gboolean forward, const char *source, const char *name, const char *defines)
{
    return add_kernel(node, forward ? -1 : 0, source, name, defines);
}

FvKernel *fv_tail_add_plain_kernel(FvNode *node, const char *source, const char *name, const char *defines)
{
    g_autofree char *all = g_strconcat(defines, plain_tail, NULL);
    return fv_plan_add_kernel(node->plan, source, name, all);
}

FvKernel *fv_node_add_tail_kernel(FvNode *node, const char *source, const char *name, const char *defines, ...)
{
    va_list args;
    va_start(args, defines);
    g_autofree char *text = defines ? g_strdup_vprintf(defines, args) : g_strdup("");
    va_end(args);
    return add_kernel(node, -1, source, name, text);
}

FvKernel *fv_node_add_gradient_kernel(FvNode *node, int input, const char *source, const char *name,
                                      const char *defines, ...)
{
    va_list args;
    va_start(args, defines);
    g_autofree char *text = defines ? g_strdup_vprintf(defines, args) : g_strdup("");
    va_end(args);
    return add_kernel(node, input, source, name, text);
}
