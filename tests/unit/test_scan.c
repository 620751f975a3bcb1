/* SPDX-License-Identifier: MIT */
/* Plans and slots: what a path is, what it finds, and where an error is. Validity is judged by
 * test_scan_judge.c. */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "kit/scan.h"
#include "support/memory.h"
#include "support/run.h"

static struct weir_env env;
static enum weir__scan_form form;

static void setup_portable(void)
{
	env = weir__env_complete(NULL);
	form = WEIR__SCAN_PORTABLE;
}

static void setup_sse2(void)
{
	env = weir__env_complete(NULL);
	form = WEIR__SCAN_SSE2;
}

static void setup_avx2(void)
{
	env = weir__env_complete(NULL);
	form = WEIR__SCAN_AVX2;
}

static weir__plan *new_plan(void)
{
	weir__plan *plan = weir__plan_new(&env);

	ck_assert(weir__plan_use(plan, form));
	return plan;
}

static size_t add(weir__plan *plan, const char *path)
{
	struct weir_error err = { .text = "" };
	size_t slot = 0;

	ck_assert_msg(weir__plan_add(plan, path, &slot, &err) == WEIR_OK, "%s: %s", path, err.text);
	return slot;
}

/* A found value: `absent`, or its type's letter and its bytes; `e` in front: with escapes. */
static const struct {
	const char *name;
	const char *path;
	const char *text;
	const char *want;
} finds[] = {
	{ "a member", "id", "{\"id\":12}", "N 12" },
	{ "nothing there", "id", "{\"ie\":12}", "absent" },
	{ "a string without its quotes", "id", "{\"id\" : \"ab\"}", "S ab" },
	{ "an empty string", "id", "{\"id\":\"\"}", "S " },
	{ "a string with escapes", "id", "{\"id\":\"a\\nb\"}", "eS a\\nb" },
	{ "only the value's own escapes count", "id", "{\"\\u0069d\":\"a\"}", "S a" },
	{ "null", "id", "{\"id\":null}", "0 null" },
	{ "false", "id", "{\"id\":false }", "F false" },
	{ "true", "id", "{\"id\":true}", "T true" },
	{ "a number with everything", "id", "{\"id\":-1.5e+3 }", "N -1.5e+3" },
	{ "an object with its braces", "a", "{\"a\": { \"b\" : [ ] } }", "O { \"b\" : [ ] }" },
	{ "an empty object", "a", "{\"a\":{ }}", "O { }" },
	{ "an array with its brackets", "a", "{\"a\":[1,[2] ] }", "A [1,[2] ]" },
	{ "an empty array", "a", "{\"a\":[]}", "A []" },
	{ "a member's member", "a.b", "{\"a\":{\"x\":1,\"b\":2}}", "N 2" },
	{ "not a member of another one", "a.b", "{\"c\":{\"b\":1},\"b\":2,\"a\":{}}", "absent" },
	{ "not deeper", "b", "{\"a\":{\"b\":1},\"c\":[{\"b\":1}]}", "absent" },
	{ "behind what is not planned", "b", "{\"a\":{\"b\":1,\"c\":[{\"b\":{}}]},\"b\":3}",
	  "N 3" },
	{ "an element", "a[1]", "{\"a\":[1,2,3]}", "N 2" },
	{ "no such element", "a[3]", "{\"a\":[1,2,3]}", "absent" },
	{ "an element's member", "a[1].b", "{\"a\":[{\"b\":1},{\"b\":2}]}", "N 2" },
	{ "elements are counted past containers", "a[2]", "{\"a\":[[1,2],{\"x\":[3]},4]}", "N 4" },
	{ "an element of the text", "[0]", "[7]", "N 7" },
	{ "an element of an element", "[1][0]", "[[1],[2]]", "N 2" },
	{ "a member is no element", "[0]", "{\"0\":7,\"\":8}", "absent" },
	{ "an element is no member", "a.0", "{\"a\":[7]}", "absent" },
	{ "no member of a scalar", "a.b", "{\"a\":\"b\"}", "absent" },
	{ "no member of an array", "a.b", "{\"a\":[{\"b\":1}]}", "absent" },
	{ "a name with a dot", "a\\.b", "{\"a\":{\"b\":1},\"a.b\":2}", "N 2" },
	{ "a name with brackets", "a\\[0\\]", "{\"a\":[1],\"a[0]\":2}", "N 2" },
	{ "a name with a backslash", "a\\\\b", "{\"a\\\\b\":2}", "N 2" },
	{ "a name spelled by escapes", "user.lang", "{\"\\u0075ser\":{\"l\\u0061ng\":1}}", "N 1" },
	{ "a name of pairs", "\360\237\230\216", "{\"\\ud83d\\ude0e\":1}", "N 1" },
	{ "a Korean name", "\355\225\234", "{\"\355\225\234\":1}", "N 1" },
	{ "a name like it", "abcd", "{\"abxd\":1,\"abcde\":2,\"abc\":3,\"Abcd\":4}", "absent" },
	{ "the last of duplicates", "a", "{\"a\":1,\"a\":\"2\"}", "S 2" },
	{ "the last of duplicates by escape", "a", "{\"a\":1,\"\\u0061\":2}", "N 2" },
	{ "a duplicate hides what was below", "a.b", "{\"a\":{\"b\":1},\"a\":{}}", "absent" },
	{ "a scalar duplicate does so too", "a.b", "{\"a\":{\"b\":1},\"a\":2}", "absent" },
	{ "far below", "a.b[0].c", "{\"a\":{\"b\":[{\"c\":1}]},\"a\":{\"b\":[{}]}}", "absent" },
	{ "a duplicate array hides elements", "a[1]", "{\"a\":[1,2],\"a\":[3]}", "absent" },
	{ "a duplicate below counts anew", "a.b", "{\"a\":{\"b\":1},\"a\":{\"b\":[2]}}", "A [2]" },
};

