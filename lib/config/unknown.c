/* SPDX-License-Identifier: MIT */
/*
 * Keys that nobody took, ours and the connectors', told with the nearest that there is.
 *
 * Guarantee: one notice for each; when an error has ended it before all was read, for those only
 * that nothing would have taken. Called by build.c, when all is built, by config.c and eneco.c.
 */
#include <string.h>

#include "config/foreign.h"

/* ---- ours ---- */

/* Sections, and the parts of an item that have numbers. */
static const struct {
	const char *name;
	bool has_names;		/* weir.NAME.ITEM.KEY, not weir.NAME.KEY */
} sections[] = {
	{ "pipeline", false }, { "sources", true }, { "spools", true },
	{ "sinks", true },     { "dedup", true },   { "routes", true },
	{ "dead_letters", false },
};

#define SECTIONS (sizeof sections / sizeof *sections)

static bool begins_with(const char *text, const char *word)
{
	const size_t len = strlen(word);

	return strncmp(text, word, len) == 0 && text[len] == '.';
}

/* Behind the next name of a key; NULL: there is none. */
static const char *skip_name(const char *key)
{
	const char *dot = strchr(key, '.');

	return dot ? dot + 1 : NULL;
}

/* What a key of that section would be called; NULL: nothing is near. */
static const char *find_near(const weir_config *config, const char *section, const char *key)
{
	const size_t count = weir__key_names(section, NULL, 0);
	const char **words = weir__alloc_array(&config->env, count, sizeof *words);
	const char *near = NULL;

	if (words) {
		weir__key_names(section, words, count);
		near = weir__nearest(key, words, count);
	}
	weir__free(&config->env, words, count * sizeof *words);
	return near;
}

/* The key's name, and the section that the tables have it in; NULL: it has none. */
static const char *split_key(size_t section, const char *key, const char **ret_section)
{
	static const char *const parts[] = { "rules", "where" };

	*ret_section = sections[section].name;
	if (sections[section].has_names && !(key = skip_name(key)))
		return NULL;
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
		const char *inner = begins_with(key, parts[i]) ? skip_name(skip_name(key)) : NULL;

		if (!inner)
			continue;
		*ret_section = parts[i];
		return inner;
	}
	return key;
}

static const char *find_near_key(const weir_config *config, size_t section, const char *key)
{
	const char *in, *name = split_key(section, key, &in);

	return name ? find_near(config, in, name) : NULL;
}

static const char *find_near_section(const char *key)
{
	const char *names[SECTIONS];
	char name[64] = "";
	const size_t len = strcspn(key, ".");

	for (size_t i = 0; i < SECTIONS; i++)
		names[i] = sections[i].name;
	if (key[len] != '.' || len >= sizeof name)
		return NULL;
	memcpy(name, key, len);
	return weir__nearest(name, names, SECTIONS);
}

void weir__config_tell_unknown(const weir_config *config, const struct weir__setting *setting)
{
	const char *key = setting->key + strlen("weir."), *near = NULL, *words = NULL;
	char place[WEIR__PLACE_BYTES];

	for (size_t i = 0; i < SECTIONS && !words; i++) {
		if (!begins_with(key, sections[i].name))
			continue;
		near = find_near_key(config, i, skip_name(key));
		words = "; is it meant to end in ";
	}
	if (!words) {
		near = find_near_section(key);
		words = "; is it meant to begin with weir.";
	}
	weir__settings_place(setting, place, sizeof place);
	if (near && weir__key_ends_in(setting->key, near))
		weir__config_notice(config, "%s: it means nothing here: what it belongs to is of "
				    "another type, or set up otherwise", place);
	else
		weir__config_notice(config, "%s: no such key%s%s%s", place, near ? words : "",
				    near ? near : "", near ? "?" : "");
}

/* Behind "weir.". */
static bool is_known(const char *key)
{
	for (size_t i = 0; i < SECTIONS; i++) {
		const char *in, *name;

		if (!begins_with(key, sections[i].name))
			continue;
		name = split_key(i, skip_name(key), &in);
		return name && weir__key_is_known(in, name);
	}
	return false;
}

