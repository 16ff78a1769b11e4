/* augment.cl: passes over images: sampling them where coordinate operations say, changing their values, looking at
 * neighbours. program.h has the words that say what is to be done to a sample.
 *
 * Before it stand, written by fv_augment_source(): ROWS, whether a work-item makes runs of 16 points (CPUs) or one; and
 * what the operations of this chain do:
 *   coordinate, pixel, neighbour, table     by a function's number */

/* A pixel wants memory that may be read a few bytes beyond its image; the host leaves room behind everything. */

#if FV_MOVES
/* ------------------------------------------------------------------ sampling */

/* Two neighbours, and the two below them. */
typedef struct {
    VEC upper[CHANNELS], right[CHANNELS], lower[CHANNELS], across[CHANNELS];
} FV_NAME(Taps);

VEC FV_NAME(byte)(UVEC word, int shift)
{
    return FV_FLOATS((word >> (uint)shift) & 255u);
}

void FV_NAME(taps_colour)(global const uchar *image, IVEC at, IVEC below, FV_NAME(Taps) *taps)
{
    ULVEC top, low;
    for (int i = 0; i < LANES; i++) {
        FV_LANE(ulong, top, i) = as_ulong(vload8(0, image + FV_LANE(int, at, i)));
        FV_LANE(ulong, low, i) = as_ulong(vload8(0, image + FV_LANE(int, below, i)));
    }
    const UVEC a = FV_UINTS(top), b = FV_UINTS(top >> 24ul), c = FV_UINTS(low), d = FV_UINTS(low >> 24ul);
    for (int k = 0; k < 3; k++) {
        taps->upper[k] = FV_NAME(byte)(a, 8 * k);
        taps->right[k] = FV_NAME(byte)(b, 8 * k);
        taps->lower[k] = FV_NAME(byte)(c, 8 * k);
        taps->across[k] = FV_NAME(byte)(d, 8 * k);
    }
}

void FV_NAME(taps_grey)(global const uchar *image, IVEC at, IVEC below, FV_NAME(Taps) *taps)
{
    UVEC top, low;
    for (int i = 0; i < LANES; i++) {
        FV_LANE(uint, top, i) = as_ushort(vload2(0, image + FV_LANE(int, at, i)));
        FV_LANE(uint, low, i) = as_ushort(vload2(0, image + FV_LANE(int, below, i)));
    }
    taps->upper[0] = FV_NAME(byte)(top, 0);
    taps->right[0] = FV_NAME(byte)(top, 8);
    taps->lower[0] = FV_NAME(byte)(low, 0);
    taps->across[0] = FV_NAME(byte)(low, 8);
}

#if CHANNELS > 3
void FV_NAME(taps_bytes)(global const uchar *image, IVEC at, IVEC below, int channels, FV_NAME(Taps) *taps)
{
    for (int k = 0; k < channels; k++)
        for (int i = 0; i < LANES; i++) {
            global const uchar *top = image + (size_t)FV_LANE(int, at, i) * channels + k;
            global const uchar *low = image + (size_t)FV_LANE(int, below, i) * channels + k;
            FV_LANE(float, taps->upper[k], i) = (float)top[0];
            FV_LANE(float, taps->right[k], i) = (float)top[channels];
            FV_LANE(float, taps->lower[k], i) = (float)low[0];
            FV_LANE(float, taps->across[k], i) = (float)low[channels];
        }
}
#endif

/* @next: 1, or 0 in the last column: behind the last plane stands anything, and not even nothing of that may be added
 * where it is no number. */
void FV_NAME(taps_plane)(global const float *plane, IVEC at, IVEC below, IVEC next, int k, FV_NAME(Taps) *taps)
{
    for (int i = 0; i < LANES; i++) {
        global const float *top = plane + FV_LANE(int, at, i), *low = plane + FV_LANE(int, below, i);
        FV_LANE(float, taps->upper[k], i) = top[0];
        FV_LANE(float, taps->right[k], i) = top[FV_LANE(int, next, i)];
        FV_LANE(float, taps->lower[k], i) = low[0];
        FV_LANE(float, taps->across[k], i) = low[FV_LANE(int, next, i)];
    }
}

