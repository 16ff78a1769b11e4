/* SPDX-License-Identifier: MIT
 * source.c: writes the functions of a chain's operations, and the kernels around them. */
#include "core/augment/chain_private.h"

#include "augment.cl.h"
#include "prepare.cl.h"
#include "prepare_floats.cl.h"
#include "vectors.cl.h"

/* Names that maps use for what they are given; an option of such a name gives way. */
static const char *const variables[] = { "u",    "v",     "p",     "r",         "g",        "b",
                                         "c",    "x",     "y",     "pass",      "channels", "in_w",
                                         "in_h", "out_w", "out_h", "histogram", "table",    "total" };

static void define_operation(const FvOperation *op, GString *out)
{
    g_string_append_printf(out, "/* %s */\n", op->augment->base.name);
    fv_state_defines(op->state, out);
    for (guint i = 0; i < G_N_ELEMENTS(variables); i++)
        g_string_append_printf(out, "#undef %s\n", variables[i]);
    for (int i = 0; i < op->drawn; i++)
        g_string_append_printf(out, "#undef %s\n", op->augment->drawn[i]);
    g_string_append_printf(out, "#undef vec\n#define vec %s\n", op->augment->vector_maps ? "VEC" : "float");
}

static void declare_numbers(const FvOperation *op, gboolean ints, GString *out)
{
    static const char *const extents[] = { "in_w", "in_h", "out_w", "out_h" };
    for (guint i = 0; i < G_N_ELEMENTS(extents); i++)
        g_string_append_printf(out, "    const %s %s = %sfv_at->%s;\n", ints ? "int" : "float", extents[i],
                               ints ? "(int)" : "", extents[i]);
    for (int i = 0; i < op->drawn; i++)
        g_string_append_printf(out, "    const float %s = fv_drawn[%d];\n", op->augment->drawn[i], i);
}

/* --------------------------------------------------------------- the functions */

#define GIVEN "global const FvInstruction *fv_at, global const float *fv_drawn"

/* A map that does not hold for vectors is a function of one point, called for each. */
static void write_coordinate(const FvOperation *op, int k, GString *out)
{
    g_string_append_printf(
        out, "void FV_NAME(map%d)(vec *fv_u, vec *fv_v, " GIVEN ")\n{\n    vec u = *fv_u, v = *fv_v;\n", k);
    declare_numbers(op, FALSE, out);
    g_string_append_printf(out, "    {\n%s\n    }\n    *fv_u = u;\n    *fv_v = v;\n}\n", op->augment->coord_map);
    if (op->augment->vector_maps)
        g_string_append_printf(out, "#define FV_CALL_%d(u, v) FV_NAME(map%d)(u, v, fv_at, fv_drawn)\n", k, k);
    else
        g_string_append_printf(out,
                               "#define FV_CALL_%d(u, v) for (int i = 0; i < LANES; i++) \\\n"
                               "    FV_NAME(map%d)(&FV_LANE(float, *u, i), &FV_LANE(float, *v, i), fv_at, fv_drawn)\n",
                               k, k);
}

