/* SPDX-License-Identifier: MIT */
/*
 * Templates: hostile values never make an illegal destination, syntax errors name their place.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/template.h"
#include "support/memory.h"
#include "support/run.h"

#define X10 "xxxxxxxxxx"
#define X50 X10 X10 X10 X10 X10
#define X100 X50 X50
#define ESCAPED_X "\\u0078"

/* Every member is a value that a stream may send, hostile or not. */
static const char message[] =
	"{\"lang\":\"ko\",\"number\":42,\"negative\":-7,\"float\":1.5,\"plus\":1E+5,\"true\":true,"
	"\"false\":false,\"null\":null,\"array\":[\"a\"],\"object\":{\"inner\":\"in\"},"
	"\"empty\":\"\","
	"\"dot\":\".\",\"dots\":\"..\",\"three\":\"...\",\"up\":\"../../etc/passwd\","
	"\"slash\":\"a/b\","
	"\"escaped_slash\":\"a\\/b\",\"backslash\":\"a\\\\b\",\"zero\":\"a\\u0000b\","
	"\"blank\":\"a b\","
	"\"line\":\"a\\r\\nb\",\"hangul\":\"\xed\x95\x9c\",\"escaped_hangul\":\"\\ud55c\","
	"\"escaped\":\"\\u006b\\u006F\",\"lone\":\"\\ud83d\",\"brace\":\"{lang}\",\"wild\":\"*\","
	"\"plain\":\"aZ09._-\",\"x100\":\"" X100 "\",\"x101\":\"" X100 "x\","
	"\"x300\":\"" X100 X100 X100
	"\",\"escaped100\":\"" ESCAPED_X X50 X10 X10 X10 X10 "xxxxxxxxx\",\"a.b\":\"dotted\"}";

static struct counted_memory memory;
static struct weir_env env;
static weir__plan *plan;
static struct weir__slot *slots;
static char *text;

static void init(void)
{
	memory = (struct counted_memory){ 0 };
	env = counted_env(&memory);
	plan = weir__plan_new(&env);
	slots = NULL;
	text = malloc(sizeof message - 1);	/* with nothing behind it */
	memcpy(text, message, sizeof message - 1);
}

static void release(void)
{
	free(text);
	free(slots);
	weir__plan_free(plan);
	ck_assert_uint_eq(memory.now_bytes, 0);
}

static weir__template *make(const char *source)
{
	struct weir_error err;
	weir__template *made;

	ck_assert_msg(weir__template_new(&env, plan, source, &made, &err) == WEIR_OK, "%s",
	err.text);
	return made;
}

static struct weir__template_source scan(void)
{
	struct weir__scan_error error;

	slots = calloc(weir__plan_slot_count(plan), sizeof *slots);
	ck_assert_msg(weir__scan(plan, text, sizeof message - 1, slots, &error), "at %zu: %s",
		      error.at, error.reason);
	return (struct weir__template_source){ .text = text, .slots = slots, .kind = "tweet",
					       .source = "the stream" };
}

