/* SPDX-License-Identifier: MIT
 * test_budget.c: how much of a device's memory images may stay in. */
#include "core/train/budget.h"

static const guint64 gib = G_GUINT64_CONSTANT(1) << 30;

static guint64 budget(guint64 memory, guint64 max_alloc, guint64 taken, gboolean host)
{
    FvDeviceInfo info = { .memory = memory, .max_alloc = max_alloc };
    const FvDevice device = { .info = &info, .host_memory = host };
    return fv_data_budget(&device, taken);
}

static void test_share(void)
{
    g_assert_cmpuint(budget(8 * gib, 8 * gib, 0, FALSE), ==, 2 * gib);
    g_assert_cmpuint(budget(8 * gib, 8 * gib, 4 * gib, FALSE), ==, gib);
    g_assert_cmpuint(budget(8 * gib, 8 * gib, 8 * gib, FALSE), ==, 0);
    g_assert_cmpuint(budget(8 * gib, 8 * gib, 9 * gib, FALSE), ==, 0);
}

static void test_most(void)
{
    g_assert_cmpuint(budget(80 * gib, 80 * gib, gib, FALSE), ==, 4 * gib);
    g_assert_cmpuint(budget(80 * gib, gib / 2, gib, FALSE), ==, gib / 2); /* of one buffer */
}

/* What the device says it has, its host may have given to others. */
static void test_host(void)
{
    g_assert_cmpuint(budget(4 * gib, 4 * gib, 4 * gib - 4096, TRUE), <=, 1024);
    g_assert_cmpuint(budget(G_MAXUINT64, G_MAXUINT64, 0, TRUE), <=, 4 * gib);
}

static void test_forced(void)
{
    g_setenv("FOVEA_RESIDENT", "off", TRUE);
    g_assert_cmpuint(budget(8 * gib, 8 * gib, 0, FALSE), ==, 0);
    g_setenv("FOVEA_RESIDENT", "on", TRUE);
    g_assert_cmpuint(budget(80 * gib, 20 * gib, gib, FALSE), ==, 20 * gib);
    g_assert_cmpuint(budget(8 * gib, 8 * gib, gib, TRUE), ==, 7 * gib);
    g_unsetenv("FOVEA_RESIDENT");
}

int main(int argc, char **argv)
{
    g_unsetenv("FOVEA_RESIDENT");
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/budget/share", test_share);
    g_test_add_func("/budget/most", test_most);
    g_test_add_func("/budget/host", test_host);
    g_test_add_func("/budget/forced", test_forced);
    return g_test_run();
}
