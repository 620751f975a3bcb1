/* SPDX-License-Identifier: MIT */
/*
 * The list of files.
 *
 * Guarantees: the order is that in which they were added, and that of bytes for those that fit a
 * pattern: the locale has no say in it. Called by the file source.
 */
#include "connect/file/list.h"

#include <glob.h>
#include <stdlib.h>
#include <string.h>

#include "ground/error.h"

#define FIRST_CAPACITY 8

static bool make_room(struct weir__list *list)
{
	const size_t capacity = list->capacity ? list->capacity * 2 : FIRST_CAPACITY;
	char **paths;

	if (list->count < list->capacity)
		return true;
	paths = weir__resize(list->env, list->paths, list->capacity * sizeof *paths,
			     capacity * sizeof *paths);
	if (!paths)
		return false;
	list->paths = paths;
	list->capacity = capacity;
	return true;
}

enum weir_status weir__list_add(struct weir__list *list, const char *path, struct weir_error *err)
{
	char *copy = make_room(list) ? weir__text_copy(list->env, path) : NULL;

	if (!copy)
		return weir__error_no_memory(err);
	list->paths[list->count++] = copy;
	return WEIR_OK;
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

enum weir_status weir__list_add_fitting(struct weir__list *list, const char *pattern,
					struct weir_error *err)
{
	const size_t before = list->count;
	glob_t found = { .gl_pathc = 0 };
	const int result = glob(pattern, GLOB_NOSORT, NULL, &found);
	enum weir_status status = WEIR_OK;

	if (result == GLOB_NOSPACE)
		status = weir__error_no_memory(err);
	else if (result != 0)
		status = weir__error_invalid(err, "no file fits '%s'", pattern);
	for (size_t i = 0; status == WEIR_OK && i < found.gl_pathc; i++)
		status = weir__list_add(list, found.gl_pathv[i], err);
	globfree(&found);
	if (status == WEIR_OK)
		qsort(list->paths + before, list->count - before, sizeof *list->paths, compare);
	return status;
}

void weir__list_release(struct weir__list *list)
{
	for (size_t i = 0; i < list->count; i++)
		weir__text_free(list->env, list->paths[i]);
	weir__free(list->env, list->paths, list->capacity * sizeof *list->paths);
	*list = (struct weir__list){ .env = list->env };
}
