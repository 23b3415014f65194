#include "run/train/dry_run.h"

#include "base/files.h"
#include "run/files/first_batches.h"
#include "run/files/side_folder.h"
#include "run/train/session_machine.h"

#include <stdlib.h>
#include <unistd.h>

static const struct side_folder place = {
    .option = "--dry-run",
    .name = "dry-run",
    .file = first_batches_file,
    .n_files = FIRST_BATCHES + 1,
};

enum status dry_run_check(const struct settings *settings, struct error *err)
{
    return side_folder_check(&place, settings->out, err);
}

static enum status write_into(char *const path[FIRST_BATCHES + 1], struct session *s,
                              struct error *err)
{
    const struct loader_options options = session_machine_loader_options(s);
    const char *file[FIRST_BATCHES + 1];
    enum status status = session_open_train_loader(s, err);

    if (status != STATUS_OK)
        return status;
    for (int i = 0; i <= FIRST_BATCHES; i++) {
        file[i] = path[i];
        unlink(path[i]); /* an earlier dry run may have had more batches */
    }
    return first_batches_write(file, s->train_loader, s->data, &options, err);
}

enum status dry_run_write(char **folder, struct session *s, struct error *err)
{
    char *path[FIRST_BATCHES + 1] = {NULL};
    enum status status = side_folder_make(folder, &place, s->settings->out, err);

    for (int i = 0; status == STATUS_OK && i <= FIRST_BATCHES; i++)
        status = files_join(&path[i], *folder, first_batches_file[i], err);
    if (status == STATUS_OK)
        status = write_into(path, s, err);
    for (int i = 0; i <= FIRST_BATCHES; i++)
        free(path[i]);
    return status;
}
