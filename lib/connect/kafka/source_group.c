/* SPDX-License-Identifier: MIT */
/*
 * The group: partitions come, partitions go.
 *
 *     CALM ──it gives──► GIVEN ──(offsets looked up)──────────────────► assigned ──► CALM
 *       └───it takes──► TAKEN ──settled, or TAKE_MS──► committed ──► unassigned ──► CALM
 *
 * Guarantees: the group is answered, after which a partition may be another's, only when the last
 * commit of the partition was, and nothing of it is committed afterwards; for what is lost to the
 * group already the answer comes at once, and nothing of it is committed. Called by source.c and
 * source_client.c.
 */
#include "connect/kafka/source.h"

#include <inttypes.h>
#include <string.h>

#include "ground/env.h"
#include "ground/error.h"

#define TAKE_MS 3000
#define WAITS_MS 10000	/* so long it waits for its group before it says so … */
#define AGAIN_MS 60000	/* … and then so often */

static bool is_incremental(const struct weir__kafka_source *source)
{
	return source->rebalance.event &&
	       strcmp(rd_kafka_rebalance_protocol(source->client), "COOPERATIVE") == 0;
}

/* librdkafka's refusal means that the group has gone on without us: another event says so. */
static void answer(const struct weir__kafka_source *source,
		   const rd_kafka_topic_partition_list_t *list, bool gives)
{
	rd_kafka_error_t *error = NULL;

	if (!is_incremental(source))
		rd_kafka_assign(source->client, gives ? list : NULL);
	else if (gives)
		error = rd_kafka_incremental_assign(source->client, list);
	else
		error = rd_kafka_incremental_unassign(source->client, list);
	if (!error)
		return;
	weir_port_log(source->port, WEIR_LOG_INFO, "%.200s", rd_kafka_error_string(error));
	rd_kafka_error_destroy(error);
}

static void calm_down(struct weir__kafka_source *source)
{
	struct weir__kafka_rebalance *rebalance = &source->rebalance;

	weir__kafka_lookup_free(rebalance->lookup);
	if (rebalance->event)
		rd_kafka_event_destroy(rebalance->event);
	*rebalance = (struct weir__kafka_rebalance){ .phase = WEIR__KAFKA_CALM };
}

/* ---- given ---- */

static enum weir_status assign(struct weir__kafka_source *source,
			       const rd_kafka_topic_partition_list_t *list, struct weir_error *err)
{
	for (int i = 0; i < list->cnt; i++) {
		const rd_kafka_topic_partition_t *of = &list->elems[i];

		if (!weir__kafka_lane_take(&source->lanes, source->env, of->topic, of->partition))
			return weir__error_no_memory(err);
		weir__kafka_consumer_collect(source, of->topic, of->partition);
	}
	answer(source, list, true);
	source->was_given = true;
	source->empty_ms = 0;
	if (list->cnt > 0)
		weir_port_log(source->port, WEIR_LOG_INFO, "%d partitions to read", list->cnt);
	calm_down(source);
	return WEIR_OK;
}

enum weir_status weir__kafka_group_begin(struct weir__kafka_source *source,
					 const rd_kafka_topic_partition_list_t *list,
					 struct weir_error *err)
{
	struct weir__kafka_rebalance *rebalance = &source->rebalance;

	if (source->start != WEIR_KAFKA_START_TIME || list->cnt == 0)
		return assign(source, list, err);
	rebalance->phase = WEIR__KAFKA_GIVEN;
	rebalance->lookup =
		weir__kafka_lookup_start(source->env, source->port, source->client,
					 source->group != NULL, list,
					 source->start_time_ms);
	if (!rebalance->lookup)
		return weir__error_no_memory(err);
	return WEIR_OK;
}

static enum weir_status go_on_giving(struct weir__kafka_source *source, struct weir_error *err)
{
	rd_kafka_topic_partition_list_t *list =
		weir__kafka_lookup_take(source->rebalance.lookup);
	enum weir_status status;

