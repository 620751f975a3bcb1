/* SPDX-License-Identifier: MIT */
/*
 * The options of a source, owned: strings copied, defaults filled in, http transport taken.
 */
#ifndef WEIR_TWITTER_CONFIG_H
#define WEIR_TWITTER_CONFIG_H

#include "ground/env.h"
#include "weir/twitter.h"

#define WEIR__TWITTER_SECRETS 4

struct weir__twitter_dialect;

struct weir__twitter_config {
	const struct weir_env *env;
	const struct weir__twitter_dialect *dialect;
	/*
	 * Checked; they do not change, so that any thread may read them. Absent texts are NULL,
	 * never empty; `http` is not used: see below. Of a v2 source the members that both have;
	 * `token` alone is its bearer token, and what it asks for is in `parameters`.
	 */
	struct weir_twitter_source_options options;
	/* What is asked for; in `options` they are NULL. Thread: the pipeline's only. */
	struct weir_twitter_predicates predicates;
	uint32_t backfill_minutes;	/* v2: at most so many are asked for after a hole */
	bool finite;			/* the stream has an end, which is none of a connection */
	struct weir_http http;
};

/* Fills in what is zero, and makes empty texts absent ones. Copies nothing. */
void weir__twitter_config_default(struct weir_twitter_source_options *options);

/* `given` is borrowed, complete and checked; its `http` is taken on success only. */
enum weir_status weir__twitter_config_init(struct weir__twitter_config *config,
					   const struct weir__twitter_config *given,
					   struct weir_error *err);
/* Overwrites the secrets before it frees them. Half-made configs are fine. */
void weir__twitter_config_release(struct weir__twitter_config *config);

/* The four credentials, in the order of the options; NULL when there are none. */
void weir__twitter_config_secrets(const struct weir_twitter_source_options *options,
				  const char *ret_secrets[WEIR__TWITTER_SECRETS]);
extern const char *const weir__twitter_secret_names[WEIR__TWITTER_SECRETS];

/* Whether the path of a URL ends in filter.json: a stream that needs predicates. */
bool weir__twitter_is_filter(const char *url);

#endif
