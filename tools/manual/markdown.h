/* SPDX-License-Identifier: MIT
 * markdown.h: the part of Markdown that docs/ is written in, as HTML: headings, paragraphs, lists, tables, fenced code,
 * and within lines `code`, **bold**, *emphasis* and [links](to). */
#ifndef FOVEA_MANUAL_MARKDOWN_H
#define FOVEA_MANUAL_MARKDOWN_H

#include <glib.h>

/** Appends a text as HTML. @links: what inline code links to, from its text, or from what stands before its first
 * parenthesis, to an address; or NULL. */
void markdown_append(GString *out, const char *text, GHashTable *links);
/** The text of the first heading, or NULL; g_free() it. */
char *markdown_title(const char *text);

#endif
