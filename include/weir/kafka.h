/* SPDX-License-Identifier: MIT */
/**
 * Kafka as a sink, through librdkafka. A route's destination is a topic.
 */
#ifndef WEIR_KAFKA_H
#define WEIR_KAFKA_H

#include "message.h"
#include "pipeline.h"

#ifdef __cplusplus
extern "C" {
#endif

/** What became of one delivery: a delivery report. Lent for the call. Since: 0.1. */
struct weir_kafka_outcome {
	enum weir_status status;	/* WEIR_OK: acknowledged */
	const char *topic;
	int32_t partition;		/* -1: none */
	int64_t offset;			/* -1: none */
	int32_t code;			/* rd_kafka_resp_err_t */
	const char *reason;		/* "" when acknowledged */
};

/**
 * Options. Zero is the default everywhere; strings are borrowed: copied by the add.
 *
 * Every librdkafka property can be set by its own name; one that is unknown or wrong is an error
 * that names it. The defaults that differ from librdkafka's: compression.codec=lz4, acks=all,
 * enable.idempotence=true, partitioner=murmur2_random (Java's), message.timeout.ms=0 (a message
 * waits, it is not given up), client.id=weir. Who sets acks to less than all gets
 * enable.idempotence=false, unless set. Not to be had: transactional.id,
 * delivery.report.only.error=true, log.queue=false.
 * Since: 0.1.
 */
struct weir_kafka_sink_options {
	size_t size;
	const char *brokers;	/* "host:9092,host2:9092": bootstrap.servers */
	const struct weir_property *properties;
	size_t property_count;
	const char *topic;	/* where messages go whose route names no destination */
	/* Every outcome, before the message is settled; both are lent for the call.
	 * Thread: the pipeline's. */
	void (*on_outcome)(void *user, const weir_message *message,
			   const struct weir_kafka_outcome *outcome);
	void *user;
};

/**
 * Adds a Kafka producer. Values are produced without copying: a message is held until its delivery
 * report. Its record time is the message's; its key the route's.
 *
 * @param pipeline  NULL: nothing happens
 * @param name      borrows; not empty, unique among sinks
 * @param options   borrows
 * @return lends, until the pipeline is freed; NULL: the pipeline has failed, its error names the
 *         option or property and the reason
 * Source: librdkafka's CONFIGURATION.md for the properties.
 * Since: 0.1.
 */
WEIR_API weir_sink *weir_kafka_sink_add(weir_pipeline *pipeline, const char *name,
					const struct weir_kafka_sink_options *options);

#ifdef __cplusplus
}
#endif

#endif
