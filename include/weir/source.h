/* SPDX-License-Identifier: MIT */
/**
 * For authors of sources. The library's own sources use these calls and no others.
 */
#ifndef WEIR_SOURCE_H
#define WEIR_SOURCE_H

#include "message.h"
#include "pipeline.h"
#include "port.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Where a source puts its messages; lent to `step` for the call. */
typedef struct weir_outlet weir_outlet;

/** What a source does. A missing member means "nothing to do". Thread: the pipeline's. */
struct weir_source_ops {
	size_t size;

	/**
	 * Called once before the first step, after every sink was opened; and again after a step
	 * failed with remedy RETRY (the engine has called close, and waited). Must not block.
	 * On failure `close` is not called; remedy RETRY: it is tried again later.
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
	 * forgotten. Called in order within a lane. May be called between any two other calls,
	 * also after close; never from inside weir_outlet_emit.
	 */
	void (*ack)(void *self, struct weir_position upto);

	/** No further step will come (ended, stop, failure, or before a retry). */
	void (*close)(void *self);

	/** The last call. Called also when the add failed: `self` is taken in any case. */
	void (*free)(void *self);

	/**
	 * It may hold messages it has answered for already (a queue that others fill). At a stop
	 * such a source is not closed at once: it takes nothing new in (weir_port_is_stopping) and
	 * is stepped until it answers WEIR_END, as long as drain_ms lets it.
	 */
	bool drains;
};

/**
 * Adds a source.
 *
 * @param name  borrows; for logs, metrics and headers; not empty, unique among sources
 * @param ops   lent for the pipeline's life: a static const struct
 * @param self  takes; freed with ops->free, also when this fails
 * @return lends; NULL: the pipeline has failed
 * Since: 0.1.
 */
WEIR_API weir_source *weir_source_add(weir_pipeline *pipeline, const char *name,
				      const struct weir_source_ops *ops, void *self);

/**
 * A source's own data, for calls a connector offers on its handle. Lends.
 *
 * @return `self` when the source was added with these ops; else NULL
 * Thread: any.  Since: 0.1.
 */
WEIR_API void *weir_source_self(const weir_source *source, const struct weir_source_ops *ops);

/** How many messages may be emitted now. 0: stop reading until step is called again. */
WEIR_API size_t weir_outlet_room(const weir_outlet *outlet);

/** A message to be. Zero is the default everywhere. */
struct weir_message_init {
	size_t size;
	struct weir_slice body;		/* at most 4 GiB - 1 */

	/*
	 * NULL: `body` is borrowed, and copied. Else takes: `body` stays where it is and is not
	 * copied; release(owner) is called once, when the last reference is gone. Thread: any.
	 */
	void (*release)(void *owner);
	void *owner;

	unsigned kind;			/* 0: told by looking at the body as a Twitter message;
					 * WEIR_KIND_RECORD for what is not Twitter's */
	struct weir_slice key;		/* borrows; NULL data: taken from the body */
	uint64_t time_ms;		/* 0: taken from the body */
	struct weir_position position;
	const struct weir_header *headers;	/* borrows; copied */
	size_t header_count;
};

/**
 * Hands a message over. From WEIR_OK on, the pipeline answers for it.
 *
 * @param init         borrows, but for `owner`, which it takes unless it answers WEIR_AGAIN (or
 *                     cannot read the struct at all: `size` is 0)
 * @param ret_message  NULL, or gets the message on WEIR_OK: lent, until the next emit that asks for
 *                     one or the end of the step
 * @return WEIR_AGAIN: there was no room, nothing was taken · WEIR_ERR_NOMEM: not taken in · any
 *         other failure is the pipeline's: return it from step
 */
WEIR_API enum weir_status weir_outlet_emit(weir_outlet *outlet,
					   const struct weir_message_init *init,
					   const weir_message **ret_message,
					   struct weir_error *err);

#ifdef __cplusplus
}
#endif

#endif
