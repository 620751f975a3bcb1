/* SPDX-License-Identifier: MIT */
/**
 * For authors of sources. The library's own sources use these calls and no others.
 *
 * Positions and lanes. A message is settled when every route of it is: delivered, dead-lettered,
 * or dropped by rule. On each lane `ack` follows the order of emission and is told the position of
 * the last message before which none is open; offsets are never compared, so they need not grow.
 * Acknowledgements are coalesced: one tells of all that was settled since the one before. Nothing
 * is said of the order between lanes. A lane is made when a message first names it, costs some 330
 * bytes and 16 more for each message under way on it (the ring doubles and does not shrink), and is
 * kept until the pipeline is freed: thousands are fine, a new one for each message is not. One
 * message that does not settle holds back the acknowledgement of those behind it on its lane: with
 * 16 times window_messages not acknowledged, a source has no room (of messages dropped one after
 * the other all count as one).
 */
#ifndef WEIR_SOURCE_H
#define WEIR_SOURCE_H

#include "message.h"
#include "pipeline.h"
#include "port.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Where a source puts its messages; lent to `step` for the call. Since: 0.1. */
typedef struct weir_outlet weir_outlet;

/**
 * What a source does. `step` is needed; any other may be NULL, which means "nothing to do": without
 * `ack` positions are not kept track of. `self` is what was given to weir_source_add. What comes as
 * a `now_ms` is the monotonic clock of the pipeline's env (weir_port_env), read once a turn.
 *
 * A failure fills `err`; its remedy decides, RETRY or STOP (SKIP counts as STOP). Thread: the
 * pipeline's. Since: 0.1.
 */
struct weir_source_ops {
	size_t size;

	/**
	 * Called once before the first step, after every sink was opened; and again after a step
	 * failed with remedy RETRY (the engine has called close, and waited). Must not block.
	 * On failure `close` is not called; remedy RETRY: it is tried again later. `port` is
	 * lent, until `free`.
	 *
	 * The wait is 1 s and doubles with each failure in a row up to 60 s, whatever the
	 * pipeline's options say of deliveries. What was emitted before and is not acknowledged
	 * is still under way: its ack comes yet, and a source that begins again from what was
	 * acknowledged emits such messages a second time.
	 */
	enum weir_status (*open)(void *self, weir_port *port, struct weir_error *err);

	/**
	 * Brings messages in: as many as there are and as `weir_outlet_room` allows, in bounded
	 * time, without blocking. WEIR_OK: called again as the port says, or when there is room
	 * again, if there was none · WEIR_END: no more will come; close follows · below zero:
	 * remedy RETRY closes, waits and opens again; else the pipeline fails.
	 */
	enum weir_status (*step)(void *self, weir_outlet *outlet, uint64_t now_ms,
				 struct weir_error *err);

	/**
	 * Everything up to and including this position on its lane is settled: it may be
	 * forgotten. Called in the order of emission within a lane, once for all that was settled
	 * since the last call. May be called between any two other calls, also after close; never
	 * from inside weir_outlet_emit.
	 */
	void (*ack)(void *self, struct weir_position upto);

	/**
	 * No further step will come (ended, stop, failure, or before a retry). What it watches is
	 * unwatched after it.
	 */
	void (*close)(void *self);

	/** The last call. Called also when the add failed: `self` is taken in any case. */
	void (*free)(void *self);

	/**
	 * It may hold messages it has answered for already (a queue that others fill). At a stop
	 * such a source is not closed at once: it takes nothing new in (weir_port_is_stopping) and
	 * is stepped until it answers WEIR_END, as long as drain_ms lets it.
	 */
	bool drains;

	/**
	 * What became of one message, once for each, in the order in which that became known: when
	 * it is settled, or (KEPT, LEFT) when the pipeline ends without. `user` is its
	 * weir_message_init.user. May be called between any two other calls, also after close, and
	 * from inside weir_outlet_emit (a message that no route takes, a sink that delivers at
	 * once).
	 */
	void (*settled)(void *self, const weir_message *message, void *user,
			enum weir_outcome outcome);

	/**
	 * It has what was not acknowledged still, and emits it again when it is opened the next
	 * time, also by another process: what a stop leaves under way is no loss then, and the
	 * pipeline does not fail for it.
	 */
	bool keeps;

