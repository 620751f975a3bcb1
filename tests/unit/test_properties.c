/* SPDX-License-Identifier: MIT */
/* Java properties: what a file says, and what is no properties file. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kit/properties.h"
#include "support/run.h"

static struct weir_env env;
static struct weir__properties properties;
static struct weir_error err;

static void begin(void)
{
	env = weir__env_complete(NULL);
	weir__properties_init(&properties, &env);
}

static void end(void)
{
	weir__properties_release(&properties);
}

/* From a block of just that size, so that a sanitizer sees what is read behind it. */
static enum weir_status parse(const char *text, size_t len)
{
	char *bytes = malloc(len + 1);
	enum weir_status status;

	memcpy(bytes, text, len);
	bytes = realloc(bytes, len ? len : 1);
	status = weir__properties_parse(&properties, (struct weir_slice){ bytes, len }, &err);
	free(bytes);
	return status;
}

/* "LINE key=value|…" */
static const char *say(void)
{
	static char text[1024];
	size_t len = 0;

	text[0] = '\0';
	for (size_t i = 0; i < properties.count; i++)
		len += (size_t)snprintf(text + len, sizeof text - len, "%s%u %s=%s", i ? "|" : "",
					properties.list[i].line, weir__properties_key(&properties, i),
					weir__properties_value(&properties, i));
	return text;
}

static const struct {
	const char *text, *want;
} files[] = {
	{ "", "" },
	{ "a=b", "1 a=b" },
	{ "a=b\nc=d\r\ne=f\rg=h\n", "1 a=b|2 c=d|3 e=f|4 g=h" },
	{ "a:b\na b\na\tb\na\fb\n", "1 a=b|2 a=b|3 a=b|4 a=b" },
	{ "  a  =  b  \n", "1 a=b  " },
	{ "a = : b\n", "1 a=: b" },
	{ "a : = b\n", "1 a== b" },
	{ "a   b=c\n", "1 a=b=c" },
	{ "a\nb=\n=c\n", "1 a=|2 b=|3 =c" },
	{ "# comment \\\n! another\n   # a third\nlanguage=en # x\n", "4 language=en # x" },
	{ "\n \t\f\n\r\n\na=b", "5 a=b" },
	{ "a=b\\\n   c\\\r\n\t d\n", "1 a=bcd" },
	{ "a=b\\\\\nc=d\n", "1 a=b\\|2 c=d" },
	{ "a=b\\\\\\\nc=d\n", "1 a=b\\c=d" },
	{ "a=b\\\n\nc=d\n", "1 a=b|3 c=d" },
	{ "a=b\\\n# no comment\n", "1 a=b# no comment" },
	{ "a\\\n b=c\n", "1 ab=c" },
	{ "a\\=\\:\\ b=c\n", "1 a=: b=c" },
	{ "a=\\=b\na=\\ b\na\\ =b\n", "1 a==b|2 a= b|3 a =b" },
	{ "\\#a=b\n\\!a=b\n", "1 #a=b|2 !a=b" },
	{ "a=\\t\\n\\r\\f\\\\\\q\\\"\n", "1 a=\t\n\r\f\\q\"" },
	{ "a=\\ud55c\\uAE00 \\u0041\n", "1 a=\ud55c\uae00 A" },
	{ "a=\\uD83C\\uDF89\n", "1 a=\U0001f389" },
	{ "\\u0061=\\u003d\n", "1 a==" },
	{ "track.terms=\ud55c\uae00,\uc815\uad6d \uc0dd\uc77c,\U0001f389\n",
	  "1 track.terms=\ud55c\uae00,\uc815\uad6d \uc0dd\uc77c,\U0001f389" },
	{ "\xef\xbb\xbf" "a=b\n", "1 a=b" },
	{ "a=caf\xe9\n", "1 a=caf\u00e9" },
	{ "a=1\na=2\n", "1 a=1|2 a=2" },
	{ "a=b\\", "1 a=b" },
	{ "o\n", "1 o=" },
	{ "\\\n# a comment\n\\\n\na=b\n", "5 a=b" },
};

START_TEST(a_file_says_this)
{
	begin();
	ck_assert_int_eq(parse(files[_i].text, strlen(files[_i].text)), WEIR_OK);
	ck_assert_msg(!strcmp(say(), files[_i].want), "%s: got '%s', want '%s'", files[_i].text,
		      say(), files[_i].want);
	end();
}
END_TEST

static const struct {
	const char *text;
	size_t len;
	const char *words;
} wrong[] = {
	{ "a=b\nc=\\u12", 10, "line 2: \\u needs four" },
	{ "a=\\u12x4", 8, "line 1: \\u needs four" },
	{ "a=b\\\nc\\uZZZZ", 12, "line 2: \\u needs four" },
	{ "a=\\ud83c", 8, "half of a pair" },
	{ "a=\\ud83c\\u0041", 14, "half of a pair" },
	{ "a=\\udf89\\ud83c", 14, "half of a pair" },
	{ "a=\\u0000", 8, "\\u0000" },
	{ "a=b\0c", 5, "line 1: a zero byte" },
};

START_TEST(what_is_wrong_is_named_with_its_line)
{
	begin();
	ck_assert_int_eq(parse(wrong[_i].text, wrong[_i].len), WEIR_ERR_INVALID);
	ck_assert_msg(strstr(err.text, wrong[_i].words), "'%s' is not in '%s'", wrong[_i].words,
		      err.text);
	end();
}
END_TEST

START_TEST(latin_1_is_taken_only_where_utf_8_is_not)
{
	begin();
	ck_assert_int_eq(parse("a=\xc3\xa9", 4), WEIR_OK);
	ck_assert(!properties.is_latin1);
	ck_assert_int_eq(parse("b=\xe9", 3), WEIR_OK);
	ck_assert(properties.is_latin1);
	ck_assert_str_eq(say(), "1 a=\u00e9|1 b=\u00e9");
	end();
}
END_TEST

START_TEST(every_beginning_of_a_file_is_read_or_refused)
{
	for (size_t row = 0; row < sizeof files / sizeof *files; row++) {
		for (size_t len = 0; len <= strlen(files[row].text); len++) {
			begin();
			if (parse(files[row].text, len) < 0)
				ck_assert_msg(!strncmp(err.text, "line ", 5), "%s", err.text);
			end();
		}
	}
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("properties");

	LOOP(tcase, a_file_says_this, files);
	LOOP(tcase, what_is_wrong_is_named_with_its_line, wrong);
	tcase_add_test(tcase, latin_1_is_taken_only_where_utf_8_is_not);
	tcase_add_test(tcase, every_beginning_of_a_file_is_read_or_refused);
	return run_case("properties", tcase);
}
