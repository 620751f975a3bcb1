/* SPDX-License-Identifier: MIT */
/* One row of the table of troubles. */
#include "kafka/row.h"

#include <check.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "support/accounts.h"
#include "support/drive.h"

#define PATIENCE_MS 90000
#define PIECE_MS 20
#define AGAIN 3
#define AGAIN_MS 3000
#define SHOWN_BYTES 1500
#define MOST_DEAD_BYTES "20000000"

void row_new(struct row *row, const char *brokers)
{
	row->rig = kafka_rig_new();
	row->brokers = brokers;
	row->rig->options.brokers = brokers;
	row->rig->options.topic = row->topic;
	row->rig->source_options.queue_bytes = 32u << 20;
	snprintf(row->dead_topic, sizeof row->dead_topic, "dead-%s", row->topic);
	cluster_make_topic(row->dead_topic, 1, 1, "max.message.bytes", MOST_DEAD_BYTES);
}

/* A dead letter that cannot be delivered stops the pipeline: they get a sink with more room. */
static weir_sink *add_dead_letters(struct row *row)
{
	static const struct weir_property room = { "message.max.bytes", MOST_DEAD_BYTES };

	return weir_kafka_sink_add(row->rig->pipeline, "dead",
				   WEIR_WITH(weir_kafka_sink_options, .brokers = cluster_address(),
					     .properties = &room, .property_count = 1));
}

void row_start(struct row *row)
{
	struct kafka_rig *rig = row->rig;

	kafka_rig_start(rig);
	weir_route_add(rig->pipeline, WEIR_WITH(weir_route, .name = "all", .to = row->to),
		       rig->sink);
	weir_pipeline_set_dead_letters(rig->pipeline, add_dead_letters(row), row->dead_topic);
	row->began_ms = cluster_now_ms();
}

void row_push(struct row *row, unsigned count, size_t len)
{
	for (unsigned i = 0; i < count; i++)
		kafka_rig_push(row->rig, (unsigned)row->sent++, len);
}

/* Its end: Check takes no long messages. */
static const char *log_end(const struct row *row)
{
	const struct fake_env *fake = &row->rig->fake;

	return fake->log + (fake->log_len > SHOWN_BYTES ? fake->log_len - SHOWN_BYTES : 0);
}

static void turn(struct row *row, int ms)
{
	const enum weir_status status = kafka_rig_run(row->rig, ms);

	check_accounts(row->rig->pipeline, row->rig->source);
	ck_assert_msg(status == WEIR_OK, "%s: %s: %s\n%s", row->name, weir_status_name(status),
		      weir_pipeline_error(row->rig->pipeline)->text, log_end(row));
}

void row_pass(struct row *row, int ms)
{
	const uint64_t until_ms = cluster_now_ms() + (uint64_t)ms;

	while (cluster_now_ms() < until_ms)
		turn(row, PIECE_MS);
}

void row_settle(struct row *row)
{
	const uint64_t began_ms = cluster_now_ms();
	struct weir_metrics metrics = metrics_of(row->rig->pipeline);

	while (metrics.all.received < row->sent || metrics.all.in_flight > 0) {
		turn(row, PIECE_MS);
		metrics = metrics_of(row->rig->pipeline);
		ck_assert_msg(cluster_now_ms() - began_ms < PATIENCE_MS,
			      "%s: %" PRIu64 " sent, %" PRIu64 " received, %" PRIu64
			      " under way after %u ms\n%s",
			      row->name, row->sent, metrics.all.received, metrics.all.in_flight,
			      PATIENCE_MS, log_end(row));
	}
	if (cluster_now_ms() - began_ms > row->slowest_ms)
		row->slowest_ms = cluster_now_ms() - began_ms;
}

void row_send(struct row *row, unsigned count, size_t len)
{
	row_push(row, count, len);
	row_settle(row);
}

uint64_t row_push_until_delivered(struct row *row)
{
	const uint64_t delivered = metrics_of(row->rig->pipeline).all.delivered;
	const uint64_t until_ms = cluster_now_ms() + PATIENCE_MS;
	uint64_t tries = 0;

	while (metrics_of(row->rig->pipeline).all.delivered == delivered) {
		ck_assert_msg(cluster_now_ms() < until_ms, "%s: not delivered again\n%s",
			      row->name, log_end(row));
		row_send(row, 1, 100);
		row_pass(row, 200);
		tries++;
	}
	return tries - 1;
}

void row_check(struct row *row, uint64_t delivered, uint64_t dead)
{
	const struct weir_tally all = metrics_of(row->rig->pipeline).all;

	ck_assert_msg(all.delivered == delivered && all.dead_lettered == dead &&
			      all.in_flight == 0 && all.dropped == 0,
		      "%s: %" PRIu64 " delivered, %" PRIu64 " dead, %" PRIu64 " under way; want %"
		      PRIu64 " and %" PRIu64 "\n%s",
		      row->name, all.delivered, all.dead_lettered, all.in_flight, delivered, dead,
		      log_end(row));
}

/* Dead letters and topics are read by the plain address: its user may read all. */
static void read_topic(struct kafka_topic *ret, const char *topic)
{
	const struct kafka_cluster cluster = { .brokers = cluster_address() };

	kafka_topic_read(ret, &cluster, topic, 1);
}

void row_check_dead(struct row *row, size_t count, const char *reason)
{
	struct kafka_topic topic;

	read_topic(&topic, row->dead_topic);
	ck_assert_msg(topic.count == count, "%s: %zu dead letters, want %zu", row->name,
		      topic.count, count);
	for (size_t i = 0; i < count; i++)
		kafka_check_header(topic.messages[i], "weir.reason", reason);
	kafka_topic_release(&topic);
}

/*
 * A broker that has not heard yet that it leads no more shows its own end of a topic: what is not
 * there is looked for again.
 */
void row_check_read(struct row *row, size_t count)
{
	struct kafka_topic topic;
	unsigned first = 0, last = 0;

	read_topic(&topic, row->topic);
	for (unsigned i = 0; i < AGAIN && topic.count < count; i++) {
		kafka_topic_release(&topic);
		row_pass(row, AGAIN_MS);
		read_topic(&topic, row->topic);
	}
	for (size_t i = 0; i < topic.count; i++) {
		unsigned n = 0;

		ck_assert_int_eq(sscanf(topic.messages[i]->payload, "{\"n\":%u", &n), 1);
		ck_assert_msg(i == 0 || n > last, "%s: %u behind %u", row->name, n, last);
		first = i == 0 ? n : first;
		last = n;
	}
	ck_assert_msg(topic.count == count, "%s: read %zu records, %u to %u, want %zu", row->name,
		      topic.count, first, last, count);
	kafka_topic_release(&topic);
}

void row_end(struct row *row)
{
	const struct weir_tally all = metrics_of(row->rig->pipeline).all;
	const struct weir_sink_metrics sink = kafka_rig_metrics(row->rig);

	printf("row: %s: %" PRIu64 " sent, %" PRIu64 " delivered, %" PRIu64 " dead letters, %"
	       PRIu64 " retried by weir; longest wait %.1f s, %.1f s in all\n",
	       row->name, row->sent, all.delivered, all.dead_lettered, sink.retried,
	       (double)row->slowest_ms / 1e3, (double)(cluster_now_ms() - row->began_ms) / 1e3);
	fprintf(stderr, "== %s\n%s", row->name, log_end(row));
	fflush(NULL);
	kafka_rig_end(row->rig);
}
