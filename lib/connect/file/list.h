/* SPDX-License-Identifier: MIT */
/* The files that a source reads, one after the other. */
#ifndef WEIR_FILE_LIST_H
#define WEIR_FILE_LIST_H

#include "ground/env.h"

/* Zeroed but for `env`. */
struct weir__list {
	const struct weir_env *env;
	char **paths;
	size_t count, capacity;
};

enum weir_status weir__list_add(struct weir__list *list, const char *path, struct weir_error *err);
/* Every file whose path fits, in the order of the paths' bytes. None: WEIR_ERR_INVALID. */
enum weir_status weir__list_add_fitting(struct weir__list *list, const char *pattern,
					struct weir_error *err);
void weir__list_release(struct weir__list *list);

#endif
