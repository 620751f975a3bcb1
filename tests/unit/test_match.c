/* SPDX-License-Identifier: MIT */
/* Field matchers: every test on every type of value, and every matcher that is refused. */
#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "model/match.h"
#include "support/memory.h"
#include "support/run.h"

#define ANY(...) .any_of = (const char *const[]){ __VA_ARGS__ },                                  \
		 .any_of_count = sizeof((const char *const[]){ __VA_ARGS__ }) / sizeof(char *)
#define EXISTS(p) { .path = p, .test = WEIR_TEST_EXISTS }
#define ABSENT(p) { .path = p, .test = WEIR_TEST_ABSENT }
#define EQUALS(p, ...) { .path = p, .test = WEIR_TEST_EQUALS, ANY(__VA_ARGS__) }
#define PREFIX(p, ...) { .path = p, .test = WEIR_TEST_PREFIX, ANY(__VA_ARGS__) }
#define RANGE(p, a, b) { .path = p, .test = WEIR_TEST_RANGE, .min = (a), .max = (b) }

static const char message[] =
	"{\"null\":null,\"true\":true,\"false\":false,\"number\":42,\"float\":-1.5e2,\"big\":"
	"1307025659294674945,\"huge\":1e999,\"text\":\"ko\",\"empty\":\"\",\"digits\":\"42\","
	"\"hangul\":\"\\ud55c\\uad6d\",\"raw\":\"\xed\x95\x9c\xea\xb5\xad\",\"slash\":\"a\\/b\","
	"\"zero\":\"a\\u0000b\",\"escaped\":\"\\u0034\\u0032\","
	"\"blank\":\" 42\",\"array\":[\"ko\"],"
	"\"object\":{\"inner\":\"yes\"},\"lone\":\"\\ud83d\","
	"\"long\":\"\\u0034\\u0032.0000000000000000000"
	"000000000000000000000000000000000000000000000042\"}";

static const struct {
	const char *name;
	struct weir_field_match match;
	bool holds;
} rows[] = {
	{ "EXISTS: a string", EXISTS("text"), true },
	{ "EXISTS: an empty string", EXISTS("empty"), true },
	{ "EXISTS: false is something", EXISTS("false"), true },
	{ "EXISTS: an array", EXISTS("array"), true },
	{ "EXISTS: an object's member", EXISTS("object.inner"), true },
	{ "EXISTS: an array's element", EXISTS("array[0]"), true },
	{ "EXISTS: behind an array's end", EXISTS("array[1]"), false },
	{ "EXISTS: null is not there", EXISTS("null"), false },
	{ "EXISTS: nothing", EXISTS("nothing"), false },
	{ "EXISTS: below a string", EXISTS("text.x"), false },
	{ "ABSENT: nothing", ABSENT("nothing"), true },
	{ "ABSENT: null", ABSENT("null"), true },
	{ "ABSENT: below what is not there", ABSENT("nothing.at.all"), true },
	{ "ABSENT: a string", ABSENT("text"), false },
	{ "ABSENT: false", ABSENT("false"), false },
	{ "EQUALS: a string", EQUALS("text", "ko"), true },
	{ "EQUALS: one of some", EQUALS("text", "en", "ja", "ko"), true },
	{ "EQUALS: none of some", EQUALS("text", "en", "ja"), false },
	{ "EQUALS: part of it", EQUALS("text", "k"), false },
	{ "EQUALS: more than it", EQUALS("text", "kor"), false },
	{ "EQUALS: another case", EQUALS("text", "KO"), false },
	{ "EQUALS: the empty string", EQUALS("empty", ""), true },
	{ "EQUALS: escapes undone", EQUALS("hangul", "\xed\x95\x9c\xea\xb5\xad"), true },
	{ "EQUALS: raw UTF-8", EQUALS("raw", "\xed\x95\x9c\xea\xb5\xad"), true },
	{ "EQUALS: escapes are not text", EQUALS("hangul", "\\ud55c\\uad6d"), false },
	{ "EQUALS: an escaped slash", EQUALS("slash", "a/b"), true },
	{ "EQUALS: a zero is not the end", EQUALS("zero", "a"), false },
	{ "EQUALS: a number as it is written", EQUALS("number", "42"), true },
	{ "EQUALS: a number in other words", EQUALS("number", "42.0"), false },
	{ "EQUALS: an id above 2^53", EQUALS("big", "1307025659294674945"), true },
	{ "EQUALS: an id beside it", EQUALS("big", "1307025659294674944"), false },
	{ "EQUALS: true", EQUALS("true", "true"), true },
	{ "EQUALS: false", EQUALS("false", "false"), true },
	{ "EQUALS: true is not false", EQUALS("false", "true"), false },
	{ "EQUALS: null has no text", EQUALS("null", "null", ""), false },
	{ "EQUALS: nothing has no text", EQUALS("nothing", ""), false },
	{ "EQUALS: an array has no text", EQUALS("array", "[\"ko\"]"), false },
	{ "EQUALS: an object has no text", EQUALS("object", "{\"inner\":\"yes\"}"), false },
	{ "PREFIX: a beginning", PREFIX("text", "k"), true },
	{ "PREFIX: the whole", PREFIX("text", "ko"), true },
	{ "PREFIX: more than it", PREFIX("text", "kor"), false },
	{ "PREFIX: one of some", PREFIX("text", "x", "k"), true },
	{ "PREFIX: an end", PREFIX("text", "o"), false },
	{ "PREFIX: nothing begins everything", PREFIX("empty", ""), true },
	{ "PREFIX: escapes undone", PREFIX("hangul", "\xed\x95\x9c"), true },
	{ "PREFIX: a number is no string", PREFIX("number", "4"), false },
	{ "PREFIX: true is no string", PREFIX("true", "t"), false },
	{ "PREFIX: null", PREFIX("null", ""), false },
	{ "PREFIX: nothing", PREFIX("nothing", ""), false },
	{ "RANGE: inside", RANGE("number", 1, 100), true },
	{ "RANGE: both ends belong to it", RANGE("number", 42, 42), true },
	{ "RANGE: below", RANGE("number", 43, 100), false },
	{ "RANGE: above", RANGE("number", 0, 41), false },
	{ "RANGE: no upper limit", RANGE("number", 0, INFINITY), true },
	{ "RANGE: no limits", RANGE("float", -INFINITY, INFINITY), true },
	{ "RANGE: a negative with an exponent", RANGE("float", -150, -150), true },
	{ "RANGE: a string that holds a number", RANGE("digits", 42, 42), true },
	{ "RANGE: escapes undone", RANGE("escaped", 42, 42), true },
	{ "RANGE: a string that holds none", RANGE("text", -INFINITY, INFINITY), false },
	{ "RANGE: a blank is part of no number", RANGE("blank", 0, 100), false },
	{ "RANGE: an empty string", RANGE("empty", -1, 1), false },
	{ "RANGE: a lone surrogate", RANGE("lone", -INFINITY, INFINITY), false },
	{ "RANGE: escaped without end", RANGE("long", -INFINITY, INFINITY), false },
	{ "RANGE: true is no number", RANGE("true", 0, 1), false },
	{ "RANGE: null is not 0", RANGE("null", 0, 0), false },
	{ "RANGE: nothing is not 0", RANGE("nothing", 0, 0), false },
	{ "RANGE: an array", RANGE("array", -INFINITY, INFINITY), false },
};

