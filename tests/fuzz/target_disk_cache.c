/* The file of the disk cache: whatever is in it, an image that is stored is found again, and one
 * that is found is whole. */
#include "fuzz.h"

#include "data/disk_cache.h"

#include <string.h>

enum { RECORD_BYTES = 12 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct image_key key = {{0x0123456789abcdef, 7}}, other = {{1, 2}};
    const uint8_t image[RECORD_BYTES] = "eleven byte";
    uint8_t found[RECORD_BYTES];
    char folder[128];
    struct disk_cache *d = NULL;
    struct error err;

    snprintf(folder, sizeof folder, "%s", fuzz_file("records", data, size));
    *strrchr(folder, '/') = '\0';
    enum status status = disk_cache_open_records(&d, folder, "records", RECORD_BYTES, &err);
    fuzz_check_error(status, &err);
    if (status != STATUS_OK)
        return 0;
    disk_cache_find(d, found, &key);
    disk_cache_find(d, found, &other);
    disk_cache_store(d, &key, image);
    FUZZ_MUST(disk_cache_trouble(d, &err) == STATUS_OK);
    FUZZ_MUST(disk_cache_find(d, found, &key));
    disk_cache_close(d);
    FUZZ_MUST(disk_cache_open_records(&d, folder, "records", RECORD_BYTES, &err) == STATUS_OK);
    FUZZ_MUST(disk_cache_find(d, found, &key));
    disk_cache_close(d);
    return 0;
}
