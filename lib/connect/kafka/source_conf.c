/* SPDX-License-Identifier: MIT */
/*
 * The options of the Kafka source, checked, and its consumer's configuration.
 *
 * Guarantees: what is wrong is said before anything starts, by the option's or property's name.
 * Called by the add.
 */
#include "connect/kafka/conf.h"
#include "connect/kafka/source.h"

#include <string.h>

#include "ground/count.h"
#include "ground/env.h"
#include "ground/error.h"

#define DEFAULT_COMMIT_MS 1000

/* weir's defaults, where they differ from librdkafka's. */
static const struct weir_property defaults[] = {
	{ "client.id", "weir" },
	{ "partition.assignment.strategy", "cooperative-sticky" },
	{ "enable.auto.commit", "false" },
	{ "enable.auto.offset.store", "false" },
	{ "queued.max.messages.kbytes", "32768" },
};

/* Properties that would take away what the source stands on. */
static const struct weir__kafka_refusal refused[] = {
	{ "enable.auto.commit", "false", "only what is settled is committed" },
	{ "auto.commit.enable", "false", "only what is settled is committed" },
	{ "enable.auto.offset.store", "false", "only what is settled is committed" },
	{ "log.queue", "true", "logs come through the pipeline's thread" },
};

/* Without a group librdkafka wants a name all the same; nothing is committed to it. */
#define NO_GROUP "weir"

static const char *group_of(const struct weir_kafka_source_options *options)
{
	const char *group = options->group;

	for (size_t i = 0; i < options->property_count && options->properties; i++)
		if (options->properties[i].name && options->properties[i].value &&
		    strcmp(options->properties[i].name, "group.id") == 0)
			group = options->properties[i].value;
	return group && *group ? group : NULL;
}

static enum weir_status check_topics(const struct weir_kafka_source_options *options,
				     struct weir_error *err)
{
	for (size_t i = 0; i < options->topic_count; i++) {
		const char *topic = options->topics[i];

		if (!topic)
			return weir__error_invalid(err, "topic %zu is NULL", i + 1);
		if (*topic != '^' && weir__kafka_check_topic(topic, err) < 0) {
			err->remedy = WEIR_REMEDY_STOP;
			return WEIR_ERR_INVALID;
		}
	}
	for (size_t i = 0; i < options->partition_count; i++) {
		const struct weir_kafka_partition *of = &options->partitions[i];

		if (!of->topic || weir__kafka_check_topic(of->topic, err) < 0)
			return weir__error_invalid(err, "partition %zu names no legal topic",
						   i + 1);
		if (of->partition < 0)
			return weir__error_invalid(err, "topic '%.80s': there is no partition %d",
						   of->topic, (int)of->partition);
		if (of->offset > INT64_MAX)
			return weir__error_invalid(err, "topic '%.80s': the offset is above %lld",
						   of->topic, (long long)INT64_MAX);
	}
	return WEIR_OK;
}

static enum weir_status check(const struct weir_kafka_source_options *options,
			      struct weir_error *err)
{
	if ((options->topic_count && !options->topics) ||
	    (options->partition_count && !options->partitions))
		return weir__error_invalid(err, "a count is set, but what it counts is NULL");
	if (!options->topic_count == !options->partition_count)
		return weir__error_invalid(err, "set .topics or .partitions, one of them");
	if (options->topic_count && !group_of(options))
		return weir__error_invalid(err, "no group: set .group, or .partitions in the place "
						"of .topics");
	if (options->start > WEIR_KAFKA_START_TIME)
		return weir__error_invalid(err, "start is %d", (int)options->start);
	if (options->start_time_ms && options->start != WEIR_KAFKA_START_TIME)
		return weir__error_invalid(err, "start_time_ms is for WEIR_KAFKA_START_TIME");
	if (options->start_time_ms > INT64_MAX)
		return weir__error_invalid(err, "start_time_ms is above %lld",
					   (long long)INT64_MAX);
	if (options->kind && !weir_kind_name(options->kind))
		return weir__error_invalid(err, "kind %u is not one kind", options->kind);
	return check_topics(options, err);
}

static rd_kafka_conf_t *conf_new(const struct weir_kafka_source_options *options,
				 struct weir_error *err)
{
	const char *group = group_of(options);
	const struct weir_property derived[] = {
		{ "group.id", group ? group : NO_GROUP },
		{ "auto.offset.reset",
		  options->start == WEIR_KAFKA_START_LATEST ? "latest" : "earliest" },
		{ "enable.partition.eof", options->until_end ? "true" : "false" },
	};
	const struct weir__kafka_wanted wanted = {
		.defaults = defaults,
		.default_count = WEIR__COUNT(defaults),
		.derived = derived,
		.derived_count = WEIR__COUNT(derived),
		.brokers = options->brokers,
		.properties = options->properties,
		.property_count = options->property_count,
		.refusals = refused,
		.refusal_count = WEIR__COUNT(refused),
	};
	rd_kafka_conf_t *conf = weir__kafka_conf_make(&wanted, err);

	if (conf)
		rd_kafka_conf_set_events(conf, RD_KAFKA_EVENT_FETCH | RD_KAFKA_EVENT_REBALANCE |
						       RD_KAFKA_EVENT_OFFSET_COMMIT |
						       RD_KAFKA_EVENT_ERROR | RD_KAFKA_EVENT_LOG);
	return conf;
}

/* The offset that librdkafka is told; below zero one of its words, or what is to be looked up. */
static int64_t offset_of(const struct weir_kafka_source_options *options, uint64_t offset)
{
	if (offset)
		return (int64_t)offset;
	if (options->start == WEIR_KAFKA_START_TIME)
		return RD_KAFKA_OFFSET_INVALID;
	if (group_of(options))
		return RD_KAFKA_OFFSET_STORED;
	return options->start == WEIR_KAFKA_START_LATEST ? RD_KAFKA_OFFSET_END
							 : RD_KAFKA_OFFSET_BEGINNING;
}

static void list_topics(struct weir__kafka_source *source,
			const struct weir_kafka_source_options *options)
{
	const int count = (int)(options->topic_count + options->partition_count);
	rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(count);

	for (size_t i = 0; i < options->topic_count; i++)
		rd_kafka_topic_partition_list_add(list, options->topics[i],
						  RD_KAFKA_PARTITION_UA);
	for (size_t i = 0; i < options->partition_count; i++) {
		const struct weir_kafka_partition *of = &options->partitions[i];

		rd_kafka_topic_partition_list_add(list, of->topic, of->partition)->offset =
			offset_of(options, of->offset);
	}
	if (options->topic_count)
		source->topics = list;
	else
		source->partitions = list;
}

enum weir_status weir__kafka_source_configure(struct weir__kafka_source *source,
					      const struct weir_kafka_source_options *options,
					      struct weir_error *err)
{
	if (check(options, err) < 0)
		return WEIR_ERR_INVALID;
	source->conf = conf_new(options, err);
	if (!source->conf)
		return WEIR_ERR_INVALID;
	list_topics(source, options);
	source->group = weir__text_copy(source->env, group_of(options));
	if (group_of(options) && !source->group)
		return weir__error_no_memory(err);
	source->start = options->start;
	source->start_time_ms = options->start_time_ms;
	source->until_end = options->until_end;
	source->place_headers = options->place_headers;
	source->kind = options->kind;
	source->commit_ms = options->commit_ms ? options->commit_ms : DEFAULT_COMMIT_MS;
	return WEIR_OK;
}
