/* A square image turned about its middle, bilinear, black where nothing comes from: PIL's
 * Image.rotate with BILINEAR and torchvision's rotate, to 0.8 grey levels (0.5 of them rounding).
 */
#ifndef IMAGE_ROTATE_H
#define IMAGE_ROTATE_H

#include <stdint.h>

/* out [side, side, 3] = in [side, side, 3], counter-clockwise by so many degrees; they do not
 * overlap. 1 <= side <= 32768. 0 degrees give the bytes of in. */
void rotate_run(uint8_t *restrict out, const uint8_t *restrict in, int side, double degrees);

#endif
