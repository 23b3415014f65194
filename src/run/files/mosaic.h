/* Images of a batch side by side in one image, for people to look at: what the network got, as
 * bytes again. */
#ifndef RUN_FILES_MOSAIC_H
#define RUN_FILES_MOSAIC_H

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

enum {
    MOSAIC_MAX_CELLS = 64,
    MOSAIC_MAX_SIDE = 2000, /* pixels; cells shrink until the whole is no larger */
    MOSAIC_BORDER = 2       /* grey pixels around each cell */
};

struct mosaic {
    int columns, rows, cell; /* a cell is cell x cell pixels; cells are counted row by row */
    int width, height;
    uint8_t *rgb; /* [height, width, 3]; owned */
    /* of the images to come */
    int size;
    float mean[3], std[3];
    uint8_t *image, *small; /* [size, size, 3], [cell, cell, 3]; owned */
};

/* For n images, 1..MOSAIC_MAX_CELLS, of size x size that were normalised with mean and std. *m is
 * freed by the caller in any case. */
enum status mosaic_create(struct mosaic *m, int n, int size, const float mean[3],
                          const float std[3], struct error *err);
/* x [size, size, 3] goes into a cell, from 0: its bytes where a cell is as large as the image,
 * else resized. */
enum status mosaic_put(struct mosaic *m, int cell, const float *x, struct error *err);
void mosaic_free(struct mosaic *m); /* a zeroed one is fine */

/* The inverse of the loader's normalisation: (x * std + mean) * 255, rounded to the nearest byte. A
 * byte that was only normalised comes back as it was, for any mean up to some thousands. */
void mosaic_denormalise(uint8_t *rgb, const float *x, size_t n_pixels, const float mean[3],
                        const float std[3]);

#endif
