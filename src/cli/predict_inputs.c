/* Arguments and the lines of lists are handled alike: first each is put into the list of paths, or
 * the files it holds are, then runs of images become data sets between those of the tables. */
#include "cli/predict_inputs.h"

#include "base/files.h"
#include "base/memory.h"
#include "cli/stop_signal.h"
#include "data/image_folders.h"
#include "data/path_list.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

struct gather {
    struct predict_inputs *out;
    const struct predict_options *options;
    const struct class_list *classes;
    void (*warn)(const struct error *warning);
    struct path_list images; /* that are in no data set yet */
};

/* Takes d, also when it fails. */
static enum status add_part(struct predict_inputs *in, struct dataset *d, struct error *err)
{
    struct dataset **grown = memory_grown(in->part, &in->capacity, (size_t)in->n + 1, sizeof *grown,
                                          "a list of data sets", err);
    if (grown)
        in->part = grown;
    else
        dataset_destroy(d);
    if (!grown)
        return err->status;
    in->part[in->n++] = d;
    if (dataset_size(d) > INT_MAX - in->n_images)
        return error_set(err, "more than %d images", INT_MAX);
    in->n_images += dataset_size(d);
    return STATUS_OK;
}

static enum status close_images(struct gather *g, struct error *err)
{
    struct dataset *d;
    if (g->images.n == 0)
        return STATUS_OK;
    if (dataset_from_images(&d, g->images.path, g->images.n, err) != STATUS_OK)
        return err->status;
    path_list_free(&g->images);
    return add_part(g->out, d, err);
}

static enum status add_table(struct gather *g, const char *path, struct error *err)
{
    const struct settings *set = &g->options->set;
    const struct dataset_options options = {
        .images = set->images,
        .image_column = set->image_column,
        .label_column = set->label_column,
        .header = !set->no_header,
        .delimiter = set->delimiter,
        .labels_optional = true,
        .classes = g->classes,
    };
    struct dataset *d;
    if (close_images(g, err) != STATUS_OK || dataset_load(&d, path, &options, err) != STATUS_OK)
        return err->status;
    return add_part(g->out, d, err);
}

static void tell_rest(const struct gather *g, const char *folder,
                      const struct image_folders_rest *rest, const char *one, const char *many)
{
    struct error warning;
    if (rest->n == 0)
        return;
    error_set(&warning, "%s: %d %s passed over (the first: %s)", folder, rest->n,
              rest->n == 1 ? one : many, rest->first);
    g->warn(&warning);
}

static enum status add_folder(struct gather *g, const char *folder, struct error *err)
{
    struct image_folders found;
    enum status status = image_folders_every(&found, folder, &stop_signal, err);
    if (status != STATUS_OK)
        return status;
    tell_rest(g, folder, &found.other, "file that is not named like an image is",
              "files that are not named like images are");
    tell_rest(g, folder, &found.loops, "link to a folder above it is",
              "links to folders above them are");
    size_t length = strlen(folder);
    while (length > 1 && folder[length - 1] == '/')
        length--;
    for (int i = 0; status == STATUS_OK && i < found.image.n; i++) {
        char *path = memory_array(length + strlen(found.image.path[i]) + 2, 1, "a path", err);
        if (!path) {
            status = err->status;
            break;
        }
        bool is_root = length == 1 && folder[0] == '/';
        sprintf(path, "%.*s%s%s", (int)length, folder, is_root ? "" : "/", found.image.path[i]);
        status = path_list_add(&g->images, path, err);
        free(path);
    }
    image_folders_free(&found);
    return status;
}

static enum status add_path(struct gather *g, const char *path, struct error *err)
{
    if (files_is_directory(path))
        return add_folder(g, path, err);
    if (predict_options_is_table(path))
        return add_table(g, path, err);
    return path_list_add(&g->images, path, err);
}

static enum status read_list(struct path_list *out, const struct gather *g, const char *file,
                             struct error *err)
{
    bool is_input = strcmp(file, "-") == 0;
    const char *name = is_input ? "standard input" : file;
    FILE *stream = is_input ? stdin : fopen(file, "rb");
    if (!stream)
        return error_errno(err, "cannot read %s", file);
    enum status status =
        path_list_read(out, stream, g->options->zero_ends ? '\0' : '\n', name, err);
    if (!is_input)
        fclose(stream);
    if (status == STATUS_OK && out->n == 0)
        return error_set(err, "%s: no paths; expected one on each line", name);
    return status;
}

static enum status add_list(struct gather *g, const char *file, struct error *err)
{
    struct path_list list = {0};
    enum status status = read_list(&list, g, file, err);
    for (int i = 0; status == STATUS_OK && i < list.n; i++)
        status = add_path(g, list.path[i], err);
    path_list_free(&list);
    return status;
}

static enum status gather_all(struct gather *g, struct error *err)
{
    const struct predict_options *o = g->options;
    for (int i = 0; i < o->n_data; i++) {
        bool is_list = strcmp(o->data[i], "-") == 0;
        enum status status = is_list ? add_list(g, "-", err) : add_path(g, o->data[i], err);
        if (status != STATUS_OK)
            return status;
    }
    if (o->list && add_list(g, o->list, err) != STATUS_OK)
        return err->status;
    return close_images(g, err);
}

enum status predict_inputs_load(struct predict_inputs *out, const struct predict_options *o,
                                const struct class_list *classes,
                                void (*warn)(const struct error *warning), struct error *err)
{
    struct gather g = {.out = out, .options = o, .classes = classes, .warn = warn};
    *out = (struct predict_inputs){0};
    enum status status = gather_all(&g, err);
    path_list_free(&g.images);
    return status;
}

void predict_inputs_free(struct predict_inputs *in)
{
    for (int i = 0; i < in->n; i++)
        dataset_destroy(in->part[i]);
    free(in->part);
    *in = (struct predict_inputs){0};
}
