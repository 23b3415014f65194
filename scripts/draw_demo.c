/* Draws the image set of `make demo`: stripes, checks, discs and rings in random colours, sizes,
 * turns and light, as JPEG and PNG.
 *
 *     draw-demo FOLDER [SEED]
 *
 * writes FOLDER/images/, train.csv, val.csv (clean) and wrong_labels.csv (what is wrong in
 * train.csv on purpose). Both colours of every pattern cover about half of the image and are
 * drawn from the same distribution for all four classes, so that the mean colour tells nothing
 * (tests/unit/image/test_demo_set.c): a network has to look at the shapes. The same seed gives the
 * same bytes.
 */
#include "base/error.h"
#include "base/files.h"
#include "base/memory.h"
#include "base/rng.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>
#include <png.h>

enum { STRIPES, CHECKS, DISCS, RINGS, N_CLASSES };
static const char *const class_name[N_CLASSES] = {"stripes", "checks", "discs", "rings"};

/* How many figures stand side by side. A range of its own for each class, and so a texture of its
 * own, is what lets resnet10-gn learn the set from scratch in a minute or two: with it 94 % were
 * right after 108 steps, with one range for all classes 40 % after 132. */
static const double figures_across[N_CLASSES][2] = {{18, 24}, {8, 11}, {2, 3}, {4, 5}};

/* Discs are the rare class. */
struct part {
    const char *name;
    int count[N_CLASSES];
    int wrong_every; /* of so many labels one is wrong; 0: none */
};
static const struct part parts[] = {
    {"train", {84, 84, 32, 84}, 60},
    {"val", {24, 24, 12, 24}, 0},
};

#define MIN_SIDE  300
#define MAX_SIDE  700
#define FULL_TURN 6.283185307179586

static _Noreturn void die(const char *message)
{
    fprintf(stderr, "draw-demo: %s\n", message);
    exit(1);
}

static void check(enum status status, const struct error *err)
{
    if (status != STATUS_OK)
        die(err->message);
}

struct colour {
    double rgb[3];
};

/* Everything that is drawn at random for one image. */
struct look {
    int width, height, shape;
    double period;         /* of the pattern, in pixels */
    double turn, shift[2]; /* radians, periods */
    double bend, bend_length, bend_phase;
    double light, light_turn; /* share of brightness lost and won from one side to the other */
    double noise;             /* levels */
    struct colour front, back;
};

static double between(struct rng *rng, double low, double high)
{
    return low + (high - low) * rng_uniform(rng);
}

static double luminance(const struct colour *c)
{
    return 0.299 * c->rgb[0] + 0.587 * c->rgb[1] + 0.114 * c->rgb[2];
}

/* A dark colour on a light one, far enough apart to be seen in grey as well. */
static void pick_colours(struct rng *rng, struct colour *front, struct colour *back)
{
    do {
        for (int c = 0; c < 3; c++) {
            front->rgb[c] = between(rng, 0, 255);
            back->rgb[c] = between(rng, 0, 255);
        }
    } while (luminance(back) - luminance(front) < 110);
}

static struct look pick_look(struct rng *rng, int shape)
{
    struct look l = {.shape = shape};

    l.width = MIN_SIDE + (int)rng_below(rng, MAX_SIDE - MIN_SIDE + 1);
    l.height = MIN_SIDE + (int)rng_below(rng, MAX_SIDE - MIN_SIDE + 1);
    l.period = (l.width < l.height ? l.width : l.height) /
               between(rng, figures_across[shape][0], figures_across[shape][1]);
    l.turn = between(rng, -0.4, 0.4);
    l.shift[0] = between(rng, 0, 1);
    l.shift[1] = between(rng, 0, 1);
    l.bend = between(rng, 0, 0.06);
    l.bend_length = between(rng, 2, 5);
    l.bend_phase = between(rng, 0, FULL_TURN);
    l.light = between(rng, 0, 0.2);
    l.light_turn = between(rng, 0, FULL_TURN);
    l.noise = between(rng, 0, 8);
    pick_colours(rng, &l.front, &l.back);
    return l;
}

