/* SPDX-License-Identifier: MIT */
/* HTML character references, the elements of arrays, and bytes that grow. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "kit/bytes.h"
#include "kit/elements.h"
#include "kit/html.h"
#include "support/run.h"

static const struct {
	const char *text, *want;
} references[] = {
	{ "", "" },
	{ "none", "none" },
	{ "a &amp; b &lt;c&gt; &quot;&apos;", "a & b <c> \"'" },
	{ "&amp;lt;", "&lt;" },
	{ "&amp;amp;", "&amp;" },
	{ "&eacute;&Eacute;&thetasym;&AElig;&zwnj;", "\u00e9\u00c9\u03d1\u00c6\u200c" },
	{ "&#233;&#xE9;&#XE9;&#x1F600;&#1114111;", "\u00e9\u00e9\u00e9\U0001f600\U0010ffff" },
	{ "&", "&" },
	{ "&;", "&;" },
	{ "&#;", "&#;" },
	{ "&#x;", "&#x;" },
	{ "&#0;", "&#0;" },
	{ "&#xD800;", "&#xD800;" },
	{ "&#1114112;", "&#1114112;" },
	{ "&#99999999;", "&#99999999;" },
	{ "&#12a;", "&#12a;" },
	{ "&amp", "&amp" },
	{ "&AMP;", "&AMP;" },
	{ "&nothing;", "&nothing;" },
	{ "&a&amp;b;", "&a&b;" },
	{ "&&&&amp;;", "&&&&;" },
	{ "R&D &copy 2016; &copy;", "R&D &copy 2016; \u00a9" },
};

START_TEST(references_become_characters_once)
{
	const size_t len = strlen(references[_i].text);
	char *text = malloc(len + 1);	/* exactly: a sanitizer sees what is read behind it */

	memcpy(text, references[_i].text, len);
	text[weir__html_undo(text, len)] = '\0';
	ck_assert_msg(!strcmp(text, references[_i].want), "'%s' gives '%s'", references[_i].text,
		      text);
	free(text);
}
END_TEST

static const struct {
	const char *array;
	const char *want[5];
} arrays[] = {
	{ "[]", { NULL } },
	{ "[ ]", { NULL } },
	{ "[1]", { "1" } },
	{ "[ 1 ,\t\"a\" , null]", { "1", "\"a\"", "null" } },
	{ "[[1,2],{\"a\":[3,4],\"b\":\",\"},\"]\"]",
	  { "[1,2]", "{\"a\":[3,4],\"b\":\",\"}", "\"]\"" } },
	{ "[\"a\\\"],\",\"\\\\\",\"\\u005d\"]", { "\"a\\\"],\"", "\"\\\\\"", "\"\\u005d\"" } },
	{ "[\n{}\r\n,\n{}]", { "{}", "{}" } },
};

START_TEST(elements_come_one_by_one)
{
	const char *text = arrays[_i].array;
	struct weir__elements elements = weir__elements_of((struct weir_slice){ text, strlen(text) });
	struct weir_slice element;
	size_t count = 0;

	while (weir__elements_next(&elements, &element)) {
		ck_assert_msg(arrays[_i].want[count] &&
			      strlen(arrays[_i].want[count]) == element.len &&
			      !memcmp(arrays[_i].want[count], element.data, element.len),
			      "%s: element %zu is '%.*s'", text, count, (int)element.len,
			      (const char *)element.data);
		count++;
	}
	ck_assert_ptr_null(arrays[_i].want[count]);
}
END_TEST

/* No promise but to end, and to stay inside: whatever was not valid after all. */
START_TEST(what_is_no_array_is_walked_inside_its_bounds)
{
	static const char hostile[] = "[{\"\\]},,[[\"}]\",\\\"";

	for (size_t from = 0; from < sizeof hostile; from++) {
		for (size_t len = 0; from + len < sizeof hostile; len++) {
			char *text = malloc(len + 1);
			struct weir__elements elements;
			struct weir_slice element;
			size_t bytes = 0;

			memcpy(text, hostile + from, len);
			elements = weir__elements_of((struct weir_slice){ text, len });
			while (weir__elements_next(&elements, &element))
				bytes += element.len + 1;
			ck_assert_uint_le(bytes, len + 1);
			free(text);
		}
	}
}
END_TEST

START_TEST(strings_are_escaped_as_jackson_does)
{
	struct weir_env env = weir__env_complete(NULL);
	struct weir__bytes bytes;

	weir__bytes_init(&bytes, &env);
	weir__bytes_add_json(&bytes, (struct weir_slice){ "a\"\\/\b\f\n\r\t\x01\x1f\x7f\u00e9", 14 });
	weir__bytes_add_json(&bytes, (struct weir_slice){ NULL, 0 });
	weir__bytes_add(&bytes, "", 1);
	ck_assert_str_eq(bytes.data, "\"a\\\"\\\\/\\b\\f\\n\\r\\t\\u0001\\u001F\x7f\u00e9\"\"\"");
	weir__bytes_release(&bytes);
}
END_TEST

START_TEST(bytes_grow_and_what_was_large_is_given_back)
{
	struct weir_env env = weir__env_complete(NULL);
	struct weir__bytes bytes;

	weir__bytes_init(&bytes, &env);
	for (size_t i = 0; i < 300000; i++)
		weir__bytes_add(&bytes, "x", 1);
	ck_assert_uint_eq(bytes.len, 300000);
	weir__bytes_clear(&bytes);
	ck_assert_uint_eq(bytes.len, 0);
	ck_assert_uint_eq(bytes.capacity, 0);
	weir__bytes_add(&bytes, "x", 1);
	ck_assert_ptr_null(weir__bytes_reserve(&bytes, SIZE_MAX));
	weir__bytes_clear(&bytes);
	ck_assert(bytes.has_failed);
	ck_assert_ptr_null(weir__bytes_reserve(&bytes, 1));
	weir__bytes_reset(&bytes);
	ck_assert_ptr_nonnull(weir__bytes_reserve(&bytes, 1));
	weir__bytes_release(&bytes);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("html");

	LOOP(tcase, references_become_characters_once, references);
	LOOP(tcase, elements_come_one_by_one, arrays);
	tcase_add_test(tcase, what_is_no_array_is_walked_inside_its_bounds);
	tcase_add_test(tcase, strings_are_escaped_as_jackson_does);
	tcase_add_test(tcase, bytes_grow_and_what_was_large_is_given_back);
	return run_case("html", tcase);
}
