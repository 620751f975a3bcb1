/* SPDX-License-Identifier: MIT */
/*
 * The default HTTP transport against a server on loopback that says exactly what each test wants:
 * what is asked of it, and what is told of every kind of answer.
 */
#include "support/http_rig.h"
#include "support/run.h"
#include "wire/http_internal.h"

#define MIB (1024 * 1024)

/* ---- what is asked ---- */

static const struct weir_property some_headers[] = {
	{ "User-Agent", "weir/0.1.0" },
	{ "Authorization", "OAuth oauth_token=\"s3cret\"" },
	{ "X-Empty", "" },
	{ "Accept-Encoding", "gzip" },
};

static const struct weir_property form_header[] = {
	{ "Content-Type", "application/x-www-form-urlencoded" },
};

static const struct {
	const char *name;
	const char *path;
	struct weir_http_request request;
	const char *want;	/* %d is the port */
} requests[] = {
	{ "nothing is added to a GET", "/1.1/statuses/sample.json?a=b%%2Cc&d=e",
	  { .method = "GET" },
	  "GET /1.1/statuses/sample.json?a=b%%2Cc&d=e HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n\r\n" },
	{ "headers go out as given", "/", { .method = "GET", .headers = some_headers,
					    .header_count = ROWS(some_headers) },
	  "GET / HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nUser-Agent: weir/0.1.0\r\n"
	  "Authorization: OAuth oauth_token=\"s3cret\"\r\nX-Empty:\r\nAccept-Encoding: gzip\r\n\r\n" },
	{ "a form has its length", "/filter.json",
	  { .method = "POST", .headers = form_header, .header_count = 1,
	    .body = { "track=%ED%95%9C%EA%B8%80", 24 } },
	  "POST /filter.json HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n"
	  "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 24\r\n\r\n"
	  "track=%%ED%%95%%9C%%EA%%B8%%80" },
	{ "a POST without a body says so", "/", { .method = "POST" },
	  "POST / HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nContent-Length: 0\r\n\r\n" },
	{ "other methods go, too", "/", { .method = "DELETE" },
	  "DELETE / HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n\r\n" },
	{ "the path is left as it is, a fragment is not sent", "/a/../b/./c?x#here",
	  { .method = "GET" }, "GET /a/../b/./c?x HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n\r\n" },
};

START_TEST(the_server_gets_what_was_given_and_no_more)
{
	struct weir_http_request request = requests[_i].request;
	char path[256], want[512];
	struct rig rig;

	rig_init(&rig);
	snprintf(path, sizeof path, requests[_i].path, 0);
	snprintf(want, sizeof want, requests[_i].want, rig.server.port);
	request.size = sizeof request;
	request.url = rig_url(&rig, "127.0.0.1", path);
	rig_open(&rig, &request);
	RIG_UNTIL(&rig, rig_asked(&rig) && rig.server.request_len >= strlen(want));

	ck_assert_msg(strcmp(rig.server.request, want) == 0, "%s: got\n%s", requests[_i].name,
		      rig.server.request);
	rig_release(&rig);
}
END_TEST

START_TEST(a_large_body_goes_at_once_and_without_expect)
{
	const size_t len = 3 * MIB;
	char *body = malloc(len);
	struct rig rig;
	size_t head;

	ck_assert_ptr_nonnull(body);
	for (size_t i = 0; i < len; i++)
		body[i] = (char)(i * 31 % 251);		/* with zeroes in it */
	rig_init(&rig);
	rig_open(&rig, WEIR_WITH(weir_http_request, .method = "POST",
				 .url = rig_url(&rig, "127.0.0.1", "/"), .body = { body, len }));
	RIG_UNTIL(&rig, rig_asked(&rig));
	ck_assert_ptr_null(strcasestr(rig.server.request, "expect"));
	head = (size_t)(strstr(rig.server.request, "\r\n\r\n") + 4 - rig.server.request);
	RIG_UNTIL(&rig, rig.server.request_len >= head + len);

	ck_assert_uint_eq(rig.server.request_len, head + len);
	ck_assert_int_eq(memcmp(rig.server.request + head, body, len), 0);
	rig_release(&rig);
	free(body);
}
END_TEST

static const struct weir_property no_name[] = { { "X Y", "s3cret" } };
static const struct weir_property two_lines[] = { { "X-Y", "s3cret\r\nEvil: 1" } };

