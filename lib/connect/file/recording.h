/* SPDX-License-Identifier: MIT */
/*
 * Recordings: files that are under their names only when they are whole.
 *
 *     pattern ─ begin ─► NAME.part ─ lines … ─ finish ─► NAME      and from the start again
 */
#ifndef WEIR_FILE_RECORDING_H
#define WEIR_FILE_RECORDING_H

#include "connect/file/line_file.h"

/* Makes the next .part and opens it; one that was begun is opened again. As line_file_open. */
enum weir_status weir__recording_open(struct weir__line_file *file, struct weir_error *err);
/*
 * Cuts off what is not settled, syncs, renames and closes; one without a line is removed. Waits for
 * the disk. Nothing happens when none is begun.
 */
enum weir_status weir__recording_finish(struct weir__line_file *file, struct weir_error *err);

/*
 * What the pattern gives for this time (ms since 1970, UTC) and number. As snprintf: cut to `size`
 * with a final zero, answers the whole length. *ret_counts: it has a %N.
 */
size_t weir__recording_name(const char *pattern, uint64_t time_ms, uint64_t count, char *out,
			    size_t size, bool *ret_counts);

#endif
