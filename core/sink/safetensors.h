/* SPDX-License-Identifier: MIT
 * safetensors.h: named tensors in one file, as weights and checkpoints are kept and exchanged with PyTorch. */
#ifndef FOVEA_SAFETENSORS_H
#define FOVEA_SAFETENSORS_H

#include "core/tensor.h"

typedef struct {
    char *name;
    FvTensor *tensor;
} FvNamedTensor;

/** Named tensors in order. Add through fv_tensors_add() only; read the fields freely. */
typedef struct {
    GPtrArray *items;  /* of FvNamedTensor, owned */
    GHashTable *names; /* name -> FvNamedTensor, borrowed from items */
    GHashTable
        *metadata; /* char * -> char *, owned; may be added to: g_hash_table_insert(m, g_strdup(k), g_strdup(v)) */
} FvTensors;

FvTensors *fv_tensors_new(void);
void fv_tensors_free(FvTensors *tensors);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FvTensors, fv_tensors_free)

guint fv_tensors_count(const FvTensors *tensors);
/** Number @i, borrowed. */
const FvNamedTensor *fv_tensors_at(const FvTensors *tensors, guint i);
/** Appends; takes @tensor in any case, copies @name. FV_ERROR_DATA: a name that is already there, is empty, longer than
 * 1024 bytes, not UTF-8, holds control characters, or is "__metadata__". */
gboolean fv_tensors_add(FvTensors *tensors, const char *name, FvTensor *tensor, GError **error);
/** The tensor of that name, borrowed, or NULL. */
FvTensor *fv_tensors_get(const FvTensors *tensors, const char *name);

/** Reads a file. Tensors come in the order of its header.
 * Messages begin with the file's name, then the tensor's. FV_ERROR_IO: cannot be read; FV_ERROR_DATA: a header that is
 * malformed, over 100 MB or longer than the file; a dtype other than F32 F64 I64 I32 U8; more than 8 dims; offsets out
 * of the file, that overlap, or do not fit the shape; a name twice or unfit for fv_tensors_add(); FV_ERROR_NOMEM.
 * Gaps between tensors are accepted. */
FvTensors *fv_safetensors_read(const char *file, GError **error);

/** Writes a file, whole or not at all. The same tensors and metadata give the same bytes.
 * The header names the tensors in their order. Their data are in that order too, but larger elements first, so that
 * each begins at a multiple of its element's size, which PyTorch's reader wants.
 * @metadata: char * -> char *, UTF-8; or NULL for tensors->metadata. FV_ERROR_IO; FV_ERROR_DATA for metadata that are
 * not UTF-8 or a header over 100 MB. */
gboolean fv_safetensors_write(const char *file, const FvTensors *tensors, GHashTable *metadata, GError **error);

#endif
