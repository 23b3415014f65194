/* make figure1: the synthetic experiment of the paper (see experiment.h) for several k.
 *
 *     figure1 PICTURE.png
 *
 * prints how many points are misclassified against k, as a mean over ten draws of the points, and
 * draws, for both data sets with both losses, the first draw with its boundaries, and below it that
 * error over k. */
#include "canvas.h"
#include "experiment.h"

#include <math.h>
#include <stdio.h>

enum { DRAWS = 10, PANELS = 4 };
static const int ks[] = {1, 2, 3, 5, 10, 20, 50, 100, 150, EXPERIMENT_POINTS};
enum { N_KS = sizeof ks / sizeof *ks };

static const struct panel {
    enum experiment_data data;
    enum loss_kind loss;
    const char *title;
    double low, high; /* of both axes */
} panels[PANELS] = {
    {EXPERIMENT_MULTI_MODAL, LOSS_CROSS_ENTROPY, "multi-modal, logistic loss", -1, 3},
    {EXPERIMENT_MULTI_MODAL, LOSS_HINGE, "multi-modal, hinge loss", -1, 3},
    {EXPERIMENT_IMBALANCED, LOSS_CROSS_ENTROPY, "imbalanced, logistic loss", -0.8, 3.2},
    {EXPERIMENT_IMBALANCED, LOSS_HINGE, "imbalanced, hinge loss", -0.8, 3.2},
};

static const struct boundary {
    int k;
    const char *name;
    struct canvas_colour colour;
} boundaries[] = {
    {1, "k = 1", {{230, 140, 0}}},
    {10, "k = 10", {{0, 150, 60}}},
    {EXPERIMENT_POINTS, "k = n", {{130, 60, 190}}},
};
enum { N_BOUNDARIES = sizeof boundaries / sizeof *boundaries };

static const struct canvas_colour black = {{0, 0, 0}}, grey = {{120, 120, 120}},
                                  light = {{225, 225, 225}}, blue = {{40, 100, 200}},
                                  red = {{210, 50, 50}};

/* In pixels. */
enum { CELL = 430, MARGIN = 62, TOP = 90, SIDE = 350, GAP = 70, CURVE = 240 };
static const double dot = 2;

static void measure(double error[N_KS], const struct panel *p)
{
    for (int i = 0; i < N_KS; i++) {
        error[i] = 0;
        for (int draw = 0; draw < DRAWS; draw++) {
            struct experiment_set set;
            experiment_draw(&set, p->data, (uint64_t)draw);
            const struct experiment_line line =
                experiment_train(&set, p->loss, ks[i], (uint64_t)draw);
            error[i] += experiment_error(&set, &line) / DRAWS;
        }
    }
}

static void print_table(double error[PANELS][N_KS])
{
    printf("Misclassified, %%, of %d points, mean of %d draws\n%-28s", EXPERIMENT_POINTS, DRAWS,
           "k");
    for (int i = 0; i < N_KS; i++)
        printf("%6d", ks[i]);
    printf("\n");
    for (int p = 0; p < PANELS; p++) {
        printf("%-28s", panels[p].title);
        for (int i = 0; i < N_KS; i++)
            printf("%6.2f", 100 * error[p][i]);
        printf("\n");
    }
}

static void frame(struct canvas *c, const struct canvas_box *b)
{
    canvas_line(c, b->left, b->top, b->left, b->bottom, 1.5, grey);
    canvas_line(c, b->left, b->bottom, b->right, b->bottom, 1.5, grey);
}

/* ---- the points and the boundaries ---- */

struct view {
    struct canvas_box box;
    double low, scale;
};

static double across(const struct view *v, double x)
{
    return v->box.left + (x - v->low) * v->scale;
}

static double down(const struct view *v, double y)
{
    return v->box.bottom - (y - v->low) * v->scale;
}

/* The line w . x + b = 0: through its point next to the origin, 10 to either side. */
static void draw_boundary(struct canvas *c, const struct view *v, const struct experiment_line *l,
                          struct canvas_colour colour)
{
    double size = hypot(l->weight[0], l->weight[1]);
    if (!(size > 0))
        return;
    double nx = l->weight[0] / size, ny = l->weight[1] / size, d = -l->weight[2] / size;
    canvas_line(c, across(v, d * nx - 10 * ny), down(v, d * ny + 10 * nx),
                across(v, d * nx + 10 * ny), down(v, d * ny - 10 * nx), 3, colour);
}

