/* SPDX-License-Identifier: MIT */
/*
 * What is built, watched: remembered, and told as what would be.
 *
 * Guarantees: there may be any number of parts; no secret is told. Called by parties.c and routes.c
 * while a pipeline is built for a check.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "config/watched.h"
#include "ground/error.h"
#include "kit/bytes.h"
#include "model/dedup.h"

/* ---- lines and lists ---- */

void weir__watch_tell(const struct weir__watch *watch, enum weir_check what, const char *format,
		      ...)
{
	va_list args, again;
	char *text;
	int len;

	va_start(args, format);
	va_copy(again, args);
	len = vsnprintf(NULL, 0, format, args);
	text = weir__alloc(watch->env, (size_t)len + 1);
	if (text) {
		vsnprintf(text, (size_t)len + 1, format, again);
		watch->call(watch->user, what, text);
	} else {
		watch->call(watch->user, WEIR_CHECK_WRONG, WEIR__NO_LINE);
	}
	weir__free(watch->env, text, (size_t)len + 1);
	va_end(again);
	va_end(args);
}

static struct weir__party *find_party(struct weir__party *parties, const char *name)
{
	while (parties && strcmp(parties->name, name) != 0)
		parties = parties->next;
	return parties;
}

/* At the end of its list; with a copy of its options. NULL: out of memory. */
static struct weir__party *add_party(struct weir__watch *watch, struct weir__party **list,
				     const char *name, const char *type, const void *options,
				     size_t size)
{
	struct weir__party *party = weir__arena_alloc(&watch->arena, sizeof *party);
	void *copy = weir__arena_alloc(&watch->arena, size);

	if (!party || !copy)
		return NULL;
	memcpy(copy, options, size);
	party->name = name;
	party->type = type;
	party->options = copy;
	party->end = &party->destinations;
	weir__table_init(&party->seen, watch->env);
	while (*list)
		list = &(*list)->next;
	*list = party;
	return party;
}

enum weir_status weir__watch_destination(struct weir__watch *watch, struct weir__party *sink,
					 const char *name, struct weir_error *err)
{
	struct weir__watched_destination *destination;

	if (weir__table_find(&sink->seen, name, strlen(name)))
		return WEIR_OK;
	destination = weir__arena_alloc(&watch->arena, sizeof *destination);
	if (!destination || !weir__table_add(&sink->seen, name, strlen(name), destination))
		return weir__error_no_memory(err);
	destination->name = name;
	*sink->end = destination;
	sink->end = &destination->next;
	sink->destination_count++;
	return WEIR_OK;
}

void weir__watch_release(struct weir__watch *watch)
{
	struct weir__party *const lists[] = { watch->sources, watch->spools, watch->sinks };

	for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
		for (struct weir__party *party = lists[i]; party; party = party->next)
			weir__table_release(&party->seen);
	weir__arena_release(&watch->arena);
}

void weir__watch_pipeline(struct weir__watch *watch, const struct weir_pipeline_options *options)
{
	watch->retry_attempts = options->retry_attempts;
}

/* ---- sources ---- */

static void add_list(struct weir__bytes *text, const char *what, const char *const *list,
		     size_t count)
{
	for (size_t i = 0; i < count; i++) {
		weir__bytes_add_text(text, i ? ", " : what);
		weir__bytes_add_text(text, list[i]);
	}
}

static void add_partitions(struct weir__bytes *text,
			   const struct weir_kafka_source_options *options)
{
	char place[64];

	for (size_t i = 0; i < options->partition_count; i++) {
		const struct weir_kafka_partition *of = &options->partitions[i];

		weir__bytes_add_text(text, i ? ", " : "partitions ");
		weir__bytes_add_text(text, of->topic);
		snprintf(place, sizeof place, of->offset ? ":%d@%llu" : ":%d", (int)of->partition,
			 (unsigned long long)of->offset);
		weir__bytes_add_text(text, place);
	}
}

static void add_text(struct weir__bytes *text, const char *what, const char *value)
{
	if (!value)
		return;
	weir__bytes_add_text(text, what);
	weir__bytes_add_text(text, value);
}

