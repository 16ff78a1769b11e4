/* SPDX-License-Identifier: MIT
 * ast.h: the tree of a pipeline file, as the parser leaves it: a place on every node, nothing evaluated. */
#ifndef FOVEA_AST_H
#define FOVEA_AST_H

#include "core/diag.h"

typedef enum {
    FV_EXPR_NUMBER,
    FV_EXPR_STRING, /* text, "${i}" still inside */
    FV_EXPR_BOOL,
    FV_EXPR_NAME,   /* a let name, a choice, a value of the net: the graph decides */
    FV_EXPR_LIST,   /* items */
    FV_EXPR_RANGE,  /* items: lo, hi */
    FV_EXPR_UNARY,  /* op '-', items: one */
    FV_EXPR_BINARY, /* op + - * / %, items: two */
    FV_EXPR_CALL    /* text(args); log(a..b) for `log a..b`, too */
} FvExprType;

typedef struct FvExpr FvExpr;

/** One argument of a call; name is NULL for positional ones. */
typedef struct {
    char *name;
    FvLoc loc;
    FvExpr *value;
} FvArgument;

struct FvExpr {
    FvExprType type;
    FvLoc loc;
    double number;    /* NUMBER, BOOL */
    char *text;       /* STRING, NAME, CALL */
    char op;          /* UNARY, BINARY */
    GPtrArray *items; /* of FvExpr */
    GPtrArray *args;  /* of FvArgument, CALL only */
};

typedef enum {
    FV_STAGE_USE,    /* a layer, a block, an augmentation or a value: use is a NAME or a CALL */
    FV_STAGE_BRANCH, /* { a | b }: chains; an empty chain passes the value on */
    FV_STAGE_REPEAT  /* repeat count as variable { chains } */
} FvStageType;

typedef struct {
    FvStageType type;
    FvLoc loc;
    FvExpr *use;
    GPtrArray *chains; /* of FvChain */
    FvExpr *count;
    char *variable; /* NULL where not named */
    char *as;       /* NULL where not named */
    FvLoc as_loc;
} FvStage;

typedef struct {
    FvLoc loc;
    GPtrArray *stages; /* of FvStage; empty only inside a branch */
} FvChain;

/** name = value */
typedef struct {
    char *name;
    FvLoc loc;
    FvExpr *value;
} FvSetting;

/** name { settings and chains }: data, prepare, augment, net, train ... */
typedef struct {
    char *name;
    FvLoc loc;
    GPtrArray *settings; /* of FvSetting */
    GPtrArray *chains;   /* of FvChain */
} FvSection;

/** block name(parameter, parameter=default) { chains } */
typedef struct {
    char *name;
    FvLoc loc;
    GPtrArray *parameters; /* of FvArgument; value NULL: no default */
    GPtrArray *chains;     /* of FvChain */
} FvBlock;

/** A whole pipeline, imports included: what an import holds stands before what imports it. */
typedef struct {
    GPtrArray *lets;     /* of FvSetting, in order */
    GPtrArray *blocks;   /* of FvBlock */
    GPtrArray *sections; /* of FvSection */
    GPtrArray *settings; /* of FvSetting: loss, optimizer, schedule, metric */
    GPtrArray *freezes;  /* of FvExpr: what `freeze` takes */
} FvTree;

void fv_tree_free(FvTree *tree);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FvTree, fv_tree_free)
void fv_expr_free(FvExpr *expr);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FvExpr, fv_expr_free)

/** Parses a file and what it imports (relative to the importing file). Every error goes to @diag, with the place; an
 * import's errors end with "(imported at FILE:LINE)". Returns NULL where there was one. Refuses files over 4 MiB,
 * anything that is no regular file, text that is not UTF-8 or holds NUL, nesting deeper than 200, imports that go
 * round. An import of a file that was already imported is silently the same one. Nothing is loaded, nothing but the
 * files is read. */
FvTree *fv_parse_file(const char *file, FvDiag *diag);
/** The same for text; @name stands for the file in messages. */
FvTree *fv_parse_text(const char *name, const char *text, FvDiag *diag);
/** A value alone, such as "-15..15", for -s name=value. */
FvExpr *fv_parse_value(const char *name, const char *text, FvDiag *diag);
/** A chain alone, such as 'crop(224) -> flip'; the tree has one section, "augment". */
FvTree *fv_parse_chain(const char *name, const char *text, FvDiag *diag);

/** Removes the sections of that name. */
void fv_tree_drop(FvTree *tree, const char *section);
/** Gives a setting of a section another value, which it takes; makes setting and section where they are missing. */
void fv_tree_set(FvTree *tree, const char *section, const char *name, FvExpr *value);

/** The tree as text that parses to the same tree: imports inlined, @overrides (name -> FvExpr, or NULL) in place of
 * the `let`s of those names. g_free() it. */
char *fv_tree_print(const FvTree *tree, GHashTable *overrides);
/** An expression as text; g_free() it. */
char *fv_expr_print(const FvExpr *expr);

#endif
