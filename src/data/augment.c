/* Geometry in one resampling, straight from the square that is kept; then colours, in place. */
#include "data/augment.h"

#include "data/augment_colour.h"

#include <math.h>
#include <string.h>

enum { MOST_SCALE = 2 };

bool augment_is_on(const struct augment_options *opt)
{
    return opt->hflip > 0 || opt->vflip > 0 || opt->crop_scale[0] < 1 || opt->brightness > 0 ||
           opt->contrast > 0;
}

double augment_default_scale(const struct augment_options *opt)
{
    double middle = (opt->crop_scale[0] + opt->crop_scale[1]) / 2;

    return fmin(1 / sqrt(middle), MOST_SCALE);
}

void augment_lay_out(struct augment *a, int side_in, int side_out, struct arena *arena)
{
    a->side_in = side_in;
    a->side_out = side_out;
    resize_crop_lay_out(&a->crop, side_in, side_out, arena);
    a->rgb = arena_take(arena, (size_t)side_out * (size_t)side_out, 3);
}

static bool is_whole(const struct augment_view *view)
{
    return view->crop.width == 1 && view->crop.height == 1 && !view->hflip && !view->vflip;
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

const uint8_t *augment_apply(struct augment *a, const struct square *picture,
                             const struct augment_view *view)
{
    size_t n_pixels = (size_t)a->side_out * (size_t)a->side_out;
    bool as_it_is = is_whole(view) && a->side_in == a->side_out;
    bool coloured = view->brightness != 1 || view->contrast != 1;

    if (as_it_is && !coloured)
        return picture->rgb;
    if (as_it_is)
        memcpy(a->rgb, picture->rgb, 3 * n_pixels);
    else
        crop(a, picture, view);
    augment_colour_light(a->rgb, n_pixels, view->brightness, view->contrast);
    return a->rgb;
}
