/* SPDX-License-Identifier: MIT */
/*
 * Prints of files.
 *
 * Guarantees: reads at most two times WEIR__PRINT_BYTES, by pread: the place where the file is read
 * on does not move. A file that only grows goes on fitting its identity. Callers: what reads on in
 * files (reader, siblings, trail).
 */
#include "connect/file/identity.h"

#include <errno.h>
#include <unistd.h>
#include <xxhash.h>

uint64_t weir__modified_ns(const struct stat *stat)
{
	return (uint64_t)stat->st_mtim.tv_sec * 1000000000u + (uint64_t)stat->st_mtim.tv_nsec;
}

/* How many of the bytes are there. */
static size_t read_at(int fd, uint8_t *bytes, size_t len, uint64_t offset)
{
	size_t got = 0;

	while (got < len) {
		const ssize_t now = pread(fd, bytes + got, len - got, (off_t)(offset + got));

		if (now < 0 && errno == EINTR)
			continue;
		if (now <= 0)
			break;
		got += (size_t)now;
	}
	return got;
}

/* The print of at most `len` bytes from `begin` on: of those that are there. */
static struct weir__print take_print(int fd, uint64_t begin, uint64_t len)
{
	uint8_t bytes[WEIR__PRINT_BYTES];
	const size_t got = read_at(fd, bytes, len < sizeof bytes ? (size_t)len : sizeof bytes,
				   begin);

	return (struct weir__print){ .end = begin + got,
				     .len = got,
				     .hash = got ? XXH3_64bits(bytes, got) : 0 };
}

static uint64_t least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

bool weir__identity_take(struct weir__identity *ret, int fd, uint64_t offset)
{
	const uint64_t tail = least(offset, WEIR__PRINT_BYTES);
	struct stat stat;

	if (fstat(fd, &stat) < 0)
		return false;
	*ret = (struct weir__identity){
		.device = (uint64_t)stat.st_dev,
		.inode = (uint64_t)stat.st_ino,
		.modified_ns = weir__modified_ns(&stat),
		.head = take_print(fd, 0, WEIR__PRINT_BYTES),
		.tail = take_print(fd, offset - tail, tail),
	};
	return true;
}

bool weir__identity_renew(struct weir__identity *identity, int fd, uint64_t offset)
{
	struct weir__identity now;

	if (!weir__identity_take(&now, fd, offset) || now.tail.end < offset ||
	    now.head.len < identity->head.len || !weir__identity_fits(identity, fd, offset))
		return false;
	*identity = now;
	return true;
}

bool weir__identity_is_place(const struct weir__identity *identity, const struct stat *stat)
{
	return identity->device == (uint64_t)stat->st_dev &&
	       identity->inode == (uint64_t)stat->st_ino;
}

static bool has_print(int fd, const struct weir__print *print)
{
	const struct weir__print there = take_print(fd, print->end - print->len, print->len);

	return there.len == print->len && there.hash == print->hash;
}

bool weir__identity_fits(const struct weir__identity *identity, int fd, uint64_t offset)
{
	struct stat stat;

	return fstat(fd, &stat) == 0 && S_ISREG(stat.st_mode) &&
	       (uint64_t)stat.st_size >= offset && has_print(fd, &identity->head) &&
	       has_print(fd, &identity->tail);
}
