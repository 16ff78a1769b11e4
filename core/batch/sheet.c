/* SPDX-License-Identifier: MIT
 * sheet.c: a contact sheet. */
#include "core/batch/sheet.h"

#include "core/batch/letters.h"
#include "core/sink/image.h"

#include <math.h>
#include <string.h>

/* In pixels of the sheet. */
enum {
    TILE = 224,  /* an image fits into a square of this side */
    BETWEEN = 8, /* original and sample */
    GAP = 28,    /* pairs */
    MARGIN = 28,
    DOT = 2, /* of a letter */
    CAPTION = 6 + DOT * FV_LETTER_HEIGHT,
    PAIR = 2 * TILE + BETWEEN,
    LETTERS = TILE / (DOT * FV_LETTER_WIDTH), /* of a caption */
    POINT = 3                                 /* half its side */
};

static const guint8 paper[3] = { 255, 255, 255 }, empty[3] = { 236, 236, 238 }, ink[3] = { 40, 42, 46 };
static const guint8 colours[][3] = { { 255, 64, 64 },  { 64, 220, 80 },  { 70, 130, 255 }, { 255, 200, 30 },
                                     { 235, 80, 235 }, { 40, 215, 225 }, { 255, 140, 40 }, { 160, 110, 255 } };

struct FvSheet {
    int pairs, columns, w, h;
    guint8 *pixels; /* RGB */
};

/* Where an image comes to lie. */
typedef struct {
    int x, y, w, h;
    double scale;
} Frame;

static void put(FvSheet *sheet, int x, int y, const guint8 *colour)
{
    if (x >= 0 && y >= 0 && x < sheet->w && y < sheet->h)
        memcpy(sheet->pixels + 3 * ((gsize) y * (gsize) sheet->w + (gsize) x), colour, 3);
}

static void fill(FvSheet *sheet, int x0, int y0, int x1, int y1, const guint8 *colour)
{
    for (int y = y0; y < y1; y++)
        for (int x = x0; x < x1; x++)
            put(sheet, x, y, colour);
}

FvSheet *fv_sheet_new(int pairs)
{
    FvSheet *sheet = g_new0(FvSheet, 1);
    sheet->pairs = MAX(pairs, 1);
    sheet->columns = sheet->pairs <= 3 ? 1 : sheet->pairs <= 6 ? 2 : sheet->pairs <= 9 ? 3 : 4;
    const int rows = (sheet->pairs + sheet->columns - 1) / sheet->columns;
    sheet->w = 2 * MARGIN + sheet->columns * PAIR + (sheet->columns - 1) * GAP;
    sheet->h = 2 * MARGIN + rows * (TILE + CAPTION) + (rows - 1) * GAP;
    sheet->pixels = g_malloc((gsize) 3 * (gsize) sheet->w * (gsize) sheet->h);
    fill(sheet, 0, 0, sheet->w, sheet->h, paper);
    return sheet;
}

void fv_sheet_free(FvSheet *sheet)
{
    if (!sheet)
        return;
    g_free(sheet->pixels);
    g_free(sheet);
}

/* The mean of the image's pixels from (x0, y0) on; at least one. */
static void average(const FvSheetImage *image, int x0, int y0, int x1, int y1, guint8 *colour)
{
    const int c = image->shape.c;
    guint32 sum[3] = { 0 }, count = 0;
    x1 = MIN(MAX(x1, x0 + 1), image->shape.w);
    y1 = MIN(MAX(y1, y0 + 1), image->shape.h);
    for (int y = y0; y < y1; y++)
        for (int x = x0; x < x1; x++, count++) {
            const guint8 *pixel = image->pixels + (gsize) c * ((gsize) y * (gsize) image->shape.w + (gsize) x);
            for (int k = 0; k < 3; k++)
                sum[k] += pixel[c == 1 ? 0 : k];
        }
    for (int k = 0; k < 3; k++)
        colour[k] = (guint8) ((sum[k] + count / 2) / MAX(count, 1));
}

