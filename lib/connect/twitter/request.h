/* SPDX-License-Identifier: MIT */
/* Requests made from the options: URL, form or other body, headers, signature. */
#ifndef WEIR_TWITTER_REQUEST_H
#define WEIR_TWITTER_REQUEST_H

#include "connect/twitter/config.h"
#include "connect/twitter/dialect.h"

#define WEIR__TWITTER_HEADERS 4

struct weir__twitter_request {
	char *url;
	char *body;		/* NULL: none */
	char *authorization;	/* NULL: anonymous */
	struct weir_property headers[WEIR__TWITTER_HEADERS];
	struct weir_http_request http;	/* points at all these: do not move */
};

/*
 * That of an attempt. Every call has a nonce, a timestamp and so a signature of its own.
 *
 * wall_ms  the time to sign with, corrected by what the server's clock told
 * extra    the value of the dialect's extra parameter; 0: without it
 */
enum weir_status weir__twitter_request_init(struct weir__twitter_request *request,
					    const struct weir__twitter_config *config,
					    uint64_t wall_ms, int32_t extra,
					    struct weir_error *err);
/*
 * One beside the stream, with the same credentials: a POST of the JSON text `body`, or a GET where
 * that is NULL. Takes both texts, also when this fails.
 */
enum weir_status weir__twitter_request_json(struct weir__twitter_request *request,
					    const struct weir__twitter_config *config,
					    uint64_t wall_ms, char *url, char *body,
					    struct weir_error *err);
/* Wipes what is secret. Zeroed requests are fine. */
void weir__twitter_request_release(struct weir__twitter_request *request,
				   const struct weir_env *env);

#endif
