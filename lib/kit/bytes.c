/* SPDX-License-Identifier: MIT */
/*
 * Bytes that grow. Guarantees: `data` holds `len` bytes at any time; sizes do not wrap; what was
 * large once is given back by a clear; no block that held a secret goes back with it.
 */
#include "kit/bytes.h"

#define LEAST_CAPACITY 512
#define KEPT_CAPACITY (256u << 10)

void weir__bytes_init(struct weir__bytes *bytes, const struct weir_env *env)
{
	*bytes = (struct weir__bytes){ .env = env };
}

void weir__bytes_init_secret(struct weir__bytes *bytes, const struct weir_env *env)
{
	*bytes = (struct weir__bytes){ .env = env, .is_secret = true };
}

static void drop(struct weir__bytes *bytes)
{
	if (bytes->is_secret && bytes->data)
		explicit_bzero(bytes->data, bytes->capacity);
	bytes->data = weir__free(bytes->env, bytes->data, bytes->capacity);
	bytes->capacity = 0;
}

void weir__bytes_release(struct weir__bytes *bytes)
{
	drop(bytes);
	bytes->len = 0;
	bytes->has_failed = false;
}

void weir__bytes_clear(struct weir__bytes *bytes)
{
	bytes->len = 0;
	if (bytes->capacity > KEPT_CAPACITY)
		drop(bytes);
}

void weir__bytes_reset(struct weir__bytes *bytes)
{
	weir__bytes_clear(bytes);
	bytes->has_failed = false;
}

/* A resize would leave the old block to the allocator as it is. */
static char *move(struct weir__bytes *bytes, size_t capacity)
{
	const size_t len = bytes->len;
	char *data = weir__resize(bytes->env, NULL, 0, capacity);

	if (!data)
		return NULL;
	if (len)
		memcpy(data, bytes->data, len);
	drop(bytes);
	return data;
}

static bool grow(struct weir__bytes *bytes, size_t wanted)
{
	size_t capacity = bytes->capacity ? bytes->capacity : LEAST_CAPACITY;
	char *data;

	while (capacity < wanted)
		capacity = capacity > SIZE_MAX / 2 ? wanted : 2 * capacity;
	data = bytes->is_secret
		       ? move(bytes, capacity)
		       : weir__resize(bytes->env, bytes->data, bytes->capacity, capacity);
	if (!data)
		return false;
	bytes->data = data;
	bytes->capacity = capacity;
	return true;
}

char *weir__bytes_reserve(struct weir__bytes *bytes, size_t len)
{
	if (len > SIZE_MAX - bytes->len ||
	    (bytes->len + len > bytes->capacity && !grow(bytes, bytes->len + len)))
		bytes->has_failed = true;
	return bytes->has_failed ? NULL : bytes->data + bytes->len;
}

void weir__bytes_add(struct weir__bytes *bytes, const void *data, size_t len)
{
	char *to = len ? weir__bytes_reserve(bytes, len) : NULL;

	if (!to)
		return;
	memcpy(to, data, len);
	bytes->len += len;
}

/* One that cannot stand in a JSON string as it is. */
static void add_escape(struct weir__bytes *bytes, uint8_t byte)
{
	static const char digits[] = "0123456789ABCDEF";
	static const char shorts[256] = { ['"'] = '"',	['\\'] = '\\', ['\b'] = 'b', ['\f'] = 'f',
					  ['\n'] = 'n', ['\r'] = 'r',  ['\t'] = 't' };
	char escape[6] = { '\\', shorts[byte] };

	if (shorts[byte]) {
		weir__bytes_add(bytes, escape, 2);
		return;
	}
	memcpy(escape, "\\u00", 4);
	escape[4] = digits[byte >> 4];
	escape[5] = digits[byte & 15];
	weir__bytes_add(bytes, escape, 6);
}

void weir__bytes_add_json(struct weir__bytes *bytes, struct weir_slice text)
{
	const uint8_t *at = text.data;
	size_t from = 0;

	weir__bytes_add(bytes, "\"", 1);
	for (size_t i = 0; i < text.len; i++) {
		if (at[i] >= ' ' && at[i] != '"' && at[i] != '\\')
			continue;
		weir__bytes_add(bytes, at + from, i - from);
		add_escape(bytes, at[i]);
		from = i + 1;
	}
	if (text.len)
		weir__bytes_add(bytes, at + from, text.len - from);
	weir__bytes_add(bytes, "\"", 1);
}
