/* Mirror and crop in one resampling, straight from the resized image that is kept; a rotation after
 * it, as few runs ask for one; then colours. Brightness and contrast cost no pass of their own: the
 * loader looks each byte up anyway. */
#include "data/augment.h"

#include "data/augment_colour.h"
#include "image/rotate.h"

#include <math.h>
#include <string.h>

enum { MOST_SCALE = 2 };

bool augment_crops(const struct augment_options *opt)
{
    return opt->crop_scale[0] < 1;
}

bool augment_is_on(const struct augment_options *opt)
{
    return opt->hflip > 0 || opt->vflip > 0 || augment_crops(opt) || opt->rotate > 0 ||
           opt->brightness > 0 || opt->contrast > 0 || opt->saturation > 0 || opt->hue > 0 ||
           opt->erase > 0;
}

double augment_default_scale(const struct augment_options *opt)
{
    double middle = (opt->crop_scale[0] + opt->crop_scale[1]) / 2;

    return fmin(1 / sqrt(middle), MOST_SCALE);
}

const struct augment_view augment_nothing = {
    .crop = {0, 0, 1, 1}, .brightness = 1, .contrast = 1, .saturation = 1};

void augment_lay_out(struct augment *a, const struct augment_options *opt,
                     const struct image_fit *kept, int side_out, struct arena *arena)
{
    size_t n_pixels = (size_t)side_out * (size_t)side_out;

    a->side_in = kept->size;
    a->side_out = side_out;
    resize_crop_lay_out(&a->crop, kept->size, side_out, kept->interpolation, arena);
    a->rgb = arena_take(arena, n_pixels, 3);
    a->turned = opt->rotate > 0 ? arena_take(arena, n_pixels, 3) : NULL;
}

static enum status crop(struct augment *a, const struct resized_image *image,
                        const struct augment_view *view, struct error *err)
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

    return resize_crop_run(a->rgb, image->rgb, &box, &a->crop, err);
}

/* The view's pixels where they will be, in the colours that they have. */
static enum status shape(const uint8_t **out, struct augment *a, const struct resized_image *image,
                         const struct augment_view *view, struct error *err)
{
    bool whole = view->crop.width == 1 && view->crop.height == 1 && !view->hflip && !view->vflip &&
                 a->side_in == a->side_out;

    if (!whole && crop(a, image, view, err) != STATUS_OK)
        return err->status;
    *out = whole ? image->rgb : a->rgb;
    if (view->rotate != 0) {
        rotate_run(a->turned, *out, a->side_out, view->rotate);
        *out = a->turned;
    }
    return STATUS_OK;
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

enum status augment_apply(const uint8_t **out, struct augment *a, const struct resized_image *image,
                          const struct augment_view *view, struct error *err)
{
    size_t n_pixels = (size_t)a->side_out * (size_t)a->side_out;

    if (shape(out, a, image, view, err) != STATUS_OK)
        return err->status;
    augment_colour_light(a->light, *out, n_pixels, view->brightness, view->contrast);
    if (view->saturation != 1 || view->hue != 0)
        *out = recolour(a, *out, view);
    return STATUS_OK;
}

static bool lies_within(double at, int start, int length)
{
    return at >= start && at < start + length;
}

/* The way back from the middle of each result's pixel, as image/rotate and image/resize_crop go it.
 */
void augment_erase_bars(float *x, int side, const struct image_fit_place *shown, int side_in,
                        const struct augment_view *view)
{
    const double pi = 3.14159265358979323846, middle = side / 2.0;
    double cosine = cos(view->rotate * pi / 180), sine = sin(view->rotate * pi / 180);

    if (shown->width == side_in && shown->height == side_in)
        return;
    for (int row = 0; row < side; row++) {
        for (int column = 0; column < side; column++, x += 3) {
            double dx = column + 0.5 - middle, dy = row + 0.5 - middle;
            double u = (middle + cosine * dx - sine * dy) / side;
            double v = (middle + sine * dx + cosine * dy) / side;

            u = view->crop.x + (view->hflip ? 1 - u : u) * view->crop.width;
            v = view->crop.y + (view->vflip ? 1 - v : v) * view->crop.height;
            if (!lies_within(u * side_in, shown->x, shown->width) ||
                !lies_within(v * side_in, shown->y, shown->height))
                memset(x, 0, 3 * sizeof *x);
        }
    }
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
