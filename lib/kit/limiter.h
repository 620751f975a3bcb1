/* SPDX-License-Identifier: MIT */
/*
 * How often a thing may be said: the first of a kind at once, then one in each interval. Pure: the
 * time is a parameter. For log lines that somebody else can cause.
 */
#ifndef WEIR_KIT_LIMITER_H
#define WEIR_KIT_LIMITER_H

#include "weir/base.h"

#define WEIR__LIMITER_KINDS 8

/* Zeroed: nothing was said yet. */
struct weir__limiter {
	struct weir__limited {
		uint64_t kind;		/* the hash of its name */
		uint64_t said_ms;
		uint64_t held;		/* back, since */
		bool used;
	} entries[WEIR__LIMITER_KINDS];
};

/*
 * Whether to say something of this kind now. `ret_held` is set when it is: how many of the kind
 * were held back since it was said the last time. However many kinds there are, at most
 * WEIR__LIMITER_KINDS things are said in `interval_ms`: those that find no entry of their own share
 * the last one.
 */
bool weir__limiter_pass(struct weir__limiter *limiter, struct weir_slice kind, uint64_t now_ms,
			uint64_t interval_ms, uint64_t *ret_held);

#endif
