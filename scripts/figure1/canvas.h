/* A small drawing surface: lines, discs, crosses and text on white, smooth edges. Coordinates are
 * pixels of the finished picture, y downwards. */
#ifndef FIGURE1_CANVAS_H
#define FIGURE1_CANVAS_H

#include "base/error.h"

#include <stdint.h>

struct canvas_colour {
    uint8_t rgb[3];
};
struct canvas_box {
    double left, top, right, bottom;
};

struct canvas {
    int width, height;
    uint8_t *rgb;           /* [height * CANVAS_FINE, width * CANVAS_FINE, 3] */
    struct canvas_box clip; /* nothing is drawn outside */
};
enum { CANVAS_FINE = 3 }; /* drawn so many times as fine, and averaged at the end */

enum status canvas_create(struct canvas *out, int width, int height, struct error *err);
void canvas_destroy(struct canvas *c);                            /* a zeroed one is fine */
void canvas_clip(struct canvas *c, const struct canvas_box *box); /* NULL: the whole */

void canvas_line(struct canvas *c, double x0, double y0, double x1, double y1, double thickness,
                 struct canvas_colour colour);
void canvas_disc(struct canvas *c, double x, double y, double radius, struct canvas_colour colour);
void canvas_cross(struct canvas *c, double x, double y, double radius, struct canvas_colour colour);

/* Letters are 5 x 7 dots of `dot` pixels, 6 dots apart, some with 2 dots below y, the base line;
 * small letters, digits and .,-=%() alone. At: 0, x is where the text begins; 0.5: its middle; 1:
 * its end. */
void canvas_text(struct canvas *c, double x, double y, double dot, double at, const char *text,
                 struct canvas_colour colour);

/* Averages, and writes the PNG file whole or not at all. */
enum status canvas_save(const struct canvas *c, const char *path, struct error *err);

#endif
