/* SPDX-License-Identifier: MIT */
/*
 * A server that speaks the stream protocols of v1.1 and X API v2 on this machine: for tests,
 * demonstrations and benchmarks of whatever reads such streams. It uses nothing of libweir, so that
 * it can judge it.
 *
 *	stream_server --rate 50                      invented messages of every kind, 50 a second
 *	stream_server --file recorded.jsonl --repeat --gzip
 *	stream_server --fault status=503,cut=20,ok   a bad answer, a broken stream, a good one
 *
 * `stream_server --help` is the manual: every option, and every step of a fault script. The server
 * itself is testing/stream_server/; a test that wants it in its own process takes weir_test_stream
 * of weir/testing.h.
 *
 * Guarantees: everything is ready before the URL is printed; SIGTERM and SIGINT end it with 0,
 * whatever its streams are doing.
 */
#include "stream_server/options.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

/* Blocked before any thread begins, so that only the descriptor sees them. */
static int catch_signals(void)
{
	sigset_t signals;

	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	pthread_sigmask(SIG_BLOCK, &signals, NULL);
	signal(SIGPIPE, SIG_IGN);
	return signalfd(-1, &signals, SFD_CLOEXEC);
}

static void wait_for_end(const struct server *server, int signals)
{
	struct pollfd fds[] = {
		{ .fd = signals, .events = POLLIN },
		{ .fd = server->done_fd, .events = POLLIN },
	};

	while (poll(fds, 2, -1) < 0 && errno == EINTR)
		;
}

static int serve(struct server *server, int signals)
{
	char why[SERVER_WHY], url[256];
	const bool good = server_start(server, why);

	if (good) {
		server_url(server, url, sizeof url);
		puts(url);
		fflush(stdout);
		wait_for_end(server, signals);
	} else {
		fprintf(stderr, "stream_server: %s\n", why);
	}
	server_stop(server);
	return good ? 0 : 1;
}

int main(int argc, char **argv)
{
	static struct server server;
	const int signals = catch_signals();
	int result = 0;

	if (argc == 2 && strcmp(argv[1], "--help") == 0) {
		fputs(options_usage, stdout);
	} else if (options_read(argc, argv, &server.settings)) {
		result = serve(&server, signals);
	} else {
		fputs("stream_server: see --help\n", stderr);
		fault_clear(&server.settings.faults);
		result = 2;
	}
	close(signals);
	return result;
}
