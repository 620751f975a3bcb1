/* SPDX-License-Identifier: MIT */
/*
 * The fault kit's stream server, in this process: what it sends, counts and refuses, and how it
 * ends. The server itself is tested as a program: test_stream_server, test_stream_faults.
 */
#include "support/run.h"
#include "weir/testing.h"

#include "support/certificate.h"
#include "support/stream_rig.h"

#include "stream_server/signature.h"

#include <check.h>
#include <dirent.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define SAMPLE STREAM_SAMPLE
#define OPTIONS(...) (&(struct weir_test_stream_options){ \
	.size = sizeof(struct weir_test_stream_options), __VA_ARGS__ })

static weir_test_stream *stream;
static struct weir_error why;

static void start(const struct weir_test_stream_options *options)
{
	stream = weir_test_stream_new(options, &why);
	ck_assert_msg(stream != NULL, "%s", why.text);
	snprintf(stream_server.url, sizeof stream_server.url, "%s", weir_test_stream_url(stream));
}

static void stop(void)
{
	ck_assert_ptr_null(weir_test_stream_free(stream));
	server_forget();
}

static struct weir_test_stream_metrics metrics(void)
{
	struct weir_test_stream_metrics read = { .size = sizeof read };

	ck_assert_int_eq(weir_test_stream_metrics(stream, &read), WEIR_OK);
	return read;
}

static unsigned count_descriptors(void)
{
	DIR *folder = opendir("/proc/self/fd");
	unsigned count = 0;

	while (readdir(folder))
		count++;
	closedir(folder);
	return count;
}

/* A file with this text; the path is good until it is unlinked. */
static void write_file(char path[64], const char *text)
{
	int fd;

	strcpy(path, "/tmp/weir_testing_XXXXXX");
	fd = mkstemp(path);
	ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
}

static void read_back(const char *path, char *text, size_t size)
{
	FILE *file = fopen(path, "r");

	ck_assert_ptr_nonnull(file);
	text[fread(text, 1, size - 1, file)] = 0;
	fclose(file);
	unlink(path);
}

/* ---- what it sends */

static const struct weir_slice three[] = { { "{\"a\":1}", 7 }, { "", 0 }, { "{\"b\":2}xx", 7 } };

START_TEST(given_messages_are_sent_as_they_are)
{
	start(OPTIONS(.messages = three, .message_count = 3, .anonymous = true));
	ck_assert_int_eq(ASK(.path = SAMPLE), 200);
	ck_assert_str_eq(got.body, "{\"a\":1}\r\n\r\n{\"b\":2}\r\n");
	stop();
	start(OPTIONS(.messages = three, .anonymous = true));
	ck_assert_int_eq(ASK(.path = SAMPLE), 200);
	ck_assert_uint_eq(got.len, 0);
	stop();
}
END_TEST

START_TEST(a_file_s_lines_are_sent)
{
	char path[64];

	write_file(path, "{\"a\":1}\n{\"b\":2}");
	start(OPTIONS(.file = path, .anonymous = true));
	unlink(path);
	ck_assert_int_eq(ASK(.path = SAMPLE), 200);
	ck_assert_str_eq(got.body, "{\"a\":1}\r\n{\"b\":2}\r\n");
	stop();
}
END_TEST

START_TEST(invented_messages_follow_their_seed)
{
	char *first;

	start(OPTIONS(.generate = 20, .anonymous = true));
	ASK(.path = SAMPLE);
	ck_assert_int_eq(stream_count_messages(got.body, got.len), 20);
	first = got.body;
	got.body = NULL;
	stop();
	start(OPTIONS(.generate = 20, .seed = 1, .anonymous = true));
	ASK(.path = SAMPLE);
	ck_assert_str_eq(got.body, first);
	stop();
	start(OPTIONS(.generate = 20, .seed = 2, .anonymous = true));
	ASK(.path = SAMPLE);
	ck_assert_str_ne(got.body, first);
	free(first);
	stop();
}
END_TEST

static const struct {
	const char *name;
	struct weir_test_stream_options options;
	const char *path;
	bool gzip;
	size_t stop_at;
	int status;
	size_t least;		/* bytes */
} effects[] = {
	{ "chunks", { .generate = 5, .chunk_bytes = 7 }, SAMPLE, false, 0, 200, 1000 },
	{ "a rate", { .generate = 5, .rate = 100000 }, SAMPLE, false, 0, 200, 1000 },
	{ "gzip", { .generate = 5, .gzip = true }, SAMPLE, true, 0, 200, 1000 },
	{ "for ever", { .generate = 5, .repeat = true }, SAMPLE, false, 500000, 200, 500000 },
	{ "keep-alives", { .messages = three, .keep_alive_ms = 1, .hold = true }, SAMPLE, false, 6,
	  200, 6 },
	{ "count forbidden", { .generate = 5 }, SAMPLE "?count=5", false, 0, 416, 1 },
	{ "count allowed", { .generate = 5, .allow_count = true }, SAMPLE "?count=5", false, 0, 200,
	  1000 },
	{ "one more path", { .generate = 5, .path = "/2/else" }, "/2/else", false, 0, 200, 1000 },
	{ "no such path", { .generate = 5 }, "/2/else", false, 0, 404, 1 },
};

