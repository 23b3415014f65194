#include "cli/predict_cam.h"

#include "base/files.h"
#include "base/memory.h"
#include "base/utf8.h"
#include "image/encode_png.h"
#include "image/heat_map.h"
#include "run/files/mosaic.h"

#include <stdlib.h>
#include <string.h>

enum { STEM_BYTES = 100 }; /* with number and ending well below the 255 of file systems */

enum status predict_cam_create(struct predict_cam *c, const char *folder,
                               const struct checkpoint_metadata *metadata, struct shape map,
                               struct error *err)
{
    size_t side = (size_t)metadata->fit.size;
    bool existed;

    *c = (struct predict_cam){.folder = folder, .metadata = metadata, .map = map};
    c->rgb = memory_array(side * side, 3, "an image", err);
    if (!c->rgb || files_make_directory(folder, &existed, err) != STATUS_OK)
        return err->status;
    if (existed && !files_is_directory(folder))
        return error_set(err, "--cam: %s is no folder", folder);
    return STATUS_OK;
}

/* Letters of any script, digits and "._-" stay; the rest becomes "_". */
static int put_character(char *out, const char *text)
{
    uint32_t code;
    int size = utf8_decode(&code, text);
    bool is_plain = size == 1 && (*text == '.' || *text == '_' || *text == '-' ||
                                  (*text >= '0' && *text <= '9') ||
                                  ((*text | 32) >= 'a' && (*text | 32) <= 'z'));

    if (size > 1 && code >= 0xA0)
        memcpy(out, text, (size_t)size);
    else
        *out = is_plain ? *text : '_';
    return size > 1 && code >= 0xA0 ? size : 1;
}

static void put_stem(char out[STEM_BYTES + 1], const char *image)
{
    const char *slash = strrchr(image, '/'), *name = slash ? slash + 1 : image;
    const char *dot = strrchr(name, '.');
    size_t length = dot && dot > name ? (size_t)(dot - name) : strlen(name), used = 0;

    for (size_t i = 0; i < length;) {
        char character[8];
        int size = put_character(character, name + i);
        if (used + (size_t)size > STEM_BYTES)
            break;
        memcpy(out + used, character, (size_t)size);
        used += (size_t)size;
        i += (size_t)size;
    }
    out[used] = '\0';
}

static enum status save(const struct predict_cam *c, const char *path, struct error *err)
{
    struct files_writer w;
    int side = c->metadata->fit.size;

    if (files_open(&w, path, err) != STATUS_OK)
        return err->status;
    if (encode_png(w.stream, c->rgb, side, side, err) == STATUS_OK)
        return files_commit(&w, err);
    files_abandon(&w);
    return error_prefix(err, "%s", path);
}

enum status predict_cam_put(struct predict_cam *c, int number, const struct sample *image,
                            const struct evaluator_sample *s, struct error *err)
{
    const struct checkpoint_metadata *m = c->metadata;
    size_t side = (size_t)m->fit.size;
    char stem[STEM_BYTES + 1], name[STEM_BYTES + 32], *path;

    put_stem(stem, image->image);
    snprintf(name, sizeof name, "%06d-%s.png", number, stem);
    mosaic_denormalise(c->rgb, s->image, side * side, m->mean, m->std);
    heat_map_blend(c->rgb, m->fit.size, s->map, c->map.height, c->map.width);
    if (files_join(&path, c->folder, name, err) != STATUS_OK)
        return err->status;
    enum status status = save(c, path, err);
    free(path);
    return status;
}

void predict_cam_free(struct predict_cam *c)
{
    free(c->rgb);
    *c = (struct predict_cam){0};
}
