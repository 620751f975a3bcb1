/* SPDX-License-Identifier: MIT */
/*
 * Children: the broker, the server and the job each in a process of its own, so that the job's
 * memory and time are its own. A child dies with its parent, and is never left behind.
 */
#include "demo.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define FIRST_LINE_MS 20000

static bool read_line(int fd, char *line, size_t size)
{
	size_t len = 0;

	while (len + 1 < size) {
		struct pollfd wait = { .fd = fd, .events = POLLIN };

		if (poll(&wait, 1, FIRST_LINE_MS) <= 0 || read(fd, line + len, 1) != 1)
			return false;
		if (line[len] == '\n')
			break;
		len++;
	}
	line[len] = '\0';
	return len > 0;
}

pid_t child_start(int (*run)(void *user, int out), void *user, char *line, size_t size)
{
	int ends[2];
	pid_t pid;

	if (pipe(ends) < 0)
		return -1;
	fflush(NULL);
	pid = fork();
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		close(ends[0]);
		_exit(run(user, ends[1]));
	}
	close(ends[1]);
	if (pid > 0 && line && !read_line(ends[0], line, size)) {
		child_stop(pid);
		pid = -1;
	}
	close(ends[0]);
	return pid;
}

int child_end(pid_t pid, int timeout_ms)
{
	const struct timespec tick = { .tv_nsec = 10 * 1000 * 1000 };
	int status;

	for (int waited = 0; waited < timeout_ms; waited += 10) {
		if (waitpid(pid, &status, WNOHANG) == pid)
			return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
		nanosleep(&tick, NULL);
	}
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	return 128;
}

void child_stop(pid_t pid)
{
	if (pid <= 0)
		return;
	kill(pid, SIGTERM);
	child_end(pid, 5000);
}
