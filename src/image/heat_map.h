/* A coarse map of numbers drawn over an image: where a network looked (nn/cam.h). */
#ifndef IMAGE_HEAT_MAP_H
#define IMAGE_HEAT_MAP_H

#include <stdint.h>

/* rgb [size, size, 3] is blended, half and half, with the colours of map [height, width], which is
 * enlarged bilinearly (pixel centres, edges repeated: PyTorch's align_corners=False). Colours are
 * those of the "jet" colour map, from blue for 0 to red for the map's largest value; what is below
 * 0 counts as 0. A map without a value above 0 is blue all over; NaN counts as 0. */
void heat_map_blend(uint8_t *rgb, int size, const float *map, int height, int width);

#endif
