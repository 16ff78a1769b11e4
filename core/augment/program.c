/* SPDX-License-Identifier: MIT
 * program.c: what was drawn for a sample as passes and instructions, for the kernels. */
#include "core/augment/segments.h"

#include <math.h>
#include <string.h>

/* Planes of a sample: two in turn, and one where images are mixed. */
enum { PLANE_A, PLANE_B, PLANE_MIX };

typedef struct {
    const FvDraw *draw;
    const FvProgramTarget *target;
    GArray *words;
    GArray *passes;       /* of FvPass; instructions are counted from the first one's word */
    GArray *instructions; /* of FvInstruction */
    GArray *numbers;      /* of float: what was drawn */
    /* Where the image is now. */
    gboolean planes;
    int plane;
    FvShape at;         /* its extent, as it lies there */
    FvPlacing placing;  /* of bytes: where pixels lie */
    gboolean table;     /* one was made, and waits to be applied */
    int table_function; /* by this function */
} Writer;

/* ---------------------------------------------------------------- instructions */

static int add_numbers(Writer *writer, const float *numbers, int count)
{
    const int first = (int) writer->numbers->len;
    g_array_append_vals(writer->numbers, numbers, (guint) count);
    return first;
}

static FvInstruction new_instruction(Writer *writer, const FvApplied *applied)
{
    const FvOperation *op = fv_chain_operation(writer->draw->chain, applied->operation);
    return (FvInstruction){
        .code = op->function,
        .drawn = add_numbers(writer, applied->drawn, op->drawn),
        .operation = applied->operation,
        .in_w = (float) applied->in.w,
        .in_h = (float) applied->in.h,
        .out_w = (float) applied->out.w,
        .out_h = (float) applied->out.h,
    };
}

static gboolean is_identity(const double m[6])
{
    double identity[6];
    fv_matrix_identity(identity);
    for (int i = 0; i < 6; i++)
        if (m[i] != identity[i])
            return FALSE;
    return TRUE;
}

static void add_matrix(Writer *writer, double m[6], int bound, int cover, FvShape in)
{
    FvInstruction made = {
        .code = FV_INSTRUCTION_MATRIX, .bound = bound, .cover = cover, .in_w = (float) in.w, .in_h = (float) in.h
    };
    for (int i = 0; i < 6; i++)
        made.number[i] = (float) m[i];
    g_array_append_val(writer->instructions, made);
    fv_matrix_identity(m);
}

/* From the output to the image: the last operation comes first. @cover: fills by a constant that are not yet numbered,
 * from the last one down. */
static void add_coordinates(Writer *writer, const GArray *list, const FvSegment *segment, double m[6], int covers)
{
    const FvAugmentChain *chain = writer->draw->chain;
    for (guint i = segment->end; i-- > segment->begin;) {
        const FvApplied *applied = &g_array_index(list, FvApplied, i);
        const FvAugment *augment = fv_chain_operation(chain, applied->operation)->augment;
        double own[6];
        if (!fv_augment_moves(augment))
            continue;
        const int bound = fv_applied_bound(chain, applied);
        if (bound == FV_BOUND_CONSTANT)
            covers--;
        if (fv_applied_matrix(chain, applied, own)) {
            fv_matrix_then(m, own, m);
            if (bound != FV_BOUND_NONE)
                add_matrix(writer, m, bound, covers, applied->in);
            continue;
        }
        if (!is_identity(m))
            add_matrix(writer, m, FV_BOUND_NONE, 0, applied->out);
        FvInstruction made = new_instruction(writer, applied);
        made.bound = bound;
        made.cover = covers;
        g_array_append_val(writer->instructions, made);
    }
}

static void add_fill(Writer *writer, const FvOperation *op, int cover)
{
    FvInstruction made = { .code = FV_INSTRUCTION_FILL, .cover = cover };
    for (int c = 0; c < 3; c++)
        made.number[c] = op->value.count ? op->value.values[MIN(c, op->value.count - 1)] : 0;
    g_array_append_val(writer->instructions, made);
}

