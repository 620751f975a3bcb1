/* SPDX-License-Identifier: MIT */
/* A setting's text as the value of a member of an options struct. */
#ifndef WEIR_CONFIG_VALUE_H
#define WEIR_CONFIG_VALUE_H

#include "config/settings.h"
#include "config/table.h"

/* Memory for lists, freed all at once. */
struct weir__arena {
	const struct weir_env *env;
	struct weir__arena_block *blocks;
};

void weir__arena_release(struct weir__arena *arena);
/* Zeroed; NULL when out of memory. */
void *weir__arena_alloc(struct weir__arena *arena, size_t size);
/* A terminated copy. */
char *weir__arena_copy(struct weir__arena *arena, const char *text, size_t len);

/*
 * Writes the member of `options` that the row names. Texts stay the setting's. Errors name the
 * place, the key, and what would be right.
 */
enum weir_status weir__value_read(struct weir__arena *arena, const struct weir__setting *setting,
				  const struct weir__key_row *row, void *options,
				  struct weir_error *err);
enum weir_status weir__value_boolean(const struct weir__setting *setting, bool *ret,
				     struct weir_error *err);
enum weir_status weir__value_u64(const struct weir__setting *setting, uint64_t most, uint64_t *ret,
				 struct weir_error *err);
/* By commas, blanks around them gone; an empty text is an empty list. */
enum weir_status weir__value_list(struct weir__arena *arena, const struct weir__setting *setting,
				  const char *const **ret, size_t *ret_count,
				  struct weir_error *err);

#endif
