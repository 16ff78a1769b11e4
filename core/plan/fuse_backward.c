/* SPDX-License-Identifier: MIT
 * fuse_backward.c: which backward pass gives which gradient, and what is computed as it is written.
 *
 * The gradient of a value is given by the backward passes of its readers, one after the other. The first of them writes
 * it; another adds to it in its own store, where its kernels write dx through FV_TAIL (plugin.h), or else by a launch.
 * Where the last one has such kernels, and an elementwise layer made the value, that layer's derivative is applied
 * there, too, and so on upwards: then the gradient of its input is in the memory of that of its output, and it has no
 * backward pass of its own. A sum has none either: the gradients of its inputs are that of its output, as long as none
 * of them is written again before all have been read. */
#include "core/plan/private.h"

#include <string.h>

/* A backward pass that gives a gradient. */
typedef struct {
    FvNode *reader;
    int input;
} Writer;

/* When a node's backward pass runs: the moments of private.h. */
static int moment_of(const FvNode *node)
{
    const int n = (int) node->plan->nodes->len;
    return node->plugin->kind == FV_LAYER ? 2 * n - node->index : n;
}

/* The last moment at which the gradient of a value must be there. */
static int read_until(const FvNode *value)
{
    return value->derived ? 0 : value->input_count == 0 ? FV_ALWAYS : moment_of(value);
}

static gboolean is_map(const FvNode *node)
{
    return node->plugin->kind == FV_LAYER && fv_node_layer(node)->forward_map;
}

static gboolean is_sum(const FvNode *node)
{
    return node->plugin->kind == FV_LAYER && fv_node_layer(node)->sums;
}

static gboolean gives(const FvNode *reader, int input, const FvNode *value)
{
    return fv_plan_resolve(reader->plan, reader->inputs[input]) == value && fv_node_wants_gradient(reader, input);
}

static gboolean gives_twice(const FvNode *reader, const FvNode *value)
{
    int inputs = 0;
    for (int i = 0; i < reader->input_count; i++)
        inputs += gives(reader, i, value);
    return inputs > 1;
}

static void append_writers(GArray *writers, FvNode *reader, const FvNode *value)
{
    for (int i = 0; reader->stores && i < reader->input_count; i++)
        if (gives(reader, i, value)) {
            const Writer writer = { reader, i };
            g_array_append_val(writers, writer);
        }
}

/* In the order of backward passes. */
static GArray *writers_of(const FvNode *value)
{
    const FvPlan *plan = value->plan;
    GArray *writers = g_array_new(FALSE, FALSE, sizeof(Writer));
    for (guint i = 0; i < plan->terms->len; i++)
        append_writers(writers, plan->terms->pdata[i], value);
    for (guint i = plan->nodes->len; (int) --i > value->index;)
        append_writers(writers, plan->nodes->pdata[i], value);
    return writers;
}

/* Whether kernels write that gradient through FV_TAIL, once. */
static gboolean has_tail(const Writer *writer, const FvNode *value)
{
    const FvNode *reader = writer->reader;
    return reader->plugin->kind == FV_LAYER && (is_map(reader) || fv_node_layer(reader)->takes_gradient_tail) &&
           !gives_twice(reader, value) && !reader->plan->settings.keep;
}

static int buffers_of(const FvNode *map)
{
    const unsigned reads = fv_plan_backward_reads(fv_node_layer(map));
    return ((reads & FV_READS_X) != 0) + ((reads & FV_READS_Y) != 0);
}

/* Whether a store has room for one more derivative. */
static gboolean has_room(const FvStore *store, const FvNode *map)
{
    int buffers = store->joins + buffers_of(map);
    for (guint i = 0; store->maps && i < store->maps->len; i++)
        buffers += buffers_of(store->maps->pdata[i]);
    return buffers <= FV_MAX_MORE;
}

/* Whether the gradient of the reader's input is known as soon as that of its output is written for the last time. */
static gboolean hands_on(const Writer *writer, const FvNode *value)
{
    const FvNode *reader = writer->reader;
    if (reader->plan->settings.keep || gives_twice(reader, value))
        return FALSE;
    return is_sum(reader) || (is_map(reader) && reader->gradient.store && has_room(reader->gradient.store, reader));
}

/* Whether the value's gradient may be in the memory of that of the reader, which it takes over at @moment, and in which
 * it is written again at @again, if that is not 0. */
