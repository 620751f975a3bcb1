/* SPDX-License-Identifier: MIT */
/*
 * The v2 source against the local stream server: sockets, libcurl, two transports on one port, and
 * a service that keeps rules.
 */
#include <check.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "sample.h"
#include "support/certificate.h"
#include "support/live_rig.h"
#include "support/run.h"

#define STREAM "/2/tweets/search/stream"

/* How many requests the server had for a path, and how many of them it answered so (0: any). */
static size_t count_requests(const struct live *live, const char *path, int status)
{
	size_t count = 0;

	for (size_t i = 0; i < live_requests(live); i++) {
		json_t *request = live_request(live, i);
		const char *url = live_member(request, "url", NULL);
		const size_t len = strcspn(url, "?");
		const json_int_t got = json_integer_value(json_object_get(request, "status"));

		count += len == strlen(path) && memcmp(url, path, len) == 0 &&
			 (!status || got == status);
		json_decref(request);
	}
	return count;
}

static const struct {
	const char *name;
	const char *words[8];
} manners[] = {
	{ "plain", { NULL } },
	{ "gzip", { "--gzip", NULL } },
	{ "gzip in chunks of 7 bytes", { "--gzip", "--chunk", "7", NULL } },
	{ "chunks of 1000 bytes", { "--chunk", "1000", NULL } },
};

START_TEST(T1_posts_arrive_byte_for_byte)
{
	const char *words[16] = { "--generate", "1000", "--seed", "7", "--then", "hold" };
	struct live *live = live_x_new();
	struct live_text want = { .data = NULL };
	struct sample *sample = sample_new(7);

	for (size_t i = 0; manners[_i].words[i]; i++)
		words[6 + i] = manners[_i].words[i];
	live->x_options.tweet_fields = "author_id,created_at";
	live_serve(live, "", words);
	live_start(live);
	LIVE_UNTIL(live, live->message_count >= 1000);
	live_stop(live);

	for (size_t i = 0; i < 1000; i++) {
		const struct sample_message message = sample_next_x(sample);

		live_add(&want, message.text, message.len);
		live_add(&want, "\n", 1);
	}
	live_check_messages(live, &want);
	ck_assert_uint_eq(live_metrics(live).connects, 1);
	sample_free(sample);
	live_end(live);
}
END_TEST

/* ---- rules ---- */

static const struct weir_x_rule cats[] = { { "cat has:images", "weir.cats" } };
static const struct weir_x_rule dogs[] = { { "\"hot dog\" \\o/", "weir.dogs" } };
static size_t reports;
static char last_report[256];

static void take_report(void *user, const struct weir_x_rules_report *report)
{
	(void)user;
	reports++;
	snprintf(last_report, sizeof last_report, "%zu %zu %zu %zu %.200s", report->kept,
		 report->added, report->removed, report->foreign,
		 report->error ? report->error->text : "ok");
}

static struct live *with_rules(const struct weir_x_rule *rules, size_t count)
{
	struct live *live = live_x_new();

	live->x_options.stream = WEIR_X_FILTERED;
	live->x_options.rule_prefix = "weir.";
	live->x_options.rules = rules;
	live->x_options.rule_count = count;
	live->x_options.on_rules = take_report;
	return live;
}

START_TEST(rules_change_while_the_stream_goes_on)
{
	struct live *live = with_rules(cats, 1);

	live_serve(live, "", WORDS("--rate", "500", "--repeat", "--generate", "100"));
	live_start(live);
	LIVE_UNTIL(live, live->message_count >= 50);
	ck_assert_str_eq(last_report, "0 1 0 0 ok");
	ck_assert_ptr_nonnull(strstr(live->messages.data, "\"tag\":\"weir.cats\""));
	ck_assert_ptr_null(strstr(live->messages.data, "weir.dogs"));

	ck_assert_int_eq(weir_x_source_set_rules(live->source, dogs, 1, NULL), WEIR_OK);
	LIVE_UNTIL(live, reports == 2);
	ck_assert_str_eq(last_report, "0 1 1 0 ok");
	live_clear(&live->messages);
	LIVE_UNTIL(live, live->messages.data && strstr(live->messages.data, "weir.dogs"));
	ck_assert_uint_eq(count_requests(live, STREAM, 200), 1);
	ck_assert_uint_eq(live_metrics(live).connects, 1);
	live_stop(live);
	live_end(live);
}
END_TEST

static weir_callback_fn *write_down;	/* the rig's own */
static bool is_shut;

