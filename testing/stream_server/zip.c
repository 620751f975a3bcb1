/* SPDX-License-Identifier: MIT */
/*
 * gzip with a sync flush after each piece.
 *
 * Guarantees: everything written so far can be decompressed from everything read so far; after
 * an ended member the next write begins another. Called by stream.c.
 */
#include "zip.h"

#include "memory.h"

#include <assert.h>
#include <zlib.h>

struct zip {
	z_stream deflate;
	char *bytes;
	size_t room;
	size_t len;
	size_t read;
};

struct zip *zip_new(void)
{
	struct zip *zip = need(calloc(1, sizeof *zip));

	if (deflateInit2(&zip->deflate, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK)
		need(NULL);
	return zip;
}

void zip_free(struct zip *zip)
{
	if (!zip)
		return;
	deflateEnd(&zip->deflate);
	free(zip->bytes);
	free(zip);
}

static char *make_room(struct zip *zip, size_t len)
{
	if (zip->read == zip->len)
		zip->read = zip->len = 0;
	if (zip->room - zip->len < len) {
		zip->room = zip->len + len;
		zip->bytes = need(realloc(zip->bytes, zip->room));
	}
	return zip->bytes + zip->len;
}

void zip_write(struct zip *zip, const char *bytes, size_t len, bool end)
{
	const size_t room = deflateBound(&zip->deflate, (uLong)len) + 64;

	zip->deflate.next_out = (Bytef *)make_room(zip, room);
	zip->deflate.avail_out = (uInt)room;
	zip->deflate.next_in = (z_const Bytef *)bytes;
	zip->deflate.avail_in = (uInt)len;
	deflate(&zip->deflate, end ? Z_FINISH : Z_SYNC_FLUSH);
	assert(zip->deflate.avail_in == 0 && zip->deflate.avail_out > 0);
	zip->len += room - zip->deflate.avail_out;
	if (end)
		deflateReset(&zip->deflate);
}

void zip_write_raw(struct zip *zip, const char *bytes, size_t len)
{
	memcpy(make_room(zip, len), bytes, len);
	zip->len += len;
}

size_t zip_read(struct zip *zip, char *to, size_t room)
{
	const size_t left = zip->len - zip->read;
	const size_t len = left < room ? left : room;

	if (len > 0)
		memcpy(to, zip->bytes + zip->read, len);
	zip->read += len;
	return len;
}
