#include "run/page/compare_runs.h"

#include "base/files.h"
#include "base/memory.h"
#include "run/files/run_folder.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>

static enum status add(struct compare_runs *r, const char *folder, struct error *err)
{
    char **grown =
        memory_grown(r->folder, &r->capacity, (size_t)r->n + 1, sizeof *grown, "list of runs", err);

    if (!grown)
        return err->status;
    r->folder = grown;
    grown[r->n] = memory_string(folder, err);
    if (!grown[r->n])
        return err->status;
    r->n++;
    return STATUS_OK;
}

static enum status holds_args(bool *holds, const char *folder, struct error *err)
{
    char *path = NULL;
    enum status status = run_folder_join(&path, folder, RUN_FILE_ARGS, err);

    *holds = status == STATUS_OK && files_exist(path);
    free(path);
    return status;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static enum status add_if_run(struct compare_runs *r, const char *folder, const char *name,
                              struct error *err)
{
    char *path = NULL;
    bool is_run = false;
    enum status status = name[0] == '.' ? STATUS_OK : files_join(&path, folder, name, err);

    if (path)
        status = holds_args(&is_run, path, err);
    if (is_run)
        status = add(r, path, err);
    free(path);
    return status;
}

static enum status add_sweep(struct compare_runs *r, const char *sweep, struct error *err)
{
    char *folder = NULL;
    int before = r->n;

    if (files_join(&folder, sweep, "runs", err) != STATUS_OK)
        return err->status;
    DIR *d = opendir(folder);
    enum status status = STATUS_OK;
    const struct dirent *entry = d ? readdir(d) : NULL;
    for (; status == STATUS_OK && entry; entry = readdir(d))
        status = add_if_run(r, folder, entry->d_name, err);
    if (d)
        closedir(d);
    free(folder);
    if (status == STATUS_OK && r->n == before)
        return error_set(err,
                         "%s: neither a run folder, which holds args.yaml, nor that of a "
                         "sweep, which has such folders in runs/",
                         sweep);
    if (r->n - before > 1)
        qsort(r->folder + before, (size_t)(r->n - before), sizeof *r->folder, compare_names);
    return status;
}

enum status compare_runs_find(struct compare_runs *out, char *const *folder, int n,
                              struct error *err)
{
    bool is_run = false;

    *out = (struct compare_runs){0};
    for (int i = 0; i < n; i++) {
        if (holds_args(&is_run, folder[i], err) != STATUS_OK ||
            (is_run ? add(out, folder[i], err) : add_sweep(out, folder[i], err)) != STATUS_OK)
            return err->status;
    }
    out->is_sweep = n == 1 && !is_run;
    if (out->is_sweep)
        return files_join(&out->page, folder[0], "report.html", err);
    out->page = memory_string("comparison.html", err);
    return out->page ? STATUS_OK : err->status;
}

void compare_runs_free(struct compare_runs *r)
{
    for (int i = 0; i < r->n; i++)
        free(r->folder[i]);
    free(r->folder);
    free(r->page);
    *r = (struct compare_runs){0};
}
