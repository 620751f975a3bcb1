/* SPDX-License-Identifier: MIT */
/*
 * The owned options of a Twitter source.
 *
 * Guarantees: after init nothing of the caller's is referred to; after release no credential is
 * left in memory that was ours. Callers: source.c, once each in a source's life.
 */
#include "connect/twitter/config.h"

#include <string.h>

#include "connect/twitter/predicate.h"
#include "ground/error.h"
#include "wire/form.h"

#define TEXT(member) offsetof(struct weir_twitter_source_options, member)

/* The first five are wiped: the secrets, and the proxy, which may hold a password. */
static const size_t texts[] = {
	TEXT(consumer_key), TEXT(consumer_secret), TEXT(token), TEXT(token_secret), TEXT(proxy),
	TEXT(url), TEXT(method), TEXT(user_agent), TEXT(ca_file), TEXT(unix_socket),
};
#define TEXT_COUNT (sizeof texts / sizeof *texts)
#define WIPED_COUNT 5

const char *const weir__twitter_secret_names[WEIR__TWITTER_SECRETS] = {
	"consumer_key", "consumer_secret", "token", "token_secret",
};

static const char **text_at(struct weir_twitter_source_options *options, size_t index)
{
	return (const char **)(void *)((char *)options + texts[index]);
}

void weir__twitter_config_secrets(const struct weir_twitter_source_options *options,
				  const char *ret_secrets[WEIR__TWITTER_SECRETS])
{
	ret_secrets[0] = options->consumer_key;
	ret_secrets[1] = options->consumer_secret;
	ret_secrets[2] = options->token;
	ret_secrets[3] = options->token_secret;
}

bool weir__twitter_is_filter(const char *url)
{
	static const char end[] = "/filter.json";
	const size_t len = strcspn(url, "?#");

	return len >= sizeof end - 1 &&
	       memcmp(url + len - (sizeof end - 1), end, sizeof end - 1) == 0;
}

static void default_u64(uint64_t *value, uint64_t otherwise)
{
	if (*value == 0)
		*value = otherwise;
}

static void default_u32(uint32_t *value, uint32_t otherwise)
{
	if (*value == 0)
		*value = otherwise;
}

void weir__twitter_config_default(struct weir_twitter_source_options *options)
{
	for (size_t i = 0; i < TEXT_COUNT; i++)
		if (*text_at(options, i) && !**text_at(options, i))
			*text_at(options, i) = NULL;
	if (!options->url)
		options->url = WEIR_TWITTER_FILTER_URL;
	if (!options->method)
		options->method = weir__twitter_is_filter(options->url) ? "POST" : "GET";
	default_u64(&options->connect_ms, 10000);
	default_u64(&options->stall_ms, 90000);
	default_u64(&options->proven_ms, 5000);
	default_u64(&options->min_reconfigure_ms, 120000);
	if (options->max_message_bytes == 0)
		options->max_message_bytes = 4u << 20;
	default_u32(&options->max_phrases, 400);
	default_u32(&options->max_follow, 5000);
	default_u32(&options->max_boxes, 25);
}

static bool copy_texts(struct weir__twitter_config *config,
		       const struct weir_twitter_source_options *options)
{
	struct weir_twitter_source_options from = *options;

	for (size_t i = 0; i < TEXT_COUNT; i++) {
		const char *text = *text_at(&from, i);
		char *copy = weir__text_copy(config->env, text);

		if (text && !copy)
			return false;
		*text_at(&config->options, i) = copy;
	}
	if (config->options.user_agent)
		return true;
	config->options.user_agent = weir__text_format(config->env, "weir/%s", weir_version());
	return config->options.user_agent != NULL;
}

/* parameter_count stays what is allocated, so that a half-made copy is freed whole. */
static bool copy_parameters(struct weir__twitter_config *config,
			    const struct weir_twitter_source_options *options)
{
	struct weir_property *copies;

	if (options->parameter_count == 0)
		return true;
	copies = weir__alloc_array(config->env, options->parameter_count, sizeof *copies);
	if (!copies)
		return false;
	config->options.parameters = copies;
	config->options.parameter_count = options->parameter_count;
	for (size_t i = 0; i < options->parameter_count; i++) {
		copies[i].name = weir__text_copy(config->env, options->parameters[i].name);
		copies[i].value = weir__text_copy(config->env, options->parameters[i].value);
		if (!copies[i].name || !copies[i].value)
			return false;
	}
	return true;
}

enum weir_status weir__twitter_config_init(struct weir__twitter_config *config,
					   const struct weir__twitter_config *given,
					   struct weir_error *err)
{
	*config = *given;
	config->http = (struct weir_http){ NULL, NULL };
	for (size_t i = 0; i < TEXT_COUNT; i++)
		*text_at(&config->options, i) = NULL;
	config->options.parameters = NULL;
	config->options.parameter_count = 0;
	config->options.http = NULL;
	config->predicates = (struct weir_twitter_predicates){ .size = 0 };
	if (!copy_texts(config, &given->options) || !copy_parameters(config, &given->options) ||
	    !weir__twitter_copy_predicates(config->env, &given->predicates, &config->predicates)) {
		weir__twitter_config_release(config);
		return weir__error_no_memory(err);
	}
	config->http = given->http;
	return WEIR_OK;
}

static void free_text(const struct weir_env *env, const char *text, bool secret)
{
	char *own = (char *)(uintptr_t)text;

	if (secret)
		weir__form_forget(env, own);
	else
		weir__text_free(env, own);
}

void weir__twitter_config_release(struct weir__twitter_config *config)
{
	struct weir_twitter_source_options *options = &config->options;

	if (config->http.ops && config->http.ops->free)
		config->http.ops->free(config->http.self);
	for (size_t i = 0; i < TEXT_COUNT; i++)
		free_text(config->env, *text_at(options, i), i < WIPED_COUNT);
	for (size_t i = 0; i < options->parameter_count; i++) {
		free_text(config->env, options->parameters[i].name, false);
		free_text(config->env, options->parameters[i].value, true);
	}
	weir__free(config->env, (void *)(uintptr_t)options->parameters,
		   options->parameter_count * sizeof *options->parameters);
	weir__twitter_free_predicates(config->env, &config->predicates);
	*config = (struct weir__twitter_config){ .env = config->env };
}
