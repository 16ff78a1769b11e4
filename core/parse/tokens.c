/* SPDX-License-Identifier: MIT
 * tokens.c: hands tokens to the parser, knows which brackets are open, and finds where to go on after an error.
 *
 * After an error the parser throws tokens away until one fits. Left alone, it would take the first ")" of the next
 * layer for the missing one, or parse half an argument as a setting. So the skipping is done here, where the brackets
 * are known: to the end of the argument; to the next stage or setting in braces; to the next section or setting
 * outside of them. Where what comes cannot be inside the open bracket, its closing one is put in. */
#include "core/parse/tokens.h"

#include <string.h>

/* A token, or none where its type is FV_PARSER_EMPTY. */
typedef struct {
    int type;
    FV_PARSER_STYPE value;
    FvLoc loc;
    gsize begin, length; /* in the text */
} Token;

typedef struct {
    char bracket;
    FvLoc loc;
    int minuses; /* right before it, or before the name of what it calls */
} Open;

struct Tokens {
    Token last;     /* handed out; its value is the parser's */
    Token ahead[2]; /* read, and not handed out yet */
    int ahead_count;
    gboolean closing;   /* close brackets before ahead[0] */
    gboolean found;     /* where to go on */
    GArray *open;       /* of Open */
    int depth, minuses; /* open brackets and the minuses before them; minuses right before what follows */
    guint base;         /* brackets that were open before `last` */
    Open popped;        /* what `last` closed, where base is more than what is open now */
};

Tokens *fv_tokens_new(void)
{
    Tokens *tokens = g_new0(Tokens, 1);
    tokens->last.type = FV_PARSER_EMPTY;
    tokens->open = g_array_new(FALSE, FALSE, sizeof(Open));
    return tokens;
}

static void token_clear(Token *token)
{
    if (token->type == NAME)
        g_free(token->value.NAME);
    else if (token->type == STRING)
        g_free(token->value.STRING);
    token->type = FV_PARSER_EMPTY;
}

void fv_tokens_free(Tokens *tokens)
{
    for (int i = 0; i < tokens->ahead_count; i++)
        token_clear(&tokens->ahead[i]);
    g_array_unref(tokens->open);
    g_free(tokens);
}

static Token read_token(Parse *parse)
{
    Token token = { 0 };
    token.type = fv_lexer_lex(&token.value, &token.loc, parse->scanner);
    if (token.type == FV_PARSER_EOF) {
        token.loc = (FvLoc){ parse->file, parse->line, parse->col };
        parse->begin = parse->offset;
    }
    token.begin = parse->begin;
    token.length = parse->offset - parse->begin;
    return token;
}

static Token take(Parse *parse)
{
    Tokens *tokens = parse->tokens;
    if (tokens->ahead_count == 0)
        return read_token(parse);
    const Token token = tokens->ahead[0];
    tokens->ahead[0] = tokens->ahead[1];
    tokens->ahead_count--;
    return token;
}

/* Puts a token back, before those that are ahead. */
static void put_back(Tokens *tokens, Token token)
{
    tokens->ahead[1] = tokens->ahead[0];
    tokens->ahead[0] = token;
    tokens->ahead_count++;
}

static int peek(Parse *parse)
{
    Tokens *tokens = parse->tokens;
    if (tokens->ahead_count == 0)
        tokens->ahead[tokens->ahead_count++] = read_token(parse);
    return tokens->ahead[0].type;
}

/* ---------------------------------------------------------------- brackets */

static int closer_of(char bracket)
{
    return bracket == '(' ? ')' : bracket == '[' ? ']' : '}';
}

static const Open *open_at(const Tokens *tokens, guint i)
{
    return &g_array_index(tokens->open, Open, i);
}

/* The bracket that is open and was opened last, or 0. */
static char innermost(const Tokens *tokens)
{
    return tokens->open->len ? open_at(tokens, tokens->open->len - 1)->bracket : 0;
}