/* Large images are made smaller; small ones larger, by whole numbers, so that their pixels can be seen. */
static Frame draw_image(FvSheet *sheet, const FvSheetImage *image, int x0, int y0)
{
    const int w = image->shape.w, h = image->shape.h, longer = MAX(w, h);
    const double scale = longer > TILE ? (double) TILE / longer : MAX(TILE / longer, 1);
    Frame frame = { 0, 0, MAX((int) lround(w * scale), 1), MAX((int) lround(h * scale), 1), scale };
    frame.x = x0 + (TILE - frame.w) / 2;
    frame.y = y0 + (TILE - frame.h) / 2;
    fill(sheet, x0, y0, x0 + TILE, y0 + TILE, empty);
    for (int y = 0; y < frame.h; y++)
        for (int x = 0; x < frame.w; x++) {
            guint8 colour[3];
            average(image, (int) ((gint64) x * w / frame.w), (int) ((gint64) y * h / frame.h),
                    (int) ((gint64) (x + 1) * w / frame.w), (int) ((gint64) (y + 1) * h / frame.h), colour);
            put(sheet, frame.x + x, frame.y + y, colour);
        }
    return frame;
}

static void draw_mark(FvSheet *sheet, const FvSheetMark *mark, const Frame *frame)
{
    const guint8 *colour = colours[(guint) MAX(mark->label, 0) % G_N_ELEMENTS(colours)];
    const int x0 = frame->x + (int) lround(CLAMP(mark->x0 * frame->scale, 0, frame->w)),
              y0 = frame->y + (int) lround(CLAMP(mark->y0 * frame->scale, 0, frame->h)),
              x1 = frame->x + (int) lround(CLAMP(mark->x1 * frame->scale, 0, frame->w)),
              y1 = frame->y + (int) lround(CLAMP(mark->y1 * frame->scale, 0, frame->h));
    if (mark->x0 == mark->x1 && mark->y0 == mark->y1) {
        fill(sheet, x0 - POINT, y0 - POINT, x0 + POINT, y0 + POINT, paper);
        fill(sheet, x0 - POINT + 1, y0 - POINT + 1, x0 + POINT - 1, y0 + POINT - 1, colour);
        return;
    }
    fill(sheet, x0, y0, x1, MIN(y0 + 2, y1), colour);
    fill(sheet, x0, MAX(y1 - 2, y0), x1, y1, colour);
    fill(sheet, x0, y0, MIN(x0 + 2, x1), y1, colour);
    fill(sheet, MAX(x1 - 2, x0), y0, x1, y1, colour);
}

static void draw_letter(FvSheet *sheet, guint8 letter, int x0, int y0)
{
    for (int y = 0; y < FV_LETTER_HEIGHT; y++)
        for (int x = 0; x < FV_LETTER_WIDTH; x++)
            if (fv_letter_dot(letter, x, y))
                fill(sheet, x0 + DOT * x, y0 + DOT * y, x0 + DOT * (x + 1), y0 + DOT * (y + 1), ink);
}

/* The end of a long name tells more than its begin. */
static void draw_caption(FvSheet *sheet, const char *name, int x, int y)
{
    g_autoptr(GString) text = g_string_new(NULL);
    for (const char *p = name; *p; p++)
        if (((guint8) *p & 0xc0) != 0x80) /* one sign for each character of UTF-8 */
            g_string_append_c(text, *p);
    if (text->len > LETTERS) {
        g_string_erase(text, 0, (gssize) text->len - LETTERS + 2);
        g_string_prepend(text, "..");
    }
    for (gsize i = 0; i < text->len; i++)
        draw_letter(sheet, (guint8) text->str[i], x + DOT * FV_LETTER_WIDTH * (int) i, y);
}

static void draw_half(FvSheet *sheet, const FvSheetImage *image, const char *name, int x, int y)
{
    const Frame frame = draw_image(sheet, image, x, y);
    for (guint i = 0; i < image->mark_count; i++)
        draw_mark(sheet, &image->marks[i], &frame);
    draw_caption(sheet, name, x, y + TILE + CAPTION - DOT * FV_LETTER_HEIGHT);
}

void fv_sheet_set(FvSheet *sheet, int place, const FvSheetPair *pair)
{
    const int x = MARGIN + place % sheet->columns * (PAIR + GAP),
              y = MARGIN + place / sheet->columns * (TILE + CAPTION + GAP);
    draw_half(sheet, &pair->before, pair->source, x, y);
    draw_half(sheet, &pair->after, pair->output, x + TILE + BETWEEN, y);
}

gboolean fv_sheet_write(const FvSheet *sheet, const char *file, GError **error)
{
    return fv_png_write(file, sheet->pixels, 3, sheet->h, sheet->w, error);
}
