/* SPDX-License-Identifier: MIT */
/*
 * librdkafka's client: made, made anew when it can go on no more, given up at the end.
 *
 *     in use ──recall──► recalling ──all came back──► none ──RENEW_MS──► in use
 *
 * A recall purges what the client has not sent yet and waits for the answers to what it has sent,
 * at most ANSWER_MS; then it purges that too. What has no report after LOST_MS is given back
 * without one, and its body held until the old client is gone.
 *
 * Guarantees: nothing is submitted to a client before all that the one before it had came back, so
 * that the engine offers it again in its order; a step never waits for librdkafka's threads; there
 * is at most one new client each RENEW_MS, and no more than MOST_RETIRED are still being ended.
 * Callers: sink.c, report.c.
 */
#include <inttypes.h>
#include <stdio.h>

#include "connect/kafka/internal.h"
#include "ground/env.h"
#include "ground/error.h"

#define PURGE_MS 50		/* between two purges: what is on its way inside escapes one */
#define ANSWER_MS 1000
#define LOST_MS 5000		/* what has no report by then gets none */
#define RENEW_MS 1000
#define MOST_RETIRED 4
#define CLOSE_WAIT_MS 5		/* for reports of what is given up … */
#define CLOSE_WAITS 8		/* … so many times at most */

/* ---- making ---- */

enum weir_status weir__kafka_client_new(struct weir__kafka_sink *sink, struct weir_error *err)
{
	static const uint64_t one = 1;
	rd_kafka_conf_t *conf = rd_kafka_conf_dup(sink->conf);
	char text[256];

	rd_kafka_conf_set_opaque(conf, sink);
	rd_kafka_conf_set_throttle_cb(conf, weir__kafka_on_throttle);
	sink->client = rd_kafka_new(RD_KAFKA_PRODUCER, conf, text, sizeof text);
	if (!sink->client) {
		rd_kafka_conf_destroy(conf);
		weir__kafka_one_line(text);
		return weir__error_invalid(err, "cannot create a Kafka producer: %s", text);
	}
	sink->queue = rd_kafka_queue_get_main(sink->client);
	rd_kafka_set_log_queue(sink->client, NULL);
	rd_kafka_queue_io_event_enable(sink->queue, sink->event_fd, &one, sizeof one);
	weir_port_wake(sink->port);	/* for what is in the queue already */
	return WEIR_OK;
}

rd_kafka_topic_t *weir__kafka_topic_handle(const struct weir__kafka_sink *sink,
					   struct weir__kafka_topic *topic)
{
	if (!topic->handle)
		topic->handle = rd_kafka_topic_new(sink->client, topic->name, NULL);
	return topic->handle;
}

/*
 * Its reports and events are not read any more, nor does it write to our descriptor. A worker, if
 * any, is ended with it.
 */
static void retire(struct weir__kafka_sink *sink, struct weir__kafka_worker *worker)
{
	weir__kafka_reports_drop(sink);
	for (struct weir__kafka_topic *topic = sink->topics; topic; topic = topic->next) {
		if (topic->handle)
			rd_kafka_topic_destroy(topic->handle);
		topic->handle = NULL;
	}
	rd_kafka_queue_io_event_enable(sink->queue, -1, NULL, 0);
	rd_kafka_queue_destroy(sink->queue);
	weir__kafka_retire_after(&sink->retired, sink->env, sink->client, &sink->flight,
				 worker ? weir__kafka_worker_end : NULL, worker);
	sink->queue = NULL;
	sink->client = NULL;
}

/* ---- making anew ---- */

void weir__kafka_recall(struct weir__kafka_sink *sink, const struct weir_error *cause)
{
	struct weir__kafka_renewal *renewal = &sink->renewal;

	if (renewal->runs)
		return;
	renewal->runs = true;
	renewal->cause = *cause;
	renewal->began_ms = 0;
	weir_port_wake(sink->port);
}

