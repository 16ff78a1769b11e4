/* SPDX-License-Identifier: MIT
 * events.c: event files of TensorBoard: records of TensorFlow, each a protocol buffer "Event"
 * (tensorflow/core/util/event.proto). */
#include "core/sink/events.h"

#include "core/sink/crc32c.h"
#include "core/sink/log.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

struct FvEvents {
    char *file;
    int fd;
};

/* ---------------------------------------------------------- protocol buffers */

/* Numbers of fields, as event.proto and summary.proto have them. */
enum { EVENT_TIME = 1, EVENT_STEP = 2, EVENT_VERSION = 3, EVENT_SUMMARY = 5, EVENT_SESSION = 7 };
enum { SUMMARY_VALUE = 1, VALUE_TAG = 1, VALUE_SIMPLE = 2, SESSION_STATUS = 1, SESSION_START = 1 };
enum { WIRE_VARINT, WIRE_64, WIRE_BYTES, WIRE_32 = 5 };

static void append_varint(GByteArray *out, guint64 number)
{
    for (; number >= 128; number >>= 7)
        g_byte_array_append(out, &(guint8){ (guint8) (number | 128) }, 1);
    g_byte_array_append(out, &(guint8){ (guint8) number }, 1);
}

static void append_key(GByteArray *out, int field, int wire)
{
    append_varint(out, (guint64) (field << 3 | wire));
}

static void append_whole(GByteArray *out, int field, gint64 number)
{
    append_key(out, field, WIRE_VARINT);
    append_varint(out, (guint64) number);
}

static void append_fixed32(GByteArray *out, guint32 bits)
{
    const guint32 little = GUINT32_TO_LE(bits);
    g_byte_array_append(out, (const guint8 *) &little, sizeof little);
}

static void append_fixed64(GByteArray *out, guint64 bits)
{
    const guint64 little = GUINT64_TO_LE(bits);
    g_byte_array_append(out, (const guint8 *) &little, sizeof little);
}

static void append_double(GByteArray *out, int field, double number)
{
    guint64 bits;
    memcpy(&bits, &number, sizeof bits);
    append_key(out, field, WIRE_64);
    append_fixed64(out, bits);
}

static void append_float(GByteArray *out, int field, double number)
{
    const float single = (float) number;
    guint32 bits;
    memcpy(&bits, &single, sizeof bits);
    append_key(out, field, WIRE_32);
    append_fixed32(out, bits);
}

static void append_bytes(GByteArray *out, int field, const void *data, gsize size)
{
    append_key(out, field, WIRE_BYTES);
    append_varint(out, size);
    g_byte_array_append(out, data, (guint) size);
}

/* ------------------------------------------------------------------- records */

static guint32 masked(guint32 crc)
{
    return (crc >> 15 | crc << 17) + 0xa282ead8u;
}

static void append_record(GByteArray *out, const GByteArray *event)
{
    const guint64 length = GUINT64_TO_LE((guint64) event->len);
    append_fixed64(out, event->len);
    append_fixed32(out, masked(fv_crc32c(&length, sizeof length)));
    g_byte_array_append(out, event->data, event->len);
    append_fixed32(out, masked(fv_crc32c(event->data, event->len)));
}

static GByteArray *event_new(double time)
{
    GByteArray *event = g_byte_array_new();
    append_double(event, EVENT_TIME, time);
    return event;
}

void fv_events_append_version(GByteArray *out, double time)
{
    static const char version[] = "brain.Event:2";
    g_autoptr(GByteArray) event = event_new(time);
    append_bytes(event, EVENT_VERSION, version, sizeof version - 1);
    append_record(out, event);
}

void fv_events_append_start(GByteArray *out, double time, gint64 step)
{
    g_autoptr(GByteArray) event = event_new(time);
    g_autoptr(GByteArray) session = g_byte_array_new();
    append_whole(event, EVENT_STEP, step);
    append_whole(session, SESSION_STATUS, SESSION_START);
    append_bytes(event, EVENT_SESSION, session->data, session->len);
    append_record(out, event);
}

void fv_events_append_scalars(GByteArray *out, double time, gint64 step, const GArray *scalars)
{
    g_autoptr(GByteArray) event = event_new(time);
    g_autoptr(GByteArray) summary = g_byte_array_new();
    append_whole(event, EVENT_STEP, step);
    for (guint i = 0; i < scalars->len; i++) {
        const FvScalar *scalar = &g_array_index(scalars, FvScalar, i);
        g_autoptr(GByteArray) value = g_byte_array_new();
        append_bytes(value, VALUE_TAG, scalar->tag, strlen(scalar->tag));
        append_float(value, VALUE_SIMPLE, scalar->value);
        append_bytes(summary, SUMMARY_VALUE, value->data, value->len);
    }
    append_bytes(event, EVENT_SUMMARY, summary->data, summary->len);
    append_record(out, event);
}

