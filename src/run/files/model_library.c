#include "run/files/model_library.h"

#include "run/files/library.h"
#include "run/files/model_file.h"

#include <stdlib.h>

enum status model_library_find(struct model_spec *out, const char *what, struct error *err)
{
    char *path;
    enum status status = library_find(&path, LIBRARY_MODELS, what, err);

    if (status == STATUS_OK)
        status = model_file_read(out, path, err);
    free(path);
    return status;
}
