/* SPDX-License-Identifier: MIT */
/*
 * The local stream server as a child process.
 *
 * Guarantees: once started its port is open, so no test has to wait or try again; it gets
 * SIGKILL when the test process ends without having stopped it.
 */
#include "support/stream_server.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define MAX_WORDS 40

/* The Makefile names the folder of the programs it builds, seen from the checkout's root. */
static const char *find_program(void)
{
	const char *named = getenv("STREAM_SERVER");

	return named ? named : BUILD_DIR "/examples/stream_server";
}

static void run(const char *path, const char *const *words, int out_fd, pid_t parent)
{
	char *argv[MAX_WORDS + 2];
	int count = 0;

	argv[count++] = strdup(path);
	for (; *words && count <= MAX_WORDS; words++)
		argv[count++] = strdup(*words);
	argv[count] = NULL;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(127);
	dup2(out_fd, STDOUT_FILENO);
	execv(path, argv);
	_exit(127);
}

static int read_url(struct stream_server *server)
{
	size_t len = 0;

	while (len < sizeof server->url - 1 && read(server->out_fd, server->url + len, 1) == 1 &&
	       server->url[len] != '\n')
		len++;
	server->url[len] = 0;
	return len > 0 ? 0 : -1;
}

int stream_server_start(struct stream_server *server, const char *const *words)
{
	const pid_t parent = getpid();
	const char *path = find_program();
	int out[2];

	if (access(path, X_OK) < 0) {
		fprintf(stderr, "the stream server is not at '%s'\n", path);
		return -1;
	}
	if (pipe(out) < 0)
		return -1;
	server->pid = fork();
	if (server->pid == 0)
		run(path, words, out[1], parent);
	close(out[1]);
	server->out_fd = out[0];
	if (server->pid > 0 && read_url(server) == 0)
		return 0;
	fputs("the stream server did not start\n", stderr);
	return -1;
}

int stream_server_wait(struct stream_server *server)
{
	int status = 0;

	close(server->out_fd);
	if (waitpid(server->pid, &status, 0) < 0)
		return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int stream_server_stop(struct stream_server *server)
{
	kill(server->pid, SIGTERM);
	return stream_server_wait(server);
}
