/* SPDX-License-Identifier: MIT */
/*
 * The Twitter source against the local stream server, when nothing goes wrong: every byte arrives in
 * every framing and coding, over TCP, TLS, a Unix socket and a proxy, and the request is one whose
 * signature another implementation agrees with.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sample.h"
#include "support/certificate.h"
#include "support/live_rig.h"
#include "support/relay.h"
#include "support/run.h"

/* Everything after the server was started: this many messages of seed 7, all of them, in order. */
static void receive(struct live *live, size_t count)
{
	struct live_text want = { .data = NULL };

	if (!live->pipeline)
		live_start(live);
	LIVE_UNTIL(live, live->message_count >= count);
	live_stop(live);
	ck_assert_int_eq(live->status, WEIR_END);
	live_add_sample(&want, 7, count);
	live_check_messages(live, &want);
	ck_assert_uint_eq(live->gap_count, 0);
	ck_assert_uint_eq(live_metrics(live).connects, 1);
}

/* ---- bytes ---- */

static void check_kinds(const struct live *live, uint64_t seed, size_t count)
{
	struct sample *sample = sample_new(seed);

	for (size_t i = 0; i < count; i++)
		sample_next(sample);
	for (enum sample_kind kind = 0; kind < SAMPLE_KINDS; kind++) {
		const char *name = sample_kind_name(kind);
		unsigned bit;

		ck_assert_int_eq(weir_kinds_parse(name, &bit, NULL), WEIR_OK);
		ck_assert_msg(live->kinds[__builtin_ctz(bit)] == sample_count(sample, kind),
			      "%s: %zu came, %ju were sent", name,
			      live->kinds[__builtin_ctz(bit)],
			      (uintmax_t)sample_count(sample, kind));
		ck_assert_msg(kind == SAMPLE_DISCONNECT || sample_count(sample, kind) > 0,
			      "no %s among the messages", name);
	}
	sample_free(sample);
}

START_TEST(T1_messages_of_every_kind_arrive_byte_for_byte_and_are_told_apart)
{
	struct live *live = live_new();

	live_serve(live, LIVE_FILTER, WORDS("--generate", "3000", "--seed", "7", "--then", "hold"));
	receive(live, 3000);
	check_kinds(live, 7, 3000);
	ck_assert_uint_eq(live_metrics(live).wire_bytes, live->messages.len + 3000);
	live_end(live);
}
END_TEST

static const struct {
	const char *name;
	size_t count;
	const char *words[6];
	bool delimited;
	bool uncompressed;
	bool small;		/* the wire had less than half of the messages' bytes */
} framings[] = {
	{ "chunks of a byte", 20, { "--chunk", "1" }, false, false, false },
	{ "chunks of 7 bytes", 100, { "--chunk", "7" }, false, false, false },
	{ "chunks of 1000 bytes", 500, { "--chunk", "1000" }, false, false, false },
	{ "gzip", 500, { "--gzip" }, false, false, true },
	{ "gzip in chunks of a byte", 20, { "--gzip", "--chunk", "1" }, false, false, true },
	{ "gzip in chunks of 7 bytes", 100, { "--gzip", "--chunk", "7" }, false, false, true },
	{ "gzip in chunks of 1000 bytes", 500, { "--gzip", "--chunk", "1000" }, false, false,
	  true },
	{ "several gzip members", 100, { "--gzip", "--fault", "gzip-members=7" }, false, false,
	  true },
	{ "gzip that was not asked for", 100, { "--gzip" }, false, true, false },
	{ "lengths", 500, { NULL }, true, false, false },
	{ "lengths in chunks of a byte", 20, { "--chunk", "1" }, true, false, false },
	{ "lengths in chunks of 7 bytes", 100, { "--chunk", "7" }, true, false, false },
	{ "lengths in gzip in chunks of 7 bytes", 100, { "--gzip", "--chunk", "7" }, true, false,
	  true },
	{ "a slow start", 20, { "--fault", "drip=400:0" }, false, false, false },
};

