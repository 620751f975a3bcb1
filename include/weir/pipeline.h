/* SPDX-License-Identifier: MIT */
/**
 * The pipeline: owns sources, routes and sinks, and runs them.
 *
 * Construction is sticky: every `…_add` answers NULL on trouble, the pipeline remembers the first
 * failure, later calls on it do nothing, and running it returns that failure. Every `…_add` comes
 * before the start (the first run, start or step): a later one fails the pipeline with
 * WEIR_ERR_STATE. One check a program:
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
#include "message.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * The pipeline, a source of it and a sink of it. Whoever has a pipeline frees it; the other two are
 * its own. Since: 0.1.
 */
typedef struct weir_pipeline weir_pipeline;
typedef struct weir_source weir_source;	/* lent by …_source_add, until the pipeline is freed */
typedef struct weir_sink weir_sink;	/* lent by …_sink_add, until the pipeline is freed */

/**
 *     IDLE ──► RUNNING ──► DRAINING ──► FINISHED
 *       └─────────┴────────────┴──────► FAILED
 *
 * IDLE: before the start. DRAINING: sources are closed (but for those that have messages they
 * answered for, weir_source_ops.drains), what is under way is still waited for. FINISHED and FAILED
 * are for good. Since: 0.1.
 */
enum weir_state {
	WEIR_STATE_IDLE = 0,
	WEIR_STATE_RUNNING = 1,
	WEIR_STATE_DRAINING = 2,
	WEIR_STATE_FINISHED = 3,
	WEIR_STATE_FAILED = 4
};

/** What happens to a message that no route takes. Since: 0.1. */
enum weir_unrouted {
	WEIR_UNROUTED_DROP = 0,		/* counted as dropped by rule */
	WEIR_UNROUTED_DEAD_LETTER = 1,	/* to where weir_pipeline_set_dead_letters says */
	WEIR_UNROUTED_STOP = 2		/* the pipeline fails, naming the message's kind */
};

