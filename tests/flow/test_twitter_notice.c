/* SPDX-License-Identifier: MIT */
/*
 * What the stream says of itself, at line rate: everything is delivered and counted, the log and
 * on_alert get a line a minute for each kind.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/run.h"
#include "support/twitter_answers.h"

#define MINUTE_MS 60000u
#define FLOOD 200

#define FALLING(percent) \
	"{\"warning\":{\"code\":\"FALLING_BEHIND\",\"message\":\"m\"," \
	"\"percent_full\":" percent "}}\r\n"

static size_t count(const char *text, const char *words)
{
	size_t found = 0;

	for (const char *at = text; (at = strstr(at, words)); at++)
		found++;
	return found;
}

/* `line` so many times. Yours: free it. */
static char *repeat(const char *line, size_t times)
{
	char *text = malloc(times * strlen(line) + 1);

	ck_assert_ptr_nonnull(text);
	for (size_t i = 0; i < times; i++)
		strcpy(text + i * strlen(line), line);
	return text;
}

/* Limit notices come all the time, at line rate. */
START_TEST(limit_notices_take_no_memory)
{
	char *flood = repeat("{\"limit\":{\"track\":5}}\r\n", FLOOD);
	const struct script_answer answer = { { { .status = 200, .text = flood },
						{ .at_ms = 1000, .text = flood },
						{ .at_ms = 2000, .text = flood } } };
	struct twitter_rig *rig = rig_new(&answer, 1);
	size_t calls;

	rig_start(rig);
	ck_assert_int_eq(rig_run(rig, 1000), WEIR_OK);
	calls = rig->fake.calls;
	ck_assert_int_eq(rig_run(rig, 1000), WEIR_OK);
	ck_assert_uint_eq(rig->fake.calls, calls);
	ck_assert_uint_eq(recorder_count(&rig->recorder, WEIR_KIND_LIMIT), 3 * FLOOD);
	ck_assert_uint_eq(rig_metrics(rig).missed, 5);
	rig_end(rig);
	free(flood);
}
END_TEST

static const struct {
	const char *name;
	const char *line;
	unsigned kind;
	size_t max_message_bytes;
	const char *said;	/* once a minute */
	const char *more;	/* the second time */
	bool alerts;
} floods[] = {
	{ "warnings", FALLING("60"), WEIR_KIND_WARNING, 0, "its queue is 60% full",
	  "this consumer is too slow (200 more)", true },
	{ "warnings without a code", "{\"warning\":{\"message\":\"m\"}}\r\n", WEIR_KIND_WARNING, 0,
	  "the service warns: no code", "no code (200 more)", true },
	{ "notices", "Exceeded connection limit for user\r\n", WEIR_KIND_NOTICE, 0,
	  "the service says: Exceeded", "for user (200 more)", false },
	{ "too large", "{\"text\":\"0123456789012345678901234567890123456789\"}\r\n", 0, 40,
	  "skipped a message larger than 40 bytes", "(max_message_bytes) (200 more)", false },
};

START_TEST(a_flood_is_said_once_a_minute_and_counted_whole)
{
	char *flood = repeat(floods[_i].line, FLOOD);
	const struct script_answer answer = {
		{ { .status = 200, .text = floods[_i].line },
		  { .at_ms = MINUTE_MS - 1, .text = flood },
		  { .at_ms = MINUTE_MS, .text = floods[_i].line } }
	};
	struct twitter_rig *rig = rig_new(&answer, 1);
	const char *name = floods[_i].name;

	rig->options.max_message_bytes = floods[_i].max_message_bytes;
	rig_start(rig);
	ck_assert_int_eq(rig_run(rig, MINUTE_MS - 1), WEIR_OK);
	ck_assert_msg(count(rig->fake.log, floods[_i].said) == 1, "%s: %.2000s", name,
		      rig->fake.log);
	ck_assert_ptr_null(strstr(rig->fake.log, "more)"));
	ck_assert_int_eq(rig_run(rig, 1), WEIR_OK);
	ck_assert_msg(count(rig->fake.log, floods[_i].said) == 2, "%s: %.2000s", name,
		      rig->fake.log);
	ck_assert_msg(count(rig->fake.log, floods[_i].more) == 1, "%s: %.2000s", name,
		      rig->fake.log);

	ck_assert_uint_eq(rig->alert_count, floods[_i].alerts ? 2 : 0);
	ck_assert(!floods[_i].alerts || count(rig->alerts, floods[_i].more) == 1);
	if (floods[_i].kind)
		ck_assert_uint_eq(recorder_count(&rig->recorder, floods[_i].kind), FLOOD + 2);
	else
		ck_assert_uint_eq(rig_metrics(rig).too_large, FLOOD + 2);
	rig_end(rig);
	free(flood);
}
END_TEST

