/* SPDX-License-Identifier: MIT */
/*
 * Checks of a Kafka sink: brokers, topics, and the right to write.
 *
 * Guarantees: asking stores no record (acks=2 is what Kafka refuses after it has looked at rights,
 * and before it writes); no transaction is begun. Callers: applications, the checks of
 * configurations.
 */
#include "connect/kafka/examine.h"
#include "connect/kafka/internal.h"
#include "ground/error.h"
#include "ground/options.h"

#define NO_REPORT RD_KAFKA_RESP_ERR__TIMED_OUT

/* What is asked of each topic. */
struct question {
	const char *topic;
	bool may;		/* be asked */
	rd_kafka_resp_err_t answer;
};

static enum weir_status open_client(struct weir__kafka_examination *of,
				    const struct weir_kafka_sink_options *options,
				    const struct weir_property *more, size_t count)
{
	rd_kafka_conf_t *conf = weir__kafka_conf_new(options, of->err);

	if (!conf)
		return of->err->status;
	for (size_t i = 0; i < count; i++)
		rd_kafka_conf_set(conf, more[i].name, more[i].value, NULL, 0);
	return weir__examine_open(of, RD_KAFKA_PRODUCER, conf);
}

/* Complaints, and what became of records; how many of these. */
static size_t take_events(struct weir__kafka_examination *of)
{
	rd_kafka_queue_t *queue = rd_kafka_queue_get_main(of->client);
	rd_kafka_event_t *event;
	size_t count = 0;
	int wait_ms = WEIR__EXAMINE_LOOK_MS;

	while ((event = rd_kafka_queue_poll(queue, wait_ms))) {
		const rd_kafka_message_t *record;

		if (rd_kafka_event_type(event) == RD_KAFKA_EVENT_ERROR)
			weir__examine_note(of, event);
		while ((record = rd_kafka_event_message_next(event))) {
			((struct question *)record->_private)->answer = record->err;
			count++;
		}
		rd_kafka_event_destroy(event);
		wait_ms = 0;
	}
	rd_kafka_queue_destroy(queue);
	return count;
}

/* A record for each that nobody stores; see above. */
static void ask(struct weir__kafka_examination *of, struct question *questions, size_t count)
{
	const uint64_t until_ms = weir__monotonic_ms(&of->env) + WEIR__EXAMINE_MS;
	size_t open = 0;

	for (size_t i = 0; i < count; i++) {
		rd_kafka_resp_err_t code;

		if (!questions[i].may)
			continue;
		code = rd_kafka_producev(of->client, RD_KAFKA_V_TOPIC(questions[i].topic),
					 RD_KAFKA_V_VALUE(NULL, 0),
					 RD_KAFKA_V_OPAQUE(&questions[i]), RD_KAFKA_V_END);
		questions[i].answer = code ? code : NO_REPORT;
		open += code == RD_KAFKA_RESP_ERR_NO_ERROR;
	}
	while (open && weir__monotonic_ms(&of->env) < until_ms)
		open -= take_events(of);
}

static enum weir_status check_rights(struct weir__kafka_examination *of,
				     const struct weir_kafka_sink_options *options,
				     struct question *questions, size_t count)
{
	static const struct weir_property harmless[] = {
		{ "enable.idempotence", "false" },
		{ "acks", "2" },
		{ "retries", "0" },
		{ "message.timeout.ms", "5000" },
		{ "linger.ms", "0" },
	};
	struct weir_error reason;

	if (open_client(of, options, harmless, sizeof harmless / sizeof *harmless) < 0)
		return of->err->status;
	ask(of, questions, count);
	for (size_t i = 0; i < count; i++) {
		const struct question *at = &questions[i];

		if (!at->may)
			continue;
		if (!at->answer || at->answer == RD_KAFKA_RESP_ERR_INVALID_REQUIRED_ACKS) {
			weir__examine_tell(of, WEIR_CHECK_OK, "topic %s: may be written to",
					   at->topic);
			continue;
		}
		weir__kafka_error(&reason, at->answer, at->topic, -1);
		weir__examine_tell(of, WEIR_CHECK_WRONG, "%s", reason.text);
	}
	weir__examine_close(of);
	return WEIR_OK;
}

static enum weir_status check_topics(struct weir__kafka_examination *of,
				     const struct weir_kafka_sink_options *options,
				     const struct rd_kafka_metadata *metadata,
				     const char *const *topics, size_t count)
{
	struct question *questions = weir__alloc_array(&of->env, count + 1, sizeof *questions);
	const struct rd_kafka_metadata_topic *topic;
	enum weir_status status = WEIR_OK;
	struct weir_error reason;
	bool has_any = false;

	if (!questions)
		return weir__error_no_memory(of->err);
	for (size_t i = 0; i < count; i++) {
		questions[i].topic = topics[i];
		topic = NULL;
		if (weir__kafka_check_topic(topics[i], &reason) < 0)
			weir__examine_tell(of, WEIR_CHECK_WRONG, "%s", reason.text);
		else
			topic = weir__examine_topic(of, metadata, topics[i]);
		questions[i].may = topic && weir__examine_leaders(of, topic) == 0;
		has_any |= questions[i].may;
	}
	weir__examine_close(of);
	if (has_any)
		status = check_rights(of, options, questions, count);
	weir__free(&of->env, questions, (count + 1) * sizeof *questions);
	return status;
}

enum weir_status weir_kafka_check(const struct weir_env *env, const char *name,
				  const struct weir_kafka_sink_options *given,
				  const char *const *topics, size_t topic_count, weir_check_fn *call,
				  void *user, struct weir_error *err)
{
	const struct rd_kafka_metadata *metadata = NULL;
	struct weir_kafka_sink_options options;
	struct weir_error reason;
	struct weir__kafka_examination of = { .env = weir__env_complete(env),
					      .role = "sink",
					      .name = name ? name : "",
					      .tell = call,
					      .user = user,
					      .err = &reason };
	enum weir_status status;

	status = weir__options_read(given, &options, sizeof options, "weir_kafka_sink_options",
				    &reason);
	options.transactional_id = NULL;
	options.offsets_of = NULL;
	if (status == WEIR_OK)
		status = open_client(&of, &options, NULL, 0);
	if (status == WEIR_OK)
		metadata = weir__examine_brokers(&of);
	if (metadata) {
		status = check_topics(&of, &options, metadata, topics, topic_count);
		rd_kafka_metadata_destroy(metadata);
	}
	weir__examine_close(&of);
	if (status < 0 && err)
		*err = reason;
	return status;
}
