/* SPDX-License-Identifier: MIT
 * fit.h: fits layers to the training split: normalisations, principal components, nearest neighbours ... */
#ifndef FOVEA_TRAIN_FIT_H
#define FOVEA_TRAIN_FIT_H

#include "core/train/session.h"

/** Fits every fitted layer of the session's net that @weights (or NULL) does not give, in the order of the net, and
 * says so on its progress bar. Parameters must have been set, for layers before them. Returns FALSE with an error, or
 * without one where it was stopped. */
gboolean fv_session_fit(FvSession *session, const FvTensors *weights, GError **error);

#endif
