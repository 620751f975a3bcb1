/* SPDX-License-Identifier: MIT */
/*
 * Entries: a pushed message in one block of memory, until the pipeline has taken it in.
 *
 * Guarantees: sizes are added with care; a body with a release stays where it is, all else is
 * copied; an entry whose body lies in its block is freed by the message. Any thread.
 */
#include <string.h>

#include "connect/push/internal.h"

/* Adds up sizes; false when that is more than memory can be. */
static bool add_size(size_t *total, size_t size)
{
	return !__builtin_add_overflow(*total, size, total);
}

static bool block_size(const struct weir_message_init *init, size_t *ret)
{
	size_t total = sizeof(struct weir__entry);
	bool fits = init->header_count < SIZE_MAX / sizeof(struct weir_header) &&
		    add_size(&total, init->header_count * sizeof(struct weir_header)) &&
		    add_size(&total, init->key.len) &&
		    add_size(&total, init->origin ? strlen(init->origin) + 1 : 0) &&
		    add_size(&total, init->release ? 0 : init->body.len);

	for (size_t i = 0; fits && i < init->header_count; i++)
		fits = add_size(&total, strlen(init->headers[i].name) + 1) &&
		       add_size(&total, init->headers[i].value.len);
	*ret = total;
	return fits;
}

static void *put(char **at, const void *data, size_t len)
{
	char *const place = *at;

	if (len)
		memcpy(place, data, len);
	*at += len;
	return place;
}

static struct weir_slice put_slice(char **at, struct weir_slice slice)
{
	if (!slice.data)
		return slice;
	return (struct weir_slice){ put(at, slice.data, slice.len), slice.len };
}

void weir__entry_free(void *owner)
{
	struct weir__entry *entry = owner;
	const struct weir_allocator allocator = entry->allocator;

	allocator.resize(allocator.user, entry, entry->block_size, 0);
}

struct weir__entry *weir__entry_new(const struct weir__push_source *source,
				    const struct weir_message_init *init)
{
	struct weir__entry *entry;
	size_t size;
	char *at;

	if (!block_size(init, &size))
		return NULL;
	entry = weir__resize(source->env, NULL, 0, size);
	if (!entry)
		return NULL;
	*entry = (struct weir__entry){ .allocator = source->env->allocator,
				       .block_size = size,
				       .init = *init };
	at = (char *)(entry->headers + init->header_count);
	for (size_t i = 0; i < init->header_count; i++) {
		const struct weir_header *header = &init->headers[i];

		entry->headers[i].name = put(&at, header->name, strlen(header->name) + 1);
		entry->headers[i].value = put_slice(&at, header->value);
	}
	entry->init.headers = init->header_count ? entry->headers : NULL;
	entry->init.key = put_slice(&at, init->key);
	if (init->origin)
		entry->init.origin = put(&at, init->origin, strlen(init->origin) + 1);
	if (!entry->init.kind)
		entry->init.kind = source->kind;
	if (!init->release) {
		entry->init.body = put_slice(&at, init->body);
		entry->init.release = weir__entry_free;
		entry->init.owner = entry;
		entry->init.owner_bytes = 0;
	}
	return entry;
}

void weir__entry_drop(struct weir__entry *entry)
{
	const struct weir_message_init init = entry->init;

	if (init.owner != entry)
		weir__entry_free(entry);
	init.release(init.owner);
}
