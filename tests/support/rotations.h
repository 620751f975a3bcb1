/* SPDX-License-Identifier: MIT */
/*
 * What can become of a file that is read, "log" in a folder, and what must come of it then.
 *
 * Before, it holds ROTATIONS_BEFORE, all of which was read.
 */
#ifndef WEIR_TESTS_ROTATIONS_H
#define WEIR_TESTS_ROTATIONS_H

#include "support/files.h"

#define ROTATIONS_BEFORE "a\nbb\n"

struct rotation {
	const char *name;
	void (*happen)(const struct test_dir *dir);
	const char *want;		/* a line for each message that comes now */
	const char *log;		/* what is said, when nobody was reading */
	const char *want_watched;	/* when the file was followed meanwhile; NULL: as `want` */
	const char *log_watched;	/* NULL: nothing, no warning either */
};

extern const struct rotation rotations[];
#define ROTATIONS 16	/* rows */

#endif
