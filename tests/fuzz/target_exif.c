/* An EXIF block, and the same bytes as texts of a PNG. */
#include "fuzz.h"

#include "image/orientation.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const key[] = {"Raw profile type exif", "XML:com.adobe.xmp", "Comment"};
    struct error err;
    int orientation;
    char *text = malloc(size + 1);

    FUZZ_MUST(text);
    memcpy(text, data, size);
    text[size] = '\0';
    orientation = orientation_from_exif(data, size);
    FUZZ_MUST(orientation >= 1 && orientation <= 8);
    for (int i = 0; i < 3; i++) {
        FUZZ_MUST(orientation_from_text(&orientation, key[i], text, &err) == STATUS_OK);
        FUZZ_MUST(orientation >= 1 && orientation <= 8);
    }
    free(text);
    return 0;
}
