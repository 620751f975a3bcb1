/* SPDX-License-Identifier: MIT */
/*
 * Counters that one thread writes and any thread reads: relaxed atomics, no locked instruction.
 */
#ifndef WEIR_MODEL_COUNTERS_H
#define WEIR_MODEL_COUNTERS_H

#include <stdatomic.h>
#include <stdint.h>

#include "weir/message.h"

typedef _Atomic uint64_t weir__counter;

static inline uint64_t weir__counter_get(const weir__counter *counter)
{
	return atomic_load_explicit((weir__counter *)counter, memory_order_relaxed);
}

static inline void weir__counter_set(weir__counter *counter, uint64_t value)
{
	atomic_store_explicit(counter, value, memory_order_relaxed);
}

static inline void weir__counter_add(weir__counter *counter, uint64_t amount)
{
	weir__counter_set(counter, weir__counter_get(counter) + amount);
}

static inline void weir__counter_sub(weir__counter *counter, uint64_t amount)
{
	weir__counter_set(counter, weir__counter_get(counter) - amount);
}

/* What became of messages: see struct weir_tally. */
struct weir__tally {
	weir__counter received, delivered, dead_lettered, dropped, in_flight, bytes;
};

static inline void weir__tally_receive(struct weir__tally *tally, uint64_t bytes)
{
	weir__counter_add(&tally->received, 1);
	weir__counter_add(&tally->in_flight, 1);
	weir__counter_add(&tally->bytes, bytes);
}

static inline void weir__tally_settle(struct weir__tally *tally, enum weir_outcome outcome)
{
	weir__counter_sub(&tally->in_flight, 1);
	weir__counter_add(outcome == WEIR_OUTCOME_DELIVERED	 ? &tally->delivered
			  : outcome == WEIR_OUTCOME_DEAD_LETTERED ? &tally->dead_lettered
								  : &tally->dropped,
			  1);
}

#endif