/* ------------------------------------------------------------------- scalars */

static void scalar_clear(gpointer data)
{
    g_free(((FvScalar *) data)->tag);
}

/* @part: after a slash, or NULL. Strings of protocol buffers are UTF-8. */
static void add_scalar(GArray *scalars, const char *name, const char *part, double value)
{
    g_autofree char *tag = part ? g_strdup_printf("%s/%s", name, part) : g_strdup(name);
    const FvScalar scalar = { g_utf8_make_valid(tag, -1), value };
    if (isnan(value))
        g_free(scalar.tag);
    else
        g_array_append_val(scalars, scalar);
}

static GArray *scalars_of(const FvRecord *record)
{
    GArray *scalars = g_array_new(FALSE, FALSE, sizeof(FvScalar));
    const char *split = fv_log_split(record->split);
    g_array_set_clear_func(scalars, scalar_clear);
    add_scalar(scalars, "loss", split, record->loss);
    if (record->metric)
        add_scalar(scalars, record->metric, split, record->value);
    for (guint i = 1; record->scores && i < record->scores->len; i++) {
        const FvScore *score = &g_array_index(record->scores, FvScore, i);
        add_scalar(scalars, score->name, split, score->value);
    }
    add_scalar(scalars, "rate", NULL, record->rate);
    add_scalar(scalars, "images_per_second", NULL, record->images_per_second);
    add_scalar(scalars, "gradient_norm", NULL, record->gradient_norm);
    add_scalar(scalars, "memory", NULL, record->memory);
    for (guint i = 0; record->layers && i < record->layers->len; i++) {
        const FvScore *layer = &g_array_index(record->layers, FvScore, i);
        add_scalar(scalars, "gradient_norm", layer->name, layer->value);
    }
    return scalars;
}

/* -------------------------------------------------------------------- files */

static double now(void)
{
    return (double) g_get_real_time() / G_USEC_PER_SEC;
}

static gboolean write_all(const FvEvents *events, const GByteArray *bytes, GError **error)
{
    for (gsize done = 0; done < bytes->len;) {
        const ssize_t written = write(events->fd, bytes->data + done, bytes->len - done);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0) {
            g_set_error(error, FV_ERROR, FV_ERROR_IO, "%s: cannot be written: %s", events->file, g_strerror(errno));
            return FALSE;
        }
        done += (gsize) written;
    }
    return TRUE;
}

/* Several may begin in one folder within a second. */
static gboolean create(FvEvents *events, const char *folder)
{
    enum { MOST = 1000 };
    const gint64 seconds = g_get_real_time() / G_USEC_PER_SEC;
    for (int n = 0; n < MOST; n++) {
        g_autofree char *name = g_strdup_printf("events.out.tfevents.%" G_GINT64_FORMAT ".%s.%d.%d", seconds,
                                                g_get_host_name(), (int) getpid(), n);
        g_free(events->file);
        events->file = g_build_filename(folder, name, NULL);
        events->fd = g_open(events->file, O_WRONLY | O_APPEND | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (events->fd >= 0 || errno != EEXIST)
            break;
    }
    return events->fd >= 0;
}

FvEvents *fv_events_new(const char *folder, gint64 first, GError **error)
{
    g_autoptr(FvEvents) events = g_new0(FvEvents, 1);
    g_autoptr(GByteArray) begin = g_byte_array_new();
    events->fd = -1;
    if (g_mkdir_with_parents(folder, 0777) != 0 || !create(events, folder)) {
        g_set_error(error, FV_ERROR, FV_ERROR_IO, "%s: %s", events->file ? events->file : folder, g_strerror(errno));
        return NULL;
    }
    fv_events_append_version(begin, now());
    fv_events_append_start(begin, now(), first);
    return write_all(events, begin, error) ? g_steal_pointer(&events) : NULL;
}

void fv_events_free(FvEvents *events)
{
    if (!events)
        return;
    if (events->fd >= 0)
        close(events->fd);
    g_free(events->file);
    g_free(events);
}

gboolean fv_events_write(FvEvents *events, const FvRecord *record, GError **error)
{
    g_autoptr(GArray) scalars = scalars_of(record);
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    if (scalars->len == 0)
        return TRUE;
    fv_events_append_scalars(bytes, now(), record->step, scalars);
    return write_all(events, bytes, error);
}
