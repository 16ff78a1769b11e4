/* SPDX-License-Identifier: MIT
 * store.c: sweep.db. A file that somebody else wrote is refused, and nothing of it is run: its tables must be, to the
 * letter, those below, with no trigger and no view beside them. */
#include "core/sweep/store.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <sqlite3.h>
#include <string.h>
#include <sys/stat.h>

/* "FvSw", and what the tables are like. */
#define APPLICATION 1182151543
#define VERSION 1
#define TEXT_OF(number) #number
#define TEXT(number) TEXT_OF(number)

enum { BUSY_MS = 5000, MOST_BYTES = 64 * 1024 * 1024 };

/* In the order of their names, as they are read back. */
static const char *const tables[] = {
    "CREATE TABLE settings (trial INTEGER NOT NULL, name TEXT NOT NULL, value TEXT NOT NULL, "
    "PRIMARY KEY (trial, name))",
    "CREATE TABLE sweep (name TEXT NOT NULL, pipeline TEXT NOT NULL, device TEXT, seed INTEGER NOT NULL, "
    "keep INTEGER NOT NULL)",
    "CREATE TABLE trials (trial INTEGER NOT NULL, round INTEGER NOT NULL, epochs INTEGER NOT NULL, "
    "state TEXT NOT NULL, loss REAL, metric REAL, PRIMARY KEY (trial, round))",
};

static const char *const states[] = {
    [FV_TRIAL_OPEN] = NULL, [FV_TRIAL_DONE] = "done", [FV_TRIAL_DIVERGED] = "diverged"
};

struct FvStore {
    char *file;
    sqlite3 *db;
};

void fv_store_head_clear(FvStoreHead *head)
{
    g_clear_pointer(&head->name, g_free);
    g_clear_pointer(&head->pipeline, g_free);
    g_clear_pointer(&head->device, g_free);
}

void fv_store_free(FvStore *store)
{
    if (!store)
        return;
    sqlite3_close(store->db);
    g_free(store->file);
    g_free(store);
}

/* ------------------------------------------------------------------ errors */

static gboolean fail_data(const FvStore *store, GError **error, const char *reason)
{
    g_set_error(error, FV_ERROR, FV_ERROR_DATA, "%s: %s", store->file, reason);
    return FALSE;
}

/* What SQLite itself says. */
static gboolean fail(const FvStore *store, GError **error)
{
    const int code = sqlite3_extended_errcode(store->db) & 0xff;
    const gboolean damaged = code == SQLITE_NOTADB || code == SQLITE_CORRUPT || code == SQLITE_TOOBIG;
    if (code == SQLITE_NOTADB)
        return fail_data(store, error, "no sweep of fovea's: not an SQLite database");
    g_set_error(error, FV_ERROR, damaged ? FV_ERROR_DATA : FV_ERROR_IO, "%s: %s", store->file,
                sqlite3_errmsg(store->db));
    return FALSE;
}

/* -------------------------------------------------------------- statements */

typedef sqlite3_stmt Statement;

static void statement_free(Statement *statement)
{
    sqlite3_finalize(statement);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Statement, statement_free)

static Statement *prepare(FvStore *store, const char *sql, GError **error)
{
    Statement *statement = NULL;
    if (sqlite3_prepare_v2(store->db, sql, -1, &statement, NULL) == SQLITE_OK)
        return statement;
    fail(store, error);
    return NULL;
}

/* TRUE: there is a row. FALSE without an error: there is none any more. */
static gboolean step(FvStore *store, Statement *statement, GError **error)
{
    const int code = sqlite3_step(statement);
    if (code == SQLITE_ROW)
        return TRUE;
    if (code != SQLITE_DONE)
        fail(store, error);
    return FALSE;
}

/* Runs a statement that gives no rows that matter. */
static gboolean finish(FvStore *store, Statement *statement, GError **error)
{
    int code = SQLITE_ROW;
    while (code == SQLITE_ROW)
        code = sqlite3_step(statement);
    return code == SQLITE_DONE || fail(store, error);
}

