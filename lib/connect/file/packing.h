/* SPDX-License-Identifier: MIT */
/* What a file is packed in, by its first bytes. */
#ifndef WEIR_FILE_PACKING_H
#define WEIR_FILE_PACKING_H

#include "weir/base.h"

#define WEIR__PACKING_BYTES 512		/* always enough to tell */

enum weir__coding {
	WEIR__CODING_UNKNOWN,	/* more bytes are needed to tell */
	WEIR__CODING_NONE,
	WEIR__CODING_GZIP,
	WEIR__CODING_BZIP2,
	WEIR__CODING_XZ,
	WEIR__CODING_ZSTD,
	WEIR__CODING_TAR
};

/* `is_whole`: there are no more bytes; then the answer is never UNKNOWN. */
enum weir__coding weir__coding_of_stream(const uint8_t *bytes, size_t len, bool is_whole);
/* Only whether it is a tar. */
enum weir__coding weir__coding_of_archive(const uint8_t *bytes, size_t len, bool is_whole);

#endif
