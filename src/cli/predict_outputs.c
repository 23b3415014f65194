#include "cli/predict_outputs.h"

#include "base/files.h"
#include "run/files/run_folder.h"

#include <stdlib.h>
#include <string.h>

enum { N_OUTPUTS = 2 };

struct output {
    const char *option, *path;
};

static int list_outputs(struct output out[N_OUTPUTS], const struct predict_options *o)
{
    out[0] =
        o->set.out ? (struct output){"--out", o->set.out} : (struct output){"standard output", "-"};
    out[1] = (struct output){"--confusion-matrix", o->confusion_matrix};
    return o->confusion_matrix ? 2 : 1;
}

static enum status refuse(const struct output *output, const char *what, struct error *err)
{
    bool named = strcmp(output->path, "-") != 0;
    return error_usage(err, "%s%s%s is %s, which would be overwritten", output->option,
                       named ? ": " : "", named ? output->path : "", what);
}

static enum status check_file(const struct output *output, const char *input, const char *what,
                              struct error *err)
{
    bool same;
    if (files_same(&same, output->path, input, err) != STATUS_OK)
        return err->status;
    return same ? refuse(output, what, err) : STATUS_OK;
}

/* A weights file in a run folder stands for the run. */
static enum status check_model(const struct output *output, const char *model, struct error *err)
{
    char *above = NULL, *args = NULL;
    bool holds = false;
    if (check_file(output, model, "the model", err) != STATUS_OK ||
        files_directory(&above, model, err) != STATUS_OK)
        return err->status;
    enum status status = run_folder_holds(&holds, model, output->path, err);
    if (status == STATUS_OK)
        status = files_join(&args, above, "args.yaml", err);
    if (status == STATUS_OK && !holds && files_exist(args))
        status = run_folder_holds(&holds, above, output->path, err);
    free(args);
    free(above);
    return status == STATUS_OK && holds ? refuse(output, "a file of the run", err) : status;
}

enum status predict_outputs_check(const struct predict_options *o, struct error *err)
{
    struct output output[N_OUTPUTS];
    int n = list_outputs(output, o);
    const char *what = predict_options_is_table(o) ? "the table of images" : "an image to classify";

    for (int i = 0; i < n; i++) {
        if (check_model(&output[i], o->model, err) != STATUS_OK)
            return err->status;
        for (int j = 0; j < o->n_data; j++)
            if (check_file(&output[i], o->data[j], what, err) != STATUS_OK)
                return err->status;
    }
    return n > 1 ? check_file(&output[1], output[0].path, "where the table goes", err) : STATUS_OK;
}

enum status predict_outputs_check_images(const struct predict_options *o,
                                         const struct dataset *images, struct error *err)
{
    struct output output[N_OUTPUTS];
    int n = list_outputs(output, o);

    for (int i = 0; i < n; i++)
        for (int j = 0; files_exist(output[i].path) && j < dataset_size(images); j++)
            if (check_file(&output[i], dataset_sample(images, j)->path, "an image to classify",
                           err) != STATUS_OK)
                return err->status;
    return STATUS_OK;
}
