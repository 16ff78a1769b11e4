/* SPDX-License-Identifier: MIT
 * page.h: a page of the HTML manual: what stands around its contents. */
#ifndef FOVEA_MANUAL_PAGE_H
#define FOVEA_MANUAL_PAGE_H

#include <glib.h>

/** Appends text with what HTML takes for markup escaped. */
void page_append_text(GString *out, const char *text);
/** Appends code, with comments from # to the end of a line set apart. */
void page_append_code(GString *out, const char *code);

/** Begins a page. @root: the way to the manual's top, "" or "../". @path: what stands above the page, as pairs of title
 * and link (relative to the top), NULL-ended. */
void page_begin(GString *out, const char *title, const char *root, const char *const *path);
/** Ends it and writes it to a file of the folder, whose own folder is made. Exits with a message where that fails. */
void page_write(GString *out, const char *folder, const char *name);

#endif
