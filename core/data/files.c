/* SPDX-License-Identifier: MIT
 * files.c: a list of image files as a source. */
#include "core/data/data.h"

typedef struct {
    char **files;
    int channels;
} Files;

/* Never reached: the state comes opened from fv_files_source_new(). */
static gboolean files_open(void *self, FvSourceInfo *info, GError **error)
{
    return TRUE;
}

static gboolean files_read(const void *self, FvSplit split, gint64 index, FvSample *sample, GError **error)
{
    const Files *files = self;
    sample->name = g_strdup(files->files[index]);
    sample->label = -1;
    return fv_image_read(sample->name, files->channels, &sample->shape, sample->pixels, error);
}

static void files_close(void *self)
{
}

static const FvOption no_options[] = { { 0 } };

static const FvSource files_source = {
    .base = { FV_HEAD(FvSource, Files), .kind = FV_SOURCE, .name = "files", .summary = "image files named one by one",
              .options = no_options },
    .open = files_open,
    .read = files_read,
    .close = files_close,
};

void *fv_files_source_new(const char *const *files, int channels, FvSourceInfo *info)
{
    Files *state = g_new0(Files, 1);
    state->files = g_strdupv((char **) files);
    state->channels = channels;
    *info = (FvSourceInfo){ .count[FV_TEST] = g_strv_length(state->files), .shape = { channels, 0, 0 } };
    return state;
}

void fv_files_source_free(void *state)
{
    Files *files = state;
    if (!files)
        return;
    g_strfreev(files->files);
    g_free(files);
}

const FvSource *fv_files_source(void)
{
    return &files_source;
}
