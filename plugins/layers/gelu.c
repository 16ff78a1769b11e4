/* SPDX-License-Identifier: MIT
 * gelu: x times the probability that a normal number is below it (Hendrycks and Gimpel, 2016). */
#include <fovea/plugin.h>

typedef struct {
    int approximate;
} Gelu;

static const char *const approximations[] = { "none", "tanh", NULL };

static const FvOption options[] = {
    FV_OPT_CHOICE(Gelu, approximate, 0, approximations, "the definition, or its approximation by a tanh"),
    { 0 },
};

static const char *const examples[] = { "gelu", "gelu(approximate=tanh)", NULL };

/* `square`, x^2 / 2, and `tail`, the probability of a normal number above |x|: erfc(z) / 2 with z = |x| / sqrt(2).
 * erf() goes number by number on CPUs, forty times as slow. So floats have exp(-z^2) times a polynomial in 1 / (1 + 0.3
 * z), fitted to exp(z^2) erfc(z) on 0..10 by Lawson's algorithm: its relative error is at most 2e-8. */
#define TAIL                                                                                                     \
    "real square = 0.5 * x * x;\n"                                                                               \
    "#if FV_DOUBLE\n"                                                                                            \
    "real tail = 0.5 * erfc(0.7071067811865476 * fabs(x));\n"                                                    \
    "#else\n"                                                                                                    \
    "real t = 1 / (1 + 0.21213203 * fabs(x));\n"                                                                 \
    "real tail = ((((((((-0.129524233 * t + 0.485569907) * t - 0.512292499) * t + 0.547737272) * t -\n"          \
    "              0.094663251) * t + 0.214931702) * t + 0.148337633) * t + 0.170715458) * t + 0.169187991) *\n" \
    "            0.5 * t * exp(-square);\n"                                                                      \
    "#endif\n"

/* The share of x that is let through: (1 + tanh(u)) / 2 is 1 / (1 + exp(-2 u)). */
#define SHARE(x)               \
    "real square = " x " * " x \
    ";\n"                      \
    "real share = 1 / (1 + exp(-1.5957691216057308 * " x " * (1 + 0.044715 * square)));\n"

static const FvLayer gelu = {
    .base = { FV_HEAD(FvLayer, Gelu), .kind = FV_LAYER, .name = "gelu", .summary = "Gaussian error linear unit",
              .options = options,
              .details = "y = x / 2 * (1 + erf(x / sqrt(2))); with approximate=tanh y = x / 2 * (1 + tanh(sqrt(2 / pi) * "
                         "(x + 0.044715 * x^3))), which is within 0.0005 of it. Any shape, which stays.",
              .reference = "Hendrycks and Gimpel, Gaussian error linear units, 2016", .examples = examples },
    .forward_map = "#if approximate\n" SHARE("x")
                   "y = x * share;\n"
                   "#else\n" TAIL
                   "y = x * (x < 0 ? tail : 1 - tail);\n"
                   "#endif\n",
    /* Far from 0 the derivative is 0 or 1: x is kept near it, so that there is no product of 0 and infinity. */
    .backward_map = "#if approximate\n"
                    "real near = x < -16 ? -16 : x > 16 ? 16 : x;\n" SHARE("near")
                    "dx = dy * share * (1 + (1 - share) * near * 1.5957691216057308 * (1 + 0.134145 * square));\n"
                    "#else\n" TAIL
                    "dx = dy * ((x < 0 ? tail : 1 - tail) + 0.3989422804014327 * x * exp(-square));\n"
                    "#endif\n",
    .vector_maps = TRUE,
};
FV_EXPORT(gelu)
