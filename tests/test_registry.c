/* SPDX-License-Identifier: MIT
 * test_registry.c: plugins from files: found, refused, listed; and descriptors that are wrong. */
#include "core/descriptor.h"
#include "core/registry.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct {
    char *folder; /* the only one of FOVEA_PLUGIN_PATH */
} Fixture;

static void set_up(Fixture *fixture, gconstpointer data)
{
    fixture->folder = g_dir_make_tmp("fovea-registry-XXXXXX", NULL);
    g_assert_nonnull(fixture->folder);
    g_setenv("FOVEA_PLUGIN_PATH", fixture->folder, TRUE);
}

static void remove_tree(const char *path)
{
    g_autoptr(GDir) dir = g_file_test(path, G_FILE_TEST_IS_SYMLINK) ? NULL : g_dir_open(path, 0, NULL);
    const char *name;
    while (dir && (name = g_dir_read_name(dir))) {
        g_autofree char *inner = g_build_filename(path, name, NULL);
        remove_tree(inner);
    }
    g_remove(path);
}

static void tear_down(Fixture *fixture, gconstpointer data)
{
    remove_tree(fixture->folder);
    g_free(fixture->folder);
}

/* Copies a built plugin to a place below the folder, whatever the rights of the build folder are. */
static char *place(const Fixture *fixture, const char *built, const char *inner)
{
    g_autofree char *file = g_strconcat("test_", built, ".so", NULL);
    g_autofree char *from = g_test_build_filename(G_TEST_BUILT, "plugins", file, NULL);
    char *to = g_build_filename(fixture->folder, inner, NULL);
    g_autofree char *folder = g_path_get_dirname(to);
    g_autofree char *contents = NULL;
    g_autoptr(GError) error = NULL;
    gsize size;
    g_assert_cmpint(g_mkdir_with_parents(folder, 0755), ==, 0);
    g_file_get_contents(from, &contents, &size, &error);
    g_assert_no_error(error);
    g_file_set_contents(to, contents, size, &error);
    g_assert_no_error(error);
    g_assert_cmpint(g_chmod(to, 0644), ==, 0);
    return to;
}

static void assert_refused(FvKind kind, const char *name, FvError code, const char *format, const char *file)
{
    g_autoptr(FvRegistry) registry = fv_registry_new();
    g_autoptr(GError) error = NULL;
    g_autofree char *message = file ? g_strconcat(file, ": ", format, NULL) : g_strdup(format);
    g_assert_null(fv_registry_find(registry, kind, name, &error));
    g_assert_error(error, FV_ERROR, (int) code);
    g_assert_cmpstr(error->message, ==, message);
}

static void test_found(Fixture *fixture, gconstpointer data)
{
    g_autofree char *file = place(fixture, "good", "layer/good.so");
    g_autoptr(FvRegistry) registry = fv_registry_new();
    g_autoptr(GError) error = NULL;
    const FvPlugin *plugin = fv_registry_find(registry, FV_LAYER, "good", &error);
    g_assert_no_error(error);
    g_assert_cmpstr(plugin->name, ==, "good");
    g_assert_cmpstr(fv_registry_file(registry, plugin), ==, file);
    g_assert_true(fv_registry_find(registry, FV_LAYER, "good", NULL) == plugin);
    g_auto(GStrv) names = fv_registry_names(registry, FV_LAYER);
    g_assert_true(g_strv_contains((const char *const *) names, "good"));
    g_auto(GStrv) losses = fv_registry_names(registry, FV_LOSS);
    g_assert_false(g_strv_contains((const char *const *) losses, "good"));
}

static void test_found_beside(Fixture *fixture, gconstpointer data)
{
    g_autofree char *file = place(fixture, "good", "good.so");
    g_autoptr(FvRegistry) registry = fv_registry_new();
    g_autoptr(GError) error = NULL;
    const FvPlugin *plugin = fv_registry_find(registry, FV_LAYER, "good", &error);
    g_assert_no_error(error);
    g_assert_cmpstr(fv_registry_file(registry, plugin), ==, file);
    g_assert_null(fv_registry_find(registry, FV_LOSS, "good", &error));
    g_assert_error(error, FV_ERROR, FV_ERROR_UNKNOWN);
    g_assert_cmpstr(error->message, ==, "\"good\" is a layer, not a loss");
}

