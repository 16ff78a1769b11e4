/* SPDX-License-Identifier: MIT
 * link.h: probabilities of the value that a loss looks at, and back, on the host. */
#ifndef FOVEA_LINK_H
#define FOVEA_LINK_H

#include <fovea/plugin.h>

/** Makes probabilities of one sample's value, C,H,W, in place. FV_LINK_NONE leaves it as it is. */
void fv_link_apply(FvLink link, double *numbers, FvShape shape);
/** Whatever of a value is not in its probabilities as doubles, computed of the value before fv_link_apply(): with
 * softmax the logarithm of the sum of exponentials of each pixel; with the sigmoid the probability of the other class
 * of each element. Its mean goes with the mean of probabilities. @rest: fv_link_rest_count() numbers. */
void fv_link_rest(FvLink link, const double *numbers, FvShape shape, double *rest);
gint64 fv_link_rest_count(FvLink link, FvShape shape);
/** The value of which these are the probabilities and the rest, in place. A probability of 0 becomes a finite value. */
void fv_link_invert(FvLink link, double *numbers, const double *rest, FvShape shape);

#endif
