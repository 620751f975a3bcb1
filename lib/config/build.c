/* SPDX-License-Identifier: MIT */
/*
 * From weir.… keys to a pipeline, through the public calls and the tables.
 *
 * Order: sources, spools, sinks, routes, dead letters; in each section by name, in the order of
 * their first key, or of their numbers where names are numbers. Guarantees: the first thing wrong
 * ends it, with its place; what was added stays the pipeline's, which has then failed or is freed.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/internal.h"
#include "ground/error.h"
#include "kit/text.h"
#include "weir/file.h"
#include "weir/kafka.h"
#include "weir/router.h"
#include "weir/sink.h"
#include "weir/spool.h"
#include "weir/twitter.h"
#include "weir/x.h"

#define KEY_BYTES 256
#define MOST_NAME_BYTES 64

/* Something that has a name: weir.SECTION.NAME. */
struct item {
	struct item *next;
	const char *name;
	const struct weir__setting *first;	/* for errors */
	weir_source *source;
	weir_sink *sink;
};

struct build {
	weir_config *config;
	struct weir__settings *settings;
	struct weir__arena arena;
	weir_pipeline *pipeline;
	struct item *sources, *spools, *sinks, *routes;
	struct weir_error *err;
};

/* ---- names ---- */

/* Whether `key` is weir.SECTION.NAME.…; *ret_name is not terminated. */
static bool split_key(const char *key, const char *section, const char **ret_name, size_t *ret_len)
{
	const size_t len = strlen(section);

	if (strncmp(key, "weir.", 5) != 0 || strncmp(key + 5, section, len) != 0 ||
	    key[5 + len] != '.')
		return false;
	*ret_name = key + 6 + len;
	*ret_len = strcspn(*ret_name, ".");
	return *ret_len > 0 && (*ret_name)[*ret_len] == '.';
}

static struct item *find(struct item *items, const char *name, size_t len)
{
	while (items && (strlen(items->name) != len || strncmp(items->name, name, len) != 0))
		items = items->next;
	return items;
}

/* Before it: all but greater numbers, when it is one. */
static void insert(struct item **items, struct item *item)
{
	uint64_t number, other;
	const bool is_number = weir__text_to_u64(
		(struct weir_slice){ item->name, strlen(item->name) }, &number);

	while (*items && !(is_number &&
			   weir__text_to_u64((struct weir_slice){ (*items)->name,
								  strlen((*items)->name) }, &other) &&
			   other > number))
		items = &(*items)->next;
	item->next = *items;
	*items = item;
}

static enum weir_status collect(struct build *build, const char *section, struct item **ret)
{
	const struct weir__setting *at = build->settings->first;
	const char *name;
	size_t len;

	for (; at; at = at->next) {
		struct item *item;

		if (!split_key(at->key, section, &name, &len) || find(*ret, name, len))
			continue;
		if (len > MOST_NAME_BYTES)
			return weir__settings_wrong(build->err, at, "a name of more than %d bytes",
						    MOST_NAME_BYTES);
		item = weir__arena_alloc(&build->arena, sizeof *item);
		if (!item)
			return weir__error_no_memory(build->err);
		item->first = at;
		item->name = weir__arena_copy(&build->arena, name, len);
		if (!item->name)
			return weir__error_no_memory(build->err);
		insert(ret, item);
	}
	return WEIR_OK;
}

/* The setting weir.SECTION.NAME.KEY; NULL: there is none. */
static struct weir__setting *take(struct build *build, const char *section, const struct item *item,
				  const char *key)
{
	char whole[KEY_BYTES];

	if ((size_t)snprintf(whole, sizeof whole, "weir.%s.%s.%s", section, item->name, key) >=
	    sizeof whole)
		return NULL;
	return weir__settings_take(build->settings, whole);
}

/* ---- structs ---- */

static enum weir_status fill_item(struct build *build, const struct item *item,
				  const struct weir__key_table *table, void *options)
{
	char prefix[KEY_BYTES];

	snprintf(prefix, sizeof prefix, "weir.%s.%s.", table->section, item->name);
	return weir__fill(build->settings, &build->arena, prefix, table, options, build->err);
}

enum weir_status weir__build_options(struct weir__settings *settings, struct weir__arena *arena,
				     struct weir_pipeline_options *options, struct weir_error *err)
{
	return weir__fill(settings, arena, "weir.pipeline.", weir__key_table_find("pipeline", NULL),
			  options, err);
}

