/* SPDX-License-Identifier: MIT */
/*
 * The Twitter source over the real transport, against a small server on the loopback that says what
 * a row tells it to. One thread: the pipeline runs in the server's own loop.
 */
#include <arpa/inet.h>
#include <check.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "support/recorder.h"
#include "support/run.h"
#include "support/twitter_bodies.h"
#include "weir.h"

#define OK_CHUNKED "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n" \
		   "Transfer-Encoding: chunked\r\n"
#define NOT_GAP (WEIR_KIND_ANY & ~(unsigned)WEIR_KIND_GAP)
#define PATIENCE_MS 10000

struct reply {
	const char *bytes;
	size_t len;	/* 0: up to its zero */
	bool closes;
};

struct live {
	int listener;
	int peer;		/* -1: none */
	size_t accepted;
	size_t gone;		/* connections the client has closed */
	char request[8192];	/* of the last connection */
	size_t request_len;
	bool replied;
	const struct reply *replies;	/* one for each connection; the last repeats */
	size_t reply_count;

	char url[64];
	weir_pipeline *pipeline;
	struct recorder recorder;
	enum weir_status status;
};

static uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static void listen_on_loopback(struct live *live)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof address;

	live->listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	ck_assert_int_ge(live->listener, 0);
	ck_assert_int_eq(bind(live->listener, (struct sockaddr *)&address, sizeof address), 0);
	ck_assert_int_eq(listen(live->listener, 8), 0);
	ck_assert_int_eq(getsockname(live->listener, (struct sockaddr *)&address, &len), 0);
	snprintf(live->url, sizeof live->url, "http://127.0.0.1:%d/1.1/statuses/filter.json",
		 ntohs(address.sin_port));
}

static void live_init(struct live *live, const struct reply *replies, size_t reply_count)
{
	weir_source *source;
	weir_sink *sink;

	*live = (struct live){ .peer = -1, .replies = replies, .reply_count = reply_count };
	listen_on_loopback(live);
	live->pipeline = weir_pipeline_new(NULL);
	source = weir_twitter_source_add(live->pipeline, "twitter",
					 WEIR_WITH(weir_twitter_source_options,
						   .consumer_key = "ck", .consumer_secret = "cs",
						   .token = "t", .token_secret = "ts",
						   .track = "a b",
						   .url = live->url, .proven_ms = 1));
	ck_assert_msg(source, "%s", weir_pipeline_error(live->pipeline)->text);
	sink = recorder_add(&live->recorder, live->pipeline, "recorder");
	weir_route_add(live->pipeline, WEIR_WITH(weir_route, .name = "all"), sink);
}

static void live_release(struct live *live)
{
	weir_pipeline_free(live->pipeline);
	recorder_release(&live->recorder);
	if (live->peer >= 0)
		close(live->peer);
	close(live->listener);
}

static void hang_up(struct live *live)
{
	close(live->peer);
	live->peer = -1;
}

/* The head and, of our short forms, the body have come. */
static bool is_whole(const struct live *live)
{
	const char *end = strstr(live->request, "\r\n\r\n");

	return end && strstr(end, "track=a%20b");
}

static void reply(struct live *live)
{
	const size_t last = live->reply_count - 1;
	const size_t which = live->accepted - 1 < last ? live->accepted - 1 : last;
	const struct reply *what = &live->replies[which];
	const size_t len = what->len ? what->len : strlen(what->bytes);

	ck_assert_int_eq(send(live->peer, what->bytes, len, MSG_NOSIGNAL), (ssize_t)len);
	live->replied = true;
	if (what->closes)
		hang_up(live);
}

