/* SPDX-License-Identifier: MIT */
/*
 * The default HTTP transport against a server on loopback that says exactly what each test wants:
 * what is asked, what is told of every kind of answer, and that closing closes. TLS is in
 * test_http_tls.c.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <dlfcn.h>
#include <netdb.h>
#include <pthread.h>

#include "support/http_rig.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define MIB (1024 * 1024)

/* ---- a resolver of our own: libcurl finds this one first ---- */

static struct {
	const char *answer;	/* an address; NULL: there is no such name */
	bool stuck;		/* answers only when `release` is unlocked */
	pthread_mutex_t release;
	unsigned lookups;
} resolver = { .answer = "127.0.0.1", .release = PTHREAD_MUTEX_INITIALIZER };

__attribute__((visibility("default")))
int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints,
		struct addrinfo **ret)
{
	int (*real)(const char *, const char *, const struct addrinfo *, struct addrinfo **);

	__atomic_add_fetch(&resolver.lookups, 1, __ATOMIC_SEQ_CST);
	if (resolver.stuck) {
		pthread_mutex_lock(&resolver.release);
		pthread_mutex_unlock(&resolver.release);
	}
	if (strcmp(name, "stream.test") == 0 && !resolver.answer)
		return EAI_NONAME;
	*(void **)&real = dlsym(RTLD_NEXT, "getaddrinfo");
	return real(strcmp(name, "stream.test") == 0 ? resolver.answer : name, service, hints, ret);
}

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
					    .header_count = COUNT(some_headers) },
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

/* ---- large bodies and backpressure ---- */

/* Sends what the kernel takes of `left` more bytes; answers how many that were. */
static size_t pour(struct rig *rig, size_t left)
{
	static char zeroes[65536];
	const int fd = rig_connection(&rig->server);
	const ssize_t sent = send(fd, zeroes, left < sizeof zeroes ? left : sizeof zeroes,
				  MSG_DONTWAIT | MSG_NOSIGNAL);

	return sent > 0 ? (size_t)sent : 0;
}

START_TEST(a_large_error_body_comes_whole)
{
	const size_t len = 5 * MIB;
	size_t sent = 0;
	struct rig rig;

	rig_init(&rig);
	rig.keep = false;
	rig_ask(&rig);
	rig_send(&rig, "HTTP/1.1 503 Busy\r\nContent-Length: 5242880\r\n\r\n");
	while (sent < len) {
		sent += pour(&rig, len - sent);
		rig_turn_within(&rig, 0);
	}
	RIG_UNTIL(&rig, rig.ended);
	ck_assert_int_eq(rig.status, 503);
	ck_assert_uint_eq(rig.body_len, len);
	ck_assert(!rig.failed);
	rig_release(&rig);
}
END_TEST

#define CHUNK_BYTES 65000

/* One chunk after the other of a stream, as far as the kernel takes them. */
struct chunks {
	char bytes[CHUNK_BYTES + 16];
	size_t len;
	size_t at;
	size_t whole;	/* chunks sent */
};

static void make_chunk(struct chunks *chunks)
{
	const int head = snprintf(chunks->bytes, sizeof chunks->bytes, "%x\r\n", CHUNK_BYTES);

	memset(chunks->bytes + head, 'x', CHUNK_BYTES);
	memcpy(chunks->bytes + head + CHUNK_BYTES, "\r\n", 2);
	chunks->len = (size_t)head + CHUNK_BYTES + 2;
}

static bool send_chunks(struct rig *rig, struct chunks *chunks, size_t most)
{
	while (chunks->whole < most) {
		const ssize_t sent = send(rig_connection(&rig->server), chunks->bytes + chunks->at,
					  chunks->len - chunks->at, MSG_DONTWAIT | MSG_NOSIGNAL);

		if (sent <= 0)
			return false;
		chunks->at += (size_t)sent;
		if (chunks->at == chunks->len) {
			chunks->at = 0;
			chunks->whole++;
		}
	}
	return true;
}

/* 50 MB, the consumer full after every other MB: the server gets no further than the kernel's
 * buffers, nothing is lost, nothing comes twice. */
