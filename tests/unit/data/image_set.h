/* A data set of small PNG images of several sizes in the scratch folder. */
#ifndef IMAGE_SET_H
#define IMAGE_SET_H

#include "data/dataset.h"
#include "data/scratch_files.h"

enum { N_IMAGES = 23, IMAGE_SIZE = 12 };

/* Row i is image "i.png" with label i % 3, on line i + 2; row 1 is IMAGE_SIZE square. */
static inline struct dataset *image_set(void)
{
    const struct dataset_options opt = {
        .image_column = "image", .label_column = "label", .header = true, .delimiter = ','};
    struct dataset *d;
    struct error err;
    char text[1024] = "image,label\n", name[32];
    for (int i = 0; i < N_IMAGES; i++) {
        snprintf(name, sizeof name, "%d.png", i);
        scratch_png(name, i == 1 ? IMAGE_SIZE : 5 + 3 * i, i == 1 ? IMAGE_SIZE : 40 - i, i);
        sprintf(text + strlen(text), "%s,%d\n", name, i % 3);
    }
    assert_int_equal(dataset_load(&d, scratch_write_text("set.csv", text), &opt, &err), STATUS_OK);
    return d;
}

#endif
