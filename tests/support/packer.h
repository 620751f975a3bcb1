/* SPDX-License-Identifier: MIT */
/* Packs bytes, so that tests can read them back: compressed, in a tar, both. */
#ifndef WEIR_TESTS_PACKER_H
#define WEIR_TESTS_PACKER_H

#include <stddef.h>

enum packer { PACK_PLAIN, PACK_GZIP, PACK_BZIP2, PACK_XZ, PACK_ZSTD, PACKERS };

const char *packer_name(enum packer packer);
/* One member of its kind. Yours: free it. */
char *pack_bytes(enum packer packer, const void *bytes, size_t len, size_t *ret_len);

struct packed_member {
	const char *name;	/* one that ends in '/' is a folder */
	const void *bytes;
	size_t len;
};

/* A tar of them, compressed. Yours: free it. */
char *pack_tar(enum packer packer, const struct packed_member *members, size_t count,
	       size_t *ret_len);

#endif
