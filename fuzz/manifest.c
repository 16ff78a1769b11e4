/* SPDX-License-Identifier: MIT
 * manifest.c: any bytes as a manifest to be replayed: refused with one line, or its outputs can be drawn and written as
 * programs, unless what was drawn does not fit the chain. */
#include "core/augment/program.h"
#include "core/batch/work.h"
#include "core/train/pipeline.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Two images of the names in the seeds, and their chain; made once. */
typedef struct {
    FvPipeline *pipeline;
    FvAugmentChain *chain;
    FvImages *images;
    int fd;         /* of the manifest */
    char *manifest; /* its path */
} Fixture;

static const char *const names[] = { "a.png", "b.png" };

/* Only their names are asked for. */
static void remove_files(const char *folder)
{
    for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *file = g_build_filename(folder, names[i], NULL);
        unlink(file);
    }
    rmdir(folder);
}

static Fixture *open_fixture(void)
{
    static const char chain[] = "crop(0.5..1) -> rotate(-9..9) -> { blur(1) | invert | } -> one_of -> mixup(p=0.7)";
    g_autoptr(GError) error = NULL;
    Fixture *fixture = g_new0(Fixture, 1);
    g_autofree char *folder = g_dir_make_tmp("fovea-fuzz-XXXXXX", &error);
    for (guint i = 0; folder && i < G_N_ELEMENTS(names); i++) {
        g_autofree char *file = g_build_filename(folder, names[i], NULL);
        g_file_set_contents(file, "", 0, &error);
    }
    if (folder)
        fixture->images = fv_images_open(folder, &fv_image_limits, &error);
    if (fixture->images)
        fixture->pipeline = fv_pipeline_from_chain("chain", chain, &error);
    if (fixture->pipeline)
        fixture->chain =
            fv_augment_chain_new(fixture->pipeline->graph->augment, NULL, (FvShape){ 0 }, TRUE, NULL, &error);
    if (!fixture->chain)
        g_error("%s", error->message);
    remove_files(folder);
    fixture->fd = memfd_create("fuzz", MFD_CLOEXEC);
    fixture->manifest = g_strdup_printf("/proc/self/fd/%d", fixture->fd);
    return fixture;
}

static void check_refusal(const GError *error, const char *part)
{
    if (!error || strchr(error->message, '\n') || !strstr(error->message, part))
        g_error("refused with: %s", error ? error->message : "nothing");
}

static void draw(const Fixture *fixture, const FvWorkItem *item)
{
    static const FvShape shapes[FV_AUGMENT_PARTS] = { { 3, 20, 30 }, { 3, 10, 10 }, { 3, 1, 1 }, { 3, 7, 5 } };
    FvProgramImage images[FV_AUGMENT_PARTS] = { 0 };
    const FvProgramTarget target = { FV_PLACE_BYTES, 3, FALSE };
    g_autoptr(GError) error = NULL;
    g_autoptr(GArray) words = g_array_new(FALSE, FALSE, sizeof(guint32));
    g_autoptr(FvDraw) drawn =
        fv_draw_read(fixture->chain, item->key, item->others, item->other_count, shapes, item->drawn, &error);
    if (!drawn) {
        check_refusal(error, "");
        return;
    }
    for (int i = 0; i < FV_AUGMENT_PARTS; i++)
        images[i].shape = shapes[i];
    fv_program_write(drawn, images, &target, words);
    if (words->len > (guint) fv_program_most(fixture->chain))
        g_error("a program of %u words", words->len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static Fixture *fixture;
    g_autoptr(GError) error = NULL;
    if (!fixture)
        fixture = open_fixture();
    if (ftruncate(fixture->fd, 0) != 0 || pwrite(fixture->fd, data, size, 0) != (ssize_t) size)
        g_abort();
    g_autoptr(FvWork) work = fv_work_from_manifest(fixture->images, fixture->manifest, &error);
    if (!work) {
        check_refusal(error, fixture->manifest);
        return 0;
    }
    for (guint64 i = 0; i < fv_work_count(work); i++) {
        FvWorkItem item;
        fv_work_get(work, i, &item);
        draw(fixture, &item);
        fv_work_item_clear(&item);
    }
    return 0;
}
