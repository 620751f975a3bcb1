/* SPDX-License-Identifier: MIT */
/*
 * The lanes of the Kafka source.
 *
 *     FREE ──take──► OURS ──(LEAVING)──► leave ──► GONE ──all settled──► FREE
 *
 * Invariant: on a FREE lane settled = emitted, so that whoever has it next begins with nothing
 * under way. Offsets go back when librdkafka begins anew on a partition that does not reach as far
 * as it was read (its topic was made again, say): what is settled is to be committed when it is
 * another offset than the last one, not only when it is a higher one. Called by the other files of
 * the source.
 */
#include "connect/kafka/source_lane.h"

#include <string.h>

#include "ground/env.h"

static bool is_ours(const struct weir__kafka_lane *lane)
{
	return lane->state == WEIR__LANE_OURS || lane->state == WEIR__LANE_LEAVING;
}

static struct weir__kafka_lane *vacancy(struct weir__kafka_lanes *lanes, const struct weir_env *env)
{
	struct weir__kafka_lane *all;
	size_t capacity;

	for (size_t i = 0; i < lanes->count; i++)
		if (lanes->all[i].state == WEIR__LANE_FREE)
			return &lanes->all[i];
	if (lanes->count == lanes->capacity) {
		capacity = lanes->capacity ? lanes->capacity * 2 : 16;
		all = weir__resize(env, lanes->all, lanes->capacity * sizeof *all,
				   capacity * sizeof *all);
		if (!all)
			return NULL;
		lanes->all = all;
		lanes->capacity = capacity;
	}
	lanes->all[lanes->count] = (struct weir__kafka_lane){ .state = WEIR__LANE_FREE };
	return &lanes->all[lanes->count++];
}

bool weir__kafka_lane_take(struct weir__kafka_lanes *lanes, const struct weir_env *env,
			   const char *topic, int32_t partition)
{
	struct weir__kafka_lane *lane = weir__kafka_lane_find(lanes, topic, partition);
	char *name;

	if (lane) {
		lane->state = WEIR__LANE_OURS;
		return true;
	}
	name = weir__text_copy(env, topic);
	lane = name ? vacancy(lanes, env) : NULL;
	if (!lane) {
		weir__text_free(env, name);
		return false;
	}
	weir__text_free(env, lane->topic);
	*lane = (struct weir__kafka_lane){ .state = WEIR__LANE_OURS,
					   .topic = name,
					   .partition = partition };
	return true;
}

struct weir__kafka_lane *weir__kafka_lane_find(struct weir__kafka_lanes *lanes, const char *topic,
					       int32_t partition)
{
	for (size_t i = 0; i < lanes->count; i++) {
		struct weir__kafka_lane *lane = &lanes->all[i];

		if (is_ours(lane) && lane->partition == partition &&
		    strcmp(lane->topic, topic) == 0) {
			lanes->last = i;
			return lane;
		}
	}
	return NULL;
}

/* Records of one partition mostly come one after another. */
struct weir__kafka_lane *weir__kafka_lane_of(struct weir__kafka_lanes *lanes,
					     const rd_kafka_message_t *record)
{
	struct weir__kafka_lane *lane;

	if (lanes->last < lanes->count) {
		lane = &lanes->all[lanes->last];
		if (lane->handle == record->rkt && lane->partition == record->partition &&
		    is_ours(lane))
			return lane;
	}
	lane = weir__kafka_lane_find(lanes, rd_kafka_topic_name(record->rkt), record->partition);
	if (lane)
		lane->handle = record->rkt;
	return lane;
}

bool weir__kafka_lane_is_settled(const struct weir__kafka_lane *lane)
{
	return lane->settled == lane->emitted;
}

bool weir__kafka_lane_is_dirty(const struct weir__kafka_lane *lane)
{
	return is_ours(lane) && lane->settled != lane->committed;
}

void weir__kafka_lane_leave(struct weir__kafka_lane *lane)
{
	lane->state = weir__kafka_lane_is_settled(lane) ? WEIR__LANE_FREE : WEIR__LANE_GONE;
}

void weir__kafka_lane_settle(struct weir__kafka_lanes *lanes, uint32_t number, uint64_t offset)
{
	struct weir__kafka_lane *lane;

	if (number >= lanes->count)
		return;
	lane = &lanes->all[number];
	lane->settled = offset + 1;
	if (lane->state == WEIR__LANE_GONE && weir__kafka_lane_is_settled(lane))
		lane->state = WEIR__LANE_FREE;
}

bool weir__kafka_lanes_are_settled(const struct weir__kafka_lanes *lanes)
{
	for (size_t i = 0; i < lanes->count; i++)
		if (!weir__kafka_lane_is_settled(&lanes->all[i]))
			return false;
	return true;
}

bool weir__kafka_lanes_are_done(const struct weir__kafka_lanes *lanes)
{
	for (size_t i = 0; i < lanes->count; i++)
		if (is_ours(&lanes->all[i]) && !lanes->all[i].is_done)
			return false;
	return true;
}

bool weir__kafka_lanes_have_ours(const struct weir__kafka_lanes *lanes)
{
	for (size_t i = 0; i < lanes->count; i++)
		if (is_ours(&lanes->all[i]))
			return true;
	return false;
}

bool weir__kafka_lanes_are_dirty(const struct weir__kafka_lanes *lanes)
{
	for (size_t i = 0; i < lanes->count; i++)
		if (weir__kafka_lane_is_dirty(&lanes->all[i]))
			return true;
	return false;
}

void weir__kafka_lanes_release(struct weir__kafka_lanes *lanes, const struct weir_env *env)
{
	for (size_t i = 0; i < lanes->count; i++)
		weir__text_free(env, lanes->all[i].topic);
	weir__free(env, lanes->all, lanes->capacity * sizeof *lanes->all);
	*lanes = (struct weir__kafka_lanes){ 0 };
}
