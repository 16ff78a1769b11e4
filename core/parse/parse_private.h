/* SPDX-License-Identifier: MIT
 * parse_private.h: what the files of the parse room share: one parse, its tokens, and makers of tree nodes. */
#ifndef FOVEA_PARSE_PRIVATE_H
#define FOVEA_PARSE_PRIVATE_H

#include "core/parse/ast.h"

enum {
    MOST_BYTES = 4 * 1024 * 1024,
    MOST_DEPTH = 200,   /* brackets and minus signs within each other */
    MOST_HEIGHT = 2000, /* operators one after the other, which make a tree as high */
    MOST_IMPORTED = 50, /* imports within imports */
    LONGEST_SHOWN = 40  /* characters of the text that a message shows */
};

/** An import as it stands in the text. */
typedef struct {
    char *path;
    FvLoc loc;
} Import;

typedef struct Tokens Tokens;

/** The parse of one text. */
typedef struct {
    const char *text, *file; /* file: interned */
    gsize length;
    FvDiag *diag;
    const char *trace; /* "(imported at a.fv:3)", or NULL */
    const char *end;   /* what messages call the end of the text */
    int start;         /* the token that says what the text is, handed out before the others; then 0 */
    FvTree *tree;
    FvExpr *value;      /* where the text is a value */
    GPtrArray *imports; /* of Import */
    gboolean stopped;   /* after an error that no sense can be made after; nothing more is said */

    gsize begin, offset; /* of the token that the lexer read last, and of what follows */
    int line, col;       /* of what follows */
    void *scanner;
    Tokens *tokens;
} Parse;

/* ast.c: a maker takes what it is given. */

FvTree *fv_tree_new(void);
/** Moves what @from holds to the end of @tree. */
void fv_tree_append(FvTree *tree, FvTree *from);
FvExpr *fv_expr_new(FvExprType type, FvLoc loc);
FvExpr *fv_expr_text(FvExprType type, FvLoc loc, char *text);
FvExpr *fv_expr_number(FvExprType type, FvLoc loc, double number);
/** Operands that are NULL are left out. */
FvExpr *fv_expr_items(FvExprType type, FvLoc loc, char op, FvExpr *first, FvExpr *second);
FvArgument *fv_argument_new(char *name, FvLoc loc, FvExpr *value);
FvStage *fv_stage_new(FvStageType type, FvLoc loc);
FvChain *fv_chain_new(FvLoc loc);
FvSetting *fv_setting_new(char *name, FvLoc loc, FvExpr *value);
FvSection *fv_section_new(char *name, FvLoc loc);
/** Its chains are still NULL. */
FvBlock *fv_block_new(char *name, FvLoc loc, GPtrArray *parameters);
GPtrArray *fv_expr_list(void);
GPtrArray *fv_argument_list(void);
GPtrArray *fv_chain_list(void);
/** Adds an item unless an error kept it from being made. */
GPtrArray *fv_list_add(GPtrArray *list, gpointer item);
void fv_argument_free(FvArgument *argument);
void fv_stage_free(FvStage *stage);
void fv_chain_free(FvChain *chain);
void fv_setting_free(FvSetting *setting);
void fv_section_free(FvSection *section);
void fv_block_free(FvBlock *block);

/* tokens.c */

Tokens *fv_tokens_new(void);
void fv_tokens_free(Tokens *tokens);

/* report.c */

void fv_parse_report(Parse *parse, FvLoc loc, const char *format, ...) G_GNUC_PRINTF(3, 4);
/** Reports the token that was handed out last.
 * @expected: names of the tokens that could stand there, as the grammar writes them, NULL-ended. */
void fv_parse_unexpected(Parse *parse, FvLoc loc, const char *const *expected);
/** Text for a message, one line and not too long, in quotes; g_free() it. */
char *fv_parse_shown(const char *text, gsize length);

#endif