START_TEST(the_gauge_follows_every_warning)
{
	static const struct script_answer answer = {
		{ { .status = 200, .text = FALLING("60") FALLING("70") FALLING("95") } }
	};
	struct twitter_rig *rig = rig_new(&answer, 1);

	rig_start(rig);
	ck_assert_int_eq(rig_run(rig, 0), WEIR_OK);

	ck_assert_uint_eq(rig->alert_count, 1);
	ck_assert_uint_eq(rig_metrics(rig).percent_full, 95);
	rig_end(rig);
}
END_TEST

START_TEST(each_kind_is_said_by_itself)
{
	static const struct script_answer answer = {
		{ { .status = 200, .text = FALLING("60") "in words\r\n" FALLING("60")
		    "{\"warning\":{\"code\":\"FOLLOWS_OVER_LIMIT\"}}\r\n" "in others\r\n" } }
	};
	struct twitter_rig *rig = rig_new(&answer, 1);

	rig_start(rig);
	ck_assert_int_eq(rig_run(rig, 0), WEIR_OK);

	ck_assert_uint_eq(rig->alert_count, 2);
	ck_assert_uint_eq(count(rig->fake.log, "FALLING_BEHIND"), 1);
	ck_assert_uint_eq(count(rig->fake.log, "FOLLOWS_OVER_LIMIT"), 1);
	ck_assert_uint_eq(count(rig->fake.log, "the service says: in words"), 1);
	ck_assert_uint_eq(count(rig->fake.log, "in others"), 0);
	rig_end(rig);
}
END_TEST

START_TEST(codes_that_never_repeat_are_limited_as_well)
{
	char *flood = malloc(FLOOD * 64);
	const struct script_answer answer = { { { .status = 200, .text = flood } } };
	struct twitter_rig *rig = rig_new(&answer, 1);

	ck_assert_ptr_nonnull(flood);
	for (size_t i = 0, len = 0; i < FLOOD; i++)
		len += (size_t)sprintf(flood + len, "{\"warning\":{\"code\":\"C%zu\"}}\r\n", i);
	rig_start(rig);
	ck_assert_int_eq(rig_run(rig, 0), WEIR_OK);

	ck_assert_uint_eq(recorder_count(&rig->recorder, WEIR_KIND_WARNING), FLOOD);
	ck_assert_uint_eq(rig->alert_count, 8);
	ck_assert_uint_eq(count(rig->fake.log, "WARN"), 8);
	rig_end(rig);
	free(flood);
}
END_TEST

/* Proven connections that each end in a disconnect message are replaced at once. */
START_TEST(disconnects_alert_once_a_minute_over_all_connections)
{
	static const struct script_answer answers[] = {
		{ { { .status = 200, .text = KEEP_ALIVE },
		    { .at_ms = 5000, .text = "{\"disconnect\":{\"code\":4}}\r\n" } } }
	};
	struct twitter_rig *rig = RIG(answers);

	rig_start(rig);
	ck_assert_int_eq(rig_run(rig, 5000 + 2 * MINUTE_MS), WEIR_OK);

	ck_assert_uint_eq(rig_metrics(rig).reconnects[WEIR_RECONNECT_DISCONNECT], 25);
	ck_assert_uint_eq(rig->alert_count, 3);
	ck_assert_uint_eq(count(rig->alerts, "(disconnect code 4) (11 more)"), 2);
	rig_end(rig);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("twitter_notice");

	tcase_add_test(tcase, limit_notices_take_no_memory);
	LOOP(tcase, a_flood_is_said_once_a_minute_and_counted_whole, floods);
	tcase_add_test(tcase, the_gauge_follows_every_warning);
	tcase_add_test(tcase, each_kind_is_said_by_itself);
	tcase_add_test(tcase, codes_that_never_repeat_are_limited_as_well);
	tcase_add_test(tcase, disconnects_alert_once_a_minute_over_all_connections);
	return run_case("twitter_notice", tcase);
}
