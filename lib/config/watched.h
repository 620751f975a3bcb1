/* SPDX-License-Identifier: MIT */
/* What a check has been told of so far, for watch.c, watch_route.c, check.c. */
#ifndef WEIR_CONFIG_WATCHED_H
#define WEIR_CONFIG_WATCHED_H

#include "config/watch.h"
#include "kit/bytes.h"
#include "weir/check.h"

/* A topic or file that is written to, whatever comes. */
struct weir__watched_destination {
	struct weir__watched_destination *next;
	const char *name;
};

/* A source, spool or sink. */
struct weir__party {
	struct weir__party *next;
	const char *name;
	const char *type;	/* "kafka"; of a spool "spool" */
	const void *options;
	const char *other;	/* of a spool: whose messages it takes */
	struct weir__table seen;	/* names of the destinations */
	struct weir__watched_destination *destinations, **end;
	size_t destination_count;
};

struct weir__watched_route {
	struct weir__watched_route *next;
	struct weir__watched_route *next_taker;
	struct weir_route route;
	const struct weir__party *from;	/* NULL: every source */
	struct weir__party *sink;	/* NULL: dropped */
};

struct weir__watch {
	const struct weir_env *env;
	weir_check_fn *call;
	void *user;
	struct weir__arena arena;
	uint32_t retry_attempts;	/* the pipeline's */
	struct weir__party *sources, *spools, *sinks;
	struct weir__watched_route *routes, *last_route;
	struct weir__watched_route *takers;	/* of those tried: nothing of their kinds gets by;
						 * the last one first */
};

void weir__watch_tell(const struct weir__watch *watch, enum weir_check what, const char *format,
		      ...) WEIR_PRINTF(3, 4);
/* In place of a line that there was no memory for. */
#define WEIR__NO_LINE "out of memory: a line is missing; check again"
#define WEIR__KINDS_BYTES 400	/* all kinds there are */

/* "tweet, retweet"; 0: "every kind". */
void weir__watch_kinds(unsigned kinds, char *ret, size_t size);
/* One that is there already is fine. */
enum weir_status weir__watch_destination(struct weir__watch *watch, struct weir__party *sink,
					 const char *name, struct weir_error *err);
void weir__watch_release(struct weir__watch *watch);

/* ---- watch_field.c ---- */

/* The kinds of messages that come to it from a source; 0: none comes. */
unsigned weir__watch_kinds_from(const struct weir__watched_route *route,
				const struct weir__party *source);
/* Where no message that comes to it has the field: tells that, and what follows of it. */
void weir__watch_try_path(const struct weir__watch *watch, const struct weir__watched_route *route,
			  const char *key, struct weir_slice path, const char *effect);

/* ---- watch_route.c ---- */

/* What would be: one or two lines. */
void weir__watch_tell_route(const struct weir__watch *watch,
			    const struct weir__watched_route *route);
/* What can never be: a line for each. Adds the destinations that it falls back to. */
enum weir_status weir__watch_try_routes(struct weir__watch *watch, struct weir_error *err);

#endif
