/* SPDX-License-Identifier: MIT */
/**
 * For authors of sources and sinks: the connector's line to the pipeline's loop.
 *
 * A port is lent to `open` and lives until `free`. The engine calls `step` when a watched
 * descriptor is ready, a deadline has passed, the port was woken, or (sources) there is room again.
 * While a source has no room, its descriptors do not wake it for reading: room does.
 */
#ifndef WEIR_PORT_H
#define WEIR_PORT_H

#include "env.h"
#include "error.h"
#include "metrics.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct weir_port weir_port;

enum weir_io {
	WEIR_READABLE = 1 << 0,
	WEIR_WRITABLE = 1 << 1
};

/**
 * Watches a descriptor, level-triggered; again with other events changes them.
 *
 * @param events  a set of enum weir_io; errors and hang-ups count as both
 * @return WEIR_ERR_IO: the system refused (a plain file, say) · WEIR_ERR_NOMEM
 */
WEIR_API enum weir_status weir_port_watch(weir_port *port, int fd, unsigned events,
					  struct weir_error *err);

/** Stops watching; call it before the descriptor is closed. Not watched is fine. */
WEIR_API void weir_port_unwatch(weir_port *port, int fd);

/** What a watched descriptor was ready for at this step, a set of enum weir_io. */
WEIR_API unsigned weir_port_events(const weir_port *port, int fd);

/** `step` is to be called at this monotonic time, once. 0: forget it. In the past: next turn. */
WEIR_API void weir_port_deadline(weir_port *port, uint64_t at_ms);

/** `step` is to be called at the next turn. Thread: any, and signal handlers. */
WEIR_API void weir_port_wake(weir_port *port);

/**
 * A stop has begun, or the sources have ended: nothing new is to be taken in. Set before the step
 * that is the first to see it. Thread: any. Since: 0.1.
 */
WEIR_API bool weir_port_is_stopping(const weir_port *port);

/** The pipeline's environment, complete. Lends, until the pipeline is freed. Thread: any. */
WEIR_API const struct weir_env *weir_port_env(const weir_port *port);

/** The name the connector was added under. Lends, until the pipeline is freed. Thread: any. */
WEIR_API const char *weir_port_name(const weir_port *port);

/** A line for the log, under the connector's name. No secrets. */
WEIR_API void weir_port_log(const weir_port *port, enum weir_log_level level, const char *format,
			    ...) WEIR_PRINTF(3, 4);

/** What a source can count (see struct weir_source_metrics); on a sink's port nothing happens. */
enum weir_counter {
	WEIR_COUNT_CONNECTS,
	WEIR_COUNT_KEEP_ALIVES,
	WEIR_COUNT_MISSED,
	WEIR_COUNT_TOO_LARGE,
	WEIR_COUNT_TRUNCATED,
	WEIR_COUNT_GAP_MS,
	WEIR_COUNT_WIRE_BYTES,
	WEIR_GAUGE_PERCENT_FULL,	/* gauges are set, not added to */
	WEIR_COUNT_RECONNECTS		/* + an enum weir_reconnect_cause; must stay last */
};

WEIR_API void weir_port_count(weir_port *port, unsigned counter, uint64_t amount);

#ifdef __cplusplus
}
#endif

#endif
