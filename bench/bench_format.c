/* SPDX-License-Identifier: MIT */
/*
 * kafka-connect-twitter's structured records, made by weir and through a jansson tree:
 *
 *     bench_format NAME COUNT|FILE        COUNT generated messages, or a message a line
 *
 * Statuses only. NAME.formatted is a whole pipeline in memory whose route has the format;
 * NAME.rebuilt a bare loop: the message parsed into a tree, the record built as a tree of its own,
 * that written, and both freed. Before anything is measured both must give the same bytes for every
 * status (jansson's with characters beyond U+FFFF written as two escapes).
 */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bench.h"
#include "feed.h"
#include "kit/html.h"

#define LEAST 100000	/* messages that weir makes */
#define REBUILT 20000	/* and that go through a tree */

struct out {
	char **records;		/* NULL: they are not kept */
	size_t count;
	uint64_t bytes;
};

/* ---- weir */

static enum weir_status take(void *self, weir_delivery *delivery, struct weir_error *err)
{
	struct out *out = self;
	const struct weir_slice value = weir_delivery_value(delivery);

	(void)err;
	out->bytes += value.len;
	if (out->records)
		out->records[out->count] = strndup(value.data, value.len);
	out->count++;
	weir_delivery_done(delivery);
	return WEIR_OK;
}

static const struct weir_sink_ops take_ops = { .size = sizeof take_ops, .submit = take };

static struct feed run_weir(const struct texts *texts, uint64_t count, struct out *out)
{
	struct feed feed = { .texts = texts, .count = count };
	weir_pipeline *p = weir_pipeline_new(NULL);

	feed_add(p, &feed);
	weir_route_add(p, WEIR_WITH(weir_route, .to = "t", .format = {
				.form = WEIR_FORM_ENECO_STRUCTURED,
				.key_encoding = WEIR_ENCODING_JSON,
				.value_encoding = WEIR_ENCODING_JSON }),
		       weir_sink_add(p, "take", &take_ops, out));
	if (weir_pipeline_run(p) < 0) {
		fprintf(stderr, "bench_format: %s\n", weir_pipeline_error(p)->text);
		exit(1);
	}
	weir_pipeline_free(p);
	return feed;
}

/* ---- a tree */

/* A copy of some members, null, -1 or false where they are absent. */
static json_t *copy(const json_t *from, const char *const *names, size_t count)
{
	json_t *to = json_object();

	for (size_t i = 0; i < count; i++) {
		const char kind = names[i][0];
		const char *name = names[i] + 1;
		json_t *value = json_object_get(from, name);

		if (kind == 's')
			json_object_set_new(to, name, json_is_string(value) ? json_incref(value)
									  : json_null());
		else if (kind == 'i')
			json_object_set_new(to, name, json_is_integer(value) ? json_incref(value)
									   : json_integer(-1));
		else
			json_object_set_new(to, name, json_boolean(json_is_true(value)));
	}
	return to;
}

#define COPY(from, ...)                                                                            \
	copy(from, (const char *const[]){ __VA_ARGS__ },                                           \
	     sizeof((const char *const[]){ __VA_ARGS__ }) / sizeof(char *))

static json_t *copy_url(const json_t *from)
{
	json_t *to = COPY(from, "sdisplay_url", "sexpanded_url", "surl");
	json_t *url = json_object_get(to, "url");

	if (json_is_null(json_object_get(to, "display_url")))
		json_object_set(to, "display_url", url);
	if (json_is_null(json_object_get(to, "expanded_url")))
		json_object_set(to, "expanded_url", url);
	return to;
}

static json_t *copy_hashtag(const json_t *from)
{
	return COPY(from, "stext");
}

static json_t *copy_medium(const json_t *from)
{
	return COPY(from, "sdisplay_url", "sexpanded_url", "iid", "stype", "surl");
}

static json_t *copy_mention(const json_t *from)
{
	return COPY(from, "iid", "sname", "sscreen_name");
}

static json_t *copy_array(const json_t *from, json_t *(*copy_one)(const json_t *element))
{
	json_t *to = json_array();

	for (size_t i = 0; i < json_array_size(from); i++)
		json_array_append_new(to, copy_one(json_array_get(from, i)));
	return to;
}

static json_t *make_time(const json_t *status)
{
	struct tm when = { 0 };
	char text[40];

	strptime(json_string_value(json_object_get(status, "created_at")),
		 "%a %b %d %H:%M:%S +0000 %Y", &when);
	strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S.000+0000", &when);
	return json_string(text);
}

static json_t *make_text(const json_t *status)
{
	char *text = strdup(json_string_value(json_object_get(status, "text")));
	json_t *made = json_stringn(text, weir__html_undo(text, strlen(text)));

	free(text);
	return made;
}

