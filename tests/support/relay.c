/* SPDX-License-Identifier: MIT */
/*
 * The proxy: reads a head, connects to where that says, then passes bytes on both ways.
 *
 * Guarantee: a new client is looked at before anything else in its turn, so a client that closes
 * one connection and then opens another is never taken for one with two.
 */
#include "support/relay.h"

#include <arpa/inet.h>
#include <check.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

struct tunnel {
	struct relay_seen *seen;
	int listener;
	int client;		/* -1: none */
	int server;		/* -1: the head is still coming */
	char head[4096];
	size_t head_len;
};

static void hang_up(struct tunnel *tunnel)
{
	if (tunnel->client >= 0)
		close(tunnel->client);
	if (tunnel->server >= 0)
		close(tunnel->server);
	tunnel->client = tunnel->server = -1;
	tunnel->head_len = 0;
}

/* A client has nothing more to say once its request is out: all there can be is its end. */
static bool is_gone(int fd)
{
	char byte;

	return recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) <= 0 && errno != EAGAIN;
}

static void take_client(struct tunnel *tunnel)
{
	const int client = accept(tunnel->listener, NULL, NULL);

	errno = 0;
	if (tunnel->client >= 0 && !is_gone(tunnel->client))
		tunnel->seen->overlapped++;
	hang_up(tunnel);
	tunnel->client = client;
	tunnel->seen->accepted++;
}

static bool give(int fd, const char *bytes, size_t len)
{
	while (len > 0) {
		const ssize_t sent = send(fd, bytes, len, MSG_NOSIGNAL);

		if (sent < 0)
			return false;
		bytes += sent;
		len -= (size_t)sent;
	}
	return true;
}

/* Only 127.0.0.1 is known here. */
static int reach(const char *authority)
{
	const char *port = strchr(authority, ':');
	struct sockaddr_in at = { .sin_family = AF_INET,
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	const int fd = socket(AF_INET, SOCK_STREAM, 0);

	at.sin_port = htons((uint16_t)(port ? atoi(port + 1) : 80));
	if (connect(fd, (struct sockaddr *)&at, sizeof at) == 0)
		return fd;
	close(fd);
	return -1;
}

/* "CONNECT host:port …" or "POST http://host:port/path …", of which the server gets the path. */
static bool begin(struct tunnel *tunnel)
{
	static const char yes[] = "HTTP/1.1 200 Connection established\r\n\r\n";
	const char *scheme = strstr(tunnel->head, " http://");
	const bool plain = strncmp(tunnel->head, "CONNECT ", 8) != 0;
	const char *path;

	memcpy(tunnel->seen->head, tunnel->head, tunnel->head_len + 1);
	if (plain && !scheme)
		return false;
	tunnel->server = reach(plain ? scheme + 8 : tunnel->head + 8);
	if (tunnel->server < 0)
		return false;
	if (!plain)
		return give(tunnel->client, yes, sizeof yes - 1);
	path = scheme + 8 + strcspn(scheme + 8, "/");
	return give(tunnel->server, tunnel->head, (size_t)(scheme - tunnel->head) + 1) &&
	       give(tunnel->server, path, tunnel->head_len - (size_t)(path - tunnel->head));
}

static bool read_head(struct tunnel *tunnel)
{
	const ssize_t got = recv(tunnel->client, tunnel->head + tunnel->head_len,
				 sizeof tunnel->head - 1 - tunnel->head_len, 0);

	if (got <= 0)
		return false;
	tunnel->head_len += (size_t)got;
	tunnel->head[tunnel->head_len] = '\0';
	return !strstr(tunnel->head, "\r\n\r\n") || begin(tunnel);
}

static bool pass(int from, int to)
{
	char bytes[65536];
	const ssize_t got = recv(from, bytes, sizeof bytes, 0);

	return got > 0 && give(to, bytes, (size_t)got);
}

static void turn(struct tunnel *tunnel)
{
	struct pollfd fds[] = {
		{ tunnel->listener, POLLIN, 0 },
		{ tunnel->client, POLLIN, 0 },
		{ tunnel->server, POLLIN, 0 },
	};
	bool goes_on = true;

	poll(fds, 3, -1);
	if (fds[0].revents) {
		take_client(tunnel);
		return;
	}
	if (fds[1].revents)
		goes_on = tunnel->server < 0 ? read_head(tunnel) :
					       pass(tunnel->client, tunnel->server);
	if (goes_on && fds[2].revents)
		goes_on = pass(tunnel->server, tunnel->client);
	if (!goes_on)
		hang_up(tunnel);
}

static void run(int listener, struct relay_seen *seen)
{
	struct tunnel tunnel = { .seen = seen, .listener = listener, .client = -1, .server = -1 };

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;;)
		turn(&tunnel);
}

void relay_start(struct relay *relay)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct relay_seen *seen = mmap(NULL, sizeof *seen, PROT_READ | PROT_WRITE,
				       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	socklen_t len = sizeof at;

	ck_assert_ptr_ne(seen, MAP_FAILED);
	ck_assert_int_eq(bind(listener, (struct sockaddr *)&at, sizeof at), 0);
	ck_assert_int_eq(listen(listener, 8), 0);
	ck_assert_int_eq(getsockname(listener, (struct sockaddr *)&at, &len), 0);
	snprintf(relay->url, sizeof relay->url, "http://127.0.0.1:%d", ntohs(at.sin_port));
	relay->seen = seen;
	relay->pid = fork();
	ck_assert_int_ge(relay->pid, 0);
	if (relay->pid == 0)
		run(listener, seen);
	close(listener);
}

void relay_stop(struct relay *relay)
{
	kill(relay->pid, SIGKILL);
	waitpid(relay->pid, NULL, 0);
	munmap((void *)(uintptr_t)relay->seen, sizeof *relay->seen);
}
