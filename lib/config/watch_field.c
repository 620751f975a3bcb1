/* SPDX-License-Identifier: MIT */
/*
 * Which fields the messages that come to a route can have.
 *
 * Guarantee: what is called absent is so by what the sources bring: their kinds, the members that
 * messages of these have, and, of v2, what is asked for. Called by watch_route.c.
 */
#include <string.h>

#include "config/watched.h"

static bool is_of(const struct weir__party *party, const char *type)
{
	return party && strcmp(party->type, type) == 0;
}

/* ---- which messages come to a route ---- */

/* Whether messages of the source come to it, by a spool or at once. */
static bool comes_from(const struct weir__watched_route *route, const struct weir__party *source)
{
	if (!route->from || route->from == source)
		return true;
	return is_of(route->from, "spool") &&
	       (!route->from->other || strcmp(route->from->other, source->name) == 0);
}

static unsigned kinds_of(const struct weir__party *source)
{
	const struct weir_kafka_source_options *kafka = source->options;
	const struct weir_file_source_options *file = source->options;

	if (is_of(source, "kafka"))	/* what has no value is always a record */
		return kafka->kind ? kafka->kind | WEIR_KIND_RECORD : WEIR_KIND_ANY;
	if (is_of(source, "file"))
		return file->kind ? file->kind : WEIR_KIND_ANY;
	return WEIR_KIND_ANY & ~(unsigned)WEIR_KIND_RECORD;
}

unsigned weir__watch_kinds_from(const struct weir__watched_route *route,
				const struct weir__party *source)
{
	if (!comes_from(route, source))
		return 0;
	return kinds_of(source) & (route->route.kinds ? route->route.kinds : WEIR_KIND_ANY);
}

/* ---- which fields messages have ---- */

/* Kinds that are told by a member have no others beside it. */
static const struct {
	unsigned kind;
	const char *members;	/* each between blanks */
} shapes[] = {
	{ WEIR_KIND_DELETE, " delete " },
	{ WEIR_KIND_LIMIT, " limit " },
	{ WEIR_KIND_SCRUB_GEO, " scrub_geo " },
	{ WEIR_KIND_STATUS_WITHHELD, " status_withheld " },
	{ WEIR_KIND_USER_WITHHELD, " user_withheld " },
	{ WEIR_KIND_WARNING, " warning " },
	{ WEIR_KIND_DISCONNECT, " disconnect " },
	{ WEIR_KIND_CONTROL, " control " },
	{ WEIR_KIND_DIRECT_MESSAGE, " direct_message " },
	{ WEIR_KIND_FRIENDS, " friends friends_str " },
	{ WEIR_KIND_EVENT, " event source target target_object created_at timestamp_ms " },
	{ WEIR_KIND_GAP, " gap " },
	{ WEIR_KIND_COMPLIANCE,
	  " data drop undrop tweet_edit user_delete user_undelete user_protect user_unprotect "
	  "user_suspend user_unsuspend " },
	{ WEIR_KIND_MALFORMED, " " },
};

/* Of v2's messages, problems included. */
static const char v2_members[] =
	" data includes errors matching_rules title detail type status client_id reason value "
	"parameter resource_type resource_id disconnect_type connection_issue registration_url "
	"required_enrollment account_id product_name period scope gap ";

static bool has_member(const char *members, struct weir_slice name)
{
	const char *text = name.data;

	for (const char *at = members + 1; *at; at += strcspn(at, " ") + 1)
		if (strncmp(at, text, name.len) == 0 && at[name.len] == ' ')
			return true;
	return false;
}

static bool is_word(struct weir_slice slice, const char *word)
{
	return slice.len == strlen(word) && memcmp(slice.data, word, slice.len) == 0;
}

static struct weir_slice first_of(const char *path, size_t len)
{
	size_t end = 0;

	while (end < len && path[end] != '.' && path[end] != '[')
		end++;
	return (struct weir_slice){ path, end };
}

static bool kinds_have(unsigned kinds, struct weir_slice name)
{
	static const char envelope[] = " for_user message ";

	for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
		if ((kinds & shapes[i].kind) &&
		    (has_member(shapes[i].members, name) ||
		     (shapes[i].kind != WEIR_KIND_MALFORMED && has_member(envelope, name))))
			return true;
		kinds &= ~shapes[i].kind;
	}
	return kinds != 0;	/* statuses, records: anything */
}

