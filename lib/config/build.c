/* SPDX-License-Identifier: MIT */
/*
 * From weir.… keys to a pipeline, through the public calls and the tables.
 *
 * Order: sources, spools, sinks, windows, routes, dead letters; in each section by name, in the
 * order of their first key, or of their numbers where names are numbers. Guarantees: the first
 * thing wrong ends it, with its place; what was added stays the pipeline's, which has then failed
 * or is freed. Called by config.c.
 */
#include "config/build.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "ground/error.h"
#include "kit/text.h"

#define MOST_NAME_BYTES 64

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

static struct weir__item *make_item(struct weir__build *build, const struct weir__setting *first,
				    const char *name, size_t len)
{
	struct weir__item *item;

	if (len > MOST_NAME_BYTES) {
		weir__settings_wrong(build->err, first, "a name of more than %d bytes",
				     MOST_NAME_BYTES);
		return NULL;
	}
	item = weir__arena_alloc(&build->arena, sizeof *item);
	if (item)
		item->name = weir__arena_copy(&build->arena, name, len);
	if (!item || !item->name) {
		weir__error_no_memory(build->err);
		return NULL;
	}
	item->first = first;
	item->is_number = weir__text_to_u64((struct weir_slice){ name, len }, &item->number);
	return item;
}

/*
 * Before the first greater number, when it is one; else, and without one, at the end. `greatest` is
 * that of the numbers so far, most of which come in order.
 */
static void insert(struct weir__item **items, struct weir__item ***end, struct weir__item *item,
		   uint64_t *greatest)
{
	const bool is_last = !item->is_number || item->number >= *greatest;
	struct weir__item **at = is_last ? *end : items;

	while (*at && !((*at)->is_number && (*at)->number > item->number))
		at = &(*at)->next;
	if (item->is_number && is_last)
		*greatest = item->number;
	item->next = *at;
	*at = item;
	if (!item->next)
		*end = &item->next;
}

/* Those of a section are all looked at; those within one of its items only that one's. */
static const struct weir__setting *first_in(const struct weir__build *build, const char *section)
{
	char prefix[2 * WEIR__KEY_BYTES];

	if (!strchr(section, '.'))
		return build->settings->first;
	snprintf(prefix, sizeof prefix, "weir.%s.", section);
	return weir__settings_part(build->settings, prefix);
}

static enum weir_status collect(struct weir__build *build, const char *section,
				struct weir__item **ret)
{
	const bool is_inner = strchr(section, '.') != NULL;
	struct weir__item **end = ret;
	enum weir_status status = WEIR_OK;
	struct weir__table seen;
	uint64_t greatest = 0;
	const char *name;
	size_t len;

	weir__table_init(&seen, build->settings->env);
	for (const struct weir__setting *at = first_in(build, section); at;
	     at = is_inner ? at->beside : at->next) {
		struct weir__item *item;

		if (!split_key(at->key, section, &name, &len) || weir__table_find(&seen, name, len))
			continue;
		item = make_item(build, at, name, len);
		if (item && !weir__table_add(&seen, name, len, item)) {
			weir__error_no_memory(build->err);
			item = NULL;
		}
		if (!item) {
			status = build->err->status;
			break;
		}
		insert(ret, &end, item, &greatest);
	}
	weir__table_release(&seen);
	return status;
}

static const struct weir__item *find(const struct weir__item *items, const char *name)
{
	while (items && strcmp(items->name, name) != 0)
		items = items->next;
	return items;
}

const struct weir__item *weir__build_source(const struct weir__build *build, const char *name)
{
	const struct weir__item *item = find(build->sources, name);

	return item ? item : find(build->spools, name);
}

const struct weir__item *weir__build_sink(const struct weir__build *build, const char *name)
{
	const struct weir__item *item = find(build->sinks, name);

	return item ? item : find(build->spools, name);
}

/* ---- keys ---- */

struct weir__setting *weir__build_take(struct weir__build *build, const char *section,
				       const struct weir__item *item, const char *key)
{
	char whole[WEIR__KEY_BYTES];

	snprintf(whole, sizeof whole, "weir.%s.%s.%s", section, item->name, key);
	return weir__settings_take(build->settings, whole);
}

enum weir_status weir__build_read_source(struct weir__build *build, const char *section,
					 const struct weir__item *item, const char *key,
					 const struct weir__item **ret)
{
	const struct weir__setting *named = weir__build_take(build, section, item, key);

	*ret = named ? weir__build_source(build, named->value) : NULL;
	if (!named || (*ret && (*ret)->source))
		return WEIR_OK;
	if (*ret)
		return weir__settings_wrong(build->err, named, "'%.40s' comes after it: the order is "
					    "sources, spools, sinks", named->value);
	return weir__settings_wrong(build->err, named, "there is no source '%.40s'", named->value);
}

enum weir_status weir__build_fill(struct weir__build *build, const struct weir__item *item,
				  const struct weir__key_table *table, void *options)
{
	char prefix[WEIR__KEY_BYTES];

	snprintf(prefix, sizeof prefix, "weir.%s.%s.", table->section, item->name);
	return weir__fill(build->settings, &build->arena, prefix, table, options, build->err);
}

enum weir_status weir__build_options(struct weir__settings *settings, struct weir__arena *arena,
				     struct weir_pipeline_options *options, struct weir_error *err)
{
	return weir__fill(settings, arena, "weir.pipeline.", weir__key_table_find("pipeline", NULL),
			  options, err);
}

