/* SPDX-License-Identifier: MIT
 * driver.c: runs a fuzz target without a fuzzer: on every seed of a folder, and on mutations of them, the same ones
 * each time. Prints TAP. usage: TARGET FOLDER [ROUNDS] (mutations of each seed). */
#include <fovea/plugin.h>

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MOST_BYTES = 1 << 20, MOST_CHANGES = 8 };

/* A number that readers stumble over more often than over others. */
static guint8 odd_byte(FvRandom *random)
{
    static const guint8 odd[] = { 0, 1, 0x7f, 0x80, 0xff, '"', '{', '-' };
    return fv_random_below(random, 2) ? odd[fv_random_below(random, sizeof odd)] : (guint8) fv_random_bits(random);
}

static void change(GByteArray *bytes, FvRandom *random)
{
    const guint at = bytes->len ? fv_random_below(random, bytes->len) : 0;
    const guint length = bytes->len ? 1 + fv_random_below(random, MIN(bytes->len - at, 64)) : 0;
    const guint8 byte = odd_byte(random);
    switch (fv_random_below(random, 5)) {
    case 0:
        if (bytes->len)
            bytes->data[at] = byte;
        break;
    case 1:
        if (bytes->len)
            bytes->data[at] ^= (guint8) (1u << fv_random_below(random, 8));
        break;
    case 2:
        g_byte_array_set_size(bytes, at);
        break;
    case 3:
        if (length)
            g_byte_array_remove_range(bytes, at, length);
        break;
    default:
        if (length && bytes->len + length < MOST_BYTES) {
            g_autofree guint8 *copy = g_memdup2(bytes->data + at, length);
            g_byte_array_append(bytes, copy, length);
        }
    }
}

static void run(const char *data, gsize size, int rounds, guint32 number)
{
    LLVMFuzzerTestOneInput((const guint8 *) data, size);
    for (int round = 0; round < rounds; round++) {
        FvRandom random = fv_random(1, number, (guint32) round, 0);
        g_autoptr(GByteArray) bytes = g_byte_array_new();
        g_byte_array_append(bytes, (const guint8 *) data, (guint) size);
        for (guint i = 0, changes = 1 + fv_random_below(&random, MOST_CHANGES); i < changes; i++)
            change(bytes, &random);
        LLVMFuzzerTestOneInput(bytes->data ? bytes->data : (const guint8 *) "", bytes->len);
    }
}

static int by_name(gconstpointer a, gconstpointer b)
{
    return strcmp(*(char *const *) a, *(char *const *) b);
}

int main(int argc, char **argv)
{
    g_autoptr(GDir) dir = argc > 1 ? g_dir_open(argv[1], 0, NULL) : NULL;
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    const int rounds = argc > 2 ? atoi(argv[2]) : 1000;
    if (!dir) {
        g_printerr("usage: %s FOLDER [ROUNDS]\n", argv[0]);
        return 2;
    }
    for (const char *name; (name = g_dir_read_name(dir));)
        g_ptr_array_add(names, g_build_filename(argv[1], name, NULL));
    g_ptr_array_sort(names, by_name);
    g_print("1..%u\n", names->len);
    for (guint i = 0; i < names->len; i++) {
        g_autofree char *data = NULL;
        gsize size = 0;
        const char *name = names->pdata[i];
        gboolean read = g_file_get_contents(name, &data, &size, NULL);
        if (read)
            run(data, size, rounds, i);
        g_print("%sok %u %s\n", read ? "" : "not ", i + 1, name);
    }
    return 0;
}
