/* SPDX-License-Identifier: MIT */
/*
 * Offsets on their way with a transaction.
 *
 *     emitted ──send──► sent ──commit──► committed
 *                         └──forget──► none
 *
 * Invariant: a lane that is another's now has nothing sent: what the group says of its partition is
 * not of our making. Called by transaction.c.
 */
#include <string.h>

#include "connect/kafka/source_lane.h"

static bool is_ours(const struct weir__kafka_lane *lane)
{
	return lane->state == WEIR__LANE_OURS || lane->state == WEIR__LANE_LEAVING;
}

static bool is_new(const struct weir__kafka_lane *lane)
{
	return is_ours(lane) && lane->emitted != lane->committed;
}

static bool is_sent(const struct weir__kafka_lane *lane)
{
	return is_ours(lane) && lane->sent > 0;
}

bool weir__kafka_lane_is_gone(const struct weir__kafka_lanes *lanes, uint32_t number)
{
	return number < lanes->count && !is_ours(&lanes->all[number]);
}

bool weir__kafka_lanes_have_gone(const struct weir__kafka_lanes *lanes)
{
	for (size_t i = 0; i < lanes->count; i++)
		if (lanes->all[i].state == WEIR__LANE_GONE)
			return true;
	return false;
}

bool weir__kafka_lanes_have_new(const struct weir__kafka_lanes *lanes)
{
	for (size_t i = 0; i < lanes->count; i++)
		if (is_new(&lanes->all[i]))
			return true;
	return false;
}

bool weir__kafka_lanes_send(struct weir__kafka_lanes *lanes)
{
	bool has_some = false;

	for (size_t i = 0; i < lanes->count; i++) {
		struct weir__kafka_lane *lane = &lanes->all[i];

		lane->sent = is_new(lane) ? lane->emitted : 0;
		has_some |= lane->sent > 0;
	}
	return has_some;
}

rd_kafka_topic_partition_list_t *
weir__kafka_lanes_list_sent(const struct weir__kafka_lanes *lanes)
{
	rd_kafka_topic_partition_list_t *list =
		rd_kafka_topic_partition_list_new((int)lanes->count);

	for (size_t i = 0; i < lanes->count; i++) {
		const struct weir__kafka_lane *lane = &lanes->all[i];

		if (is_sent(lane))
			rd_kafka_topic_partition_list_add(list, lane->topic, lane->partition)
				->offset = (int64_t)lane->sent;
	}
	return list;
}

void weir__kafka_lanes_commit_sent(struct weir__kafka_lanes *lanes)
{
	for (size_t i = 0; i < lanes->count; i++)
		if (is_sent(&lanes->all[i]))
			lanes->all[i].committed = lanes->all[i].sent;
}

void weir__kafka_lanes_forget_sent(struct weir__kafka_lanes *lanes)
{
	for (size_t i = 0; i < lanes->count; i++)
		lanes->all[i].sent = 0;
}

bool weir__kafka_lanes_sent_are(const struct weir__kafka_lanes *lanes,
				const rd_kafka_topic_partition_list_t *offsets)
{
	for (int i = 0; offsets && i < offsets->cnt; i++) {
		const rd_kafka_topic_partition_t *of = &offsets->elems[i];

		for (size_t k = 0; k < lanes->count; k++) {
			const struct weir__kafka_lane *lane = &lanes->all[k];

			if (is_sent(lane) && lane->partition == of->partition &&
			    strcmp(lane->topic, of->topic) == 0)
				return (uint64_t)of->offset == lane->sent;
		}
	}
	return false;
}
