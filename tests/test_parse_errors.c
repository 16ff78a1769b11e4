/* SPDX-License-Identifier: MIT
 * test_parse_errors.c: every message for wrong pipeline text, and input that is meant to do harm. */
#include "core/parse/ast.h"

#include "tests/bad_files.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>

enum { LARGEST = 4 * 1024 * 1024 };

/* ------------------------------------------------------------------- tools */

static void assert_errors(const char *text, const char *expected)
{
    g_autoptr(FvDiag) diag = fv_diag_new();
    g_autoptr(FvTree) tree = fv_parse_text("t.fv", text, diag);
    g_autofree char *errors = fv_diag_text(diag);
    g_assert_cmpstr(errors, ==, expected);
    g_assert_true(!tree == (*expected != '\0'));
}

/* The path is put in for "%s". */
static void assert_file_errors(const char *path, const char *expected)
{
    g_autoptr(FvDiag) diag = fv_diag_new();
    g_autoptr(FvTree) tree = fv_parse_file(path, diag);
    g_autofree char *errors = fv_diag_text(diag);
    g_autoptr(GString) found = g_string_new(errors);
    g_string_replace(found, path, "%s", 0);
    g_assert_cmpstr(found->str, ==, expected);
    g_assert_true(!tree == (*expected != '\0'));
}

static char *repeated(const char *before, const char *what, int count, const char *after)
{
    GString *text = g_string_new(before);
    for (int i = 0; i < count; i++)
        g_string_append(text, what);
    g_string_append(text, after);
    return g_string_free(text, FALSE);
}

/* --------------------------------------------------------------- messages */

static void test_values(void)
{
    static const struct {
        const char *text, *error;
    } cases[] = {
        { "", "-s x:1:1: error: expected a value, found the end\n" },
        { "1 2", "-s x:1:3: error: expected the end, found \"2\"\n" },
        { "1 +", "-s x:1:4: error: expected a value, found the end\n" },
        { "a = 3", "-s x:1:3: error: expected the end, found \"=\"\n" },
        { "\"a\" \"b\"", "-s x:1:5: error: expected the end, found the string \"b\"\n" },
        { "{ a }", "-s x:1:1: error: expected a value, found \"{\"\n" },
        { "let", "-s x:1:1: error: expected a value, found \"let\", which is a keyword\n" },
        { "0x1F", "-s x:1:1: error: numbers are decimal, unlike \"0x1F\"\n" },
        { "1..", "-s x:1:4: error: expected a value, found the end\n" },
        { "1.", "-s x:1:2: error: unexpected \".\"\n" },
        { "\"abc", "-s x:1:1: error: the string is not closed\n" },
        { "\"abc\\", "-s x:1:1: error: the string is not closed\n" },
        { "[1, 2", "-s x:1:6: error: expected \",\" or \"]\", found the end: the \"[\" at 1:1 is not closed\n" },
        { "\"\xc3\x28\"", "-s x:1:2: error: byte 0xC3 is not UTF-8 text\n" },
    };
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(FvDiag) diag = fv_diag_new();
        g_autoptr(FvExpr) value = fv_parse_value("-s x", cases[i].text, diag);
        g_autofree char *errors = fv_diag_text(diag);
        g_test_message("case %u", i);
        g_assert_null(value);
        g_assert_cmpstr(errors, ==, cases[i].error);
        g_assert_cmpint(fv_diag_code(diag), ==, FV_ERROR_SYNTAX);
    }
}

/* One mistake, one message: nothing is said about what follows from it. */
static void test_no_cascades(void)
{
    assert_errors("net { input(1, 28 28) -> conv(20) } loss = softmax(a) optimizer = sgd(rate=1)",
                  "t.fv:1:19: error: expected \",\" or \")\", found \"28\"\n");
    assert_errors("input(1) -> conv(2, x=3) -> relu as y\nloss = l2(4)",
                  "t.fv:1:6: error: expected \"=\" or \"{\", found \"(\"\n");
    assert_errors("this is no pipeline; but (prose), a thing that - \"nobody\" = 5 - would call one",
                  "t.fv:1:6: error: expected \"=\" or \"{\", found \"is\"\nt.fv:1:20: error: unexpected \";\"\n");
    assert_errors("net { a -> conv(1 -> relu -> pool(2) -> gap }\nloss = b",
                  "t.fv:1:19: error: expected \",\" or \")\", found \"->\"\n");
    assert_errors("{ a | b(c) } net { d }", "t.fv:1:1: error: expected a section or a setting, found \"{\"\n");
    assert_errors("loss = a +\noptimizer = sgd(rate=1, x=[2, 3])\nschedule = cosine",
                  "t.fv:2:11: error: expected a section or a setting, found \"=\"\n");
    assert_errors("net { a -> b",
                  "t.fv:1:13: error: expected \"->\", \"as\" or \"}\", found the end: the \"{\" at "
                  "1:5 is not closed\n");
}