static enum weir_status take_when_open(void *user, weir_message *message, const char *to,
				       struct weir_error *err)
{
	return is_shut ? WEIR_AGAIN : write_down(user, message, to, err);
}

/* Of so many waits of a millisecond, how many end because there is something to read. */
static size_t count_wakes(struct live *live, size_t waits)
{
	struct pollfd loop = { weir_pipeline_fd(live->pipeline), POLLIN, 0 };
	size_t wakes = 0;

	for (size_t i = 0; i < waits; i++) {
		wakes += poll(&loop, 1, 1) > 0;
		ck_assert_int_eq(weir_pipeline_step(live->pipeline), WEIR_OK);
	}
	return wakes;
}

/*
 * Over TLS: a handshake has much to read. The server goes on sending meanwhile; what is not read
 * does not keep the loop awake.
 */
START_TEST(rules_change_while_the_stream_has_no_room)
{
	struct live *live = with_rules(cats, 1);
	char key_file[64], certificate_file[64];
	struct certificate made;
	int key, certificate;
	size_t before;

	certificate_make(&made);
	key = live_file(made.key, key_file);
	certificate = live_file(made.certificate, certificate_file);
	live->x_options.ca_file = certificate_file;

	write_down = live->call;
	live->call = take_when_open;
	live->pipeline_options.window_messages = 2;
	live_serve(live, "", WORDS("--rate", "1000", "--repeat", "--generate", "100", "--tls",
				   certificate_file, key_file));
	is_shut = false;
	live_start(live);
	LIVE_UNTIL(live, live->message_count >= 10);
	is_shut = true;
	LIVE_UNTIL(live, live_metrics(live).all.in_flight == 2);
	before = live->message_count;
	ck_assert_int_eq(weir_x_source_set_rules(live->source, dogs, 1, NULL), WEIR_OK);
	LIVE_UNTIL(live, reports == 2);
	ck_assert_str_eq(last_report, "0 1 1 0 ok");
	ck_assert_uint_le(count_wakes(live, 300), 8);
	ck_assert_uint_eq(live->message_count, before);

	is_shut = false;
	LIVE_UNTIL(live, strstr(live->messages.data, "weir.dogs"));
	ck_assert_uint_eq(live_metrics(live).connects, 1);
	live_stop(live);
	close(key);
	close(certificate);
	live_end(live);
}
END_TEST

static atomic_bool handed_in;

static void *hand_in_many(void *source)
{
	for (size_t i = 0; i < 2000; i++)
		weir_x_source_set_rules(source, i % 2 ? cats : dogs, 1, NULL);
	atomic_store(&handed_in, true);
	return NULL;
}

START_TEST(any_thread_may_declare_rules_and_the_last_set_counts)
{
	struct live *live = with_rules(cats, 1);
	pthread_t thread;

	/* The counting one is for one thread. */
	live->env.allocator = (struct weir_allocator){ .resize = NULL };
	live_serve(live, "", WORDS("--rate", "100", "--repeat"));
	live_start(live);
	LIVE_UNTIL(live, live->message_count > 0);
	ck_assert_int_eq(pthread_create(&thread, NULL, hand_in_many, live->source), 0);
	LIVE_UNTIL(live, atomic_load(&handed_in));
	ck_assert_int_eq(pthread_join(thread, NULL), 0);
	live_clear(&live->messages);
	LIVE_UNTIL(live, live->messages.len > 20000);
	ck_assert_int_eq(weir_x_source_set_rules(live->source, cats, 1, NULL), WEIR_OK);
	reports = 0;
	LIVE_UNTIL(live, reports == 1);
	ck_assert_str_eq(last_report, "1 0 0 0 ok");	/* the last of the many was this one */
	live_stop(live);
	live_end(live);
}
END_TEST

START_TEST(sixty_rules_are_added_listed_and_removed)
{
	static char texts[120][24];
	struct weir_x_rule rules[60];
	struct live *live = with_rules(rules, 60);

	for (size_t i = 0; i < 60; i++) {
		snprintf(texts[i], sizeof texts[i], "value %zu", i);
		snprintf(texts[60 + i], sizeof texts[i], "weir.%zu", i);
		rules[i] = (struct weir_x_rule){ texts[i], texts[60 + i] };
	}
	live_serve(live, "", WORDS("--rate", "100", "--repeat"));
	live_start(live);
	LIVE_UNTIL(live, reports == 1);
	ck_assert_str_eq(last_report, "0 60 0 0 ok");
	ck_assert_int_eq(weir_x_source_set_rules(live->source, rules, 10, NULL), WEIR_OK);
	LIVE_UNTIL(live, reports == 2);
	ck_assert_str_eq(last_report, "10 0 50 0 ok");
	live_stop(live);
	live_end(live);
}
END_TEST