START_TEST(an_option_does_what_it_says)
{
	struct weir_test_stream_options options = effects[_i].options;
	int status;

	options.size = sizeof options;
	options.anonymous = true;
	start(&options);
	status = ASK(.path = effects[_i].path, .gzip = effects[_i].gzip,
		     .stop_at = effects[_i].stop_at);
	ck_assert_msg(status == effects[_i].status, "%s: %d", effects[_i].name, status);
	ck_assert_msg(got.len >= effects[_i].least, "%s: %zu bytes", effects[_i].name, got.len);
	stop();
}
END_TEST

START_TEST(who_comes_again_too_soon_gets_420)
{
	start(OPTIONS(.generate = 1, .anonymous = true, .strict_rate_ms = 60000));
	ck_assert_int_eq(ASK(.path = SAMPLE), 200);
	ck_assert_int_eq(ASK(.path = SAMPLE), 420);
	stop();
}
END_TEST

START_TEST(a_request_without_a_signature_is_refused_and_written_down)
{
	char record[64], log[64], text[4096];

	write_file(record, "");
	write_file(log, "");
	start(OPTIONS(.generate = 1, .record_file = record, .log_file = log));
	ck_assert_int_eq(ASK(.path = SAMPLE), 401);
	stop();
	read_back(record, text, sizeof text);
	ck_assert_ptr_nonnull(strstr(text, "\"status\":401"));
	read_back(log, text, sizeof text);
	ck_assert_ptr_nonnull(strstr(text, "GET " SAMPLE ": 401"));
}
END_TEST

START_TEST(a_unix_socket_is_there_until_the_end)
{
	char path[64];

	write_file(path, "");
	start(OPTIONS(.generate = 2, .anonymous = true, .unix_socket = path));
	ck_assert_str_eq(weir_test_stream_url(stream), "http://localhost");
	ck_assert_str_eq(weir_test_stream_sample_url(stream), "http://localhost" SAMPLE);
	ck_assert_int_eq(ASK(.path = SAMPLE, .unix_path = path), 200);
	stop();
	ck_assert_int_ne(access(path, F_OK), 0);
}
END_TEST

START_TEST(a_certificate_makes_it_https)
{
	struct certificate made;
	char certificate[64], key[64];
	CURL *curl = curl_easy_init();

	certificate_make(&made);
	write_file(certificate, made.certificate);
	write_file(key, made.key);
	start(OPTIONS(.messages = three, .anonymous = true, .certificate_file = certificate,
		      .key_file = key));
	ck_assert_mem_eq(weir_test_stream_filter_url(stream), "https://127.0.0.1:", 18);
	curl_easy_setopt(curl, CURLOPT_URL, weir_test_stream_sample_url(stream));
	curl_easy_setopt(curl, CURLOPT_CAINFO, certificate);
	ck_assert_int_eq(curl_easy_perform(curl), CURLE_OK);
	curl_easy_cleanup(curl);
	stop();
	unlink(certificate);
	unlink(key);
}
END_TEST

/* ---- who may */

/* A header as a client of this account writes it. */
static void sign(char header[1024], const char *secret, const char *token_secret)
{
	static const char unsigned_header[] =
		"OAuth oauth_consumer_key=\"key\", oauth_nonce=\"n\", "
		"oauth_signature_method=\"HMAC-SHA1\", oauth_timestamp=\"%jd\", "
		"oauth_token=\"token\", oauth_version=\"1.0\"";
	const struct signed_request request = { .method = "GET", .scheme = "http",
						.host = strstr(stream_server.url, "//") + 2,
						.uri = SAMPLE };
	struct param_list pairs;
	char signature[SIGNATURE_SIZE], *base, *coded;
	int len = snprintf(header, 512, unsigned_header, (intmax_t)time(NULL));

	signature_parse_header(header, &pairs);
	base = signature_base(&request, &pairs);
	signature_make(base, secret, token_secret, signature);
	coded = percent_encode(signature, strlen(signature));
	snprintf(header + len, 1024 - (size_t)len, ", oauth_signature=\"%s\"", coded);
	params_clear(&pairs);
	free(base);
	free(coded);
}

