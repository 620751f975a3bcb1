/* SPDX-License-Identifier: MIT */
/*
 * Which file a file is: its device and inode, and prints of what it holds, for a file can be
 * copied, replaced in place, or have the inode of one that was removed.
 */
#ifndef WEIR_FILE_IDENTITY_H
#define WEIR_FILE_IDENTITY_H

#include <sys/stat.h>

#include "weir/base.h"

#define WEIR__PRINT_BYTES 1024	/* most bytes a print is of */

struct weir__print {
	uint64_t end;		/* the byte of the file behind those it is of */
	uint64_t len;		/* 0: of none; it fits every file */
	uint64_t hash;		/* XXH3-64 */
};

struct weir__identity {
	uint64_t device;
	uint64_t inode;
	uint64_t modified_ns;		/* when it was last written to, as far as was seen */
	struct weir__print head;	/* of its first bytes */
	struct weir__print tail;	/* of those before a place up to which it was read */
};

/* The file's at hand; the tail is of what stands before `offset`. False: it cannot be looked at. */
bool weir__identity_take(struct weir__identity *ret, int fd, uint64_t offset);
/*
 * The same file, read up to `offset` by now: takes it again, for the head may have grown. False,
 * and left as it was, when it is not what it was.
 */
bool weir__identity_renew(struct weir__identity *identity, int fd, uint64_t offset);

/* Whether it has that device and inode. */
bool weir__identity_is_place(const struct weir__identity *identity, const struct stat *stat);
/* Whether it holds at least `offset` bytes, and what the prints say. */
bool weir__identity_fits(const struct weir__identity *identity, int fd, uint64_t offset);

/* st_mtim, in nanoseconds. */
uint64_t weir__modified_ns(const struct stat *stat);

#endif
