/* SPDX-License-Identifier: MIT */
/*
 * The Kafka sink: deliveries into librdkafka, its delivery reports back.
 *
 *     submit ─ produce without copying ─► librdkafka ─► brokers
 *     step ◄── eventfd ◄── event queue (report.c) ◄─────────┘
 *
 * Guarantees: everything of ours runs on the pipeline's thread: librdkafka's threads only write to
 * an eventfd; a turn takes a bounded number of reports; after close no report can touch a
 * delivery, and librdkafka no message. Callers: the engine, through the ops.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "connect/kafka/internal.h"
#include "ground/env.h"
#include "ground/error.h"
#include "ground/options.h"
#include "weir/sink.h"

#define MOST_REPORTS 5000	/* of one step */
#define LONG_LINGER_MS 50
#define HURRY_WAIT_MS 1
#define HURRY_AGAIN_MS 20
#define CLOSE_WAIT_MS 50	/* for reports of what was given up … */
#define CLOSE_WAITS 40		/* … so many times at most */

/* ---- open and close ---- */

/* With librdkafka's threads gone, nobody holds a message of ours. */
static void shut(struct weir__kafka_sink *sink)
{
	if (sink->reports)
		rd_kafka_event_destroy(sink->reports);
	for (size_t i = 0; i < sink->topic_count; i++)
		rd_kafka_topic_destroy(sink->topics[i]);
	if (sink->queue)
		rd_kafka_queue_destroy(sink->queue);
	if (sink->client)
		rd_kafka_destroy(sink->client);
	sink->reports = NULL;
	sink->topic_count = 0;
	sink->queue = NULL;
	sink->client = NULL;
}

/* In this order: the queue must not write to a descriptor that may be another's by then. */
static void close_event_fd(struct weir__kafka_sink *sink)
{
	if (sink->event_fd < 0)
		return;
	weir_port_unwatch(sink->port, sink->event_fd);
	rd_kafka_queue_io_event_enable(sink->queue, -1, NULL, 0);
	close(sink->event_fd);
	sink->event_fd = -1;
}

static enum weir_status open_event_fd(struct weir__kafka_sink *sink, struct weir_error *err)
{
	static const uint64_t one = 1;
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
	rd_kafka_queue_io_event_enable(sink->queue, fd, &one, sizeof one);
	weir_port_wake(sink->port);	/* for what is in the queue already */
	return WEIR_OK;
}

static enum weir_status kafka_open(void *self, weir_port *port, struct weir_error *err)
{
	struct weir__kafka_sink *sink = self;
	enum weir_status status;
	char text[256];

	sink->port = port;
	sink->client = rd_kafka_new(RD_KAFKA_PRODUCER, sink->conf, text, sizeof text);
	if (!sink->client) {
		weir__kafka_one_line(text);
		return weir__error_invalid(err, "cannot create a Kafka producer: %s", text);
	}
	sink->conf = NULL;	/* the client's now */
	sink->queue = rd_kafka_queue_get_main(sink->client);
	rd_kafka_set_log_queue(sink->client, NULL);
	status = open_event_fd(sink, err);
	if (status < 0)
		shut(sink);
	return status;
}

static enum weir_status keep_topic(struct weir__kafka_sink *sink, rd_kafka_topic_t *topic)
{
	const size_t capacity = sink->topic_capacity ? 2 * sink->topic_capacity : 8;
	rd_kafka_topic_t **topics = sink->topics;

	if (sink->topic_count == sink->topic_capacity) {
		topics = weir__resize(sink->env, topics, sink->topic_capacity * sizeof(void *),
				      capacity * sizeof(void *));
		if (!topics)
			return WEIR_ERR_NOMEM;
		sink->topics = topics;
		sink->topic_capacity = capacity;
	}
	topics[sink->topic_count++] = topic;
	return WEIR_OK;
}

/* librdkafka asks for the topic's metadata as soon as there is a handle. */
static enum weir_status kafka_prepare(void *self, const char *to, void **ret_handle,
				      struct weir_error *err)
{
	struct weir__kafka_sink *sink = self;
	const char *name = *to ? to : sink->topic;
	rd_kafka_topic_t *topic;
	enum weir_status status;