static void describe_kafka(struct weir__bytes *text,
			   const struct weir_kafka_source_options *options)
{
	add_text(text, "kafka at ", options->brokers ? options->brokers
						     : "its properties' brokers");
	weir__bytes_add_text(text, ": ");
	add_list(text, "topics ", options->topics, options->topic_count);
	add_partitions(text, options);
	add_text(text, " in group ", options->group);
	add_text(text, ", from ", weir__key_word("sources", "kafka", "start", options->start));
	weir__bytes_add_text(text, options->until_end ? ", until the end" : "");
}

static void describe_file(struct weir__bytes *text, const struct weir_file_source_options *options)
{
	add_text(text, "file ", options->path && strcmp(options->path, "-") == 0
					? "standard input"
					: options->path);
	add_list(text, "files ", options->paths, options->path_count);
	add_text(text, "files that fit ", options->glob);
	weir__bytes_add_text(text, options->follow ? ", followed" : "");
	add_text(text, ", its position kept in ", options->state_dir);
}

static void tell_described(const struct weir__watch *watch, const char *name, bool is_kafka,
			   const union weir__source_options *options)
{
	const unsigned kind = is_kafka ? options->kafka.kind : options->file.kind;
	struct weir__bytes text;

	weir__bytes_init(&text, watch->env);
	if (is_kafka)
		describe_kafka(&text, &options->kafka);
	else
		describe_file(&text, &options->file);
	add_text(&text, ", all of kind ", kind ? weir_kind_name(kind) : NULL);
	weir__bytes_add(&text, "", 1);
	if (text.has_failed)
		watch->call(watch->user, WEIR_CHECK_WRONG, WEIR__NO_LINE);
	else
		weir__watch_tell(watch, WEIR_CHECK_PLAN, "source %s: %s", name, text.data);
	weir__bytes_release(&text);
}

enum weir_status weir__watch_source(struct weir__watch *watch, const char *name, const char *type,
				    const union weir__source_options *options,
				    struct weir_error *err)
{
	struct weir_error ignored;	/* the add says it, with its place */

	if (!add_party(watch, &watch->sources, name, type, options, sizeof *options))
		return weir__error_no_memory(err);
	if (strcmp(type, "twitter") == 0)
		weir_twitter_check_request(watch->env, name, &options->twitter, watch->call,
					   watch->user, &ignored);
	else if (strcmp(type, "x") == 0)
		weir__watch_tell(watch, WEIR_CHECK_PLAN,
				 "source %s: v2 of %s, stream %s, %zu rule%s%s", name,
				 options->x.url && *options->x.url ? options->x.url : WEIR_X_URL,
				 options->x.path ? options->x.path
						 : weir__key_word("sources", "x", "stream",
								  options->x.stream),
				 options->x.rule_count, options->x.rule_count == 1 ? "" : "s",
				 options->x.rules_dry_run ? ", only tried" : "");
	else
		tell_described(watch, name, strcmp(type, "kafka") == 0, options);
	return WEIR_OK;
}

/* ---- spools and sinks ---- */

enum weir_status weir__watch_spool(struct weir__watch *watch, const char *name,
				   const struct weir_spool_options *options, const char *from,
				   struct weir_error *err)
{
	struct weir__party *spool = add_party(watch, &watch->spools, name, "spool", options,
					      sizeof *options);

	if (!spool)
		return weir__error_no_memory(err);
	spool->other = from;
	weir__watch_tell(watch, WEIR_CHECK_PLAN, "spool %s: in %s%s%s", name,
			 options->dir ? options->dir : "no folder", from ? ", from source " : "",
			 from ? from : "");
	return WEIR_OK;
}

static void tell_kafka_sink(const struct weir__watch *watch, const char *name,
			    const struct weir_kafka_sink_options *options, const char *offsets_of)
{
	weir__watch_tell(watch, WEIR_CHECK_PLAN, "sink %s: kafka at %s", name,
			 options->brokers ? options->brokers : "its properties' brokers");
	if (options->transactional_id)
		weir__watch_tell(watch, WEIR_CHECK_PLAN, "sink %s: in transactions of '%s'%s%s",
				 name, options->transactional_id,
				 offsets_of ? ", with the offsets of source "
					    : ", without a source's offsets",
				 offsets_of ? offsets_of : "");
}

