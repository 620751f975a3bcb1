/* SPDX-License-Identifier: MIT */
/**
 * Configuration files: pipelines from Java properties, and from what kafka-connect-twitter has.
 *
 * A configuration is a list of settings, key and value, read from files and set by calls; the last
 * of a key counts. Four families of keys are understood together:
 *
 *     weir.…              what the C options have, but for what is C alone (callbacks, transports, the
 *                         push source): docs/config.md
 *     twitter.…, topic    the connector of Eneco's kafka-connect-twitter, its file unchanged
 *     twitter.oauth.…     the connector of jcustenborder's, by its names
 *     bootstrap.servers, key.converter, producer.…    Kafka Connect's worker file
 *
 * A file is in the syntax of java.util.Properties, UTF-8 first, Latin-1 where it is not UTF-8; or
 * the JSON document of Connect's REST interface: {"name":…,"config":{…}}. Values are without the
 * blanks around them; of converters, those beside the connector count over the worker's, as in
 * Connect. In values, `${env:NAME}` and `${file:PATH}` stand for a variable and for a file's
 * content; what holds one, and the keys of credentials, are secrets: never shown, also where they
 * stand in the words of another error, from 4 bytes on.
 *
 * A configuration belongs to one thread at a time and is never NULL; `err` may be NULL everywhere
 * here.
 *
 * Limits: 4 MiB a file, 65,536 settings with 16 MiB of values in all, 64 bytes a name, `${file:…}` 8
 * deep and 1,000 in one value. Of all else there may be any number.
 */
#ifndef WEIR_CONFIG_H
#define WEIR_CONFIG_H

#include "check.h"
#include "pipeline.h"

#ifdef __cplusplus
extern "C" {
#endif

/** A configuration. Whoever has one frees it. Since: 0.1. */
typedef struct weir_config weir_config;

/** Options. Zero is the default everywhere. Since: 0.1. */
struct weir_config_options {
	size_t size;
	const struct weir_env *env;	/* borrowed, copied */
	/* What `${env:NAME}` stands for: getenv will do; lends, for the call. NULL: there are no
	 * variables, the library reads no environment. */
	const char *(*variable)(void *user, const char *name);
	/* Told of what is not wrong but not right either: a key nobody knows, one given twice. One
	 * line, lent, with its file and line in front. */
	void (*notice)(void *user, const char *text);
	void *user;		/* the first argument of both */
};

/**
 * An empty configuration.
 *
 * @param options  borrows; NULL: every default
 * @return yours, free it with weir_config_free; NULL: out of memory, or `options` cannot be read
 * Since: 0.1.
 */
WEIR_API weir_config *weir_config_new(const struct weir_config_options *options);

/** Frees it. NULL is fine. @return NULL. Since: 0.1. */
WEIR_API weir_config *weir_config_free(weir_config *config);

/**
 * Reads a file: what it sets counts over what was set before.
 *
 * @param path  borrows; at most 4 MiB are there
 * @return WEIR_OK · WEIR_ERR_IO: it cannot be read · WEIR_ERR_INVALID, naming file and line: it is
 *         neither properties nor such a document · WEIR_ERR_NOMEM
 * Since: 0.1.
 */
WEIR_API enum weir_status weir_config_read(weir_config *config, const char *path,
					   struct weir_error *err);

/**
 * Sets one key, as if at the end of a file.
 *
 * @param key, value  borrow
 * @return WEIR_OK · WEIR_ERR_NOMEM
 * Since: 0.1.
 */
WEIR_API enum weir_status weir_config_set(weir_config *config, const char *key, const char *value,
					  struct weir_error *err);

/**
 * Adds to a pipeline what the configuration says: sources, spools, sinks, windows of de-duplication,
 * routes, dead letters, in this order. Its weir.pipeline.… keys are of weir_config_pipeline only,
 * and refused here. When it fails, a part of it may have been added: free the pipeline
 * (weir_config_load fails it as well).
 *
 * @param pipeline  borrows; not started yet
 * @return WEIR_OK · WEIR_ERR_INVALID: `err` names file, line, key, and what would be right · what
 *         the pipeline failed with
 * Since: 0.1.
 */
WEIR_API enum weir_status weir_config_apply(weir_config *config, weir_pipeline *pipeline,
					    struct weir_error *err);

/**
 * A new pipeline, with its own options from the weir.pipeline.… keys and all that apply adds.
 *
 * @param base  borrows; options where the configuration sets none, and its callbacks; NULL: none
 * @return yours, free it with weir_pipeline_free; NULL: `err` says why
 * Since: 0.1.
 */
WEIR_API weir_pipeline *weir_config_pipeline(weir_config *config,
					     const struct weir_pipeline_options *base,
					     struct weir_error *err);

/**
 * Reads files and adds to a pipeline what they say, in one call: `${env:…}` is then unknown, and
 * notices go to the pipeline's log.
 *
 * @param pipeline  borrows; not started yet; fails with what went wrong
 * @param paths     borrows; read in this order
 * @return as weir_config_read and weir_config_apply
 * Since: 0.1.
 */
WEIR_API enum weir_status weir_config_load(weir_pipeline *pipeline, const char *const *paths,
					   size_t path_count, struct weir_error *err);

/** One setting as it counts, in weir's own keys, secrets masked; lent for the call. Since: 0.1. */
typedef void weir_config_visit_fn(void *user, const char *key, const char *value);

/**
 * Tells what the configuration comes to: every key that counts, those of other families translated
 * into weir's own.
 *
 * @return WEIR_OK · WEIR_ERR_INVALID: `err` names file, line, key · WEIR_ERR_NOMEM
 * Since: 0.1.
 */
WEIR_API enum weir_status weir_config_visit(weir_config *config, weir_config_visit_fn *visit,
					    void *user, struct weir_error *err);

/**
 * Says what the configuration would do, and does not do it: requests, topics, keys, formats, and
 * what can never come of its routes; then tries those who would be asked (weir/check.h).
 *
 * @param tell  gets the lines
 * @param user  its first argument
 * @return WEIR_OK, whatever was told · WEIR_ERR_INVALID: the configuration is wrong, and nothing
 *         was tried · WEIR_ERR_NOMEM
 * Since: 0.1.
 */
WEIR_API enum weir_status weir_config_check(weir_config *config, weir_check_fn *tell, void *user,
					    struct weir_error *err);

/**
 * One key of weir's own family, "weir.sources.NAME.track", with the values it takes, in words;
 * `value` NULL: a group of keys begins, and `key` is what they have in common. Lent for the call.
 * Since: 0.1.
 */
typedef void weir_config_key_fn(void *user, const char *key, const char *value, const char *help);

/** Tells every key there is. Thread: any. Since: 0.1. */
WEIR_API void weir_config_keys(weir_config_key_fn *visit, void *user);

#ifdef __cplusplus
}
#endif

#endif
