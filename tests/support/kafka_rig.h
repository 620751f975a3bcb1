/* SPDX-License-Identifier: MIT */
/*
 * A pipeline from a push source into a Kafka sink, and librdkafka's mock cluster for it to meet.
 * Loopback only; real clocks; memory counted; the log kept.
 */
#ifndef WEIR_TESTS_KAFKA_RIG_H
#define WEIR_TESTS_KAFKA_RIG_H

#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

#include "support/fake_env.h"
#include "weir.h"

#define KAFKA_API_PRODUCE 0
#define KAFKA_API_INIT_PRODUCER_ID 22

struct kafka_cluster {
	rd_kafka_t *owner;
	rd_kafka_mock_cluster_t *mock;
	const char *brokers;
};

void kafka_cluster_start(struct kafka_cluster *cluster, int broker_count);
void kafka_cluster_stop(struct kafka_cluster *cluster);

struct kafka_outcomes {
	size_t delivered, failed;
	int32_t last_code;
	int64_t last_offset;
	int32_t last_partition;
	char last_topic[64];
};

struct kafka_rig {
	struct fake_env fake;
	struct kafka_cluster cluster;
	struct kafka_outcomes outcomes;

	/* Change them before kafka_rig_start. */
	struct weir_pipeline_options pipeline_options;
	struct weir_push_source_options source_options;
	struct weir_kafka_sink_options options;
	struct weir_property properties[8];	/* of options, property_count counts them */

	weir_pipeline *pipeline;
	weir_source *source;
	weir_sink *sink;
	size_t steps;
};

/* A rig with a cluster of one broker. Yours: end it with kafka_rig_end. */
struct kafka_rig *kafka_rig_new(void);
void kafka_rig_set(struct kafka_rig *rig, const char *name, const char *value);
/* Makes pipeline, source and sink; routes are the test's. */
void kafka_rig_start(struct kafka_rig *rig);
/* The same with a route "all" to the sink. */
void kafka_rig_start_all(struct kafka_rig *rig);
/* Pushes {"n":N,…} of about `len` bytes, key "kN", time 1,500,000,000,000 + N. */
void kafka_rig_push(struct kafka_rig *rig, unsigned n, size_t len);
/* Steps when the pipeline asks for it, until it has ended or so much real time has passed. */
enum weir_status kafka_rig_run(struct kafka_rig *rig, int ms);
/* The same, until the sink has had so many acknowledged. */
enum weir_status kafka_rig_run_until(struct kafka_rig *rig, uint64_t delivered, int ms);
/* Frees all and checks that nothing is left. */
void kafka_rig_end(struct kafka_rig *rig);

struct weir_sink_metrics kafka_rig_metrics(const struct kafka_rig *rig);

/* What is in a topic, all partitions; at most `most`. Each is yours (rd_kafka_message_destroy). */
struct kafka_topic {
	rd_kafka_t *consumer;
	rd_kafka_message_t *messages[1200];
	size_t count;
};
void kafka_topic_read(struct kafka_topic *ret, const struct kafka_cluster *cluster,
		      const char *topic, int32_t partition_count);
void kafka_topic_release(struct kafka_topic *topic);
/* Fails the test unless the record has such a header with `want` in it. */
void kafka_check_header(const rd_kafka_message_t *record, const char *name, const char *want);

#endif
