/* SPDX-License-Identifier: MIT */
/*
 * The options of a Twitter source, owned: strings copied, defaults filled in, http transport taken.
 */
#ifndef WEIR_TWITTER_CONFIG_H
#define WEIR_TWITTER_CONFIG_H

#include "ground/env.h"
#include "weir/twitter.h"

#define WEIR__TWITTER_SECRETS 4

struct weir__twitter_config {
	const struct weir_env *env;
	/* Checked. Absent texts are NULL, never empty; `http` is not used: see below. */
	struct weir_twitter_source_options options;
	struct weir_http http;
};

/* Fills in what is zero, and makes empty texts absent ones. Copies nothing. */
void weir__twitter_config_default(struct weir_twitter_source_options *options);

/* `options` are borrowed, complete and checked; `http` is taken on success only. */
enum weir_status weir__twitter_config_init(struct weir__twitter_config *config,
					   const struct weir_env *env,
					   const struct weir_twitter_source_options *options,
					   struct weir_http http, struct weir_error *err);
/* Overwrites the secrets before it frees them. Half-made configs are fine. */
void weir__twitter_config_release(struct weir__twitter_config *config);

/* The four credentials, in the order of the options; NULL when there are none. */
void weir__twitter_config_secrets(const struct weir_twitter_source_options *options,
				  const char *ret_secrets[WEIR__TWITTER_SECRETS]);
extern const char *const weir__twitter_secret_names[WEIR__TWITTER_SECRETS];

/* Whether the path of a URL ends in filter.json: a stream that needs predicates. */
bool weir__twitter_is_filter(const char *url);

#endif
