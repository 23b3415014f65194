#include "base/hash.h"

#include <string.h>

uint64_t hash_bytes(uint64_t hash, const void *bytes, size_t n)
{
    const unsigned char *p = bytes;

    for (size_t i = 0; i < n; i++)
        hash = (hash ^ p[i]) * UINT64_C(1099511628211);
    return hash;
}

uint64_t hash_text(uint64_t hash, const char *text)
{
    return hash_bytes(hash, text, strlen(text) + 1);
}

void hash_lanes(uint64_t lane[4], const void *bytes, size_t n)
{
    uint64_t word[4];
    const uint8_t *at = bytes;
    for (size_t i = 0; i < n; i += sizeof word) {
        size_t left = n - i < sizeof word ? n - i : sizeof word;
        memset(word, 0, sizeof word);
        memcpy(word, at + i, left);
        for (int k = 0; k < 4; k++) {
            uint64_t sum = (lane[k] ^ word[k]) * 0x9e3779b97f4a7c15u;
            lane[k] = sum ^ sum >> 32;
        }
    }
}

uint64_t hash_lanes_join(const uint64_t lane[4])
{
    uint64_t all = 1;
    for (int k = 0; k < 4; k++)
        all = (all ^ lane[k]) * 0xc2b2ae3d27d4eb4fu + 1;
    return all;
}