static void test_unknown(Fixture *fixture, gconstpointer data)
{
    g_autofree char *file = place(fixture, "good", "layer/good.so");
    assert_refused(FV_LAYER, "godo", FV_ERROR_UNKNOWN, "no layer is called \"godo\"; did you mean \"good\"?", NULL);
    assert_refused(FV_LOSS, "good", FV_ERROR_UNKNOWN, "\"good\" is a layer, not a loss", NULL);
    assert_refused(FV_LAYER, "../layer/good", FV_ERROR_UNKNOWN, "no layer is called \"../layer/good\"", NULL);
    assert_refused(FV_LAYER, "", FV_ERROR_UNKNOWN, "no layer is called \"\"", NULL);
}

static void test_wrong_files(Fixture *fixture, gconstpointer data)
{
    g_autofree char *size = g_strdup_printf("descriptor of 100 bytes, expected %u", (unsigned) sizeof(FvLayer));
    g_autofree char *abi = g_strdup_printf("made for plugin interface 7, this fovea has %u", FV_ABI);
    const char *const cases[][2] = {
        { "wrong_abi", abi },
        { "wrong_size", size },
        { "no_symbol", "no symbol fovea_plugin: not a plugin" },
        { "no_descriptor", "fovea_plugin gives no descriptor" },
        { "other_name", "the plugin in it is called \"another\"" },
        { "no_hook", "without backward_map" },
        { "bad_table", "option table malformed: size: its default is out of range" },
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *inner = g_strconcat("layer/", cases[i][0], ".so", NULL);
        g_autofree char *file = place(fixture, cases[i][0], inner);
        assert_refused(FV_LAYER, cases[i][0], FV_ERROR_ABI, cases[i][1], file);
    }
}

static void test_wrong_place(Fixture *fixture, gconstpointer data)
{
    g_autofree char *file = place(fixture, "good", "loss/good.so");
    assert_refused(FV_LOSS, "good", FV_ERROR_ABI, "the plugin in it is a layer, not a loss", file);
}

static void test_no_library(Fixture *fixture, gconstpointer data)
{
    g_autofree char *file = g_build_filename(fixture->folder, "text.so", NULL);
    g_autoptr(FvRegistry) registry = fv_registry_new();
    g_autoptr(GError) error = NULL;
    g_assert_true(g_file_set_contents(file, "no library", -1, NULL));
    g_assert_null(fv_registry_find(registry, FV_LAYER, "text", &error));
    g_assert_error(error, FV_ERROR, FV_ERROR_ABI);
    g_assert_true(g_str_has_prefix(error->message, file));
}

static void test_writable(Fixture *fixture, gconstpointer data)
{
    g_autofree char *file = place(fixture, "good", "layer/good.so");
    g_autofree char *folder = g_build_filename(fixture->folder, "layer", NULL);
    const char *const paths[] = { file, folder, fixture->folder };
    const char *const what[] = { "the file", "the folder", "the folder" };
    for (gsize i = 0; i < G_N_ELEMENTS(paths); i++) {
        struct stat status;
        g_autofree char *message = g_strdup_printf("refused: others may write to %s %s", what[i], paths[i]);
        g_assert_cmpint(stat(paths[i], &status), ==, 0);
        g_assert_cmpint(g_chmod(paths[i], (status.st_mode & 0777) | S_IWOTH), ==, 0);
        assert_refused(FV_LAYER, "good", FV_ERROR_ABI, message, file);
        g_assert_cmpint(g_chmod(paths[i], status.st_mode & 0777), ==, 0);
    }
    g_autoptr(FvRegistry) registry = fv_registry_new();
    g_assert_nonnull(fv_registry_find(registry, FV_LAYER, "good", NULL));
}

