/* SPDX-License-Identifier: MIT */
/* Rules that are declared anew while the stream is connected. */
#include <poll.h>
#include <unistd.h>

#include "support/run.h"
#include "support/twitter_messages.h"
#include "support/x_rules.h"

static const struct script_answer quiet[] = { QUIET };
static const struct weir_x_rule two[] = {
	{ "cat has:images", "weir.cats" }, { "\"a \\ b\"\n\xed\x95\x9c", "weir.b" },
};
static const struct weir_x_rule other[] = { { "dog", "weir.dogs" } };

static struct twitter_rig *run_with_rules(const struct script_answer *answers, size_t count)
{
	struct twitter_rig *rig = RIG_X(quiet);

	rig_x_rules(rig, two, 2, answers, count);
	rig_start(rig);
	ck_assert_int_eq(rig_run(rig, 1000), WEIR_OK);
	ck_assert_uint_eq(rig->script.opens, 1);
	return rig;
}

#define BOTH LISTED(RULE("1", "\\\"a \\\\ b\\\"\\n\\ud55c", "weir.b") "," \
		    RULE("2", "cat has:images", "weir.cats"))

START_TEST(a_new_set_is_applied_without_a_reconnect)
{
	static const struct script_answer answers[] = { BOTH, BOTH, DONE, DONE, DONE };
	struct twitter_rig *rig = run_with_rules(answers, 5);

	ck_assert_int_eq(weir_x_source_set_rules(rig->source, other, 1, NULL), WEIR_OK);
	ck_assert_int_eq(rig_run(rig, 1000), WEIR_OK);

	check_asked(rig, "GET " LIST_URL "\nGET " LIST_URL "\n"
		    "POST " DRY_URL " {\"add\":[{\"value\":\"dog\",\"tag\":\"weir.dogs\"}]}\n"
		    "POST " RULES_URL " {\"add\":[{\"value\":\"dog\",\"tag\":\"weir.dogs\"}]}\n"
		    "POST " RULES_URL " {\"delete\":{\"ids\":[\"1\",\"2\"]}}\n");
	ck_assert_str_eq(rig->reports, "2 0 0 0 ok\n0 1 2 0 ok\n");
	ck_assert_uint_eq(rig->script.opens, 1);
	ck_assert(rig->script.open);
	rig_end(rig);
}
END_TEST

START_TEST(a_set_that_is_refused_while_running_changes_nothing_and_alerts)
{
	static const struct script_answer answers[] = {
		BOTH, BOTH, SAYS(201, X_ERRORS(FAILED("dog", "invalid-rules", "bad dog"))),
	};
	struct twitter_rig *rig = run_with_rules(answers, 3);

	ck_assert_int_eq(weir_x_source_set_rules(rig->source, other, 1, NULL), WEIR_OK);
	ck_assert_int_eq(rig_run(rig, HOUR_MS / 60), WEIR_OK);

	ck_assert_uint_eq(rig->rules_script.opens, 3);
	ck_assert_ptr_nonnull(strstr(rig->reports, "bad dog"));
	ck_assert_ptr_nonnull(strstr(rig->alerts, "refuses rule 'weir.dogs'"));
	ck_assert_uint_ge(rig->script.opens, 1);
	rig_end(rig);
}
END_TEST

START_TEST(of_several_sets_that_wait_the_last_counts)
{
	static const struct script_answer answers[] = { BOTH, BOTH, DONE };
	struct twitter_rig *rig = run_with_rules(answers, 3);

	ck_assert_int_eq(weir_x_source_set_rules(rig->source, other, 1, NULL), WEIR_OK);
	ck_assert_int_eq(weir_x_source_set_rules(rig->source, NULL, 0, NULL), WEIR_OK);
	ck_assert_int_eq(rig_run(rig, 0), WEIR_OK);
	ck_assert_str_eq(rig->reports, "2 0 0 0 ok\n0 0 2 0 ok\n");
	rig_end(rig);
}
END_TEST

START_TEST(wrong_sets_are_refused_by_the_call)
{
	static const struct script_answer answers[] = { BOTH };
	static const struct weir_x_rule foreign[] = { { "x", "y" } };
	struct twitter_rig *rig = run_with_rules(answers, 1);
	struct weir_error err;

	ck_assert_int_eq(weir_x_source_set_rules(rig->source, foreign, 1, &err), WEIR_ERR_INVALID);
	ck_assert_ptr_nonnull(strstr(err.text, "must begin with 'weir.'"));
	ck_assert_int_eq(weir_x_source_set_rules(rig->source, NULL, 1, NULL), WEIR_ERR_INVALID);
	ck_assert_int_eq(weir_x_source_set_rules(NULL, foreign, 1, NULL), WEIR_ERR_INVALID);
	rig_end(rig);

	rig = RIG_X(quiet);
	rig_start(rig);
	ck_assert_int_eq(weir_x_source_set_rules(rig->source, other, 1, NULL), WEIR_ERR_STATE);
	rig_end(rig);

	rig = rig_new(quiet, 1);
	rig_start(rig);
	ck_assert_int_eq(weir_x_source_set_rules(rig->source, other, 1, NULL), WEIR_ERR_INVALID);
	rig_end(rig);
}
END_TEST

