/* SPDX-License-Identifier: MIT
 * parser.y: the grammar of pipeline files. Each `error` stands where parsing can go on; tokens.c finds the place. */
%code requires {
#include "core/parse/parse_private.h"
}

%code {
#include "core/parse/tokens.h"

/* Tokens come from tokens.c, which must know when the parser throws them away. */
#undef yylex
#define yylex(value, loc, parse) fv_parse_token(value, loc, parse, &yyerrstatus)
static void yyerror(const FvLoc *loc, Parse *parse, const char *message);
static void measure(Parse *parse, FvExpr *expr);
static FvExpr *operation(Parse *parse, FvExprType type, FvLoc loc, char op, FvExpr *first, FvExpr *second);
static FvExpr *call(Parse *parse, char *name, FvLoc loc, GPtrArray *arguments);
static FvExpr *call_of(Parse *parse, const char *name, FvLoc loc, FvExpr *only);
static FvStage *use_stage(FvExpr *use);
static FvStage *named_stage(FvStage *stage, char *name, FvLoc loc);
static void add_setting(GPtrArray *list, FvSetting *setting);
static void add_import(Parse *parse, char *path, FvLoc loc);

#define YYLLOC_DEFAULT(current, rhs, n) ((current) = YYRHSLOC(rhs, (n) ? 1 : 0))
}

%define api.pure full
%define api.prefix {fv_parser_}
%define api.location.type {FvLoc}
%define api.value.type union
%define parse.error custom
%define parse.lac full
%locations
%parse-param {Parse *parse}
%lex-param {Parse *parse}
%initial-action { @$ = (FvLoc){ parse->file, 1, 1 }; }
%expect 0

%token START_FILE START_VALUE START_CHAIN
%token <char *> NAME "a name" STRING "a string"
%token <double> NUMBER "a number"
%token LET "let" IMPORT "import" BLOCK "block" FREEZE "freeze" REPEAT "repeat" AS "as" TRUE_WORD "true" FALSE_WORD "false"
%token ARROW "->" DOTS ".." LOG "log"
%token YYEOF 0 "the end"

%precedence LOG
%nonassoc DOTS
%left '+' '-'
%left '*' '/' '%'
%precedence MINUS

%nterm <FvSetting *> setting
%nterm <FvExpr *> value expr item
%nterm <FvSection *> statements
%nterm <FvBlock *> head
%nterm <GPtrArray *> parameters parameter_list arguments argument_list items item_list chains alternatives
%nterm <FvArgument *> parameter argument
%nterm <FvChain *> chain alternative
%nterm <FvStage *> stage bare
%nterm <char *> repeat_as

%destructor { g_free($$); } <char *>
%destructor { fv_setting_free($$); } <FvSetting *>
%destructor { fv_section_free($$); } <FvSection *>
%destructor { fv_block_free($$); } <FvBlock *>
%destructor { fv_argument_free($$); } <FvArgument *>
%destructor { fv_chain_free($$); } <FvChain *>
%destructor { fv_stage_free($$); } <FvStage *>
%destructor { fv_expr_free($$); } <FvExpr *>
%destructor { g_ptr_array_unref($$); } <GPtrArray *>

%%

start
    : START_FILE file
    | START_VALUE expr { parse->value = $expr; }
    | START_CHAIN chain
        {
            FvSection *section = fv_section_new(g_strdup("augment"), @chain);
            fv_list_add(section->chains, $chain);
            fv_list_add(parse->tree->sections, section);
        }
    ;

file
    : %empty
    | file top
    ;

top
    : LET NAME '=' value { add_setting(parse->tree->lets, fv_setting_new($NAME, @NAME, $value)); }
    | setting { add_setting(parse->tree->settings, $setting); }
    | IMPORT STRING { add_import(parse, $STRING, @STRING); }
    | FREEZE value { fv_list_add(parse->tree->freezes, $value); }
    | BLOCK head '{' chains '}' { $head->chains = $chains; fv_list_add(parse->tree->blocks, $head); }
    | NAME '{' statements '}'
        {
            $statements->name = $NAME;
            $statements->loc = @NAME;
            fv_list_add(parse->tree->sections, $statements);
        }
    | error
    ;

/* A rule of its own, so that an error after it does not lead back into its brackets. */
head
    : NAME '(' parameters ')' { $$ = fv_block_new($NAME, @NAME, $parameters); }
    | NAME
        {
            fv_parse_report(parse, @1, "block %s: expected \"(\" after the name", $1);
            $$ = fv_block_new($NAME, @NAME, fv_argument_list());
        }
    ;

