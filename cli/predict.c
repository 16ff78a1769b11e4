/* SPDX-License-Identifier: MIT
 * predict.c: `fovea predict PIPELINE --weights W FILE...`: what a trained net sees in images. */
#include "cli/cli.h"

#include "core/train/apply.h"
#include "core/train/ensemble.h"

#include <stdlib.h>

static const FvCliHelp help = {
    "predict", "PIPELINE FILE...", "Prints for each image the most likely classes and their probabilities.",
    "Images are PNG, JPEG or WebP, and go through the pipeline's prepare chain. One line an image: its file, then\n"
    "label and probability, the most likely first. Where the net's loss gives no probabilities, the numbers are its\n"
    "output as it is; where it knows no classes, all of the output is printed.\n\n"
    "With several files of weights what their nets predict is averaged; --tta N averages over N copies of each image:\n"
    "itself, and N - 1 that the pipeline's augment { } makes, drawn by the seed.\n\n"
    "Example: fovea predict pipelines/lenet-fashion.fv --weights runs/lenet-fashion-1/best.safetensors shoe.png\n"
};

/* What the output means, and how to print it. */
typedef struct {
    gboolean classifies;  /* the loss's target is a class */
    gboolean has_classes; /* the numbers at hand are scores of classes */
    FvLink link;
    int top;
    char **classes;       /* names, or NULL */
    JsonBuilder *builder; /* NULL: text */
} Output;

typedef struct {
    int class;
    double score;
} Guess;

static int by_score(const void *a, const void *b)
{
    const Guess *x = a, *y = b;
    if (x->score != y->score)
        return x->score > y->score ? -1 : 1;
    return x->class - y->class;
}

/* The numbers as they are printed. One probability alone is that of class 1 of two. */
static Guess *make_guesses(FvLink link, const double *numbers, FvShape shape, gboolean are_classes, int *count)
{
    const int given = (int) fv_shape_elements(shape);
    Guess *guesses = g_new(Guess, given + 1);
    for (int i = 0; i < given; i++)
        guesses[i] = (Guess){ i, numbers[i] };
    *count = given;
    if (given == 1 && are_classes && link == FV_LINK_SIGMOID) {
        guesses[0] = (Guess){ 1, numbers[0] };
        guesses[1] = (Guess){ 0, 1 - numbers[0] };
        *count = 2;
    }
    return guesses;
}

/* The class's name, or its number; g_free() it. */
static char *label(const Output *output, int class)
{
    if (output->classes && class < (int) g_strv_length(output->classes))
        return g_strdup(output->classes[class]);
    return g_strdup_printf("%d", class);
}

static void print_text(const Output *output, const char *file, const Guess *guesses, int count)
{
    g_print("%s:", file);
    for (int i = 0; i < count; i++) {
        g_autofree char *name = output->has_classes ? label(output, guesses[i].class) : NULL;
        if (name)
            g_print("%s %s %.4f", i ? "," : "", name, guesses[i].score);
        else
            g_print(" %.9g", guesses[i].score);
    }
    g_print("\n");
}

static void add_guess(const Output *output, const Guess *guess)
{
    g_autofree char *name = label(output, guess->class);
    json_builder_begin_object(output->builder);
    json_builder_set_member_name(output->builder, "class");
    json_builder_add_int_value(output->builder, guess->class);
    json_builder_set_member_name(output->builder, "label");
    json_builder_add_string_value(output->builder, name);
    json_builder_set_member_name(output->builder, output->link == FV_LINK_NONE ? "score" : "probability");
    json_builder_add_double_value(output->builder, guess->score);
    json_builder_end_object(output->builder);
}

static void add_json(const Output *output, const char *file, const Guess *guesses, int count)
{
    json_builder_begin_object(output->builder);
    json_builder_set_member_name(output->builder, "file");
    json_builder_add_string_value(output->builder, file);
    json_builder_set_member_name(output->builder, output->has_classes ? "predictions" : "output");
    json_builder_begin_array(output->builder);
    for (int i = 0; i < count; i++) {
        if (output->has_classes)
            add_guess(output, &guesses[i]);
        else
            json_builder_add_double_value(output->builder, guesses[i].score);
    }
    json_builder_end_array(output->builder);
    json_builder_end_object(output->builder);
}

