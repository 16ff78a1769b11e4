/* SPDX-License-Identifier: MIT
 * jpeg_floor.c: how many JPEGs a second libjpeg-turbo decodes in full, on one core: what no tool that looks at every
 * pixel can pass. usage: jpeg_floor FILE... */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <turbojpeg.h>

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double) t.tv_sec + 1e-9 * (double) t.tv_nsec;
}

static unsigned char *read_file(const char *name, unsigned long *size)
{
    FILE *file = fopen(name, "rb");
    if (!file || fseek(file, 0, SEEK_END) != 0)
        return NULL;
    *size = (unsigned long) ftell(file);
    rewind(file);
    unsigned char *data = malloc(*size);
    if (!data || fread(data, 1, *size, file) != *size)
        return NULL;
    fclose(file);
    return data;
}

int main(int argc, char **argv)
{
    enum { ROUNDS = 3 };
    const int count = argc - 1;
    unsigned char **files = calloc((size_t) argc, sizeof *files), *pixels = malloc(1u << 28);
    unsigned long *sizes = calloc((size_t) argc, sizeof *sizes);
    tjhandle decoder = tjInitDecompress();
    double best = 1e9;
    for (int i = 0; i < count; i++) {
        files[i] = read_file(argv[i + 1], &sizes[i]);
        if (!files[i]) {
            fprintf(stderr, "%s: cannot be read\n", argv[i + 1]);
            return 1;
        }
    }
    for (int round = 0; round < ROUNDS; round++) {
        const double start = now();
        for (int i = 0; i < count; i++)
            if (tjDecompress2(decoder, files[i], sizes[i], pixels, 0, 0, 0, TJPF_RGB, 0) != 0)
                fprintf(stderr, "%s: %s\n", argv[i + 1], tjGetErrorStr2(decoder));
        const double seconds = now() - start;
        best = seconds < best ? seconds : best;
    }
    printf("%.1f\n", count / best);
    return 0;
}