/* Whether all came back. What will never is given back here. */
static bool came_back(struct weir__kafka_sink *sink, uint64_t now_ms)
{
	const uint64_t waited_ms = now_ms - sink->renewal.began_ms;
	int what = RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_NON_BLOCKING;

	if (weir__kafka_transaction_is_busy(sink))
		return false;
	if (sink->flight.count == 0)
		return true;
	if (waited_ms >= LOST_MS)
		return true;
	if (waited_ms >= ANSWER_MS)
		what |= RD_KAFKA_PURGE_F_INFLIGHT;
	rd_kafka_purge(sink->client, what);
	return false;
}

static void say_renewal(struct weir__kafka_sink *sink, uint64_t now_ms)
{
	struct weir__kafka_renewal *renewal = &sink->renewal;
	const rd_kafka_resp_err_t code = (rd_kafka_resp_err_t)renewal->cause.remote_code;
	char times[32] = "";

	if (weir__kafka_was_said(sink->said, code, now_ms))
		return;
	if (renewal->times > 1)
		snprintf(times, sizeof times, " %" PRIu64 " times", renewal->times);
	weir_port_log(sink->port, WEIR_LOG_WARN,
		      "%s; the client was made anew%s: %" PRIu64
		      " messages are sent again, %" PRIu64 " of them may arrive twice",
		      renewal->cause.text, times, renewal->again, renewal->twice);
	renewal->times = renewal->again = renewal->twice = 0;
}

/* True: there is one. */
static bool make_anew(struct weir__kafka_sink *sink, uint64_t now_ms)
{
	struct weir_error trouble;

	sink->renewal.made_ms = now_ms;
	if (weir__kafka_client_new(sink, &trouble) < 0) {
		if (!weir__kafka_was_said(sink->said, RD_KAFKA_RESP_ERR__FAIL, now_ms))
			weir_port_log(sink->port, WEIR_LOG_WARN, "%s; tried again in %d ms",
				      trouble.text, RENEW_MS);
		return false;
	}
	sink->renewal.runs = false;
	sink->renewal.times++;
	say_renewal(sink, now_ms);
	return true;
}

uint64_t weir__kafka_renew(struct weir__kafka_sink *sink, uint64_t now_ms)
{
	struct weir__kafka_renewal *renewal = &sink->renewal;
	const uint64_t due_ms = renewal->made_ms + RENEW_MS;

	if (!renewal->runs)
		return 0;
	if (renewal->began_ms == 0)
		renewal->began_ms = now_ms;
	if (sink->client) {
		if (!came_back(sink, now_ms))
			return now_ms + PURGE_MS;
		retire(sink, NULL);
		weir__kafka_settle_rest(sink);
		if (sink->transaction)
			weir__kafka_transaction_lose_client(sink);
	}
	if (now_ms < due_ms)
		return due_ms;
	if (weir__kafka_retired_reap(&sink->retired, 0) >= MOST_RETIRED)
		return now_ms + RENEW_MS;
	return make_anew(sink, now_ms) ? 0 : now_ms + RENEW_MS;
}

/* ---- the end ---- */

/* Bounded: a broker that does not answer must not hold up the end. */
static void give_up(struct weir__kafka_sink *sink)
{
	const uint64_t now_ms = weir__monotonic_ms(sink->env);
	struct weir_error ignored;
	bool more;

	rd_kafka_purge(sink->client, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT |
					     RD_KAFKA_PURGE_F_NON_BLOCKING);
	for (unsigned waits = 0; waits < CLOSE_WAITS && sink->flight.count > 0; waits += !more)
		weir__kafka_serve(sink, WEIR__KAFKA_MOST_REPORTS, CLOSE_WAIT_MS, now_ms, &more,
				  &ignored);
}

void weir__kafka_client_close(struct weir__kafka_sink *sink)
{
	struct weir__kafka_worker *worker = weir__kafka_transaction_close(sink);

	if (!sink->client) {
		if (worker)	/* it has nothing to do, and goes at once */
			weir__kafka_worker_end(worker, NULL);
		return;
	}
	if (sink->flight.count > 0)
		give_up(sink);
	retire(sink, worker);
	weir__kafka_settle_rest(sink);
}
