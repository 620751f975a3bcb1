/* SPDX-License-Identifier: MIT */
/*
 * Checks of a Kafka sink: brokers and topics.
 *
 * Guarantees: clients of its own with the sink's own configuration, so that what they meet, the
 * sink would; asking makes no topic and stores no record (acks=2 is what Kafka refuses after it has
 * looked at rights, and before it writes); bounded in time. Callers: applications, the checks of
 * configurations.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "connect/kafka/internal.h"
#include "ground/env.h"
#include "ground/error.h"
#include "ground/options.h"
#include "weir/check.h"

#define PROBE_MS 5000
#define LOOK_MS 200
#define END_MS 2000

struct examination {
	struct weir_env env;
	const char *name;
	struct weir_kafka_sink_options options;
	weir_check_fn *tell;
	void *user;
	rd_kafka_t *client;
	char reason[300];	/* the client's last, and most telling, complaint */
	bool is_final;		/* no use in waiting */
	struct weir_error *err;
};

static void tell(const struct examination *of, enum weir_check what, const char *format, ...)
	WEIR_PRINTF(3, 4);

static void tell(const struct examination *of, enum weir_check what, const char *format, ...)
{
	char words[480], text[560];
	va_list args;

	va_start(args, format);
	vsnprintf(words, sizeof words, format, args);
	va_end(args);
	snprintf(text, sizeof text, "sink %.40s: %s", of->name, words);
	of->tell(of->user, what, text);
}

/* ---- a client ---- */

static enum weir_status open_client(struct examination *of, const struct weir_property *more,
				    size_t count)
{
	rd_kafka_conf_t *conf = weir__kafka_conf_new(&of->options, of->err);
	char text[256];

	if (!conf)
		return of->err->status;
	for (size_t i = 0; i < count; i++)
		rd_kafka_conf_set(conf, more[i].name, more[i].value, NULL, 0);
	of->client = rd_kafka_new(RD_KAFKA_PRODUCER, conf, text, sizeof text);
	if (of->client) {
		rd_kafka_set_log_queue(of->client, NULL);
		return WEIR_OK;
	}
	rd_kafka_conf_destroy(conf);
	weir__kafka_one_line(text);
	return weir__error_invalid(of->err, "cannot create a Kafka producer: %s", text);
}

static void close_client(struct examination *of)
{
	struct weir__kafka_retired *retired = NULL;

	if (!of->client)
		return;
	rd_kafka_purge(of->client, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT |
					   RD_KAFKA_PURGE_F_NON_BLOCKING);
	weir__kafka_retire_with(&retired, &of->env, of->client, NULL, 0);
	weir__kafka_retired_leave(&retired, END_MS);
	of->client = NULL;
}

/* That all brokers are down says less than what was said before. */
static void note_error(struct examination *of, rd_kafka_resp_err_t code, const char *text)
{
	if (code == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN) {
		of->is_final = true;
		if (*of->reason)
			return;
	}
	of->is_final |= code == RD_KAFKA_RESP_ERR__AUTHENTICATION;
	snprintf(of->reason, sizeof of->reason, "%s", text);
	weir__kafka_one_line(of->reason);
}

/* What the client has to say of itself; `topic` not NULL: and what became of the record for it. */
static bool take_events(struct examination *of, int wait_ms, rd_kafka_resp_err_t *ret_report)
{
	rd_kafka_queue_t *queue = rd_kafka_queue_get_main(of->client);
	bool is_reported = false;
	rd_kafka_event_t *event;

	while (!is_reported && (event = rd_kafka_queue_poll(queue, wait_ms))) {
		const rd_kafka_message_t *record;

		if (rd_kafka_event_type(event) == RD_KAFKA_EVENT_ERROR)
			note_error(of, rd_kafka_event_error(event), rd_kafka_event_error_string(event));
		while ((record = rd_kafka_event_message_next(event))) {
			*ret_report = record->err;
			is_reported = true;
		}
		rd_kafka_event_destroy(event);
		wait_ms = 0;
	}
	rd_kafka_queue_destroy(queue);
	return is_reported;
}

/* ---- brokers ---- */

/* All topics at once: to ask for one by name may make it. NULL: there is no answer. */
static const struct rd_kafka_metadata *ask_metadata(struct examination *of)
{
	const uint64_t until_ms = weir__monotonic_ms(&of->env) + PROBE_MS;
	const struct rd_kafka_metadata *metadata = NULL;
	rd_kafka_resp_err_t code, ignored;

	do {
		code = rd_kafka_metadata(of->client, 1, NULL, &metadata, LOOK_MS);
		take_events(of, 0, &ignored);
	} while (code && !of->is_final && weir__monotonic_ms(&of->env) < until_ms);
	if (!code)
		return metadata;
	tell(of, WEIR_CHECK_WRONG, "no broker answers: %s; look at the addresses, at the network, at "
	     "security.protocol and sasl.*", *of->reason ? of->reason : rd_kafka_err2str(code));
	return NULL;
}

static void tell_brokers(const struct examination *of, const struct rd_kafka_metadata *metadata)
{
	tell(of, WEIR_CHECK_OK, "%d broker%s answer%s, the first is %s:%d", metadata->broker_cnt,
	     metadata->broker_cnt == 1 ? "" : "s", metadata->broker_cnt == 1 ? "s" : "",
	     metadata->broker_cnt ? metadata->brokers[0].host : "",
	     metadata->broker_cnt ? metadata->brokers[0].port : 0);
}

