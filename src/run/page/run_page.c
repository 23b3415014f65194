#include "run/page/run_page.h"

#include "run/files/run_folder.h"
#include "run/page/page.h"

#include <stdlib.h>

static enum status write_document(const struct page_run *run, const char *path,
                                  const struct run_document_progress *progress, struct error *err)
{
    struct json_document *d = json_document_create(err);

    if (!d)
        return err->status;
    enum status status = run_document_put(d, run, progress, err);
    if (status == STATUS_OK)
        status = page_write(path, d, err);
    json_document_destroy(d);
    return status;
}

enum status run_page_put(const struct page_run *run, const struct run_document_progress *progress,
                         struct error *err)
{
    char *path = NULL;
    enum status status = run_folder_join(&path, run->folder, RUN_FILE_REPORT, err);

    if (status == STATUS_OK)
        status = write_document(run, path, progress, err);
    free(path);
    return status;
}

enum status run_page_write(const char *folder, struct error *err)
{
    struct page_run run;
    enum status status = page_run_read(&run, folder, err);

    if (status == STATUS_OK)
        status = run_page_put(&run, NULL, err);
    page_run_free(&run);
    return status;
}