static json_t *make_entities(const json_t *status)
{
	const json_t *from = json_object_get(status, "entities");
	json_t *to = json_object();

	json_object_set_new(to, "hashtags", copy_array(json_object_get(from, "hashtags"), copy_hashtag));
	json_object_set_new(to, "media", copy_array(json_object_get(from, "media"), copy_medium));
	json_object_set_new(to, "urls", copy_array(json_object_get(from, "urls"), copy_url));
	json_object_set_new(to, "user_mentions",
			    copy_array(json_object_get(from, "user_mentions"), copy_mention));
	return to;
}

/* The record of one status; yours. */
static char *rebuild(const struct text *text)
{
	json_t *status = json_loadb(text->bytes, text->len, 0, NULL);
	json_t *record = COPY(status, "iid"), *lang = COPY(status, "slang");
	char *made;

	json_object_set_new(record, "created_at", make_time(status));
	json_object_set_new(record, "user",
			    COPY(json_object_get(status, "user"), "iid", "sname", "sscreen_name",
				 "slocation", "bverified", "ifriends_count", "ifollowers_count",
				 "istatuses_count"));
	json_object_set_new(record, "text", make_text(status));
	json_object_update(record, lang);
	json_object_set_new(record, "is_retweet",
			    json_boolean(json_is_object(json_object_get(status, "retweeted_status"))));
	json_object_set_new(record, "entities", make_entities(status));
	made = json_dumps(record, JSON_COMPACT);
	json_decref(lang);
	json_decref(record);
	json_decref(status);
	return made;
}

/* ---- the same bytes */

/* Characters of four bytes as two escapes; yours, as `text` was. */
static char *escape_beyond(char *text)
{
	char *made = malloc(strlen(text) * 3 + 1), *to = made;

	for (const unsigned char *at = (const unsigned char *)text; *at;) {
		if (*at < 0xf0) {
			*to++ = (char)*at++;
			continue;
		}
		const unsigned code = ((at[0] & 7u) << 18 | (at[1] & 63u) << 12 | (at[2] & 63u) << 6 |
				       (at[3] & 63u)) - 0x10000;

		to += sprintf(to, "\\u%04X\\u%04X", 0xd800 + (code >> 10), 0xdc00 + (code & 0x3ff));
		at += 4;
	}
	*to = '\0';
	free(text);
	return made;
}

static void check(const struct texts *texts)
{
	struct out out = { .records = calloc(texts->count, sizeof(char *)) };

	run_weir(texts, texts->count, &out);
	for (size_t i = 0; i < texts->count; i++) {
		char *other = escape_beyond(rebuild(&texts->list[i]));

		if (strcmp(out.records[i], other) != 0) {
			fprintf(stderr, "bench_format: not the same:\n%s\n%s\n", out.records[i], other);
			exit(1);
		}
		free(other);
		free(out.records[i]);
	}
	free(out.records);
	printf("# bench_format: %zu records by weir and by jansson are the same, byte for byte\n",
	       texts->count);
}

/* Leaves the statuses. */
static void keep_statuses(struct texts *texts)
{
	size_t kept = 0;

	texts->bytes = 0;
	for (size_t i = 0; i < texts->count; i++) {
		json_t *tree = json_loadb(texts->list[i].bytes, texts->list[i].len, 0, NULL);
		const bool is_status = json_is_string(json_object_get(tree, "text")) &&
				       json_is_string(json_object_get(tree, "id_str")) &&
				       json_is_object(json_object_get(tree, "user"));

		json_decref(tree);
		if (!is_status) {
			free(texts->list[i].bytes);
			continue;
		}
		texts->bytes += texts->list[i].len;
		texts->list[kept++] = texts->list[i];
	}
	texts->count = kept;
}

int main(int argc, char **argv)
{
	struct texts texts;
	struct out out = { NULL, 0, 0 };
	struct bench_moment from;
	struct feed feed;
	uint64_t bytes = 0;
	char name[64];

	if (argc != 3)
		return fprintf(stderr, "usage: %s NAME COUNT|FILE\n", argv[0]), 2;
	texts = texts_read(argv[2]);
	keep_statuses(&texts);
	check(&texts);
	from = bench_moment_now();
	feed = run_weir(&texts, LEAST, &out);
	snprintf(name, sizeof name, "%s.formatted", argv[1]);
	bench_print(name, LEAST, feed.bytes, from, bench_moment_now());
	from = bench_moment_now();
	for (size_t i = 0; i < REBUILT; i++) {
		const struct text *text = &texts.list[i % texts.count];

		bytes += text->len;
		free(rebuild(text));
	}
	snprintf(name, sizeof name, "%s.rebuilt", argv[1]);
	bench_print(name, REBUILT, bytes, from, bench_moment_now());
	texts_free(&texts);
	return 0;
}
