/* SPDX-License-Identifier: MIT */
/*
 * Java properties: `key=value` lines, as java.util.Properties reads them.
 *
 * The bytes are taken as UTF-8, and as Latin-1 where they are not (Java's own reading of a file).
 * Texts come out as UTF-8, each with the line on which it began; a key given twice stands here
 * twice, the last one counts.
 */
#ifndef WEIR_KIT_PROPERTIES_H
#define WEIR_KIT_PROPERTIES_H

#include "kit/bytes.h"
#include "weir/error.h"

struct weir__properties {
	const struct weir_env *env;
	struct weir__bytes text;	/* keys and values, each terminated */
	struct weir__property *list;
	size_t count, capacity;
	bool is_latin1;			/* some byte was not UTF-8 */
};

struct weir__property {
	size_t key, value;	/* where they begin in the text */
	unsigned line;		/* counted from 1 */
};

void weir__properties_init(struct weir__properties *properties, const struct weir_env *env);
void weir__properties_release(struct weir__properties *properties);
/* Adds what is in `bytes`. Errors begin with the line: "line 3: \u needs four digits". */
enum weir_status weir__properties_parse(struct weir__properties *properties,
					struct weir_slice bytes, struct weir_error *err);
/* Lend, until the next parse or the release. */
const char *weir__properties_key(const struct weir__properties *properties, size_t index);
const char *weir__properties_value(const struct weir__properties *properties, size_t index);

#endif