static void print_slot(char *out, size_t size, const struct weir__slot *slot, const char *text)
{
	static const char letters[] = "-0FTNSAO";

	if (slot->type == WEIR_FIELD_ABSENT)
		snprintf(out, size, "absent");
	else
		snprintf(out, size, "%s%c %.*s", slot->escaped ? "e" : "", letters[slot->type],
			 (int)slot->len, text + slot->at);
}

START_TEST(a_path_finds_its_value)
{
	struct weir__slot slots[16] = { { 0 } };
	weir__plan *plan = new_plan();
	const size_t slot = add(plan, finds[_i].path);
	const char *text = finds[_i].text;
	char got[100];

	ck_assert(weir__scan(plan, text, strlen(text), slots, NULL));
	print_slot(got, sizeof got, &slots[slot], text);
	ck_assert_msg(strcmp(got, finds[_i].want) == 0, "%s: got %s", finds[_i].name, got);
	weir__plan_free(plan);
}
END_TEST

/* The same with the text moved on byte by byte: everything crosses a block's end once. */
START_TEST(a_path_finds_its_value_wherever_it_stands)
{
	const size_t len = strlen(finds[_i].text);
	struct weir__slot slots[16] = { { 0 } };
	weir__plan *plan = new_plan();
	const size_t slot = add(plan, finds[_i].path);
	char text[300], got[100];

	for (size_t blanks = 0; blanks < 130; blanks++) {
		memset(text, ' ', blanks);
		memcpy(text + blanks, finds[_i].text, len);
		ck_assert_msg(weir__scan(plan, text, blanks + len, slots, NULL), "%s: %zu",
			      finds[_i].name, blanks);
		print_slot(got, sizeof got, &slots[slot], text);
		ck_assert_msg(strcmp(got, finds[_i].want) == 0, "%s: %zu blanks: got %s",
			      finds[_i].name, blanks, got);
	}
	weir__plan_free(plan);
}
END_TEST

