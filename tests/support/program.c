/* SPDX-License-Identifier: MIT */
/*
 * A program as a child process, read through a pipe.
 *
 * Guarantees: every wait is in poll() and has an end; the child gets SIGKILL when the test process
 * ends without it.
 */
#include "support/program.h"

#include <check.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PATIENCE_MS 20000

static uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* SIGUSR1 is blocked from the start: it waits until the program looks for it. */
void program_start(struct program *program, const char *path, const char *const *words)
{
	char *argv[32] = { strdup(path) };
	sigset_t signals;
	int out[2];

	for (int i = 0; words[i]; i++)
		argv[i + 1] = strdup(words[i]);
	ck_assert_int_eq(pipe(out), 0);
	program->len = 0;
	program->text[0] = '\0';
	sigemptyset(&signals);
	sigaddset(&signals, SIGUSR1);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	program->pid = fork();
	if (program->pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		dup2(out[1], STDOUT_FILENO);
		dup2(out[1], STDERR_FILENO);
		close(out[0]);
		close(out[1]);
		execv(path, argv);
		_exit(127);
	}
	sigprocmask(SIG_UNBLOCK, &signals, NULL);
	close(out[1]);
	program->out_fd = out[0];
	for (int i = 0; argv[i]; i++)
		free(argv[i]);
}

/* Reads on; false at the end of its output. */
bool program_read(struct program *program)
{
	struct pollfd wait = { .fd = program->out_fd, .events = POLLIN };
	ssize_t len;

	ck_assert_uint_lt(program->len + 1, sizeof program->text);
	ck_assert_msg(poll(&wait, 1, PATIENCE_MS) == 1, "nothing is said after:\n%.2000s", program->text);
	len = read(program->out_fd, program->text + program->len,
		   sizeof program->text - 1 - program->len);
	program->len += len > 0 ? (size_t)len : 0;
	program->text[program->len] = '\0';
	return len > 0;
}

/* Its exit status, when it has said all. */
int program_finish(struct program *program)
{
	int status;

	while (program_read(program))
		;
	close(program->out_fd);
	ck_assert_int_eq(waitpid(program->pid, &status, 0), program->pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int program_stop(struct program *program)
{
	const uint64_t from = now_ms();
	int status;

	kill(program->pid, SIGTERM);
	status = program_finish(program);
	ck_assert_uint_lt(now_ms() - from, PROGRAM_STOP_MS);
	return status;
}