static const struct {
	const char *name, *source;
	const char *want;	/* NULL: the fallback is to be used */
} destinations[] = {
	{ "no field", "tweets", "tweets" },
	{ "one field", "tweets.{lang}", "tweets.ko" },
	{ "fields without text between", "{lang}{number}", "ko42" },
	{ "fields with text around", "a{lang}b{lang}c", "akobkoc" },
	{ "a field below another", "t.{object.inner}", "t.in" },
	{ "an element", "t.{array[0]}", "t.a" },
	{ "a dot in a name", "t.{a\\.b}", "t.dotted" },
	{ "the kind", "{kind}s", "tweets" },
	{ "a source's name with a blank", "t.{source}", NULL },
	{ "braces in text", "a{{b}}c", "a{b}c" },
	{ "braces around a field", "{{{lang}}}", "{ko}" },
	{ "a number", "t.{number}", "t.42" },
	{ "a negative number", "t.{negative}", "t.-7" },
	{ "a fraction", "t.{float}", "t.1.5" },
	{ "a number with a plus", "t.{plus}", NULL },
	{ "true", "t.{true}", "t.true" },
	{ "false", "t.{false}", "t.false" },
	{ "null", "t.{null}", NULL },
	{ "nothing", "t.{nothing}", NULL },
	{ "an array", "t.{array}", NULL },
	{ "an object", "t.{object}", NULL },
	{ "an empty string", "t.{empty}", NULL },
	{ "an empty string beside another field", "{lang}{empty}", NULL },
	{ "every legal character", "t.{plain}", "t.aZ09._-" },
	{ "escapes undone", "t.{escaped}", "t.ko" },
	{ "a dot alone", "{dot}", NULL },
	{ "two dots alone", "{dots}", NULL },
	{ "two dots from two fields", "{dot}{dot}", NULL },
	{ "two dots from a field and text", ".{dot}", NULL },
	{ "three dots", "{three}", "..." },
	{ "a dot in a name of more", "t.{dot}", "t.." },
	{ "two dots as a folder", "out/{dots}/x", NULL },
	{ "two dots as a file", "out/{dots}", NULL },
	{ "two dots as the first folder", "{dots}/x", NULL },
	{ "two dots of two fields as a folder", "out/{dot}{dot}/x", NULL },
	{ "a dot in a file's name", "out/{lang}{dot}gz", "out/ko.gz" },
	{ "a path", "{up}", NULL },
	{ "a slash", "t.{slash}", NULL },
	{ "an escaped slash", "t.{escaped_slash}", NULL },
	{ "a backslash", "t.{backslash}", NULL },
	{ "a zero", "t.{zero}", NULL },
	{ "a blank", "t.{blank}", NULL },
	{ "a line end", "t.{line}", NULL },
	{ "Hangul", "t.{hangul}", NULL },
	{ "escaped Hangul", "t.{escaped_hangul}", NULL },
	{ "a lone surrogate", "t.{lone}", NULL },
	{ "a field's value is no template", "t.{brace}", NULL },
	{ "a wildcard", "t.{wild}", NULL },
	{ "100 bytes", "{x100}", X100 },
	{ "100 bytes behind an escape", "{escaped100}", X100 },
	{ "101 bytes", "{x101}", NULL },
	{ "300 bytes", "{x300}", NULL },
	{ "249 bytes in all", "{x100}{x100}" X10 X10 X10 X10 "xxxxxxxxx",
	  X100 X100 X10 X10 X10 X10 "xxxxxxxxx" },
	{ "250 bytes in all", "{x100}{x100}" X50, NULL },
	{ "250 bytes, the field last", X50 "{x100}{x100}", NULL },
	{ "an escaped field where there is no room", X100 X100 X10 X10 X10 X10 "xxxxxxxxx{escaped}",
	  NULL },
	{ "an empty template", "", NULL },
	{ "a fixed dot", ".", NULL },
	{ "fixed dots", "..", NULL },
	{ "249 fixed bytes", X100 X100 X10 X10 X10 X10 "xxxxxxxxx",
	  X100 X100 X10 X10 X10 X10 "xxxxxxxxx" },
	{ "250 fixed bytes", X100 X100 X50, NULL },
};

START_TEST(a_destination_is_legal_or_the_fallback)
{
	weir__template *made = make(destinations[_i].source);
	const struct weir__template_source from = scan();
	char *out = malloc(WEIR__TEMPLATE_MAX_BYTES + 1);
	size_t len = 0;
	const bool legal = weir__template_destination(made, &from, out, &len);

	ck_assert_msg(legal == (destinations[_i].want != NULL), "%s: %.*s", destinations[_i].name,
		      (int)len, out);
	if (legal) {
		ck_assert_msg(strcmp(out, destinations[_i].want) == 0, "%s: %s",
			      destinations[_i].name, out);
		ck_assert_uint_eq(len, strlen(out));
	}
	free(out);
	weir__template_free(&env, made);
}
END_TEST