/* ---- topics ---- */

/* Whether there is one that could be written to. */
static bool check_metadata(const struct examination *of, const struct rd_kafka_metadata *metadata,
			   const char *topic)
{
	const struct rd_kafka_metadata_topic *found = NULL;
	struct weir_error reason;
	int leaderless = 0;

	for (int i = 0; i < metadata->topic_cnt; i++)
		if (strcmp(metadata->topics[i].topic, topic) == 0)
			found = &metadata->topics[i];
	if (!found) {
		tell(of, WEIR_CHECK_WRONG, "topic %s is not there, or not for this client to see; make "
		     "it, or let the brokers (auto.create.topics.enable)", topic);
		return false;
	}
	if (found->err) {
		weir__kafka_error(&reason, found->err, topic, -1);
		tell(of, WEIR_CHECK_WRONG, "%s", reason.text);
		return false;
	}
	for (int i = 0; i < found->partition_cnt; i++)
		leaderless += found->partitions[i].leader < 0;
	if (leaderless)
		tell(of, WEIR_CHECK_WRONG, "topic %s: %d of %d partitions have no leader; look at the "
		     "brokers", topic, leaderless, found->partition_cnt);
	else
		tell(of, WEIR_CHECK_OK, "topic %s: %d partition%s", topic, found->partition_cnt,
		     found->partition_cnt == 1 ? "" : "s");
	return leaderless == 0;
}

/* A record that nobody stores; see above. */
static void check_right(struct examination *of, const char *topic)
{
	const uint64_t until_ms = weir__monotonic_ms(&of->env) + PROBE_MS;
	rd_kafka_resp_err_t code = rd_kafka_producev(
		of->client, RD_KAFKA_V_TOPIC(topic), RD_KAFKA_V_VALUE(NULL, 0), RD_KAFKA_V_END);
	struct weir_error reason;
	bool is_told = code != RD_KAFKA_RESP_ERR_NO_ERROR;

	while (!is_told && weir__monotonic_ms(&of->env) < until_ms)
		is_told = take_events(of, LOOK_MS, &code);
	if (is_told && (!code || code == RD_KAFKA_RESP_ERR_INVALID_REQUIRED_ACKS)) {
		tell(of, WEIR_CHECK_OK, "topic %s: may be written to", topic);
		return;
	}
	weir__kafka_error(&reason, is_told ? code : RD_KAFKA_RESP_ERR__TIMED_OUT, topic, -1);
	tell(of, WEIR_CHECK_WRONG, "%s", reason.text);
}

static enum weir_status check_rights(struct examination *of, const char *const *topics,
				     const bool *may, size_t count)
{
	static const struct weir_property harmless[] = {
		{ "enable.idempotence", "false" },
		{ "acks", "2" },
		{ "retries", "0" },
		{ "message.timeout.ms", "5000" },
		{ "linger.ms", "0" },
	};
	bool has_any = false;

	for (size_t i = 0; i < count; i++)
		has_any |= may[i];
	if (!has_any)
		return WEIR_OK;
	if (open_client(of, harmless, sizeof harmless / sizeof *harmless) < 0)
		return of->err->status;
	for (size_t i = 0; i < count; i++)
		if (may[i])
			check_right(of, topics[i]);
	close_client(of);
	return WEIR_OK;
}

static enum weir_status check_topics(struct examination *of,
				     const struct rd_kafka_metadata *metadata,
				     const char *const *topics, size_t count)
{
	bool *may = weir__alloc_array(&of->env, count + 1, sizeof *may);
	struct weir_error reason;
	enum weir_status status;

	if (!may)
		return weir__error_no_memory(of->err);
	for (size_t i = 0; i < count; i++) {
		if (weir__kafka_check_topic(topics[i], &reason) < 0)
			tell(of, WEIR_CHECK_WRONG, "%s", reason.text);
		else
			may[i] = check_metadata(of, metadata, topics[i]);
	}
	close_client(of);
	status = check_rights(of, topics, may, count);
	weir__free(&of->env, may, (count + 1) * sizeof *may);
	return status;
}

enum weir_status weir_kafka_check(const struct weir_env *env, const char *name,
				  const struct weir_kafka_sink_options *options,
				  const char *const *topics, size_t topic_count, weir_check_fn *call,
				  void *user, struct weir_error *err)
{
	const struct rd_kafka_metadata *metadata = NULL;
	struct weir_error reason;
	struct examination of = { .env = weir__env_complete(env),
				  .name = name ? name : "",
				  .tell = call,
				  .user = user,
				  .err = &reason };
	enum weir_status status;

	status = weir__options_read(options, &of.options, sizeof of.options,
				    "weir_kafka_sink_options", &reason);
	if (status == WEIR_OK)
		status = open_client(&of, NULL, 0);
	if (status == WEIR_OK)
		metadata = ask_metadata(&of);
	if (metadata) {
		tell_brokers(&of, metadata);
		status = check_topics(&of, metadata, topics, topic_count);
		rd_kafka_metadata_destroy(metadata);
	}
	close_client(&of);
	if (status < 0 && err)
		*err = reason;
	return status;
}
