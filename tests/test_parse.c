/* SPDX-License-Identifier: MIT
 * test_parse.c: pipeline files into trees: every construct, places, precedence, imports, and printing. */
#include "core/parse/ast.h"

#include <glib/gstdio.h>

/* ------------------------------------------------------------------- tools */

static FvTree *parse(const char *text)
{
    g_autoptr(FvDiag) diag = fv_diag_new();
    FvTree *tree = fv_parse_text("t.fv", text, diag);
    g_autofree char *errors = fv_diag_text(diag);
    g_assert_cmpstr(errors, ==, "");
    g_assert_nonnull(tree);
    return tree;
}

/* Parsing what is printed must print the same. */
static void assert_prints(const char *text, const char *expected)
{
    g_autoptr(FvTree) tree = parse(text);
    g_autofree char *printed = fv_tree_print(tree, NULL);
    if (expected)
        g_assert_cmpstr(printed, ==, expected);
    g_autoptr(FvTree) again = parse(printed);
    g_autofree char *same = fv_tree_print(again, NULL);
    g_assert_cmpstr(same, ==, printed);
}

static void test_freeze(void)
{
    assert_prints("freeze \"conv*\" net { input(1) } freeze [\"a.b\", trunk]\nlet trunk = \"x\"",
                  "let trunk = \"x\"\n\nnet {\n  input(1)\n}\n\nfreeze \"conv*\"\nfreeze [\"a.b\", trunk]\n");
}

static void assert_loc(FvLoc loc, int line, int col)
{
    g_assert_true(loc.file == g_intern_string("t.fv"));
    g_assert_cmpint(loc.line, ==, line);
    g_assert_cmpint(loc.col, ==, col);
}

/* ---------------------------------------------------------------- examples */

static const char lenet[] =
    "# LeNet on Fashion-MNIST\n"
    "let classes = 10\n"
    "let rate    = 0.01\n\n"
    "data {\n"
    "  source   = idx(\"/usr/share/datasets/fashion-mnist\")\n"
    "  validate = 0.1                       # share of the training split\n"
    "}\n"
    "prepare { normalize(mean=0.286, std=0.353) }        # every split\n"
    "augment { crop(28, pad=2) -> flip(p=0.5) }          # training split only\n\n"
    "net {\n"
    "  input(1, 28, 28)\n"
    "    -> conv(20, 5) -> relu -> maxpool(2)\n"
    "    -> conv(50, 5) -> relu -> maxpool(2)\n"
    "    -> dense(500) -> relu -> dropout(0.5)\n"
    "    -> dense(classes) as logits\n"
    "}\n\n"
    "loss      = softmax(logits, label) + l2(5e-4)\n"
    "optimizer = sgd(rate=rate, momentum=0.9)\n"
    "schedule  = cosine\n"
    "train { epochs = 3  batch = 64 }\n";

static const char lenet_printed[] =
    "let classes = 10\n"
    "let rate = 0.01\n\n"
    "data {\n"
    "  source = idx(\"/usr/share/datasets/fashion-mnist\")\n"
    "  validate = 0.1\n"
    "}\n\n"
    "prepare {\n  normalize(mean=0.286, std=0.353)\n}\n\n"
    "augment {\n  crop(28, pad=2) -> flip(p=0.5)\n}\n\n"
    "net {\n"
    "  input(1, 28, 28) -> conv(20, 5) -> relu -> maxpool(2) -> conv(50, 5) -> relu -> maxpool(2)\n"
    "    -> dense(500) -> relu -> dropout(0.5) -> dense(classes) as logits\n"
    "}\n\n"
    "train {\n  epochs = 3\n  batch = 64\n}\n\n"
    "loss = softmax(logits, label) + l2(0.0005)\n"
    "optimizer = sgd(rate=rate, momentum=0.9)\n"
    "schedule = cosine\n";

static void test_lenet(void)
{
    assert_prints(lenet, lenet_printed);
    g_autoptr(FvTree) tree = parse(lenet);
    g_assert_cmpuint(tree->sections->len, ==, 5);
    const FvSection *train = tree->sections->pdata[4];
    g_assert_cmpstr(train->name, ==, "train");
    g_assert_cmpuint(train->settings->len, ==, 2);
    g_assert_cmpuint(train->chains->len, ==, 0);
}

