/* SPDX-License-Identifier: MIT */
/*
 * Any bytes as a file of a recording: unpacking ends, with a reason when it fails, and gives the
 * same bytes however the file is cut into reads.
 *
 *     make fuzz                 with clang's libFuzzer
 *     test_recording [FILE…]    the corpus again, without it
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "connect/file/unpack.h"

#define MOST_OUT (4u << 20)	/* of a bomb it is enough to see so much */

struct file {
	const uint8_t *bytes;
	size_t len, at;
	size_t chunk;		/* most bytes of a read */
};

struct outcome {
	enum weir_status status;
	uint64_t hash;		/* FNV-1a of all bytes and where members begin */
	size_t len;
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static enum weir_status pull(void *from, uint8_t *out, size_t room, size_t *ret_len,
			     struct weir_error *err)
{
	struct file *file = from;
	size_t len = file->len - file->at;

	(void)err;
	len = len < room ? len : room;
	len = len < file->chunk ? len : file->chunk;
	memcpy(out, file->bytes + file->at, len);
	file->at += len;
	*ret_len = len;
	return len ? WEIR_OK : WEIR_END;
}

static void refuse(const char *why)
{
	fprintf(stderr, "%s\n", why);
	abort();
}

static void note(struct outcome *outcome, const uint8_t *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		outcome->hash = (outcome->hash ^ bytes[i]) * 0x100000001b3u;
	outcome->len += len;
}

static struct outcome unpack(const uint8_t *data, size_t size, size_t chunk, size_t room)
{
	static uint8_t out[65536];
	const struct weir_env env = weir__env_complete(NULL);
	struct file file = { data, size, 0, chunk };
	struct weir__unpack *unpack = weir__unpack_new(&env, "file", pull, &file, false);
	struct outcome outcome = { .status = WEIR_OK };
	struct weir_error err = { .status = WEIR_OK };

	while (outcome.status == WEIR_OK && outcome.len < MOST_OUT) {
		bool is_next;
		size_t len;

		outcome.status = weir__unpack_read(unpack, out, room, &len, &is_next, &err);
		if (len > room)
			refuse("more bytes than there is room for");
		note(&outcome, (const uint8_t *)"", is_next);
		note(&outcome, out, len);
	}
	if (outcome.status == WEIR_AGAIN)
		refuse("a file is waited for");
	if (outcome.status < 0 && (err.status != outcome.status || !strstr(err.text, "'file'")))
		refuse("no reason is given");
	weir__unpack_free(unpack);
	return outcome;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct outcome whole = unpack(data, size, size + 1, 65536);
	const struct outcome pieces = unpack(data, size, 1 + size % 7, 1 + size % 4099);

	if (whole.status == WEIR_END && pieces.status == WEIR_END &&
	    (whole.len != pieces.len || whole.hash != pieces.hash))
		refuse("other bytes in other pieces");
	if ((whole.status < 0) != (pieces.status < 0) && whole.len < MOST_OUT &&
	    pieces.len < MOST_OUT)
		refuse("damaged only in one way of cutting it");
	return 0;
}
