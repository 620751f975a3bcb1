/* SPDX-License-Identifier: MIT */
/* The gap message: one hole in the stream, as JSON. */
#ifndef WEIR_TWITTER_GAP_H
#define WEIR_TWITTER_GAP_H

#include "ground/env.h"
#include "weir/metrics.h"

#define WEIR__TWITTER_ID_BYTES 24	/* 20 digits and a zero */

struct weir__twitter_gap {
	uint64_t from_ms, to_ms;	/* since 1970 */
	uint64_t missed;
	enum weir_reconnect_cause cause;
	char last_before[WEIR__TWITTER_ID_BYTES];	/* ids of statuses; empty: none is known */
	char first_after[WEIR__TWITTER_ID_BYTES];
	int32_t backfill_minutes;	/* asked for; 0: none */
};

/* Keeps an id; one that is too long to be one is none. */
void weir__twitter_id_set(char ret_id[WEIR__TWITTER_ID_BYTES], struct weir_slice id);

/* Its text, as weir/twitter.h says. Yours: weir__text_free; NULL: out of memory. */
char *weir__twitter_gap_write(const struct weir__twitter_gap *gap, const struct weir_env *env,
			      const char *source);

#endif
