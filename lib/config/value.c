/* SPDX-License-Identifier: MIT */
/*
 * Values. Guarantees: a text that is not wholly a value of its type is an error that says which
 * values there are; no locale. Called by build.c and the families of foreign keys.
 */
#include "config/value.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "ground/error.h"
#include "kit/text.h"
#include "weir/kafka.h"
#include "weir/message.h"

#define WORDS_BYTES 160	/* all words of a choice */

struct weir__arena_block {
	struct weir__arena_block *next;
	size_t size;
	max_align_t bytes[];
};

void weir__arena_release(struct weir__arena *arena)
{
	while (arena->blocks) {
		struct weir__arena_block *block = arena->blocks;

		arena->blocks = block->next;
		explicit_bzero(block->bytes, block->size - sizeof *block);
		weir__free(arena->env, block, block->size);
	}
}

void *weir__arena_alloc(struct weir__arena *arena, size_t size)
{
	struct weir__arena_block *block = weir__alloc(arena->env, sizeof *block + size);

	if (!block)
		return NULL;
	block->size = sizeof *block + size;
	block->next = arena->blocks;
	arena->blocks = block;
	return block->bytes;
}

char *weir__arena_copy(struct weir__arena *arena, const char *text, size_t len)
{
	char *copy = weir__arena_alloc(arena, len + 1);

	if (copy)
		memcpy(copy, text, len);
	return copy;
}

/* The value, for an error; a secret is not shown. */
static const char *shown(const struct weir__setting *setting)
{
	return setting->is_secret || weir__key_is_secret(setting->key) ? "(secret)"
								       : setting->value;
}

enum weir_status weir__value_boolean(const struct weir__setting *setting, bool *ret,
				     struct weir_error *err)
{
	*ret = strcasecmp(setting->value, "true") == 0;
	if (*ret || strcasecmp(setting->value, "false") == 0)
		return WEIR_OK;
	return weir__settings_wrong(err, setting, "'%.60s' is neither true nor false",
				    shown(setting));
}

/* The same of a part of it. */
static const char *shown_item(const struct weir__setting *setting, const char *item)
{
	return shown(setting) == setting->value ? item : "(secret)";
}

static int shown_len(const struct weir__setting *setting, size_t len)
{
	return shown(setting) == setting->value && len < 60 ? (int)len : 60;
}

/* NULL: there is none. */
static const char *last_byte(const char *text, size_t len, char byte)
{
	while (len > 0 && text[len - 1] != byte)
		len--;
	return len > 0 ? text + len - 1 : NULL;
}

static struct weir_slice slice_of(const char *text)
{
	return (struct weir_slice){ text, strlen(text) };
}

enum weir_status weir__value_u64(const struct weir__setting *setting, uint64_t most, uint64_t *ret,
				 struct weir_error *err)
{
	if (weir__text_to_u64(slice_of(setting->value), ret) && *ret <= most)
		return WEIR_OK;
	return weir__settings_wrong(err, setting, "'%.60s' is no whole number from 0 to %llu",
				    shown(setting), (unsigned long long)most);
}

static enum weir_status read_i32(const struct weir__setting *setting, int32_t *ret,
				 struct weir_error *err)
{
	const bool is_negative = *setting->value == '-';
	uint64_t value;

	if (!weir__text_to_u64(slice_of(setting->value + is_negative), &value) || value > INT32_MAX)
		return weir__settings_wrong(err, setting, "'%.60s' is no whole number",
					    shown(setting));
	*ret = is_negative ? -(int32_t)value : (int32_t)value;
	return WEIR_OK;
}

static enum weir_status read_double(const struct weir__setting *setting, double *ret,
				    struct weir_error *err)
{
	if (strcmp(setting->value, "inf") == 0 || strcmp(setting->value, "-inf") == 0)
		*ret = *setting->value == '-' ? -INFINITY : INFINITY;
	else if (!weir__text_to_double(slice_of(setting->value), ret))
		return weir__settings_wrong(err, setting, "'%.60s' is no number, inf or -inf",
					    shown(setting));
	return WEIR_OK;
}

