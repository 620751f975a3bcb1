/* SPDX-License-Identifier: MIT */
/*
 * Compressed HTTP bodies, decoded piece by piece: all output that the input so far yields, at
 * once, in memory that does not grow. Thread: one at a time.
 */
#ifndef WEIR_WIRE_INFLATE_H
#define WEIR_WIRE_INFLATE_H

#include <zlib.h>

#include "ground/env.h"

enum weir__inflate_coding {
	WEIR__INFLATE_GZIP,	/* Content-Encoding: gzip */
	WEIR__INFLATE_DEFLATE	/* Content-Encoding: deflate, with zlib's wrapper or without */
};

/* Caller's storage; it must not move between init and release (zlib points back at it). */
struct weir__inflate {
	z_stream stream;
	enum weir__inflate_coding coding;
	bool at_start;	/* nothing of the present member has come */
};

/* `env` must live until the release. */
enum weir_status weir__inflate_init(struct weir__inflate *decoder, const struct weir_env *env,
				    enum weir__inflate_coding coding, struct weir_error *err);
void weir__inflate_release(struct weir__inflate *decoder);

/*
 * Decodes from `*in`, which moves behind what was used, into `out`
 * (of at least one byte).
 *
 * @return WEIR_OK: all input is used, and all it yields is written · WEIR_AGAIN: `out` is full and
 *         there may be more, or what is written is all there was before some damage: call again
 *         with the rest of the input (which may be nothing) · WEIR_ERR_CORRUPT, WEIR_ERR_NOMEM:
 *         for good; nothing was written or used
 */
enum weir_status weir__inflate_step(struct weir__inflate *decoder, const uint8_t **in,
				    size_t *in_len, uint8_t *out, size_t out_size,
				    size_t *ret_written, struct weir_error *err);

/* Whether a body that ends here is whole: nothing came yet, or the last member is complete. */
bool weir__inflate_is_whole(const struct weir__inflate *decoder);

#endif
