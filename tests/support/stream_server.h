/* SPDX-License-Identifier: MIT */
/* Starts the local stream server, examples/stream_server, for a test, and ends it. */
#ifndef SUPPORT_STREAM_SERVER_H
#define SUPPORT_STREAM_SERVER_H

#include <sys/types.h>

struct stream_server {
	pid_t pid;
	int out_fd;		/* its standard output, after the first line */
	char url[256];		/* "http://127.0.0.1:NNNNN", or "unix:PATH" */
};

/*
 * Starts it with these further words, up to a NULL, and waits until it listens. The program is
 * the one that make builds, or what the environment variable STREAM_SERVER names.
 * Returns 0, or -1 after saying why on standard error. It dies with the test.
 */
int stream_server_start(struct stream_server *server, const char *const *words);

/* Sends SIGTERM and waits. Returns its exit status, or 128 and the signal that ended it. */
int stream_server_stop(struct stream_server *server);

/* Waits for it to end by itself (--once). Returns like stream_server_stop. */
int stream_server_wait(struct stream_server *server);

#endif
