#include "cli/predict_outputs.h"

#include "base/files.h"
#include "run/files/run_owner.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

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

static enum status check_model(const struct output *output, const char *model, struct error *err)
{
    bool holds;
    if (check_file(output, model, "the model", err) != STATUS_OK ||
        run_owner_holds(&holds, model, output->path, err) != STATUS_OK)
        return err->status;
    return holds ? refuse(output, "a file of the run", err) : STATUS_OK;
}

static const char *kind_of(const char *path)
{
    return predict_options_is_table(path) ? "the table of images" : "an image to classify";
}

static enum status check_inputs(const struct output *output, const struct predict_options *o,
                                struct error *err)
{
    for (int i = 0; i < o->n_models; i++)
        if (check_model(output, o->models[i], err) != STATUS_OK)
            return err->status;
    for (int i = 0; i < o->n_data; i++)
        if (strcmp(o->data[i], "-") != 0 &&
            check_file(output, o->data[i], kind_of(o->data[i]), err) != STATUS_OK)
            return err->status;
    return o->list && strcmp(o->list, "-") != 0
               ? check_file(output, o->list, "the list of images", err)
               : STATUS_OK;
}

enum status predict_outputs_check(const struct predict_options *o, struct error *err)
{
    struct output output[N_OUTPUTS];
    int n = list_outputs(output, o);

    for (int i = 0; i < n; i++)
        if (check_inputs(&output[i], o, err) != STATUS_OK)
            return err->status;
    return n > 1 ? check_file(&output[1], output[0].path, "where the table goes", err) : STATUS_OK;
}

/* A map would be taken for one of them the next time, or overwrite one. */
static enum status check_folder(const char *cam, const struct dataset *images, struct error *err)
{
    struct stat maps, info;
    char *before = NULL;
    enum status status = STATUS_OK;

    if (stat(cam, &maps) != 0)
        return STATUS_OK; /* it is new */
    for (int i = 0; status == STATUS_OK && i < dataset_size(images); i++) {
        char *folder;
        const char *path = dataset_sample(images, i)->path;
        if (files_directory(&folder, path, err) != STATUS_OK) {
            status = err->status;
            break;
        }
        if ((!before || strcmp(before, folder) != 0) && stat(folder, &info) == 0 &&
            info.st_dev == maps.st_dev && info.st_ino == maps.st_ino)
            status = error_usage(err, "--cam: %s holds an image to classify, %s", cam, path);
        free(before);
        before = folder;
    }
    free(before);
    return status;
}

enum status predict_outputs_check_images(const struct predict_options *o,
                                         const struct dataset *images, struct error *err)
{
    struct output output[N_OUTPUTS];
    int n = list_outputs(output, o);

    if (*dataset_path(images)) /* which a list may have named */
        for (int i = 0; i < n; i++)
            if (check_file(&output[i], dataset_path(images), "the table of images", err) !=
                STATUS_OK)
                return err->status;
    for (int i = 0; i < n; i++)
        for (int j = 0; files_exist(output[i].path) && j < dataset_size(images); j++)
            if (check_file(&output[i], dataset_sample(images, j)->path, "an image to classify",
                           err) != STATUS_OK)
                return err->status;
    return o->cam ? check_folder(o->cam, images, err) : STATUS_OK;
}
