/* SPDX-License-Identifier: MIT */
/* One attempt's request, made from the options: URL, form, headers, signature. */
#ifndef WEIR_TWITTER_REQUEST_H
#define WEIR_TWITTER_REQUEST_H

#include "connect/twitter/config.h"

#define WEIR__TWITTER_HEADERS 4

struct weir__twitter_request {
	char *url;
	char *body;		/* NULL: none */
	char *authorization;	/* NULL: anonymous */
	struct weir_property headers[WEIR__TWITTER_HEADERS];
	struct weir_http_request http;	/* points at all these: do not move */
};

/*
 * Every call has a nonce, a timestamp and so a signature of its own.
 *
 * wall_ms  the time to sign with, corrected by what the server's clock told
 * count    whether to ask for `count`
 */
enum weir_status weir__twitter_request_init(struct weir__twitter_request *request,
					    const struct weir__twitter_config *config,
					    uint64_t wall_ms, bool count, struct weir_error *err);
/* Wipes what is secret. Zeroed requests are fine. */
void weir__twitter_request_release(struct weir__twitter_request *request,
				   const struct weir_env *env);

#endif
