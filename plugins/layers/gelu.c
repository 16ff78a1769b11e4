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

/* A constant of the type of x, which may be a vector. */
#define K(number) "(real)(" #number ")"

/* `square`, x^2 / 2, and `tail`, the probability of a normal number above |x|: erfc(z) / 2 with z = |x| / sqrt(2).
 * erf() goes number by number on CPUs, forty times as slow. So floats have exp(-z^2) times a polynomial in t = 1 / (1 +
 * 0.3 z), fitted to exp(z^2) erfc(z) on 0..10 by Lawson's algorithm: its relative error is at most 2e-8. */
#define TAIL \
    "real square = x * x / 2;\n"                                              \
    "#if FV_DOUBLE\n"                                                         \
    "real tail = erfc(fabs(x) * " K(0.7071067811865476) ") / 2;\n"            \
    "#else\n"                                                                 \
    "real t = 1 / (1 + fabs(x) * " K(0.21213203) "), tail = " K(-0.129524233) ";\n" \
    "tail = tail * t + " K(0.485569907) ";\n"                                 \
    "tail = tail * t - " K(0.512292499) ";\n"                                 \
    "tail = tail * t + " K(0.547737272) ";\n"                                 \
    "tail = tail * t - " K(0.094663251) ";\n"                                 \
    "tail = tail * t + " K(0.214931702) ";\n"                                 \
    "tail = tail * t + " K(0.148337633) ";\n"                                 \
    "tail = tail * t + " K(0.170715458) ";\n"                                 \
    "tail = tail * t + " K(0.169187991) ";\n"                                 \
    "tail *= t * exp(-square) / 2;\n"                                         \
    "#endif\n"

/* The share of x that is let through: (1 + tanh(u)) / 2 is 1 / (1 + exp(-2 u)). */
#define SHARE(x) \
    "real square = " x " * " x ", u = " x " * (1 + " K(0.044715) " * square);\n" \
    "real share = 1 / (1 + exp(u * " K(-1.5957691216057308) "));\n"

static const FvLayer gelu = {
    .base = { FV_HEAD(FvLayer, Gelu), .kind = FV_LAYER, .name = "gelu", .summary = "Gaussian error linear unit",
              .options = options,
              .details = "y = x / 2 * (1 + erf(x / sqrt(2))); with approximate=tanh y = x / 2 * (1 + tanh(sqrt(2 / pi) * "
                         "(x + 0.044715 * x^3))), which is within 0.0005 of it. Any shape, which stays.\n\n"
                  "Backward: dx = dy * (P(x) + x * p(x)), where P and p are the normal distribution and its "
                  "density; with approximate=tanh the derivative of that formula.",
              .reference = "Hendrycks and Gimpel, Gaussian error linear units, 2016", .examples = examples },
    .forward_map = "#if approximate\n" SHARE("x")
                   "y = x * share;\n"
                   "#else\n" TAIL
                   "y = x * (x < 0 ? tail : 1 - tail);\n"
                   "#endif\n",
    /* Far from 0 the derivative is 0 or 1: x is kept near it, so that there is no product of 0 and infinity. */
    .backward_map = "#if approximate\n"
                    "real near = x < -16 ? -16 : x > 16 ? 16 : x;\n" SHARE("near")
                    "real slope = near * (1 + square * " K(0.134145) ") * " K(1.5957691216057308) ";\n"
                    "dx = dy * share * (1 + (1 - share) * slope);\n"
                    "#else\n" TAIL
                    "dx = dy * ((x < 0 ? tail : 1 - tail) + x * exp(-square) * " K(0.3989422804014327) ");\n"
                    "#endif\n",
    .vector_maps = TRUE,
};
FV_EXPORT(gelu)
