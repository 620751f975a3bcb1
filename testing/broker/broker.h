/* SPDX-License-Identifier: MIT */
/* The embedded Kafka cluster, as its files share it. */
#ifndef WEIR_TESTING_BROKER_H
#define WEIR_TESTING_BROKER_H

#include "weir/testing.h"

#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>
#include <pthread.h>

struct weir_test_broker {
	rd_kafka_t *owner;		/* what the mock cluster hangs on; talks to nobody */
	rd_kafka_mock_cluster_t *cluster;
	pthread_mutex_t turn;		/* whose it is to ask the cluster's thread for something */
	int broker_count;
	int patience_ms;
};

/*
 * Around each call that the cluster's thread answers. That thread misses the wake-up of a question
 * that comes while it is still busy with the one before, and finds it a second later: so questions
 * come one by one, a moment apart.
 */
void cluster_lock(weir_test_broker *broker);
void cluster_unlock(weir_test_broker *broker);

/* A client that says nothing. NULL: `err` says why. Returns, rd_kafka_destroy it. */
rd_kafka_t *client_new(rd_kafka_type_t type, const char *addresses, struct weir_error *err);

#endif
