/* SPDX-License-Identifier: MIT */
/*
 * Three lines of a configuration (a template, a path, a value) and any bytes as a message: routes'
 * templates, tests and formats. Nothing crashes, no destination is illegal, no bound is passed; of
 * messages that jansson can hold, all comes out as jansson and the references say.
 *
 *     make fuzz                     with clang's libFuzzer
 *     test_templates [FILE…]        the corpus again, without it
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kit/text.h"
#include "model/format.h"
#include "model/match.h"
#include "model/message.h"
#include "model/template.h"
#include "support/format_judge.h"
#include "support/template_judge.h"

#define FLAGS (JSON_DECODE_ANY | JSON_ALLOW_NUL)
#define RANGE_MIN (-7.0)
#define RANGE_MAX 42.0
#define FORM_COUNT 14
#define TEST_COUNT 5

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What no input changes, made once: the formats that have no paths of their own. */
struct fixed {
	struct weir_env env;
	weir__plan *plan;
	struct weir__kind_slots kind_slots;
	weir__format *formats[FORM_COUNT];
	struct weir__slot *slots;
	struct weir__rendering made;
};

/* One input: what it says, and what is made of it. */
struct trial {
	struct fixed *fixed;
	const struct weir_env *env;
	char *lines[3];		/* template, path, value */
	weir__plan *plan;
	weir__template *made;	/* NULL: refused */
	struct weir__match *matches[TEST_COUNT];	/* NULL: refused */
	weir__format *members;	/* NULL: refused */
	struct weir__slot *slots;
	weir_message *message;
	json_t *top;		/* NULL: jansson does not take it */
};

static void require(bool holds, const char *what)
{
	if (holds)
		return;
	fprintf(stderr, "%s\n", what);
	abort();
}

static bool is_same(const void *a, size_t a_len, const void *b, size_t b_len)
{
	return a_len == b_len && (!a_len || memcmp(a, b, a_len) == 0);
}

/* ---- making ---- */

static char *take_line(const uint8_t **data, size_t *size)
{
	const uint8_t *end = *size ? memchr(*data, '\n', *size) : NULL;
	const size_t len = end ? (size_t)(end - *data) : *size;
	char *line = calloc(1, len + 1);	/* a NUL ends it */

	if (!line)
		abort();
	if (len)
		memcpy(line, *data, len);
	*data += len + (end != NULL);
	*size -= len + (end != NULL);
	return line;
}

static void make_matches(struct trial *trial)
{
	const char *const values[] = { trial->lines[2] };
	struct weir_error err;

	for (unsigned test = 0; test < TEST_COUNT; test++) {
		struct weir_field_match match = { .path = trial->lines[1], .test = test };

		if (test == WEIR_TEST_EQUALS || test == WEIR_TEST_PREFIX) {
			match.any_of = values;
			match.any_of_count = 1;
		}
		if (test == WEIR_TEST_RANGE) {
			match.min = RANGE_MIN;
			match.max = RANGE_MAX;
		}
		if (weir__matches_new(trial->env, trial->plan, &match, 1, &trial->matches[test],
				      &err) < 0)
			require(err.status == WEIR_ERR_INVALID, err.text);
	}
}

static struct weir_format format_of(unsigned number)
{
	const unsigned eneco = number - 2;

	if (number < 2)
		return (struct weir_format){ .form = WEIR_FORM_TEXT, .references = number };
	return (struct weir_format){ .form = eneco % 2 ? WEIR_FORM_ENECO_STRING
						       : WEIR_FORM_ENECO_STRUCTURED,
				     .key_encoding = eneco / 2 % 3,
				     .value_encoding = eneco / 2 % 3,
				     .full_text = eneco / 6 };
}

static void make_fixed(struct fixed *fixed)
{
	struct weir_error err;

	fixed->env = weir__env_complete(NULL);
	fixed->plan = weir__plan_new(&fixed->env);
	require(weir__kind_plan(&fixed->kind_slots, fixed->plan, &err) == WEIR_OK, "no plan");
	for (unsigned i = 0; i < FORM_COUNT; i++) {
		const struct weir_format format = format_of(i);

		require(weir__format_new(&fixed->env, fixed->plan, &format, false,
					 &fixed->formats[i], &err) == WEIR_OK, err.text);
	}
	fixed->slots = calloc(weir__plan_slot_count(fixed->plan), sizeof *fixed->slots);
	weir__rendering_init(&fixed->made, &fixed->env);
}

