/* SPDX-License-Identifier: MIT */
/* Numbered messages: their source, and their judge. */
#include "kafka/numbered.h"

#include <check.h>
#include <inttypes.h>
#include <librdkafka/rdkafka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kafka/cluster.h"

#define BATCH 1000
#define JUDGE_PATIENCE_MS 30000	/* without a single message */

/* ---- what a message looks like ---- */

static size_t write_key(char key[16], uint64_t n)
{
	return (size_t)snprintf(key, 16, "k%03u", (unsigned)(n % NUMBERED_KEYS));
}

/* {"n":0000000042,"fill":"…"}, the letters of the filling by an LCG that starts from n. */
static void write_body(char *body, size_t len, uint64_t n)
{
	const size_t head = (size_t)sprintf(body, "{\"n\":%010" PRIu64 ",\"fill\":\"", n);
	uint64_t state = n * 2862933555777941757u + 3037000493u;

	for (size_t i = head; i < len - 2; i++) {
		state = state * 6364136223846793005u + 1442695040888963407u;
		body[i] = (char)('a' + (state >> 60));
	}
	body[len - 2] = '"';
	body[len - 1] = '}';
}

size_t numbered_write(char *body, size_t body_bytes, char key[16], uint64_t n)
{
	write_body(body, body_bytes, n);
	return write_key(key, n);
}

/* ---- the source ---- */

static enum weir_status numbered_open(void *self, weir_port *port, struct weir_error *err)
{
	struct numbered *numbered = self;

	(void)err;
	numbered->port = port;
	return WEIR_OK;
}

static enum weir_status emit(struct numbered *numbered, weir_outlet *outlet,
			     struct weir_error *err)
{
	char body[NUMBERED_MOST_BYTES], key[16];
	const size_t key_len =
		numbered_write(body, numbered->body_bytes, key, numbered->emitted);

	return weir_outlet_emit(outlet,
				WEIR_WITH(weir_message_init,
					  .body = { body, numbered->body_bytes },
					  .kind = WEIR_KIND_RECORD, .key = { key, key_len },
					  .position = { 0, numbered->emitted + 1 }),
				NULL, err);
}

static enum weir_status numbered_step(void *self, weir_outlet *outlet, uint64_t now_ms,
				      struct weir_error *err)
{
	struct numbered *numbered = self;

	(void)now_ms;
	while (numbered->emitted < numbered->allowed && numbered->emitted < numbered->ends_at &&
	       weir_outlet_room(outlet) > 0) {
		const enum weir_status status = emit(numbered, outlet, err);

		if (status == WEIR_AGAIN)
			break;
		if (status < 0)
			return status;
		numbered->emitted++;
	}
	return numbered->emitted >= numbered->ends_at ? WEIR_END : WEIR_OK;
}

static void numbered_ack(void *self, struct weir_position upto)
{
	struct numbered *numbered = self;

	if (upto.offset < numbered->settled || upto.offset > numbered->emitted)
		numbered->backwards = true;
	numbered->settled = upto.offset;
}

static const struct weir_source_ops numbered_ops = {
	.size = sizeof numbered_ops,
	.open = numbered_open,
	.step = numbered_step,
	.ack = numbered_ack,
};

weir_source *numbered_add(weir_pipeline *pipeline, struct numbered *numbered)
{
	ck_assert_uint_le(numbered->body_bytes, NUMBERED_MOST_BYTES);
	return weir_source_add(pipeline, "numbered", &numbered_ops, numbered);
}

/* ---- the judge ---- */

struct judge {
	struct verdict verdict;
	uint64_t count;
	size_t body_bytes;
	uint8_t *seen;			/* a bit for each message */
	uint64_t next[NUMBERED_KEYS];	/* of each key: behind the furthest that came */
};