static void tell_file_sink(const struct weir__watch *watch, const char *name,
			   const struct weir_file_sink_options *options)
{
	const bool is_stdout = options->path && strcmp(options->path, "-") == 0;
	const char *directory = is_stdout ? NULL : options->directory;
	const char *packed = options->compression
				     ? weir__key_word("sinks", "file", "compression",
						      options->compression)
				     : NULL;

	weir__watch_tell(watch, WEIR_CHECK_PLAN, "sink %s: %s%s%s%s%s%s", name,
			 options->path ? "" : "files by their destinations",
			 is_stdout	 ? "standard output"
			 : options->path ? options->path
					 : "",
			 directory ? " in " : "", directory ? directory : "",
			 packed ? ", packed with " : "", packed ? packed : "");
}

enum weir_status weir__watch_sink(struct weir__watch *watch, const char *name, const char *type,
				  const union weir__sink_options *options, const char *offsets_of,
				  struct weir_error *err)
{
	const bool is_kafka = strcmp(type, "kafka") == 0;
	struct weir__party *sink = add_party(watch, &watch->sinks, name, type, options,
					     sizeof *options);
	const char *own;

	if (!sink)
		return weir__error_no_memory(err);
	if (is_kafka)
		tell_kafka_sink(watch, name, &options->kafka, offsets_of);
	else
		tell_file_sink(watch, name, &options->file);
	own = is_kafka ? options->kafka.topic : options->file.path;
	return own ? weir__watch_destination(watch, sink, own, err) : WEIR_OK;
}

/* ---- the rest ---- */

void weir__watch_kinds(unsigned kinds, char *ret, size_t size)
{
	size_t len = 0;

	snprintf(ret, size, "every kind");
	for (unsigned bit = 0; bit < WEIR_KIND_COUNT; bit++)
		if (kinds & 1u << bit && len < size)
			len += (size_t)snprintf(ret + len, size - len, "%s%s", len ? ", " : "",
						weir_kind_name(1u << bit));
}

void weir__watch_dedup(struct weir__watch *watch, const char *name,
		       const struct weir_dedup_options *options, const char *sources)
{
	const uint64_t age_ms = options->age_ms ? options->age_ms : WEIR__DEDUP_AGE_MS;
	char kinds[WEIR__KINDS_BYTES];

	weir__watch_kinds(options->kinds ? options->kinds : WEIR__DEDUP_KINDS, kinds, sizeof kinds);
	weir__watch_tell(watch, WEIR_CHECK_PLAN, "dedup %s: of %s%s, the last %zu within %llu ms: %s",
			 name, sources ? "sources " : "every source", sources ? sources : "",
			 options->entries ? options->entries : WEIR__DEDUP_ENTRIES,
			 (unsigned long long)age_ms, kinds);
}

enum weir_status weir__watch_route(struct weir__watch *watch, const struct weir_route *options,
				   const char *from, const char *sink, struct weir_error *err)
{
	struct weir__watched_route *route = weir__arena_alloc(&watch->arena, sizeof *route);

	if (!route)
		return weir__error_no_memory(err);
	route->route = *options;
	if (from)
		route->from = find_party(watch->sources, from);
	if (from && !route->from)
		route->from = find_party(watch->spools, from);
	if (sink)
		route->sink = find_party(watch->sinks, sink);
	if (sink && !route->sink)
		route->sink = find_party(watch->spools, sink);
	if (watch->last_route)
		watch->last_route->next = route;
	else
		watch->routes = route;
	watch->last_route = route;
	weir__watch_tell_route(watch, route);
	if (route->sink && options->to && !strpbrk(options->to, "{}"))
		return weir__watch_destination(watch, route->sink, options->to, err);
	return WEIR_OK;
}

enum weir_status weir__watch_dead_letters(struct weir__watch *watch, const char *name,
					  const char *to, struct weir_error *err)
{
	struct weir__party *sink = find_party(watch->sinks, name);

	if (to)
		weir__watch_tell(watch, WEIR_CHECK_PLAN, "dead letters: to %s of sink %s", to, name);
	else
		weir__watch_tell(watch, WEIR_CHECK_PLAN,
				 "dead letters: to sink %s's own destination", name);
	return sink && to ? weir__watch_destination(watch, sink, to, err) : WEIR_OK;
}