static const struct {
	const char *name, *source;
	const char *want;	/* NULL: no key */
	size_t len;
} keys[] = {
	{ "one field", "{lang}", "ko", 2 },
	{ "fields and text", "{lang}/{number}", "ko/42", 5 },
	{ "a fixed text", "k", "k", 1 },
	{ "kind and source", "{kind} {source}", "tweet the stream", 16 },
	{ "an empty string is a key", "{empty}", "", 0 },
	{ "any bytes: a path", "{up}", "../../etc/passwd", 16 },
	{ "any bytes: a zero", "{zero}", "a\0b", 3 },
	{ "any bytes: a line end", "{line}", "a\r\nb", 4 },
	{ "any bytes: Hangul", "{hangul}", "\xed\x95\x9c", 3 },
	{ "escapes undone", "{escaped_hangul}", "\xed\x95\x9c", 3 },
	{ "a lone surrogate", "{lone}", "\xef\xbf\xbd", 3 },
	{ "true", "{true}", "true", 4 },
	{ "a number as it is written", "{plus}", "1E+5", 4 },
	{ "null", "{null}", NULL, 0 },
	{ "null beside another", "{lang}{null}", NULL, 0 },
	{ "nothing", "{nothing}", NULL, 0 },
	{ "an array", "{array}", NULL, 0 },
	{ "an object", "{object}", NULL, 0 },
	{ "300 bytes", "{x300}", X100 X100 X100, 300 },
	{ "as long as there is room", "{x300}{x300}{x300}" X100, NULL, 1000 },
	{ "one byte more", "{x300}{x300}{x300}" X100 "x", NULL, 0 },
	{ "one escaped field more", "{x300}{x300}{x300}" X100 "{escaped}", NULL, 0 },
};

START_TEST(a_key_is_any_bytes_or_none)
{
	weir__template *made = make(keys[_i].source);
	const struct weir__template_source from = scan();
	char *out = malloc(1000);
	size_t len = 0;
	const bool got = weir__template_key(made, &from, out, 1000, &len);

	ck_assert_msg(got == (keys[_i].want != NULL || keys[_i].len), "%s", keys[_i].name);
	ck_assert_msg(!got || len == keys[_i].len, "%s: %zu bytes", keys[_i].name, len);
	ck_assert_msg(!got || !keys[_i].want || memcmp(out, keys[_i].want, len) == 0, "%s: %.*s",
		      keys[_i].name, (int)len, out);
	free(out);
	weir__template_free(&env, made);
}
END_TEST

static const struct {
	const char *name, *source;
	size_t at;
	const char *says;
} refused[] = {
	{ "never closed", "tweets.{lang", 7, "never closed" },
	{ "never closed at the end", "tweets.{", 7, "never closed" },
	{ "never opened", "tweets}", 6, "closes nothing" },
	{ "one brace too many", "{lang}}", 6, "closes nothing" },
	{ "three at the end", "a}}}", 3, "closes nothing" },
	{ "three at the beginning", "{{{lang", 2, "never closed" },
	{ "an empty field", "a.{}", 2, "empty" },
	{ "a field in a field", "a.{b{c}}", 2, "never closed" },
	{ "not a path", "ab{x..y}", 3, "" },
	{ "not an index", "ab{x[y]}", 3, "" },
};

START_TEST(a_syntax_error_names_the_template_and_the_place)
{
	struct weir_error err = { .status = WEIR_OK };
	weir__template *made;
	char place[128];

	snprintf(place, sizeof place, "template '%s' at byte %zu: ", refused[_i].source,
		 refused[_i].at);
	ck_assert_msg(weir__template_new(&env, plan, refused[_i].source, &made, &err) ==
			      WEIR_ERR_INVALID, "%s", refused[_i].name);
	ck_assert_ptr_null(made);
	ck_assert_msg(strncmp(err.text, place, strlen(place)) == 0, "%s: %s", refused[_i].name,
		      err.text);
	ck_assert_msg(strstr(err.text, refused[_i].says) != NULL, "%s: %s", refused[_i].name,
		      err.text);
	ck_assert_int_eq(weir__template_new(&env, plan, refused[_i].source, &made, NULL),
			 WEIR_ERR_INVALID);
}
END_TEST

