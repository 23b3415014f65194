/* Numbers are drawn in a fixed order whatever is switched on, those whose count varies last: one
 * option more does not change what the others do to a picture. */
#include "base/rng.h"
#include "data/augment.h"

#include <math.h>

enum { CROP_ATTEMPTS = 10 }; /* torchvision's */

static double draw_between(struct rng *rng, double low, double high)
{
    return low + (high - low) * rng_uniform(rng);
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
    double log_low = log(opt->crop_ratio[0]), log_high = log(opt->crop_ratio[1]);

    for (int i = 0; i < CROP_ATTEMPTS; i++) {
        double area = draw_between(rng, opt->crop_scale[0], opt->crop_scale[1]);
        double ratio = exp(draw_between(rng, log_low, log_high));
        double width = sqrt(area * ratio / aspect), height = sqrt(area / ratio * aspect);
        double x = rng_uniform(rng), y = rng_uniform(rng);

        if (width <= 1 && height <= 1) {
            view->crop.width = width;
            view->crop.height = height;
            view->crop.x = x * (1 - width);
            view->crop.y = y * (1 - height);
            return;
        }
    }
    double ratio = clamp(aspect, opt->crop_ratio[0], opt->crop_ratio[1]);
    view->crop.width = ratio < aspect ? ratio / aspect : 1;
    view->crop.height = ratio > aspect ? aspect / ratio : 1;
    view->crop.x = (1 - view->crop.width) / 2;
    view->crop.y = (1 - view->crop.height) / 2;
}

void augment_draw(struct augment_view *view, const struct augment_options *opt, double aspect,
                  const struct augment_moment *m)
{
    struct rng rng;

    rng_seed(&rng, m->seed, RNG_AUGMENT, (uint64_t)m->epoch,
             (uint64_t)m->row << 32 | (uint64_t)m->occurrence);
    *view = (struct augment_view){.crop = {0, 0, 1, 1}};
    view->hflip = rng_uniform(&rng) < opt->hflip;
    view->vflip = rng_uniform(&rng) < opt->vflip;
    view->brightness = draw_factor(&rng, opt->brightness);
    view->contrast = draw_factor(&rng, opt->contrast);
    if (opt->crop_scale[0] < 1)
        draw_crop(view, opt, aspect, &rng);
}
