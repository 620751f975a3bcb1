/* SPDX-License-Identifier: MIT */
/*
 * The position of a file source, on disk: up to where in which file all is settled.
 *
 *     DIR/NAME.position    text, a line for each member and a checksum; always whole: written to
 *                          NAME.position.new, synced, renamed, and the folder synced
 *     DIR/NAME.lock        whoever has it locked has the position
 */
#ifndef WEIR_FILE_POSITION_H
#define WEIR_FILE_POSITION_H

#include "connect/file/identity.h"
#include "ground/env.h"

struct weir__place {
	struct weir__identity identity;
	uint64_t offset;
	size_t item;		/* of the list of files: which one; not on disk */
};

struct weir__position {
	const struct weir_env *env;
	char *dir;
	char *path;
	char *new_path;
	char *shown;		/* the path of the file that is read, as the position has it */
	char *loaded;		/* that of the one on disk, once it was loaded */
	char *text;		/* room to write it in */
	size_t text_size;
	int lock_fd;		/* -1: not open */
};

/* `dir` is made when it is not there; the lock is taken. On failure nothing is kept. */
enum weir_status weir__position_open(struct weir__position *position, const struct weir_env *env,
				     const char *dir, const char *name, const char *file,
				     struct weir_error *err);
void weir__position_close(struct weir__position *position);	/* not open is fine */

/* WEIR_OK · WEIR_END: there is none yet · below zero: it cannot be read, or is damaged. */
enum weir_status weir__position_load(struct weir__position *position,
				     struct weir__place *ret_place, struct weir_error *err);
/* Of one that was loaded: whether it is of the file by this path. Below zero: out of memory. */
enum weir_status weir__position_is_of(const struct weir__position *position, const char *file,
				      bool *ret, struct weir_error *err);
/*
 * A place in the file by this path. Waits for the disk. On failure the position that was there
 * stays, or this one is there.
 */
enum weir_status weir__position_save(struct weir__position *position, const char *file,
				     const struct weir__place *place, struct weir_error *err);

#endif
