/* SPDX-License-Identifier: MIT */
/*
 * OAuth 1.0a with HMAC-SHA1 (RFC 5849): from a request and its keys to the Authorization header.
 * Nonce and time are handed in; both must be new in every attempt. Thread: any.
 */
#ifndef WEIR_WIRE_OAUTH1_H
#define WEIR_WIRE_OAUTH1_H

#include "ground/env.h"

#define WEIR__OAUTH1_NONCE_LEN 32

/* `token` and `token_secret` may be NULL: a request without a token. */
struct weir__oauth1_keys {
	const char *consumer_key;
	const char *consumer_secret;
	const char *token;
	const char *token_secret;
};

struct weir__oauth1_request {
	const char *method;		/* in any case; signed in upper case */
	const char *url;		/* absolute, with its query; a fragment is left out */
	const char *form_body;		/* NULL: none, or not application/x-www-form-urlencoded */
	const char *nonce;
	uint64_t timestamp_s;		/* since 1970, not 0 */
	const struct weir_property *extras;	/* oauth_callback, oauth_verifier, … */
	size_t extra_count;
	bool without_version;		/* leaves out oauth_version */
};

/* The header, and the steps to it, which tests compare. All but the header are secret. */
struct weir__oauth1_signed {
	char *parameters;
	char *base;
	char *key;
	char *signature;
	char *header;	/* `OAuth oauth_consumer_key="…", …`, names in order */
};

/*
 * WEIR_ERR_INVALID for a URL, form or key that cannot be signed; no error quotes any of them.
 * Wipe and free the result with weir__oauth1_signed_release.
 */
enum weir_status weir__oauth1_sign(const struct weir_env *env, const struct weir__oauth1_keys *keys,
				   const struct weir__oauth1_request *request,
				   struct weir__oauth1_signed *ret_signed, struct weir_error *err);
void weir__oauth1_signed_release(const struct weir_env *env, struct weir__oauth1_signed *result);

/* The same for callers who want the header only; free it with weir__text_free. */
enum weir_status weir__oauth1_header(const struct weir_env *env,
				     const struct weir__oauth1_keys *keys,
				     const struct weir__oauth1_request *request, char **ret_header,
				     struct weir_error *err);

/*
 * The base URL (scheme and host in lower case, default port dropped, path as sent), free with
 * weir__text_free; and the query, which lives as long as `url`.
 */
enum weir_status weir__oauth1_base_url(const struct weir_env *env, const char *url, char **ret_base,
				       struct weir_slice *ret_query, struct weir_error *err);

/* 32 hex digits and a zero, from 16 random bytes; false when there are none to be had. */
bool weir__oauth1_nonce(const struct weir_env *env, char ret_nonce[WEIR__OAUTH1_NONCE_LEN + 1]);

#endif
