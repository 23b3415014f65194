/* From where in an image a resize takes its pixels, and where it puts them. Private to image/. */
#ifndef IMAGE_RESIZE_BOX_H
#define IMAGE_RESIZE_BOX_H

#include <stddef.h>
#include <stdint.h>

struct resize_box {
    double x, y, width, height; /* pixels of the source and parts of them, within it */
};

struct resize_target {
    struct resize_box box;
    uint8_t *rgb; /* [height, width, 3], rows at a distance of row_bytes */
    size_t row_bytes;
    int width, height;
};

#endif