/* ---- what is asked for, of v2 ---- */

/* Whether a list joined by commas has the name, or a path that begins with it. */
static bool lists(const char *list, struct weir_slice name)
{
	const char *text = name.data;

	for (const char *at = list; at && *at; at += strcspn(at, ",") + (strchr(at, ',') != NULL)) {
		const size_t len = strcspn(at, ",.");

		if (len == name.len && strncmp(at, text, len) == 0)
			return true;
	}
	return false;
}

static bool sets(const struct weir_x_source_options *x, const char *parameter)
{
	for (size_t i = 0; i < x->parameter_count; i++)
		if (strcmp(x->parameters[i].name, parameter) == 0)
			return true;
	return false;
}

/* The key that would bring the field; NULL: it comes, or may. */
static const char *missing_key(const struct weir_x_source_options *x, struct weir_slice path)
{
	const bool has_posts = !x->path && (x->stream <= WEIR_X_FIREHOSE);
	const char *text = path.data;
	const struct weir_slice first = first_of(text, path.len);
	struct weir_slice name;

	if (!has_posts || first.len == path.len)
		return NULL;
	if (is_word(first, "includes"))
		return x->expansions || sets(x, "expansions") ? NULL : "expansions";
	if (!is_word(first, "data") || text[first.len] != '.')
		return NULL;
	name = first_of(text + first.len + 1, path.len - first.len - 1);
	if (lists("id,text,edit_history_tweet_ids", name) || lists(x->tweet_fields, name) ||
	    lists(x->expansions, name) || sets(x, "tweet.fields"))
		return NULL;
	return "tweet_fields";
}

/* ---- what can never be ---- */

enum reason { MAY_BE, NO_MEMBER, NOT_OF_V2, NOT_ASKED };

struct absence {
	enum reason reason;
	const struct weir__party *source;
	const char *key;	/* of NOT_ASKED */
};

static struct absence look_in(const struct weir__watched_route *route,
			      const struct weir__party *source, struct weir_slice path)
{
	const struct weir_slice first = first_of(path.data, path.len);
	struct absence absence = { MAY_BE, source, NULL };

	if (is_of(source, "x") && !has_member(v2_members, first))
		absence.reason = NOT_OF_V2;
	else if (!kinds_have(weir__watch_kinds_from(route, source), first))
		absence.reason = NO_MEMBER;
	else if (is_of(source, "x") && (absence.key = missing_key(source->options, path)))
		absence.reason = NOT_ASKED;
	return absence;
}

/* Whether no message that comes to the route has the field; *ret is why. */
static bool is_absent(const struct weir__watch *watch, const struct weir__watched_route *route,
		      struct weir_slice path, struct absence *ret)
{
	*ret = (struct absence){ MAY_BE, NULL, NULL };
	for (const struct weir__party *at = watch->sources; at; at = at->next) {
		if (!weir__watch_kinds_from(route, at))
			continue;
		*ret = look_in(route, at, path);
		if (ret->reason == MAY_BE)
			return false;
	}
	return ret->reason != MAY_BE;
}

void weir__watch_try_path(const struct weir__watch *watch, const struct weir__watched_route *route,
			  const char *key, struct weir_slice path, const char *effect)
{
	char kinds[WEIR__KINDS_BYTES];
	const char *name = route->route.name, *text = path.data;
	const int len = (int)path.len;
	struct absence absence;

	if (!is_absent(watch, route, path, &absence))
		return;
	weir__watch_kinds(weir__watch_kinds_from(route, absence.source), kinds, sizeof kinds);
	if (absence.reason == NOT_OF_V2)
		weir__watch_tell(watch, WEIR_CHECK_WRONG, "route %s: %s: v2 has no %.*s: %s; is "
				 "data.%.*s meant?", name, key, len, text, effect, len, text);
	else if (absence.reason == NOT_ASKED)
		weir__watch_tell(watch, WEIR_CHECK_WRONG, "route %s: %s: %.*s is not asked for: %s; "
				 "add it to weir.sources.%s.%s", name, key, len, text, effect,
				 absence.source->name, absence.key);
	else
		weir__watch_tell(watch, WEIR_CHECK_WRONG, "route %s: %s: there is no %.*s in what is "
				 "%s: %s; name another field", name, key, len, text, kinds, effect);
}
