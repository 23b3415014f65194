/* Colours of an image as torchvision's ColorJitter changes them, on bytes and in a fixed order:
 * brightness, contrast, saturation, hue. Each gives whole grey levels 0..255, rounded to nearest
 * and cut off at the ends, for the next one to go on from. Grey is PIL's "L", ITU-R BT.601 in 16
 * bits: (19595 R + 38470 G + 7471 B) / 65536. */
#ifndef DATA_AUGMENT_COLOUR_H
#define DATA_AUGMENT_COLOUR_H

#include <stddef.h>
#include <stdint.h>

/* What becomes of each byte v of rgb [n_pixels, 3]: brightness x v; then m + contrast x (v - m)
 * with m = the mean grey of the image, a whole number. Factor 1 changes nothing. */
void augment_colour_light(uint8_t table[256], const uint8_t *rgb, size_t n_pixels,
                          double brightness, double contrast);

/* The next three work in place. Each byte v becomes table[v]. */
void augment_colour_map(uint8_t *rgb, size_t n_pixels, const uint8_t table[256]);

/* Each byte v of a pixel becomes g + factor x (v - g) with g = the pixel's grey, a whole number;
 * 0 <= factor < 64. */
void augment_colour_saturate(uint8_t *rgb, size_t n_pixels, double factor);

/* Turns the hue of the HSV hexcone (A. R. Smith, "Color Gamut Transform Pairs", 1978) by so many
 * turns, -1 < turns < 1; value and saturation stay. */
void augment_colour_turn_hue(uint8_t *rgb, size_t n_pixels, double turns);

#endif
