/* SPDX-License-Identifier: MIT */
/* Login modules' lines: options as Java's StreamTokenizer reads them. */
#include <check.h>
#include <string.h>

#include "config/foreign.h"
#include "support/fake_env.h"
#include "support/run.h"

static struct fake_env fake;

static void setup(void)
{
	fake_env_init(&fake);
}

static void teardown(void)
{
	fake_env_check_empty(&fake);
}

#define MODULE "org.apache.kafka.common.security.plain.PlainLoginModule required username=\"u\" "

static const struct {
	const char *name, *line;
	const char *password;	/* NULL: there is none */
} lines[] = {
	{ "plain", MODULE "password=\"hush\";", "hush" },
	{ "single quotes", MODULE "password='hush';", "hush" },
	{ "no quotes", MODULE "password=hush;", "hush" },
	{ "no quotes, and a backslash", MODULE "password=a\\b;", "a\\b" },
	{ "an equals sign without quotes", MODULE "password=ab==;", "ab==" },
	{ "an escaped quote", MODULE "password=\"a\\\"b\";", "a\"b" },
	{ "an escaped single quote", MODULE "password='it\\'s';", "it's" },
	{ "the other quote inside", MODULE "password='a\"b';", "a\"b" },
	{ "and the other way round", MODULE "password=\"it's\";", "it's" },
	{ "a backslash", MODULE "password=\"a\\\\b\";", "a\\b" },
	{ "a backslash at the end", MODULE "password=\"ab\\\\\";", "ab\\" },
	{ "a backslash before the end's quote", MODULE "password=\"ab\\\\\" x=\"y\";", "ab\\" },
	{ "letters that mean something", MODULE "password=\"\\a\\b\\f\\n\\r\\t\\v\";",
	  "\a\b\f\n\r\t\v" },
	{ "letters that mean nothing", MODULE "password=\"\\c\\$\\u0041\\x41\";", "c$u0041x41" },
	{ "an escaped character of two bytes", MODULE "password=\"\\é\";", "é" },
	{ "octal", MODULE "password=\"\\101\\7\\12x\";", "A\a\nx" },
	{ "octal, three digits at most", MODULE "password=\"\\1011\";", "A1" },
	{ "octal, up to 377", MODULE "password=\"\\477\";", "'7" },
	{ "octal, and no digit of it", MODULE "password=\"\\18\";", "\0018" },
	{ "octal beyond ASCII", MODULE "password=\"\\351\\377\";", "éÿ" },
	{ "a line feed that is escaped", MODULE "password=\"a\\\nb\";", "a\nb" },
	{ "a semicolon and blanks", MODULE "password=\"a; b\";", "a; b" },
	{ "another option inside", MODULE "x=\"password=no\" password=\"yes\";", "yes" },
	{ "another option's end", MODULE "x=\"\\\"\" password=\"yes\";", "yes" },
	{ "a longer name", MODULE "mypassword=\"a\" password=\"b\" passwords=\"c\";", "b" },
	{ "a longer name alone", MODULE "passwords=\"c\";", NULL },
	{ "a name without a value", MODULE "password;", NULL },
	{ "a name as a value", MODULE "x=password y=\"z\";", NULL },
	{ "nothing between the quotes", MODULE "password=\"\";", "" },
	{ "Korean", MODULE "password=\"비밀번호\";", "비밀번호" },
	{ "line feeds between", "M\nrequired\nusername=\"u\"\npassword=\"hush\"\n;\n", "hush" },
	{ "carriage returns and tabs", "M\trequired\r\n\tusername='u'\r\n\tpassword='hush';",
	  "hush" },
	{ "blanks around the sign", MODULE "password = \"hush\" ;", "hush" },
	{ "a line feed behind the sign", MODULE "password=\n\"hush\";", "hush" },
	{ "without a semicolon", MODULE "password=\"hush\"", "hush" },
	{ "twice", MODULE "password=\"a\" password=\"b\";", "b" },
	{ "first of all", "password=\"hush\"", "hush" },
	{ "a sign alone", "= = password=\"hush\" =", "hush" },
	{ "nothing", "", NULL },
	{ "blanks", " ;\n; ", NULL },
};

START_TEST(an_option_is_read_as_java_reads_it)
{
	struct weir_error err;
	char *got = NULL;

	ck_assert_msg(weir__jaas_option(&fake.env, lines[_i].line, "password", &got, &err) ==
			      WEIR_OK, "%s: %s", lines[_i].name, err.text);
	ck_assert_msg(!got == !lines[_i].password, "%s: there is %s", lines[_i].name,
		      got ? "one" : "none");
	if (got)
		ck_assert_msg(strcmp(got, lines[_i].password) == 0, "%s: got <%s>", lines[_i].name,
			      got);
	weir__text_free(&fake.env, got);
}
END_TEST

static const struct {
	const char *name, *line, *words;
} broken[] = {
	{ "no end", MODULE "password=\"hush;", "quotes in it that do not end" },
	{ "another end", MODULE "password=\"hush';", "quotes in it that do not end" },
	{ "an end that is escaped", MODULE "password=\"hush\\\";", "quotes in it that do not end" },
	{ "a backslash at the end of all", MODULE "password=\"hush\\", "quotes in it that do not" },
	{ "a quote at the end of all", MODULE "password=\"", "quotes in it that do not end" },
	{ "an end on the next line", MODULE "password=\"hu\nsh\";", "that do not end" },
	{ "an end behind a carriage return", MODULE "password=\"hu\rsh\";", "that do not end" },
	{ "no end of another's", MODULE "password=\"hush\" x='y;", "quotes in it that do not end" },
	{ "no end of a name", MODULE "password=\"hush\" \"x", "quotes in it that do not end" },
	{ "a zero byte", MODULE "password=\"hu\\0sh\";", "a zero byte" },
};

START_TEST(a_line_that_cannot_be_read_is_an_error_without_the_secret)
{
	struct weir_error err = { .status = WEIR_OK };
	char *got = NULL;

	ck_assert_msg(weir__jaas_option(&fake.env, broken[_i].line, "password", &got, &err) ==
			      WEIR_ERR_INVALID, "%s: taken", broken[_i].name);
	ck_assert_msg(strstr(err.text, broken[_i].words) && !strstr(err.text, "hu"), "%s: %s",
		      broken[_i].name, err.text);
	ck_assert_ptr_null(got);
}
END_TEST

START_TEST(out_of_memory_is_an_error_and_leaks_nothing)
{
	size_t failed = 0;

	for (size_t fail_at = 1; fail_at <= failed + 1; fail_at++) {
		struct weir_error err;
		char *got = NULL;
		enum weir_status status;

		setup();
		fake.fail_at = fail_at;
		status = weir__jaas_option(&fake.env, MODULE "password=\"a\\\"b\";", "password",
					   &got, &err);
		ck_assert(status == WEIR_ERR_NOMEM ? !got : status == WEIR_OK && got != NULL);
		failed += status < 0;
		weir__text_free(&fake.env, got);
		fake_env_check_empty(&fake);
	}
	ck_assert_uint_ge(failed, 2);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("jaas");

	tcase_add_checked_fixture(tcase, setup, teardown);
	LOOP(tcase, an_option_is_read_as_java_reads_it, lines);
	LOOP(tcase, a_line_that_cannot_be_read_is_an_error_without_the_secret, broken);
	tcase_add_test(tcase, out_of_memory_is_an_error_and_leaks_nothing);
	return run_case("jaas", tcase);
}
