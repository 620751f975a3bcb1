/* SPDX-License-Identifier: MIT */
/* What a Twitter source's options must fulfil before anything starts. */
#ifndef WEIR_TWITTER_CHECK_H
#define WEIR_TWITTER_CHECK_H

#include "weir/twitter.h"

/*
 * WEIR_OK, or an error that names the option, what is wrong with it and what is right. `options`
 * have their defaults (weir__twitter_config_default); the predicates were taken out of them
 * (weir__twitter_take_predicates). Never shows a credential.
 */
enum weir_status weir__twitter_check(const struct weir_twitter_source_options *options,
				     const struct weir_twitter_predicates *predicates,
				     struct weir_error *err);

/* ---- what the options of both dialects share ---- */

enum weir_status weir__twitter_check_http(const struct weir_http *http, const char *option,
					  struct weir_error *err);
enum weir_status weir__twitter_check_numbers(const struct weir_twitter_source_options *options,
					     struct weir_error *err);
/* `own` are names that have an option of their own; NULL behind the last. */
enum weir_status weir__twitter_check_parameters(const struct weir_property *parameters,
						size_t count, const char *const *own,
						struct weir_error *err);
/* White space or a control character. */
bool weir__twitter_has_blank(const char *text);
/* Of those: url, method, user_agent, unix_socket, proxy and ca_file. Reads the ca_file. */
enum weir_status weir__twitter_check_connection(const struct weir_twitter_source_options *options,
						struct weir_error *err);

#endif
