#include "data/image_traits.h"

#include <stddef.h>
#include <string.h>

/* Of a photo the first few pixels tell. */
static bool is_one_colour(const uint8_t *rgb, size_t n_bytes)
{
    return memcmp(rgb, rgb + 3, n_bytes - 3) == 0; /* each pixel is the one before it */
}

static uint8_t find_brightest(const uint8_t *rgb, size_t n_bytes)
{
    uint8_t most = 0;
    for (size_t i = 0; i < n_bytes; i++)
        most = rgb[i] > most ? rgb[i] : most;
    return most;
}

struct image_traits image_traits_of(const struct resized_image *image, int side)
{
    bool is_16_bit = (image->traits & RESIZED_IMAGE_16_BIT) != 0;
    size_t n_bytes = (size_t)side * (size_t)side * 3;
    return (struct image_traits){
        .content = image->content,
        .aspect = (float)image->aspect,
        .brightest = is_16_bit ? find_brightest(image->rgb, n_bytes) : 0,
        .is_one_colour = is_one_colour(image->rgb, n_bytes),
        .is_16_bit = is_16_bit,
        .is_several = (image->traits & RESIZED_IMAGE_SEVERAL) != 0,
        .is_known = true,
    };
}