static const struct {
	const char *name;
	struct weir_http_request request;
	const char *text;	/* what the error must say */
} refusals[] = {
	{ "another scheme", { .method = "GET", .url = "ftp://127.0.0.1/" }, "url" },
	{ "no url", { .method = "GET", .url = "" }, "url" },
	{ "a user in the url", { .method = "GET", .url = "http://me:s3cret@127.0.0.1/" }, "url" },
	{ "a method of two words", { .method = "GET /", .url = "http://127.0.0.1/" }, "method" },
	{ "a header without a proper name", { .method = "GET", .url = "http://127.0.0.1/",
					      .headers = no_name, .header_count = 1 }, "'X Y'" },
	{ "a header of two lines", { .method = "GET", .url = "http://127.0.0.1/",
				     .headers = two_lines, .header_count = 1 }, "'X-Y'" },
	{ "a long unix socket", { .method = "GET", .url = "http://127.0.0.1/", .unix_socket =
		"/tmp/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" }, "unix_socket" },
};

START_TEST(a_wrong_request_is_refused_by_name)
{
	struct weir_http_request request = refusals[_i].request;
	struct weir_error err = { 0 };
	enum weir_status status;
	struct rig rig;

	rig_init_bare(&rig, NULL);
	request.size = sizeof request;
	status = rig.http.ops->open(rig.http.self, &rig.port, &request, &rig.events, &err);

	ck_assert_msg(status == WEIR_ERR_INVALID, "%s: %s", refusals[_i].name,
		      weir_status_name(status));
	ck_assert_msg(strstr(err.text, refusals[_i].text), "%s: '%s'", refusals[_i].name, err.text);
	ck_assert_ptr_null(strstr(err.text, "s3cret"));
	ck_assert_uint_eq(rig.http.ops->deadline_ms(rig.http.self), 0);
	rig_release(&rig);
}
END_TEST

/* ---- what is told ---- */

static const struct {
	const char *name;
	const char *answer;
	bool hang_up;		/* the server closes after it */
	int status;
	const char *headers;
	const char *body;
	enum weir_status error;	/* WEIR_OK: it ended as it should */
} answers[] = {
	{ "a body with its length",
	  "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", false, 200, "Content-Length=5|",
	  "hello", WEIR_OK },
	{ "chunks with extensions; trailers are not told",
	  "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{\"lim\r\n14;a=b\r\n"
	  "it\":{\"track\":1}}\r\n{\"\r\n1d\r\ntext\":\"\\ud55c\\uad6d\\uc5b4\"}\r\n\r\n"
	  "0\r\nX-Late: 1\r\n\r\n", false, 200, "Transfer-Encoding=chunked|",
	  "{\"limit\":{\"track\":1}}\r\n{\"text\":\"\\ud55c\\uad6d\\uc5b4\"}\r\n", WEIR_OK },
	{ "a redirect, told and not followed",
	  "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n", false,
	  302, "Location=http://127.0.0.1:1/|Content-Length=0|", "", WEIR_OK },
	{ "a continue before the answer is not told",
	  "HTTP/1.1 100 Continue\r\nX: 1\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na",
	  false, 200, "Content-Length=1|", "a", WEIR_OK },
	{ "several interim answers are not told",
	  "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n"
	  "HTTP/1.1 403 No\r\nContent-Length: 1\r\n\r\na", false, 403, "Content-Length=1|", "a",
	  WEIR_OK },
	{ "HTTP/1.0, ended by closing", "HTTP/1.0 200 OK\r\nX: 1\r\n\r\nall", true, 200, "X=1|",
	  "all", WEIR_OK },
	{ "a status of its own kind",
	  "HTTP/1.1 420 Enhance Your Calm\r\nContent-Length: 2\r\n\r\nno", false, 420,
	  "Content-Length=2|", "no", WEIR_OK },
	{ "no reason, no body", "HTTP/1.1 204\r\n\r\n", false, 204, "", "", WEIR_OK },
	{ "headers are trimmed; bare line feeds are fine",
	  "HTTP/1.1 200 OK\nA:1\nB: \t two  words \t \nC:\nContent-Length: 0\n\n", false, 200,
	  "A=1|B=two  words|C=|Content-Length=0|", "", WEIR_OK },
	{ "a content coding stays", "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n"
	  "Content-Length: 4\r\n\r\n\x1f\x8b\x08z", false, 200,
	  "Content-Encoding=gzip|Content-Length=4|", "\x1f\x8b\x08z", WEIR_OK },
	{ "challenges are not met",
	  "HTTP/1.1 401 No\r\nWWW-Authenticate: Basic realm=\"x\"\r\nContent-Length: 0\r\n\r\n",
	  false, 401, "WWW-Authenticate=Basic realm=\"x\"|Content-Length=0|", "", WEIR_OK },
	{ "what follows the answer is not told",
	  "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\naHTTP/1.1 500 x\r\n\r\n", false, 200,
	  "Content-Length=1|", "a", WEIR_OK },
	{ "closed within the length", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhell", true, 200,
	  "Content-Length=9|", "hell", WEIR_ERR_IO },
	{ "closed within a chunk",
	  "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel", true, 200,
	  "Transfer-Encoding=chunked|", "hel", WEIR_ERR_IO },
	{ "closed between chunks",
	  "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n", true, 200,
	  "Transfer-Encoding=chunked|", "hel", WEIR_ERR_IO },
	{ "closed without a word", "", true, 0, "", "", WEIR_ERR_IO },
	{ "no chunk's size", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n", false,
	  200, "Transfer-Encoding=chunked|", "", WEIR_ERR_IO },
	{ "no HTTP at all", "SSH-2.0-OpenSSH_9.2\r\n\r\nhello\r\n", true, 0, "", "",
	  WEIR_ERR_PROTOCOL },
	{ "protocols switched unasked", "HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\nabc", false, 0,
	  "", "", WEIR_ERR_PROTOCOL },
};

