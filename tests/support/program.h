/* SPDX-License-Identifier: MIT */
/* Runs a program, reads what it says, stops it. What takes too long fails the test. */
#ifndef WEIR_TESTS_PROGRAM_H
#define WEIR_TESTS_PROGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define PROGRAM_STOP_MS 5000

struct program {
	pid_t pid;
	int out_fd;
	char text[1 << 16];	/* both of its outputs so far, terminated */
	size_t len;
};

/* With these words, up to a NULL. SIGUSR1 is blocked until the program unblocks it or waits. */
void program_start(struct program *program, const char *path, const char *const *words);
/* Reads on; false at the end of its output. */
bool program_read(struct program *program);
/* Its exit status, when it has said all; 128 and the signal that ended it. */
int program_finish(struct program *program);
/* The same after a SIGTERM, within PROGRAM_STOP_MS. */
int program_stop(struct program *program);

#endif
