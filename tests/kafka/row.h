/* SPDX-License-Identifier: MIT */
/*
 * One row of the table of troubles: a Kafka rig pointed at the real cluster, one topic, and the
 * topic's dead letters in a topic of its own. The accounts must be even after every turn.
 */
#ifndef WEIR_TESTS_KAFKA_ROW_H
#define WEIR_TESTS_KAFKA_ROW_H

#include "kafka/cluster.h"
#include "support/kafka_rig.h"

struct row {
	const char *name;
	const char *topic;
	const char *to;		/* of the route; NULL: the sink's topic */
	char dead_topic[64];
	struct kafka_rig *rig;
	const char *brokers;
	uint64_t sent;
	uint64_t began_ms;
	uint64_t slowest_ms;	/* the longest wait for what was sent to be settled */
};

/* A rig of the real cluster, by this address; its properties are the test's until row_start. */
void row_new(struct row *row, const char *brokers);
/* Pipeline, one route, dead letters into a topic that brokers make, or that is made here. */
void row_start(struct row *row);
/* Pushes so many more, numbered on, with about `len` bytes each. */
void row_push(struct row *row, unsigned count, size_t len);
/* Turns for so long. */
void row_pass(struct row *row, int ms);
/* Turns until all that was sent is settled. */
void row_settle(struct row *row);
/* Both. */
void row_send(struct row *row, unsigned count, size_t len);
/* Pushes one after another until one is delivered; returns how many were not. */
uint64_t row_push_until_delivered(struct row *row);

/* Fails the test unless so many messages are delivered and dead, and none is under way. */
void row_check(struct row *row, uint64_t delivered, uint64_t dead);
/* … unless there are so many dead letters, each with `reason` in its header. */
void row_check_dead(struct row *row, size_t count, const char *reason);
/* … unless the topic's first partition holds so many records, numbered upwards. */
void row_check_read(struct row *row, size_t count);
/* Prints the row and frees all. */
void row_end(struct row *row);

#endif