static gboolean may_share(const FvNode *value, const FvNode *reader, int moment, int again)
{
    const FvPlan *plan = value->plan;
    for (guint i = 0; i < plan->nodes->len; i++) {
        const FvNode *other = plan->nodes->pdata[i];
        if (other->gradient.owner != reader->gradient.owner)
            continue;
        const int until = is_map(reader) && other == reader ? 0 : read_until(other);
        if (again > 0 && again <= until)
            return FALSE;
        if (other->gradient.last > moment && other->gradient.second <= read_until(value))
            return FALSE;
    }
    return TRUE;
}

/* The first moment at which one of the writers, but for number @but, gives its part. */
static int first_moment(const GArray *writers, guint but)
{
    int first = 0;
    for (guint i = 0; i < writers->len; i++) {
        const int moment = moment_of(g_array_index(writers, Writer, i).reader);
        if (i != but && (first == 0 || moment < first))
            first = moment;
    }
    return first;
}

/* Number of the writer that hands its part on before all others, or -1. */
static int find_early(const FvNode *value, const GArray *writers)
{
    int early = -1, moment = FV_ALWAYS;
    for (guint i = 0; i < writers->len; i++) {
        const Writer *writer = &g_array_index(writers, Writer, i);
        if (hands_on(writer, value) && writer->reader->gradient.last < moment) {
            early = (int) i;
            moment = writer->reader->gradient.last;
        }
    }
    if (early < 0)
        return -1;
    const int again = first_moment(writers, (guint) early);
    if ((again > 0 && again <= moment) ||
        !may_share(value, g_array_index(writers, Writer, early).reader, moment, again))
        return -1;
    return early;
}

static void hand_on(FvNode *value, const Writer *writer)
{
    FvNode *reader = writer->reader;
    FvStore *store = is_map(reader) ? reader->gradient.store : NULL;
    reader->stores[writer->input].wanted = reader->stores[writer->input].same = TRUE;
    value->gradient.owner = reader->gradient.owner;
    value->gradient.first = value->gradient.last = reader->gradient.last;
    value->gradient.store = store;
    if (!store)
        return;
    if (!store->maps)
        store->maps = g_ptr_array_new();
    g_ptr_array_add(store->maps, reader);
    reader->derived = TRUE;
}

static void give(FvNode *value, const Writer *writer)
{
    FvStore *store = &writer->reader->stores[writer->input];
    const gboolean first = !value->gradient.owner, tail = has_tail(writer, value);
    const int moment = moment_of(writer->reader);
    store->wanted = TRUE;
    store->joins = !first && tail;
    store->adds = (!first && !tail) || value->gradient.cleared;
    /* What a sum would copy is added from where it is. */
    store->same =
        store->adds && is_sum(writer->reader) && !gives_twice(writer->reader, value) && !value->plan->settings.keep;
    if (first) {
        value->gradient.owner = value;
        value->gradient.first =
            value->gradient.cleared ? (int) value->plan->nodes->len : moment; /* cleared at the losses */
    } else if (value->gradient.second == 0) {
        value->gradient.second = moment;
    }
    value->gradient.last = moment;
    value->gradient.store = tail ? store : NULL;
}

static void decide(FvNode *value)
{
    g_autoptr(GArray) writers = writers_of(value);
    const int early = find_early(value, writers);
    value->gradient.cleared = value->plan->settings.keep && value->plan->settings.contributions && writers->len > 1;
    if (early >= 0)
        hand_on(value, &g_array_index(writers, Writer, early));
    for (guint i = 0; i < writers->len; i++)
        if ((int) i != early)
            give(value, &g_array_index(writers, Writer, i));
}

void fv_fuse_backward_clear(FvNode *node)
{
    for (int i = 0; node->stores && i < node->input_count; i++)
        g_clear_pointer(&node->stores[i].maps, g_ptr_array_unref);
    g_clear_pointer(&node->stores, g_free);
    memset(&node->gradient, 0, sizeof node->gradient);
    node->derived = FALSE;
}

static void begin(FvNode *node, gboolean has_backward)
{
    fv_fuse_backward_clear(node);
    if (has_backward)
        node->stores = g_new0(FvStore, node->input_count + 1);
}

void fv_fuse_backward(FvPlan *plan)
{
    for (guint i = 0; i < plan->terms->len; i++) {
        FvNode *term = plan->terms->pdata[i];
        begin(term, plan->settings.purpose == FV_FOR_TRAINING && term->plugin->kind == FV_LOSS);
    }
    for (guint i = 0; i < plan->nodes->len; i++) {
        FvNode *node = plan->nodes->pdata[i];
        begin(node, node->reached);
    }
    for (guint i = plan->nodes->len; i-- > 0;) {
        FvNode *node = plan->nodes->pdata[i];
        if (node->reached)
            decide(node);
    }
}