static void test_limit(void)
{
    g_autofree char *text = repeated("net { a", " -> 1", 250, " }");
    g_autoptr(FvDiag) diag = fv_diag_new();
    g_assert_null(fv_parse_text("t.fv", text, diag));
    g_autofree char *errors = fv_diag_text(diag);
    g_assert_cmpint(fv_diag_count(diag), ==, 250);
    g_assert_true(g_str_has_suffix(errors, "\n... and 150 more errors\n"));
}

/* Every NAME.fv there must be refused with exactly NAME.expect. */
static void test_bad_file(gconstpointer data)
{
    g_autofree char *folder = bad_folder("parse");
    g_autofree char *path = g_build_filename(folder, data, NULL);
    g_autoptr(FvDiag) diag = fv_diag_new();
    g_autoptr(FvTree) tree = fv_parse_file(path, diag);
    g_assert_null(tree);
    assert_expected("parse", path, diag);
}

/* ------------------------------------------------------------------ limits */

#define TOO_DEEP ": error: nested too deeply: more than 200 brackets or minus signs within each other\n"

static void test_depth(void)
{
    static const struct {
        const char *before, *what, *after;
        const char *error; /* where 20,000 of them are refused */
    } cases[] = {
        { "x = ", "(", "1", "t.fv:1:205" TOO_DEEP },        { "x = ", "[", "1", "t.fv:1:205" TOO_DEEP },
        { "x = ", "-", "1", "t.fv:1:205" TOO_DEEP },        { "x = ", "-(", "1", "t.fv:1:205" TOO_DEEP },
        { "x = ", "a(", "1", "t.fv:1:406" TOO_DEEP },       { "net ", "{", "a", "t.fv:1:205" TOO_DEEP },
        { "net {", "a -> {", "b", "t.fv:1:1205" TOO_DEEP }, { "net {", "repeat 2 {", "b", "t.fv:1:2005" TOO_DEEP },
        { "x = ", "a(b=[-", "1", "t.fv:1:406" TOO_DEEP },
    };
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *text = repeated(cases[i].before, cases[i].what, 20000, cases[i].after);
        g_test_message("case %u", i);
        assert_errors(text, cases[i].error);
    }
    g_autofree char *open = repeated("x = ", "(", 200, "1");
    g_autofree char *closed = repeated(open, ")", 200, "");
    assert_errors(closed, "");
    g_autofree char *garbage = repeated("", "([{", 20000, "");
    assert_errors(garbage, "t.fv:1:1: error: expected a section or a setting, found \"(\"\n");
    g_autofree char *crossed = repeated("net { ", "a(] ", 100000, "");
    assert_errors(crossed, "t.fv:1:9: error: expected a value or \")\", found \"]\"\n");
}

static void test_length(void)
{
    g_autofree char *stages = repeated("net { a", " -> b", 100000, " }");
    g_autofree char *chains = repeated("net { ", "b ", 100000, " }");
    g_autofree char *branches = repeated("net { { a", " | b", 100000, " } }");
    g_autofree char *items = repeated("x = [1", ", 2", 100000, "]");
    g_autofree char *arguments = repeated("x = a(1", ", b=2", 100000, ")");
    g_autofree char *settings = repeated("", "let a = b\n", 100000, "");
    const char *texts[] = { stages, chains, branches, items, arguments, settings };
    for (guint i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_autoptr(FvDiag) diag = fv_diag_new();
        g_autoptr(FvTree) tree = fv_parse_text("t.fv", texts[i], diag);
        g_assert_nonnull(tree);
        g_autofree char *printed = fv_tree_print(tree, NULL);
        g_assert_cmpuint(strlen(printed), >, 200000);
    }
    g_autofree char *sum = repeated("x = 1", " + 1", 1999, "");
    assert_errors(sum, "");
    g_autofree char *long_sum = repeated("x = 1", " + 1", 100000, " y = )");
    assert_errors(long_sum, "t.fv:1:8007: error: an expression of more than 2000 operators\n");
    g_autofree char *half = repeated("x = f([1", " + 1", 1500, "])");
    g_autofree char *both = repeated(half, " - 1", 1500, "");
    assert_errors(both, "t.fv:1:8004: error: an expression of more than 2000 operators\n");
}

/* --------------------------------------------------------------- the files */

