/* The bytes of a PNG as libpng is to see them: chunk by chunk, without those that nobody needs.
 * They are passed over here, where that costs neither memory nor an inflation. Private to image/.
 */
#ifndef IMAGE_PNG_CHUNKS_H
#define IMAGE_PNG_CHUNKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What is kept besides the pixels: transparency and significant bits, and with texts what may tell
 * the orientation: eXIf and at most PNG_CHUNKS_MOST_TEXTS texts with a key that
 * orientation_from_text knows, each of at most PNG_CHUNKS_MOST_BYTES in the file (and, inflated,
 * for libpng to check). */
#define PNG_CHUNKS_MOST_BYTES (4u << 20)
#define PNG_CHUNKS_MOST_TEXTS 4

struct png_chunks {
    const uint8_t *at; /* in the file, behind the signature */
    size_t left;       /* bytes from there on */
    size_t present;    /* of the chunk that is being read: bytes still to come */
    bool begun;        /* IHDR was there */
    bool in_pixels;    /* the chunk before was IDAT */
    bool with_texts;
    int n_texts;
    char problem[80]; /* why png_chunks_read failed */
};

/* Copies the next n bytes, which are all of one chunk. False: the file ends before, a chunk says
 * that it is longer than the rest of the file, or one that is passed over is damaged. */
bool png_chunks_read(struct png_chunks *chunks, uint8_t *out, size_t n);

#endif
