/* SPDX-License-Identifier: MIT */
/* gzip for a stream: what goes in comes out at once. */
#ifndef WEIR_TESTING_ZIP_H
#define WEIR_TESTING_ZIP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct zip;

struct zip *zip_new(void);
void zip_free(struct zip *zip);

/* Compresses a piece and flushes it; with `end` the gzip member ends after it. */
void zip_write(struct zip *zip, const char *bytes, size_t len, bool end);

/* Puts bytes between the compressed ones as they are. */
void zip_write_raw(struct zip *zip, const char *bytes, size_t len);

/* Takes up to `room` bytes of what was written. 0 is nothing left. */
size_t zip_read(struct zip *zip, char *to, size_t room);

#endif
