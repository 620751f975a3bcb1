/* SPDX-License-Identifier: MIT */
/*
 * One layer of unpacking: recognises what it gets, and decodes it with zlib or libarchive.
 *
 * Guarantees: memory is bounded whatever comes in; gzip and zstd are read up to the last byte and
 * the last frame that they still give, the others up to the last stream that libarchive gives out
 * whole. Nothing waits but for the disk. Called by unpack.c.
 *
 * libarchive cannot be told "not now": with a pipe below, what needs it is refused. And it knows no
 * ends of zstd's frames, and would lose those before a damaged one: it is given one at a time.
 */
#include "connect/file/unpack_layer.h"

#include <archive_entry.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "ground/error.h"

/* ---- damage ---- */

/* Where in the file the reading is, as exactly as can be told. */
static uint64_t raw_offset(const struct weir__unpack *unpack)
{
	const struct weir__layer *layer = unpack->outer.coding == WEIR__CODING_NONE ? &unpack->tar
									      : &unpack->outer;
	const int64_t used = layer->archive ? archive_filter_bytes(layer->archive, -1) : 0;

	return used > 0 ? layer->before + (uint64_t)used
			: layer->pulled - (layer->end - layer->begin);
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

enum weir_status weir__layer_damaged(struct weir__layer *layer, struct weir_error *err)
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

static enum weir_status pull(struct weir__layer *layer, uint8_t *out, size_t room, size_t *ret_len,
			     struct weir_error *err)
{
	enum weir_status status;

	*ret_len = 0;
	if (layer->below)
		status = weir__layer_read(layer->below, out, room, ret_len, err);
	else
		status = layer->unpack->pull(layer->unpack->from, out, room, ret_len, err);
	layer->pulled += *ret_len;
	return status;
}

/* More bytes behind those at hand. WEIR_OK may be for none. */
static enum weir_status refill(struct weir__layer *layer, struct weir_error *err)
{
	enum weir_status status;
	size_t len;

	if (layer->begin == layer->end)
		layer->begin = layer->end = 0;
	if (!layer->in)
		layer->in = weir__alloc(layer->unpack->env, WEIR__LAYER_IN_BYTES);
	if (!layer->in)
		return weir__error_no_memory(err);
	if (layer->end == WEIR__LAYER_IN_BYTES) {
		memmove(layer->in, layer->in + layer->begin, layer->end - layer->begin);
		layer->end -= layer->begin;
		layer->begin = 0;
	}
	status = pull(layer, layer->in + layer->end, WEIR__LAYER_IN_BYTES - layer->end, &len, err);
	layer->end += len;
	return status;
}

static void forget_input(struct weir__layer *layer)
{
	layer->in = weir__free(layer->unpack->env, layer->in, WEIR__LAYER_IN_BYTES);
	layer->begin = layer->end = 0;
}

/* ---- decoders ---- */

/* So many of the bytes at hand are for the archive: none, when a header needs more of them. */
static size_t take_input(struct weir__layer *layer)
{
	const size_t there = layer->end - layer->begin;
	size_t len = there;

	if (layer->coding == WEIR__CODING_ZSTD && there > 0)
		len = weir__zstd_frames_take(&layer->frames, layer->in + layer->begin, there,
					     &layer->is_frame_over);
	return len == 0 && layer->is_over ? there : len;
}

static ssize_t feed(struct archive *archive, void *client, const void **ret_bytes)
{
	struct weir__layer *layer = client;
	struct weir__unpack *unpack = layer->unpack;
	enum weir_status status = WEIR_OK;
	size_t len = 0;

	while (!layer->is_frame_over) {
		len = take_input(layer);
		if (len > 0 || layer->is_over)
			break;
		status = refill(layer, &unpack->below);
		layer->is_over = status == WEIR_END;
		if (status != WEIR_OK && status != WEIR_END) {
			archive_set_error(archive, EIO, "no input");
			return -1;
		}
	}
	*ret_bytes = layer->in + layer->begin;
	layer->begin += len;
	return (ssize_t)len;
}

/* Of a pipe, gzip alone can be read as it comes. */
static enum weir_status refuse_waiting(const struct weir__layer *layer, struct weir_error *err)
{
	return weir_error_set(err, WEIR_ERR_UNSUPPORTED, WEIR_REMEDY_STOP,
			      "'%s' is %s and comes through a pipe: unpack it in front of that, or "
			      "name the file", layer->unpack->path,
			      layer->is_archive ? "a tar" : "compressed, not with gzip,");
}

static bool set_up_archive(struct weir__layer *layer)
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

static enum weir_status begin_decoding(struct weir__layer *layer, struct weir_error *err)
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
		return weir__layer_damaged(layer, err);
	return WEIR_OK;
}

