/* SPDX-License-Identifier: MIT
 * tokens.h: what the parser asks for its next token. */
#ifndef FOVEA_TOKENS_H
#define FOVEA_TOKENS_H

#include "core/parse/parse_private.h"
#include "core/parse/parser.h"

/** The next token.
 * @status: bison's state of recovery. 3: it has just thrown the last token away, because of an error: find where it can
 * go on. Less: that many tokens must fit before it reports errors again; 0 is set where the place was found here. */
int fv_parse_token(FV_PARSER_STYPE *value, FvLoc *loc, Parse *parse, int *status);
/** The text of the token that was handed out last. */
const char *fv_parse_last(const Parse *parse, int *type, gsize *length);
/** The bracket that is still open, or FALSE where there is none. */
gboolean fv_parse_open(const Parse *parse, char *bracket, FvLoc *loc);

/* lexer.l: fv_lexer_lex() gives one token after the other, FV_PARSER_error for what it has reported itself. */

void fv_lexer_open(Parse *parse);
void fv_lexer_close(Parse *parse);
int fv_lexer_lex(FV_PARSER_STYPE *value, FvLoc *loc, void *scanner);

#endif
