/* SPDX-License-Identifier: MIT */
/*
 * The keys of the weir.… family: one row for each member of an options struct.
 *
 *     weir.sources.NAME.type=twitter      which table
 *     weir.sources.NAME.stall_ms=90000    a row of it: the member, its type, its words
 *
 * The rows are what is read, what is checked, and what docs/config.md is made from.
 */
#ifndef WEIR_CONFIG_TABLE_H
#define WEIR_CONFIG_TABLE_H

#include <stdbool.h>
#include <stddef.h>

enum weir__value_type {
	VALUE_TEXT,		/* const char * */
	VALUE_BOOLEAN,		/* bool */
	VALUE_U64,		/* uint64_t */
	VALUE_SIZE,		/* size_t */
	VALUE_U32,		/* uint32_t */
	VALUE_I32,		/* int32_t */
	VALUE_DOUBLE,		/* double; "inf" and "-inf" are numbers here */
	VALUE_KINDS,		/* unsigned: names of kinds */
	VALUE_CHOICE,		/* an enum: `words` by number */
	VALUE_SET,		/* unsigned: `words` by bit */
	VALUE_LIST,		/* const char *const *, and a size_t at `count`: NAME, by commas;
				 * NAME.X, each one text */
	VALUE_PARTITIONS,	/* const struct weir_kafka_partition *, and a size_t at `count` */
	VALUE_PROPERTIES	/* NAME.X: const struct weir_property *, and a size_t at `count` */
};

struct weir__key_row {
	const char *name;
	enum weir__value_type type;
	bool is_secret;
	size_t offset, count;
	const char *const *words;	/* up to NULL; NULL for a number that has no name */
	const char *help;
};

struct weir__key_table {
	const char *section;	/* "sources" */
	const char *type;	/* "twitter"; NULL: the section has one table */
	const struct weir__key_row *rows;
	size_t count;
	size_t size;		/* of the options struct */
	const char *help;
};

extern const struct weir__key_table weir__key_tables[];
extern const size_t weir__key_table_count;

/* Whether the name is the last of the key's, behind a dot. */
bool weir__key_ends_in(const char *key, const char *name);
/* Whether what a key of the family is set to is not to be shown. */
bool weir__key_is_secret(const char *key);
const struct weir__key_table *weir__key_table_find(const char *section, const char *type);
/* A word of the table's row of that name. */
const char *weir__key_word(const char *section, const char *type, const char *key, unsigned choice);

/*
 * The names of a section's keys, "stall_ms", those that name another part as well: what may have
 * been meant. Writes at most `most`; answers how many there are.
 */
size_t weir__key_names(const char *section, const char **ret, size_t most);
/* Whether some part of that section, of whatever type, has such a key. */
bool weir__key_is_known(const char *section, const char *key);

#endif
