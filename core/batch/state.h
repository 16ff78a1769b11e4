/* SPDX-License-Identifier: MIT
 * state.h: what an output was begun with, so that --resume goes on with nothing else. */
#ifndef FOVEA_BATCH_STATE_H
#define FOVEA_BATCH_STATE_H

#include "core/batch/folder.h"

#include <json-glib/json-glib.h>

/** Writes the settings that decide what the outputs are: numbers and strings. FV_ERROR_IO */
gboolean fv_state_write(FvFolder *folder, const char *name, JsonObject *settings, GError **error);
/** Checks that they are the same. FV_ERROR_OPTION with what differs; FV_ERROR_DATA where the file is none of these. */
gboolean fv_state_check(FvFolder *folder, const char *name, JsonObject *settings, GError **error);

#endif