	if (!list)
		return WEIR_OK;
	status = assign(source, list, err);
	rd_kafka_topic_partition_list_destroy(list);
	return status;
}

/* ---- taken ---- */

static bool is_leaving(const struct weir__kafka_lane *lane)
{
	return lane->state == WEIR__LANE_LEAVING;
}

static bool some_are_leaving(const struct weir__kafka_source *source,
			     bool (*are)(const struct weir__kafka_lane *lane))
{
	for (size_t i = 0; i < source->lanes.count; i++)
		if (is_leaving(&source->lanes.all[i]) && are(&source->lanes.all[i]))
			return true;
	return false;
}

static bool is_under_way(const struct weir__kafka_lane *lane)
{
	return !weir__kafka_lane_is_settled(lane);
}

void weir__kafka_group_let_go(struct weir__kafka_source *source, struct weir__kafka_lane *lane)
{
	struct weir__kafka_bond *bond = &source->bond;

	if (bond->is_open && lane->state != WEIR__LANE_FREE && !weir__kafka_lane_is_settled(lane))
		bond->has_lost = true;
	weir__kafka_lane_leave(lane);
	if (bond->sink)
		weir_port_wake(bond->sink);
}

static void unassign(struct weir__kafka_source *source)
{
	const rd_kafka_topic_partition_list_t *list =
		rd_kafka_event_topic_partition_list(source->rebalance.event);

	for (size_t i = 0; i < source->lanes.count; i++)
		if (is_leaving(&source->lanes.all[i]))
			weir__kafka_group_let_go(source, &source->lanes.all[i]);
	source->bond.must_abort = false;
	answer(source, list, false);
	weir_port_log(source->port, WEIR_LOG_INFO, "%d partitions given back", list->cnt);
	calm_down(source);
}

static void begin_taking(struct weir__kafka_source *source, uint64_t now_ms)
{
	const rd_kafka_topic_partition_list_t *list =
		rd_kafka_event_topic_partition_list(source->rebalance.event);

	source->rebalance.phase = WEIR__KAFKA_TAKEN;
	source->rebalance.until_ms = now_ms + TAKE_MS;
	weir_port_log(source->port, WEIR_LOG_INFO, "%d partitions asked back", list->cnt);
	for (int i = 0; i < list->cnt; i++) {
		const rd_kafka_topic_partition_t *of = &list->elems[i];
		struct weir__kafka_lane *lane =
			weir__kafka_lane_find(&source->lanes, of->topic, of->partition);

		if (lane)
			lane->state = WEIR__LANE_LEAVING;
	}
}

/* A sink commits the offsets: the answer waits until its transaction is committed or aborted. */
static void go_on_taking_bound(struct weir__kafka_source *source, uint64_t now_ms)
{
	struct weir__kafka_bond *bond = &source->bond;

	if (!some_are_leaving(source, is_under_way) &&
	    !some_are_leaving(source, weir__kafka_lane_is_dirty)) {
		unassign(source);
		return;
	}
	weir__kafka_source_want_end(source);
	if (now_ms < source->rebalance.until_ms)
		return;
	bond->must_abort = true;
	if (!bond->is_open)
		unassign(source);
	else if (bond->sink)
		weir_port_wake(bond->sink);
}

static void go_on_taking(struct weir__kafka_source *source, uint64_t now_ms)
{
	struct weir__kafka_rebalance *rebalance = &source->rebalance;

	if (rd_kafka_assignment_lost(source->client)) {
		unassign(source);
		return;
	}
	if (source->bond.is_bound) {
		go_on_taking_bound(source, now_ms);
		return;
	}
	if (now_ms < rebalance->until_ms && some_are_leaving(source, is_under_way))
		return;
	if (!weir__kafka_may_commit(source))
		return;
	if (!some_are_leaving(source, weir__kafka_lane_is_dirty) ||
	    (rebalance->has_committed && now_ms >= rebalance->until_ms)) {
		unassign(source);
		return;
	}
	if (rebalance->has_committed && now_ms < source->commit_due_ms)
		return;		/* it failed, and is tried again */
	rebalance->has_committed = true;
	weir__kafka_commit(source, now_ms);
}

