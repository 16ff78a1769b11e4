/* SPDX-License-Identifier: MIT
 * diag.c: the list of errors in pipeline files, in the order of the text, and the nearest of some names. */
#include "core/diag.h"

#include <string.h>

enum {
    MOST_ERRORS = 100,
    LONGEST_NAME = 100 /* nobody mistypes longer ones, and comparing takes the square of it */
};

typedef struct {
    char *message; /* with its trace, on one line */
    FvLoc loc;
    int file, index; /* in the order of their first errors; in the order of arrival */
} Entry;

struct FvDiag {
    GPtrArray *entries; /* of Entry, the first MOST_ERRORS */
    int count, code;
};

/* ------------------------------------------------------------------ errors */

static void entry_free(gpointer data)
{
    Entry *entry = data;
    g_free(entry->message);
    g_free(entry);
}

FvDiag *fv_diag_new(void)
{
    FvDiag *diag = g_new0(FvDiag, 1);
    diag->entries = g_ptr_array_new_with_free_func(entry_free);
    diag->code = FV_ERROR_SYNTAX;
    return diag;
}

void fv_diag_free(FvDiag *diag)
{
    if (!diag)
        return;
    g_ptr_array_unref(diag->entries);
    g_free(diag);
}

static int file_number(const FvDiag *diag, const char *file)
{
    int next = 0;
    for (guint i = 0; i < diag->entries->len; i++) {
        const Entry *entry = diag->entries->pdata[i];
        if (g_strcmp0(entry->loc.file, file) == 0)
            return entry->file;
        next = MAX(next, entry->file + 1);
    }
    return next;
}

static void add(FvDiag *diag, FvLoc loc, const char *trace, int code, const char *message)
{
    if (diag->count++ == 0)
        diag->code = code;
    if (diag->count > MOST_ERRORS)
        return;
    Entry *entry = g_new0(Entry, 1);
    entry->message = trace ? g_strconcat(message, " ", trace, NULL) : g_strdup(message);
    entry->loc = loc;
    entry->file = file_number(diag, loc.file);
    entry->index = diag->count;
    g_ptr_array_add(diag->entries, entry);
}

void fv_diag_error(FvDiag *diag, FvLoc loc, const char *trace, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *message = g_strdup_vprintf(format, args);
    va_end(args);
    add(diag, loc, trace, FV_ERROR_SYNTAX, message);
}

void fv_diag_take(FvDiag *diag, FvLoc loc, const char *trace, GError *error)
{
    add(diag, loc, trace, error->domain == FV_ERROR ? error->code : FV_ERROR_SYNTAX, error->message);
    g_error_free(error);
}

int fv_diag_count(const FvDiag *diag)
{
    return diag->count;
}

int fv_diag_code(const FvDiag *diag)
{
    return diag->code;
}

/* -------------------------------------------------------------------- text */

static int compare(gconstpointer a, gconstpointer b)
{
    const Entry *left = *(Entry *const *) a, *right = *(Entry *const *) b;
    const int keys[][2] = { { left->file, right->file },
                            { left->loc.line, right->loc.line },
                            { left->loc.col, right->loc.col },
                            { left->index, right->index } };
    for (guint i = 0; i < G_N_ELEMENTS(keys); i++) {
        if (keys[i][0] != keys[i][1])
            return keys[i][0] < keys[i][1] ? -1 : 1;
    }
    return 0;
}

/* File names and plugins' messages come from outside: whatever is in them, an error stays one line of valid text. */
static void append_line(GString *text, const char *line)
{
    g_autofree char *valid = g_utf8_make_valid(line, -1);
    for (char *c = valid; *c; c++) {
        if (g_ascii_iscntrl(*c))
            *c = ' ';
    }
    g_string_append(text, valid);
    g_string_append_c(text, '\n');
}

char *fv_diag_text(const FvDiag *diag)
{
    g_autoptr(GPtrArray) sorted = g_ptr_array_copy(diag->entries, NULL, NULL);
    GString *text = g_string_new(NULL);
    g_ptr_array_set_free_func(sorted, NULL); /* the entries stay the list's */
    g_ptr_array_sort(sorted, compare);
    for (guint i = 0; i < sorted->len; i++) {
        const Entry *entry = sorted->pdata[i];
        g_autofree char *place =
            entry->loc.line > 0 ? g_strdup_printf(":%d:%d", entry->loc.line, entry->loc.col) : g_strdup("");
        g_autofree char *line =
            g_strdup_printf("%s%s: error: %s", entry->loc.file ? entry->loc.file : "pipeline", place, entry->message);
        append_line(text, line);
    }
    const int more = diag->count - (int) sorted->len;
    if (more > 0)
        g_string_append_printf(text, "... and %d more error%s\n", more, more == 1 ? "" : "s");
    return g_string_free(text, FALSE);
}

/* ------------------------------------------------------------ nearest name */

/* Insertions, deletions, replacements and swaps of neighbours that lead from one name to the other, case ignored: the
 * restricted edit distance of Damerau and Levenshtein. Three rows of the table are enough. */
static int distance(const char *a, int a_len, const char *b, int b_len)
{
    int rows[3][LONGEST_NAME + 1];
    for (int j = 0; j <= b_len; j++)
        rows[0][j] = j;
    for (int i = 1; i <= a_len; i++) {
        int *row = rows[i % 3];
        const int *up = rows[(i + 2) % 3], *above = rows[(i + 1) % 3];
        row[0] = i;
        for (int j = 1; j <= b_len; j++) {
            const char x = g_ascii_tolower(a[i - 1]), y = g_ascii_tolower(b[j - 1]);
            row[j] = MIN(up[j - 1] + (x != y), 1 + MIN(up[j], row[j - 1]));
            if (i > 1 && j > 1 && x == g_ascii_tolower(b[j - 2]) && y == g_ascii_tolower(a[i - 2]))
                row[j] = MIN(row[j], above[j - 2] + 1);
        }
    }
    return rows[a_len % 3][b_len];
}

const char *fv_nearest(const char *name, const char *const *names)
{
    const size_t length = strlen(name);
    const char *nearest = NULL;
    int best = MAX(1, ((int) MIN(length, LONGEST_NAME) + 1) / 3);
    if (length > LONGEST_NAME)
        return NULL;
    for (; names && *names; names++) {
        const size_t other = strlen(*names);
        if (other == 0 || other > LONGEST_NAME || g_str_equal(*names, name))
            continue;
        const int far = distance(name, (int) length, *names, (int) other);
        /* Names may come in any order, from a hash table for instance: of equals, the first in the alphabet. */
        if (far < best || (far == best && (!nearest || strcmp(*names, nearest) < 0))) {
            nearest = *names;
            best = far;
        }
    }
    return nearest;
}
