/* SPDX-License-Identifier: MIT */
/*
 * Unpacking: three layers, each of which reads from the one below it.
 *
 * Guarantees: memory is bounded whatever comes in, so that a bomb is only a long file; a damaged
 * or cut gzip file is read up to the last byte that it still gives, and checked by its sums (zlib
 * does that, libarchive neither); the others up to the last block that libarchive gives out whole.
 * Nothing waits but for the disk. Called by the file source.
 *
 * libarchive cannot be told "not now": with a pipe below, what needs it is refused.
 */
#include "connect/file/unpack.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "connect/file/packing.h"
#include "ground/error.h"
#include "wire/inflate.h"

#define IN_BYTES 65536

struct layer {
	struct weir__unpack *unpack;
	struct layer *below;	/* NULL: the file */
	enum weir__coding coding;
	bool is_archive;	/* may be a tar; else it may be compressed */
	bool is_over;		/* below it there is no more */
	bool has_more;		/* the decoder has output that there was no room for */
	bool has_header;	/* an archive's entry was begun */
	uint8_t *in;		/* IN_BYTES, once it is needed; [begin, end): not used yet */
	size_t begin, end;
	uint64_t pulled;	/* bytes from below */
	struct weir__inflate inflate;
	struct archive *archive;
	const uint8_t *block;	/* the archive's own */
	size_t block_len;
};

struct weir__unpack {
	const struct weir_env *env;
	const char *path;
	weir__pull_fn *pull;
	void *from;
	bool may_wait;
	struct layer outer, tar, inner;
	bool in_member;
	struct weir_error below;	/* why an archive was given no more bytes */
	char member[256];
};

static enum weir_status layer_read(struct layer *layer, uint8_t *out, size_t room,
				   size_t *ret_len, struct weir_error *err);

/* ---- damage ---- */

/* Where in the file the reading is, as exactly as can be told. */
static uint64_t raw_offset(const struct weir__unpack *unpack)
{
	const struct layer *layer = unpack->outer.coding == WEIR__CODING_NONE ? &unpack->tar
									      : &unpack->outer;
	const int64_t used = layer->archive ? archive_filter_bytes(layer->archive, -1) : 0;

	return used > 0 ? (uint64_t)used : layer->pulled - (layer->end - layer->begin);
}

static enum weir_status damaged(const struct weir__unpack *unpack, const char *why,
				struct weir_error *err)
{
	const bool has_member = unpack->in_member;

	return weir_error_set(err, WEIR_ERR_CORRUPT, WEIR_REMEDY_STOP,
			      "'%s' %s at byte %llu%s%s%s", unpack->path, why,
			      (unsigned long long)raw_offset(unpack),
			      has_member ? ", in its member '" : "",
			      has_member ? unpack->member : "", has_member ? "'" : "");
}

static enum weir_status damaged_archive(struct layer *layer, struct weir_error *err)
{
	struct weir__unpack *unpack = layer->unpack;
	const char *text = archive_error_string(layer->archive);
	char why[200];

	if (unpack->below.status < 0) {
		*err = unpack->below;
		return err->status;
	}
	snprintf(why, sizeof why, "%s (%.150s)",
		 layer->is_over ? "ends early, or is damaged," : "is damaged",
		 text ? text : "no reason is given");
	return damaged(unpack, why, err);
}

/* ---- a layer's input ---- */

static enum weir_status pull(struct layer *layer, uint8_t *out, size_t room, size_t *ret_len,
			     struct weir_error *err)
{
	enum weir_status status;

	*ret_len = 0;
	if (layer->below)
		status = layer_read(layer->below, out, room, ret_len, err);
	else
		status = layer->unpack->pull(layer->unpack->from, out, room, ret_len, err);
	layer->pulled += *ret_len;
	return status;
}

/* More bytes behind those at hand. WEIR_OK may be for none. */
static enum weir_status refill(struct layer *layer, struct weir_error *err)
{
	enum weir_status status;
	size_t len;