static bool find_word(const char *const *words, const char *word, size_t len, unsigned *ret)
{
	for (*ret = 0; words[*ret]; ++*ret)
		if (strlen(words[*ret]) == len && strncasecmp(words[*ret], word, len) == 0)
			return true;
	return false;
}

static void join(const char *const *words, char *ret, size_t size)
{
	size_t len = 0;

	ret[0] = '\0';
	for (size_t i = 0; words[i] && len < size; i++)
		len += (size_t)snprintf(ret + len, size - len, "%s%s", i ? ", " : "", words[i]);
}

static enum weir_status read_choice(const struct weir__setting *setting, const char *const *words,
				    unsigned *ret, struct weir_error *err)
{
	char all[WORDS_BYTES];

	if (find_word(words, setting->value, strlen(setting->value), ret))
		return WEIR_OK;
	join(words, all, sizeof all);
	return weir__settings_wrong(err, setting, "'%.40s' is none of %s", shown(setting), all);
}

/* The next item of a list; false behind the last. */
static bool next_item(const char **at, const char **ret_item, size_t *ret_len)
{
	const char *item = *at + strspn(*at, " \t\r\n\f");
	size_t len = strcspn(item, ",");

	if (!**at)
		return false;
	*at = item + len + (item[len] == ',');
	while (len > 0 && strchr(" \t\r\n\f", item[len - 1]))
		len--;
	*ret_item = item;
	*ret_len = len;
	return true;
}

static enum weir_status read_set(const struct weir__setting *setting, const char *const *words,
				 unsigned *ret, struct weir_error *err)
{
	const char *at = setting->value, *item;
	char all[WORDS_BYTES];
	unsigned bit;
	size_t len;

	*ret = 0;
	while (next_item(&at, &item, &len)) {
		if (find_word(words, item, len, &bit)) {
			*ret |= 1u << bit;
			continue;
		}
		join(words, all, sizeof all);
		return weir__settings_wrong(err, setting, "'%.*s' is none of %s",
					    shown_len(setting, len), shown_item(setting, item),
					    all);
	}
	return WEIR_OK;
}

static enum weir_status read_kinds(const struct weir__setting *setting, unsigned *ret,
				   struct weir_error *err)
{
	struct weir_error reason;

	if (weir_kinds_parse(setting->value, ret, &reason) == WEIR_OK)
		return WEIR_OK;
	return weir__settings_wrong(err, setting, "%s", reason.text);
}

enum weir_status weir__value_list(struct weir__arena *arena, const struct weir__setting *setting,
				  const char *const **ret, size_t *ret_count,
				  struct weir_error *err)
{
	const char *at = setting->value, *item;
	const char **list;
	size_t count = 0, len;

	while (next_item(&at, &item, &len))
		count++;
	list = weir__arena_alloc(arena, (count + 1) * sizeof *list);
	if (!list)
		return weir__error_no_memory(err);
	*ret = list;
	*ret_count = count;
	for (at = setting->value; next_item(&at, &item, &len); list++) {
		*list = weir__arena_copy(arena, item, len);
		if (!*list)
			return weir__error_no_memory(err);
	}
	return WEIR_OK;
}

/* ---- TOPIC:PARTITION@OFFSET ---- */

static enum weir_status read_partition(struct weir__arena *arena,
				       const struct weir__setting *setting, const char *item,
				       size_t len, struct weir_kafka_partition *ret,
				       struct weir_error *err)
{
	const char *at = last_byte(item, len, '@');
	const size_t place_len = at ? (size_t)(at - item) : len;
	const char *colon = last_byte(item, place_len, ':');
	uint64_t partition, offset = 0;

