/* SPDX-License-Identifier: MIT */
/*
 * The Kafka source: records out of librdkafka, offsets back.
 *
 *     brokers ─► librdkafka ─► records ─► lanes ─► messages that own librdkafka's event
 *                   ▲                                  │ settled
 *                   └──────────── commits ◄── lanes ◄──┘
 *
 * Guarantees: everything of ours runs on the pipeline's thread (but looking up times:
 * source_lookup.c), and nothing waits for a broker; librdkafka is polled each POLL_MS at least,
 * room or no room, so that it keeps its place in the group. Callers: the engine, through the ops.
 */
#include "connect/kafka/source.h"

#include <errno.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "ground/env.h"
#include "ground/error.h"
#include "ground/options.h"

#define POLL_MS 1000
#define STARVED_MS 200	/* without room no descriptor wakes us */
#define HELD_MS 20	/* a commit is due, and must wait */
#define EMPTY_MS 10000	/* so long who has no partitions waits for some */

/* ---- open and close ---- */

static void close_event_fd(struct weir__kafka_source *source)
{
	if (source->event_fd < 0)
		return;
	close(source->event_fd);
	source->event_fd = -1;
}

static enum weir_status open_event_fd(struct weir__kafka_source *source, struct weir_error *err)
{
	if (source->event_fd < 0)
		source->event_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (source->event_fd < 0)
		return weir__error_os(err, errno, "cannot create an eventfd");
	return weir_port_watch(source->port, source->event_fd, WEIR_READABLE, err);
}

static enum weir_status kafka_open(void *self, weir_port *port, struct weir_error *err)
{
	struct weir__kafka_source *source = self;
	enum weir_status status;

	source->port = port;
	weir__kafka_consumer_leave(source);
	source->was_given = source->is_last = false;
	source->waits_ms = source->empty_ms = 0;
	status = open_event_fd(source, err);
	if (status == WEIR_OK)
		status = weir__kafka_consumer_new(source, err);
	source->is_open = status == WEIR_OK;
	return status;
}

/*
 * What is still under way is committed when it is settled: see kafka_ack. What the group has asked
 * back it gets when the client is left: until then it is for the coordinator to refuse.
 */
static void kafka_close(void *self)
{
	struct weir__kafka_source *source = self;

	source->is_open = false;
	source->bond.must_abort = false;
	if (source->bond.sink)
		weir_port_wake(source->bond.sink);
	weir_port_unwatch(source->port, source->event_fd);
	if (weir__kafka_lanes_are_settled(&source->lanes))
		weir__kafka_consumer_leave(source);
}

/* ---- turns ---- */

void weir__kafka_source_want_end(struct weir__kafka_source *source)
{
	struct weir__kafka_bond *bond = &source->bond;

	if (!bond->sink || bond->wants_end)
		return;
	bond->wants_end = true;
	weir_port_wake(bond->sink);
}

/* A stop: nothing new; what is under way is waited for, and committed. */
static enum weir_status finish(struct weir__kafka_source *source, uint64_t now_ms)
{
	if (!weir__kafka_lanes_are_settled(&source->lanes) || source->is_committing) {
		weir__kafka_source_want_end(source);
		return WEIR_OK;
	}
	if (!source->group || !weir__kafka_lanes_are_dirty(&source->lanes))
		return WEIR_END;
	if (source->bond.is_bound) {
		weir__kafka_source_want_end(source);
		return source->bond.sink ? WEIR_OK : WEIR_END;
	}
	if (!weir__kafka_may_commit(source))
		return WEIR_OK;
	if (!source->is_last || now_ms >= source->commit_due_ms)
		weir__kafka_commit(source, now_ms);
	source->is_last = true;
	return WEIR_OK;
}

/* A group has none for a new member until the others have given some back. */
static bool has_its_share(struct weir__kafka_source *source, uint64_t now_ms)
{
	if (weir__kafka_lanes_have_ours(&source->lanes))
		return true;
	if (!source->empty_ms || atomic_load(&source->join->runs))
		source->empty_ms = now_ms;
	return now_ms >= source->empty_ms + EMPTY_MS;
}

static bool is_at_end(struct weir__kafka_source *source, uint64_t now_ms)
{
	return source->until_end && source->was_given &&
	       source->rebalance.phase == WEIR__KAFKA_CALM &&
	       weir__kafka_lanes_are_done(&source->lanes) && has_its_share(source, now_ms);
}

static void set_deadline(const struct weir__kafka_source *source, const weir_outlet *outlet,
			 uint64_t now_ms)
{
	uint64_t at_ms = now_ms + (weir_outlet_room(outlet) == 0 ? STARVED_MS : POLL_MS);

	if (source->group && source->commit_due_ms < at_ms)
		at_ms = source->commit_due_ms > now_ms ? source->commit_due_ms : now_ms + HELD_MS;
	if (source->rebalance.phase == WEIR__KAFKA_TAKEN && source->rebalance.until_ms > now_ms &&
	    source->rebalance.until_ms < at_ms)
		at_ms = source->rebalance.until_ms;
	weir_port_deadline(source->port, at_ms);
}

