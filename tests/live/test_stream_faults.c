/* SPDX-License-Identifier: MIT */
/* The faults of the local stream server, seen by libcurl: each step does what it says. */
#include "support/run.h"
#include "support/stream_rig.h"

#include <check.h>
#include <string.h>

#define SAMPLE STREAM_SAMPLE

static unsigned count_text(const char *text)
{
	unsigned count = 0;

	for (const char *at = got.body; at && (at = strstr(at, text)); at += strlen(text))
		count++;
	return count;
}

static const struct {
	const char *name;
	const char *script;
	const char *path;
	CURLcode code;
	int status;
	const char *text;	/* that many times in the body */
	unsigned times;
	size_t stop_at;
} faults[] = {
	{ "a status with a text", "status=503:over\\, capacity", SAMPLE, CURLE_OK, 503,
	  "over, capacity", 1, 0 },
	{ "a large error page", "html-error=100000", SAMPLE, CURLE_OK, 503, "<html>", 1, 0 },
	{ "a redirect", "redirect=http://x.example/", SAMPLE, CURLE_OK, 302, "x", 0, 0 },
	{ "no answer", "drop", SAMPLE, CURLE_GOT_NOTHING, 0, "x", 0, 0 },
	{ "a late answer", "silent=1", SAMPLE, CURLE_OK, 200, "\r\n", 20, 0 },
	{ "an end at once", "close", SAMPLE, CURLE_OK, 200, "x", 0, 0 },
	{ "an end after a keep-alive", "keepalive-close", SAMPLE, CURLE_OK, 200, "\r\n", 1, 0 },
	{ "a cut", "cut=3", SAMPLE, CURLE_PARTIAL_FILE, 200, "\r\n", 3, 0 },
	{ "a cut within a chunk", "cut-chunk=3", SAMPLE, CURLE_PARTIAL_FILE, 200, "\r\n", 3, 0 },
	{ "a reset", "reset=3", SAMPLE, CURLE_RECV_ERROR, 200, "\r\n", 3, 0 },
	{ "a disconnect message", "disconnect=4:2", SAMPLE, CURLE_OK, 200,
	  "{\"disconnect\":{\"code\":4,", 1, 0 },
	{ "a line of text", "text=Exceeded connection limit for user", SAMPLE, CURLE_OK, 200,
	  "Exceeded connection limit for user\r\n", 1, 0 },
	{ "a malformed line", "malformed=2", SAMPLE, CURLE_OK, 200, "\r\n{\"a\":\r\n", 1, 0 },
	{ "line feeds inside", "bare-lf=2", SAMPLE, CURLE_OK, 200,
	  ":\n{\"track\":\n1}}\r\n", 1, 0 },
	{ "a huge message", "huge=3000000", SAMPLE, CURLE_OK, 200, "\r\n", 21, 0 },
	{ "a wrong length", "bad-length=0", SAMPLE "?delimited=length", CURLE_OK, 200,
	  "\r\n", 40, 0 },
	{ "broken gzip", "bad-gzip=3", SAMPLE, CURLE_WRITE_ERROR, 200, "\r\n", 3, 0 },
	{ "keep-alives only", "idle=1", SAMPLE, CURLE_WRITE_ERROR, 200, "\r\n\r\n", 1, 9000 },
};

START_TEST(a_fault_is_carried_out)
{
	const bool gzip = strstr(faults[_i].script, "gzip") != NULL;

	server_start(WORDS("--no-auth", "--generate", "20", "--keep-alive-ms", "1", "--fault",
			   faults[_i].script));
	ASK(.path = faults[_i].path, .gzip = gzip, .stop_at = faults[_i].stop_at);
	ck_assert_msg(got.code == faults[_i].code ||
		      (gzip && got.code == CURLE_BAD_CONTENT_ENCODING),
		      "%s: %s", faults[_i].name, curl_easy_strerror(got.code));
	ck_assert_msg(got.status == faults[_i].status, "%s: %d", faults[_i].name, got.status);
	ck_assert_msg(count_text(faults[_i].text) >= faults[_i].times &&
		      (faults[_i].stop_at || count_text(faults[_i].text) == faults[_i].times),
		      "%s: %u times", faults[_i].name, count_text(faults[_i].text));
	server_stop();
}
END_TEST

START_TEST(a_gzip_member_can_end_before_the_stream)
{
	server_start(WORDS("--no-auth", "--generate", "7", "--fault", "gzip-members=3"));
	ASK(.path = SAMPLE);
	ck_assert_int_eq(stream_count_messages(got.body, got.len), 7);
	server_stop();
}
END_TEST

START_TEST(the_steps_go_by_connection_and_the_last_stays)
{
	static const int want[] = { 503, 429, 200, 200 };

	server_start(WORDS("--no-auth", "--generate", "2", "--fault", "status=503,status=429,ok"));
	for (int i = 0; i < 4; i++)
		ck_assert_int_eq(ASK(.path = SAMPLE), want[i]);
	server_stop();
}
END_TEST

static const char *const wrong_scripts[] = { "nothing", "cut", "cut=", "cut=x", "cut=-1", "cut=1:",
					     "status=99", "status=503x", "ok=1", "text=" };

START_TEST(a_script_with_a_mistake_does_not_start)
{
	const char *const words[] = { "--fault", wrong_scripts[_i], NULL };

	ck_assert_int_lt(stream_server_start(&stream_server, words), 0);
	ck_assert_int_eq(stream_server_wait(&stream_server), 2);
}
END_TEST

static void add_tests(TCase *tcase)
{
	LOOP(tcase, a_fault_is_carried_out, faults);
	tcase_add_test(tcase, a_gzip_member_can_end_before_the_stream);
	tcase_add_test(tcase, the_steps_go_by_connection_and_the_last_stays);
	LOOP(tcase, a_script_with_a_mistake_does_not_start, wrong_scripts);
}

int main(void)
{
	TCase *tcase = tcase_create("stream_faults");

	tcase_set_timeout(tcase, 60);
	add_tests(tcase);
	return run_case("stream_faults", tcase);
}
