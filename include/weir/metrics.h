/* SPDX-License-Identifier: MIT */
/**
 * Counters, as structs. At any moment, on the pipeline's thread:
 *
 *     received = delivered + dead_lettered + dropped + in_flight
 *
 * for the pipeline, for each kind and for each source. Any thread may take a snapshot; from another
 * thread than the pipeline's it is not a consistent cut (each number is right, their sum may be off
 * by what is just moving). Set `size` before the call; WEIR_METRICS does. Times are in
 * milliseconds, sizes in bytes; all count from the pipeline's making and never go back, but for
 * gauges.
 */
#ifndef WEIR_METRICS_H
#define WEIR_METRICS_H

#include "message.h"
#include "pipeline.h"
#include "router.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * A metrics struct ready to be filled: `struct weir_metrics m = WEIR_METRICS(weir_metrics);`
 * Since: 0.1.
 */
#ifdef __cplusplus
#define WEIR_METRICS(type) { sizeof(struct type) }
#else
#define WEIR_METRICS(type) { .size = sizeof(struct type) }
#endif

/** What became of messages. One counts once, whatever number of routes took it. Since: 0.1. */
struct weir_tally {
	uint64_t received;
	uint64_t delivered;	/* every route's sink has it: acknowledged; but for routes that
				 * dropped it (weir_route_metrics) */
	uint64_t dead_lettered;	/* at least one delivery is with the dead letters, acknowledged */
	uint64_t dropped;	/* by rule, see enum weir_drop_cause */
	uint64_t in_flight;	/* gauge: under way */
	uint64_t bytes;		/* of the bodies received */
};

/** Why messages were dropped: each cause but the last is one the application chose. Since: 0.1. */
enum weir_drop_cause {
	WEIR_DROP_ROUTE = 0,		/* a drop route took it */
	WEIR_DROP_UNROUTED = 1,		/* no route took it */
	WEIR_DROP_OVERFLOW_NEW = 2,	/* its sink's share was used up: the new one gave way */
	WEIR_DROP_OVERFLOW_OLD = 3,	/* its sink's share was used up: the old one gave way */
	WEIR_DROP_DUPLICATE = 4,	/* it was seen before: weir_dedup_add */
	WEIR_DROP_REVOKED = 5		/* another process delivers it: weir_delivery_drop */
};

/** How many causes there are. Since: 0.1. */
#define WEIR_DROP_CAUSES 6

/** The pipeline's. Since: 0.1. */
struct weir_metrics {
	size_t size;
	struct weir_tally all;
	struct weir_tally kinds[WEIR_KIND_COUNT];	/* by the number of the kind's bit */
	uint64_t in_flight_bytes;	/* gauge: memory that messages under way keep: bodies with
					 * the buffers they lie in, keys, headers */
	uint64_t drops[WEIR_DROP_CAUSES];	/* all.dropped, by enum weir_drop_cause; one with
						 * several is counted under the last */
	uint64_t fallbacks;	/* destinations that were replaced by a route's fallback */
	uint64_t lag_ms;	/* gauge: arrival minus time of the last message that has a time */
};

/** Why a live source had to connect anew. Since: 0.1. */
enum weir_reconnect_cause {
	WEIR_RECONNECT_DROPPED = 0,	/* the connection ended or broke */
	WEIR_RECONNECT_STALLED = 1,	/* nothing came for too long */
	WEIR_RECONNECT_NETWORK = 2,	/* DNS, connect, TLS, reset before an answer */
	WEIR_RECONNECT_HTTP = 3,	/* an HTTP status worth retrying */
	WEIR_RECONNECT_RATE = 4,	/* 420, 429 */
	WEIR_RECONNECT_DISCONNECT = 5,	/* a disconnect message */
	WEIR_RECONNECT_PROTOCOL = 6,	/* framing or compression broke */
	WEIR_RECONNECT_CLOCK = 7,	/* 401 with a clock that was off; corrected */
	WEIR_RECONNECT_RECONFIGURED = 8	/* by us: to ask for other predicates */
};

/** How many causes there are. Since: 0.1. */
#define WEIR_RECONNECT_CAUSES 9

/**
 * A source's. Which of them a source counts is its own matter; `all`, `lag_ms` and `settled` are
 * the engine's.
 *
 * `settled` is of the lane that was told last, and stays zero for a source without an `ack`: where
 * there are several lanes, what is settled on each is told by weir_source_ops.ack and by
 * weir_push_source_options.on_settled. On another thread its two halves may be of two tellings.
 * Since: 0.1.
 */
