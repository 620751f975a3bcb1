/* SPDX-License-Identifier: MIT */
/*
 * The bytes of a recording, whatever it is packed in: plain, gzip, bzip2, xz, zstd, and a tar of
 * such files, itself packed or not. What it is, its bytes say, not its name.
 *
 *     descriptor ─► gzip … or plain ─► tar or plain ─► gzip … or plain ─► bytes
 */
#ifndef WEIR_FILE_UNPACK_H
#define WEIR_FILE_UNPACK_H

#include "ground/env.h"

struct weir__unpack;

/*
 * Reads at most `room` bytes of the file itself. WEIR_OK: *ret_len of them, at least one ·
 * WEIR_AGAIN: none now · WEIR_END: none behind the last, so far · below zero.
 */
typedef enum weir_status weir__pull_fn(void *from, uint8_t *out, size_t room, size_t *ret_len,
				       struct weir_error *err);

enum weir__packing {
	WEIR__PACKING_UNKNOWN,	/* too few bytes were read to tell */
	WEIR__PACKING_PLAIN,
	WEIR__PACKING_PACKED
};

/* `path` is borrowed, for messages. `may_wait`: `pull` may answer AGAIN. NULL: out of memory. */
struct weir__unpack *weir__unpack_new(const struct weir_env *env, const char *path,
				      weir__pull_fn *pull, void *from, bool may_wait);
struct weir__unpack *weir__unpack_free(struct weir__unpack *unpack);	/* NULL is fine */

/*
 * WEIR_OK: *ret_len bytes, also none: call again · WEIR_AGAIN: none now · WEIR_END: no more; a
 * plain file may have more later · below zero: damage, WEIR_ERR_CORRUPT, behind all that could be
 * read; or what `pull` answered. *ret_is_next: the next bytes, if any, are another member's of the
 * tar; behind its last it is only read to the end of the file, whatever stands there.
 */
enum weir_status weir__unpack_read(struct weir__unpack *unpack, uint8_t *out, size_t room,
				   size_t *ret_len, bool *ret_is_next, struct weir_error *err);
/* Before the first read: the bytes are as they are, whatever they look like. */
void weir__unpack_set_plain(struct weir__unpack *unpack);
enum weir__packing weir__unpack_packing(const struct weir__unpack *unpack);

/* Whether a file that begins with these bytes, 512 or all it has, is packed in something. */
bool weir__unpack_is_packed(const uint8_t *bytes, size_t len);

#endif
