/* SPDX-License-Identifier: MIT */
/*
 * The rules of a filtered stream as a declared set: what is asked of the service in which order,
 * for whatever the account has and whatever the service answers.
 */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "support/run.h"
#include "support/x_rules.h"

static const struct script_answer quiet[] = { QUIET };
static const struct weir_x_rule two[] = {
	{ "cat has:images", "weir.cats" }, { "\"a \\ b\"\n\xed\x95\x9c", "weir.b" },
};
#define TWO_ADDED \
	"{\"add\":[{\"value\":\"cat has:images\",\"tag\":\"weir.cats\"}," \
	"{\"value\":\"\\\"a \\\\ b\\\"\\n\xed\x95\x9c\",\"tag\":\"weir.b\"}]}"

/* ---- what the account has ---- */

static const struct {
	const char *name;
	struct script_answer answers[5];
	const char *asked;
	const char *report;
} states[] = {
	{ "none", { NOTHING, DONE, DONE },
	  "GET " LIST_URL "\nPOST " DRY_URL " " TWO_ADDED "\nPOST " RULES_URL " " TWO_ADDED "\n",
	  "0 2 0 0 ok\n" },
	{ "ours, all of them",
	  { LISTED(RULE("1", "\\\"a \\\\ b\\\"\\n\\ud55c", "weir.b") ","
		   RULE("2", "cat has:images", "weir.cats")) },
	  "GET " LIST_URL "\n", "2 0 0 0 ok\n" },
	{ "ours, one of them and one too many",
	  { LISTED(RULE("1", "cat has:images", "weir.cats") "," RULE("2", "dog", "weir.dogs")),
	    DONE, DONE, DONE },
	  "GET " LIST_URL "\nPOST " DRY_URL " {\"add\":[{\"value\":\"\\\"a \\\\ b\\\"\\n"
	  "\xed\x95\x9c\",\"tag\":\"weir.b\"}]}\nPOST " RULES_URL " {\"add\":[{\"value\":\"\\\"a "
	  "\\\\ b\\\"\\n\xed\x95\x9c\",\"tag\":\"weir.b\"}]}\n"
	  "POST " RULES_URL " {\"delete\":{\"ids\":[\"2\"]}}\n", "1 1 1 0 ok\n" },
	{ "foreign",
	  { LISTED(RULE("1", "x", "other.y") ",{\"id\":\"2\",\"value\":\"no tag\"},"
		   RULE("3", "z", "weirder") "," RULE("4", "w", "")), DONE, DONE },
	  "GET " LIST_URL "\nPOST " DRY_URL " " TWO_ADDED "\nPOST " RULES_URL " " TWO_ADDED "\n",
	  "0 2 0 4 ok\n" },
	{ "a tag that has changed: removed, then added",
	  { LISTED(RULE("1", "\\\"a \\\\ b\\\"\\n\\ud55c", "weir.b") ","
		   RULE("7", "cat has:images", "weir.old")), DONE, DONE },
	  "GET " LIST_URL "\nPOST " RULES_URL " {\"delete\":{\"ids\":[\"7\"]}}\nPOST " RULES_URL
	  " {\"add\":[{\"value\":\"cat has:images\",\"tag\":\"weir.cats\"}]}\n",
	  "1 1 1 0 ok\n" },
	{ "two pages",
	  { SAYS(200, "{\"data\":[" RULE("1", "\\\"a \\\\ b\\\"\\n\\ud55c", "weir.b")
		 "],\"meta\":{\"next_token\":\"a/b\"}}"),
	    LISTED(RULE("2", "cat has:images", "weir.cats")) },
	  "GET " LIST_URL "\nGET " LIST_URL "&pagination_token=a%2Fb\n", "2 0 0 0 ok\n" },
	{ "one that is gone when it is to be removed",
	  { LISTED(RULE("1", "\\\"a \\\\ b\\\"\\n\\ud55c", "weir.b") ","
		   RULE("2", "cat has:images", "weir.cats") "," RULE("3", "dog", "weir.dog")),
	    SAYS(200, "{\"errors\":[" FAILED("3", "resource-not-found", "gone") "]}") },
	  "GET " LIST_URL "\nPOST " RULES_URL " {\"delete\":{\"ids\":[\"3\"]}}\n",
	  "2 0 0 0 ok\n" },
	{ "full: the cap makes new ones wait for old ones",
	  { LISTED(RULE("1", "\\\"a \\\\ b\\\"\\n\\ud55c", "weir.b") "," RULE("3", "dog", "weir.d")),
	    SAYS(200, "{\"errors\":[" FAILED("cat has:images", "rule-cap", "full") "]}"),
	    DONE, DONE },
	  "GET " LIST_URL "\n"
	  "POST " DRY_URL " {\"add\":[{\"value\":\"cat has:images\",\"tag\":\"weir.cats\"}]}\n"
	  "POST " RULES_URL " {\"delete\":{\"ids\":[\"3\"]}}\n"
	  "POST " RULES_URL " {\"add\":[{\"value\":\"cat has:images\",\"tag\":\"weir.cats\"}]}\n",
	  "1 1 1 0 ok\n" },
	{ "full, found out late and without a value",
	  { LISTED(RULE("1", "\\\"a \\\\ b\\\"\\n\\ud55c", "weir.b") "," RULE("3", "dog", "weir.d")),
	    DONE, SAYS(201, "{\"errors\":[{\"title\":\"t\"," X_TYPE("rule-cap") "}]}"),
	    DONE, DONE },
	  "GET " LIST_URL "\n"
	  "POST " DRY_URL " {\"add\":[{\"value\":\"cat has:images\",\"tag\":\"weir.cats\"}]}\n"
	  "POST " RULES_URL " {\"add\":[{\"value\":\"cat has:images\",\"tag\":\"weir.cats\"}]}\n"
	  "POST " RULES_URL " {\"delete\":{\"ids\":[\"3\"]}}\n"
	  "POST " RULES_URL " {\"add\":[{\"value\":\"cat has:images\",\"tag\":\"weir.cats\"}]}\n",
	  "1 1 1 0 ok\n" },
};

