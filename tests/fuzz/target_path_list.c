/* A list of paths: what is accepted has no empty path, and none that is longer than a path can be.
 */
#include "fuzz.h"

#include "data/path_list.h"

#include <string.h>

static void read_as(const uint8_t *data, size_t size, char end)
{
    struct path_list list = {0};
    struct error err;
    FILE *stream = fmemopen((void *)data, size, "r");

    if (!stream) /* of no bytes */
        return;
    fuzz_check_error(path_list_read(&list, stream, end, "names", &err), &err);
    for (int i = 0; i < list.n; i++)
        FUZZ_MUST(list.path[i][0] && strlen(list.path[i]) <= PATH_LIST_MOST_BYTES &&
                  (end != '\n' || !strchr(list.path[i], '\n')));
    path_list_free(&list);
    fclose(stream);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    read_as(data, size, '\n');
    read_as(data, size, '\0');
    return 0;
}