/* Of all kinds: what fills much or little, duplicates, texts that break off in any state. */
static const char *const rows[] = {
	"{\"a\":{\"b\":1,\"c\":\"x\\n\",\"d\":[7,[8],9]},\"e\":[{\"f\":2},{\"f\":3}],\"g\":null}",
	"{\"a\":{\"b\":1,\"c\":\"x\",\"d\":[1,2]},\"a\":{\"d\":[3]},\"e\":[{\"f\":2}],\"e\":7}",
	"{\"e\":[1,{\"f\":2}],\"e\":[{\"f\":1},2],\"e\":[{\"f\":4},{\"f\":5}],\"g\":1,\"g\":2}",
	"{\"a\":{\"d\":[1,2],\"b\":2},\"a\":true,\"a\":{\"c\":false},\"g\":\"\\u0041\"}",
	"{}",
	"[]",
	"\"a\\tb\"",
	" 12 ",
	"",
	"plain",
	"{\"a\":{\"b\":1,\"d\":[1,2",
	"{\"a\":{\"c\":\"never ends, though it is long enough to go on for more than one block of it",
	"{\"a\":{\"b\":1},\"e\":[{\"f\":1},{\"f\":2}],\"g\":01}",
	"{\"a\":{\"d\":[1,2]},\"a\":{\"b\":1},\"a\":]",
};

static void compare_with_fresh(const weir__plan *plan, const char *text, bool valid,
			       const struct weir__slot *slots, size_t before)
{
	struct weir__slot fresh[16] = { { 0 } };

	ck_assert(weir__scan(plan, text, strlen(text), fresh, NULL) == valid);
	for (size_t i = 0; valid && i < weir__plan_slot_count(plan); i++)
		ck_assert_msg(slots[i].type == fresh[i].type && slots[i].at == fresh[i].at &&
				      slots[i].len == fresh[i].len &&
				      slots[i].escaped == fresh[i].escaped,
			      "slot %zu of %s behind %s", i, text, rows[before]);
}

/* Each behind each, in the same slots; of an invalid text nothing is left but by the next. */
START_TEST(a_text_leaves_nothing_in_the_slots_for_the_next)
{
	static const char *const paths[] = { "a.b", "a.c", "a.d[0]", "a.d[1]", "e[0].f", "e[1].f",
					     "g" };
	weir__plan *plan = new_plan();
	struct weir__slot slots[16] = { { 0 } };

	for (size_t i = 0; i < ROWS(paths); i++)
		add(plan, paths[i]);
	ck_assert_uint_le(weir__plan_slot_count(plan), ROWS(slots));
	for (size_t i = 0; i < ROWS(rows); i++) {
		weir__scan(plan, rows[_i], strlen(rows[_i]), slots, NULL);
		const bool valid = weir__scan(plan, rows[i], strlen(rows[i]), slots, NULL);

		compare_with_fresh(plan, rows[i], valid, slots, (size_t)_i);
	}
	weir__plan_free(plan);
}
END_TEST

/* What was filled for a large plan is gone when a small one takes the slots. */
START_TEST(slots_may_change_their_plan)
{
	struct weir__slot slots[8] = { { 0 } };
	weir__plan *large = new_plan(), *small = new_plan();

	add(large, "a.b.c");
	add(large, "d.e");
	add(small, "d");
	ck_assert(weir__scan(large, "{\"a\":{\"b\":{\"c\":1}},\"d\":{\"e\":2}}", 31, slots, NULL));
	ck_assert_uint_eq(slots[3].type, WEIR_FIELD_NUMBER);
	ck_assert(weir__scan(small, "[]", 2, slots, NULL));
	for (size_t i = 1; i < ROWS(slots); i++)
		ck_assert_uint_eq(slots[i].type, WEIR_FIELD_ABSENT);
	weir__plan_free(large);
	weir__plan_free(small);
}
END_TEST

