/* SPDX-License-Identifier: MIT */
/**
 * Messages: immutable bytes with a kind, some traits, a key and a time; reference-counted.
 */
#ifndef WEIR_MESSAGE_H
#define WEIR_MESSAGE_H

#include "base.h"
#include "error.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * One message. Immutable once emitted; `weir_message_ref` and `_unref` are its only changes. It may
 * outlive its pipeline, but for what says otherwise. Made by weir_outlet_emit. Since: 0.1.
 */
typedef struct weir_message weir_message;

/** What a message is: exactly one of these. As flags, so that a route takes a set. Since: 0.1. */
enum weir_kind {
	WEIR_KIND_TWEET = 1 << 0,
	WEIR_KIND_RETWEET = 1 << 1,
	WEIR_KIND_DELETE = 1 << 2,
	WEIR_KIND_LIMIT = 1 << 3,
	WEIR_KIND_SCRUB_GEO = 1 << 4,
	WEIR_KIND_STATUS_WITHHELD = 1 << 5,
	WEIR_KIND_USER_WITHHELD = 1 << 6,
	WEIR_KIND_WARNING = 1 << 7,
	WEIR_KIND_DISCONNECT = 1 << 8,
	WEIR_KIND_EVENT = 1 << 9,
	WEIR_KIND_FRIENDS = 1 << 10,
	WEIR_KIND_DIRECT_MESSAGE = 1 << 11,
	WEIR_KIND_CONTROL = 1 << 12,
	WEIR_KIND_COMPLIANCE = 1 << 13,	/* user_delete, its kin, drop, undrop, tweet_edit, v2's */
	WEIR_KIND_NOTICE = 1 << 14,	/* v2 errors without data, problems, plain-text lines */
	WEIR_KIND_GAP = 1 << 15,	/* made by weir: a hole in a live stream */
	WEIR_KIND_RECORD = 1 << 16,	/* from a source that is not Twitter */
	WEIR_KIND_UNKNOWN = 1 << 17,	/* valid JSON of no known kind */
	WEIR_KIND_MALFORMED = 1 << 18	/* not JSON */
};

/** How many kinds there are, and all of them as a set. Since: 0.1. */
#define WEIR_KIND_COUNT 19
#define WEIR_KIND_ANY ((1u << WEIR_KIND_COUNT) - 1)

/** What else holds of a message: any set of these. A quote is a tweet with a trait. Since: 0.1. */
enum weir_trait {
	WEIR_TRAIT_QUOTE = 1 << 0,
	WEIR_TRAIT_REPLY = 1 << 1,
	WEIR_TRAIT_EXTENDED = 1 << 2,
	WEIR_TRAIT_V2 = 1 << 3,
	WEIR_TRAIT_ENVELOPED = 1 << 4	/* came in a site stream's `for_user` envelope */
};

/** How many traits there are. Since: 0.1. */
#define WEIR_TRAIT_COUNT 5

/**
 * The name of one kind, "tweet"; NULL for what is not one kind. Lends, for good.
 * Thread: any.  Since: 0.1.
 */
WEIR_API const char *weir_kind_name(unsigned kind);

/**
 * The name of one trait, "quote"; NULL for what is not one trait. Lends, for good.
 * Thread: any.  Since: 0.1.
 */
WEIR_API const char *weir_trait_name(unsigned trait);

/**
 * Kinds by name: "tweet,retweet" → a set. Blanks around names are skipped.
 *
 * @param names      borrows; comma-separated; at least one
 * @param ret_kinds  written on success
 * @param err        may be NULL
 * @return WEIR_OK · WEIR_ERR_INVALID with the first name that is none in `err`
 * Thread: any.  Since: 0.1.
 */
WEIR_API enum weir_status weir_kinds_parse(const char *names, unsigned *ret_kinds,
					   struct weir_error *err);

/**
 * Where a message stands in its source. What is settled is told back to the source lane by lane,
 * in the order in which it was emitted: `offset` is the source's to give a meaning to, and is never
 * compared. A source without lanes uses lane 0; one without positions leaves it all zero.
 * Since: 0.1.
 */
struct weir_position {
	uint32_t lane;
	uint64_t offset;
};

/** A header: a name, terminated, and a value that may be any bytes. Since: 0.1. */
struct weir_header {
	const char *name;
	struct weir_slice value;
};

/** What became of a message in the end. Since: 0.1. */
enum weir_outcome {
	WEIR_OUTCOME_DELIVERED = 0,	/* every route's sink has it: acknowledged; but for routes
					 * that dropped it, which weir_route_metrics tell */
	WEIR_OUTCOME_DEAD_LETTERED = 1,	/* at least one delivery is with the dead letters */
	WEIR_OUTCOME_DROPPED = 2,	/* by a route or its overflow policy, as a duplicate, as
					 * no route took it, or revoked: another process delivers
					 * it (WEIR_DROP_REVOKED) */
	WEIR_OUTCOME_KEPT = 3,		/* the pipeline ended before it was delivered, and its
					 * source has it still (weir_source_ops.keeps): the next
					 * run emits it again */
	WEIR_OUTCOME_LEFT = 4		/* the pipeline ended before it was delivered */
};

/** How many outcomes there are. Since: 0.1. */
#define WEIR_OUTCOME_COUNT 5

/**
 * The name of an outcome, "dead_lettered"; "unknown" for what is none. Lends, for good.
 * Thread: any.  Since: 0.1.
 */
WEIR_API const char *weir_outcome_name(enum weir_outcome outcome);

