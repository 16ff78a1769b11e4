/* SPDX-License-Identifier: MIT
 * page.h: an HTML page that needs nothing else: its style, and text that cannot break it. */
#ifndef FOVEA_PAGE_H
#define FOVEA_PAGE_H

#include <fovea/plugin.h>

/** Begins a page with its title and a line below it. It is light or dark as the reader's system is, and refuses to load
 * anything (Content-Security-Policy). */
GString *fv_page_begin(const char *title, const char *subtitle);
/** Ends it, and returns its text; g_free() it. */
char *fv_page_end(GString *html);

/** Text, escaped; control characters, which HTML forbids, and broken UTF-8 are replaced. g_free() it. */
char *fv_page_escaped(const char *text);
/** Appends it. */
void fv_page_text(GString *html, const char *text);
/** Appends <TAG>text</NAME>, where NAME is the first word of @tag: "td class=\"number\"". */
void fv_page_element(GString *html, const char *tag, const char *text);
void G_GNUC_PRINTF(3, 4) fv_page_elementf(GString *html, const char *tag, const char *format, ...);
/** An element with a number, with a decimal point in every locale; a dash where it is not finite. */
void fv_page_number(GString *html, const char *tag, const char *format, double number);

/** A word or two with what it says. */
typedef struct {
    char *key, *value;
} FvPageRow;
/** Array of FvPageRow that frees what is in it. */
GArray *fv_page_rows_new(void);
void fv_page_rows_add(GArray *rows, const char *key, const char *format, va_list args) G_GNUC_PRINTF(3, 0);
/** Large numbers side by side, and a table of two columns; nothing where there are no rows. */
void fv_page_headlines(GString *html, const GArray *rows);
void fv_page_table(GString *html, const char *title, const GArray *rows);

/** 1234567 as "1,234,567"; g_free() it. */
char *fv_page_grouped(gint64 number);
/** "top5_accuracy" as "Top5 accuracy"; g_free() it. */
char *fv_page_headline(const char *name);
/** Seconds as "42 s", "12:05", "3:20:00"; g_free() it. */
char *fv_page_duration(double seconds);
/** Bytes as "412 MiB"; g_free() it. */
char *fv_page_bytes(double bytes);

#endif