START_TEST(T1_F5_F9_F11_every_framing_and_coding_gives_the_same_messages)
{
	const char *words[16] = { "--seed", "7", "--then", "hold", "--generate" };
	struct live *live = live_new();
	struct weir_source_metrics metrics;
	char count[16];
	bool small;

	snprintf(count, sizeof count, "%zu", framings[_i].count);
	words[5] = count;
	memcpy(words + 6, framings[_i].words, sizeof framings[_i].words);
	live_serve(live, LIVE_FILTER, words);
	live->options.delimited = framings[_i].delimited;
	live->options.uncompressed = framings[_i].uncompressed;
	receive(live, framings[_i].count);

	metrics = live_metrics(live);
	small = metrics.wire_bytes < live->messages.len / 2;
	ck_assert_msg(small == framings[_i].small, "%s: %ju bytes on the wire for %zu",
		      framings[_i].name, (uintmax_t)metrics.wire_bytes, live->messages.len);
	live_end(live);
}
END_TEST

START_TEST(F4_keep_alives_of_an_idle_stream_are_counted_and_give_no_message)
{
	struct live *live = live_new();

	live_serve(live, LIVE_FILTER, WORDS("--generate", "5", "--seed", "7", "--then", "hold",
					    "--keep-alive-ms", "10", "--gzip"));
	live_start(live);
	LIVE_UNTIL(live, live_metrics(live).keep_alives >= 10);
	receive(live, 5);
	live_end(live);
}
END_TEST

/* ---- the request ---- */

static void check_header(const json_t *request, const char *name, const char *want)
{
	ck_assert_msg(strcmp(live_member(request, "headers", name), want) == 0, "%s: '%s'", name,
		      live_member(request, "headers", name));
}

START_TEST(R5_R6_R7_R8_the_server_decodes_what_was_meant)
{
	static const char track[] = "한글,정국 생일,🎉,a&b=c%d+e f*~";
	static const char body[] =
		"track=%ED%95%9C%EA%B8%80%2C%EC%A0%95%EA%B5%AD%20%EC%83%9D%EC%9D%BC%2C"
		"%F0%9F%8E%89%2Ca%26b%3Dc%25d%2Be%20f%2A~&language=ko%2Cen";
	static const char *const phrases[] = { "한글", "정국 생일", "🎉", "a&b=c%d+e f*~" };
	struct live *live = live_new();
	json_t *request, *phrase;
	size_t i;
	char length[16];

	live_serve(live, LIVE_FILTER, WORDS("--generate", "5", "--seed", "7", "--then", "hold"));
	live->options.track = track;
	live->options.language = "ko,en";
	live->options.stall_warnings = true;
	live->options.delimited = true;
	receive(live, 5);

	request = live_request(live, 0);
	ck_assert_int_eq(json_integer_value(json_object_get(request, "status")), 200);
	ck_assert_str_eq(live_member(request, "method", NULL), "POST");
	ck_assert_str_eq(live_member(request, "url", NULL),
			 LIVE_FILTER "?delimited=length&stall_warnings=true");
	ck_assert_str_eq(live_member(request, "body", NULL), body);
	ck_assert_str_eq(live_member(request, "params", "track"), track);
	ck_assert_uint_eq(json_array_size(json_object_get(request, "track")), ROWS(phrases));
	json_array_foreach(json_object_get(request, "track"), i, phrase)
		ck_assert_str_eq(json_string_value(phrase), phrases[i]);

	snprintf(length, sizeof length, "%zu", strlen(body));
	check_header(request, "Content-Length", length);
	check_header(request, "Content-Type", "application/x-www-form-urlencoded");
	check_header(request, "Host", live->server.url + strlen("http://"));
	check_header(request, "Expect", "");
	check_header(request, "Transfer-Encoding", "");
	ck_assert_int_eq(strncmp(live_member(request, "headers", "User-Agent"), "weir/", 5), 0);
	json_decref(request);
	live_end(live);
}
END_TEST

/* Each is refused: the server checks what it is sent, and so the other tests prove something. */
START_TEST(R10_a_wrong_credential_is_an_error_that_says_so_and_keeps_the_secrets)
{
	struct live *live = live_new();
	const char **const wrong[] = { &live->options.consumer_key, &live->options.consumer_secret,
				       &live->options.token, &live->options.token_secret };
	const struct weir_error *error;

	live_serve(live, LIVE_FILTER, WORDS("--generate", "5"));
	*wrong[_i] = "something-quite-different";
	live_start(live);
	LIVE_UNTIL(live, live->status != WEIR_OK);

	error = weir_pipeline_error(live->pipeline);
	ck_assert_int_eq(live->status, WEIR_ERR_AUTH);
	ck_assert_int_eq(error->remote_code, 401);
	ck_assert_msg(strstr(error->text, "401") && strstr(error->text, "credentials") &&
		      strstr(error->text, "Could not authenticate you"), "%s", error->text);
	ck_assert_uint_eq(live_requests(live), 1);
	ck_assert_uint_eq(live->message_count, 0);
	live_end(live);
}
END_TEST

