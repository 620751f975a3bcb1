/* SPDX-License-Identifier: MIT */
/*
 * The scripted environment. Each block has its size in front of it, so that a resize or free which
 * states another one fails the test.
 */
#include "support/fake_env.h"

#include <check.h>
#include <stdalign.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ALIVE 0x77656972u

union block {
	struct {
		size_t size;
		size_t alive;
	};
	max_align_t align;
};

static void *fake_free(struct fake_env *fake, union block *old)
{
	if (!old)
		return NULL;
	fake->live_blocks--;
	fake->live_bytes -= old->size;
	old->alive = 0;
	free(old);
	return NULL;
}

static void *fake_resize(void *user, void *ptr, size_t old_size, size_t new_size)
{
	struct fake_env *fake = user;
	union block *old = ptr ? (union block *)ptr - 1 : NULL;
	union block *new;

	if (old)
		ck_assert_msg(old->alive == ALIVE && old->size == old_size,
			      "a block of %zu bytes was handed back as one of %zu", old->size,
			      old_size);
	if (new_size == 0)
		return fake_free(fake, old);
	if (++fake->calls == fake->fail_at)
		return NULL;
	new = malloc(sizeof *new + new_size);
	if (!new)
		return NULL;
	memset(new + 1, 0xa5, new_size);
	new->size = new_size;
	new->alive = ALIVE;
	if (old)
		memcpy(new + 1, old + 1, old_size < new_size ? old_size : new_size);
	fake->live_blocks++;
	fake->live_bytes += new_size;
	fake_free(fake, old);
	if (fake->live_bytes > fake->most_bytes)
		fake->most_bytes = fake->live_bytes;
	return new + 1;
}

static uint64_t fake_monotonic_ms(void *user)
{
	return ((struct fake_env *)user)->monotonic_ms;
}

static uint64_t fake_wall_ms(void *user)
{
	return ((struct fake_env *)user)->wall_ms;
}

/* splitmix64 */
static uint64_t next_random(struct fake_env *fake)
{
	uint64_t z = fake->seed += 0x9e3779b97f4a7c15u;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

static bool fake_fill(void *user, void *bytes, size_t len)
{
	struct fake_env *fake = user;
	uint8_t *at = bytes;

	if (fake->no_random)
		return false;
	for (size_t i = 0; i < len; i++)
		at[i] = (uint8_t)next_random(fake);
	return true;
}

static void fake_write(void *user, enum weir_log_level level, const char *component,
		       const char *text)
{
	static const char *const names[] = { "NONE", "ERROR", "WARN", "INFO", "DEBUG" };
	struct fake_env *fake = user;
	const size_t room = sizeof fake->log - fake->log_len;
	int len;

	ck_assert_msg(!strchr(text, '\n'), "a log line has a line end: %s", text);
	len = snprintf(fake->log + fake->log_len, room, "%s %s: %s\n", names[level], component,
		       text);
	if (len > 0)
		fake->log_len += (size_t)len < room ? (size_t)len : room - 1;
}

void fake_env_init(struct fake_env *fake)
{
	*fake = (struct fake_env){
		.env = {
			.size = sizeof fake->env,
			.allocator = { fake_resize, fake },
			.clock = { fake_monotonic_ms, fake_wall_ms, fake },
			.random = { fake_fill, fake },
			.logger = { fake_write, fake, WEIR_LOG_DEBUG },
		},
		.monotonic_ms = 1000000000,
		.wall_ms = 1577836800000,
		.seed = 1,
	};
}

void fake_env_advance(struct fake_env *fake, uint64_t ms)
{
	fake->monotonic_ms += ms;
	fake->wall_ms += ms;
}

void fake_env_check_empty(const struct fake_env *fake)
{
	ck_assert_msg(fake->live_blocks == 0, "%zu blocks (%zu bytes) were not freed",
		      fake->live_blocks, fake->live_bytes);
}
