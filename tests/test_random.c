/* SPDX-License-Identifier: MIT
 * test_random.c: Philox4x32-10 against the published answers, and what is made of its bits. */
#include <fovea/plugin.h>

#include <math.h>

/* From kat_vectors of the Random123 distribution. */
static const struct {
    uint32_t counter[4], key[2], answer[4];
} answers[] = {
    { { 0, 0, 0, 0 }, { 0, 0 }, { 0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8 } },
    { { 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff },
      { 0xffffffff, 0xffffffff },
      { 0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd } },
    { { 0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344 },
      { 0xa4093822, 0x299f31d0 },
      { 0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1 } },
};

static void test_known_answers(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(answers); i++) {
        FvRandom random = { .key = { answers[i].key[0], answers[i].key[1] } };
        for (int j = 0; j < 4; j++)
            random.counter[j] = answers[i].counter[j];
        for (int j = 0; j < 4; j++)
            g_assert_cmphex(fv_random_bits(&random), ==, answers[i].answer[j]);
    }
}

/* The stream is seed in the key, (block, operation, sample, epoch) in the counter. */
static void test_stream(void)
{
    FvRandom random = fv_random(0x0123456789abcdefu, 7, 5, 3);
    FvRandom by_hand = { .key = { 0x89abcdef, 0x01234567 }, .counter = { 0, 3, 5, 7 } };
    for (int i = 0; i < 4; i++)
        g_assert_cmphex(fv_random_bits(&random), ==, fv_random_bits(&by_hand));
    FvRandom second = { .key = { 0x89abcdef, 0x01234567 }, .counter = { 1, 3, 5, 7 } };
    for (int i = 0; i < 4; i++)
        g_assert_cmphex(fv_random_bits(&random), ==, fv_random_bits(&second));
}

static void test_streams_differ(void)
{
    FvRandom streams[] = { fv_random(1, 0, 0, 0), fv_random(2, 0, 0, 0), fv_random(1, 1, 0, 0),
                           fv_random(1, 0, 1, 0), fv_random(1, 0, 0, 1), fv_random((uint64_t) 1 << 32 | 1, 0, 0, 0) };
    uint32_t first[G_N_ELEMENTS(streams)];
    for (guint i = 0; i < G_N_ELEMENTS(streams); i++) {
        first[i] = fv_random_bits(&streams[i]);
        for (guint j = 0; j < i; j++)
            g_assert_cmphex(first[i], !=, first[j]);
    }
}

static void test_uniform(void)
{
    FvRandom random = fv_random(42, 0, 0, 0);
    double sum = 0, squares = 0, lowest = 1, highest = 0;
    enum { N = 100000 };
    for (int i = 0; i < N; i++) {
        double x = fv_random_uniform(&random);
        g_assert_true(x >= 0 && x < 1);
        sum += x;
        squares += x * x;
        lowest = MIN(lowest, x);
        highest = MAX(highest, x);
    }
    /* Five standard deviations of the mean of N numbers, 1 / sqrt(12 N), are 0.0046. */
    g_assert_cmpfloat(fabs(sum / N - 0.5), <, 0.005);
    g_assert_cmpfloat(fabs(squares / N - 1.0 / 3), <, 0.005);
    g_assert_cmpfloat(lowest, <, 0.001);
    g_assert_cmpfloat(highest, >, 0.999);
}

static void test_range(void)
{
    FvRandom random = fv_random(3, 1, 4, 1);
    for (int i = 0; i < 1000; i++) {
        double x = fv_random_range(&random, -15, 15);
        g_assert_true(x >= -15 && x < 15);
        g_assert_cmpfloat(fv_random_range(&random, 2, 2), ==, 2);
    }
}

static void test_below(void)
{
    FvRandom random = fv_random(9, 2, 6, 5);
    enum { N = 70000, SIDES = 7 };
    int seen[SIDES] = { 0 };
    for (int i = 0; i < N; i++) {
        uint32_t side = fv_random_below(&random, SIDES);
        g_assert_cmpuint(side, <, SIDES);
        seen[side]++;
    }
    for (int i = 0; i < SIDES; i++)
        g_assert_cmpint(ABS(seen[i] - N / SIDES), <, 500);
    g_assert_cmpuint(fv_random_below(&random, 0), ==, 0);
    g_assert_cmpuint(fv_random_below(&random, 1), ==, 0);
    /* With 3 * 2^30 a quarter of all words must be drawn again; without, the first third would come up too often. */
    int low = 0;
    for (int i = 0; i < N; i++)
        low += fv_random_below(&random, 3u << 30) < 1u << 30;
    g_assert_cmpint(ABS(low - N / 3), <, 700);
}

static void test_gaussian(void)
{
    FvRandom random = fv_random(11, 0, 0, 0);
    double sum = 0, squares = 0, fourth = 0;
    enum { N = 100000 };
    for (int i = 0; i < N; i++) {
        double x = fv_random_gaussian(&random);
        g_assert_true(isfinite(x));
        sum += x;
        squares += x * x;
        fourth += x * x * x * x;
    }
    g_assert_cmpfloat(fabs(sum / N), <, 0.016);
    g_assert_cmpfloat(fabs(squares / N - 1), <, 0.023);
    g_assert_cmpfloat(fabs(fourth / N - 3), <, 0.16);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/random/known-answers", test_known_answers);
    g_test_add_func("/random/stream", test_stream);
    g_test_add_func("/random/streams-differ", test_streams_differ);
    g_test_add_func("/random/uniform", test_uniform);
    g_test_add_func("/random/range", test_range);
    g_test_add_func("/random/below", test_below);
    g_test_add_func("/random/gaussian", test_gaussian);
    return g_test_run();
}
