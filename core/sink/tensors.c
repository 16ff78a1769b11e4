/* SPDX-License-Identifier: MIT
 * tensors.c: an ordered set of named tensors. */
#include "core/sink/safetensors.h"

#include <string.h>

enum { MAX_NAME = 1024 };

static void named_free(gpointer data)
{
    FvNamedTensor *named = data;
    g_free(named->name);
    fv_tensor_free(named->tensor);
    g_free(named);
}

FvTensors *fv_tensors_new(void)
{
    FvTensors *tensors = g_new0(FvTensors, 1);
    tensors->items = g_ptr_array_new_with_free_func(named_free);
    tensors->names = g_hash_table_new(g_str_hash, g_str_equal);
    tensors->metadata = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    return tensors;
}

void fv_tensors_free(FvTensors *tensors)
{
    if (!tensors)
        return;
    g_hash_table_unref(tensors->names);
    g_ptr_array_unref(tensors->items);
    g_hash_table_unref(tensors->metadata);
    g_free(tensors);
}

guint fv_tensors_count(const FvTensors *tensors)
{
    return tensors->items->len;
}

const FvNamedTensor *fv_tensors_at(const FvTensors *tensors, guint i)
{
    return g_ptr_array_index(tensors->items, i);
}

/* NULL, or what is wrong with a name. Names go into messages, on terminals and into other programs' files. */
static const char *unfit(const char *name)
{
    if (!*name)
        return "a tensor without a name";
    if (strlen(name) > MAX_NAME)
        return "a tensor's name is longer than 1024 bytes";
    if (!g_utf8_validate(name, -1, NULL))
        return "a tensor's name is not UTF-8";
    for (const char *p = name; *p; p = g_utf8_next_char(p))
        if (g_unichar_iscntrl(g_utf8_get_char(p)))
            return "a tensor's name holds control characters";
    if (!strcmp(name, "__metadata__"))
        return "a tensor must not be named __metadata__";
    return NULL;
}

gboolean fv_tensors_add(FvTensors *tensors, const char *name, FvTensor *tensor, GError **error)
{
    g_autoptr(FvTensor) owned = tensor;
    const char *reason = unfit(name);
    if (reason) {
        g_set_error_literal(error, FV_ERROR, FV_ERROR_DATA, reason);
        return FALSE;
    }
    if (g_hash_table_contains(tensors->names, name)) {
        g_set_error(error, FV_ERROR, FV_ERROR_DATA, "%s: there are two tensors of this name", name);
        return FALSE;
    }
    FvNamedTensor *named = g_new0(FvNamedTensor, 1);
    named->name = g_strdup(name);
    named->tensor = g_steal_pointer(&owned);
    g_ptr_array_add(tensors->items, named);
    g_hash_table_insert(tensors->names, named->name, named);
    return TRUE;
}

FvTensor *fv_tensors_get(const FvTensors *tensors, const char *name)
{
    FvNamedTensor *named = g_hash_table_lookup(tensors->names, name);
    return named ? named->tensor : NULL;
}
