/* Numbers of 16 bits in files: IEEE 754 binary16 ("half", F16), and the upper half of a float32
 * (BF16). By bits, so that it is the same on every processor. */
#ifndef BASE_HALF_H
#define BASE_HALF_H

#include <stdint.h>

/* To the nearest half, of two equally near ones to the even one. From 65520 on that is infinity
 * (the largest half is 65504); a NaN stays one. */
uint16_t half_from_float(float value);
/* Exact, subnormals, infinities and NaN included. */
float half_to_float(uint16_t bits);
float half_bfloat_to_float(uint16_t bits);

#endif
