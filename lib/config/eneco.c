/* SPDX-License-Identifier: MIT */
/*
 * The connectors' keys in weir's: Eneco's kafka-connect-twitter and jcustenborder's, by one table
 * of what differs between them.
 *
 *     twitter.consumerkey, stream.type, track.terms, …    ─► weir.sources.twitter.…
 *     topic, output.format, the converters                ─► weir.routes.statuses.…
 *     bootstrap.servers, producer.…  (worker.c)           ─► weir.sinks.kafka.…
 *
 * Guarantees: what a connector would refuse is refused, and so is what would make other records than
 * Connect did; what it swallowed in silence is told. The weir.… keys of the same files count over
 * what is made here. Called by config.c.
 */
#include <stdio.h>
#include <string.h>

#include "config/foreign.h"
#include "ground/error.h"
#include "kit/bytes.h"
#include "kit/text.h"

#define DEFAULT_BASE "https://stream.twitter.com"

/* A connector's own names for what both have. */
struct connector {
	const char *class;
	const char *credentials[4];
	const char *track, *follow, *topic;
	bool is_eneco;
};

static const struct connector connectors[] = {
	{ "com.eneco.trading.kafka.connect.twitter.TwitterSourceConnector",
	  { "twitter.consumerkey", "twitter.consumersecret", "twitter.token", "twitter.secret" },
	  "track.terms", "track.follow", "topic", true },
	{ "com.github.jcustenborder.kafka.connect.twitter.TwitterSourceConnector",
	  { "twitter.oauth.consumerKey", "twitter.oauth.consumerSecret",
	    "twitter.oauth.accessToken", "twitter.oauth.accessTokenSecret" },
	  "filter.keywords", "filter.userIds", "kafka.status.topic", false },
};

static struct weir__setting *take(struct weir__foreign *from, const char *key)
{
	return weir__settings_take(&from->config->given, key);
}

enum weir_status weir__foreign_add(struct weir__foreign *from, const struct weir__setting *like,
				   const char *key, const char *value)
{
	return weir__settings_add(from->ret, key, value, like) ? WEIR_OK
							       : weir__error_no_memory(from->err);
}

/* ---- which connector ---- */

/* By its class, else by its first credential; NULL: none. */
static const struct connector *find_connector(struct weir__foreign *from,
					      const struct weir__setting *class)
{
	for (size_t i = 0; i < sizeof connectors / sizeof *connectors; i++)
		if (class ? strcmp(class->value, connectors[i].class) == 0
			  : take(from, connectors[i].credentials[0]) != NULL)
			return &connectors[i];
	return NULL;
}

static enum weir_status refuse_class(struct weir__foreign *from, const struct weir__setting *class)
{
	return weir__settings_wrong(from->err, class, "'%.90s' is no connector that weir stands in "
				    "for; those are Eneco's and jcustenborder's "
				    "TwitterSourceConnector", class->value);
}

/* The source that a file of v2's needs in the place of its connector. */
static bool has_own_source(const struct weir__foreign *from)
{
	for (const struct weir__setting *at = from->config->given.first; at; at = at->next)
		if (strncmp(at->key, "weir.sources.", 13) == 0)
			return true;
	return false;
}

/*
 * jcustenborder's release for X API v2 has one credential, and a rule in place of predicates. Not
 * refused is what can run without it: by those of v1.1, or by a source of weir's own. Refused, no
 * connector is known whose keys the others could be.
 */
static enum weir_status refuse_v2(struct weir__foreign *from)
{
	struct weir__settings *given = &from->config->given;
	struct weir__setting *token = weir__settings_find(given, "twitter.bearerToken");
	const struct weir__setting *key = weir__settings_find(given, "twitter.oauth.consumerKey");

	if (!token || !*token->value)
		return WEIR_OK;
	weir__settings_hide(given, token);
	if (from->has_connector ? key && *key->value : has_own_source(from))
		return WEIR_OK;
	from->has_connector = false;
	return weir__settings_wrong(from->err, token, "not translated (v2): drop it and "
				    "connector.class; set weir.sources.x.type=x, .bearer_token, "
				    ".rule_prefix, .rules.1.value, .tag, sink, route");
}

/* They decide what is written, and where: left out, records would go elsewhere than they did. */
static enum weir_status refuse_transforms(struct weir__foreign *from)
{
	const struct weir__setting *transforms = take(from, "transforms");

