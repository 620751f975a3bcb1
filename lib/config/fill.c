/* SPDX-License-Identifier: MIT */
/*
 * An options struct from the settings that begin alike, by its table.
 *
 * Guarantee: members that nothing names stay as they are. Called by build.c.
 */
#include <stdio.h>
#include <string.h>

#include "config/internal.h"
#include "ground/error.h"

#define KEY_BYTES 256

static size_t count_prefixed(const struct weir__settings *settings, const char *prefix)
{
	const size_t len = strlen(prefix);
	size_t count = 0;

	for (const struct weir__setting *at = settings->first; at; at = at->next)
		count += strncmp(at->key, prefix, len) == 0 && at->key[len];
	return count;
}

/* PREFIX.NAME=VALUE, of which there may be any. */
static enum weir_status read_properties(struct weir__settings *settings, struct weir__arena *arena,
					const char *prefix, const struct weir__key_row *row,
					char *options, struct weir_error *err)
{
	const size_t len = strlen(prefix);
	struct weir_property *list;
	size_t count = 0;

	list = weir__arena_alloc(arena, (count_prefixed(settings, prefix) + 1) * sizeof *list);
	if (!list)
		return weir__error_no_memory(err);
	for (struct weir__setting *at = settings->first; at; at = at->next) {
		if (strncmp(at->key, prefix, len) != 0 || !at->key[len])
			continue;
		at->is_used = true;
		list[count++] = (struct weir_property){ at->key + len, at->value };
	}
	memcpy(options + row->offset, &list, sizeof list);
	memcpy(options + row->count, &count, sizeof count);
	return WEIR_OK;
}

enum weir_status weir__fill(struct weir__settings *settings, struct weir__arena *arena,
			    const char *prefix, const struct weir__key_table *table, void *options,
			    struct weir_error *err)
{
	enum weir_status status = WEIR_OK;
	char key[KEY_BYTES];

	for (size_t i = 0; i < table->count && status == WEIR_OK; i++) {
		const struct weir__key_row *row = &table->rows[i];
		struct weir__setting *setting;

		if ((size_t)snprintf(key, sizeof key, "%s%s%s", prefix, row->name,
				     row->type == VALUE_PROPERTIES ? "." : "") >= sizeof key)
			return weir__error_invalid(err, "%s…: the key is too long", prefix);
		if (row->type == VALUE_PROPERTIES) {
			status = read_properties(settings, arena, key, row, options, err);
			continue;
		}
		setting = weir__settings_take(settings, key);
		if (!setting)
			continue;
		setting->is_secret |= row->is_secret;
		status = weir__value_read(arena, setting, row, options, err);
	}
	return status;
}