	if (!name)
		return weir_error_set(err, WEIR_ERR_INVALID, WEIR_REMEDY_SKIP,
				      "a route names no topic: set .to there or .topic here");
	status = weir__kafka_check_topic(name, err);
	if (status < 0)
		return status;
	topic = rd_kafka_topic_new(sink->client, name, NULL);
	if (!topic)
		return weir__kafka_error(err, rd_kafka_last_error(), name, -1);
	if (keep_topic(sink, topic) < 0) {
		rd_kafka_topic_destroy(topic);
		return weir__error_no_memory(err);
	}
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

static rd_kafka_error_t *produce(struct weir__kafka_sink *sink, weir_delivery *delivery)
{
	const weir_message *message = weir_delivery_message(delivery);
	const struct weir_slice value = weir_delivery_value(delivery);
	const struct weir_slice key = weir_delivery_key(delivery);
	rd_kafka_headers_t *headers = make_headers(delivery);
	rd_kafka_error_t *error;
	rd_kafka_vu_t parts[6] = {
		{ .vtype = RD_KAFKA_VTYPE_RKT, .u.rkt = weir_delivery_handle(delivery) },
		{ .vtype = RD_KAFKA_VTYPE_VALUE,
		  .u.mem = { without_const(value.data), value.len } },
		{ .vtype = RD_KAFKA_VTYPE_KEY, .u.mem = { without_const(key.data), key.len } },
		{ .vtype = RD_KAFKA_VTYPE_TIMESTAMP,
		  .u.i64 = (int64_t)weir_message_time_ms(message) },
		{ .vtype = RD_KAFKA_VTYPE_OPAQUE, .u.ptr = delivery },
		{ .vtype = RD_KAFKA_VTYPE_HEADERS, .u.headers = headers },
	};

	error = rd_kafka_produceva(sink->client, parts, headers ? 6 : 5);
	if (error && headers)
		rd_kafka_headers_destroy(headers);	/* its only on success */
	return error;
}

/* With nothing under way a full queue means that this message alone is too much for it. */
static enum weir_status wait_for_room(const struct weir__kafka_sink *sink, const char *topic,
				      struct weir_error *err)
{
	if (sink->in_flight > 0 || sink->reports)
		return WEIR_AGAIN;
	weir_error_set(err, WEIR_ERR_REFUSED, WEIR_REMEDY_SKIP,
		       "_QUEUE_FULL: topic '%.80s': the message is larger than the whole queue; "
		       "raise queue.buffering.max.kbytes",
		       topic);
	err->remote_code = RD_KAFKA_RESP_ERR__QUEUE_FULL;
	return WEIR_ERR_REFUSED;
}

static enum weir_status kafka_submit(void *self, weir_delivery *delivery, struct weir_error *err)
{
	struct weir__kafka_sink *sink = self;
	const char *topic = rd_kafka_topic_name(weir_delivery_handle(delivery));
	rd_kafka_error_t *error = produce(sink, delivery);
	rd_kafka_resp_err_t code;
	bool is_fatal;

	if (!error) {
		sink->in_flight++;
		return WEIR_OK;
	}
	code = rd_kafka_error_code(error);
	is_fatal = rd_kafka_error_is_fatal(error);
	rd_kafka_error_destroy(error);
	if (code == RD_KAFKA_RESP_ERR__QUEUE_FULL)
		return wait_for_room(sink, topic, err);
	if (is_fatal || code == RD_KAFKA_RESP_ERR__FATAL)
		return weir__kafka_fatal(sink, err);
	return weir__kafka_error(err, code, topic, -1);
}

/* ---- turns ---- */

/*
 * A long linger.ms must not hold up the end. librdkafka ignores it while a flush is running, so a
 * flush is run, as short as one can be, again and again until all is out.
 */
static void hurry(struct weir__kafka_sink *sink, uint64_t now_ms)
{
	if (!sink->hurries || sink->in_flight == 0)
		return;
	rd_kafka_flush(sink->client, HURRY_WAIT_MS);
	weir_port_deadline(sink->port, now_ms + HURRY_AGAIN_MS);
}

static enum weir_status kafka_step(void *self, uint64_t now_ms, struct weir_error *err)
{
	struct weir__kafka_sink *sink = self;
	enum weir_status status;
	uint64_t count;
	bool more;

	if (read(sink->event_fd, &count, sizeof count) < 0 && errno != EAGAIN && errno != EINTR)
		return weir__error_os(err, errno, "cannot read the eventfd");
	status = weir__kafka_serve(sink, MOST_REPORTS, 0, now_ms, &more, err);
	if (more)
		weir_port_wake(sink->port);
	hurry(sink, now_ms);
	return status;
}

static bool lingers_long(const struct weir__kafka_sink *sink)
{
	char text[32] = "";
	size_t size = sizeof text;

	rd_kafka_conf_get(rd_kafka_conf(sink->client), "linger.ms", text, &size);
	return strtoul(text, NULL, 10) > LONG_LINGER_MS;
}

static void kafka_flush(void *self)
{
	struct weir__kafka_sink *sink = self;

	sink->hurries = lingers_long(sink);
	weir_port_wake(sink->port);
}

/* Bounded: a broker that does not answer must not hold up the end. */
static void give_up(struct weir__kafka_sink *sink)
{
	const uint64_t now_ms = weir__monotonic_ms(sink->env);
	struct weir_error ignored;
	bool more;

	rd_kafka_purge(sink->client, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT |
					     RD_KAFKA_PURGE_F_NON_BLOCKING);
	for (unsigned waits = 0; waits < CLOSE_WAITS && sink->in_flight > 0; waits += !more)
		weir__kafka_serve(sink, MOST_REPORTS, CLOSE_WAIT_MS, now_ms, &more, &ignored);
}

static void kafka_close(void *self)
{
	struct weir__kafka_sink *sink = self;

	sink->closing = true;
	close_event_fd(sink);
	give_up(sink);
	shut(sink);
}

/* ---- add ---- */

static void kafka_free(void *self)
{
	struct weir__kafka_sink *sink = self;

	if (sink->conf)
		rd_kafka_conf_destroy(sink->conf);
	weir__text_free(sink->env, sink->topic);
	weir__free(sink->env, sink->topics, sink->topic_capacity * sizeof *sink->topics);
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

static enum weir_status fill(struct weir__kafka_sink *sink, const struct weir_kafka_sink_options *given,
			     struct weir_error *err)
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
	return weir_sink_add(pipeline, name, &kafka_ops, sink);
}
