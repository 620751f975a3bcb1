/* SPDX-License-Identifier: MIT */
/*
 * Kafka Connect's worker file: converters, and the producer under Java's names.
 *
 * Guarantees: a property that Java has and librdkafka has not under that name is translated, told,
 * or an error with the remedy; never passed on to mean something else. Called by eneco.c.
 */
#include <stdio.h>
#include <string.h>

#include "config/foreign.h"
#include "ground/error.h"
#include "kit/text.h"
#include "wire/form.h"

#define SINK "weir.sinks.kafka."
#define JSON_CONVERTER "org.apache.kafka.connect.json.JsonConverter"
#define STRING_CONVERTER "org.apache.kafka.connect.storage.StringConverter"

static struct weir__setting *take(struct weir__foreign *from, const char *key)
{
	return weir__settings_take(&from->config->given, key);
}

/* ---- converters ---- */

/*
 * The last setting of a key in one of Connect's two places: the connector's own configuration, or
 * the worker's. What a call set is of both.
 */
static struct weir__setting *take_of(struct weir__foreign *from, const char *key, bool connectors)
{
	struct weir__setting *found = NULL;

	for (struct weir__setting *at = from->config->given.first; at; at = at->next) {
		if (strcmp(at->key, key) != 0)
			continue;
		at->is_used = true;
		if (!at->file || (at->file == from->file) == connectors)
			found = at;
	}
	return found;
}

/*
 * The connector's converter counts over the worker's, in whichever order the files were read, and
 * a converter is set up by the keys beside it only. *ret_schemas NULL: its default.
 */
static const struct weir__setting *find_converter(struct weir__foreign *from, const char *role,
						  const struct weir__setting **ret_schemas)
{
	char key[64], schemas_key[64];
	const struct weir__setting *converter, *besides;

	snprintf(key, sizeof key, "%s.converter", role);
	snprintf(schemas_key, sizeof schemas_key, "%s.converter.schemas.enable", role);
	converter = take_of(from, key, true);
	if (converter) {
		*ret_schemas = take_of(from, schemas_key, true);
		return converter;
	}
	converter = take_of(from, key, false);
	*ret_schemas = converter ? take_of(from, schemas_key, false) : take(from, schemas_key);
	besides = take_of(from, schemas_key, true);
	if (besides && besides != *ret_schemas)
		weir__config_notice(from->config, "%s: it is not looked at beside the connector: "
				    "the converter is the worker's", schemas_key);
	return converter;
}

enum weir_status weir__worker_converter(struct weir__foreign *from, const char *role,
					const char **ret)
{
	const struct weir__setting *schemas;
	const struct weir__setting *converter = find_converter(from, role, &schemas);
	bool with_schema = true;

	if (schemas && weir__value_boolean(schemas, &with_schema, from->err) < 0)
		return from->err->status;
	*ret = with_schema ? "json-schema" : "json";
	if (!converter || strcmp(converter->value, JSON_CONVERTER) == 0)
		return WEIR_OK;
	*ret = "plain";
	if (strcmp(converter->value, STRING_CONVERTER) == 0)
		return WEIR_OK;
	return weir__settings_wrong(from->err, converter, "'%.80s' is not to be had; take "
				    JSON_CONVERTER " or " STRING_CONVERTER, converter->value);
}

static const char *const converters[] = { "key.converter", "value.converter" };

/* The converter, by number, that a key is of, or seems to be; -1: none. */
static int find_role(const char *key)
{
	for (int role = 0; role < 2; role++)
		if (strncmp(key, converters[role], strlen(converters[role])) == 0)
			return role;
	return -1;
}

/* The class that a converter's key is for: set beside it, or else anywhere. NULL: its default. */
static const char *class_of(const struct weir__foreign *from, const struct weir__setting *setting,
			    const char *converter)
{
	const struct weir__setting *found = NULL;

	for (const struct weir__setting *at = from->config->given.first; at; at = at->next)
		if (strcmp(at->key, converter) == 0 &&
		    (!found || at->file == setting->file || found->file != setting->file))
			found = at;
	return found ? found->value : NULL;
}

/* Those of a converter that is not here are its own, and may be any. */
static bool is_known(const struct weir__foreign *from, const struct weir__setting *setting,
		     const char *converter)
{
	static const char *const known[] = {
		"schemas.enable", "schemas.cache.size", "decimal.format",
		"replace.null.with.default", "converter.type", "converter.encoding",
	};
	const char *name = setting->key + strlen(converter), *class;

	if (*name != '.')
		return !*name;
	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		if (strcmp(name + 1, known[i]) == 0)
			return true;
	class = class_of(from, setting, converter);
	return class && strcmp(class, JSON_CONVERTER) != 0 && strcmp(class, STRING_CONVERTER) != 0;
}

bool weir__worker_is_converter_key(const char *key)
{
	const int role = find_role(key);

	return role >= 0 && key[strlen(converters[role])] == '.';
}

