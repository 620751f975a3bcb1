/* SPDX-License-Identifier: MIT */
/**
 * Sample data: an endless, reproducible stream of invented messages in the v1.1 stream format.
 *
 * Of 100 messages 54 are tweets (replies, quotes, long and located ones among them), 36 are
 * retweets, 7 are deletes of statuses sent before, and 3 are of every other kind the stream
 * knows. Shapes, sizes (3 KB in the mean), escapes and ids are like the real stream's; every
 * name, text and address is invented. The same seed gives the same bytes on every machine.
 *
 *	struct sample *s = sample_new(1);
 *	for (int i = 0; i < 1000; i++) {
 *		const struct sample_message m = sample_next(s);
 *
 *		fwrite(m.text, 1, m.len, stdout);
 *		fputs("\r\n", stdout);
 *	}
 *	sample_free(s);
 *
 * No dependencies, no global state: one sample belongs to one thread at a time.
 */
#ifndef SAMPLE_H
#define SAMPLE_H

#include <stddef.h>
#include <stdint.h>

struct sample;

enum sample_kind {
	SAMPLE_TWEET,
	SAMPLE_RETWEET,
	SAMPLE_DELETE,
	SAMPLE_LIMIT,
	SAMPLE_SCRUB_GEO,
	SAMPLE_STATUS_WITHHELD,
	SAMPLE_USER_WITHHELD,
	SAMPLE_WARNING,
	SAMPLE_DISCONNECT,	/* only after sample_allow_disconnect */
	SAMPLE_EVENT,
	SAMPLE_FRIENDS,
	SAMPLE_DIRECT_MESSAGE,
	SAMPLE_CONTROL,
	SAMPLE_COMPLIANCE,
	SAMPLE_KINDS		/* how many there are */
};

enum sample_trait {
	SAMPLE_REPLY = 1 << 0,		/* a tweet that answers a status */
	SAMPLE_QUOTE = 1 << 1,		/* a tweet that quotes one */
	SAMPLE_EXTENDED = 1 << 2,	/* has extended_tweet, itself or in its retweeted_status */
	SAMPLE_ENVELOPED = 1 << 3	/* in a for_user envelope; the kind is the inner one */
};

/** One message. The text has no line end and no final zero. */
struct sample_message {
	const char *text;	/* lent until the next call of sample_next or sample_free */
	size_t len;
	enum sample_kind kind;
	unsigned traits;	/* a set of enum sample_trait */
};

/** Starts a stream. Any seed is fine. Returns NULL when there is no memory. */
struct sample *sample_new(uint64_t seed);

/** Frees it; NULL is fine. @return NULL */
struct sample *sample_free(struct sample *sample);

/** Lets disconnect messages occur: off at first, as a client takes one for the stream's end. */
void sample_allow_disconnect(struct sample *sample);

/** The next message. Never fails. */
struct sample_message sample_next(struct sample *sample);

/**
 * The next post in the form of X API v2, without matching_rules: a retweet, or a tweet of any
 * other sort. Not counted. Never fails.
 */
struct sample_message sample_next_x(struct sample *sample);

/** How many messages of one kind came so far; SAMPLE_KINDS asks for all. */
uint64_t sample_count(const struct sample *sample, enum sample_kind kind);

/** How many messages with one trait came so far. */
uint64_t sample_trait_count(const struct sample *sample, enum sample_trait trait);

/** "tweet", "scrub_geo", …; NULL for what is no kind. */
const char *sample_kind_name(enum sample_kind kind);

#endif
