/* SPDX-License-Identifier: MIT */
/* Forms: percent-encoding, building, reading back. */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "support/memory.h"
#include "support/run.h"
#include "wire/form.h"

static struct weir_env env;

static void setup(void)
{
	env = weir__env_complete(NULL);
}

/* O2 */
static const struct {
	const char *name, *text, *want;
} escapes[] = {
	{ "space and plus", "Ladies + Gentlemen", "Ladies%20%2B%20Gentlemen" },
	{ "exclamation mark", "An encoded string!", "An%20encoded%20string%21" },
	{ "comma and ampersand", "Dogs, Cats & Mice", "Dogs%2C%20Cats%20%26%20Mice" },
	{ "snowman", "\xe2\x98\x83", "%E2%98%83" },
	{ "emoji", "\xf0\x9f\x98\x80", "%F0%9F%98%80" },
	{ "Korean", "한국어", "%ED%95%9C%EA%B5%AD%EC%96%B4" },
	{ "Korean words", "카프카 스트림",
	  "%EC%B9%B4%ED%94%84%EC%B9%B4%20%EC%8A%A4%ED%8A%B8%EB%A6%BC" },
	{ "unreserved marks", "-._~", "-._~" },
	{ "asterisk", "*", "%2A" },
	{ "percent", "%", "%25" },
	{ "empty", "", "" },
	{ "line feed", "a\nb", "a%0Ab" },
	{ "quote and brackets", "'()", "%27%28%29" },
};

START_TEST(text_is_percent_encoded_as_oauth_wants_it)
{
	char *got = weir__form_escape(&env, escapes[_i].text);

	ck_assert_msg(strcmp(got, escapes[_i].want) == 0, "%s: got %s", escapes[_i].name, got);
	weir__text_free(&env, got);
}
END_TEST

START_TEST(every_byte_but_the_unreserved_is_encoded)
{
	static const char unreserved[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
					 "0123456789-._~";
	const char text[2] = { (char)_i, '\0' };
	char want[4] = { (char)_i, '\0' };
	char *got = weir__form_escape(&env, text);

	if (!strchr(unreserved, _i))
		snprintf(want, sizeof want, "%%%02X", (unsigned)_i);
	ck_assert_str_eq(got, want);
	weir__text_free(&env, got);
}
END_TEST

/* The streaming request C2 of the vectors, from its values. */
static const struct weir_property fields[] = {
	{ "track", "#파이썬,touché ☃" },
	{ "language", "ko,en" },
	{ "follow", "6253282,2244994945" },
	{ "locations", "-122.75,36.8,-121.75,37.8" },
};

static char *build_form(void)
{
	char *form = NULL;

	for (int n = 0; n < ROWS(fields); n++)
		ck_assert_int_eq(weir__form_append(&env, &form, fields[n].name, fields[n].value,
						   NULL), WEIR_OK);
	return form;
}

START_TEST(a_form_is_built_in_the_order_given)
{
	char *form = build_form();

	ck_assert_str_eq(form, "track=%23%ED%8C%8C%EC%9D%B4%EC%8D%AC%2Ctouch%C3%A9%20%E2%98%83"
			 "&language=ko%2Cen&follow=6253282%2C2244994945"
			 "&locations=-122.75%2C36.8%2C-121.75%2C37.8");
	ck_assert_uint_eq(strlen(form), 149);
	weir__text_free(&env, form);
}
END_TEST

START_TEST(a_form_reads_back_as_it_was_built)
{
	char *form = build_form();
	struct weir_slice rest = { .data = form, .len = strlen(form) };
	struct weir__form_field field = { 0 };

	for (int n = 0; n < ROWS(fields); n++) {
		ck_assert_int_eq(weir__form_next(&env, &rest, "it", &field, NULL), WEIR_OK);
		ck_assert_str_eq(field.name, fields[n].name);
		ck_assert_str_eq(field.value, fields[n].value);
		weir__form_field_release(&env, &field);
	}
	ck_assert_int_eq(weir__form_next(&env, &rest, "it", &field, NULL), WEIR_END);
	weir__text_free(&env, form);
}
END_TEST

START_TEST(a_zero_byte_in_a_form_is_refused)
{
	struct weir_slice rest = { .data = "a=b\0c", .len = 5 };
	struct weir__form_field field = { 0 };

	ck_assert_int_eq(weir__form_next(&env, &rest, "it", &field, NULL), WEIR_ERR_INVALID);
	ck_assert_uint_eq(rest.len, 5);
}
END_TEST

START_TEST(a_form_that_cannot_grow_stays_as_it_was)
{
	struct counted_memory memory = { 0 };
	const struct weir_env counted = counted_env(&memory);
	char *form = NULL;
	size_t before;
	size_t n = 0;

	ck_assert_int_eq(weir__form_append(&counted, &form, "a", "1", NULL), WEIR_OK);
	before = memory.now_bytes;
	do {
		ck_assert_str_eq(form, "a=1");
		ck_assert_uint_eq(memory.now_bytes, before);
		memory.calls = 0;
		memory.fail_at = ++n;
	} while (weir__form_append(&counted, &form, "b", "2", NULL) == WEIR_ERR_NOMEM);
	ck_assert_str_eq(form, "a=1&b=2");
	ck_assert_uint_eq(n, 4);
	weir__text_free(&counted, form);
	ck_assert_uint_eq(memory.now_bytes, 0);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("form");

	tcase_add_checked_fixture(tcase, setup, NULL);
	LOOP(tcase, text_is_percent_encoded_as_oauth_wants_it, escapes);
	tcase_add_loop_test(tcase, every_byte_but_the_unreserved_is_encoded, 1, 256);
	tcase_add_test(tcase, a_form_is_built_in_the_order_given);
	tcase_add_test(tcase, a_form_reads_back_as_it_was_built);
	tcase_add_test(tcase, a_zero_byte_in_a_form_is_refused);
	tcase_add_test(tcase, a_form_that_cannot_grow_stays_as_it_was);
	return run_case("form", tcase);
}