	if (layer->begin == layer->end)
		layer->begin = layer->end = 0;
	if (!layer->in)
		layer->in = weir__alloc(layer->unpack->env, IN_BYTES);
	if (!layer->in)
		return weir__error_no_memory(err);
	status = pull(layer, layer->in + layer->end, IN_BYTES - layer->end, &len, err);
	layer->end += len;
	return status;
}

static void forget_input(struct layer *layer)
{
	layer->in = weir__free(layer->unpack->env, layer->in, IN_BYTES);
	layer->begin = layer->end = 0;
}

/* ---- decoders ---- */

static ssize_t feed(struct archive *archive, void *client, const void **ret_bytes)
{
	struct layer *layer = client;
	struct weir__unpack *unpack = layer->unpack;
	enum weir_status status = WEIR_OK;
	size_t len;

	while (layer->begin == layer->end && status == WEIR_OK && !layer->is_over)
		status = refill(layer, &unpack->below);
	if (status == WEIR_END)
		layer->is_over = true;
	else if (status != WEIR_OK) {
		archive_set_error(archive, EIO, "no input");
		return -1;
	}
	*ret_bytes = layer->in + layer->begin;
	len = layer->end - layer->begin;
	layer->begin = layer->end;
	return (ssize_t)len;
}

/* Of a pipe, gzip alone can be read as it comes. */
static enum weir_status refuse_waiting(const struct layer *layer, struct weir_error *err)
{
	return weir_error_set(err, WEIR_ERR_UNSUPPORTED, WEIR_REMEDY_STOP,
			      "'%s' is %s and comes through a pipe: unpack it in front of that, or "
			      "name the file", layer->unpack->path,
			      layer->is_archive ? "a tar" : "compressed, not with gzip,");
}

static bool set_up_archive(struct layer *layer)
{
	struct archive *archive = layer->archive;

	if (layer->is_archive)
		return archive_read_support_format_tar(archive) == ARCHIVE_OK;
	return archive_read_support_format_raw(archive) == ARCHIVE_OK &&
	       archive_read_support_format_empty(archive) == ARCHIVE_OK &&
	       archive_read_support_filter_bzip2(archive) == ARCHIVE_OK &&
	       archive_read_support_filter_xz(archive) == ARCHIVE_OK &&
	       archive_read_support_filter_zstd(archive) == ARCHIVE_OK;
}

static enum weir_status begin_decoding(struct layer *layer, struct weir_error *err)
{
	if (layer->coding == WEIR__CODING_NONE)
		return WEIR_OK;
	if (layer->coding == WEIR__CODING_GZIP)
		return weir__inflate_init(&layer->inflate, layer->unpack->env,
					  WEIR__INFLATE_GZIP, err);
	if (layer->unpack->may_wait)
		return refuse_waiting(layer, err);
	layer->archive = archive_read_new();
	if (!layer->archive || !set_up_archive(layer))
		return weir__error_no_memory(err);
	if (archive_read_open(layer->archive, layer, NULL, feed, NULL) != ARCHIVE_OK)
		return damaged_archive(layer, err);
	return WEIR_OK;
}

/* From the first bytes. WEIR_END: there are none. */
static enum weir_status recognise(struct layer *layer, struct weir_error *err)
{
	enum weir_status status = WEIR_OK;
	enum weir__coding coding;

	for (;;) {
		const uint8_t *bytes = layer->in ? layer->in + layer->begin : NULL;
		const size_t len = layer->end - layer->begin;

		if (status == WEIR_END && len == 0)
			return WEIR_END;
		coding = len == 0 ? WEIR__CODING_UNKNOWN
			 : layer->is_archive
				 ? weir__coding_of_archive(bytes, len, status == WEIR_END)
				 : weir__coding_of_stream(bytes, len, status == WEIR_END);
		if (coding != WEIR__CODING_UNKNOWN)
			break;
		status = refill(layer, err);
		if (status != WEIR_OK && status != WEIR_END)
			return status;
	}
	layer->coding = coding;
	return begin_decoding(layer, err);
}

