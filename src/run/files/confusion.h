/* A confusion matrix that takes the room of its images, not of classes x classes (10,000 classes
 * would be 400 MB, nearly all zeros): each image is kept in a list of its true class. */
#ifndef RUN_FILES_CONFUSION_H
#define RUN_FILES_CONFUSION_H

#include "base/error.h"

#include <stddef.h>

struct confusion {
    int classes, capacity, n;          /* n of [capacity] images are in it */
    int *images, *predicted, *correct; /* [classes] images of a class, images taken for it, both */

    int *last;              /* [classes] image that came last; -1: none */
    int *before, *taken_as; /* [capacity] the image before it of its class; predicted class */
    int *row;               /* [classes] of confusion_row */
};

/* Room for `capacity` images; all memory is taken here. classes, capacity >= 1. */
enum status confusion_create(struct confusion *out, int classes, int capacity, struct error *err);
size_t confusion_bytes(int classes, int capacity); /* what create takes */
void confusion_free(struct confusion *c);          /* a zeroed one is fine */
void confusion_reset(struct confusion *c);         /* back to no images */
void confusion_add(struct confusion *c, int label, int predicted);
/* [classes] how many images of a class were taken for each; borrowed until the next call. */
const int *confusion_row(struct confusion *c, int label);

#endif
