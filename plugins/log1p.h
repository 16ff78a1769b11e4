/* SPDX-License-Identifier: MIT
 * log1p.h: log(1 + e) for e from 0 to 1 in expressions, which log() and log1p() compute number by number on CPUs. */
#ifndef FOVEA_LOG1P_H
#define FOVEA_LOG1P_H

/* Declares `real more`, log(1 + e) of `real e`. It is 2 atanh(e / (2 + e)), for floats as a series that is exact to
 * 2e-8 of it. */
#define LOG1P_MORE                                                                                               \
    "#if FV_DOUBLE\n"                                                                                            \
    "real more = log1p(e);\n"                                                                                    \
    "#else\n"                                                                                                    \
    "real s = e / (2 + e), q2 = s * s;\n"                                                                        \
    "real more = 2 * s * (1 + q2 * (1 / 3. + q2 * (1 / 5. + q2 * (1 / 7. + q2 * (1 / 9. + q2 * (1 / 11. + q2 / " \
    "13))))));\n"                                                                                                \
    "#endif\n"

#endif
