/* SPDX-License-Identifier: MIT
 * trace_text.c: a traced step as a student would write it down: forward, loss, backward, update. */
#include "cli/trace.h"

#include "cli/digits.h"
#include "cli/formula.h"

#include <math.h>
#include <string.h>

/* Columns: before all, of a name with the place of a row, of the name alone, of a line. */
enum { INDENT = 4, LABEL = 16, NAME = 8, LINE = 110 };

/* ------------------------------------------------------------------- numbers */

/* An array with a name. Its rows are its last dimension. */
typedef struct {
    const char *label;
    const double *numbers;
    int rank;
    gint64 dims[FV_MAX_RANK];
    const char *note; /* behind it, or NULL */
} Block;

static gint64 elements_of(const Block *block)
{
    gint64 count = 1;
    for (int d = 0; d < block->rank; d++)
        count *= block->dims[d];
    return count;
}

/* "[1, 0]": the place of a row, without its last dimension; "" where there is but one row. g_free() it. */
static char *row_text(const Block *block, gint64 row)
{
    g_autofree char *text = g_strdup("");
    for (int d = block->rank - 2; d >= 0; d--) {
        char *longer = g_strdup_printf("%" G_GINT64_FORMAT "%s%s", row % block->dims[d], *text ? ", " : "", text);
        g_free(text);
        text = longer;
        row /= block->dims[d];
    }
    return block->rank > 1 ? g_strdup_printf("[%s]", text) : g_steal_pointer(&text);
}

static void print_statistics(const FvCliTrace *shown, const Block *block, const char *note)
{
    double numbers[3] = { 0 };
    fv_cli_statistics(block->numbers, elements_of(block), numbers);
    g_autofree char *least = fv_cli_number(numbers[0], shown->digits);
    g_autofree char *mean = fv_cli_number(numbers[1], shown->digits);
    g_autofree char *largest = fv_cli_number(numbers[2], shown->digits);
    g_print("%*s%-*s  %" G_GINT64_FORMAT " numbers: min %s, mean %s, max %s%s\n", INDENT, "", LABEL, block->label,
            elements_of(block), least, mean, largest, note);
}

/* A line without the blanks at its end. */
static void print_line(GString *line)
{
    g_print("%s\n", g_strchomp(line->str));
}

static void append_row(GString *line, const FvCliColumn *column, const double *numbers, gint64 count)
{
    const int each = column->before + column->after + 2;
    const int fit = MAX(1, (LINE - INDENT - LABEL) / each);
    for (gint64 i = 0; i < count; i++) {
        if (i > 0 && i % fit == 0) {
            print_line(line);
            g_string_printf(line, "%*s", INDENT + LABEL, "");
        }
        fv_cli_append_number(line, column, numbers[i]);
    }
}

static void print_block(const FvCliTrace *shown, const Block *block)
{
    const gint64 count = elements_of(block), width = block->dims[block->rank - 1], rows = count / width;
    g_autofree char *note = block->note ? g_strconcat("    ", block->note, NULL) : g_strdup("");
    FvCliColumn column = { .digits = shown->digits };
    if (shown->limit >= 0 && count > shown->limit) {
        print_statistics(shown, block, note);
        return;
    }
    fv_cli_fit(&column, block->numbers, count);
    for (gint64 row = 0; row < rows; row++) {
        g_autoptr(GString) line = g_string_new(NULL);
        g_autofree char *at = row_text(block, row);
        g_autofree char *label =
            rows > 1 ? g_strdup_printf("%-*s %s", NAME, row ? "" : block->label, at) : g_strdup(block->label);
        g_string_printf(line, "%*s%-*s", INDENT, "", LABEL, label);
        append_row(line, &column, block->numbers + row * width, width);
        g_string_append(line, row == 0 ? note : "");
        print_line(line);
    }
}

