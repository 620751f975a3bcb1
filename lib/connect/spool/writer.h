/* SPDX-License-Identifier: MIT */
/*
 * A spool's writer: a thread that stores batches, so that the pipeline's never waits for the disk.
 *
 *     FREE (filled by the sink) ──► QUEUED ──(writer)──► STORED ──► FREE
 */
#ifndef WEIR_CONNECT_SPOOL_WRITER_H
#define WEIR_CONNECT_SPOOL_WRITER_H

#include <pthread.h>

#include "connect/spool/store.h"
#include "weir/sink.h"

#define WEIR__WRITER_BATCHES 3

enum weir__batch_phase {
	WEIR__BATCH_FREE,
	WEIR__BATCH_QUEUED,
	WEIR__BATCH_STORED
};

struct weir__batch {
	enum weir__batch_phase phase;	/* under the lock; what follows is the sink's while FREE */
	uint8_t *bytes;
	size_t len, size;
	uint64_t first, count;
	uint64_t stored_ms, offset;
	weir_delivery **deliveries;	/* `count` of them */
	size_t deliveries_size;
};

/* What it came to; a copy of what is under the lock. */
struct weir__writer_news {
	bool is_full;			/* a batch waits for room; `why` says which */
	struct weir_error why;
	enum weir_status status;	/* below zero: it cannot go on, as `why` says */
	uint64_t commits;
};

struct weir__writer {
	struct weir__store *store;
	weir_port *port;		/* woken when there is news */
	struct weir__batch batches[WEIR__WRITER_BATCHES];	/* used in turn */

	pthread_mutex_t lock;
	pthread_cond_t work;
	pthread_t thread;
	bool has_lock, has_thread;

	/* Under the lock. */
	struct weir__writer_news news;
	unsigned next;			/* the batch it stores next */
	uint64_t settled;		/* the position to store */
	bool must_save;			/* the position alone, too */
	bool must_sync, must_retry, must_end;
};

/* Starts the thread, which takes no signals. */
enum weir_status weir__writer_start(struct weir__writer *writer, struct weir_error *err);
/* Hands a batch over, which is QUEUED from then on. */
void weir__writer_put(struct weir__writer *writer, struct weir__batch *batch);
enum weir__batch_phase weir__writer_phase(struct weir__writer *writer,
					  const struct weir__batch *batch);
/* A stored batch is of no use any more. */
void weir__writer_take_back(struct weir__writer *writer, struct weir__batch *batch);
/* The position so far; it is stored with the next batch, or now, when it is to be `saved`. */
void weir__writer_settle(struct weir__writer *writer, uint64_t settled, bool saves);
/* Waits for the disk: where commits do not. */
void weir__writer_sync(struct weir__writer *writer);
/* There may be room again. */
void weir__writer_retry(struct weir__writer *writer);
struct weir__writer_news weir__writer_look(struct weir__writer *writer);
/* Stores the position and ends the thread; a batch that finds no room then is given up. */
void weir__writer_end(struct weir__writer *writer);
/* Ends it, and frees its lock. */
void weir__writer_release(struct weir__writer *writer);

#endif