static void on_output(const char *file, const double *numbers, FvShape shape, gpointer data)
{
    Output *output = data;
    int count;
    output->has_classes = shape.h * shape.w == 1 && (output->classifies || output->link != FV_LINK_NONE);
    g_autofree Guess *guesses = make_guesses(output->link, numbers, shape, output->has_classes, &count);
    if (output->has_classes)
        qsort(guesses, (size_t) count, sizeof *guesses, by_score);
    const int shown = output->has_classes ? MIN(count, output->top) : count;
    if (output->builder)
        add_json(output, file, guesses, shown);
    else
        print_text(output, file, guesses, shown);
}

/* What the first loss or metric with a target says of the value that is predicted. */
static void describe(const FvGraph *graph, Output *output)
{
    const GPtrArray *const terms[] = { graph->losses, graph->metrics };
    for (guint k = 0; k < G_N_ELEMENTS(terms); k++)
        for (guint i = 0; i < terms[k]->len; i++) {
            const FvTerm *term = terms[k]->pdata[i];
            if (term->value != graph->output)
                continue;
            output->classifies = fv_term_classifies(term);
            output->link = fv_term_link(term);
            return;
        }
}

static int predict(const FvCliOptions *options, Output *output, int copies)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(FvPipeline) pipeline = NULL;
    g_autoptr(FvDevice) device = NULL;
    const int code = fv_cli_open(options, &pipeline, &device);
    if (code != FV_CLI_DONE)
        return code;
    if (copies > 1 && !fv_ensemble_check(pipeline->graph, &error))
        return fv_cli_fail(error);
    describe(pipeline->graph, output);
    const FvApplySettings settings = { .graph = pipeline->graph,
                                       .device = device,
                                       .begin = fv_cli_beginning(options),
                                       .link = output->link,
                                       .copies = copies };
    if (output->builder)
        json_builder_begin_array(output->builder);
    gboolean done =
        fv_apply_files(&settings, (const char *const *) options->rest + 1, &output->classes, on_output, output, &error);
    if (output->builder) {
        json_builder_end_array(output->builder);
        if (done)
            fv_cli_print_json(output->builder);
    }
    return done ? FV_CLI_DONE : fv_cli_fail(error);
}

int fv_cli_predict(int argc, char **argv)
{
    int top = 3, copies = 1;
    gboolean json = FALSE;
    const GOptionEntry own[] = {
        FV_CLI_TTA(copies),
        { "top", 'k', 0, G_OPTION_ARG_INT, &top, "So many classes for each image (default: 3)", "K" },
        { "json", 0, 0, G_OPTION_ARG_NONE, &json, "Print an array of objects", NULL },
        G_OPTION_ENTRY_NULL,
    };
    g_auto(FvCliOptions) options = { 0 };
    if (!fv_cli_parse(&help, FV_CLI_SETS | FV_CLI_WEIGHTS | FV_CLI_ENSEMBLE | FV_CLI_SEED | FV_CLI_DEVICE, own,
                      &options, argc, argv) ||
        !fv_cli_count(&help, &options, 2, -1))
        return FV_CLI_WRONG;
    if (!options.weights)
        return fv_cli_usage("predict", "--weights is missing");
    if (top < 1)
        return fv_cli_usage("predict", "--top must be 1 or more");
    if (copies < 1 || copies > FV_CLI_MOST_COPIES)
        return fv_cli_usage("predict", "--tta must be from 1 to %d", FV_CLI_MOST_COPIES);
    g_autoptr(JsonBuilder) builder = json ? json_builder_new() : NULL;
    Output output = { .top = top, .builder = builder };
    const int code = predict(&options, &output, copies);
    g_strfreev(output.classes);
    return code;
}
