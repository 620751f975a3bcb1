/* SPDX-License-Identifier: MIT */
/* What a Twitter stream is asked for: phrases, user ids, boxes, and what narrows them. */
#ifndef WEIR_TWITTER_PREDICATE_H
#define WEIR_TWITTER_PREDICATE_H

#include "ground/env.h"
#include "weir/twitter.h"

#define WEIR__TWITTER_PHRASE_BYTES 60

/* One of them: where it stands in the options and in the struct of its own. */
struct weir__twitter_predicate {
	const char *name;	/* of the option, and of the service's parameter */
	size_t in_options, at;
	size_t parts;		/* items of its list that make one: a box takes four */
};

#define WEIR__TWITTER_PREDICATES 5
extern const struct weir__twitter_predicate weir__twitter_predicates[WEIR__TWITTER_PREDICATES];

/* The text of the one of this number; NULL: it is not asked for. */
const char *weir__twitter_predicate(const struct weir_twitter_predicates *predicates,
				    size_t number);
/* Moves them, borrowed as they are, out of the options, where nothing is left of them. */
struct weir_twitter_predicates
weir__twitter_take_predicates(struct weir_twitter_source_options *options);
/* Empty texts are absent ones: NULL. */
void weir__twitter_default_predicates(struct weir_twitter_predicates *predicates);

/* Copies; false: out of memory, and nothing was copied. Freed by the second. */
bool weir__twitter_copy_predicates(const struct weir_env *env,
				   const struct weir_twitter_predicates *from,
				   struct weir_twitter_predicates *ret);
void weir__twitter_free_predicates(const struct weir_env *env,
				   struct weir_twitter_predicates *predicates);

/* What differs, for a log: "track: 3 (before: 2), language: 0 (before: 1)"; false: nothing. */
bool weir__twitter_compare_predicates(const struct weir_twitter_predicates *before,
				      const struct weir_twitter_predicates *after, char *ret,
				      size_t size);

/*
 * The service's limits. Of the options, which have their defaults: the url, for a filter stream
 * must be asked for something, and max_phrases, max_follow and max_boxes.
 */
enum weir_status weir__twitter_check_predicates(const struct weir_twitter_predicates *predicates,
						const struct weir_twitter_source_options *options,
						struct weir_error *err);

#endif
