/* Mirror and crop in one resampling, straight from the square that is kept; a rotation after it, as
 * few runs ask for one; then colours. Brightness and contrast cost no pass of their own: the loader
 * looks each byte up anyway. */
#include "data/augment.h"

#include "data/augment_colour.h"
#include "image/rotate.h"

#include <math.h>
#include <string.h>

enum { MOST_SCALE = 2 };

bool augment_is_on(const struct augment_options *opt)
{
    return opt->hflip > 0 || opt->vflip > 0 || opt->crop_scale[0] < 1 || opt->rotate > 0 ||
           opt->brightness > 0 || opt->contrast > 0 || opt->saturation > 0 || opt->hue > 0 ||
           opt->erase > 0;
}

double augment_default_scale(const struct augment_options *opt)
{
    double middle = (opt->crop_scale[0] + opt->crop_scale[1]) / 2;

    return fmin(1 / sqrt(middle), MOST_SCALE);
}

void augment_lay_out(struct augment *a, const struct augment_options *opt, int side_in,
                     int side_out, struct arena *arena)
{
    size_t n_pixels = (size_t)side_out * (size_t)side_out;

    a->side_in = side_in;
    a->side_out = side_out;
    resize_crop_lay_out(&a->crop, side_in, side_out, arena);
    a->rgb = arena_take(arena, n_pixels, 3);
    a->turned = opt->rotate > 0 ? arena_take(arena, n_pixels, 3) : NULL;
}

static void crop(struct augment *a, const struct square *picture, const struct augment_view *view)
{
    double side = a->side_in;
    const struct resize_crop_box box = {
        .x = view->crop.x * side,
        .y = view->crop.y * side,
        .width = view->crop.width * side,
        .height = view->crop.height * side,
        .mirrored_x = view->hflip,
        .mirrored_y = view->vflip,
    };

    resize_crop_run(a->rgb, picture->rgb, &box, &a->crop);
}

/* The view's pixels where they will be, in the colours that they have. */
static const uint8_t *shape(struct augment *a, const struct square *picture,
                            const struct augment_view *view)
{
    bool whole = view->crop.width == 1 && view->crop.height == 1 && !view->hflip && !view->vflip &&
                 a->side_in == a->side_out;

    if (!whole)
        crop(a, picture, view);
    if (view->rotate == 0)
        return whole ? picture->rgb : a->rgb;
    rotate_run(a->turned, whole ? picture->rgb : a->rgb, a->side_out, view->rotate);
    return a->turned;
}

/* What looks at all three channels of a pixel is done to the bytes, and so what comes before it. */
static const uint8_t *recolour(struct augment *a, const uint8_t *shaped,
                               const struct augment_view *view)
{
    size_t n_pixels = (size_t)a->side_out * (size_t)a->side_out;
    uint8_t *rgb = shaped == a->turned ? a->turned : a->rgb;

    if (shaped != rgb)
        memcpy(rgb, shaped, 3 * n_pixels);
    augment_colour_map(rgb, n_pixels, a->light);
    if (view->saturation != 1)
        augment_colour_saturate(rgb, n_pixels, view->saturation);
    if (view->hue != 0)
        augment_colour_turn_hue(rgb, n_pixels, view->hue);
    for (int v = 0; v < 256; v++)
        a->light[v] = (uint8_t)v;
    return rgb;
}

const uint8_t *augment_apply(struct augment *a, const struct square *picture,
                             const struct augment_view *view)
{
    size_t n_pixels = (size_t)a->side_out * (size_t)a->side_out;
    const uint8_t *rgb = shape(a, picture, view);

    augment_colour_light(a->light, rgb, n_pixels, view->brightness, view->contrast);
    return view->saturation != 1 || view->hue != 0 ? recolour(a, rgb, view) : rgb;
}

void augment_erase(float *x, int side, const struct augment_view *view)
{
    const struct augment_box *box = &view->erase;
    long left = lround(box->x * side), right = lround((box->x + box->width) * side);
    long top = lround(box->y * side), bottom = lround((box->y + box->height) * side);

    for (long row = top; row < bottom; row++)
        memset(x + 3 * ((size_t)row * (size_t)side + (size_t)left), 0,
               3 * (size_t)(right - left) * sizeof *x);
}
