/* SPDX-License-Identifier: MIT */
/* The references once more, in the plainest words: trees, no slots, no tables. */
#include "support/format_judge.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define MOST_JUDGED 8	/* bytes of a reference, with its ends */

static json_t *member(const json_t *object, const char *name)
{
	return json_object_get(object, name);	/* NULL of what is no object */
}

const json_t *format_judge_at(const json_t *top, const char *path)
{
	const json_t *at = top;

	while (*path && at) {
		char name[1024];
		size_t len = 0;

		if (*path == '[') {
			char *end;

			at = json_array_get(at, strtoul(path + 1, &end, 10));
			path = end + 1;
			continue;
		}
		path += *path == '.';
		for (; *path && *path != '.' && *path != '['; path++) {
			path += *path == '\\';
			name[len++] = *path;
		}
		at = json_object_getn(at, name, len);
	}
	return at;
}

int format_judge_range(const json_t *value, double min, double max)
{
	const char *text = json_string_value(value);
	const size_t len = json_string_length(value);
	json_t *number;
	json_error_t error;
	double read;

	if (json_is_number(value))
		return json_number_value(value) >= min && json_number_value(value) <= max;
	/* jansson passes over white space around it; that is no number's. */
	if (!text || !len || !strchr("-0123456789", text[0]) || text[len - 1] < '0' ||
	    text[len - 1] > '9')
		return false;
	number = json_loadb(text, len, JSON_DECODE_ANY | JSON_DECODE_INT_AS_REAL, &error);
	if (!number)
		return json_error_code(&error) == json_error_numeric_overflow ? -1 : 0;
	read = json_number_value(number);
	json_decref(number);
	return read >= min && read <= max;
}

/* ---- the full text ---- */

static const json_t *string_at(const json_t *top, const char *path)
{
	const json_t *found = top ? format_judge_at(top, path) : NULL;

	return json_is_string(found) ? found : NULL;
}

static const json_t *first_of(const json_t *top, const char *const *paths)
{
	const json_t *found = NULL;

	for (; *paths && !found; paths++)
		found = string_at(top, *paths);
	return found;
}

/* Of a status of v1.1: extended, extended as the whole, old. */
static const json_t *text_of_status(const json_t *status)
{
	static const char *const paths[] = { "extended_tweet.full_text", "full_text", "text",
					     NULL };
	const json_t *found = first_of(member(status, "retweeted_status"), paths);

	return found ? found : first_of(status, paths);
}

static const json_t *text_of_post(const json_t *post)
{
	static const char *const paths[] = { "note_tweet.text", "note_post.text", "text", NULL };

	return first_of(post, paths);
}

static const json_t *text_of_included(const json_t *top)
{
	static const char *const lists[] = { "includes.tweets", "includes.posts" };
	const json_t *type = string_at(top, "data.referenced_tweets[0].type");
	const json_t *id = string_at(top, "data.referenced_tweets[0].id");
	const json_t *found = NULL;

	if (!type || !id || strcmp(json_string_value(type), "retweeted") != 0 ||
	    json_string_length(type) != strlen("retweeted"))
		return NULL;
	for (size_t list = 0; list < 2; list++) {
		const json_t *posts = format_judge_at(top, lists[list]);

		for (size_t i = 0; i < json_array_size(posts) && !found; i++) {
			const json_t *post = json_array_get(posts, i);

			if (string_at(post, "id") && json_equal(string_at(post, "id"), id))
				found = text_of_post(post);
		}
	}
	return found;
}

const json_t *format_judge_full_text(const json_t *top)
{
	const json_t *found = text_of_included(top);

	if (!found)
		found = text_of_status(top);
	if (!found)
		found = text_of_status(member(top, "message"));
	return found ? found : text_of_post(member(top, "data"));
}

/* ---- references ---- */

