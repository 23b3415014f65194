/* Training images seen each time in another way: mirrored, cropped, turned, in other light, in
 * part erased. What is done to an image is drawn first (augment_draw) and applied then
 * (augment_apply, augment_erase), so that all can be tested alone.
 *
 * The transforms, their ranges and their distributions are those of torchvision's
 * RandomResizedCrop, RandomHorizontalFlip, RandomVerticalFlip, RandomRotation, ColorJitter and
 * RandomErasing (Zhong et al., "Random Erasing Data Augmentation", 2017), one after another in this
 * order. */
#ifndef DATA_AUGMENT_H
#define DATA_AUGMENT_H

#include "base/arena.h"
#include "base/error.h"
#include "data/resized_image.h"
#include "image/image_fit.h"
#include "image/resize_crop.h"

#include <stdbool.h>
#include <stdint.h>

/* All zero but for crop_scale and crop_ratio = {1, 1}: images as they are. */
struct augment_options {
    double hflip, vflip; /* probabilities */
    /* Share of the image's area and aspect ratio (width / height, drawn on a logarithmic scale)
     * of a part that is resized to the network's size; {1, 1}: the whole image, whatever the
     * ratio. */
    double crop_scale[2], crop_ratio[2];
    double rotate; /* degrees: by an angle from -x to x */
    /* Factors are drawn from 1 - x (at least 0) to 1 + x. */
    double brightness, contrast, saturation;
    double hue;   /* turns of the colour circle, at most 0.5: from -x to x */
    double erase; /* probability */
};
/* Whether anything is done to images. */
bool augment_is_on(const struct augment_options *opt);
/* Whether parts of them are drawn. */
bool augment_crops(const struct augment_options *opt);
/* Side of the squares to keep over that of the network such that a crop in the middle of its range
 * of areas is not enlarged: 1..2. */
double augment_default_scale(const struct augment_options *opt);

struct augment_box {
    double x, y, width, height; /* shares of an image's sides, within 0..1 */
};
/* The random changes of one image. */
struct augment_view {
    bool hflip, vflip;
    struct augment_box crop;                 /* of the image that is kept */
    double rotate;                           /* degrees, counter-clockwise */
    double brightness, contrast, saturation; /* factors; 1: as it is */
    double hue;                              /* turns */
    struct augment_box erase;                /* of the result; width 0: nothing */
};
/* What makes a view: nothing else does, so it is the same for any threads, batches and resumes. */
struct augment_moment {
    uint64_t seed;
    int epoch, row;
    int occurrence; /* how often the row came before in this epoch */
};
/* aspect: width / height of the image. */
void augment_draw(struct augment_view *view, const struct augment_options *opt, double aspect,
                  const struct augment_moment *moment);

/* For one image at a time, of one side, to results of one side. */
struct augment {
    int side_in, side_out;
    struct resize_crop crop;
    uint8_t *rgb, *turned; /* [side_out, side_out, 3]; turned NULL: opt->rotate was 0 */
    uint8_t light[256];
};
/* kept: what the images are. The memory belongs to the arena; called twice, as base/arena.h says.
 */
void augment_lay_out(struct augment *a, const struct augment_options *opt,
                     const struct image_fit *kept, int side_out, struct arena *arena);
/* *out = the view [side_out, side_out, 3], in memory of *a or the image itself, but for what is
 * left to do to it: each byte v is to become a->light[v], and bars and a part are to be erased. */
enum status augment_apply(const uint8_t **out, struct augment *a, const struct resized_image *image,
                          const struct augment_view *view, struct error *err);
/* Erases of the normalised result x [side, side, 3] what shows no pixel of a letterboxed image,
 * wherever the view has moved its bars: to 0. shown: the image's part of the kept image
 * [side_in, side_in]. */
void augment_erase_bars(float *x, int side, const struct image_fit_place *shown, int side_in,
                        const struct augment_view *view);
/* What is done to an image that is seen as it is. */
extern const struct augment_view augment_nothing;
/* Erases of the normalised result x [side, side, 3]: to 0, the mean colour of what --mean says, as
 * torchvision's RandomErasing does behind Normalize. The box's edges are rounded to whole pixels.
 */
void augment_erase(float *x, int side, const struct augment_view *view);

#endif