static void make_members(struct trial *trial)
{
	const char *const fields[] = { trial->lines[1], "full_text", "matching_rules.tag" };
	const struct weir_format format = { .form = WEIR_FORM_MEMBERS, .fields = fields,
					    .field_count = 3 };
	struct weir_error err;

	if (weir__format_new(trial->env, trial->plan, &format, false, &trial->members, &err) < 0)
		require(err.status == WEIR_ERR_INVALID, err.text);
}

static void make(struct trial *trial)
{
	struct weir_error err;
	size_t slot;

	trial->plan = weir__plan_new(trial->env);
	if (weir__template_new(trial->env, trial->plan, trial->lines[0], &trial->made, &err) < 0)
		require(err.status == WEIR_ERR_INVALID && !strncmp(err.text, "template '", 10),
			err.text);
	make_matches(trial);
	make_members(trial);
	require((trial->matches[0] != NULL) ==
			(weir__plan_add(trial->plan, trial->lines[1], &slot, &err) == WEIR_OK),
		"a path for one is none for the other");
}

/* As the engine does it, but with two plans. Answers whether it is JSON. */
static bool read_message(struct trial *trial, const uint8_t *data, size_t size)
{
	const struct weir_message_init init = { .size = sizeof init, .body = { data, size } };
	struct fixed *fixed = trial->fixed;
	const void *body;
	bool valid;

	trial->slots = calloc(weir__plan_slot_count(trial->plan), sizeof *trial->slots);
	trial->message = weir__message_new(trial->env, &init, trial->lines[2], 1461318116789);
	require(trial->slots && trial->message, "no memory");
	body = weir_message_body(trial->message).data;
	valid = weir__scan(fixed->plan, body, size, fixed->slots, NULL);
	weir__message_tell(trial->message, &fixed->kind_slots, valid, fixed->slots);
	require(weir__scan(trial->plan, body, size, trial->slots, NULL) == valid, "valid for one");
	if (!valid)
		return false;
	trial->message->slots = trial->slots;
	trial->message->router = pthread_self();
	atomic_store(&trial->message->plan, trial->plan);
	trial->top = json_loadb((const char *)data, size, FLAGS, NULL);
	/* An escaped id is no id to the library, and a tree does not tell: it is not judged. */
	if (trial->top && format_judge_at(trial->top, "data.referenced_tweets[0].id") &&
	    memchr(data, '\\', size)) {
		json_decref(trial->top);
		trial->top = NULL;
	}
	return true;
}

static void release(struct trial *trial)
{
	json_decref(trial->top);
	weir__format_free(trial->members);
	for (size_t i = 0; i < TEST_COUNT; i++)
		weir__matches_free(trial->env, trial->matches[i], 1);
	weir__template_free(trial->env, trial->made);
	if (trial->message) {
		atomic_store(&trial->message->plan, NULL);
		weir_message_unref(trial->message);
	}
	free(trial->slots);
	weir__plan_free(trial->plan);
	for (size_t i = 0; i < 3; i++)
		free(trial->lines[i]);
}

/* ---- templates ---- */

static const char *spell(const char *path)
{
	return strcmp(path, "matching_rules.tag") == 0 ? "matching_rules[0].tag" : path;
}

static const json_t *find(const struct trial *trial, const char *path)
{
	return strcmp(path, "full_text") == 0 ? format_judge_full_text(trial->top)
					      : format_judge_at(trial->top, spell(path));
}

/* What jansson has there; of a number the bytes, which jansson forgets, if it takes them for it. */
static struct weir_slice expect_field(const struct trial *trial, const char *path)
{
	const json_t *value = find(trial, path);
	struct weir_slice raw;
	json_t *again;
	size_t slot;

	if (json_is_string(value))
		return (struct weir_slice){ json_string_value(value), json_string_length(value) };
	if (json_is_boolean(value))
		return json_is_true(value) ? (struct weir_slice){ "true", 4 }
					   : (struct weir_slice){ "false", 5 };
	if (!json_is_number(value))
		return (struct weir_slice){ NULL, 0 };
	require(weir__plan_find(trial->plan, spell(path), &slot), "no slot");
	raw.data = (const char *)weir_message_body(trial->message).data + trial->slots[slot].at;
	raw.len = trial->slots[slot].len;
	again = json_loadb(raw.data, raw.len, FLAGS, NULL);
	require(json_equal(again, value), "another number");
	json_decref(again);
	return raw;
}

static struct weir_slice expect_part(void *user, const char *path)
{
	const struct trial *trial = user;
	const char *own = strcmp(path, "source") == 0 ? trial->lines[2] : NULL;

	if (strcmp(path, "kind") == 0)
		own = weir_kind_name(weir_message_kind(trial->message));
	return own ? (struct weir_slice){ own, strlen(own) } : expect_field(trial, path);
}

