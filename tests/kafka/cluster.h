/* SPDX-License-Identifier: MIT */
/*
 * The real cluster that tests/kafka/run has brought up (KAFKA_NAME says which): brokers are moved
 * by tools/kafka, topics and rights by librdkafka's own admin client. What goes wrong here fails
 * the test.
 */
#ifndef WEIR_TESTS_KAFKA_CLUSTER_H
#define WEIR_TESTS_KAFKA_CLUSTER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "weir/base.h"

#define CLUSTER_BROKERS 3

/* The bootstrap list, and that of the listener where one is user `weir`. Lends, for good. */
const char *cluster_address(void);
const char *cluster_users_address(void);

/* tools/kafka with these words, at most eight: cluster_do("kill", "2"). Waits for its end. */
#define cluster_do(...) cluster_do_words((const char *const[]){ __VA_ARGS__, NULL })
void cluster_do_words(const char *const *words);
/* The same without the wait; has it ended (well) yet? */
#define cluster_begin(...) cluster_begin_words((const char *const[]){ __VA_ARGS__, NULL })
pid_t cluster_begin_words(const char *const *words);
bool cluster_has_ended(pid_t pid);

/* Makes a topic, with one setting or NULL, and waits until every replica is in sync. */
void cluster_make_topic(const char *topic, int partitions, int replicas, const char *setting,
			const char *value);
void cluster_remove_topic(const char *topic);

/* Takes user weir's right to write to a topic away, and gives it back. */
void cluster_deny(const char *topic);
void cluster_allow(const char *topic);

/* The broker that leads a partition: 0 while there is none. */
int cluster_leader(const char *topic, int partition);
/* Waits until the leader of a partition is another one than this; returns it. */
int cluster_leader_after(const char *topic, int partition, int leader);

/* A number from the environment, so that a run can be shorter or longer. */
uint64_t cluster_setting(const char *name, uint64_t otherwise);

uint64_t cluster_now_ms(void);

#endif