START_TEST(an_account_in_any_state_is_brought_to_the_set)
{
	struct twitter_rig *rig = RIG_X(quiet);

	RIG_X_RULES(rig, two, states[_i].answers);
	rig->rules_script.piece = 7;
	rig_start(rig);
	ck_assert_int_eq(rig_run(rig, 0), WEIR_OK);

	check_asked(rig, states[_i].asked);
	ck_assert_msg(strcmp(rig->reports, states[_i].report) == 0, "%s: %s", states[_i].name,
		      rig->reports);
	ck_assert_uint_eq(rig->script.opens, 1);
	ck_assert_uint_eq(rig->alert_count, 0);
	rig_end(rig);
}
END_TEST

START_TEST(rules_are_asked_for_with_the_token_and_as_json)
{
	static const struct script_answer answers[] = { NOTHING, DONE, DONE };
	struct twitter_rig *rig = RIG_X(quiet);

	RIG_X_RULES(rig, two, answers);
	rig_start(rig);
	ck_assert_int_eq(rig_run(rig, 0), WEIR_OK);

	ck_assert_str_eq(rig->rules_script.requests[0].headers, "User-Agent: weir/0.1.0\n"
			 "Authorization: Bearer " RIG_BEARER "\n");
	ck_assert_str_eq(rig->rules_script.requests[2].headers, "User-Agent: weir/0.1.0\n"
			 "Content-Type: application/json\n"
			 "Authorization: Bearer " RIG_BEARER "\n");
	rig_end(rig);
}
END_TEST

START_TEST(an_empty_set_removes_ours_and_only_ours)
{
	static const struct script_answer answers[] = {
		LISTED(RULE("1", "x", "weir.a") "," RULE("2", "y", "theirs")), DONE,
	};
	struct twitter_rig *rig = RIG_X(quiet);

	rig_x_rules(rig, NULL, 0, answers, 2);
	rig_start(rig);
	ck_assert_int_eq(rig_run(rig, 0), WEIR_OK);

	check_asked(rig, "GET " LIST_URL "\nPOST " RULES_URL " {\"delete\":{\"ids\":[\"1\"]}}\n");
	ck_assert_str_eq(rig->reports, "0 0 1 1 ok\n");
	rig_end(rig);
}
END_TEST

/* ---- many ---- */

#define MOST_MANY 60

/* So many new, so many old: 25 at a time, each once. */
static const size_t many[] = { 24, 25, 26, 50, MOST_MANY };

/* The rules in a request's body: their values, or the ids of the old ones, all above 1000. */
static size_t count_rules(const char *body, const char *what)
{
	size_t count = 0;

	while ((body = strstr(body, what))) {
		count++;
		body++;
	}
	return count;
}