static void try_key(const struct trial *trial, const struct weir__template_source *from,
		    const struct judged_text *want, size_t size)
{
	char *out = malloc(size);
	size_t len = 0;
	const bool is_filled = weir__template_key(trial->made, from, out, size, &len);

	require(!is_filled || len <= size, "a key beyond its bound");
	if (trial->top) {
		require(is_filled == (!want->is_gone && want->len <= size), "a key for one only");
		require(!is_filled || is_same(out, len, want->bytes, want->len), "another key");
	}
	free(out);
}

/* What must hold of any destination, whoever judges the rest. */
static void require_legal(const struct trial *trial, const char *name, size_t len)
{
	require(len > 0 && len <= WEIR__TEMPLATE_MAX_BYTES && strlen(name) == len &&
		strcmp(name, ".") != 0 && strcmp(name, "..") != 0, "an illegal destination");
	for (size_t i = 0; i < len; i++)
		require((name[i] >= '0' && name[i] <= '9') || strchr("._-", name[i]) ||
			((name[i] | 32) >= 'a' && (name[i] | 32) <= 'z') ||
			strchr(trial->lines[0], name[i]), "an illegal character");
}

static void try_template(struct trial *trial)
{
	const struct weir__template_source from = {
		.text = weir_message_body(trial->message).data, .slots = trial->slots,
		.kind = weir_kind_name(weir_message_kind(trial->message)),
		.source = trial->lines[2] };
	char *out = malloc(WEIR__TEMPLATE_MAX_BYTES + 1);
	struct judged_text want = { .len = 0 };
	size_t len = 0;
	bool is_filled;

	if (trial->top)
		template_judge_fill(trial->lines[0], expect_part, trial, &want);
	is_filled = weir__template_destination(trial->made, &from, out, &len);
	if (is_filled)
		require_legal(trial, out, len);
	if (trial->top) {
		require(weir__template_is_fixed(trial->made) == want.is_fixed, "fixed for one");
		require(is_filled == template_judge_is_destination(&want),
			"a destination for one only");
		require(!is_filled || is_same(out, len, want.bytes, want.len),
			"another destination");
	}
	try_key(trial, &from, &want, WEIR__TEMPLATE_KEY_BYTES);
	try_key(trial, &from, &want, 16);
	len = weir__template_fill(trial->made, "*", out, 16);
	require(strlen(out) == (len < 16 ? len : 15), "filled beyond");
	free(out);
}

/* ---- tests of fields ---- */

static int expect_test(const struct trial *trial, unsigned test, const json_t *value)
{
	const bool exists = value && !json_is_null(value);
	const struct weir_slice field = expect_field(trial, trial->lines[1]);
	const size_t len = strlen(trial->lines[2]);

	switch (test) {
	case WEIR_TEST_EXISTS:
		return exists;
	case WEIR_TEST_ABSENT:
		return !exists;
	case WEIR_TEST_EQUALS:
		return field.data && is_same(field.data, field.len, trial->lines[2], len);
	case WEIR_TEST_PREFIX:
		return json_is_string(value) && field.len >= len &&
		       is_same(field.data, len, trial->lines[2], len);
	default:
		return format_judge_range(value, RANGE_MIN, RANGE_MAX);
	}
}

static void try_matches(struct trial *trial)
{
	static const char *const names[] = { "EXISTS", "ABSENT", "EQUALS", "PREFIX", "RANGE" };

	for (unsigned test = 0; test < TEST_COUNT; test++) {
		bool holds;
		int want = -1;

		if (!trial->matches[test])
			continue;
		holds = weir__matches_hold(trial->matches[test], 1,
					   weir_message_body(trial->message).data, trial->slots);
		if (trial->top && strcmp(trial->lines[1], "matching_rules.tag") != 0)
			want = expect_test(trial, test, find(trial, trial->lines[1]));
		require(want < 0 || holds == want, names[test]);
	}
}

/* ---- formats ---- */

static void judge_members(const struct trial *trial, const struct weir__bytes *bytes)
{
	const char *const fields[] = { trial->lines[1], "full_text", "matching_rules.tag" };
	json_t *got = json_loadb(bytes->data, bytes->len, FLAGS, NULL);

	require(got != NULL, "members that are no JSON");
	for (size_t i = 0; i < 3; i++) {
		const json_t *want = find(trial, fields[i]);
		const json_t *has = json_object_get(got, fields[i]);

		require(has && (want ? json_equal(has, want) : json_is_null(has)),
			"another member");
	}
	json_decref(got);
}