static void serve(struct live *live)
{
	ssize_t got;
	const int peer = accept4(live->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

	if (peer >= 0) {
		ck_assert_msg(live->peer < 0, "two connections at once");
		live->peer = peer;
		live->accepted++;
		live->request_len = 0;
		live->replied = false;
	}
	if (live->peer < 0)
		return;
	got = recv(live->peer, live->request + live->request_len,
		   sizeof live->request - 1 - live->request_len, 0);
	if (got == 0) {
		live->gone++;
		hang_up(live);
		return;
	}
	if (got > 0)
		live->request_len += (size_t)got;
	live->request[live->request_len] = '\0';
	if (!live->replied && is_whole(live))
		reply(live);
}

static bool has_two_messages(const struct live *live)
{
	return recorder_count(&live->recorder, NOT_GAP) >= 2;
}

static bool has_ended(const struct live *live)
{
	return live->status != WEIR_OK;
}

static bool is_gone(const struct live *live)
{
	return live->gone > 0;
}

static bool has_reconnected(const struct live *live)
{
	return live->accepted >= 3;
}

/* Turns both sides until it is so; false when that takes too long. */
static bool run_until(struct live *live, bool (*is_so)(const struct live *live))
{
	const uint64_t until_ms = now_ms() + PATIENCE_MS;

	while (now_ms() < until_ms) {
		struct pollfd fds[3] = {
			{ weir_pipeline_fd(live->pipeline), POLLIN, 0 },
			{ live->listener, POLLIN, 0 },
			{ live->peer, POLLIN, 0 },
		};
		int wait_ms;

		if (live->status == WEIR_OK)
			live->status = weir_pipeline_step(live->pipeline);
		serve(live);
		if (is_so(live))
			return true;
		wait_ms = live->status == WEIR_OK ? weir_pipeline_timeout_ms(live->pipeline) : -1;
		poll(fds, 3, wait_ms < 0 || wait_ms > 100 ? 100 : wait_ms);
	}
	return false;
}

static void check_messages(const struct live *live, const char *want)
{
	char *got = recorder_text(&live->recorder, NOT_GAP);

	ck_assert_str_eq(got, want);
	free(got);
}

/* A8 and the chunk vector: chunks cut inside messages. */
static const char plain[] = OK_CHUNKED "\r\n5\r\n{\"lim\r\n14\r\nit\":{\"track\":1}}\r\n{\"\r\n"
			    "1d\r\ntext\":\"\\ud55c\\uad6d\\uc5b4\"}\r\n\r\n";
static const char zipped[] = OK_CHUNKED "Content-Encoding: gzip\r\n\r\n2b\r\n"
	ZIPPED_M1 "\r\n33\r\n" ZIPPED_M2 "\r\n";

static const struct reply streams[] = {
	{ plain, sizeof plain - 1, false },
	{ zipped, sizeof zipped - 1, false },
};

START_TEST(F5_a_chunked_stream_arrives_and_a_stop_closes_it)
{
	struct live live;

	live_init(&live, &streams[_i], 1);
	ck_assert(run_until(&live, has_two_messages));
	check_messages(&live, M1 "\n" M2 "\n");

	weir_pipeline_stop(live.pipeline);
	ck_assert(run_until(&live, has_ended));
	ck_assert_int_eq(live.status, WEIR_END);
	ck_assert(live.gone || run_until(&live, is_gone));
	live_release(&live);
}
END_TEST

START_TEST(R8_the_request_on_the_wire_is_as_documented)
{
	static const char *const wanted[] = {
		"POST /1.1/statuses/filter.json HTTP/1.1\r\n", "\r\nHost: 127.0.0.1:",
		"\r\nUser-Agent: weir/", "\r\nContent-Length: 11\r\n",
		"\r\nContent-Type: application/x-www-form-urlencoded\r\n",
		"\r\nAuthorization: OAuth oauth_consumer_key=\"ck\"",
		"\r\nAccept-Encoding: deflate, gzip\r\n",
	};
	static const char *const unwanted[] = { "Expect", "Transfer-Encoding", "Accept:" };
	struct live live;

	live_init(&live, &streams[0], 1);
	ck_assert(run_until(&live, has_two_messages));

	for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++)
		ck_assert_msg(strstr(live.request, wanted[i]), "no '%s' in\n%s", wanted[i],
			      live.request);
	for (size_t i = 0; i < sizeof unwanted / sizeof *unwanted; i++)
		ck_assert_msg(!strstr(live.request, unwanted[i]), "'%s' in\n%s", unwanted[i],
			      live.request);
	live_release(&live);
}
END_TEST

START_TEST(R8_a_redirect_is_not_followed)
{
	static const struct reply redirect = {
		"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/x\r\nContent-Length: 0\r\n\r\n",
		0, false
	};
	struct live live;

	live_init(&live, &redirect, 1);
	ck_assert(run_until(&live, has_ended));

	ck_assert_int_eq(live.status, WEIR_ERR_REFUSED);
	ck_assert_int_eq(weir_pipeline_error(live.pipeline)->remote_code, 302);
	ck_assert_uint_eq(live.accepted, 1);
	live_release(&live);
}
END_TEST

START_TEST(D4_dropped_connections_are_replaced_one_at_a_time)
{
	static const struct reply replies[] = {
		{ OK_CHUNKED "\r\n2\r\n\r\n\r\n", 0, true },
		{ "HTTP/1.1 200 OK\r\n\r\n" M1 "\r\n{\"cut", 0, true },
		{ OK_CHUNKED "\r\n1f\r\n" M2 "\r\n\r\n", 0, false },
	};
	struct live live;

	live_init(&live, replies, 3);
	ck_assert(run_until(&live, has_reconnected));
	ck_assert(run_until(&live, has_two_messages));

	/* Neither is a status, for which the second gap waits until the stop. */
	weir_pipeline_stop(live.pipeline);
	ck_assert(run_until(&live, has_ended));
	check_messages(&live, M1 "\n" M2 "\n");
	ck_assert_uint_eq(recorder_count(&live.recorder, WEIR_KIND_GAP), 2);
	live_release(&live);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("loopback");

	tcase_set_timeout(tcase, 60);
	tcase_add_loop_test(tcase, F5_a_chunked_stream_arrives_and_a_stop_closes_it, 0, 2);
	tcase_add_test(tcase, R8_the_request_on_the_wire_is_as_documented);
	tcase_add_test(tcase, R8_a_redirect_is_not_followed);
	tcase_add_test(tcase, D4_dropped_connections_are_replaced_one_at_a_time);
	return run_case("twitter_live", tcase);
}
