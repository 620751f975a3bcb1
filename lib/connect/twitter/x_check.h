/* SPDX-License-Identifier: MIT */
/* What the options of a v2 source must fulfil before anything starts, and what they lead to. */
#ifndef WEIR_X_CHECK_H
#define WEIR_X_CHECK_H

#include "connect/twitter/config.h"
#include "weir/x.h"

#define WEIR__X_PARAMETERS 9

/* Fills in what is zero, and makes empty texts absent ones. Copies nothing. */
void weir__x_default(struct weir_x_source_options *options);

/* The path of the stream. Never NULL once checked. */
const char *weir__x_path(const struct weir_x_source_options *options);

/* The name of each parameter that has an option; `ret[i]` is its value, NULL when not asked for. */
extern const char *const weir__x_parameter_names[WEIR__X_PARAMETERS];
void weir__x_parameter_values(const struct weir_x_source_options *options,
			      const char *ret[WEIR__X_PARAMETERS]);

/* The members that both dialects have, with this URL of the whole stream. Copies nothing. */
struct weir_twitter_source_options weir__x_shared(const struct weir_x_source_options *options,
						  const char *url);

/*
 * WEIR_OK, or an error that names the option, what is wrong with it and what is right. `url` is
 * that of the stream. Never shows a credential.
 */
enum weir_status weir__x_check(const struct weir_x_source_options *options, const char *url,
			       struct weir_error *err);

#endif