	if (!colon || colon == item ||
	    !weir__text_to_u64((struct weir_slice){ colon + 1,
						    (size_t)(item + place_len - colon) - 1 },
			       &partition) ||
	    partition > INT32_MAX ||
	    (at && !weir__text_to_u64((struct weir_slice){ at + 1, (size_t)(item + len - at) - 1 },
				      &offset)))
		return weir__settings_wrong(err, setting, "'%.*s' is neither TOPIC:PARTITION nor "
					    "TOPIC:PARTITION@OFFSET", shown_len(setting, len),
					    shown_item(setting, item));
	if (at && (offset == 0 || offset > INT64_MAX))
		return weir__settings_wrong(err, setting, "'%.*s': an offset is from 1 to %lld; "
					    "without @ it begins where start says",
					    shown_len(setting, len), shown_item(setting, item),
					    (long long)INT64_MAX);
	ret->topic = weir__arena_copy(arena, item, (size_t)(colon - item));
	ret->partition = (int32_t)partition;
	ret->offset = offset;
	return ret->topic ? WEIR_OK : weir__error_no_memory(err);
}

static enum weir_status read_partitions(struct weir__arena *arena,
					const struct weir__setting *setting,
					const struct weir_kafka_partition **ret, size_t *ret_count,
					struct weir_error *err)
{
	const char *at = setting->value, *item;
	struct weir_kafka_partition *list;
	size_t count = 0, len;

	while (next_item(&at, &item, &len))
		count++;
	list = weir__arena_alloc(arena, (count + 1) * sizeof *list);
	if (!list)
		return weir__error_no_memory(err);
	*ret = list;
	*ret_count = count;
	for (at = setting->value; next_item(&at, &item, &len); list++)
		if (read_partition(arena, setting, item, len, list, err) < 0)
			return err->status;
	return WEIR_OK;
}

/* A member of that type at `offset` of the struct. */
#define MEMBER(type, offset) ((type *)(void *)((char *)options + (offset)))

static enum weir_status read_number(const struct weir__setting *setting,
				    const struct weir__key_row *row, void *options,
				    struct weir_error *err)
{
	const uint64_t most = row->type == VALUE_U32 ? UINT32_MAX : UINT64_MAX;
	uint64_t value;

	if (weir__value_u64(setting, most, &value, err) < 0)
		return err->status;
	if (row->type == VALUE_U64)
		*MEMBER(uint64_t, row->offset) = value;
	else if (row->type == VALUE_U32)
		*MEMBER(uint32_t, row->offset) = (uint32_t)value;
	else
		*MEMBER(size_t, row->offset) = (size_t)value;
	return WEIR_OK;
}

enum weir_status weir__value_read(struct weir__arena *arena, const struct weir__setting *setting,
				  const struct weir__key_row *row, void *options,
				  struct weir_error *err)
{
	switch (row->type) {
	case VALUE_TEXT:
		*MEMBER(const char *, row->offset) = setting->value;
		return WEIR_OK;
	case VALUE_BOOLEAN:
		return weir__value_boolean(setting, MEMBER(bool, row->offset), err);
	case VALUE_I32:
		return read_i32(setting, MEMBER(int32_t, row->offset), err);
	case VALUE_DOUBLE:
		return read_double(setting, MEMBER(double, row->offset), err);
	case VALUE_KINDS:
		return read_kinds(setting, MEMBER(unsigned, row->offset), err);
	case VALUE_CHOICE:
		return read_choice(setting, row->words, MEMBER(unsigned, row->offset), err);
	case VALUE_SET:
		return read_set(setting, row->words, MEMBER(unsigned, row->offset), err);
	case VALUE_LIST:
		return weir__value_list(arena, setting, MEMBER(const char *const *, row->offset),
					MEMBER(size_t, row->count), err);
	case VALUE_PARTITIONS:
		return read_partitions(
			arena, setting,
			MEMBER(const struct weir_kafka_partition *, row->offset),
			MEMBER(size_t, row->count), err);
	case VALUE_U64:
	case VALUE_SIZE:
	case VALUE_U32:
		return read_number(setting, row, options, err);
	case VALUE_PROPERTIES:
		break;		/* has names of its own: build.c */
	}
	return WEIR_OK;
}
