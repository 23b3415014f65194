#include "nn/norm_pieces.h"

enum { PIECE_FLOATS = 64 * 1024 };

size_t norm_pieces_pixels(const struct norm_pieces *p)
{
    size_t pixels = PIECE_FLOATS / (size_t)p->channels;
    return pixels > 0 ? pixels : 1;
}

int norm_pieces_count(const struct norm_pieces *p)
{
    return (int)((p->pixels + norm_pieces_pixels(p) - 1) / norm_pieces_pixels(p));
}

struct norm_piece norm_pieces_get(const struct norm_pieces *p, struct samples samples, int piece)
{
    int count = norm_pieces_count(p);
    size_t sample = (size_t)samples.index[piece / count], whole = norm_pieces_pixels(p);
    size_t first = (size_t)(piece % count) * whole, rest = p->pixels - first;
    size_t pixel = sample * p->pixels + first;
    return (struct norm_piece){.sample = sample,
                               .at = pixel * (size_t)p->channels,
                               .at_y = pixel * (size_t)p->out_pitch,
                               .pixels = rest < whole ? rest : whole};
}
