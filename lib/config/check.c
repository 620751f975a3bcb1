/* SPDX-License-Identifier: MIT */
/*
 * A configuration, told and tried.
 *
 * The pipeline is built as for a run, so that what a run would refuse is refused here, and what it
 * is built from is watched; it is freed and never runs. Then those it names are tried, in the order
 * of the file. Guarantees: nothing is tried when anything is wrong; no secret is told. Called by
 * applications; the watch by build.c.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "config/internal.h"
#include "ground/error.h"
#include "weir/check.h"
#include "weir/router.h"
#include "weir/x.h"

#define MOST_PARTIES 32		/* sources, and sinks, that are tried */
#define MOST_TOPICS 256

struct source {
	const char *name;
	struct weir_twitter_source_options options;
};

struct sink {
	const char *name;
	struct weir_kafka_sink_options options;
};

struct weir__watch {
	const struct weir_env *env;
	weir_check_fn *tell;
	void *user;
	struct source sources[MOST_PARTIES];
	struct sink sinks[MOST_PARTIES];
	struct {
		const char *sink, *name;
	} topics[MOST_TOPICS];
	size_t source_count, sink_count, topic_count;
};

static void tell(const struct weir__watch *watch, enum weir_check what, const char *format, ...)
	WEIR_PRINTF(3, 4);

static void tell(const struct weir__watch *watch, enum weir_check what, const char *format, ...)
{
	char text[600];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	watch->tell(watch->user, what, text);
}

/* ---- what would be ---- */

/* The word for a choice: "json-schema". */
static const char *word_of(const char *section, const char *type, const char *key, unsigned choice)
{
	const struct weir__key_table *table = weir__key_table_find(section, type);

	for (size_t i = 0; i < table->count; i++)
		if (strcmp(table->rows[i].name, key) == 0)
			return table->rows[i].words[choice];
	return "";
}

static void add_source(struct weir__watch *watch, const char *name,
		       const struct weir_twitter_source_options *options)
{
	if (watch->source_count < MOST_PARTIES)
		watch->sources[watch->source_count++] = (struct source){ name, *options };
}

/* Of v2 the server is tried, as that of v1.1: by what a connection needs. */
static void add_x(struct weir__watch *watch, const char *name,
		  const struct weir_x_source_options *x)
{
	const struct weir_twitter_source_options options = {
		.size = sizeof options,
		.url = x->url && *x->url ? x->url : WEIR_X_URL,
		.anonymous = true,
		.user_agent = x->user_agent,
		.ca_file = x->ca_file,
		.proxy = x->proxy,
		.unix_socket = x->unix_socket,
	};

	tell(watch, WEIR_CHECK_PLAN, "source %s: v2 of %s, stream %s, %zu rules%s", name, options.url,
	     x->path ? x->path : word_of("sources", "x", "stream", x->stream), x->rule_count,
	     x->rules_dry_run ? ", only tried" : "");
	add_source(watch, name, &options);
}

void weir__watch_source(struct weir__watch *watch, const char *name, const char *type,
			const void *options)
{
	struct weir_error ignored;	/* the add says it, with its place */

	if (strcmp(type, "x") == 0) {
		add_x(watch, name, options);
	} else if (strcmp(type, "twitter") == 0) {
		add_source(watch, name, options);
		weir_twitter_check_request(watch->env, name, options, watch->tell, watch->user,
					   &ignored);
	} else {
		tell(watch, WEIR_CHECK_PLAN, "source %s: %s", name, type);
	}
}

static void add_topic(struct weir__watch *watch, const char *sink, const char *topic)
{
	for (size_t i = 0; i < watch->topic_count; i++)
		if (strcmp(watch->topics[i].sink, sink) == 0 &&
		    strcmp(watch->topics[i].name, topic) == 0)
			return;
	if (watch->topic_count == MOST_TOPICS)
		return;
	watch->topics[watch->topic_count].sink = sink;
	watch->topics[watch->topic_count++].name = topic;
}

void weir__watch_sink(struct weir__watch *watch, const char *name, const char *type,
		      const void *options)
{
	struct sink *sink = &watch->sinks[watch->sink_count];

	if (strcmp(type, "kafka") != 0 || watch->sink_count == MOST_PARTIES) {
		tell(watch, WEIR_CHECK_PLAN, "sink %s: %s", name, type);
		return;
	}
	watch->sink_count++;
	sink->name = name;
	memcpy(&sink->options, options, sizeof sink->options);
	tell(watch, WEIR_CHECK_PLAN, "sink %s: kafka at %s", name,
	     sink->options.brokers ? sink->options.brokers : "its properties' brokers");
	if (sink->options.topic)
		add_topic(watch, name, sink->options.topic);
}

