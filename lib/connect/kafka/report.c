/* SPDX-License-Identifier: MIT */
/*
 * What comes back from librdkafka: delivery reports, errors, logs.
 *
 * Guarantees: a delivery is settled by its own report (in a transaction: held, until that is
 * committed), or when its client went without one, and once the sink is closing by an
 * acknowledgement only; the same warning is not said again within SAME_ERROR_MS; what is sent again
 * and may be there already is counted: librdkafka knows of each message whether it left. Called by
 * sink.c and client.c.
 */
#include <stdio.h>

#include "connect/kafka/internal.h"
#include "ground/env.h"
#include "ground/error.h"

#define SAME_ERROR_MS 10000
#define QUIET_MS 60000	/* without a report, while there is something to report */
#define LINE 64			/* of the cache */
#define DELIVERY_BYTES 192	/* so much of a delivery and … */
#define MESSAGE_BYTES 256	/* … of its message is used to settle it */

static bool is_fence(rd_kafka_resp_err_t code)
{
	return code == RD_KAFKA_RESP_ERR__FENCED || code == RD_KAFKA_RESP_ERR_PRODUCER_FENCED ||
	       code == RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH;
}

/* Either another process took the id, or the coordinator ended a transaction that was too old. */
static void tell_fence(const struct weir__kafka_sink *sink, struct weir_error *err)
{
	const int64_t code = err->remote_code;

	if (weir__kafka_transaction_is_overdue(sink))
		weir_error_set(err, WEIR_ERR_TIMEOUT, WEIR_REMEDY_RETRY,
			       "a transaction lasted longer than transaction.timeout.ms");
	else
		weir_error_set(err, WEIR_ERR_STATE, WEIR_REMEDY_STOP,
			       "another process has begun to use transactional_id '%.100s'; give "
			       "each process its own",
			       sink->transaction->id);
	err->remote_code = code;
}

enum weir_status weir__kafka_fatal(struct weir__kafka_sink *sink, struct weir_error *err)
{
	char text[160] = "";
	const rd_kafka_resp_err_t code = rd_kafka_fatal_error(sink->client, text, sizeof text);

	weir__kafka_one_line(text);
	weir__kafka_client_error(err, code, text);
	if (sink->transaction && is_fence(code))
		tell_fence(sink, err);
	if (err->remedy == WEIR_REMEDY_STOP)
		return err->status;
	weir__kafka_recall(sink, err);
	return WEIR_OK;
}

/* What became of one delivery. `code` 0: acknowledged. */
struct verdict {
	rd_kafka_resp_err_t code;
	int32_t partition;
	int64_t offset;
	bool may_be_there;	/* the broker may have it, whatever the code */
};

static const char *topic_of(const weir_delivery *delivery)
{
	const struct weir__kafka_topic *topic = weir_delivery_handle(delivery);

	return topic->name;
}

static void tell_outcome(const struct weir__kafka_sink *sink, const weir_delivery *delivery,
			 const struct verdict *verdict, const struct weir_error *reason)
{
	const struct weir_kafka_outcome outcome = {
		.status = reason->status,
		.topic = topic_of(delivery),
		.partition = verdict->partition >= 0 ? verdict->partition : -1,
		.offset = verdict->code || verdict->offset < 0 ? -1 : verdict->offset,
		.code = verdict->code,
		.reason = reason->text,
	};

	sink->on_outcome(sink->user, weir_delivery_message(delivery), &outcome);
}

/*
 * It is sent again. With idempotence on, those behind it must not overtake it: they come back, too.
 */
static void count_again(struct weir__kafka_sink *sink, const struct weir_error *reason,
			bool may_be_there)
{
	if (sink->transaction) {	/* which is aborted: nobody reads it */
		sink->transaction->again++;
		sink->renewal.again += sink->renewal.runs;
		return;
	}
	if (may_be_there)
		weir_port_count(sink->port, WEIR_COUNT_POSSIBLE_DUPLICATES, 1);
	if (sink->is_idempotent)
		weir__kafka_recall(sink, reason);
	if (!sink->renewal.runs)
		return;
	sink->renewal.again++;
	sink->renewal.twice += may_be_there;
}

static void settle(struct weir__kafka_sink *sink, weir_delivery *delivery,
		   const struct verdict *verdict)
{
	struct weir_error reason;

	weir__error_begin(&reason);
	weir__kafka_flight_remove(&sink->flight, delivery);
	sink->settled++;
	if (verdict->code)
		weir__kafka_error(&reason, verdict->code, topic_of(delivery), verdict->partition);
	if (sink->transaction && reason.remedy == WEIR_REMEDY_STOP && is_fence(verdict->code))
		tell_fence(sink, &reason);
	if (sink->on_outcome)
		tell_outcome(sink, delivery, verdict, &reason);
	if (sink->transaction && !verdict->code) {
		weir__kafka_transaction_hold(sink, delivery);
		return;
	}
	if (!verdict->code) {
		weir_delivery_done(delivery);
		return;
	}
	if (sink->closing)
		return;		/* given up: it stays the pipeline's */
	if (sink->transaction)
		weir__kafka_transaction_spoil(sink, &reason);
	if (reason.remedy == WEIR_REMEDY_RETRY)
		count_again(sink, &reason, verdict->may_be_there);
	weir_delivery_fail(delivery, &reason);
}

void weir__kafka_settle_rest(struct weir__kafka_sink *sink)
{
	static const struct verdict unknown = { .code = RD_KAFKA_RESP_ERR__PURGE_INFLIGHT,
						.partition = -1,
						.offset = -1,
						.may_be_there = true };
	weir_delivery *delivery;

	while ((delivery = weir__kafka_flight_first(&sink->flight)))
		settle(sink, delivery, &unknown);
}

