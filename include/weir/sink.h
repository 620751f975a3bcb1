/* SPDX-License-Identifier: MIT */
/**
 * For authors of sinks. The library's own sinks use these calls and no others.
 */
#ifndef WEIR_SINK_H
#define WEIR_SINK_H

#include "message.h"
#include "pipeline.h"
#include "port.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * One message's way to one sink. From submit until done or fail it belongs to the sink: lent, until
 * then or the sink's close. The calls below borrow it where they do not take it. Since: 0.1.
 */
typedef struct weir_delivery weir_delivery;

/**
 * What a sink does. `submit` is needed; any other may be NULL, which means "nothing to do". `self`
 * is what was given to weir_sink_add. What comes as a `now_ms` is the monotonic clock of the
 * pipeline's env (weir_port_env), read once a turn. A failure fills `err`; its remedy decides.
 * Thread: the pipeline's. Since: 0.1.
 */
struct weir_sink_ops {
	size_t size;

	/**
	 * Called once before anything else. Must not block. On failure the pipeline fails,
	 * whatever the remedy, and close is not called. `port` is lent, until `free`.
	 */
	enum weir_status (*open)(void *self, weir_port *port, struct weir_error *err);

	/**
	 * Called once for each destination: for those the routes name as fixed before the first
	 * source is opened, for others when the first message goes there. What it puts into
	 * `ret_handle` comes back with each delivery (weir_delivery_handle) and stays the sink's
	 * own. `to` is lent, until `free`; "" is the sink's own default.
	 * Failing here: remedy RETRY tries it again, with the first message that goes there and
	 * then as a submit; else before the first source is opened the pipeline fails, later SKIP
	 * makes a dead letter of the message and STOP fails the pipeline.
	 */
	enum weir_status (*prepare)(void *self, const char *to, void **ret_handle,
				    struct weir_error *err);

	/**
	 * Takes one delivery. WEIR_OK: taken; weir_delivery_done or _fail will follow, from
	 * here or from step · WEIR_AGAIN: full; it is offered again after a later step of this
	 * sink, before any other · below zero: not taken, remedy RETRY offers it again later,
	 * SKIP makes it a dead letter, STOP fails the pipeline.
	 */
	enum weir_status (*submit)(void *self, weir_delivery *delivery, struct weir_error *err);

	/**
	 * The port's descriptor is ready, its deadline passed, or it was woken. Must not block.
	 * Below zero fails the pipeline, whatever the remedy: nothing more is asked of this sink
	 * until close.
	 */
	enum weir_status (*step)(void *self, uint64_t now_ms, struct weir_error *err);

	/**
	 * A stop has begun, the sources have ended, or weir_pipeline_flush was called: what is
	 * buffered is to be sent now. Called then, and again after each turn until that is over
	 * which submitted more (what had waited, dead letters).
	 */
	void (*flush)(void *self);

	/**
	 * The end: deliveries not yet settled are given up here (they stay the pipeline's; their
	 * bytes may be freed as soon as this returns).
	 */
	void (*close)(void *self);

	/** The last call. Called also when the add failed: `self` is taken in any case. */
	void (*free)(void *self);

	/**
	 * It keeps deliveries until it commits them together, and may need those that wait before
	 * it for that: none is held back so that WEIR_OVERFLOW_DROP_OLD could drop it.
	 */
	bool holds;
};

/**
 * Adds a sink. Before the start only.
 *
 * @param pipeline  NULL: `self` is freed, nothing else happens
 * @param name      borrows; for logs, metrics and headers; not empty, unique among sinks
 * @param ops       borrows; copied
 * @param self      takes; freed with ops->free, also when this fails
 * @return lends, until the pipeline is freed; NULL: the pipeline has failed
 * Since: 0.1.
 */
WEIR_API weir_sink *weir_sink_add(weir_pipeline *pipeline, const char *name,
				  const struct weir_sink_ops *ops, void *self);

