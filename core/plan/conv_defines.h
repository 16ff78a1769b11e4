/* SPDX-License-Identifier: MIT
 * conv_defines.h: geometry and tiles of a convolution as macros in front of a kernel's text. */
#ifndef FOVEA_CONV_DEFINES_H
#define FOVEA_CONV_DEFINES_H

#include "core/plan/conv.h"

static inline void fv_define(GString *out, const char *name, gint64 value)
{
    g_string_append_printf(out, "#define %s %" G_GINT64_FORMAT "\n", name, value);
}

static inline void fv_define_size(GString *out, const char *name, FvSize size)
{
    g_string_append_printf(out, "#define %s_H %d\n#define %s_W %d\n", name, size.h, name, size.w);
}

static inline void fv_define_shape(GString *out, const char *name, FvShape shape, int group)
{
    g_string_append_printf(out, "#define %s_C %d\n#define %s_H %d\n#define %s_W %d\n#define %s_G %d\n", name, shape.c,
                           name, shape.h, name, shape.w, name, group);
}

/* fv_define_list(out, "EACH_ROW_OF(F, k)", "", ", k", 3): "#define EACH_ROW_OF(F, k) F(0, k) F(1, k) F(2, k)\n" */
static inline void fv_define_list(GString *out, const char *head, const char *before, const char *after, int count)
{
    g_string_append_printf(out, "#define %s", head);
    for (int i = 0; i < count; i++)
        g_string_append_printf(out, " F(%s%d%s)", before, i, after);
    g_string_append_c(out, '\n');
}

/** The sizes of any convolution. */
static inline void fv_define_sizes(GString *out, FvSize kernel, FvSize stride, FvSize pad, FvSize dilation)
{
    fv_define_size(out, "KERNEL", kernel);
    fv_define_size(out, "STRIDE", stride);
    fv_define_size(out, "PAD", pad);
    fv_define_size(out, "DILATION", dilation);
}

/** What the kernels of a gather have in common, of either family. */
static inline void fv_define_gather(GString *out, const FvConvGather *gather)
{
    fv_define(out, "BACKWARD", gather->backward);
    fv_define(out, "TURNED", gather->turned);
    fv_define(out, "BIAS", gather->bias);
    fv_define_shape(out, "SOURCE", gather->source, gather->source_group);
    fv_define_shape(out, "TARGET", gather->target, gather->target_group);
    fv_define_sizes(out, gather->kernel, gather->stride, gather->pad, gather->dilation);
}

#endif