static void write_pixel(const FvOperation *op, int k, GString *out)
{
    const FvAugment *augment = op->augment;
    g_string_append_printf(out, "void FV_NAME(map%d)(%svec u, vec v, FvStream fv_stream, " GIVEN ")\n{\n", k,
                           augment->colour_map ? "vec *fv_r, vec *fv_g, vec *fv_b, " : "vec *fv_p, const int c, ");
    declare_numbers(op, FALSE, out);
    if (augment->colour_map)
        g_string_append_printf(out,
                               "    vec r = *fv_r, g = *fv_g, b = *fv_b;\n    {\n%s\n    }\n"
                               "    *fv_r = r;\n    *fv_g = g;\n    *fv_b = b;\n}\n",
                               augment->colour_map);
    else
        g_string_append_printf(out, "    vec p = *fv_p;\n    {\n%s\n    }\n    *fv_p = p;\n}\n", augment->pixel_map);
    static const char *const given[2][2] = {
        { "&FV_LANE(float, rgb[k], i), k, ", "&rgb[k], k, " },
        { "&FV_LANE(float, rgb[0], i), &FV_LANE(float, rgb[1], i), &FV_LANE(float, rgb[2], i), ",
          "&rgb[0], &rgb[1], &rgb[2], " },
    };
    const char *arguments = given[augment->colour_map != NULL][augment->vector_maps != FALSE];
    const char *channels = augment->colour_map ? "" : "for (int k = 0; k < channels; k++) ";
    if (augment->vector_maps)
        g_string_append_printf(out,
                               "#define FV_CALL_%d(rgb, channels) %sFV_NAME(map%d)(%su, v, stream, fv_at, fv_drawn)\n",
                               k, channels, k, arguments);
    else
        g_string_append_printf(out,
                               "#define FV_CALL_%d(rgb, channels) for (int i = 0; i < LANES; i++) %s\\\n"
                               "    FV_NAME(map%d)(%sFV_LANE(float, u, i), FV_LANE(float, v, i), "
                               "stream, fv_at, fv_drawn)\n",
                               k, channels, k, arguments);
}

static void write_neighbour(const FvOperation *op, int k, GString *out)
{
    const gboolean vectors = op->augment->vector_maps;
    g_string_append_printf(
        out,
        "#define at(c, dx, dy) %s\n"
        "vec FV_NAME(map%d)(global const float *fv_from, const int fv_h, const int fv_w, const int channels, const int "
        "c,\n"
        "    const int x, const int y, const int pass, " GIVEN ")\n{\n",
        vectors ? "FV_NAME(near)(fv_from + (size_t)(c) * fv_h * fv_w, fv_h, fv_w, x + (dx), y + (dy))"
                : "FV_NAME(near_one)(fv_from + (size_t)(c) * fv_h * fv_w, fv_h, fv_w, x + (dx), y + (dy))",
        k);
    declare_numbers(op, TRUE, out);
    g_string_append_printf(out, "    vec p = at(c, 0, 0);\n    {\n%s\n    }\n    return p;\n}\n#undef at\n",
                           op->augment->neighbour_map);
    if (vectors)
        g_string_append_printf(
            out, "#define FV_CALL_%d(p) p = FV_NAME(map%d)(from, h, w, channels, c, x, y, turn, fv_at, fv_drawn)\n", k,
            k);
    else
        g_string_append_printf(
            out,
            "#define FV_CALL_%d(p) for (int i = 0; i < LANES; i++) FV_LANE(float, p, i) = \\\n"
            "    FV_NAME(map%d)(from, h, w, channels, c, min(x + i, w - 1), y, turn, fv_at, fv_drawn)\n",
            k, k);
}

static void write_table(const FvOperation *op, int k, GString *out)
{
    g_string_append_printf(
        out, "void FV_NAME(map%d)(const uint *histogram, const float total, float *table, " GIVEN ")\n{\n", k);
    declare_numbers(op, FALSE, out);
    g_string_append_printf(out,
                           "    {\n%s\n    }\n}\n#define FV_CALL_%d(histogram, total, table) "
                           "FV_NAME(map%d)(histogram, total, table, fv_at, fv_drawn)\n",
                           op->augment->table_map, k, k);
}

/* ---------------------------------------------------------------- the switches */

typedef enum { COORDINATE, PIXEL, NEIGHBOUR, TABLE, KINDS, NO_KIND } Kind;

static Kind kind_of(const FvOperation *op)
{
    const FvAugment *augment = op->augment;
    return op->function < 0                            ? NO_KIND
           : augment->coord_map                        ? COORDINATE
           : augment->pixel_map || augment->colour_map ? PIXEL
           : augment->neighbour_map                    ? NEIGHBOUR
                                                       : TABLE;
}

