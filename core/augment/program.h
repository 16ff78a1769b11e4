/* SPDX-License-Identifier: MIT
 * program.h: what kernels are told about a sample: its passes and their instructions, as 32-bit words.
 *
 * A program is FvProgramHead, its passes, their instructions, and the numbers that operations drew. augment.cl declares
 * the same structs: fields are in the same order there. */
#ifndef FOVEA_AUGMENT_PROGRAM_H
#define FOVEA_AUGMENT_PROGRAM_H

#include "core/augment/augment.h"

typedef struct {
    gint32 passes, words; /* words: of the whole program */
    gint32 unused[2];
} FvProgramHead;

typedef enum { FV_PASS_SAMPLE, FV_PASS_NEIGHBOUR, FV_PASS_HISTOGRAM } FvPassKind;
typedef enum {
    FV_PLACE_BYTES,  /* of images, and of outputs that become files: rows of interleaved channels */
    FV_PLACE_PLANES, /* floats, one channel behind the other: between passes */
    FV_PLACE_NET     /* the net's input, in the plan's layout */
} FvPlace;

/** One pass over a sample. Places are counted in bytes, or in floats for planes. */
typedef struct {
    gint32 kind;
    gint32 from, to; /* FvPlace */
    guint32 from_low, from_high, to_low, to_high;
    gint32 from_c, from_h, from_w;
    gint32 c, h, w;              /* of the output */
    gint32 samples_x, samples_y; /* points that are averaged for each output point */
    gint32 coords, pixels;       /* instructions of each; coords first */
    gint32 first;                /* word of the first instruction */
    gint32 x0, y0, x1, y1;       /* what is written */
    float weight;                /* of this pass against what is there: 1 writes over it */
    gint32 cubic;                /* bicubic instead of bilinear */
    guint32 sample, copy, seed_low, seed_high;
    gint32 function, turn; /* neighbours and histograms: which function; which of its passes */
    gint32 part;           /* image that bytes come from */
    gint32 unused;
} FvPass;

enum { FV_INSTRUCTION_MATRIX = -1, FV_INSTRUCTION_FILL = -2, FV_INSTRUCTION_TABLE = -3, FV_INSTRUCTION_REGION = -4 };
enum { FV_BOUND_NONE, FV_BOUND_CONSTANT, FV_BOUND_EDGE, FV_BOUND_REFLECT };
enum { FV_COVERS = 4 /* fills by a constant of one pass */ };

typedef struct {
    gint32 code;      /* one of the above, or a function's number */
    gint32 drawn;     /* word of its drawn numbers */
    gint32 operation; /* its stream of random numbers; of tables: the function that made them */
    gint32 bound;     /* coords: what is beyond the input */
    gint32 cover;     /* bound constant, and fill: its number among FV_COVERS */
    float in_w, in_h, out_w, out_h;
    float number[7]; /* matrix (6), or the colour of a fill (3) */
} FvInstruction;

G_STATIC_ASSERT(sizeof(FvProgramHead) == 16 && sizeof(FvPass) == 128 && sizeof(FvInstruction) == 64);

/** An image as it was decoded. */
typedef struct {
    FvShape shape;
    FvPlacing placing;
} FvProgramImage;

/** Where a program's output goes. */
typedef struct {
    FvPlace place; /* FV_PLACE_BYTES or FV_PLACE_NET */
    int channels;  /* 1 or 3 */
    gboolean cubic;
} FvProgramTarget;

/** Words that a program of this chain takes at most. */
int fv_program_most(const FvAugmentChain *chain);
/** Appends the program of a draw to @words. Where passes read and write is for the caller to fill in: bytes at from and
 * to 0, planes at their number among FV_PROGRAM_PLANES.
 * @images: of each part. */
void fv_program_write(const FvDraw *draw, const FvProgramImage *images, const FvProgramTarget *target, GArray *words);
/** Floats of planes that a program needs, before it is placed; 0: none. */
gsize fv_program_floats(const guint32 *program);
/** Fills in where passes read and write.
 * @images: where bytes of each part begin. @planes: first float of the program's own planes. @out: where outputs begin.
 */
void fv_program_place(guint32 *program, const guint64 *images, guint64 planes, guint64 out);
/** The program that moves masks along: a pass for each part, without values. */
void fv_program_write_mask(const FvDraw *draw, const FvProgramImage *images, GArray *words);
enum { FV_PROGRAM_PLANES = 3 };
/** What whoever launches the kernels has to know. */
enum {
    FV_PROGRAM_STRIP = 8,    /* rows of a work-item on CPUs */
    FV_PROGRAM_PADDING = 64, /* bytes that kernels may read behind the last image, and behind planes */
    FV_PROGRAM_TABLE = 768   /* floats of a sample's tables */
};
static inline FvPass *fv_program_pass(guint32 *words, int i)
{
    return (FvPass *) (void *) (words + sizeof(FvProgramHead) / 4) + i;
}

/** Numbers of a net's input that are too few to be a work-group of their own on a CPU. */
enum { FV_PREPARE_FEW = 1024 };
/** The grid of kernel prepare for n samples; local sizes are 1, 1, 1 with @rows, else the device's choice. */
FvGrid fv_prepare_grid(FvShape want, int n, int lanes, gboolean rows);

/** What kernels are wanted for. */
typedef struct {
    gboolean rows;   /* for CPUs: work-items take runs of 16 points; else one */
    gboolean cubic;  /* programs may say so */
    gboolean masks;  /* kernel mask, too */
    FvShape want;    /* the net's input: kernel prepare, too; c = 0: there is none */
    gboolean floats; /* samples are arrays of float: there is prepare alone */
} FvAugmentKernels;

/** Appends OpenCL C of the chain's kernels, to stand behind a definition of FV_NAME, and behind the plan's prelude
 * where there is a net; see augment.cl and prepare.cl. */
void fv_augment_source(const FvAugmentChain *chain, const FvAugmentKernels *kernels, GString *out);
/** Whether some sample's program may have more than one pass: kernel augment. */
gboolean fv_augment_has_passes(const FvAugmentChain *chain);
/** Whether there are kernels look_around and count. */
gboolean fv_augment_has_neighbours(const FvAugmentChain *chain);
gboolean fv_augment_has_histograms(const FvAugmentChain *chain);

#endif