static void check_answer(const struct rig *rig, size_t row)
{
	const char *name = answers[row].name;
	const char *body = rig->body ? rig->body : "";

	ck_assert_msg(rig->status == answers[row].status, "%s: %d", name, rig->status);
	ck_assert_msg(rig->statuses == (rig->status ? 1 : 0), "%s: %zu statuses", name,
		      rig->statuses);
	ck_assert_msg(!strcmp(rig->headers, answers[row].headers), "%s: %s", name, rig->headers);
	ck_assert_msg(!strcmp(body, answers[row].body), "%s: %s", name, body);
	ck_assert_msg(rig->failed == (answers[row].error != WEIR_OK), "%s: '%s'", name,
		      rig->error.text);
	ck_assert_msg(rig->error.status == answers[row].error, "%s: '%s'", name, rig->error.text);
	if (rig->failed) {
		ck_assert_int_eq(rig->error.remedy, WEIR_REMEDY_RETRY);
		ck_assert_msg(strstr(rig->error.text, "'127.0.0.1:"), "%s", rig->error.text);
	}
	ck_assert_uint_eq(rig->server.accepted, 1);
	ck_assert_uint_eq(rig->port.count, 0);
}

START_TEST(each_answer_is_told_as_it_is)
{
	struct rig rig;

	rig_init(&rig);
	rig_ask(&rig);
	rig_send(&rig, answers[_i].answer);
	if (answers[_i].hang_up)
		rig_hang_up(&rig);
	RIG_UNTIL(&rig, rig.ended);
	check_answer(&rig, (size_t)_i);
	rig_release(&rig);
}
END_TEST

START_TEST(each_answer_is_the_same_in_single_bytes)
{
	const char *answer = answers[_i].answer;
	struct rig rig;

	rig_init(&rig);
	rig_ask(&rig);
	for (size_t i = 0; answer[i] && !rig.ended; i++) {
		rig_send_n(&rig, answer + i, 1);
		rig_turn_within(&rig, 0);
	}
	if (answers[_i].hang_up && !rig.ended)
		rig_hang_up(&rig);
	RIG_UNTIL(&rig, rig.ended);
	check_answer(&rig, (size_t)_i);
	rig_release(&rig);
}
END_TEST