/* Adds what an image is at points (u, v): bilinear, its edge beyond it. Bytes stay 0 .. 255 here. */
void FV_NAME(bilinear)(global const FvPass *pass, global const uchar *bytes, global const float *planes, VEC u, VEC v,
                       VEC *sum)
{
    const int w = pass->from_w, h = pass->from_h, channels = pass->from_c;
    FV_NAME(Taps) taps;
    /* Written so that what is not a number becomes one. */
    u = fmax(fmin(u - 0.5f, (float)(w - 1)), 0.0f);
    v = fmax(fmin(v - 0.5f, (float)(h - 1)), 0.0f);
    const IVEC x = FV_INTS(u), y = FV_INTS(v);
    const VEC a = u - FV_FLOATS(x), b = v - FV_FLOATS(y);
    const IVEC at = y * w + x, below = min(y + 1, (IVEC)(h - 1)) * w + x;
    if (pass->from == FV_BYTES && channels == 3)
        FV_NAME(taps_colour)(bytes, 3 * at, 3 * below, &taps);
    else if (pass->from == FV_BYTES && channels == 1)
        FV_NAME(taps_grey)(bytes, at, below, &taps);
#if CHANNELS > 3
    else if (pass->from == FV_BYTES)
        FV_NAME(taps_bytes)(bytes, at, below, channels, &taps);
#endif
    else
        for (int k = 0; k < channels; k++)
            FV_NAME(taps_plane)(planes + (size_t)k * h * w, at, below, min(x + 1, (IVEC)(w - 1)) - x, k, &taps);
    for (int k = 0; k < channels; k++) {
        const VEC top = taps.upper[k] + (taps.right[k] - taps.upper[k]) * a;
        const VEC low = taps.lower[k] + (taps.across[k] - taps.lower[k]) * a;
        sum[k] += top + (low - top) * b;
    }
}

#if FV_CUBIC
/* Keys' kernel with -0.75 for its slope at 1, as OpenCV and PyTorch have it (Keys, 1981). */
void FV_NAME(weights)(VEC t, VEC *weight)
{
    const float a = -0.75f;
    const VEC far = t + 1.0f, back = 1.0f - t;
    weight[0] = ((a * far - 5.0f * a) * far + 8.0f * a) * far - 4.0f * a;
    weight[1] = ((a + 2.0f) * t - (a + 3.0f)) * t * t + 1.0f;
    weight[2] = ((a + 2.0f) * back - (a + 3.0f)) * back * back + 1.0f;
    weight[3] = 1.0f - weight[0] - weight[1] - weight[2];
}

void FV_NAME(bicubic)(global const FvPass *pass, global const uchar *bytes, global const float *planes, VEC u, VEC v,
                      VEC *sum)
{
    const int w = pass->from_w, h = pass->from_h, channels = pass->from_c;
    VEC across[4], down[4];
    /* Up to the image's edge, half a pixel beyond the middle of its last one: there taps beyond it count. */
    u = fmax(fmin(u - 0.5f, w - 0.5f), -0.5f);
    v = fmax(fmin(v - 0.5f, h - 0.5f), -0.5f);
    const VEC left = floor(u), top = floor(v);
    const IVEC x = FV_INTS(left), y = FV_INTS(top);
    FV_NAME(weights)(u - left, across);
    FV_NAME(weights)(v - top, down);
    for (int j = 0; j < 4; j++)
        for (int i = 0; i < 4; i++) {
            const IVEC at = clamp(y + (j - 1), 0, h - 1) * w + clamp(x + (i - 1), 0, w - 1);
            const VEC weight = down[j] * across[i];
            for (int k = 0; k < channels; k++) {
                VEC tap;
                for (int lane = 0; lane < LANES; lane++)
                    FV_LANE(float, tap, lane) =
                        pass->from == FV_BYTES ? (float)bytes[(size_t)FV_LANE(int, at, lane) * channels + k]
                                               : planes[(size_t)k * h * w + FV_LANE(int, at, lane)];
                sum[k] += weight * tap;
            }
        }
}
#endif