bool weir__kafka_was_said(struct weir__kafka_said *all, rd_kafka_resp_err_t code, uint64_t now_ms)
{
	struct weir__kafka_said *oldest = &all[0];

	for (size_t i = 0; i < WEIR__KAFKA_SAID; i++) {
		struct weir__kafka_said *said = &all[i];

		if (said->code == code && said->at_ms + SAME_ERROR_MS > now_ms)
			return true;
		if (said->code == code || said->at_ms < oldest->at_ms)
			oldest = said;
	}
	*oldest = (struct weir__kafka_said){ .code = code, .at_ms = now_ms };
	return false;
}

/* Of a topic that this client may not even see librdkafka says nothing, and waits. */
uint64_t weir__kafka_watch(struct weir__kafka_sink *sink, uint64_t now_ms)
{
	const weir_delivery *oldest = weir__kafka_flight_first(&sink->flight);

	if (!oldest || !sink->was_waiting || sink->quiet_settled != sink->settled) {
		sink->was_waiting = oldest != NULL;
		sink->quiet_settled = sink->settled;
		sink->quiet_ms = now_ms;
	} else if (now_ms >= sink->quiet_ms + QUIET_MS) {
		sink->quiet_ms = now_ms;
		weir_port_log(sink->port, WEIR_LOG_WARN,
			      "nothing was acknowledged for %d s, and %u messages are in flight, "
			      "the oldest to topic '%.80s'; look at the brokers, and whether there "
			      "is such a topic that this client may describe and write to",
			      QUIET_MS / 1000, sink->flight.count, topic_of(oldest));
	}
	return sink->quiet_ms + QUIET_MS;
}

void weir__kafka_on_throttle(rd_kafka_t *client, const char *broker, int32_t broker_id,
			     int throttle_ms, void *opaque)
{
	struct weir__kafka_sink *sink = opaque;
	const uint64_t now_ms = weir__monotonic_ms(sink->env);

	(void)client;
	(void)broker_id;
	if (throttle_ms > 0 &&
	    !weir__kafka_was_said(sink->said, RD_KAFKA_RESP_ERR_THROTTLING_QUOTA_EXCEEDED, now_ms))
		weir_port_log(sink->port, WEIR_LOG_WARN,
			      "%.100s holds this client back for %d ms: its quota is used up",
			      broker, throttle_ms);
}

/* librdkafka mends what it can by itself, another client what it cannot: else the pipeline ends. */
static enum weir_status on_error(struct weir__kafka_sink *sink, rd_kafka_event_t *event,
				 uint64_t now_ms, struct weir_error *err)
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
	if (!weir__kafka_was_said(sink->said, code, now_ms))
		weir_port_log(sink->port, WEIR_LOG_WARN, "%s", trouble.text);
	return WEIR_OK;
}

/* From syslog's levels: of a library's words none says that the pipeline fails. */
void weir__kafka_log(const weir_port *port, rd_kafka_event_t *event)
{
	const char *facility, *words;
	char text[400];
	int level;

	if (rd_kafka_event_log(event, &facility, &words, &level) != 0)
		return;
	snprintf(text, sizeof text, "%s", words);
	weir__kafka_one_line(text);
	weir_port_log(port,
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
		weir__kafka_log(sink->port, event);
		break;
	default:
		break;
	}
	rd_kafka_event_destroy(event);
	return status;
}

static void prefetch(const void *data, size_t len)
{
	for (size_t at = 0; at < len; at += LINE)
		__builtin_prefetch((const char *)data + at, 1);
}

/*
 * The next reports: what they are about was last used when it was produced, and is on its way back
 * into the cache from here on, all at once.
 */
static void look_ahead(struct weir__kafka_sink *sink)
{
	struct weir__kafka_ahead *ahead = &sink->ahead;

	ahead->at = 0;
	ahead->count = rd_kafka_event_message_array(sink->reports, ahead->reports,
						    WEIR__KAFKA_AHEAD);
	for (size_t i = 0; i < ahead->count; i++)
		prefetch(ahead->reports[i]->_private, DELIVERY_BYTES);
	for (size_t i = 0; i < ahead->count; i++)
		prefetch(weir_delivery_message(ahead->reports[i]->_private), MESSAGE_BYTES);
}

/* Of one that failed: asked of no other, whose status may be far away. */
static bool may_be_there(const rd_kafka_message_t *report)
{
	return !report->err ||
	       rd_kafka_message_status(report) != RD_KAFKA_MSG_STATUS_NOT_PERSISTED;
}

static void next_report(struct weir__kafka_sink *sink)
{
	struct weir__kafka_ahead *ahead = &sink->ahead;
	const rd_kafka_message_t *report;

	if (ahead->at == ahead->count)
		look_ahead(sink);
	if (ahead->at < ahead->count) {
		report = ahead->reports[ahead->at++];
		settle(sink, report->_private,
		       &(struct verdict){ .code = report->err,
					  .partition = report->partition,
					  .offset = report->offset,
					  .may_be_there = may_be_there(report) });
		return;
	}
	weir__kafka_reports_drop(sink);	/* librdkafka has its room back only now */
}

void weir__kafka_reports_drop(struct weir__kafka_sink *sink)
{
	if (sink->reports)
		rd_kafka_event_destroy(sink->reports);
	sink->reports = NULL;
	sink->ahead.at = sink->ahead.count = 0;
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
