/* SPDX-License-Identifier: MIT */
/*
 * The configurations of librdkafka's clients; that of the Kafka sink's producer.
 *
 * Guarantees: an unknown, wrong or unusable property is an error that names it, before anything
 * starts; the value of a property that may be a secret is never in an error. Called by the adds.
 */
#include "connect/kafka/conf.h"
#include "connect/kafka/internal.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "ground/count.h"
#include "ground/error.h"

/* weir's defaults, where they differ from librdkafka's. */
static const struct weir_property defaults[] = {
	{ "client.id", "weir" },
	{ "compression.codec", "lz4" },
	{ "acks", "all" },
	{ "enable.idempotence", "true" },
	{ "partitioner", "murmur2_random" },
	{ "message.timeout.ms", "0" },
};

/* Properties that would take away what the sink stands on. */
static const struct weir__kafka_refusal refused[] = {
	{ "transactional.id", NULL, "set .transactional_id and .offsets_of in its place" },
	{ "delivery.report.only.error", "false",
	  "without reports nothing would count as delivered" },
	{ "log.queue", "true", "logs come through the pipeline's thread" },
};

/* Properties that say where the brokers are. */
static const char *const broker_properties[] = {
	"bootstrap.servers",
	"metadata.broker.list",
	"test.mock.num.brokers",
};

static bool is_secret(const char *name)
{
	return strstr(name, "password") || strstr(name, "secret") ||
	       strncmp(name, "sasl.", 5) == 0 || strncmp(name, "ssl.key", 7) == 0;
}

static const char *find(const struct weir_property *properties, size_t count, const char *name)
{
	const char *value = NULL;

	for (size_t i = 0; i < count; i++)
		if (strcmp(properties[i].name, name) == 0)
			value = properties[i].value;
	return value;
}

static bool has_brokers(const struct weir__kafka_wanted *wanted)
{
	if (wanted->brokers && *wanted->brokers)
		return true;
	for (size_t i = 0; i < WEIR__COUNT(broker_properties); i++)
		if (find(wanted->properties, wanted->property_count, broker_properties[i]))
			return true;
	return false;
}

static enum weir_status check_refused(const struct weir__kafka_wanted *wanted,
				      const struct weir_property *property, struct weir_error *err)
{
	for (size_t i = 0; i < wanted->refusal_count; i++) {
		const struct weir__kafka_refusal *refusal = &wanted->refusals[i];

		if (strcmp(property->name, refusal->name) != 0)
			continue;
		if (refusal->allowed && strcmp(property->value, refusal->allowed) == 0)
			return WEIR_OK;
		return weir__error_invalid(err, "property '%s' cannot be set here: %s",
					   property->name, refusal->reason);
	}
	return WEIR_OK;
}

static enum weir_status check(const struct weir__kafka_wanted *options, struct weir_error *err)
{
	if (options->property_count && !options->properties)
		return weir__error_invalid(err, "property_count is %zu, but properties is NULL",
					   options->property_count);
	for (size_t i = 0; i < options->property_count; i++) {
		const struct weir_property *property = &options->properties[i];

		if (!property->name || !*property->name)
			return weir__error_invalid(err, "property %zu has no name", i + 1);
		if (!property->value)
			return weir__error_invalid(err, "property '%s' has no value",
						   property->name);
		if (check_refused(options, property, err) < 0)
			return WEIR_ERR_INVALID;
	}
	if (!has_brokers(options))
		return weir__error_invalid(err, "no brokers: set .brokers = \"host:9092\" or the "
						"property 'bootstrap.servers'");
	return WEIR_OK;
}

void weir__kafka_one_line(char *text)
{
	size_t len = 0;

	for (char *at = text; *at; at++) {
		if ((unsigned char)*at < ' ')
			*at = ' ';
		if (*at != ' ')
			len = (size_t)(at - text) + 1;
	}
	text[len] = '\0';
}

static enum weir_status set(rd_kafka_conf_t *conf, const char *name, const char *value,
			    struct weir_error *err)
{
	char text[256];
	const rd_kafka_conf_res_t answer =
		rd_kafka_conf_set(conf, name, value, text, sizeof text);

	if (answer == RD_KAFKA_CONF_OK)
		return WEIR_OK;
	if (answer == RD_KAFKA_CONF_UNKNOWN)
		return weir__error_invalid(err, "unknown property '%s'", name);
	if (is_secret(name))
		return weir__error_invalid(err, "property '%s': wrong value (not shown)", name);
	weir__kafka_one_line(text);
	return weir__error_invalid(err, "property '%s': %s", name, text);
}

static enum weir_status set_each(rd_kafka_conf_t *conf, const struct weir_property *properties,
				 size_t count, struct weir_error *err)
{
	enum weir_status status = WEIR_OK;

	for (size_t i = 0; i < count && status == WEIR_OK; i++)
		status = set(conf, properties[i].name, properties[i].value, err);
	return status;
}