START_TEST(a_long_template_is_shown_in_part_and_not_cut_inside_a_character)
{
	char source[256] = "";
	struct weir_error err;
	weir__template *made;

	strcat(source, "a");
	for (int i = 0; i < 60; i++)
		strcat(source, "\xed\x95\x9c");
	strcat(source, "{");
	ck_assert_int_eq(weir__template_new(&env, plan, source, &made, &err), WEIR_ERR_INVALID);
	ck_assert_ptr_nonnull(strstr(err.text,
	"\xed\x95\x9c' at byte 181: the brace is never closed"));
}
END_TEST

static const struct {
	const char *source, *filled;
	bool fixed;
} fills[] = {
	{ "tweets", "tweets", true },
	{ "a{{b}}", "a{b}", true },
	{ "", "", true },
	{ "tweets.{lang}", "tweets.other", false },
	{ "{lang}{kind}-{source}", "otherother-other", false },
	{ "{kind}", "other", false },
};

START_TEST(a_filler_stands_in_for_each_field)
{
	weir__template *made = make(fills[_i].source);
	const size_t want = strlen(fills[_i].filled);
	char out[64];

	ck_assert(weir__template_is_fixed(made) == fills[_i].fixed);
	ck_assert_uint_eq(weir__template_fill(made, "other", NULL, 0), want);
	for (size_t size = 1; size <= want + 2; size++) {
		char cut[64];

		memset(out, '#', sizeof out);
		ck_assert_uint_eq(weir__template_fill(made, "other", out, size), want);
		snprintf(cut, size < sizeof cut ? size : sizeof cut, "%s", fills[_i].filled);
		ck_assert_str_eq(out, cut);
		ck_assert_int_eq(out[size], '#');
	}
	weir__template_free(&env, made);
}
END_TEST

START_TEST(a_source_that_gives_no_kind_gives_no_destination)
{
	weir__template *made = make("{kind}");
	struct weir__template_source from = scan();
	char out[WEIR__TEMPLATE_MAX_BYTES + 1];
	size_t len;

	from.kind = NULL;
	ck_assert(!weir__template_destination(made, &from, out, &len));
	ck_assert(!weir__template_key(made, &from, out, sizeof out, &len));
	weir__template_free(&env, made);
}
END_TEST

START_TEST(out_of_memory_leaves_nothing_behind)
{
	for (size_t fail_at = 1;; fail_at++) {
		weir__template *made;
		struct weir_error err;
		enum weir_status status;

		release();
		init();
		memory.fail_at = memory.calls + fail_at;
		status = weir__template_new(&env, plan, "a.{lang}.{user.lang}", &made, &err);
		memory.fail_at = 0;
		if (status == WEIR_OK) {
			ck_assert_uint_gt(fail_at, 3);
			weir__template_free(&env, made);
			break;
		}
		ck_assert_int_eq(status, WEIR_ERR_NOMEM);
		ck_assert_int_eq(err.status, WEIR_ERR_NOMEM);
		ck_assert_ptr_null(made);
	}
}
END_TEST

START_TEST(freeing_nothing_is_fine)
{
	ck_assert_ptr_null(weir__template_free(&env, NULL));
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("template");

	tcase_add_checked_fixture(tcase, init, release);
	LOOP(tcase, a_destination_is_legal_or_the_fallback, destinations);
	LOOP(tcase, a_key_is_any_bytes_or_none, keys);
	LOOP(tcase, a_syntax_error_names_the_template_and_the_place, refused);
	tcase_add_test(tcase, a_long_template_is_shown_in_part_and_not_cut_inside_a_character);
	LOOP(tcase, a_filler_stands_in_for_each_field, fills);
	tcase_add_test(tcase, a_source_that_gives_no_kind_gives_no_destination);
	tcase_add_test(tcase, out_of_memory_leaves_nothing_behind);
	tcase_add_test(tcase, freeing_nothing_is_fine);
	return run_case("template", tcase);
}