static const struct weir_property extra[] = { { "x ä", "é &=+%~*" }, { "with", "followings" },
					      { "with", "again" } };

static const struct {
	const char *name;
	const char *path;	/* at the server */
	const char *url;	/* behind its path */
	const char *method;	/* NULL: the default */
	bool extra;
	const char *want_method;
	const char *want_url;
} requests[] = {
	{ "sample is a GET", LIVE_SAMPLE, "", NULL, false, "GET", LIVE_SAMPLE "?track=weir" },
	{ "filter as a GET", LIVE_FILTER, "", "GET", false, "GET", LIVE_FILTER "?track=weir" },
	{ "a gateway's path", "/gate/way.json", "", "POST", false, "POST", "/gate/way.json" },
	{ "a query in the URL", LIVE_FILTER, "?a=1&b=%C3%A9%20+c&empty=", NULL, false, "POST",
	  LIVE_FILTER "?a=1&b=%C3%A9%20+c&empty=" },
	{ "further parameters", LIVE_FILTER, "", NULL, true, "POST", LIVE_FILTER },
	{ "further parameters in a query", LIVE_SAMPLE, "?a=1", NULL, true, "GET",
	  LIVE_SAMPLE "?a=1&track=weir&x%20%C3%A4=%C3%A9%20%26%3D%2B%25~%2A&with=followings"
	  "&with=again" },
};

START_TEST(every_form_of_request_is_signed_as_the_server_reads_it)
{
	struct live *live = live_new();
	char path[128];
	json_t *request;

	snprintf(path, sizeof path, "%s%s", requests[_i].path, requests[_i].url);
	live_serve(live, path, WORDS("--generate", "5", "--seed", "7", "--then", "hold", "--path",
				     "/gate/way.json"));
	live->options.method = requests[_i].method;
	live->options.parameters = requests[_i].extra ? extra : NULL;
	live->options.parameter_count = requests[_i].extra ? ROWS(extra) : 0;
	receive(live, 5);

	request = live_request(live, 0);
	ck_assert_str_eq(live_member(request, "method", NULL), requests[_i].want_method);
	ck_assert_msg(strcmp(live_member(request, "url", NULL), requests[_i].want_url) == 0,
		      "%s: %s", requests[_i].name, live_member(request, "url", NULL));
	ck_assert_str_eq(live_member(request, "params", "track"), "weir");
	if (requests[_i].extra)
		ck_assert_str_eq(live_member(request, "params", extra[0].name), extra[0].value);
	json_decref(request);
	live_end(live);
}
END_TEST

START_TEST(an_anonymous_source_shows_no_credentials)
{
	struct live *live = live_new();
	json_t *request;

	live_serve(live, LIVE_FILTER, WORDS("--generate", "5", "--seed", "7", "--then", "hold",
					    "--no-auth"));
	live->options.anonymous = true;
	receive(live, 5);
	request = live_request(live, 0);
	check_header(request, "Authorization", "");
	json_decref(request);
	live_end(live);
}
END_TEST

/* ---- ways there ---- */

struct keys {
	struct certificate certificate;
	char key_file[64];
	char certificate_file[64];
	int fds[2];
};

static void keys_make(struct keys *keys)
{
	certificate_make(&keys->certificate);
	keys->fds[0] = live_file(keys->certificate.key, keys->key_file);
	keys->fds[1] = live_file(keys->certificate.certificate, keys->certificate_file);
}

static void keys_release(const struct keys *keys)
{
	close(keys->fds[0]);
	close(keys->fds[1]);
}

static void serve_tls(struct live *live, const struct keys *keys)
{
	live_serve(live, LIVE_FILTER, WORDS("--generate", "500", "--seed", "7", "--then", "hold",
					    "--gzip", "--tls", keys->certificate_file,
					    keys->key_file));
	ck_assert_int_eq(strncmp(live->server.url, "https://", 8), 0);
}

START_TEST(a_stream_over_TLS_is_the_same)
{
	struct keys keys;
	struct live *live;

	keys_make(&keys);
	live = live_new();
	serve_tls(live, &keys);
	live->options.ca_file = keys.certificate_file;
	receive(live, 500);
	live_end(live);
	keys_release(&keys);
}
END_TEST