/* In the order of the list; where a coordinate operation fills, at its place. */
static void add_pixels(Writer *writer, const GArray *list, const FvSegment *segment)
{
    const FvAugmentChain *chain = writer->draw->chain;
    int cover = 0;
    if (writer->table) {
        const FvInstruction made = { .code = FV_INSTRUCTION_TABLE, .operation = writer->table_function };
        g_array_append_val(writer->instructions, made);
    }
    for (guint i = segment->begin; i < segment->end; i++) {
        const FvApplied *applied = &g_array_index(list, FvApplied, i);
        const FvOperation *op = fv_chain_operation(chain, applied->operation);
        if (!fv_augment_moves(op->augment)) {
            const FvInstruction made = new_instruction(writer, applied);
            g_array_append_val(writer->instructions, made);
        } else if (fv_applied_bound(chain, applied) == FV_BOUND_CONSTANT) {
            add_fill(writer, op, cover++);
        }
    }
}

static int count_covers(const Writer *writer, const GArray *list, const FvSegment *segment)
{
    int covers = 0;
    for (guint i = segment->begin; i < segment->end; i++) {
        const FvApplied *applied = &g_array_index(list, FvApplied, i);
        if (fv_augment_moves(fv_chain_operation(writer->draw->chain, applied->operation)->augment))
            covers += fv_applied_bound(writer->draw->chain, applied) == FV_BOUND_CONSTANT;
    }
    return covers;
}

/* --------------------------------------------------------------------- passes */

static FvPass new_pass(const Writer *writer, FvDrawKey key, int part, FvPassKind kind, FvShape out)
{
    return (FvPass){
        .kind = kind,
        .from = writer->planes ? FV_PLACE_PLANES : FV_PLACE_BYTES,
        .to = FV_PLACE_PLANES,
        .from_low = writer->planes ? (guint32) writer->plane : 0,
        .to_low = writer->planes && writer->plane == PLANE_A ? PLANE_B : PLANE_A,
        .from_c = writer->at.c,
        .from_h = writer->at.h,
        .from_w = writer->at.w,
        .c = writer->target->channels,
        .h = out.h,
        .w = out.w,
        .samples_x = 1,
        .samples_y = 1,
        .first = (gint32) writer->instructions->len,
        .x1 = out.w,
        .y1 = out.h,
        .weight = 1,
        .cubic = writer->target->cubic,
        .sample = key.sample,
        .copy = key.copy,
        .seed_low = (guint32) key.seed,
        .seed_high = (guint32) (key.seed >> 32),
        .part = part,
    };
}

static void add_pass(Writer *writer, const FvPass *pass)
{
    g_array_append_vals(writer->passes, pass, 1);
    if (pass->kind == FV_PASS_HISTOGRAM)
        return;
    writer->planes = TRUE;
    writer->plane = (int) pass->to_low;
    writer->at = (FvShape){ pass->c, pass->h, pass->w };
}

/* Points that a pixel of the output is the mean of, a pixel and a quarter of the input apart at most. */
static int samples_of(double span)
{
    static const double apart = 1.25;
    enum { MOST = 256 };
    return CLAMP((int) ceil(span / apart - 1e-6), 1, MOST);
}

/* @full: the extent that operations take the image to have; it lies there scaled. */
static void finish_coordinates(Writer *writer, FvPass *pass, double m[6], FvShape full, FvSpan span)
{
    const FvPlacing placing = writer->planes ? (FvPlacing){ 0 } : writer->placing;
    const double x = placing.scale > 0 ? placing.scale : (double) writer->at.w / full.w,
                 y = placing.scale > 0 ? placing.scale : (double) writer->at.h / full.h;
    const double scale[6] = { x, 0, placing.u_shift, 0, y, placing.v_shift };
    fv_matrix_then(m, scale, m);
    if (!is_identity(m))
        add_matrix(writer, m, FV_BOUND_NONE, 0, writer->at);
    pass->coords = (gint32) writer->instructions->len - pass->first;
    pass->samples_x = samples_of(span.most_x * MAX(x, y));
    pass->samples_y = samples_of(span.most_y * MAX(x, y));
}