static void test_link(Fixture *fixture, gconstpointer data)
{
    g_autofree char *target = place(fixture, "good", "elsewhere/good.so");
    g_autofree char *link = g_build_filename(fixture->folder, "good.so", NULL);
    g_autofree char *message = g_strdup_printf("refused: others may write to the file %s", target);
    g_assert_cmpint(symlink(target, link), ==, 0);
    g_assert_cmpint(g_chmod(target, 0666), ==, 0);
    assert_refused(FV_LAYER, "good", FV_ERROR_ABI, message, link);
}

static void test_added(Fixture *fixture, gconstpointer data)
{
    static const FvLayer fake = { .base = { FV_HEAD(FvLayer, FvNone), .kind = FV_LAYER, .name = "fake",
                                            .summary = "fake" } };
    g_autoptr(FvRegistry) registry = fv_registry_new();
    fv_registry_add(registry, &fake.base);
    g_assert_true(fv_registry_find(registry, FV_LAYER, "fake", NULL) == &fake.base);
    g_assert_null(fv_registry_file(registry, &fake.base));
    g_auto(GStrv) names = fv_registry_names(registry, FV_LAYER);
    g_assert_true(g_strv_contains((const char *const *) names, "fake"));
}

static void test_kinds(void)
{
    for (int kind = 0; kind < FV_KINDS; kind++)
        g_assert_cmpint(fv_kind_from_name(fv_kind_name(kind)), ==, kind);
    g_assert_cmpint(fv_kind_from_name("optim"), ==, FV_OPTIM);
    g_assert_cmpint(fv_kind_from_name("losses"), ==, FV_LOSS);
    g_assert_cmpint(fv_kind_from_name("layerz"), ==, FV_KINDS);
    g_assert_cmpstr(fv_kind_name(FV_KINDS), ==, "plugin");
}

/* ------------------------------------------------------------- descriptors */

typedef struct {
    int n;
    float rate;
} Small;

static void assert_fault(const FvPlugin *plugin, const char *message)
{
    g_autoptr(GError) error = NULL;
    const gboolean sound = fv_descriptor_fits(plugin, plugin->kind, &error) && fv_descriptor_check(plugin, &error);
    g_assert_cmpstr(error ? error->message : NULL, ==, message);
    g_assert_true(sound == (message == NULL));
}

static void test_tables(void)
{
    static const char *const none[] = { NULL };
    const FvOption good = FV_OPT_INT(Small, n, 1, 1, 9, "number");
    const struct {
        FvOption option;
        const char *fault;
    } cases[] = {
        { good, NULL },
        { FV_OPT_INT(Small, n, 1.5, 1, 9, "number"), "n: its default is out of range" },
        { FV_OPT_INT(Small, n, 1, 9, 1, "number"), "n: its range is empty" },
        { FV_OPT_INT(Small, n, 1, 1, 9, NULL), "n: no help" },
        { FV_OPT_CHOICE(Small, n, 0, none, "choice"), "n: its choices or its default are wrong" },
        { { .name = "N", .help = "" }, "N: the name is not lower case with underscores" },
        { { .name = "name", .help = "" }, "name: this name is reserved" },
        { { .name = "n", .help = "", .type = 99 }, "n: of a type that there is not" },
        { { .name = "n", .help = "", .offset = sizeof(Small) }, "n: its field is not within the state" },
        { { .name = "n", .help = "", .offset = 2 }, "n: its field is not within the state" },
        { { .name = "n", .help = "", .offset = (size_t) -4 }, "n: its field is not within the state" },
        { { .name = "n", .help = "", .type = FV_TYPE_INIT, .def_text = "hee" }, "n: its default is no initialisation" },
        { { .name = "n", .help = "", .type = FV_TYPE_TARGET }, "n: of a type that this kind of plugin cannot have" },
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        const FvOption table[] = { cases[i].option, { 0 } };
        const FvLayer layer = { .base = { FV_HEAD(FvLayer, Small), .kind = FV_LAYER, .name = "x", .summary = "x",
                                          .options = table },
                                .forward_map = "y = x;",
                                .backward_map = "dx = dy;" };
        g_autofree char *message =
            cases[i].fault ? g_strconcat("option table malformed: ", cases[i].fault, NULL) : NULL;
        assert_fault(&layer.base, message);
    }
    const FvOption twice[] = { good, good, { 0 } };
    const FvOption after[] = { FV_OPT_VALUES("all", "values"), good, { 0 } };
    FvLayer layer = { .base = { FV_HEAD(FvLayer, Small), .kind = FV_LAYER, .name = "x", .summary = "x" },
                      .forward_map = "y = x;",
                      .backward_map = "dx = dy;" };
    layer.base.options = twice;
    assert_fault(&layer.base, "option table malformed: n: there are two of this name");
    layer.base.options = after;
    assert_fault(&layer.base, "option table malformed: n: nothing can stand after an option that takes all values");
}

