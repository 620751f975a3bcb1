/* SPDX-License-Identifier: MIT */
/*
 * Processes of one group that carry a topic into another, and what the group has behind it. They
 * are the test's own program, started again with `worker` as its first argument.
 */
#ifndef WEIR_TESTS_KAFKA_CARRY_H
#define WEIR_TESTS_KAFKA_CARRY_H

#include <librdkafka/rdkafka.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define CARRY_GROUP "carriers"
#define CARRY_PARTITIONS 6
#define CARRY_BYTES 200	/* of each message */

/* With an id: exactly once, with transactions under it. NULL: at least once. */
pid_t carry_start(const char *from, const char *to, const char *id);
/* Ends it by that signal; one that was stopped by SIGTERM must have ended well. */
void carry_end(pid_t pid, int signal_number);
/* What such a process does: call it from main when carry_is_worker. Its exit code. */
bool carry_is_worker(int argc, char **argv);
int carry_work(char **argv);

/* A plain client; with a group or NULL. */
rd_kafka_t *carry_client(rd_kafka_type_t type, const char *group);
/* Writes numbered messages from … to - 1 into a topic. */
void carry_fill(const char *topic, uint64_t from, uint64_t to);
/* How many records the group has behind it; waits until it has so many. */
uint64_t carry_count(rd_kafka_t *client, const char *topic);
void carry_await(rd_kafka_t *client, const char *topic, uint64_t count);

#endif
