/* SPDX-License-Identifier: MIT */
/*
 * What the files of the configuration share.
 *
 *     read.c      files into settings, ${…} undone
 *     eneco.c     the connectors' keys, the worker's, into weir.… keys: worker.c, jaas.c
 *     build.c     weir.… keys into a pipeline: parties.c, routes.c
 *     fill.c      one options struct of these
 *     check.c     what is built, told and tried instead of run: watch.c,
 *                 watch_route.c, watch_field.c
 *     table.c     the keys there are
 *     unknown.c   those there are not       nearest.c   the one that was meant, perhaps
 *     config.c    the public calls
 */
#ifndef WEIR_CONFIG_INTERNAL_H
#define WEIR_CONFIG_INTERNAL_H

#include "config/settings.h"
#include "config/value.h"
#include "kit/bytes.h"

struct weir__watch;

struct weir_config {
	struct weir_env env;
	struct weir_config_options options;
	struct weir__settings given;	/* as they came */
	struct weir__arena files;	/* names of the files */
	bool is_quiet;			/* notices come when it is applied */
	struct weir__watch *watch;	/* told of what is built; NULL: nobody */
};

void weir__config_notice(const weir_config *config, const char *format, ...) WEIR_PRINTF(2, 3);

/* config/eneco.c */
/*
 * Into `ret`: the settings of the weir.… family, those translated first, so that the application's
 * own count. Unknown keys are told.
 */
enum weir_status weir__config_translate(weir_config *config, struct weir__settings *ret,
					struct weir_error *err);

/* config/build.c */
/* The pipeline's own options, from weir.pipeline.…; takes those settings. */
enum weir_status weir__build_options(struct weir__settings *settings, struct weir__arena *arena,
				     struct weir_pipeline_options *options,
				     struct weir_error *err);
enum weir_status weir__build(weir_config *config, struct weir__settings *settings,
			     weir_pipeline *pipeline, struct weir_error *err);

/*
 * Puts the line in front of an error that some part's add has said: of the setting it speaks of,
 * among those that begin with `prefix`; of `first`, NULL is fine, when that is not to be told.
 */
void weir__build_place(const struct weir__settings *settings, const char *prefix,
		       const struct weir__setting *first, struct weir_error *err);

/* config/fill.c: from all settings that begin with `prefix`, "weir.sinks.kafka." */
enum weir_status weir__fill(struct weir__settings *settings, struct weir__arena *arena,
			    const char *prefix, const struct weir__key_table *table, void *options,
			    struct weir_error *err);

/* config/unknown.c */
/* A key of the weir.… family that nothing took: a notice. */
void weir__config_tell_unknown(const weir_config *config, const struct weir__setting *setting);
/* An error came first: those that nothing took, and nothing would have. */
void weir__config_tell_unread(const weir_config *config, const struct weir__settings *settings);

/* config/watch.c */
/* Tries those that were told of (config/watch.h), when all is built. */
enum weir_status weir__watch_end(struct weir__watch *watch, struct weir_error *err);

/* config/secret.c */
/* The text without the values that are not to be shown. Yours: weir__text_free. NULL: no memory. */
char *weir__secrets_hide(const weir_config *config, const char *text);
void weir__secrets_hide_error(const weir_config *config, struct weir_error *err);

/* config/read.c */
enum weir_status weir__config_read_file(weir_config *config, const char *path,
					struct weir_error *err);

/* config/nearest.c */
/* Of `count` words the one that is written most like `word`; NULL: none is near. */
const char *weir__nearest(const char *word, const char *const *words, size_t count);

#endif
