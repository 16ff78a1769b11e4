/* SPDX-License-Identifier: MIT
 * diag.h: places in pipeline files, and the list of everything that is wrong with one. */
#ifndef FOVEA_DIAG_H
#define FOVEA_DIAG_H

#include <fovea/plugin.h>

/** A place in a pipeline file. `file` is interned (g_intern_string), lines and columns count from 1. */
typedef struct {
    const char *file;
    int line, col;
} FvLoc;

/** Collects errors so that one run reports all that it can. Not thread-safe. */
typedef struct FvDiag FvDiag;

FvDiag *fv_diag_new(void);
void fv_diag_free(FvDiag *diag);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FvDiag, fv_diag_free)

/** Adds "FILE:LINE:COL: error: MESSAGE TRACE".
 * @trace: "(in residual, used at 14:8)" or NULL. After 100 errors the rest is only counted. */
void fv_diag_error(FvDiag *diag, FvLoc loc, const char *trace, const char *format, ...) G_GNUC_PRINTF(4, 5);
/** The same for a GError; takes it. */
void fv_diag_take(FvDiag *diag, FvLoc loc, const char *trace, GError *error);
int fv_diag_count(const FvDiag *diag);
/** The first error's code; FV_ERROR_SYNTAX where fv_diag_error() made it. */
int fv_diag_code(const FvDiag *diag);
/** All messages, one a line, in the order of file position within a file; g_free() it. */
char *fv_diag_text(const FvDiag *diag);

/** The nearest of @names (NULL-ended) to @name by edit distance (case ignored), or NULL where none is near. */
const char *fv_nearest(const char *name, const char *const *names);

#endif
