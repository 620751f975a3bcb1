/* SPDX-License-Identifier: MIT */
/*
 * A pipeline that carries a topic of librdkafka's mock cluster into another, with transactions. The
 * mock forgets the offsets that come with a transaction and hides no record of one that was
 * aborted: what is to be looked at is the account, and what is tried again.
 */
#ifndef WEIR_TESTS_ONCE_RIG_H
#define WEIR_TESTS_ONCE_RIG_H

#include "support/kafka_source_rig.h"

#define ONCE_ENOUGH_MS 60000
#define ONCE_COUNT 100
#define ONCE_FROM "in"
#define ONCE_TO "out"
#define ONCE_ID "test-once"

/* Change the options between set_up and start. */
extern struct kafka_cluster once_cluster;
extern struct kafka_reader *once_reader;
extern struct weir_kafka_sink_options once_to;

/* Fixtures. The reader is the test's to end. */
void once_set_up(void);
void once_tear_down(void);

/* As a member of the group, which takes the mock 3 s; else the partition is ours by its number. */
void once_join_group(void);
/* A property of the sink. */
void once_set(const char *name, const char *value);
/* Makes a reader's pipeline under this id; the routes are the test's. */
void once_make(struct kafka_reader *of, const char *id);
/* Makes the reader's, and all goes there. */
void once_start(void);
/* The same, and to the reader's recorder, which holds it. */
void once_start_with_recorder(void);
/* To its end: all is delivered. */
void once_run_to_end(const char *what);
/* Each number is there, and for the first time in its order. */
void once_check_topic(const char *what);

struct weir_sink_metrics once_metrics_of(const struct kafka_reader *of);
uint64_t once_dropped(const struct kafka_reader *of, enum weir_drop_cause cause);
/* For kafka_readers_turn: of the reader. */
bool once_has_ended(void *user);
bool once_all_are_submitted(void *user);

#endif