/* Distance to the nearest whole number, 0..0.5. */
static double to_whole(double x)
{
    return fabs(x - floor(x + 0.5));
}

/* How far (u, v) lies inside of the figure, in periods; negative outside. Each figure covers half
 * of the plane. */
static double depth(int shape, double u, double v)
{
    double across = to_whole(u) - 0.25, along = to_whole(v) - 0.25;
    double x = u - floor(u) - 0.5, y = v - floor(v) - 0.5, radius = sqrt(x * x + y * y);

    switch (shape) {
    case STRIPES:
        return across;
    case CHECKS:
        return (across * along > 0 ? 1 : -1) * fmin(fabs(across), fabs(along));
    case DISCS:
        return 0.399 - radius; /* pi r^2 = 1/2 */
    default:
        return 0.12 - fabs(radius - 0.332); /* 2 pi r w = 1/2, half of w is 0.12 */
    }
}

static void draw(uint8_t *rgb, const struct look *l, struct rng *rng)
{
    double cosine = cos(l->turn), sine = sin(l->turn);
    double light_x = l->light * cos(l->light_turn), light_y = l->light * sin(l->light_turn);

    for (int y = 0; y < l->height; y++) {
        for (int x = 0; x < l->width; x++) {
            double u = (cosine * x - sine * y) / l->period + l->shift[0];
            double v = (sine * x + cosine * y) / l->period + l->shift[1];
            double bent = u + l->bend * sin(v * FULL_TURN / l->bend_length + l->bend_phase);
            double cover = fmin(1, fmax(0, depth(l->shape, bent, v) * l->period + 0.5));
            double light =
                1 + light_x * (2.0 * x / l->width - 1) + light_y * (2.0 * y / l->height - 1);
            double noise = l->noise * (rng_uniform(rng) - 0.5);

            for (int c = 0; c < 3; c++) {
                double value = cover * l->front.rgb[c] + (1 - cover) * l->back.rgb[c];

                *rgb++ = (uint8_t)fmin(255, fmax(0, value * light + noise + 0.5));
            }
        }
    }
}

/* libjpeg's own error handler prints and exits, which suits this program. */
static void write_jpeg(FILE *file, const uint8_t *rgb, const struct look *l, struct rng *rng)
{
    struct jpeg_compress_struct jpeg;
    struct jpeg_error_mgr errors;
    size_t row_bytes = 3 * (size_t)l->width;

    jpeg.err = jpeg_std_error(&errors);
    jpeg_create_compress(&jpeg);
    jpeg_stdio_dest(&jpeg, file);
    jpeg.image_width = (JDIMENSION)l->width;
    jpeg.image_height = (JDIMENSION)l->height;
    jpeg.input_components = 3;
    jpeg.in_color_space = JCS_RGB;
    jpeg_set_defaults(&jpeg);
    jpeg_set_quality(&jpeg, 70 + (int)rng_below(rng, 26), TRUE);
    if (rng_below(rng, 8) == 0)
        jpeg_set_colorspace(&jpeg, JCS_GRAYSCALE);
    if (rng_below(rng, 5) == 0)
        jpeg_simple_progression(&jpeg);
    jpeg_start_compress(&jpeg, TRUE);
    while (jpeg.next_scanline < jpeg.image_height) {
        JSAMPROW row = (JSAMPROW)(rgb + jpeg.next_scanline * row_bytes);

        jpeg_write_scanlines(&jpeg, &row, 1);
    }
    jpeg_finish_compress(&jpeg);
    jpeg_destroy_compress(&jpeg);
}

static _Noreturn void png_failed(png_structp png, png_const_charp text)
{
    (void)png;
    die(text);
}

static void write_png(FILE *file, const uint8_t *rgb, const struct look *l)
{
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, png_failed, NULL);
    png_infop info = png_create_info_struct(png);

    png_init_io(png, file);
    png_set_compression_level(png, 3);
    png_set_IHDR(png, info, (png_uint_32)l->width, (png_uint_32)l->height, 8, PNG_COLOR_TYPE_RGB,
                 PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    png_write_info(png, info);
    for (int y = 0; y < l->height; y++)
        png_write_row(png, rgb + 3 * (size_t)l->width * (size_t)y);
    png_write_end(png, info);
    png_destroy_write_struct(&png, &info);
}

