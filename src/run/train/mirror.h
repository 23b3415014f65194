/* Mirror images of normalised images, pixel by pixel: the same floats that mirroring before the
 * normalisation gives. */
#ifndef RUN_TRAIN_MIRROR_H
#define RUN_TRAIN_MIRROR_H

#include <stdbool.h>

/* out, x [n, size, size, 3]; across: left and right exchanged, down: top and bottom. */
void mirror_images(float *out, const float *x, int n, int size, bool across, bool down);

#endif