setting
    : NAME '=' value { $$ = fv_setting_new($NAME, @NAME, $value); }
    ;

value
    : expr
    | error { $$ = NULL; }
    ;

statements
    : %empty { $$ = fv_section_new(NULL, @$); }
    | statements setting { add_setting($1->settings, $setting); $$ = $1; }
    | statements chain { fv_list_add($1->chains, $chain); $$ = $1; }
    ;

/* ------------------------------------------------------------------ chains */

chains
    : %empty { $$ = fv_chain_list(); }
    | chains chain { $$ = fv_list_add($1, $chain); }
    ;

chain
    : stage { $$ = fv_chain_new(@stage); fv_list_add($$->stages, $stage); }
    | chain ARROW stage { fv_list_add($1->stages, $stage); $$ = $1; }
    ;

stage
    : bare
    | bare AS NAME { $$ = named_stage($bare, $NAME, @NAME); }
    ;

bare
    : NAME { $$ = use_stage(fv_expr_text(FV_EXPR_NAME, @NAME, $NAME)); }
    | NAME '(' arguments ')' { $$ = use_stage(call(parse, $NAME, @NAME, $arguments)); }
    | '{' alternatives '}' { $$ = fv_stage_new(FV_STAGE_BRANCH, @1); $$->chains = $alternatives; }
    | REPEAT expr repeat_as '{' chains '}'
        {
            $$ = fv_stage_new(FV_STAGE_REPEAT, @1);
            $$->count = $expr;
            $$->variable = $repeat_as;
            $$->chains = $chains;
        }
    | REPEAT '{' chains '}'
        {
            fv_parse_report(parse, @2, "expected how often to repeat, found \"{\"");
            g_ptr_array_unref($chains);
            $$ = NULL;
        }
    | error { $$ = NULL; }
    ;

repeat_as
    : %empty { $$ = NULL; }
    | AS NAME { $$ = $NAME; }
    ;

alternatives
    : alternative { $$ = fv_list_add(fv_chain_list(), $alternative); }
    | alternatives '|' alternative { $$ = fv_list_add($1, $alternative); }
    ;

alternative
    : %empty { $$ = fv_chain_new(@$); }
    | chain
    ;

/* --------------------------------------------------------------- arguments */

parameters
    : %empty { $$ = fv_argument_list(); }
    | parameter_list
    ;

parameter_list
    : parameter { $$ = fv_list_add(fv_argument_list(), $parameter); }
    | parameter_list ',' parameter { $$ = fv_list_add($1, $parameter); }
    ;

parameter
    : NAME { $$ = fv_argument_new($NAME, @NAME, NULL); }
    | NAME '=' expr { $$ = fv_argument_new($NAME, @NAME, $expr); }
    | error { $$ = NULL; }
    ;

arguments
    : %empty { $$ = fv_argument_list(); }
    | argument_list
    ;

argument_list
    : argument { $$ = fv_list_add(fv_argument_list(), $argument); }
    | argument_list ',' argument { $$ = fv_list_add($1, $argument); }
    ;

argument
    : expr { $$ = fv_argument_new(NULL, @expr, $expr); }
    | NAME '=' expr { $$ = fv_argument_new($NAME, @NAME, $expr); }
    | error { $$ = NULL; }
    ;

/* ------------------------------------------------------------- expressions */

expr
    : NUMBER { $$ = fv_expr_number(FV_EXPR_NUMBER, @1, $1); }
    | STRING { $$ = fv_expr_text(FV_EXPR_STRING, @1, $1); }
    | TRUE_WORD { $$ = fv_expr_number(FV_EXPR_BOOL, @1, 1); }
    | FALSE_WORD { $$ = fv_expr_number(FV_EXPR_BOOL, @1, 0); }
    | NAME { $$ = fv_expr_text(FV_EXPR_NAME, @1, $1); }
    | NAME '(' arguments ')' { $$ = call(parse, $NAME, @NAME, $arguments); }
    | '[' items ']'
        {
            $$ = fv_expr_new(FV_EXPR_LIST, @1);
            $$->items = $items;
            measure(parse, $$);
        }
    | '(' expr ')' { $$ = $2; }
    | '(' error ')' { $$ = fv_expr_number(FV_EXPR_NUMBER, @1, 0); }
    | '-' expr %prec MINUS { $$ = operation(parse, FV_EXPR_UNARY, @1, '-', $2, NULL); }
    | expr '+' expr { $$ = operation(parse, FV_EXPR_BINARY, @2, '+', $1, $3); }
    | expr '-' expr { $$ = operation(parse, FV_EXPR_BINARY, @2, '-', $1, $3); }
    | expr '*' expr { $$ = operation(parse, FV_EXPR_BINARY, @2, '*', $1, $3); }
    | expr '/' expr { $$ = operation(parse, FV_EXPR_BINARY, @2, '/', $1, $3); }
    | expr '%' expr { $$ = operation(parse, FV_EXPR_BINARY, @2, '%', $1, $3); }
    | expr DOTS expr { $$ = operation(parse, FV_EXPR_RANGE, @2, 0, $1, $3); }
    | LOG expr { $$ = call_of(parse, "log", @LOG, $2); }
    ;

