/* SPDX-License-Identifier: MIT */
/*
 * The consumer of the Kafka source: made, given up.
 *
 *     partitions ─► records ─┐
 *     group, errors, logs ─► events ─┼─► one eventfd
 *     commits ─► answers ────┘
 *
 * Guarantees: records have a queue of their own, so that the group is heeded while there is no room
 * for records; giving up waits for nothing: librdkafka's destroy, which waits for commits and for
 * messages that somebody still has, runs on a thread. Called by source.c.
 */
#include "connect/kafka/source.h"

#include <string.h>

#include "ground/env.h"
#include "ground/error.h"

static void signal_from(const struct weir__kafka_source *source, rd_kafka_queue_t *queue)
{
	static const uint64_t one = 1;

	rd_kafka_queue_io_event_enable(queue, source->event_fd, &one, sizeof one);
}

static void let_go(rd_kafka_queue_t **queue)
{
	rd_kafka_queue_io_event_enable(*queue, -1, NULL, 0);
	rd_kafka_queue_destroy(*queue);
	*queue = NULL;
}

static enum weir_status begin(struct weir__kafka_source *source, struct weir_error *err)
{
	rd_kafka_resp_err_t code;

	if (source->partitions)
		return weir__kafka_group_begin(source, source->partitions, err);
	code = rd_kafka_subscribe(source->client, source->topics);
	if (code)
		return weir__error_invalid(err, "cannot subscribe: %s", rd_kafka_err2str(code));
	return WEIR_OK;
}

enum weir_status weir__kafka_consumer_new(struct weir__kafka_source *source,
					  struct weir_error *err)
{
	rd_kafka_conf_t *conf;
	enum weir_status status;
	char text[256];

	source->join = weir__alloc(source->env, sizeof *source->join);
	if (!source->join)
		return weir__error_no_memory(err);
	conf = rd_kafka_conf_dup(source->conf);
	weir__kafka_join_watch(source->join, conf);
	source->client = rd_kafka_new(RD_KAFKA_CONSUMER, conf, text, sizeof text);
	if (!source->client) {
		rd_kafka_conf_destroy(conf);
		source->join = weir__free(source->env, source->join, sizeof *source->join);
		weir__kafka_one_line(text);
		return weir__error_invalid(err, "cannot create a Kafka consumer: %s", text);
	}
	rd_kafka_poll_set_consumer(source->client);
	rd_kafka_set_log_queue(source->client, NULL);
	source->events = rd_kafka_queue_get_consumer(source->client);
	source->records = rd_kafka_queue_new(source->client);
	source->answers = rd_kafka_queue_new(source->client);
	signal_from(source, source->events);
	signal_from(source, source->records);
	signal_from(source, source->answers);
	weir_port_wake(source->port);	/* for what is in a queue already */
	status = begin(source, err);
	if (status < 0)
		weir__kafka_consumer_leave(source);
	return status;
}

static bool are_same(const rd_kafka_consumer_group_metadata_t *a,
		     const rd_kafka_consumer_group_metadata_t *b)
{
	void *bytes[2] = { NULL, NULL };
	size_t sizes[2] = { 0, 0 };
	rd_kafka_error_t *errors[2] = {
		rd_kafka_consumer_group_metadata_write(a, &bytes[0], &sizes[0]),
		rd_kafka_consumer_group_metadata_write(b, &bytes[1], &sizes[1]),
	};
	const bool are = sizes[0] == sizes[1] && memcmp(bytes[0], bytes[1], sizes[0]) == 0;

	for (int i = 0; i < 2; i++) {
		if (errors[i])
			rd_kafka_error_destroy(errors[i]);
		rd_kafka_mem_free(NULL, bytes[i]);
	}
	return are;
}

/* A member that was put out of its group has no name, and a coordinator believes such a one. */
rd_kafka_consumer_group_metadata_t *
weir__kafka_consumer_member(const struct weir__kafka_source *source)
{
	rd_kafka_consumer_group_metadata_t *member =
		rd_kafka_consumer_group_metadata(source->client);
	rd_kafka_consumer_group_metadata_t *nobody;

	if (!member || source->partitions)
		return member;
	nobody = rd_kafka_consumer_group_metadata_new(source->group);
	if (are_same(member, nobody) || rd_kafka_assignment_lost(source->client)) {
		rd_kafka_consumer_group_metadata_destroy(member);
		member = NULL;
	}
	rd_kafka_consumer_group_metadata_destroy(nobody);
	return member;
}

/* Before librdkafka is told that the partition is ours: no record takes another way. */
void weir__kafka_consumer_collect(const struct weir__kafka_source *source, const char *topic,
				  int32_t partition)
{
	rd_kafka_queue_t *queue = rd_kafka_queue_get_partition(source->client, topic, partition);

	if (!queue)
		return;
	rd_kafka_queue_forward(queue, source->records);
	rd_kafka_queue_destroy(queue);
}

void weir__kafka_consumer_leave(struct weir__kafka_source *source)
{
	struct weir__kafka_lookup *lookup;

	if (!source->client)
		return;
	weir__kafka_commit(source, 0);
	lookup = weir__kafka_group_abandon(source);
	let_go(&source->events);
	let_go(&source->records);
	let_go(&source->answers);
	weir__kafka_retire_with(&source->retired, source->env, source->client,
				lookup ? weir__kafka_lookup_end : NULL, lookup, source->join,
				sizeof *source->join);
	source->client = NULL;
	source->join = NULL;
	source->is_committing = false;
	for (size_t i = 0; i < source->lanes.count; i++)
		weir__kafka_group_let_go(source, &source->lanes.all[i]);
}
