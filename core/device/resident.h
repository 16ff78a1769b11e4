/* SPDX-License-Identifier: MIT
 * resident.h: the most memory that this process has had, as Linux counts it. */
#ifndef FOVEA_RESIDENT_H
#define FOVEA_RESIDENT_H

#include <glib.h>

/** Begins to count anew, from what the process has now. Without effect where the system does not allow it. */
void fv_resident_reset(void);
/** Bytes in memory at the most since then, else since the process began; 0 where the system does not tell. */
guint64 fv_resident_peak(void);

#endif
