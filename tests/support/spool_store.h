/* SPDX-License-Identifier: MIT */
/* A spool's store without a pipeline: written by hand, its file looked at after each commit. */
#ifndef WEIR_TESTS_SPOOL_STORE_H
#define WEIR_TESTS_SPOOL_STORE_H

#include "connect/spool/store.h"
#include "support/files.h"

#define SPOOL_KEPT 40	/* snapshots */

struct spool_bench {
	struct weir_env env;
	struct test_dir dir;
	struct weir__store store;
	struct weir__index index;
};

/* A file as it was after a commit, and what it holds. */
struct spool_snapshot {
	char *bytes;
	size_t len;
	uint64_t settled, next;
};

/* A folder of its own; then the store in it. */
void spool_bench_begin(struct spool_bench *bench);
enum weir_status spool_bench_open(struct spool_bench *bench, struct weir_error *err);
void spool_bench_close(struct spool_bench *bench);
/* A folder with this file in it, opened. */
enum weir_status spool_bench_open_bytes(struct spool_bench *bench, const char *bytes, size_t len,
					struct weir_error *err);

/* One batch of `count` messages (0: none); the position moves to `settled`. */
enum weir_status spool_bench_commit(struct spool_bench *bench, unsigned count, uint64_t settled);
/* The numbers that the store gives; yours. Aborts when one has a wrong body, or is out of order. */
uint64_t *spool_bench_read(const struct spool_bench *bench, size_t *ret_count,
			   bool *ret_has_holes);

/*
 * A spool's life of so many commits: batches of every size, the position following in leaps, so
 * that the file has trees of several levels, long lists of free pages, and old batches on them.
 * The last snapshots are that of commit N at N % SPOOL_KEPT; begin with them all zero.
 */
void spool_bench_live(struct spool_snapshot snapshots[SPOOL_KEPT], unsigned commits);
void spool_snapshots_free(struct spool_snapshot snapshots[SPOOL_KEPT]);

#endif