/* ---------------------------------------------------------------- coordinates */

VEC FV_NAME(ramp)(VEC u, float extent)
{
    return fmax(fmin(u + 0.5f, 1.0f), 0.0f) * fmax(fmin(extent - u + 0.5f, 1.0f), 0.0f);
}

VEC FV_NAME(mirror)(VEC u, float extent)
{
    const VEC t = fabs(u) - 2.0f * extent * floor(fabs(u) / (2.0f * extent));
    return extent - fabs(t - extent);
}

/* Takes points of the output to the image; cover[i]: how far they lie within what fill i surrounds. */
void FV_NAME(locate)(global const FvPass *pass, global const int *program, VEC *u, VEC *v, VEC *cover)
{
    global const FvInstruction *at = (global const FvInstruction *)(program + pass->first);
    for (int i = 0; i < pass->coords; i++, at++) {
        const float w = at->in_w, h = at->in_h;
        if (at->code == FV_MATRIX) {
            const VEC x = *u, y = *v;
            *u = at->number[0] * x + at->number[1] * y + at->number[2];
            *v = at->number[3] * x + at->number[4] * y + at->number[5];
#if FV_MASKS
        } else if (at->code == FV_REGION) {
            cover[1] *= step(at->number[0], *u) * step(at->number[1], *v) * (1.0f - step(at->number[2], *u)) *
                        (1.0f - step(at->number[3], *v));
#endif
        } else {
            FV_NAME(coordinate)(at->code, u, v, at, (global const float *)(program + at->drawn));
        }
        if (at->bound == FV_CONSTANT) {
            const VEC inside = FV_NAME(ramp)(*u, w) * FV_NAME(ramp)(*v, h);
            for (int k = 0; k < FV_COVERS; k++)
                if (k == at->cover)
                    cover[k] *= inside;
        } else if (at->bound == FV_REFLECT) {
            *u = FV_NAME(mirror)(*u, w);
            *v = FV_NAME(mirror)(*v, h);
        }
        if (at->bound) {
            *u = fmax(fmin(*u, w - 0.5f), 0.5f);
            *v = fmax(fmin(*v, h - 0.5f), 0.5f);
        }
    }
}

#endif

/* ---------------------------------------------------------------- a run of points */

/* 16 bytes, or 16 pixels of 3: runs of an image that is not moved. */
void FV_NAME(copy)(global const FvPass *pass, global const uchar *bytes, global const float *planes, int x, int y,
                   VEC *value)
{
    const size_t at = (size_t)y * pass->from_w + x;
    for (int k = 0; k < pass->from_c; k++)
        if (pass->from == FV_PLANES)
            value[k] = FV_LOAD(planes + (size_t)k * pass->from_h * pass->from_w + at);
        else if (pass->from_c == 1)
            value[k] = FV_FLOATS(FV_LOAD_BYTES(bytes + at)) * (1.0f / 255.0f);
        else
            for (int i = 0; i < LANES; i++)
                FV_LANE(float, value[k], i) = (float)bytes[(at + i) * pass->from_c + k] * (1.0f / 255.0f);
}

