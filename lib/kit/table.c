/* SPDX-License-Identifier: MIT */
/*
 * A table from names to pointers: open addressing, linear probing, a power of two of places.
 *
 * Guarantees: at most half of the places are taken, so every search ends at a free one; a failed
 * add leaves the table as it was; names are any bytes, compared whole. Nothing is ever removed,
 * so there are no tombstones. Called by the engine for destinations, names and counters.
 */
#include "kit/table.h"

#include <string.h>

#define FIRST_CAPACITY 16

/* FNV-1a; the last line brings the high bits down, where the place is taken from. */
static uint64_t hash_name(const void *name, size_t len)
{
	const uint8_t *at = name;
	uint64_t hash = 0xcbf29ce484222325u;

	for (size_t i = 0; i < len; i++)
		hash = (hash ^ at[i]) * 0x100000001b3u;
	return hash ^ hash >> 32;
}

void weir__table_init(struct weir__table *table, const struct weir_env *env)
{
	*table = (struct weir__table){ .env = env };
}

void weir__table_release(struct weir__table *table)
{
	for (size_t i = 0; i < table->capacity; i++)
		if (table->entries[i].name)
			weir__free(table->env, table->entries[i].name, table->entries[i].len + 1);
	weir__free(table->env, table->entries, table->capacity * sizeof *table->entries);
	weir__table_init(table, table->env);
}

/* The place of a name, or the free place where it would stand; there must be one. */
static struct weir__table_entry *probe(const struct weir__table *table, uint64_t hash,
				       const void *name, size_t len)
{
	const size_t mask = table->capacity - 1;

	for (size_t i = (size_t)hash & mask;; i = (i + 1) & mask) {
		struct weir__table_entry *entry = &table->entries[i];

		if (!entry->name)
			return entry;
		if (entry->hash == hash && entry->len == len &&
		    (len == 0 || memcmp(entry->name, name, len) == 0))
			return entry;
	}
}

struct weir__table_entry *weir__table_find(const struct weir__table *table, const void *name,
					   size_t len)
{
	struct weir__table_entry *entry;

	if (table->count == 0)
		return NULL;
	entry = probe(table, hash_name(name, len), name, len);
	return entry->name ? entry : NULL;
}

static bool grow(struct weir__table *table)
{
	struct weir__table bigger = *table;

	bigger.capacity = table->capacity ? table->capacity * 2 : FIRST_CAPACITY;
	bigger.entries = weir__alloc_array(table->env, bigger.capacity, sizeof *bigger.entries);
	if (!bigger.entries)
		return false;
	for (size_t i = 0; i < table->capacity; i++) {
		const struct weir__table_entry *entry = &table->entries[i];

		if (entry->name)
			*probe(&bigger, entry->hash, entry->name, entry->len) = *entry;
	}
	weir__free(table->env, table->entries, table->capacity * sizeof *table->entries);
	*table = bigger;
	return true;
}

struct weir__table_entry *weir__table_add(struct weir__table *table, const void *name, size_t len,
					  void *value)
{
	const uint64_t hash = hash_name(name, len);
	struct weir__table_entry *entry;
	char *copy;

	if ((table->count + 1) * 2 > table->capacity && !grow(table))
		return NULL;
	copy = weir__text_copy_n(table->env, name, len);
	if (!copy)
		return NULL;

	entry = probe(table, hash, name, len);
	*entry = (struct weir__table_entry){ .name = copy, .len = len, .hash = hash,
					     .value = value };
	table->count++;
	return entry;
}

struct weir__table_entry *weir__table_next(const struct weir__table *table, size_t *index)
{
	while (*index < table->capacity) {
		struct weir__table_entry *entry = &table->entries[(*index)++];

		if (entry->name)
			return entry;
	}
	return NULL;
}