START_TEST(the_account_can_be_the_test_s_own)
{
	char header[1024];

	start(OPTIONS(.generate = 1, .consumer_key = "key", .consumer_secret = "a",
		      .token = "token", .token_secret = "b"));
	sign(header, "b", "a");
	ck_assert_int_eq(ASK(.path = SAMPLE, .authorization = header), 401);
	sign(header, "a", "b");
	ck_assert_int_eq(ASK(.path = SAMPLE, .authorization = header), 200);
	stop();
}
END_TEST

/* ---- the script */

START_TEST(the_script_goes_by_request_and_is_counted)
{
	struct weir_test_stream_metrics seen;

	start(OPTIONS(.generate = 10, .anonymous = true,
		      .faults = "status=503:no\\, not now,cut=3,ok"));
	ck_assert_int_eq(ASK(.path = SAMPLE), 503);
	ck_assert_str_eq(got.body, "no, not now");
	ck_assert_int_eq(ASK(.path = SAMPLE), 200);
	ck_assert_int_eq(got.code, CURLE_PARTIAL_FILE);
	ASK(.path = SAMPLE);
	ck_assert_int_eq(got.code, CURLE_OK);
	ASK(.path = "/elsewhere");
	seen = metrics();
	ck_assert_uint_eq(seen.requests, 3);
	ck_assert_uint_eq(seen.streams, 2);
	ck_assert_uint_eq(seen.messages, 13);
	ck_assert_uint_le(seen.open, 1);
	ck_assert_uint_ge(seen.most_open, 1);
	ck_assert_uint_ge(seen.bytes, 13 * 20);
	stop();
}
END_TEST

/* The header is the manual of the script: this list is both. */
static const char *const steps[][2] = {
	{ "ok  ", "ok" }, { "drop  ", "drop" }, { "silent=MS", "silent=1" },
	{ "status=CODE[;NAME=VALUE]…[:BODY]", "status=429;x-rate-limit-reset=now+2:Too many" },
	{ "html-error=SIZE[:CODE]", "html-error=10:502" },
	{ "redirect=URL", "redirect=http://127.0.0.1/" }, { "wrong-date=S", "wrong-date=-5" },
	{ "close  ", "close" }, { "keepalive-close", "keepalive-close" }, { "cut=N", "cut=1" },
	{ "cut-chunk=N", "cut-chunk=1" }, { "reset=N", "reset=1" }, { "stall=N", "stall=1" },
	{ "idle=N", "idle=1" }, { "drip=BYTES[:MS]", "drip=1:1" },
	{ "disconnect=CODE[:N]", "disconnect=4:1" },
	{ "disconnect-hold=CODE[:N]", "disconnect-hold=4:1" }, { "bad-gzip=N", "bad-gzip=1" },
	{ "gzip-members=N", "gzip-members=1" }, { "bad-length=N", "bad-length=1" },
	{ "text=LINE", "text=hello" }, { "malformed=N", "malformed=1" },
	{ "bare-lf=N", "bare-lf=1" }, { "huge=SIZE", "huge=1" },
};

START_TEST(every_step_of_the_manual_is_taken)
{
	static char manual[65536];
	char line[128];
	FILE *file = fopen("include/weir/testing.h", "r");

	ck_assert_ptr_nonnull(file);
	manual[fread(manual, 1, sizeof manual - 1, file)] = 0;
	fclose(file);
	for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
		snprintf(line, sizeof line, "\n *     %s", steps[i][0]);
		ck_assert_msg(strstr(manual, line), "%s is not in the manual", steps[i][0]);
		start(OPTIONS(.generate = 1, .faults = steps[i][1]));
		stop();
	}
}
END_TEST

/* ---- how it ends */

/* Opens a stream and drives it until the server knows of it. */
static CURL *open_stream(CURLM *multi, struct stream_answer *answer, struct curl_slist **headers,
			 uint64_t requests)
{
	const struct stream_ask ask = { .path = SAMPLE };
	CURL *curl = stream_ask_begin(&stream_server, &ask, answer, headers);
	int running = 1;

	curl_multi_add_handle(multi, curl);
	while (running && metrics().requests < requests) {
		curl_multi_perform(multi, &running);
		curl_multi_poll(multi, NULL, 0, 20, NULL);
	}
	ck_assert_uint_eq(metrics().requests, requests);
	return curl;
}

static void finish(CURLM *multi)
{
	int running = 1;

	while (running) {
		ck_assert_int_eq(curl_multi_perform(multi, &running), CURLM_OK);
		curl_multi_poll(multi, NULL, 0, 1000, NULL);
	}
}