static gboolean run(FvStore *store, const char *sql, GError **error)
{
    g_autoptr(Statement) statement = prepare(store, sql, error);
    return statement && finish(store, statement, error);
}

/* Ends a transaction: by COMMIT, or where that or what was before it failed, by ROLLBACK. */
static gboolean end(FvStore *store, gboolean done, GError **error)
{
    if (done && run(store, "COMMIT", error))
        return TRUE;
    run(store, "ROLLBACK", NULL);
    return FALSE;
}

static void bind_text(Statement *statement, int place, const char *text)
{
    sqlite3_bind_text(statement, place, text, -1, SQLITE_TRANSIENT);
}

static void bind_real(Statement *statement, int place, double number)
{
    if (!isnan(number))
        sqlite3_bind_double(statement, place, number); /* else NULL */
}

static char *column_text(Statement *statement, int column)
{
    return g_strdup((const char *) sqlite3_column_text(statement, column));
}

static double column_real(Statement *statement, int column)
{
    return sqlite3_column_type(statement, column) == SQLITE_NULL ? NAN : sqlite3_column_double(statement, column);
}

/* ----------------------------------------------------------------- opening */

static void bind_head(Statement *statement, const FvStoreHead *head)
{
    bind_text(statement, 1, head->name);
    bind_text(statement, 2, head->pipeline);
    if (head->device)
        bind_text(statement, 3, head->device);
    sqlite3_bind_int64(statement, 4, (sqlite3_int64) head->seed);
    sqlite3_bind_int(statement, 5, head->keep);
}

static gboolean make_tables(FvStore *store, const FvStoreHead *head, GError **error)
{
    gboolean done = run(store, "PRAGMA application_id = " TEXT(APPLICATION), error) &&
                    run(store, "PRAGMA user_version = " TEXT(VERSION), error);
    for (guint i = 0; i < G_N_ELEMENTS(tables) && done; i++)
        done = run(store, tables[i], error);
    g_autoptr(Statement) insert =
        done ? prepare(store, "INSERT INTO sweep (name, pipeline, device, seed, keep) VALUES (?, ?, ?, ?, ?)", error)
             : NULL;
    if (!insert)
        return FALSE;
    bind_head(insert, head);
    return finish(store, insert, error);
}

