/* SPDX-License-Identifier: MIT
 * log1p.h: log(1 + e) for e from 0 to 1 in expressions, which log() and log1p() compute number by number on CPUs. */
#ifndef FOVEA_LOG1P_H
#define FOVEA_LOG1P_H

/* Declares `real more`, log(1 + e) of `real e`. It is 2 atanh(e / (2 + e)), for floats as a series that is exact to
 * 2e-8 of it; real may be a vector, beside which constants are whole numbers. */
#define LOG1P_MORE                                                  \
    "#if FV_DOUBLE\n"                                               \
    "real more = log1p(e);\n"                                       \
    "#else\n"                                                       \
    "real s = e / (2 + e), q2 = s * s, one = 1, more = one / 13;\n" \
    "more = more * q2 + one / 11;\n"                                \
    "more = more * q2 + one / 9;\n"                                 \
    "more = more * q2 + one / 7;\n"                                 \
    "more = more * q2 + one / 5;\n"                                 \
    "more = more * q2 + one / 3;\n"                                 \
    "more = 2 * s * (more * q2 + 1);\n"                             \
    "#endif\n"

#endif
