/* SPDX-License-Identifier: MIT */
/* The messages a server sends: all in memory, read or made before the first request. */
#ifndef WEIR_TESTING_POOL_H
#define WEIR_TESTING_POOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct pool_message {
	size_t at;
	size_t len;	/* with its CR LF */
};

struct pool {
	char *bytes;
	size_t len;
	size_t room;
	struct pool_message *messages;
	size_t count;
	size_t message_room;
};

/* One more message, without its line end; copied. */
void pool_add(struct pool *pool, const char *text, size_t len);

/* One message per line, plain or gzip; empty lines are left out. False: errno says why. */
bool pool_read(struct pool *pool, const char *path);

/* `count` messages of the sample generator. */
void pool_generate(struct pool *pool, uint64_t count, uint64_t seed);

/* The same in the form of X API v2. */
void pool_generate_x(struct pool *pool, uint64_t count, uint64_t seed);

void pool_clear(struct pool *pool);

#endif
