/* SPDX-License-Identifier: MIT */
/* The example programs do what their first comments say. */
#include <check.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/program.h"
#include "support/run.h"
#include "support/stream_server.h"

#define LINES 40000

/* Runs a shell command of the examples' folder; its output, terminated, and its exit status. */
static int run(const char *command, char *text, size_t size)
{
	char line[1024];
	size_t len = 0, got;
	FILE *pipe;
	int status;

	snprintf(line, sizeof line, "PATH=%s/examples:$PATH; %s", BUILD_DIR, command);
	pipe = popen(line, "r");
	ck_assert_ptr_nonnull(pipe);
	while (len + 1 < size && (got = fread(text + len, 1, size - 1 - len, pipe)) > 0)
		len += got;
	text[len] = '\0';
	status = pclose(pipe);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

START_TEST(event_loop_passes_on_every_line_however_many_come)
{
	static char text[64];

	ck_assert_int_eq(run("seq 1 40000 | sed 's/.*/{\"a\":&}/' | event_loop | wc -l", text,
			     sizeof text),
			 0);
	ck_assert_int_eq(atoi(text), LINES);
}
END_TEST

/* A file fills the buffer with each read, and mostly ends it in the middle of a line. */
START_TEST(event_loop_passes_on_lines_whole_wherever_its_buffer_ends)
{
	static char text[64];

	ck_assert_int_eq(run("f=$(mktemp); awk 'BEGIN { for (i = 0; i < 2000; i++)"
			     " printf \"{\\\"a\\\":1,\\\"b\\\":\\\"%0500d\\\"}\\n\", i }' >$f;"
			     " event_loop <$f | grep -c '^a is 1: {.*}$'; rm $f", text, sizeof text),
			 0);
	ck_assert_str_eq(text, "2000\n");
}
END_TEST

START_TEST(event_loop_passes_on_a_last_line_without_its_end)
{
	char text[256];

	ck_assert_int_eq(run("printf '{\"a\":1}\\n{\"a\":\"b c\"}' | event_loop", text, sizeof text),
			 0);
	ck_assert_str_eq(text, "a is 1: {\"a\":1}\na is other: {\"a\":\"b c\"}\n");
}
END_TEST

static const struct {
	const char *name, *command, *want;
	int status;
} answers[] = {
	{ "an option that is none", "twitter_to_kafka --wrong x 2>&1", "usage: ", 2 },
	{ "a property without a value", "twitter_to_kafka --set x 2>&1", "usage: ", 2 },
	{ "phrases that are not there", "twitter_to_kafka --track-file /nowhere/phrases 2>&1",
	  "/nowhere/phrases: cannot be read", 1 },
	{ "no credentials", "env -u TWITTER_CONSUMER_KEY twitter_to_kafka --track a 2>&1",
	  "consumer_key", 1 },
	{ "a property librdkafka does not know",
	  "TWITTER_CONSUMER_KEY=a TWITTER_CONSUMER_SECRET=b TWITTER_TOKEN=c TWITTER_SECRET=d "
	  "twitter_to_kafka --track a --set no.such=1 2>&1",
	  "no.such", 1 },
	{ "a socket that is not there", "custom_sink /dev/null /nowhere/socket 2>&1",
	  "cannot connect to '/nowhere/socket'", 1 },
	{ "a path that no socket can have",
	  "custom_sink /dev/null $(printf '%0120d' 1) 2>&1", "too long", 1 },
	{ "too few arguments", "custom_sink 2>&1", "usage: ", 2 },
	{ "an output that is full", "printf '{\"a\":1}\\n' | replay --kinds - 2>&1 >/dev/full",
	  "No space left", 1 },
};

START_TEST(a_program_says_what_is_wrong_and_fails)
{
	char text[4096];

	ck_assert_msg(run(answers[_i].command, text, sizeof text) == answers[_i].status, "%s: %s",
		      answers[_i].name, text);
	ck_assert_msg(strstr(text, answers[_i].want), "%s: %s", answers[_i].name, text);
}
END_TEST

START_TEST(connect_tells_its_words_when_asked)
{
	char text[1024];

	ck_assert_int_eq(run("connect --help", text, sizeof text), 0);
	ck_assert_msg(strncmp(text, "usage: connect ", 15) == 0, "%s", text);
}
END_TEST

static int listen_at(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	const int fd = socket(AF_UNIX, SOCK_DGRAM, 0);

	strcpy(address.sun_path, path);
	ck_assert_int_eq(bind(fd, (const struct sockaddr *)&address, sizeof address), 0);
	return fd;
}

START_TEST(custom_sink_sends_each_tweet_and_waits_for_a_full_socket)
{
	char path[] = "/tmp/weir-datagrams-XXXXXX", socket_path[64], command[256], body[64];
	const int fd = mkstemp(path);
	size_t count = 0;
	FILE *file, *sink;
	int receiver;

	file = fdopen(fd, "w");
	for (int i = 0; i < 1000; i++)
		fprintf(file, "{\"id_str\":\"%d\",\"user\":{},\"text\":\"a\"}\n{\"delete\":{}}\n", i);
	fclose(file);
	snprintf(socket_path, sizeof socket_path, "%s.socket", path);
	receiver = listen_at(socket_path);
	snprintf(command, sizeof command, "%s/examples/custom_sink %s %s", BUILD_DIR, path,
		 socket_path);
	sink = popen(command, "r");
	while (count < 1000) {
		struct pollfd wait = { .fd = receiver, .events = POLLIN };
		char want[64];
		ssize_t len;

		ck_assert_int_eq(poll(&wait, 1, 10000), 1);
		len = recv(receiver, body, sizeof body - 1, 0);
		body[len] = '\0';
		snprintf(want, sizeof want, "{\"id_str\":\"%zu\",\"user\":{},\"text\":\"a\"}", count);
		ck_assert_str_eq(body, want);
		count++;
	}
	ck_assert_int_eq(pclose(sink), 0);
	close(receiver);
	unlink(path);
	unlink(socket_path);
}
END_TEST

static void write_phrases(const char *path, const char *lines)
{
	FILE *file = fopen(path, "w");

	ck_assert_ptr_nonnull(file);
	fputs(lines, file);
	ck_assert_int_eq(fclose(file), 0);
}

static void read_until(struct program *program, const char *text)
{
	while (!strstr(program->text, text))
		ck_assert_msg(program_read(program), "no '%s':\n%.2000s", text, program->text);
}

/* With the server's credentials, librdkafka's mock cluster, and phrases from a file. */
static void start_with_phrases(struct program *program, const char *server_url, const char *path)
{
	static const char *const names[] = { "TWITTER_CONSUMER_KEY", "TWITTER_CONSUMER_SECRET",
					     "TWITTER_TOKEN", "TWITTER_SECRET" };
	static const char *const values[] = { "demo-consumer-key", "demo-consumer-secret",
					      "42-demo-token", "demo-token-secret" };
	char url[320];

	for (size_t i = 0; i < 4; i++)
		setenv(names[i], values[i], 1);
	snprintf(url, sizeof url, "%s/1.1/statuses/filter.json", server_url);
	program_start(program, BUILD_DIR "/examples/twitter_to_kafka",
		      (const char *const[]){ "--url", url, "--track-file", path, "--set",
					     "test.mock.num.brokers=1", NULL });
}

START_TEST(twitter_to_kafka_reads_its_phrases_again_when_it_is_told_to)
{
	char path[] = "/tmp/weir-phrases-XXXXXX";
	const int fd = mkstemp(path);
	struct stream_server server;
	static struct program program;

	ck_assert_int_ge(fd, 0);
	close(fd);
	write_phrases(path, "kpop\n한글\n");
	ck_assert_int_eq(stream_server_start(&server, (const char *const[]){
		"--port", "0", "--generate", "10", "--then", "hold", NULL }), 0);
	start_with_phrases(&program, server.url, path);
	read_until(&program, "connected\n");
	write_phrases(path, "kpop\n\n한글\n");
	kill(program.pid, SIGHUP);
	read_until(&program, "track: phrase 2 is empty");
	write_phrases(path, "kpop\n정국 생일\n🎉\n");
	kill(program.pid, SIGHUP);
	read_until(&program, "by a new connection: track: 3 (before: 2)\n");

	ck_assert_msg(program_stop(&program) == 0, "%s", program.text);
	stream_server_stop(&server);
	unlink(path);
}
END_TEST

START_TEST(test_with_faults_loses_nothing_and_says_so)
{
	char text[256];

	ck_assert_msg(run("test_with_faults", text, sizeof text) == 0, "%s", text);
	ck_assert_msg(strstr(text, " acknowledged, 0 of 400 missing\n") != NULL, "%s", text);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("programs");

	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, event_loop_passes_on_every_line_however_many_come);
	tcase_add_test(tcase, event_loop_passes_on_lines_whole_wherever_its_buffer_ends);
	tcase_add_test(tcase, event_loop_passes_on_a_last_line_without_its_end);
	LOOP(tcase, a_program_says_what_is_wrong_and_fails, answers);
	tcase_add_test(tcase, connect_tells_its_words_when_asked);
	tcase_add_test(tcase, custom_sink_sends_each_tweet_and_waits_for_a_full_socket);
	tcase_add_test(tcase, twitter_to_kafka_reads_its_phrases_again_when_it_is_told_to);
	tcase_add_test(tcase, test_with_faults_loses_nothing_and_says_so);
	return run_case("examples", tcase);
}