START_TEST(slot_zero_is_the_whole_text)
{
	weir__plan *plan = new_plan();
	struct weir__slot slot = { 0 };
	char got[40];

	ck_assert_uint_eq(weir__plan_slot_count(plan), 1);
	ck_assert(weir__scan(plan, " {\"a\":1} ", 9, &slot, NULL));
	print_slot(got, sizeof got, &slot, " {\"a\":1} ");
	ck_assert_str_eq(got, "O {\"a\":1}");
	ck_assert(weir__scan(plan, "\t\"x\\t\"", 6, &slot, NULL));
	print_slot(got, sizeof got, &slot, "\t\"x\\t\"");
	ck_assert_str_eq(got, "eS x\\t");
	weir__plan_free(plan);
}
END_TEST

START_TEST(paths_keep_their_slots_and_share_their_parents)
{
	weir__plan *plan = new_plan();
	size_t slots[1000], parent, found;
	char path[40];

	for (size_t i = 0; i < 1000; i++) {
		snprintf(path, sizeof path, i % 2 ? "a.b%zu" : "a[%zu].c", i);
		slots[i] = add(plan, path);
	}
	for (size_t i = 0; i < 1000; i++) {
		snprintf(path, sizeof path, i % 2 ? "a.b%zu" : "a[%zu].c", i);
		ck_assert(weir__plan_find(plan, path, &found));
		ck_assert_uint_eq(found, slots[i]);
		ck_assert_uint_eq(add(plan, path), slots[i]);
	}
	ck_assert_uint_eq(weir__plan_slot_count(plan), 1 + 1 + 500 + 1000);
	ck_assert(weir__plan_find(plan, "a[2]", &parent));
	ck_assert(weir__plan_find(plan, "a[2].c", &found));
	ck_assert_uint_ne(parent, found);
	ck_assert(!weir__plan_find(plan, "a[1]", &found));
	ck_assert(!weir__plan_find(plan, "a.b2", &found));
	ck_assert(!weir__plan_find(plan, "b1", &found));
	ck_assert(!weir__plan_find(plan, "a..b", &found));
	ck_assert(!weir__plan_find(plan, "", &found));
	weir__plan_free(plan);
}
END_TEST

static const struct {
	const char *path;
	const char *want;
} bad_paths[] = {
	{ "", "a name is missing at character 1 of path ''" },
	{ ".a", "a name is missing at character 1 of path '.a'" },
	{ "a.", "a name is missing at character 3 of path 'a.'" },
	{ "a..b", "a name is missing at character 3 of path 'a..b'" },
	{ "a.[0]", "a name is missing at character 3 of path 'a.[0]'" },
	{ "a[", "an index is missing at character 3 of path 'a['" },
	{ "a[]", "an index is missing at character 3 of path 'a[]'" },
	{ "a[-1]", "an index is missing at character 3 of path 'a[-1]'" },
	{ "a[x]", "an index is missing at character 3 of path 'a[x]'" },
	{ "a[1", "a ']' is missing at character 4 of path 'a[1'" },
	{ "a[1x]", "a ']' is missing at character 4 of path 'a[1x]'" },
	{ "a[4294967296]", "an index is too large at character 13 of path 'a[4294967296]'" },
	{ "a[0]b", "neither '.' nor '[' behind a ']' at character 5 of path 'a[0]b'" },
	{ "a]", "a ']' without '[' at character 2 of path 'a]'" },
	{ "a\\",
	  "a backslash without '.', '[', ']' or '\\' behind it at character 2 of path 'a\\'" },
	{ "a\\n",
	  "a backslash without '.', '[', ']' or '\\' behind it at character 2 of path 'a\\n'" },
};

START_TEST(a_bad_path_is_refused_and_adds_nothing)
{
	weir__plan *plan = new_plan();
	struct weir_error err = { .text = "" };
	size_t slot = 77;

	ck_assert_int_eq(weir__plan_add(plan, bad_paths[_i].path, &slot, &err), WEIR_ERR_INVALID);
	ck_assert_str_eq(err.text, bad_paths[_i].want);
	ck_assert_int_eq(err.remedy, WEIR_REMEDY_STOP);
	ck_assert_uint_eq(slot, 77);
	ck_assert_uint_eq(weir__plan_slot_count(plan), 1);
	weir__plan_free(plan);
}
END_TEST