/** The type of a JSON value (RFC 8259 section 3) found in a message. Since: 0.1. */
enum weir_field_type {
	WEIR_FIELD_ABSENT = 0,
	WEIR_FIELD_NULL,
	WEIR_FIELD_FALSE,
	WEIR_FIELD_TRUE,
	WEIR_FIELD_NUMBER,
	WEIR_FIELD_STRING,
	WEIR_FIELD_ARRAY,
	WEIR_FIELD_OBJECT
};

/**
 * A value found in a message. `raw` is the value's own bytes in the body: the whole value with
 * its brackets for arrays and objects, what stands between the quotes for strings; NULL for what is
 * absent. Lends, until the message's last unref. Since: 0.1.
 */
struct weir_field {
	enum weir_field_type type;
	bool escaped;	/* a string with \ escapes in it: see weir_field_text */
	struct weir_slice raw;
};

/**
 * Takes one more reference. NULL is fine.
 *
 * @return the same message; yours, free it with weir_message_unref
 * Thread: any.  Since: 0.1.
 */
WEIR_API weir_message *weir_message_ref(weir_message *message);

/**
 * Gives one reference back; the last one frees, with the `release` of weir_message_init on this
 * thread. NULL is fine.
 *
 * @param message  takes the reference
 * @return NULL
 * Thread: any.  Since: 0.1.
 */
WEIR_API weir_message *weir_message_unref(weir_message *message);

/**
 * The message's bytes as they came, without the line end. Lends, until the last unref.
 * Thread: any.  Since: 0.1.
 */
WEIR_API struct weir_slice weir_message_body(const weir_message *message);

/** Its kind, one of enum weir_kind. Thread: any. Since: 0.1. */
WEIR_API unsigned weir_message_kind(const weir_message *message);

/** Its traits, a set of enum weir_trait. Thread: any. Since: 0.1. */
WEIR_API unsigned weir_message_traits(const weir_message *message);

/**
 * The key it was given by its source; else, where that left the kind to be told by the body, the id
 * of the status it is about (a delete has the key of its tweet); else an empty slice with NULL
 * data. Lends, until the last unref.
 * Thread: any.  Since: 0.1.
 */
WEIR_API struct weir_slice weir_message_key(const weir_message *message);

/**
 * Its time in milliseconds since 1970-01-01 UTC: given by its source; else, where that left the
 * kind to be told by the body, timestamp_ms, else created_at, else the time in its id (ids issued
 * since late 2010); else its arrival.
 * Thread: any.  Since: 0.1.
 */
WEIR_API uint64_t weir_message_time_ms(const weir_message *message);

/** When it arrived here, milliseconds since 1970-01-01 UTC. Thread: any. Since: 0.1. */
WEIR_API uint64_t weir_message_received_ms(const weir_message *message);

/** Where it stands in its source; all zero when that gave no position. Thread: any. Since: 0.1. */
WEIR_API struct weir_position weir_message_position(const weir_message *message);

/**
 * The name of the source it came from first (of one that came through a spool, the source in front
 * of that). Lends, while both the message and its pipeline live.
 * Thread: any.  Since: 0.1.
 */
WEIR_API const char *weir_message_source(const weir_message *message);

/**
 * A value by its path: member names joined by dots, `[N]` for an array's element counted from 0:
 * "user.screen_name", "entities.hashtags[0].text". A dot, bracket or backslash in a name is
 * written behind a backslash. The last of duplicate members counts.
 *
 * Two paths are aliases: "full_text" is what the user wrote, wherever it stands, see
 * weir_message_text; "matching_rules.tag" is "matching_rules[0].tag", the tag of the first of the
 * rules that matched a v2 post.
 *
 * While a route's `match` runs, paths that any route of the pipeline names cost nothing; others,
 * and calls at other times, read the message again.
 *
 * @param path       borrows
 * @param ret_field  written on success; lends the message's bytes, until the last unref
 * @return WEIR_OK also when nothing is there (type WEIR_FIELD_ABSENT) · WEIR_ERR_INVALID: not a
 *         path · WEIR_ERR_CORRUPT: the message is not JSON · WEIR_ERR_NOMEM
 * Thread: any.  Since: 0.1.
 */
WEIR_API enum weir_status weir_message_field(const weir_message *message, const char *path,
					     struct weir_field *ret_field);

/**
 * The text of a string field, escapes undone (RFC 8259 section 7), terminated. A lone surrogate
 * escape becomes U+FFFD. Other types give their bytes as they are; what is absent gives "".
 *
 * @param field   borrows
 * @param buffer  written, at most `size` bytes with the final zero; may be NULL when size is 0
 * @return the bytes the whole text has, without the zero: at `size` or above, it was cut
 * Thread: any.  Since: 0.1.
 */
WEIR_API size_t weir_field_text(const struct weir_field *field, char *buffer, size_t size);

/**
 * What the user wrote, in every form in which a status comes: the text of the retweeted status for
 * a retweet, the whole text of an extended one, a v2 post's note before its text, and for a v2
 * retweet the text of the post in `includes`.
 *
 * @param references  false: HTML character references are undone (&amp;, as the service writes &)
 * @param buffer      written, UTF-8, terminated; may be NULL when size is 0
 * @param size        of the buffer; a text that does not fit is cut, its references stay
 * @param ret_len     written: the length of the text; at `size` or above, it was cut
 * @return WEIR_OK · WEIR_ERR_UNSUPPORTED: there is no text in it · WEIR_ERR_CORRUPT: it is not
 *         JSON · WEIR_ERR_NOMEM
 * Source: the data dictionary of the v1.1 and v2 objects.
 * Thread: any.  Since: 0.1.
 */
WEIR_API enum weir_status weir_message_text(const weir_message *message, bool references,
					    char *buffer, size_t size, size_t *ret_len);

#ifdef __cplusplus
}
#endif

#endif