static const char blocks[] =
    "block residual(c, stride=1) {\n"
    "  in -> conv(c, 3, stride=stride, pad=1) -> batchnorm -> relu\n"
    "     -> conv(c, 3, pad=1) -> batchnorm as main\n"
    "  in -> match(main) as skip            # a 1x1 convolution, only where shapes differ\n"
    "  add(main, skip) -> relu as out\n"
    "}\n"
    "block inception(a, b3, b, c5, c, p) {\n"
    "  in -> { conv(a, 1) -> relu\n"
    "        | conv(b3, 1) -> relu -> conv(b, 3, pad=1) -> relu\n"
    "        | conv(c5, 1) -> relu -> conv(c, 5, pad=2) -> relu\n"
    "        | maxpool(3, stride=1, pad=1) -> conv(p, 1) -> relu }\n"
    "     -> concat as out\n"
    "}\n"
    "net {\n"
    "  input(3, 32, 32) -> conv(16, 3, pad=1) -> repeat 3 { residual(16) }\n"
    "    -> residual(32, stride=2) as trunk\n"
    "  trunk -> gap -> dense(10) as logits\n"
    "  trunk -> gap -> dense(4)  as boxes\n"
    "}\n"
    "loss = softmax(logits, label) + 0.3 * smooth_l1(boxes, box)\n";

static void test_blocks(void)
{
    assert_prints(blocks, NULL);
    g_autoptr(FvTree) tree = parse(blocks);
    const FvBlock *residual = tree->blocks->pdata[0], *inception = tree->blocks->pdata[1];
    const FvSection *net = tree->sections->pdata[0];
    g_assert_cmpuint(residual->parameters->len, ==, 2);
    const FvArgument *c = residual->parameters->pdata[0], *stride = residual->parameters->pdata[1];
    g_assert_cmpstr(c->name, ==, "c");
    g_assert_null(c->value);
    g_assert_cmpstr(stride->name, ==, "stride");
    g_assert_cmpfloat(stride->value->number, ==, 1);
    g_assert_cmpuint(residual->chains->len, ==, 3);
    g_assert_cmpuint(net->chains->len, ==, 3);
    const FvChain *chain = inception->chains->pdata[0];
    g_assert_cmpuint(chain->stages->len, ==, 3);
    const FvStage *branch = chain->stages->pdata[1], *concat = chain->stages->pdata[2];
    g_assert_cmpint(branch->type, ==, FV_STAGE_BRANCH);
    g_assert_cmpuint(branch->chains->len, ==, 4);
    g_assert_cmpuint(((FvChain *) branch->chains->pdata[1])->stages->len, ==, 4);
    g_assert_cmpstr(concat->as, ==, "out");
}

/* -------------------------------------------------------------- constructs */

static void test_places(void)
{
    g_autoptr(FvTree) tree = parse(
        "let a = 1 + 2 * -x\n"
        "block b(c,\n  d=3) { e }\n"
        "data { s = \"é\t∞\" f(1..2, (3 - 4), n = [5]) as g -> { h | } }\n"
        "x = # é\n\t  y(\r\n z)\n");
    const FvSetting *a = tree->lets->pdata[0], *x = tree->settings->pdata[0];
    const FvExpr *product = a->value->items->pdata[1];
    assert_loc(a->loc, 1, 5);
    assert_loc(a->value->loc, 1, 11);
    assert_loc(product->loc, 1, 15);
    assert_loc(((FvExpr *) product->items->pdata[1])->loc, 1, 17);
    const FvBlock *b = tree->blocks->pdata[0];
    assert_loc(b->loc, 2, 7);
    assert_loc(((FvArgument *) b->parameters->pdata[1])->loc, 3, 3);
    assert_loc(((FvChain *) b->chains->pdata[0])->loc, 3, 10);

    const FvSection *data = tree->sections->pdata[0];
    const FvChain *chain = data->chains->pdata[0];
    const FvStage *f = chain->stages->pdata[0], *branch = chain->stages->pdata[1];
    assert_loc(data->loc, 4, 1);
    assert_loc(((FvSetting *) data->settings->pdata[0])->loc, 4, 8);
    assert_loc(chain->loc, 4, 18);
    assert_loc(f->loc, 4, 18);
    assert_loc(f->use->loc, 4, 18);
    assert_loc(f->as_loc, 4, 47);
    const FvArgument *range = f->use->args->pdata[0], *minus = f->use->args->pdata[1], *n = f->use->args->pdata[2];
    assert_loc(range->loc, 4, 20);
    assert_loc(range->value->loc, 4, 21);
    assert_loc(minus->loc, 4, 26);
    assert_loc(minus->value->loc, 4, 29);
    assert_loc(n->loc, 4, 35);
    assert_loc(n->value->loc, 4, 39);
    assert_loc(branch->loc, 4, 52);
    assert_loc(x->loc, 5, 1);
    assert_loc(x->value->loc, 6, 4);
    assert_loc(((FvArgument *) x->value->args->pdata[0])->loc, 7, 2);
}

