/* SPDX-License-Identifier: MIT
 * bad_files.h: pipelines that must be refused, with the messages that they must get. */
#ifndef FOVEA_TESTS_BAD_FILES_H
#define FOVEA_TESTS_BAD_FILES_H

#include "core/diag.h"

#include <string.h>

/* tests/bad/ROOM; g_free() it. */
static char *bad_folder(const char *room)
{
    return g_test_build_filename(G_TEST_DIST, "bad", room, NULL);
}

/* What was found must be what NAME.expect says, the folder left out. */
static void assert_expected(const char *room, const char *path, const FvDiag *diag)
{
    g_autofree char *folder = bad_folder(room);
    g_autofree char *stem = g_strndup(path, strlen(path) - strlen(".fv"));
    g_autofree char *expect_path = g_strconcat(stem, ".expect", NULL);
    g_autofree char *prefix = g_strconcat(folder, "/", NULL);
    g_autofree char *expected = NULL;
    g_autofree char *found = fv_diag_text(diag);
    g_autoptr(GString) text = g_string_new(found);
    g_string_replace(text, prefix, "", 0);
    g_assert_true(g_file_get_contents(expect_path, &expected, NULL, NULL));
    g_assert_cmpstr(text->str, ==, expected);
}

/* A test case for each NAME.fv; @test is given its name. Files that begin with part_ are only imported. */
static void add_bad_files(const char *room, const char *tests, GTestDataFunc test)
{
    g_autofree char *folder = bad_folder(room);
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    const char *name;
    g_assert_nonnull(dir);
    while ((name = g_dir_read_name(dir))) {
        if (!g_str_has_suffix(name, ".fv") || g_str_has_prefix(name, "part_"))
            continue;
        g_autofree char *path = g_strconcat(tests, name, NULL);
        g_test_add_data_func_full(path, g_strdup(name), test, g_free);
    }
}

#endif
