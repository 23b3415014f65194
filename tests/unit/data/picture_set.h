/* A data set of small PNG pictures of several sizes in the scratch folder. */
#ifndef PICTURE_SET_H
#define PICTURE_SET_H

#include "data/dataset.h"
#include "data/scratch_files.h"

enum { N_PICTURES = 23, PICTURE_SIZE = 12 };

/* Row i is picture "i.png" with label i % 3, on line i + 2; row 1 is PICTURE_SIZE square. */
static inline struct dataset *picture_set(void)
{
    const struct dataset_options opt = {
        .image_column = "image", .label_column = "label", .header = true, .delimiter = ','};
    struct dataset *d;
    struct error err;
    char text[1024] = "image,label\n", name[32];
    for (int i = 0; i < N_PICTURES; i++) {
        snprintf(name, sizeof name, "%d.png", i);
        scratch_png(name, i == 1 ? PICTURE_SIZE : 5 + 3 * i, i == 1 ? PICTURE_SIZE : 40 - i, i);
        sprintf(text + strlen(text), "%s,%d\n", name, i % 3);
    }
    assert_int_equal(dataset_load(&d, scratch_write_text("set.csv", text), &opt, &err), STATUS_OK);
    return d;
}

#endif