START_TEST(rules_go_in_requests_of_25)
{
	static char texts[2 * MOST_MANY][32];
	static char listed[16384];
	const size_t count = many[_i], requests = (count + 24) / 25;
	struct weir_x_rule rules[MOST_MANY];
	const struct script_answer answers[] = {
		SAYS(200, listed), DONE, DONE, DONE, DONE, DONE, DONE, DONE, DONE, DONE,
	};
	struct twitter_rig *rig = RIG_X(quiet);
	size_t len = (size_t)snprintf(listed, sizeof listed, "{\"data\":[");

	for (size_t i = 0; i < count; i++) {
		snprintf(texts[i], sizeof texts[i], "new %zu", i);
		snprintf(texts[MOST_MANY + i], sizeof texts[i], "weir.%zu", i);
		rules[i] = (struct weir_x_rule){ texts[i], texts[MOST_MANY + i] };
		len += (size_t)snprintf(listed + len, sizeof listed - len,
					"%s" RULE("%zu", "old %zu", "weir.%zu"), i ? "," : "",
					i + 1000, i, i);
	}
	snprintf(listed + len, sizeof listed - len, "]}");
	rig_x_rules(rig, rules, count, answers, 1 + 3 * requests);
	rig_start(rig);
	ck_assert_int_eq(rig_run(rig, 0), WEIR_OK);

	snprintf(texts[0], sizeof texts[0], "0 %zu %zu 0 ok\n", count, count);
	ck_assert_str_eq(rig->reports, texts[0]);
	ck_assert_uint_eq(rig->rules_script.opens, 1 + 3 * requests);
	for (size_t i = 0; i < 3 * requests; i++) {	/* the dry run, the adding, the removing */
		const size_t here = count_rules(rig->rules_script.requests[1 + i].body,
						i < 2 * requests ? "\"value\"" : "\"1");
		const size_t last = count - 25 * (requests - 1);

		ck_assert_msg(here == ((i + 1) % requests ? 25 : last), "%zu, request %zu: %zu",
			      count, i, here);
	}
	rig_end(rig);
}
END_TEST

/* ---- what is refused ---- */

static const struct {
	const char *name;
	struct script_answer answers[4];
	size_t asked;
	enum weir_status status;
	const char *text;
} refusals[] = {
	{ "by the dry run, in an answer that is good otherwise",
	  { NOTHING, SAYS(201, "{\"errors\":[{\"value\":\"cat has:images\",\"details\":[\"no viable "
			  "alternative at 'cat'\"],\"title\":\"UnprocessableEntity\","
			  X_TYPE("invalid-rules") "}]}") }, 2, WEIR_ERR_REFUSED,
	  "rules: the service refuses rule 'weir.cats': UnprocessableEntity: no viable alternative "
	  "at 'cat'" },
	{ "by a 400", { NOTHING, SAYS(400, X_ERRORS(FAILED("cat has:images", "invalid-rules",
							   "bad"))) }, 2, WEIR_ERR_REFUSED,
	  "rule 'weir.cats': invalid-rules: bad" },
	{ "a duplicate of somebody else's",
	  { LISTED(RULE("9", "cat has:images", "theirs")),
	    SAYS(200, X_ERRORS(FAILED("cat has:images", "duplicate-rules", "there"))) }, 2,
	  WEIR_ERR_REFUSED, "rule 'weir.cats': duplicate-rules: there" },
	{ "by the cap, with nothing of ours to remove",
	  { NOTHING, SAYS(201, X_ERRORS(FAILED("cat has:images", "rule-cap", "1000"))) }, 2,
	  WEIR_ERR_REFUSED, "rule-cap: 1000" },
	{ "in part, after the dry run",
	  { NOTHING, DONE,
	    SAYS(201, "{\"data\":[" RULE("1", "cat has:images", "weir.cats") "],\"errors\":["
		 FAILED("x", "noncompliant-rules", "no") "]}") }, 3, WEIR_ERR_REFUSED,
	  "rule 'x': noncompliant-rules: no" },
	{ "without a word", { NOTHING, SAYS(201, "{\"errors\":[{}]}") }, 2, WEIR_ERR_REFUSED,
	  "it does not say why" },
	{ "the token", { SAYS(401, X_PROBLEM("about:blank", "")) }, 1, WEIR_ERR_AUTH,
	  "rules: HTTP 401 (unauthorized)" },
	{ "the app", { SAYS(403, X_PROBLEM("client-forbidden", "")) }, 1, WEIR_ERR_AUTH,
	  "rules: HTTP 403" },
	{ "the request", { NOTHING, SAYS(400, X_ERRORS("{\"message\":\"m\"}")) }, 2,
	  WEIR_ERR_REFUSED, "rules: HTTP 400" },
	{ "the path", { SAYS(404, "") }, 1, WEIR_ERR_REFUSED, "rules: HTTP 404" },
};

