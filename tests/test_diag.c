/* SPDX-License-Identifier: MIT
 * test_diag.c: the order and form of errors, how many are kept, and which name is the nearest. */
#include "core/diag.h"

#include <string.h>

static FvLoc at(const char *file, int line, int col)
{
    return (FvLoc){ g_intern_string(file), line, col };
}

static void assert_text(const FvDiag *diag, const char *expected)
{
    g_autofree char *text = fv_diag_text(diag);
    g_assert_cmpstr(text, ==, expected);
}

/* ------------------------------------------------------------------ errors */

static void test_none(void)
{
    g_autoptr(FvDiag) diag = fv_diag_new();
    g_assert_cmpint(fv_diag_count(diag), ==, 0);
    assert_text(diag, "");
    fv_diag_free(NULL);
}

static void test_order(void)
{
    g_autoptr(FvDiag) diag = fv_diag_new();
    fv_diag_error(diag, at("b.fv", 9, 1), NULL, "late");
    fv_diag_error(diag, at("a.fv", 2, 10), NULL, "of another file");
    fv_diag_error(diag, at("b.fv", 2, 10), "(in residual, used at 14:8)", "%s: %d", "conv", 3);
    fv_diag_error(diag, at("b.fv", 2, 9), NULL, "first of its line");
    fv_diag_error(diag, at("b.fv", 2, 10), NULL, "same place, came later");
    fv_diag_error(diag, at("a.fv", 1, 1), NULL, "top");
    fv_diag_error(diag, at("a.fv", 0, 0), NULL, "no place at all");
    g_assert_cmpint(fv_diag_count(diag), ==, 7);
    assert_text(diag,
                "b.fv:2:9: error: first of its line\n"
                "b.fv:2:10: error: conv: 3 (in residual, used at 14:8)\n"
                "b.fv:2:10: error: same place, came later\n"
                "b.fv:9:1: error: late\n"
                "a.fv: error: no place at all\n"
                "a.fv:1:1: error: top\n"
                "a.fv:2:10: error: of another file\n");
}

static void test_codes(void)
{
    g_autoptr(FvDiag) diag = fv_diag_new();
    fv_diag_take(diag, at("a.fv", 3, 1), "(in b, used at 1:2)", g_error_new(FV_ERROR, FV_ERROR_SHAPE, "no %s", "fit"));
    fv_diag_error(diag, at("a.fv", 1, 1), NULL, "wrong");
    g_assert_cmpint(fv_diag_code(diag), ==, FV_ERROR_SHAPE);
    assert_text(diag, "a.fv:1:1: error: wrong\na.fv:3:1: error: no fit (in b, used at 1:2)\n");

    g_autoptr(FvDiag) other = fv_diag_new();
    fv_diag_error(other, at("a.fv", 3, 1), NULL, "wrong");
    fv_diag_take(other, at("a.fv", 1, 1), NULL, g_error_new(FV_ERROR, FV_ERROR_IO, "gone"));
    g_assert_cmpint(fv_diag_code(other), ==, FV_ERROR_SYNTAX);
}

static void test_one_line(void)
{
    g_autoptr(FvDiag) diag = fv_diag_new();
    fv_diag_error(diag, at("a\nb\x1b[31m.fv", 1, 1), NULL, "two\nlines\tof \xff %%s %s", "%d");
    assert_text(diag, "a b [31m.fv:1:1: error: two lines of \xef\xbf\xbd %s %d\n");
}

static void add_errors(FvDiag *diag, int count)
{
    for (int i = count; i > 0; i--)
        fv_diag_error(diag, at("a.fv", i, 1), NULL, "wrong");
}

static void test_limit(void)
{
    static const struct {
        int count;
        const char *end;
    } cases[] = { { 100, "a.fv:100:1: error: wrong\n" },
                  { 101, "a.fv:101:1: error: wrong\n... and 1 more error\n" },
                  { 100000, "a.fv:100000:1: error: wrong\n... and 99900 more errors\n" } };
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(FvDiag) diag = fv_diag_new();
        add_errors(diag, cases[i].count);
        g_autofree char *text = fv_diag_text(diag);
        g_assert_cmpint(fv_diag_count(diag), ==, cases[i].count);
        g_assert_true(g_str_has_suffix(text, cases[i].end));
        g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
        g_assert_cmpuint(g_strv_length(lines), ==, 100 + 1 + (cases[i].count > 100));
    }
}

/* ------------------------------------------------------------ nearest name */

static void test_nearest(void)
{
    static const char *const layers[] = { "conv", "maxpool", "relu", "softmax", "dense", "batchnorm", "lrn", NULL };
    static const struct {
        const char *name, *nearest;
    } cases[] = {
        { "cnov", "conv" },  /* neighbours swapped: one step */
        { "con", "conv" },   /* one missing */
        { "convv", "conv" }, /* one too many */
        { "comv", "conv" },  /* one wrong */
        { "CONV", "conv" },  /* case is ignored */
        { "Cnov", "conv" },
        { "sofmtax", "softmax" },
        { "maxpol", "maxpool" },
        { "max_pool", "maxpool" },
        { "bacthnrom", "batchnorm" },
        { "lr", "lrn" },
        { "conv", NULL }, /* itself is no suggestion */
        { "relux3", "relu" },
        { "zzzzzzz", NULL },
        { "c", NULL },
        { "", NULL },
        { "dnese", "dense" },
        { "edns", NULL },
    };
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_test_message("%s", cases[i].name);
        g_assert_cmpstr(fv_nearest(cases[i].name, layers), ==, cases[i].nearest);
    }
}

static void test_ties(void)
{
    static const char *const one[] = { "pat", "cat", "bat", NULL }, *const other[] = { "bat", "pat", "cat", NULL };
    static const char *const near[] = { "aat", "dats", "dat", "", NULL };
    static const char *const none[] = { NULL };
    g_assert_cmpstr(fv_nearest("dat", one), ==, "bat");
    g_assert_cmpstr(fv_nearest("dat", other), ==, "bat");
    g_assert_cmpstr(fv_nearest("dat", near), ==, "aat");
    g_assert_cmpstr(fv_nearest("DAT", near), ==, "dat");
    g_assert_cmpstr(fv_nearest("y", (const char *const[]){ "x", NULL }), ==, "x");
    g_assert_null(fv_nearest("dat", none));
    g_assert_null(fv_nearest("dat", NULL));
}

static void test_long_names(void)
{
    g_autofree char *huge = g_strnfill(1000000, 'a'), *hundred = g_strnfill(100, 'a'), *more = g_strnfill(101, 'a');
    const char *names[] = { huge, "a", more, NULL }, *near[] = { hundred, NULL };
    g_assert_null(fv_nearest(huge, (const char *const *) names));
    g_assert_null(fv_nearest(hundred, (const char *const *) names));
    hundred[50] = 'b';
    g_autofree char *mistyped = g_strdup(hundred);
    mistyped[7] = 'c';
    g_assert_cmpstr(fv_nearest(mistyped, (const char *const *) near), ==, hundred);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/diag/none", test_none);
    g_test_add_func("/diag/order", test_order);
    g_test_add_func("/diag/codes", test_codes);
    g_test_add_func("/diag/one-line", test_one_line);
    g_test_add_func("/diag/limit", test_limit);
    g_test_add_func("/diag/nearest", test_nearest);
    g_test_add_func("/diag/ties", test_ties);
    g_test_add_func("/diag/long-names", test_long_names);
    return g_test_run();
}
