/* SPDX-License-Identifier: MIT
 * picture.h: pixels as images within a page. */
#ifndef FOVEA_PICTURE_H
#define FOVEA_PICTURE_H

#include <fovea/plugin.h>

/** Appends <img> with the pixels (H,W,C; 1 or 3 channels) as a PNG in the page itself, shrunk to at most @side pixels
 * of height and width by means of areas; nothing where they are none. @text: in its place for those who do not see it.
 */
void fv_picture_append(GString *html, const guint8 *pixels, FvShape shape, int side, const char *text);

#endif