/* ---- turns ---- */

static enum weir_status go_on(struct weir__kafka_source *source, uint64_t now_ms,
			      struct weir_error *err)
{
	if (source->rebalance.phase == WEIR__KAFKA_GIVEN)
		return go_on_giving(source, err);
	if (source->rebalance.phase == WEIR__KAFKA_TAKEN)
		go_on_taking(source, now_ms);
	return WEIR_OK;
}

/* Takes the event. */
static enum weir_status on_rebalance(struct weir__kafka_source *source, rd_kafka_event_t *event,
				     uint64_t now_ms, struct weir_error *err)
{
	const bool gives = rd_kafka_event_error(event) == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS;

	source->rebalance.event = event;
	if (gives)
		return weir__kafka_group_begin(source, rd_kafka_event_topic_partition_list(event),
					       err);
	begin_taking(source, now_ms);
	return WEIR_OK;
}

/* While the group waits for an answer, what else it says waits. */
static enum weir_status heed(struct weir__kafka_source *source, uint64_t now_ms,
			     struct weir_error *err)
{
	enum weir_status status = go_on(source, now_ms, err);

	while (status == WEIR_OK && source->rebalance.phase == WEIR__KAFKA_CALM) {
		rd_kafka_event_t *event = rd_kafka_queue_poll(source->events, 0);

		if (!event)
			break;
		if (rd_kafka_event_type(event) != RD_KAFKA_EVENT_REBALANCE)
			status = weir__kafka_source_event(source, event, now_ms, err);
		else
			status = on_rebalance(source, event, now_ms, err);
		if (status == WEIR_OK)
			status = go_on(source, now_ms, err);
	}
	return status;
}

/* A group that does not form is waited for in silence by librdkafka. */
static void tell_waiting(struct weir__kafka_source *source, uint64_t now_ms)
{
	if (!source->topics || (source->was_given && !atomic_load(&source->join->runs))) {
		source->waits_ms = 0;
		return;
	}
	if (!source->waits_ms) {
		source->waits_ms = now_ms;
		source->tell_ms = now_ms + WAITS_MS;
	}
	if (now_ms < source->tell_ms)
		return;
	source->tell_ms = now_ms + AGAIN_MS;
	weir_port_log(source->port, WEIR_LOG_INFO,
		      "group '%s' %s for %" PRIu64 " s: it waits until all "
		      "its members have come, or were missed for their session.timeout.ms; look at "
		      "its other members, at the brokers, and whether the topics are there",
		      source->group,
		      source->was_given ? "has been sharing out its partitions anew"
					: "has shared out no partitions",
		      (now_ms - source->waits_ms) / 1000);
}

enum weir_status weir__kafka_group_turn(struct weir__kafka_source *source, uint64_t now_ms,
					struct weir_error *err)
{
	enum weir_status status = weir__kafka_commit_turn(source, now_ms, err);

	if (status == WEIR_OK)
		status = heed(source, now_ms, err);
	if (status == WEIR_OK && now_ms >= source->commit_due_ms &&
	    weir__kafka_may_commit(source))
		weir__kafka_commit(source, now_ms);
	tell_waiting(source, now_ms);
	return status;
}

struct weir__kafka_lookup *weir__kafka_group_abandon(struct weir__kafka_source *source)
{
	struct weir__kafka_rebalance *rebalance = &source->rebalance;
	struct weir__kafka_lookup *lookup = rebalance->lookup;

	rebalance->lookup = NULL;
	if (lookup)
		weir__kafka_lookup_leave(lookup);
	if (rebalance->phase == WEIR__KAFKA_TAKEN)
		unassign(source);
	else if (rebalance->event)
		answer(source, rd_kafka_event_topic_partition_list(rebalance->event), true);
	calm_down(source);
	return lookup;
}
