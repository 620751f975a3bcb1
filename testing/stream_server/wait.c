/* SPDX-License-Identifier: MIT */
/*
 * Time, and waiting that ends early when it should.
 *
 * Guarantees: a wait never outlasts the server or the client; there is one thread per
 * connection, so a wait holds up nobody else. Called by stream.c and answer.c.
 */
#include "server.h"

#include <poll.h>
#include <time.h>

uint64_t clock_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

int64_t clock_wall_s(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return now.tv_sec;
}

enum wait_result wait_for(const struct server *server, int client_fd, int poke_fd, uint64_t us)
{
	struct pollfd fds[] = {
		{ .fd = server->quit_fd, .events = POLLIN },
		{ .fd = client_fd, .events = POLLRDHUP },
		{ .fd = poke_fd, .events = POLLIN },
	};
	const struct timespec timeout = {
		.tv_sec = (time_t)(us / 1000000),
		.tv_nsec = (int64_t)(us % 1000000) * 1000,
	};

	if (ppoll(fds, 3, &timeout, NULL) <= 0)
		return WAIT_TIMEOUT;
	return fds[0].revents || fds[1].revents ? WAIT_GONE : WAIT_POKED;
}
