/* SPDX-License-Identifier: MIT */
/* Packing with libarchive. */
#include "support/packer.h"

#include <archive.h>
#include <archive_entry.h>
#include <check.h>
#include <stdlib.h>
#include <string.h>

static const struct {
	const char *name;
	int (*add)(struct archive *archive);
} packers[PACKERS] = {
	[PACK_PLAIN] = { "plain", archive_write_add_filter_none },
	[PACK_GZIP] = { "gzip", archive_write_add_filter_gzip },
	[PACK_BZIP2] = { "bzip2", archive_write_add_filter_bzip2 },
	[PACK_XZ] = { "xz", archive_write_add_filter_xz },
	[PACK_ZSTD] = { "zstd", archive_write_add_filter_zstd },
};

const char *packer_name(enum packer packer)
{
	return packers[packer].name;
}

static void add_member(struct archive *archive, const struct packed_member *member)
{
	struct archive_entry *entry = archive_entry_new();
	const size_t len = strlen(member->name);
	const int is_folder = len > 0 && member->name[len - 1] == '/';

	ck_assert_ptr_nonnull(entry);
	archive_entry_set_pathname(entry, member->name);
	archive_entry_set_filetype(entry, is_folder ? AE_IFDIR : AE_IFREG);
	archive_entry_set_perm(entry, 0644);
	archive_entry_set_size(entry, (int64_t)member->len);
	ck_assert_int_eq(archive_write_header(archive, entry), ARCHIVE_OK);
	archive_entry_free(entry);
	if (member->len)
		ck_assert_int_eq(archive_write_data(archive, member->bytes, member->len),
				 (int64_t)member->len);
}

static char *pack_with(enum packer packer, int (*set_format)(struct archive *),
		       const struct packed_member *members, size_t count, size_t *ret_len)
{
	struct archive *archive = archive_write_new();
	size_t size = 65536;
	char *out;

	for (size_t i = 0; i < count; i++)
		size += members[i].len + members[i].len / 2 + 4096;
	out = malloc(size);
	ck_assert(archive && out);
	ck_assert_int_eq(set_format(archive), ARCHIVE_OK);
	ck_assert_int_eq(packers[packer].add(archive), ARCHIVE_OK);
	archive_write_set_bytes_per_block(archive, 0);
	ck_assert_int_eq(archive_write_open_memory(archive, out, size, ret_len), ARCHIVE_OK);
	for (size_t i = 0; i < count; i++)
		add_member(archive, &members[i]);
	ck_assert_int_eq(archive_write_close(archive), ARCHIVE_OK);
	archive_write_free(archive);
	return out;
}

char *pack_bytes(enum packer packer, const void *bytes, size_t len, size_t *ret_len)
{
	const struct packed_member member = { "x", bytes, len };

	return pack_with(packer, archive_write_set_format_raw, &member, 1, ret_len);
}

char *pack_tar(enum packer packer, const struct packed_member *members, size_t count,
	       size_t *ret_len)
{
	return pack_with(packer, archive_write_set_format_pax_restricted, members, count, ret_len);
}
