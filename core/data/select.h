/* SPDX-License-Identifier: MIT
 * select.h: some of the classes of a source, and some of the images of each, as a source of their own. */
#ifndef FOVEA_SELECT_H
#define FOVEA_SELECT_H

#include "core/data/data.h"

/** A class that is wanted. */
typedef struct {
    const char *name; /* or NULL: it is named by its number */
    int number;
} FvWanted;

/** What is wanted of a source; all is borrowed, the source for as long as the selection lives. */
typedef struct {
    const FvSource *source;
    const void *state; /* `self` of the source, opened */
    const FvSourceInfo *info;
    const FvWanted *classes; /* in the order in which they are numbered from 0; NULL: all, as they are */
    int class_count;
    int per_class; /* so many images of each class of the training split, drawn by the seed; 0: all */
    guint64 seed;
} FvSelectConfig;

typedef struct FvSelection FvSelection;

/** Looks at the classes of all samples. FV_ERROR_UNKNOWN: there is no such class, with the nearest name, or it is named
 * twice; FV_ERROR_OPTION: the data have no classes; FV_ERROR_DATA: a class has fewer images than are wanted.
 * @at: set to the number of the class in @config that is at fault, or -1. */
FvSelection *fv_selection_new(const FvSelectConfig *config, int *at, GError **error);
void fv_selection_free(FvSelection *selection);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FvSelection, fv_selection_free)

/** What it holds: `self` of fv_selection_source() is the selection. */
const FvSourceInfo *fv_selection_info(const FvSelection *selection);
const FvSource *fv_selection_source(void);

#endif