	if (!transforms || !*transforms->value)
		return WEIR_OK;
	return weir__settings_wrong(from->err, transforms, "Connect's transformations do not run "
				    "here; say what they do with weir.routes.statuses.to, .key, "
				    ".format or .where, and set this key to nothing");
}

/* ---- the source ---- */

static enum weir_status add_credentials(struct weir__foreign *from,
					const struct connector *connector)
{
	static const char *const keys[] = {
		"weir.sources.twitter.consumer_key", "weir.sources.twitter.consumer_secret",
		"weir.sources.twitter.token", "weir.sources.twitter.token_secret"
	};
	enum weir_status status = WEIR_OK;

	for (size_t i = 0; i < 4 && status == WEIR_OK; i++) {
		struct weir__setting *setting = take(from, connector->credentials[i]);

		if (!setting || !*setting->value)
			return weir__error_invalid(from->err, "%s is not set; all four credentials "
						   "are needed", connector->credentials[i]);
		weir__settings_hide(&from->config->given, setting);
		status = weir__foreign_add(from, setting, keys[i], setting->value);
	}
	return status;
}

/* A list as the source takes it: blanks around the commas gone, empty items, too. */
static enum weir_status add_list(struct weir__foreign *from, const struct weir__setting *setting,
				 const char *key)
{
	struct weir__arena arena = { .env = &from->config->env };
	const char *const *items;
	struct weir__bytes text;
	enum weir_status status;
	size_t count;

	weir__bytes_init_secret(&text, &from->config->env);
	status = weir__value_list(&arena, setting, &items, &count, from->err);
	for (size_t i = 0; i < count && status == WEIR_OK; i++) {
		if (!*items[i]) {
			weir__config_notice(from->config, "%s:%u: %s: an empty item is left out",
					    setting->file ? setting->file : "", setting->line,
					    setting->key);
			continue;
		}
		weir__bytes_add(&text, ",", text.len > 0);
		weir__bytes_add_text(&text, items[i]);
	}
	weir__bytes_add(&text, "", 1);
	if (status == WEIR_OK && text.has_failed)
		status = weir__error_no_memory(from->err);
	if (status == WEIR_OK && text.len > 1)
		status = weir__foreign_add(from, setting, key, text.data);
	weir__bytes_release(&text);
	weir__arena_release(&arena);
	return status;
}

/* The predicates of a filter; whether there is any. */
static enum weir_status add_predicates(struct weir__foreign *from,
				       const struct connector *connector, bool is_filter)
{
	const struct {
		const char *key, *to;
	} rows[] = {
		{ connector->track, "weir.sources.twitter.track" },
		{ connector->follow, "weir.sources.twitter.follow" },
		{ "track.locations", "weir.sources.twitter.locations" },
	};
	enum weir_status status = WEIR_OK;
	bool has_any = false;

	for (size_t i = 0; i < 3 && status == WEIR_OK; i++) {
		const struct weir__setting *setting = take(from, rows[i].key);

		if (!setting || !setting->value[strspn(setting->value, ", \t")])
			continue;
		has_any = true;
		if (is_filter)
			status = add_list(from, setting, rows[i].to);
		else
			weir__config_notice(from->config, "%s: stream.type=sample has no "
					    "predicates: it is not looked at", setting->key);
	}
	if (status == WEIR_OK && is_filter && !has_any)
		return weir__error_invalid(from->err, "stream.type=filter needs one of %s, %s, "
					   "track.locations", connector->track, connector->follow);
	return status;
}

static enum weir_status add_url(struct weir__foreign *from, bool is_filter)
{
	const struct weir__setting *base = take(from, "weir.base_url");
	const char *text = base ? base->value : DEFAULT_BASE;
	size_t len = strlen(text);
	char url[512];

	while (len > 0 && text[len - 1] == '/')
		len--;
	if ((size_t)snprintf(url, sizeof url, "%.*s/1.1/statuses/%s.json", (int)len, text,
			     is_filter ? "filter" : "sample") >= sizeof url)
		return weir__settings_wrong(from->err, base, "it is longer than %zu bytes",
					    sizeof url - sizeof "/1.1/statuses/filter.json");
	return weir__foreign_add(from, base, "weir.sources.twitter.url", url);
}

static enum weir_status read_stream_type(struct weir__foreign *from, bool *ret_is_filter)
{
	const struct weir__setting *type = take(from, "stream.type");

