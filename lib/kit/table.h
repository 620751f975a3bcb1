/* SPDX-License-Identifier: MIT */
/*
 * A table from names to pointers: open addressing, linear probing, never more than half full.
 * It owns copies of its names; the pointers are the caller's.
 */
#ifndef WEIR_KIT_TABLE_H
#define WEIR_KIT_TABLE_H

#include "ground/env.h"

struct weir__table_entry {
	char *name;
	size_t len;
	uint64_t hash;
	void *value;
};

struct weir__table {
	const struct weir_env *env;
	struct weir__table_entry *entries;
	size_t capacity;
	size_t count;
};

void weir__table_init(struct weir__table *table, const struct weir_env *env);
/* Frees names and table, not what the pointers point to. */
void weir__table_release(struct weir__table *table);
/* NULL when the name is not there. The name need not be terminated. */
struct weir__table_entry *weir__table_find(const struct weir__table *table, const void *name,
					   size_t len);
/* Adds a name that is not there; NULL when out of memory. Entries move when the table grows; their
 * `name` does not. */
struct weir__table_entry *weir__table_add(struct weir__table *table, const void *name, size_t len,
					  void *value);
/* Visits all: `*index` begins at 0; NULL at the end. */
struct weir__table_entry *weir__table_next(const struct weir__table *table, size_t *index);

#endif