enum weir_status weir__build_parts(struct weir__build *build, const char *section,
				   const struct weir__item *of, const char *list,
				   const struct weir__key_table *table, void **ret_parts,
				   size_t *ret_count)
{
	char whole[WEIR__KEY_BYTES], prefix[2 * WEIR__KEY_BYTES], *part;
	struct weir__item *items = NULL;
	size_t count = 0;

	snprintf(whole, sizeof whole, "%s.%s.%s", section, of->name, list);
	if (collect(build, whole, &items) < 0)
		return build->err->status;
	for (const struct weir__item *at = items; at; at = at->next)
		count++;
	if (!count)
		return WEIR_OK;
	part = weir__arena_alloc(&build->arena, count * table->size);
	if (!part)
		return weir__error_no_memory(build->err);
	*ret_parts = part;
	*ret_count = count;
	for (const struct weir__item *at = items; at; at = at->next, part += table->size) {
		snprintf(prefix, sizeof prefix, "weir.%s.%s.", whole, at->name);
		if (weir__fill(build->settings, &build->arena, prefix, table, part, build->err) < 0)
			return build->err->status;
	}
	return WEIR_OK;
}

/* ---- places ---- */

/* Whether `text` has `word`, and not as a part of a longer one. */
static bool has_word(const char *text, const char *word)
{
	const size_t len = strlen(word);

	for (const char *at = text; len && (at = strstr(at, word)); at++)
		if ((at == text || (!isalnum((unsigned char)at[-1]) && at[-1] != '_')) &&
		    !isalnum((unsigned char)at[len]) && at[len] != '_')
			return true;
	return false;
}

/* How much a text seems to speak of a setting, whose key is `key` behind the item's name. */
static unsigned weigh(const char *text, const char *key, const char *value)
{
	const char *inner = strchr(key, '.'), *last = strrchr(key, '.');
	char quoted[WEIR__KEY_BYTES], one[WEIR__KEY_BYTES];
	unsigned weight = 0;

	snprintf(one, sizeof one, "%.*s", (int)(strlen(key) - (key[strlen(key) - 1] == 's')), key);
	snprintf(quoted, sizeof quoted, "'%.200s'", value);
	if (has_word(text, key) || (inner && has_word(text, inner + 1)) ||
	    (last && has_word(text, last + 1)))
		weight = 2;
	else if (has_word(text, one))
		weight = 1;
	return weight && strstr(text, quoted) ? weight + 2 : weight;
}

/* Of the settings that begin so, the last that the text speaks of most; NULL: of none. */
static const struct weir__setting *find_meant(const struct weir__settings *settings,
					      const char *prefix, const char *text)
{
	const struct weir__setting *found = NULL;
	const size_t len = strlen(prefix);
	unsigned most = 1;

	for (const struct weir__setting *at = settings->first; at; at = at->next) {
		unsigned weight;

		if (!at->file || strncmp(at->key, prefix, len) != 0 || !at->key[len] ||
		    strcmp(at->key + len, "type") == 0)
			continue;
		weight = weigh(text, at->key + len, at->value);
		if (weight >= most) {
			most = weight;
			found = at;
		}
	}
	return found;
}

void weir__build_place(const struct weir__settings *settings, const char *prefix,
		       const struct weir__setting *first, struct weir_error *err)
{
	const struct weir__setting *meant = find_meant(settings, prefix, err->text);
	char place[WEIR__PLACE_BYTES];

	if (!meant)
		meant = first;
	if (meant && weir__settings_line(meant, place, sizeof place))
		weir__error_prefix(err, "%s", place);
}

enum weir_status weir__build_failed(struct weir__build *build, const char *section,
				    const struct weir__item *item)
{
	const struct weir_error *reason = weir_pipeline_error(build->pipeline);
	char prefix[WEIR__KEY_BYTES];

	if (reason->status == WEIR_OK)
		return weir__error_no_memory(build->err);
	*build->err = *reason;
	snprintf(prefix, sizeof prefix, *item->name ? "weir.%s.%s." : "weir.%s.", section,
		 item->name);
	weir__build_place(build->settings, prefix, item->first, build->err);
	return reason->status;
}

/* ---- all ---- */

static enum weir_status add_all(struct weir__build *build, struct weir__item *items,
				enum weir_status (*add)(struct weir__build *build,
							struct weir__item *item))
{
	enum weir_status status = WEIR_OK;

	for (struct weir__item *item = items; item && status == WEIR_OK; item = item->next)
		status = add(build, item);
	return status;
}

static enum weir_status build_all(struct weir__build *build)
{
	if (collect(build, "sources", &build->sources) < 0 ||
	    collect(build, "spools", &build->spools) < 0 ||
	    collect(build, "sinks", &build->sinks) < 0 ||
	    collect(build, "dedup", &build->dedups) < 0 ||
	    collect(build, "routes", &build->routes) < 0 ||
	    add_all(build, build->sources, weir__build_add_source) < 0 ||
	    add_all(build, build->spools, weir__build_add_spool) < 0 ||
	    add_all(build, build->sinks, weir__build_add_sink) < 0 ||
	    add_all(build, build->dedups, weir__build_add_dedup) < 0 ||
	    add_all(build, build->routes, weir__build_add_route) < 0)
		return build->err->status;
	return weir__build_set_dead_letters(build);
}

enum weir_status weir__build(weir_config *config, struct weir__settings *settings,
			     weir_pipeline *pipeline, struct weir_error *err)
{
	struct weir__build build = { .config = config,
				     .settings = settings,
				     .arena = { .env = &config->env },
				     .pipeline = pipeline,
				     .err = err };
	enum weir_status status = build_all(&build);

	for (struct weir__setting *at = settings->first; at && status == WEIR_OK; at = at->next) {
		if (!at->is_used)
			weir__config_tell_unknown(config, at);
		at->is_used = true;	/* told once, also when the check fails behind it */
	}
	if (status == WEIR_OK && config->watch)
		status = weir__watch_end(config->watch, err);
	weir__arena_release(&build.arena);
	return status;
}
