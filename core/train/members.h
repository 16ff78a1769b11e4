/* SPDX-License-Identifier: MIT
 * members.h: several sets of parameters of one net, on the device: the members of an ensemble. */
#ifndef FOVEA_MEMBERS_H
#define FOVEA_MEMBERS_H

#include "core/train/weights.h"

typedef struct FvMembers FvMembers;

/** Reads begin->file and begin->others; each must fit the plan by itself, as fv_weights_begin() has it.
 * @first: what was read of begin->file, or NULL where there is none.
 * FV_ERROR_DATA also where two files name other classes; FV_ERROR_NOMEM where the device cannot hold all. */
FvMembers *fv_members_new(FvPlan *plan, const FvBeginning *begin, const FvTensors *first, GError **error);
void fv_members_free(FvMembers *members);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FvMembers, fv_members_free)

int fv_members_count(const FvMembers *members);
/** Enqueues that the net has the parameters of a member from now on. */
gboolean fv_members_use(FvMembers *members, int member, GError **error);

#endif
