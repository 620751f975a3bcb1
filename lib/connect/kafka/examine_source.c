/* SPDX-License-Identifier: MIT */
/*
 * Checks of a Kafka source: brokers, group, topics, and the right to read.
 *
 * Guarantees: the group is not joined and nothing is committed; what is asked for begins at the end
 * of a partition, so that no record is brought. Callers: applications, the checks of
 * configurations.
 */
#include <inttypes.h>
#include <regex.h>
#include <stdio.h>
#include <string.h>

#include "connect/kafka/examine.h"
#include "connect/kafka/source.h"
#include "ground/error.h"
#include "ground/options.h"

struct reading {
	struct weir__kafka_examination of;
	struct weir__kafka_source source;	/* for its configuration */
	const struct rd_kafka_metadata *metadata;
	rd_kafka_topic_partition_list_t *all;	/* partitions of all topics it would read */
	rd_kafka_topic_partition_list_t *ends;	/* one of each, to be asked */
};

/* ---- topics ---- */

/* Enters one partition that can be asked; `partition` below zero: any. */
static void add_end(struct reading *to, const struct rd_kafka_metadata_topic *topic,
		    int32_t partition)
{
	for (int i = 0; i < topic->partition_cnt; i++) {
		const struct rd_kafka_metadata_partition *at = &topic->partitions[i];

		if (at->leader < 0 || (partition >= 0 && at->id != partition) ||
		    rd_kafka_topic_partition_list_find(to->ends, topic->topic, at->id))
			continue;
		rd_kafka_topic_partition_list_add(to->ends, topic->topic, at->id)->offset =
			RD_KAFKA_OFFSET_END;
		return;
	}
}

static void add_topic(struct reading *to, const struct rd_kafka_metadata_topic *topic)
{
	if (rd_kafka_topic_partition_list_find(to->all, topic->topic, 0))
		return;		/* a name, and an expression that fits it */
	weir__examine_leaders(&to->of, topic);
	if (topic->partition_cnt > 0)
		rd_kafka_topic_partition_list_add_range(to->all, topic->topic, 0,
							topic->partition_cnt - 1);
	add_end(to, topic, -1);
}

/* As librdkafka reads them: POSIX's extended ones. */
static void add_fitting(struct reading *to, const char *expression)
{
	size_t count = 0;
	char text[120];
	regex_t regex;
	const int code = regcomp(&regex, expression, REG_EXTENDED | REG_NOSUB);

	if (code) {
		regerror(code, &regex, text, sizeof text);
		weir__examine_tell(&to->of, WEIR_CHECK_WRONG, "'%.200s' is no regular expression: %s",
				   expression, text);
		return;
	}
	for (int i = 0; i < to->metadata->topic_cnt; i++) {
		const struct rd_kafka_metadata_topic *topic = &to->metadata->topics[i];

		if (topic->err || regexec(&regex, topic->topic, 0, NULL, 0) != 0)
			continue;
		add_topic(to, topic);
		count++;
	}
	regfree(&regex);
	if (!count)
		weir__examine_tell(&to->of, WEIR_CHECK_WRONG, "no topic fits '%.200s'; make one, or "
				   "look at the expression", expression);
}

static void add_subscribed(struct reading *to)
{
	const rd_kafka_topic_partition_list_t *topics = to->source.topics;

	for (int i = 0; topics && i < topics->cnt; i++) {
		const struct rd_kafka_metadata_topic *topic;

		if (*topics->elems[i].topic == '^') {
			add_fitting(to, topics->elems[i].topic);
			continue;
		}
		topic = weir__examine_topic(&to->of, to->metadata, topics->elems[i].topic);
		if (topic)
			add_topic(to, topic);
	}
}

/* ---- named partitions ---- */

static void check_offset(const struct reading *of, const rd_kafka_topic_partition_t *at)
{
	int64_t low, high;
	struct weir_error reason;
	const rd_kafka_resp_err_t code = rd_kafka_query_watermark_offsets(
		of->of.client, at->topic, at->partition, &low, &high, WEIR__EXAMINE_MS);

	if (code) {
		weir__kafka_error(&reason, code, at->topic, at->partition);
		weir__examine_tell(&of->of, WEIR_CHECK_WRONG, "%s", reason.text);
	} else if (at->offset < low || at->offset > high) {
		weir__examine_tell(&of->of, WEIR_CHECK_WRONG, "topic %s: partition %d holds offsets "
				   "%" PRId64 " to %" PRId64 ", not %" PRId64 "; name another",
				   at->topic, (int)at->partition, low, high, at->offset);
	} else {
		weir__examine_tell(&of->of, WEIR_CHECK_OK, "topic %s: partition %d has offset "
				   "%" PRId64 ", %" PRId64 " before its end", at->topic,
				   (int)at->partition, at->offset, high - at->offset);
	}
}

