/* SPDX-License-Identifier: MIT */
/*
 * Telling packed files by their first bytes.
 *
 * Guarantees: the answer does not depend on how the bytes come in; none more are asked for than it
 * needs: of the first byte of JSON nothing compressed begins. Called by unpack.c. Sources:
 * RFC 1952 2.3.1, RFC 8878 3.1.1, the xz file format 2.1.1, POSIX.1 pax (ustar).
 */
#include "connect/file/packing.h"

#include <string.h>

#define TAR_MAGIC_AT 257
#define TAR_SUM_AT 148
#define TAR_SUM_BYTES 8

/* A '?' is any byte. */
static const struct {
	enum weir__coding coding;
	uint8_t len;
	const char *bytes;
} magics[] = {
	{ WEIR__CODING_GZIP, 3, "\x1f\x8b\x08" },
	{ WEIR__CODING_BZIP2, 10, "BZh?1AY&SY" },
	{ WEIR__CODING_BZIP2, 10, "BZh?\x17rE8P\x90" },	/* of nothing */
	{ WEIR__CODING_XZ, 6, "\xfd" "7zXZ\0" },
	{ WEIR__CODING_ZSTD, 4, "\x28\xb5\x2f\xfd" },
	{ WEIR__CODING_ZSTD, 4, "\x50*M\x18" },	/* a frame to skip, as pzstd begins */
};

static bool begins_as(const char *magic, const uint8_t *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (magic[i] != '?' && (uint8_t)magic[i] != bytes[i])
			return false;
	return true;
}

enum weir__coding weir__coding_of_stream(const uint8_t *bytes, size_t len, bool is_whole)
{
	enum weir__coding coding = WEIR__CODING_NONE;

	for (size_t i = 0; i < sizeof magics / sizeof *magics; i++) {
		const size_t want = magics[i].len;

		if (!begins_as(magics[i].bytes, bytes, len < want ? len : want))
			continue;
		if (len >= want)
			return magics[i].coding;
		if (!is_whole)
			coding = WEIR__CODING_UNKNOWN;
	}
	return coding;
}

/* The sum of the header's bytes, with blanks for the sum itself, in octal. */
static bool has_tar_sum(const uint8_t *bytes)
{
	unsigned sum = ' ' * TAR_SUM_BYTES, want = 0;
	size_t at = TAR_SUM_AT;

	for (size_t i = 0; i < WEIR__PACKING_BYTES; i++)
		if (i < TAR_SUM_AT || i >= TAR_SUM_AT + TAR_SUM_BYTES)
			sum += bytes[i];
	while (at < TAR_SUM_AT + TAR_SUM_BYTES && bytes[at] == ' ')
		at++;
	while (at < TAR_SUM_AT + TAR_SUM_BYTES && bytes[at] >= '0' && bytes[at] <= '7')
		want = want * 8 + bytes[at++] - '0';
	return sum == want;
}

enum weir__coding weir__coding_of_archive(const uint8_t *bytes, size_t len, bool is_whole)
{
	if (len >= WEIR__PACKING_BYTES)
		return memcmp(bytes + TAR_MAGIC_AT, "ustar", 5) == 0 && has_tar_sum(bytes)
			       ? WEIR__CODING_TAR
			       : WEIR__CODING_NONE;
	return is_whole ? WEIR__CODING_NONE : WEIR__CODING_UNKNOWN;
}
