/* SPDX-License-Identifier: MIT */
/* Compression of blocks: each is a whole member of its format, so that they stand in a row. */
#ifndef WEIR_FILE_ENCODE_H
#define WEIR_FILE_ENCODE_H

#include "kit/bytes.h"
#include "weir/file.h"

/* Adds the compressed bytes to `out`. Not for WEIR_FILE_PLAIN. */
enum weir_status weir__encode_block(enum weir_file_compression compression, struct weir_slice block,
				    struct weir__bytes *out, struct weir_error *err);

#endif
