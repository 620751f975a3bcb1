/* SPDX-License-Identifier: MIT */
/*
 * Finding the ends of zstd frames: the header of a frame says how long it is, and so does each of
 * its blocks'.
 *
 * Guarantees: every byte belongs to some frame; of a file that is damaged an end may be found where
 * none is, which whoever decodes the frame finds out. Called by unpack_layer.c. Source:
 * RFC 8878 3.1.
 */
#include "connect/file/zstd_frames.h"

#define MAGIC 0xfd2fb528u
#define SKIPPED_MAGIC 0x184d2a50u	/* to …5f */
#define LEAST_HEADER 5	/* the magic number and the descriptor */
#define BLOCK_HEADER 3
#define SUM 4

static uint32_t read_le32(const uint8_t *at)
{
	return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 |
	       (uint32_t)at[3] << 24;
}

bool weir__zstd_frames_is_skipped(const uint8_t *bytes, size_t len)
{
	return len >= sizeof(uint32_t) && (read_le32(bytes) & ~15u) == SKIPPED_MAGIC;
}

/* Its header, or all of one that is to be skipped. False: more bytes are needed. */
static bool begin_frame(struct weir__zstd_frames *frames, const uint8_t *at, size_t len)
{
	static const uint8_t dictionary[] = { 0, 1, 2, 4 }, content[] = { 0, 2, 4, 8 };

	if (len < WEIR__ZSTD_FRAMES_LEAST)
		return false;
	*frames = (struct weir__zstd_frames){ .in_frame = true, .is_header = true };
	if (weir__zstd_frames_is_skipped(at, len)) {
		frames->left = WEIR__ZSTD_FRAMES_LEAST + (uint64_t)read_le32(at + 4);
		frames->is_last = true;
		frames->is_header = false;
	} else if (read_le32(at) == MAGIC) {
		const uint8_t descriptor = at[4];
		const bool is_single = descriptor >> 5 & 1;

		frames->has_sum = descriptor >> 2 & 1;
		frames->left = LEAST_HEADER + (is_single ? 0u : 1u) + dictionary[descriptor & 3] +
			       content[descriptor >> 6];
		frames->left += is_single && descriptor >> 6 == 0;
	} else {
		frames->is_lost = true;
	}
	return true;
}

static bool begin_block(struct weir__zstd_frames *frames, const uint8_t *at, size_t len)
{
	uint32_t header;

	if (len < BLOCK_HEADER)
		return false;
	header = (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16;
	frames->is_last = header & 1;
	frames->left = BLOCK_HEADER + ((header >> 1 & 3) == 1 ? 1 : header >> 3);
	frames->left += frames->is_last && frames->has_sum ? SUM : 0;
	return true;
}

size_t weir__zstd_frames_take(struct weir__zstd_frames *frames, const uint8_t *bytes, size_t len,
			      bool *ret_ends)
{
	size_t at = 0;

	*ret_ends = false;
	while (at < len && !frames->is_lost) {
		const uint64_t here = frames->left < len - at ? frames->left : len - at;

		at += (size_t)here;
		frames->left -= here;
		if (frames->left || frames->is_header) {
			frames->is_header &= frames->left > 0;
			return at;
		}
		if (frames->is_last) {
			*frames = (struct weir__zstd_frames){ .left = 0 };
			*ret_ends = true;
			return at;
		}
		if (!(frames->in_frame ? begin_block(frames, bytes + at, len - at)
				       : begin_frame(frames, bytes + at, len - at)))
			return at;
	}
	return frames->is_lost ? len : at;
}
