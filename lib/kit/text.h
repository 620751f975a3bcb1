/* SPDX-License-Identifier: MIT */
/*
 * Text of the wire: JSON strings to and from UTF-8, numbers, dates. No locale, no allocation.
 */
#ifndef WEIR_KIT_TEXT_H
#define WEIR_KIT_TEXT_H

#include "weir/base.h"

/*
 * Undoes the escapes of a valid JSON string's inside. Writes at most `size` bytes, no zero; answers
 * the length the whole text has. A lone surrogate escape becomes U+FFFD. `out` may equal `text`.
 */
size_t weir__text_unescape(struct weir_slice text, char *out, size_t size);
/* Whether a JSON string's inside spells `want` (UTF-8); no copy is made. */
bool weir__text_equals(struct weir_slice text, bool escaped, struct weir_slice want);
/* Whether what it spells begins with `prefix`. */
bool weir__text_starts(struct weir_slice text, bool escaped, struct weir_slice prefix);

/*
 * Writes the inside of a JSON string for any bytes (what is not UTF-8 becomes U+FFFD, control
 * characters \uXXXX). As snprintf: cut to `size` with a final zero, answers the whole length.
 */
size_t weir__text_escape(struct weir_slice bytes, char *out, size_t size);

bool weir__text_is_utf8(struct weir_slice bytes);

/* Decimal digits only, whole slice, no sign; false when it is anything else or above UINT64_MAX. */
bool weir__text_to_u64(struct weir_slice digits, uint64_t *ret);
/* A JSON number, or the same in a string, as a double; false when it is none. Locale-free. */
bool weir__text_to_double(struct weir_slice number, double *ret);

#define WEIR__DAY_MS 86400000u

/* `Wed Oct 10 20:19:24 +0000 2018` → milliseconds since 1970; always English and as exact as that. */
bool weir__text_to_created_at(struct weir_slice text, uint64_t *ret_ms);
/* RFC 3339 with optional fraction, `Z` or offset: `2018-10-10T20:19:24.000Z` (v2's created_at). */
bool weir__text_to_rfc3339(struct weir_slice text, uint64_t *ret_ms);
/* An HTTP Date header, IMF-fixdate (RFC 9110 5.6.7): `Wed, 10 Oct 2018 20:19:24 GMT`. */
bool weir__text_to_http_date(struct weir_slice text, uint64_t *ret_ms);

#endif
