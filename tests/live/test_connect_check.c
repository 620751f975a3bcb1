/* SPDX-License-Identifier: MIT */
/*
 * connect --check on setups that are broken: tests/data/check/NAME.properties and what is said,
 * NAME.expected. There URL is the server, ADDRESS its host and port, BROKERS the cluster, DIR the
 * test's folder, `#` any number, and `…` at the end of a line whatever else stands on it (words of
 * other libraries). Files in weir's own keys have these words in them, too.
 */
#include <arpa/inet.h>
#include <check.h>
#include <ctype.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "support/certificate.h"
#include "support/files.h"
#include "support/run.h"
#include "weir.h"
#include "weir/testing.h"

#define MOST_MS 15000

enum server { WELL, TLS, PLAIN_AS_TLS, NOBODY, NO_NAME, LATE };

static struct test_dir dir;
static weir_test_broker *kafka;
static weir_test_stream *twitter;
static struct weir_error err;
static pid_t late;
static char url[300];

/* ---- servers */

/* One that answers each connection with a Date of 2020. Its port. */
static uint16_t serve_late(void)
{
	static const char answer[] = "HTTP/1.1 404 Not Found\r\nDate: Wed, 01 Jan 2020 00:00:00 GMT\r\n"
				     "Content-Length: 0\r\nConnection: close\r\n\r\n";
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
	socklen_t len = sizeof at;
	const int listener = socket(AF_INET, SOCK_STREAM, 0);

	ck_assert_int_eq(bind(listener, (const struct sockaddr *)&at, len), 0);
	ck_assert_int_eq(listen(listener, 4), 0);
	ck_assert_int_eq(getsockname(listener, (struct sockaddr *)&at, &len), 0);
	late = fork();
	if (late == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;) {
			const int fd = accept(listener, NULL, NULL);
			char request[4096];

			if (read(fd, request, sizeof request) > 0 &&
			    write(fd, answer, sizeof answer - 1) < 0)
				_exit(1);
			close(fd);
		}
	}
	close(listener);
	return ntohs(at.sin_port);
}

static void serve(enum server server)
{
	struct weir_test_stream_options options = { .size = sizeof options };

	if (server == NO_NAME || server == NOBODY) {
		snprintf(url, sizeof url, "%s", server == NO_NAME ? "http://stream.invalid"
								  : "http://127.0.0.1:9");
		return;
	}
	if (server == LATE) {
		snprintf(url, sizeof url, "http://127.0.0.1:%u", serve_late());
		return;
	}
	if (server == TLS) {
		static struct certificate own;

		certificate_make(&own);
		file_write(test_path(&dir, "cert.pem"), own.certificate, strlen(own.certificate));
		file_write(test_path(&dir, "key.pem"), own.key, strlen(own.key));
		options.certificate_file = test_path(&dir, "cert.pem");
		options.key_file = test_path(&dir, "key.pem");
	}
	twitter = weir_test_stream_new(&options, &err);
	ck_assert_msg(twitter, "%s", err.text);
	snprintf(url, sizeof url, "%s%s", server == PLAIN_AS_TLS ? "https" : "",
		 weir_test_stream_url(twitter) + (server == PLAIN_AS_TLS ? strlen("http") : 0));
}

/* ---- clusters */

static void have_topic(void)
{
	ck_assert_int_eq(weir_test_topic_add(kafka, "tweets", 3), WEIR_OK);
}

static void have_none(void)
{
}

static void be_down(void)
{
	weir_test_broker_set_down(kafka, 0);
}

static void hide_topic(void)
{
	weir_test_topic_set_error(kafka, "tweets", WEIR_TEST_TOPIC_FORBIDDEN);
}

static void refuse_records(void)
{
	const int32_t codes[] = { WEIR_TEST_TOPIC_FORBIDDEN };

	have_topic();
	weir_test_broker_push_codes(kafka, WEIR_TEST_PRODUCE, codes, 1);
}

static void have_no_leader(void)
{
	have_topic();
	ck_assert_int_eq(weir_test_topic_set_leader(kafka, "tweets", 1, 0), WEIR_OK);
	ck_assert_int_eq(weir_test_topic_add(kafka, "deletes", 1), WEIR_OK);
}

static void have_topics(void)
{
	have_topic();
	ck_assert_int_eq(weir_test_topic_add(kafka, "raw-messages", 3), WEIR_OK);
	ck_assert_int_eq(weir_test_topic_add(kafka, "valid-messages", 1), WEIR_OK);
	ck_assert_int_eq(weir_test_topic_add(kafka, "invalid-messages", 1), WEIR_OK);
}

static void have_copy(void)
{
	have_topics();
	ck_assert_int_eq(weir_test_topic_add(kafka, "copied-messages", 1), WEIR_OK);
}