static void add_named(struct reading *to)
{
	const rd_kafka_topic_partition_list_t *named = to->source.partitions;

	for (int i = 0; named && i < named->cnt; i++) {
		const rd_kafka_topic_partition_t *at = &named->elems[i];
		const struct rd_kafka_metadata_topic *topic =
			weir__examine_topic(&to->of, to->metadata, at->topic);

		if (!topic)
			continue;
		if (at->partition >= topic->partition_cnt) {
			weir__examine_tell(&to->of, WEIR_CHECK_WRONG, "topic %s has no partition %d: "
					   "they are 0 to %d", at->topic, (int)at->partition,
					   topic->partition_cnt - 1);
			continue;
		}
		if (!rd_kafka_topic_partition_list_find(to->all, at->topic, at->partition))
			rd_kafka_topic_partition_list_add(to->all, at->topic, at->partition);
		add_end(to, topic, at->partition);
		if (at->offset > 0)
			check_offset(to, at);
	}
}

/* ---- what the client says ---- */

/* Each one that has an answer has its offset at zero from then on. */
static size_t note_answer(struct reading *of, const char *topic, int32_t partition,
			  rd_kafka_resp_err_t code)
{
	rd_kafka_topic_partition_t *at =
		rd_kafka_topic_partition_list_find(of->ends, topic, partition);

	if (!at || at->offset == 0)
		return 0;
	at->offset = 0;
	at->err = code == RD_KAFKA_RESP_ERR__PARTITION_EOF ? RD_KAFKA_RESP_ERR_NO_ERROR : code;
	return 1;
}

static size_t take_event(struct reading *of, rd_kafka_event_t *event)
{
	rd_kafka_topic_partition_t *place;
	const rd_kafka_message_t *record;
	size_t count = 0;

	while (rd_kafka_event_type(event) == RD_KAFKA_EVENT_FETCH &&
	       (record = rd_kafka_event_message_next(event)))
		count += note_answer(of, rd_kafka_topic_name(record->rkt), record->partition,
				     record->err);
	if (rd_kafka_event_type(event) != RD_KAFKA_EVENT_ERROR)
		return count;
	place = rd_kafka_event_topic_partition(event);
	if (!place) {
		weir__examine_note(&of->of, event);
		return 0;
	}
	count = note_answer(of, place->topic, place->partition, rd_kafka_event_error(event));
	rd_kafka_topic_partition_destroy(place);
	return count;
}

/* What there is to hear within that time, or until `open` answers have come. */
static void listen_to(struct reading *of, size_t open, int ms)
{
	const uint64_t until_ms = weir__monotonic_ms(&of->of.env) + (uint64_t)ms;
	rd_kafka_queue_t *queue = rd_kafka_queue_get_consumer(of->of.client);
	rd_kafka_event_t *event;

	do {
		event = rd_kafka_queue_poll(queue, ms ? WEIR__EXAMINE_LOOK_MS : 0);
		if (event)
			open -= take_event(of, event);
		rd_kafka_event_destroy(event);
	} while (ms ? open && weir__monotonic_ms(&of->of.env) < until_ms : event != NULL);
	rd_kafka_queue_destroy(queue);
}

/* ---- the group ---- */

static void check_group(struct reading *of)
{
	const char *group = of->source.group;
	rd_kafka_resp_err_t code;
	int committed = 0;

	if (!group || !of->all->cnt)
		return;
	of->of.code = RD_KAFKA_RESP_ERR_NO_ERROR;
	rd_kafka_poll_set_consumer(of->of.client);
	code = rd_kafka_committed(of->of.client, of->all, WEIR__EXAMINE_MS);
	listen_to(of, 0, 0);
	for (int i = 0; i < of->all->cnt && !code; i++) {
		code = of->all->elems[i].err;
		committed += of->all->elems[i].offset >= 0;
	}
	if (code && of->of.code)	/* why no coordinator was found says more */
		code = of->of.code;
	if (code)
		weir__examine_tell(&of->of, WEIR_CHECK_WRONG, "group %.200s: %s: %s; allow this "
				   "client to read in it, or look at the brokers", group,
				   rd_kafka_err2name(code), rd_kafka_err2str(code));
	else
		weir__examine_tell(&of->of, WEIR_CHECK_OK, "group %.200s: has committed offsets "
				   "of %d of %d partitions", group, committed, of->all->cnt);
}