static struct counted_memory memory;
static struct weir_env env;
static weir__plan *plan;

static void init(void)
{
	memory = (struct counted_memory){ 0 };
	env = counted_env(&memory);
	plan = weir__plan_new(&env);
	ck_assert_ptr_nonnull(plan);
}

static void release(void)
{
	weir__plan_free(plan);
	ck_assert_uint_eq(memory.now_bytes, 0);
}

static bool hold(const struct weir__match *matches, size_t count)
{
	struct weir__slot *slots = calloc(weir__plan_slot_count(plan), sizeof *slots);
	const size_t len = sizeof message - 1;
	char *text = malloc(len);	/* with nothing behind it */
	bool holds;

	memcpy(text, message, len);
	ck_assert(weir__scan(plan, text, len, slots, NULL));
	holds = weir__matches_hold(matches, count, text, slots);
	free(text);
	free(slots);
	return holds;
}

static bool make_and_hold(const struct weir_field_match *given, size_t count)
{
	struct weir__match *matches;
	struct weir_error err;
	bool holds;

	ck_assert_msg(weir__matches_new(&env, plan, given, count, &matches, &err) == WEIR_OK, "%s",
		      err.text);
	holds = hold(matches, count);
	weir__matches_free(&env, matches, count);
	return holds;
}

START_TEST(every_row_holds_or_not)
{
	ck_assert_msg(make_and_hold(&rows[_i].match, 1) == rows[_i].holds, "%s", rows[_i].name);
}
END_TEST

START_TEST(all_matchers_must_hold)
{
	const struct weir_field_match both[] = { EQUALS("text", "ko"), RANGE("number", 0, 100) };
	const struct weir_field_match one[] = { EQUALS("text", "ko"), RANGE("number", 0, 1) };
	const struct weir_field_match other[] = { EQUALS("text", "en"), RANGE("number", 0, 100) };

	ck_assert(make_and_hold(both, 2));
	ck_assert(!make_and_hold(one, 2));
	ck_assert(!make_and_hold(other, 2));
}
END_TEST

START_TEST(no_matchers_hold_always)
{
	ck_assert(make_and_hold(NULL, 0));
}
END_TEST

