#include "data/image_key.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

/* Time stamps of FAT advance every two seconds, and nothing else in use is coarser. */
enum { YOUNG_SECONDS = 3 };

/* Two sums over the same words with other constants: 64 bits (base/hash) are too few where the key
 * alone says which image it is. Keys are on disks: another sum is another LAYOUT_VERSION. */
static void mix(struct image_key *key, uint64_t word)
{
    static const uint64_t factor[2] = {0x9e3779b97f4a7c15u, 0xc2b2ae3d27d4eb4fu};
    for (int i = 0; i < 2; i++) {
        uint64_t sum = (key->half[i] ^ word) * factor[i];
        key->half[i] = sum ^ sum >> 29;
    }
}

bool image_key_of(struct image_key *out, const char *path)
{
    char real[PATH_MAX];
    struct stat info;
    struct timespec now;
    if (!realpath(path, real) || stat(real, &info) != 0 || !S_ISREG(info.st_mode))
        return false;
    clock_gettime(CLOCK_REALTIME, &now);
    if (now.tv_sec - info.st_mtim.tv_sec < YOUNG_SECONDS)
        return false;
    *out = (struct image_key){{1, 2}};
    for (const char *c = real; *c; c++)
        mix(out, (unsigned char)*c);
    mix(out, (uint64_t)info.st_size);
    mix(out, (uint64_t)info.st_mtim.tv_sec);
    mix(out, (uint64_t)info.st_mtim.tv_nsec);
    return true;
}

void image_key_add(struct image_key *key, const void *bytes, size_t n)
{
    const char *at = bytes;
    mix(key, n);
    for (size_t i = 0; i < n; i += sizeof(uint64_t)) {
        uint64_t word = 0;
        memcpy(&word, at + i, n - i < sizeof word ? n - i : sizeof word);
        mix(key, word);
    }
}

bool image_key_equal(const struct image_key *a, const struct image_key *b)
{
    return a->half[0] == b->half[0] && a->half[1] == b->half[1];
}
