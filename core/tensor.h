/* SPDX-License-Identifier: MIT
 * tensor.h: arrays on the host, as files hold them: row-major, N,C,H,W. */
#ifndef FOVEA_TENSOR_H
#define FOVEA_TENSOR_H

#include <fovea/plugin.h>

typedef enum { FV_F32, FV_F64, FV_I64, FV_I32, FV_U8, FV_DTYPES } FvDtype;
enum { FV_MAX_RANK = 8 };

typedef struct {
    FvDtype dtype;
    int rank;
    gint64 dims[FV_MAX_RANK];
    void *data; /* g_malloc()ed, owned */
} FvTensor;

size_t fv_dtype_size(FvDtype dtype);
/** Elements, or -1 where dims are negative or the product overflows. */
gint64 fv_tensor_elements(const FvTensor *tensor);
/** Zeroed. NULL with FV_ERROR_NOMEM or FV_ERROR_DATA where the size overflows or does not fit into memory. */
FvTensor *fv_tensor_new(FvDtype dtype, int rank, const gint64 *dims, GError **error);
void fv_tensor_free(FvTensor *tensor);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FvTensor, fv_tensor_free)
double fv_tensor_get(const FvTensor *tensor, gint64 index);
void fv_tensor_set(FvTensor *tensor, gint64 index, double value);
/** "50x20x5x5"; g_free() it. */
char *fv_tensor_dims_text(const FvTensor *tensor);

/* The device's layout [ceil(N/L)][H][W][C][L], see plugin.h. @real_size is 4 or 8 (float, double). */

/** N,C,H,W of @n samples into the device's layout; lanes past the last are set to 0. */
void fv_layout_pack(const double *nchw_or_null, const float *nchw, int n, FvShape shape, int lanes, size_t real_size,
                    void *device);
/** And back, as doubles. */
void fv_layout_unpack(const void *device, int n, FvShape shape, int lanes, size_t real_size, double *nchw);

#endif
