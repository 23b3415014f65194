/* Bytes as text (RFC 4648, with padding), for data: addresses. */
#ifndef BASE_BASE64_H
#define BASE_BASE64_H

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

/* "prefix" and the text behind it; the caller frees it. NULL: err says why. */
char *base64_text(const char *prefix, const uint8_t *bytes, size_t n, struct error *err);

#endif