static void sample(Writer *writer, FvDrawKey key, int part, const GArray *list, const FvSegment *segment, FvShape full)
{
    const FvShape out = segment->end > segment->begin ? g_array_index(list, FvApplied, segment->end - 1).out : full;
    FvPass pass = new_pass(writer, key, part, FV_PASS_SAMPLE, out);
    double m[6];
    fv_matrix_identity(m);
    add_coordinates(writer, list, segment, m, count_covers(writer, list, segment));
    finish_coordinates(writer, &pass, m, full, fv_segment_span(writer->draw->chain, list, segment, full, out));
    add_pixels(writer, list, segment);
    pass.pixels = (gint32) writer->instructions->len - pass.first - pass.coords;
    writer->table = FALSE;
    add_pass(writer, &pass);
}

/* A neighbour operation's passes, or a histogram: one instruction for what was drawn. */
static void look_around(Writer *writer, FvDrawKey key, int part, const FvApplied *applied, FvPassKind kind)
{
    const FvOperation *op = fv_chain_operation(writer->draw->chain, applied->operation);
    const int turns = kind == FV_PASS_NEIGHBOUR ? op->augment->passes : 1;
    const guint first = writer->instructions->len;
    const FvInstruction made = new_instruction(writer, applied);
    g_array_append_val(writer->instructions, made);
    for (int turn = 0; turn < turns; turn++) {
        FvPass pass = new_pass(writer, key, part, kind, applied->out);
        pass.first = (gint32) first;
        pass.function = op->function;
        pass.turn = turn;
        add_pass(writer, &pass);
    }
    writer->table = kind == FV_PASS_HISTOGRAM;
    writer->table_function = op->function;
}

/* The passes of a list. Where nothing is in it, and nothing else has been done, the image is only brought over. */
static void add_list(Writer *writer, FvDrawKey key, int part, const GArray *list, FvShape full)
{
    FvCut cut = { .planes = writer->planes };
    while (cut.begin < list->len || cut.table || !writer->planes) {
        const FvSegment segment = fv_segment_next(writer->draw->chain, list, &cut);
        if (segment.kind == FV_PASS_SAMPLE)
            sample(writer, key, part, list, &segment, full);
        else
            look_around(writer, key, part, &g_array_index(list, FvApplied, segment.begin), segment.kind);
        if (segment.end > 0)
            full = g_array_index(list, FvApplied, segment.end - 1).out;
    }
}

/* An image's part of the mixture: a pass that writes its region over what is there. */
static void mix(Writer *writer, int i)
{
    const FvDrawPart *part = &writer->draw->parts[i];
    const FvShape end = fv_draw_part_end(part);
    FvPass pass = new_pass(writer, part->key, i, FV_PASS_SAMPLE, writer->draw->mix.out);
    double m[6];
    memcpy(m, part->part.matrix, sizeof m);
    const FvSpan span = { 1, hypot(m[0], m[3]), hypot(m[1], m[4]) };
    finish_coordinates(writer, &pass, m, end, span);
    pass.to_low = PLANE_MIX;
    pass.x0 = (gint32) floor(part->part.x0 + 0.5);
    pass.y0 = (gint32) floor(part->part.y0 + 0.5);
    pass.x1 = (gint32) floor(part->part.x1 + 0.5);
    pass.y1 = (gint32) floor(part->part.y1 + 0.5);
    pass.weight = (float) part->part.weight;
    add_pass(writer, &pass);
}

/* -------------------------------------------------------------------- programs */