/* Waits for others that read or write, takes no more than a sweep can need, and lets a foreign schema do nothing. */
static FvStore *open_file(const char *file, int flags, GError **error)
{
    g_autoptr(FvStore) store = g_new0(FvStore, 1);
    store->file = g_strdup(file);
    if (sqlite3_open_v2(file, &store->db, flags, NULL) != SQLITE_OK) {
        if (store->db)
            fail(store, error);
        else
            g_set_error(error, FV_ERROR, FV_ERROR_IO, "%s: no memory for SQLite", file);
        return NULL;
    }
    sqlite3_busy_timeout(store->db, BUSY_MS);
    sqlite3_limit(store->db, SQLITE_LIMIT_LENGTH, MOST_BYTES);
    sqlite3_db_config(store->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_db_config(store->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    return run(store, "PRAGMA cell_size_check = ON", error) ? g_steal_pointer(&store) : NULL;
}

FvStore *fv_store_create(const char *file, const FvStoreHead *head, GError **error)
{
    g_autoptr(FvStore) store = open_file(file, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, error);
    if (!store || !run(store, "BEGIN IMMEDIATE", error) || !end(store, make_tables(store, head, error), error))
        return NULL;
    return g_steal_pointer(&store);
}

static gboolean read_number(FvStore *store, const char *sql, gint64 *number, GError **error)
{
    GError *failed = NULL;
    g_autoptr(Statement) statement = prepare(store, sql, error);
    if (!statement)
        return FALSE;
    if (step(store, statement, &failed)) {
        *number = sqlite3_column_int64(statement, 0);
        return TRUE;
    }
    if (failed)
        g_propagate_error(error, failed);
    else
        fail_data(store, error, "damaged");
    return FALSE;
}

static gboolean check_kind(FvStore *store, GError **error)
{
    gint64 application = 0, version = 0;
    if (!read_number(store, "PRAGMA application_id", &application, error) ||
        !read_number(store, "PRAGMA user_version", &version, error))
        return FALSE;
    if (application != APPLICATION)
        return fail_data(store, error, "no sweep of fovea's");
    if (version == VERSION)
        return TRUE;
    g_set_error(error, FV_ERROR, FV_ERROR_DATA,
                "%s: a sweep in format %" G_GINT64_FORMAT ", where this fovea knows format %d", store->file, version,
                VERSION);
    return FALSE;
}

static gboolean check_tables(FvStore *store, GError **error)
{
    GError *failed = NULL;
    guint count = 0;
    gboolean same = TRUE;
    g_autoptr(Statement) statement =
        prepare(store, "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name", error);
    if (!statement)
        return FALSE;
    for (; step(store, statement, &failed); count++) {
        const char *sql = (const char *) sqlite3_column_text(statement, 0);
        same = same && count < G_N_ELEMENTS(tables) && g_strcmp0(sql, tables[count]) == 0;
    }
    if (failed) {
        g_propagate_error(error, failed);
        return FALSE;
    }
    return (same && count == G_N_ELEMENTS(tables)) || fail_data(store, error, "its tables are not those of a sweep");
}

static gboolean read_head(FvStore *store, FvStoreHead *head, GError **error)
{
    GError *failed = NULL;
    g_autoptr(Statement) statement = prepare(store, "SELECT name, pipeline, device, seed, keep FROM sweep", error);
    if (!statement)
        return FALSE;
    if (step(store, statement, &failed))
        *head = (FvStoreHead){ .name = column_text(statement, 0),
                               .pipeline = column_text(statement, 1),
                               .device = column_text(statement, 2),
                               .seed = (guint64) sqlite3_column_int64(statement, 3),
                               .keep = sqlite3_column_int(statement, 4) != 0 };
    if (failed) {
        g_propagate_error(error, failed);
        return FALSE;
    }
    return (head->name && head->pipeline) || fail_data(store, error, "it does not say what it is a sweep of");
}

/* SQLite would wait for ever at a pipe. */
static gboolean is_regular(const char *file, GError **error)
{
    struct stat info;
    if (stat(file, &info) == 0 && S_ISREG(info.st_mode))
        return TRUE;
    g_set_error(error, FV_ERROR, FV_ERROR_IO, "%s: %s", file,
                S_ISREG(info.st_mode) ? g_strerror(errno) : "not a regular file");
    return FALSE;
}

FvStore *fv_store_open(const char *file, gboolean write, FvStoreHead *head, GError **error)
{
    *head = (FvStoreHead){ 0 };
    if (!is_regular(file, error))
        return NULL;
    /* Reading, too, may have to roll back what a process that was killed left half done. */
    g_autoptr(FvStore) store = open_file(file, SQLITE_OPEN_READWRITE, error);
    if (store && check_kind(store, error) && check_tables(store, error) && read_head(store, head, error) &&
        (!write || !sqlite3_db_readonly(store->db, "main") || fail_data(store, error, "cannot be written")))
        return g_steal_pointer(&store);
    fv_store_head_clear(head);
    return NULL;
}

/* ------------------------------------------------------------------ trials */

static gboolean record_settings(FvStore *store, const FvTrial *trial, const FvSweep *sweep, GError **error)
{
    g_autoptr(Statement) insert =
        prepare(store, "INSERT OR IGNORE INTO settings (trial, name, value) VALUES (?, ?, ?)", error);
    for (guint i = 0; insert && i < sweep->parameters->len; i++) {
        g_autofree char *value = fv_trial_value(trial, sweep, i);
        sqlite3_reset(insert);
        sqlite3_bind_int(insert, 1, trial->number);
        bind_text(insert, 2, ((FvSweepParameter *) sweep->parameters->pdata[i])->name);
        bind_text(insert, 3, value);
        if (!finish(store, insert, error))
            return FALSE;
    }
    return insert != NULL;
}

static gboolean record_result(FvStore *store, const FvTrial *trial, GError **error)
{
    g_autoptr(Statement) insert = prepare(
        store, "INSERT INTO trials (trial, round, epochs, state, loss, metric) VALUES (?, ?, ?, ?, ?, ?)", error);
    if (!insert)
        return FALSE;
    sqlite3_bind_int(insert, 1, trial->number);
    sqlite3_bind_int(insert, 2, trial->round);
    sqlite3_bind_int(insert, 3, trial->epochs);
    bind_text(insert, 4, states[trial->state]);
    bind_real(insert, 5, trial->loss);
    bind_real(insert, 6, trial->metric);
    return finish(store, insert, error);
}

gboolean fv_store_record(FvStore *store, const FvTrial *trial, const FvSweep *sweep, GError **error)
{
    if (!run(store, "BEGIN IMMEDIATE", error))
        return FALSE;
    return end(store, record_settings(store, trial, sweep, error) && record_result(store, trial, error), error);
}

static gboolean differs(const FvStore *store, const FvTrial *trial, GError **error)
{
    g_set_error(error, FV_ERROR, FV_ERROR_DATA,
                "%s: trial %d is not what this sweep draws for it: it was changed, or made by another version of fovea",
                store->file, trial->number);
    return FALSE;
}

static gboolean check_settings(FvStore *store, const FvTrial *trial, const FvSweep *sweep, GError **error)
{
    g_autoptr(Statement) select = prepare(store, "SELECT value FROM settings WHERE trial = ? AND name = ?", error);
    for (guint i = 0; select && i < sweep->parameters->len; i++) {
        GError *failed = NULL;
        g_autofree char *drawn = fv_trial_value(trial, sweep, i);
        sqlite3_reset(select);
        sqlite3_bind_int(select, 1, trial->number);
        bind_text(select, 2, ((FvSweepParameter *) sweep->parameters->pdata[i])->name);
        const gboolean found = step(store, select, &failed);
        if (failed) {
            g_propagate_error(error, failed);
            return FALSE;
        }
        if (!found || g_strcmp0((const char *) sqlite3_column_text(select, 0), drawn) != 0)
            return differs(store, trial, error);
    }
    return select != NULL;
}

static gboolean take_row(FvStore *store, Statement *row, FvTrial *trial, const FvSweep *sweep, GError **error)
{
    const char *state = (const char *) sqlite3_column_text(row, 1);
    trial->loss = column_real(row, 2);
    trial->metric = column_real(row, 3);
    trial->state = g_strcmp0(state, states[FV_TRIAL_DONE]) == 0       ? FV_TRIAL_DONE
                   : g_strcmp0(state, states[FV_TRIAL_DIVERGED]) == 0 ? FV_TRIAL_DIVERGED
                                                                      : FV_TRIAL_OPEN;
    if (trial->state == FV_TRIAL_OPEN || sqlite3_column_int(row, 0) != trial->epochs)
        return differs(store, trial, error);
    return check_settings(store, trial, sweep, error);
}

gboolean fv_store_restore(FvStore *store, const GPtrArray *trials, const FvSweep *sweep, GError **error)
{
    GError *failed = NULL;
    g_autoptr(Statement) select =
        prepare(store, "SELECT epochs, state, loss, metric FROM trials WHERE trial = ? AND round = ?", error);
    for (guint i = 0; select && i < trials->len; i++) {
        FvTrial *trial = trials->pdata[i];
        if (trial->state != FV_TRIAL_OPEN)
            continue;
        sqlite3_reset(select);
        sqlite3_bind_int(select, 1, trial->number);
        sqlite3_bind_int(select, 2, trial->round);
        if (step(store, select, &failed) && !take_row(store, select, trial, sweep, &failed))
            break;
        if (failed)
            break;
    }
    if (failed)
        g_propagate_error(error, failed);
    return select && !failed;
}
