/* SPDX-License-Identifier: MIT
 * pump.c: all outputs on their way.
 *
 * Outputs go in groups, each one batch of the device. A group is read by the pool's threads, computed by the thread
 * that calls, written by the pool's threads, and looked through by the caller again, in order. Several groups are under
 * way at once, as many as memory allows. */
#include "core/batch/pump.h"

enum {
    GROUPS = 6,
    MOST_BYTES = 384 << 20, /* of pixels under way, unless one group has more */
    FIRST_BYTES = 6 << 20   /* of an output, before one is known */
};

typedef struct Group Group;
typedef struct Running Running;

/* Outputs from..to of a group: what the pool calls a task. */
typedef struct {
    Running *running;
    Group *group;
    guint from, to;
    guint64 order; /* smaller ones first */
    gboolean write;
} Task;

typedef enum { READING, READ, WRITING, WRITTEN } Stage;

struct Group {
    guint64 begin;
    guint count;
    FvMade *made;
    Stage stage;
    int pending; /* tasks */
    gsize bytes; /* what its pixels take, or will take by what others took */
};

struct Running {
    const FvPump *pump;
    GThreadPool *pool;
    GQueue groups;  /* of Group, in order */
    guint64 next;   /* the output that the next group begins with */
    gsize bytes;    /* of all groups */
    gsize expected; /* bytes of an output's pixels: the most that there were */
    gint closing;   /* atomic: nothing more is read */
    gint broken;    /* atomic: nothing more is written */
    GMutex lock;    /* for stage and pending of groups */
    GCond changed;
};

static gboolean is_closing(const Running *running)
{
    const volatile sig_atomic_t *stop = running->pump->maker->settings->stop;
    return g_atomic_int_get(&running->closing) || (stop && *stop);
}

/* ------------------------------------------------------------------- threads */

static void read_some(const Task *task)
{
    FvMade *made = &task->group->made[task->from];
    const guint count = task->to - task->from;
    if (!is_closing(task->running)) {
        fv_make_read(task->running->pump->maker, made, count);
        return;
    }
    for (guint i = 0; i < count; i++)
        made[i].left = TRUE;
}

static void write_one(const Task *task)
{
    FvMade *made = &task->group->made[task->from];
    if (g_atomic_int_get(&task->running->broken))
        made->left = TRUE;
    else
        fv_make_write(task->running->pump->maker, made);
    fv_made_drop_pixels(made);
}

static void work(gpointer data, gpointer unused)
{
    Task *task = data;
    Running *running = task->running;
    (task->write ? write_one : read_some)(task);
    g_mutex_lock(&running->lock);
    if (--task->group->pending == 0) {
        task->group->stage++;
        g_cond_signal(&running->changed);
    }
    g_mutex_unlock(&running->lock);
    g_free(task);
}

/* Writing goes first: it makes room. */
static int by_order(gconstpointer a, gconstpointer b, gpointer unused)
{
    const Task *one = a, *other = b;
    if (one->write != other->write)
        return one->write ? -1 : 1;
    return one->order < other->order ? -1 : one->order > other->order;
}

static void push(Running *running, Group *group, guint from, guint to, gboolean write)
{
    const Task task = { running, group, from, to, group->begin + from, write };
    /* Where no thread can be had the pool keeps the task for those that it has; one at least it has. */
    g_thread_pool_push(running->pool, g_memdup2(&task, sizeof task), NULL);
}

/* -------------------------------------------------------------------- groups */

static void group_free(gpointer data)
{
    Group *group = data;
    for (guint i = 0; i < group->count; i++)
        fv_made_clear(&group->made[i]);
    g_free(group->made);
    g_free(group);
}

/* Begins to read the next group. */
static void begin_group(Running *running)
{
    const FvPump *pump = running->pump;
    const FvMaker *maker = pump->maker;
    const guint64 end = fv_work_group(maker->work, running->next, (guint) pump->batch);
    Group *group = g_new0(Group, 1);
    group->begin = running->next;
    group->count = (guint) (end - running->next);
    group->made = g_new0(FvMade, group->count);
    group->bytes = running->expected * group->count;
    for (guint i = 0; i < group->count; i++) {
        group->made[i].index = group->begin + i;
        group->made[i].show = pump->show(group->begin + i, pump->data);
        fv_work_get(maker->work, group->begin + i, &group->made[i].item);
    }
    running->bytes += group->bytes;
    running->next = end;
    g_queue_push_tail(&running->groups, group);
    g_autoptr(GArray) ends = g_array_new(FALSE, FALSE, sizeof(guint));
    for (guint i = 1; i <= group->count; i++)
        if (i == group->count || !fv_made_together(maker, &group->made[i - 1], &group->made[i]))
            g_array_append_val(ends, i);
    group->pending = (int) ends->len;
    for (guint i = 0; i < ends->len; i++)
        push(running, group, i ? g_array_index(ends, guint, i - 1) : 0, g_array_index(ends, guint, i), FALSE);
}

