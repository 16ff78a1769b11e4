/* SPDX-License-Identifier: MIT
 * new.c: `fovea new KIND NAME`: a plugin project that builds and passes its own test. */
#include "cli/cli.h"

#include "core/descriptor.h"
#include "core/diag.h"
#include "core/registry.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>

static const FvCliHelp help = {
    "new", "KIND NAME", "Makes a plugin project that builds and passes its own test.",
    "KIND is source, augment, layer, loss, optimizer, schedule or metric. NAME is lower case with underscores.\n\n"
    "Example: fovea new layer swirl && cd swirl && meson setup build && meson test -C build\n"
};

typedef struct {
    FvKind kind;
    const char *name;
    char *source; /* folder of the template */
    char *target; /* folder that is being filled */
} Project;

/* What is copied, and as what; NULL: the plugin itself, NAME.c. */
static const struct {
    gboolean of_kind;
    const char *from, *to;
    int mode;
} files[] = {
    { TRUE, "plugin.c", NULL, 0666 },
    { TRUE, "test.fv", "test.fv", 0666 },
    { FALSE, "meson.build", "meson.build", 0666 },
    { FALSE, "README.md", "README.md", 0666 },
    { FALSE, "test.sh", "test.sh", 0777 },
};

/* The installed template, or the one that FOVEA_DATA_DIR names. */
static char *template_folder(GError **error)
{
    const char *named = g_getenv("FOVEA_DATA_DIR");
    g_autofree char *folder = g_build_filename(named && *named ? named : FV_DATADIR, "template", NULL);
    if (g_file_test(folder, G_FILE_TEST_IS_DIR))
        return g_steal_pointer(&folder);
    g_set_error(error, FV_ERROR, FV_ERROR_IO, "%s: no such folder; FOVEA_DATA_DIR can name the one it is in", folder);
    return NULL;
}

static gboolean copy_file(const Project *project, gsize i, mode_t mask, GError **error)
{
    g_autofree char *own = files[i].to ? NULL : g_strconcat(project->name, ".c", NULL);
    g_autofree char *from =
        g_build_filename(project->source, files[i].of_kind ? fv_kind_name(project->kind) : ".", files[i].from, NULL);
    g_autofree char *to = g_build_filename(project->target, own ? own : files[i].to, NULL);
    g_autofree char *contents = NULL;
    if (!g_file_get_contents(from, &contents, NULL, error))
        return FALSE;
    g_autoptr(GString) text = g_string_new(contents);
    g_string_replace(text, "@NAME@", project->name, 0);
    g_string_replace(text, "@KIND@", fv_kind_name(project->kind), 0);
    return g_file_set_contents_full(to, text->str, (gssize) text->len, G_FILE_SET_CONTENTS_CONSISTENT,
                                    files[i].mode & ~(int) mask, error);
}

static void remove_folder(const char *folder)
{
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    const char *name;
    while (dir && (name = g_dir_read_name(dir))) {
        g_autofree char *path = g_build_filename(folder, name, NULL);
        g_remove(path);
    }
    g_rmdir(folder);
}

static gboolean set_errno(const char *path, GError **error)
{
    const int number = errno;
    g_set_error(error, FV_ERROR, FV_ERROR_IO, "%s: %s", path, g_strerror(number));
    return FALSE;
}

/* Fills a folder of another name first, so that a project is there whole or not at all. */
static gboolean make_project(Project *project, const char *folder, GError **error)
{
    const mode_t mask = umask(0);
    umask(mask);
    if (g_file_test(folder, G_FILE_TEST_EXISTS)) {
        g_set_error(error, FV_ERROR, FV_ERROR_IO, "%s is there already; --out makes the project in another folder",
                    folder);
        return FALSE;
    }
    project->target = g_strconcat(folder, ".tmp-XXXXXX", NULL);
    if (!g_mkdtemp(project->target))
        return set_errno(folder, error);
    gboolean done = TRUE;
    for (gsize i = 0; i < G_N_ELEMENTS(files) && done; i++)
        done = copy_file(project, i, mask, error);
    if (done && (g_chmod(project->target, 0777 & ~(int) mask) != 0 || g_rename(project->target, folder) != 0))
        done = set_errno(folder, error);
    if (!done)
        remove_folder(project->target);
    return done;
}

static int wrong(const char *message, const char *what, const char *nearest)
{
    return fv_cli_usage("new", "\"%s\": %s%s%s%s", what, message, nearest ? "; did you mean \"" : "",
                        nearest ? nearest : "", nearest ? "\"?" : "");
}

int fv_cli_new(int argc, char **argv)
{
    g_autofree char *out = NULL;
    const GOptionEntry own[] = {
        { "out", 'o', 0, G_OPTION_ARG_FILENAME, &out, "Folder to make (default: NAME)", "DIR" },
        G_OPTION_ENTRY_NULL,
    };
    g_auto(FvCliOptions) options = { 0 };
    g_autoptr(GError) error = NULL;
    if (!fv_cli_parse(&help, 0, own, &options, argc, argv) || !fv_cli_count(&help, &options, 2, 2))
        return FV_CLI_WRONG;

    const char *kinds[FV_KINDS + 1] = { NULL };
    for (int kind = 0; kind < FV_KINDS; kind++)
        kinds[kind] = fv_kind_name(kind);
    Project project = { .kind = fv_kind_from_name(options.rest[0]), .name = options.rest[1] };
    if (project.kind == FV_KINDS)
        return wrong("no kind of plugin is called so", options.rest[0], fv_nearest(options.rest[0], kinds));
    if (!fv_name_valid(project.name))
        return wrong("a name is lower case with underscores, at most 64 letters", project.name, NULL);

    const char *folder = out ? out : project.name;
    project.source = template_folder(&error);
    const gboolean done = project.source && make_project(&project, folder, &error);
    g_free(project.source);
    g_free(project.target);
    if (!done)
        return fv_cli_fail(error);
    g_print("%s/%s.c is the plugin. Build and test it:\n\n    cd %s\n    meson setup build\n    meson test -C build\n",
            folder, project.name, folder);
    return FV_CLI_DONE;
}