/* Samples of a shape: a vector of one sample is one row. */
static void print_value(const FvCliTrace *shown, const char *label, const double *numbers, FvShape shape,
                        const char *note)
{
    const int samples = shown->trace->samples;
    Block block = { .label = label, .numbers = numbers, .note = note };
    if (samples > 1)
        block.dims[block.rank++] = samples;
    block.dims[block.rank++] = shape.c;
    if (shape.h > 1 || shape.w > 1) {
        block.dims[block.rank++] = shape.h;
        block.dims[block.rank++] = shape.w;
    }
    print_block(shown, &block);
}

/* Extents of 1 at the end say nothing. */
static void print_tensor(const FvCliTrace *shown, const char *label, const FvTensor *tensor)
{
    g_autofree double *numbers = fv_cli_doubles(tensor);
    Block block = { .label = label, .numbers = numbers, .rank = tensor->rank };
    memcpy(block.dims, tensor->dims, sizeof tensor->dims);
    while (block.rank > 1 && block.dims[block.rank - 1] == 1)
        block.rank--;
    print_block(shown, &block);
}

static void print_scalar(const FvCliTrace *shown, const char *label, double number)
{
    g_autofree char *text = fv_cli_number(number, shown->digits);
    g_print("%*s%-*s  %s\n", INDENT, "", LABEL, label, text);
}

/* --------------------------------------------------------------------- texts */

static void print_heading(const char *text)
{
    g_print("\n%s\n", text);
    for (const char *c = text; *c; c++)
        g_print("-");
    g_print("\n");
}

/* Words in lines, indented. */
static void print_wrapped(const char *text)
{
    g_auto(GStrv) words = g_strsplit_set(text, " \n", -1);
    int at = INDENT;
    g_print("%*s", INDENT, "");
    for (char **word = words; *word; word++) {
        const int length = (int) g_utf8_strlen(*word, -1);
        if (word != words && at + 1 + length > LINE) {
            g_print("\n%*s", INDENT, "");
            at = INDENT;
        } else if (word != words) {
            g_print(" ");
            at++;
        }
        g_print("%s", *word);
        at += length;
    }
    g_print("\n");
}

static char *inputs_text(const FvPlan *plan, const FvPlanLayer *layer)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    for (int k = 0; k < layer->input_count; k++) {
        const FvPlanLayer input = fv_plan_layer(plan, (guint) layer->inputs[k]);
        g_ptr_array_add(names, (char *) (input.name ? input.name : input.path));
    }
    g_ptr_array_add(names, NULL);
    return g_strjoinv(", ", (char **) names->pdata);
}

/* "dense1 = dense(2) of input1: 2" */
static void print_title(const FvCliTrace *shown, guint i)
{
    const FvPlanLayer layer = fv_plan_layer(shown->trace->plan, i);
    const FvGraphNode *node = shown->graph->nodes->pdata[i];
    g_autofree char *options = fv_state_text(node->state);
    g_autofree char *inputs = inputs_text(shown->trace->plan, &layer);
    g_autofree char *shape = fv_cli_shape(layer.out);
    g_print("\n%s = %s%s%s%s", layer.path, layer.kind, *options ? "(" : "", options, *options ? ")" : "");
    g_print("%s%s -> %s%s%s\n", *inputs ? " of " : "", inputs, shape, layer.name ? " as " : "",
            layer.name ? layer.name : "");
}

/* ------------------------------------------------------------------ sections */

/* Parameters of a layer: those whose names are its path and one word more. */
static const char *param_of(const FvPlan *plan, guint param, const char *path)
{
    const char *name = fv_plan_param(plan, param).name;
    const size_t length = strlen(path);
    return g_str_has_prefix(name, path) && name[length] == '.' && !strchr(name + length + 1, '.') ? name + length + 1
                                                                                                  : NULL;
}

