/* SPDX-License-Identifier: MIT */
/*
 * Reading back: every partition of every topic that got something, from its beginning to its end,
 * by a consumer that knows nothing of weir; each value is looked up among what was sent.
 */
#include "demo.h"

#include <librdkafka/rdkafka.h>
#include <stdio.h>
#include <string.h>

#define QUIET_MS 20000

static rd_kafka_t *consumer(const char *brokers)
{
	static const char *const settings[][2] = {
		{ "group.id", "weir-demo" },	 { "enable.partition.eof", "true" },
		{ "enable.auto.commit", "false" }, { "auto.offset.reset", "earliest" },
		{ "log_level", "3" },
	};
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	char why[256];
	rd_kafka_t *rk;

	rd_kafka_conf_set(conf, "bootstrap.servers", brokers, NULL, 0);
	for (size_t i = 0; i < sizeof settings / sizeof *settings; i++)
		rd_kafka_conf_set(conf, settings[i][0], settings[i][1], NULL, 0);
	rk = rd_kafka_new(RD_KAFKA_CONSUMER, conf, why, sizeof why);
	if (rk)
		rd_kafka_poll_set_consumer(rk);
	else
		rd_kafka_conf_destroy(conf);
	return rk;
}

static bool add_partitions(rd_kafka_t *rk, const char *name,
			   rd_kafka_topic_partition_list_t *partitions)
{
	rd_kafka_topic_t *topic = rd_kafka_topic_new(rk, name, NULL);
	const struct rd_kafka_metadata *metadata;
	const rd_kafka_resp_err_t err = rd_kafka_metadata(rk, 0, topic, &metadata, QUIET_MS);

	rd_kafka_topic_destroy(topic);
	if (err) {
		fprintf(stderr, "demo: cannot ask for topic '%s': %s\n", name, rd_kafka_err2str(err));
		return false;
	}
	for (int i = 0; i < metadata->topics[0].partition_cnt; i++)
		rd_kafka_topic_partition_list_add(partitions, name,
						  metadata->topics[0].partitions[i].id)
			->offset = RD_KAFKA_OFFSET_BEGINNING;
	rd_kafka_metadata_destroy(metadata);
	return true;
}

/* The kind that a topic is for; WEIR_KIND_COUNT when it is none of ours. */
static unsigned kind_of_topic(const char *topic, const char *prefix)
{
	unsigned kind = 0;
	char name[128];

	for (; kind < WEIR_KIND_COUNT; kind++) {
		topic_name(name, sizeof name, prefix, 1u << kind);
		if (!strcmp(name, topic))
			break;
	}
	return kind;
}

static void count(const rd_kafka_message_t *message, const char *prefix, struct sent *sent,
		  struct read_back *ret)
{
	const unsigned kind = kind_of_topic(rd_kafka_topic_name(message->rkt), prefix);

	if (kind < WEIR_KIND_COUNT)
		ret->kinds[kind]++;
	if (sent_find(sent, message->payload, message->len))
		ret->matched++;
	else
		ret->foreign++;
}

static bool consume(rd_kafka_t *rk, int open_partitions, const char *prefix, struct sent *sent,
		    struct read_back *ret)
{
	while (open_partitions > 0) {
		rd_kafka_message_t *message = rd_kafka_consumer_poll(rk, QUIET_MS);

		if (!message) {
			fprintf(stderr, "demo: nothing came back for %d s\n", QUIET_MS / 1000);
			return false;
		}
		if (!message->err)
			count(message, prefix, sent, ret);
		else if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF)
			open_partitions--;
		rd_kafka_message_destroy(message);
	}
	return true;
}

bool read_back(const char *brokers, const char *prefix, const struct progress *progress,
	       struct sent *sent, struct read_back *ret)
{
	rd_kafka_topic_partition_list_t *partitions = rd_kafka_topic_partition_list_new(64);
	rd_kafka_t *rk = consumer(brokers);
	bool good = rk != NULL;

	for (unsigned kind = 0; good && kind < WEIR_KIND_COUNT; kind++) {
		char name[128];

		topic_name(name, sizeof name, prefix, 1u << kind);
		if (progress->kind_delivered[kind])
			good = add_partitions(rk, name, partitions);
	}
	if (good) {
		rd_kafka_assign(rk, partitions);
		good = consume(rk, partitions->cnt, prefix, sent, ret);
	}
	rd_kafka_topic_partition_list_destroy(partitions);
	if (rk) {
		rd_kafka_consumer_close(rk);
		rd_kafka_destroy(rk);
	}
	return good;
}
