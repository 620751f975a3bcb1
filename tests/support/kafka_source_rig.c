/* SPDX-License-Identifier: MIT */
/* The Kafka source's test bench. */
#include "support/kafka_source_rig.h"

#include <check.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define GROUP "readers"

static int64_t real_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

struct kafka_reader *kafka_reader_new(const struct kafka_cluster *cluster)
{
	static const char *const topics[] = { "in" };
	struct kafka_reader *reader = calloc(1, sizeof *reader);

	ck_assert_ptr_nonnull(reader);
	fake_env_init(&reader->fake);
	reader->fake.env.clock = (struct weir_clock){ 0 };
	reader->pipeline_options = (struct weir_pipeline_options){
		.size = sizeof reader->pipeline_options,
		.env = &reader->fake.env,
		.drain_ms = 2000,
	};
	reader->options = (struct weir_kafka_source_options){
		.size = sizeof reader->options,
		.brokers = cluster->brokers,
		.properties = reader->properties,
		.group = GROUP,
		.topics = topics,
		.topic_count = 1,
		.kind = WEIR_KIND_RECORD,
		.commit_ms = 50,
	};
	kafka_reader_set(reader, "session.timeout.ms", "4000");
	kafka_reader_set(reader, "heartbeat.interval.ms", "100");
	kafka_reader_set(reader, "max.poll.interval.ms", "4500");
	kafka_reader_set(reader, "fetch.wait.max.ms", "20");
	kafka_reader_set(reader, "topic.metadata.refresh.interval.ms", "200");
	return reader;
}

void kafka_reader_set(struct kafka_reader *reader, const char *name, const char *value)
{
	ck_assert_uint_lt(reader->options.property_count, 8);
	reader->properties[reader->options.property_count++] =
		(struct weir_property){ name, value };
}

void kafka_reader_start(struct kafka_reader *reader, const struct kafka_cluster *cluster,
			const char *to)
{
	reader->pipeline = weir_pipeline_new(&reader->pipeline_options);
	reader->source = weir_kafka_source_add(reader->pipeline, "in", &reader->options);
	reader->sink = to ? weir_kafka_sink_add(reader->pipeline, "out",
						WEIR_WITH(weir_kafka_sink_options,
							  .brokers = cluster->brokers,
							  .topic = to))
			  : recorder_add(&reader->recorder, reader->pipeline, "out");
	weir_route_add(reader->pipeline, NULL, reader->sink);
}

void kafka_reader_end(struct kafka_reader *reader)
{
	if (!reader)
		return;
	weir_pipeline_free(reader->pipeline);
	recorder_release(&reader->recorder);
	for (int waits = 0; waits < 6000 && reader->fake.live_blocks > 0; waits++)
		poll(NULL, 0, 10);	/* for a client that takes longer than the free waits */
	fake_env_check_empty(&reader->fake);
	free(reader);
}

/* One step, if it is due; how long the next may be waited for. */
static int turn(struct kafka_reader *reader)
{
	int timeout_ms;

	if (!reader || reader->status != WEIR_OK)
		return 50;
	reader->status = weir_pipeline_step(reader->pipeline);
	reader->steps++;
	timeout_ms = weir_pipeline_timeout_ms(reader->pipeline);
	return timeout_ms < 0 || timeout_ms > 50 ? 50 : timeout_ms;
}

bool kafka_readers_turn(struct kafka_reader *a, struct kafka_reader *b, int ms,
			bool (*until)(void *user), void *user)
{
	const int64_t until_ms = real_ms() + ms;

	while (!until(user)) {
		const int a_ms = turn(a), b_ms = turn(b);
		struct pollfd fds[2] = {
			{ .fd = a ? weir_pipeline_fd(a->pipeline) : -1, .events = POLLIN },
			{ .fd = b ? weir_pipeline_fd(b->pipeline) : -1, .events = POLLIN },
		};

		if (real_ms() >= until_ms)
			return false;
		poll(fds, 2, a_ms < b_ms ? a_ms : b_ms);
	}
	return true;
}

static bool has_ended(void *user)
{
	const struct kafka_reader *reader = user;

	return reader->status != WEIR_OK;
}

enum weir_status kafka_reader_run(struct kafka_reader *reader, int ms)
{
	kafka_readers_turn(reader, NULL, ms, has_ended, reader);
	return reader->status;
}

struct want {
	const struct kafka_reader *reader;
	size_t count;
};

static bool has_arrived(void *user)
{
	const struct want *want = user;

	return want->reader->recorder.count >= want->count || want->reader->status != WEIR_OK;
}

void kafka_reader_await(struct kafka_reader *reader, size_t count, int ms)
{
	struct want want = { reader, count };

	ck_assert_msg(kafka_readers_turn(reader, NULL, ms, has_arrived, &want),
		      "%zu records, want %zu\n%s", reader->recorder.count, count,
		      reader->fake.log);
	ck_assert_msg(reader->recorder.count >= count, "%s", reader->fake.log);
}

void kafka_reader_check_ended(const struct kafka_reader *reader)
{
	ck_assert_msg(reader->status == WEIR_END, "%s: %s\n%s", weir_status_name(reader->status),
		      weir_pipeline_error(reader->pipeline)->text, reader->fake.log);
}

static rd_kafka_t *client_new(rd_kafka_type_t type, const struct kafka_cluster *cluster)
{
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	rd_kafka_t *client;
	char text[256];

	rd_kafka_conf_set(conf, "log_level", "0", text, sizeof text);
	rd_kafka_conf_set(conf, "bootstrap.servers", cluster->brokers, text, sizeof text);
	rd_kafka_conf_set(conf, "linger.ms", "0", text, sizeof text);
	if (type == RD_KAFKA_CONSUMER)
		rd_kafka_conf_set(conf, "group.id", GROUP, text, sizeof text);
	client = rd_kafka_new(type, conf, text, sizeof text);
	ck_assert_msg(client != NULL, "%s", text);
	return client;
}

void kafka_fill(const struct kafka_cluster *cluster, const char *topic, int32_t partition,
		unsigned from, unsigned to)
{
	rd_kafka_t *client = client_new(RD_KAFKA_PRODUCER, cluster);

	for (unsigned n = from; n < to; n++) {
		char body[32], key[16];
		const int len = snprintf(body, sizeof body, "{\"n\":%u}", n);
		const int key_len = snprintf(key, sizeof key, "k%u", n);

		ck_assert_int_eq(
			rd_kafka_producev(client, RD_KAFKA_V_TOPIC(topic),
					  RD_KAFKA_V_PARTITION(partition),
					  RD_KAFKA_V_VALUE(body, (size_t)len),
					  RD_KAFKA_V_KEY(key, (size_t)key_len),
					  RD_KAFKA_V_TIMESTAMP(1500000000000 + n),
					  RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
					  RD_KAFKA_V_END),
			0);
	}
	ck_assert_int_eq(rd_kafka_flush(client, 10000), 0);
	rd_kafka_destroy(client);
}

int64_t kafka_committed(const struct kafka_cluster *cluster, const char *topic, int32_t partition)
{
	rd_kafka_t *client = client_new(RD_KAFKA_CONSUMER, cluster);
	rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
	int64_t offset;

	rd_kafka_topic_partition_list_add(list, topic, partition);
	ck_assert_int_eq(rd_kafka_committed(client, list, 10000), 0);
	offset = list->elems[0].offset;
	rd_kafka_topic_partition_list_destroy(list);
	rd_kafka_destroy(client);
	return offset;
}
