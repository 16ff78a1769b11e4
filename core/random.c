/* SPDX-License-Identifier: MIT
 * random.c: Philox4x32-10 (Salmon et al., 2011), the same numbers as prelude.cl gives kernels. */
#include <fovea/plugin.h>

#include <math.h>

static void philox(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4])
{
    uint32_t c0 = counter[0], c1 = counter[1], c2 = counter[2], c3 = counter[3], k0 = key[0], k1 = key[1];
    for (int round = 0; round < 10; round++) {
        uint64_t a = (uint64_t) 0xD2511F53u * c0, b = (uint64_t) 0xCD9E8D57u * c2;
        c0 = (uint32_t) (b >> 32) ^ c1 ^ k0;
        c1 = (uint32_t) b;
        c2 = (uint32_t) (a >> 32) ^ c3 ^ k1;
        c3 = (uint32_t) a;
        k0 += 0x9E3779B9u;
        k1 += 0xBB67AE85u;
    }
    out[0] = c0;
    out[1] = c1;
    out[2] = c2;
    out[3] = c3;
}

FvRandom fv_random(uint64_t seed, uint32_t epoch, uint32_t sample, uint32_t operation)
{
    return (FvRandom){ .key = { (uint32_t) seed, (uint32_t) (seed >> 32) },
                       .counter = { 0, operation, sample, epoch } };
}

uint32_t fv_random_bits(FvRandom *random)
{
    if (random->left == 0) {
        philox(random->counter, random->key, random->buffer);
        random->counter[0]++;
        random->left = 4;
    }
    return random->buffer[4 - random->left--];
}

/* 24 bits, as fv_uniform() of the prelude has them. */
double fv_random_uniform(FvRandom *random)
{
    return (fv_random_bits(random) >> 8) * 0x1p-24;
}

double fv_random_range(FvRandom *random, double lo, double hi)
{
    return lo + (hi - lo) * fv_random_uniform(random);
}

/* Multiplication instead of division, with the few values that would be favoured drawn again (Lemire, 2019). */
uint32_t fv_random_below(FvRandom *random, uint32_t n)
{
    if (n == 0)
        return 0;
    uint64_t product = (uint64_t) fv_random_bits(random) * n;
    uint32_t favoured = -n % n;
    while ((uint32_t) product < favoured)
        product = (uint64_t) fv_random_bits(random) * n;
    return product >> 32;
}

double fv_random_gaussian(FvRandom *random)
{
    double a = ((fv_random_bits(random) >> 8) + 1.0) * 0x1p-24;
    double b = fv_random_uniform(random);
    return sqrt(-2 * log(a)) * cos(2 * G_PI * b);
}