/* One after the other, each applied: a rule more each time, and a rule less. */
START_TEST(twenty_five_additions_and_removals_change_the_account_as_declared)
{
	static char texts[50][24];
	struct weir_x_rule rules[25];
	struct live *live = with_rules(NULL, 0);
	char want[32];

	for (size_t i = 0; i < 25; i++) {
		snprintf(texts[i], sizeof texts[i], "value %zu", i);
		snprintf(texts[25 + i], sizeof texts[i], "weir.%zu", i);
		rules[i] = (struct weir_x_rule){ texts[i], texts[25 + i] };
	}
	live_serve(live, "", WORDS("--rate", "100", "--repeat"));
	reports = 0;
	live_start(live);
	LIVE_UNTIL(live, reports == 1);
	ck_assert_str_eq(last_report, "0 0 0 0 ok");
	LIVE_UNTIL(live, live->alerts.len > 0);	/* 409, which later would be looked into */
	for (size_t i = 1; i <= 50; i++) {
		const size_t count = i <= 25 ? i : 50 - i;

		ck_assert_int_eq(weir_x_source_set_rules(live->source, rules, count, NULL), WEIR_OK);
		LIVE_UNTIL(live, reports == 1 + i);
		if (i <= 25)
			snprintf(want, sizeof want, "%zu 1 0 0 ok", count - 1);
		else
			snprintf(want, sizeof want, "%zu 0 1 0 ok", count);
		ck_assert_str_eq(last_report, want);
	}
	live_stop(live);
	live_end(live);
}
END_TEST

START_TEST(a_full_account_takes_new_rules_for_old_ones)
{
	struct live *live = with_rules(cats, 1);

	live_serve(live, "", WORDS("--rate", "100", "--repeat", "--most-rules", "1"));
	live_start(live);
	LIVE_UNTIL(live, reports == 1);
	ck_assert_int_eq(weir_x_source_set_rules(live->source, dogs, 1, NULL), WEIR_OK);
	LIVE_UNTIL(live, reports == 2);
	ck_assert_str_eq(last_report, "0 1 1 0 ok");
	live_stop(live);
	live_end(live);
}
END_TEST

START_TEST(a_refused_rule_fails_the_pipeline_with_the_services_words)
{
	static const struct weir_x_rule bad[] = { { "cat", "weir.cats" }, { "bad:x", "weir.bad" } };
	struct live *live = with_rules(bad, 2);

	live_serve(live, "", WORDS("--rate", "100"));
	live_start(live);
	LIVE_UNTIL(live, live->status != WEIR_OK);

	ck_assert_int_eq(live->status, WEIR_ERR_REFUSED);
	ck_assert_ptr_nonnull(strstr(weir_pipeline_error(live->pipeline)->text,
				     "refuses rule 'weir.bad': UnprocessableEntity: no viable "
				     "alternative in this value"));
	ck_assert_uint_eq(count_requests(live, STREAM, 0), 0);
	live_end(live);
}
END_TEST

START_TEST(K14_a_stream_without_rules_is_told_so)
{
	struct live *live = live_x_new();

	live->x_options.stream = WEIR_X_FILTERED;
	live_serve(live, "", WORDS("--rate", "100"));
	live_start(live);
	LIVE_UNTIL(live, live->alerts.len > 0);
	ck_assert_ptr_nonnull(strstr(live->alerts.data, "no rules"));
	ck_assert_uint_eq(count_requests(live, STREAM, 409), 1);
	live_stop(live);
	live_end(live);
}
END_TEST

/* ---- what goes wrong ---- */

static const struct {
	const char *words[8];
	const char *alert;
} limits[] = {
	{ { "--fault", "limited=rate:2", NULL }, "connect less often" },
	{ { "--fault", "limited=connections:2", NULL }, "too many connections" },
	{ { "--fault", "limited=monthly", NULL }, "monthly usage cap" },
	{ { "--rate", "1000", "--usage-cap", "20", NULL }, "monthly usage cap is reached" },
	{ { "--fault", "problem=SlowReader:5", NULL }, "too slow" },
	{ { "--fault", "problem=daily:5", NULL }, "the usage cap is reached" },
};

