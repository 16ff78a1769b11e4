/* SPDX-License-Identifier: MIT
 * rate_chart.c: the loss after a few steps against the learning rate. */
#include "core/sink/checkup.h"

void fv_rate_chart_append(GString *html, const FvCheckup *checkup)
{
}
