/* SPDX-License-Identifier: MIT
 * parse.c: from files and texts to trees: what is read, what is refused, and imports. */
#include "core/parse/tokens.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A file that is being parsed, and the one that imports it. */
typedef struct Including Including;
struct Including {
    const Including *up;
    const char *file; /* interned */
    FvLoc loc;        /* of the import, in the file of `up` */
    const char *id;   /* NULL where it is a text */
};

typedef struct {
    FvDiag *diag;
    FvTree *tree;
    GHashTable *seen; /* ids of the files that were parsed or are being parsed */
} Session;

static void report(const Session *session, FvLoc loc, const char *trace, FvError code, const char *format, ...)
    G_GNUC_PRINTF(5, 6);

static void report(const Session *session, FvLoc loc, const char *trace, FvError code, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fv_diag_take(session->diag, loc, trace, g_error_new_valist(FV_ERROR, code, format, args));
    va_end(args);
}

/* ------------------------------------------------------------------- parse */

static void import_free(gpointer data)
{
    Import *import = data;
    g_free(import->path);
    g_free(import);
}

static void run(Parse *parse)
{
    parse->line = parse->col = 1;
    parse->tokens = fv_tokens_new();
    fv_lexer_open(parse);
    fv_parser_parse(parse);
    fv_lexer_close(parse);
    fv_tokens_free(parse->tokens);
}

/* Whether text is one that can be parsed; says where it is not. */
static gboolean is_text(const Session *session, const char *file, const char *trace, const char *text, gsize length)
{
    const char *end;
    FvLoc loc = { file, 1, 1 };
    if (length > MOST_BYTES) {
        loc.line = 0;
        report(session, loc, trace, FV_ERROR_SYNTAX, "more than %d MiB, which is no pipeline", MOST_BYTES >> 20);
        return FALSE;
    }
    if (g_utf8_validate(text, (gssize) length, &end))
        return TRUE;
    for (const char *c = text; c < end; c++) {
        if (*c == '\n') {
            loc.line++;
            loc.col = 1;
        } else if ((*c & 0xC0) != 0x80) {
            loc.col++;
        }
    }
    if (*end)
        report(session, loc, trace, FV_ERROR_SYNTAX, "byte 0x%02X is not UTF-8 text", (guchar) *end);
    else
        report(session, loc, trace, FV_ERROR_SYNTAX, "a NUL byte: this is not text");
    return FALSE;
}

static void parse_file(Session *session, const char *file, FvLoc from, const Including *up);

/* "(imported at b.fv:3; imported at a.fv:1)", or NULL for what nothing imports. */
static char *trace_of(const Including *including)
{
    GString *text = g_string_new(NULL);
    for (const Including *at = including; at && at->up; at = at->up)
        g_string_append_printf(text, "%simported at %s:%d", at == including ? "(" : "; ", at->up->file, at->loc.line);
    if (text->len == 0)
        return g_string_free(text, TRUE);
    g_string_append_c(text, ')');
    return g_string_free(text, FALSE);
}

static void parse_import(Session *session, const Import *import, const Including *up)
{
    if (*import->path == '\0') {
        g_autofree char *trace = trace_of(up);
        report(session, import->loc, trace, FV_ERROR_SYNTAX, "expected the name of a file, found nothing");
        return;
    }
    g_autofree char *folder = g_path_get_dirname(up->file);
    const gboolean here = g_path_is_absolute(import->path) || !strchr(up->file, '/');
    g_autofree char *file = here ? g_strdup(import->path) : g_build_filename(folder, import->path, NULL);
    parse_file(session, file, import->loc, up);
}

/* Parses text, after what it imports, and adds both to the tree of the session. */
static void parse_whole(Session *session, const Including *self, const char *text, gsize length)
{
    g_autofree char *trace = trace_of(self);
    if (!is_text(session, self->file, trace, text, length))
        return;
    const gsize mark = g_str_has_prefix(text, "\xEF\xBB\xBF") ? 3 : 0; /* Windows begins files with it */
    g_autoptr(GPtrArray) imports = g_ptr_array_new_with_free_func(import_free);
    Parse parse = { .text = text + mark,
                    .length = length - mark,
                    .file = self->file,
                    .diag = session->diag,
                    .trace = trace,
                    .end = self->id ? "the end of the file" : "the end",
                    .start = START_FILE,
                    .tree = fv_tree_new(),
                    .imports = imports };
    run(&parse);
    for (guint i = 0; i < imports->len; i++)
        parse_import(session, imports->pdata[i], self);
    fv_tree_append(session->tree, parse.tree);
}

/* ------------------------------------------------------------------- files */

/* Reads a file, of which it expects nothing: no more than is allowed, and without waiting for anybody. Sets errno. */
static GByteArray *read_open(int fd)
{
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    guint8 buffer[65536];
    while (bytes->len <= MOST_BYTES) {
        const ssize_t got = read(fd, buffer, sizeof buffer);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return NULL;
        if (got == 0)
            break;
        g_byte_array_append(bytes, buffer, (guint) got);
    }
    g_byte_array_append(bytes, (const guint8 *) "", 1);
    return g_steal_pointer(&bytes);
}

