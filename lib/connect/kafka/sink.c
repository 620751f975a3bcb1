/* SPDX-License-Identifier: MIT */
/*
 * The Kafka sink: deliveries into librdkafka, its delivery reports back.
 *
 *     submit ─ produce without copying ─► librdkafka ─► brokers
 *     step ◄── eventfd ◄── event queue (report.c) ◄─────────┘
 *
 * Guarantees: everything of ours runs on the pipeline's thread: librdkafka's threads only write to
 * an eventfd; a turn takes a bounded number of reports; after close no report can touch a
 * delivery, and what librdkafka's threads may still read is held until they are gone. Callers: the
 * engine, through the ops.
 */
#include <errno.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "connect/kafka/internal.h"
#include "ground/env.h"
#include "ground/error.h"
#include "ground/options.h"
#include "weir/sink.h"

#define LONG_LINGER_MS 50
#define HURRY_WAIT_MS 1
#define HURRY_AGAIN_MS 20

/* ---- open and close ---- */

static void close_event_fd(struct weir__kafka_sink *sink)
{
	if (sink->event_fd < 0)
		return;
	weir_port_unwatch(sink->port, sink->event_fd);
	close(sink->event_fd);
	sink->event_fd = -1;
}

static enum weir_status open_event_fd(struct weir__kafka_sink *sink, struct weir_error *err)
{
	const int fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	enum weir_status status;

	if (fd < 0)
		return weir__error_os(err, errno, "cannot create an eventfd");
	status = weir_port_watch(sink->port, fd, WEIR_READABLE, err);
	if (status < 0) {
		close(fd);
		return status;
	}
	sink->event_fd = fd;
	return WEIR_OK;
}

static enum weir_status kafka_open(void *self, weir_port *port, struct weir_error *err)
{
	struct weir__kafka_sink *sink = self;
	enum weir_status status;

	sink->port = port;
	status = open_event_fd(sink, err);
	if (status < 0)
		return status;
	status = weir__kafka_client_new(sink, err);
	if (status == WEIR_OK && sink->transaction) {
		status = weir__kafka_transaction_open(sink, err);
		if (status < 0)
			weir__kafka_client_close(sink);
	}
	if (status < 0)
		close_event_fd(sink);
	sink->renewal.made_ms = weir__monotonic_ms(sink->env);
	return status;
}

/* librdkafka asks for the topic's metadata as soon as there is a handle. */
static enum weir_status kafka_prepare(void *self, const char *to, void **ret_handle,
				      struct weir_error *err)
{
	struct weir__kafka_sink *sink = self;
	const char *name = *to ? to : sink->topic;
	struct weir__kafka_topic *topic;
	enum weir_status status;

	if (!name)
		return weir_error_set(err, WEIR_ERR_INVALID, WEIR_REMEDY_SKIP,
				      "a route names no topic: set .to there or .topic here");
	status = weir__kafka_check_topic(name, err);
	if (status < 0)
		return status;
	topic = weir__alloc(sink->env, sizeof *topic);
	if (!topic)
		return weir__error_no_memory(err);
	*topic = (struct weir__kafka_topic){ .next = sink->topics, .name = name };
	if (sink->client && !weir__kafka_topic_handle(sink, topic)) {
		weir__free(sink->env, topic, sizeof *topic);
		return weir__kafka_error(err, rd_kafka_last_error(), name, -1);
	}
	sink->topics = topic;
	*ret_handle = topic;
	return WEIR_OK;
}

/* ---- out: produce ---- */

static rd_kafka_headers_t *make_headers(const weir_delivery *delivery)
{
	size_t count;
	const struct weir_header *headers = weir_delivery_headers(delivery, &count);
	rd_kafka_headers_t *ret;

	if (!headers || count == 0)
		return NULL;
	ret = rd_kafka_headers_new(count);
	for (size_t i = 0; i < count; i++)
		rd_kafka_header_add(ret, headers[i].name, -1, headers[i].value.data,
				    (ssize_t)headers[i].value.len);
	return ret;
}

/* librdkafka's calls lack const; it only reads. */
static void *without_const(const void *data)
{
	union {
		const void *in;
		void *out;
	} pointer = { .in = data };

	return pointer.out;
}

/* Else a format has made it: it goes with the delivery, which a hanging client may outlive. */
static bool lies_in_message(const weir_delivery *delivery, struct weir_slice value)
{
	return value.data == weir_message_body(weir_delivery_message(delivery)).data;
}

