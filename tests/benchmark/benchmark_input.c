/* benchmark-input SIDE auto|fast|off bilinear|bicubic FILE...: milliseconds of processor time to
 * make each JPEG or PNG file SIDE x SIDE, one line each: the median of some runs in one thread. For
 * scripts/benchmark_input.py. */
#include "base/files.h"
#include "image/image_decode.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { RUNS = 7, MAX_SIDE = 4096 };

static double cpu_milliseconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return 1e3 * (double)now.tv_sec + 1e-6 * (double)now.tv_nsec;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static enum status time_file(double *median, uint8_t *rgb, const struct image_fit *fit,
                             const char *path, const struct image_limits *limits, struct error *err)
{
    double run[RUNS];
    uint8_t *bytes;
    size_t size;
    enum status status = files_read(&bytes, &size, path, (size_t)1 << 30, err);

    for (int i = 0; status == STATUS_OK && i < RUNS; i++) {
        double before = cpu_milliseconds();

        status = image_decode_resized(rgb, NULL, fit, bytes, size, limits, err);
        run[i] = cpu_milliseconds() - before;
    }
    free(bytes);
    if (status == STATUS_OK) {
        qsort(run, RUNS, sizeof run[0], compare);
        *median = run[RUNS / 2];
    }
    return status;
}

int main(int argc, char **argv)
{
    static uint8_t rgb[3 * MAX_SIDE * MAX_SIDE];
    struct image_limits limits = {.max_pixels = IMAGE_MAX_PIXELS_DEFAULT, .apply_exif = true};
    struct image_fit fit = {.size = argc > 4 ? atoi(argv[1]) : 0};

    if (fit.size < 1 || fit.size > MAX_SIDE) {
        fprintf(stderr, "usage: benchmark-input SIDE auto|fast|off bilinear|bicubic FILE...\n");
        return 2;
    }
    limits.jpeg_scale = strcmp(argv[2], "off") == 0    ? IMAGE_JPEG_OFF
                        : strcmp(argv[2], "fast") == 0 ? IMAGE_JPEG_FAST
                                                       : IMAGE_JPEG_AUTO;
    fit.interpolation = strcmp(argv[3], "bicubic") == 0 ? IMAGE_FIT_BICUBIC : IMAGE_FIT_BILINEAR;
    for (int i = 4; i < argc; i++) {
        struct error err;
        double median = 0;

        if (time_file(&median, rgb, &fit, argv[i], &limits, &err) != STATUS_OK) {
            fprintf(stderr, "%s: %s\n", argv[i], err.message);
            return 1;
        }
        printf("%.3f\n", median);
    }
    return 0;
}