static enum weir_status read_plain(struct layer *layer, uint8_t *out, size_t room,
				   size_t *ret_len, struct weir_error *err)
{
	const size_t there = layer->end - layer->begin;

	if (there == 0)
		return pull(layer, out, room, ret_len, err);
	*ret_len = there < room ? there : room;
	memcpy(out, layer->in + layer->begin, *ret_len);
	layer->begin += *ret_len;
	if (layer->begin == layer->end)
		forget_input(layer);
	return WEIR_OK;
}

static enum weir_status read_gzip(struct layer *layer, uint8_t *out, size_t room, size_t *ret_len,
				  struct weir_error *err)
{
	const uint8_t *from;
	enum weir_status status;
	char why[100];
	size_t left;

	if (layer->begin == layer->end && !layer->has_more && !layer->is_over) {
		status = refill(layer, err);
		layer->is_over = status == WEIR_END;
		if (status != WEIR_OK && status != WEIR_END)
			return status;
	}
	from = layer->in + layer->begin;
	left = layer->end - layer->begin;
	if (left == 0 && !layer->has_more && layer->is_over)
		return weir__inflate_is_whole(&layer->inflate)
			       ? WEIR_END
			       : damaged(layer->unpack, "ends early", err);
	status = weir__inflate_step(&layer->inflate, &from, &left, out, room, ret_len, err);
	layer->begin = layer->end - left;
	layer->has_more = status == WEIR_AGAIN;
	if (status >= 0 || status == WEIR_ERR_NOMEM)
		return status < 0 ? status : WEIR_OK;
	snprintf(why, sizeof why, "is damaged (%.80s)",
		 layer->inflate.stream.msg ? layer->inflate.stream.msg : "no gzip");
	return damaged(layer->unpack, why, err);
}

/* The archive's bytes as they come, block by block. */
static enum weir_status read_blocks(struct layer *layer, uint8_t *out, size_t room,
				    size_t *ret_len, struct weir_error *err)
{
	if (layer->block_len == 0) {
		const void *block = NULL;
		size_t len = 0;
		int64_t offset;
		const int result = archive_read_data_block(layer->archive, &block, &len, &offset);

		if (result == ARCHIVE_EOF)
			return WEIR_END;
		if (result < ARCHIVE_WARN || result == ARCHIVE_RETRY)
			return damaged_archive(layer, err);
		layer->block = block;
		layer->block_len = len;
	}
	*ret_len = layer->block_len < room ? layer->block_len : room;
	memcpy(out, layer->block, *ret_len);
	layer->block += *ret_len;
	layer->block_len -= *ret_len;
	return WEIR_OK;
}

/* A compressed file is an archive of one, which has no name. */
static enum weir_status read_raw(struct layer *layer, uint8_t *out, size_t room, size_t *ret_len,
				 struct weir_error *err)
{
	struct archive_entry *entry;
	int result = ARCHIVE_OK;

	if (!layer->has_header)
		result = archive_read_next_header(layer->archive, &entry);
	if (result == ARCHIVE_EOF)
		return WEIR_END;
	if (result < ARCHIVE_WARN)
		return damaged_archive(layer, err);
	layer->has_header = true;
	return read_blocks(layer, out, room, ret_len, err);
}

static enum weir_status layer_read(struct layer *layer, uint8_t *out, size_t room,
				   size_t *ret_len, struct weir_error *err)
{
	enum weir_status status = WEIR_OK;

	*ret_len = 0;
	if (layer->coding == WEIR__CODING_UNKNOWN)
		status = recognise(layer, err);
	if (status != WEIR_OK)
		return status;
	switch (layer->coding) {
	case WEIR__CODING_NONE:
		return read_plain(layer, out, room, ret_len, err);
	case WEIR__CODING_GZIP:
		return read_gzip(layer, out, room, ret_len, err);
	case WEIR__CODING_TAR:
		return read_blocks(layer, out, room, ret_len, err);
	default:
		return read_raw(layer, out, room, ret_len, err);
	}
}

/* ---- the layers together ---- */

static void begin_layer(struct weir__unpack *unpack, struct layer *layer, struct layer *below)
{
	*layer = (struct layer){ .unpack = unpack,
				 .below = below,
				 .is_archive = layer->is_archive };
}

