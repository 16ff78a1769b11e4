/* SPDX-License-Identifier: MIT
 * bench.h: how measurements are printed. */
#ifndef FOVEA_CLI_BENCH_H
#define FOVEA_CLI_BENCH_H

#include "core/bench/tune.h"

/** The machine and the device in one line; g_free() it. */
char *fv_cli_bench_machine(const FvDevice *device);
void fv_cli_bench_table(const FvBenchSettings *settings, const FvBench *bench);
void fv_cli_bench_device(const FvDevice *device, const FvBenchPeak *peak);
/** @settings: NULL where the device alone was measured. */
void fv_cli_bench_json(const FvDevice *device, const FvBenchSettings *settings, const FvBench *bench);
/** @tuned: of FvTuned. */
void fv_cli_bench_tuned(const FvBenchSettings *settings, const GArray *tuned);
void fv_cli_bench_tuned_json(const FvBenchSettings *settings, const GArray *tuned);

#endif
