/* SPDX-License-Identifier: MIT */
/* A declared set of rules, owned, and where each of them stands. */
#ifndef WEIR_X_SET_H
#define WEIR_X_SET_H

#include "kit/table.h"
#include "weir/x.h"

enum weir__x_mark {
	WEIR__X_NEW,	/* the account has it not */
	WEIR__X_LATE,	/* nor can it, before something of ours is removed */
	WEIR__X_THERE
};

struct weir__x_wanted {
	char *value, *tag;
	enum weir__x_mark mark;
	bool added;		/* by us, for this set */
};

struct weir__x_set {
	const struct weir_env *env;
	struct weir__table by_value;	/* of struct weir__x_wanted */
	size_t count;
	struct weir__x_wanted rules[];
};

/* Values that are there, each once, and tags under the prefix; NULL: `err` says what is not. */
struct weir__x_set *weir__x_set_new(const struct weir_env *env, const char *prefix,
				    const struct weir_x_rule *rules, size_t count,
				    struct weir_error *err);
struct weir__x_set *weir__x_set_free(struct weir__x_set *set);	/* NULL is fine; returns NULL */
/* NULL: there is none with this value. */
struct weir__x_wanted *weir__x_set_find(const struct weir__x_set *set, const char *value);
size_t weir__x_set_count(const struct weir__x_set *set, enum weir__x_mark mark);

#endif
