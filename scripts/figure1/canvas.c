#include "canvas.h"

#include "font.h"

#include "base/files.h"
#include "base/memory.h"
#include "image/encode_png.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum status canvas_create(struct canvas *out, int width, int height, struct error *err)
{
    size_t n = (size_t)width * (size_t)height * CANVAS_FINE * CANVAS_FINE * 3;

    *out = (struct canvas){.width = width, .height = height};
    out->rgb = memory_array(n, 1, "the drawing", err);
    if (!out->rgb)
        return err->status;
    memset(out->rgb, 255, n);
    canvas_clip(out, NULL);
    return STATUS_OK;
}

void canvas_destroy(struct canvas *c)
{
    free(c->rgb);
    *c = (struct canvas){0};
}

void canvas_clip(struct canvas *c, const struct canvas_box *box)
{
    c->clip = box ? *box : (struct canvas_box){0, 0, c->width, c->height};
}

/* Colours the fine pixels of a box whose centres are inside of a shape. */
static void fill(struct canvas *c, struct canvas_box box, struct canvas_colour colour,
                 bool (*inside)(const void *shape, double x, double y), const void *shape)
{
    int left = (int)ceil(fmax(box.left, c->clip.left) * CANVAS_FINE - 0.5);
    int right = (int)floor(fmin(box.right, c->clip.right) * CANVAS_FINE - 0.5);
    int top = (int)ceil(fmax(box.top, c->clip.top) * CANVAS_FINE - 0.5);
    int bottom = (int)floor(fmin(box.bottom, c->clip.bottom) * CANVAS_FINE - 0.5);

    for (int y = top; y <= bottom; y++)
        for (int x = left; x <= right; x++)
            if (!inside || inside(shape, (x + 0.5) / CANVAS_FINE, (y + 0.5) / CANVAS_FINE))
                memcpy(c->rgb + 3 * ((size_t)y * (size_t)c->width * CANVAS_FINE + (size_t)x),
                       colour.rgb, 3);
}

struct segment {
    double x, y, dx, dy, length, reach;
};

/* Within `reach` of the segment, its ends cut straight and half a thickness longer. */
static bool near_segment(const void *shape, double x, double y)
{
    const struct segment *s = shape;
    double along = (x - s->x) * s->dx + (y - s->y) * s->dy;
    double across = (x - s->x) * s->dy - (y - s->y) * s->dx;

    return fabs(across) <= s->reach && along >= -s->reach && along <= s->length + s->reach;
}

void canvas_line(struct canvas *c, double x0, double y0, double x1, double y1, double thickness,
                 struct canvas_colour colour)
{
    struct segment s = {.x = x0, .y = y0, .dx = 1, .reach = thickness / 2};
    const struct canvas_box box = {fmin(x0, x1) - thickness, fmin(y0, y1) - thickness,
                                   fmax(x0, x1) + thickness, fmax(y0, y1) + thickness};

    s.length = hypot(x1 - x0, y1 - y0);
    if (s.length > 0) {
        s.dx = (x1 - x0) / s.length;
        s.dy = (y1 - y0) / s.length;
    }
    fill(c, box, colour, near_segment, &s);
}

static bool in_disc(const void *shape, double x, double y)
{
    const double *disc = shape;
    return hypot(x - disc[0], y - disc[1]) <= disc[2];
}

void canvas_disc(struct canvas *c, double x, double y, double radius, struct canvas_colour colour)
{
    const double disc[3] = {x, y, radius};

    fill(c, (struct canvas_box){x - radius, y - radius, x + radius, y + radius}, colour, in_disc,
         disc);
}

void canvas_cross(struct canvas *c, double x, double y, double radius, struct canvas_colour colour)
{
    canvas_line(c, x - radius, y - radius, x + radius, y + radius, radius / 2, colour);
    canvas_line(c, x - radius, y + radius, x + radius, y - radius, radius / 2, colour);
}

void canvas_text(struct canvas *c, double x, double y, double dot, double at, const char *text,
                 struct canvas_colour colour)
{
    x -= at * dot * (6 * (double)strlen(text) - 1);
    for (; *text; text++, x += 6 * dot) {
        double row = y - 7 * dot, column = x;
        for (const char *p = font_dots(*text); *p; p++) {
            if (*p == '#')
                fill(c, (struct canvas_box){column, row, column + dot, row + dot}, colour, NULL,
                     NULL);
            column += dot;
            if (*p == '|') {
                column = x;
                row += dot;
            }
        }
    }
}

static void average(uint8_t out[3], const struct canvas *c, int x, int y)
{
    size_t stride = (size_t)c->width * CANVAS_FINE * 3;
    const uint8_t *corner = c->rgb + (size_t)y * CANVAS_FINE * stride + (size_t)x * CANVAS_FINE * 3;

    for (int channel = 0; channel < 3; channel++) {
        int sum = 0;
        for (int i = 0; i < CANVAS_FINE; i++)
            for (int j = 0; j < CANVAS_FINE; j++)
                sum += corner[(size_t)i * stride + 3 * (size_t)j + (size_t)channel];
        out[channel] =
            (uint8_t)((sum + CANVAS_FINE * CANVAS_FINE / 2) / (CANVAS_FINE * CANVAS_FINE));
    }
}

enum status canvas_save(const struct canvas *c, const char *path, struct error *err)
{
    struct files_writer w;
    enum status status;
    uint8_t *rgb = memory_array((size_t)c->width * (size_t)c->height, 3, "the picture", err);

    if (!rgb)
        return err->status;
    for (int y = 0; y < c->height; y++)
        for (int x = 0; x < c->width; x++)
            average(rgb + 3 * ((size_t)y * (size_t)c->width + (size_t)x), c, x, y);
    status = files_open(&w, path, err);
    if (status == STATUS_OK) {
        status = encode_png(w.stream, rgb, c->width, c->height, err);
        if (status == STATUS_OK)
            status = files_commit(&w, err);
        else
            files_abandon(&w);
    }
    free(rgb);
    return status;
}
