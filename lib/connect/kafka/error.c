/* SPDX-License-Identifier: MIT */
/*
 * Kafka's errors in weir's words: one row for each code that a producer can meet.
 *
 * A code without a row is worth another attempt: nothing is given up for a reason nobody knew. Of a
 * fatal error the same rows say whether another client can mend it: all do but those that stop.
 * Called by sink.c and report.c.
 */
#include "connect/kafka/internal.h"

#include <stdio.h>

#define CODE(name) RD_KAFKA_RESP_ERR_##name

static const struct row {
	rd_kafka_resp_err_t code;
	enum weir_status status;
	enum weir_remedy remedy;
	const char *advice;
} rows[] = {
	/* This one message cannot go there. */
	{ CODE(MSG_SIZE_TOO_LARGE), WEIR_ERR_REFUSED, WEIR_REMEDY_SKIP,
	  "raise message.max.bytes here and max.message.bytes at the topic" },
	{ CODE(RECORD_LIST_TOO_LARGE), WEIR_ERR_REFUSED, WEIR_REMEDY_SKIP,
	  "raise segment.bytes at the topic or lower batch.size here" },
	{ CODE(INVALID_MSG), WEIR_ERR_REFUSED, WEIR_REMEDY_SKIP, "the broker found it damaged" },
	{ CODE(INVALID_MSG_SIZE), WEIR_ERR_REFUSED, WEIR_REMEDY_SKIP,
	  "the broker found its size wrong" },
	{ CODE(INVALID_RECORD), WEIR_ERR_REFUSED, WEIR_REMEDY_SKIP,
	  "the topic's rules refuse it (a compacted topic needs keys)" },
	{ CODE(INVALID_TIMESTAMP), WEIR_ERR_REFUSED, WEIR_REMEDY_SKIP,
	  "raise message.timestamp.difference.max.ms at the topic" },
	{ CODE(TOPIC_EXCEPTION), WEIR_ERR_REFUSED, WEIR_REMEDY_SKIP,
	  "choose another name for the topic" },
	{ CODE(TOPIC_AUTHORIZATION_FAILED), WEIR_ERR_AUTH, WEIR_REMEDY_SKIP,
	  "allow this client to write to the topic" },
	{ CODE(POLICY_VIOLATION), WEIR_ERR_REFUSED, WEIR_REMEDY_SKIP,
	  "a policy of the broker forbids it" },
	{ CODE(UNKNOWN_TOPIC_OR_PART), WEIR_ERR_REFUSED, WEIR_REMEDY_SKIP,
	  "create the topic or allow auto.create.topics.enable" },
	{ CODE(_UNKNOWN_TOPIC), WEIR_ERR_REFUSED, WEIR_REMEDY_SKIP,
	  "create the topic or allow auto.create.topics.enable" },
	{ CODE(_UNKNOWN_PARTITION), WEIR_ERR_REFUSED, WEIR_REMEDY_SKIP,
	  "the topic has no such partition" },
	{ CODE(UNSUPPORTED_FOR_MESSAGE_FORMAT), WEIR_ERR_UNSUPPORTED, WEIR_REMEDY_SKIP,
	  "raise message.format.version at the topic" },
	{ CODE(_KEY_SERIALIZATION), WEIR_ERR_INVALID, WEIR_REMEDY_SKIP, "its key is unusable" },
	{ CODE(_VALUE_SERIALIZATION), WEIR_ERR_INVALID, WEIR_REMEDY_SKIP,
	  "its value is unusable" },
	{ CODE(_INVALID_ARG), WEIR_ERR_INVALID, WEIR_REMEDY_SKIP, "the client refuses it" },

	/* It may go a little later. */
	{ CODE(_MSG_TIMED_OUT), WEIR_ERR_TIMEOUT, WEIR_REMEDY_RETRY,
	  "look at the brokers, or raise message.timeout.ms" },
	{ CODE(_TIMED_OUT), WEIR_ERR_TIMEOUT, WEIR_REMEDY_RETRY, "look at the brokers" },
	{ CODE(_TIMED_OUT_QUEUE), WEIR_ERR_TIMEOUT, WEIR_REMEDY_RETRY, "look at the brokers" },
	{ CODE(REQUEST_TIMED_OUT), WEIR_ERR_TIMEOUT, WEIR_REMEDY_RETRY, "look at the brokers" },
	{ CODE(_TRANSPORT), WEIR_ERR_IO, WEIR_REMEDY_RETRY, "look at the network" },
	{ CODE(_RESOLVE), WEIR_ERR_IO, WEIR_REMEDY_RETRY, "look at the brokers' names" },
	{ CODE(_SSL), WEIR_ERR_IO, WEIR_REMEDY_RETRY, "look at the ssl.* properties" },
	{ CODE(_ALL_BROKERS_DOWN), WEIR_ERR_IO, WEIR_REMEDY_RETRY, "look at the brokers" },
	{ CODE(_PURGE_QUEUE), WEIR_ERR_CANCELED, WEIR_REMEDY_RETRY, "it was not sent" },
	{ CODE(_PURGE_INFLIGHT), WEIR_ERR_CANCELED, WEIR_REMEDY_RETRY,
	  "it may or may not have arrived" },
	{ CODE(_DESTROY), WEIR_ERR_CANCELED, WEIR_REMEDY_RETRY, "the client was closed" },
	{ CODE(_ISR_INSUFF), WEIR_ERR_IO, WEIR_REMEDY_RETRY, "look at the topic's replicas" },
	{ CODE(LEADER_NOT_AVAILABLE), WEIR_ERR_IO, WEIR_REMEDY_RETRY, "a leader is being elected" },
	{ CODE(NOT_LEADER_FOR_PARTITION), WEIR_ERR_IO, WEIR_REMEDY_RETRY, "the leader has moved" },
	{ CODE(BROKER_NOT_AVAILABLE), WEIR_ERR_IO, WEIR_REMEDY_RETRY, "look at the brokers" },
	{ CODE(REPLICA_NOT_AVAILABLE), WEIR_ERR_IO, WEIR_REMEDY_RETRY,
	  "look at the topic's replicas" },
	{ CODE(NETWORK_EXCEPTION), WEIR_ERR_IO, WEIR_REMEDY_RETRY, "look at the network" },
	{ CODE(NOT_ENOUGH_REPLICAS), WEIR_ERR_IO, WEIR_REMEDY_RETRY,
	  "too few replicas are in sync for min.insync.replicas" },
	{ CODE(NOT_ENOUGH_REPLICAS_AFTER_APPEND), WEIR_ERR_IO, WEIR_REMEDY_RETRY,
	  "too few replicas are in sync for min.insync.replicas" },
	{ CODE(KAFKA_STORAGE_ERROR), WEIR_ERR_IO, WEIR_REMEDY_RETRY, "look at the broker's disk" },
	{ CODE(THROTTLING_QUOTA_EXCEEDED), WEIR_ERR_IO, WEIR_REMEDY_RETRY, "raise the quota" },

	/* Of the group whose offsets a transaction commits. */
	{ CODE(ILLEGAL_GENERATION), WEIR_ERR_STATE, WEIR_REMEDY_RETRY,
	  "the group has just shared out its partitions anew" },
	{ CODE(UNKNOWN_MEMBER_ID), WEIR_ERR_STATE, WEIR_REMEDY_RETRY,
	  "the group has put this process out: it joins again" },
	{ CODE(REBALANCE_IN_PROGRESS), WEIR_ERR_STATE, WEIR_REMEDY_RETRY,
	  "the group is sharing out its partitions anew" },

	/* This client cannot, or could not without putting others before it: another can. */
	{ CODE(_FATAL), WEIR_ERR_STATE, WEIR_REMEDY_RETRY, "this client can go on no more" },
	{ CODE(_INCONSISTENT), WEIR_ERR_STATE, WEIR_REMEDY_RETRY, "the client lost count" },
	{ CODE(_GAPLESS_GUARANTEE), WEIR_ERR_STATE, WEIR_REMEDY_RETRY,
	  "a message failed that others follow" },
	{ CODE(OUT_OF_ORDER_SEQUENCE_NUMBER), WEIR_ERR_STATE, WEIR_REMEDY_RETRY,
	  "the broker misses messages before it: look whether the topic lost some" },
	{ CODE(DUPLICATE_SEQUENCE_NUMBER), WEIR_ERR_STATE, WEIR_REMEDY_RETRY,
	  "the broker knows its number already" },
	{ CODE(UNKNOWN_PRODUCER_ID), WEIR_ERR_STATE, WEIR_REMEDY_RETRY,
	  "the topic's retention deleted all this client wrote" },
	{ CODE(INVALID_PRODUCER_EPOCH), WEIR_ERR_STATE, WEIR_REMEDY_RETRY,
	  "the broker knows a younger client of this number" },
	{ CODE(INVALID_PRODUCER_ID_MAPPING), WEIR_ERR_STATE, WEIR_REMEDY_RETRY,
	  "the broker forgot this client's number" },

	/* Going on cannot help. */
	{ CODE(_FENCED), WEIR_ERR_STATE, WEIR_REMEDY_STOP, "another producer took its place" },
	{ CODE(PRODUCER_FENCED), WEIR_ERR_STATE, WEIR_REMEDY_STOP,
	  "another producer took its place" },
	{ CODE(_AUTHENTICATION), WEIR_ERR_AUTH, WEIR_REMEDY_STOP,
	  "look at the sasl.* and ssl.* properties" },
	{ CODE(SASL_AUTHENTICATION_FAILED), WEIR_ERR_AUTH, WEIR_REMEDY_STOP,
	  "look at the sasl.* properties" },
	{ CODE(UNSUPPORTED_SASL_MECHANISM), WEIR_ERR_AUTH, WEIR_REMEDY_STOP,
	  "choose another sasl.mechanism" },
	{ CODE(ILLEGAL_SASL_STATE), WEIR_ERR_AUTH, WEIR_REMEDY_STOP,
	  "look at security.protocol" },
	{ CODE(CLUSTER_AUTHORIZATION_FAILED), WEIR_ERR_AUTH, WEIR_REMEDY_STOP,
	  "allow this client IdempotentWrite, or set enable.idempotence=false" },
	{ CODE(TRANSACTIONAL_ID_AUTHORIZATION_FAILED), WEIR_ERR_AUTH, WEIR_REMEDY_STOP,
	  "allow this client its transactional.id" },
	{ CODE(GROUP_AUTHORIZATION_FAILED), WEIR_ERR_AUTH, WEIR_REMEDY_STOP,
	  "allow this client the source's group" },
	{ CODE(INVALID_REQUIRED_ACKS), WEIR_ERR_INVALID, WEIR_REMEDY_STOP,
	  "correct the property acks" },
	{ CODE(UNSUPPORTED_VERSION), WEIR_ERR_UNSUPPORTED, WEIR_REMEDY_STOP,
	  "the broker is too old for these properties" },
	{ CODE(UNSUPPORTED_COMPRESSION_TYPE), WEIR_ERR_UNSUPPORTED, WEIR_REMEDY_STOP,
	  "choose another compression.codec" },
	{ CODE(_BAD_COMPRESSION), WEIR_ERR_UNSUPPORTED, WEIR_REMEDY_STOP,
	  "choose another compression.codec" },
	{ CODE(_UNSUPPORTED_FEATURE), WEIR_ERR_UNSUPPORTED, WEIR_REMEDY_STOP,
	  "the broker is too old for these properties" },
};

static const struct row unknown = { .status = WEIR_ERR_IO,
				    .remedy = WEIR_REMEDY_RETRY,
				    .advice = "look at the brokers" };

static const struct row *find(rd_kafka_resp_err_t code)
{
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (rows[i].code == code)
			return &rows[i];
	return &unknown;
}

enum weir_status weir__kafka_error(struct weir_error *err, rd_kafka_resp_err_t code,
				   const char *topic, int32_t partition)
{
	const struct row *row = find(code);
	char where[24] = "";

	if (partition >= 0)
		snprintf(where, sizeof where, " partition %d", (int)partition);
	weir_error_set(err, row->status, row->remedy, "%s: topic '%.80s'%s: %s; %s",
		       rd_kafka_err2name(code), topic ? topic : "", where, rd_kafka_err2str(code),
		       row->advice);
	err->remote_code = code;
	return row->status;
}

enum weir_status weir__kafka_client_error(struct weir_error *err, rd_kafka_resp_err_t code,
					  const char *text)
{
	const struct row *row = find(code);

	weir_error_set(err, row->status, row->remedy, "%s: %.120s; %s", rd_kafka_err2name(code),
		       text, row->advice);
	err->remote_code = code;
	return row->status;
}