START_TEST(a_refused_rule_is_an_error_with_the_services_words)
{
	struct twitter_rig *rig = RIG_X(quiet);
	const char *text;

	RIG_X_RULES(rig, two, refusals[_i].answers);
	rig_start(rig);
	ck_assert_int_eq(rig_run(rig, HOUR_MS), refusals[_i].status);

	text = weir_pipeline_error(rig->pipeline)->text;
	ck_assert_msg(strstr(text, refusals[_i].text), "%s: %s", refusals[_i].name, text);
	ck_assert_ptr_nonnull(strstr(rig->reports, refusals[_i].text));
	ck_assert_uint_eq(rig->rules_script.opens, refusals[_i].asked);
	ck_assert_uint_eq(rig->script.opens, 0);	/* no stream before its rules */
	rig_end(rig);
}
END_TEST

/* ---- what passes ---- */

static const struct {
	const char *name;
	struct script_answer first;
	uint64_t delay_ms;
} troubles[] = {
	{ "no answer", NO_ANSWER, 251 },
	{ "open fails", REFUSED, 250 },
	{ "a 503", SAYS(503, "busy"), 5000 },
	{ "a 429", SAYS(429, "{}"), 60000 },
	{ "a 429 with a reset",
	  { { { .status = 429, .name = "x-rate-limit-reset", .value = "1577837100",
		.ends = true } } }, 300000 },
	{ "no JSON", SAYS(200, "<html>"), 250 },
	{ "nothing", SAYS(200, ""), 250 },
	{ "a rule without id", SAYS(200, "{\"data\":[{\"value\":\"a\"}]}"), 250 },
	{ "silence", { { { .status = 200 } } }, 60250 },
};

START_TEST(trouble_in_passing_is_tried_again_from_the_list)
{
	const struct script_answer answers[] = { troubles[_i].first, NOTHING, DONE, DONE };
	struct twitter_rig *rig = RIG_X(quiet);

	RIG_X_RULES(rig, two, answers);
	rig_start(rig);
	ck_assert_int_eq(rig_run(rig, troubles[_i].delay_ms), WEIR_OK);

	ck_assert_msg(rig->rules_script.opens == 4, "%s: %zu", troubles[_i].name,
		      rig->rules_script.opens);
	ck_assert_uint_eq(rig->rules_script.requests[1].at_ms - rig->begun_ms,
			  troubles[_i].delay_ms);
	ck_assert_str_eq(rig->reports, "0 2 0 0 ok\n");
	ck_assert_uint_eq(rig->script.opens, 1);
	rig_end(rig);
}
END_TEST

/* The same 429 over and over: 60, 120, 240 s, however well the lists go. What was done counts. */
START_TEST(a_limit_in_the_middle_lengthens_the_delay_and_keeps_what_was_done)
{
	static const struct script_answer answers[] = {
		NOTHING, DONE, SAYS(429, ""), NOTHING, DONE, SAYS(429, ""),
		LISTED(RULE("1", "cat has:images", "weir.cats")), DONE, DONE,
	};
	struct twitter_rig *rig = RIG_X(quiet);

	RIG_X_RULES(rig, two, answers);
	rig_start(rig);
	ck_assert_int_eq(rig_run(rig, HOUR_MS), WEIR_OK);

	ck_assert_uint_eq(rig->rules_script.requests[3].at_ms - rig->begun_ms, 60000);
	ck_assert_uint_eq(rig->rules_script.requests[6].at_ms - rig->begun_ms, 180000);
	ck_assert_str_eq(rig->reports, "1 1 0 0 ok\n");
	rig_end(rig);
}
END_TEST

START_TEST(an_applied_set_forgives_what_failed_before)
{
	static const struct script_answer answers[] = {
		SAYS(503, ""), SAYS(503, ""), NOTHING, DONE, DONE, SAYS(503, ""), NOTHING, DONE,
	};
	struct twitter_rig *rig = RIG_X(quiet);

	RIG_X_RULES(rig, two, answers);
	rig_start(rig);
	ck_assert_int_eq(rig_run(rig, 20000), WEIR_OK);
	ck_assert_str_eq(rig->reports, "0 2 0 0 ok\n");
	ck_assert_int_eq(weir_x_source_set_rules(rig->source, NULL, 0, NULL), WEIR_OK);
	ck_assert_int_eq(rig_run(rig, 20000), WEIR_OK);

	ck_assert_uint_eq(rig->rules_script.opens, 7);
	ck_assert_uint_eq(rig->rules_script.requests[6].at_ms - rig->rules_script.requests[5].at_ms,
			  5000);
	rig_end(rig);
}
END_TEST

