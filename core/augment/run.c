/* SPDX-License-Identifier: MIT
 * run.c: outputs of draws on a device: images there, passes, outputs back. */
#include "core/augment/chain_private.h"
#include "core/augment/passes.h"

#include <string.h>

enum { MOST_BYTES = 512 << 20 /* of planes and images at once, where more than one job is there */ };

enum { KERNEL_MASK = FV_PASS_KINDS, KERNELS };

enum {
    MEMORY_PIXELS,
    MEMORY_MASKS,
    MEMORY_PROGRAMS,
    MEMORY_MASK_PROGRAMS,
    MEMORY_PLANES,
    MEMORY_TABLES,
    MEMORY_OUT,
    MEMORY_MASKS_OUT,
    MEMORIES
};

struct FvAugmenter {
    FvDevice *device;
    const FvAugmentChain *chain;
    gboolean rows, cubic;
    cl_program program;
    cl_kernel kernels[KERNELS]; /* NULL where the chain needs none such */
    cl_mem memories[MEMORIES];
    gsize bytes[MEMORIES];
};

/* ------------------------------------------------------------------- opening */

static gboolean build(FvAugmenter *augmenter, GError **error)
{
    const FvAugmentKernels kernels = { .rows = augmenter->rows, .cubic = augmenter->cubic, .masks = TRUE };
    const gboolean wanted[KERNELS] = { TRUE, fv_augment_has_neighbours(augmenter->chain),
                                       fv_augment_has_histograms(augmenter->chain), TRUE };
    g_autoptr(GString) source = g_string_new("#define FV_NAME(x) fv_##x\n");
    fv_augment_source(augmenter->chain, &kernels, source);
    augmenter->program = fv_program_build(augmenter->device, source->str, "-cl-std=CL1.2", error);
    if (!augmenter->program)
        return FALSE;
    for (int i = 0; i < KERNELS; i++) {
        g_autofree char *name = g_strconcat("fv_", i == KERNEL_MASK ? "mask" : fv_pass_kernels[i], NULL);
        cl_int code = CL_SUCCESS;
        if (wanted[i])
            augmenter->kernels[i] = clCreateKernel(augmenter->program, name, &code);
        if (code != CL_SUCCESS)
            return fv_cl_fail(code, name, error);
    }
    return TRUE;
}

FvAugmenter *fv_augmenter_new(FvDevice *device, const FvAugmentChain *chain, gboolean cubic, GError **error)
{
    g_autoptr(FvAugmenter) augmenter = g_new0(FvAugmenter, 1);
    augmenter->device = device;
    augmenter->chain = chain;
    augmenter->cubic = cubic;
    augmenter->rows = fv_device_family(device) == FV_FAMILY_CPU;
    return build(augmenter, error) ? g_steal_pointer(&augmenter) : NULL;
}

void fv_augmenter_free(FvAugmenter *augmenter)
{
    if (!augmenter)
        return;
    for (int i = 0; i < MEMORIES; i++)
        if (augmenter->memories[i])
            clReleaseMemObject(augmenter->memories[i]);
    for (int i = 0; i < KERNELS; i++)
        if (augmenter->kernels[i])
            clReleaseKernel(augmenter->kernels[i]);
    if (augmenter->program)
        clReleaseProgram(augmenter->program);
    g_free(augmenter);
}

/* -------------------------------------------------------------------- memory */

static gboolean need(FvAugmenter *augmenter, int which, gsize bytes, GError **error)
{
    if (augmenter->bytes[which] >= bytes && augmenter->memories[which])
        return TRUE;
    if (augmenter->memories[which])
        clReleaseMemObject(augmenter->memories[which]);
    augmenter->bytes[which] = MAX(16, bytes + bytes / 4);
    augmenter->memories[which] = fv_device_alloc_unset(augmenter->device, augmenter->bytes[which], error);
    return augmenter->memories[which] != NULL;
}

/* ------------------------------------------------------------------- a chunk */

