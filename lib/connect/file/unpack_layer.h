/* SPDX-License-Identifier: MIT */
/* What unpack.c stands on: a layer reads from the one below it, the last from the file. */
#ifndef WEIR_FILE_UNPACK_LAYER_H
#define WEIR_FILE_UNPACK_LAYER_H

#include <archive.h>

#include "connect/file/packing.h"
#include "connect/file/unpack.h"
#include "connect/file/zstd_frames.h"
#include "wire/inflate.h"

#define WEIR__LAYER_IN_BYTES 65536

struct weir__layer {
	struct weir__unpack *unpack;
	struct weir__layer *below;	/* NULL: the file */
	enum weir__coding coding;
	bool is_archive;	/* may be a tar; else it may be compressed */
	bool is_over;		/* below it there is no more */
	bool has_more;		/* the decoder has output that there was no room for */
	bool has_header;	/* an archive's entry was begun */
	uint8_t *in;		/* WEIR__LAYER_IN_BYTES; NULL: not needed so far */
	size_t begin, end;	/* of what is in it and not used yet */
	uint64_t pulled;	/* bytes from below */
	struct weir__inflate inflate;
	struct archive *archive;
	struct weir__zstd_frames frames;
	bool is_frame_over;	/* zstd: the archive has had a whole frame */
	uint64_t before;	/* bytes of the frames before this one */
	const uint8_t *block;	/* the archive's own */
	size_t block_len;
};

struct weir__unpack {
	const struct weir_env *env;
	const char *path;
	weir__pull_fn *pull;
	void *from;
	bool may_wait;
	struct weir__layer outer, tar, inner;
	bool in_member;
	bool is_tar_over;	/* what follows only fills the file */
	struct weir_error below;	/* why an archive was given no more bytes */
	char member[256];
};

/* `is_archive` is kept. */
void weir__layer_begin(struct weir__unpack *unpack, struct weir__layer *layer,
		       struct weir__layer *below);
void weir__layer_end(struct weir__layer *layer);
/* From the first bytes. WEIR_END: there are none. */
enum weir_status weir__layer_recognise(struct weir__layer *layer, struct weir_error *err);
enum weir_status weir__layer_read(struct weir__layer *layer, uint8_t *out, size_t room,
				  size_t *ret_len, struct weir_error *err);
/* Says what libarchive found wrong, and where. */
enum weir_status weir__layer_damaged(struct weir__layer *layer, struct weir_error *err);

#endif
