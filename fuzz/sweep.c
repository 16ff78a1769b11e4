/* SPDX-License-Identifier: MIT
 * sweep.c: any bytes as sweep.db: opened or refused with one line; trials are then found or refused. */
#include "core/sweep/store.h"

#include <glib/gstdio.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* As a search would ask for them, had it drawn 1, 2 ... for one let. */
static GPtrArray *make_trials(void)
{
    GPtrArray *trials = g_ptr_array_new_with_free_func((GDestroyNotify) fv_trial_free);
    for (int i = 1; i <= 3; i++) {
        const double drawn = i;
        g_ptr_array_add(trials, fv_trial_new(i, 1, 4, &drawn, 1));
    }
    return trials;
}

static void restore(FvStore *store)
{
    FvSweepParameter parameter = { .name = (char *) "rate", .lo = 1, .hi = 3 };
    g_autoptr(GPtrArray) parameters = g_ptr_array_new();
    g_autoptr(GPtrArray) trials = make_trials();
    g_autoptr(GError) error = NULL;
    g_ptr_array_add(parameters, &parameter);
    const FvSweep sweep = { .parameters = parameters };
    if (!fv_store_restore(store, trials, &sweep, &error) != !!error || (error && strchr(error->message, '\n')))
        g_abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    /* SQLite wants a name, and puts its journal beside it. */
    g_autofree char *folder = g_dir_make_tmp("fovea-fuzz-XXXXXX", NULL);
    g_autofree char *file = g_build_filename(folder, "sweep.db", NULL);
    g_autoptr(GError) error = NULL;
    g_auto(FvStoreHead) head = { 0 };
    if (!g_file_set_contents_full(file, (const char *) data, (gssize) size, G_FILE_SET_CONTENTS_NONE, 0600, NULL))
        g_abort();
    FvStore *store = fv_store_open(file, TRUE, &head, &error);
    if (!store != !!error || (error && strchr(error->message, '\n')))
        g_abort();
    if (store)
        restore(store);
    fv_store_free(store);
    if (g_unlink(file) != 0 || g_rmdir(folder) != 0)
        g_abort();
    return 0;
}
