/* SPDX-License-Identifier: MIT */
/*
 * Routes, watched: what they would do, and what can never be.
 *
 * Guarantee: what is called impossible is so: a kind that no source gives, a field that no message
 * of its kinds has (watch_field.c), a name that no sink takes, a route that another one hides.
 * Called by watch.c, and at the end of a check.
 */
#include <stdio.h>
#include <string.h>

#include "config/watched.h"
#include "ground/error.h"

#define TOPIC_BYTES 249	/* most a destination from a template may have */

/* ---- what would be ---- */

static void write_key(const struct weir_route *route, bool is_eneco, struct weir__bytes *ret)
{
	if (route->key)
		weir__bytes_add_text(ret, *route->key ? route->key : "none");
	else if (!is_eneco)
		weir__bytes_add_text(ret, "the message's own");
	else
		weir__bytes_add_text(ret, "{user.screen_name} as ");
	if (!route->key && is_eneco)
		weir__bytes_add_text(ret, weir__key_word("routes", NULL, "format.key",
							 route->format.key_encoding));
	weir__bytes_add(ret, "", 1);
}

static bool is_of(const struct weir__party *party, const char *type)
{
	return party && strcmp(party->type, type) == 0;
}

static const char *default_of(const struct weir__party *sink)
{
	const struct weir_kafka_sink_options *options = sink->options;

	return is_of(sink, "kafka") ? options->topic : NULL;
}

void weir__watch_tell_route(const struct weir__watch *watch,
			    const struct weir__watched_route *watched)
{
	const struct weir_route *route = &watched->route;
	const bool is_eneco = route->format.form == WEIR_FORM_ENECO_STRING ||
			      route->format.form == WEIR_FORM_ENECO_STRUCTURED;
	char kinds[WEIR__KINDS_BYTES];
	const char *what, *to;
	struct weir__bytes key;

	weir__watch_kinds(route->kinds, kinds, sizeof kinds);
	if (!watched->sink) {
		weir__watch_tell(watch, WEIR_CHECK_PLAN, "route %s: %s: dropped", route->name, kinds);
		return;
	}
	what = is_of(watched->sink, "spool") ? "spool" : "sink";
	to = route->to ? route->to : default_of(watched->sink);
	if (to)
		weir__watch_tell(watch, WEIR_CHECK_PLAN, "route %s: %s to %s%s of %s %s",
				 route->name, kinds,
				 is_of(watched->sink, "kafka") ? "topic " : "", to, what,
				 watched->sink->name);
	else
		weir__watch_tell(watch, WEIR_CHECK_PLAN, "route %s: %s to %s %s's own destination",
				 route->name, kinds, what, watched->sink->name);
	weir__bytes_init(&key, watch->env);
	write_key(route, is_eneco, &key);
	if (key.has_failed)
		watch->call(watch->user, WEIR_CHECK_WRONG, WEIR__NO_LINE);
	else
		weir__watch_tell(watch, WEIR_CHECK_PLAN, "route %s: key %s, value %s%s%s",
				 route->name, key.data,
				 weir__key_word("routes", NULL, "format", route->format.form),
				 is_eneco ? " as " : "",
				 is_eneco ? weir__key_word("routes", NULL, "format.value",
							   route->format.value_encoding)
					  : "");
	weir__bytes_release(&key);
}

/* ---- templates; they are legal, or the add would have said so ---- */

/* The next field of a template, without its braces; false: there is none. */
static bool next_field(const char **at, struct weir_slice *ret)
{
	while (**at) {
		const char *begin = *at;

		if ((*begin == '{' || *begin == '}') && begin[1] == *begin) {
			*at += 2;
		} else if (*begin == '{') {
			const size_t len = strcspn(begin + 1, "}");

			*at = begin + len + 2;
			*ret = (struct weir_slice){ begin + 1, len };
			return true;
		} else {
			++*at;
		}
	}
	return false;
}

static bool is_word(struct weir_slice slice, const char *word)
{
	return slice.len == strlen(word) && memcmp(slice.data, word, slice.len) == 0;
}

static void try_template(const struct weir__watch *watch, const struct weir__watched_route *route,
			 const char *key, const char *text, const char *effect)
{
	struct weir_slice field;

	while (text && next_field(&text, &field))
		if (!is_word(field, "kind") && !is_word(field, "source"))
			weir__watch_try_path(watch, route, key, field, effect);
}

/* What a template gives when each field gives `filler`. NULL: out of memory. */
static char *fill(struct weir__watch *watch, const char *text, const char *filler)
{
	char *ret = weir__arena_alloc(&watch->arena, strlen(text) * (strlen(filler) + 1) + 1);
	size_t len = 0;

	for (const char *at = text; ret && *at;) {
		const bool is_field = *at == '{' && at[1] != '{';

		if (is_field) {
			memcpy(ret + len, filler, strlen(filler));
			len += strlen(filler);
			at += strcspn(at, "}") + 1;
		} else {
			ret[len++] = *at;
			at += 1 + ((*at == '{' || *at == '}') && at[1] == *at);
		}
	}
	return ret;
}

static bool is_topic(const char *name)
{
	return name[strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				 "._-")] == '\0';
}

/* Whether no part of it is empty, "." or "..", but for the root in front. */
static bool is_file_name(const char *name)
{
	for (const char *at = name + (*name == '/');; at++) {
		const size_t len = strcspn(at, "/");

		if (len == 0 || (len == 1 && *at == '.') || (len == 2 && strncmp(at, "..", 2) == 0))
			return false;
		at += len;
		if (!*at)
			return true;
	}
}

/* Whether it has a field that a message may be without. */
static bool falls_back(const char *to)
{
	struct weir_slice field;

	while (next_field(&to, &field))
		if (!is_word(field, "kind") && !is_word(field, "source"))
			return true;
	return false;
}

