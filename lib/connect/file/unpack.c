/* SPDX-License-Identifier: MIT */
/*
 * Unpacking: three layers, each of which reads from the one below it: what the file is compressed
 * with, a tar, what its members are compressed with.
 *
 * Guarantees: a bomb is only a long file; a damaged or cut file is read as far as it can be, and
 * the error names the file, its byte, and a tar's member. Called by the file source.
 */
#include "connect/file/unpack.h"

#include <archive_entry.h>
#include <stdio.h>

#include "connect/file/unpack_layer.h"

#define FILLER_BYTES 4096	/* of what stands behind a tar, in one call */

struct weir__unpack *weir__unpack_new(const struct weir_env *env, const char *path,
				      weir__pull_fn *pull_fn, void *from, bool may_wait)
{
	struct weir__unpack *unpack = weir__alloc(env, sizeof *unpack);

	if (!unpack)
		return NULL;
	*unpack = (struct weir__unpack){ .env = env, .path = path, .pull = pull_fn, .from = from,
					 .may_wait = may_wait };
	unpack->tar.is_archive = true;
	weir__layer_begin(unpack, &unpack->outer, NULL);
	weir__layer_begin(unpack, &unpack->tar, &unpack->outer);
	weir__layer_begin(unpack, &unpack->inner, &unpack->tar);
	return unpack;
}

struct weir__unpack *weir__unpack_free(struct weir__unpack *unpack)
{
	if (!unpack)
		return NULL;
	weir__layer_end(&unpack->inner);
	weir__layer_end(&unpack->tar);
	weir__layer_end(&unpack->outer);
	return weir__free(unpack->env, unpack, sizeof *unpack);
}

/* What is no plain file has no bytes. Behind the last the tar is over. */
static enum weir_status next_member(struct weir__unpack *unpack, bool *ret_is_next,
				    struct weir_error *err)
{
	struct weir__layer *tar = &unpack->tar;
	struct archive_entry *entry;
	const int result = archive_read_next_header(tar->archive, &entry);
	const char *name;

	if (result == ARCHIVE_EOF) {
		unpack->is_tar_over = *ret_is_next = true;
		return WEIR_OK;
	}
	if (result < ARCHIVE_WARN || result == ARCHIVE_RETRY)
		return weir__layer_damaged(tar, err);
	name = archive_entry_pathname(entry);
	snprintf(unpack->member, sizeof unpack->member, "%.200s", name ? name : "?");
	tar->block_len = 0;
	unpack->in_member = *ret_is_next = archive_entry_filetype(entry) == AE_IFREG;
	return WEIR_OK;
}

static enum weir_status read_member(struct weir__unpack *unpack, uint8_t *out, size_t room,
				    size_t *ret_len, struct weir_error *err)
{
	const enum weir_status status = weir__layer_read(&unpack->inner, out, room, ret_len, err);

	if (status != WEIR_END)
		return status;
	weir__layer_end(&unpack->inner);
	unpack->in_member = false;
	return WEIR_OK;
}

/*
 * Behind the mark that ends a tar: its blocks are filled up, and what it is compressed with has an
 * end of its own, which may be damaged.
 */
static enum weir_status pass_over(struct weir__unpack *unpack, uint8_t *out, size_t room,
				  struct weir_error *err)
{
	enum weir_status status = WEIR_END;
	size_t len;

	if (!unpack->tar.is_over)
		status = weir__layer_read(&unpack->outer, out,
					  room < FILLER_BYTES ? room : FILLER_BYTES, &len, err);
	unpack->tar.is_over = status == WEIR_END;
	return status;
}

enum weir_status weir__unpack_read(struct weir__unpack *unpack, uint8_t *out, size_t room,
				   size_t *ret_len, bool *ret_is_next, struct weir_error *err)
{
	struct weir__layer *tar = &unpack->tar;
	enum weir_status status = WEIR_OK;

	*ret_len = 0;
	*ret_is_next = false;
	if (tar->coding == WEIR__CODING_UNKNOWN)
		status = weir__layer_recognise(tar, err);
	if (status != WEIR_OK)
		return status;
	if (tar->coding != WEIR__CODING_TAR)
		return weir__layer_read(tar, out, room, ret_len, err);
	if (unpack->is_tar_over)
		return pass_over(unpack, out, room, err);
	if (!unpack->in_member)
		return next_member(unpack, ret_is_next, err);
	return read_member(unpack, out, room, ret_len, err);
}

void weir__unpack_set_plain(struct weir__unpack *unpack)
{
	unpack->outer.coding = unpack->tar.coding = WEIR__CODING_NONE;
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
