/* SPDX-License-Identifier: MIT */
/* The Kafka sink's test bench. */
#include "support/kafka_rig.h"

#include <check.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static int64_t real_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static rd_kafka_t *client_new(rd_kafka_type_t type, const char *brokers)
{
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	rd_kafka_t *client;
	char text[256];

	rd_kafka_conf_set(conf, "log_level", "0", text, sizeof text);
	if (brokers)
		rd_kafka_conf_set(conf, "bootstrap.servers", brokers, text, sizeof text);
	if (type == RD_KAFKA_CONSUMER) {
		rd_kafka_conf_set(conf, "group.id", "reader", text, sizeof text);
		rd_kafka_conf_set(conf, "enable.partition.eof", "true", text, sizeof text);
		rd_kafka_conf_set(conf, "enable.auto.commit", "false", text, sizeof text);
		rd_kafka_conf_set(conf, "fetch.wait.max.ms", "10", text, sizeof text);
	}
	client = rd_kafka_new(type, conf, text, sizeof text);
	ck_assert_msg(client != NULL, "%s", text);
	return client;
}

void kafka_cluster_start(struct kafka_cluster *cluster, int broker_count)
{
	cluster->owner = client_new(RD_KAFKA_PRODUCER, NULL);
	cluster->mock = rd_kafka_mock_cluster_new(cluster->owner, broker_count);
	ck_assert_ptr_nonnull(cluster->mock);
	cluster->brokers = rd_kafka_mock_cluster_bootstraps(cluster->mock);
}

void kafka_cluster_stop(struct kafka_cluster *cluster)
{
	rd_kafka_mock_cluster_destroy(cluster->mock);
	rd_kafka_destroy(cluster->owner);
}

static void note_outcome(void *user, const weir_message *message,
			 const struct weir_kafka_outcome *outcome)
{
	struct kafka_outcomes *outcomes = user;

	ck_assert_ptr_nonnull(message);
	ck_assert_int_eq(outcome->status == WEIR_OK, outcome->reason[0] == '\0');
	if (outcome->status == WEIR_OK)
		outcomes->delivered++;
	else
		outcomes->failed++;
	outcomes->last_code = outcome->code;
	outcomes->last_offset = outcome->offset;
	outcomes->last_partition = outcome->partition;
	snprintf(outcomes->last_topic, sizeof outcomes->last_topic, "%s", outcome->topic);
}

struct kafka_rig *kafka_rig_new(void)
{
	struct kafka_rig *rig = calloc(1, sizeof *rig);

	ck_assert_ptr_nonnull(rig);
	fake_env_init(&rig->fake);
	rig->fake.env.clock = (struct weir_clock){ 0 };
	kafka_cluster_start(&rig->cluster, 1);
	rig->pipeline_options = (struct weir_pipeline_options){
		.size = sizeof rig->pipeline_options,
		.env = &rig->fake.env,
		.retry_first_ms = 10,
		.retry_most_ms = 50,
	};
	rig->source_options = (struct weir_push_source_options){
		.size = sizeof rig->source_options, .kind = WEIR_KIND_RECORD };
	rig->options = (struct weir_kafka_sink_options){
		.size = sizeof rig->options,
		.brokers = rig->cluster.brokers,
		.properties = rig->properties,
		.topic = "tweets",
		.on_outcome = note_outcome,
		.user = &rig->outcomes,
	};
	return rig;
}

void kafka_rig_set(struct kafka_rig *rig, const char *name, const char *value)
{
	ck_assert_uint_lt(rig->options.property_count, 8);
	rig->properties[rig->options.property_count++] = (struct weir_property){ name, value };
}

void kafka_rig_start(struct kafka_rig *rig)
{
	rig->pipeline = weir_pipeline_new(&rig->pipeline_options);
	rig->source = weir_push_source_add(rig->pipeline, "push", &rig->source_options);
	rig->sink = weir_kafka_sink_add(rig->pipeline, "kafka", &rig->options);
}

void kafka_rig_start_all(struct kafka_rig *rig)
{
	kafka_rig_start(rig);
	weir_route_add(rig->pipeline, WEIR_WITH(weir_route, .name = "all"), rig->sink);
}

