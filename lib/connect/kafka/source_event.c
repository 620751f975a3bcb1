/* SPDX-License-Identifier: MIT */
/*
 * What librdkafka's consumer says besides records: errors and logs.
 *
 * Guarantees: what librdkafka mends by itself is a warning, said once in a while; what it does not,
 * and what only somebody else can mend, ends the pipeline, with advice. Called by the other files of
 * the source.
 */
#include "connect/kafka/source.h"

#include <stdio.h>

#include "ground/error.h"

#define CODE(name) RD_KAFKA_RESP_ERR_##name

/* Codes that mean something else to a consumer than to a producer, or that only it meets. */
static const struct row {
	rd_kafka_resp_err_t code;
	enum weir_status status;	/* WEIR_OK: a warning */
	const char *advice;
} rows[] = {
	{ CODE(TOPIC_AUTHORIZATION_FAILED), WEIR_ERR_AUTH,
	  "allow this client to describe and read the topic" },
	{ CODE(GROUP_AUTHORIZATION_FAILED), WEIR_ERR_AUTH, "allow this client its group" },
	{ CODE(INCONSISTENT_GROUP_PROTOCOL), WEIR_ERR_INVALID,
	  "members of the group have another partition.assignment.strategy" },
	{ CODE(INVALID_SESSION_TIMEOUT), WEIR_ERR_INVALID,
	  "the brokers do not allow this session.timeout.ms" },
	{ CODE(INVALID_GROUP_ID), WEIR_ERR_INVALID, "choose another group" },
	{ CODE(FENCED_INSTANCE_ID), WEIR_ERR_STATE,
	  "another member has the same group.instance.id" },
	{ CODE(_AUTO_OFFSET_RESET), WEIR_ERR_CORRUPT,
	  "the records to go on with are not there any more, and auto.offset.reset is error" },
	{ CODE(_FATAL), WEIR_ERR_STATE, "this client can go on no more" },
	{ CODE(UNKNOWN_TOPIC_OR_PART), WEIR_OK, "it is waited for" },
	{ CODE(_UNKNOWN_TOPIC), WEIR_OK, "it is waited for" },
	{ CODE(_UNKNOWN_PARTITION), WEIR_OK, "it is waited for" },
	{ CODE(_MAX_POLL_EXCEEDED), WEIR_OK, "the pipeline stood still; it joins the group again" },
	{ CODE(GROUP_MAX_SIZE_REACHED), WEIR_OK, "the group has as many members as it may" },
};

static const struct row *find(rd_kafka_resp_err_t code)
{
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (rows[i].code == code)
			return &rows[i];
	return NULL;
}

enum weir_status weir__kafka_source_trouble(struct weir__kafka_source *source,
					    rd_kafka_resp_err_t code, const char *text,
					    uint64_t now_ms, struct weir_error *err)
{
	const struct row *row = find(code);
	struct weir_error trouble;

	if (row) {
		weir_error_set(&trouble, row->status ? row->status : WEIR_ERR_IO,
			       row->status ? WEIR_REMEDY_STOP : WEIR_REMEDY_RETRY,
			       "%s: %.160s; %s", rd_kafka_err2name(code), text, row->advice);
		trouble.remote_code = code;
	} else {
		weir__kafka_client_error(&trouble, code, text);
	}
	if (trouble.remedy == WEIR_REMEDY_STOP) {
		*err = trouble;
		return trouble.status;
	}
	if (!weir__kafka_was_said(source->said, code, now_ms))
		weir_port_log(source->port, WEIR_LOG_WARN, "%s", trouble.text);
	return WEIR_OK;
}

static void note_end(struct weir__kafka_source *source, rd_kafka_event_t *event)
{
	rd_kafka_topic_partition_t *of = rd_kafka_event_topic_partition(event);
	struct weir__kafka_lane *lane;

	if (!of)
		return;
	lane = weir__kafka_lane_find(&source->lanes, of->topic, of->partition);
	if (lane)
		lane->is_done = true;
	rd_kafka_topic_partition_destroy(of);
}

static enum weir_status on_error(struct weir__kafka_source *source, rd_kafka_event_t *event,
				 uint64_t now_ms, struct weir_error *err)
{
	rd_kafka_resp_err_t code = rd_kafka_event_error(event);
	char text[200];

	if (code == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
		note_end(source, event);
		return WEIR_OK;
	}
	snprintf(text, sizeof text, "%s", rd_kafka_event_error_string(event));
	if (code == RD_KAFKA_RESP_ERR__FATAL || rd_kafka_event_error_is_fatal(event)) {
		const rd_kafka_resp_err_t cause =
			rd_kafka_fatal_error(source->client, text, sizeof text);

		code = find(cause) ? cause : RD_KAFKA_RESP_ERR__FATAL;
	}
	weir__kafka_one_line(text);
	return weir__kafka_source_trouble(source, code, text, now_ms, err);
}

enum weir_status weir__kafka_source_event(struct weir__kafka_source *source,
					  rd_kafka_event_t *event, uint64_t now_ms,
					  struct weir_error *err)
{
	enum weir_status status = WEIR_OK;

	if (rd_kafka_event_type(event) == RD_KAFKA_EVENT_ERROR)
		status = on_error(source, event, now_ms, err);
	else if (rd_kafka_event_type(event) == RD_KAFKA_EVENT_LOG)
		weir__kafka_log(source->port, event);
	rd_kafka_event_destroy(event);
	return status;
}