/* ---- sources and sinks ---- */

/* Which table: by weir.SECTION.NAME.type. */
static const struct weir__key_table *find_table(struct build *build, const char *section,
						const struct item *item, const char *all)
{
	const struct weir__setting *type = take(build, section, item, "type");
	const struct weir__key_table *table = NULL;

	if (!type) {
		weir__settings_wrong(build->err, item->first, "weir.%s.%s.type is not set; it is "
				     "one of %s", section, item->name, all);
		return NULL;
	}
	table = weir__key_table_find(section, type->value);
	if (!table)
		weir__settings_wrong(build->err, type, "'%.40s' is none of %s", type->value, all);
	return table;
}

/* What an …_add remembered in the pipeline, with the place of what it was made of. */
static enum weir_status failed(struct build *build, const struct item *item)
{
	const struct weir_error *reason = weir_pipeline_error(build->pipeline);

	if (reason->status == WEIR_OK)
		return weir__error_no_memory(build->err);
	*build->err = *reason;
	if (item->first->file)
		weir__error_prefix(build->err, "%s: ", item->first->file);
	return reason->status;
}

/*
 * The parts of one that have numbers, weir.SECTION.NAME.LIST.N.…, by rising N: an array of the
 * table's structs.
 */
static enum weir_status read_parts(struct build *build, const struct item *of, const char *section,
				   const char *list, const struct weir__key_table *table,
				   void **ret_parts, size_t *ret_count)
{
	char whole[KEY_BYTES], prefix[2 * KEY_BYTES], *part;
	struct item *items = NULL;
	size_t count = 0;

	snprintf(whole, sizeof whole, "%s.%s.%s", section, of->name, list);
	if (collect(build, whole, &items) < 0)
		return build->err->status;
	for (const struct item *at = items; at; at = at->next)
		count++;
	if (!count)
		return WEIR_OK;
	part = weir__arena_alloc(&build->arena, count * table->size);
	if (!part)
		return weir__error_no_memory(build->err);
	*ret_parts = part;
	*ret_count = count;
	for (const struct item *at = items; at; at = at->next, part += table->size) {
		snprintf(prefix, sizeof prefix, "weir.%s.%s.", whole, at->name);
		if (weir__fill(build->settings, &build->arena, prefix, table, part, build->err) < 0)
			return build->err->status;
	}
	return WEIR_OK;
}

union source_options {
	size_t size;
	struct weir_twitter_source_options twitter;
	struct weir_x_source_options x;
	struct weir_kafka_source_options kafka;
	struct weir_file_source_options file;
};

static weir_source *make_source(struct build *build, const struct item *item, const char *type,
				union source_options *options)
{
	if (strcmp(type, "twitter") == 0)
		return weir_twitter_source_add(build->pipeline, item->name, &options->twitter);
	if (strcmp(type, "x") == 0)
		return weir_x_source_add(build->pipeline, item->name, &options->x);
	if (strcmp(type, "kafka") == 0)
		return weir_kafka_source_add(build->pipeline, item->name, &options->kafka);
	return weir_file_source_add(build->pipeline, item->name, &options->file);
}

static enum weir_status add_source(struct build *build, struct item *item)
{
	const struct weir__key_table *table =
		find_table(build, "sources", item, "twitter, x, kafka, file");
	union source_options options;
	void *rules = NULL;

	memset(&options, 0, sizeof options);
	if (!table || fill_item(build, item, table, &options) < 0)
		return build->err->status;
	if (strcmp(table->type, "x") == 0) {
		if (read_parts(build, item, "sources", "rules", weir__key_table_find("rules", NULL),
			       &rules, &options.x.rule_count) < 0)
			return build->err->status;
		options.x.rules = rules;
	}
	options.size = table->size;
	if (build->config->watch)
		weir__watch_source(build->config->watch, item->name, table->type, &options);
	item->source = make_source(build, item, table->type, &options);
	return item->source ? WEIR_OK : failed(build, item);
}

/* weir.sinks.NAME.share.messages, .bytes */
static enum weir_status set_share(struct build *build, struct item *item)
{
	const struct weir__setting *messages = take(build, "sinks", item, "share.messages");
	const struct weir__setting *bytes = take(build, "sinks", item, "share.bytes");
	uint64_t most_messages = 0, most_bytes = 0;

