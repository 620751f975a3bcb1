/* SPDX-License-Identifier: MIT */
/*
 * The pages of an LMDB file, read without LMDB and without mapping it: whether all that LMDB would
 * rely on is sound, and where the batches are.
 */
#ifndef WEIR_CONNECT_SPOOL_PAGES_H
#define WEIR_CONNECT_SPOOL_PAGES_H

#include "connect/spool/batch.h"
#include "connect/spool/index.h"
#include "ground/error.h"

#define WEIR__PAGE_HEAD 16

struct weir__pages {
	/* Given. */
	const struct weir_env *env;
	int fd;
	uint64_t file_bytes;
	struct weir__index *index;	/* empty; filled, also as far as it gets */

	/* Found. */
	size_t page_size;		/* 0: neither first page says */
	bool has_state;
	struct weir__spool_state state;
	uint64_t damaged_heads;		/* batches in the index whose head is not sound */

	/* For the check alone. */
	struct weir__tree_walk *walk;
};

/*
 * WEIR_OK: sound · WEIR_ERR_CORRUPT: `err` says which page and what, remedy STOP · WEIR_ERR_NOMEM
 */
enum weir_status weir__pages_check(struct weir__pages *pages, struct weir_error *err);

#endif
