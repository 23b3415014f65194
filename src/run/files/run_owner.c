/* A weights file beside an args.yaml stands for the run. */
#include "run/files/run_owner.h"

#include "base/files.h"
#include "run/files/run_folder.h"

#include <stdlib.h>

enum status run_owner_holds(bool *holds, const char *model, const char *path, struct error *err)
{
    char *above = NULL, *args = NULL;
    enum status status = files_directory(&above, model, err);
    *holds = false;
    if (status == STATUS_OK)
        status = run_folder_holds(holds, model, path, err);
    if (status == STATUS_OK)
        status = files_join(&args, above, "args.yaml", err);
    if (status == STATUS_OK && !*holds && files_exist(args))
        status = run_folder_holds(holds, above, path, err);
    free(args);
    free(above);
    return status;
}