/* The mean of the points of the image that the output's points x .. x + 15 of row y span. */
void FV_NAME(take)(global const FvPass *pass, global const int *program, global const uchar *bytes,
                   global const float *planes, int x, int y, VEC *value, VEC *cover)
{
    for (int k = 0; k < FV_COVERS; k++)
        cover[k] = 0.0f;
    if (!FV_MOVES || pass->coords == 0) {
        FV_NAME(copy)(pass, bytes, planes, x, y, value);
        return;
    }
#if FV_MOVES
    const float step_x = 1.0f / pass->samples_x, step_y = 1.0f / pass->samples_y;
    const float scale = (pass->from == FV_BYTES ? 1.0f / 255.0f : 1.0f) * (step_x * step_y);
    VEC sum[CHANNELS];
    for (int k = 0; k < CHANNELS; k++)
        sum[k] = 0.0f;
    for (int j = 0; j < pass->samples_y; j++)
        for (int i = 0; i < pass->samples_x; i++) {
            VEC u = (float)x + FV_RAMP + ((float)i + 0.5f) * step_x, v = (float)y + ((float)j + 0.5f) * step_y;
            VEC inside[FV_COVERS];
            for (int k = 0; k < FV_COVERS; k++)
                inside[k] = 1.0f;
            FV_NAME(locate)(pass, program, &u, &v, inside);
            for (int k = 0; k < FV_COVERS; k++)
                cover[k] += inside[k] * (step_x * step_y);
#if FV_CUBIC
            if (pass->cubic) {
                FV_NAME(bicubic)(pass, bytes, planes, u, v, sum);
                continue;
            }
#endif
            FV_NAME(bilinear)(pass, bytes, planes, u, v, sum);
        }
    for (int k = 0; k < CHANNELS; k++)
        value[k] = sum[k] * scale;
#endif
}

/* Grey of colour, and colour of grey, where image and net differ. */
void FV_NAME(convert)(global const FvPass *pass, VEC *value)
{
    if (pass->from_c == 3 && pass->c == 1)
        value[0] = 0.299f * value[0] + 0.587f * value[1] + 0.114f * value[2];
    if (pass->from_c == 1)
        value[1] = value[2] = value[0];
}

VEC FV_NAME(look_up)(global const float *table, VEC p)
{
    const IVEC at = FV_INTS(fmax(fmin(p * 255.0f + 0.5f, 255.0f), 0.0f));
    VEC value;
    for (int i = 0; i < LANES; i++)
        FV_LANE(float, value, i) = table[FV_LANE(int, at, i)];
    return value;
}

/* The values of the output's points x .. x + 15 of row y. */
void FV_NAME(values)(global const FvPass *pass, global const int *program, global const uchar *bytes,
                     global const float *planes, global const float *tables, int x, int y, VEC *value)
{
    VEC cover[FV_COVERS];
    FV_NAME(take)(pass, program, bytes, planes, x, y, value, cover);
    FV_NAME(convert)(pass, value);
    global const FvInstruction *at = (global const FvInstruction *)(program + pass->first) + pass->coords;
    for (int i = 0; i < pass->pixels; i++, at++) {
        if (at->code == FV_FILL) {
            VEC inside = 1.0f;
            for (int k = 0; k < FV_COVERS; k++)
                if (k == at->cover)
                    inside = cover[k];
            for (int k = 0; k < CHANNELS; k++)
                value[k] = at->number[min(k, 2)] + (value[k] - at->number[min(k, 2)]) * inside;
#if FV_HISTOGRAMS
        } else if (at->code == FV_TABLE) {
            const VEC luma = 0.299f * value[0] + 0.587f * value[1] + 0.114f * value[2];
            const int of_luma = pass->c == 3 && FV_NAME(counts_luma)(at->operation);
            for (int k = 0; k < pass->c; k++)
                value[k] = FV_NAME(look_up)(tables + 256 * k, of_luma ? luma : value[k]);
#endif
        } else {
            FV_NAME(pixel)(at->code, pass, at, (global const float *)(program + at->drawn), x, y, value);
        }
        if (pass->c == 1)
            value[1] = value[2] = value[0];
    }
}

size_t FV_NAME(place)(uint low, uint high)
{
    return (size_t)((ulong)high << 32 | low);
}

#if FV_PASSES
/* -------------------------------------------------------------------- writing */

