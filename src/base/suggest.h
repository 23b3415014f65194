/* "Did you mean": the known name that is nearest to a mistyped one. */
#ifndef BASE_SUGGEST_H
#define BASE_SUGGEST_H

/* The nearest of n names, counting insertions, deletions, replacements and swaps of neighbours
 * (optimal string alignment), or a name that begins with word. NULL when none is near: more than a
 * third of the letters would have to change. Case is ignored; of equals the first. */
const char *suggest_nearest(const char *word, const char *const *names, int n);

#endif