items
    : %empty { $$ = fv_expr_list(); }
    | item_list
    ;

item_list
    : item { $$ = fv_list_add(fv_expr_list(), $item); }
    | item_list ',' item { $$ = fv_list_add($1, $item); }
    ;

item
    : expr
    | error { $$ = NULL; }
    ;

%%

/* ------------------------------------------------------------------- nodes */

static int height_of(const FvExpr *expr)
{
    return expr->type == FV_EXPR_NUMBER || expr->type == FV_EXPR_BOOL ? 0 : (int) expr->number;
}

/* Keeps the height of the tree below @expr in its `number`, which means nothing there, and limits it: whoever walks a
 * tree may recurse. */
static void measure(Parse *parse, FvExpr *expr)
{
    int height = 0;
    for (guint i = 0; expr->items && i < expr->items->len; i++)
        height = MAX(height, height_of(expr->items->pdata[i]));
    for (guint i = 0; expr->args && i < expr->args->len; i++)
        height = MAX(height, height_of(((FvArgument *) expr->args->pdata[i])->value));
    expr->number = height + 1;
    if (height < MOST_HEIGHT || parse->stopped)
        return;
    fv_parse_report(parse, expr->loc, "an expression of more than %d operators", MOST_HEIGHT);
    parse->stopped = TRUE;
}

static FvExpr *operation(Parse *parse, FvExprType type, FvLoc loc, char op, FvExpr *first, FvExpr *second)
{
    FvExpr *expr = fv_expr_items(type, loc, op, first, second);
    measure(parse, expr);
    return expr;
}

static FvExpr *call(Parse *parse, char *name, FvLoc loc, GPtrArray *arguments)
{
    FvExpr *expr = fv_expr_text(FV_EXPR_CALL, loc, name);
    expr->args = arguments;
    measure(parse, expr);
    return expr;
}

static FvExpr *call_of(Parse *parse, const char *name, FvLoc loc, FvExpr *only)
{
    GPtrArray *arguments = fv_argument_list();
    fv_list_add(arguments, fv_argument_new(NULL, only->loc, only));
    return call(parse, g_strdup(name), loc, arguments);
}

static FvStage *use_stage(FvExpr *use)
{
    FvStage *stage = fv_stage_new(FV_STAGE_USE, use->loc);
    stage->use = use;
    return stage;
}

/* The stage is NULL where an error kept it from being made. */
static FvStage *named_stage(FvStage *stage, char *name, FvLoc loc)
{
    if (!stage) {
        g_free(name);
        return NULL;
    }
    stage->as = name;
    stage->as_loc = loc;
    return stage;
}

/* A setting whose value was wrong goes. */
static void add_setting(GPtrArray *list, FvSetting *setting)
{
    if (setting->value)
        g_ptr_array_add(list, setting);
    else
        fv_setting_free(setting);
}

static void add_import(Parse *parse, char *path, FvLoc loc)
{
    Import *import = g_new0(Import, 1);
    *import = (Import){ path, loc };
    g_ptr_array_add(parse->imports, import);
}

/* ------------------------------------------------------------------ errors */

static int yyreport_syntax_error(const yypcontext_t *context, Parse *parse)
{
    yysymbol_kind_t kinds[YYNTOKENS];
    const char *names[YYNTOKENS + 1] = { NULL };
    const int count = yypcontext_expected_tokens(context, kinds, YYNTOKENS);
    for (int i = 0; i < count; i++)
        names[i] = yysymbol_name(kinds[i]);
    fv_parse_unexpected(parse, *yypcontext_location(context), names);
    return 0;
}

/* All that is left to bison itself is a stack that is too high. */
static void yyerror(const FvLoc *loc, Parse *parse, const char *message)
{
    if (!parse->stopped)
        fv_parse_report(parse, *loc, "nested too deeply");
    parse->stopped = TRUE;
}
