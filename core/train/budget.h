/* SPDX-License-Identifier: MIT
 * budget.h: how much of a data set may stay in the device's memory. */
#ifndef FOVEA_BUDGET_H
#define FOVEA_BUDGET_H

#include "core/device/device.h"

/** Bytes that images may stay in: a quarter of what is left of the device's memory, and 4 GiB at most; on a CPU also a
 * quarter of what the system, and the limit that the process is under, have left. FOVEA_RESIDENT=off: none; on: as much
 * as one buffer may have.
 * @taken: bytes of the device's memory that are in use. */
guint64 fv_data_budget(const FvDevice *device, guint64 taken);

#endif