/* Each such request is refused, however often it is made. */
static void refuse(enum weir_test_request request, int32_t code)
{
	int32_t codes[200];

	have_topics();
	for (int i = 0; i < ROWS(codes); i++)
		codes[i] = code;
	weir_test_broker_push_codes(kafka, request, codes, ROWS(codes));
}

static void refuse_reading(void)
{
	refuse(WEIR_TEST_LIST_OFFSETS, WEIR_TEST_TOPIC_FORBIDDEN);
}

static void refuse_group(void)
{
	refuse(WEIR_TEST_OFFSET_FETCH, 30);	/* GROUP_AUTHORIZATION_FAILED */
}

/* ---- folders and files */

static void make_folder(const char *name)
{
	ck_assert_int_eq(mkdir(test_path(&dir, name), 0700), 0);
}

static void write_file(const char *name, const char *text)
{
	file_write(test_path(&dir, name), text, strlen(text));
}

static void have_files(void)
{
	have_topics();
	write_file("a.jsonl", "{\"n\":1}\n");
	write_file("b.jsonl.gz", "\x1f\x8b\x08");
	write_file("c.jsonl.zst", "\x28\xb5\x2f\xfd");
	make_folder("out");
	make_folder("spool");
}

/* Another process has the spool and the position. */
static void have_holders(void)
{
	static const char *const names[] = { "spool/lock", "spool/in.lock" };

	have_files();
	for (int i = 0; i < ROWS(names); i++) {
		write_file(names[i], "");
		ck_assert_int_eq(flock(open(test_path(&dir, names[i]), O_RDONLY | O_CLOEXEC),
				       LOCK_EX), 0);
	}
}

/* ---- what is said */

static void replace(char *text, size_t size, const char *what, const char *with)
{
	const size_t len = strlen(what), with_len = strlen(with);
	char *at = text;

	while (len && (at = strstr(at, what))) {
		ck_assert_uint_lt(strlen(text) + with_len, size);
		memmove(at + with_len, at + len, strlen(at + len) + 1);
		memcpy(at, with, with_len);
		at += with_len;
	}
}

/* The file with the words that stand for what is there, as another one. */
static void write_own(const char *name, const char *path)
{
	static char text[16384];
	char *given = file_read(name, NULL);

	ck_assert_uint_lt(strlen(given), sizeof text);
	strcpy(text, given);
	free(given);
	replace(text, sizeof text, "localhost:9092", weir_test_broker_addresses(kafka));
	replace(text, sizeof text, "BROKERS", weir_test_broker_addresses(kafka));
	replace(text, sizeof text, "URL", url);
	replace(text, sizeof text, "DIR", dir.path);
	file_write(path, text, strlen(text));
}

