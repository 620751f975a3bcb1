/* SPDX-License-Identifier: MIT */
/*
 * The folder that a file lies in: where the file went when it was rotated, and which one was
 * written to after it.
 *
 * Rotated files are those named as the file and a number or date behind it: x.log.1,
 * x.log-20200131, x.log.2020-01-31T10:00.
 */
#ifndef WEIR_FILE_SIBLINGS_H
#define WEIR_FILE_SIBLINGS_H

#include "connect/file/identity.h"
#include "weir/port.h"

/* A file of the folder, open for reading. */
struct weir__sibling {
	int fd;		/* yours; -1: there is none */
	char *path;	/* yours: weir__text_free with the port's env */
};

/*
 * All answer WEIR_OK with fd -1 when there is no such file, or the folder cannot be read; below
 * zero when out of memory. `path` is that of the file in its folder.
 */

/* The file with this device and inode, by any name, that holds what the identity says. */
enum weir_status weir__sibling_by_inode(weir_port *port, const char *path,
					const struct weir__identity *identity, uint64_t offset,
					struct weir__sibling *ret, struct weir_error *err);
/* A file whose name begins with that of `path`, and that holds it: the one that holds most. */
enum weir_status weir__sibling_by_print(weir_port *port, const char *path,
					const struct weir__identity *identity, uint64_t offset,
					struct weir__sibling *ret, struct weir_error *err);
/*
 * Of the rotated files, the one written to next behind the one with this identity. What is
 * compressed cannot be read, and is said (WARN). `skip`: files that were read already.
 */
enum weir_status weir__sibling_next(weir_port *port, const char *path,
				    const struct weir__identity *identity,
				    const struct weir__identity *skip, size_t skip_count,
				    struct weir__sibling *ret, struct weir_error *err);
void weir__sibling_release(weir_port *port, struct weir__sibling *sibling);

#endif
