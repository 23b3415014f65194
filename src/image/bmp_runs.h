/* Run lengths of a BMP, undone. Private to image/. */
#ifndef IMAGE_BMP_RUNS_H
#define IMAGE_BMP_RUNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* indices [height, width], zero before, = what the runs say, in the order of the file. Four bits or
 * eight for an index. A run that goes on behind the end of its row is cut there. Returns why it
 * failed, or NULL: bytes end before the image does or its end is told, or something is put outside
 * of it. */
const char *bmp_runs_read(uint8_t *indices, int width, int height, const uint8_t *bytes,
                          size_t size, bool four_bits);

#endif
