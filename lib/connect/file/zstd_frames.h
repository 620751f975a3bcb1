/* SPDX-License-Identifier: MIT */
/* Where the frames of a zstd file end, by their headers alone: nothing is decoded. */
#ifndef WEIR_FILE_ZSTD_FRAMES_H
#define WEIR_FILE_ZSTD_FRAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WEIR__ZSTD_FRAMES_LEAST 8	/* bytes of a frame's beginning that are always enough */

/* Zero is the beginning of a frame. */
struct weir__zstd_frames {
	uint64_t left;		/* bytes until the next header, or the end */
	bool in_frame;
	bool is_header;		/* what is left is the frame's header */
	bool is_last;		/* what is left ends the frame */
	bool has_sum;
	bool is_lost;		/* it began as no frame does: it has no end */
};

/*
 * Of the bytes that come next, how many belong to the frame; *ret_ends: it ends behind them. Zero
 * and not the end: more bytes are needed. A frame's header comes alone: libzstd is stricter with a
 * frame that it sees whole, and what a file is must not depend on how it is cut into reads.
 */
size_t weir__zstd_frames_take(struct weir__zstd_frames *frames, const uint8_t *bytes, size_t len,
			      bool *ret_ends);

/* Whether a frame begins here that holds no text. */
bool weir__zstd_frames_is_skipped(const uint8_t *bytes, size_t len);

#endif
