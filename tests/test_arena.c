/* SPDX-License-Identifier: MIT
 * test_arena.c: pieces of memory that live at the same time never share it, whatever their sizes and lives. */
#include "core/plan/arena.h"

enum { MOST_PIECES = 60, ROUNDS = 300 };

typedef struct {
    FvPiece pieces[MOST_PIECES];
    FvPiece *list[MOST_PIECES];
    guint count;
} Set;

static void set_add(Set *set, guint64 bytes, int first, int last)
{
    FvPiece *piece = &set->pieces[set->count];
    *piece = (FvPiece){ .bytes = bytes, .first = first, .last = last, .offset = G_MAXUINT64 };
    set->list[set->count++] = piece;
}

/* Sizes of both kinds: a few that many pieces share, and any; lives from a moment to all of the time. */
static void set_random(Set *set, guint64 largest)
{
    set->count = 0;
    const int count = g_test_rand_int_range(1, MOST_PIECES + 1), moments = g_test_rand_int_range(1, 40);
    for (int i = 0; i < count; i++) {
        const int first = g_test_rand_int_range(0, moments);
        const int last = g_test_rand_bit() ? g_test_rand_int_range(first, moments) : first;
        const guint64 bytes = g_test_rand_bit() ? 1 + (guint64) g_test_rand_int_range(0, 4) * (largest / 4)
                                                : (guint64) g_test_rand_int_range(1, (gint32) largest + 1);
        set_add(set, MIN(bytes, largest), first, g_test_rand_int_range(0, 10) ? last : G_MAXINT);
    }
}

/* ------------------------------------------------------------- what must hold */

static gboolean alive_together(const FvPiece *a, const FvPiece *b)
{
    return a->first <= b->last && b->first <= a->last;
}

static gboolean share_memory(const FvPiece *a, const FvPiece *b)
{
    return a->bytes > 0 && b->bytes > 0 && a->offset < b->offset + b->bytes && b->offset < a->offset + a->bytes;
}

static void check_piece(const FvPiece *piece, guint64 align, guint64 chunk, guint64 total)
{
    g_assert_cmpuint(piece->offset % align, ==, 0);
    g_assert_cmpuint(piece->offset, <=, total);
    g_assert_cmpuint(piece->bytes, <=, total - piece->offset);
    if (chunk > 0 && piece->bytes > 0)
        g_assert_cmpuint(piece->offset / chunk, ==, (piece->offset + piece->bytes - 1) / chunk);
}

static void check_set(const Set *set, guint64 align, guint64 chunk, guint64 total)
{
    for (guint i = 0; i < set->count; i++) {
        check_piece(&set->pieces[i], align, chunk, total);
        for (guint j = i + 1; j < set->count; j++)
            g_assert_false(alive_together(&set->pieces[i], &set->pieces[j]) &&
                           share_memory(&set->pieces[i], &set->pieces[j]));
    }
}

/* Less than this no packing can take: what lives at one moment. */
static guint64 most_alive(const Set *set)
{
    guint64 most = 0;
    for (guint i = 0; i < set->count; i++) {
        guint64 sum = 0;
        for (guint j = 0; j < set->count; j++) /* the most is reached where some piece begins */
            if (set->pieces[j].first <= set->pieces[i].first && set->pieces[i].first <= set->pieces[j].last)
                sum += set->pieces[j].bytes;
        most = MAX(most, sum);
    }
    return most;
}

static guint64 all_bytes(const Set *set, guint64 align)
{
    guint64 sum = 0;
    for (guint i = 0; i < set->count; i++)
        sum += (set->pieces[i].bytes + align - 1) / align * align;
    return sum;
}

/* ----------------------------------------------------------------------- cases */

static void test_overlap(void)
{
    static const guint64 aligns[] = { 1, 4, 128, 512, 4096 };
    Set set;
    for (int round = 0; round < ROUNDS; round++) {
        const guint64 align = aligns[round % (int) G_N_ELEMENTS(aligns)];
        set_random(&set, 20000);
        const guint64 total = fv_arena_pack(set.list, set.count, align, 0);
        check_set(&set, align, 0, total);
        g_assert_cmpuint(total, >=, most_alive(&set));
        g_assert_cmpuint(total, <=, all_bytes(&set, align));
    }
}

static void test_chunks(void)
{
    Set set;
    for (int round = 0; round < ROUNDS; round++) {
        const guint64 align = round % 2 ? 512 : 64, chunk = align * (guint64) g_test_rand_int_range(1, 50);
        set_random(&set, chunk);
        const guint64 total = fv_arena_pack(set.list, set.count, align, chunk);
        g_assert_cmpuint(total, >, 0);
        check_set(&set, align, chunk, total);
    }
}

/* The device's largest buffer need not be a multiple of what it aligns to. */
static void test_odd_chunk(void)
{
    Set set = { .count = 0 };
    for (int i = 0; i < 5; i++)
        set_add(&set, 500, 0, 0);
    const guint64 total = fv_arena_pack(set.list, set.count, 512, 1500);
    check_set(&set, 512, 1024, total);
}