const char *weir__worker_near(const char *key)
{
	static const char *const schemas[] = {
		"key.converter.schemas.enable", "value.converter.schemas.enable"
	};
	const int role = find_role(key);
	const size_t len = strlen(converters[role]) + 1;
	const char *meant = schemas[role] + len;

	return weir__nearest(key + len, &meant, 1) ? schemas[role] : NULL;
}

/* ---- the producer ---- */

static enum weir_status add_property(struct weir__foreign *from, const struct weir__setting *like,
				     const char *name, const char *value)
{
	char key[128];

	snprintf(key, sizeof key, SINK "property.%s", name);
	return weir__foreign_add(from, like, key, value);
}

static enum weir_status keep(struct weir__foreign *from, const struct weir__setting *setting,
			     const char *name)
{
	return add_property(from, setting, name, setting->value);
}

static enum weir_status set_brokers(struct weir__foreign *from, const struct weir__setting *setting,
				    const char *name)
{
	(void)name;
	return weir__foreign_add(from, setting, SINK "brokers", setting->value);
}

static enum weir_status keep_kilobytes(struct weir__foreign *from,
				       const struct weir__setting *setting, const char *name)
{
	uint64_t bytes;
	char text[32];

	if (weir__value_u64(setting, INT64_MAX, &bytes, from->err) < 0)
		return from->err->status;
	snprintf(text, sizeof text, "%llu", (unsigned long long)(bytes / 1024 ? bytes / 1024 : 1));
	return add_property(from, setting, name, text);
}

static bool ends_in(const char *text, const char *end)
{
	return strlen(text) >= strlen(end) && strcmp(text + strlen(text) - strlen(end), end) == 0;
}

static enum weir_status keep_truststore(struct weir__foreign *from,
					const struct weir__setting *setting, const char *name)
{
	if (ends_in(setting->value, ".pem") || ends_in(setting->value, ".crt"))
		return add_property(from, setting, name, setting->value);
	return weir__settings_wrong(from->err, setting, "librdkafka reads PEM: convert it with "
				    "'keytool -list -rfc -keystore FILE > ca.pem' and name ca.pem "
				    "here");
}

static enum weir_status keep_keystore(struct weir__foreign *from,
				      const struct weir__setting *setting, const char *name)
{
	if (ends_in(setting->value, ".p12") || ends_in(setting->value, ".pfx"))
		return add_property(from, setting, name, setting->value);
	return weir__settings_wrong(from->err, setting, "librdkafka reads PKCS12: convert it with "
				    "'keytool -importkeystore -srckeystore FILE -destkeystore "
				    "client.p12 -deststoretype PKCS12'");
}

/* Java's empty word is librdkafka's none. */
static enum weir_status keep_endpoint(struct weir__foreign *from,
				      const struct weir__setting *setting, const char *name)
{
	return add_property(from, setting, name, *setting->value ? setting->value : "none");
}

/* An option of a login module; not there: NULL. */
static enum weir_status read_option(struct weir__foreign *from, const struct weir__setting *setting,
				    const char *name, char **ret)
{
	struct weir_error reason;
	const enum weir_status status = weir__jaas_option(&from->config->env, setting->value, name,
							  ret, &reason);

	if (status == WEIR_ERR_INVALID)
		return weir__settings_wrong(from->err, setting, "%s", reason.text);
	return status < 0 ? weir__error_no_memory(from->err) : WEIR_OK;
}

static enum weir_status keep_jaas(struct weir__foreign *from, const struct weir__setting *setting,
				  const char *name)
{
	struct weir__setting secret = *setting;
	char *user = NULL, *password = NULL;
	enum weir_status status = read_option(from, setting, "username", &user);

	(void)name;
	secret.is_secret = true;
	if (status == WEIR_OK)
		status = read_option(from, setting, "password", &password);
	if (status == WEIR_OK && (!user || !password))
		status = weir__settings_wrong(from->err, setting, "no username=\"…\" and "
					      "password=\"…\" in it");
	if (status == WEIR_OK)
		status = add_property(from, &secret, "sasl.username", user);
	if (status == WEIR_OK)
		status = add_property(from, &secret, "sasl.password", password);
	weir__form_forget(&from->config->env, password);
	weir__text_free(&from->config->env, user);
	return status;
}

static enum weir_status leave(struct weir__foreign *from, const struct weir__setting *setting,
			      const char *name)
{
	(void)name;
	(void)setting;
	(void)from;
	return WEIR_OK;
}

static enum weir_status tell(struct weir__foreign *from, const struct weir__setting *setting,
			     const char *name)
{
	weir__config_notice(from->config, "%s: %s", setting->key, name);
	return WEIR_OK;
}