static size_t write_utf8(unsigned long code, char *out)
{
	if (code < 0x80) {
		out[0] = (char)code;
		return 1;
	}
	if (code < 0x800) {
		out[0] = (char)(0xc0 | code >> 6);
		out[1] = (char)(0x80 | (code & 63));
		return 2;
	}
	if (code < 0x10000) {
		out[0] = (char)(0xe0 | code >> 12);
		out[1] = (char)(0x80 | (code >> 6 & 63));
		out[2] = (char)(0x80 | (code & 63));
		return 3;
	}
	out[0] = (char)(0xf0 | code >> 18);
	out[1] = (char)(0x80 | (code >> 12 & 63));
	out[2] = (char)(0x80 | (code >> 6 & 63));
	out[3] = (char)(0x80 | (code & 63));
	return 4;
}

/* Between & and ;: its character, or 0; *ret_judged false: who knows. */
static unsigned long read_reference(const char *inside, bool *ret_judged)
{
	static const struct {
		const char *name;
		unsigned long code;
	} names[] = {
		{ "amp", '&' }, { "lt", '<' }, { "gt", '>' }, { "quot", '"' }, { "apos", '\'' },
	};
	const bool is_hex = inside[0] == '#' && (inside[1] == 'x' || inside[1] == 'X');
	const char *digits = inside + 1 + is_hex;
	const char *allowed = is_hex ? "0123456789abcdefABCDEF" : "0123456789";
	unsigned long code;

	*ret_judged = true;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (strcmp(inside, names[i].name) == 0)
			return names[i].code;
	*ret_judged = inside[0] == '#' || !inside[0];
	if (!*ret_judged || !*digits || digits[strspn(digits, allowed)])
		return 0;
	code = strtoul(digits, NULL, is_hex ? 16 : 10);
	return code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff) ? 0 : code;
}

/* What looks like a reference at `at`: its length with both ends, or 0. */
static size_t find_reference(const char *at, size_t left)
{
	size_t len = 1;

	if (*at != '&')
		return 0;
	len += left > 1 && at[1] == '#';
	while (len < left && ((at[len] >= '0' && at[len] <= '9') ||
			      ((at[len] | 32) >= 'a' && (at[len] | 32) <= 'z')))
		len++;
	return len < left && at[len] == ';' ? len + 1 : 0;
}

static bool undo(const char *text, size_t len, char *out, size_t *ret_len)
{
	size_t at = 0;

	*ret_len = 0;
	while (at < len) {
		const size_t whole = find_reference(text + at, len - at);
		char inside[MOST_JUDGED] = "";
		unsigned long code = 0;
		bool judged = whole <= MOST_JUDGED;

		if (whole && judged) {
			memcpy(inside, text + at + 1, whole - 2);
			code = read_reference(inside, &judged);
		}
		if (!judged)
			return false;
		if (code)
			*ret_len += write_utf8(code, out + *ret_len);
		else
			out[(*ret_len)++] = text[at];
		at += code ? whole : 1;
	}
	return true;
}

json_t *format_judge_undone(const json_t *string)
{
	const size_t len = json_string_length(string);
	char *out = malloc(len + 1);
	json_t *made = NULL;
	size_t out_len;

	if (out && json_is_string(string) && undo(json_string_value(string), len, out, &out_len))
		made = json_stringn_nocheck(out, out_len);
	free(out);
	return made;
}

/* ---- kafka-connect-twitter ---- */

static json_t *new_integer(const json_t *value, json_int_t most)
{
	const json_int_t number = json_is_integer(value) ? json_integer_value(value) : -1;

	return json_integer(number <= most && number >= -most ? number : -1);
}

static json_t *new_string(const json_t *value)
{
	return json_is_string(value) ? json_copy((json_t *)(uintptr_t)value) : json_null();
}

static json_t *new_url(const json_t *url, const char *name)
{
	return new_string(json_is_string(member(url, name)) ? member(url, name)
							    : member(url, "url"));
}

static json_t *new_hashtag(const json_t *hashtag)
{
	return json_pack("{s:o}", "text", new_string(member(hashtag, "text")));
}