START_TEST(a_path_has_at_most_64_steps)
{
	weir__plan *plan = new_plan();
	struct weir__slot slots[65] = { { 0 } };
	char path[65 * 3 + 1] = "";
	char text[64 * 2 + 2];
	size_t slot;

	for (int i = 0; i < 64; i++)
		strcat(path, "[0]");
	slot = add(plan, path);
	memset(text, '[', 64);
	text[64] = '5';
	memset(text + 65, ']', 64);
	ck_assert(weir__scan(plan, text, 129, slots, NULL));
	ck_assert_int_eq(slots[slot].type, WEIR_FIELD_NUMBER);
	ck_assert_uint_eq(slots[slot].at, 64);
	strcat(path, "[0]");
	ck_assert_int_eq(weir__plan_add(plan, path, &slot, NULL), WEIR_ERR_INVALID);
	ck_assert_uint_eq(weir__plan_slot_count(plan), 65);
	weir__plan_free(plan);
}
END_TEST

START_TEST(a_plan_has_at_most_4096_slots)
{
	weir__plan *plan = new_plan();
	struct weir_error err;
	char path[16];
	size_t slot;

	for (int i = 1; i < 4096; i++) {
		snprintf(path, sizeof path, "n%d", i);
		add(plan, path);
	}
	ck_assert_int_eq(weir__plan_add(plan, "more", &slot, &err), WEIR_ERR_INVALID);
	ck_assert_ptr_nonnull(strstr(err.text, "'more'"));
	ck_assert_uint_eq(add(plan, "n4095"), 4095);
	weir__plan_free(plan);
}
END_TEST

START_TEST(a_name_has_at_most_1024_bytes)
{
	weir__plan *plan = new_plan();
	char path[1026], text[1100];
	struct weir__slot slots[2] = { { 0 } };
	size_t slot;

	memset(path, 'n', sizeof path);
	path[1025] = '\0';
	ck_assert_int_eq(weir__plan_add(plan, path, &slot, NULL), WEIR_ERR_INVALID);
	path[1024] = '\0';
	slot = add(plan, path);
	snprintf(text, sizeof text, "{\"\\u006e%s\":1}", path + 1);
	ck_assert(weir__scan(plan, text, strlen(text), slots, NULL));
	ck_assert_int_eq(slots[slot].type, WEIR_FIELD_NUMBER);
	snprintf(text, sizeof text, "{\"\\u006e%s\":1}", path);
	ck_assert(weir__scan(plan, text, strlen(text), slots, NULL));
	ck_assert_int_eq(slots[slot].type, WEIR_FIELD_ABSENT);
	weir__plan_free(plan);
}
END_TEST

static const struct {
	const char *text;
	size_t at;
	const char *reason;
} errors[] = {
	{ "", 0, "the text ends where a value must stand" },
	{ "{\"a\":1,}", 7, "no member's name where one must stand" },
	{ "{\"a\" 1}", 5, "no ':' behind a member's name" },
	{ "[1 2]", 3, "neither ',' nor ']' behind an element" },
	{ "{\"a\":1 2}", 7, "neither ',' nor '}' behind a member" },
	{ "[nul]", 1, "neither a value nor an end of one" },
	{ "[x]", 1, "no value where one must stand" },
	{ "1 2", 2, "something stands behind the value" },
	{ "[\"abcdefghij\001\"]", 12, "a control character in a string" },
	{ "[\"\\x\"]", 2, "an escape that is none" },
	{ "[\"\\u00g0\"]", 2, "a \\u without four hexadecimal digits" },
	{ "\"ab\\", 4, "the text ends inside an escape" },
	{ "\"ab\\u00", 7, "the text ends inside an escape" },
	{ "\"ab", 3, "the text ends inside a string" },
	{ "[\"\300\200\"]", 2, "bytes that are not UTF-8" },
	{ "[-]", 2, "a '-' without a digit behind it" },
	{ "[1.]", 3, "a number's '.' without a digit behind it" },
	{ "[1e]", 3, "a number's exponent without a digit" },
};