static const struct row {
	const char *java;
	enum weir_status (*translate)(struct weir__foreign *from,
				      const struct weir__setting *setting, const char *name);
	const char *name;	/* librdkafka's, or what there is to tell; NULL: the same */
} rows[] = {
	{ "bootstrap.servers", set_brokers, NULL },
	{ "client.id", keep, NULL },
	{ "acks", keep, NULL },
	{ "linger.ms", keep, NULL },
	{ "batch.size", keep, NULL },
	{ "compression.type", keep, NULL },
	{ "enable.idempotence", keep, NULL },
	{ "security.protocol", keep, NULL },
	{ "max.in.flight.requests.per.connection", keep, NULL },
	{ "delivery.timeout.ms", keep, NULL },
	{ "request.timeout.ms", keep, NULL },
	{ "retries", keep, NULL },
	{ "retry.backoff.ms", keep, NULL },
	{ "reconnect.backoff.ms", keep, NULL },
	{ "reconnect.backoff.max.ms", keep, NULL },
	{ "metadata.max.age.ms", keep, NULL },
	{ "connections.max.idle.ms", keep, NULL },
	{ "sasl.mechanism", keep, NULL },
	{ "sasl.kerberos.service.name", keep, NULL },
	{ "transactional.id", keep, NULL },	/* which the sink refuses, with its reason */
	{ "send.buffer.bytes", keep, "socket.send.buffer.bytes" },
	{ "receive.buffer.bytes", keep, "socket.receive.buffer.bytes" },
	{ "max.request.size", keep, "message.max.bytes" },
	{ "buffer.memory", keep_kilobytes, "queue.buffering.max.kbytes" },
	{ "ssl.truststore.location", keep_truststore, "ssl.ca.location" },
	{ "ssl.truststore.password", leave, NULL },
	{ "ssl.truststore.type", leave, NULL },
	{ "ssl.keystore.location", keep_keystore, NULL },
	{ "ssl.keystore.password", keep, NULL },
	{ "ssl.keystore.type", leave, NULL },
	{ "ssl.key.password", keep, NULL },
	{ "ssl.endpoint.identification.algorithm", keep_endpoint, NULL },
	{ "sasl.jaas.config", keep_jaas, NULL },
	{ "key.serializer", leave, NULL },
	{ "value.serializer", leave, NULL },
	{ "interceptor.classes", tell, "interceptors are Java: they do not run" },
	{ "partitioner.class", tell, "partitioners are Java: keys are hashed as Java's default does" },
	{ "max.block.ms", tell, "a full queue makes the stream wait, for as long as it takes" },
};

static enum weir_status translate(struct weir__foreign *from, struct weir__setting *setting,
				  const char *java)
{
	setting->is_used = true;
	if (strstr(java, "password"))
		weir__settings_hide(&from->config->given, setting);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (strcmp(rows[i].java, java) == 0)
			return rows[i].translate(from, setting,
						 rows[i].name ? rows[i].name : rows[i].java);
	weir__config_notice(from->config, "%s: librdkafka has it not under that name; set "
			    "weir.sinks.kafka.property.…", setting->key);
	return WEIR_OK;
}

enum weir_status weir__worker_sink(struct weir__foreign *from)
{
	static const char *const prefixes[] = { "producer.", "producer.override." };
	const struct weir__setting *brokers = take(from, "bootstrap.servers");

	if (weir__foreign_add(from, NULL, SINK "type", "kafka") < 0 ||
	    weir__foreign_add(from, brokers, SINK "brokers",
			      brokers ? brokers->value : "localhost:9092") < 0)
		return from->err->status;
	for (size_t i = 0; i < 2; i++) {
		for (struct weir__setting *at = from->config->given.first; at; at = at->next) {
			const bool overrides = strncmp(at->key, prefixes[1], strlen(prefixes[1])) == 0;

			if (strncmp(at->key, prefixes[0], strlen(prefixes[0])) != 0 ||
			    overrides != (i == 1))
				continue;
			if (translate(from, at, at->key + strlen(prefixes[i])) < 0)
				return from->err->status;
		}
	}
	return WEIR_OK;
}

bool weir__worker_is_idle(const struct weir__foreign *from, const struct weir__setting *setting)
{
	static const char *const idle[] = {
		"access.control.", "admin.",	"config.",   "connector.client.config.override.",
		"consumer.",	   "group.id",	"header.converter", "internal.",
		"key.converter",   "listeners", "name",	     "offset.",
		"plugin.path",	   "predicates", "queue.batch.size", "queue.empty.ms", "rest.",
		"status.",	   "task.",	"topic.creation.",  "transforms.",
		"twitter.app.name", "twitter.debug", "value.converter", "bootstrap.servers",
	};
	const char *key = setting->key;
	const int role = find_role(key);

	if (role >= 0 && from->is_eneco)
		return is_known(from, setting, converters[role]);
	for (size_t i = 0; i < sizeof idle / sizeof *idle; i++)
		if (strncmp(key, idle[i], strlen(idle[i])) == 0)
			return true;
	return false;
}