/* Every operation in brackets: what the tree is. */
static void shape(const FvExpr *expr, GString *text)
{
    const gboolean list = expr->type == FV_EXPR_LIST;
    if (!expr->items) {
        g_autofree char *leaf = fv_expr_print(expr);
        g_string_append(text, leaf);
        return;
    }
    g_string_append_c(text, list ? '[' : '(');
    if (expr->type == FV_EXPR_UNARY)
        g_string_append_c(text, '-');
    for (guint i = 0; i < expr->items->len; i++) {
        const char op[] = { ' ', expr->op, ' ', 0 };
        if (i)
            g_string_append(text, list ? ", " : expr->type == FV_EXPR_RANGE ? ".." : op);
        shape(expr->items->pdata[i], text);
    }
    g_string_append_c(text, list ? ']' : ')');
}

static void test_expressions(void)
{
    static const struct {
        const char *text, *shape, *printed; /* printed: NULL for the text itself */
    } cases[] = {
        { "1", "1", NULL },
        { "1.5", "1.5", NULL },
        { ".5", "0.5", "0.5" },
        { "1e-4", "0.0001", "0.0001" },
        { "5E+4", "50000", "50000" },
        { "1e300", "1e+300", "1e+300" },
        { "0.1", "0.1", NULL },
        { "0.30000000000000004", "0.30000000000000004", NULL },
        { "123456789012", "123456789012", NULL },
        { "007", "7", "7" },
        { "true", "true", NULL },
        { "false", "false", NULL },
        { "word_2", "word_2", NULL },
        { "lets", "lets", NULL },
        { "in", "in", NULL },
        { "\"\"", "\"\"", NULL },
        { "\"a \\\"b\\\" \\\\ \\n \\t ${i} é\"", "\"a \\\"b\\\" \\\\ \\n \\t ${i} é\"", NULL },
        { "\"tab\there\"", "\"tab\\there\"", "\"tab\\there\"" },
        { "1+2*3", "(1 + (2 * 3))", "1 + 2 * 3" },
        { "(1+2)*3", "((1 + 2) * 3)", "(1 + 2) * 3" },
        { "1-2-3", "((1 - 2) - 3)", "1 - 2 - 3" },
        { "1-(2-3)", "(1 - (2 - 3))", "1 - (2 - 3)" },
        { "1-(2+3)", "(1 - (2 + 3))", "1 - (2 + 3)" },
        { "a/b*c%d", "(((a / b) * c) % d)", "a / b * c % d" },
        { "a/(b*c)", "(a / (b * c))", "a / (b * c)" },
        { "-a*b", "((-a) * b)", "-a * b" },
        { "-(a*b)", "(-(a * b))", "-(a * b)" },
        { "a - -b", "(a - (-b))", NULL },
        { "a*-b", "(a * (-b))", "a * -b" },
        { "--a", "(-(-a))", NULL },
        { "1 -x", "(1 - x)", "1 - x" },
        { "b (c)", "b(c)", "b(c)" },
        { "-15..15", "((-15)..15)", NULL },
        { "1..2", "(1..2)", NULL },
        { "1.5..2.5", "(1.5..2.5)", NULL },
        { "1 .. .5", "(1..0.5)", "1..0.5" },
        { "a+1..b*2", "((a + 1)..(b * 2))", "a + 1..b * 2" },
        { "(1..2)*3", "((1..2) * 3)", "(1..2) * 3" },
        { "(1..2)..3", "((1..2)..3)", "(1..2)..3" },
        { "1..(2..3)", "(1..(2..3))", NULL },
        { "-(1..2)", "(-(1..2))", NULL },
        { "[]", "[]", NULL },
        { "[1,[2, 3] , -4..5,a(1)]", "[1, [2, 3], ((-4)..5), a(1)]", "[1, [2, 3], -4..5, a(1)]" },
        { "((((a))))", "a", "a" },
        { "f()", "f()", NULL },
        { "f(1, b=2..3, c(d=[e]))", "f(1, b=2..3, c(d=[e]))", NULL },
        { "f(1) + 0.3 * g(h, i)", "(f(1) + (0.3 * g(h, i)))", NULL },
        { "1e999", "1e999", NULL },
    };
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(FvDiag) diag = fv_diag_new();
        g_autoptr(FvExpr) expr = fv_parse_value("v", cases[i].text, diag);
        g_autoptr(GString) found = g_string_new(NULL);
        g_test_message("case %u", i);
        g_assert_nonnull(expr);
        shape(expr, found);
        g_assert_cmpstr(found->str, ==, cases[i].shape);
        g_autofree char *printed = fv_expr_print(expr);
        g_assert_cmpstr(printed, ==, cases[i].printed ? cases[i].printed : cases[i].text);
        g_autoptr(FvExpr) again = fv_parse_value("v", printed, diag);
        g_autoptr(GString) same = g_string_new(NULL);
        shape(again, same);
        g_assert_cmpstr(same->str, ==, cases[i].shape);
    }
}

