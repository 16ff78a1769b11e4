/* SPDX-License-Identifier: MIT
 * letters.h: letters of 5 x 7 dots, for captions on images. */
#ifndef FOVEA_BATCH_LETTERS_H
#define FOVEA_BATCH_LETTERS_H

#include <glib.h>

enum { FV_LETTER_WIDTH = 6, FV_LETTER_HEIGHT = 9 /* dots from one to the next */ };

/** Whether dot (x, y) of an ASCII letter is set; others are a box. */
gboolean fv_letter_dot(guint8 letter, int x, int y);

#endif