	if (!messages && !bytes)
		return WEIR_OK;
	if ((messages && weir__value_u64(messages, UINT64_MAX, &most_messages, build->err) < 0) ||
	    (bytes && weir__value_u64(bytes, UINT64_MAX, &most_bytes, build->err) < 0))
		return build->err->status;
	return weir_sink_set_share(item->sink, most_messages, most_bytes);
}

static enum weir_status add_sink(struct build *build, struct item *item)
{
	const struct weir__key_table *table = find_table(build, "sinks", item, "kafka, file");
	union {
		size_t size;
		struct weir_kafka_sink_options kafka;
		struct weir_file_sink_options file;
	} options;

	memset(&options, 0, sizeof options);
	if (!table || fill_item(build, item, table, &options) < 0)
		return build->err->status;
	options.size = table->size;
	if (build->config->watch)
		weir__watch_sink(build->config->watch, item->name, table->type, &options);
	if (strcmp(table->type, "kafka") == 0)
		item->sink = weir_kafka_sink_add(build->pipeline, item->name, &options.kafka);
	else
		item->sink = weir_file_sink_add(build->pipeline, item->name, &options.file);
	return item->sink ? set_share(build, item) : failed(build, item);
}

/* ---- references ---- */

static weir_source *find_source(const struct build *build, const char *name)
{
	const struct item *item = find(build->sources, name, strlen(name));

	if (!item)
		item = find(build->spools, name, strlen(name));
	return item ? item->source : NULL;
}

static weir_sink *find_sink(const struct build *build, const char *name)
{
	const struct item *item = find(build->sinks, name, strlen(name));

	if (!item)
		item = find(build->spools, name, strlen(name));
	return item ? item->sink : NULL;
}

static enum weir_status read_from(struct build *build, const char *section, const struct item *item,
				  const weir_source **ret)
{
	const struct weir__setting *from = take(build, section, item, "from");

	if (!from)
		return WEIR_OK;
	*ret = find_source(build, from->value);
	return *ret ? WEIR_OK
		    : weir__settings_wrong(build->err, from, "there is no source '%.40s'",
					   from->value);
}

static enum weir_status add_spool(struct build *build, struct item *item)
{
	struct weir_spool_options options = { .size = sizeof options };
	weir_spool *spool;

	if (fill_item(build, item, weir__key_table_find("spools", NULL), &options) < 0 ||
	    read_from(build, "spools", item, &options.from) < 0)
		return build->err->status;
	spool = weir_spool_add(build->pipeline, item->name, &options);
	if (!spool)
		return failed(build, item);
	item->source = weir_spool_source(spool);
	item->sink = weir_spool_sink(spool);
	return WEIR_OK;
}

/* ---- routes ---- */

/* Where a route leads: to the sink it names, or to the only one there is. */
static enum weir_status read_sink(struct build *build, const struct item *route, weir_sink **ret)
{
	const struct weir__setting *sink = take(build, "routes", route, "sink");

	if (sink) {
		*ret = find_sink(build, sink->value);
		return *ret ? WEIR_OK
			    : weir__settings_wrong(build->err, sink, "there is no sink '%.40s'",
						   sink->value);
	}
	if (!build->sinks || build->sinks->next)
		return weir__settings_wrong(build->err, route->first,
					    "weir.routes.%s.sink is not set, and there are %s",
					    route->name, build->sinks ? "several" : "none");
	*ret = build->sinks->sink;
	return WEIR_OK;
}

/* NULL: of no sink. */
static const char *name_sink(const struct build *build, const weir_sink *sink)
{
	for (const struct item *item = build->sinks; sink && item; item = item->next)
		if (item->sink == sink)
			return item->name;
	for (const struct item *item = build->spools; sink && item; item = item->next)
		if (item->sink == sink)
			return item->name;
	return NULL;
}

static enum weir_status add_route(struct build *build, struct item *item)
{
	struct weir_route options = { .size = sizeof options, .name = item->name };
	const struct weir__setting *drop = take(build, "routes", item, "drop");
	bool drops = false;
	weir_sink *sink = NULL;
	void *where = NULL;