START_TEST(K13_D5_limits_are_told_apart)
{
	struct live *live = live_x_new();

	live_serve(live, "", limits[_i].words);
	live_start(live);
	LIVE_UNTIL(live, live->alerts.data && strstr(live->alerts.data, limits[_i].alert));
	live_stop(live);
	live_end(live);
}
END_TEST

START_TEST(R9_a_wrong_token_is_fatal)
{
	struct live *live = live_x_new();

	live_serve(live, "", WORDS("--bearer", "another"));
	live_start(live);
	LIVE_UNTIL(live, live->status != WEIR_OK);
	ck_assert_int_eq(live->status, WEIR_ERR_AUTH);
	live_end(live);
}
END_TEST

/* The server verifies it with its own code: a right one streams, by one wrong letter it does not. */
START_TEST(R9_a_stream_may_be_signed_by_oauth_instead)
{
	struct live *live = live_x_new();

	live->x_options.stream = WEIR_X_FILTERED;
	live->x_options.rule_prefix = "weir.";
	live->x_options.rules = dogs;
	live->x_options.rule_count = 1;
	live->x_options.tweet_fields = "author_id,created_at";
	live->x_options.bearer_token = NULL;
	live->x_options.consumer_key = "demo-consumer-key";
	live->x_options.consumer_secret = _i ? "demo-consumer-secreT" : "demo-consumer-secret";
	live->x_options.token = "42-demo-token";
	live->x_options.token_secret = "demo-token-secret";
	live_serve(live, "", WORDS("--generate", "20", "--then", "hold"));
	live_start(live);
	LIVE_UNTIL(live, live->status != WEIR_OK || live->message_count >= 20);
	ck_assert_int_eq(live->status, _i ? WEIR_ERR_AUTH : WEIR_OK);
	ck_assert_uint_eq(count_requests(live, STREAM, 200), !_i);
	if (!_i)
		live_stop(live);
	live_end(live);
}
END_TEST

static bool asked_for(const struct live *live, size_t number, const char *what)
{
	json_t *request = live_request(live, number);
	const bool asked = strstr(live_member(request, "url", NULL), what) != NULL;

	json_decref(request);
	return asked;
}

START_TEST(T8_after_a_cut_backfill_is_asked_for)
{
	struct live *live = live_x_new();
	const char *allow = _i ? "--allow-backfill" : NULL;

	live->x_options.backfill_minutes = 5;
	live_serve(live, "", WORDS("--fault", "cut=20,ok", "--generate", "50", "--then", "hold",
				   allow));
	live_start(live);
	LIVE_UNTIL(live, live->message_count >= 70);
	live_stop(live);

	ck_assert(!asked_for(live, 0, "backfill"));
	ck_assert(asked_for(live, 1, "backfill_minutes=1"));
	ck_assert_uint_eq(live_requests(live), _i ? 2 : 3);
	if (!_i)
		ck_assert(!asked_for(live, 2, "backfill"));
	ck_assert((strstr(live->gaps.data, "\"backfill_minutes\":1") != NULL) == (_i != 0));
	live_end(live);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("x_live");

	tcase_set_timeout(tcase, 60);
	LOOP(tcase, T1_posts_arrive_byte_for_byte, manners);
	tcase_add_test(tcase, rules_change_while_the_stream_goes_on);
	tcase_add_test(tcase, rules_change_while_the_stream_has_no_room);
	tcase_add_test(tcase, any_thread_may_declare_rules_and_the_last_set_counts);
	tcase_add_test(tcase, sixty_rules_are_added_listed_and_removed);
	tcase_add_test(tcase, twenty_five_additions_and_removals_change_the_account_as_declared);
	tcase_add_test(tcase, a_full_account_takes_new_rules_for_old_ones);
	tcase_add_test(tcase, a_refused_rule_fails_the_pipeline_with_the_services_words);
	tcase_add_test(tcase, K14_a_stream_without_rules_is_told_so);
	LOOP(tcase, K13_D5_limits_are_told_apart, limits);
	tcase_add_test(tcase, R9_a_wrong_token_is_fatal);
	tcase_add_loop_test(tcase, R9_a_stream_may_be_signed_by_oauth_instead, 0, 2);
	tcase_add_loop_test(tcase, T8_after_a_cut_backfill_is_asked_for, 0, 2);
	return run_case("x_live", tcase);
}
