/* SPDX-License-Identifier: MIT */
/*
 * The broker: librdkafka's mock cluster in a child of its own, or topics on a real one.
 *
 * The mock cluster keeps about the last 5 MB of each partition: the plan's number of partitions
 * is chosen so that no partition comes near it.
 */
#include "demo.h"

#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define ADMIN_MS 15000

void topic_name(char *name, size_t size, const char *prefix, unsigned kind)
{
	static const struct {
		unsigned kind;
		const char *topic;
	} topics[] = {
		{ WEIR_KIND_TWEET, "tweets" },
		{ WEIR_KIND_RETWEET, "retweets" },
		{ WEIR_KIND_DELETE, "deletes" },
		{ WEIR_KIND_LIMIT, "limits" },
	};
	const char *topic = weir_kind_name(kind);

	for (size_t i = 0; i < sizeof topics / sizeof *topics; i++)
		if (topics[i].kind == kind)
			topic = topics[i].topic;
	snprintf(name, size, "%s%s", prefix, topic);
}

/* A client without a broker of its own; the mock cluster and the admin calls hang on one. */
static rd_kafka_t *client(const char *brokers)
{
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	char why[256];
	rd_kafka_t *rk;

	if (brokers)
		rd_kafka_conf_set(conf, "bootstrap.servers", brokers, NULL, 0);
	rd_kafka_conf_set(conf, "log_level", "3", NULL, 0);
	rk = rd_kafka_new(RD_KAFKA_PRODUCER, conf, why, sizeof why);
	if (!rk) {
		rd_kafka_conf_destroy(conf);
		fprintf(stderr, "demo: no Kafka client: %s\n", why);
	}
	return rk;
}

static bool mock_topics(rd_kafka_mock_cluster_t *cluster, const struct broker_plan *plan)
{
	for (unsigned i = 0; i < WEIR_KIND_COUNT; i++) {
		char name[128];

		topic_name(name, sizeof name, plan->prefix, 1u << i);
		if (rd_kafka_mock_topic_create(cluster, name, plan->partitions, 1))
			return false;
	}
	return true;
}

int broker_run(void *user, int out)
{
	const struct broker_plan *plan = user;
	rd_kafka_mock_cluster_t *cluster;
	rd_kafka_t *rk;
	sigset_t signals;
	int got;

	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	rk = client(NULL);
	cluster = rk ? rd_kafka_mock_cluster_new(rk, 1) : NULL;
	if (!cluster || !mock_topics(cluster, plan))
		return 1;
	dprintf(out, "%s\n", rd_kafka_mock_cluster_bootstraps(cluster));
	sigwait(&signals, &got);
	rd_kafka_mock_cluster_destroy(cluster);
	rd_kafka_destroy(rk);
	return 0;
}

bool topics_create(const char *brokers, const struct broker_plan *plan)
{
	rd_kafka_NewTopic_t *topics[WEIR_KIND_COUNT];
	rd_kafka_t *rk = client(brokers);
	rd_kafka_queue_t *queue;
	rd_kafka_event_t *event;
	char why[256];
	bool good;

	if (!rk)
		return false;
	for (unsigned i = 0; i < WEIR_KIND_COUNT; i++) {
		char name[128];

		topic_name(name, sizeof name, plan->prefix, 1u << i);
		topics[i] = rd_kafka_NewTopic_new(name, plan->partitions, -1, why, sizeof why);
	}
	queue = rd_kafka_queue_new(rk);
	rd_kafka_CreateTopics(rk, topics, WEIR_KIND_COUNT, NULL, queue);
	event = rd_kafka_queue_poll(queue, ADMIN_MS);
	good = event && !rd_kafka_event_error(event);
	if (!good)
		fprintf(stderr, "demo: cannot create topics at %s: %s\n", brokers,
			event ? rd_kafka_event_error_string(event) : "no answer");
	if (event)
		rd_kafka_event_destroy(event);
	rd_kafka_NewTopic_destroy_array(topics, WEIR_KIND_COUNT);
	rd_kafka_queue_destroy(queue);
	rd_kafka_destroy(rk);
	return good;
}

void topics_delete(const char *brokers, const struct broker_plan *plan)
{
	rd_kafka_DeleteTopic_t *topics[WEIR_KIND_COUNT];
	rd_kafka_t *rk = client(brokers);
	rd_kafka_queue_t *queue;
	rd_kafka_event_t *event;

	if (!rk)
		return;
	for (unsigned i = 0; i < WEIR_KIND_COUNT; i++) {
		char name[128];

		topic_name(name, sizeof name, plan->prefix, 1u << i);
		topics[i] = rd_kafka_DeleteTopic_new(name);
	}
	queue = rd_kafka_queue_new(rk);
	rd_kafka_DeleteTopics(rk, topics, WEIR_KIND_COUNT, NULL, queue);
	event = rd_kafka_queue_poll(queue, ADMIN_MS);
	if (event)
		rd_kafka_event_destroy(event);
	rd_kafka_DeleteTopic_destroy_array(topics, WEIR_KIND_COUNT);
	rd_kafka_queue_destroy(queue);
	rd_kafka_destroy(rk);
}
