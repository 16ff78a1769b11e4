/* SPDX-License-Identifier: MIT
 * graph_private.h: what the files of the graph room share: scopes, values, and the builder. */
#ifndef FOVEA_GRAPH_PRIVATE_H
#define FOVEA_GRAPH_PRIVATE_H

#include "core/graph/graph.h"

enum {
    MOST_NODES = 100000,
    MOST_STEPS = 1000000,  /* stages, rounds and blocks that are expanded, empty ones too */
    MOST_VALUES = 1000,    /* that one stage passes on */
    MOST_BLOCK_DEPTH = 64, /* blocks within blocks */
    MOST_EXPR_DEPTH = 1000,
    LONGEST_TEXT = 65536,
    LONGEST_PATH = 1024,
    LOST = -1 /* the number of a value that an error kept from being made; nothing more is said about it */
};

/** Node numbers. */
typedef GArray Values;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Values, g_array_unref)

/** An evaluated expression that owns its text and numbers. */
typedef struct {
    FvValue value; /* text and list point to the fields below */
    char *text;
    double *list;
    gboolean lost; /* an error kept it from being evaluated; nothing more is said about it */
} Constant;

Constant *fv_constant_number(double number);
Constant *fv_constant_copy(const Constant *value);
void fv_constant_free(Constant *value);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Constant, fv_constant_free)

/** What a name stands for: a value of the net where value is NULL. */
typedef struct {
    Constant *value;
    int node;
    FvLoc loc;
} Binding;

/** Where layers get their paths: the net, or one use of a block. */
typedef struct {
    char *prefix;       /* "residual3." or "" */
    GHashTable *counts; /* kind -> number of its uses so far */
} Place;

/** One use of a block, inside the one that uses it. */
typedef struct Frame Frame;
struct Frame {
    const Frame *up;
    const FvBlock *block;
    char *trace; /* reference-counted, g_ref_string */
    double rate; /* factor of the optimizer's rate in it, those further out included */
};

/** Names: the lets, the net, the inside of a block, or one round of a repetition. */
typedef struct Scope Scope;
struct Scope {
    Scope *up;
    GHashTable *names;       /* -> Binding; keys are borrowed from the tree */
    Place *place;            /* NULL where no layers can stand */
    const Frame *frame;      /* NULL outside of blocks */
    const GPtrArray *chains; /* its text, to tell what comes later; or NULL */
    const Values *in;        /* NULL where `in` means nothing */
    gboolean in_used;
};

typedef struct {
    FvGraph *graph;
    const FvTree *tree;
    FvRegistry *registry;
    FvDiag *diag;
    Scope *lets, *net;        /* net: NULL before its section */
    GHashTable *blocks;       /* name -> FvBlock */
    GHashTable *paths;        /* -> FvLoc of the layer; keys are the nodes' */
    GPtrArray *fitted;        /* of FvStage: fitted layers of prepare { }, which stand behind the net's input */
    const char *first_fitted; /* what the pipeline calls the first of these */
    GPtrArray *texts;         /* of FvTree, owned: what these were made of, where it is not the pipeline's own */
    int steps;
    gboolean stopped; /* a limit was reached: expand no more */
} Builder;

/* graph.c */

/** Reports an error at a place, with the trace of the blocks around it. */
void fv_graph_report(Builder *builder, const Frame *frame, FvLoc loc, FvError code, const char *format, ...)
    G_GNUC_PRINTF(5, 6);
/** The same for a GError, which it takes, with "NAME: " in front unless NULL. */
void fv_graph_report_take(Builder *builder, const Frame *frame, FvLoc loc, const char *name, GError *error);
/** "; did you mean "x"?", or nothing; g_free() it. */
char *fv_graph_suggestion(const char *nearest);
/** "14:8", with the file before it where that is not @file; g_free() it. */
char *fv_graph_place(FvLoc loc, const char *file);

/** "it has only 2 options", "it takes none"; g_free() it. */
char *fv_graph_most(int count, const char *what);

/* eval.c */

Scope *fv_scope_new(Scope *up);
void fv_scope_free(Scope *scope);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Scope, fv_scope_free)
/** Binds a name to a constant (taken) or, where @value is NULL, to a node; FALSE, reported, where it is bound in this
 * very scope. */
gboolean fv_scope_bind(Builder *builder, Scope *scope, const char *name, FvLoc loc, Constant *value, int node);
const Binding *fv_scope_find(const Scope *scope, const char *name);
/** The stage further down that names a value so, or NULL. */
const FvStage *fv_scope_later(const Scope *scope, const char *name);
/** Adds the names that are visible: of values, or of constants. */
void fv_scope_names(const Scope *scope, gboolean values, GPtrArray *names);
/** Reports a name that nothing has, with the nearest of those that are visible.
 * @values: look for values of the net, not for constants. */