static gboolean is_opener(int type)
{
    return type == '(' || type == '[' || type == '{';
}

static gboolean is_closer(int type)
{
    return type == ')' || type == ']' || type == '}';
}

static void push(Tokens *tokens, const Token *token)
{
    const Open open = { (char) token->type, token->loc, tokens->minuses };
    g_array_append_val(tokens->open, open);
    tokens->depth += 1 + open.minuses;
}

static void pop_to(Tokens *tokens, guint length)
{
    while (tokens->open->len > length) {
        tokens->depth -= 1 + open_at(tokens, tokens->open->len - 1)->minuses;
        g_array_set_size(tokens->open, tokens->open->len - 1);
    }
}

/* How many brackets would be open after this closing one; -1 where it closes none. A brace hides what is around it
 * from other brackets. */
static int open_after(const Tokens *tokens, int closer)
{
    for (guint i = tokens->open->len; i > 0; i--) {
        const char bracket = open_at(tokens, i - 1)->bracket;
        if (closer_of(bracket) == closer)
            return (int) i - 1;
        if (bracket == '{')
            return -1;
    }
    return -1;
}

/* Keeps count of brackets and minuses. A closing bracket that does not fit closes nothing: the parser will say so. */
static void count(Parse *parse, const Token *token)
{
    Tokens *tokens = parse->tokens;
    tokens->base = tokens->open->len;
    if (is_opener(token->type)) {
        push(tokens, token);
    } else if (is_closer(token->type) && closer_of(innermost(tokens)) == token->type && tokens->open->len) {
        tokens->popped = *open_at(tokens, tokens->open->len - 1);
        pop_to(tokens, tokens->open->len - 1);
    }
    const gboolean after_minus = tokens->last.type == '-';
    if (token->type == '-')
        tokens->minuses = after_minus ? tokens->minuses + 1 : 1;
    else if (token->type != NAME || !after_minus)
        tokens->minuses = 0;
    const gboolean deeper = tokens->open->len > tokens->base || token->type == '-';
    if (!deeper || tokens->depth + tokens->minuses <= MOST_DEPTH)
        return;
    fv_parse_report(parse, token->loc, "nested too deeply: more than %d brackets or minus signs within each other",
                    MOST_DEPTH);
    parse->stopped = TRUE;
}

/* The parser threw the last token away: so its bracket does not count either. */
static void uncount(Tokens *tokens)
{
    if (tokens->open->len > tokens->base) {
        pop_to(tokens, tokens->base);
    } else if (tokens->open->len < tokens->base) {
        g_array_append_val(tokens->open, tokens->popped);
        tokens->depth += 1 + tokens->popped.minuses;
    }
    tokens->base = tokens->open->len;
}

gboolean fv_parse_open(const Parse *parse, char *bracket, FvLoc *loc)
{
    const Tokens *tokens = parse->tokens;
    if (tokens->open->len == 0)
        return FALSE;
    const Open *open = open_at(tokens, tokens->open->len - 1);
    *bracket = open->bracket;
    *loc = open->loc;
    return TRUE;
}

const char *fv_parse_last(const Parse *parse, int *type, gsize *length)
{
    const Token *last = &parse->tokens->last;
    *type = last->type;
    *length = last->length;
    return parse->text + last->begin;
}

/* ---------------------------------------------------------------- skipping */

static gboolean begins_line(const Token *token)
{
    return token->loc.col == 1 && token->type != FV_PARSER_error;
}

/* Whether a word begins something that stands outside of all brackets. */
static gboolean begins_top(int type)
{
    return type == LET || type == IMPORT || type == BLOCK || type == FREEZE;
}

/* Whether a token shows that the innermost bracket should have been closed before it. */
static gboolean must_close(const Tokens *tokens, const Token *token)
{
    const char bracket = innermost(tokens);
    const int type = token->type;
    if (bracket == 0 || type == closer_of(bracket) || type == FV_PARSER_EOF)
        return FALSE;
    const gboolean top = begins_top(type);
    if (bracket == '{')
        return top && begins_line(token);
    if (type == ')' || type == ']')
        return open_after(tokens, type) >= 0;
    return type == ARROW || type == '{' || type == '}' || type == '|' || ((top || type == NAME) && begins_line(token));
}

