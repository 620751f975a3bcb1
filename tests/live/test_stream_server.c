/* SPDX-License-Identifier: MIT */
/*
 * The local stream server, asked with libcurl: what it sends, refuses and records. Requests are
 * signed by its own code, whose signatures test_server_signature checks.
 */
#include "support/run.h"
#include "support/stream_rig.h"

#include "stream_server/signature.h"

#include <check.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define SAMPLE STREAM_SAMPLE
#define FILTER STREAM_FILTER

/* A header for the server's own account. The caller's buffer has 1024 bytes. */
static const char *sign(char *buffer, const char *method, const char *uri, const char *body,
			const char *nonce, int64_t time_s, const char *secret)
{
	char unsigned_header[512], signature[SIGNATURE_SIZE];
	struct signed_request request = {
		.method = method,
		.scheme = "http",
		.host = strstr(stream_server.url, "//") + 2,
		.uri = uri,
		.body = body,
		.body_len = body ? strlen(body) : 0,
	};
	struct param_list header;
	char *base, *coded;

	snprintf(unsigned_header, sizeof unsigned_header,
		 "OAuth oauth_consumer_key=\"demo-consumer-key\", oauth_nonce=\"%s\", "
		 "oauth_signature_method=\"HMAC-SHA1\", oauth_timestamp=\"%jd\", "
		 "oauth_token=\"42-demo-token\", oauth_version=\"1.0\"",
		 nonce, (intmax_t)time_s);
	signature_parse_header(unsigned_header, &header);
	base = signature_base(&request, &header);
	signature_make(base, "demo-consumer-secret", secret, signature);
	coded = percent_encode(signature, strlen(signature));
	snprintf(buffer, 1024, "%s, oauth_signature=\"%s\"", unsigned_header, coded);
	params_clear(&header);
	free(base);
	free(coded);
	return buffer;
}

/* ---- what it sends */

START_TEST(a_signed_filter_request_gets_every_message)
{
	static const char body[] = "track=%ED%95%9C%EA%B5%AD%EC%96%B4%2Ckpop";
	char header[1024];

	server_start(WORDS("--generate", "50"));
	sign(header, "POST", FILTER "?stall_warnings=true", body, "n1", time(NULL),
	     "demo-token-secret");
	ck_assert_int_eq(ASK(.path = FILTER "?stall_warnings=true", .body = body,
					       .authorization = header), 200);
	ck_assert_int_eq(got.code, CURLE_OK);
	ck_assert_int_eq(stream_count_messages(got.body, got.len), 50);
	server_stop();
}
END_TEST

START_TEST(delimited_lengths_count_the_final_line_end)
{
	unsigned count = 0;
	const char *at;

	server_start(WORDS("--no-auth", "--generate", "50"));
	ck_assert_int_eq(ASK(.path = SAMPLE "?delimited=length"), 200);
	for (at = got.body; at < got.body + got.len; count++) {
		char *end;
		const size_t len = strtoul(at, &end, 10);

		ck_assert_mem_eq(end, "\r\n", 2);
		ck_assert_uint_le(len, (size_t)(got.body + got.len - end - 2));
		ck_assert_int_eq(stream_count_messages(end + 2, len), 1);
		at = end + 2 + len;
	}
	ck_assert_uint_eq(count, 50);
	server_stop();
}
END_TEST

static const struct {
	const char *name;
	const char *const *words;
	bool gzip;
} forms[] = {
	{ "chunks of 7 bytes", (const char *const[]){ "--chunk", "7", NULL }, false },
	{ "gzip", (const char *const[]){ "--gzip", NULL }, true },
	{ "gzip in chunks of 3 bytes",
	  (const char *const[]){ "--gzip", "--chunk", "3", NULL }, true },
	{ "gzip not asked for", (const char *const[]){ "--gzip", NULL }, false },
	{ "dripping", (const char *const[]){ "--fault", "drip=20:0", NULL }, false },
	{ "a rate", (const char *const[]){ "--rate", "100000", NULL }, false },
};

START_TEST(the_bytes_are_the_same_however_they_come)
{
	const char *words[8] = { "--no-auth", "--generate", "30" };
	char *plain;
	size_t len;

	server_start(words);
	ASK(.path = SAMPLE);
	plain = got.body;
	len = got.len;
	got.body = NULL;
	server_stop();
	for (int i = 0; forms[_i].words[i]; i++)
		words[3 + i] = forms[_i].words[i];
	server_start(words);
	ASK(.path = SAMPLE, .gzip = forms[_i].gzip);
	ck_assert_msg(got.code == CURLE_OK && got.len == len &&
		      memcmp(got.body, plain, len) == 0, "%s", forms[_i].name);
	free(plain);
	server_stop();
}
END_TEST

