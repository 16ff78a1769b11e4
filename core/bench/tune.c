/* SPDX-License-Identifier: MIT
 * tune.c: tries the tiles of the kernels for GPUs with the products of a net. */
#include "core/bench/tune.h"

static void tuned_clear(gpointer data)
{
    FvTuned *tuned = data;
    g_free(tuned->layer);
    g_free(tuned->kernel);
    g_free(tuned->text);
}

static double seconds_of(const FvBenchRun *run, const FvPlanProduct *product)
{
    for (guint i = 0; i < run->kernels->len; i++) {
        const FvBenchKernel *kernel = &g_array_index(run->kernels, FvBenchKernel, i);
        if (g_str_equal(kernel->layer, product->layer) && g_str_equal(kernel->kernel, product->kernel))
            return kernel->seconds / MAX(1, kernel->launches);
    }
    return 0;
}

/* Products of several layers may be alike: one of them is enough. */
static FvTuned *find(GArray *all, const FvPlanProduct *product)
{
    for (guint i = 0; i < all->len; i++) {
        FvTuned *known = &g_array_index(all, FvTuned, i);
        if (g_str_equal(known->text, product->text))
            return known;
    }
    const FvTuned tuned = { .layer = g_strdup(product->layer),
                            .kernel = g_strdup(product->kernel),
                            .text = g_strdup(product->text),
                            .tile = product->usual,
                            .usual = product->usual };
    g_array_append_val(all, tuned);
    return &g_array_index(all, FvTuned, all->len - 1);
}

static void take(const FvPlan *plan, const FvBenchRun *run, int tile, GArray *all)
{
    const GArray *products = fv_plan_products(plan);
    for (guint i = 0; i < products->len; i++) {
        const FvPlanProduct *product = &g_array_index(products, FvPlanProduct, i);
        FvTuned *tuned = find(all, product);
        const double seconds = seconds_of(run, product);
        if (product->tile != tile || seconds <= 0) /* it does not fit this device */
            continue;
        if (tile == product->usual)
            tuned->usual_seconds = seconds;
        if (tuned->seconds <= 0 || seconds < tuned->seconds) {
            tuned->seconds = seconds;
            tuned->tile = tile;
        }
    }
}

/* A tile that a device refuses is none for it; any other failure ends the search. */
static gboolean try_tile(const FvBenchSettings *settings, int tile, GArray *all, GError **refused, GError **error)
{
    const gboolean trains = settings->graph->losses->len > 0 && settings->graph->optimizer.plugin;
    g_autoptr(FvPlan) plan = NULL;
    g_auto(FvBench) bench = { 0 };
    FvBenchSettings wanted = *settings;
    GError *failed = NULL;
    wanted.tile = tile;
    if (fv_bench_kernels(&wanted, trains, &bench.training, &plan, &failed)) {
        take(plan, &bench.training, tile, all);
        return TRUE;
    }
    g_clear_error(refused);
    if (g_error_matches(failed, FV_ERROR, FV_ERROR_OPENCL)) {
        *refused = failed;
        return fv_device_set_profiling(settings->device, FALSE, error);
    }
    g_propagate_error(error, failed);
    return FALSE;
}

GArray *fv_tune(const FvBenchSettings *settings, GError **error)
{
    g_autoptr(GArray) all = g_array_new(FALSE, TRUE, sizeof(FvTuned));
    g_autoptr(GError) refused = NULL;
    g_autofree char *text = NULL;
    g_array_set_clear_func(all, tuned_clear);
    if (fv_device_family(settings->device) == FV_FAMILY_CPU)
        return g_steal_pointer(&all);
    for (int tile = 1; (text = fv_plan_tile_text(tile)); tile++) {
        g_clear_pointer(&text, g_free);
        if (!try_tile(settings, tile, all, &refused, error))
            return NULL;
    }
    if (all->len == 0 && refused) {
        g_propagate_error(error, g_steal_pointer(&refused));
        return NULL;
    }
    return g_steal_pointer(&all);
}