static void test_files(void)
{
    g_autofree char *folder = g_dir_make_tmp("fovea-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(folder, "x.fv", NULL);
    assert_file_errors(path, "%s: error: No such file or directory\n");
    assert_file_errors(folder, "%s: error: a folder, not a file\n");
    assert_file_errors("/dev/zero", "%s: error: not a regular file\n");
    assert_file_errors("/dev/null", "%s: error: not a regular file\n");

    g_assert_cmpint(mkfifo(path, 0600), ==, 0);
    assert_file_errors(path, "%s: error: not a regular file\n");
    g_assert_cmpint(g_unlink(path), ==, 0);

    g_autofree char *large = g_strnfill(LARGEST + 1, '#');
    g_assert_true(g_file_set_contents(path, large, LARGEST, NULL));
    assert_file_errors(path, "");
    g_assert_true(g_file_set_contents(path, large, LARGEST + 1, NULL));
    assert_file_errors(path, "%s: error: more than 4 MiB, which is no pipeline\n");
    assert_errors(large, "t.fv: error: more than 4 MiB, which is no pipeline\n");

    g_assert_true(g_file_set_contents(path,
                                      "\x7f"
                                      "ELF\2\1\1\0\0",
                                      9, NULL));
    assert_file_errors(path, "%s:1:8: error: a NUL byte: this is not text\n");
    g_assert_true(g_file_set_contents(path, "\xff\xd8\xff\xe0", 4, NULL));
    assert_file_errors(path, "%s:1:1: error: byte 0xFF is not UTF-8 text\n");
    g_assert_true(g_file_set_contents(path, "\n\xc3\xa9\xed\xa0\x80", -1, NULL)); /* half of a UTF-16 pair */
    assert_file_errors(path, "%s:2:2: error: byte 0xED is not UTF-8 text\n");
    g_assert_cmpint(g_unlink(path), ==, 0);
    g_assert_cmpint(g_rmdir(folder), ==, 0);
}

/* Files that import one another in a long row. */
static void test_deep_imports(void)
{
    g_autofree char *folder = g_dir_make_tmp("fovea-XXXXXX", NULL);
    for (int i = 0; i < 60; i++) {
        g_autofree char *path = g_strdup_printf("%s/%d.fv", folder, i);
        g_autofree char *text = g_strdup_printf("import \"%d.fv\"", i + 1);
        g_assert_true(g_file_set_contents(path, text, -1, NULL));
    }
    g_autofree char *first = g_build_filename(folder, "0.fv", NULL);
    g_autoptr(FvDiag) diag = fv_diag_new();
    g_assert_null(fv_parse_file(first, diag));
    g_autofree char *errors = fv_diag_text(diag);
    g_assert_cmpint(fv_diag_count(diag), ==, 1);
    g_assert_nonnull(strstr(errors, "50.fv:1:8: error: more than 50 imports within each other (imported at "));
    for (int i = 0; i < 60; i++) {
        g_autofree char *path = g_strdup_printf("%s/%d.fv", folder, i);
        g_assert_cmpint(g_unlink(path), ==, 0);
    }
    g_assert_cmpint(g_rmdir(folder), ==, 0);
}

/* Good text with pieces changed, lost and doubled: a tree or errors, never both, never neither. */
static void test_broken_text(void)
{
    static const char good[] =
        "let a = -(1 + 2) * 3 / 4 % 5 - .5e-3 let b = \"x\\n${i}\" let c = [1, -2, [], (1..2)] # c\n"
        "block r(c, d=1) { in -> conv(c, 3, d=d) -> relu as main\nadd(main, in) as out }\n"
        "net { input(3, 32) -> repeat 2 * a as i { r(16 * (i + 1)) relu } -> { conv(3) -> relu | | { gap } } as x }\n"
        "train { epochs = 3 batch = 64 } loss = softmax(x, label) + 0.3 * l2(x) optimizer = sgd(rate=0.1)\n";
    static const char pieces[] = "(){}[]|,=->..\"'#\\\n\t AaZ_09.e+*/%?\xc3\xa9\x01";
    g_autoptr(GRand) random = g_rand_new_with_seed(1);
    for (int round = 0; round < 5000; round++) {
        g_autoptr(GString) text = g_string_new(good);
        const int changes = g_rand_int_range(random, 1, 6);
        for (int i = 0; i < changes; i++) {
            const int at = g_rand_int_range(random, 0, (int) text->len - 20);
            const int length = g_rand_int_range(random, 0, 20);
            if (g_rand_boolean(random))
                g_string_erase(text, at, length);
            g_string_insert_len(text, at, pieces + g_rand_int_range(random, 0, sizeof pieces - 1), 1);
        }
        g_autoptr(FvDiag) diag = fv_diag_new();
        g_autoptr(FvTree) tree = fv_parse_text("t.fv", text->str, diag);
        g_assert_true(!tree == (fv_diag_count(diag) > 0));
        g_autofree char *printed = tree ? fv_tree_print(tree, NULL) : NULL;
        g_autoptr(FvTree) again = tree ? fv_parse_text("t.fv", printed, diag) : NULL;
        g_autofree char *same = again ? fv_tree_print(again, NULL) : NULL;
        g_assert_cmpstr(printed, ==, same);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/parse-errors/values", test_values);
    g_test_add_func("/parse-errors/no-cascades", test_no_cascades);
    g_test_add_func("/parse-errors/limit", test_limit);
    g_test_add_func("/parse-errors/depth", test_depth);
    g_test_add_func("/parse-errors/length", test_length);
    g_test_add_func("/parse-errors/files", test_files);
    g_test_add_func("/parse-errors/deep-imports", test_deep_imports);
    g_test_add_func("/parse-errors/broken-text", test_broken_text);
    add_bad_files("parse", "/parse-errors/bad/", test_bad_file);
    return g_test_run();
}