	*ret_is_filter = !type || strcmp(type->value, "filter") == 0;
	if (*ret_is_filter || strcmp(type->value, "sample") == 0)
		return WEIR_OK;
	return weir__settings_wrong(from->err, type, "'%.40s' is neither filter nor sample",
				    type->value);
}

static enum weir_status add_source(struct weir__foreign *from, const struct connector *connector)
{
	const struct weir__setting *language = take(from, "language");
	bool is_filter;

	if (read_stream_type(from, &is_filter) < 0 ||
	    weir__foreign_add(from, NULL, "weir.sources.twitter.type", "twitter") < 0 ||
	    weir__foreign_add(from, NULL, "weir.sources.twitter.delimited", "true") < 0 ||
	    add_credentials(from, connector) < 0 || add_url(from, is_filter) < 0 ||
	    add_predicates(from, connector, is_filter) < 0 ||
	    (language && add_list(from, language, "weir.sources.twitter.language") < 0))
		return from->err->status;
	return WEIR_OK;
}

/* ---- the route ---- */

/* The topic, or `topics`, which a worker may demand. NULL: none is set. */
static const struct weir__setting *find_topic(struct weir__foreign *from,
					      const struct connector *connector)
{
	const struct weir__setting *topic = take(from, connector->topic);
	const struct weir__setting *topics = take(from, "topics");

	return topic || !topics || strchr(topics->value, ',') ? topic : topics;
}

static enum weir_status add_topic(struct weir__foreign *from, const struct connector *connector)
{
	const struct weir__setting *topic = find_topic(from, connector);

	if (!topic && !connector->is_eneco)
		return weir__error_invalid(from->err, "%s is not set", connector->topic);
	return weir__foreign_add(from, topic, "weir.routes.statuses.to",
				 topic ? topic->value : "tweets");
}

static enum weir_status read_format(struct weir__foreign *from, const char **ret)
{
	const struct weir__setting *format = take(from, "output.format");

	*ret = "eneco-structured";
	if (!format || strcmp(format->value, "structured") == 0)
		return WEIR_OK;
	*ret = "eneco-string";
	if (strcmp(format->value, "string") == 0)
		return WEIR_OK;
	return weir__settings_wrong(from->err, format, "'%.40s' is neither structured nor string",
				    format->value);
}

/* What no record can be made of is left out, as what no route takes: it must not end the run. */
static enum weir_status add_eneco_tests(struct weir__foreign *from, const char *format)
{
	const bool needs_text = strcmp(format, "eneco-string") == 0;
	const struct {
		const char *key, *value;
	} rows[] = {
		{ "weir.routes.statuses.without_traits", "v2,enveloped" },
		{ "weir.routes.statuses.where.1.path", "user.screen_name" },
		{ "weir.routes.statuses.where.1.test", "exists" },
		{ "weir.routes.statuses.where.2.path", "text" },
		{ "weir.routes.statuses.where.2.test", "exists" },
	};

	for (size_t i = 0; i < (needs_text ? 5 : 3); i++)
		if (weir__foreign_add(from, NULL, rows[i].key, rows[i].value) < 0)
			return from->err->status;
	return WEIR_OK;
}

static enum weir_status add_eneco_format(struct weir__foreign *from)
{
	const char *format, *key, *value;

	if (read_format(from, &format) < 0 || weir__worker_converter(from, "key", &key) < 0 ||
	    weir__worker_converter(from, "value", &value) < 0)
		return from->err->status;
	if (strcmp(value, "plain") == 0 && strcmp(format, "eneco-structured") == 0)
		weir__config_notice(from->config, "StringConverter with output.format=structured: "
				    "records are JSON, not Java's Struct{…}");
	if (weir__foreign_add(from, NULL, "weir.routes.statuses.format", format) < 0 ||
	    weir__foreign_add(from, NULL, "weir.routes.statuses.format.key", key) < 0)
		return from->err->status;
	if (weir__foreign_add(from, NULL, "weir.routes.statuses.format.value", value) < 0)
		return from->err->status;
	return add_eneco_tests(from, format);
}

/* Deletes under the key of their status: what the connector meant, and missed. */
static enum weir_status add_deletes(struct weir__foreign *from, const struct connector *connector)
{
	const struct weir__setting *deletes = take(from, "process.deletes");
	const struct weir__setting *topic = find_topic(from, connector);
	bool wanted = false;