static gboolean take_step(const void *self, FvOptimStep *step, GError **error)
{
    return TRUE;
}

static void test_hooks(void)
{
#define HEAD(T, K) .base = { FV_HEAD(T, Small), .kind = K, .name = "x", .summary = "x" }
    const FvSource source = { HEAD(FvSource, FV_SOURCE) };
    const FvAugment augment = { HEAD(FvAugment, FV_AUGMENT) };
    const FvLayer layer = { HEAD(FvLayer, FV_LAYER) };
    const FvLoss penalty = { HEAD(FvLoss, FV_LOSS) };
    const FvLoss loss = { HEAD(FvLoss, FV_LOSS), .target = FV_TARGET_CLASS };
    const FvLoss valueless = { HEAD(FvLoss, FV_LOSS), .target = FV_TARGET_VALUE, .forward_map = "",
                               .backward_map = "" };
    const FvOptim optim = { HEAD(FvOptim, FV_OPTIM) };
    const FvOptim both = { HEAD(FvOptim, FV_OPTIM), .update_map = "w -= g;", .step = take_step };
    const FvOptim stepless = { HEAD(FvOptim, FV_OPTIM), .step = take_step };
    const FvOptim rateless = { HEAD(FvOptim, FV_OPTIM), .update_map = "w -= g;" };
    const FvSchedule schedule = { HEAD(FvSchedule, FV_SCHEDULE) };
    const FvMetric metric = { HEAD(FvMetric, FV_METRIC) };
    FvLayer nameless = layer, large = layer;
    nameless.base.name = NULL;
    large.base.state_size = 1 << 30;
    assert_fault(&source.base, "without open");
    assert_fault(&augment.base, "without any of matrix, coord_map, pixel_map ...");
    assert_fault(&layer.base, "without forward_map or plan");
    assert_fault(&penalty.base, "without forward_map, which a penalty needs");
    assert_fault(&loss.base, "without forward_map or forward");
    assert_fault(&valueless.base, "without an option for the value");
    assert_fault(&optim.base, "without update_map or step");
    assert_fault(&both.base, "without a single way to step: it has update_map and step");
    assert_fault(&stepless.base, "without vectors");
    assert_fault(&rateless.base, "without the option rate");
    assert_fault(&schedule.base, "without factor");
    assert_fault(&metric.base, "without forward");
    assert_fault(&nameless.base, "its name is not lower case with underscores");
    assert_fault(&large.base, "a state of 1073741824 bytes, at most 1048576 are allowed");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
#define ADD(name, function) g_test_add("/registry/" name, Fixture, NULL, set_up, function, tear_down)
    ADD("found", test_found);
    ADD("found-beside", test_found_beside);
    ADD("unknown", test_unknown);
    ADD("wrong-files", test_wrong_files);
    ADD("wrong-place", test_wrong_place);
    ADD("no-library", test_no_library);
    ADD("writable", test_writable);
    ADD("link", test_link);
    ADD("added", test_added);
    g_test_add_func("/registry/kinds", test_kinds);
    g_test_add_func("/registry/tables", test_tables);
    g_test_add_func("/registry/hooks", test_hooks);
    return g_test_run();
}
