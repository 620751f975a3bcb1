/* SPDX-License-Identifier: MIT */
/*
 * A spool as its sink and its source share it: both are called on the pipeline's thread.
 *
 *     settled ≤ … ≤ next_read ≤ next_stored ≤ next_number
 *          └ to be acknowledged ┘ └ on disk ┘ └ in the writer's hands
 */
#ifndef WEIR_CONNECT_SPOOL_INTERNAL_H
#define WEIR_CONNECT_SPOOL_INTERNAL_H

#include <stdatomic.h>

#include "connect/spool/writer.h"
#include "kit/buffer.h"
#include "weir/sink.h"
#include "weir/source.h"
#include "weir/spool.h"

#define WEIR__SPOOL_BYTES (UINT64_C(1) << 30)	/* max_bytes by default */

/* Read by any thread, written by the pipeline's. */
struct weir__spool_counters {
	_Atomic uint64_t stored, settled, expired, damaged, waiting_bytes, oldest_ms, commits;
	_Atomic uint64_t full_ms;
};

struct weir_spool {
	const struct weir_env *env;
	char *name, *dir;
	uint64_t max_age_ms, commit_ms, sync_ms;
	size_t commit_bytes, most_bytes;	/* most_bytes: of one record */
	weir_source *source;
	weir_sink *sink;
	unsigned references;	/* the sink's and the source's; the pipeline frees both */

	struct weir__store store;
	struct weir__index index;
	struct weir__writer writer;
	struct weir__spool_counters counters;
	uint64_t seed, session;	/* the store's own are the writer's */
	bool is_open;		/* the store is */
	bool has_closed;	/* the writer has ended */

	/* The sink's. */
	weir_port *sink_port;
	unsigned next_fill, next_settle;	/* batches of the writer */
	uint64_t next_number;
	uint64_t commit_at;	/* 0: no batch is being filled */
	uint64_t sync_at, save_at, retry_at;	/* 0: not set */
	uint64_t full_since;	/* 0: it is not full */
	bool sees_full;		/* and it has been said */

	/* The source's. */
	weir_port *source_port;
	size_t reading;		/* the place of the batch being read */
	struct weir__buffer *buffer;	/* of that batch; NULL: not read yet */
	struct weir__batch_walk walk;
	bool is_damaged;	/* something of that batch is missing */
	uint64_t next_read;
	uint64_t unsaved_bytes;	/* of batches settled since the position was last stored for them */
	uint64_t emitted, acked;	/* the last number emitted, and acknowledged; 0: none */
};

extern const struct weir_sink_ops weir__spool_sink_ops;
extern const struct weir_source_ops weir__spool_source_ops;

static inline void weir__spool_count(_Atomic uint64_t *counter, uint64_t amount)
{
	const uint64_t now = atomic_load_explicit(counter, memory_order_relaxed);

	atomic_store_explicit(counter, now + amount, memory_order_relaxed);
}

static inline void weir__spool_set(_Atomic uint64_t *gauge, uint64_t value)
{
	atomic_store_explicit(gauge, value, memory_order_relaxed);
}

/* One of the two ends gives it back. */
void weir__spool_unref(weir_spool *spool);
/* Sets the sink's deadline to the first of its times. */
void weir__spool_set_deadline(weir_spool *spool);
/* The position has moved: it is stored in a while, if no batch takes it along. */
void weir__spool_save_later(weir_spool *spool);
/* The source has something new to read. */
void weir__spool_wake_source(weir_spool *spool);
/* The gauges of what waits. */
void weir__spool_gauge(weir_spool *spool);

#endif