/* Runs it; all it says, and its exit status. */
static int run(const char *words, char *text, size_t size)
{
	char command[1024];
	size_t len = 0, got;
	FILE *pipe;
	int status;

	snprintf(command, sizeof command, "%s/examples/connect --check %s 2>&1", BUILD_DIR, words);
	pipe = popen(command, "r");
	while (len + 1 < size && (got = fread(text + len, 1, size - 1 - len, pipe)) > 0)
		len += got;
	text[len] = '\0';
	status = pclose(pipe);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static bool is_like(const char *got, const char *want)
{
	while (*want) {
		if (strcmp(want, "…") == 0)
			return true;
		if (*want == '#' && isdigit((unsigned char)*got)) {
			while (isdigit((unsigned char)*got))
				got++;
			want++;
		} else if (*got++ != *want++) {
			return false;
		}
	}
	return *got == '\0';
}

static void compare(const char *name, char *got, char *want)
{
	char *got_line, *want_line;

	do {
		got_line = strsep(&got, "\n");
		want_line = strsep(&want, "\n");
		ck_assert_msg(got_line && want_line && is_like(got_line, want_line),
			      "%s: said\n%s\nwant\n%s", name, got_line ? got_line : "(nothing)",
			      want_line ? want_line : "(nothing)");
	} while (got || want);
}

struct setup {
	const char *name;
	enum server server;
	void (*prepare)(void);
	int status;
};

static const struct setup setups[] = {
	{ "all-well", WELL, have_topic, 0 },
	{ "phrase-too-long", WELL, have_topic, 2 },
	{ "no-predicate", WELL, have_topic, 2 },
	{ "jks", WELL, have_topic, 2 },
	{ "transforms", WELL, have_topic, 2 },
	{ "misspelt", WELL, have_topic, 0 },
	{ "misspelt-credential", WELL, have_topic, 2 },
	{ "unknown-host", NO_NAME, have_topic, 1 },
	{ "refused", NOBODY, have_topic, 1 },
	{ "no-tls", PLAIN_AS_TLS, have_topic, 1 },
	{ "untrusted", TLS, have_topic, 1 },
	{ "wrong-clock", LATE, have_topic, 1 },
	{ "no-broker", WELL, be_down, 1 },
	{ "sasl", WELL, have_topic, 1 },
	{ "no-topic", WELL, have_none, 1 },
	{ "hidden-topic", WELL, hide_topic, 1 },
	{ "no-right", WELL, refuse_records, 1 },
	{ "no-leader", WELL, have_no_leader, 1 },
};

/* In weir's own keys. */
static const struct setup own_setups[] = {
	{ "validate", WELL, have_topics, 0 },
	{ "exactly_once", WELL, have_copy, 0 },
	{ "source-no-topic", WELL, have_topic, 1 },
	{ "source-no-right", WELL, refuse_reading, 1 },
	{ "source-no-group", WELL, refuse_group, 1 },
	{ "source-partitions", WELL, have_topics, 1 },
	{ "source-no-broker", WELL, be_down, 1 },
	{ "files-well", WELL, have_files, 0 },
	{ "files-wrong", WELL, have_files, 1 },
	{ "files-held", WELL, have_holders, 1 },
	{ "disk-too-small", WELL, have_files, 1 },
	{ "fields", WELL, have_topics, 1 },
	{ "names", WELL, have_topics, 1 },
	{ "hidden-routes", WELL, have_files, 1 },
	{ "transactions", WELL, have_topics, 0 },
	{ "transactions-of-a-file", WELL, have_files, 2 },
	{ "transactions-alone", WELL, have_topics, 2 },
	{ "dedup", WELL, have_files, 0 },
	{ "dedup-twice", WELL, have_files, 2 },
};

/* `words` and `path`: how the program is told of the file. */
static void check(const struct setup *setup, const char *words, const char *path)
{
	static char got[16384];
	struct timespec began, ended;
	char expected[128], *want;
	int status;

	clock_gettime(CLOCK_MONOTONIC, &began);
	status = run(words, got, sizeof got);
	clock_gettime(CLOCK_MONOTONIC, &ended);
	replace(got, sizeof got, weir_test_broker_addresses(kafka), "BROKERS");
	replace(got, sizeof got, url, "URL");
	replace(got, sizeof got, strstr(url, "//") + 2, "ADDRESS");
	replace(got, sizeof got, path, "FILE");
	replace(got, sizeof got, dir.path, "DIR");
	snprintf(expected, sizeof expected, "tests/data/check/%s.expected", setup->name);
	ck_assert_msg(!strstr(got, "invented"), "%s: a secret in\n%s", setup->name, got);
	want = file_read(expected, NULL);
	compare(setup->name, got, want);
	ck_assert_msg(status == setup->status, "%s: exit status %d", setup->name, status);
	ck_assert_int_lt((ended.tv_sec - began.tv_sec) * 1000, MOST_MS);
	free(want);
}

START_TEST(a_check_says_what_would_be_and_what_to_do)
{
	char words[600], path[128];

	serve(setups[_i].server);
	setups[_i].prepare();
	snprintf(path, sizeof path, "tests/data/check/%s.properties", setups[_i].name);
	snprintf(words, sizeof words, "--url '%s' --set 'bootstrap.servers=%s' '%s'", url,
		 weir_test_broker_addresses(kafka), path);
	check(&setups[_i], words, "");
}
END_TEST

START_TEST(a_check_of_own_keys_tries_all_that_they_name)
{
	const struct setup *setup = &own_setups[_i];
	char words[128], path[128];

	serve(setup->server);
	setup->prepare();
	snprintf(path, sizeof path, "examples/%s.properties", setup->name);
	if (access(path, R_OK) != 0)
		snprintf(path, sizeof path, "tests/data/check/%s.properties", setup->name);
	snprintf(words, sizeof words, "'%s'", test_path(&dir, "own.properties"));
	write_own(path, test_path(&dir, "own.properties"));
	check(setup, words, test_path(&dir, "own.properties"));
}
END_TEST

static void setup(void)
{
	test_dir_make(&dir);
	kafka = weir_test_broker_new(NULL, &err);
	ck_assert_msg(kafka, "%s", err.text);
}

static void teardown(void)
{
	twitter = weir_test_stream_free(twitter);
	kafka = weir_test_broker_free(kafka);
	if (late) {
		kill(late, SIGKILL);
		waitpid(late, NULL, 0);
	}
	late = 0;
	test_dir_remove(&dir);
}

int main(void)
{
	TCase *tcase = tcase_create("setups");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_set_timeout(tcase, 60);
	LOOP(tcase, a_check_says_what_would_be_and_what_to_do, setups);
	LOOP(tcase, a_check_of_own_keys_tries_all_that_they_name, own_setups);
	return run_case("connect --check", tcase);
}