/**
 * How much of the window may be under way to this sink, so that one that takes nothing any more
 * does not hold up the others: a source whose message finds the share used up waits until a quarter
 * of it is free again, unless the route says otherwise (weir_route.overflow); other sources go on.
 * Deliveries count, the dead letters' too (a message once for each route that leads there), and
 * bytes are of their bodies. It may be exceeded by one message of each source, and that of the dead
 * letters by all that a sink gives up at once; then sources wait. Before the start only.
 *
 * @param sink      borrows
 * @param messages  0: as many as the window
 * @param bytes     0: as many as the window
 * @return WEIR_OK · WEIR_ERR_INVALID: NULL · else the pipeline has failed, or had before:
 *         WEIR_ERR_STATE after the start
 * Since: 0.1.
 */
WEIR_API enum weir_status weir_sink_set_share(weir_sink *sink, uint64_t messages, uint64_t bytes);

/** The message. Lends, until the delivery is settled; ref it to keep it. Since: 0.1. */
WEIR_API weir_message *weir_delivery_message(const weir_delivery *delivery);

/**
 * The bytes to deliver; NULL data: no value, a tombstone. Lends, until the delivery is settled.
 * Since: 0.1.
 */
WEIR_API struct weir_slice weir_delivery_value(const weir_delivery *delivery);

/** The time to deliver under, ms since 1970-01-01 UTC. Since: 0.1. */
WEIR_API uint64_t weir_delivery_time_ms(const weir_delivery *delivery);

/** The key to deliver under; NULL data: none. Lends, until the delivery is settled. Since: 0.1. */
WEIR_API struct weir_slice weir_delivery_key(const weir_delivery *delivery);

/** The source that emitted the message. Lends, until the pipeline is freed. Since: 0.1. */
WEIR_API const weir_source *weir_delivery_source(const weir_delivery *delivery);

/**
 * The destination's name; "" when the route names none. Lends, until the pipeline is freed.
 * Since: 0.1.
 */
WEIR_API const char *weir_delivery_to(const weir_delivery *delivery);

/** What `prepare` put there for this destination; NULL when it put nothing. Since: 0.1. */
WEIR_API void *weir_delivery_handle(const weir_delivery *delivery);

/** Which attempt at this sink this is, from 1; a WEIR_AGAIN is none. Since: 0.1. */
WEIR_API uint32_t weir_delivery_attempt(const weir_delivery *delivery);

/**
 * The headers to deliver: the message's own, the route's, a dead letter's.
 *
 * @param ret_count  written: how many they are
 * @return lends, until the next call of this function on any delivery of the pipeline, or the
 *         return from the op that called it; NULL when there are none
 * Since: 0.1.
 */
WEIR_API const struct weir_header *weir_delivery_headers(const weir_delivery *delivery,
							 size_t *ret_count);

/**
 * A pointer of the sink's own, kept with the delivery and never looked at: NULL until it is set. A
 * delivery that was given back or comes as a dead letter still has what was set before.
 * Since: 0.1.
 */
WEIR_API void weir_delivery_set_user(weir_delivery *delivery, void *user);
WEIR_API void *weir_delivery_user(const weir_delivery *delivery);

/**
 * Settles a delivery: the sink has it safely, the message need never come this way again.
 * Once every route of a message is settled, and all messages before it on its lane are, the
 * source is told that it may forget up to that position. From inside submit, step, flush or close.
 *
 * @param delivery  takes; do not touch it afterwards
 * Since: 0.1.
 */
WEIR_API void weir_delivery_done(weir_delivery *delivery);

/**
 * Gives a delivery back: it did not arrive.
 *
 * @param delivery  takes; do not touch it afterwards
 * @param reason    borrows; its remedy decides: RETRY offers it again after retry_first_ms, doubled
 *                  up to retry_most_ms, and as a dead letter after attempt retry_attempts, when
 *                  that is set; SKIP makes it a dead letter; STOP fails the pipeline
 * Since: 0.1.
 */
WEIR_API void weir_delivery_fail(weir_delivery *delivery, const struct weir_error *reason);

/**
 * Settles a delivery that this sink must not make any more, because the message's source has it no
 * longer and another process delivers it: it counts as dropped, WEIR_DROP_REVOKED, unless the
 * message was delivered elsewhere. From inside submit, step, flush or close.
 *
 * @param delivery  takes; do not touch it afterwards
 * Since: 0.1.
 */
WEIR_API void weir_delivery_drop(weir_delivery *delivery);

#ifdef __cplusplus
}
#endif

#endif
