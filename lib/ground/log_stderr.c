/* SPDX-License-Identifier: MIT */
/*
 * The log writer for small programs: the only place in the library that prints, and only when an
 * application hands it in as its logger.
 */
#include <stdio.h>

#include "weir/env.h"

void weir_log_to_stderr(void *user, enum weir_log_level level, const char *component,
			const char *text)
{
	static const char *const names[] = { "", "error", "warn", "info", "debug" };

	(void)user;
	fprintf(stderr, "weir %s [%s] %s\n", names[level <= WEIR_LOG_DEBUG ? level : 0], component,
		text);
}