START_TEST(bytes_are_told_as_they_come)
{
	struct rig rig;

	rig_init(&rig);
	rig_ask(&rig);
	rig_send(&rig, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
	RIG_UNTIL(&rig, rig.status == 200);
	rig_send(&rig, "f\r\nab");
	RIG_UNTIL(&rig, rig.body_len == 2);
	rig_send(&rig, "\r\n");
	RIG_UNTIL(&rig, rig.body_len == 4);
	ck_assert_str_eq(rig.body, "ab\r\n");
	ck_assert(!rig.ended);
	rig_release(&rig);
}
END_TEST

/* Curl's timers of the connecting are left over: each may fire once, none again, and the time for
 * connecting is not the time for the stream. */
START_TEST(a_quiet_stream_outlives_connect_ms_and_asks_for_no_turns)
{
	struct rig rig;
	size_t turns = 0;

	rig_init(&rig);
	rig_open(&rig, WEIR_WITH(weir_http_request, .method = "GET",
				 .url = rig_url(&rig, "127.0.0.1", "/"), .connect_ms = 100));
	RIG_UNTIL(&rig, rig_asked(&rig));
	rig_send(&rig, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n");
	RIG_UNTIL(&rig, rig.body_len == 2);
	for (uint64_t due; (due = rig.http.ops->deadline_ms(rig.http.self)) != 0; turns++) {
		ck_assert_uint_lt(turns, 100);
		while (rig_now_ms() < due)
			poll(NULL, 0, (int)(due - rig_now_ms()));
		rig_turn_within(&rig, 0);
	}
	ck_assert(!rig.ended);
	ck_assert_uint_eq(rig.port.count, 1);
	rig_release(&rig);
}
END_TEST

START_TEST(a_header_flood_is_cut_off)
{
	char line[1024];
	struct rig rig;
	size_t lines = 0;

	memset(line, 'a', sizeof line);
	memcpy(line, "X: ", 3);
	memcpy(line + sizeof line - 2, "\r\n", 2);
	rig_init(&rig);
	rig_ask(&rig);
	rig_send(&rig, _i ? "HTTP/1.1 100 Continue\r\n" : "HTTP/1.1 200 OK\r\n");
	for (; !rig.ended && lines < 4096; lines++) {
		rig_send_n(&rig, line, sizeof line);
		rig_turn_within(&rig, 0);
	}
	ck_assert(rig.ended && rig.failed);
	ck_assert_int_eq(rig.error.status, WEIR_ERR_PROTOCOL);
	ck_assert_uint_lt(lines, 300);
	rig_release(&rig);
}
END_TEST

START_TEST(one_endless_header_is_cut_off)
{
	char piece[1024];
	struct rig rig;
	size_t pieces = 0;

	memset(piece, 'a', sizeof piece);
	rig_init(&rig);
	rig_ask(&rig);
	rig_send(&rig, "HTTP/1.1 200 OK\r\nX: ");
	for (; !rig.ended && pieces < 4096; pieces++) {
		rig_send_n(&rig, piece, sizeof piece);
		rig_turn_within(&rig, 0);
	}
	ck_assert(rig.ended && rig.failed);
	ck_assert_uint_lt(pieces, 300);
	rig_release(&rig);
}
END_TEST

/* ---- memory ---- */

struct rationed {
	size_t left;
	size_t live;
};

static void *ration(void *user, void *ptr, size_t old_size, size_t new_size)
{
	struct rationed *rationed = user;

	if (new_size && rationed->left == 0)
		return NULL;
	rationed->left -= new_size ? 1 : 0;
	rationed->live += (size_t)(new_size && !ptr) - (size_t)(!new_size && ptr);
	(void)old_size;
	if (new_size)
		return realloc(ptr, new_size);
	free(ptr);
	return NULL;
}

static enum weir_status new_and_open(struct rationed *rationed, struct weir_error *err)
{
	const struct weir_env env = { .size = sizeof env, .allocator = { ration, rationed } };
	const struct weir_http_events events = { 0 };
	struct weir_port port = { 0 };
	struct weir_http http;
	enum weir_status status = weir__http_curl_new(&env, &http, err);

	if (status < 0)
		return status;
	status = http.ops->open(http.self, &port,
				WEIR_WITH(weir_http_request, .method = "GET",
					  .url = "http://127.0.0.1/", .headers = some_headers,
					  .header_count = ROWS(some_headers)), &events, err);
	http.ops->free(http.self);
	return status;
}

START_TEST(running_out_of_memory_is_an_error_like_others)
{
	enum weir_status status = WEIR_ERR_NOMEM;
	size_t allowed = 0;

	for (; status == WEIR_ERR_NOMEM && allowed < 100; allowed++) {
		struct rationed rationed = { .left = allowed };
		struct weir_error err = { 0 };

		status = new_and_open(&rationed, &err);
		ck_assert_uint_eq(rationed.live, 0);
		ck_assert_int_eq(err.status, status);
	}
	ck_assert_int_eq(status, WEIR_OK);
	ck_assert_uint_gt(allowed, 3);
}
END_TEST

START_TEST(a_url_in_the_words_of_libcurl_is_not_said)
{
	char words[CURL_ERROR_SIZE] = "Unsupported proxy syntax in 'http://me:s3cret@{proxy}:1': no";
	CURL *easy = curl_easy_init();
	struct weir_error err;

	weir__http_explain(easy, CURLE_COULDNT_RESOLVE_PROXY, "'far.test:80'", words, &err);
	ck_assert_msg(strstr(err.text, "'far.test:80'") && !strstr(err.text, "s3cret"), "%s",
		      err.text);
	curl_easy_cleanup(easy);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("http");

	tcase_set_timeout(tcase, 60);
	LOOP(tcase, the_server_gets_what_was_given_and_no_more, requests);
	tcase_add_test(tcase, a_large_body_goes_at_once_and_without_expect);
	LOOP(tcase, a_wrong_request_is_refused_by_name, refusals);
	tcase_add_test(tcase, running_out_of_memory_is_an_error_like_others);
	LOOP(tcase, each_answer_is_told_as_it_is, answers);
	LOOP(tcase, each_answer_is_the_same_in_single_bytes, answers);
	tcase_add_test(tcase, bytes_are_told_as_they_come);
	tcase_add_test(tcase, a_quiet_stream_outlives_connect_ms_and_asks_for_no_turns);
	tcase_add_loop_test(tcase, a_header_flood_is_cut_off, 0, 2);
	tcase_add_test(tcase, one_endless_header_is_cut_off);
	tcase_add_test(tcase, a_url_in_the_words_of_libcurl_is_not_said);
	return run_case("http", tcase);
}