void kafka_rig_push(struct kafka_rig *rig, unsigned n, size_t len)
{
	char key[16], *body = malloc(len + 64);
	int head;

	ck_assert_ptr_nonnull(body);
	snprintf(key, sizeof key, "k%u", n);
	head = snprintf(body, 64, "{\"n\":%u,\"fill\":\"", n);
	memset(body + head, 'x', len);
	memcpy(body + (size_t)head + len, "\"}", 2);
	ck_assert_int_eq(weir_push(rig->source,
				   WEIR_WITH(weir_message_init,
					     .body = { body, (size_t)head + len + 2 },
					     .key = { key, strlen(key) },
					     .time_ms = 1500000000000 + n,
					     .position = { 0, n + 1 })),
			 WEIR_OK);
	free(body);
}

/* The first step opens everything: it asks for nothing before. */
static enum weir_status turn(struct kafka_rig *rig, int64_t until_ms)
{
	struct pollfd wait = { .fd = weir_pipeline_fd(rig->pipeline), .events = POLLIN };
	int timeout_ms = rig->steps ? weir_pipeline_timeout_ms(rig->pipeline) : 0;
	const int64_t left_ms = until_ms - real_ms();

	if (timeout_ms < 0 || timeout_ms > left_ms)
		timeout_ms = left_ms > 0 ? (int)left_ms : 0;
	poll(&wait, 1, timeout_ms);
	rig->steps++;
	return weir_pipeline_step(rig->pipeline);
}

enum weir_status kafka_rig_run_until(struct kafka_rig *rig, uint64_t delivered, int ms)
{
	const int64_t until_ms = real_ms() + ms;
	enum weir_status status = WEIR_OK;

	while (status == WEIR_OK && real_ms() < until_ms &&
	       kafka_rig_metrics(rig).delivered < delivered)
		status = turn(rig, until_ms);
	return status;
}

enum weir_status kafka_rig_run(struct kafka_rig *rig, int ms)
{
	return kafka_rig_run_until(rig, UINT64_MAX, ms);
}

void kafka_rig_end(struct kafka_rig *rig)
{
	weir_pipeline_free(rig->pipeline);
	fake_env_check_empty(&rig->fake);
	kafka_cluster_stop(&rig->cluster);
	free(rig);
}

struct weir_sink_metrics kafka_rig_metrics(const struct kafka_rig *rig)
{
	struct weir_sink_metrics metrics = WEIR_METRICS(weir_sink_metrics);

	weir_sink_metrics(rig->sink, &metrics);
	return metrics;
}

void kafka_topic_read(struct kafka_topic *ret, const struct kafka_cluster *cluster,
		      const char *topic, int32_t partition_count)
{
	rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(partition_count);
	const int64_t until_ms = real_ms() + 20000;
	int32_t ends = 0;

	*ret = (struct kafka_topic){ .consumer = client_new(RD_KAFKA_CONSUMER, cluster->brokers) };
	rd_kafka_poll_set_consumer(ret->consumer);
	for (int32_t i = 0; i < partition_count; i++)
		rd_kafka_topic_partition_list_add(list, topic, i)->offset =
			RD_KAFKA_OFFSET_BEGINNING;
	rd_kafka_assign(ret->consumer, list);
	rd_kafka_topic_partition_list_destroy(list);
	while (ends < partition_count && real_ms() < until_ms) {
		rd_kafka_message_t *message = rd_kafka_consumer_poll(ret->consumer, 100);

		if (message && message->err == RD_KAFKA_RESP_ERR_NO_ERROR && ret->count < 1200) {
			ret->messages[ret->count++] = message;
			continue;
		}
		ends += message && message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF;
		if (message)
			rd_kafka_message_destroy(message);
	}
	ck_assert_msg(ends == partition_count, "topic '%s' could not be read to its end", topic);
}

void kafka_topic_release(struct kafka_topic *topic)
{
	for (size_t i = 0; i < topic->count; i++)
		rd_kafka_message_destroy(topic->messages[i]);
	rd_kafka_consumer_close(topic->consumer);
	rd_kafka_destroy(topic->consumer);
}

void kafka_check_header(const rd_kafka_message_t *record, const char *name, const char *want)
{
	rd_kafka_headers_t *headers;
	const void *value;
	size_t len;

	ck_assert_msg(rd_kafka_message_headers(record, &headers) == 0, "no headers");
	ck_assert_msg(rd_kafka_header_get_last(headers, name, &value, &len) == 0, "no header %s",
		      name);
	ck_assert_msg(memmem(value, len, want, strlen(want)) != NULL,
		      "header %s is '%.*s', want '%s' in it", name, (int)len, (const char *)value,
		      want);
}
