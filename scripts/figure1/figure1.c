/* make figure1: the synthetic experiment of the paper (see experiment.h) for several k.
 *
 *     figure1 NUMBERS.json
 *
 * prints how many points are misclassified against k, as a mean over ten draws of the points, and
 * writes what scripts/plot draws: for both data sets with both losses the points of the first draw,
 * their boundaries, and that error over k. */
#include "experiment.h"

#include "base/files.h"
#include "io/json_write.h"

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

static const int boundary_ks[] = {1, 10, EXPERIMENT_POINTS};
enum { N_BOUNDARIES = sizeof boundary_ks / sizeof *boundary_ks };

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

/* ---- the numbers as a file ---- */

/* "x", "y" and "label" of the points; the last point is the outlier. */
static void put_points(struct json_write *w, const struct experiment_set *set)
{
    double x[EXPERIMENT_POINTS], y[EXPERIMENT_POINTS], label[EXPERIMENT_POINTS];

    for (int i = 0; i < EXPERIMENT_POINTS; i++) {
        x[i] = (double)set->x[i][0];
        y[i] = (double)set->x[i][1];
        label[i] = set->label[i];
    }
    json_write_numbers(w, "x", x, EXPERIMENT_POINTS);
    json_write_numbers(w, "y", y, EXPERIMENT_POINTS);
    json_write_numbers(w, "label", label, EXPERIMENT_POINTS);
}

/* "boundary 10" is a, b and c of the line a x + b y + c = 0 for k = 10. */
static void put_boundaries(struct json_write *w, const struct experiment_set *set,
                           enum loss_kind loss)
{
    for (int i = 0; i < N_BOUNDARIES; i++) {
        const struct experiment_line line = experiment_train(set, loss, boundary_ks[i], 0);
        char key[32];
        snprintf(key, sizeof key, "boundary %d", boundary_ks[i]);
        json_write_numbers(w, key, line.weight, 3);
    }
}

static void put_panel(struct json_write *w, const struct panel *p, const double error[N_KS])
{
    struct experiment_set set;

    experiment_draw(&set, p->data, 0);
    json_write_list_item(w);
    json_write_text(w, "title", p->title);
    json_write_number(w, "low", p->low);
    json_write_number(w, "high", p->high);
    put_points(w, &set);
    put_boundaries(w, &set, p->loss);
    json_write_numbers(w, "error", error, N_KS);
}

static enum status put_all(FILE *stream, double error[PANELS][N_KS], struct error *err)
{
    double k[N_KS];
    struct json_write *w = json_write_begin(err);

    if (!w)
        return err->status;
    for (int i = 0; i < N_KS; i++)
        k[i] = ks[i];
    json_write_numbers(w, "k", k, N_KS);
    json_write_list_begin(w, "panels");
    for (int p = 0; p < PANELS; p++)
        put_panel(w, &panels[p], error[p]);
    json_write_list_end(w);
    return json_write_end(w, stream, err);
}

static enum status save(const char *path, double error[PANELS][N_KS], struct error *err)
{
    struct files_writer w;

    if (files_open(&w, path, err) != STATUS_OK)
        return err->status;
    if (put_all(w.stream, error, err) == STATUS_OK)
        return files_commit(&w, err);
    files_abandon(&w);
    return err->status;
}

int main(int argc, char **argv)
{
    double error[PANELS][N_KS];
    struct error err;

    if (argc != 2) {
        fputs("usage: figure1 NUMBERS.json\n", stderr);
        return 2;
    }
    for (int p = 0; p < PANELS; p++)
        measure(error[p], &panels[p]);
    print_table(error);
    if (save(argv[1], error, &err) != STATUS_OK) {
        fprintf(stderr, "figure1: %s\n", err.message);
        return 1;
    }
    return 0;
}
