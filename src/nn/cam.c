#include "nn/cam.h"

void cam_map(float *map, const float *activation, struct shape shape, const float *weight)
{
    for (size_t i = 0; i < shape_pixels(shape); i++) {
        const float *at = activation + i * (size_t)shape.channels;
        double sum = 0;
        for (int c = 0; c < shape.channels; c++)
            sum += (double)weight[c] * (double)at[c];
        map[i] = (float)sum;
    }
}
