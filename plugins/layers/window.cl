/* window.cl: a window of a larger value, cut out of it or framed by a value. The large value has ROWS x ACROSS lines of LINE
 * reals; the window has WINDOW_ROWS x WINDOW_ACROSS lines, from line (TOP, LEFT) on, and of each of them RUN reals from
 * OFFSET on. A work-item writes SPAN reals of SOME_LINES lines; on GPUs one real. */

/* Where line `line` of the window begins in the large value. */
size_t FV_NAME(place)(int line)
{
    int across = line % WINDOW_ACROSS, row = line / WINDOW_ACROSS % WINDOW_ROWS, block = line / WINDOW_ACROSS / WINDOW_ROWS;
    return (((size_t)block * ROWS + TOP + row) * ACROSS + LEFT + across) * LINE + OFFSET;
}

/* The line of the window that lies in line `line` of the large value; -1: none does. */
int FV_NAME(within)(int line)
{
    int across = line % ACROSS - LEFT, row = line / ACROSS % ROWS - TOP, block = line / ACROSS / ROWS;
    bool inside = row >= 0 && row < WINDOW_ROWS && across >= 0 && across < WINDOW_ACROSS;
    return inside ? (block * WINDOW_ROWS + row) * WINDOW_ACROSS + across : -1;
}

#if FV_WORKERS > 1
FV_KERNEL FV_NAME(cut)(global const real *restrict from, global real *restrict to, int lines FV_TAIL_PARAMS)
{
    FV_TAIL_BEGIN(to)
    size_t at = FV_ITEM;
    int line = at / RUN;
    if (line < lines)
        to[at] = FV_TAIL(from[FV_NAME(place)(line) + at % RUN], to + at);
}

FV_KERNEL FV_NAME(frame)(global const real *restrict from, global real *restrict to, int lines, real value FV_TAIL_PARAMS)
{
    FV_TAIL_BEGIN(to)
    size_t at = FV_ITEM;
    int line = at / LINE, i = (int)(at % LINE) - OFFSET;
    if (line >= lines)
        return;
    int inside = i >= 0 && i < RUN ? FV_NAME(within)(line) : -1;
    real v = inside >= 0 ? from[(size_t)inside * RUN + i] : value;
    to[at] = FV_TAIL(v, to + at);
}

#else
kernel __attribute__((reqd_work_group_size(1, 1, 1))) void
FV_NAME(cut)(global const real *restrict from, global real *restrict to, int lines FV_TAIL_PARAMS)
{
    FV_TAIL_BEGIN(to)
    int begin = get_group_id(0) * SOME_LINES, end = min(begin + SOME_LINES, lines);
    int first = get_group_id(1) * SPAN, span = min(SPAN, RUN - first);
    for (int line = begin; line < end; line++) {
        global const real *in = from + FV_NAME(place)(line) + first;
        global real *out = to + (size_t)line * RUN + first;
        for (int i = 0; i < span; i++)
            out[i] = FV_TAIL(in[i], out + i);
    }
}

kernel __attribute__((reqd_work_group_size(1, 1, 1))) void
FV_NAME(frame)(global const real *restrict from, global real *restrict to, int lines, real value FV_TAIL_PARAMS)
{
    FV_TAIL_BEGIN(to)
    int begin = get_group_id(0) * SOME_LINES, end = min(begin + SOME_LINES, lines);
    int first = get_group_id(1) * SPAN, span = min(SPAN, LINE - first);
    for (int line = begin; line < end; line++) {
        int inside = FV_NAME(within)(line);
        int run = inside < 0 ? span : clamp(OFFSET - first, 0, span);
        int stop = inside < 0 ? span : clamp(OFFSET + RUN - first, 0, span);
        global const real *in = from + (size_t)max(inside, 0) * RUN;
        global real *out = to + (size_t)line * LINE + first;
        in += run < stop ? first + run - OFFSET : 0;
        for (int i = 0; i < run; i++)
            out[i] = FV_TAIL(value, out + i);
        for (int i = run; i < stop; i++)
            out[i] = FV_TAIL(in[i - run], out + i);
        for (int i = stop; i < span; i++)
            out[i] = FV_TAIL(value, out + i);
    }
}
#endif
