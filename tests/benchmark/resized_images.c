/* What a trained network sees of images, for comparisons by hand with other programs:
 *     resized-images MODEL OUT.safetensors IMAGE...
 *
 * Decodes and resizes each file as the metadata of MODEL (a weights file) says, and writes "images"
 * [n, size, size, 3], U8, and "shown" [n, 4], I64: x, y, width and height of the part that is
 * image; around it, with --resize letterbox, the network sees the mean colour. */
#include "base/files.h"
#include "base/memory.h"
#include "image/image_decode.h"
#include "io/safetensors.h"
#include "run/files/checkpoint.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static enum status decode(uint8_t *rgb, int64_t shown[4], const struct checkpoint_metadata *m,
                          const char *path, struct error *err)
{
    const struct image_limits limits = {.max_pixels = IMAGE_MAX_PIXELS_DEFAULT,
                                        .apply_exif = m->apply_exif,
                                        .jpeg_scale = m->jpeg_scale};
    uint8_t *bytes;
    size_t size;
    double aspect;
    if (files_read(&bytes, &size, path, (size_t)1 << 30, err) != STATUS_OK)
        return err->status;
    enum status status = image_decode_resized(rgb, &aspect, &m->fit, bytes, size, &limits, err);
    free(bytes);
    if (status != STATUS_OK)
        return error_prefix(err, "%s", path);
    const struct image_fit_place place = image_fit_shown(&m->fit, aspect);
    shown[0] = place.x;
    shown[1] = place.y;
    shown[2] = place.width;
    shown[3] = place.height;
    return STATUS_OK;
}

static enum status decode_all(uint8_t *rgb, int64_t *shown, const struct checkpoint_metadata *m,
                              const char *out, char **path, int n, struct error *err)
{
    size_t each = (size_t)m->fit.size * (size_t)m->fit.size * 3;
    for (int i = 0; i < n; i++)
        if (decode(rgb + (size_t)i * each, shown + 4 * i, m, path[i], err) != STATUS_OK)
            return err->status;
    const struct safetensors_entry entry[] = {
        {.name = "images",
         .dtype = "U8",
         .n_dims = 4,
         .dim = {n, m->fit.size, m->fit.size, 3},
         .data = rgb,
         .n_bytes = (size_t)n * each},
        {.name = "shown",
         .dtype = "I64",
         .n_dims = 2,
         .dim = {n, 4},
         .data = shown,
         .n_bytes = (size_t)n * 4 * sizeof *shown},
    };
    return safetensors_write(out, entry, 2, NULL, NULL, 0, err);
}

static enum status run(const struct checkpoint_metadata *m, const char *out, char **path, int n,
                       struct error *err)
{
    size_t each = (size_t)m->fit.size * (size_t)m->fit.size * 3;
    uint8_t *rgb = memory_array((size_t)n, each, "images", err);
    int64_t *shown = rgb ? memory_array((size_t)n, 4 * sizeof *shown, "images", err) : NULL;
    enum status status = shown ? decode_all(rgb, shown, m, out, path, n, err) : err->status;
    free(rgb);
    free(shown);
    return status;
}

int main(int argc, char **argv)
{
    struct safetensors file = {0};
    struct checkpoint_metadata metadata = {0};
    struct error err;
    if (argc < 4) {
        fprintf(stderr, "usage: resized-images MODEL OUT.safetensors IMAGE...\n");
        return STATUS_USAGE;
    }
    enum status status = safetensors_read_header(&file, argv[1], &err);
    if (status == STATUS_OK)
        status = checkpoint_metadata_read(&metadata, &file, argv[1], &err);
    if (status == STATUS_OK)
        status = run(&metadata, argv[2], argv + 3, argc - 3, &err);
    if (status != STATUS_OK)
        fprintf(stderr, "resized-images: %s\n", err.message);
    checkpoint_metadata_free(&metadata);
    safetensors_free(&file);
    return (int)status;
}
