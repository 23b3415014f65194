/* Numbers as users write them. */
#ifndef BASE_NUMBER_H
#define BASE_NUMBER_H

#include <stdbool.h>

/* The whole text as a finite decimal number, in the C locale (no program of ours calls setlocale):
 * no spaces, no hexadecimal, no NaN or infinity. */
bool number_parse(double *out, const char *text);

#endif