START_TEST(a_file_is_sent_line_by_line)
{
	char path[] = "/tmp/stream_server_XXXXXX";
	const int fd = mkstemp(path);

	ck_assert_int_eq(write(fd, "{\"a\":1}\n\n{\"b\":2}\r\n{\"c\":3}", 25), 25);
	close(fd);
	server_start(WORDS("--no-auth", "--file", path));
	ck_assert_int_eq(ASK(.path = SAMPLE), 200);
	ck_assert_str_eq(got.body, "{\"a\":1}\r\n{\"b\":2}\r\n{\"c\":3}\r\n");
	unlink(path);
	server_stop();
}
END_TEST

START_TEST(silence_is_broken_by_empty_lines)
{
	server_start(WORDS("--no-auth", "--generate", "0", "--then", "hold", "--keep-alive-ms",
			   "5"));
	ASK(.path = SAMPLE, .stop_at = 6);
	ck_assert_str_eq(got.body, "\r\n\r\n\r\n");
	server_stop();
}
END_TEST

START_TEST(repeat_has_no_end)
{
	server_start(WORDS("--no-auth", "--generate", "3", "--repeat"));
	ASK(.path = SAMPLE, .stop_at = 1000000);
	ck_assert_uint_ge(got.len, 1000000);
	server_stop();
}
END_TEST

START_TEST(a_unix_socket_and_another_path_serve_as_well)
{
	char path[] = "/tmp/stream_server_XXXXXX";

	ck_assert_ptr_nonnull(mkdtemp(path));
	rmdir(path);
	server_start(WORDS("--no-auth", "--generate", "3", "--unix", path, "--path", "/2/else"));
	ck_assert_int_eq(ASK(.path = "/2/else", .unix_path = path), 200);
	ck_assert_int_eq(stream_count_messages(got.body, got.len), 3);
	server_stop();
	ck_assert_int_lt(access(path, F_OK), 0);
}
END_TEST

/* ---- what it refuses */

static const struct {
	const char *name;
	const char *path;
	const char *body;
	int status;
} refusals[] = {
	{ "another path", "/1.1/other.json", NULL, 404 },
	{ "no predicate", FILTER, NULL, 406 },
	{ "a language is no predicate", FILTER, "language=ko", 406 },
	{ "a phrase of 61 bytes", FILTER,
	  "track=1234567890123456789012345678901234567890123456789012345678901", 406 },
	{ "a phrase of 60 bytes", FILTER,
	  "track=123456789012345678901234567890123456789012345678901234567890", 200 },
	{ "21 syllables are 63 bytes", FILTER,
	  "track=%ED%95%9C%ED%95%9C%ED%95%9C%ED%95%9C%ED%95%9C%ED%95%9C%ED%95%9C%ED%95%9C"
	  "%ED%95%9C%ED%95%9C%ED%95%9C%ED%95%9C%ED%95%9C%ED%95%9C%ED%95%9C%ED%95%9C"
	  "%ED%95%9C%ED%95%9C%ED%95%9C%ED%95%9C%ED%95%9C", 406 },
	{ "an empty phrase", FILTER, "track=a,,b", 406 },
	{ "a name to follow", FILTER, "follow=mina", 406 },
	{ "ids to follow", FILTER, "follow=1,22", 200 },
	{ "a box", FILTER, "locations=-122.75,36.8,-121.75,37.8", 200 },
	{ "a box with the corners changed", FILTER, "locations=-121.75,37.8,-122.75,36.8", 406 },
	{ "three numbers", FILTER, "locations=1,2,3", 406 },
	{ "a box beyond the pole", FILTER, "locations=1,2,3,91", 406 },
	{ "count without permission", FILTER "?count=5", "track=a", 416 },
	{ "an unknown filter level", FILTER "?filter_level=high", "track=a", 406 },
	{ "GET with a query", FILTER "?track=a", NULL, 200 },
};

START_TEST(parameters_are_checked)
{
	int status;

	server_start(WORDS("--no-auth", "--generate", "1"));
	status = ASK(.path = refusals[_i].path, .body = refusals[_i].body);
	ck_assert_msg(status == refusals[_i].status, "%s: %d", refusals[_i].name, status);
	server_stop();
}
END_TEST

