/* SPDX-License-Identifier: MIT */
/*
 * Commits: what is settled, told to the group.
 *
 * Guarantees: an offset is committed only when all before it that was emitted is settled, and only
 * of partitions that are ours; one commit is under way at a time, so that none overtakes another,
 * and none behind a join of the group (source_join.h), but for the last before the client is left.
 * Where a sink commits the offsets with its transactions, none is made here.
 * Called by source_group.c and source_client.c.
 */
#include "connect/kafka/source.h"

#include "ground/env.h"

bool weir__kafka_may_commit(const struct weir__kafka_source *source)
{
	return !source->is_committing && !atomic_load(&source->join->runs);
}

void weir__kafka_commit(struct weir__kafka_source *source, uint64_t now_ms)
{
	rd_kafka_topic_partition_list_t *list;

	source->commit_due_ms = now_ms + source->commit_ms;
	if (!source->group || source->bond.is_bound ||
	    !weir__kafka_lanes_are_dirty(&source->lanes))
		return;
	list = rd_kafka_topic_partition_list_new((int)source->lanes.count);
	for (size_t i = 0; i < source->lanes.count; i++) {
		struct weir__kafka_lane *lane = &source->lanes.all[i];

		if (!weir__kafka_lane_is_dirty(lane))
			continue;
		lane->sent = lane->settled;
		rd_kafka_topic_partition_list_add(list, lane->topic, lane->partition)->offset =
			(int64_t)lane->sent;
	}
	source->is_committing = rd_kafka_commit_queue(source->client, list, source->answers, NULL,
						      NULL) == RD_KAFKA_RESP_ERR_NO_ERROR;
	rd_kafka_topic_partition_list_destroy(list);
}

/* Of a group that is just sharing out anew nothing is wrong: the next commit will do. */
static bool is_passing(rd_kafka_resp_err_t code)
{
	return code == RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS ||
	       code == RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION ||
	       code == RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID ||
	       code == RD_KAFKA_RESP_ERR__NO_OFFSET || code == RD_KAFKA_RESP_ERR__DESTROY;
}

static enum weir_status complain(struct weir__kafka_source *source, rd_kafka_resp_err_t code,
				 uint64_t now_ms, struct weir_error *err)
{
	if (is_passing(code))
		return WEIR_OK;
	return weir__kafka_source_trouble(source, code, "offsets were not committed", now_ms, err);
}

/* A late answer, to who had the partition before, is none to this lane. */
static enum weir_status take_answer(struct weir__kafka_source *source, rd_kafka_event_t *answer,
				    uint64_t now_ms, struct weir_error *err)
{
	const rd_kafka_topic_partition_list_t *list =
		rd_kafka_event_topic_partition_list(answer);
	const rd_kafka_resp_err_t code = rd_kafka_event_error(answer);
	enum weir_status status = code ? complain(source, code, now_ms, err) : WEIR_OK;

	for (int i = 0; list && i < list->cnt && !code && status == WEIR_OK; i++) {
		const rd_kafka_topic_partition_t *of = &list->elems[i];
		struct weir__kafka_lane *lane =
			weir__kafka_lane_find(&source->lanes, of->topic, of->partition);

		if (of->err)
			status = complain(source, of->err, now_ms, err);
		else if (lane && lane->sent > 0 && (uint64_t)of->offset == lane->sent)
			lane->committed = lane->sent;
	}
	return status;
}

enum weir_status weir__kafka_commit_turn(struct weir__kafka_source *source, uint64_t now_ms,
					 struct weir_error *err)
{
	enum weir_status status = WEIR_OK;
	rd_kafka_event_t *answer;

	while (status == WEIR_OK && (answer = rd_kafka_queue_poll(source->answers, 0))) {
		if (rd_kafka_event_type(answer) == RD_KAFKA_EVENT_OFFSET_COMMIT) {
			source->is_committing = false;
			status = take_answer(source, answer, now_ms, err);
		}
		rd_kafka_event_destroy(answer);
	}
	return status;
}
