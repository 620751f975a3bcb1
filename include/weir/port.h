/* SPDX-License-Identifier: MIT */
/**
 * For authors of sources and sinks: the connector's line to the pipeline's loop.
 *
 * A port is lent to `open` and lives until `free`. The engine calls `step` when a watched
 * descriptor is ready, a deadline has passed, the port was woken, or (sources) there is room again.
 * While a source has no room, its descriptors do not wake it for reading, but for those watched with
 * WEIR_ALWAYS: room does.
 * Every call here borrows the port, which must not be NULL.
 */
#ifndef WEIR_PORT_H
#define WEIR_PORT_H

#include "env.h"
#include "error.h"
#include "metrics.h"

#ifdef __cplusplus
extern "C" {
#endif

/** A connector's line to the loop; lent to `open`, until `free`. Since: 0.1. */
typedef struct weir_port weir_port;

/** What a descriptor is watched for, and ready for: flags. Since: 0.1. */
enum weir_io {
	WEIR_READABLE = 1 << 0,
	WEIR_WRITABLE = 1 << 1,
	WEIR_ALWAYS = 1 << 2	/* with READABLE: also while a source has no room. For what needs
				 * none, or stops watching when what it reads is not taken */
};

/**
 * Watches a descriptor, level-triggered; again with other events changes them. A close and a failed
 * open or step end it.
 *
 * @param fd      borrows, until it is unwatched; the connector closes it
 * @param events  a set of enum weir_io; errors and hang-ups count as both
 * @param err     may be NULL
 * @return WEIR_OK · WEIR_ERR_IO: the system refused (a plain file, say) · WEIR_ERR_NOMEM
 * Since: 0.1.
 */
WEIR_API enum weir_status weir_port_watch(weir_port *port, int fd, unsigned events,
					  struct weir_error *err);

/** Stops watching; call it before the descriptor is closed. Not watched is fine. Since: 0.1. */
WEIR_API void weir_port_unwatch(weir_port *port, int fd);

/** What a watched descriptor was ready for at this step: READABLE, WRITABLE. Since: 0.1. */
WEIR_API unsigned weir_port_events(const weir_port *port, int fd);

/**
 * `step` is to be called at this time, once: milliseconds of the env's monotonic clock, that of
 * `now_ms`. A port has one deadline, the last one set. 0: forget it. In the past: next turn.
 * Since: 0.1.
 */
WEIR_API void weir_port_deadline(weir_port *port, uint64_t at_ms);

/**
 * `step` is to be called at the next turn; many calls before it are one.
 * Thread: any, and signal handlers.  Since: 0.1.
 */
WEIR_API void weir_port_wake(weir_port *port);

/**
 * A stop has begun, or the sources have ended: nothing new is to be taken in. Set before the step
 * that is the first to see it. Thread: any. Since: 0.1.
 */
WEIR_API bool weir_port_is_stopping(const weir_port *port);

/**
 * For a source that relays (weir_source_ops.relays): a stop has begun, or all that is to come
 * through it has: every source without `relays`, and every one with it that was added before, has
 * ended, and what they emitted is settled. Set before the step that is the first to see it.
 * Thread: the pipeline's. Since: 0.1.
 */
WEIR_API bool weir_port_is_ending(const weir_port *port);

/**
 * The pipeline's environment, complete: no function in it is NULL but the log's `write`, whose
 * threshold is then WEIR_LOG_NONE. Lends, until the pipeline is freed.
 * Thread: any.  Since: 0.1.
 */
WEIR_API const struct weir_env *weir_port_env(const weir_port *port);

/**
 * The name the connector was added under. Lends, until the pipeline is freed.
 * Thread: any.  Since: 0.1.
 */
WEIR_API const char *weir_port_name(const weir_port *port);

/**
 * A line for the log, under the connector's name. No secrets.
 *
 * @param level   nothing is formatted when the env's threshold is below it
 * @param format  borrows, as what follows; as printf, without a line end; cut to 511 bytes
 * Since: 0.1.
 */
WEIR_API void weir_port_log(const weir_port *port, enum weir_log_level level, const char *format,
			    ...) WEIR_PRINTF(3, 4);

/**
 * What a source can count: the members of struct weir_source_metrics; and a sink, the last ones: of
 * struct weir_sink_metrics. Since: 0.1.
 */
enum weir_counter {
	WEIR_COUNT_CONNECTS,
	WEIR_COUNT_KEEP_ALIVES,
	WEIR_COUNT_MISSED,
	WEIR_COUNT_TOO_LARGE,
	WEIR_COUNT_TRUNCATED,
	WEIR_COUNT_GAP_MS,
	WEIR_COUNT_WIRE_BYTES,
	WEIR_GAUGE_PERCENT_FULL,	/* gauges are set, not added to */
	WEIR_COUNT_RECONNECTS,		/* + an enum weir_reconnect_cause */
	WEIR_COUNT_POSSIBLE_DUPLICATES = 64,	/* a sink's, as those that follow */
	WEIR_COUNT_TRANSACTIONS,
	WEIR_COUNT_TRANSACTIONS_ABORTED
};

/**
 * Adds to one of a connector's counters, or sets one of its gauges. Nothing happens for a counter
 * that it has not.
 *
 * @param counter  one of enum weir_counter; WEIR_COUNT_RECONNECTS plus an enum weir_reconnect_cause
 * @param amount   of what the counter counts: things, milliseconds (GAP_MS), bytes (WIRE_BYTES),
 *                 percent (PERCENT_FULL)
 * Since: 0.1.
 */
WEIR_API void weir_port_count(weir_port *port, unsigned counter, uint64_t amount);

#ifdef __cplusplus
}
#endif

#endif
