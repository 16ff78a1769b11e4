/* SPDX-License-Identifier: MIT
 * digits.h: numbers for people: so many decimals, aligned at their points. */
#ifndef FOVEA_CLI_DIGITS_H
#define FOVEA_CLI_DIGITS_H

#include <glib.h>

/** Room that numbers take before and after their points. */
typedef struct {
    int digits; /* decimals at most */
    int before, after;
} FvCliColumn;

/** @digits decimals without the zeros at their end; numbers so small that few digits would be left, and very large
 * ones, with an exponent. g_free() it. */
char *fv_cli_number(double number, int digits);
/** Makes the column wide enough. */
void fv_cli_fit(FvCliColumn *column, const double *numbers, gint64 count);
/** Appends two blanks and the number, as wide as the column. */
void fv_cli_append_number(GString *line, const FvCliColumn *column, double number);
/** The same for a text, to the right. */
void fv_cli_append_head(GString *line, const FvCliColumn *column, const char *text);

#endif
