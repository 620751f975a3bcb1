/* SPDX-License-Identifier: MIT */
/*
 * Checks of Kafka's brokers and topics, for sinks and sources.
 *
 * Guarantees: clients of their own with the connector's own configuration, so that what they meet,
 * the connector would; asking makes no topic; bounded in time. Called by examine_sink.c and
 * examine_source.c.
 */
#include "connect/kafka/examine.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "connect/kafka/internal.h"
#include "ground/error.h"

#define END_MS 2000

void weir__examine_tell(const struct weir__kafka_examination *of, enum weir_check what,
			const char *format, ...)
{
	char words[1024], text[1200];
	va_list args;

	va_start(args, format);
	vsnprintf(words, sizeof words, format, args);
	va_end(args);
	snprintf(text, sizeof text, "%s %.80s: %s", of->role, of->name, words);
	of->tell(of->user, what, text);
}

/* ---- a client ---- */

enum weir_status weir__examine_open(struct weir__kafka_examination *of, rd_kafka_type_t type,
				    rd_kafka_conf_t *conf)
{
	char text[256];

	of->client = rd_kafka_new(type, conf, text, sizeof text);
	if (of->client) {
		rd_kafka_set_log_queue(of->client, NULL);
		return WEIR_OK;
	}
	rd_kafka_conf_destroy(conf);
	weir__kafka_one_line(text);
	return weir__error_invalid(of->err, "cannot create a Kafka %s: %s",
				   type == RD_KAFKA_PRODUCER ? "producer" : "consumer", text);
}

void weir__examine_close(struct weir__kafka_examination *of)
{
	struct weir__kafka_retired *retired = NULL;

	if (!of->client)
		return;
	if (rd_kafka_type(of->client) == RD_KAFKA_PRODUCER)
		rd_kafka_purge(of->client, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT |
						   RD_KAFKA_PURGE_F_NON_BLOCKING);
	weir__kafka_retire(&retired, &of->env, of->client,
			   &(struct weir__kafka_flight){ .count = 0 });
	weir__kafka_retired_leave(&retired, END_MS);
	of->client = NULL;
}

void weir__examine_note(struct weir__kafka_examination *of, rd_kafka_event_t *event)
{
	const rd_kafka_resp_err_t code = rd_kafka_event_error(event);

	if (code == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN) {
		of->is_final = true;
		if (*of->reason)
			return;
	}
	of->is_final |= code == RD_KAFKA_RESP_ERR__AUTHENTICATION;
	of->code = code;
	snprintf(of->reason, sizeof of->reason, "%s", rd_kafka_event_error_string(event));
	weir__kafka_one_line(of->reason);
}

/* ---- brokers ---- */

static void take_complaints(struct weir__kafka_examination *of)
{
	rd_kafka_queue_t *queue = rd_kafka_queue_get_main(of->client);
	rd_kafka_event_t *event;

	while ((event = rd_kafka_queue_poll(queue, 0))) {
		if (rd_kafka_event_type(event) == RD_KAFKA_EVENT_ERROR)
			weir__examine_note(of, event);
		rd_kafka_event_destroy(event);
	}
	rd_kafka_queue_destroy(queue);
}

const struct rd_kafka_metadata *weir__examine_brokers(struct weir__kafka_examination *of)
{
	const uint64_t until_ms = weir__monotonic_ms(&of->env) + WEIR__EXAMINE_MS;
	const struct rd_kafka_metadata *metadata = NULL;
	rd_kafka_resp_err_t code;

	do {
		code = rd_kafka_metadata(of->client, 1, NULL, &metadata, WEIR__EXAMINE_LOOK_MS);
		take_complaints(of);
	} while (code && !of->is_final && weir__monotonic_ms(&of->env) < until_ms);
	if (code) {
		weir__examine_tell(of, WEIR_CHECK_WRONG, "no broker answers: %s; look at the "
				   "addresses, at the network, at security.protocol and sasl.*",
				   *of->reason ? of->reason : rd_kafka_err2str(code));
		return NULL;
	}
	weir__examine_tell(of, WEIR_CHECK_OK, "%d broker%s answer%s, the first is %s:%d",
			   metadata->broker_cnt, metadata->broker_cnt == 1 ? "" : "s",
			   metadata->broker_cnt == 1 ? "s" : "",
			   metadata->broker_cnt ? metadata->brokers[0].host : "",
			   metadata->broker_cnt ? metadata->brokers[0].port : 0);
	return metadata;
}

/* ---- topics ---- */

const struct rd_kafka_metadata_topic *
weir__examine_topic(const struct weir__kafka_examination *of,
		    const struct rd_kafka_metadata *metadata, const char *topic)
{
	const struct rd_kafka_metadata_topic *found = NULL;
	struct weir_error reason;

	for (int i = 0; i < metadata->topic_cnt; i++)
		if (strcmp(metadata->topics[i].topic, topic) == 0)
			found = &metadata->topics[i];
	if (!found) {
		weir__examine_tell(of, WEIR_CHECK_WRONG, "topic %s is not there, or not for this "
				   "client to see; make it, or let the brokers "
				   "(auto.create.topics.enable)", topic);
		return NULL;
	}
	if (found->err) {
		weir__kafka_error(&reason, found->err, topic, -1);
		weir__examine_tell(of, WEIR_CHECK_WRONG, "%s", reason.text);
		return NULL;
	}
	return found;
}

int weir__examine_leaders(const struct weir__kafka_examination *of,
			  const struct rd_kafka_metadata_topic *topic)
{
	int leaderless = 0;

	for (int i = 0; i < topic->partition_cnt; i++)
		leaderless += topic->partitions[i].leader < 0;
	if (leaderless)
		weir__examine_tell(of, WEIR_CHECK_WRONG, "topic %s: %d of %d partitions have no "
				   "leader; look at the brokers", topic->topic, leaderless,
				   topic->partition_cnt);
	else
		weir__examine_tell(of, WEIR_CHECK_OK, "topic %s: %d partition%s", topic->topic,
				   topic->partition_cnt, topic->partition_cnt == 1 ? "" : "s");
	return leaderless;
}
