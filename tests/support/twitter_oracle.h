/* SPDX-License-Identifier: MIT */
/*
 * What a row of attempts must lead to, worked out anew from the documented rules: when each comes,
 * what arrives, in which order, with which gaps, and what is counted.
 */
#ifndef WEIR_TESTS_TWITTER_ORACLE_H
#define WEIR_TESTS_TWITTER_ORACLE_H

#include "support/twitter_rig.h"
#include "support/twitter_trial.h"

struct oracle {
	uint64_t delays_ms[TRIAL_CLASSES];	/* the last ones */
	uint64_t due_ms;	/* of the next attempt, monotonic as all times here */
	uint64_t delay_ms;	/* the one before it */
	uint64_t wall_ahead_ms;	/* the wall clock minus the monotonic one */

	char **wanted;		/* what is to arrive, so far */
	size_t wanted_count, wanted_size;
	size_t checked;		/* of those */

	bool hole;		/* no connection, since … */
	uint64_t hole_ms, missed;
	enum weir_reconnect_cause cause;
	bool gap;		/* one that waits for a status, until … */
	uint64_t gap_until_ms, gap_from_ms, gap_to_ms, gap_missed;
	enum weir_reconnect_cause gap_cause;
	char gap_last[TRIAL_ID_BYTES], last[TRIAL_ID_BYTES];

	struct weir_source_metrics metrics;	/* connects, reconnects, missed, gap_ms … */
};

void oracle_init(struct oracle *oracle, const struct twitter_rig *rig);
void oracle_release(struct oracle *oracle);
/* An attempt that began at `start_ms`. */
void oracle_play(struct oracle *oracle, const struct trial *trial, uint64_t start_ms);
/* The source has ended at `now_ms`. */
void oracle_leave(struct oracle *oracle, uint64_t now_ms);

/* Fails the test unless what arrived is what was to arrive first. */
void oracle_check_messages(struct oracle *oracle, const struct recorder *recorder,
			   const char *where);
/* … and all of it did, and everything is counted. */
void oracle_check_end(struct oracle *oracle, const struct twitter_rig *rig, const char *where);

#endif
