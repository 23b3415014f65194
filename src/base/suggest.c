/* Three rows of the dynamic programme are enough: a swap looks two rows back. Words longer than the
 * rows get no suggestion; no name of ours comes near that length. */
#include "base/suggest.h"

#include <ctype.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>

#define LONGEST 64

static int smaller(int a, int b)
{
    return a < b ? a : b;
}

/* "_" is a common spelling of our "-". */
static bool same_letter(char a, char b)
{
    if (a == '_')
        a = '-';
    if (b == '_')
        b = '-';
    return tolower((unsigned char)a) == tolower((unsigned char)b);
}

static int distance(const char *a, const char *b)
{
    int n_a = (int)strlen(a), n_b = (int)strlen(b);
    int rows[3][LONGEST + 1];
    int *before = rows[0], *above = rows[1], *now = rows[2];

    for (int j = 0; j <= n_b; j++)
        above[j] = j;
    for (int i = 1; i <= n_a; i++) {
        now[0] = i;
        for (int j = 1; j <= n_b; j++) {
            int cost = same_letter(a[i - 1], b[j - 1]) ? 0 : 1;
            now[j] = smaller(smaller(above[j], now[j - 1]) + 1, above[j - 1] + cost);
            if (i > 1 && j > 1 && same_letter(a[i - 1], b[j - 2]) &&
                same_letter(a[i - 2], b[j - 1]))
                now[j] = smaller(now[j], before[j - 2] + 1);
        }
        int *oldest = before;
        before = above;
        above = now;
        now = oldest;
    }
    return above[n_b];
}

const char *suggest_nearest(const char *word, const char *const *names, int n)
{
    size_t length = strlen(word);
    const char *best = NULL;
    int best_distance = 0;

    if (length == 0 || length > LONGEST)
        return NULL;
    for (int i = 0; i < n; i++) {
        if (strlen(names[i]) > LONGEST)
            continue;
        int d = distance(word, names[i]);
        size_t longer = length > strlen(names[i]) ? length : strlen(names[i]);
        bool near = 3 * (size_t)d <= longer;
        bool begins = length >= 3 && strncasecmp(word, names[i], length) == 0;
        if ((near || begins) && (!best || d < best_distance)) {
            best = names[i];
            best_distance = d;
        }
    }
    return best;
}