START_TEST(a_full_consumer_stalls_the_server)
{
	const size_t most = 50000000 / CHUNK_BYTES;
	static struct chunks chunks;
	struct rig rig;
	size_t stalls = 0;

	rig_init(&rig);
	rig.keep = false;
	make_chunk(&chunks);
	rig_ask(&rig);
	rig_send(&rig, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
	while (rig.body_len < most * CHUNK_BYTES) {
		const size_t before = rig.body_len;

		send_chunks(&rig, &chunks, most);
		if (before / MIB % 2 == 1 && stalls < before / MIB) {
			rig.full = true;
			for (int quiet = 0; quiet < 20;) {
				const size_t whole = chunks.whole;

				send_chunks(&rig, &chunks, most);
				rig_turn_within(&rig, 0);
				quiet = chunks.whole == whole ? quiet + 1 : 0;
			}
			ck_assert_uint_eq(rig.body_len, before);
			ck_assert_uint_lt(chunks.whole * CHUNK_BYTES - before, 16 * MIB);
			stalls = before / MIB;
			rig.full = false;
			rig.http.ops->resume(rig.http.self);
		}
		rig_turn_within(&rig, 0);
	}
	rig_send(&rig, "0\r\n\r\n");
	RIG_UNTIL(&rig, rig.ended);
	ck_assert(!rig.failed);
	ck_assert_uint_ge(stalls, 10);
	ck_assert_uint_eq(rig.body_len, most * CHUNK_BYTES);
	rig_release(&rig);
}
END_TEST

/* The connection may end long before the consumer takes the rest; the end comes after it. */
START_TEST(what_was_held_back_comes_before_the_end)
{
	static const char *const texts[] = {
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabcde",
		"HTTP/1.0 200 OK\r\n\r\nabcde",
	};
	struct rig rig;

	rig_init(&rig);
	rig_ask(&rig);
	rig.full = true;
	rig_send(&rig, texts[_i]);
	rig_hang_up(&rig);
	RIG_UNTIL(&rig, rig.offered);
	for (int i = 0; i < 5; i++) {
		rig.http.ops->resume(rig.http.self);
		rig_turn_within(&rig, 0);
		ck_assert(!rig.ended);
	}
	rig.full = false;
	rig.http.ops->resume(rig.http.self);
	RIG_UNTIL(&rig, rig.ended);
	ck_assert_str_eq(rig.body, "abcde");
	ck_assert_msg(!rig.failed, "%s", rig.error.text);
	rig_release(&rig);
}
END_TEST

START_TEST(a_paused_exchange_asks_for_no_turns)
{
	struct rig rig;
	size_t told;

	rig_init(&rig);
	rig_ask(&rig);
	rig.full = true;
	rig_send(&rig, "HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nabcde");
	RIG_UNTIL(&rig, rig.offered);
	rig_send(&rig, "more");
	told = rig.told;
	for (int i = 0; i < 20; i++)
		rig_turn_within(&rig, 0);
	ck_assert_uint_eq(rig.told, told);
	ck_assert_uint_eq(rig.port.count, 0);
	rig_release(&rig);
}
END_TEST

/* ---- connections ---- */

START_TEST(a_refused_connection_says_where)
{
	struct rig rig;
	char where[32];

	rig_init(&rig);
	snprintf(where, sizeof where, "'127.0.0.1:%d'", rig.server.port);
	close(rig.server.listener);
	rig.server.listener = -1;
	rig_get(&rig, rig_url(&rig, "127.0.0.1", "/?key=s3cret"));
	RIG_UNTIL(&rig, rig.ended);
	ck_assert_int_eq(rig.error.status, WEIR_ERR_IO);
	ck_assert_int_eq(rig.error.remedy, WEIR_REMEDY_RETRY);
	ck_assert_int_eq(rig.error.os_error, ECONNREFUSED);
	ck_assert_msg(strstr(rig.error.text, where), "%s", rig.error.text);
	ck_assert_ptr_null(strstr(rig.error.text, "s3cret"));
	rig_release(&rig);
}
END_TEST

START_TEST(an_unknown_name_says_which)
{
	struct rig rig;

	rig_init(&rig);
	resolver.answer = NULL;
	rig_get(&rig, "http://stream.test/");
	RIG_UNTIL(&rig, rig.ended);
	ck_assert_int_eq(rig.error.status, WEIR_ERR_IO);
	ck_assert_int_eq(rig.error.remedy, WEIR_REMEDY_RETRY);
	ck_assert_msg(strstr(rig.error.text, "'stream.test:80'"), "%s", rig.error.text);
	rig_release(&rig);
}
END_TEST

START_TEST(names_are_looked_up_for_each_exchange)
{
	struct rig rig;
	struct rig_server first;

	rig_init(&rig);
	for (unsigned i = 1; i <= 2; i++) {
		rig_clear(&rig);
		rig.server.request_len = 0;
		rig_get(&rig, rig_url(&rig, "stream.test", "/"));
		RIG_UNTIL(&rig, rig_asked(&rig));
		rig_send(&rig, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
		RIG_UNTIL(&rig, rig.ended);
		ck_assert_uint_eq(resolver.lookups, i);
	}
	first = rig.server;
	rig_listen_at(&rig.server, "127.0.0.2", first.port, 4);
	resolver.answer = "127.0.0.2";
	rig_clear(&rig);
	rig_get(&rig, rig_url(&rig, "stream.test", "/"));
	RIG_UNTIL(&rig, rig_asked(&rig));
	ck_assert_uint_eq(first.accepted, 2);
	rig_release(&rig);
	rig_server_free(&first);
}
END_TEST

/* A listener that takes no more connections: the next one's SYN is not answered. */
static void fill_backlog(struct rig *rig, int fillers[3])
{
	struct sockaddr_in at = { .sin_family = AF_INET };

	rig_listen_at(&rig->server, "127.0.0.1", 0, 0);
	at.sin_port = htons((uint16_t)rig->server.port);
	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	for (int i = 0; i < 3; i++) {
		fillers[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
		connect(fillers[i], (struct sockaddr *)&at, sizeof at);
	}
}

START_TEST(a_connect_that_hangs_times_out)
{
	struct rig rig;
	int fillers[3], listener;

	rig_init_bare(&rig, NULL);
	fill_backlog(&rig, fillers);
	listener = rig.server.listener;
	rig.server.listener = -1;	/* nobody accepts */
	rig_open(&rig, WEIR_WITH(weir_http_request, .method = "GET",
				 .url = rig_url(&rig, "127.0.0.1", "/"), .connect_ms = 150));
	RIG_UNTIL(&rig, rig.ended);
	ck_assert_int_eq(rig.error.status, WEIR_ERR_TIMEOUT);
	ck_assert_int_eq(rig.error.remedy, WEIR_REMEDY_RETRY);
	rig_release(&rig);
	close(listener);
	for (int i = 0; i < 3; i++)
		close(fillers[i]);
}
END_TEST

START_TEST(the_old_connection_is_closed_before_the_next)
{
	struct rig rig;

	rig_init(&rig);
	for (int i = 0; i < 6; i++) {
		rig_clear(&rig);
		rig_ask(&rig);
		rig_send(&rig, "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nab");
		RIG_UNTIL(&rig, rig.body_len == 2);
		if (i % 2) {
			rig_send(&rig, "cd");	/* ends; else it is closed in the middle */
			RIG_UNTIL(&rig, rig.ended);
		} else {
			rig.http.ops->close(rig.http.self);
		}
		ck_assert(rig_is_gone(rig_connection(&rig.server)));
	}
	ck_assert_uint_eq(rig.server.accepted, 6);
	ck_assert(!rig.server.overlapped);
	rig_release(&rig);
}
END_TEST

START_TEST(a_unix_socket_is_asked_instead_of_the_host)
{
	char path[] = "/tmp/weir-test-XXXXXX", name[64];
	struct rig rig;

	rig_init_bare(&rig, NULL);
	ck_assert_ptr_nonnull(mkdtemp(path));
	snprintf(name, sizeof name, "%s/http", path);
	rig_listen_unix(&rig.server, name);
	rig_open(&rig, WEIR_WITH(weir_http_request, .method = "GET", .url = "http://nowhere.test/a",
				 .unix_socket = name));
	RIG_UNTIL(&rig, rig_asked(&rig));
	ck_assert_str_eq(rig.server.request, "GET /a HTTP/1.1\r\nHost: nowhere.test\r\n\r\n");
	unlink(name);
	rig.http.ops->close(rig.http.self);
	rig_open(&rig, WEIR_WITH(weir_http_request, .method = "GET", .url = "http://nowhere.test/a",
				 .unix_socket = name));
	RIG_UNTIL(&rig, rig.ended);
	ck_assert_msg(strstr(rig.error.text, name), "%s", rig.error.text);
	ck_assert_uint_eq(resolver.lookups, 0);
	rmdir(path);
	rig_release(&rig);
}
END_TEST

static void point_proxies_at(const char *url, const char *except)
{
	setenv("http_proxy", url, 1);
	setenv("https_proxy", url, 1);
	setenv("ALL_PROXY", url, 1);
	setenv("no_proxy", except, 1);
}

START_TEST(the_environments_proxies_do_not_count)
{
	struct rig rig;

	rig_init(&rig);
	point_proxies_at("http://127.0.0.1:1", "");
	rig_ask(&rig);
	ck_assert_int_eq(strncmp(rig.server.request, "GET / ", 6), 0);
	rig_release(&rig);
}
END_TEST

START_TEST(a_given_proxy_counts_whatever_the_environment_excepts)
{
	char proxy[64];
	struct rig rig;

	rig_init(&rig);
	point_proxies_at("http://127.0.0.1:1", "*");
	snprintf(proxy, sizeof proxy, "http://127.0.0.1:%d", rig.server.port);
	rig_open(&rig, WEIR_WITH(weir_http_request, .method = "GET", .url = "http://far.test/a",
				 .proxy = proxy));
	RIG_UNTIL(&rig, rig_asked(&rig));
	ck_assert_int_eq(strncmp(rig.server.request, "GET http://far.test/a ", 22), 0);
	rig_release(&rig);
}
END_TEST

START_TEST(a_tunnels_proxy_sees_no_header_of_ours)
{
	char proxy[64];
	struct rig rig;

	rig_init(&rig);
	snprintf(proxy, sizeof proxy, "http://127.0.0.1:%d", rig.server.port);
	rig_open(&rig, WEIR_WITH(weir_http_request, .method = "GET", .url = "https://far.test/a",
				 .headers = some_headers, .header_count = COUNT(some_headers),
				 .proxy = proxy));
	RIG_UNTIL(&rig, rig_asked(&rig));
	ck_assert_int_eq(strncmp(rig.server.request, "CONNECT far.test:443 ", 21), 0);
	ck_assert_ptr_null(strstr(rig.server.request, "s3cret"));
	rig_send(&rig, "HTTP/1.1 407 No\r\nContent-Length: 0\r\n\r\n");
	RIG_UNTIL(&rig, rig.ended);
	ck_assert_int_eq(rig.status, 0);
	ck_assert_int_eq(rig.error.status, WEIR_ERR_IO);
	ck_assert_msg(strstr(rig.error.text, "407"), "%s", rig.error.text);
	rig_release(&rig);
}
END_TEST

/* ---- closing ---- */

enum phase { OPENED, CONNECTING, CONNECTED, ASKED, IN_HEAD, IN_BODY, PAUSED, PHASES };

static void bring_to(struct rig *rig, enum phase phase)
{
	if (phase == OPENED || phase == CONNECTING)
		rig_get(rig, rig_url(rig, "127.0.0.1", "/"));
	while (phase == CONNECTING && rig->port.count == 0)
		rig_turn_within(rig, 0);
	if (phase == CONNECTED) {
		rig_get(rig, rig_url(rig, "127.0.0.1", "/"));
		RIG_UNTIL(rig, rig->server.accepted);
	}
	if (phase >= ASKED)
		rig_ask(rig);
	rig->full = phase == PAUSED;
	if (phase == IN_HEAD)
		rig_send(rig, "HTTP/1.1 200 OK\r\nX: ");
	if (phase >= IN_BODY)
		rig_send(rig, "HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nabcde");
	if (phase >= IN_HEAD)
		RIG_UNTIL(rig, phase == IN_HEAD ? rig->statuses : rig->offered);
}

START_TEST(closing_closes_the_socket_in_every_phase)
{
	struct rig rig;
	size_t before;
	int fillers[3], listener = -1;

	rig_init_bare(&rig, NULL);
	if (_i == CONNECTING) {
		fill_backlog(&rig, fillers);
		listener = rig.server.listener;
		rig.server.listener = -1;	/* nobody accepts */
	} else {
		rig_listen_at(&rig.server, "127.0.0.1", 0, 8);
	}
	before = rig_open_descriptors();
	bring_to(&rig, (enum phase)_i);
	rig.http.ops->close(rig.http.self);

	ck_assert_uint_eq(rig_open_descriptors(), before + rig.server.accepted);
	ck_assert_uint_eq(rig.port.count, 0);
	ck_assert_uint_eq(rig.http.ops->deadline_ms(rig.http.self), 0);
	if (rig.server.accepted) {
		rig_read(&rig.server);
		ck_assert(rig_is_gone(rig_connection(&rig.server)));
	}
	rig.closed = true;
	rig.http.ops->step(rig.http.self, rig_now_ms());
	rig.http.ops->resume(rig.http.self);
	rig.http.ops->close(rig.http.self);
	rig_release(&rig);
	for (int i = 0; _i == CONNECTING && i < 3; i++)
		close(fillers[i]);
	if (_i == CONNECTING)
		close(listener);
}
END_TEST

/* The name server is silent until the test says otherwise: close must return before that. */
START_TEST(closing_does_not_wait_for_a_name)
{
	struct rig rig;

	rig_init(&rig);
	pthread_mutex_lock(&resolver.release);
	resolver.stuck = true;
	rig_get(&rig, rig_url(&rig, "stream.test", "/"));
	RIG_UNTIL(&rig, __atomic_load_n(&resolver.lookups, __ATOMIC_SEQ_CST));
	rig.http.ops->close(rig.http.self);
	ck_assert_uint_eq(rig.port.count, 0);
	pthread_mutex_unlock(&resolver.release);
	rig_release(&rig);
}
END_TEST

static const char *const callbacks[] = { "status", "header", "body", "end" };

START_TEST(closing_inside_a_callback_is_the_last_that_is_told)
{
	struct rig rig;
	size_t told;

	rig_init(&rig);
	rig_ask(&rig);
	rig.close_in = callbacks[_i];
	rig_send(&rig, "HTTP/1.1 200 OK\r\nA: 1\r\nB: 2\r\nTransfer-Encoding: chunked\r\n\r\n"
		       "2\r\nab\r\n2\r\ncd\r\n0\r\n\r\n");
	RIG_UNTIL(&rig, rig.closed);
	told = rig.told;
	ck_assert(rig_is_gone(rig_connection(&rig.server)));
	for (int i = 0; i < 5; i++)
		rig_turn_within(&rig, 0);
	ck_assert_uint_eq(rig.told, told);

	rig.close_in = NULL;	/* and the next exchange is a fresh one */
	rig_clear(&rig);
	rig_ask(&rig);
	rig_send(&rig, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
	RIG_UNTIL(&rig, rig.ended);
	ck_assert(!rig.failed);
	rig_release(&rig);
}
END_TEST

static void open_again(void *user, const struct weir_error *error)
{
	struct rig *rig = user;

	ck_assert_ptr_null(error);
	rig->events.end = rig_on_end;
	rig_get(rig, rig_url(rig, "127.0.0.1", "/again"));
}

START_TEST(the_end_may_open_the_next_exchange)
{
	struct rig rig;

	rig_init(&rig);
	rig.events.end = open_again;
	rig_ask(&rig);
	rig_send(&rig, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
	RIG_UNTIL(&rig, rig.server.accepted == 2 && rig_asked(&rig));
	ck_assert_int_eq(strncmp(rig.server.request, "GET /again ", 11), 0);
	ck_assert(!rig.server.overlapped);
	rig_release(&rig);
}
END_TEST

START_TEST(a_second_exchange_at_once_is_refused)
{
	struct weir_error err = { 0 };
	struct rig rig;

	rig_init(&rig);
	rig_ask(&rig);
	ck_assert_int_eq(rig.http.ops->open(rig.http.self, &rig.port,
					    WEIR_WITH(weir_http_request, .method = "GET",
						      .url = "http://127.0.0.1/"),
					    &rig.events, &err), WEIR_ERR_STATE);
	rig_send(&rig, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
	RIG_UNTIL(&rig, rig.ended);
	ck_assert(!rig.failed);
	rig_release(&rig);
}
END_TEST

START_TEST(a_loop_that_cannot_watch_ends_the_exchange)
{
	struct rig rig;

	rig_init(&rig);
	rig.port.refuse = true;
	rig_get(&rig, rig_url(&rig, "127.0.0.1", "/"));
	RIG_UNTIL(&rig, rig.ended);
	ck_assert_str_eq(rig.error.text, "cannot watch");
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
					  .header_count = COUNT(some_headers)), &events, err);
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

static Suite *make_suite(void)
{
	Suite *suite = suite_create("http");
	TCase *asked = tcase_create("what is asked"), *told = tcase_create("what is told");
	TCase *large = tcase_create("large"), *connections = tcase_create("connections");
	TCase *closing = tcase_create("closing");
	TCase *const all[] = { asked, told, large, connections, closing };

	for (size_t i = 0; i < COUNT(all); i++) {
		tcase_set_timeout(all[i], 60);
		suite_add_tcase(suite, all[i]);
	}
	tcase_add_loop_test(asked, the_server_gets_what_was_given_and_no_more, 0, COUNT(requests));
	tcase_add_test(asked, a_large_body_goes_at_once_and_without_expect);
	tcase_add_loop_test(asked, a_wrong_request_is_refused_by_name, 0, COUNT(refusals));
	tcase_add_test(asked, running_out_of_memory_is_an_error_like_others);
	tcase_add_loop_test(told, each_answer_is_told_as_it_is, 0, COUNT(answers));
	tcase_add_loop_test(told, each_answer_is_the_same_in_single_bytes, 0, COUNT(answers));
	tcase_add_test(told, bytes_are_told_as_they_come);
	tcase_add_test(told, a_quiet_stream_outlives_connect_ms_and_asks_for_no_turns);
	tcase_add_loop_test(told, a_header_flood_is_cut_off, 0, 2);
	tcase_add_test(told, one_endless_header_is_cut_off);
	tcase_add_test(large, a_large_error_body_comes_whole);
	tcase_add_test(large, a_full_consumer_stalls_the_server);
	tcase_add_loop_test(large, what_was_held_back_comes_before_the_end, 0, 3);
	tcase_add_test(large, a_paused_exchange_asks_for_no_turns);
	tcase_add_test(connections, a_refused_connection_says_where);
	tcase_add_test(connections, an_unknown_name_says_which);
	tcase_add_test(connections, names_are_looked_up_for_each_exchange);
	tcase_add_test(connections, a_connect_that_hangs_times_out);
	tcase_add_test(connections, the_old_connection_is_closed_before_the_next);
	tcase_add_test(connections, a_unix_socket_is_asked_instead_of_the_host);
	tcase_add_test(connections, the_environments_proxies_do_not_count);
	tcase_add_test(connections, a_given_proxy_counts_whatever_the_environment_excepts);
	tcase_add_test(connections, a_tunnels_proxy_sees_no_header_of_ours);
	tcase_add_loop_test(closing, closing_closes_the_socket_in_every_phase, 0, PHASES);
	tcase_add_test(closing, closing_does_not_wait_for_a_name);
	tcase_add_loop_test(closing, closing_inside_a_callback_is_the_last_that_is_told, 0,
			    COUNT(callbacks));
	tcase_add_test(closing, the_end_may_open_the_next_exchange);
	tcase_add_test(closing, a_second_exchange_at_once_is_refused);
	tcase_add_test(closing, a_loop_that_cannot_watch_ends_the_exchange);
	return suite;
}

int main(void)
{
	SRunner *runner = srunner_create(make_suite());
	int failed;

	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