START_TEST(matchers_keep_copies)
{
	char path[] = "text", value[] = "ko";
	const char *values[] = { value };
	const struct weir_field_match given = {
		.path = path, .test = WEIR_TEST_EQUALS, .any_of = values, .any_of_count = 1,
	};
	struct weir__match *matches;

	ck_assert_int_eq(weir__matches_new(&env, plan, &given, 1, &matches, NULL), WEIR_OK);
	memset(path, 'x', sizeof path - 1);
	memset(value, 'x', sizeof value - 1);
	values[0] = NULL;
	ck_assert(hold(matches, 1));
	weir__matches_free(&env, matches, 1);
}
END_TEST

static const struct {
	const char *name;
	struct weir_field_match match;
	const char *says, *remedy;
} refused[] = {
	{ "no path", { .test = WEIR_TEST_EXISTS }, "match 1 has no path", "name the field" },
	{ "an empty path", EXISTS(""), "match 1 has no path", "name the field" },
	{ "a bad path", EXISTS("user..lang"), "user..lang", "" },
	{ "EQUALS with nothing", { .path = "user.lang", .test = WEIR_TEST_EQUALS },
	  "'user.lang': EQUALS",
	  "any_of" },
	{ "EQUALS with none of them",
	  { .path = "user.lang", .test = WEIR_TEST_EQUALS, .any_of = (const char *const[]){ "a" } },
	  "'user.lang': EQUALS", "any_of" },
	{ "PREFIX with nothing", { .path = "lang", .test = WEIR_TEST_PREFIX, .any_of_count = 1 },
	  "'lang': PREFIX", "any_of" },
	{ "a NULL among the texts", EQUALS("lang", "a", NULL), "'lang': any_of[1]",
	  "any_of_count" },
	{ "min above max", RANGE("n", 2, 1), "'n': min 2 is above max 1", "swap" },
	{ "min is no number", RANGE("n", NAN, 1), "'n': min or max is not a number", "INFINITY" },
	{ "max is no number", RANGE("n", 1, NAN), "'n': min or max is not a number", "INFINITY" },
	{ "a test that is none", { .path = "n", .test = (enum weir_test)5 },
	  "'n': there is no test 5",
	  "enum weir_test" },
	{ "a negative test", { .path = "n", .test = (enum weir_test)-1 }, "'n': there is no test",
	  "enum weir_test" },
};

START_TEST(a_bad_matcher_is_refused_with_its_path_and_a_remedy)
{
	const struct weir_field_match good = EQUALS("text", "ko");
	const struct weir_field_match later[] = { good, refused[_i].match };
	struct weir_error err = { .status = WEIR_OK };
	struct weir__match *matches;

	ck_assert_msg(weir__matches_new(&env, plan, &refused[_i].match, 1, &matches, &err) ==
			      WEIR_ERR_INVALID, "%s", refused[_i].name);
	ck_assert_ptr_null(matches);
	ck_assert_msg(strstr(err.text, refused[_i].says) != NULL, "%s: %s", refused[_i].name,
		      err.text);
	ck_assert_msg(strstr(err.text, refused[_i].remedy) != NULL, "%s: %s", refused[_i].name,
		      err.text);
	ck_assert_int_eq(weir__matches_new(&env, plan, later, 2, &matches, NULL), WEIR_ERR_INVALID);
}
END_TEST

START_TEST(a_count_without_matchers_is_refused)
{
	struct weir_error err;
	struct weir__match *matches;

	ck_assert_int_eq(weir__matches_new(&env, plan, NULL, 2, &matches, &err), WEIR_ERR_INVALID);
	ck_assert_ptr_nonnull(strstr(err.text, "2 matches"));
}
END_TEST

START_TEST(out_of_memory_leaves_nothing_behind)
{
	const struct weir_field_match given[] = { EQUALS("text", "ko", "en"), PREFIX("raw", "a"),
						  RANGE("number", 0, 1) };

	for (size_t fail_at = 1;; fail_at++) {
		struct weir_error err;
		struct weir__match *matches;
		enum weir_status status;

		release();
		init();
		memory.fail_at = memory.calls + fail_at;
		status = weir__matches_new(&env, plan, given, 3, &matches, &err);
		memory.fail_at = 0;
		if (status == WEIR_OK) {
			ck_assert_uint_gt(fail_at, 5);
			weir__matches_free(&env, matches, 3);
			break;
		}
		ck_assert_int_eq(status, WEIR_ERR_NOMEM);
		ck_assert_int_eq(err.status, WEIR_ERR_NOMEM);
		ck_assert_ptr_null(matches);
	}
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("match");

	tcase_add_checked_fixture(tcase, init, release);
	LOOP(tcase, every_row_holds_or_not, rows);
	tcase_add_test(tcase, all_matchers_must_hold);
	tcase_add_test(tcase, no_matchers_hold_always);
	tcase_add_test(tcase, matchers_keep_copies);
	LOOP(tcase, a_bad_matcher_is_refused_with_its_path_and_a_remedy, refused);
	tcase_add_test(tcase, a_count_without_matchers_is_refused);
	tcase_add_test(tcase, out_of_memory_leaves_nothing_behind);
	return run_case("match", tcase);
}
