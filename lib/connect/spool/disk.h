/* SPDX-License-Identifier: MIT */
/* A spool's folder, its lock, and reading without a map. */
#ifndef WEIR_CONNECT_SPOOL_DISK_H
#define WEIR_CONNECT_SPOOL_DISK_H

#include "ground/env.h"
#include "ground/error.h"

#define WEIR__SPOOL_FILE "queue.mdb"

struct weir__folder {
	const char *path;	/* lent */
	int fd;
	int lock_fd;
};

/*
 * Opens the folder for this process alone; `makes`: it is made when it is not there. On failure
 * nothing is open.
 */
enum weir_status weir__folder_open(struct weir__folder *folder, const char *path, bool makes,
				   struct weir_error *err);
void weir__folder_close(struct weir__folder *folder);

/* Reads all of it: 0, or an errno; EIO also for what lies behind the end. */
int weir__read_at(int fd, void *bytes, size_t len, uint64_t offset);
/* Reads what can be read; what cannot is zeroes. */
void weir__read_most(int fd, uint8_t *bytes, size_t len, uint64_t offset);
/* Writes a new file there; 0, or an errno: nothing is left of it then. */
int weir__file_put(const struct weir__folder *folder, const char *name, const void *bytes,
		   size_t len);
/* Whether it is a matter of space: what failed can be tried again when there is some. */
bool weir__is_full(int os_error);

#endif
