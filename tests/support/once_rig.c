/* SPDX-License-Identifier: MIT */
/* The test bench of transactions. */
#include "support/once_rig.h"

#include <check.h>
#include <stdio.h>

#include "support/accounts.h"

static const struct weir_kafka_partition part = { .topic = ONCE_FROM };
static const char *const topics[] = { ONCE_FROM };
struct kafka_cluster once_cluster;
struct kafka_reader *once_reader;
struct weir_kafka_sink_options once_to;
static struct weir_property sink_properties[4];

void once_join_group(void)
{
	once_reader->options.partition_count = 0;
	once_reader->options.partitions = NULL;
	once_reader->options.topics = topics;
	once_reader->options.topic_count = 1;
}

void once_set_up(void)
{
	kafka_cluster_start(&once_cluster, 1);
	ck_assert_int_eq(rd_kafka_mock_topic_create(once_cluster.mock, ONCE_FROM, 1, 1), 0);
	ck_assert_int_eq(rd_kafka_mock_topic_create(once_cluster.mock, ONCE_TO, 1, 1), 0);
	once_reader = kafka_reader_new(&once_cluster);
	once_reader->options.until_end = true;
	once_reader->options.topic_count = 0;
	once_reader->options.topics = NULL;
	once_reader->options.partitions = &part;
	once_reader->options.partition_count = 1;
	once_reader->pipeline_options.retry_first_ms = 10;
	once_reader->pipeline_options.retry_most_ms = 50;
	once_to = (struct weir_kafka_sink_options){
		.size = sizeof once_to,
		.brokers = once_cluster.brokers,
		.properties = sink_properties,
		.topic = ONCE_TO,
		.transactional_id = ONCE_ID,
		.transaction_ms = 200,
	};
}

void once_tear_down(void)
{
	kafka_cluster_stop(&once_cluster);
}

void once_set(const char *name, const char *value)
{
	ck_assert_uint_lt(once_to.property_count, 4);
	sink_properties[once_to.property_count++] = (struct weir_property){ name, value };
}

void once_make(struct kafka_reader *of, const char *id)
{
	of->pipeline = weir_pipeline_new(&of->pipeline_options);
	of->source = weir_kafka_source_add(of->pipeline, "in", &of->options);
	once_to.offsets_of = of->source;
	once_to.transactional_id = id;
	of->sink = weir_kafka_sink_add(of->pipeline, "out", &once_to);
}

void once_start(void)
{
	once_make(once_reader, ONCE_ID);
	weir_route_add(once_reader->pipeline, NULL, once_reader->sink);
}

void once_start_with_recorder(void)
{
	weir_sink *other;

	once_start();
	other = recorder_add(&once_reader->recorder, once_reader->pipeline, "other");
	weir_route_add(once_reader->pipeline, NULL, other);
	once_reader->recorder.holds = true;
}

struct weir_sink_metrics once_metrics_of(const struct kafka_reader *of)
{
	struct weir_sink_metrics metrics = WEIR_METRICS(weir_sink_metrics);

	weir_sink_metrics(of->sink, &metrics);
	return metrics;
}

uint64_t once_dropped(const struct kafka_reader *of, enum weir_drop_cause cause)
{
	struct weir_metrics metrics = WEIR_METRICS(weir_metrics);

	weir_pipeline_metrics(of->pipeline, &metrics);
	return metrics.drops[cause];
}

void once_run_to_end(const char *what)
{
	ck_assert_msg(kafka_reader_run(once_reader, ONCE_ENOUGH_MS) == WEIR_END, "%s: %s\n%s", what,
		      weir_pipeline_error(once_reader->pipeline)->text, once_reader->fake.log);
	check_accounts(once_reader->pipeline, once_reader->source);
	ck_assert_msg(once_metrics_of(once_reader).delivered == ONCE_COUNT, "%s: %d delivered", what,
		      (int)once_metrics_of(once_reader).delivered);
	ck_assert_uint_ge(once_metrics_of(once_reader).transactions, 1);
}

void once_check_topic(const char *what)
{
	struct kafka_topic topic;
	unsigned next = 0, n;

	kafka_topic_read(&topic, &once_cluster, ONCE_TO, 1);
	for (size_t i = 0; i < topic.count; i++) {
		ck_assert_int_eq(sscanf(topic.messages[i]->payload, "{\"n\":%u}", &n), 1);
		ck_assert_msg(n <= next, "%s: %u comes before %u", what, n, next);
		next += n == next;
	}
	ck_assert_msg(next == ONCE_COUNT, "%s: %u is lost", what, next);
	kafka_topic_release(&topic);
}

bool once_has_ended(void *user)
{
	(void)user;
	return once_reader->status != WEIR_OK;
}

bool once_all_are_submitted(void *user)
{
	(void)user;
	return once_metrics_of(once_reader).submitted >= ONCE_COUNT;
}