static void print_forward_layer(const FvCliTrace *shown, guint i)
{
    const FvPlan *plan = shown->trace->plan;
    const FvPlanLayer layer = fv_plan_layer(plan, i);
    const FvGraphNode *node = shown->graph->nodes->pdata[i];
    g_autofree char *formula = fv_cli_formula(&node->layer->base);
    print_title(shown, i);
    if (layer.passes || !layer.alive) {
        g_print("%*s%s\n", INDENT, "", layer.passes ? "passes its input on" : "not needed");
        return;
    }
    if (layer.input_count > 0)
        print_wrapped(formula);
    for (guint p = 0; p < fv_plan_params(plan); p++) {
        const char *name = param_of(plan, p, layer.path);
        if (name)
            print_tensor(shown, name, shown->trace->params[p].before);
    }
    print_value(shown, layer.input_count ? "y" : "x", shown->trace->layers[i].value, layer.out, NULL);
}

/* Of each sample the shares that the scores of a softmax stand for. */
static void print_probabilities(const FvCliTrace *shown, const double *scores, FvShape shape)
{
    const gint64 each = fv_shape_elements(shape);
    g_autofree double *shares = g_memdup2(scores, sizeof *scores * (gsize) (each * shown->trace->samples));
    for (int s = 0; s < shown->trace->samples; s++) {
        double *own = shares + s * each, most = own[0], sum = 0;
        for (gint64 i = 0; i < each; i++)
            most = MAX(most, own[i]);
        for (gint64 i = 0; i < each; i++)
            sum += own[i] = exp(own[i] - most);
        for (gint64 i = 0; i < each; i++)
            own[i] /= sum;
    }
    print_value(shown, "softmax", shares, shape, NULL);
}

/* The value that a term looks at: past layers that pass theirs on. */
static guint value_of(const FvPlan *plan, const FvTerm *term)
{
    guint i = (guint) term->value;
    while (fv_plan_layer(plan, i).passes)
        i = (guint) fv_plan_layer(plan, i).inputs[0];
    return i;
}

static void print_term(const FvCliTrace *shown, const FvTerm *term, const FvTraceTerm *traced)
{
    const FvPlan *plan = shown->trace->plan;
    g_autofree char *text = fv_term_text(shown->graph, term);
    g_autofree char *formula = fv_cli_formula(term->use.plugin);
    g_autofree char *factor = fv_number_text(term->weight);
    const gboolean metric = term->use.plugin->kind == FV_METRIC;
    g_print("\n%s%s%s\n", term->weight == 1 ? "" : factor, term->weight == 1 ? "" : " * ", text);
    print_wrapped(formula);
    if (term->value >= 0) {
        const guint value = value_of(plan, term);
        const FvShape shape = fv_plan_layer(plan, value).out;
        print_value(shown, "x", shown->trace->layers[value].value, shape, NULL);
        if (!metric && ((const FvLoss *) term->use.plugin)->link == FV_LINK_SOFTMAX)
            print_probabilities(shown, shown->trace->layers[value].value, shape);
        if (term->target)
            print_tensor(shown, "target", shown->trace->target);
        if (traced->elements)
            print_value(shown, "l", traced->elements, shape, NULL);
    }
    if (traced->samples && shown->trace->samples > 1)
        print_value(shown, "samples", traced->samples, (FvShape){ 1, 1, 1 }, NULL);
    print_scalar(shown, metric ? "mean" : "loss", traced->mean);
}

static void print_losses(const FvCliTrace *shown)
{
    const FvGraph *graph = shown->graph;
    print_heading("Loss");
    for (guint i = 0; i < graph->losses->len; i++)
        print_term(shown, graph->losses->pdata[i], &shown->trace->terms[i]);
    for (guint i = 0; i < graph->metrics->len; i++)
        print_term(shown, graph->metrics->pdata[i], &shown->trace->terms[graph->losses->len + i]);
    g_autofree char *loss = fv_cli_number(shown->trace->loss, shown->digits);
    g_print("\nloss L = %s%s\n", loss, graph->losses->len > 1 ? ", the sum" : "");
}