	if (fill_item(build, item, weir__key_table_find("routes", NULL), &options) < 0 ||
	    read_from(build, "routes", item, &options.from) < 0 ||
	    read_parts(build, item, "routes", "where", weir__key_table_find("where", NULL), &where,
		       &options.where_count) < 0 ||
	    (drop && weir__value_boolean(drop, &drops, build->err) < 0))
		return build->err->status;
	options.where = where;
	if (!drops && read_sink(build, item, &sink) < 0)
		return build->err->status;
	if (build->config->watch)
		weir__watch_route(build->config->watch, &options, name_sink(build, sink));
	if (!(drops ? weir_route_add_drop(build->pipeline, &options)
		    : weir_route_add(build->pipeline, &options, sink)))
		return failed(build, item);
	return WEIR_OK;
}

static enum weir_status set_dead_letters(struct build *build)
{
	struct weir__setting *sink = weir__settings_take(build->settings, "weir.dead_letters.sink");
	struct weir__setting *to = weir__settings_take(build->settings, "weir.dead_letters.to");
	const struct item item = { .first = sink ? sink : to };
	weir_sink *where;

	if (!sink && !to)
		return WEIR_OK;
	if (!sink && (!build->sinks || build->sinks->next))
		return weir__settings_wrong(build->err, to, "weir.dead_letters.sink is not set");
	where = sink ? find_sink(build, sink->value) : build->sinks->sink;
	if (!where)
		return weir__settings_wrong(build->err, sink, "there is no sink '%.40s'",
					    sink->value);
	if (weir_pipeline_set_dead_letters(build->pipeline, where, to ? to->value : NULL) < 0)
		return failed(build, &item);
	return WEIR_OK;
}

/* ---- all ---- */

static enum weir_status add_all(struct build *build, struct item *items,
				enum weir_status (*add)(struct build *build, struct item *item))
{
	enum weir_status status = WEIR_OK;

	for (struct item *item = items; item && status == WEIR_OK; item = item->next)
		status = add(build, item);
	return status;
}

static enum weir_status build_all(struct build *build)
{
	if (collect(build, "sources", &build->sources) < 0 ||
	    collect(build, "spools", &build->spools) < 0 ||
	    collect(build, "sinks", &build->sinks) < 0 ||
	    collect(build, "routes", &build->routes) < 0 ||
	    add_all(build, build->sources, add_source) < 0 ||
	    add_all(build, build->spools, add_spool) < 0 ||
	    add_all(build, build->sinks, add_sink) < 0 ||
	    add_all(build, build->routes, add_route) < 0)
		return build->err->status;
	return set_dead_letters(build);
}

/* The table of a key that nobody took, for what may have been meant. */
static void tell_unknown(const weir_config *config, const struct weir__setting *setting)
{
	static const char *const sections[] = { "sources", "spools", "sinks", "routes" };
	const char *words[128], *name, *near = NULL;
	char place[200];
	size_t len;

	for (size_t i = 0; i < sizeof sections / sizeof *sections; i++) {
		size_t count = 0;

		if (!split_key(setting->key, sections[i], &name, &len))
			continue;
		for (size_t t = 0; t < weir__key_table_count; t++)
			for (size_t r = 0; strcmp(weir__key_tables[t].section, sections[i]) == 0 &&
					   r < weir__key_tables[t].count && count < 128; r++)
				words[count++] = weir__key_tables[t].rows[r].name;
		near = weir__nearest(name + len + 1, words, count);
	}
	weir__settings_place(setting, place, sizeof place);
	weir__config_notice(config, "%s: no such key%s%s%s", place,
			    near ? "; is it meant to end in " : "", near ? near : "",
			    near ? "?" : "");
}

enum weir_status weir__build(weir_config *config, struct weir__settings *settings,
			     weir_pipeline *pipeline, struct weir_error *err)
{
	struct build build = { .config = config,
			       .settings = settings,
			       .arena = { .env = &config->env },
			       .pipeline = pipeline,
			       .err = err };
	const enum weir_status status = build_all(&build);

	for (const struct weir__setting *at = settings->first; at && status == WEIR_OK; at = at->next)
		if (!at->is_used)
			tell_unknown(config, at);
	if (status == WEIR_OK && config->watch)
		weir__watch_end(config->watch);
	weir__arena_release(&build.arena);
	return status;
}
