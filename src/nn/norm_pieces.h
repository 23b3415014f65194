/* How a norm's sweeps are cut, by shape alone: samples, and in each of them ranges of pixels. */
#ifndef NN_NORM_PIECES_H
#define NN_NORM_PIECES_H

#include "nn/layer.h"

struct norm_pieces {
    size_t pixels;           /* of a sample */
    int channels, out_pitch; /* floats from one pixel to the next: of z and dz, and of y and g */
};

size_t norm_pieces_pixels(const struct norm_pieces *p); /* of a whole piece */
int norm_pieces_count(const struct norm_pieces *p);     /* of a sample */

struct norm_piece {
    size_t sample;   /* in the batch */
    size_t at, at_y; /* its first float: in z and dz, and in y and g */
    size_t pixels;
};
/* piece: of the samples that are visited, laid end to end. */
struct norm_piece norm_pieces_get(const struct norm_pieces *p, struct samples samples, int piece);

#endif