START_TEST(rules_that_somebody_removed_come_back)
{
	static const struct script_answer streams[] = { X_REFUSED(409, ""), QUIET };
	static const struct script_answer answers[] = { BOTH, NOTHING, DONE, DONE };
	struct twitter_rig *rig = RIG_X(streams);

	RIG_X_RULES(rig, two, answers);
	rig_start(rig);
	ck_assert_int_eq(rig_run(rig, 61000), WEIR_OK);

	ck_assert_str_eq(rig->reports, "2 0 0 0 ok\n0 2 0 0 ok\n");
	ck_assert_uint_eq(rig->script.opens, 2);
	rig_end(rig);
}
END_TEST

/* ---- while the stream has no room */

/* A transport for rules that answers each byte of a pipe with what the account has. */
static struct piped {
	weir_port *port;
	struct weir_http_events events;
	int ends[2];
	bool is_open;
} piped;

static enum weir_status piped_open(void *self, weir_port *port,
				   const struct weir_http_request *request,
				   const struct weir_http_events *events, struct weir_error *err)
{
	(void)self;
	(void)request;
	piped.port = port;
	piped.events = *events;
	piped.is_open = true;
	return weir_port_watch(port, piped.ends[0], WEIR_READABLE | WEIR_ALWAYS, err);
}

static void piped_close(void *self)
{
	(void)self;
	if (piped.is_open)
		weir_port_unwatch(piped.port, piped.ends[0]);
	piped.is_open = false;
}

static void piped_step(void *self, uint64_t now_ms)
{
	static const struct script_answer both = BOTH;
	const char *text = both.events[0].text;
	void *const user = piped.events.user;
	char byte;

	(void)now_ms;
	if (!piped.is_open ||
	    !(weir_port_events(piped.port, piped.ends[0]) & WEIR_READABLE))
		return;
	ck_assert_int_eq(read(piped.ends[0], &byte, 1), 1);
	piped_close(self);
	piped.events.status(user, 200);
	ck_assert(piped.events.body(user, (struct weir_slice){ text, strlen(text) }));
	piped.events.end(user, NULL);
}

static void piped_resume(void *self)
{
	(void)self;
}

static const struct weir_http_ops piped_ops = {
	.size = sizeof piped_ops,
	.open = piped_open,
	.step = piped_step,
	.resume = piped_resume,
	.close = piped_close,
};

static const struct weir_http piped_http = { .ops = &piped_ops };

static bool is_ready(const struct twitter_rig *rig)
{
	struct pollfd loop = { weir_pipeline_fd(rig->pipeline), POLLIN, 0 };

	return poll(&loop, 1, 0) > 0;
}

/* One window full of posts that are not settled, and more behind them. */
static struct twitter_rig *run_without_room(void)
{
	static const struct script_answer crowd[] = { { { { .status = 200,
		.text = SENT(V2_POST("1")) SENT(V2_POST("2")) SENT(V2_POST("3")) } } } };
	struct twitter_rig *rig = RIG_X(crowd);

	memset(&piped, 0, sizeof piped);
	ck_assert_int_eq(pipe(piped.ends), 0);
	ck_assert_int_eq(write(piped.ends[1], "a", 1), 1);
	rig->x_options.rule_prefix = "weir.";
	rig->x_options.rules = two;
	rig->x_options.rule_count = 2;
	rig->x_options.rules_http = &piped_http;
	rig->pipeline_options.window_messages = 1;
	rig_start(rig);
	rig->recorder.holds = true;
	ck_assert_int_eq(rig_run(rig, 1000), WEIR_OK);
	ck_assert_str_eq(rig->reports, "2 0 0 0 ok\n");
	ck_assert_uint_eq(rig->recorder.count, 1);
	return rig;
}

START_TEST(a_new_set_is_applied_while_the_stream_has_no_room)
{
	struct twitter_rig *rig = run_without_room();

	ck_assert_int_eq(weir_x_source_set_rules(rig->source, two, 2, NULL), WEIR_OK);
	ck_assert_int_eq(rig_run(rig, 0), WEIR_OK);
	ck_assert_str_eq(rig->reports, "2 0 0 0 ok\n");
	ck_assert(!is_ready(rig));
	ck_assert_int_eq(write(piped.ends[1], "b", 1), 1);
	ck_assert(is_ready(rig));
	ck_assert_int_eq(rig_run(rig, 0), WEIR_OK);
	ck_assert_str_eq(rig->reports, "2 0 0 0 ok\n2 0 0 0 ok\n");
	ck_assert(!is_ready(rig));

	ck_assert_uint_eq(rig->recorder.count, 1);
	recorder_let_go(&rig->recorder);
	ck_assert_int_eq(rig_run(rig, 0), WEIR_OK);
	ck_assert_uint_eq(rig->recorder.count, 3);
	rig_end(rig);
	close(piped.ends[0]);
	close(piped.ends[1]);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("x_rules_running");

	tcase_add_test(tcase, a_new_set_is_applied_without_a_reconnect);
	tcase_add_test(tcase, a_set_that_is_refused_while_running_changes_nothing_and_alerts);
	tcase_add_test(tcase, of_several_sets_that_wait_the_last_counts);
	tcase_add_test(tcase, wrong_sets_are_refused_by_the_call);
	tcase_add_test(tcase, rules_that_somebody_removed_come_back);
	tcase_add_test(tcase, a_new_set_is_applied_while_the_stream_has_no_room);
	return run_case("x_rules_running", tcase);
}
