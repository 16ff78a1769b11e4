/* SPDX-License-Identifier: MIT
 * checkup_page.c: a checkup as a page. */
#include "core/sink/checkup.h"

char *fv_checkup_html(const FvCheckup *checkup)
{
    GString *html = g_string_new(NULL);
    fv_rate_chart_append(html, checkup);
    return g_string_free(html, FALSE);
}