void fv_scope_unknown(Builder *builder, const Scope *scope, const char *name, FvLoc loc, gboolean values);
/** Evaluates an expression; NULL where an error was reported. Names are constants; the words of initialisations stay
 * words. @label: what to put before messages, such as "conv: stride", or NULL. */
Constant *fv_eval(Builder *builder, const Scope *scope, const FvExpr *expr, const char *label);
/** The same where only a number will do. */
gboolean fv_eval_number(Builder *builder, const Scope *scope, const FvExpr *expr, const char *label, double *number);
gboolean fv_eval_whole(Builder *builder, const Scope *scope, const FvExpr *expr, const char *label, int min, int max,
                       int *number);
gboolean fv_eval_switch(Builder *builder, const Scope *scope, const FvExpr *expr, const char *label, gboolean *on);

/* arguments.c */

/** The value or values of the net that an argument names, appended to @nodes; FALSE where an error was reported. */
gboolean fv_use_values(Builder *builder, Scope *scope, const FvExpr *expr, const char *label, Values *nodes);
/** Sets options of @state from the arguments of a use (a word or a call).
 * @common: takes those that all plugins of the kind have (common.h); NULL: there are none.
 * @inputs: node numbers; those of values that are named are appended. NULL: no values here.
 * Returns FALSE where an error was reported. */
gboolean fv_use_apply(Builder *builder, Scope *scope, FvState *state, FvState *common, const FvExpr *use,
                      Values *inputs);
/** Whether an argument of the use names values. */
gboolean fv_use_names_values(const FvPlugin *plugin, const FvExpr *use);
/** Sets one option of those that all of a kind have. @plugin: the name that stands in messages. */
gboolean fv_use_common(Builder *builder, Scope *scope, const char *plugin, FvState *common, const FvOption *option,
                       const FvExpr *expr);
/** Finds a plugin and makes its state; FALSE where an error was reported, with @use empty. */
gboolean fv_use_plugin(Builder *builder, Scope *scope, FvKind kind, const FvExpr *expr, Values *inputs, FvUse *use);

/* expand.c */

Values *fv_values_new(void);
Values *fv_values_of(int node);
/** Adds what @more holds; NULL adds nothing. */
void fv_values_append(Values *values, const Values *more);
/** Whether an error kept one of them from being made. */
gboolean fv_values_lost(const Values *values);
/** Expands stages that follow each other, none of which names a value. @in: what comes in. */
Values *fv_expand_stages(Builder *builder, Scope *scope, const GPtrArray *stages, const Values *in);
/** Expands chains into nodes and returns what `out`, or else the last one, gives.
 * @in: what comes in, or NULL. The only chain takes it where it does not begin with a value. */
Values *fv_expand_chains(Builder *builder, Scope *scope, const GPtrArray *chains, const Values *in);
/** One step more; FALSE, reported once, where there are too many. */
gboolean fv_expand_step(Builder *builder, const Frame *frame, FvLoc loc);

/* block.c */

/** Collects the blocks of the tree and checks their heads. */
void fv_build_blocks(Builder *builder);
Place *fv_place_new(char *prefix);
void fv_place_free(Place *place);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Place, fv_place_free)
/** The path of the next layer or block of a kind, or of one with a name of its own; NULL where an error was reported.
 */
char *fv_place_path(Builder *builder, Scope *scope, const char *kind, const char *name, FvLoc loc);
/** Expands one use of a block.
 * @implicit: the pipeline does not say that anything comes in, so that the block need not take it.
 * @used: set to whether it was taken. */
Values *fv_expand_block(Builder *builder, Scope *scope, const FvBlock *block, const FvExpr *use, const Values *in,
                        gboolean implicit, gboolean *used);
Values *fv_expand_repeat(Builder *builder, Scope *scope, const FvStage *stage, const Values *in);

/* settings.c */

void fv_build_lets(Builder *builder, GHashTable *overrides);
/** loss, optimizer, schedule, metric. */
void fv_build_settings(Builder *builder);

/* fitted.c */

/** Takes a stage of prepare { } that is a fitted layer, or an operation for which one stands: TRUE where it was taken,
 * or refused with an error. @section: where it stands. */
gboolean fv_fitted_take(Builder *builder, const char *section, const FvStage *stage);
/** Appends them to what the net's input gives; takes @input. */
Values *fv_fitted_expand(Builder *builder, Values *input);

/* operations.c */

/** The chain of augmentations of a section, appended to @operations: of FvUse. */
void fv_build_operations(Builder *builder, const FvSection *section, GPtrArray *operations);
void fv_use_free(gpointer data);

/* sections.c */

/** net, data, prepare, augment, train. */
void fv_build_sections(Builder *builder);
/** Where the second of two things of the same name stands, reports it and returns TRUE. @seen: name -> FvLoc. */
gboolean fv_build_repeated(Builder *builder, GHashTable *seen, const char *what, const char *name, const FvLoc *loc);

#endif