START_TEST(most_attempts_holds_for_rules_too)
{
	static const struct script_answer answers[] = { NO_ANSWER };
	struct twitter_rig *rig = RIG_X(quiet);

	RIG_X_RULES(rig, two, answers);
	rig->x_options.most_attempts = 3;
	rig_start(rig);
	ck_assert_int_eq(rig_run(rig, HOUR_MS), WEIR_ERR_IO);
	ck_assert_uint_eq(rig->rules_script.opens, 3);
	rig_end(rig);
}
END_TEST

START_TEST(a_dry_run_changes_nothing_and_says_what_it_would)
{
	static const struct script_answer answers[] = {
		LISTED(RULE("1", "x", "weir.x") "," RULE("2", "cat has:images", "weir.old") ","
		       RULE("3", "y", "theirs")), DONE,
	};
	struct twitter_rig *rig = RIG_X(quiet);

	RIG_X_RULES(rig, two, answers);
	rig->x_options.rules_dry_run = true;
	rig_start(rig);
	ck_assert_int_eq(rig_run(rig, 0), WEIR_OK);

	ck_assert_uint_eq(rig->rules_script.opens, 2);
	ck_assert_str_eq(rig->rules_script.requests[1].url, DRY_URL);
	ck_assert_str_eq(rig->reports, "0 2 2 1 ok\n");
	ck_assert_uint_eq(rig->script.opens, 1);
	rig_end(rig);
}
END_TEST

START_TEST(L5_a_stop_ends_a_request_for_rules_at_once)
{
	static const struct script_answer hangs[] = { { { { .at_ms = 50000, .status = 200 } } } };
	struct twitter_rig *rig = RIG_X(quiet);

	RIG_X_RULES(rig, two, hangs);
	rig_start(rig);
	ck_assert_int_eq(rig_run(rig, 1000), WEIR_OK);
	ck_assert(rig->rules_script.open);
	weir_pipeline_stop(rig->pipeline);
	ck_assert_int_eq(rig_run(rig, 0), WEIR_END);
	ck_assert(!rig->rules_script.open);
	rig_end(rig);
}
END_TEST

/* Every allocation between the start and the stream may fail: an error, and nothing left behind. */
START_TEST(out_of_memory_is_an_error)
{
	static const struct script_answer answers[] = {
		LISTED(RULE("1", "cat has:images", "weir.old") "," RULE("2", "y", "weir.z")),
		DONE, DONE, DONE, DONE,
	};
	bool failed = true;

	for (size_t at = 1; failed; at++) {
		struct twitter_rig *rig = RIG_X(quiet);
		enum weir_status status;

		RIG_X_RULES(rig, two, answers);
		rig_start(rig);
		rig->fake.fail_at = rig->fake.calls + at;
		status = rig_run(rig, 1000);
		failed = rig->fake.calls >= rig->fake.fail_at;
		ck_assert_msg(status == WEIR_OK || status == WEIR_ERR_NOMEM, "%zu: %s", at,
			      weir_pipeline_error(rig->pipeline)->text);
		ck_assert_msg(failed || status == WEIR_OK, "%zu", at);
		ck_assert_uint_lt(at, 2000);
		rig_end(rig);
	}
}
END_TEST

static void add_tests(TCase *tcase)
{
	LOOP(tcase, an_account_in_any_state_is_brought_to_the_set, states);
	tcase_add_test(tcase, rules_are_asked_for_with_the_token_and_as_json);
	tcase_add_test(tcase, an_empty_set_removes_ours_and_only_ours);
	LOOP(tcase, rules_go_in_requests_of_25, many);
	LOOP(tcase, a_refused_rule_is_an_error_with_the_services_words, refusals);
	LOOP(tcase, trouble_in_passing_is_tried_again_from_the_list, troubles);
	tcase_add_test(tcase, a_limit_in_the_middle_lengthens_the_delay_and_keeps_what_was_done);
	tcase_add_test(tcase, an_applied_set_forgives_what_failed_before);
	tcase_add_test(tcase, most_attempts_holds_for_rules_too);
	tcase_add_test(tcase, a_dry_run_changes_nothing_and_says_what_it_would);
	tcase_add_test(tcase, L5_a_stop_ends_a_request_for_rules_at_once);
	tcase_add_test(tcase, out_of_memory_is_an_error);
}

int main(void)
{
	TCase *tcase = tcase_create("x_rules");

	add_tests(tcase);
	return run_case("x_rules", tcase);
}
