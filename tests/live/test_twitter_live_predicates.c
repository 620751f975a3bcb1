/* SPDX-License-Identifier: MIT */
/*
 * Predicates that change under a stream of the local server: it verifies the signature of each
 * request with its own code, and writes down what it was asked for.
 */
#include <check.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "support/live_rig.h"
#include "support/run.h"

#define MESSAGES "20"
#define ALL 20

static void serve(struct live *live)
{
	live_serve(live, LIVE_FILTER, WORDS("--generate", MESSAGES, "--seed", "7", "--then", "hold",
					    "--keep-alive-ms", "20", "--gzip"));
}

static void set_track(struct live *live, const char *track)
{
	ck_assert_int_eq(weir_twitter_source_set_predicates(
		live->source, WEIR_WITH(weir_twitter_predicates, .track = track), NULL), WEIR_OK);
}

/* ---- what is asked for ---- */

static const struct {
	const char *name;
	const char *path, *method, *url;	/* as the server is to see them */
} ways[] = {
	{ "filter", LIVE_FILTER, "POST", LIVE_FILTER },
	{ "sample", LIVE_SAMPLE, "GET",
	  LIVE_SAMPLE "?track=%ED%95%9C%EA%B8%80%2C%EC%A0%95%EA%B5%AD%20%EC%83%9D%EC%9D%BC%2C"
	  "%F0%9F%8E%89&follow=12%2C34&locations=-74%2C40%2C-73%2C41&language=ko"
	  "&filter_level=low" },
};

static void check_request(const struct live *live, int way)
{
	static const char *const phrases[] = { "한글", "정국 생일", "🎉" };
	json_t *const old = live_request(live, 0), *const new = live_request(live, 1);
	const json_t *phrase;
	size_t i;

	ck_assert_str_eq(live_member(old, "params", "track"), "weir");
	ck_assert_int_eq(json_integer_value(json_object_get(new, "status")), 200);
	ck_assert_str_eq(live_member(new, "method", NULL), ways[way].method);
	ck_assert_str_eq(live_member(new, "url", NULL), ways[way].url);
	json_array_foreach(json_object_get(new, "track"), i, phrase)
		ck_assert_str_eq(json_string_value(phrase), phrases[i]);
	ck_assert_uint_eq(json_array_size(json_object_get(new, "track")), 3);
	ck_assert_str_eq(live_member(new, "params", "follow"), "12,34");
	ck_assert_str_eq(live_member(new, "params", "locations"), "-74,40,-73,41");
	ck_assert_str_eq(live_member(new, "params", "language"), "ko");
	ck_assert_str_eq(live_member(new, "params", "filter_level"), "low");
	ck_assert_str_ne(live_member(new, "headers", "Authorization"),
			 live_member(old, "headers", "Authorization"));
	json_decref(old);
	json_decref(new);
}

START_TEST(the_server_verifies_the_new_request_and_receives_exactly_the_new_terms)
{
	struct live_text want = { .data = NULL };
	struct live *live = live_new();

	serve(live);
	snprintf(live->url, sizeof live->url, "%s%s", live->server.url, ways[_i].path);
	live->options.min_reconfigure_ms = 1;
	live_start(live);
	LIVE_UNTIL(live, live->message_count == ALL);
	ck_assert_int_eq(weir_twitter_source_set_predicates(
		live->source, WEIR_WITH(weir_twitter_predicates, .track = "한글,정국 생일,🎉",
					.follow = "12,34", .locations = "-74,40,-73,41",
					.language = "ko", .filter_level = "low"), NULL), WEIR_OK);
	LIVE_UNTIL(live, live->message_count == 2 * ALL);
	live_stop(live);

	ck_assert_uint_eq(live_requests(live), 2);
	check_request(live, _i);
	live_add_sample(&want, 7, ALL);
	live_add_sample(&want, 7, ALL);
	live_check_messages(live, &want);
	ck_assert_uint_eq(live_metrics(live).reconnects[WEIR_RECONNECT_RECONFIGURED], 1);
	ck_assert_uint_eq(live_metrics(live).connects, 2);
	ck_assert_uint_eq(live->gap_count, 1);
	ck_assert_uint_ge(live->gap_at[0], ALL);
	ck_assert_msg(strstr(live->gaps.data, "\"cause\":\"reconfigured\""), "%s",
		      live->gaps.data);
	live_end(live);
}
END_TEST

START_TEST(the_old_stream_is_read_until_its_time_has_come)
{
	struct live *live = live_new();
	uint64_t connected_ms;
	size_t count;

	live_serve(live, LIVE_FILTER, WORDS("--generate", "1000", "--seed", "7", "--repeat",
					    "--rate", "500"));
	live->options.min_reconfigure_ms = 300;
	live_start(live);
	connected_ms = live_now_ms();
	LIVE_UNTIL(live, live->message_count > 0);
	count = live->message_count;
	set_track(live, "other");
	LIVE_UNTIL(live, live_metrics(live).connects == 2);

	ck_assert_uint_ge(live_now_ms() - connected_ms, 300);
	ck_assert_uint_gt(live->message_count, count);
	live_stop(live);
	ck_assert_uint_eq(live_requests(live), 2);
	live_end(live);
}
END_TEST

/* ---- threads ---- */

struct other_thread {
	struct live *live;
	atomic_bool is_done;
};

static void *change_often(void *user)
{
	struct other_thread *other = user;

	for (int i = 0; i < 300; i++)
		set_track(other->live, i % 3 ? "weir" : "a,b,c");
	set_track(other->live, "last");
	atomic_store(&other->is_done, true);
	return NULL;
}

static bool is_last_asked_for(const struct live *live)
{
	json_t *request = live_request(live, live_requests(live) - 1);
	const bool is_last = strcmp(live_member(request, "params", "track"), "last") == 0;

	json_decref(request);
	return is_last;
}

START_TEST(another_thread_may_change_them_at_any_time_and_its_last_word_counts)
{
	struct live *live = live_new();
	struct other_thread other = { .live = live };
	struct weir_source_metrics metrics;
	pthread_t thread;

	serve(live);
	/* The rig's own counts for one thread. */
	live->env.allocator = (struct weir_allocator){ NULL, NULL };
	live->options.min_reconfigure_ms = 1;
	live_start(live);
	LIVE_UNTIL(live, live_requests(live) == 1);
	ck_assert_int_eq(pthread_create(&thread, NULL, change_often, &other), 0);
	LIVE_UNTIL(live, atomic_load(&other.is_done));
	ck_assert_int_eq(pthread_join(thread, NULL), 0);
	LIVE_UNTIL(live, is_last_asked_for(live));
	LIVE_UNTIL(live, live_metrics(live).connects == live_requests(live));

	metrics = live_metrics(live);
	ck_assert_uint_eq(metrics.reconnects[WEIR_RECONNECT_RECONFIGURED], metrics.connects - 1);
	live_stop(live);
	live_end(live);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("predicates");

	tcase_set_timeout(tcase, 60);
	LOOP(tcase, the_server_verifies_the_new_request_and_receives_exactly_the_new_terms, ways);
	tcase_add_test(tcase, the_old_stream_is_read_until_its_time_has_come);
	tcase_add_test(tcase,
		       another_thread_may_change_them_at_any_time_and_its_last_word_counts);
	return run_case("twitter predicates, live", tcase);
}
