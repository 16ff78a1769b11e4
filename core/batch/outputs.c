/* SPDX-License-Identifier: MIT
 * outputs.c: where a batch's outputs go. */
#include "core/batch/outputs.h"

#include "core/batch/shard.h"

struct FvOutputs {
    FvFolder *folder;
    char *stem; /* of shards; NULL: files */
    guint size; /* outputs of a shard */
    gboolean replace;
    FvShard *open;
    guint64 number; /* of the open shard */
};

static void output_file_free(gpointer data)
{
    FvOutputFile *file = data;
    g_free(file->name);
    g_byte_array_unref(file->bytes);
    g_free(file);
}

GPtrArray *fv_output_files_new(void)
{
    return g_ptr_array_new_with_free_func(output_file_free);
}

void fv_output_files_add(GPtrArray *files, char *name, GByteArray *bytes)
{
    const FvOutputFile file = { name, bytes };
    g_ptr_array_add(files, g_memdup2(&file, sizeof file));
}

FvOutputs *fv_outputs_open(const char *out, guint shard, GError **error)
{
    g_autoptr(FvOutputs) outputs = g_new0(FvOutputs, 1);
    g_autofree char *folder = g_strdup(out);
    g_autofree char *mark = g_strdup(".fovea-tmp-");
    if (g_str_has_suffix(out, ".tar") && !g_file_test(out, G_FILE_TEST_IS_DIR)) {
        g_autofree char *name = g_path_get_basename(out);
        g_free(folder);
        g_free(mark);
        folder = g_path_get_dirname(out);
        outputs->stem = g_strndup(name, strlen(name) - 4);
        outputs->size = MAX(shard, 1);
        mark = g_strdup_printf(".%s-tmp-", outputs->stem);
    }
    outputs->folder = fv_folder_open(folder, mark, error);
    return outputs->folder ? g_steal_pointer(&outputs) : NULL;
}

void fv_outputs_free(FvOutputs *outputs)
{
    if (!outputs)
        return;
    fv_shard_abort(outputs->open);
    g_clear_pointer(&outputs->folder, fv_folder_free);
    g_free(outputs->stem);
    g_free(outputs);
}

FvFolder *fv_outputs_folder(FvOutputs *outputs)
{
    return outputs->folder;
}

char *fv_outputs_own(const FvOutputs *outputs, const char *name)
{
    if (!outputs->stem)
        return g_strdup(name);
    return name[0] == '.' ? g_strdup_printf(".%s-%s", outputs->stem, name + 1)
                          : g_strdup_printf("%s-%s", outputs->stem, name);
}

void fv_outputs_set_replace(FvOutputs *outputs, gboolean replace)
{
    outputs->replace = replace;
}

static char *shard_name(const FvOutputs *outputs, guint64 number)
{
    return g_strdup_printf("%s-%05" G_GUINT64_FORMAT ".tar", outputs->stem, number);
}

char *fv_outputs_file(const FvOutputs *outputs, guint64 index, const char *name)
{
    return outputs->stem ? shard_name(outputs, index / outputs->size) : g_strdup(name);
}

gboolean fv_outputs_whole(const FvOutputs *outputs, guint64 index, const char *name)
{
    g_autofree char *file = fv_outputs_file(outputs, index, name);
    return fv_folder_whole(outputs->folder, file);
}

gboolean fv_outputs_in_order(const FvOutputs *outputs)
{
    return outputs->stem != NULL;
}

static gboolean put_file(FvOutputs *outputs, const FvOutputFile *file, GError **error)
{
    if (outputs->stem)
        return fv_shard_add(outputs->open, file->name, file->bytes->data, file->bytes->len, error);
    return fv_folder_put(outputs->folder, file->name, outputs->replace, file->bytes->data, file->bytes->len, error);
}

static gboolean turn_to(FvOutputs *outputs, guint64 number, GError **error)
{
    g_autofree char *name = shard_name(outputs, number);
    if (outputs->open && outputs->number == number)
        return TRUE;
    if (!fv_outputs_end(outputs, error))
        return FALSE;
    outputs->open = fv_shard_begin(outputs->folder, name, outputs->replace, error);
    outputs->number = number;
    return outputs->open != NULL;
}

gboolean fv_outputs_put(FvOutputs *outputs, guint64 index, GPtrArray *files, GError **error)
{
    if (outputs->stem && !turn_to(outputs, index / outputs->size, error))
        return FALSE;
    for (guint i = 0; i < files->len; i++)
        if (!put_file(outputs, files->pdata[i], error))
            return FALSE;
    return TRUE;
}

gboolean fv_outputs_end(FvOutputs *outputs, GError **error)
{
    return !outputs->open || fv_shard_commit(g_steal_pointer(&outputs->open), error);
}
