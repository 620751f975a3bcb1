/* SPDX-License-Identifier: MIT */
/**
 * The application itself as a sink, by a callback, and as a source, by a call.
 */
#ifndef WEIR_CALLBACK_H
#define WEIR_CALLBACK_H

#include "message.h"
#include "pipeline.h"
#include "source.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Gets one message, lent for the call: weir_message_ref keeps it. `to` is the route's destination,
 * "" when that names none; lent, until the pipeline is freed.
 *
 * WEIR_OK: delivered · WEIR_AGAIN: not now, offer it again in a while · below zero: fill `err`, its
 * remedy decides · any other answer delivers nothing: the pipeline fails with WEIR_ERR_INVALID.
 * Thread: the pipeline's.  Since: 0.1.
 */
typedef enum weir_status weir_callback_fn(void *user, weir_message *message, const char *to,
					  struct weir_error *err);

/** Options of a callback sink. `call` is needed; zero is the default elsewhere. Since: 0.1. */
struct weir_callback_sink_options {
	size_t size;
	weir_callback_fn *call;
	void *user;		/* the first argument of `call`; stays the application's */
	uint64_t again_ms;	/* how long after a WEIR_AGAIN; default 10 */
};

/**
 * Adds a sink that calls the application. Before the start only.
 *
 * @param pipeline  NULL: nothing happens
 * @param name      borrows; not empty, unique among sinks
 * @param options   borrows
 * @return lends, until the pipeline is freed; NULL: the pipeline has failed
 * Since: 0.1.
 */
WEIR_API weir_sink *weir_callback_sink_add(weir_pipeline *pipeline, const char *name,
					   const struct weir_callback_sink_options *options);

/**
 * Options of a push source. Zero is the default everywhere.
 *
 * Both callbacks come on the pipeline's thread (the caller's of weir_pipeline_run or _step, or the
 * one weir_pipeline_start made), and no lock is held: they may call weir_push, weir_push_end and
 * weir_pipeline_stop, but not run, step, join or free the pipeline.
 * Since: 0.1.
 */
struct weir_push_source_options {
	size_t size;
	size_t queue_messages;	/* most that wait to be taken in; default 1,024 */
	size_t queue_bytes;	/* default 4 MiB; a single message may be larger */
	unsigned kind;		/* of messages that state none; default: told as Twitter's */
	/* After a push said WEIR_AGAIN: there is room again, once however many said so. It is not
	 * to be waited for after weir_push_end, a stop or a failure. Thread: the pipeline's. */
	void (*on_room)(void *user);
	/* What was pushed with this position, and all before on its lane, is settled. Also while a
	 * stop or a failure waits for the sinks. Thread: the pipeline's. */
	void (*on_settled)(void *user, struct weir_position upto);
	void *user;		/* the first argument of both; stays the application's */
};

/**
 * Adds a source that takes what weir_push hands in. It ends with weir_push_end.
 *
 * A stop ends the taking, and loses nothing that was accepted: what waits in the queue still goes
 * to the sinks, as they make room, until drain_ms is over. What is in the queue then (the pipeline
 * fails with WEIR_ERR_TIMEOUT), when the pipeline fails otherwise, or when it is stopped or freed
 * before it ran, is released: its number is said in the log (WARN), no metric has counted it, and
 * on_settled never comes for it: positions tell what has to be pushed again.
 *
 * @param pipeline  NULL: nothing happens
 * @param name      borrows; not empty, unique among sources
 * @param options   borrows; NULL: every default
 * @return lends, until the pipeline is freed; NULL: the pipeline has failed
 * Since: 0.1.
 */
WEIR_API weir_source *weir_push_source_add(weir_pipeline *pipeline, const char *name,
					   const struct weir_push_source_options *options);

/**
 * Hands a message in.
 *
 * @param source  borrows; a push source, else WEIR_ERR_INVALID
 * @param init    borrows; all is copied, but for the body of one with a `release`: that body stays
 *                where it is and is taken with WEIR_OK, not otherwise
 * @return WEIR_OK: the source has it, and a stop waits for it · WEIR_AGAIN: full, nothing was
 *         taken; on_room follows · WEIR_ERR_STATE: after weir_push_end, stop or failure;
 *         nothing was taken · WEIR_ERR_INVALID · WEIR_ERR_NOMEM
 * Thread: any; not after weir_pipeline_free.  Since: 0.1.
 */
WEIR_API enum weir_status weir_push(weir_source *source, const struct weir_message_init *init);

/**
 * Hands a message in and waits until it is settled, with a deadline for both: where there is no
 * room, it is waited for, too.
 *
 * @param init         as for weir_push
 * @param timeout_ms   the deadline, from now
 * @param ret_outcome  NULL, or on WEIR_OK: what became of it
 * @return WEIR_OK: it is settled, or the pipeline ended without settling it (WEIR_OUTCOME_LEFT) ·
 *         WEIR_ERR_TIMEOUT: not settled in time; it is under way still, and will be settled like
 *         any other, its outcome is told to weir_pipeline_options.on_outcome · WEIR_AGAIN: no room
 *         in time, nothing was taken · else as weir_push
 * Thread: any but the pipeline's, which would wait for itself: WEIR_ERR_STATE from inside a
 * callback; not after weir_pipeline_free.  Since: 0.1.
 */
WEIR_API enum weir_status weir_push_wait(weir_source *source, const struct weir_message_init *init,
					 uint64_t timeout_ms, enum weir_outcome *ret_outcome);

/**
 * Waits until all that was pushed before this call is settled: weir_pipeline_flush, and before it
 * for the queue.
 *
 * @param source      borrows; a push source, else WEIR_ERR_INVALID
 * @param timeout_ms  the deadline, from now
 * @return as weir_pipeline_flush
 * Thread: any but the pipeline's: WEIR_ERR_STATE from inside a callback; not after
 * weir_pipeline_free. Another thread must run or step the pipeline.  Since: 0.1.
 */
WEIR_API enum weir_status weir_push_flush(weir_source *source, uint64_t timeout_ms);

/**
 * No more will come. The pipeline ends when all is settled. Twice is fine, and so is what is no
 * push source: nothing happens.
 *
 * @param source  borrows
 * Thread: any; not after weir_pipeline_free.  Since: 0.1.
 */
WEIR_API void weir_push_end(weir_source *source);

#ifdef __cplusplus
}
#endif

#endif
