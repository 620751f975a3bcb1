/* SPDX-License-Identifier: MIT */
/*
 * What those who build a pipeline share.
 *
 *     build.c     all of it, in order; names and places
 *     parties.c   sources, spools, sinks, windows of de-duplication
 *     routes.c    routes, dead letters
 */
#ifndef WEIR_CONFIG_BUILD_H
#define WEIR_CONFIG_BUILD_H

#include "config/internal.h"

#define WEIR__KEY_BYTES 256	/* always enough: names are bounded */

/* Something that has a name: weir.SECTION.NAME. */
struct weir__item {
	struct weir__item *next;
	const char *name;
	const struct weir__setting *first;	/* for errors */
	bool is_number;
	uint64_t number;	/* of a name that is one */
	weir_source *source;
	weir_sink *sink;
};

struct weir__build {
	weir_config *config;
	struct weir__settings *settings;
	struct weir__arena arena;
	weir_pipeline *pipeline;
	struct weir__item *sources, *spools, *sinks, *dedups, *routes;
	struct weir_error *err;
};

/* ---- build.c ---- */

/* The setting weir.SECTION.NAME.KEY; NULL: there is none. */
struct weir__setting *weir__build_take(struct weir__build *build, const char *section,
				       const struct weir__item *item, const char *key);
/* The options struct of its table. */
enum weir_status weir__build_fill(struct weir__build *build, const struct weir__item *item,
				  const struct weir__key_table *table, void *options);
/*
 * The parts of one that have numbers, weir.SECTION.NAME.LIST.N.…, by rising N: an array of the
 * table's structs.
 */
enum weir_status weir__build_parts(struct weir__build *build, const char *section,
				   const struct weir__item *of, const char *list,
				   const struct weir__key_table *table, void **ret_parts,
				   size_t *ret_count);
/* What an …_add remembered in the pipeline, with the place of what it was made of. */
enum weir_status weir__build_failed(struct weir__build *build, const char *section,
				    const struct weir__item *item);
/* NULL: there is none. */
const struct weir__item *weir__build_source(const struct weir__build *build, const char *name);
const struct weir__item *weir__build_sink(const struct weir__build *build, const char *name);
/* The source that weir.SECTION.NAME.KEY names; not set: NULL, and well. */
enum weir_status weir__build_read_source(struct weir__build *build, const char *section,
					 const struct weir__item *item, const char *key,
					 const struct weir__item **ret);

/* ---- parties.c, routes.c ---- */

enum weir_status weir__build_add_source(struct weir__build *build, struct weir__item *item);
enum weir_status weir__build_add_spool(struct weir__build *build, struct weir__item *item);
enum weir_status weir__build_add_sink(struct weir__build *build, struct weir__item *item);
enum weir_status weir__build_add_dedup(struct weir__build *build, struct weir__item *item);
enum weir_status weir__build_add_route(struct weir__build *build, struct weir__item *item);
enum weir_status weir__build_set_dead_letters(struct weir__build *build);

#endif
