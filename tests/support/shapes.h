/* SPDX-License-Identifier: MIT */
/* Messages with what they must be told as, for tables of fixtures, and the check of one. */
#ifndef WEIR_TESTS_SHAPES_H
#define WEIR_TESTS_SHAPES_H

#include <check.h>

#include "model/kind.h"

#define KIND(name) WEIR_KIND_##name
#define V2 WEIR_TRAIT_V2
#define QUOTE WEIR_TRAIT_QUOTE
#define REPLY WEIR_TRAIT_REPLY
#define EXTENDED WEIR_TRAIT_EXTENDED
#define ENVELOPED WEIR_TRAIT_ENVELOPED

/* A status of 2018 without and with what tells its kind; its id's own time is …664. */
#define ID "\"id\":958086982432735232,\"id_str\":\"958086982432735232\""
#define TWEET_KEY "958086982432735232"
#define BODY "\"text\":\"t\",\"user\":{\"id\":1,\"id_str\":\"1\"}"
#define TIMES "\"created_at\":\"Mon Jan 29 21:18:31 +0000 2018\",\"timestamp_ms\":\"1517260711665\""
#define PLAIN TIMES "," ID "," BODY
#define TWEET "{" PLAIN "}"
#define WITH(more) "{" PLAIN "," more "}"
#define STAMP 1517260711665u
#define ID_TIME 1517260711664u
#define CREATED 1517260711000u

struct shape {
	const char *name, *text;
	unsigned kind, traits;
	const char *key;	/* NULL: none */
	uint64_t time_ms;
};

/* A plan of the kinds' paths, and room for its slots; for a checked fixture. */
void shapes_init(void);
void shapes_release(void);
/* Tells from a copy with nothing behind it; free the copy, the key is in it. */
struct weir__verdict shape_tell(const char *text, size_t len, char **ret_copy);
/* Fails the test unless `text` is told as `want` (whose own text is not looked at) and `traits`. */
void shape_expect(const char *name, const char *text, const struct shape *want, unsigned traits);
/* The same for its text in envelopes of several users, with the members in both orders. */
void shape_expect_enveloped(const struct shape *shape);

#define TELLS_ITS_TABLE(table)                                                                    \
	START_TEST(every_row_of_##table##_is_told)                                                \
	{                                                                                         \
		shape_expect(table[_i].name, table[_i].text, &table[_i], 0);                      \
	}                                                                                         \
	END_TEST

#endif
