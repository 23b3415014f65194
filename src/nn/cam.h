/* Class activation maps (Zhou, Khosla, Lapedriza, Oliva, Torralba: Learning Deep Features for
 * Discriminative Localization, CVPR 2016). A network that ends with a global average pool and a
 * linear classifier computes each logit as a mean over pixels; the map shows the terms of that
 * mean, so it is exact and needs no backward pass. */
#ifndef NN_CAM_H
#define NN_CAM_H

#include "nn/layer.h"

/* map [height, width] = sum over channels of activation [height, width, channels] * weight
 * [channels], a row of the classifier's weight: what each place adds to the logit of that class.
 * The mean of the map, plus the class's bias, is the logit. Summed in double. */
void cam_map(float *map, const float *activation, struct shape shape, const float *weight);

#endif