static rd_kafka_error_t *produce(const struct weir__kafka_sink *sink, rd_kafka_topic_t *topic,
				 weir_delivery *delivery)
{
	const struct weir_slice value = weir_delivery_value(delivery);
	const struct weir_slice key = weir_delivery_key(delivery);
	rd_kafka_headers_t *headers = make_headers(delivery);
	rd_kafka_error_t *error;
	rd_kafka_vu_t parts[7] = {
		{ .vtype = RD_KAFKA_VTYPE_RKT, .u.rkt = topic },
		{ .vtype = RD_KAFKA_VTYPE_VALUE,
		  .u.mem = { without_const(value.data), value.len } },
		{ .vtype = RD_KAFKA_VTYPE_KEY, .u.mem = { without_const(key.data), key.len } },
		{ .vtype = RD_KAFKA_VTYPE_TIMESTAMP,
		  .u.i64 = (int64_t)weir_delivery_time_ms(delivery) },
		{ .vtype = RD_KAFKA_VTYPE_OPAQUE, .u.ptr = delivery },
		{ .vtype = RD_KAFKA_VTYPE_MSGFLAGS,
		  .u.i = lies_in_message(delivery, value) ? 0 : RD_KAFKA_MSG_F_COPY },
		{ .vtype = RD_KAFKA_VTYPE_HEADERS, .u.headers = headers },
	};

	error = rd_kafka_produceva(sink->client, parts, headers ? 7 : 6);
	if (error && headers)
		rd_kafka_headers_destroy(headers);	/* its only on success */
	return error;
}

/* With nothing under way a full queue means that this message alone is too much for it. */
static enum weir_status wait_for_room(const struct weir__kafka_sink *sink, const char *topic,
				      struct weir_error *err)
{
	if (sink->flight.count > 0 || sink->reports)
		return WEIR_AGAIN;
	weir_error_set(err, WEIR_ERR_REFUSED, WEIR_REMEDY_SKIP,
		       "_QUEUE_FULL: topic '%.80s': the message is larger than the whole queue; "
		       "raise queue.buffering.max.kbytes",
		       topic);
	err->remote_code = RD_KAFKA_RESP_ERR__QUEUE_FULL;
	return WEIR_ERR_REFUSED;
}

/* Takes the error. */
static enum weir_status refuse(struct weir__kafka_sink *sink, rd_kafka_error_t *error,
			       const char *topic, struct weir_error *err)
{
	const rd_kafka_resp_err_t code = rd_kafka_error_code(error);
	const bool is_fatal = rd_kafka_error_is_fatal(error);
	enum weir_status status;

	rd_kafka_error_destroy(error);
	if (code == RD_KAFKA_RESP_ERR__QUEUE_FULL)
		return wait_for_room(sink, topic, err);
	if (code == RD_KAFKA_RESP_ERR__STATE && sink->transaction) {
		weir__kafka_error(err, code, topic, -1);
		weir__kafka_transaction_spoil(sink, err);
		return WEIR_AGAIN;
	}
	if (!is_fatal && code != RD_KAFKA_RESP_ERR__FATAL)
		return weir__kafka_error(err, code, topic, -1);
	status = weir__kafka_fatal(sink, err);
	return status < 0 ? status : WEIR_AGAIN;
}

static enum weir_status kafka_submit(void *self, weir_delivery *delivery, struct weir_error *err)
{
	struct weir__kafka_sink *sink = self;
	struct weir__kafka_topic *topic = weir_delivery_handle(delivery);
	rd_kafka_topic_t *handle;
	rd_kafka_error_t *error;

	if (sink->transaction && weir__kafka_transaction_revokes(sink, delivery)) {
		weir_delivery_drop(delivery);
		return WEIR_OK;
	}
	if (sink->renewal.runs)
		return WEIR_AGAIN;
	if (sink->transaction) {
		const enum weir_status status = weir__kafka_transaction_admit(sink, err);

		if (status != WEIR_OK)
			return status;
	}
	handle = weir__kafka_topic_handle(sink, topic);
	if (!handle)
		return weir__kafka_error(err, rd_kafka_last_error(), topic->name, -1);
	if (!weir__kafka_flight_add(&sink->flight, sink->env, delivery)) {
		weir__error_no_memory(err);
		err->remedy = WEIR_REMEDY_RETRY;
		return err->status;
	}
	error = produce(sink, handle, delivery);
	if (!error)
		return WEIR_OK;
	weir__kafka_flight_remove(&sink->flight, delivery);
	return refuse(sink, error, topic->name, err);
}

/* ---- turns ---- */

/*
 * A long linger.ms must hold up neither the end nor a flush. librdkafka ignores it while a flush of
 * its own is running, so one is run, as short as one can be, again and again until all that was in
 * flight is out; what comes later lingers again.
 * When to do so again; 0: never.
 */
static uint64_t hurry(struct weir__kafka_sink *sink, uint64_t now_ms)
{
	const bool is_due = sink->settled < sink->hurry_upto ||
			    (sink->transaction && weir__kafka_transaction_lingers(sink));

	if (!is_due || !sink->client || sink->flight.count == 0)
		return 0;
	rd_kafka_flush(sink->client, HURRY_WAIT_MS);
	return now_ms + HURRY_AGAIN_MS;
}

static uint64_t sooner(uint64_t a_ms, uint64_t b_ms)
{
	return b_ms == 0 || (a_ms != 0 && a_ms < b_ms) ? a_ms : b_ms;
}

static enum weir_status kafka_step(void *self, uint64_t now_ms, struct weir_error *err)
{
	struct weir__kafka_sink *sink = self;
	enum weir_status status = WEIR_OK;
	bool more = false;
	uint64_t count, next_ms, turn_ms = 0;