/*
 * A transaction is being ended; or what was lost is not dropped yet: the partition may be ours
 * again, and read before it, the same records would count as duplicates of what never arrived.
 */
static bool stands_still(const struct weir__kafka_source *source)
{
	return source->bond.is_gated ||
	       (source->bond.is_bound && weir__kafka_lanes_have_gone(&source->lanes));
}

static enum weir_status kafka_step(void *self, weir_outlet *outlet, uint64_t now_ms,
				   struct weir_error *err)
{
	struct weir__kafka_source *source = self;
	enum weir_status status;
	bool more = false;
	uint64_t count;

	if (read(source->event_fd, &count, sizeof count) < 0 && errno != EAGAIN && errno != EINTR)
		return weir__error_os(err, errno, "cannot read the eventfd");
	status = weir__kafka_group_turn(source, now_ms, err);
	if (status < 0)
		return status;
	set_deadline(source, outlet, now_ms);
	if (weir_port_is_stopping(source->port))
		return finish(source, now_ms);
	if (!stands_still(source)) {
		status = weir__kafka_read(source, outlet, now_ms, &more, err);
		if (status < 0)
			return status;
		if (weir_outlet_room(outlet) == 0)
			weir__kafka_source_want_end(source);
	}
	if (is_at_end(source, now_ms))
		return source->bond.is_bound ? finish(source, now_ms) : WEIR_END;
	if (more)
		weir_port_wake(source->port);
	set_deadline(source, outlet, now_ms);
	return WEIR_OK;
}

static void kafka_ack(void *self, struct weir_position upto)
{
	struct weir__kafka_source *source = self;

	weir__kafka_lane_settle(&source->lanes, upto.lane, upto.offset);
	if (!source->is_open) {
		if (weir__kafka_lanes_are_settled(&source->lanes))
			weir__kafka_consumer_leave(source);
	} else if (source->rebalance.phase == WEIR__KAFKA_TAKEN || source->bond.is_bound ||
		   weir_port_is_stopping(source->port)) {
		weir_port_wake(source->port);
	}
}

/* ---- add ---- */

static void kafka_free(void *self)
{
	struct weir__kafka_source *source = self;

	weir__kafka_consumer_leave(source);
	weir__kafka_retired_leave(&source->retired, WEIR__KAFKA_GONE_MS);
	close_event_fd(source);
	if (source->conf)
		rd_kafka_conf_destroy(source->conf);
	if (source->topics)
		rd_kafka_topic_partition_list_destroy(source->topics);
	if (source->partitions)
		rd_kafka_topic_partition_list_destroy(source->partitions);
	weir__kafka_lanes_release(&source->lanes, source->env);
	weir__text_free(source->env, source->group);
	weir__free(source->env, source->headers,
		   source->header_capacity * sizeof *source->headers);
	weir__free(source->env, source, sizeof *source);
}

static const struct weir_source_ops plain_ops = {
	.size = sizeof plain_ops,
	.open = kafka_open,
	.step = kafka_step,
	.ack = kafka_ack,
	.close = kafka_close,
	.free = kafka_free,
	.drains = true,
};

/* With a group, which has what was not settled. */
static const struct weir_source_ops keeping_ops = {
	.size = sizeof keeping_ops,
	.open = kafka_open,
	.step = kafka_step,
	.ack = kafka_ack,
	.close = kafka_close,
	.free = kafka_free,
	.drains = true,
	.keeps = true,
};

struct weir__kafka_source *weir__kafka_source_of(const weir_source *source)
{
	return weir_source_self(source, &keeping_ops);
}

static enum weir_status make(const struct weir_env *env,
			     const struct weir_kafka_source_options *given,
			     struct weir__kafka_source **ret_source, struct weir_error *err)
{
	struct weir_kafka_source_options options;
	struct weir__kafka_source *source;

	if (weir__options_read(given, &options, sizeof options, "weir_kafka_source_options", err) < 0)
		return err->status;
	source = weir__alloc(env, sizeof *source);
	if (!source)
		return weir__error_no_memory(err);
	source->env = env;
	source->event_fd = -1;
	if (weir__kafka_source_configure(source, &options, err) < 0) {
		kafka_free(source);
		return err->status;
	}
	*ret_source = source;
	return WEIR_OK;
}

weir_source *weir_kafka_source_add(weir_pipeline *pipeline, const char *name,
				   const struct weir_kafka_source_options *options)
{
	struct weir__kafka_source *source = NULL;
	struct weir_error err, reason;

	if (!pipeline)
		return NULL;
	if (make(weir_pipeline_env(pipeline), options, &source, &reason) < 0) {
		weir_error_set(&err, reason.status, WEIR_REMEDY_STOP, "source '%s': %s",
			       name ? name : "", reason.text);
		weir_pipeline_fail(pipeline, &err);
		return NULL;
	}
	return weir_source_add(pipeline, name, source->group ? &keeping_ops : &plain_ops,
			       source);
}
