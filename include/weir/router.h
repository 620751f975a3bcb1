/* SPDX-License-Identifier: MIT */
/**
 * Routes: which messages go to which sink, under which destination.
 *
 * Routes are tried in the order in which they were added. Every route that matches gets the
 * message, nothing is copied; a `final` one ends the search.
 */
#ifndef WEIR_ROUTER_H
#define WEIR_ROUTER_H

#include "message.h"
#include "pipeline.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct weir_rule weir_rule;	/* a route in place; lent, until the pipeline is freed */

/** A predicate: true takes the message. Thread: the pipeline's; must not call the pipeline. */
typedef bool weir_match_fn(void *user, const weir_message *message);

enum weir_test {
	WEIR_TEST_EXISTS = 0,	/* it is there and not null */
	WEIR_TEST_ABSENT = 1,	/* it is not there, or null */
	WEIR_TEST_EQUALS = 2,	/* its text is one of any_of (strings unescaped; numbers, true and
				 * false as they are written) */
	WEIR_TEST_PREFIX = 3,	/* a string that begins with one of any_of */
	WEIR_TEST_RANGE = 4	/* a number, or a string that holds one: min <= it <= max */
};

/** What a route may ask of a field. A test of what is not there fails, but for ABSENT. */
struct weir_field_match {
	const char *path;		/* as weir_message_field: "user.lang", "entities.urls[0]" */
	enum weir_test test;
	const char *const *any_of;	/* EQUALS, PREFIX */
	size_t any_of_count;
	double min, max;		/* RANGE */
};

/** Headers a route can add to what it sends. */
enum weir_route_header {
	WEIR_HEADER_KIND = 1 << 0,	/* weir.kind: "tweet" */
	WEIR_HEADER_ID = 1 << 1,	/* weir.id: the message's key */
	WEIR_HEADER_SOURCE = 1 << 2,	/* weir.source: the source's name */
	WEIR_HEADER_RECEIVED = 1 << 3,	/* weir.received: arrival, ms since 1970, decimal */
	WEIR_HEADER_ROUTE = 1 << 4	/* weir.route: the route's name */
};

/**
 * One route. Zero is the default everywhere. Strings and arrays are borrowed: copied by the add.
 *
 * Templates (`to`, `key`) hold fields in braces, "tweets.{lang}", "{user.id_str}"; `{kind}` and
 * `{source}` are the message's own; `{{` and `}}` are braces.
 *
 * A destination never becomes illegal, nor are there ever too many: a field that is missing,
 * empty, longer than 100 bytes, or holds anything but letters, digits, `.`, `_`, `-`, and a
 * destination beyond max_destinations, lead to `fallback` instead (counted).
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
	void *user;
	const char *to;			/* destination template: a topic, a file, what the sink says;
					 * NULL: the sink's own default */
	const char *key;		/* key template; NULL: the message's own key; "": none */
	const char *fallback;		/* NULL: `to` with "other" in place of each field */
	size_t max_destinations;	/* of this route; default 1,000 */
	unsigned headers;		/* a set of enum weir_route_header */
	bool final;			/* what this route takes, later ones do not see */
	const char *name;		/* NULL: "route N" counted from 1 */
};

/**
 * Adds a route.
 *
 * @param route  borrows
 * @param sink   where matching messages go; must not be NULL
 * @return lends; NULL: the pipeline has failed, its error names the route and the reason
 * Since: 0.1.
 */
WEIR_API weir_rule *weir_route_add(weir_pipeline *pipeline, const struct weir_route *route,
				   weir_sink *sink);

/**
 * Adds a route that leads nowhere: what it takes and no route before it took is dropped, and
 * counted so. Always final; `to`, `key`, `fallback` and `headers` must not be set. Since: 0.1.
 */
WEIR_API weir_rule *weir_route_add_drop(weir_pipeline *pipeline, const struct weir_route *route);

/**
 * Where messages go that cannot be delivered as they are (too large for their topic, an illegal
 * or forbidden topic, retries used up). They carry headers: weir.reason, weir.code, weir.sink,
 * weir.destination, weir.source, weir.time. Without one, such a message stops the pipeline;
 * one that cannot even get there stops it always.
 *
 * @param sink  must not be NULL
 * @param to    borrows; a fixed destination, no template
 * Since: 0.1.
 */
WEIR_API enum weir_status weir_pipeline_set_dead_letters(weir_pipeline *pipeline, weir_sink *sink,
							 const char *to);

#ifdef __cplusplus
}
#endif

#endif
