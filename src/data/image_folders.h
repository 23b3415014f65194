/* Images that are sorted into folders, one folder a class, as rows of a table. */
#ifndef DATA_IMAGE_FOLDERS_H
#define DATA_IMAGE_FOLDERS_H

#include "base/error.h"
#include "data/path_list.h"

#include <signal.h>
#include <stdbool.h>
#include <stdio.h>

/* Files or folders that are no rows. */
struct image_folders_rest {
    int n;
    char *first; /* its path from the folder; NULL: none */
};

/* Plain; all zero is fine to free. */
struct image_folders {
    struct path_list image;          /* from the folder on: "class/.../file"; ascending by bytes */
    int n_classes;                   /* that have images */
    struct image_folders_rest other, /* files whose names are not those of images */
        loose,                       /* images beside the folders of classes */
        empty,                       /* folders of classes without an image */
        loops;                       /* links to folders above them */
};

#define IMAGE_FOLDERS_ENDINGS ".jpg, .jpeg, .jpe, .jfif, .png, .webp, .gif, .tif, .tiff or .bmp"
bool image_folders_is_image(const char *name); /* by its ending, in any case */
/* Every folder in `folder` is a class, and the images in it and further down are of that class.
 * Images are files whose names end as IMAGE_FOLDERS_ENDINGS says, in any case. What is hidden
 * (a name with a dot in front) is passed over, symbolic links are followed, but none to a folder
 * above itself.
 *
 * Errors: a folder that cannot be read, a link to nothing, a name with a line feed (in no list of
 * names is it safe), no image at all; and *stop, which is looked at now and then. */
enum status image_folders_list(struct image_folders *out, const char *folder,
                               const volatile sig_atomic_t *stop, struct error *err);
/* Every image in `folder` and further down, to be classified: classes, loose and empty folders are
 * not counted. As above, but that a name may hold a line feed, and that a link to nothing, which is
 * named like an image, is in the list. */
enum status image_folders_every(struct image_folders *out, const char *folder,
                                const volatile sig_atomic_t *stop, struct error *err);
/* The table: the columns image, with `prefix` in front, and label. */
void image_folders_write(const struct image_folders *list, const char *prefix, FILE *stream);
void image_folders_free(struct image_folders *list);

/* When the folders in `folder` are train and some of val, valid, validation and test, and train has
 * folders itself: name = these, ascending, and how many there are. Else 0. */
enum { IMAGE_FOLDERS_MOST_SPLITS = 5 };
int image_folders_splits(const char *name[IMAGE_FOLDERS_MOST_SPLITS], const char *folder);

#endif