static enum weir_status set_all(rd_kafka_conf_t *conf, const struct weir__kafka_wanted *wanted,
				struct weir_error *err)
{
	enum weir_status status = set_each(conf, wanted->defaults, wanted->default_count, err);

	if (status == WEIR_OK)
		status = set_each(conf, wanted->derived, wanted->derived_count, err);
	if (status == WEIR_OK && wanted->brokers && *wanted->brokers)
		status = set(conf, "bootstrap.servers", wanted->brokers, err);
	if (status == WEIR_OK)
		status = set_each(conf, wanted->properties, wanted->property_count, err);
	if (status == WEIR_OK)
		status = set(conf, "log.queue", "true", err);
	return status;
}

rd_kafka_conf_t *weir__kafka_conf_make(const struct weir__kafka_wanted *wanted,
				       struct weir_error *err)
{
	rd_kafka_conf_t *conf;

	if (check(wanted, err) < 0)
		return NULL;
	conf = rd_kafka_conf_new();
	if (set_all(conf, wanted, err) < 0) {
		rd_kafka_conf_destroy(conf);
		return NULL;
	}
	return conf;
}

/* Idempotence needs acks=all: who asks for less, and not for idempotence, does without it. */
static bool gives_up_idempotence(const struct weir__kafka_wanted *wanted)
{
	const char *acks = find(wanted->properties, wanted->property_count, "acks");

	if (!acks)
		acks = find(wanted->properties, wanted->property_count, "request.required.acks");
	return acks && strcasecmp(acks, "all") != 0 && strcmp(acks, "-1") != 0;
}

rd_kafka_conf_t *weir__kafka_conf_new(const struct weir_kafka_sink_options *options,
				      struct weir_error *err)
{
	const char *timeout = find(options->properties, options->property_count,
				   "transaction.timeout.ms");
	struct weir_property derived[2];
	struct weir__kafka_wanted wanted = {
		.brokers = options->brokers,
		.properties = options->properties,
		.property_count = options->property_count,
		.defaults = defaults,
		.default_count = WEIR__COUNT(defaults),
		.derived = derived,
		.refusals = refused,
		.refusal_count = WEIR__COUNT(refused),
	};
	rd_kafka_conf_t *conf;

	if (check(&wanted, err) < 0)
		return NULL;
	if (options->transactional_id) {	/* a message lasts as long as its transaction may */
		derived[wanted.derived_count++] =
			(struct weir_property){ "transactional.id", options->transactional_id };
		derived[wanted.derived_count++] = (struct weir_property){
			"message.timeout.ms", timeout ? timeout : "60000" };
	} else if (gives_up_idempotence(&wanted)) {
		derived[wanted.derived_count++] =
			(struct weir_property){ "enable.idempotence", "false" };
	}
	conf = weir__kafka_conf_make(&wanted, err);
	if (conf)
		rd_kafka_conf_set_events(conf, RD_KAFKA_EVENT_DR | RD_KAFKA_EVENT_ERROR |
						       RD_KAFKA_EVENT_LOG);
	return conf;
}

bool weir__kafka_conf_is_true(const rd_kafka_conf_t *conf, const char *name)
{
	char text[32] = "";
	size_t size = sizeof text;

	return rd_kafka_conf_get(conf, name, text, &size) == RD_KAFKA_CONF_OK &&
	       strcmp(text, "true") == 0;
}

uint64_t weir__kafka_conf_number(const rd_kafka_conf_t *conf, const char *name)
{
	char text[32] = "";
	size_t size = sizeof text;

	rd_kafka_conf_get(conf, name, text, &size);
	return strtoull(text, NULL, 10);
}

static bool is_topic_byte(char byte)
{
	return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
	       (byte >= '0' && byte <= '9') || byte == '.' || byte == '_' || byte == '-';
}

static enum weir_status illegal_topic(struct weir_error *err, const char *topic, const char *rule)
{
	return weir_error_set(err, WEIR_ERR_INVALID, WEIR_REMEDY_SKIP,
			      "illegal topic name '%.100s': %s", topic, rule);
}

enum weir_status weir__kafka_check_topic(const char *topic, struct weir_error *err)
{
	const size_t len = strlen(topic);

	if (len == 0)
		return illegal_topic(err, topic, "it is empty");
	if (len > WEIR__KAFKA_TOPIC_BYTES)
		return illegal_topic(err, topic, "Kafka allows 249 bytes");
	if (strcmp(topic, ".") == 0 || strcmp(topic, "..") == 0)
		return illegal_topic(err, topic, "Kafka reserves '.' and '..'");
	for (size_t i = 0; i < len; i++)
		if (!is_topic_byte(topic[i]))
			return illegal_topic(err, topic,
					     "Kafka allows letters, digits, '.', '_' and '-'");
	return WEIR_OK;
}
