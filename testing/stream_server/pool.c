/* SPDX-License-Identifier: MIT */
/*
 * The messages a server sends, in one buffer, each followed by its CR LF.
 *
 * Guarantees: never changes once the server runs, so every connection reads it without a lock,
 * and sending is copying. Called by server.c.
 */
#include "pool.h"

#include "memory.h"
#include "sample.h"

#include <errno.h>
#include <zlib.h>

void pool_add(struct pool *pool, const char *text, size_t len)
{
	if (pool->count == pool->message_room) {
		pool->message_room = pool->message_room ? 2 * pool->message_room : 1024;
		pool->messages = need(realloc(pool->messages,
					      pool->message_room * sizeof *pool->messages));
	}
	if (pool->room - pool->len < len + 2) {
		pool->room = 2 * pool->room + len + 65536;
		pool->bytes = need(realloc(pool->bytes, pool->room));
	}
	pool->messages[pool->count++] = (struct pool_message){ .at = pool->len, .len = len + 2 };
	if (len > 0)
		memcpy(pool->bytes + pool->len, text, len);
	memcpy(pool->bytes + pool->len + len, "\r\n", 2);
	pool->len += len + 2;
}

void pool_generate(struct pool *pool, uint64_t count, uint64_t seed)
{
	struct sample *sample = need(sample_new(seed));

	for (uint64_t i = 0; i < count; i++) {
		const struct sample_message message = sample_next(sample);

		pool_add(pool, message.text, message.len);
	}
	sample_free(sample);
}

void pool_generate_x(struct pool *pool, uint64_t count, uint64_t seed)
{
	struct sample *sample = need(sample_new(seed));

	for (uint64_t i = 0; i < count; i++) {
		const struct sample_message message = sample_next_x(sample);

		pool_add(pool, message.text, message.len);
	}
	sample_free(sample);
}

static char *read_all(gzFile file, size_t *ret_len)
{
	size_t room = 1 << 20, len = 0;
	char *bytes = need(malloc(room));
	int got;

	while ((got = gzread(file, bytes + len, (unsigned)(room - len < 1 << 30 ? room - len
										: 1 << 30))) > 0) {
		len += (size_t)got;
		if (len == room)
			bytes = need(realloc(bytes, room *= 2));
	}
	if (got < 0) {
		free(bytes);
		errno = EIO;
		return NULL;
	}
	*ret_len = len;
	return bytes;
}

bool pool_read(struct pool *pool, const char *path)
{
	gzFile file = gzopen(path, "rb");
	size_t len = 0;
	char *bytes = file ? read_all(file, &len) : NULL;

	if (file)
		gzclose(file);
	if (!bytes)
		return false;
	for (size_t at = 0; at < len;) {
		const char *end = memchr(bytes + at, '\n', len - at);
		const size_t line = end ? (size_t)(end - bytes) - at : len - at;
		const size_t text = line > 0 && bytes[at + line - 1] == '\r' ? line - 1 : line;

		if (text > 0)
			pool_add(pool, bytes + at, text);
		at += line + 1;
	}
	free(bytes);
	return true;
}

void pool_clear(struct pool *pool)
{
	free(pool->bytes);
	free(pool->messages);
	*pool = (struct pool){ 0 };
}