/** Zero is the default everywhere. Since: 0.1. */
struct weir_pipeline_options {
	size_t size;
	const struct weir_env *env;	/* borrowed, copied; NULL: malloc, system clocks, silence */
	uint64_t window_messages;	/* most messages under way; default 16,384, at most 2^32 */
	uint64_t window_bytes;		/* most memory that they may keep: bodies with the buffers
					 * they lie in, keys, headers; default 16 MiB */
	uint64_t drain_ms;		/* how long a stop or failure waits for acknowledgements;
					 * default 10,000; 1: hardly at all */
	enum weir_unrouted unrouted;
	uint64_t retry_first_ms;	/* wait before a delivery's second attempt; default 100 */
	uint64_t retry_most_ms;		/* the wait doubles up to this; default 30,000, or
					 * retry_first_ms where that is more */
	uint32_t retry_attempts;	/* then dead letter; default 0: for ever */
	/* Told of every change of state. Thread: the pipeline's; may call weir_pipeline_stop. */
	void (*on_state)(void *user, weir_pipeline *pipeline, enum weir_state state);
	void *user;
	/*
	 * What became of each message, once, in the order in which that became known; those that
	 * the end of the pipeline leaves undelivered are told then, one by one. `message` is lent
	 * for the call: weir_message_ref keeps it. Thread: the pipeline's; may call
	 * weir_pipeline_stop and weir_push, nothing else of the pipeline.
	 */
	void (*on_outcome)(void *user, weir_message *message, enum weir_outcome outcome);
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
 * waits up to drain_ms, and joined. NULL is fine. Not from inside anything that it calls.
 *
 * @param pipeline  takes
 * @return NULL
 * Since: 0.1.
 */
WEIR_API weir_pipeline *weir_pipeline_free(weir_pipeline *pipeline);

/**
 * The first failure. Never NULL: status WEIR_OK while there is none; of a NULL pipeline it says
 * that memory was out. After a stop whose drain_ms passed it is WEIR_ERR_TIMEOUT with the counts;
 * after any other failure it is that failure, and the counts of what was delivered and what was not
 * are in the log and the metrics (weir_metrics.all). Lends, until the free; while a thread runs the
 * pipeline, read it after join only. Since: 0.1.
 */
WEIR_API const struct weir_error *weir_pipeline_error(const weir_pipeline *pipeline);

/** Where it stands; WEIR_STATE_FAILED for NULL. Thread: any. Since: 0.1. */
WEIR_API enum weir_state weir_pipeline_state(const weir_pipeline *pipeline);

/**
 * Runs until every source has ended and all is settled, or stop, or failure. Blocks. Stopped before
 * it ran, it opens nothing and returns WEIR_OK; after the end it returns the verdict again. Without
 * a source it is WEIR_ERR_INVALID; without a route all is dropped, and counted as unrouted.
 *
 * @return WEIR_OK: everything that came in is delivered, dead-lettered or dropped by rule, or was
 *         left by a stop with a source that keeps it (weir_source_ops.keeps) · WEIR_ERR_TIMEOUT:
 *         the drain deadline passed; the error says how many messages were delivered and how many
 *         were not · any other failure: see weir_pipeline_error; what was
 *         under way then was waited for as at a stop · WEIR_ERR_STATE, no verdict: it has a thread
 *         of its own, or this is a call from inside one that it makes · WEIR_ERR_NOMEM: NULL
 * Since: 0.1.
 */
WEIR_API enum weir_status weir_pipeline_run(weir_pipeline *pipeline);

/**
 * Runs it on a thread of its own, which takes no signals, until join. Until then only what any
 * thread may call is called on it.
 *
 * @return WEIR_OK: join must follow (the free joins, too) · the failure of its construction ·
 *         WEIR_ERR_STATE: started, run or stepped before · WEIR_ERR_IO: no thread was to be had,
 *         the pipeline has failed · WEIR_ERR_NOMEM: NULL
 * Since: 0.1.
 */
WEIR_API enum weir_status weir_pipeline_start(weir_pipeline *pipeline);

/**
 * Waits for the thread that weir_pipeline_start made: until every source has ended, or stop, or
 * failure.
 *
 * @return what run would have returned · WEIR_ERR_STATE: there is no such thread, it was not
 *         started or is joined already · WEIR_ERR_NOMEM: NULL
 * Since: 0.1.
 */
WEIR_API enum weir_status weir_pipeline_join(weir_pipeline *pipeline);

/**
 * A descriptor that becomes readable when `step` has work: for poll, epoll, libuv, glib …
 * Lends, until the free, also after failure; do not read it. -1 for NULL, and when the system gave
 * none. Since: 0.1.
 */
WEIR_API int weir_pipeline_fd(const weir_pipeline *pipeline);

/**
 * Milliseconds until `step` has work by time alone: 0 now (also before the start, after the end,
 * and for NULL), -1 never. As poll() takes it. Since: 0.1.
 */
WEIR_API int weir_pipeline_timeout_ms(weir_pipeline *pipeline);

/**
 * Does what can be done without waiting, in bounded time: one turn of the application's loop. The
 * first one starts the pipeline. After the end it answers the verdict again.
 *
 * @return WEIR_OK: call again when the descriptor or the timeout says so · WEIR_END: finished,
 *         all settled, or stopped before the first step · below zero: as run
 * Since: 0.1.
 */
WEIR_API enum weir_status weir_pipeline_step(weir_pipeline *pipeline);

/**
 * Asks the pipeline to stop: sources are closed at once (those with weir_source_ops.drains when they
 * have handed over what they answered for), sinks settle what is under way until
 * drain_ms is over, then run returns. Wakes every wait. NULL is fine; twice is fine. A stop before
 * the start holds: run then opens nothing and returns WEIR_OK, unless the construction failed.
 * Thread: any, and signal handlers.  Since: 0.1.
 */
WEIR_API void weir_pipeline_stop(weir_pipeline *pipeline);

/**
 * Waits until all that was received before this call is settled: delivered, dead-lettered or
 * dropped. Sinks are told to send what they have buffered. Sources go on meanwhile.
 *
 * Where another thread runs the pipeline (weir_pipeline_start, or weir_pipeline_run elsewhere), or
 * is the one that stepped it last, this one waits for it, to the deadline also when it steps no
 * more; else it steps the pipeline itself. Several threads may flush at a time.
 *
 * @param timeout_ms  the deadline, from now
 * @return WEIR_OK: all of it is settled · WEIR_ERR_TIMEOUT: not within timeout_ms; it is still
 *         waited for · WEIR_ERR_STATE: the pipeline ended, or has failed, with some of it not
 *         settled; or this is a call from inside one that it makes · WEIR_ERR_NOMEM: NULL
 * Thread: any, while the pipeline lives.  Since: 0.1.
 */
WEIR_API enum weir_status weir_pipeline_flush(weir_pipeline *pipeline, uint64_t timeout_ms);

/**
 * For authors of connectors: fails the pipeline. The first failure stays; a NULL pipeline is fine.
 * What an `…_add` calls when its options are wrong, before it answers NULL.
 *
 * @param reason  borrows; status below zero (else it counts as WEIR_ERR_STATE)
 * Since: 0.1.
 */
WEIR_API void weir_pipeline_fail(weir_pipeline *pipeline, const struct weir_error *reason);

/** Its environment, complete. Lends, until the free; NULL for NULL. Thread: any. Since: 0.1. */
WEIR_API const struct weir_env *weir_pipeline_env(const weir_pipeline *pipeline);

#ifdef __cplusplus
}
#endif

#endif
