/* SPDX-License-Identifier: MIT
 * members.c: keeps a copy of the parameters for each member, and puts one of them in place. */
#include "core/train/members.h"

#include "core/exec/exec.h"

struct FvMembers {
    FvPlan *plan;
    GArray *copies; /* of cl_mem; none where there is one member: its parameters stay where they are */
    int count, used;
};

/* Classes of other names, or in another order, cannot be averaged. */
static gboolean check_classes(const FvTensors *first, const FvTensors *other, const FvBeginning *begin,
                              const char *file, GError **error)
{
    g_auto(GStrv) ours = first ? fv_weights_classes(first) : NULL;
    g_auto(GStrv) theirs = fv_weights_classes(other);
    if (!ours || !theirs || g_strv_equal((const char *const *) ours, (const char *const *) theirs))
        return TRUE;
    g_set_error(error, FV_ERROR, FV_ERROR_DATA, "%s: its classes are not those of %s, in their order", file,
                begin->file);
    return FALSE;
}

static gboolean keep(FvMembers *members, GError **error)
{
    cl_mem copy = fv_plan_copy_params(members->plan, error);
    if (!copy)
        return FALSE;
    g_array_append_val(members->copies, copy);
    return TRUE;
}

static gboolean add_other(FvMembers *members, const FvBeginning *begin, const FvTensors *first, const char *file,
                          GError **error)
{
    FvBeginning own = *begin;
    g_autoptr(FvTensors) tensors = NULL;
    own.file = file;
    return fv_beginning_read(&own, &tensors, error) && check_classes(first, tensors, begin, file, error) &&
           fv_weights_begin(members->plan, &own, tensors, error) && keep(members, error);
}

FvMembers *fv_members_new(FvPlan *plan, const FvBeginning *begin, const FvTensors *first, GError **error)
{
    g_autoptr(FvMembers) members = g_new0(FvMembers, 1);
    members->plan = plan;
    members->copies = g_array_new(FALSE, FALSE, sizeof(cl_mem));
    members->count = 1 + (begin->others ? (int) g_strv_length((char **) begin->others) : 0);
    members->used = -1;
    if (!fv_weights_begin(plan, begin, first, error) || (members->count > 1 && !keep(members, error)))
        return NULL;
    for (int i = 1; i < members->count; i++)
        if (!add_other(members, begin, first, begin->others[i - 1], error))
            return NULL;
    return g_steal_pointer(&members);
}

void fv_members_free(FvMembers *members)
{
    if (!members)
        return;
    for (guint i = 0; i < members->copies->len; i++)
        clReleaseMemObject(g_array_index(members->copies, cl_mem, i));
    g_array_unref(members->copies);
    g_free(members);
}

int fv_members_count(const FvMembers *members)
{
    return members->count;
}

gboolean fv_members_use(FvMembers *members, int member, GError **error)
{
    if (member == members->used)
        return TRUE;
    members->used = member;
    if (members->count > 1 &&
        !fv_plan_put_params(members->plan, g_array_index(members->copies, cl_mem, (guint) member), error))
        return FALSE;
    const FvList *list = fv_plan_list(members->plan, FV_LIST_PACK, 1, error);
    const FvStep step = { 0 };
    return list && fv_exec_enqueue(fv_plan_device(members->plan), list, &step, error);
}
