/* SPDX-License-Identifier: MIT
 * filters.h: the weights of a net's first layer, as pictures. */
#ifndef FOVEA_FILTERS_H
#define FOVEA_FILTERS_H

#include "core/plan/plan.h"
#include "core/sink/report.h"

/** Shows the first layer with weights, where they can be seen: a convolution larger than one pixel, or a dense layer on
 * an image; of an input of one channel or three. Grey is 0; the largest weight of a picture is black or white.
 * @classes: names, which label the templates of a layer with as many outputs; or NULL. */
gboolean fv_filters_report(FvPlan *plan, const char *const *classes, FvReport *report, GError **error);

#endif