START_TEST(K2_a_server_nobody_vouches_for_is_tried_again_later_and_told_nothing)
{
	struct keys keys, others;
	struct live *live;
	uint64_t begun_ms;
	const char *text;

	keys_make(&keys);
	keys_make(&others);
	live = live_new();
	serve_tls(live, &keys);
	live->options.ca_file = others.certificate_file;
	live->options.most_attempts = 3;
	live_start(live);
	begun_ms = live_now_ms();
	LIVE_UNTIL(live, live->status != WEIR_OK);

	ck_assert_uint_ge(live_now_ms() - begun_ms, 250 + 500);
	ck_assert_uint_eq(live_metrics(live).reconnects[WEIR_RECONNECT_NETWORK], 2);
	text = weir_pipeline_error(live->pipeline)->text;
	ck_assert_msg(strstr(text, "ca_file") && strstr(text, "cannot trust"), "%s", text);
	ck_assert_uint_eq(live_requests(live), 0);
	live_end(live);
	keys_release(&others);
	keys_release(&keys);
}
END_TEST

START_TEST(a_unix_socket_stands_in_for_the_host)
{
	char folder[] = "/tmp/weir-live-XXXXXX";
	struct live *live = live_new();
	char path[64];
	json_t *request;

	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(path, sizeof path, "%s/socket", folder);
	live_serve(live, LIVE_FILTER, WORDS("--generate", "100", "--seed", "7", "--then", "hold",
					    "--unix", path));
	live->options.unix_socket = path;
	live->options.url = "http://stream.example" LIVE_FILTER;
	receive(live, 100);
	request = live_request(live, 0);
	check_header(request, "Host", "stream.example");
	json_decref(request);
	live_end(live);
	ck_assert_int_eq(rmdir(folder), 0);
}
END_TEST

START_TEST(a_proxy_passes_a_plain_stream_on)
{
	struct relay relay;
	struct live *live;

	relay_start(&relay);
	live = live_new();
	live_serve(live, LIVE_FILTER, WORDS("--generate", "500", "--seed", "7", "--then", "hold"));
	live->options.proxy = relay.url;
	receive(live, 500);
	ck_assert_uint_eq(relay.seen->accepted, 1);
	live_end(live);
	relay_stop(&relay);
}
END_TEST

START_TEST(R8_a_proxy_of_a_TLS_stream_sees_where_to_and_no_more)
{
	const char *head;
	struct relay relay;
	struct keys keys;
	struct live *live;

	keys_make(&keys);
	relay_start(&relay);
	live = live_new();
	serve_tls(live, &keys);
	live->options.ca_file = keys.certificate_file;
	live->options.proxy = relay.url;
	receive(live, 500);

	head = (const char *)(uintptr_t)relay.seen->head;
	ck_assert_msg(strncmp(head, "CONNECT 127.0.0.1:", 18) == 0, "%s", head);
	ck_assert_msg(!strstr(head, "Authorization") && !strstr(head, "oauth") &&
		      !strstr(head, "statuses"), "%s", head);
	live_end(live);
	relay_stop(&relay);
	keys_release(&keys);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("good");

	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, T1_messages_of_every_kind_arrive_byte_for_byte_and_are_told_apart);
	LOOP(tcase, T1_F5_F9_F11_every_framing_and_coding_gives_the_same_messages, framings);
	tcase_add_test(tcase, F4_keep_alives_of_an_idle_stream_are_counted_and_give_no_message);
	tcase_add_test(tcase, R5_R6_R7_R8_the_server_decodes_what_was_meant);
	tcase_add_loop_test(tcase,
			    R10_a_wrong_credential_is_an_error_that_says_so_and_keeps_the_secrets,
			    0, 4);
	LOOP(tcase, every_form_of_request_is_signed_as_the_server_reads_it, requests);
	tcase_add_test(tcase, an_anonymous_source_shows_no_credentials);
	tcase_add_test(tcase, a_stream_over_TLS_is_the_same);
	tcase_add_test(tcase,
		       K2_a_server_nobody_vouches_for_is_tried_again_later_and_told_nothing);
	tcase_add_test(tcase, a_unix_socket_stands_in_for_the_host);
	tcase_add_test(tcase, a_proxy_passes_a_plain_stream_on);
	tcase_add_test(tcase, R8_a_proxy_of_a_TLS_stream_sees_where_to_and_no_more);
	return run_case("twitter, live", tcase);
}
