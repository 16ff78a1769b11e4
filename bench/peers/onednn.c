/* SPDX-License-Identifier: MIT
 * onednn: milliseconds of a convolution's forward pass by oneDNN, the median of many; "-" where it has none of the
 * kind. usage: onednn direct|winograd BATCH INPUTS HEIGHT WIDTH OUTPUTS KERNEL PAD GROUPS Memory formats are those that
 * it likes best, and reordering into them is not counted. Compiled by ../compare-layers. */
#include <dnnl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double) t.tv_sec + 1e-9 * (double) t.tv_nsec;
}

static void must(dnnl_status_t status, const char *what)
{
    if (status == dnnl_success)
        return;
    fprintf(stderr, "onednn: %s: status %d\n", what, (int) status);
    exit(1);
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *) a, y = *(const double *) b;
    return (x > y) - (x < y);
}

static dnnl_memory_desc_t any(int dimensions, const dnnl_dim_t *sizes)
{
    dnnl_memory_desc_t description;
    must(dnnl_memory_desc_init_by_tag(&description, dimensions, sizes, dnnl_f32, dnnl_format_tag_any), "format");
    return description;
}

/* Memory in the format that was chosen, filled with small numbers: what is denormal would slow the arithmetic down. */
static dnnl_memory_t memory(const_dnnl_primitive_desc_t chosen, dnnl_query_t which, dnnl_engine_t engine)
{
    const dnnl_memory_desc_t *description = dnnl_primitive_desc_query_md(chosen, which, 0);
    size_t bytes = dnnl_memory_desc_get_size(description);
    float *values = aligned_alloc(64, (bytes + 63) / 64 * 64);
    if (!values)
        exit(1);
    for (size_t i = 0; i < bytes / sizeof *values; i++)
        values[i] = (float) (i % 13) / 13.0F - 0.5F;
    dnnl_memory_t result;
    must(dnnl_memory_create(&result, description, engine, values), "memory");
    return result;
}

int main(int count, char **arguments)
{
    if (count != 10)
        return 2;
    dnnl_dim_t v[8];
    for (int i = 0; i < 8; i++)
        v[i] = atoi(arguments[i + 2]);
    dnnl_dim_t batch = v[0], inputs = v[1], outputs = v[4], kernel = v[5], pad = v[6], groups = v[7];
    dnnl_dim_t height = v[2] + 2 * pad - kernel + 1, width = v[3] + 2 * pad - kernel + 1;
    dnnl_alg_kind_t kind = strcmp(arguments[1], "winograd") ? dnnl_convolution_direct : dnnl_convolution_winograd;
    dnnl_dims_t strides = { 1, 1 }, pads = { pad, pad };
    dnnl_memory_desc_t source = any(4, (dnnl_dim_t[]){ batch, inputs, v[2], v[3] });
    dnnl_memory_desc_t result = any(4, (dnnl_dim_t[]){ batch, outputs, height, width });
    dnnl_memory_desc_t weights =
        groups == 1 ? any(4, (dnnl_dim_t[]){ outputs, inputs, kernel, kernel })
                    : any(5, (dnnl_dim_t[]){ groups, outputs / groups, inputs / groups, kernel, kernel });

    dnnl_engine_t engine;
    dnnl_stream_t stream;
    must(dnnl_engine_create(&engine, dnnl_cpu, 0), "engine");
    must(dnnl_stream_create(&stream, engine, dnnl_stream_default_flags), "stream");
    dnnl_convolution_desc_t description;
    must(dnnl_convolution_forward_desc_init(&description, dnnl_forward_inference, kind, &source, &weights, NULL,
                                            &result, strides, pads, pads),
         "convolution");
    dnnl_primitive_desc_t chosen;
    dnnl_status_t status = dnnl_primitive_desc_create(&chosen, &description, NULL, engine, NULL);
    if (status == dnnl_unimplemented) {
        puts("- none");
        return 0;
    }
    must(status, "primitive");
    dnnl_primitive_t primitive;
    must(dnnl_primitive_create(&primitive, chosen), "code");
    dnnl_exec_arg_t with[] = { { DNNL_ARG_SRC, memory(chosen, dnnl_query_src_md, engine) },
                               { DNNL_ARG_WEIGHTS, memory(chosen, dnnl_query_weights_md, engine) },
                               { DNNL_ARG_DST, memory(chosen, dnnl_query_dst_md, engine) } };
    const char *name = "";
    must(dnnl_primitive_desc_query(chosen, dnnl_query_impl_info_str, 0, &name), "name");

    enum { MOST = 2000 };
    static double times[MOST];
    int n = 0;
    for (double end = now() + 1.5; n < MOST && (n < 13 || now() < end); n++) {
        double start = now();
        must(dnnl_primitive_execute(primitive, stream, 3, with), "execution");
        must(dnnl_stream_wait(stream), "wait");
        times[n] = now() - start;
    }
    qsort(times + 3, (size_t) n - 3, sizeof *times, ascending); /* the first three do not count */
    printf("%.4f %s\n", 1e3 * times[3 + (n - 3) / 2], name);
    return 0;
}
