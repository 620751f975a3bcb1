/* SPDX-License-Identifier: MIT */
/*
 * A damaged spool's records, found without its trees: all of the file is looked through.
 */
#ifndef WEIR_CONNECT_SPOOL_SCAN_H
#define WEIR_CONNECT_SPOOL_SCAN_H

#include "connect/spool/pages.h"

/* Records that lie one behind the other, with consecutive numbers. */
struct weir__run {
	uint64_t first, end;	/* numbers; end: behind the last */
	uint64_t session, stored_ms;
	uint64_t offset, bytes;	/* in the file */
	uint64_t from, upto;	/* of them, those that count */
};

struct weir__salvaged {
	const struct weir_env *env;
	int fd;
	uint64_t file_bytes;
	size_t page_size;
	bool has_seed, has_state;
	bool is_blank;		/* nothing but zeroes in it */
	struct weir__spool_state state;	/* the latest; without one, what the batches say */
	struct weir__run *runs;	/* that have something that counts, in order */
	size_t count, size;
	uint64_t missing;	/* numbers between the position and the end that are not there */
	uint8_t *chunk;
};

/* Looks through the file of `pages`, whose check has failed. Release it in any case. */
enum weir_status weir__scan_file(struct weir__salvaged *salvaged, const struct weir__pages *pages,
				 struct weir_error *err);
void weir__scan_release(struct weir__salvaged *salvaged);
/*
 * Reads a run: `bytes` (of WEIR__BATCH_HEAD + run->bytes) as a batch, but for its head; 0 or an
 * errno.
 */
int weir__run_read(const struct weir__salvaged *salvaged, const struct weir__run *run,
		   uint8_t *bytes);

#endif