static enum weir_status read_plain(struct weir__layer *layer, uint8_t *out, size_t room,
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

static enum weir_status read_gzip(struct weir__layer *layer, uint8_t *out, size_t room,
				  size_t *ret_len, struct weir_error *err)
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
static enum weir_status read_blocks(struct weir__layer *layer, uint8_t *out, size_t room,
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
			return weir__layer_damaged(layer, err);
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
static enum weir_status read_raw(struct weir__layer *layer, uint8_t *out, size_t room,
				 size_t *ret_len, struct weir_error *err)
{
	struct archive_entry *entry;
	int result = ARCHIVE_OK;

	if (!layer->has_header)
		result = archive_read_next_header(layer->archive, &entry);
	if (result == ARCHIVE_EOF)
		return WEIR_END;
	if (result < ARCHIVE_WARN)
		return weir__layer_damaged(layer, err);
	layer->has_header = true;
	return read_blocks(layer, out, room, ret_len, err);
}

/* At least so many bytes at hand, or all there are. */
static enum weir_status have(struct weir__layer *layer, size_t len, struct weir_error *err)
{
	enum weir_status status = WEIR_OK;

	while (status == WEIR_OK && !layer->is_over && layer->end - layer->begin < len)
		status = refill(layer, err);
	layer->is_over |= status == WEIR_END;
	return status == WEIR_END ? WEIR_OK : status;
}

/* One that holds what is not for readers of the text: an index, say. */
static enum weir_status skip_frame(struct weir__layer *layer, struct weir_error *err)
{
	enum weir_status status = WEIR_OK;

	while (status == WEIR_OK && !layer->is_frame_over) {
		status = have(layer, WEIR__ZSTD_FRAMES_LEAST, err);
		if (status == WEIR_OK && layer->begin == layer->end)
			return damaged(layer->unpack, "ends early", err);
		layer->begin += take_input(layer);
	}
	layer->is_frame_over = false;
	return status;
}

/* Behind a frame of zstd, and at first: the next, if there are bytes, which must be one. */
static enum weir_status begin_next_frame(struct weir__layer *layer, struct weir_error *err)
{
	enum weir_status status = have(layer, WEIR__ZSTD_FRAMES_LEAST, err);

	layer->is_frame_over = false;
	while (status == WEIR_OK && layer->begin < layer->end &&
	       weir__zstd_frames_is_skipped(layer->in + layer->begin, layer->end - layer->begin)) {
		status = skip_frame(layer, err);
		if (status == WEIR_OK)
			status = have(layer, WEIR__ZSTD_FRAMES_LEAST, err);
	}
	if (status != WEIR_OK)
		return status;
	if (layer->begin == layer->end)
		return WEIR_END;
	if (weir__coding_of_stream(layer->in + layer->begin, layer->end - layer->begin, true) !=
	    WEIR__CODING_ZSTD)
		return damaged(layer->unpack, "is damaged (no zstd frame)", err);
	layer->before = layer->pulled - (layer->end - layer->begin);
	archive_read_free(layer->archive);
	layer->archive = NULL;
	layer->has_header = false;
	return begin_decoding(layer, err);
}

/*
 * Whether a tar may be told by so few bytes. Of what comes through a pipe a line is enough, so that
 * it is not held up: a tar that comes there is refused in any case.
 */
static bool is_enough(const struct weir__layer *layer, const uint8_t *bytes, size_t len)
{
	return layer->unpack->may_wait && memchr(bytes, '\n', len);
}

enum weir_status weir__layer_recognise(struct weir__layer *layer, struct weir_error *err)
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
				 ? weir__coding_of_archive(bytes, len,
							   status == WEIR_END ||
								   is_enough(layer, bytes, len))
				 : weir__coding_of_stream(bytes, len, status == WEIR_END);
		if (coding != WEIR__CODING_UNKNOWN)
			break;
		status = refill(layer, err);
		if (status != WEIR_OK && status != WEIR_END)
			return status;
	}
	layer->coding = coding;
	return coding == WEIR__CODING_ZSTD && !layer->unpack->may_wait
		       ? begin_next_frame(layer, err)
		       : begin_decoding(layer, err);
}

static enum weir_status read_frames(struct weir__layer *layer, uint8_t *out, size_t room,
				    size_t *ret_len, struct weir_error *err)
{
	enum weir_status status;

	if (!layer->archive)	/* there was no first one, or nothing in front of it could be read */
		return begin_next_frame(layer, err);
	status = read_raw(layer, out, room, ret_len, err);
	return status == WEIR_END && layer->is_frame_over ? begin_next_frame(layer, err) : status;
}

enum weir_status weir__layer_read(struct weir__layer *layer, uint8_t *out, size_t room,
				  size_t *ret_len, struct weir_error *err)
{
	enum weir_status status = WEIR_OK;

	*ret_len = 0;
	if (layer->coding == WEIR__CODING_UNKNOWN)
		status = weir__layer_recognise(layer, err);
	if (status != WEIR_OK)
		return status;
	switch (layer->coding) {
	case WEIR__CODING_NONE:
		return read_plain(layer, out, room, ret_len, err);
	case WEIR__CODING_GZIP:
		return read_gzip(layer, out, room, ret_len, err);
	case WEIR__CODING_TAR:
		return read_blocks(layer, out, room, ret_len, err);
	case WEIR__CODING_ZSTD:
		return read_frames(layer, out, room, ret_len, err);
	default:
		return read_raw(layer, out, room, ret_len, err);
	}
}

void weir__layer_begin(struct weir__unpack *unpack, struct weir__layer *layer,
		       struct weir__layer *below)
{
	*layer = (struct weir__layer){ .unpack = unpack,
				 .below = below,
				 .is_archive = layer->is_archive };
}

void weir__layer_end(struct weir__layer *layer)
{
	forget_input(layer);
	if (layer->coding == WEIR__CODING_GZIP)
		weir__inflate_release(&layer->inflate);
	if (layer->archive)
		archive_read_free(layer->archive);
	weir__layer_begin(layer->unpack, layer, layer->below);
}