/* The last pass writes to the target; where it cannot, or nothing was done, one more brings the planes over. */
static void aim(Writer *writer, guint before)
{
    GArray *passes = writer->passes;
    FvPass *last = passes->len > before ? &g_array_index(passes, FvPass, passes->len - 1) : NULL;
    if (!last || last->kind != FV_PASS_SAMPLE) {
        const FvPass pass = new_pass(writer, writer->draw->key, 0, FV_PASS_SAMPLE, writer->at);
        g_array_append_val(passes, pass);
        last = &g_array_index(passes, FvPass, passes->len - 1);
    }
    last->to = writer->target->place;
    last->to_low = 0;
}

static void put_together(Writer *writer)
{
    const guint pass_words = sizeof(FvPass) / 4, instruction_words = sizeof(FvInstruction) / 4;
    const guint first = sizeof(FvProgramHead) / 4 + writer->passes->len * pass_words;
    const guint numbers = first + writer->instructions->len * instruction_words;
    const FvProgramHead head = { .passes = (gint32) writer->passes->len,
                                 .words = (gint32) (numbers + writer->numbers->len) };
    for (guint i = 0; i < writer->passes->len; i++) {
        FvPass *pass = &g_array_index(writer->passes, FvPass, i);
        pass->first = (gint32) (first + (guint) pass->first * instruction_words);
    }
    for (guint i = 0; i < writer->instructions->len; i++) {
        FvInstruction *instruction = &g_array_index(writer->instructions, FvInstruction, i);
        instruction->drawn += (gint32) numbers;
    }
    g_array_append_vals(writer->words, &head, sizeof head / 4);
    g_array_append_vals(writer->words, writer->passes->data, writer->passes->len * pass_words);
    g_array_append_vals(writer->words, writer->instructions->data, writer->instructions->len * instruction_words);
    g_array_append_vals(writer->words, writer->numbers->data, writer->numbers->len);
}

/* All coordinate operations of a list in one pass: values, which could keep them apart, do not matter to masks. */
static void move_mask(Writer *writer, const GArray *list, double m[6])
{
    for (guint i = list->len; i-- > 0;) {
        const FvSegment one = { FV_PASS_SAMPLE, i, i + 1 };
        add_coordinates(writer, list, &one, m, 1);
    }
}

static void add_region(Writer *writer, const FvPart *part)
{
    const FvInstruction made = { .code = FV_INSTRUCTION_REGION,
                                 .number = { (float) part->x0, (float) part->y0, (float) part->x1, (float) part->y1 } };
    g_array_append_val(writer->instructions, made);
}

void fv_program_write_mask(const FvDraw *draw, const FvProgramImage *images, GArray *words)
{
    static const FvProgramTarget target = { FV_PLACE_BYTES, 1, FALSE };
    g_autoptr(GArray) passes = g_array_new(FALSE, FALSE, sizeof(FvPass));
    g_autoptr(GArray) instructions = g_array_new(FALSE, FALSE, sizeof(FvInstruction));
    g_autoptr(GArray) numbers = g_array_new(FALSE, FALSE, sizeof(float));
    Writer writer = { draw, &target, words, passes, instructions, numbers, .planes = FALSE };
    for (int i = 0; i < draw->count; i++) {
        const FvDrawPart *part = &draw->parts[i];
        double m[6];
        if (i > 0 && part->part.weight < 0.5)
            continue;
        writer.at = (FvShape){ 1, images[i].shape.h, images[i].shape.w };
        writer.placing = images[i].placing;
        FvPass pass = new_pass(&writer, part->key, i, FV_PASS_SAMPLE, draw->output);
        fv_matrix_identity(m);
        move_mask(&writer, draw->after, m);
        if (draw->count > 1) {
            if (!is_identity(m))
                add_matrix(&writer, m, FV_BOUND_NONE, 0, draw->mix.out);
            add_region(&writer, &part->part);
            memcpy(m, part->part.matrix, sizeof m);
        }
        move_mask(&writer, part->applied, m);
        finish_coordinates(&writer, &pass, m, part->image, (FvSpan){ 1, 1, 1 });
        pass.to = FV_PLACE_BYTES;
        pass.to_low = 0;
        g_array_append_val(passes, pass);
    }
    put_together(&writer);
}