static void test_nodes(void)
{
    g_autoptr(FvDiag) diag = fv_diag_new();
    g_autoptr(FvExpr) text = fv_parse_value("v", "\"\\\"\\\\\\n\\t${i}\"", diag);
    g_assert_cmpstr(text->text, ==, "\"\\\n\t${i}");
    g_autoptr(FvExpr) yes = fv_parse_value("v", "true", diag);
    g_assert_cmpint(yes->type, ==, FV_EXPR_BOOL);
    g_assert_cmpfloat(yes->number, ==, 1);
    g_autoptr(FvExpr) name = fv_parse_value("v", "relu", diag);
    g_assert_null(name->args);
    g_autoptr(FvExpr) call = fv_parse_value("v", "relu()", diag);
    g_assert_cmpint(call->type, ==, FV_EXPR_CALL);
    g_assert_cmpuint(call->args->len, ==, 0);
    g_autoptr(FvExpr) list = fv_parse_value("v", "[]", diag);
    g_assert_cmpuint(list->items->len, ==, 0);
}

static void test_chains(void)
{
    static const struct {
        const char *text, *printed;
    } cases[] = {
        { "net { a -> b c }", "net {\n  a -> b\n  c\n}\n" },
        { "net { a as b c as d }", "net {\n  a as b\n  c as d\n}\n" },
        { "net { x = 1 a y = b c z = 2 {d|e} w = -1 repeat 2 { f } }",
          "net {\n  x = 1\n  y = b\n  z = 2\n  w = -1\n  a\n  c\n  { d | e }\n  repeat 2 { f }\n}\n" },
        { "net { { a | b } -> c { d } { } }", "net {\n  { a | b } -> c\n  { d }\n  { }\n}\n" },
        { "net { a -> { | b | } as c }", "net {\n  a -> { | b | } as c\n}\n" },
        { "net { repeat n { a b } -> repeat 2 * (n + 1) as i { { a | } c } as d }",
          "net {\n  repeat n { a  b } -> repeat 2 * (n + 1) as i { { a | }  c } as d\n}\n" },
        { "net { repeat -1 { } repeat f(2) as i { a -> b } }",
          "net {\n  repeat -1 { }\n  repeat f(2) as i { a -> b }\n}\n" },
        { "net { in->out->a(in,out) }", "net {\n  in -> out -> a(in, out)\n}\n" },
        { "block b() {} block c(d) { e }", "block b() {\n}\n\nblock c(d) {\n  e\n}\n" },
        { "a = b net { c } d = e block f() { g } let h = i j = k",
          "let h = i\n\nblock f() {\n  g\n}\n\nnet {\n  c\n}\n\na = b\nd = e\nj = k\n" },
        { "loss = a(b) + 0.3 * c(d, e)optimizer = f(g=1)", "loss = a(b) + 0.3 * c(d, e)\noptimizer = f(g=1)\n" },
        { "a=1#b=2\r\n#c=3\rd=4\n\tc = 5 # end", "a = 1\nc = 5\n" },
        { "\xEF\xBB\xBF"
          "a = 1",
          "a = 1\n" },
        { "", "" },
        { " # nothing\n", "" },
    };
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_test_message("case %u", i);
        assert_prints(cases[i].text, cases[i].printed);
    }
}

static void test_overrides(void)
{
    g_autoptr(FvDiag) diag = fv_diag_new();
    g_autoptr(FvTree) tree = parse("let a = 1 let b = 2 a = 3 net { b = 4 }");
    g_autoptr(GHashTable) overrides =
        g_hash_table_new_full(g_str_hash, g_str_equal, NULL, (GDestroyNotify) fv_expr_free);
    g_hash_table_insert(overrides, (char *) "a", fv_parse_value("-s", "-5 * (2 + 1)", diag));
    g_autofree char *printed = fv_tree_print(tree, overrides);
    g_assert_cmpstr(printed, ==, "let a = -5 * (2 + 1)\nlet b = 2\n\nnet {\n  b = 4\n}\n\na = 3\n");
}