START_TEST(an_error_names_its_place_and_reason)
{
	weir__plan *plan = new_plan();
	struct weir__scan_error err = { .reason = "" };
	struct weir__slot slot = { 0 };

	ck_assert(!weir__scan(plan, errors[_i].text, strlen(errors[_i].text), &slot, &err));
	ck_assert_str_eq(err.reason, errors[_i].reason);
	ck_assert_uint_eq(err.at, errors[_i].at);
	weir__plan_free(plan);
}
END_TEST

START_TEST(a_text_of_4_gib_is_refused_unread)
{
	weir__plan *plan = new_plan();
	struct weir__scan_error err;
	struct weir__slot slot = { 0 };

	ck_assert(!weir__scan(plan, "1", (size_t)WEIR__SCAN_MAX_BYTES + 1, &slot, &err));
	ck_assert_uint_eq(err.at, 0);
	ck_assert(!weir__scan(plan, NULL, 0, &slot, &err));
	weir__plan_free(plan);
}
END_TEST

START_TEST(a_plan_survives_every_failing_allocation)
{
	struct counted_memory memory = { .calls = 0 };
	struct weir_env counted = counted_env(&memory);
	bool done = false;

	for (size_t fail_at = 1; !done; fail_at++) {
		weir__plan *plan;
		size_t slot;
		bool added = true;

		memory = (struct counted_memory){ .fail_at = fail_at };
		plan = weir__plan_new(&counted);
		for (int i = 0; plan && added && i < 40; i++) {
			char path[16];

			snprintf(path, sizeof path, "a.b%d[0]", i);
			added = weir__plan_add(plan, path, &slot, NULL) == WEIR_OK;
		}
		if (plan && !added) {
			memory.fail_at = 0;
			ck_assert_int_eq(weir__plan_add(plan, "a.b39[0]", &slot, NULL), WEIR_OK);
		}
		done = plan && added;
		weir__plan_free(plan);
		ck_assert_uint_eq(memory.now_bytes, 0);
		ck_assert_uint_lt(fail_at, 1000);
	}
}
END_TEST

/* Every test once for each form that this machine has. */
static void add_tests(Suite *suite, enum weir__scan_form which, void (*setup)(void))
{
	TCase *tcase = tcase_create(weir__scan_form_name(which));
	weir__plan *plan;

	setup();
	plan = weir__plan_new(&env);
	tcase_add_checked_fixture(tcase, setup, NULL);
	LOOP(tcase, a_path_finds_its_value, finds);
	LOOP(tcase, a_path_finds_its_value_wherever_it_stands, finds);
	LOOP(tcase, a_text_leaves_nothing_in_the_slots_for_the_next, rows);
	tcase_add_test(tcase, slots_may_change_their_plan);
	tcase_add_test(tcase, slot_zero_is_the_whole_text);
	tcase_add_test(tcase, paths_keep_their_slots_and_share_their_parents);
	LOOP(tcase, a_bad_path_is_refused_and_adds_nothing, bad_paths);
	tcase_add_test(tcase, a_path_has_at_most_64_steps);
	tcase_add_test(tcase, a_plan_has_at_most_4096_slots);
	tcase_add_test(tcase, a_name_has_at_most_1024_bytes);
	LOOP(tcase, an_error_names_its_place_and_reason, errors);
	tcase_add_test(tcase, a_text_of_4_gib_is_refused_unread);
	tcase_add_test(tcase, a_plan_survives_every_failing_allocation);
	if (weir__plan_use(plan, which))
		suite_add_tcase(suite, tcase);
	else
		printf("skipped: this machine has no %s\n", weir__scan_form_name(which));
	weir__plan_free(plan);
}

int main(void)
{
	Suite *suite = suite_create("scan");

	add_tests(suite, WEIR__SCAN_PORTABLE, setup_portable);
	add_tests(suite, WEIR__SCAN_SSE2, setup_sse2);
	add_tests(suite, WEIR__SCAN_AVX2, setup_avx2);
	return run_suite(suite);
}
