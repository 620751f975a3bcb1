/* SPDX-License-Identifier: MIT */
/*
 * Sources, spools, sinks and windows of de-duplication, from their keys.
 *
 * Guarantee: each is read as a whole and told to the watch before it is added. Called by build.c,
 * in the order in which they may name each other.
 */
#include <string.h>

#include "config/build.h"
#include "config/watch.h"
#include "ground/error.h"

/* Which table: by weir.SECTION.NAME.type. */
static const struct weir__key_table *find_table(struct weir__build *build, const char *section,
						const struct weir__item *item, const char *all)
{
	const struct weir__setting *type = weir__build_take(build, section, item, "type");
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

/* ---- sources ---- */

static weir_source *make_source(struct weir__build *build, const struct weir__item *item,
				const char *type, union weir__source_options *options)
{
	if (strcmp(type, "twitter") == 0)
		return weir_twitter_source_add(build->pipeline, item->name, &options->twitter);
	if (strcmp(type, "x") == 0)
		return weir_x_source_add(build->pipeline, item->name, &options->x);
	if (strcmp(type, "kafka") == 0)
		return weir_kafka_source_add(build->pipeline, item->name, &options->kafka);
	return weir_file_source_add(build->pipeline, item->name, &options->file);
}

static enum weir_status read_rules(struct weir__build *build, const struct weir__item *item,
				   struct weir_x_source_options *options)
{
	void *rules = NULL;

	if (weir__build_parts(build, "sources", item, "rules", weir__key_table_find("rules", NULL),
			      &rules, &options->rule_count) < 0)
		return build->err->status;
	options->rules = rules;
	return WEIR_OK;
}

enum weir_status weir__build_add_source(struct weir__build *build, struct weir__item *item)
{
	const struct weir__key_table *table =
		find_table(build, "sources", item, "twitter, x, kafka, file");
	union weir__source_options options;

	memset(&options, 0, sizeof options);
	if (!table || weir__build_fill(build, item, table, &options) < 0)
		return build->err->status;
	if (strcmp(table->type, "x") == 0 && read_rules(build, item, &options.x) < 0)
		return build->err->status;
	options.size = table->size;
	if (build->config->watch &&
	    weir__watch_source(build->config->watch, item->name, table->type, &options,
			       build->err) < 0)
		return build->err->status;
	item->source = make_source(build, item, table->type, &options);
	return item->source ? WEIR_OK : weir__build_failed(build, "sources", item);
}

/* ---- sinks ---- */

/* weir.SECTION.NAME.share.messages, .bytes */
static enum weir_status set_share(struct weir__build *build, const char *section,
				  struct weir__item *item)
{
	const struct weir__setting *messages =
		weir__build_take(build, section, item, "share.messages");
	const struct weir__setting *bytes = weir__build_take(build, section, item, "share.bytes");
	uint64_t most_messages = 0, most_bytes = 0;

	if (!messages && !bytes)
		return WEIR_OK;
	if ((messages && weir__value_u64(messages, UINT64_MAX, &most_messages, build->err) < 0) ||
	    (bytes && weir__value_u64(bytes, UINT64_MAX, &most_bytes, build->err) < 0))
		return build->err->status;
	if (weir_sink_set_share(item->sink, most_messages, most_bytes) < 0)
		return weir__build_failed(build, section, item);
	return WEIR_OK;
}

/* weir.sinks.NAME.offsets_of, of a Kafka sink */
static enum weir_status read_offsets_of(struct weir__build *build, const struct weir__item *item,
					struct weir_kafka_sink_options *options,
					const char **ret_name)
{
	const struct weir__item *source;

	if (weir__build_read_source(build, "sinks", item, "offsets_of", &source) < 0)
		return build->err->status;
	*ret_name = source ? source->name : NULL;
	options->offsets_of = source ? source->source : NULL;
	return WEIR_OK;
}

enum weir_status weir__build_add_sink(struct weir__build *build, struct weir__item *item)
{
	const struct weir__key_table *table = find_table(build, "sinks", item, "kafka, file");
	union weir__sink_options options;
	const char *offsets_of = NULL;
	bool is_kafka;

	memset(&options, 0, sizeof options);
	if (!table || weir__build_fill(build, item, table, &options) < 0)
		return build->err->status;
	is_kafka = strcmp(table->type, "kafka") == 0;
	if (is_kafka && read_offsets_of(build, item, &options.kafka, &offsets_of) < 0)
		return build->err->status;
	options.size = table->size;
	if (build->config->watch &&
	    weir__watch_sink(build->config->watch, item->name, table->type, &options, offsets_of,
			     build->err) < 0)
		return build->err->status;
	if (is_kafka)
		item->sink = weir_kafka_sink_add(build->pipeline, item->name, &options.kafka);
	else
		item->sink = weir_file_sink_add(build->pipeline, item->name, &options.file);
	return item->sink ? set_share(build, "sinks", item)
			  : weir__build_failed(build, "sinks", item);
}

/* ---- spools ---- */

enum weir_status weir__build_add_spool(struct weir__build *build, struct weir__item *item)
{
	struct weir_spool_options options = { .size = sizeof options };
	const struct weir__item *from;
	weir_spool *spool;

	if (weir__build_fill(build, item, weir__key_table_find("spools", NULL), &options) < 0 ||
	    weir__build_read_source(build, "spools", item, "from", &from) < 0)
		return build->err->status;
	options.from = from ? from->source : NULL;
	if (build->config->watch &&
	    weir__watch_spool(build->config->watch, item->name, &options, from ? from->name : NULL,
			      build->err) < 0)
		return build->err->status;
	spool = weir_spool_add(build->pipeline, item->name, &options);
	if (!spool)
		return weir__build_failed(build, "spools", item);
	item->source = weir_spool_source(spool);
	item->sink = weir_spool_sink(spool);
	return set_share(build, "spools", item);
}

/* ---- windows of de-duplication ---- */

/* The names in weir.dedup.NAME.sources, as sources. */
static enum weir_status read_sources(struct weir__build *build, const struct weir__setting *names,
				     struct weir_dedup_options *options)
{
	const weir_source **sources;
	const char *const *list;
	size_t count;

	if (weir__value_list(&build->arena, names, &list, &count, build->err) < 0)
		return build->err->status;
	if (!count)
		return weir__settings_wrong(build->err, names, "it names no source; leave it out "
					    "for all of them");
	sources = weir__arena_alloc(&build->arena, count * sizeof *sources);
	if (!sources)
		return weir__error_no_memory(build->err);
	options->sources = sources;
	options->source_count = count;
	for (size_t i = 0; i < count; i++) {
		const struct weir__item *source = weir__build_source(build, list[i]);

		if (!source)
			return weir__settings_wrong(build->err, names, "there is no source '%.40s'",
						    list[i]);
		sources[i] = source->source;
	}
	return WEIR_OK;
}

enum weir_status weir__build_add_dedup(struct weir__build *build, struct weir__item *item)
{
	const struct weir__setting *names = weir__build_take(build, "dedup", item, "sources");
	struct weir_dedup_options options = { .size = sizeof options };

	if (weir__build_fill(build, item, weir__key_table_find("dedup", NULL), &options) < 0 ||
	    (names && read_sources(build, names, &options) < 0))
		return build->err->status;
	if (build->config->watch)
		weir__watch_dedup(build->config->watch, item->name, &options,
				  names ? names->value : NULL);
	if (weir_dedup_add(build->pipeline, &options) < 0)
		return weir__build_failed(build, "dedup", item);
	return WEIR_OK;
}