/* Operations that are the first with their function. */
static GPtrArray *functions_of(const FvAugmentChain *chain, Kind kind)
{
    GPtrArray *found = g_ptr_array_new();
    int seen = -1;
    for (int i = 0; i < fv_augment_chain_count(chain); i++) {
        const FvOperation *op = fv_chain_operation(chain, i);
        if (op->function > seen) { /* they are numbered in the order of their first use */
            seen = op->function;
            if (kind_of(op) == kind)
                g_ptr_array_add(found, (gpointer) op);
        }
    }
    return found;
}

static const struct {
    void (*write)(const FvOperation *op, int k, GString *out);
    const char *head, *call, *tail;
} kinds[KINDS] = {
    [COORDINATE] = { write_coordinate, "void FV_NAME(coordinate)(int code, VEC *u, VEC *v, " GIVEN ")\n{\n", "u, v",
                     "" },
    [PIXEL] = { write_pixel,
                "void FV_NAME(pixel)(int code, global const FvPass *pass, " GIVEN ", int x, int y, VEC *rgb)\n{\n"
                "    const VEC u = (float)x + 0.5f + FV_RAMP, v = (float)y + 0.5f;\n"
                "    const FvStream stream = { (uint)(y * pass->w + x) + FV_COUNTS, (uint)fv_at->operation,\n"
                "                              pass->sample, pass->copy, (uint2)(pass->seed_low, pass->seed_high) };\n",
                "rgb, pass->c", "" },
    [NEIGHBOUR] = { write_neighbour,
                    "VEC FV_NAME(neighbour)(global const FvPass *pass, " GIVEN ",\n"
                    "    global const float *from, int c, int x, int y)\n{\n"
                    "    const int code = pass->function, turn = pass->turn, h = pass->h, w = pass->w, channels = "
                    "pass->c;\n"
                    "    VEC p = 0.0f;\n",
                    "p", "    return p;\n" },
    [TABLE] = { write_table,
                "void FV_NAME(table)(int code, const uint *histogram, float total, float *table, " GIVEN ")\n{\n",
                "histogram, total, table", "" },
};

static void write_kind(const FvAugmentChain *chain, Kind kind, GString *out)
{
    g_autoptr(GPtrArray) functions = functions_of(chain, kind);
    for (guint i = 0; i < functions->len; i++) {
        const FvOperation *op = functions->pdata[i];
        define_operation(op, out);
        kinds[kind].write(op, op->function, out);
        fv_state_undefines(op->state, out);
    }
    g_string_append(out, kinds[kind].head);
    g_string_append(out, "    switch (code) {\n");
    for (guint i = 0; i < functions->len; i++) {
        const int k = ((const FvOperation *) functions->pdata[i])->function;
        g_string_append_printf(out, "    case %d:\n        FV_CALL_%d(%s);\n        break;\n", k, k, kinds[kind].call);
    }
    g_string_append_printf(out, "    default:\n        break;\n    }\n%s}\n", kinds[kind].tail);
    for (guint i = 0; i < functions->len; i++)
        g_string_append_printf(out, "#undef FV_CALL_%d\n", ((const FvOperation *) functions->pdata[i])->function);
}

static void write_luma(const FvAugmentChain *chain, GString *out)
{
    g_autoptr(GPtrArray) tables = functions_of(chain, TABLE);
    g_string_append(out, "int FV_NAME(counts_luma)(int code)\n{\n    return 0");
    for (guint i = 0; i < tables->len; i++) {
        const FvOperation *op = tables->pdata[i];
        if (op->augment->luma)
            g_string_append_printf(out, " || code == %d", op->function);
    }
    g_string_append(out, ";\n}\n");
}

/* --------------------------------------------------------------------- kernels */

static gboolean has_kind(const FvAugmentChain *chain, Kind kind)
{
    g_autoptr(GPtrArray) functions = functions_of(chain, kind);
    return functions->len > 0;
}