static void end_layer(struct layer *layer)
{
	forget_input(layer);
	if (layer->coding == WEIR__CODING_GZIP)
		weir__inflate_release(&layer->inflate);
	if (layer->archive)
		archive_read_free(layer->archive);
	begin_layer(layer->unpack, layer, layer->below);
}

struct weir__unpack *weir__unpack_new(const struct weir_env *env, const char *path,
				      weir__pull_fn *pull_fn, void *from, bool may_wait)
{
	struct weir__unpack *unpack = weir__alloc(env, sizeof *unpack);

	if (!unpack)
		return NULL;
	*unpack = (struct weir__unpack){ .env = env, .path = path, .pull = pull_fn, .from = from,
					 .may_wait = may_wait };
	unpack->tar.is_archive = true;
	begin_layer(unpack, &unpack->outer, NULL);
	begin_layer(unpack, &unpack->tar, &unpack->outer);
	begin_layer(unpack, &unpack->inner, &unpack->tar);
	return unpack;
}

struct weir__unpack *weir__unpack_free(struct weir__unpack *unpack)
{
	if (!unpack)
		return NULL;
	end_layer(&unpack->inner);
	end_layer(&unpack->tar);
	end_layer(&unpack->outer);
	return weir__free(unpack->env, unpack, sizeof *unpack);
}

/* What is no plain file has no bytes. WEIR_END: no more members. */
static enum weir_status next_member(struct weir__unpack *unpack, bool *ret_is_next,
				    struct weir_error *err)
{
	struct layer *tar = &unpack->tar;
	struct archive_entry *entry;
	const int result = archive_read_next_header(tar->archive, &entry);
	const char *name;

	if (result == ARCHIVE_EOF)
		return WEIR_END;
	if (result < ARCHIVE_WARN || result == ARCHIVE_RETRY)
		return damaged_archive(tar, err);
	name = archive_entry_pathname(entry);
	snprintf(unpack->member, sizeof unpack->member, "%.200s", name ? name : "?");
	tar->block_len = 0;
	unpack->in_member = *ret_is_next = archive_entry_filetype(entry) == AE_IFREG;
	return WEIR_OK;
}

static enum weir_status read_member(struct weir__unpack *unpack, uint8_t *out, size_t room,
				    size_t *ret_len, struct weir_error *err)
{
	const enum weir_status status = layer_read(&unpack->inner, out, room, ret_len, err);

	if (status != WEIR_END)
		return status;
	end_layer(&unpack->inner);
	unpack->in_member = false;
	return WEIR_OK;
}

enum weir_status weir__unpack_read(struct weir__unpack *unpack, uint8_t *out, size_t room,
				   size_t *ret_len, bool *ret_is_next, struct weir_error *err)
{
	struct layer *tar = &unpack->tar;
	enum weir_status status = WEIR_OK;

	*ret_len = 0;
	*ret_is_next = false;
	if (tar->coding == WEIR__CODING_UNKNOWN)
		status = recognise(tar, err);
	if (status != WEIR_OK)
		return status;
	if (tar->coding != WEIR__CODING_TAR)
		return layer_read(tar, out, room, ret_len, err);
	if (!unpack->in_member)
		return next_member(unpack, ret_is_next, err);
	return read_member(unpack, out, room, ret_len, err);
}

enum weir__packing weir__unpack_packing(const struct weir__unpack *unpack)
{
	const enum weir__coding outer = unpack->outer.coding, tar = unpack->tar.coding;

	if (outer > WEIR__CODING_NONE || tar > WEIR__CODING_NONE)
		return WEIR__PACKING_PACKED;
	return outer && tar ? WEIR__PACKING_PLAIN : WEIR__PACKING_UNKNOWN;
}

bool weir__unpack_is_packed(const uint8_t *bytes, size_t len)
{
	return weir__coding_of_stream(bytes, len, true) != WEIR__CODING_NONE ||
	       weir__coding_of_archive(bytes, len, true) != WEIR__CODING_NONE;
}