void FV_NAME(write_plane)(VEC value, global float *plane, int count, float weight)
{
    if (count >= LANES && weight == 1.0f) {
        FV_STORE(value, plane);
        return;
    }
    for (int i = 0; i < min(count, LANES); i++)
        plane[i] = weight == 1.0f ? FV_LANE(float, value, i) : plane[i] + (FV_LANE(float, value, i) - plane[i]) * weight;
}

void FV_NAME(write_bytes)(const VEC *value, global uchar *out, int channels, int count)
{
    IVEC byte[3];
    for (int k = 0; k < channels; k++)
        byte[k] = FV_INTS(fmax(fmin(value[k] * 255.0f + 0.5f, 255.0f), 0.0f));
    if (channels == 1) {
        for (int i = 0; i < min(count, LANES); i++)
            out[i] = (uchar)FV_LANE(int, byte[0], i);
        return;
    }
    for (int i = 0; i < min(count, LANES); i++)
        for (int k = 0; k < 3; k++)
            out[3 * i + k] = (uchar)FV_LANE(int, byte[k], i);
}

/* Program of a sample, and its pass number `round`, or 0 where it has none such. */
global const FvPass *FV_NAME(pass)(global const int *program, int round)
{
    if (round >= program[0])
        return 0;
    return (global const FvPass *)(program + 4) + round;
}

/* A pass over one sample: rows first .. last - 1 of a work-item. Samples lie `words` words apart. */
FV_ONE_ITEM kernel void FV_NAME(augment)(global const uchar *restrict pixels, global const int *restrict programs,
                                         global float *planes, global const float *restrict tables,
                                         global uchar *restrict out, int begin, int words, int round, int strip)
{
    const int s = (int)get_global_id(2), first = (int)get_global_id(1) * strip;
    global const int *program = programs + begin + (size_t)s * words;
    global const FvPass *pass = FV_NAME(pass)(program, round);
    if (!pass || pass->kind != FV_SAMPLE || pass->to == FV_NET)
        return;
    global const uchar *bytes = pixels + FV_NAME(place)(pass->from_low, pass->from_high);
    global const float *from = planes + FV_NAME(place)(pass->from_low, pass->from_high);
    const size_t to = FV_NAME(place)(pass->to_low, pass->to_high);
    for (int y = max(first, pass->y0); y < min(first + strip, pass->y1); y++)
        for (int x = pass->x0 + FV_FIRST; x < pass->x1; x += FV_STEP) {
            VEC value[CHANNELS];
            FV_NAME(values)(pass, program, bytes, from, tables + (size_t)s * 768, x, y, value);
            const size_t at = (size_t)y * pass->w + x;
            if (pass->to == FV_BYTES)
                FV_NAME(write_bytes)(value, out + to + at * pass->c, pass->c, pass->x1 - x);
            else
                for (int k = 0; k < pass->c; k++)
                    FV_NAME(write_plane)(value[k], planes + to + (size_t)k * pass->h * pass->w + at, pass->x1 - x,
                                         pass->weight);
        }
}

#endif

/* ----------------------------------------------------------------- neighbours */

#if FV_NEIGHBOURS
FV_ONE_ITEM kernel void FV_NAME(look_around)(global const int *restrict programs, global float *planes, int begin,
                                             int words, int round, int strip)
{
    const int s = (int)get_global_id(2), first = (int)get_global_id(1) * strip;
    global const int *program = programs + begin + (size_t)s * words;
    global const FvPass *pass = FV_NAME(pass)(program, round);
    if (!pass || pass->kind != FV_NEIGHBOUR)
        return;
    global const FvInstruction *at = (global const FvInstruction *)(program + pass->first);
    global const float *from = planes + FV_NAME(place)(pass->from_low, pass->from_high);
    global float *to = planes + FV_NAME(place)(pass->to_low, pass->to_high);
    for (int y = first; y < min(first + strip, pass->h); y++)
        for (int x = FV_FIRST; x < pass->w; x += FV_STEP)
            for (int k = 0; k < pass->c; k++)
                FV_NAME(write_plane)(FV_NAME(neighbour)(pass, at, (global const float *)(program + at->drawn), from, k,
                                                        x, y),
                                     to + ((size_t)k * pass->h + y) * pass->w + x, pass->w - x, 1.0f);
}
#endif

