/* jpeg.cl: what JPEG does to an image, without its bits: 8x8 cosine transforms of luma and of chrominance at half the
 * resolution, rounded to multiples of the quantization tables, and back (ITU-T T.81, annexes A and K). Four passes: rows
 * there, columns there and rounded, columns back, rows back. Coefficient k of a block's row stands at its k-th sample.
 * A block that reaches over the edge is transformed at the length that it has. */

/* Chrominance is transformed as samples of 2x2 pixels. */
const int color = channels == 3 && c > 0;
const int unit = color ? 2 : 1, block = 8 * unit;
const int across = pass == 0 || pass == 3; /* along rows */
const int place = across ? x : y, extent = across ? in_w : in_h;
const int begin = place - place % block, k = (place - begin) / unit;
const int count = (min(block, extent - begin) + unit - 1) / unit;

/* Sample n of the block, of channel ch; the first pass makes it of the image's values (and takes 128 off). */
#define CELL(ch, n) at(ch, across ? begin + (n) * unit - x : 0, across ? 0 : begin + (n) * unit - y)
#define LUMA(dx, dy) (0.299f * at(0, dx, dy) + 0.587f * at(1, dx, dy) + 0.114f * at(2, dx, dy))
#define PIXEL(dx, dy)                                                                                                  \
    (channels == 1 ? at(0, dx, dy)                                                                                     \
     : c == 0      ? LUMA(dx, dy)                                                                                      \
     : c == 1      ? 0.564f * (at(2, dx, dy) - LUMA(dx, dy)) + 0.5f                                                    \
                   : 0.713f * (at(0, dx, dy) - LUMA(dx, dy)) + 0.5f)
#define ALPHA(k, count) ((k) == 0 ? sqrt(1.0f / (count)) : sqrt(2.0f / (count)))
#define WAVE(n, k, count) ((count) == 8 ? waves[n][k] : cos((2 * (n) + 1) * (k)*3.14159265f / (2 * (count))))

/* cos((2 n + 1) k pi / 16) */
const float waves[8][8] = {
    { 1.00000000f, 0.98078528f, 0.92387953f, 0.83146961f, 0.70710678f, 0.55557023f, 0.38268343f, 0.19509032f },
    { 1.00000000f, 0.83146961f, 0.38268343f, -0.19509032f, -0.70710678f, -0.98078528f, -0.92387953f, -0.55557023f },
    { 1.00000000f, 0.55557023f, -0.38268343f, -0.98078528f, -0.70710678f, 0.19509032f, 0.92387953f, 0.83146961f },
    { 1.00000000f, 0.19509032f, -0.92387953f, -0.55557023f, 0.70710678f, 0.83146961f, -0.38268343f, -0.98078528f },
    { 1.00000000f, -0.19509032f, -0.92387953f, 0.55557023f, 0.70710678f, -0.83146961f, -0.38268343f, 0.98078528f },
    { 1.00000000f, -0.55557023f, -0.38268343f, 0.98078528f, -0.70710678f, -0.19509032f, 0.92387953f, -0.83146961f },
    { 1.00000000f, -0.83146961f, 0.38268343f, 0.19509032f, -0.70710678f, 0.98078528f, -0.92387953f, 0.55557023f },
    { 1.00000000f, -0.98078528f, 0.92387953f, -0.83146961f, 0.70710678f, -0.55557023f, 0.38268343f, -0.19509032f }
};

const uchar tables[2][64] = {
    { 16, 11, 10, 16, 24,  40,  51,  61,  12, 12, 14, 19, 26,  58,  60,  55,  14, 13, 16, 24, 40,
      57, 69, 56, 14, 17,  22,  29,  51,  87, 80, 62, 18, 22,  37,  56,  68,  109, 103, 77, 24, 35,
      55, 64, 81, 104, 113, 92, 49,  64,  78, 87, 103, 121, 120, 101, 72, 92,  95,  98, 112, 100, 103, 99 },
    { 17, 18, 24, 47, 99, 99, 99, 99, 18, 21, 26, 66, 99, 99, 99, 99, 24, 26, 56, 99, 99, 99,
      99, 99, 47, 66, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99,
      99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99 }
};

if (pass == 0) {
    const int top = color ? y % 2 : 0;
    float sum = 0.0f;
    for (int n = 0; n < count; n++) {
        const int dx = begin + n * unit - x;
        const float sample = color ? 0.25f * (PIXEL(dx, -top) + PIXEL(dx + 1, -top) + PIXEL(dx, 1 - top) + PIXEL(dx + 1, 1 - top))
                                   : PIXEL(dx, 0);
        sum += (sample * 255.0f - 128.0f) * WAVE(n, k, count);
    }
    p = sum * ALPHA(k, count);
} else if (pass == 1) {
    /* The quality's scale, as the Independent JPEG Group has it. */
    const int q = (int)quality, scale = q < 50 ? 5000 / q : 200 - 2 * q;
    const int start = x - x % block, j = (x - start) / unit;
    const float step = clamp((tables[color][k * 8 + j] * scale + 50) / 100, 1, 255);
    float sum = 0.0f;
    for (int n = 0; n < count; n++)
        sum += CELL(c, n) * WAVE(n, k, count);
    p = rint(sum * ALPHA(k, count) / step) * step;
} else if (pass == 2) {
    float sum = 0.0f;
    for (int n = 0; n < count; n++)
        sum += CELL(c, n) * ALPHA(n, count) * WAVE(k, n, count);
    p = sum;
} else {
    float ycc[3] = { 0.0f, 0.0f, 0.0f };
    for (int ch = 0; ch < channels; ch++) {
        const int u = ch > 0 ? 2 : 1, b = 8 * u, from = x - x % b, at_k = (x - from) / u;
        const int length = (min(b, in_w - from) + u - 1) / u;
        for (int n = 0; n < length; n++)
            ycc[ch] += at(ch, from + n * u - x, 0) * ALPHA(n, length) * WAVE(at_k, n, length);
        ycc[ch] = clamp(rint(ycc[ch]), -128.0f, 127.0f);
    }
    const float luma = ycc[0] + 128.0f;
    p = channels == 1 || c == 1 ? luma - (channels == 3 ? 0.344f * ycc[1] + 0.714f * ycc[2] : 0.0f)
        : c == 0                ? luma + 1.402f * ycc[2]
                                : luma + 1.772f * ycc[1];
    p = clamp(p / 255.0f, 0.0f, 1.0f);
}
#undef CELL
#undef LUMA
#undef PIXEL
#undef ALPHA
#undef WAVE