/* Whether parsing can go on at a token around which no other brackets are open than before the error. */
static gboolean can_go_on(Parse *parse, const Token *token)
{
    const char bracket = innermost(parse->tokens);
    const int type = token->type;
    if (bracket == '(' || bracket == '[')
        return type == ',';
    if (bracket == '{')
        return type == NAME || type == ARROW || type == '{' || type == '|' || type == REPEAT;
    if (begins_top(type))
        return TRUE;
    const int next = type == NAME ? peek(parse) : FV_PARSER_EMPTY;
    return next == '=' || next == '{';
}

/* Whether to stop skipping at a token. Follows the brackets that are opened and closed on the way.
 * @base: how many were open before the error. */
static gboolean stop_at(Parse *parse, const Token *token, guint base)
{
    Tokens *tokens = parse->tokens;
    const int after = is_closer(token->type) ? open_after(tokens, token->type) : -1;
    if (token->type == FV_PARSER_EOF) {
        pop_to(tokens, base);
        return TRUE;
    }
    if (is_closer(token->type)) {
        if (after >= 0)
            pop_to(tokens, MAX((guint) after, base));
        return after >= 0 && (guint) after < base;
    }
    while (tokens->open->len > base && must_close(tokens, token))
        pop_to(tokens, tokens->open->len - 1);
    if (tokens->open->len == base && (must_close(tokens, token) || can_go_on(parse, token)))
        return TRUE;
    if (is_opener(token->type))
        push(tokens, token);
    parse->stopped = tokens->depth > MOST_DEPTH; /* no more sense will be made of this, and an error was reported */
    return parse->stopped;
}

/* Reads to where parsing can go on, which is left ahead. */
static void synchronize(Parse *parse)
{
    Tokens *tokens = parse->tokens;
    Token token = tokens->last;
    if (!is_closer(token.type) || token.length > 0) /* one that was put in stays: it must not be put in again */
        uncount(tokens);
    const guint base = tokens->open->len;
    if (must_close(tokens, &token)) {
        if (token.type == NAME) /* the parser has freed it */
            token.value.NAME = g_ascii_strdown(parse->text + token.begin, (gssize) token.length);
        put_back(tokens, token);
        tokens->closing = TRUE;
        return;
    }
    if (is_opener(token.type))
        push(tokens, &token);
    for (token = take(parse); !stop_at(parse, &token, base); token = take(parse))
        token_clear(&token);
    put_back(tokens, token);
    tokens->closing = tokens->found = TRUE;
}

static Token next_token(Parse *parse)
{
    Tokens *tokens = parse->tokens;
    if (tokens->closing && must_close(tokens, &tokens->ahead[0])) {
        Token token = tokens->ahead[0];
        token.type = closer_of(innermost(tokens));
        token.length = 0;
        return token;
    }
    tokens->closing = FALSE;
    return take(parse);
}

int fv_parse_token(FV_PARSER_STYPE *value, FvLoc *loc, Parse *parse, int *status)
{
    Tokens *tokens = parse->tokens;
    *loc = (FvLoc){ parse->file, parse->line, parse->col };
    if (parse->start) {
        const int start = parse->start;
        parse->start = 0;
        return start;
    }
    if (*status == 3 && !parse->stopped) {
        synchronize(parse);
    } else if (*status < 3 && tokens->found) {
        *status = 0;
        tokens->found = FALSE;
    }
    if (parse->stopped)
        return FV_PARSER_EOF;
    Token token = next_token(parse);
    count(parse, &token);
    tokens->last = token;
    if (parse->stopped) {
        token_clear(&token);
        return FV_PARSER_EOF;
    }
    *value = token.value;
    *loc = token.loc;
    return token.type;
}
