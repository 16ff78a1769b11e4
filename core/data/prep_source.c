/* SPDX-License-Identifier: MIT
 * prep_source.c: writes the one kernel that prepares a batch: each operation's map as a function, then prepare.cl. */
#include "core/data/prep.h"
#include "prepare.cl.h"

/* Names that maps find as variables. An option of the same name stays out of their way. */
static const char *const variables[] = { "u", "v", "p", "c", "in_w", "in_h", "out_w", "out_h" };

static void number(GString *out, const char *name, int value)
{
    g_string_append_printf(out, "    const float %s = %d.0f;\n", name, value);
}

static void from_params(GString *out, const char *name, int index)
{
    g_string_append_printf(out, "    const float %s = fv_params[%d];\n", name, index);
}

/* The output's extent is the next coordinate map's input, or the net's. */
static void write_extents(const FvPrep *prep, int i, GString *out)
{
    const FvOperation *op = &prep->operations[i];
    if (op->extent >= 0) {
        from_params(out, "in_w", op->extent);
        from_params(out, "in_h", op->extent + 1);
    } else {
        number(out, "in_w", op->in.w);
        number(out, "in_h", op->in.h);
    }
    const FvOperation *next = NULL;
    for (int j = i + 1; j < prep->count && !next; j++)
        if (prep->operations[j].moves)
            next = &prep->operations[j];
    if (op->moves && next && next->extent >= 0) {
        from_params(out, "out_w", next->extent);
        from_params(out, "out_h", next->extent + 1);
    } else {
        number(out, "out_w", op->moves && next ? next->in.w : prep->want.w);
        number(out, "out_h", op->moves && next ? next->in.h : prep->want.h);
    }
}

static void write_operation(const FvPrep *prep, int i, GString *out)
{
    const FvOperation *op = &prep->operations[i];
    g_string_append_printf(out, "/* operation %d: %s */\n", i, op->augment->base.name);
    fv_state_defines(op->state, out);
    for (guint j = 0; j < G_N_ELEMENTS(variables); j++)
        g_string_append_printf(out, "#undef %s\n", variables[j]);
    for (int j = 0; j < op->drawn; j++)
        g_string_append_printf(out, "#undef %s\n", op->augment->drawn[j]);
    g_string_append_printf(out,
                           op->moves
                               ? "void FV_NAME(map%d)(float *fv_u, float *fv_v, global const float *fv_params)\n{\n"
                                 "    float u = *fv_u, v = *fv_v;\n"
                               : "float FV_NAME(pixel%d)(float p, const int c, const float u, const float v,\n"
                                 "    global const float *fv_params)\n{\n",
                           i);
    write_extents(prep, i, out);
    for (int j = 0; j < op->drawn; j++)
        from_params(out, op->augment->drawn[j], op->param + j);
    g_string_append_printf(out, "    {\n%s\n    }\n%s}\n", op->moves ? op->augment->coord_map : op->augment->pixel_map,
                           op->moves ? "    *fv_u = u;\n    *fv_v = v;\n" : "    return p;\n");
    fv_state_undefines(op->state, out);
}

static void write_chain(const FvPrep *prep, GString *out)
{
    g_string_append(out, "void FV_NAME(map)(float *u, float *v, const uint on, global const float *params)\n{\n");
    for (int i = prep->count; i-- > 0;)
        if (prep->operations[i].moves)
            g_string_append_printf(out, "    if (on & %uu)\n        FV_NAME(map%d)(u, v, params);\n", 1u << i, i);
    g_string_append(out,
                    "}\nfloat FV_NAME(pixel)(float p, const int c, const float u, const float v, const uint on,\n"
                    "    global const float *params)\n{\n");
    for (int i = 0; i < prep->count; i++)
        if (!prep->operations[i].moves)
            g_string_append_printf(out, "    if (on & %uu)\n        p = FV_NAME(pixel%d)(p, c, u, v, params);\n",
                                   1u << i, i);
    g_string_append(out, "    return p;\n}\n");
}

void fv_prep_source(const FvPrep *prep, gboolean rows, GString *out)
{
    static const char *const names[] = { "WANT_C", "WANT_H", "WANT_W", "PARAMS", "CHANNELS",
                                         "MAPPED", "AFFINE", "ROWS",   "FEW" };
    gboolean mapped = FALSE, affine = TRUE;
    for (int i = 0; i < prep->count; i++) {
        const FvOperation *op = &prep->operations[i];
        mapped = mapped || op->moves;
        affine = affine && (!op->moves || op->augment->affine);
        write_operation(prep, i, out);
    }
    write_chain(prep, out);
    const int values[] = { prep->want.c, prep->want.h, prep->want.w, fv_prep_params(prep), prep->in.c,
                           mapped,       affine,       rows,         FV_PREP_FEW };
    G_STATIC_ASSERT(G_N_ELEMENTS(names) == G_N_ELEMENTS(values));
    for (guint i = 0; i < G_N_ELEMENTS(names); i++)
        g_string_append_printf(out, "#undef %s\n#define %s %d\n", names[i], names[i], values[i]);
    g_string_append(out, prepare_cl);
    for (guint i = 0; i < G_N_ELEMENTS(names); i++)
        g_string_append_printf(out, "#undef %s\n", names[i]);
}
