/* How an image of any shape fills the square that the network sees. */
#ifndef IMAGE_IMAGE_FIT_H
#define IMAGE_IMAGE_FIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum image_fit_resize {
    IMAGE_FIT_SQUASH,   /* width and height to the square's side, each by itself */
    IMAGE_FIT_CROP,     /* the shorter side to side / crop_fraction, then the middle is cut out:
                           torchvision's Resize and CenterCrop, rounding included */
    IMAGE_FIT_LETTERBOX /* the longer side to the square's side, in the middle, between bars: PIL's
                           ImageOps.pad */
};
extern const char *const image_fit_resize_name[3]; /* "squash", "crop", "letterbox" */

enum image_fit_interpolation {
    IMAGE_FIT_BILINEAR, /* PIL's BILINEAR (image/resize) */
    IMAGE_FIT_BICUBIC   /* PIL's BICUBIC (image/resize_stb) */
};
extern const char *const image_fit_interpolation_name[2]; /* "bilinear", "bicubic" */

#define IMAGE_FIT_CROP_FRACTION_DEFAULT 0.875 /* 224 of 256, what most weights expect */

/* All zero but for the size: squashed, bilinear. */
struct image_fit {
    int size; /* side of the square, >= 1 */
    enum image_fit_resize resize;
    enum image_fit_interpolation interpolation;
    double crop_fraction; /* above 0, at most 1; of IMAGE_FIT_CROP, else not looked at */
};
/* Whether both give the same pixels. */
bool image_fit_equal(const struct image_fit *a, const struct image_fit *b);
/* What the shorter side of an image becomes before it is cropped. */
int image_fit_short_side(const struct image_fit *fit);

/* A part of the square, or what the square is a part of. */
struct image_fit_place {
    int x, y, width, height; /* pixels; x and y from the square's corner */
};
/* Where the whole resized image lies. x and y are below zero where it is larger than the square.
 * aspect: width / height of the upright image. The nearest whole numbers, ties to even. */
struct image_fit_place image_fit_whole(const struct image_fit *fit, double aspect);
/* The part of it within the square: all of the square, unless there are bars. */
struct image_fit_place image_fit_shown(const struct image_fit *fit, double aspect);

/* The pixels of rgb [size, size, 3] around the place become those at its edge: what is resampled
 * across the edge later is then made of the image alone. */
void image_fit_spread_edges(uint8_t *rgb, int size, const struct image_fit_place *place);

#endif