struct weir_source_metrics {
	size_t size;
	struct weir_tally all;
	uint64_t connects;	/* connections that were answered well */
	uint64_t reconnects[WEIR_RECONNECT_CAUSES];	/* by enum weir_reconnect_cause */
	uint64_t keep_alives;	/* empty lines that say that the connection lives */
	uint64_t missed;	/* what the service held back, by its `limit` notices */
	uint64_t too_large;	/* messages above the size limit, skipped */
	uint64_t truncated;	/* messages cut by the end of a connection or file */
	uint64_t gap_ms;	/* time without a connection, summed */
	uint64_t percent_full;	/* gauge: of the server's queue, by its last warning */
	uint64_t lag_ms;	/* gauge: as in weir_metrics */
	uint64_t wire_bytes;	/* bytes read, as they came (compressed) */
	struct weir_position settled;	/* all up to it on its lane is settled; lane told last */
};

/** A sink's, in deliveries: a message is one for each route that sends it there. Since: 0.1. */
struct weir_sink_metrics {
	size_t size;
	uint64_t submitted;	/* deliveries handed to the sink, each attempt */
	uint64_t delivered;	/* deliveries it acknowledged */
	uint64_t failed;	/* deliveries it gave back */
	uint64_t retried;	/* of the failed: those to be offered again */
	uint64_t in_flight;	/* gauge: deliveries with the sink */
	uint64_t waiting;	/* gauge: deliveries before it: it is full, or a retry is due */
	uint64_t bytes;		/* of the bodies delivered */
	uint64_t possible_duplicates;	/* deliveries sent again that may have arrived before */
	uint64_t transactions;		/* committed: weir_kafka_sink_options.transactional_id */
	uint64_t transactions_aborted;	/* what was in them is sent again in another */
};

/** A route's. Since: 0.1. */
struct weir_route_metrics {
	size_t size;
	uint64_t matched;	/* messages taken */
	uint64_t delivered;	/* of them: the sink has it */
	uint64_t dead_lettered;	/* of them: with the dead letters */
	uint64_t in_flight;	/* gauge: of them: under way */
	uint64_t fallbacks;	/* of them: sent to the fallback */
	uint64_t dropped_new;	/* of them: dropped by WEIR_OVERFLOW_DROP_NEW, or _OLD for want of
				 * an older one */
	uint64_t dropped_old;	/* of them: dropped by WEIR_OVERFLOW_DROP_OLD */
	uint64_t dropped_revoked;	/* of them: WEIR_DROP_REVOKED */
};

/**
 * Snapshots.
 *
 * @param pipeline, source, sink, rule  borrows; NULL gives zeroes
 * @param ret  written as far as its `size` goes; must not be NULL, its `size` must be set
 * Thread: any.  Since: 0.1.
 */
WEIR_API void weir_pipeline_metrics(const weir_pipeline *pipeline, struct weir_metrics *ret);
WEIR_API void weir_source_metrics(const weir_source *source, struct weir_source_metrics *ret);
WEIR_API void weir_sink_metrics(const weir_sink *sink, struct weir_sink_metrics *ret);
WEIR_API void weir_route_metrics(const weir_rule *rule, struct weir_route_metrics *ret);

/**
 * The name of a cause, "stalled"; "unknown" for what is none. Lends, for good.
 * Thread: any.  Since: 0.1.
 */
WEIR_API const char *weir_reconnect_cause_name(enum weir_reconnect_cause cause);

/**
 * The name of a cause, "overflow_new"; "unknown" for what is none. Lends, for good.
 * Thread: any.  Since: 0.1.
 */
WEIR_API const char *weir_drop_cause_name(enum weir_drop_cause cause);

/**
 * The numbers above as text in the Prometheus exposition format 0.0.4, UTF-8, terminated. The unit
 * is in the name: …_milliseconds, …_bytes; …_total counts, all else are gauges; labels are kind,
 * source, cause, sink and route, by name: docs/reliability.md has them all. Not in it are `settled`
 * of a source, and what a spool counts itself (weir_spool_metrics: waiting, full_ms, …).
 *
 * @param pipeline  borrows; NULL: the empty text
 * @param buffer    written, at most `size` bytes with the final zero; may be NULL when size is 0
 * @return the bytes the whole text has, without the zero: at `size` or above, it was cut
 * Thread: any.  Since: 0.1.
 */
WEIR_API size_t weir_metrics_write(const weir_pipeline *pipeline, char *buffer, size_t size);

#ifdef __cplusplus
}
#endif

#endif
