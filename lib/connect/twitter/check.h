/* SPDX-License-Identifier: MIT */
/* What a Twitter source's options must fulfil before anything starts. */
#ifndef WEIR_TWITTER_CHECK_H
#define WEIR_TWITTER_CHECK_H

#include "weir/twitter.h"

/*
 * WEIR_OK, or an error that names the option, what is wrong with it and what is right. `options`
 * have their defaults (weir__twitter_config_default). Never shows a credential.
 */
enum weir_status weir__twitter_check(const struct weir_twitter_source_options *options,
				     struct weir_error *err);

/* Of those: url, method, user_agent, unix_socket, proxy and ca_file. Reads the ca_file. */
enum weir_status weir__twitter_check_connection(const struct weir_twitter_source_options *options,
						struct weir_error *err);

#endif