/* The bytes as an encoding says: the value itself, a new reference. */
static json_t *decode(const struct weir__bytes *bytes, enum weir_encoding encoding, bool is_text)
{
	json_t *value = format_judge_decode(bytes->data, bytes->len,
					    is_text && encoding == WEIR_ENCODING_PLAIN,
					    encoding == WEIR_ENCODING_JSON_SCHEMA);

	require(value != NULL, "not what JsonConverter writes");
	return value;
}

static void judge_eneco(const struct trial *trial, const struct weir_format *format,
			struct weir__rendering *made)
{
	const bool is_text = format->form == WEIR_FORM_ENECO_STRING;
	const json_t *text = format->full_text ? format_judge_full_text(trial->top)
					       : json_object_get(trial->top, "text");
	json_t *value = decode(&made->value.bytes, format->value_encoding, is_text);
	json_t *key = decode(&made->key.bytes, format->key_encoding, true);
	json_t *undone = format_judge_undone(text);
	json_t *want = is_text ? json_incref(undone) : NULL;

	require(made->has_key && made->has_value, "no record");
	require(json_equal(key, find(trial, "user.screen_name")), "another key");
	if (!is_text) {
		require(format_judge_take_time(value), "no time");
		want = format_judge_struct(trial->top, json_incref(undone));
	}
	if (undone || (!is_text && !json_is_string(text)))
		require(json_equal(value, want), "another record");
	json_decref(want);
	json_decref(undone);
	json_decref(key);
	json_decref(value);
}

static void judge_text(const struct trial *trial, const struct weir_format *format,
		       const struct weir__bytes *got)
{
	const json_t *text = format_judge_full_text(trial->top);
	json_t *want = format->references ? json_copy((json_t *)(uintptr_t)text)
					  : format_judge_undone(text);

	require(json_is_string(text), "a text from nowhere");
	require(!want || is_same(got->data, got->len, json_string_value(want),
				 json_string_length(want)), "another text");
	json_decref(want);
}

/* Which are refused must be right, too. */
static bool may_be_made(const struct trial *trial, const struct weir_format *format)
{
	const unsigned statuses = WEIR_KIND_TWEET | WEIR_KIND_RETWEET;
	const unsigned others = WEIR_TRAIT_V2 | WEIR_TRAIT_ENVELOPED;
	const json_t *text = format->form == WEIR_FORM_TEXT || format->full_text
				     ? format_judge_full_text(trial->top)
				     : json_object_get(trial->top, "text");

	if (format->form == WEIR_FORM_TEXT)
		return json_is_string(text);
	return weir_message_kind(trial->message) & statuses &&
	       !(weir_message_traits(trial->message) & others) &&
	       json_is_string(find(trial, "user.screen_name")) &&
	       (format->form == WEIR_FORM_ENECO_STRUCTURED || json_is_string(text));
}

static void judge_format(const struct trial *trial, const struct weir_format *format,
			 enum weir_status status, struct weir__rendering *made)
{
	require((status == WEIR_OK) == may_be_made(trial, format), "made for one only");
	if (status == WEIR_OK && format->form == WEIR_FORM_TEXT)
		judge_text(trial, format, &made->value.bytes);
	else if (status == WEIR_OK)
		judge_eneco(trial, format, made);
}

static enum weir_status render(struct trial *trial, weir__format *format,
			       const struct weir__slot *slots)
{
	struct weir__rendering *made = &trial->fixed->made;
	struct weir_error err;
	const enum weir_status status =
		weir__format_render(format, trial->message, slots, made, &err);

	require(status == WEIR_OK || err.remedy == WEIR_REMEDY_SKIP, err.text);
	require(weir__text_is_utf8((struct weir_slice){ made->value.bytes.data,
							made->value.bytes.len }),
		"a value that is no UTF-8");
	return status;
}

static void try_formats(struct trial *trial)
{
	struct fixed *fixed = trial->fixed;

	for (unsigned i = 0; i < FORM_COUNT; i++) {
		const struct weir_format format = format_of(i);
		const enum weir_status status = render(trial, fixed->formats[i], fixed->slots);

		if (trial->top)
			judge_format(trial, &format, status, &fixed->made);
	}
	if (!trial->members)
		return;
	require(render(trial, trial->members, trial->slots) == WEIR_OK, "members refused");
	if (trial->top)
		judge_members(trial, &fixed->made.value.bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct fixed fixed;
	struct trial trial = { .fixed = &fixed, .env = &fixed.env };

	if (!fixed.plan)
		make_fixed(&fixed);
	for (size_t i = 0; i < 3; i++)
		trial.lines[i] = take_line(&data, &size);
	make(&trial);
	if (read_message(&trial, data, size)) {
		if (trial.made)
			try_template(&trial);
		try_matches(&trial);
		try_formats(&trial);
	}
	release(&trial);
	return 0;
}
