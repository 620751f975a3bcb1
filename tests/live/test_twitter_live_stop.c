/* SPDX-License-Identifier: MIT */
/*
 * The Twitter source against the local stream server, stopped from another thread in each of its
 * states: the thread that runs the pipeline ends within the drain's time, and says what it is due.
 */
#include <arpa/inet.h>
#include <check.h>
#include <netinet/in.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "support/live_rig.h"
#include "support/run.h"

#define DRAIN_MS 150
#define SLACK_MS (LIVE_SANITIZED ? 1000 : 100)
#define MOST_KNOCKS 16

/* Connections to it hang: its backlog is full, and nobody accepts. */
struct hole {
	int listener;
	int knocks[MOST_KNOCKS];
	char url[128];
};

static void hole_open(struct hole *hole)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof at;

	hole->listener = socket(AF_INET, SOCK_STREAM, 0);
	ck_assert_int_eq(bind(hole->listener, (struct sockaddr *)&at, sizeof at), 0);
	ck_assert_int_eq(listen(hole->listener, 0), 0);
	ck_assert_int_eq(getsockname(hole->listener, (struct sockaddr *)&at, &len), 0);
	for (size_t i = 0; i < MOST_KNOCKS; i++) {
		hole->knocks[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
		connect(hole->knocks[i], (struct sockaddr *)&at, sizeof at);
	}
	snprintf(hole->url, sizeof hole->url, "http://127.0.0.1:%d" LIVE_FILTER,
		 ntohs(at.sin_port));
}

static void hole_close(const struct hole *hole)
{
	for (size_t i = 0; i < MOST_KNOCKS; i++)
		close(hole->knocks[i]);
	close(hole->listener);
}

static atomic_bool is_there;	/* the pipeline is in the state that it is to be stopped in */

static void watch_for_connecting(void *user, enum weir_log_level level, const char *component,
				 const char *text)
{
	(void)user;
	(void)level;
	(void)component;
	if (strncmp(text, "connecting", 10) == 0)
		atomic_store(&is_there, true);
}

static enum weir_status take_and_tell(void *user, weir_message *message, const char *to,
				      struct weir_error *err)
{
	(void)user;
	(void)message;
	(void)to;
	(void)err;
	atomic_store(&is_there, true);
	return WEIR_OK;
}

static enum weir_status take_nothing(void *user, weir_message *message, const char *to,
				     struct weir_error *err)
{
	(void)user;
	(void)message;
	(void)to;
	(void)err;
	return WEIR_AGAIN;
}

/* Stops a pipeline that runs in its own thread. Returns what join says; checks how long it took. */
static enum weir_status stop_in_time(struct live *live, const char *when)
{
	const uint64_t begun_ms = live_now_ms();
	enum weir_status status;
	uint64_t ms;

	weir_pipeline_stop(live->pipeline);
	status = weir_pipeline_join(live->pipeline);
	ms = live_now_ms() - begun_ms;
	ck_assert_msg(ms <= DRAIN_MS + SLACK_MS, "%s: the stop took %ju ms", when, (uintmax_t)ms);
	return status;
}

static void wait_until_there(void)
{
	const uint64_t until_ms = live_now_ms() + LIVE_PATIENCE_MS;

	while (!atomic_load(&is_there) && live_now_ms() < until_ms)
		usleep(1000);
	ck_assert(atomic_load(&is_there));
}

START_TEST(L5_a_stop_while_connecting_is_prompt)
{
	struct hole hole;
	struct live *live;

	hole_open(&hole);
	live = live_new();
	live->options.url = hole.url;
	live->pipeline_options.drain_ms = DRAIN_MS;
	live->env.logger.write = watch_for_connecting;
	live_start(live);
	ck_assert_int_eq(weir_pipeline_start(live->pipeline), WEIR_OK);
	wait_until_there();
	ck_assert_int_eq(stop_in_time(live, "connecting"), WEIR_OK);
	ck_assert_uint_eq(live_metrics(live).connects, 0);
	ck_assert_uint_eq(live_metrics(live).reconnects[WEIR_RECONNECT_NETWORK], 0);
	live_end(live);
	hole_close(&hole);
}
END_TEST

START_TEST(L5_a_stop_while_streaming_is_prompt)
{
	struct live *live = live_new();

	live_serve(live, LIVE_FILTER, WORDS("--generate", "100", "--repeat"));
	live->pipeline_options.drain_ms = DRAIN_MS;
	live->env.logger.threshold = WEIR_LOG_NONE;
	live->call = take_and_tell;
	live_start(live);
	ck_assert_int_eq(weir_pipeline_start(live->pipeline), WEIR_OK);
	wait_until_there();
	ck_assert_int_eq(stop_in_time(live, "streaming"), WEIR_OK);
	live_end(live);
}
END_TEST

START_TEST(L5_a_stop_while_a_full_window_holds_the_stream_ends_with_the_drain)
{
	const uint64_t until_ms = live_now_ms() + LIVE_PATIENCE_MS;
	struct weir_metrics metrics = WEIR_METRICS(weir_metrics);
	struct live *live = live_new();

	live_serve(live, LIVE_FILTER, WORDS("--generate", "100", "--repeat"));
	live->pipeline_options.drain_ms = DRAIN_MS;
	live->pipeline_options.window_messages = 50;
	live->call = take_nothing;
	live_start(live);
	ck_assert_int_eq(weir_pipeline_start(live->pipeline), WEIR_OK);
	do
		weir_pipeline_metrics(live->pipeline, &metrics);
	while (metrics.all.in_flight < 50 && live_now_ms() < until_ms);
	ck_assert_uint_eq(metrics.all.in_flight, 50);
	ck_assert_int_eq(stop_in_time(live, "paused"), WEIR_ERR_TIMEOUT);
	weir_pipeline_metrics(live->pipeline, &metrics);
	ck_assert_uint_eq(metrics.all.received, 50);
	live_end(live);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("stop");

	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, L5_a_stop_while_connecting_is_prompt);
	tcase_add_test(tcase, L5_a_stop_while_streaming_is_prompt);
	tcase_add_test(tcase, L5_a_stop_while_a_full_window_holds_the_stream_ends_with_the_drain);
	return run_case("twitter, live, stop", tcase);
}