/* ---- the right to read ---- */

static void tell_right(const struct reading *of, const rd_kafka_topic_partition_t *at)
{
	const rd_kafka_resp_err_t code = at->offset ? RD_KAFKA_RESP_ERR__TIMED_OUT : at->err;
	char place[300];

	if (of->source.partitions)
		snprintf(place, sizeof place, "topic %s: partition %d", at->topic,
			 (int)at->partition);
	else
		snprintf(place, sizeof place, "topic %s:", at->topic);
	if (code)
		weir__examine_tell(&of->of, WEIR_CHECK_WRONG, "%s cannot be read: %s: %s; allow this "
				   "client to read it, or look at the brokers", place,
				   rd_kafka_err2name(code), rd_kafka_err2str(code));
	else
		weir__examine_tell(&of->of, WEIR_CHECK_OK, "%s may be read", place);
}

static void check_rights(struct reading *of)
{
	if (of->ends->cnt) {
		rd_kafka_assign(of->of.client, of->ends);
		listen_to(of, (size_t)of->ends->cnt, WEIR__EXAMINE_MS);
		rd_kafka_assign(of->of.client, NULL);
	}
	for (int i = 0; i < of->ends->cnt; i++)
		tell_right(of, &of->ends->elems[i]);
}

/* ---- all ---- */

static void check_all(struct reading *of)
{
	of->metadata = weir__examine_brokers(&of->of);
	if (!of->metadata)
		return;
	of->all = rd_kafka_topic_partition_list_new(0);
	of->ends = rd_kafka_topic_partition_list_new(0);
	add_subscribed(of);
	add_named(of);
	check_group(of);
	check_rights(of);
	rd_kafka_topic_partition_list_destroy(of->ends);
	rd_kafka_topic_partition_list_destroy(of->all);
	rd_kafka_metadata_destroy(of->metadata);
}

static enum weir_status open_client(struct reading *of)
{
	rd_kafka_conf_t *conf = of->source.conf;

	of->source.conf = NULL;
	rd_kafka_conf_set(conf, "enable.partition.eof", "true", NULL, 0);
	rd_kafka_conf_set_events(conf, RD_KAFKA_EVENT_FETCH | RD_KAFKA_EVENT_ERROR |
					       RD_KAFKA_EVENT_LOG);
	return weir__examine_open(&of->of, RD_KAFKA_CONSUMER, conf);
}

static void release(struct reading *of)
{
	struct weir__kafka_source *source = &of->source;

	weir__examine_close(&of->of);
	if (source->conf)
		rd_kafka_conf_destroy(source->conf);
	if (source->topics)
		rd_kafka_topic_partition_list_destroy(source->topics);
	if (source->partitions)
		rd_kafka_topic_partition_list_destroy(source->partitions);
	weir__text_free(source->env, source->group);
}

enum weir_status weir_kafka_check_source(const struct weir_env *env, const char *name,
					 const struct weir_kafka_source_options *given,
					 weir_check_fn *call, void *user, struct weir_error *err)
{
	struct weir_kafka_source_options options;
	struct weir_error reason;
	struct reading of = { .of = { .env = weir__env_complete(env),
				      .role = "source",
				      .name = name ? name : "",
				      .tell = call,
				      .user = user,
				      .err = &reason } };
	enum weir_status status;

	of.source.env = &of.of.env;
	status = weir__options_read(given, &options, sizeof options, "weir_kafka_source_options",
				    &reason);
	if (status == WEIR_OK)
		status = weir__kafka_source_configure(&of.source, &options, &reason);
	if (status == WEIR_OK)
		status = open_client(&of);
	if (status == WEIR_OK)
		check_all(&of);
	release(&of);
	if (status < 0 && err)
		*err = reason;
	return status;
}
