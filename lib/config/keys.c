/* SPDX-License-Identifier: MIT */
/*
 * The keys there are, told one by one: what docs/config.md is made from.
 *
 * Guarantee: those of the tables, and the few that name another part, which build.c reads by
 * itself. Called by applications.
 */
#include <stdio.h>
#include <string.h>

#include "config/internal.h"

/* What stands between the table's name and the key; NULL behind the last. */
static const struct place {
	const char *section, *prefix;
} places[] = {
	{ "pipeline", "weir.pipeline" },
	{ "sources", "weir.sources.NAME" },
	{ "rules", "weir.sources.NAME.rules.N" },
	{ "spools", "weir.spools.NAME" },
	{ "dedup", "weir.dedup.NAME" },
	{ "sinks", "weir.sinks.NAME" },
	{ "routes", "weir.routes.NAME" },
	{ "where", "weir.routes.NAME.where.N" },
};

/* Keys that name another part: read by the files beside build.c, and by eneco.c. */
static const struct {
	const char *section, *type, *name, *value, *help;
} others[] = {
	{ "spools", NULL, "from", "a source's NAME",
	  "whose messages it takes; none: those of routes" },
	{ "spools", NULL, "share.messages", "number",
	  "of the window that deliveries to it may hold" },
	{ "spools", NULL, "share.bytes", "number", "the same in bytes" },
	{ "dedup", NULL, "sources", "sources' NAMEs, by commas",
	  "whose messages share it; none: every source" },
	{ "sinks", "kafka", "offsets_of", "a source's NAME",
	  "exactly once: its offsets are part of the transactions" },
	{ "sinks", NULL, "share.messages", "number",
	  "of the window that deliveries to it may hold" },
	{ "sinks", NULL, "share.bytes", "number", "the same in bytes" },
	{ "routes", NULL, "from", "a source's NAME", "none: every source" },
	{ "routes", NULL, "sink", "a sink's or spool's NAME", "needed where there are several" },
	{ "routes", NULL, "drop", "true, false", "what it takes is dropped" },
	{ "dead_letters", NULL, "sink", "a sink's or spool's NAME",
	  "needed where there are several" },
	{ "dead_letters", NULL, "to", "text", "its destination there" },
};

#define OTHERS (sizeof others / sizeof *others)

static const char *prefix_of(const char *section)
{
	for (size_t i = 0; i < sizeof places / sizeof *places; i++)
		if (strcmp(places[i].section, section) == 0)
			return places[i].prefix;
	return "weir";
}

static void write_words(const char *const *words, char *ret, size_t size)
{
	size_t len = 0;

	for (*ret = '\0'; *words && len < size; words++)
		len += (size_t)snprintf(ret + len, size - len, "%s%s", len ? ", " : "", *words);
}

static void write_value(const struct weir__key_row *row, char *ret, size_t size)
{
	static const char *const types[] = {
		[VALUE_TEXT] = "text",	    [VALUE_BOOLEAN] = "true, false",
		[VALUE_U64] = "number",	    [VALUE_SIZE] = "number",
		[VALUE_U32] = "number",	    [VALUE_I32] = "number, also below 0",
		[VALUE_DOUBLE] = "number",  [VALUE_KINDS] = "kinds, by commas",
		[VALUE_CHOICE] = "",	    [VALUE_SET] = "",
		[VALUE_LIST] = "texts, by commas", [VALUE_PROPERTIES] = "text",
		[VALUE_PARTITIONS] = "TOPIC:PARTITION or TOPIC:PARTITION@OFFSET",
	};
	const size_t len = (size_t)snprintf(ret, size, "%s%s", row->is_secret ? "secret " : "",
					    types[row->type]);

	if (row->words)
		write_words(row->words, ret + len, size - len);
}

static void visit_others(const char *section, const char *type, const char *prefix,
			 weir_config_key_fn *visit, void *user)
{
	char key[128];

	for (size_t i = 0; i < OTHERS; i++) {
		if (strcmp(others[i].section, section) != 0 ||
		    (others[i].type && strcmp(others[i].type, type) != 0))
			continue;
		snprintf(key, sizeof key, "%s.%s", prefix, others[i].name);
		visit(user, key, others[i].value, others[i].help);
	}
}

static void visit_table(const struct weir__key_table *table, weir_config_key_fn *visit, void *user)
{
	const char *prefix = prefix_of(table->section);
	char key[128], value[256];

	snprintf(key, sizeof key, "%s%s%s", prefix, table->type ? ".type=" : "",
		 table->type ? table->type : "");
	visit(user, key, NULL, table->help);
	for (size_t i = 0; i < table->count; i++) {
		const struct weir__key_row *row = &table->rows[i];

		snprintf(key, sizeof key, "%s.%s%s", prefix, row->name,
			 row->type == VALUE_PROPERTIES ? ".PROPERTY" : "");
		write_value(row, value, sizeof value);
		visit(user, key, value, row->help);
	}
	visit_others(table->section, table->type, prefix, visit, user);
}

size_t weir__key_names(const char *section, const char **ret, size_t most)
{
	bool has_types = false;
	size_t count = 0;

	for (size_t t = 0; t < weir__key_table_count; t++) {
		const struct weir__key_table *table = &weir__key_tables[t];

		has_types |= strcmp(table->section, section) == 0 && table->type;
		for (size_t i = 0; strcmp(table->section, section) == 0 && i < table->count; i++)
			if (count++ < most)
				ret[count - 1] = table->rows[i].name;
	}
	for (size_t i = 0; i < OTHERS; i++)
		if (strcmp(others[i].section, section) == 0 && count++ < most)
			ret[count - 1] = others[i].name;
	if (has_types && count++ < most)
		ret[count - 1] = "type";
	return count;
}

/* As fill.c reads it: by its name, and behind that with others. */
static bool row_takes(const struct weir__key_row *row, const char *key)
{
	const size_t len = strlen(row->name);

	if (strncmp(key, row->name, len) != 0)
		return false;
	if (!key[len])
		return row->type != VALUE_PROPERTIES;
	return key[len] == '.' && key[len + 1] &&
	       (row->type == VALUE_PROPERTIES || row->type == VALUE_LIST);
}

bool weir__key_is_known(const char *section, const char *key)
{
	for (size_t t = 0; t < weir__key_table_count; t++) {
		const struct weir__key_table *table = &weir__key_tables[t];

		if (strcmp(table->section, section) != 0)
			continue;
		if (table->type && strcmp(key, "type") == 0)
			return true;
		for (size_t i = 0; i < table->count; i++)
			if (row_takes(&table->rows[i], key))
				return true;
	}
	for (size_t i = 0; i < OTHERS; i++)
		if (strcmp(others[i].section, section) == 0 && strcmp(others[i].name, key) == 0)
			return true;
	return false;
}

void weir_config_keys(weir_config_key_fn *visit, void *user)
{
	for (size_t i = 0; i < weir__key_table_count; i++)
		visit_table(&weir__key_tables[i], visit, user);
	visit(user, "weir.dead_letters", NULL, "where what cannot be delivered goes");
	visit_others("dead_letters", NULL, "weir.dead_letters", visit, user);
	visit(user, "weir.base_url", NULL, "beside a connector's keys");
	visit(user, "weir.base_url", "text", "the server in the place of https://stream.twitter.com");
}
