/* Numbers are drawn in a fixed order whatever is switched on, those whose count varies last, in two
 * streams that each end so: one option more does not change what the others do to an image. */
#include "base/rng.h"
#include "data/augment.h"

#include <math.h>

enum { CROP_ATTEMPTS = 10, ERASE_ATTEMPTS = 10 }; /* torchvision's */

/* RandomErasing's defaults: share of the area, and height / width. */
static const double erase_scale[2] = {0.02, 0.33}, erase_ratio[2] = {0.3, 3.3};

static double draw_between(struct rng *rng, double low, double high)
{
    return low + (high - low) * rng_uniform(rng);
}

static double draw_log_between(struct rng *rng, const double range[2])
{
    return exp(draw_between(rng, log(range[0]), log(range[1])));
}

/* ColorJitter's range. */
static double draw_factor(struct rng *rng, double strength)
{
    return draw_between(rng, strength < 1 ? 1 - strength : 0, 1 + strength);
}

static double clamp(double value, double low, double high)
{
    return value < low ? low : value > high ? high : value;
}

/* RandomResizedCrop.get_params, without its rounding to whole pixels. Shares of the two sides have
 * the product `area` and the quotient ratio / aspect. What does not fit is drawn again, ten times;
 * then it is the largest part in the middle whose ratio is within the range. */
static void draw_crop(struct augment_view *view, const struct augment_options *opt, double aspect,
                      struct rng *rng)
{
    for (int i = 0; i < CROP_ATTEMPTS; i++) {
        double area = draw_between(rng, opt->crop_scale[0], opt->crop_scale[1]);
        double ratio = draw_log_between(rng, opt->crop_ratio);
        double width = sqrt(area * ratio / aspect), height = sqrt(area / ratio * aspect);
        double x = rng_uniform(rng), y = rng_uniform(rng);

        if (width <= 1 && height <= 1) {
            view->crop = (struct augment_box){x * (1 - width), y * (1 - height), width, height};
            return;
        }
    }
    double ratio = clamp(aspect, opt->crop_ratio[0], opt->crop_ratio[1]);
    double width = ratio < aspect ? ratio / aspect : 1,
           height = ratio > aspect ? aspect / ratio : 1;
    view->crop = (struct augment_box){(1 - width) / 2, (1 - height) / 2, width, height};
}

/* RandomErasing.get_params, likewise; of the square that the network sees. What does not fit after
 * ten attempts is not erased. */
static void draw_erasing(struct augment_view *view, struct rng *rng)
{
    for (int i = 0; i < ERASE_ATTEMPTS; i++) {
        double area = draw_between(rng, erase_scale[0], erase_scale[1]);
        double ratio = draw_log_between(rng, erase_ratio);
        double width = sqrt(area / ratio), height = sqrt(area * ratio);
        double x = rng_uniform(rng), y = rng_uniform(rng);

        if (width < 1 && height < 1) {
            view->erase = (struct augment_box){x * (1 - width), y * (1 - height), width, height};
            return;
        }
    }
}

static void seed_of(struct rng *rng, enum rng_stream stream, const struct augment_moment *m)
{
    rng_seed(rng, m->seed, stream, (uint64_t)m->epoch,
             (uint64_t)m->row << 32 | (uint64_t)m->occurrence);
}

void augment_draw(struct augment_view *view, const struct augment_options *opt, double aspect,
                  const struct augment_moment *m)
{
    struct rng rng;

    *view = (struct augment_view){.crop = {0, 0, 1, 1}};
    seed_of(&rng, RNG_AUGMENT, m);
    view->hflip = rng_uniform(&rng) < opt->hflip;
    view->vflip = rng_uniform(&rng) < opt->vflip;
    view->brightness = draw_factor(&rng, opt->brightness);
    view->contrast = draw_factor(&rng, opt->contrast);
    if (augment_crops(opt))
        draw_crop(view, opt, aspect, &rng);

    seed_of(&rng, RNG_ALTER, m);
    view->rotate = draw_between(&rng, -opt->rotate, opt->rotate);
    view->saturation = draw_factor(&rng, opt->saturation);
    view->hue = draw_between(&rng, -opt->hue, opt->hue);
    if (rng_uniform(&rng) < opt->erase)
        draw_erasing(view, &rng);
}
