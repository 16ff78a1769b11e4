/* SPDX-License-Identifier: MIT
 * window.h: what pad and slice share: a window of a larger value, cut out of it or framed by a constant. */
#ifndef FOVEA_LAYERS_WINDOW_H
#define FOVEA_LAYERS_WINDOW_H

#include <fovea/plugin.h>

/* Reals that a work-item writes: of whole lines, or of a piece of one. */
enum { WINDOW_REALS = 8192 };

typedef struct {
    FvShape large, window;
    int channel, top, left; /* of the window, in the large value */
} Window;

/* Values are gone through line by line: of pixels where the window leaves out channels, else of rows, in which its
 * pixels follow each other. */
static inline gboolean window_has_all_channels(const Window *window)
{
    return window->window.c == window->large.c;
}

/* Reals of a line, and lines of an image, of the large value or of the window. */
static inline int window_line(const FvNode *node, const Window *window, FvShape shape)
{
    return (window_has_all_channels(window) ? shape.w : 1) * shape.c * fv_node_lanes(node);
}
static inline int window_lines(const Window *window, FvShape shape)
{
    return window_has_all_channels(window) ? shape.h : shape.h * shape.w;
}

/* Of a work-item: reals of a line, and lines. */
static inline int window_span(const FvNode *node, const Window *window, FvShape shape)
{
    return MIN(window_line(node, window, shape), WINDOW_REALS);
}
static inline int window_some(const FvNode *node, const Window *window, FvShape shape)
{
    return WINDOW_REALS / window_span(node, window, shape);
}

/* Adds a kernel that writes y or dx: "cut" a window out, or "frame" it. */
static inline FvKernel *window_kernel(FvNode *node, const Window *window, const char *source, gboolean frame,
                                      gboolean backward)
{
    const gboolean all = window_has_all_channels(window);
    const FvShape large = window->large, small = window->window, to = frame ? large : small;
    const int lanes = fv_node_lanes(node);
    g_autofree char *defines = g_strdup_printf(
        "#define ROWS %d\n#define ACROSS %d\n#define LINE %d\n#define WINDOW_ROWS %d\n#define WINDOW_ACROSS %d\n"
        "#define RUN %d\n#define TOP %d\n#define LEFT %d\n#define OFFSET %d\n#define SPAN %d\n#define SOME_LINES %d\n",
        large.h, all ? 1 : large.w, window_line(node, window, large), small.h, all ? 1 : small.w,
        window_line(node, window, small), window->top, all ? 0 : window->left,
        all ? window->left * large.c * lanes : window->channel * lanes, window_span(node, window, to),
        window_some(node, window, to));
    return backward ? fv_node_add_gradient_kernel(node, 0, source, frame ? "frame" : "cut", "%s", defines)
                    : fv_node_add_tail_kernel(node, source, frame ? "frame" : "cut", "%s", defines);
}

/* @shape: of what the kernel writes. */
static inline int window_lines_now(const Window *window, FvShape shape, const FvList *list)
{
    return window_lines(window, shape) * fv_list_blocks(list);
}
static inline FvGrid window_grid(const FvNode *node, const Window *window, FvShape shape, const FvList *list)
{
    const int lines = window_lines_now(window, shape, list), line = window_line(node, window, shape);
    const int span = window_span(node, window, shape), some = window_some(node, window, shape);
    if (fv_node_workers(node) > 1)
        return fv_node_each(node, (size_t) lines * (size_t) line);
    return FV_ITEMS((size_t) ((lines + some - 1) / some), (size_t) ((line + span - 1) / span));
}

static inline void window_cut(FvNode *node, const Window *window, FvKernel *kernel, FvBuffer *from, FvBuffer *to,
                              FvList *list)
{
    fv_launch(list, kernel, window_grid(node, window, window->window, list), fv_buffer(from), fv_buffer(to),
              fv_int(window_lines_now(window, window->window, list)));
}

static inline void window_frame(FvNode *node, const Window *window, FvKernel *kernel, FvBuffer *from, FvBuffer *to,
                                double value, FvList *list)
{
    fv_launch(list, kernel, window_grid(node, window, window->large, list), fv_buffer(from), fv_buffer(to),
              fv_int(window_lines_now(window, window->large, list)), fv_real(value));
}

#endif