	if (read(sink->event_fd, &count, sizeof count) < 0 && errno != EAGAIN && errno != EINTR)
		return weir__error_os(err, errno, "cannot read the eventfd");
	if (sink->client)
		status = weir__kafka_serve(sink, WEIR__KAFKA_MOST_REPORTS, 0, now_ms, &more, err);
	if (more)
		weir_port_wake(sink->port);
	if (sink->transaction && status == WEIR_OK)
		status = weir__kafka_transaction_turn(sink, now_ms, &turn_ms, err);
	if (sink->retired)
		weir__kafka_retired_reap(&sink->retired, 0);
	next_ms = weir__kafka_renew(sink, now_ms);
	next_ms = sooner(sooner(next_ms, turn_ms), weir__kafka_watch(sink, now_ms));
	weir_port_deadline(sink->port, sooner(next_ms, hurry(sink, now_ms)));
	return status;
}

static void kafka_flush(void *self)
{
	struct weir__kafka_sink *sink = self;

	if (sink->lingers)
		sink->hurry_upto = sink->settled + sink->flight.count;
	if (sink->transaction)
		weir__kafka_transaction_end_now(sink);
	weir_port_wake(sink->port);
}

static void kafka_close(void *self)
{
	struct weir__kafka_sink *sink = self;

	sink->closing = true;
	weir__kafka_client_close(sink);
	close_event_fd(sink);
}

/* ---- add ---- */

static void kafka_free(void *self)
{
	struct weir__kafka_sink *sink = self;

	weir__kafka_retired_leave(&sink->retired, WEIR__KAFKA_GONE_MS);
	while (sink->topics) {
		struct weir__kafka_topic *topic = sink->topics;

		sink->topics = topic->next;
		weir__free(sink->env, topic, sizeof *topic);
	}
	if (sink->conf)
		rd_kafka_conf_destroy(sink->conf);
	weir__kafka_flight_release(&sink->flight, sink->env);
	weir__kafka_transaction_free(sink->transaction, sink->env);
	weir__text_free(sink->env, sink->topic);
	weir__free(sink->env, sink, sizeof *sink);
}

static const struct weir_sink_ops kafka_ops = {
	.size = sizeof kafka_ops,
	.open = kafka_open,
	.prepare = kafka_prepare,
	.submit = kafka_submit,
	.step = kafka_step,
	.flush = kafka_flush,
	.close = kafka_close,
	.free = kafka_free,
};

/* With transactions. */
static const struct weir_sink_ops holding_ops = {
	.size = sizeof holding_ops,
	.open = kafka_open,
	.prepare = kafka_prepare,
	.submit = kafka_submit,
	.step = kafka_step,
	.flush = kafka_flush,
	.close = kafka_close,
	.free = kafka_free,
	.holds = true,
};

static enum weir_status fill(struct weir__kafka_sink *sink,
			     const struct weir_kafka_sink_options *given, struct weir_error *err)
{
	struct weir_kafka_sink_options options;
	const enum weir_status status = weir__options_read(given, &options, sizeof options,
							   "weir_kafka_sink_options", err);

	sink->event_fd = -1;
	if (status < 0)
		return status;
	if (options.topic && weir__kafka_check_topic(options.topic, err) < 0)
		return WEIR_ERR_INVALID;
	sink->conf = weir__kafka_conf_new(&options, err);
	if (!sink->conf)
		return WEIR_ERR_INVALID;
	if (weir__kafka_transaction_new(sink->env, &options, sink->conf, &sink->transaction,
					err) < 0)
		return err->status;
	sink->is_idempotent = weir__kafka_conf_is_true(sink->conf, "enable.idempotence");
	sink->lingers = weir__kafka_conf_number(sink->conf, "linger.ms") > LONG_LINGER_MS;
	sink->on_outcome = options.on_outcome;
	sink->user = options.user;
	sink->topic = weir__text_copy(sink->env, options.topic);
	if (options.topic && !sink->topic)
		return weir__error_no_memory(err);
	return WEIR_OK;
}

static void say(weir_pipeline *pipeline, const char *name, const struct weir_error *reason)
{
	struct weir_error err;

	weir_error_set(&err, reason->status, WEIR_REMEDY_STOP, "sink '%s': %s", name ? name : "",
		       reason->text);
	weir_pipeline_fail(pipeline, &err);
}

weir_sink *weir_kafka_sink_add(weir_pipeline *pipeline, const char *name,
			       const struct weir_kafka_sink_options *options)
{
	const struct weir_env *env = weir_pipeline_env(pipeline);
	struct weir__kafka_sink *sink;
	struct weir_error err;

	if (!pipeline)
		return NULL;
	sink = weir__alloc(env, sizeof *sink);
	if (!sink) {
		weir__error_no_memory(&err);
		weir_pipeline_fail(pipeline, &err);
		return NULL;
	}
	sink->env = env;
	if (fill(sink, options, &err) < 0) {
		say(pipeline, name, &err);
		kafka_free(sink);
		return NULL;
	}
	return weir_sink_add(pipeline, name, sink->transaction ? &holding_ops : &kafka_ops, sink);
}