static void print_backward_layer(const FvCliTrace *shown, guint i)
{
    const FvPlan *plan = shown->trace->plan;
    const FvPlanLayer layer = fv_plan_layer(plan, i);
    const FvTraceLayer *traced = &shown->trace->layers[i];
    const FvGraphNode *node = shown->graph->nodes->pdata[i];
    g_autofree char *formula = fv_cli_backward_formula(&node->layer->base);
    const GPtrArray *shares = traced->shares;
    g_print("\n%s%s%s\n", layer.path, layer.name ? " as " : "", layer.name ? layer.name : "");
    for (guint k = 0; shares->len > 1 && k < shares->len; k++) {
        const FvTraceShare *share = shares->pdata[k];
        g_autofree char *note = g_strdup_printf("from %s", share->from);
        print_value(shown, "share", share->numbers, layer.out, note);
    }
    g_autofree char *note = shares->len == 1
                                ? g_strdup_printf("from %s", ((const FvTraceShare *) shares->pdata[0])->from)
                            : shares->len > 1 ? g_strdup("the sum")
                                              : NULL;
    print_value(shown, layer.input_count ? "dy" : "dx", traced->gradient, layer.out, note);
    if (formula)
        print_wrapped(formula);
    for (guint p = 0; p < fv_plan_params(plan); p++) {
        const char *name = param_of(plan, p, layer.path);
        g_autofree char *label = name ? g_strconcat("d", name, NULL) : NULL;
        if (name && shown->trace->params[p].gradient)
            print_tensor(shown, label, shown->trace->params[p].gradient);
    }
}

/* What it gives is the dy of the value that it looks at. */
static void print_backward_loss(const FvCliTrace *shown, const FvTerm *term)
{
    g_autofree char *text = fv_term_text(shown->graph, term);
    g_autofree char *formula = fv_cli_backward_formula(term->use.plugin);
    g_autofree char *factor = fv_number_text(term->weight);
    const int samples = term->value < 0 ? 1 : shown->trace->samples;
    if (!formula)
        return;
    g_print("\n%s%s%s\n", term->weight == 1 ? "" : factor, term->weight == 1 ? "" : " * ", text);
    print_wrapped(formula);
    if (samples > 1)
        g_print("%*sdivided by %d, for the mean of the samples\n", INDENT, "", samples);
}

static gboolean has_penalty(const FvGraph *graph)
{
    for (guint i = 0; i < graph->losses->len; i++)
        if (((const FvTerm *) graph->losses->pdata[i])->value < 0)
            return TRUE;
    return FALSE;
}

static void print_backward(const FvCliTrace *shown)
{
    print_heading("Backward");
    print_wrapped(
        "dy is the derivative of L by a layer's output y; dx, by its input x, is the dy of the layer before.");
    if (has_penalty(shown->graph))
        print_wrapped("Gradients of weights hold what penalties add.");
    for (guint i = 0; i < shown->graph->losses->len; i++)
        print_backward_loss(shown, shown->graph->losses->pdata[i]);
    for (guint i = fv_plan_layers(shown->trace->plan); i-- > 0;)
        if (shown->trace->layers[i].gradient)
            print_backward_layer(shown, i);
}

/* One of the arrays that stand side by side for a parameter. */
typedef struct {
    const char *head;
    double *numbers;
    FvCliColumn column;
} Column;

static void column_clear(gpointer data)
{
    g_free(((Column *) data)->numbers);
}

static void add_column(const FvCliTrace *shown, GArray *columns, const char *head, const FvTensor *tensor)
{
    Column made = { head, fv_cli_doubles(tensor), { .digits = shown->digits } };
    fv_cli_fit(&made.column, made.numbers, fv_tensor_elements(tensor));
    made.column.before = MAX(made.column.before, (int) strlen(head) - made.column.after);
    g_array_append_val(columns, made);
}

