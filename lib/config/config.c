/* SPDX-License-Identifier: MIT */
/*
 * Configurations: the public calls.
 *
 * Guarantees: nothing is printed, no variable is read but through the application; a configuration
 * can be applied more than once. A secret leaves it only towards the one it is for: a pipeline that
 * is built holds its words until they are without.
 */
#include "weir/config.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "config/watch.h"
#include "engine/words.h"
#include "ground/error.h"
#include "ground/options.h"

weir_config *weir_config_new(const struct weir_config_options *given)
{
	struct weir_config_options options;
	struct weir_env env;
	weir_config *config;

	if (weir__options_read(given, &options, sizeof options, "weir_config_options", NULL) < 0)
		return NULL;
	env = weir__env_complete(options.env);
	config = weir__alloc(&env, sizeof *config);
	if (!config)
		return NULL;
	config->env = env;
	config->options = options;
	config->files.env = &config->env;
	weir__settings_init(&config->given, &config->env);
	return config;
}

weir_config *weir_config_free(weir_config *config)
{
	struct weir_env env;

	if (!config)
		return NULL;
	env = config->env;
	weir__settings_release(&config->given);
	weir__arena_release(&config->files);
	return weir__free(&env, config, sizeof *config);
}

void weir__config_notice(const weir_config *config, const char *format, ...)
{
	char text[512];
	va_list args;

	if (!config->options.notice || config->is_quiet)
		return;
	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	config->options.notice(config->options.user, text);
}

enum weir_status weir_config_read(weir_config *config, const char *path, struct weir_error *err)
{
	struct weir_error ignored;

	if (!path)
		return weir__error_invalid(err, "a configuration needs a path");
	return weir__config_read_file(config, path, err ? err : &ignored);
}

/* What is left of weir.pipeline.… belongs to a pipeline that is there already. */
static enum weir_status refuse_pipeline_keys(const struct weir__settings *settings,
					     struct weir_error *err)
{
	for (const struct weir__setting *at = settings->first; at; at = at->next)
		if (!at->is_used && strncmp(at->key, "weir.pipeline.", 14) == 0)
			return weir__settings_wrong(err, at, "options of the pipeline are for "
						    "weir_config_pipeline, which makes it");
	return WEIR_OK;
}

enum weir_status weir_config_apply(weir_config *config, weir_pipeline *pipeline,
				   struct weir_error *err)
{
	struct weir__settings settings;
	struct weir_error reason;
	enum weir_status status;

	weir__settings_init(&settings, &config->env);
	weir__pipeline_hold(pipeline);
	status = weir__config_translate(config, &settings, &reason);
	if (status == WEIR_OK)
		status = refuse_pipeline_keys(&settings, &reason);
	if (status == WEIR_OK)
		status = weir__build(config, &settings, pipeline, &reason);
	if (status < 0)
		weir__config_tell_unread(config, &settings);
	weir__settings_release(&settings);
	if (status < 0)
		weir__secrets_hide_error(config, &reason);
	weir__pipeline_say(pipeline, status < 0 ? &reason : NULL);
	if (status < 0 && err)
		*err = reason;
	return status;
}

/* The two halves: the pipeline with its options, then what goes into it. */
static enum weir_status make(weir_config *config, struct weir__settings *settings,
			     const struct weir_pipeline_options *base, weir_pipeline **ret,
			     struct weir_error *err)
{
	struct weir_pipeline_options options;
	struct weir__arena arena = { .env = &config->env };
	enum weir_status status;

	status = weir__options_read(base, &options, sizeof options, "weir_pipeline_options", err);
	options.size = sizeof options;
	if (!options.env)
		options.env = &config->env;
	if (status == WEIR_OK)
		status = weir__build_options(settings, &arena, &options, err);
	weir__arena_release(&arena);
	if (status < 0)
		return status;
	if (config->watch)
		weir__watch_pipeline(config->watch, &options);
	*ret = weir__pipeline_new_held(&options);
	if (!*ret)
		return weir__error_no_memory(err);
	if (weir_pipeline_error(*ret)->status < 0) {
		*err = *weir_pipeline_error(*ret);
		weir__build_place(settings, "weir.pipeline.", NULL, err);
		return err->status;
	}
	return weir__build(config, settings, *ret, err);
}

weir_pipeline *weir_config_pipeline(weir_config *config, const struct weir_pipeline_options *base,
				    struct weir_error *err)
{
	struct weir__settings settings;
	weir_pipeline *pipeline = NULL;
	struct weir_error reason;
	enum weir_status status;

	weir__settings_init(&settings, &config->env);
	status = weir__config_translate(config, &settings, &reason);
	if (status == WEIR_OK)
		status = make(config, &settings, base, &pipeline, &reason);
	if (status < 0)
		weir__config_tell_unread(config, &settings);
	weir__settings_release(&settings);
	if (status < 0)
		weir__secrets_hide_error(config, &reason);
	weir__pipeline_say(pipeline, status < 0 ? &reason : NULL);
	if (status == WEIR_OK)
		return pipeline;
	if (err)
		*err = reason;
	return weir_pipeline_free(pipeline);
}

enum weir_status weir_config_visit(weir_config *config, weir_config_visit_fn *visit, void *user,
				   struct weir_error *err)
{
	struct weir__settings settings;
	struct weir_error reason;
	enum weir_status status;

	weir__settings_init(&settings, &config->env);
	config->is_quiet = true;
	status = weir__config_translate(config, &settings, &reason);
	config->is_quiet = false;
	for (struct weir__setting *at = settings.first; at && status == WEIR_OK; at = at->next) {
		const struct weir__setting *last;

		if (at->is_used)
			continue;	/* told already, as the one that counts */
		last = weir__settings_take(&settings, at->key);
		visit(user, last->key, last->is_secret || weir__key_is_secret(last->key)
					       ? "(secret)"
					       : last->value);
	}
	weir__settings_release(&settings);
	if (status < 0)
		weir__secrets_hide_error(config, &reason);
	if (status < 0 && err)
		*err = reason;
	return status;
}

static void log_notice(void *user, const char *text)
{
	weir__log(user, WEIR_LOG_WARN, "config", "%s", text);
}

enum weir_status weir_config_load(weir_pipeline *pipeline, const char *const *paths,
				  size_t path_count, struct weir_error *err)
{
	const struct weir_env *env = weir_pipeline_env(pipeline);
	const struct weir_config_options options = { .size = sizeof options,
						     .env = env,
						     .notice = log_notice,
						     .user = (void *)(uintptr_t)env };
	weir_config *config = weir_config_new(&options);
	enum weir_status status = WEIR_OK;
	struct weir_error reason;

	if (!config)
		status = weir__error_no_memory(&reason);
	for (size_t i = 0; i < path_count && status == WEIR_OK; i++)
		status = weir_config_read(config, paths[i], &reason);
	if (status == WEIR_OK)
		status = weir_config_apply(config, pipeline, &reason);
	weir_config_free(config);
	if (status == WEIR_OK)
		return WEIR_OK;
	weir_pipeline_fail(pipeline, &reason);
	if (err)
		*err = reason;
	return status;
}
