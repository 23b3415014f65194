/* Where a decoder puts a picture, row by row from the top: into a picture in memory or through a
 * resize. Private to image/. */
#ifndef IMAGE_ROWS_H
#define IMAGE_ROWS_H

#include "image/image.h"
#include "image/resize.h"

/* One of the two, all zero but for `side` and `resized` at the start. */
struct rows {
    int side;         /* of the result; 0: the picture as it is */
    uint8_t *resized; /* [side, side, 3], or */
    struct image image;
    struct resize *resize;
    double aspect; /* width / height as stored, from rows_begin on */
    int n;         /* rows that are complete */
};
/* The decoder knows the size; without a side the source is taken as covered in full. */
enum status rows_begin(struct rows *rows, const struct resize_source *source, struct error *err);
uint8_t *rows_next(struct rows *rows); /* room for the next row [width, 3] */
void rows_push(struct rows *rows);     /* that row is filled */

#endif
