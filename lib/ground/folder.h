/* SPDX-License-Identifier: MIT */
/* Folders: where a path lies, and whether a file could be made there. */
#ifndef WEIR_GROUND_FOLDER_H
#define WEIR_GROUND_FOLDER_H

#include <stddef.h>

/* Whether a file could be made in it: by one without a name, where there are such. 0, or errno. */
int weir__folder_try(const char *path);
/* The folder that a file or folder is in, "." for a bare name; cut to `size`, terminated. */
void weir__folder_of(const char *path, char *ret, size_t size);

#endif