static void test_oversized(void)
{
    Set set = { .count = 0 };
    set_add(&set, 4096, 0, 1);
    set_add(&set, 100, 0, 1);
    g_assert_cmpuint(fv_arena_pack(set.list, set.count, 512, 4096), ==, 4196);
    set_add(&set, 4097, 5, 5);
    g_assert_cmpuint(fv_arena_pack(set.list, set.count, 512, 4096), ==, 0);
    g_assert_cmpuint(fv_arena_pack(set.list, set.count, 512, 0), >=, 4196); /* no limit */
}

static void test_empty(void)
{
    Set set = { .count = 0 };
    g_assert_cmpuint(fv_arena_pack(set.list, 0, 512, 0), ==, 0);
    g_assert_cmpuint(fv_arena_pack(NULL, 0, 512, 4096), ==, 0);
}

typedef struct {
    const char *what;
    struct {
        guint64 bytes;
        int first, last;
        guint64 offset;
    } pieces[5];
    guint64 total;
} Example;

static const Example examples[] = {
    { "one", { { 100, 0, 3, 0 } }, 100 },
    { "one after the other", { { 100, 0, 0, 0 }, { 100, 1, 1, 0 }, { 60, 2, 2, 0 } }, 100 },
    { "lives are inclusive", { { 100, 0, 1, 0 }, { 100, 1, 2, 128 } }, 228 },
    { "the greatest first", { { 64, 0, 9, 256 }, { 256, 0, 9, 0 } }, 320 },
    { "into the hole", { { 300, 0, 9, 0 }, { 200, 0, 2, 320 }, { 200, 2, 9, 576 }, { 150, 4, 5, 320 } }, 776 },
    { "nothing between two", { { 256, 0, 9, 0 }, { 128, 0, 9, 256 }, { 0, 0, 9, 0 } }, 384 },
};

static void test_examples(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(examples); i++) {
        const Example *example = &examples[i];
        Set set = { .count = 0 };
        for (guint k = 0; k < G_N_ELEMENTS(example->pieces) && example->pieces[k].bytes; k++)
            set_add(&set, example->pieces[k].bytes, example->pieces[k].first, example->pieces[k].last);
        g_test_message("%s", example->what);
        g_assert_cmpuint(fv_arena_pack(set.list, set.count, 64, 0), ==, example->total);
        for (guint k = 0; k < set.count; k++)
            g_assert_cmpuint(set.pieces[k].offset, ==, example->pieces[k].offset);
    }
}

static void test_again(void)
{
    Set set;
    guint64 offsets[MOST_PIECES];
    for (int round = 0; round < ROUNDS; round++) {
        set_random(&set, 8192);
        const guint64 total = fv_arena_pack(set.list, set.count, 64, 16384);
        for (guint i = 0; i < set.count; i++)
            offsets[i] = set.pieces[i].offset;
        g_assert_cmpuint(fv_arena_pack(set.list, set.count, 64, 16384), ==, total);
        for (guint i = 0; i < set.count; i++)
            g_assert_cmpuint(set.pieces[i].offset, ==, offsets[i]);
    }
}

/* Where pieces lie in the host's memory differs from run to run: it must not tell where they lie in the arena. */
static void test_addresses(void)
{
    Set set, mirrored;
    for (int round = 0; round < ROUNDS && !g_test_failed(); round++) {
        set_random(&set, 8192);
        mirrored.count = set.count;
        for (guint i = 0; i < set.count; i++) {
            mirrored.list[i] = &mirrored.pieces[set.count - 1 - i];
            *mirrored.list[i] = set.pieces[i];
        }
        const guint64 total = fv_arena_pack(set.list, set.count, 64, 16384);
        g_assert_cmpuint(fv_arena_pack(mirrored.list, set.count, 64, 16384), ==, total);
        for (guint i = 0; i < set.count && !g_test_failed(); i++)
            g_assert_cmpuint(mirrored.list[i]->offset, ==, set.list[i]->offset);
    }
}

/* Sizes above 4 GiB are no smaller below. */
static void test_large(void)
{
    const guint64 gib = (guint64) 1 << 30;
    Set set = { .count = 0 };
    set_add(&set, 5 * gib, 0, 1);
    set_add(&set, 5 * gib + 1, 1, 2);
    set_add(&set, 3 * gib, 0, 2);
    const guint64 total = fv_arena_pack(set.list, set.count, 512, 0);
    g_assert_cmpuint(total, ==, 13 * gib + 512);
    check_set(&set, 512, 0, total);
    g_assert_cmpuint(fv_arena_pack(set.list, set.count, 512, 5 * gib), ==, 0);
    check_set(&set, 512, 6 * gib, fv_arena_pack(set.list, set.count, 512, 6 * gib));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_set_nonfatal_assertions(); /* every case is run, whatever came before it */
    g_test_add_func("/arena/overlap", test_overlap);
    g_test_add_func("/arena/chunks", test_chunks);
    g_test_add_func("/arena/odd-chunk", test_odd_chunk);
    g_test_add_func("/arena/oversized", test_oversized);
    g_test_add_func("/arena/empty", test_empty);
    g_test_add_func("/arena/examples", test_examples);
    g_test_add_func("/arena/again", test_again);
    g_test_add_func("/arena/addresses", test_addresses);
    g_test_add_func("/arena/large", test_large);
    return g_test_run();
}
