/* SPDX-License-Identifier: MIT */
/**
 * The pipeline: owns sources, routes and sinks, and runs them.
 *
 * Construction is sticky: every `…_add` answers NULL on trouble, the pipeline remembers the first
 * failure, later calls on it do nothing, and running it returns that failure. One check a program:
 *
 *     if (weir_pipeline_run(p) < 0)
 *             fprintf(stderr, "%s\n", weir_pipeline_error(p)->text);
 *
 * Three ways to run, one state machine: `run` blocks; `start` and `join` give it a thread of its
 * own; `fd`, `timeout_ms` and `step` put it into the application's loop.
 */
#ifndef WEIR_PIPELINE_H
#define WEIR_PIPELINE_H

#include "base.h"
#include "env.h"
#include "error.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct weir_pipeline weir_pipeline;
typedef struct weir_source weir_source;	/* lent by …_source_add, until the pipeline is freed */
typedef struct weir_sink weir_sink;	/* lent by …_sink_add, until the pipeline is freed */

/**
 *     IDLE ──► RUNNING ──► DRAINING ──► FINISHED
 *       └─────────┴────────────┴──────► FAILED
 *
 * DRAINING: sources are closed, what is under way is still waited for.
 */
enum weir_state {
	WEIR_STATE_IDLE = 0,
	WEIR_STATE_RUNNING = 1,
	WEIR_STATE_DRAINING = 2,
	WEIR_STATE_FINISHED = 3,
	WEIR_STATE_FAILED = 4
};

/** What happens to a message that no route takes. */
enum weir_unrouted {
	WEIR_UNROUTED_DROP = 0,		/* counted as dropped by rule */
	WEIR_UNROUTED_DEAD_LETTER = 1,	/* to where weir_pipeline_set_dead_letters says */
	WEIR_UNROUTED_STOP = 2		/* the pipeline fails, naming the message's kind */
};

/** Zero is the default everywhere. Since: 0.1. */
struct weir_pipeline_options {
	size_t size;
	const struct weir_env *env;	/* borrows; NULL: malloc, system clocks, silence */
	uint64_t window_messages;	/* most messages under way; default 16,384 */
	uint64_t window_bytes;		/* most bytes of bodies under way; default 8 MiB */
	uint64_t drain_ms;		/* how long a stop waits for acknowledgements; default 10,000 */
	enum weir_unrouted unrouted;
	uint64_t retry_first_ms;	/* wait before a delivery's second attempt; default 100 */
	uint64_t retry_most_ms;		/* the wait doubles up to this; default 30,000 */
	uint32_t retry_attempts;	/* then dead letter; default 0: for ever */
	/* Told of every change of state. Thread: the pipeline's; may call weir_pipeline_stop. */
	void (*on_state)(void *user, weir_pipeline *pipeline, enum weir_state state);
	void *user;
};

/**
 * A pipeline without sources, routes and sinks.
 *
 * @param options  borrows; NULL: every default
 * @return yours, free it with weir_pipeline_free; NULL only when out of memory. A wrong option is
 *         remembered and returned by run, start or step.
 * Since: 0.1.
 */
WEIR_API weir_pipeline *weir_pipeline_new(const struct weir_pipeline_options *options);

/**
 * Frees the pipeline with everything that was added to it. What was not acknowledged is not waited
 * for: stop it and run or step it to its end first. One with a thread of its own is stopped, which
 * waits up to drain_ms, and joined. NULL is fine.
 *
 * @return NULL
 * Since: 0.1.
 */
WEIR_API weir_pipeline *weir_pipeline_free(weir_pipeline *pipeline);

/**
 * The first failure. Never NULL: status WEIR_OK while there is none. Lends, until the free; while
 * a thread runs the pipeline, read it after join only. Since: 0.1.
 */
WEIR_API const struct weir_error *weir_pipeline_error(const weir_pipeline *pipeline);

/** Thread: any. Since: 0.1. */
WEIR_API enum weir_state weir_pipeline_state(const weir_pipeline *pipeline);

/**
 * Runs until every source has ended and all is settled, or stop, or failure. Blocks.
 *
 * @return WEIR_OK: everything that came in is delivered, dead-lettered or dropped by rule ·
 *         WEIR_ERR_TIMEOUT: the drain deadline passed; the error says how many messages were
 *         delivered and how many were not · any other failure: see weir_pipeline_error
 * Since: 0.1.
 */
WEIR_API enum weir_status weir_pipeline_run(weir_pipeline *pipeline);

/** Runs it on a thread of its own, until join. @return WEIR_OK or why it did not start. Since: 0.1. */
WEIR_API enum weir_status weir_pipeline_start(weir_pipeline *pipeline);

/** Waits for that thread. @return what run would have returned. Since: 0.1. */
WEIR_API enum weir_status weir_pipeline_join(weir_pipeline *pipeline);

/**
 * A descriptor that becomes readable when `step` has work: for poll, epoll, libuv, glib …
 * Lends, until the free, also after failure; do not read it. -1 for NULL, and when the system gave
 * none. Since: 0.1.
 */
WEIR_API int weir_pipeline_fd(const weir_pipeline *pipeline);

/** Milliseconds until `step` has work by time alone: 0 now, -1 never. For poll(). Since: 0.1. */
WEIR_API int weir_pipeline_timeout_ms(weir_pipeline *pipeline);

/**
 * Does what can be done without waiting, in bounded time: one turn of the application's loop.
 *
 * @return WEIR_OK: call again when the descriptor or the timeout says so · WEIR_END: finished,
 *         all settled · below zero: as run
 * Since: 0.1.
 */
WEIR_API enum weir_status weir_pipeline_step(weir_pipeline *pipeline);

/**
 * Asks the pipeline to stop: sources are closed at once, sinks settle what is under way until
 * drain_ms is over, then run returns. Wakes every wait. NULL is fine; twice is fine.
 * Thread: any, and signal handlers.  Since: 0.1.
 */
WEIR_API void weir_pipeline_stop(weir_pipeline *pipeline);

/**
 * For authors of connectors: fails the pipeline. The first failure stays; a NULL pipeline is fine.
 * What an `…_add` calls when its options are wrong, before it answers NULL.
 *
 * @param reason  borrows; status below zero
 * Since: 0.1.
 */
WEIR_API void weir_pipeline_fail(weir_pipeline *pipeline, const struct weir_error *reason);

/** Its environment, complete. Lends, until the free; NULL for NULL. Thread: any. Since: 0.1. */
WEIR_API const struct weir_env *weir_pipeline_env(const weir_pipeline *pipeline);

#ifdef __cplusplus
}
#endif

#endif
