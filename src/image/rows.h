/* Where a decoder puts an image, row by row from the top: through a resize, or into memory. Private
 * to image/. */
#ifndef IMAGE_ROWS_H
#define IMAGE_ROWS_H

#include "image/image.h"
#include "image/image_fit.h"
#include "image/resize.h"
#include "image/resize_stb.h"

/* What a decoder delivers. right and bottom: where the image ends, counted in pixels; less than
 * width and height when it covers its last column and row only in part, as after a JPEG's decode at
 * a smaller scale. */
struct rows_source {
    int width, height;
    double right, bottom;
};

/* At the start all zero but for the fields that come first. */
struct rows {
    const struct image_fit *fit; /* NULL: the image as it is */
    uint8_t *resized;            /* [size, size, 3], or */
    struct image image;
    int orientation; /* 1..8 that the square is made for. A decoder that knows better before
                        rows_begin says so */

    int found; /* the orientation that the image has; a decoder writes it, sooner or later */
    double aspect;
    struct resize *resize;      /* of a bilinear fit */
    struct resize_stb *bicubic; /* of a bicubic one */
    struct resize_target target;
    struct image_fit_place shown; /* in the stored square */
    int n;                        /* rows that are complete */
};
/* What a stored image of width x height is resized to before anything is cut off; with a fit. */
struct image_fit_place rows_resized(const struct rows *rows, int width, int height);
/* The decoder knows the size. rows->aspect becomes width / height as stored. */
enum status rows_begin(struct rows *rows, const struct rows_source *source, struct error *err);
uint8_t *rows_next(struct rows *rows); /* room for the next row [width, 3] */
void rows_push(struct rows *rows);     /* that row is filled */
/* All rows have come: with a fit the square is filled, turned as the image is stored. */
void rows_end(struct rows *rows);
void rows_free(struct rows *rows); /* leaves the resized image alone */

#endif