/* The NUL-ended text of a file, and what tells it from others; where it cannot be had, reports why. */
static GByteArray *read_file(const Session *session, const char *file, FvLoc loc, const char *trace, char **id)
{
    struct stat info;
    GByteArray *bytes = NULL;
    g_autofree char *name = loc.line ? g_strdup_printf("%s: ", file) : g_strdup("");
    const int fd = open(file, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &info) != 0) {
        report(session, loc, trace, FV_ERROR_IO, "%s%s", name, g_strerror(errno));
    } else if (!S_ISREG(info.st_mode)) {
        report(session, loc, trace, FV_ERROR_IO, "%s%s", name,
               S_ISDIR(info.st_mode) ? "a folder, not a file" : "not a regular file");
    } else {
        *id = g_strdup_printf("%" G_GUINT64_FORMAT ":%" G_GUINT64_FORMAT, (guint64) info.st_dev, (guint64) info.st_ino);
        bytes = read_open(fd);
        if (!bytes)
            report(session, loc, trace, FV_ERROR_IO, "%s%s", name, g_strerror(errno));
    }
    if (fd >= 0)
        close(fd);
    return bytes;
}

/* Whether the file is one of those that are being parsed; reports it. */
static gboolean goes_round(const Session *session, const char *id, const char *file, FvLoc from, const Including *up,
                           const char *trace)
{
    g_autoptr(GString) way = g_string_new(file);
    for (const Including *at = up; at; at = at->up) {
        g_string_prepend(way, ", which imports ");
        g_string_prepend(way, at->file);
        if (g_strcmp0(at->id, id) != 0)
            continue;
        if (at == up)
            report(session, from, trace, FV_ERROR_SYNTAX, "%s imports itself", at->file);
        else
            report(session, from, trace, FV_ERROR_SYNTAX, "imports go round: %s", way->str);
        return TRUE;
    }
    return FALSE;
}

/* @from: where it is imported; @up: NULL for the file that the user named. */
static void parse_file(Session *session, const char *file, FvLoc from, const Including *up)
{
    g_autofree char *id = NULL;
    g_autofree char *trace = trace_of(up);
    int depth = 0;
    for (const Including *at = up; at; at = at->up)
        depth++;
    if (depth > MOST_IMPORTED) {
        report(session, from, trace, FV_ERROR_SYNTAX, "more than %d imports within each other", MOST_IMPORTED);
        return;
    }
    g_autoptr(GByteArray) bytes = read_file(session, file, from, trace, &id);
    if (!bytes || goes_round(session, id, file, from, up, trace))
        return;
    const Including self = { up, g_intern_string(file), from, id };
    if (g_hash_table_add(session->seen, g_strdup(id)))
        parse_whole(session, &self, (const char *) bytes->data, bytes->len - 1);
}

/* ------------------------------------------------------------------ public */

/* The tree of a session that is over, or NULL where it met errors. */
static FvTree *finish(Session *session, int errors)
{
    g_clear_pointer(&session->seen, g_hash_table_unref);
    if (fv_diag_count(session->diag) == errors)
        return session->tree;
    fv_tree_free(session->tree);
    return NULL;
}

static Session begin(FvDiag *diag)
{
    return (Session){ diag, fv_tree_new(), g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL) };
}

FvTree *fv_parse_file(const char *file, FvDiag *diag)
{
    const int errors = fv_diag_count(diag);
    Session session = begin(diag);
    parse_file(&session, file, (FvLoc){ g_intern_string(file), 0, 0 }, NULL);
    return finish(&session, errors);
}

FvTree *fv_parse_text(const char *name, const char *text, FvDiag *diag)
{
    const int errors = fv_diag_count(diag);
    Session session = begin(diag);
    const Including self = { .file = g_intern_string(name) };
    parse_whole(&session, &self, text, strlen(text));
    return finish(&session, errors);
}

/* Parses a text that has no files around it. */
static FvExpr *parse_alone(Session *session, const char *name, const char *text, int start)
{
    Parse parse = { .text = text,
                    .length = strlen(text),
                    .file = g_intern_string(name),
                    .diag = session->diag,
                    .end = "the end",
                    .start = start,
                    .tree = session->tree };
    if (is_text(session, parse.file, NULL, text, parse.length))
        run(&parse);
    return parse.value;
}

FvExpr *fv_parse_value(const char *name, const char *text, FvDiag *diag)
{
    const int errors = fv_diag_count(diag);
    Session session = begin(diag);
    FvExpr *value = parse_alone(&session, name, text, START_VALUE);
    fv_tree_free(finish(&session, errors));
    if (fv_diag_count(diag) == errors)
        return value;
    fv_expr_free(value);
    return NULL;
}

FvTree *fv_parse_chain(const char *name, const char *text, FvDiag *diag)
{
    const int errors = fv_diag_count(diag);
    Session session = begin(diag);
    parse_alone(&session, name, text, START_CHAIN);
    return finish(&session, errors);
}
