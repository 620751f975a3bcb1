/* SPDX-License-Identifier: MIT */
/*
 * The tracker: messages settle in any order, positions are acknowledged in order.
 *
 * Per lane a ring of what is under way, in the order of emission. A position is acknowledged when
 * it and all before it on its lane are settled. What is settled behind one that is not stays in the
 * ring: whoever adds bounds weir__tracker_count.
 */
#ifndef WEIR_MODEL_TRACKER_H
#define WEIR_MODEL_TRACKER_H

#include "ground/env.h"
#include "weir/message.h"

struct weir__lane;

struct weir__tracker {
	const struct weir_env *env;
	struct weir__lane **lanes;	/* sorted by number */
	size_t lane_count, lane_capacity;
	struct weir__lane *last;	/* the lane used last: nearly always the right one */
	struct weir__lane *changed;	/* lanes with something to acknowledge */
	size_t count;			/* of what cannot be acknowledged yet, in all lanes */
};

/* A message's place in its lane. */
struct weir__track {
	struct weir__lane *lane;	/* NULL: not tracked */
	uint64_t sequence;
};

void weir__tracker_init(struct weir__tracker *tracker, const struct weir_env *env);
void weir__tracker_release(struct weir__tracker *tracker);
/* A message at this position is under way. */
enum weir_status weir__tracker_add(struct weir__tracker *tracker, struct weir_position position,
				   struct weir__track *ret);
/* It is settled. */
void weir__tracker_settle(struct weir__tracker *tracker, struct weir__track track);
/* Of those settled at the end of its lane, one is kept: they use up nothing. */
void weir__tracker_join(struct weir__tracker *tracker, struct weir__track track);
/* The next position to acknowledge, the furthest of its lane; false when there is none. */
bool weir__tracker_take(struct weir__tracker *tracker, struct weir_position *ret);
/* How many cannot be acknowledged yet: under way, or settled behind one that is. */
size_t weir__tracker_count(const struct weir__tracker *tracker);

#endif
