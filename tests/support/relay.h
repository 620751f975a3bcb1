/* SPDX-License-Identifier: MIT */
/*
 * A small HTTP proxy as a child process, plain and CONNECT, one connection at a time: it sees
 * whether a client ever has two.
 */
#ifndef WEIR_TESTS_RELAY_H
#define WEIR_TESTS_RELAY_H

#include <stddef.h>
#include <sys/types.h>

/* What it saw so far; shared with the child. */
struct relay_seen {
	size_t accepted;
	size_t overlapped;	/* came while the one before was not closed by the client */
	char head[4096];	/* of the last request to the proxy itself, terminated */
};

struct relay {
	pid_t pid;
	volatile struct relay_seen *seen;
	char url[64];		/* for the option `proxy` */
};

/* Fails the test when it cannot. It dies with the test. */
void relay_start(struct relay *relay);
void relay_stop(struct relay *relay);

#endif