/* name is set to the image's path inside the folder. */
static void make_image(char name[64], const char *folder, const struct part *part, int index,
                       int shape, uint64_t seed)
{
    struct rng rng;
    struct look look;
    struct error err;
    uint8_t *rgb;
    char *path;
    FILE *file;
    bool png;

    rng_seed(&rng, seed, RNG_NOISE, (uint64_t)(part - parts), (uint64_t)index);
    look = pick_look(&rng, shape);
    png = rng_below(&rng, 6) == 0;
    if (png)
        look.noise = 0; /* noise does not compress: the set would be twice as large */
    rgb = memory_array((size_t)look.width * (size_t)look.height, 3, "image", &err);
    if (!rgb)
        check(err.status, &err);
    draw(rgb, &look, &rng);

    snprintf(name, 64, "images/%s_%03d.%s", part->name, index, png ? "png" : "jpg");
    check(files_join(&path, folder, name, &err), &err);
    file = fopen(path, "wb");
    if (file == NULL)
        die(strerror(errno));
    if (png)
        write_png(file, rgb, &look);
    else
        write_jpeg(file, rgb, &look, &rng);
    if (fclose(file) != 0)
        die(strerror(errno));
    free(path);
    free(rgb);
}

static void open_list(struct files_writer *w, const char *folder, const char *part,
                      const char *header)
{
    struct error err;
    char name[64], *path;

    snprintf(name, sizeof name, "%s.csv", part);
    check(files_join(&path, folder, name, &err), &err);
    check(files_open(w, path, &err), &err);
    fprintf(w->stream, "%s\n", header);
    free(path);
}

/* The part's images in random order. One in wrong_every gets another class's name, which the list
 * `wrong` records. */
static void make_part(const char *folder, const struct part *part, struct files_writer *wrong,
                      uint64_t seed)
{
    struct files_writer list;
    struct error err;
    struct rng rng;
    int shapes[512];
    size_t n = 0;

    for (int shape = 0; shape < N_CLASSES; shape++)
        for (int i = 0; i < part->count[shape]; i++)
            shapes[n++] = shape;
    rng_seed(&rng, seed, RNG_SHUFFLE, (uint64_t)(part - parts), 0);
    rng_shuffle(&rng, shapes, n);

    open_list(&list, folder, part->name, "image,label");
    for (size_t i = 0; i < n; i++) {
        int label = shapes[i];
        char name[64];

        make_image(name, folder, part, (int)i, shapes[i], seed);
        if (part->wrong_every > 0 && i % (size_t)part->wrong_every == 0) {
            label = (label + 1 + (int)rng_below(&rng, N_CLASSES - 1)) % N_CLASSES;
            fprintf(wrong->stream, "%s,%s,%s\n", name, class_name[label], class_name[shapes[i]]);
        }
        fprintf(list.stream, "%s,%s\n", name, class_name[label]);
    }
    check(files_commit(&list, &err), &err);
}

static void make_folder(const char *folder, const char *name)
{
    struct error err;
    char *path;
    bool existed;

    check(files_join(&path, folder, name, &err), &err);
    check(files_make_directory(path, &existed, &err), &err);
    free(path);
}

int main(int argc, char **argv)
{
    struct files_writer wrong;
    struct error err;
    uint64_t seed = argc > 2 ? strtoull(argv[2], NULL, 10) : 1;

    if (argc < 2 || argc > 3 || argv[1][0] == '-') {
        fputs("usage: draw-demo FOLDER [SEED]\n", stderr);
        return 2;
    }
    make_folder(argv[1], "images");
    open_list(&wrong, argv[1], "wrong_labels", "image,label,true_label");
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        make_part(argv[1], &parts[i], &wrong, seed);
    check(files_commit(&wrong, &err), &err);
    return 0;
}