static json_t *new_medium(const json_t *medium)
{
	return json_pack("{s:o,s:o,s:o,s:o,s:o}", "display_url",
			 new_string(member(medium, "display_url")), "expanded_url",
			 new_string(member(medium, "expanded_url")), "id",
			 new_integer(member(medium, "id"), INT64_MAX), "type",
			 new_string(member(medium, "type")), "url",
			 new_string(member(medium, "url")));
}

static json_t *new_link(const json_t *url)
{
	return json_pack("{s:o,s:o,s:o}", "display_url", new_url(url, "display_url"),
			 "expanded_url", new_url(url, "expanded_url"), "url",
			 new_string(member(url, "url")));
}

static json_t *new_mention(const json_t *mention)
{
	return json_pack("{s:o,s:o,s:o}", "id", new_integer(member(mention, "id"), INT64_MAX),
			 "name", new_string(member(mention, "name")), "screen_name",
			 new_string(member(mention, "screen_name")));
}

static json_t *new_list(const json_t *list, json_t *(*make)(const json_t *element))
{
	json_t *made = json_array();

	for (size_t i = 0; i < json_array_size(list); i++)
		json_array_append_new(made, make(json_array_get(list, i)));
	return made;
}

static json_t *new_user(const json_t *user)
{
	return json_pack("{s:o,s:o,s:o,s:o,s:b,s:o,s:o,s:o}", "id",
			 new_integer(member(user, "id"), INT64_MAX), "name",
			 new_string(member(user, "name")), "screen_name",
			 new_string(member(user, "screen_name")), "location",
			 new_string(member(user, "location")), "verified",
			 json_is_true(member(user, "verified")), "friends_count",
			 new_integer(member(user, "friends_count"), INT32_MAX), "followers_count",
			 new_integer(member(user, "followers_count"), INT32_MAX), "statuses_count",
			 new_integer(member(user, "statuses_count"), INT32_MAX));
}

json_t *format_judge_struct(const json_t *status, json_t *text)
{
	const json_t *entities = member(status, "entities");

	return json_pack("{s:o,s:o,s:o,s:o,s:b,s:{s:o,s:o,s:o,s:o}}", "id",
			 new_integer(member(status, "id"), INT64_MAX), "user",
			 new_user(member(status, "user")), "text", text ? text : json_null(),
			 "lang", new_string(member(status, "lang")), "is_retweet",
			 json_is_object(member(status, "retweeted_status")), "entities", "hashtags",
			 new_list(member(entities, "hashtags"), new_hashtag), "media",
			 new_list(member(entities, "media"), new_medium), "urls",
			 new_list(member(entities, "urls"), new_link), "user_mentions",
			 new_list(member(entities, "user_mentions"), new_mention));
}

json_t *format_judge_decode(const char *bytes, size_t len, bool is_plain, bool has_schema)
{
	json_t *whole, *payload = NULL;

	if (is_plain)
		return json_stringn(bytes ? bytes : "", len);
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)bytes[i] >= 0xf0)	/* beyond U+FFFF: Jackson escapes it */
			return NULL;
	whole = json_loadb(bytes ? bytes : "", len,
			   JSON_DECODE_ANY | JSON_ALLOW_NUL | JSON_REJECT_DUPLICATES, NULL);
	if (!has_schema)
		return whole;
	if (json_object_size(whole) == 2 && json_is_object(member(whole, "schema")))
		payload = json_incref(member(whole, "payload"));
	json_decref(whole);
	return payload;
}

bool format_judge_take_time(json_t *decoded)
{
	static const char shape[] = "0000-00-00T00:00:00.000+0000";
	const char *time = json_string_value(member(decoded, "created_at"));

	if (!time || strlen(time) != sizeof shape - 1)
		return false;
	for (size_t i = 0; shape[i]; i++)
		if (shape[i] == '0' ? time[i] < '0' || time[i] > '9' : time[i] != shape[i])
			return false;
	return json_object_del(decoded, "created_at") == 0;
}