/* ----------------------------------------------------------------- histograms */

#if FV_HISTOGRAMS
/* One work-item a sample: counts come out the same whoever counts. */
FV_ONE_ITEM kernel void FV_NAME(count)(global const int *restrict programs, global const float *restrict planes,
                                       global float *restrict tables, int begin, int words, int round)
{
    const int s = (int)get_global_id(2);
    global const int *program = programs + begin + (size_t)s * words;
    global const FvPass *pass = FV_NAME(pass)(program, round);
    if (!pass || pass->kind != FV_HISTOGRAM)
        return;
    global const FvInstruction *at = (global const FvInstruction *)(program + pass->first);
    global const float *drawn = (global const float *)(program + at->drawn);
    global const float *from = planes + FV_NAME(place)(pass->from_low, pass->from_high);
    const size_t count = (size_t)pass->from_h * pass->from_w;
    const int luma = pass->from_c == 3 && FV_NAME(counts_luma)(pass->function);
    for (int k = 0; k < pass->from_c; k++) {
        global float *table = tables + (size_t)s * 768 + 256 * k;
        uint histogram[256];
        float made[256];
        for (int i = 0; i < 256; i++)
            histogram[i] = 0;
        for (size_t i = 0; i < count; i++) {
            const float p = luma ? 0.299f * from[i] + 0.587f * from[count + i] + 0.114f * from[2 * count + i]
                                 : from[(size_t)k * count + i];
            histogram[(int)fmax(fmin(p * 255.0f + 0.5f, 255.0f), 0.0f)]++;
        }
        FV_NAME(table)(pass->function, histogram, (float)count, made, at, drawn);
        for (int i = 0; i < 256; i++)
            table[i] = made[i];
    }
}
#endif

/* --------------------------------------------------------------------- masks */

#if FV_MASKS
/* The classes of the output's points: of the nearest point of the mask, 0 beyond it. */
FV_ONE_ITEM kernel void FV_NAME(mask)(global const uchar *restrict masks, global const int *restrict programs,
                                      global uchar *restrict out, int begin, int words, int round, int strip)
{
    const int s = (int)get_global_id(2), first = (int)get_global_id(1) * strip;
    global const int *program = programs + begin + (size_t)s * words;
    global const FvPass *pass = FV_NAME(pass)(program, round);
    if (!pass)
        return;
    global const uchar *mask = masks + FV_NAME(place)(pass->from_low, pass->from_high);
    global uchar *row = out + FV_NAME(place)(pass->to_low, pass->to_high) + (size_t)first * pass->w;
    for (int y = first; y < min(first + strip, pass->h); y++, row += pass->w)
        for (int x = FV_FIRST; x < pass->w; x += FV_STEP) {
            VEC u = (float)x + 0.5f + FV_RAMP, v = (float)y + 0.5f, cover[FV_COVERS];
            for (int k = 0; k < FV_COVERS; k++)
                cover[k] = 1.0f;
            FV_NAME(locate)(pass, program, &u, &v, cover);
            const IVEC at = FV_INTS(fmax(fmin(v, pass->from_h - 0.5f), 0.0f)) * pass->from_w +
                            FV_INTS(fmax(fmin(u, pass->from_w - 0.5f), 0.0f));
            for (int i = 0; i < min(LANES, pass->w - x); i++)
                if (FV_LANE(float, cover[1], i) > 0.5f)
                    row[x + i] = FV_LANE(float, cover[0], i) < 0.5f ? 0 : mask[FV_LANE(int, at, i)];
        }
}
#endif
