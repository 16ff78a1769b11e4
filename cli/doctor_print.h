/* SPDX-License-Identifier: MIT
 * doctor_print.h: a checkup as text and as JSON. */
#ifndef FOVEA_CLI_DOCTOR_PRINT_H
#define FOVEA_CLI_DOCTOR_PRINT_H

#include "core/sink/checkup.h"

/** A check: verdict, name, finding, and below it what to do. */
void fv_cli_print_check(const FvCheck *check);
/** The last line: how many of each. */
void fv_cli_print_verdicts(const FvCheckup *checkup);
void fv_cli_print_checkup_json(const FvCheckup *checkup);

#endif
