/* SPDX-License-Identifier: MIT */
/*
 * Pipelines that read from librdkafka's mock cluster, each into a recorder or into another topic;
 * several members of a group in one process, turned in turn. Loopback only; real clocks; memory
 * counted; the logs kept.
 */
#ifndef WEIR_TESTS_KAFKA_SOURCE_RIG_H
#define WEIR_TESTS_KAFKA_SOURCE_RIG_H

#include "support/kafka_rig.h"
#include "support/recorder.h"

struct kafka_reader {
	struct fake_env fake;

	/* Change them before kafka_reader_start. */
	struct weir_pipeline_options pipeline_options;
	struct weir_kafka_source_options options;
	struct weir_property properties[8];	/* of options, property_count counts them */

	struct recorder recorder;
	weir_pipeline *pipeline;
	weir_source *source;
	weir_sink *sink;
	enum weir_status status;	/* of the last step; WEIR_OK before */
	size_t steps;
};

/*
 * Topic "in", group "readers", kind RECORD, a session of 4 s: the mock lets a group wait for 3 s at
 * its beginning. Yours: end it with kafka_reader_end.
 */
struct kafka_reader *kafka_reader_new(const struct kafka_cluster *cluster);
void kafka_reader_set(struct kafka_reader *reader, const char *name, const char *value);
/* Makes pipeline and source, and all goes to the recorder; with a topic, there. */
void kafka_reader_start(struct kafka_reader *reader, const struct kafka_cluster *cluster,
			const char *to);
/* Frees the pipeline, and checks that nothing is left. */
void kafka_reader_end(struct kafka_reader *reader);

/* Turns the readers, at most two, until it is true or so much time has passed: then false. */
bool kafka_readers_turn(struct kafka_reader *a, struct kafka_reader *b, int ms,
			bool (*until)(void *user), void *user);
/* To the end: the last status. */
enum weir_status kafka_reader_run(struct kafka_reader *reader, int ms);
/* Turns it until the recorder has so many; fails the test when it has not within so much time. */
void kafka_reader_await(struct kafka_reader *reader, size_t count, int ms);
/* Fails the test unless it has ended well. */
void kafka_reader_check_ended(const struct kafka_reader *reader);

/* Writes {"n":N} with key "kN" and time 1,500,000,000,000 + N, for from <= N < to. */
void kafka_fill(const struct kafka_cluster *cluster, const char *topic, int32_t partition,
		unsigned from, unsigned to);
/* What group "readers" has committed: below zero, nothing. */
int64_t kafka_committed(const struct kafka_cluster *cluster, const char *topic,
			int32_t partition);

#endif
