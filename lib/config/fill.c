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

	for (const struct weir__setting *at = weir__settings_part(settings, prefix); at;
	     at = at->beside)
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
	for (struct weir__setting *at = weir__settings_part(settings, prefix); at;
	     at = at->beside) {
		if (strncmp(at->key, prefix, len) != 0 || !at->key[len])
			continue;
		at->is_used = true;
		if (weir__settings_find(settings, at->key) == at)
			list[count++] = (struct weir_property){ at->key + len, at->value };
	}
	memcpy(options + row->offset, &list, sizeof list);
	memcpy(options + row->count, &count, sizeof count);
	return WEIR_OK;
}

/* NAME.X=TEXT, of which there may be any: each one text, behind those of NAME, in their order. */
static enum weir_status read_texts(struct weir__settings *settings, struct weir__arena *arena,
				   const char *prefix, const struct weir__key_row *row,
				   char *options, struct weir_error *err)
{
	const size_t len = strlen(prefix), more = count_prefixed(settings, prefix);
	const char *const *given;
	const char **list;
	size_t count;

	if (!more)
		return WEIR_OK;
	memcpy(&given, options + row->offset, sizeof given);
	memcpy(&count, options + row->count, sizeof count);
	list = weir__arena_alloc(arena, (count + more) * sizeof *list);
	if (!list)
		return weir__error_no_memory(err);
	for (size_t i = 0; i < count; i++)
		list[i] = given[i];
	for (struct weir__setting *at = weir__settings_part(settings, prefix); at;
	     at = at->beside) {
		if (strncmp(at->key, prefix, len) != 0 || !at->key[len])
			continue;
		at->is_used = true;
		if (weir__settings_find(settings, at->key) == at)
			list[count++] = at->value;
	}
	memcpy(options + row->offset, &list, sizeof list);
	memcpy(options + row->count, &count, sizeof count);
	return WEIR_OK;
}

/* One row that has a name of its own, or several keys. */
static enum weir_status read_row(struct weir__settings *settings, struct weir__arena *arena,
				 const char *key, const struct weir__key_row *row, void *options,
				 struct weir_error *err)
{
	struct weir__setting *setting = weir__settings_take(settings, key);

	if (!setting)
		return WEIR_OK;
	if (row->is_secret)
		weir__settings_hide(settings, setting);
	return weir__value_read(arena, setting, row, options, err);
}

enum weir_status weir__fill(struct weir__settings *settings, struct weir__arena *arena,
			    const char *prefix, const struct weir__key_table *table, void *options,
			    struct weir_error *err)
{
	enum weir_status status = WEIR_OK;
	char key[KEY_BYTES];

	for (size_t i = 0; i < table->count && status == WEIR_OK; i++) {
		const struct weir__key_row *row = &table->rows[i];
		const int len = snprintf(key, sizeof key, "%s%s", prefix, row->name);

		if ((size_t)len + 2 > sizeof key)
			return weir__error_invalid(err, "%s…: the key is too long", prefix);
		if (row->type != VALUE_PROPERTIES)
			status = read_row(settings, arena, key, row, options, err);
		key[len] = '.';
		key[len + 1] = '\0';
		if (row->type == VALUE_PROPERTIES)
			status = read_properties(settings, arena, key, row, options, err);
		else if (row->type == VALUE_LIST && status == WEIR_OK)
			status = read_texts(settings, arena, key, row, options, err);
	}
	return status;
}