static void judge_record(struct judge *judge, const rd_kafka_message_t *record)
{
	char body[NUMBERED_MOST_BYTES], key[16];
	uint64_t n = UINT64_MAX;
	uint64_t *next;

	judge->verdict.read++;
	if (record->len == judge->body_bytes)
		sscanf(record->payload, "{\"n\":%10" SCNu64, &n);
	if (n >= judge->count || record->key_len != write_key(key, n) ||
	    memcmp(record->key, key, record->key_len) != 0) {
		judge->verdict.damaged++;
		return;
	}
	write_body(body, judge->body_bytes, n);
	judge->verdict.damaged += memcmp(record->payload, body, judge->body_bytes) != 0;
	if (judge->seen[n / 8] & 1u << n % 8) {
		judge->verdict.duplicates++;
		return;
	}
	judge->seen[n / 8] = (uint8_t)(judge->seen[n / 8] | 1u << n % 8);
	next = &judge->next[n % NUMBERED_KEYS];
	if (n < *next)
		judge->verdict.out_of_order++;
	else
		*next = n + 1;
}

static rd_kafka_t *open_consumer(const char *brokers, const char *topic, int partitions)
{
	rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(partitions);
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	rd_kafka_t *consumer;
	char text[256];

	rd_kafka_conf_set(conf, "bootstrap.servers", brokers, text, sizeof text);
	rd_kafka_conf_set(conf, "group.id", "judge", text, sizeof text);
	rd_kafka_conf_set(conf, "enable.partition.eof", "true", text, sizeof text);
	rd_kafka_conf_set(conf, "enable.auto.commit", "false", text, sizeof text);
	rd_kafka_conf_set(conf, "log_level", "0", text, sizeof text);
	consumer = rd_kafka_new(RD_KAFKA_CONSUMER, conf, text, sizeof text);
	ck_assert_msg(consumer != NULL, "%s", text);
	rd_kafka_poll_set_consumer(consumer);
	for (int i = 0; i < partitions; i++)
		rd_kafka_topic_partition_list_add(list, topic, i)->offset =
			RD_KAFKA_OFFSET_BEGINNING;
	ck_assert_int_eq(rd_kafka_assign(consumer, list), 0);
	rd_kafka_topic_partition_list_destroy(list);
	return consumer;
}

/* Each partition to its end, which a consumer is told of; nobody writes any more. */
static void read_all(struct judge *judge, rd_kafka_t *consumer, int partitions)
{
	rd_kafka_queue_t *queue = rd_kafka_queue_get_consumer(consumer);
	uint64_t until_ms = cluster_now_ms() + JUDGE_PATIENCE_MS;
	rd_kafka_message_t *records[BATCH];
	int ends = 0;

	while (ends < partitions && cluster_now_ms() < until_ms) {
		const ssize_t got = rd_kafka_consume_batch_queue(queue, 200, records, BATCH);

		for (ssize_t i = 0; i < got; i++) {
			ends += records[i]->err == RD_KAFKA_RESP_ERR__PARTITION_EOF;
			if (!records[i]->err) {
				judge_record(judge, records[i]);
				until_ms = cluster_now_ms() + JUDGE_PATIENCE_MS;
			}
			rd_kafka_message_destroy(records[i]);
		}
	}
	rd_kafka_queue_destroy(queue);
	ck_assert_msg(ends == partitions,
		      "read %" PRIu64 ", and only %d of %d partitions to the end",
		      judge->verdict.read, ends, partitions);
}

struct verdict numbered_judge(const char *brokers, const char *topic, int partitions,
			      uint64_t count, size_t body_bytes)
{
	struct judge *judge = calloc(1, sizeof *judge);
	const uint64_t began_ms = cluster_now_ms();
	rd_kafka_t *consumer = open_consumer(brokers, topic, partitions);
	struct verdict ret;

	ck_assert_ptr_nonnull(judge);
	judge->count = count;
	judge->body_bytes = body_bytes;
	judge->seen = calloc(count / 8 + 1, 1);
	ck_assert_ptr_nonnull(judge->seen);
	read_all(judge, consumer, partitions);
	rd_kafka_consumer_close(consumer);
	rd_kafka_destroy(consumer);
	judge->verdict.lost = count;
	for (uint64_t n = 0; n < count; n++)
		judge->verdict.lost -= judge->seen[n / 8] >> n % 8 & 1;
	judge->verdict.ms = cluster_now_ms() - began_ms;
	ret = judge->verdict;
	free(judge->seen);
	free(judge);
	return ret;
}