static void draw_points(struct canvas *c, const struct canvas_box *box, const struct panel *p)
{
    const struct view v = {*box, p->low, SIDE / (p->high - p->low)};
    struct experiment_set set;

    experiment_draw(&set, p->data, 0);
    canvas_clip(c, box);
    for (int i = 0; i < EXPERIMENT_POINTS; i++) {
        double x = across(&v, set.x[i][0]), y = down(&v, set.x[i][1]);
        if (set.label[i])
            canvas_disc(c, x, y, 3.5, blue);
        else
            canvas_cross(c, x, y, 4, red);
    }
    for (int i = 0; i < N_BOUNDARIES; i++) {
        const struct experiment_line line = experiment_train(&set, p->loss, boundaries[i].k, 0);
        draw_boundary(c, &v, &line, boundaries[i].colour);
    }
    const float *outlier = set.x[EXPERIMENT_POINTS - 1];
    canvas_disc(c, across(&v, outlier[0]), down(&v, outlier[1]), 8, black);
    canvas_disc(c, across(&v, outlier[0]), down(&v, outlier[1]), 6, blue);
    canvas_clip(c, NULL);
    frame(c, box);
    canvas_text(c, (box->left + box->right) / 2, box->top - 14, dot, 0.5, p->title, black);
    canvas_text(c, across(&v, outlier[0]), down(&v, outlier[1]) - 14, dot, 0.5, "outlier", black);
}

/* ---- the error over k ---- */

static double position(const struct canvas_box *b, int k)
{
    return b->left + (b->right - b->left) * log(k) / log(EXPERIMENT_POINTS);
}

static void draw_error(struct canvas *c, const struct canvas_box *b, const double error[N_KS])
{
    static const int marks[] = {1, 3, 10, 30, 100};
    double most = 0;
    char text[16];

    for (int i = 0; i < N_KS; i++)
        most = fmax(most, 100 * error[i]);
    double tick = most > 6 ? 4 : most > 3 ? 2 : 1, top = tick * ceil(most / tick);
    for (double y = 0; y <= top; y += tick) {
        double at = b->bottom - (b->bottom - b->top) * y / top;
        canvas_line(c, b->left, at, b->right, at, 1, light);
        snprintf(text, sizeof text, "%.0f%%", y);
        canvas_text(c, b->left - 8, at + 3.5 * dot, dot, 1, text, black);
    }
    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++) {
        snprintf(text, sizeof text, "%d", marks[i]);
        canvas_text(c, position(b, marks[i]), b->bottom + 26, dot, 0.5, text, black);
        canvas_line(c, position(b, marks[i]), b->bottom, position(b, marks[i]), b->bottom + 5, 1.5,
                    grey);
    }
    canvas_text(c, b->right, b->bottom + 26, dot, 0.5, "n", black);
    frame(c, b);
    for (int i = 0; i < N_KS; i++) {
        double x = position(b, ks[i]), y = b->bottom - (b->bottom - b->top) * 100 * error[i] / top;
        if (i > 0)
            canvas_line(c, position(b, ks[i - 1]),
                        b->bottom - (b->bottom - b->top) * 100 * error[i - 1] / top, x, y, 2,
                        black);
        struct canvas_colour colour = black;
        for (int j = 0; j < N_BOUNDARIES; j++)
            if (boundaries[j].k == ks[i])
                colour = boundaries[j].colour;
        canvas_disc(c, x, y, 5, colour);
    }
    canvas_text(c, (b->left + b->right) / 2, b->top - 14, dot, 0.5, "misclassified over k", black);
}

static enum status draw(const char *path, double error[PANELS][N_KS], struct error *err)
{
    struct canvas c;
    enum status status = canvas_create(&c, PANELS * CELL, TOP + SIDE + GAP + CURVE + 50, err);

    for (int p = 0; status == STATUS_OK && p < PANELS; p++) {
        double left = p * CELL + MARGIN;
        const struct canvas_box points = {left, TOP, left + SIDE, TOP + SIDE};
        const struct canvas_box curve = {left, TOP + SIDE + GAP, left + SIDE,
                                         TOP + SIDE + GAP + CURVE};
        draw_points(&c, &points, &panels[p]);
        draw_error(&c, &curve, error[p]);
    }
    for (int i = 0; status == STATUS_OK && i < N_BOUNDARIES; i++) {
        double x = PANELS * CELL / 2 + (i - 1) * 260;
        canvas_line(&c, x - 110, 30, x - 70, 30, 3, boundaries[i].colour);
        canvas_text(&c, x - 60, 40, 3, 0, boundaries[i].name, black);
    }
    if (status == STATUS_OK)
        status = canvas_save(&c, path, err);
    canvas_destroy(&c);
    return status;
}

int main(int argc, char **argv)
{
    double error[PANELS][N_KS];
    struct error err;

    if (argc != 2) {
        fputs("usage: figure1 PICTURE.png\n", stderr);
        return 2;
    }
    for (int p = 0; p < PANELS; p++)
        measure(error[p], &panels[p]);
    print_table(error);
    if (draw(argv[1], error, &err) != STATUS_OK) {
        fprintf(stderr, "figure1: %s\n", err.message);
        return 1;
    }
    printf("drawn: %s\n", argv[1]);
    return 0;
}