/* Some jobs whose memory is there at once. */
typedef struct {
    FvAugmenter *augmenter;
    const FvAugmentJob *jobs;
    int count;
    GArray *programs, *mask_programs; /* of guint32, `words` for each job */
    gsize words, mask_words;
    int mask_rounds, most_h, most_w;
    gsize pixels, floats, out; /* bytes, floats, bytes */
    gsize masks, masks_out;    /* bytes */
} Chunk;

static gsize image_bytes(const FvAugmentImage *image)
{
    return (gsize) fv_shape_elements(image->shape);
}

static void clear_chunk(Chunk *chunk)
{
    g_clear_pointer(&chunk->programs, g_array_unref);
    g_clear_pointer(&chunk->mask_programs, g_array_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Chunk, clear_chunk)

static void list_decoded(const FvAugmentJob *job, FvProgramImage *decoded)
{
    for (int i = 0; i < fv_draw_parts(job->draw); i++)
        decoded[i] = (FvProgramImage){ job->images[i].shape, job->images[i].placing };
}

static GArray *program_of(const FvAugmenter *augmenter, const FvAugmentJob *job)
{
    const FvProgramTarget target = { FV_PLACE_BYTES, fv_draw_output(job->draw).c, augmenter->cubic };
    FvProgramImage decoded[FV_AUGMENT_PARTS];
    GArray *words = g_array_new(FALSE, FALSE, sizeof(guint32));
    list_decoded(job, decoded);
    fv_program_write(job->draw, decoded, &target, words);
    return words;
}

/* What a job takes beside other jobs: about, in bytes. */
static gsize job_bytes(const FvAugmentJob *job, const GArray *program)
{
    gsize bytes = fv_program_floats((const guint32 *) (void *) program->data) * sizeof(float) +
                  (gsize) fv_shape_elements(fv_draw_output(job->draw));
    for (int i = 0; i < fv_draw_parts(job->draw); i++)
        bytes += image_bytes(&job->images[i]);
    return bytes;
}

static void note_extent(Chunk *chunk, const GArray *program)
{
    guint32 *words = (guint32 *) (void *) program->data;
    const int passes = (int) words[0];
    chunk->words = MAX(chunk->words, program->len);
    for (int i = 0; i < passes; i++) {
        const FvPass *pass = fv_program_pass(words, i);
        chunk->most_h = MAX(chunk->most_h, pass->h);
        chunk->most_w = MAX(chunk->most_w, pass->w);
    }
}

static void place_job(Chunk *chunk, const FvAugmentJob *job, guint32 *program)
{
    guint64 images[FV_AUGMENT_PARTS];
    for (int i = 0; i < fv_draw_parts(job->draw); i++) {
        images[i] = chunk->pixels;
        chunk->pixels += image_bytes(&job->images[i]);
    }
    const gsize floats = fv_program_floats(program);
    fv_program_place(program, images, chunk->floats, chunk->out);
    chunk->floats += floats;
    chunk->out += (gsize) fv_shape_elements(fv_draw_output(job->draw));
}

static gsize mask_bytes(const FvShape shape)
{
    return (gsize) shape.h * (gsize) shape.w;
}

/* Programs one behind the other, each in as many words as the longest has. */
static GArray *join_programs(const GPtrArray *programs, gsize words)
{
    GArray *joined = g_array_new(FALSE, TRUE, sizeof(guint32));
    g_array_set_size(joined, (guint) (words * programs->len));
    for (guint k = 0; k < programs->len; k++) {
        const GArray *program = programs->pdata[k];
        memcpy((guint32 *) (void *) joined->data + k * words, program->data, program->len * sizeof(guint32));
    }
    return joined;
}

static void add_masks(Chunk *chunk)
{
    g_autoptr(GPtrArray) all = g_ptr_array_new_with_free_func((GDestroyNotify) g_array_unref);
    for (int k = 0; k < chunk->count; k++) {
        const FvAugmentJob *job = &chunk->jobs[k];
        FvProgramImage decoded[FV_AUGMENT_PARTS];
        guint64 images[FV_AUGMENT_PARTS] = { 0 };
        GArray *program = g_array_new(FALSE, TRUE, sizeof(guint32));
        g_ptr_array_add(all, program);
        if (!job->mask) {
            g_array_set_size(program, sizeof(FvProgramHead) / 4);
            continue;
        }
        list_decoded(job, decoded);
        fv_program_write_mask(job->draw, decoded, program);
        for (int i = 0; i < fv_draw_parts(job->draw); i++) {
            images[i] = chunk->masks;
            chunk->masks += mask_bytes(decoded[i].shape);
        }
        fv_program_place((guint32 *) (void *) program->data, images, 0, chunk->masks_out);
        chunk->masks_out += mask_bytes(fv_draw_output(job->draw));
    }
    for (guint k = 0; k < all->len; k++) {
        const GArray *program = all->pdata[k];
        chunk->mask_words = MAX(chunk->mask_words, program->len);
        chunk->mask_rounds = MAX(chunk->mask_rounds, (int) *(guint32 *) (void *) program->data);
    }
    chunk->mask_programs = join_programs(all, chunk->mask_words);
}

/* As many of the jobs as fit, at least one. */
static void fill_chunk(Chunk *chunk, FvAugmenter *augmenter, const FvAugmentJob *jobs, int count)
{
    g_autoptr(GPtrArray) all = g_ptr_array_new_with_free_func((GDestroyNotify) g_array_unref);
    gsize bytes = 0;
    *chunk = (Chunk){ .augmenter = augmenter, .jobs = jobs };
    while (chunk->count < count) {
        GArray *program = program_of(augmenter, &jobs[chunk->count]);
        bytes += job_bytes(&jobs[chunk->count], program);
        if (chunk->count > 0 && bytes > MOST_BYTES) {
            g_array_unref(program);
            break;
        }
        g_ptr_array_add(all, program);
        note_extent(chunk, program);
        place_job(chunk, &jobs[chunk->count], (guint32 *) (void *) program->data);
        chunk->count++;
    }
    chunk->programs = join_programs(all, chunk->words);
    add_masks(chunk);
}

/* ------------------------------------------------------------------- launches */

static gboolean write_part(FvAugmenter *augmenter, int which, gsize at, gsize bytes, const void *data, GError **error)
{
    if (bytes == 0)
        return TRUE;
    const cl_int code = clEnqueueWriteBuffer(augmenter->device->queue, augmenter->memories[which], CL_FALSE, at, bytes,
                                             data, 0, NULL, NULL);
    return code == CL_SUCCESS || fv_cl_fail(code, "uploading images", error);
}

static gboolean upload(Chunk *chunk, GError **error)
{
    FvAugmenter *augmenter = chunk->augmenter;
    const gsize programs = chunk->programs->len * sizeof(guint32), masks = chunk->mask_programs->len * sizeof(guint32);
    const gsize bytes[MEMORIES] = { chunk->pixels + FV_PROGRAM_PADDING,
                                    chunk->masks + FV_PROGRAM_PADDING,
                                    programs,
                                    masks,
                                    chunk->floats * sizeof(float) + FV_PROGRAM_PADDING,
                                    fv_augment_has_histograms(augmenter->chain)
                                        ? (gsize) chunk->count * FV_PROGRAM_TABLE * sizeof(float)
                                        : 16,
                                    chunk->out,
                                    chunk->masks_out };
    for (int i = 0; i < MEMORIES; i++)
        if (!need(augmenter, i, bytes[i], error))
            return FALSE;
    gsize at = 0, mask_at = 0;
    for (int k = 0; k < chunk->count; k++)
        for (int i = 0; i < fv_draw_parts(chunk->jobs[k].draw); i++) {
            const FvAugmentImage *image = &chunk->jobs[k].images[i];
            if (!write_part(augmenter, MEMORY_PIXELS, at, image_bytes(image), image->pixels, error))
                return FALSE;
            at += image_bytes(image);
            if (!chunk->jobs[k].mask)
                continue;
            if (!write_part(augmenter, MEMORY_MASKS, mask_at, mask_bytes(image->shape), image->mask, error))
                return FALSE;
            mask_at += mask_bytes(image->shape);
        }
    return write_part(augmenter, MEMORY_PROGRAMS, 0, programs, chunk->programs->data, error) &&
           write_part(augmenter, MEMORY_MASK_PROGRAMS, 0, masks, chunk->mask_programs->data, error);
}

static gboolean run_passes(const Chunk *chunk, GError **error)
{
    const FvAugmenter *augmenter = chunk->augmenter;
    const cl_mem *memories = augmenter->memories;
    FvPasses passes = { .device = augmenter->device,
                        .rows = augmenter->rows,
                        .pixels = memories[MEMORY_PIXELS],
                        .programs = memories[MEMORY_PROGRAMS],
                        .planes = memories[MEMORY_PLANES],
                        .tables = memories[MEMORY_TABLES],
                        .out = memories[MEMORY_OUT],
                        .words = (int) chunk->words,
                        .host = (guint32 *) (void *) chunk->programs->data,
                        .count = chunk->count };
    memcpy(passes.kernels, augmenter->kernels, sizeof passes.kernels);
    return fv_passes_enqueue(&passes, error);
}

static gboolean run_masks(const Chunk *chunk, GError **error)
{
    FvAugmenter *augmenter = chunk->augmenter;
    const cl_mem memories[] = { augmenter->memories[MEMORY_MASKS], augmenter->memories[MEMORY_MASK_PROGRAMS],
                                augmenter->memories[MEMORY_MASKS_OUT] };
    const FvGrid grid = fv_passes_grid(augmenter->rows, chunk->most_h, chunk->most_w, chunk->count);
    for (int round = 0; round < chunk->mask_rounds; round++) {
        const cl_int numbers[] = { 0, (cl_int) chunk->mask_words, round, augmenter->rows ? FV_PROGRAM_STRIP : 1 };
        const FvPassArguments arguments = { memories, G_N_ELEMENTS(memories), numbers, G_N_ELEMENTS(numbers) };
        if (!fv_passes_launch(augmenter->device, augmenter->kernels[KERNEL_MASK], &arguments, grid, "moving masks",
                              error))
            return FALSE;
    }
    return TRUE;
}

static gboolean read_part(FvAugmenter *augmenter, int which, gsize at, gsize bytes, void *data, GError **error)
{
    const cl_int code = clEnqueueReadBuffer(augmenter->device->queue, augmenter->memories[which], CL_FALSE, at, bytes,
                                            data, 0, NULL, NULL);
    return code == CL_SUCCESS || fv_cl_fail(code, "reading outputs", error);
}

static gboolean download(Chunk *chunk, GError **error)
{
    gsize at = 0, mask_at = 0;
    for (int k = 0; k < chunk->count; k++) {
        const FvAugmentJob *job = &chunk->jobs[k];
        const FvShape shape = fv_draw_output(job->draw);
        const gsize bytes = (gsize) fv_shape_elements(shape);
        if (!read_part(chunk->augmenter, MEMORY_OUT, at, bytes, job->pixels, error))
            return FALSE;
        at += bytes;
        if (job->mask && !read_part(chunk->augmenter, MEMORY_MASKS_OUT, mask_at, mask_bytes(shape), job->mask, error))
            return FALSE;
        mask_at += job->mask ? mask_bytes(shape) : 0;
    }
    return fv_device_finish(chunk->augmenter->device, error);
}

static gboolean run_chunk(Chunk *chunk, GError **error)
{
    return upload(chunk, error) && run_passes(chunk, error) && run_masks(chunk, error) && download(chunk, error);
}

gboolean fv_augmenter_run(FvAugmenter *augmenter, const FvAugmentJob *jobs, int count, GError **error)
{
    for (int done = 0; done < count;) {
        g_auto(Chunk) chunk = { NULL };
        fill_chunk(&chunk, augmenter, jobs + done, count - done);
        if (!run_chunk(&chunk, error)) {
            fv_device_finish(augmenter->device, NULL); /* nothing may still write to what the caller owns */
            return FALSE;
        }
        done += chunk.count;
    }
    return TRUE;
}
