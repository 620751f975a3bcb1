/* SPDX-License-Identifier: MIT */
/* One character of UTF-8, in and out (RFC 3629). */
#ifndef WEIR_KIT_UTF8_H
#define WEIR_KIT_UTF8_H

#include <stddef.h>
#include <stdint.h>

/* The length of the valid character at `at`, of `len` bytes that are there; 0 when it is none. */
size_t weir__utf8_read(const uint8_t *at, size_t len);
/* Writes a code point below 0x110000, no surrogate; answers the bytes written, 1 to 4. */
size_t weir__utf8_write(uint32_t code, uint8_t out[4]);

#endif