/* Whether a program may have instructions for coordinates. */
static gboolean moves(const FvAugmentChain *chain)
{
    for (int i = 0; i < fv_augment_chain_count(chain); i++)
        if (fv_augment_moves(fv_chain_operation(chain, i)->augment))
            return TRUE;
    return FALSE;
}

/* Operations that come later in the text may come later in a program. */
gboolean fv_augment_has_passes(const FvAugmentChain *chain)
{
    gboolean stays = FALSE; /* values before this were changed so that sampling must not follow */
    int covers = 0;
    for (int i = 0; i < fv_augment_chain_count(chain); i++) {
        const FvAugment *augment = fv_chain_operation(chain, i)->augment;
        const gboolean moved = fv_augment_moves(augment);
        covers += moved;
        if (augment->neighbour_map || augment->table_map || augment->part || (moved && stays) || covers > FV_COVERS)
            return TRUE;
        if (augment->pixel_map || augment->colour_map)
            stays = stays || !augment->linear || augment->places;
    }
    return FALSE;
}

gboolean fv_augment_has_neighbours(const FvAugmentChain *chain)
{
    return has_kind(chain, NEIGHBOUR);
}

gboolean fv_augment_has_histograms(const FvAugmentChain *chain)
{
    return has_kind(chain, TABLE);
}

void fv_augment_source(const FvAugmentChain *chain, const FvAugmentKernels *kernels, GString *out)
{
    const struct {
        const char *name;
        int value;
    } numbers[] = {
        { "ROWS", kernels->rows },
        { "FV_MOVES", kernels->want.c == 0 || moves(chain) },
        { "FV_CUBIC", kernels->cubic },
        { "FV_MASKS", kernels->masks },
        { "FV_PASSES", kernels->want.c == 0 || fv_augment_has_passes(chain) },
        { "FV_NEIGHBOURS", has_kind(chain, NEIGHBOUR) },
        { "FV_HISTOGRAMS", has_kind(chain, TABLE) },
        { "CHANNELS", MAX(3, kernels->want.c) },
        { "WANT_C", kernels->want.c },
        { "WANT_H", kernels->want.h },
        { "WANT_W", kernels->want.w },
        { "WORDS", fv_program_most(chain) },
        { "FEW", FV_PREPARE_FEW },
    };
    for (guint i = 0; i < G_N_ELEMENTS(numbers); i++)
        g_string_append_printf(out, "#undef %s\n#define %s %d\n", numbers[i].name, numbers[i].name, numbers[i].value);
    if (kernels->floats) {
        g_string_append(out, prepare_floats_cl);
        return;
    }
    g_string_append(out, vectors_cl);
    /* Options are constants of type real, and pixels float, whatever the net computes in. */
    g_string_append(out, "#define real float\n");
    for (int kind = 0; kind < KINDS; kind++)
        if (kind < NEIGHBOUR || has_kind(chain, kind))
            write_kind(chain, kind, out);
    g_string_append(out, "#undef real\n");
    if (has_kind(chain, TABLE))
        write_luma(chain, out);
    g_string_append(out, augment_cl);
    if (kernels->want.c > 0)
        g_string_append(out, prepare_cl);
    g_string_append(out, "#undef vec\n");
}

FvGrid fv_prepare_grid(FvShape want, int n, int lanes, gboolean rows)
{
    const size_t blocks = (size_t) ((n + lanes - 1) / lanes), row = (size_t) want.w * (size_t) want.c * (size_t) lanes;
    const size_t strip = CLAMP(FV_PREPARE_FEW / row, 1, (size_t) want.h);
    return rows ? (FvGrid){ .global = { 1, 1, blocks * (((size_t) want.h + strip - 1) / strip) }, .local = { 1, 1, 1 } }
                : (FvGrid){ .global = { (size_t) lanes, (size_t) want.w, blocks * (size_t) want.h } };
}