	/**
	 * What it emits came in through a sink of the same pipeline (a queue on disk). The
	 * pipeline then ends without it: when all other sources have, and all they emitted is
	 * settled, weir_port_is_ending tells it to end once it has nothing left.
	 */
	bool relays;
};

/**
 * Adds a source. Before the start only.
 *
 * @param pipeline  NULL: `self` is freed, nothing else happens
 * @param name      borrows; for logs, metrics and headers; not empty, unique among sources
 * @param ops       borrows; copied, but its address says what the source is (weir_source_self): a
 *                  static const struct
 * @param self      takes; freed with ops->free, also when this fails
 * @return lends, until the pipeline is freed; NULL: the pipeline has failed
 * Since: 0.1.
 */
WEIR_API weir_source *weir_source_add(weir_pipeline *pipeline, const char *name,
				      const struct weir_source_ops *ops, void *self);

/**
 * A source's own data, for calls a connector offers on its handle. Lends, until the pipeline is
 * freed.
 *
 * @param source  borrows; NULL: NULL
 * @return `self` when the source was added with these ops; else NULL
 * Thread: any.  Since: 0.1.
 */
WEIR_API void *weir_source_self(const weir_source *source, const struct weir_source_ops *ops);

/**
 * How many deliveries of what a source emitted are not settled: before a sink, with one, or with
 * the dead letters. For sinks that commit for a source. Thread: the pipeline's. Since: 0.1.
 */
WEIR_API uint64_t weir_source_deliveries(const weir_source *source);

/**
 * How many messages may be emitted now. 0: stop reading until step is called again, which is when
 * a quarter of the window is free. It is of messages; bytes may use it up earlier: ask after each
 * emit.
 * Since: 0.1.
 */
WEIR_API size_t weir_outlet_room(const weir_outlet *outlet);

/** A message to be. Zero is the default everywhere; all times are ms since 1970 UTC. Since: 0.1. */
struct weir_message_init {
	size_t size;
	struct weir_slice body;		/* at most 4 GiB - 1 */

	/*
	 * NULL: `body` is borrowed, and copied. Else takes: `body` stays where it is and is not
	 * copied; release(owner) is called once, when the last reference is gone, on the thread
	 * that gives it back: any.
	 */
	void (*release)(void *owner);
	void *owner;

	unsigned kind;			/* 0: told by looking at the body as a Twitter message;
					 * WEIR_KIND_RECORD for what is not Twitter's */
	struct weir_slice key;		/* borrows; NULL data: where `kind` is 0 taken from the
					 * body, else none */
	uint64_t time_ms;		/* 0: where `kind` is 0 taken from the body, else none */
	struct weir_position position;
	const struct weir_header *headers;	/* borrows; copied */
	size_t header_count;

	/*
	 * With `release`: the memory that the owner keeps until then, in bytes, which counts
	 * against window_bytes. Messages of the same owner that are emitted one after another and
	 * are under way at the same time count it once. 0: body.len.
	 */
	size_t owner_bytes;
	unsigned traits;		/* with a kind: a set of enum weir_trait */
	const char *origin;		/* borrows; copied: the name of the source it came from first,
					 * for weir_message_source; NULL: this source's */
	void *user;			/* comes back with weir_source_ops.settled */
};

/**
 * Hands a message over, from inside step. From WEIR_OK on, the pipeline answers for it.
 *
 * @param init         borrows, but for `owner`, which it takes on WEIR_OK and below zero: it is
 *                     released with the message; below zero mostly before this returns, and never
 *                     by the caller. On WEIR_AGAIN it is still the caller's; so it is with a struct
 *                     that cannot be read (see base.h: its `size` is 0, or it sets a member that is
 *                     not known)
 * @param ret_message  NULL, or gets the message on WEIR_OK: lent, until the next emit that asks for
 *                     one or the end of the step
 * @param err          filled below zero
 * @return WEIR_OK · WEIR_AGAIN: there was no room, nothing was taken · below zero, to be returned
 *         from step: WEIR_ERR_INVALID: `init` is wrong, nothing was taken in · WEIR_ERR_STATE: not
 *         inside step, or no route takes it and WEIR_UNROUTED_STOP · WEIR_ERR_NOMEM · what a sink
 *         or its destination failed with
 * Since: 0.1.
 */
WEIR_API enum weir_status weir_outlet_emit(weir_outlet *outlet,
					   const struct weir_message_init *init,
					   const weir_message **ret_message,
					   struct weir_error *err);

#ifdef __cplusplus
}
#endif

#endif
