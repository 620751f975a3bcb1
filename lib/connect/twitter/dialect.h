/* SPDX-License-Identifier: MIT */
/*
 * What differs between the streams of v1.1 and of v2: tables, and what goes on beside a stream. All
 * the rest is one machine.
 */
#ifndef WEIR_TWITTER_DIALECT_H
#define WEIR_TWITTER_DIALECT_H

#include "connect/twitter/reaction.h"
#include "weir/message.h"

struct weir__twitter_source;
struct weir__twitter_stream;

/* A kind of message that is about the stream, and what it does beside being delivered. */
struct weir__twitter_notice_row {
	unsigned kind;
	void (*act)(struct weir__twitter_stream *stream, const weir_message *message);
};

#define WEIR__TWITTER_WORDS 512	/* most that a body says in words */

/* A refusal in the words of its body, where that says more than the status. */
struct weir__twitter_refusal {
	const struct weir__twitter_status *row;	/* NULL: that of the status */
	struct weir_slice words;		/* NULL data: the body as it is */
};

/* What may be NULL says so. */
struct weir__twitter_dialect {
	const struct weir__twitter_status *statuses;	/* the first that fits counts */
	const struct weir__twitter_notice_row *notices;
	size_t notice_count;

	/* A parameter that not everybody may use: a refused attempt is made once more without. */
	const char *extra;
	int32_t (*extra_value)(const struct weir__twitter_source *source);	/* 0: none */

	/* NULL: the body says nothing. `buffer` holds its words. */
	void (*explain)(struct weir__twitter_source *source, char *buffer, size_t size,
			struct weir__twitter_refusal *ret);

	/* Beside the stream, of sources that have a `beside`; all NULL or none. */
	enum weir_status (*turn)(struct weir__twitter_source *source, struct weir_error *err);
	bool (*may_connect)(const struct weir__twitter_source *source);
	uint64_t (*deadline_ms)(const struct weir__twitter_source *source);	/* 0: none */
	void (*open)(struct weir__twitter_source *source);
	void (*close)(struct weir__twitter_source *source);
	void (*free)(struct weir__twitter_source *source);
};

/* Of v1.1. */
extern const struct weir__twitter_dialect weir__twitter_v1;

#endif
