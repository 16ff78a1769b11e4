/* SPDX-License-Identifier: MIT
 * outputs.h: where a batch's outputs go: a folder of files, or tar shards. */
#ifndef FOVEA_BATCH_OUTPUTS_H
#define FOVEA_BATCH_OUTPUTS_H

#include "core/batch/folder.h"

typedef struct FvOutputs FvOutputs;

/** A file of an output: its image, its labels, its mask. */
typedef struct {
    char *name;
    GByteArray *bytes;
} FvOutputFile;

/** @files: of FvOutputFile. */
GPtrArray *fv_output_files_new(void);
/** Takes both. */
void fv_output_files_add(GPtrArray *files, char *name, GByteArray *bytes);

/** @out: a folder, which is made where it is not there; or "SET.tar", for SET-00000.tar, SET-00001.tar and so on, of
 * @shard outputs each. */
FvOutputs *fv_outputs_open(const char *out, guint shard, GError **error);
void fv_outputs_free(FvOutputs *outputs);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FvOutputs, fv_outputs_free)

FvFolder *fv_outputs_folder(FvOutputs *outputs);
/** Where files of the run itself stand: "manifest.jsonl", or "SET-manifest.jsonl"; g_free() it. */
char *fv_outputs_own(const FvOutputs *outputs, const char *name);
/** Whether files are replaced; not so at first. */
void fv_outputs_set_replace(FvOutputs *outputs, gboolean replace);

/** The file that output @index is in: @name, or its shard; g_free() it. */
char *fv_outputs_file(const FvOutputs *outputs, guint64 index, const char *name);
/** Whether output @index is there, whole. */
gboolean fv_outputs_whole(const FvOutputs *outputs, guint64 index, const char *name);

/** Whether outputs must be put in their order and by one thread. */
gboolean fv_outputs_in_order(const FvOutputs *outputs);
/** Puts an output's files, the image last. Thread-safe unless in order. FV_ERROR_IO */
gboolean fv_outputs_put(FvOutputs *outputs, guint64 index, GPtrArray *files, GError **error);
/** Ends what is still open after the last one. */
gboolean fv_outputs_end(FvOutputs *outputs, GError **error);

#endif
