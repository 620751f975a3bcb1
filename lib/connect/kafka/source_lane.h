/* SPDX-License-Identifier: MIT */
/*
 * Lanes: how far the source is with each partition.
 *
 * A lane has one partition for as long as that is ours, and after it until all that was emitted on
 * it is settled; then another partition may have it. So an acknowledgement never counts for another
 * tenure of the same partition than the one it came from.
 */
#ifndef WEIR_KAFKA_SOURCE_LANE_H
#define WEIR_KAFKA_SOURCE_LANE_H

#include <librdkafka/rdkafka.h>

#include "weir/env.h"

enum weir__kafka_lane_state {
	WEIR__LANE_FREE = 0,
	WEIR__LANE_OURS,
	WEIR__LANE_LEAVING,	/* nothing more is emitted; what is settled is committed still */
	WEIR__LANE_GONE		/* no more ours: what was emitted is under way */
};

/* Offsets here are those behind the record that is meant; 0: none. */
struct weir__kafka_lane {
	enum weir__kafka_lane_state state;
	bool is_done;		/* read to its end, for until_end */
	bool has_end;
	int32_t partition;
	const void *handle;	/* librdkafka's of the topic, to compare with; NULL: not known */
	char *topic;
	uint64_t emitted, settled;	/* last */
	uint64_t committed;		/* last, on this lane */
	uint64_t sent;		/* with the commit or transaction that is being made; 0: nothing */
	uint64_t end;
};

/* All zero: none. */
struct weir__kafka_lanes {
	struct weir__kafka_lane *all;	/* a lane's number is its place */
	size_t count, capacity;
	size_t last;			/* the one found last */
};

/* False when out of memory. One that is there already stays as it is, and is ours. */
bool weir__kafka_lane_take(struct weir__kafka_lanes *lanes, const struct weir_env *env,
			   const char *topic, int32_t partition);
/* That partition's, when it is ours, leaving or not; NULL: it is not. */
struct weir__kafka_lane *weir__kafka_lane_find(struct weir__kafka_lanes *lanes, const char *topic,
					       int32_t partition);
/* The same of a record, fast. */
struct weir__kafka_lane *weir__kafka_lane_of(struct weir__kafka_lanes *lanes,
					     const rd_kafka_message_t *record);
/* It is not ours any more. */
void weir__kafka_lane_leave(struct weir__kafka_lane *lane);
/* All up to and including this offset is settled on that lane. */
void weir__kafka_lane_settle(struct weir__kafka_lanes *lanes, uint32_t lane, uint64_t offset);

bool weir__kafka_lane_is_settled(const struct weir__kafka_lane *lane);
/* Whether something is settled that is not committed. */
bool weir__kafka_lane_is_dirty(const struct weir__kafka_lane *lane);
/* Whether that holds of each. */
bool weir__kafka_lanes_are_settled(const struct weir__kafka_lanes *lanes);
bool weir__kafka_lanes_are_done(const struct weir__kafka_lanes *lanes);
/* Whether one is ours. */
bool weir__kafka_lanes_have_ours(const struct weir__kafka_lanes *lanes);
/* Whether it holds of one. */
bool weir__kafka_lanes_are_dirty(const struct weir__kafka_lanes *lanes);

/* ---- source_lane_sent.c: offsets in transactions ---- */

/* Whether what came on it is another's to deliver now. */
bool weir__kafka_lane_is_gone(const struct weir__kafka_lanes *lanes, uint32_t number);
/* Whether that holds of one of which something is under way still. */
bool weir__kafka_lanes_have_gone(const struct weir__kafka_lanes *lanes);
/* Whether something was emitted, on lanes that are ours, that is not committed. */
bool weir__kafka_lanes_have_new(const struct weir__kafka_lanes *lanes);
/* All that was emitted on lanes that are ours counts as sent. False: there is nothing new. */
bool weir__kafka_lanes_send(struct weir__kafka_lanes *lanes);
/* What was sent and is ours still; yours. */
rd_kafka_topic_partition_list_t *
weir__kafka_lanes_list_sent(const struct weir__kafka_lanes *lanes);
/* What was sent is committed; or is not. */
void weir__kafka_lanes_commit_sent(struct weir__kafka_lanes *lanes);
void weir__kafka_lanes_forget_sent(struct weir__kafka_lanes *lanes);
/* Whether the group's offsets are those that were sent. */
bool weir__kafka_lanes_sent_are(const struct weir__kafka_lanes *lanes,
				const rd_kafka_topic_partition_list_t *offsets);

void weir__kafka_lanes_release(struct weir__kafka_lanes *lanes, const struct weir_env *env);

#endif