static void test_chain_alone(void)
{
    g_autoptr(FvDiag) diag = fv_diag_new();
    g_autoptr(FvTree) tree = fv_parse_chain("c", "crop(224) -> rotate(-15..15) -> { a | }", diag);
    g_autofree char *printed = fv_tree_print(tree, NULL);
    g_assert_cmpstr(printed, ==, "augment {\n  crop(224) -> rotate(-15..15) -> { a | }\n}\n");
    static const struct {
        const char *text, *error;
    } cases[] = { { "", "c:1:1: error: expected a stage, found the end\n" },
                  { "a b", "c:1:3: error: expected \"->\", \"as\" or the end, found \"b\"\n" },
                  { "a -> b(",
                    "c:1:8: error: expected a value or \")\", found the end: the \"(\" at 1:7 is not closed\n" },
                  { "a -> net { b }", "c:1:10: error: expected \"->\", \"as\" or the end, found \"{\"\n" },
                  { "a -> \xff", "c:1:6: error: byte 0xFF is not UTF-8 text\n" } };
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(FvDiag) wrong = fv_diag_new();
        g_assert_null(fv_parse_chain("c", cases[i].text, wrong));
        g_autofree char *errors = fv_diag_text(wrong);
        g_assert_cmpstr(errors, ==, cases[i].error);
    }
}

/* ----------------------------------------------------------------- imports */

static void write_file(const char *folder, const char *name, const char *text)
{
    g_autofree char *path = g_build_filename(folder, name, NULL);
    g_assert_true(g_file_set_contents(path, text, -1, NULL));
}

static void test_imports(void)
{
    g_autofree char *folder = g_dir_make_tmp("fovea-XXXXXX", NULL);
    g_autofree char *sub = g_build_filename(folder, "sub", NULL);
    g_autofree char *main_file = g_build_filename(folder, "main.fv", NULL);
    g_autofree char *deep_file = g_build_filename(sub, "deep.fv", NULL);
    g_assert_cmpint(g_mkdir(sub, 0700), ==, 0);
    /* What an import holds stands before what imports it; one that is there already, by any name, adds nothing. */
    write_file(folder, "main.fv",
               "let a = b import \"sub/one.fv\" import \"./sub/../two.fv\" net { c } import \"two.fv\"");
    write_file(folder, "two.fv", "let two = 2 block f() { g }");
    write_file(sub, "one.fv", "let one = 1 import \"deep.fv\" import \"../two.fv\"");
    write_file(sub, "deep.fv", "let deep = 0");

    g_autoptr(FvDiag) diag = fv_diag_new();
    g_autoptr(FvTree) tree = fv_parse_file(main_file, diag);
    g_autofree char *errors = fv_diag_text(diag);
    g_assert_cmpstr(errors, ==, "");
    g_autofree char *printed = fv_tree_print(tree, NULL);
    g_assert_cmpstr(printed, ==,
                    "let deep = 0\nlet two = 2\nlet one = 1\nlet a = b\n\nblock f() {\n  g\n}\n\nnet {\n  c\n}\n");
    g_assert_cmpstr(((FvSetting *) tree->lets->pdata[0])->loc.file, ==, deep_file);
    g_assert_cmpstr(((FvSetting *) tree->lets->pdata[3])->loc.file, ==, main_file);

    /* Text imports from where its name says that it is. */
    g_autoptr(FvTree) text = fv_parse_text(main_file, "import \"two.fv\"", diag);
    g_assert_cmpuint(text->blocks->len, ==, 1);

    for (const char *const *name = (const char *const[]){ "main.fv", "two.fv", "sub/one.fv", "sub/deep.fv", NULL };
         *name; name++) {
        g_autofree char *path = g_build_filename(folder, *name, NULL);
        g_assert_cmpint(g_unlink(path), ==, 0);
    }
    g_assert_cmpint(g_rmdir(sub), ==, 0);
    g_assert_cmpint(g_rmdir(folder), ==, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/parse/freeze", test_freeze);
    g_test_add_func("/parse/lenet", test_lenet);
    g_test_add_func("/parse/blocks", test_blocks);
    g_test_add_func("/parse/places", test_places);
    g_test_add_func("/parse/expressions", test_expressions);
    g_test_add_func("/parse/nodes", test_nodes);
    g_test_add_func("/parse/chains", test_chains);
    g_test_add_func("/parse/overrides", test_overrides);
    g_test_add_func("/parse/chain-alone", test_chain_alone);
    g_test_add_func("/parse/imports", test_imports);
    return g_test_run();
}
