/* SPDX-License-Identifier: MIT */
/**
 * Routes: which messages go to which sink, under which destination.
 *
 * Routes are tried in the order in which they were added. Every route that matches gets the
 * message, nothing is copied; a `final` one ends the search.
 */
#ifndef WEIR_ROUTER_H
#define WEIR_ROUTER_H

#include "format.h"
#include "message.h"
#include "pipeline.h"

#ifdef __cplusplus
extern "C" {
#endif

/** A route in place; lent by …_route_add, until the pipeline is freed. Since: 0.1. */
typedef struct weir_rule weir_rule;

/**
 * A predicate: true takes the message, which is lent for the call. It is asked once for each
 * message that the rest of its route takes. Must not call the pipeline.
 * Thread: the pipeline's.  Since: 0.1.
 */
typedef bool weir_match_fn(void *user, const weir_message *message);

/** How a field is tested; see struct weir_field_match. Since: 0.1. */
enum weir_test {
	WEIR_TEST_EXISTS = 0,	/* it is there and not null */
	WEIR_TEST_ABSENT = 1,	/* it is not there, or null */
	WEIR_TEST_EQUALS = 2,	/* its text is one of any_of (strings unescaped; numbers, true and
				 * false as they are written) */
	WEIR_TEST_PREFIX = 3,	/* a string that begins with one of any_of */
	WEIR_TEST_RANGE = 4	/* a number, or a string that holds one: min <= it <= max */
};

/**
 * What a route may ask of a field. A test of what is not there fails, but for ABSENT. Strings and
 * arrays are borrowed: copied by the add. EQUALS and PREFIX need one text at least; what a test
 * does not look at stays zero.
 *
 * RANGE has both its ends, so one that is open says so: `.min = 100, .max = INFINITY`, or
 * -INFINITY below, from <math.h>. `.min = 100` alone has max 0 and is refused, `.max = 100` alone
 * means from 0 to 100.
 *
 * The path "full_text" is what the user wrote, wherever it stands; "matching_rules.tag" is the tag
 * of any of the first sixteen rules that matched a v2 post: EQUALS holds when one of them is in
 * any_of. Since: 0.1.
 */
struct weir_field_match {
	const char *path;		/* as weir_message_field: "user.lang", "entities.urls[0]" */
	enum weir_test test;
	const char *const *any_of;	/* EQUALS, PREFIX; each terminated, UTF-8 */
	size_t any_of_count;
	double min, max;		/* RANGE; both ends belong to it, neither may be NAN */
};

/** Headers a route can add to what it sends; all their values are text. Since: 0.1. */
enum weir_route_header {
	WEIR_HEADER_KIND = 1 << 0,	/* weir.kind: "tweet" */
	WEIR_HEADER_ID = 1 << 1,	/* weir.id: the message's key */
	WEIR_HEADER_SOURCE = 1 << 2,	/* weir.source: the source's name */
	WEIR_HEADER_RECEIVED = 1 << 3,	/* weir.received: arrival, ms since 1970, decimal */
	WEIR_HEADER_ROUTE = 1 << 4	/* weir.route: the route's name */
};

/**
 * What happens to a message on its route when its sink's share of the window is used up (see
 * weir_sink_set_share; a sink without one, to which a route with a drop policy leads, gets half of
 * the window). What is dropped is counted by cause (weir_metrics.drops, weir_route_metrics).
 *
 * Both drop policies spare what others rely on: deletes, scrub_geo, withheld notices, compliance,
 * limits, disconnects and gaps are never dropped, they wait as under BLOCK. Since: 0.1.
 */
enum weir_overflow {
	WEIR_OVERFLOW_BLOCK = 0,	/* it waits, and its source stops reading */
	WEIR_OVERFLOW_DROP_NEW = 1,	/* it is dropped */
	WEIR_OVERFLOW_DROP_OLD = 2,	/* the oldest that waits for the sink on such a route is
					 * dropped in its place; if none does, itself. Such a sink
					 * is offered half of its share: the other half waits */
	WEIR_OVERFLOW_SPOOL = 3		/* it waits on disk, and the stream is read on: as BLOCK,
					 * and `from` must be a spool's source (weir/spool.h) */
};

/**
 * One route. Zero is the default everywhere. Strings and arrays are borrowed: copied by the add.
 *
 * Templates (`to`, `key`) hold fields in braces, "tweets.{lang}", "{user.id_str}"; `{kind}` and
 * `{source}` are the message's own; `{matching_rules.tag}` is the tag of the first rule that matched
 * a v2 post, `{full_text}` what the user wrote (weir_message_text), its references as they are;
 * `{{` and `}}` are braces.
 *
 * A destination never becomes illegal, nor are there ever too many: a field that is missing,
 * empty, longer than 100 bytes, or holds anything but letters, digits, `.`, `_`, `-`, and a
 * destination beyond max_destinations, lead to `fallback` instead (counted). `to` without a field
 * is taken as it is.
 * Since: 0.1.
 */
struct weir_route {
	size_t size;
	const weir_source *from;	/* NULL: every source */
	unsigned kinds;			/* 0: every kind */
	unsigned traits;		/* all of these must hold */
	unsigned without_traits;	/* none of these may */
	const struct weir_field_match *where;	/* all must hold */
	size_t where_count;
	weir_match_fn *match;		/* NULL: true; asked last */
	void *user;			/* for match */
	const char *to;			/* destination template: a topic, a file, what the sink
					 * says; NULL: the sink's own default */
	const char *key;		/* key template; NULL: the message's own key; "": none */
	const char *fallback;		/* a destination, no template; NULL: `to` with "other" in
					 * place of every field, {kind} and {source} too:
					 * "{kind}.{lang}" gives "other.other" */
	size_t max_destinations;	/* of this route; default 1,000 */
	unsigned headers;		/* a set of enum weir_route_header */
	bool final;			/* what this route takes, later ones do not see */
	const char *name;		/* NULL: "route N" counted from 1 */
	enum weir_overflow overflow;	/* when the sink's share of the window is used up */
	struct weir_format format;	/* what the value is; default: the message's bytes */
};

/**
 * Adds a route. Before the start only.
 *
 * @param pipeline  NULL: nothing happens
 * @param route     borrows; NULL: every default, so that it takes everything
 * @param sink      where matching messages go: one of this pipeline; NULL fails the pipeline
 * @return lends, until the pipeline is freed; NULL: the pipeline has failed, its error names the
 *         route and the reason
 * Since: 0.1.
 */
WEIR_API weir_rule *weir_route_add(weir_pipeline *pipeline, const struct weir_route *route,
				   weir_sink *sink);

/**
 * Adds a route that leads nowhere: what it takes and no route before it took is dropped, and
 * counted so. Always final; `to`, `key`, `fallback`, `headers`, `overflow` and `format` must not be
 * set. Before the start only.
 *
 * @param route  borrows; NULL: everything
 * @return as weir_route_add
 * Since: 0.1.
 */
WEIR_API weir_rule *weir_route_add_drop(weir_pipeline *pipeline, const struct weir_route *route);

/**
 * A window of the messages seen last; what comes again is dropped and counted
 * (WEIR_DROP_DUPLICATE). Zero is the default everywhere. Since: 0.1.
 */
struct weir_dedup_options {
	size_t size;
	const weir_source *const *sources;	/* borrows; whose messages share this window:
						 * redundant connections, backfills */
	size_t source_count;		/* 0: every source that was added before, but spools': what
					 * those emit came in before, and a window they shared would
					 * drop all of it: that is refused */
	unsigned kinds;			/* 0: tweets, retweets and direct messages, whose key is their
					 * own id. The key of other kinds is what they are about: of a
					 * drop and the undrop of one status, the second is dropped */
	size_t entries;			/* most that are remembered; default 65,536, at most 2^24; each
					 * takes some 72 bytes, at once */
	uint64_t age_ms;		/* what was seen longer ago is new again; default 600,000 */
};

/**
 * Adds a window of de-duplication. Two messages are the same when their kinds and their keys are;
 * one without a key, with one longer than 40 bytes, or in a `for_user` envelope (the same may be
 * for another user) is never a duplicate. A window is in memory: another process, and this one
 * started again, know nothing of it. What is dropped as WEIR_DROP_REVOKED is forgotten: it is no
 * duplicate when its partition comes back. Before the start only.
 *
 * @param options  borrows; NULL: every default
 * @return WEIR_OK · below zero: the pipeline has failed: WEIR_ERR_INVALID (a source has a window
 *         already, or is not of this pipeline), WEIR_ERR_STATE, WEIR_ERR_NOMEM, or what it failed
 *         with before
 * Since: 0.1.
 */
WEIR_API enum weir_status weir_dedup_add(weir_pipeline *pipeline,
					 const struct weir_dedup_options *options);

/**
 * Where messages go that cannot be delivered as they are (too large for their topic, an illegal
 * or forbidden topic, retries used up). They carry headers: weir.reason, weir.code, weir.sink,
 * weir.destination, weir.source, weir.time. Without one, such a message stops the pipeline;
 * one that cannot even get there stops it always. A second call replaces the first. Before the
 * start only.
 *
 * @param sink  one of this pipeline; NULL fails the pipeline
 * @param to    borrows; a fixed destination, no template; NULL: the sink's own default
 * @return WEIR_OK · below zero: the pipeline has failed: WEIR_ERR_INVALID, WEIR_ERR_STATE,
 *         WEIR_ERR_NOMEM, or what it failed with before
 * Since: 0.1.
 */
WEIR_API enum weir_status weir_pipeline_set_dead_letters(weir_pipeline *pipeline, weir_sink *sink,
							 const char *to);

#ifdef __cplusplus
}
#endif

#endif
