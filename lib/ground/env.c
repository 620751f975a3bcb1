/* SPDX-License-Identifier: MIT */
/*
 * The default environment and the library's only way to memory, time, chance and the log.
 *
 * Guarantees: nothing else in lib/ calls malloc, a clock, a random source or stdio's output;
 * sizes are checked before they are multiplied; log lines are formatted only when somebody
 * listens, and cut to LINE_BYTES with their end.
 */
#include "ground/env.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#define LINE_BYTES 512

static void *default_resize(void *user, void *ptr, size_t old_size, size_t new_size)
{
	(void)user;
	(void)old_size;
	if (new_size == 0) {
		free(ptr);
		return NULL;
	}
	return realloc(ptr, new_size);
}

static uint64_t read_clock(clockid_t id)
{
	struct timespec now;

	clock_gettime(id, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static uint64_t default_monotonic_ms(void *user)
{
	(void)user;
	return read_clock(CLOCK_MONOTONIC);
}

static uint64_t default_wall_ms(void *user)
{
	(void)user;
	return read_clock(CLOCK_REALTIME);
}

static bool default_fill(void *user, void *bytes, size_t len)
{
	uint8_t *at = bytes;

	(void)user;
	while (len > 0) {
		const size_t piece = len < 256 ? len : 256;

		if (getrandom(at, piece, 0) != (ssize_t)piece)
			return false;
		at += piece;
		len -= piece;
	}
	return true;
}

struct weir_env weir__env_complete(const struct weir_env *given)
{
	struct weir_env env = { .size = sizeof env };

	if (given)
		memcpy(&env, given, given->size < sizeof env ? given->size : sizeof env);
	env.size = sizeof env;
	if (!env.allocator.resize)
		env.allocator = (struct weir_allocator){ .resize = default_resize };
	if (!env.clock.monotonic_ms || !env.clock.wall_ms)
		env.clock = (struct weir_clock){ .monotonic_ms = default_monotonic_ms,
						 .wall_ms = default_wall_ms };
	if (!env.random.fill)
		env.random = (struct weir_random){ .fill = default_fill };
	if (!env.logger.write)
		env.logger.threshold = WEIR_LOG_NONE;
	return env;
}

void *weir__resize(const struct weir_env *env, void *ptr, size_t old_size, size_t new_size)
{
	return env->allocator.resize(env->allocator.user, ptr, old_size, new_size);
}

void *weir__alloc(const struct weir_env *env, size_t size)
{
	void *ptr = size ? weir__resize(env, NULL, 0, size) : NULL;

	return ptr ? memset(ptr, 0, size) : NULL;
}

void *weir__alloc_array(const struct weir_env *env, size_t count, size_t size)
{
	if (size && count > SIZE_MAX / size)
		return NULL;
	return weir__alloc(env, count * size);
}

void *weir__free(const struct weir_env *env, void *ptr, size_t size)
{
	if (ptr)
		weir__resize(env, ptr, size, 0);
	return NULL;
}

char *weir__text_copy_n(const struct weir_env *env, const void *text, size_t len)
{
	char *copy = len < SIZE_MAX ? weir__resize(env, NULL, 0, len + 1) : NULL;

	if (!copy)
		return NULL;
	if (len)
		memcpy(copy, text, len);
	copy[len] = '\0';
	return copy;
}

char *weir__text_copy(const struct weir_env *env, const char *text)
{
	return text ? weir__text_copy_n(env, text, strlen(text)) : NULL;
}

char *weir__text_format(const struct weir_env *env, const char *format, ...)
{
	va_list args;
	char *text;
	int len;

	va_start(args, format);
	len = vsnprintf(NULL, 0, format, args);
	va_end(args);
	if (len < 0)
		return NULL;
	text = weir__resize(env, NULL, 0, (size_t)len + 1);
	if (!text)
		return NULL;
	va_start(args, format);
	vsnprintf(text, (size_t)len + 1, format, args);
	va_end(args);
	return text;
}

void *weir__text_free(const struct weir_env *env, char *text)
{
	return text ? weir__free(env, text, strlen(text) + 1) : NULL;
}

uint64_t weir__monotonic_ms(const struct weir_env *env)
{
	return env->clock.monotonic_ms(env->clock.user);
}

uint64_t weir__wall_ms(const struct weir_env *env)
{
	return env->clock.wall_ms(env->clock.user);
}

bool weir__random(const struct weir_env *env, void *bytes, size_t len)
{
	return env->random.fill(env->random.user, bytes, len);
}

bool weir__log_enabled(const struct weir_env *env, enum weir_log_level level)
{
	return level <= env->logger.threshold;
}

void weir__log_v(const struct weir_env *env, enum weir_log_level level, const char *component,
		 const char *format, va_list args)
{
	char line[LINE_BYTES];

	if (!weir__log_enabled(env, level))
		return;
	vsnprintf(line, sizeof line, format, args);
	env->logger.write(env->logger.user, level, component, line);
}

void weir__log(const struct weir_env *env, enum weir_log_level level, const char *component,
	       const char *format, ...)
{
	va_list args;

	va_start(args, format);
	weir__log_v(env, level, component, format, args);
	va_end(args);
}
