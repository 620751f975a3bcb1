/* SPDX-License-Identifier: MIT */
/*
 * Guarantees: what is tried leaves nothing behind, and nothing is written beyond `size`: a path
 * that is too long is cut. Called by what examines files and spools before they are used.
 */
#include "ground/folder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int weir__folder_try(const char *path)
{
	const int fd = open(path, O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);

	if (fd >= 0) {
		close(fd);
		return 0;
	}
	if (errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL)
		return errno;
	return faccessat(AT_FDCWD, path, W_OK | X_OK, AT_EACCESS) == 0 ? 0 : errno;
}

void weir__folder_of(const char *path, char *ret, size_t size)
{
	size_t len = strlen(path);

	while (len > 1 && path[len - 1] == '/')
		len--;
	while (len > 0 && path[len - 1] != '/')
		len--;
	while (len > 1 && path[len - 1] == '/')
		len--;
	snprintf(ret, size, "%.*s", len ? (int)len : 1, len ? path : ".");
}
