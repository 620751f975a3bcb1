/* SPDX-License-Identifier: MIT */
/*
 * The queue of batches in its file. LMDB makes each change whole or not at all; it is used for
 * changes only, by one thread at a time. Batches are read straight from the file: what is in the
 * index is not touched by LMDB until it is deleted.
 */
#ifndef WEIR_CONNECT_SPOOL_STORE_H
#define WEIR_CONNECT_SPOOL_STORE_H

#include "connect/spool/batch.h"
#include "connect/spool/disk.h"
#include "connect/spool/index.h"

struct weir__store {
	/* Given. */
	const struct weir_env *env;
	const char *dir;	/* lent */
	const char *name;	/* of the file in it; lent */
	uint64_t max_bytes;
	bool syncs;		/* each commit waits for the disk */

	struct weir__folder folder;
	int fd;
	char *path;
	void *mdb;		/* MDB_env */
	unsigned dbi;
	size_t page_size;
	uint64_t map_bytes;
	uint64_t used_bytes;	/* of batches; the writer's */
	unsigned lagging;	/* so many commits until what was deleted can be used again */
	struct weir__spool_state state;

	/* Found at the opening. */
	bool was_short;		/* the last write was cut short, and there is room again */
	bool was_salvaged;
	uint64_t missing;	/* numbers that are gone with what was damaged */
	uint64_t damaged_heads;
	struct weir_error damage;	/* why it was salvaged */
	char aside[64];		/* under which name the damaged file now is */
};

/* A batch to store; nothing, when `bytes` is NULL: the position alone. */
struct weir__commit {
	const uint8_t *bytes;
	size_t len;
	uint64_t first, count;
	uint64_t settled;	/* the first number not settled: what is before it may be deleted */
};

/*
 * Opens the folder and the file in it, which is made, checked, or salvaged; `index` gets what is
 * not settled. May take as long as reading the file takes. On failure nothing stays open.
 */
enum weir_status weir__store_open(struct weir__store *store, struct weir__index *index,
				  struct weir_error *err);
/* In one transaction: the batch, the position, and what is settled away. `ret_offset`: in the file.
 * WEIR_OK · WEIR_AGAIN: no space, which `err` says; nothing of the batch is stored, try it again ·
 * below zero: the file cannot be written, and must not be tried any more. */
enum weir_status weir__store_commit(struct weir__store *store, const struct weir__commit *commit,
				    uint64_t *ret_offset, struct weir_error *err);
/* Waits for the disk. */
enum weir_status weir__store_sync(struct weir__store *store, struct weir_error *err);
void weir__store_close(struct weir__store *store);

/* For the salvage: the same on a file of that name in a folder that is open. */
enum weir_status weir__store_attach(struct weir__store *store, bool is_new, struct weir_error *err);
void weir__store_detach(struct weir__store *store);
/* How much of max_bytes a batch of so many bytes takes. */
uint64_t weir__store_room(const struct weir__store *store, size_t len);

#endif
