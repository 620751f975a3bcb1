/* SPDX-License-Identifier: MIT */
/*
 * A pipeline with a push source that a thread of its own runs, for what waits on it: the sink
 * delivers, holds, refuses or breaks as told meanwhile, and memory is counted from any thread.
 */
#ifndef WEIR_TESTS_WAIT_RIG_H
#define WEIR_TESTS_WAIT_RIG_H

#include <pthread.h>
#include <stdatomic.h>

#include "weir.h"

#define LONG_MS 60000		/* never passes: a test that waits so long has failed */

/* What the sink does with what it gets. */
enum wait_mode {
	WAIT_DELIVER,
	WAIT_HOLD,	/* says WEIR_AGAIN */
	WAIT_SKIP,
	WAIT_STOP
};

struct wait_rig {
	_Atomic enum wait_mode mode;
	atomic_long live;	/* blocks allocated */
	atomic_long calls;	/* allocations asked for */
	atomic_long fail_at;	/* the one of this number fails, counted from 1; 0: none */
	atomic_uint told[WEIR_OUTCOME_COUNT];
	weir_pipeline *pipeline;
	weir_source *push;
	weir_sink *sink;
};

extern struct wait_rig wait_rig;
extern const struct weir_message_init wait_record;

/* A window of four, a queue of so many (0: the default), a drain of 20 ms; deletes are dropped. */
void wait_rig_begin(enum wait_mode mode, size_t queue);
void wait_rig_start(void);
/* Ends the pushing, joins, and frees it: nothing is left behind. */
void wait_rig_end(enum weir_status want);
void wait_rig_free(void);

/* A thread that waits for one message. */
struct waiter {
	pthread_t thread;
	uint64_t timeout_ms;
	enum weir_status status;
	enum weir_outcome outcome;
};

/*
 * Starts it, and goes on when it has asked for so many blocks: one for its ticket, one for its
 * place in the queue.
 */
void waiter_start(struct waiter *waiter, long blocks);
/* Joins it; the outcome is WEIR_OUTCOME_COUNT when it was told none. */
void waiter_check(struct waiter *waiter, enum weir_status status, enum weir_outcome outcome);

#endif