static void print_rows(const GArray *columns, const FvTensor *tensor)
{
    Block places = { .rank = tensor->rank + 1 };
    g_autoptr(GString) line = g_string_new(NULL);
    memcpy(places.dims, tensor->dims, sizeof tensor->dims);
    g_string_printf(line, "%*s", INDENT + LABEL, "");
    for (guint c = 0; c < columns->len; c++) {
        const Column *column = &g_array_index(columns, Column, c);
        fv_cli_append_head(line, &column->column, column->head);
    }
    print_line(line);
    for (gint64 k = 0; k < fv_tensor_elements(tensor); k++) {
        g_autofree char *at = row_text(&places, k);
        g_string_printf(line, "%*s%-*s", INDENT, "", LABEL, at);
        for (guint c = 0; c < columns->len; c++) {
            const Column *column = &g_array_index(columns, Column, c);
            fv_cli_append_number(line, &column->column, column->numbers[k]);
        }
        print_line(line);
    }
}

/* A line for each number of a parameter: what it was, its gradient, the optimizer's slots, and what it becomes. */
static void print_param(const FvCliTrace *shown, guint i)
{
    enum { MOST_SLOTS = 6 };
    const FvTraceParam *param = &shown->trace->params[i];
    const char *const *slots = fv_plan_slots(shown->trace->plan);
    const gint64 count = fv_tensor_elements(param->before);
    g_autoptr(GArray) columns = g_array_new(FALSE, FALSE, sizeof(Column));
    g_array_set_clear_func(columns, column_clear);
    add_column(shown, columns, "before", param->before);
    add_column(shown, columns, "gradient", param->gradient);
    /* lbfgs has hundreds, which are not for people. */
    const guint many = g_strv_length((char **) slots);
    for (guint s = 0; many <= MOST_SLOTS && param->slots && param->slots[s]; s++)
        add_column(shown, columns, slots[s], param->slots[s]);
    add_column(shown, columns, "after", param->after);
    g_print("\n%s\n", fv_plan_param(shown->trace->plan, i).name);
    if (shown->limit < 0 || count <= shown->limit) {
        print_rows(columns, param->before);
        return;
    }
    for (guint c = 0; c < columns->len; c++) {
        const Column *column = &g_array_index(columns, Column, c);
        print_block(shown, &(Block){ .label = column->head, .numbers = column->numbers, .rank = 1, .dims = { count } });
    }
}

static void print_update(const FvCliTrace *shown)
{
    const FvUse *use = &shown->graph->optimizer;
    g_autofree char *options = fv_state_text(use->state);
    g_autofree char *formula = fv_cli_formula(use->plugin);
    char rate[G_ASCII_DTOSTR_BUF_SIZE];
    g_ascii_formatd(rate, sizeof rate, "%.7g", shown->trace->rate); /* it is a float */
    print_heading("Update");
    g_print("\n%s%s%s%s, learning rate %s in this step\n", use->plugin->name, *options ? "(" : "", options,
            *options ? ")" : "", rate);
    print_wrapped(formula);
    for (guint i = 0; i < fv_plan_params(shown->trace->plan); i++)
        if (shown->trace->params[i].gradient)
            print_param(shown, i);
}

static void print_statistics_of_params(const FvCliTrace *shown)
{
    for (guint i = 0; i < fv_plan_params(shown->trace->plan); i++)
        if (!fv_plan_param(shown->trace->plan, i).trained && shown->trace->params[i].after) {
            g_print("\n%s\n", fv_plan_param(shown->trace->plan, i).name);
            print_tensor(shown, "before", shown->trace->params[i].before);
            print_tensor(shown, "after", shown->trace->params[i].after);
        }
}

void fv_cli_print_trace(const FvCliTrace *shown)
{
    const FvTrace *trace = shown->trace;
    g_print("%s: %s of %d sample%s, in %s precision\n", shown->graph->file,
            trace->backward ? "one training step" : "prediction", trace->samples, trace->samples == 1 ? "" : "s",
            trace->doubles ? "double" : "single");
    print_heading("Forward");
    for (guint i = 0; i < fv_plan_layers(trace->plan); i++)
        print_forward_layer(shown, i);
    if (!trace->backward)
        return;
    print_losses(shown);
    print_backward(shown);
    if (trace->updated)
        print_update(shown);
    print_statistics_of_params(shown);
}