static enum weir_status try_to(struct weir__watch *watch, const struct weir__watched_route *route,
			       struct weir_error *err)
{
	const char *to = route->route.to, *fallback = route->route.fallback;
	const char *shortest = fill(watch, to, "x"), *name = route->route.name;
	char effect[TOPIC_BYTES + 64];

	if (!fallback)
		fallback = fill(watch, to, "other");
	if (!shortest || !fallback)
		return weir__error_no_memory(err);
	snprintf(effect, sizeof effect, "all goes to %.*s", TOPIC_BYTES, fallback);
	try_template(watch, route, "to", to, effect);
	if (is_of(route->sink, "kafka") && !is_topic(shortest))
		weir__watch_tell(watch, WEIR_CHECK_WRONG, "route %s: to: no topic may be called '%s'"
				 ": all become dead letters; Kafka allows letters, digits, '.', '_' "
				 "and '-'", name, to);
	else if (is_of(route->sink, "file") && !is_file_name(shortest))
		weir__watch_tell(watch, WEIR_CHECK_WRONG, "route %s: to: no file may be called '%s'"
				 ": all become dead letters; leave out empty parts, '.' and '..'",
				 name, to);
	else if (strlen(shortest) > TOPIC_BYTES)
		weir__watch_tell(watch, WEIR_CHECK_WRONG, "route %s: to: it has always more than %d "
				 "bytes: %s; shorten it", name, TOPIC_BYTES, effect);
	return falls_back(to) ? weir__watch_destination(watch, route->sink, fallback, err) : WEIR_OK;
}

/* ---- routes ---- */

static void try_fields(const struct weir__watch *watch, const struct weir__watched_route *route)
{
	const struct weir_route *of = &route->route;

	for (size_t i = 0; i < of->where_count; i++)
		if (of->where[i].test != WEIR_TEST_ABSENT && of->where[i].path)
			weir__watch_try_path(watch, route, "where",
				 (struct weir_slice){ of->where[i].path, strlen(of->where[i].path) },
				 "it takes nothing");
	try_template(watch, route, "key", of->key, "no message gets a key");
	for (size_t i = 0; of->format.form == WEIR_FORM_MEMBERS && i < of->format.field_count; i++)
		if (strcmp(of->format.fields[i], "full_text") != 0)
			weir__watch_try_path(watch, route, "format.fields",
				 (struct weir_slice){ of->format.fields[i],
						      strlen(of->format.fields[i]) },
				 "it is always null");
}

/* One before it that takes all that it could, and lets nothing through; NULL: there is none. */
static const struct weir__watched_route *find_taker(const struct weir__watch *watch,
						    const struct weir__watched_route *route)
{
	const struct weir__watched_route *at = watch->takers, *first = NULL;
	const unsigned kinds = route->route.kinds ? route->route.kinds : WEIR_KIND_ANY;

	for (; at; at = at->next_taker)
		if ((!at->from || at->from == route->from) &&
		    (!at->route.kinds || !(kinds & ~at->route.kinds)))
			first = at;
	return first;
}

/* What one that is hidden hides, the other one does: few are noted, however many there are. */
static void note_taker(struct weir__watch *watch, struct weir__watched_route *route)
{
	if (!(route->route.final || !route->sink) || route->route.where_count ||
	    route->route.traits || route->route.without_traits || find_taker(watch, route))
		return;
	route->next_taker = watch->takers;
	watch->takers = route;
}

/* The spool that takes all of its source's messages; NULL: there is none. */
static const struct weir__party *find_spool(const struct weir__watch *watch,
					    const struct weir__watched_route *route)
{
	const struct weir__party *at = watch->spools;

	while (at && !(route->from && at->other && strcmp(at->other, route->from->name) == 0))
		at = at->next;
	return at;
}

static bool takes_anything(const struct weir__watch *watch, const struct weir__watched_route *route)
{
	for (const struct weir__party *at = watch->sources; at; at = at->next)
		if (weir__watch_kinds_from(route, at))
			return true;
	return false;
}

static enum weir_status try_route(struct weir__watch *watch,
				  const struct weir__watched_route *route, struct weir_error *err)
{
	const char *name = route->route.name;
	const struct weir__watched_route *taker = find_taker(watch, route);
	const struct weir__party *spool = find_spool(watch, route);

	if (spool)
		weir__watch_tell(watch, WEIR_CHECK_WRONG, "route %s: it takes nothing: all of "
				 "source %s goes into spool %s; set weir.routes.%s.from=%s", name,
				 route->from->name, spool->name, name, spool->name);
	else if (taker)
		weir__watch_tell(watch, WEIR_CHECK_WRONG, "route %s: it takes nothing: route %s "
				 "takes all of it before, and is final", name, taker->route.name);
	else if (!takes_anything(watch, route))
		weir__watch_tell(watch, WEIR_CHECK_WRONG, "route %s: it takes nothing: no source "
				 "gives such kinds; look at weir.routes.%s.kinds, and at the kind of "
				 "sources", name, name);
	else
		try_fields(watch, route);
	if (route->sink && route->route.to && strpbrk(route->route.to, "{}"))
		return try_to(watch, route, err);
	return WEIR_OK;
}

enum weir_status weir__watch_try_routes(struct weir__watch *watch, struct weir_error *err)
{
	if (!watch->routes && !watch->spools && watch->sources)
		weir__watch_tell(watch, WEIR_CHECK_WRONG, "no route: what comes in goes nowhere; add "
				 "weir.routes.NAME.to=…");
	for (struct weir__watched_route *at = watch->routes; at; at = at->next) {
		if (try_route(watch, at, err) < 0)
			return err->status;
		note_taker(watch, at);
	}
	return WEIR_OK;
}