static const struct {
	const char *name;
	const char *predicate;
	const char *item;
	int most;
} limits[] = {
	{ "phrases", "track=", "p,", 400 },
	{ "follow ids", "follow=", "1,", 5000 },
	{ "boxes", "locations=", "0,0,1,1,", 25 },
};

START_TEST(too_many_of_them_are_413)
{
	char *body = calloc(1, 20000);
	int status;

	strcpy(body, limits[_i].predicate);
	for (int i = 0; i < limits[_i].most; i++)
		strcat(body, limits[_i].item);
	body[strlen(body) - 1] = 0;
	server_start(WORDS("--no-auth", "--generate", "1"));
	status = ASK(.path = FILTER, .body = body);
	ck_assert_msg(status == 200, "%s at the limit: %d", limits[_i].name, status);
	strcat(strcat(body, ","), limits[_i].item);
	body[strlen(body) - 1] = 0;
	status = ASK(.path = FILTER, .body = body);
	ck_assert_msg(status == 413, "%s above it: %d", limits[_i].name, status);
	free(body);
	server_stop();
}
END_TEST

START_TEST(a_wrong_secret_is_401_code_32)
{
	char header[1024];

	server_start(WORDS("--generate", "1"));
	sign(header, "GET", SAMPLE, NULL, "n1", time(NULL), "another secret");
	ck_assert_int_eq(ASK(.path = SAMPLE, .authorization = header), 401);
	ck_assert_ptr_nonnull(strstr(got.body, "\"code\":32"));
	ck_assert_int_eq(ASK(.path = SAMPLE), 401);
	ck_assert_ptr_nonnull(strstr(got.body, "\"code\":32"));
	server_stop();
}
END_TEST

START_TEST(an_old_timestamp_is_401_code_135)
{
	char header[1024];

	server_start(WORDS("--generate", "1"));
	sign(header, "GET", SAMPLE, NULL, "n1", time(NULL) - 400, "demo-token-secret");
	ck_assert_int_eq(ASK(.path = SAMPLE, .authorization = header), 401);
	ck_assert_ptr_nonnull(strstr(got.body, "\"code\":135"));
	server_stop();
}
END_TEST

START_TEST(a_nonce_is_good_once)
{
	char header[1024];

	server_start(WORDS("--generate", "1"));
	sign(header, "GET", SAMPLE, NULL, "n1", time(NULL), "demo-token-secret");
	ck_assert_int_eq(ASK(.path = SAMPLE, .authorization = header), 200);
	ck_assert_int_eq(ASK(.path = SAMPLE, .authorization = header), 401);
	server_stop();
}
END_TEST

START_TEST(coming_again_too_soon_is_420)
{
	server_start(WORDS("--no-auth", "--generate", "1", "--strict-rate=60000"));
	ck_assert_int_eq(ASK(.path = SAMPLE), 200);
	ck_assert_int_eq(ASK(.path = SAMPLE), 420);
	server_stop();
}
END_TEST

START_TEST(a_wrong_clock_wants_its_own_time)
{
	char header[1024];
	const int64_t now = time(NULL);

	server_start(WORDS("--generate", "1", "--fault", "wrong-date=-7200"));
	sign(header, "GET", SAMPLE, NULL, "n1", now, "demo-token-secret");
	ck_assert_int_eq(ASK(.path = SAMPLE, .authorization = header), 401);
	ck_assert_ptr_nonnull(strstr(got.body, "\"code\":135"));
	ck_assert_int_le(llabs((long long)(curl_getdate(got.date, NULL) - (now - 7200))), 60);
	sign(header, "GET", SAMPLE, NULL, "n2", curl_getdate(got.date, NULL), "demo-token-secret");
	ck_assert_int_eq(ASK(.path = SAMPLE, .authorization = header), 200);
	server_stop();
}
END_TEST

/* ---- the account, records, and the end */

/* Drives the older stream until it ends, a newer one is opened and left on the way. */
START_TEST(a_newer_stream_ends_the_older_with_code_7)
{
	const struct stream_ask ask = { .path = SAMPLE };
	struct curl_slist *headers = NULL;
	struct stream_answer older = { 0 };
	CURLM *multi = curl_multi_init();
	CURL *curl;
	int running = 1;
	bool opened = false;

	server_start(WORDS("--no-auth", "--generate", "5", "--then", "hold", "--one-connection"));
	curl = stream_ask_begin(&stream_server, &ask, &older, &headers);
	curl_multi_add_handle(multi, curl);
	while (running) {
		ck_assert_int_eq(curl_multi_perform(multi, &running), CURLM_OK);
		if (older.len > 0 && !opened) {
			ASK(.path = SAMPLE, .stop_at = 1);
			opened = true;
		}
		curl_multi_poll(multi, NULL, 0, 1000, NULL);
	}
	ck_assert_ptr_nonnull(strstr(older.body, "{\"disconnect\":{\"code\":7,"));
	ck_assert_int_eq(stream_count_messages(older.body, older.len), 6);
	curl_multi_remove_handle(multi, curl);
	curl_easy_cleanup(curl);
	curl_multi_cleanup(multi);
	free(older.body);
	server_stop();
}
END_TEST

