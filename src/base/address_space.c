#include "base/address_space.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

bool address_space_has_room(int n, size_t bytes)
{
    size_t all;
    if (n <= 0)
        return true;
    if (__builtin_mul_overflow((size_t)n, bytes, &all))
        return false;
    void *place = mmap(NULL, all, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (place == MAP_FAILED)
        return false;
    munmap(place, all);
    return true;
}

int address_space_blocks(size_t bytes)
{
    char line[512], rights[5];
    size_t first, end, n = 0;
    unsigned long file;
    FILE *maps = fopen("/proc/self/maps", "re");
    while (maps && fgets(line, sizeof line, maps))
        if (sscanf(line, "%zx-%zx %4s %*x %*x:%*x %lu", &first, &end, rights, &file) == 4 &&
            strncmp(rights, "rw", 2) == 0 && file == 0 && !strchr(line, '['))
            n += (end - first) / bytes;
    if (maps)
        fclose(maps);
    return (int)n;
}