static void begin_groups(Running *running)
{
    const guint64 count = fv_work_count(running->pump->maker->work);
    while (
        running->next < count && running->groups.length < GROUPS && !is_closing(running) &&
        (running->groups.length == 0 || running->bytes + running->expected * (gsize) running->pump->batch < MOST_BYTES))
        begin_group(running);
}

/* What its pixels really take. */
static void measure(Running *running, Group *group)
{
    gsize bytes = 0;
    for (guint i = 0; i < group->count; i++)
        bytes += fv_made_size(&group->made[i]);
    running->bytes += bytes - group->bytes;
    group->bytes = bytes;
    running->expected = MAX(running->expected, bytes / group->count);
}

/* Chooses what is to be computed of a group. Outputs behind one that ends everything are left. Returns how many. */
static int choose_jobs(Running *running, Group *group, FvAugmentJob *jobs, guint *numbers, GError **error)
{
    const FvPump *pump = running->pump;
    gboolean left = is_closing(running);
    int count = 0;
    for (guint i = 0; i < group->count; i++) {
        FvMade *made = &group->made[i];
        if (!left && !made->left && made->error && !pump->on_bad(made, pump->data, error)) {
            g_atomic_int_set(&running->closing, 1);
            left = TRUE;
        }
        made->left |= left;
        if (made->left || !fv_made_wants_device(made))
            continue;
        numbers[count] = i;
        fv_make_job(made, &jobs[count++]);
    }
    return count;
}

/* Takes what was read to the device, and sends it on to be written. */
static void compute(Running *running, Group *group, GError **error)
{
    g_autofree FvAugmentJob *jobs = g_new(FvAugmentJob, group->count);
    g_autofree guint *numbers = g_new(guint, group->count);
    g_autoptr(GError) reason = NULL;
    measure(running, group);
    int count = choose_jobs(running, group, jobs, numbers, error);
    FvAugmenter *augmenter = count > 0 ? running->pump->augmenter(running->pump->data, &reason) : NULL;
    if (count > 0 && (!augmenter || !fv_augmenter_run(augmenter, jobs, count, &reason))) {
        for (guint i = 0; i < group->count; i++)
            group->made[i].left = TRUE;
        g_atomic_int_set(&running->closing, 1);
        count = 0;
        if (error && !*error)
            g_propagate_error(error, g_steal_pointer(&reason));
    }
    group->pending = count;
    group->stage = count ? WRITING : WRITTEN;
    for (int i = 0; i < count; i++)
        push(running, group, numbers[i], numbers[i] + 1, TRUE);
}

/* Tells of what is done, in order, up to the first that could not be written. */
static gboolean look_through(Running *running, Group *group, GError **error)
{
    const FvPump *pump = running->pump;
    for (guint i = 0; i < group->count; i++) {
        FvMade *made = &group->made[i];
        if (made->left || made->bad >= 0)
            continue;
        if (made->error) {
            g_propagate_error(error, g_steal_pointer(&made->error));
            return FALSE;
        }
        if (!pump->on_done(made, pump->data, error))
            return FALSE;
    }
    return TRUE;
}

/* The next group that has been read, unless the first one is written: that one. Waits. */
static Group *wait_for_group(Running *running)
{
    g_mutex_lock(&running->lock);
    for (;;) {
        Group *first = g_queue_peek_head(&running->groups);
        if (first->stage == WRITTEN) {
            g_mutex_unlock(&running->lock);
            return first;
        }
        for (GList *link = running->groups.head; link; link = link->next) {
            Group *group = link->data;
            if (group->stage == READ) {
                g_mutex_unlock(&running->lock);
                return group;
            }
            /* Groups are computed in order. */
            if (group->stage == READING)
                break;
        }
        g_cond_wait(&running->changed, &running->lock);
    }
}

static gboolean run(Running *running, GError **error)
{
    g_autoptr(GError) reason = NULL;
    for (begin_groups(running); running->groups.length > 0; begin_groups(running)) {
        Group *group = wait_for_group(running);
        GError **place = reason ? NULL : &reason;
        if (group->stage == READ) {
            compute(running, group, place);
            continue;
        }
        g_queue_pop_head(&running->groups);
        running->bytes -= group->bytes;
        if (!g_atomic_int_get(&running->broken) && !look_through(running, group, place)) {
            g_atomic_int_set(&running->closing, 1);
            g_atomic_int_set(&running->broken, 1);
        }
        group_free(group);
    }
    if (!reason)
        return TRUE;
    g_propagate_error(error, g_steal_pointer(&reason));
    return FALSE;
}

gboolean fv_pump(const FvPump *pump, GError **error)
{
    Running running = { .pump = pump, .groups = G_QUEUE_INIT, .expected = FIRST_BYTES };
    running.pool = g_thread_pool_new(work, NULL, pump->jobs, TRUE, error);
    if (!running.pool) {
        g_prefix_error(error, "no threads: ");
        return FALSE;
    }
    g_thread_pool_set_sort_function(running.pool, by_order, NULL);
    g_mutex_init(&running.lock);
    g_cond_init(&running.changed);
    const gboolean good = run(&running, error);
    g_thread_pool_free(running.pool, FALSE, TRUE);
    g_mutex_clear(&running.lock);
    g_cond_clear(&running.changed);
    return good;
}