START_TEST(a_negative_count_ends_with_code_9)
{
	server_start(WORDS("--no-auth", "--generate", "50", "--allow-count"));
	ck_assert_int_eq(ASK(.path = SAMPLE "?count=-4"), 200);
	ck_assert_int_eq(stream_count_messages(got.body, got.len), 5);
	ck_assert_ptr_nonnull(strstr(got.body, "{\"disconnect\":{\"code\":9,"));
	server_stop();
}
END_TEST

START_TEST(a_request_is_recorded_as_it_came)
{
	char path[] = "/tmp/stream_server_XXXXXX";
	const int fd = mkstemp(path);
	json_t *record;

	close(fd);
	server_start(WORDS("--no-auth", "--generate", "1", "--record", path));
	ASK(.path = FILTER "?delimited=length",
			      .body = "track=%ED%95%9C%EA%B5%AD%EC%96%B4,a%20b");
	server_stop();
	record = json_load_file(path, JSON_DISABLE_EOF_CHECK, NULL);
	unlink(path);
	ck_assert_int_eq(json_integer_value(json_object_get(record, "status")), 200);
	ck_assert_int_eq(json_integer_value(json_object_get(record, "connection")), 1);
	ck_assert_str_eq(json_string_value(json_object_get(record, "method")), "POST");
	ck_assert_str_eq(json_string_value(json_object_get(record, "url")),
			 FILTER "?delimited=length");
	ck_assert_str_eq(json_string_value(json_object_get(record, "body")),
			 "track=%ED%95%9C%EA%B5%AD%EC%96%B4,a%20b");
	ck_assert_str_eq(json_string_value(json_array_get(json_object_get(record, "track"), 0)),
			 "한국어");
	ck_assert_str_eq(json_string_value(json_array_get(json_object_get(record, "track"), 1)),
			 "a b");
	json_decref(record);
}
END_TEST

START_TEST(once_is_over_after_one_whole_stream)
{
	server_start(WORDS("--no-auth", "--generate", "5", "--once", "--fault", "cut=2,ok"));
	ASK(.path = SAMPLE);
	ck_assert_int_eq(ASK(.path = SAMPLE), 200);
	ck_assert_int_eq(stream_count_messages(got.body, got.len), 5);
	free(got.body);
	ck_assert_int_eq(stream_server_wait(&stream_server), 0);
}
END_TEST

static void add_tests(TCase *tcase)
{
	tcase_add_test(tcase, a_signed_filter_request_gets_every_message);
	tcase_add_test(tcase, delimited_lengths_count_the_final_line_end);
	LOOP(tcase, the_bytes_are_the_same_however_they_come, forms);
	tcase_add_test(tcase, a_file_is_sent_line_by_line);
	tcase_add_test(tcase, silence_is_broken_by_empty_lines);
	tcase_add_test(tcase, repeat_has_no_end);
	tcase_add_test(tcase, a_unix_socket_and_another_path_serve_as_well);
	LOOP(tcase, parameters_are_checked, refusals);
	LOOP(tcase, too_many_of_them_are_413, limits);
	tcase_add_test(tcase, a_wrong_secret_is_401_code_32);
	tcase_add_test(tcase, an_old_timestamp_is_401_code_135);
	tcase_add_test(tcase, a_nonce_is_good_once);
	tcase_add_test(tcase, coming_again_too_soon_is_420);
	tcase_add_test(tcase, a_wrong_clock_wants_its_own_time);
	tcase_add_test(tcase, a_newer_stream_ends_the_older_with_code_7);
	tcase_add_test(tcase, a_negative_count_ends_with_code_9);
	tcase_add_test(tcase, a_request_is_recorded_as_it_came);
	tcase_add_test(tcase, once_is_over_after_one_whole_stream);
}

int main(void)
{
	TCase *tcase = tcase_create("stream_server");

	tcase_set_timeout(tcase, 60);
	add_tests(tcase);
	return run_case("stream_server", tcase);
}
