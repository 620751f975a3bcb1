/* SPDX-License-Identifier: MIT */
/*
 * Joins, seen by the requests that librdkafka sends and the responses it gets.
 *
 *     JoinGroup sent ─► runs … JoinGroup answered, SyncGroup sent … SyncGroup answered ─► does not
 *
 * A join that fails is tried again by librdkafka, so that an answer comes in the end. Invariant:
 * what runs on librdkafka's threads here touches nothing but the flag. Called by source_client.c.
 */
#include "connect/kafka/source_join.h"

#define NAME "weir"

enum { JOIN_GROUP = 11, SYNC_GROUP = 14 };	/* Kafka's protocol guide, API keys */

static rd_kafka_resp_err_t on_sent(rd_kafka_t *client, int fd, const char *broker,
				   int32_t broker_id, int16_t key, int16_t version,
				   int32_t number, size_t size, void *opaque)
{
	struct weir__kafka_join *join = opaque;

	(void)client, (void)fd, (void)broker, (void)broker_id;
	(void)version, (void)number, (void)size;
	if (key == JOIN_GROUP)
		atomic_store(&join->runs, true);
	return RD_KAFKA_RESP_ERR_NO_ERROR;
}

static rd_kafka_resp_err_t on_received(rd_kafka_t *client, int fd, const char *broker,
				       int32_t broker_id, int16_t key, int16_t version,
				       int32_t number, size_t size, int64_t rtt,
				       rd_kafka_resp_err_t code, void *opaque)
{
	struct weir__kafka_join *join = opaque;

	(void)client, (void)fd, (void)broker, (void)broker_id;
	(void)version, (void)number, (void)size, (void)rtt, (void)code;
	if (key == SYNC_GROUP)
		atomic_store(&join->runs, false);
	return RD_KAFKA_RESP_ERR_NO_ERROR;
}

static rd_kafka_resp_err_t on_new(rd_kafka_t *client, const rd_kafka_conf_t *conf, void *opaque,
				  char *text, size_t size)
{
	(void)conf, (void)text, (void)size;
	rd_kafka_interceptor_add_on_request_sent(client, NAME, on_sent, opaque);
	rd_kafka_interceptor_add_on_response_received(client, NAME, on_received, opaque);
	return RD_KAFKA_RESP_ERR_NO_ERROR;
}

void weir__kafka_join_watch(struct weir__kafka_join *join, rd_kafka_conf_t *conf)
{
	rd_kafka_conf_interceptor_add_on_new(conf, NAME, on_new, join);
}