static const struct sink *find_sink(const struct weir__watch *watch, const char *name)
{
	for (size_t i = 0; i < watch->sink_count; i++)
		if (strcmp(watch->sinks[i].name, name) == 0)
			return &watch->sinks[i];
	return NULL;
}

static void list_kinds(unsigned kinds, char *ret, size_t size)
{
	size_t len = 0;

	snprintf(ret, size, "every kind");
	for (unsigned bit = 0; bit < WEIR_KIND_COUNT; bit++)
		if (kinds & 1u << bit && len < size)
			len += (size_t)snprintf(ret + len, size - len, "%s%s", len ? ", " : "",
						weir_kind_name(1u << bit));
}

static void write_key(const struct weir_route *route, bool is_eneco, char *ret, size_t size)
{
	if (route->key)
		snprintf(ret, size, *route->key ? "%s" : "none", route->key);
	else if (is_eneco)
		snprintf(ret, size, "{user.screen_name} as %s",
			 word_of("routes", NULL, "format.key", route->format.key_encoding));
	else
		snprintf(ret, size, "the message's own");
}

void weir__watch_route(struct weir__watch *watch, const struct weir_route *route, const char *name)
{
	const bool is_eneco = route->format.form == WEIR_FORM_ENECO_STRING ||
			      route->format.form == WEIR_FORM_ENECO_STRUCTURED;
	const struct sink *sink = name ? find_sink(watch, name) : NULL;
	const char *to = route->to ? route->to : sink ? sink->options.topic : NULL;
	char kinds[300], key[160];

	list_kinds(route->kinds, kinds, sizeof kinds);
	if (!name) {
		tell(watch, WEIR_CHECK_PLAN, "route %s: %s: dropped", route->name, kinds);
		return;
	}
	write_key(route, is_eneco, key, sizeof key);
	tell(watch, WEIR_CHECK_PLAN, "route %s: %s to %s%s of sink %s", route->name, kinds,
	     sink ? "topic " : "", to ? to : "what is its default", name);
	tell(watch, WEIR_CHECK_PLAN, "route %s: key %s, value %s%s%s", route->name, key,
	     word_of("routes", NULL, "format", route->format.form), is_eneco ? " as " : "",
	     is_eneco ? word_of("routes", NULL, "format.value", route->format.value_encoding) : "");
	if (sink && to && !strpbrk(to, "{}"))
		add_topic(watch, name, to);
}

/* ---- who is there ---- */

static void try_sink(const struct weir__watch *watch, const struct sink *sink)
{
	const char *topics[MOST_TOPICS];
	struct weir_error reason;
	size_t count = 0;

	for (size_t i = 0; i < watch->topic_count; i++)
		if (strcmp(watch->topics[i].sink, sink->name) == 0)
			topics[count++] = watch->topics[i].name;
	if (weir_kafka_check(watch->env, sink->name, &sink->options, topics, count, watch->tell,
			     watch->user, &reason) < 0)
		tell(watch, WEIR_CHECK_WRONG, "sink %s: %s", sink->name, reason.text);
}

void weir__watch_end(struct weir__watch *watch)
{
	struct weir_error reason;

	for (size_t i = 0; i < watch->source_count; i++)
		if (weir_twitter_check_server(watch->env, watch->sources[i].name,
					      &watch->sources[i].options, watch->tell, watch->user,
					      &reason) < 0)
			tell(watch, WEIR_CHECK_WRONG, "source %s: %s", watch->sources[i].name,
			     reason.text);
	for (size_t i = 0; i < watch->sink_count; i++)
		try_sink(watch, &watch->sinks[i]);
}

enum weir_status weir_config_check(weir_config *config, weir_check_fn *call, void *user,
				   struct weir_error *err)
{
	struct weir__watch *watch = weir__alloc(&config->env, sizeof *watch);
	weir_pipeline *pipeline;
	struct weir_error reason;

	if (!watch)
		return weir__error_no_memory(err ? err : &reason);
	watch->env = &config->env;
	watch->tell = call;
	watch->user = user;
	config->watch = watch;
	pipeline = weir_config_pipeline(config, NULL, &reason);
	config->watch = NULL;
	weir__free(&config->env, watch, sizeof *watch);
	if (!pipeline && err)
		*err = reason;
	if (!pipeline)
		return reason.status;
	weir_pipeline_free(pipeline);
	return WEIR_OK;
}
