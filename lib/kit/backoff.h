/* SPDX-License-Identifier: MIT */
/*
 * How long to wait before the next attempt. Pure: no clock, no chance; both are parameters.
 *
 *     class     grows          first    most
 *     network   by the first   250 ms   16 s
 *     http      to the double  5 s      320 s
 *     rate      to the double  60 s     960 s
 *
 * Each class has a counter of its own; they are never summed.
 */
#ifndef WEIR_KIT_BACKOFF_H
#define WEIR_KIT_BACKOFF_H

#include "weir/base.h"

enum weir__backoff_class {
	WEIR__BACKOFF_NETWORK,
	WEIR__BACKOFF_HTTP,
	WEIR__BACKOFF_RATE
};
#define WEIR__BACKOFF_CLASSES 3

/* Zeroed: nothing has failed yet. */
struct weir__backoff {
	uint64_t last_ms[WEIR__BACKOFF_CLASSES];
};

/*
 * One more failure of this class: the delay before the next attempt. `ret_capped` (NULL is fine):
 * this delay is the first of its class to reach the cap.
 */
uint64_t weir__backoff_next(struct weir__backoff *backoff, enum weir__backoff_class class,
			    bool *ret_capped);
/* An attempt went well: every class begins again. */
void weir__backoff_reset(struct weir__backoff *backoff);

/* Doubling from `first_ms` to `most_ms`: the delay before an attempt; 2 is the first retry. */
uint64_t weir__backoff_delay(uint64_t first_ms, uint64_t most_ms, uint32_t attempt);

/* The delay with up to `percent` of itself on top, never less; `chance` is any random number. */
uint64_t weir__backoff_jitter(uint64_t delay_ms, uint32_t percent, uint32_t chance);

#endif
