/* --cam: what the network looked at, as images in a folder. */
#ifndef CLI_PREDICT_CAM_H
#define CLI_PREDICT_CAM_H

#include "data/sample.h"
#include "nn/layer.h"
#include "run/files/checkpoint.h"
#include "run/train/evaluator.h"

/* Plain; all zero is fine to free. */
struct predict_cam {
    const char *folder;                         /* borrowed */
    const struct checkpoint_metadata *metadata; /* of the network: size, mean, std; borrowed */
    struct shape map;
    uint8_t *rgb; /* [size, size, 3] */
};

/* Makes the folder, unless it is there. */
enum status predict_cam_create(struct predict_cam *c, const char *folder,
                               const struct checkpoint_metadata *metadata, struct shape map,
                               struct error *err);
/* The resized image under the map of its predicted class, as folder/000017-NAME.png: number, from
 * 1, keeps names apart, and of the image's name what is behind its last slash is taken, without its
 * extension, and no byte that a shell or a terminal could misread. */
enum status predict_cam_put(struct predict_cam *c, int number, const struct sample *image,
                            const struct evaluator_sample *s, struct error *err);
void predict_cam_free(struct predict_cam *c);

#endif