static const char *const standing[] = { "ok", "silent=0", "stall=1", "idle=1",
					"disconnect-hold=4" };

START_TEST(the_end_comes_whatever_the_streams_are_doing)
{
	struct stream_answer answers[2];
	struct curl_slist *headers[2];
	CURLM *multi = curl_multi_init();
	CURL *curls[2];

	start(OPTIONS(.messages = three, .message_count = 3, .hold = true, .anonymous = true,
		      .faults = standing[_i]));
	for (uint64_t i = 0; i < 2; i++)
		curls[i] = open_stream(multi, &answers[i], &headers[i], i + 1);
	stop();
	finish(multi);
	for (size_t i = 0; i < 2; i++) {
		curl_multi_remove_handle(multi, curls[i]);
		curl_easy_cleanup(curls[i]);
		free(answers[i].body);
	}
	curl_multi_cleanup(multi);
}
END_TEST

START_TEST(streams_beside_one_another_are_counted)
{
	struct stream_answer answers[3];
	struct curl_slist *headers[3];
	CURLM *multi = curl_multi_init();
	CURL *curls[3];

	start(OPTIONS(.messages = three, .message_count = 3, .hold = true, .anonymous = true));
	for (uint64_t i = 0; i < 3; i++)
		curls[i] = open_stream(multi, &answers[i], &headers[i], i + 1);
	while (metrics().most_open < 3)
		poll(NULL, 0, 1);
	for (size_t i = 0; i < 3; i++) {
		curl_multi_remove_handle(multi, curls[i]);
		curl_easy_cleanup(curls[i]);
		free(answers[i].body);
	}
	curl_multi_cleanup(multi);
	while (metrics().open > 0)
		poll(NULL, 0, 1);
	ck_assert_uint_eq(metrics().most_open, 3);
	ck_assert_uint_eq(metrics().streams, 3);
	stop();
}
END_TEST

START_TEST(a_port_is_free_again_after_the_end)
{
	const char *colon;
	unsigned long port;

	start(OPTIONS(.generate = 1, .anonymous = true));
	colon = strrchr(weir_test_stream_url(stream), ':');
	port = strtoul(colon + 1, NULL, 10);
	ck_assert_int_eq(ASK(.path = SAMPLE), 200);
	stop();
	start(OPTIONS(.generate = 1, .anonymous = true, .port = (uint16_t)port));
	ck_assert_int_eq(ASK(.path = SAMPLE), 200);
	ck_assert_ptr_null(weir_test_stream_new(OPTIONS(.port = (uint16_t)port), &why));
	ck_assert_int_eq(why.status, WEIR_ERR_IO);
	stop();
}
END_TEST

START_TEST(nothing_is_left_neither_descriptors_nor_a_mask)
{
	const unsigned before = count_descriptors();
	sigset_t mask_before, mask;

	pthread_sigmask(SIG_SETMASK, NULL, &mask_before);
	for (int i = 0; i < 3; i++) {
		start(OPTIONS(.generate = 1, .anonymous = true));
		pthread_sigmask(SIG_SETMASK, NULL, &mask);
		for (int number = 1; number < 32; number++)
			ck_assert_int_eq(sigismember(&mask, number),
					 sigismember(&mask_before, number));
		stop();
	}
	ck_assert_uint_eq(count_descriptors(), before);
}
END_TEST

static void add_tests(TCase *tcase)
{
	tcase_add_test(tcase, given_messages_are_sent_as_they_are);
	tcase_add_test(tcase, a_file_s_lines_are_sent);
	tcase_add_test(tcase, invented_messages_follow_their_seed);
	LOOP(tcase, an_option_does_what_it_says, effects);
	tcase_add_test(tcase, who_comes_again_too_soon_gets_420);
	tcase_add_test(tcase, a_request_without_a_signature_is_refused_and_written_down);
	tcase_add_test(tcase, a_unix_socket_is_there_until_the_end);
	tcase_add_test(tcase, a_certificate_makes_it_https);
	tcase_add_test(tcase, the_account_can_be_the_test_s_own);
	tcase_add_test(tcase, the_script_goes_by_request_and_is_counted);
	tcase_add_test(tcase, every_step_of_the_manual_is_taken);
	LOOP(tcase, the_end_comes_whatever_the_streams_are_doing, standing);
	tcase_add_test(tcase, streams_beside_one_another_are_counted);
	tcase_add_test(tcase, a_port_is_free_again_after_the_end);
	tcase_add_test(tcase, nothing_is_left_neither_descriptors_nor_a_mask);
}

int main(void)
{
	TCase *tcase = tcase_create("testing");

	tcase_set_timeout(tcase, 60);
	add_tests(tcase);
	return run_case("testing", tcase);
}
