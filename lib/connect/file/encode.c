/* SPDX-License-Identifier: MIT */
/*
 * Compressing blocks, with libarchive.
 *
 * Guarantees: what is added is one member (gzip), stream (bzip2, xz) or frame (zstd), complete with
 * its sums, the same for the same bytes. On failure `out` holds some of it. Called by line_file.c.
 * Source of zstd's: RFC 8878 3.1.1.
 */
#include "connect/file/encode.h"

#include <archive.h>
#include <archive_entry.h>
#include <xxhash.h>

#include "ground/error.h"

#define ZSTD_DESCRIPTOR_AT 4	/* RFC 8878 3.1.1.1.1 */
#define ZSTD_HAS_SUM 4
#define ZSTD_SUM_BYTES 4

static const struct {
	int (*add)(struct archive *archive);
	const char *filter;
	const char *level;	/* of speed: a step of the pipeline waits for it */
} filters[] = {
	[WEIR_FILE_GZIP] = { archive_write_add_filter_gzip, "gzip", "6" },
	[WEIR_FILE_BZIP2] = { archive_write_add_filter_bzip2, "bzip2", "3" },
	[WEIR_FILE_XZ] = { archive_write_add_filter_xz, "xz", "1" },
	[WEIR_FILE_ZSTD] = { archive_write_add_filter_zstd, "zstd", "3" },
};

static la_ssize_t take(struct archive *archive, void *out, const void *bytes, size_t len)
{
	(void)archive;
	weir__bytes_add(out, bytes, len);
	return (la_ssize_t)len;
}

/* gzip's header has no time in it. */
static bool set_up(struct archive *archive, enum weir_file_compression compression,
		   struct weir__bytes *out)
{
	const char *filter = filters[compression].filter;

	if (archive_write_set_format_raw(archive) != ARCHIVE_OK ||
	    filters[compression].add(archive) != ARCHIVE_OK ||
	    archive_write_set_filter_option(archive, filter, "compression-level",
					    filters[compression].level) != ARCHIVE_OK)
		return false;
	if (compression == WEIR_FILE_GZIP)
		archive_write_set_filter_option(archive, filter, "timestamp", NULL);
	archive_write_set_bytes_per_block(archive, 0);
	return archive_write_open(archive, out, NULL, take, NULL) == ARCHIVE_OK;
}

static bool write_block(struct archive *archive, struct weir_slice block)
{
	struct archive_entry *entry = archive_entry_new();
	bool is_written;

	if (!entry)
		return false;
	archive_entry_set_filetype(entry, AE_IFREG);
	is_written = archive_write_header(archive, entry) == ARCHIVE_OK &&
		     archive_write_data(archive, block.data, block.len) == (la_ssize_t)block.len &&
		     archive_write_close(archive) == ARCHIVE_OK;
	archive_entry_free(entry);
	return is_written;
}

/* libarchive's frames have no sum of what is in them: it goes behind the last block. */
static void add_zstd_sum(struct weir__bytes *out, size_t frame, struct weir_slice block)
{
	const uint64_t sum = XXH64(block.data, block.len, 0);
	char *descriptor = out->data + frame + ZSTD_DESCRIPTOR_AT;

	if (out->has_failed || *descriptor & ZSTD_HAS_SUM)
		return;
	*descriptor = (char)(*descriptor | ZSTD_HAS_SUM);
	for (int i = 0; i < ZSTD_SUM_BYTES; i++)
		weir__bytes_add(out, &(char){ (char)(sum >> (8 * i)) }, 1);
}

enum weir_status weir__encode_block(enum weir_file_compression compression, struct weir_slice block,
				    struct weir__bytes *out, struct weir_error *err)
{
	struct archive *archive = archive_write_new();
	enum weir_status status = WEIR_OK;
	const size_t begin = out->len;
	const char *why;

	if (!archive)
		return weir__error_no_memory(err);
	if (!set_up(archive, compression, out) || !write_block(archive, block)) {
		why = archive_error_string(archive);
		status = weir_error_set(err, WEIR_ERR_IO, WEIR_REMEDY_STOP,
					"cannot compress with %s: %.200s",
					filters[compression].filter,
					why ? why : "no reason is given");
	} else if (compression == WEIR_FILE_ZSTD) {
		add_zstd_sum(out, begin, block);
	}
	archive_write_free(archive);
	return status == WEIR_OK && out->has_failed ? weir__error_no_memory(err) : status;
}