	if (!deletes || connector->is_eneco)
		return WEIR_OK;
	if (weir__value_boolean(deletes, &wanted, from->err) < 0)
		return from->err->status;
	if (!wanted)
		return WEIR_OK;
	if (weir__foreign_add(from, deletes, "weir.routes.deletes.kinds", "delete") < 0 ||
	    weir__foreign_add(from, deletes, "weir.routes.deletes.sink", "kafka") < 0 ||
	    weir__foreign_add(from, deletes, "weir.routes.deletes.format", "tombstone") < 0)
		return from->err->status;
	return weir__foreign_add(from, deletes, "weir.routes.deletes.to", topic->value);
}

static enum weir_status add_routes(struct weir__foreign *from, const struct connector *connector)
{
	if (weir__foreign_add(from, NULL, "weir.routes.statuses.kinds", "tweet,retweet") < 0 ||
	    weir__foreign_add(from, NULL, "weir.routes.statuses.sink", "kafka") < 0 ||
	    add_topic(from, connector) < 0 || add_deletes(from, connector) < 0)
		return from->err->status;
	return connector->is_eneco ? add_eneco_format(from) : WEIR_OK;
}

/* ---- what means nothing here, but must be right ---- */

static enum weir_status check_tasks(struct weir__foreign *from)
{
	const struct weir__setting *tasks = take(from, "tasks.max");
	uint64_t count = 1;

	if (tasks && (weir__value_u64(tasks, INT32_MAX, &count, from->err) < 0 || count == 0))
		return count ? from->err->status
			     : weir__settings_wrong(from->err, tasks, "0 is below 1");
	if (count > 1)
		weir__config_notice(from->config, "tasks.max: every task would get every tweet: "
				    "one runs");
	return WEIR_OK;
}

static enum weir_status check_batches(struct weir__foreign *from)
{
	const struct weir__setting *size = take(from, "batch.size");
	const struct weir__setting *timeout = take(from, "batch.timeout");
	uint64_t count;
	double seconds;

	if (size && weir__value_u64(size, INT32_MAX, &count, from->err) < 0)
		return from->err->status;
	if (timeout && !weir__text_to_double((struct weir_slice){ timeout->value,
								  strlen(timeout->value) }, &seconds))
		return weir__settings_wrong(from->err, timeout, "'%.40s' is no number",
					    timeout->value);
	return WEIR_OK;
}

static enum weir_status translate_connector(struct weir__foreign *from)
{
	const struct weir__setting *class = take(from, "connector.class");
	const struct connector *connector = find_connector(from, class);

	from->has_connector = connector != NULL;
	from->is_eneco = connector && connector->is_eneco;
	if ((connector ? !connector->is_eneco : !class) && refuse_v2(from) < 0)
		return from->err->status;
	if (!connector)
		return class ? refuse_class(from, class) : WEIR_OK;
	if (!class)
		class = take(from, connector->credentials[0]);
	from->file = class ? class->file : NULL;
	if (check_tasks(from) < 0 || check_batches(from) < 0 || refuse_transforms(from) < 0 ||
	    add_source(from, connector) < 0 || weir__worker_sink(from) < 0)
		return from->err->status;
	return add_routes(from, connector);
}

/* ---- all ---- */

/* The weir.… keys as they are, behind what was made: the last one counts. */
static enum weir_status copy_own(struct weir__foreign *from)
{
	for (struct weir__setting *at = from->config->given.first; at; at = at->next) {
		if (strncmp(at->key, "weir.", 5) != 0 || strcmp(at->key, "weir.base_url") == 0)
			continue;
		at->is_used = true;
		if (weir__foreign_add(from, at, at->key, at->value) < 0)
			return from->err->status;
	}
	return WEIR_OK;
}

enum weir_status weir__config_translate(weir_config *config, struct weir__settings *ret,
					struct weir_error *err)
{
	struct weir__foreign from = { .config = config, .ret = ret, .err = err };

	if (translate_connector(&from) < 0 || copy_own(&from) < 0) {
		weir__config_tell_unread(config, &config->given);
		if (from.has_connector)
			weir__foreign_tell_unknown(&from, true);
		return err->status;
	}
	weir__foreign_tell_unknown(&from, false);
	return WEIR_OK;
}
