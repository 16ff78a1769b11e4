/* SPDX-License-Identifier: MIT
 * sgemm: GFLOP/s of OpenBLAS's cblas_sgemm for square matrices, the best of many. usage: sgemm N...
 * Compiled by ../compare-layers, without the headers of libopenblas-dev, which Debian may not have installed. */
#define _GNU_SOURCE
#include <dirent.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

void cblas_sgemm(int order, int ta, int tb, int m, int n, int k, float alpha, const float *a, int lda, const float *b,
                 int ldb, float beta, float *c, int ldc);

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double) t.tv_sec + 1e-9 * (double) t.tv_nsec;
}

/* A core for each thread, once OpenBLAS has made them: a virtual machine's scheduler often leaves two on one. */
static void pin(void)
{
    cpu_set_t all;
    DIR *folder = opendir("/proc/self/task");
    if (!folder || sched_getaffinity(0, sizeof all, &all) != 0)
        return;
    int core = -1;
    for (const struct dirent *entry; (entry = readdir(folder));) {
        int thread = atoi(entry->d_name);
        if (thread <= 0)
            continue;
        do
            core = (core + 1) % CPU_SETSIZE;
        while (!CPU_ISSET(core, &all));
        cpu_set_t one;
        CPU_ZERO(&one);
        CPU_SET(core, &one);
        sched_setaffinity(thread, sizeof one, &one);
    }
    closedir(folder);
}

int main(int count, char **arguments)
{
    for (int i = 1; i < count; i++) {
        int n = atoi(arguments[i]);
        size_t bytes = sizeof(float) * (size_t) n * (size_t) n;
        float *a = aligned_alloc(64, bytes), *b = aligned_alloc(64, bytes), *c = aligned_alloc(64, bytes);
        if (n < 16 || n % 16 || !a || !b || !c)
            return 1;
        for (size_t k = 0; k < bytes / sizeof(float); k++)
            a[k] = b[k] = (float) (k % 7) - 3.0F;
        cblas_sgemm(101, 111, 112, n, n, n, 1, a, n, b, n, 0, c, n);
        if (i == 1)
            pin();
        double best = 1e9, end = now() + 2;
        for (int tries = 0; tries < 20 || now() < end; tries++) {
            double start = now();
            cblas_sgemm(101, 111, 112, n, n, n, 1, a, n, b, n, 0, c, n); /* row-major, b transposed: as a dense layer */
            double took = now() - start;
            best = took < best ? took : best;
        }
        printf("%d %.1f\n", n, 2.0 * n * n * n / best / 1e9);
        free(a);
        free(b);
        free(c);
    }
    return 0;
}