void fv_program_write(const FvDraw *draw, const FvProgramImage *images, const FvProgramTarget *target, GArray *words)
{
    g_autoptr(GArray) passes = g_array_new(FALSE, FALSE, sizeof(FvPass));
    g_autoptr(GArray) instructions = g_array_new(FALSE, FALSE, sizeof(FvInstruction));
    g_autoptr(GArray) numbers = g_array_new(FALSE, FALSE, sizeof(float));
    Writer writer = { draw, target, words, passes, instructions, numbers, .planes = FALSE };
    for (int i = 0; i < draw->count; i++) {
        const FvDrawPart *part = &draw->parts[i];
        writer.planes = FALSE;
        writer.at = images[i].shape;
        writer.placing = images[i].placing;
        add_list(&writer, part->key, i, part->applied, part->image);
        if (draw->count > 1)
            mix(&writer, i);
    }
    const guint before = draw->count > 1 ? passes->len : 0;
    if (draw->count > 1)
        add_list(&writer, draw->key, 0, draw->after, draw->mix.out);
    aim(&writer, before);
    put_together(&writer);
}

/* -------------------------------------------------------------------- places */

static int pass_count(const guint32 *program)
{
    return ((const FvProgramHead *) program)->passes;
}

/* The largest plane set; how many are used. */
static gsize plane_size(const guint32 *program, guint32 *count)
{
    gsize most = 0;
    *count = 0;
    for (int i = 0; i < pass_count(program); i++) {
        const FvPass *pass = fv_program_pass((guint32 *) program, i);
        if (pass->to != FV_PLACE_PLANES || pass->kind == FV_PASS_HISTOGRAM)
            continue;
        most = MAX(most, (gsize) pass->c * (gsize) pass->h * (gsize) pass->w);
        *count = MAX(*count, pass->to_low + 1);
    }
    return most;
}

gsize fv_program_floats(const guint32 *program)
{
    guint32 count;
    const gsize size = plane_size(program, &count);
    return size * count;
}

static void set_place(guint32 *low, guint32 *high, guint64 place)
{
    *low = (guint32) place;
    *high = (guint32) (place >> 32);
}

void fv_program_place(guint32 *program, const guint64 *images, guint64 planes, guint64 out)
{
    guint32 count;
    const gsize size = plane_size(program, &count);
    for (int i = 0; i < pass_count(program); i++) {
        FvPass *pass = fv_program_pass(program, i);
        set_place(&pass->from_low, &pass->from_high,
                  pass->from == FV_PLACE_BYTES ? images[pass->part] : planes + pass->from_low * size);
        set_place(&pass->to_low, &pass->to_high, pass->to == FV_PLACE_PLANES ? planes + pass->to_low * size : out);
    }
}

int fv_program_most(const FvAugmentChain *chain)
{
    int turns = 0;
    for (int i = 0; i < fv_augment_chain_count(chain); i++)
        turns = MAX(turns, fv_chain_operation(chain, i)->augment->passes);
    /* Every operation a pass and an instruction of its own, with one for its fill or for getting there. */
    const int parts = chain->mix >= 0 ? FV_AUGMENT_PARTS : 1, each = parts * (chain->most + 1);
    return (int) (sizeof(FvProgramHead) / 4 + (gsize) each * ((gsize) (2 + turns) * sizeof(FvPass) / 4 +
                                                              3 * sizeof(FvInstruction) / 4 + FV_MAX_DRAWN)) +
           2 * (int) (sizeof(FvPass) / 4 + sizeof(FvInstruction) / 4);
}
