/* SPDX-License-Identifier: MIT */
/* The log: what a logger is given, and what not. */
#include <check.h>
#include <string.h>

#include "ground/env.h"
#include "support/run.h"

struct heard {
	unsigned lines;
	enum weir_log_level level;
	char component[32], text[1024];
};

static void hear(void *user, enum weir_log_level level, const char *component, const char *text)
{
	struct heard *heard = user;

	*heard = (struct heard){ .lines = heard->lines + 1, .level = level };
	ck_assert_uint_lt(strlen(component), sizeof heard->component);
	ck_assert_uint_lt(strlen(text), sizeof heard->text);
	strcpy(heard->component, component);
	strcpy(heard->text, text);
}

static struct weir_env make_env(struct heard *heard)
{
	return (struct weir_env){
		.size = sizeof(struct weir_env),
		.logger = { .write = hear, .user = heard, .threshold = WEIR_LOG_INFO },
	};
}

START_TEST(a_line_comes_with_its_level_and_component)
{
	struct heard heard = { 0 };
	const struct weir_env env = make_env(&heard);

	weir__log(&env, WEIR_LOG_WARN, "twitter", "%d of %s", 2, "100 %s");

	ck_assert_uint_eq(heard.lines, 1);
	ck_assert_int_eq(heard.level, WEIR_LOG_WARN);
	ck_assert_str_eq(heard.component, "twitter");
	ck_assert_str_eq(heard.text, "2 of 100 %s");
}
END_TEST

START_TEST(nothing_above_the_threshold_is_written)
{
	struct heard heard = { 0 };
	const struct weir_env env = make_env(&heard);

	weir__log(&env, WEIR_LOG_INFO, "a", "at it");
	weir__log(&env, WEIR_LOG_DEBUG, "a", "above it");

	ck_assert_uint_eq(heard.lines, 1);
	ck_assert_str_eq(heard.text, "at it");
}
END_TEST

/* Of a text of 600 bytes. */
START_TEST(a_line_is_cut_to_511_bytes)
{
	struct heard heard = { 0 };
	const struct weir_env env = make_env(&heard);

	weir__log(&env, WEIR_LOG_INFO, "a", "%0600d", 0);

	ck_assert_uint_eq(heard.lines, 1);
	ck_assert_uint_eq(strlen(heard.text), 511);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("log");

	tcase_add_test(tcase, a_line_comes_with_its_level_and_component);
	tcase_add_test(tcase, nothing_above_the_threshold_is_written);
	tcase_add_test(tcase, a_line_is_cut_to_511_bytes);
	return run_case("log", tcase);
}
