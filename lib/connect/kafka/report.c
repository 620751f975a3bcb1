/* SPDX-License-Identifier: MIT */
/*
 * What comes back from librdkafka: delivery reports, errors, logs.
 *
 * Guarantees: a delivery is settled by its own report and by nothing else, and by none once the
 * sink is closing; the same warning is not said again within SAME_ERROR_MS; an error that
 * librdkafka cannot mend ends the pipeline. Called by sink.c only.
 */
#include <stdio.h>

#include "connect/kafka/internal.h"

#define SAME_ERROR_MS 10000

enum weir_status weir__kafka_fatal(struct weir__kafka_sink *sink, struct weir_error *err)
{
	char text[160] = "";
	const rd_kafka_resp_err_t code = rd_kafka_fatal_error(sink->client, text, sizeof text);

	weir__kafka_one_line(text);
	weir__kafka_client_error(err, code, text);
	err->remedy = WEIR_REMEDY_STOP;
	return err->status;
}

static void tell_outcome(const struct weir__kafka_sink *sink, const rd_kafka_message_t *report,
			 const weir_delivery *delivery, enum weir_status status,
			 const char *reason)
{
	const struct weir_kafka_outcome outcome = {
		.status = status,
		.topic = rd_kafka_topic_name(report->rkt),
		.partition = report->partition >= 0 ? report->partition : -1,
		.offset = report->err || report->offset < 0 ? -1 : report->offset,
		.code = report->err,
		.reason = reason,
	};

	if (sink->on_outcome)
		sink->on_outcome(sink->user, weir_delivery_message(delivery), &outcome);
}

static void settle(struct weir__kafka_sink *sink, const rd_kafka_message_t *report)
{
	weir_delivery *delivery = report->_private;
	struct weir_error reason = { .status = WEIR_OK };

	sink->in_flight--;
	if (report->err)
		weir__kafka_error(&reason, report->err, rd_kafka_topic_name(report->rkt),
				  report->partition);
	tell_outcome(sink, report, delivery, reason.status, reason.text);
	if (sink->closing)
		return;		/* given up: it stays the pipeline's */
	if (report->err)
		weir_delivery_fail(delivery, &reason);
	else
		weir_delivery_done(delivery);
}

static bool was_said(struct weir__kafka_sink *sink, rd_kafka_resp_err_t code, uint64_t now_ms)
{
	struct weir__kafka_said *oldest = &sink->said[0];

	for (size_t i = 0; i < WEIR__KAFKA_SAID; i++) {
		struct weir__kafka_said *said = &sink->said[i];

		if (said->code == code && said->at_ms + SAME_ERROR_MS > now_ms)
			return true;
		if (said->code == code || said->at_ms < oldest->at_ms)
			oldest = said;
	}
	*oldest = (struct weir__kafka_said){ .code = code, .at_ms = now_ms };
	return false;
}

/* librdkafka mends what it can by itself; what it cannot ends the pipeline. */
static enum weir_status on_error(struct weir__kafka_sink *sink, rd_kafka_event_t *event, uint64_t now_ms,
				 struct weir_error *err)
{
	const rd_kafka_resp_err_t code = rd_kafka_event_error(event);
	struct weir_error trouble;
	char text[160];

	if (code == RD_KAFKA_RESP_ERR__FATAL || rd_kafka_event_error_is_fatal(event))
		return weir__kafka_fatal(sink, err);
	snprintf(text, sizeof text, "%s", rd_kafka_event_error_string(event));
	weir__kafka_one_line(text);
	weir__kafka_client_error(&trouble, code, text);
	if (trouble.remedy == WEIR_REMEDY_STOP) {
		*err = trouble;
		return trouble.status;
	}
	if (!was_said(sink, code, now_ms))
		weir_port_log(sink->port, WEIR_LOG_WARN, "%s", trouble.text);
	return WEIR_OK;
}

/* From syslog's levels: of a library's words none says that the pipeline fails. */
static void on_log(const struct weir__kafka_sink *sink, rd_kafka_event_t *event)
{
	const char *facility, *words;
	char text[400];
	int level;

	if (rd_kafka_event_log(event, &facility, &words, &level) != 0)
		return;
	snprintf(text, sizeof text, "%s", words);
	weir__kafka_one_line(text);
	weir_port_log(sink->port,
		      level <= 4   ? WEIR_LOG_WARN
		      : level <= 6 ? WEIR_LOG_INFO
				   : WEIR_LOG_DEBUG,
		      "librdkafka %s: %s", facility, text);
}

/* Takes the event. A batch of reports is kept, to be worked off. */
static enum weir_status take_event(struct weir__kafka_sink *sink, rd_kafka_event_t *event,
				   uint64_t now_ms, struct weir_error *err)
{
	enum weir_status status = WEIR_OK;

	switch (rd_kafka_event_type(event)) {
	case RD_KAFKA_EVENT_DR:
		sink->reports = event;
		return WEIR_OK;
	case RD_KAFKA_EVENT_ERROR:
		status = on_error(sink, event, now_ms, err);
		break;
	case RD_KAFKA_EVENT_LOG:
		on_log(sink, event);
		break;
	default:
		break;
	}
	rd_kafka_event_destroy(event);
	return status;
}

static void next_report(struct weir__kafka_sink *sink)
{
	const rd_kafka_message_t *report = rd_kafka_event_message_next(sink->reports);

	if (report) {
		settle(sink, report);
		return;
	}
	rd_kafka_event_destroy(sink->reports);	/* librdkafka has its room back only now */
	sink->reports = NULL;
}

enum weir_status weir__kafka_serve(struct weir__kafka_sink *sink, size_t most, int wait_ms,
				   uint64_t now_ms, bool *ret_more, struct weir_error *err)
{
	enum weir_status status = WEIR_OK;
	rd_kafka_event_t *event;

	*ret_more = false;
	for (size_t i = 0; i < most && status == WEIR_OK; i++) {
		if (sink->reports) {
			next_report(sink);
			continue;
		}
		event = rd_kafka_queue_poll(sink->queue, i == 0 ? wait_ms : 0);
		if (!event)
			return WEIR_OK;
		status = take_event(sink, event, now_ms, err);
	}
	*ret_more = true;
	return status;
}