void weir__config_tell_unread(const weir_config *config, const struct weir__settings *settings)
{
	for (const struct weir__setting *at = settings->first; at; at = at->next)
		if (!at->is_used && strncmp(at->key, "weir.", 5) == 0 &&
		    strcmp(at->key, "weir.base_url") != 0 && !is_known(at->key + 5))
			weir__config_tell_unknown(config, at);
}

/* ---- the connectors' ---- */

#define OF_V2 "of the connector's release for v2; the credentials are v1.1's"

/* Keys that are known for what they were, and left out. */
static const struct {
	const char *begin;
	bool is_not_eneco;	/* the other connector's, or of what it hands them on to */
	const char *words;
} left_out[] = {
	{ "twitter.bearerToken", true, OF_V2 },
	{ "filter.rule", true, OF_V2 },
	{ "tweet.fields", true, OF_V2 },
	{ "kafka.tweets.topic", true, OF_V2 },
	{ "kafka.delete.topic", true, "the connector has not used it since 2017: deletes go to "
	  "kafka.status.topic; with process.deletes=true another topic is weir.routes.deletes.to" },
	{ "twitter.", true, "Twitter4J's, which is not here; a proxy is weir.sources.twitter.proxy" },
	{ "errors.", false, "of Connect's: here what fails is tried again, or goes to "
	  "weir.dead_letters.to" },
};

/* Why it is left out; NULL: it is not known. */
static const char *find_left_out(const struct weir__foreign *from, const char *key)
{
	for (size_t i = 0; from->has_connector && i < sizeof left_out / sizeof *left_out; i++)
		if (strncmp(key, left_out[i].begin, strlen(left_out[i].begin)) == 0 &&
		    !(left_out[i].is_not_eneco && from->is_eneco))
			return left_out[i].words;
	return NULL;
}

static const char *find_near_foreign(const char *key)
{
	static const char *const known[] = {
		"name", "connector.class", "tasks.max", "topic", "topics", "twitter.consumerkey",
		"twitter.consumersecret", "twitter.token", "twitter.secret", "stream.type",
		"track.terms", "track.follow", "track.locations", "language", "twitter.app.name",
		"batch.size", "batch.timeout", "output.format", "bootstrap.servers",
		"key.converter", "value.converter", "key.converter.schemas.enable",
		"value.converter.schemas.enable", "filter.keywords", "filter.userIds",
		"kafka.status.topic", "kafka.delete.topic", "process.deletes", "transforms",
		"weir.base_url",
		"twitter.oauth.consumerKey", "twitter.oauth.consumerSecret",
		"twitter.oauth.accessToken", "twitter.oauth.accessTokenSecret",
		"twitter.bearerToken", "filter.rule", "tweet.fields", "kafka.tweets.topic",
	};

	if (weir__worker_is_converter_key(key))
		return weir__worker_near(key);
	return weir__nearest(key, known, sizeof known / sizeof *known);
}

static void tell_nobodys(const struct weir__foreign *from, const char *place, const char *near,
			 bool is_converters)
{
	if (near)
		weir__config_notice(from->config, "%s: no such key; is it meant to be %s?", place,
				    near);
	else
		weir__config_notice(from->config, "%s: no such key%s", place,
				    is_converters ? ": neither JsonConverter nor StringConverter "
						    "has it" : "");
}

void weir__foreign_tell_unknown(const struct weir__foreign *from, bool is_early)
{
	char place[WEIR__PLACE_BYTES];

	for (const struct weir__setting *at = from->config->given.first; at; at = at->next) {
		const char *near, *words;

		if (at->is_used || weir__worker_is_idle(from, at))
			continue;
		if (is_early && (strncmp(at->key, "weir.", 5) == 0 ||
				 strncmp(at->key, "producer.", 9) == 0))
			continue;
		near = find_near_foreign(at->key);
		weir__settings_place(at, place, sizeof place);
		words = find_left_out(from, at->key);
		if (words && (!is_early || !near)) {
			if (!is_early)
				weir__config_notice(from->config, "%s: left out: %s", place, words);
			continue;
		}
		if (near && strcmp(near, at->key) == 0) {
			if (is_early)
				continue;
			weir__config_notice(from->config, "%s: %s", place,
					    from->has_connector
						    ? "it is another connector's"
						    : "it is for a connector, and there is none");
			continue;
		}
		tell_nobodys(from, place, near, weir__worker_is_converter_key(at->key));
	}
}
