/* SPDX-License-Identifier: MIT */
/*
 * What the files of the push source share.
 *
 *     push.c, any thread ─► queue (under the lock) ─► source.c, the pipeline's ─► outlet
 */
#ifndef WEIR_PUSH_INTERNAL_H
#define WEIR_PUSH_INTERNAL_H

#include <pthread.h>

#include "ground/env.h"
#include "weir/callback.h"

/*
 * What a weir_push_wait waits for. Held twice: by the thread that waits and by the message on its
 * way; whoever lets go last frees it. Under the source's lock.
 */
struct weir__ticket {
	const struct weir_env *env;
	pthread_cond_t settled;
	unsigned holders;
	bool is_settled;
	enum weir_outcome outcome;
};

/*
 * One pushed message in one block: this, its headers, then their bytes, its key's and its body's.
 * It frees itself: a message may outlive the source.
 */
struct weir__entry {
	struct weir__entry *next;
	struct weir_allocator allocator;
	size_t block_size;
	struct weir_message_init init;	/* refers into the block, or to the pusher's own body;
					 * .user: NULL or a ticket */
	struct weir_header headers[];
};

enum weir__push_phase {
	WEIR__PUSH_TAKING,	/* pushes are taken */
	WEIR__PUSH_ENDED,	/* weir_push_end, or a stop: the rest is emitted */
	WEIR__PUSH_CLOSED
};

struct weir__push_source {
	const struct weir_env *env;
	weir_pipeline *pipeline;
	char *name;
	size_t queue_messages, queue_bytes;
	unsigned kind;
	void (*on_room)(void *user);
	void (*on_settled)(void *user, struct weir_position upto);
	void *user;

	pthread_mutex_t lock;	/* for all below */
	pthread_cond_t moved;	/* something was emitted, or the end has come */
	weir_port *port;	/* NULL: not open */
	enum weir__push_phase phase;
	struct weir__entry *first, **end;
	size_t messages, bytes;
	bool is_awaited;	/* a push was refused: on_room is owed */
	unsigned sleepers;	/* threads that wait on `moved` */
	uint64_t pushed, emitted;	/* counts: those between are in the queue */
	bool knows_thread;
	pthread_t thread;	/* the pipeline's, since it was open */

	/*
	 * Not for the lock, the pipeline's thread only: whose message is being emitted, or was
	 * when that failed. NULL: what became of it was told.
	 */
	struct weir__ticket *untold;
};

/* What tells a push source from others (weir_source_self). */
extern const struct weir_source_ops weir__push_ops;

/* ---- entry.c */
/* NULL when out of memory, or when it is larger than memory can be. */
struct weir__entry *weir__entry_new(const struct weir__push_source *source,
				    const struct weir_message_init *init);
void weir__entry_free(void *entry);
/* With its body. */
void weir__entry_drop(struct weir__entry *entry);

/* ---- ticket.c, all with the lock */
struct weir__ticket *weir__ticket_new(const struct weir_env *env);
/* Lets the one who waits know; `settle` is for the message, which lets go of it then. */
void weir__ticket_tell(struct weir__ticket *ticket, enum weir_outcome outcome);
void weir__ticket_settle(struct weir__ticket *ticket, enum weir_outcome outcome);
void weir__ticket_let_go(struct weir__ticket *ticket);

/* ---- source.c, with the lock */
/* One message always has room: it may be larger than the whole queue. */
bool weir__push_is_full(const struct weir__push_source *source, size_t len);

#endif
