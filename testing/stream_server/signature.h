/* SPDX-License-Identifier: MIT */
/* OAuth 1.0a signatures (HMAC-SHA1), as a server checks them. */
#ifndef WEIR_TESTING_SIGNATURE_H
#define WEIR_TESTING_SIGNATURE_H

#include "params.h"

#include <stdint.h>

#define SIGNATURE_SIZE 29	/* base64 of 20 bytes, and a zero */
#define SIGNATURE_TOLERANCE_S 300

/* Who may connect. */
struct credentials {
	const char *consumer_key;
	const char *consumer_secret;
	const char *token;
	const char *token_secret;
};

/* A request, as it came. */
struct signed_request {
	const char *method;
	const char *scheme;		/* "http" or "https" */
	const char *host;		/* the Host header */
	const char *uri;		/* path and query, still encoded */
	const char *body;		/* the form; NULL when it is none */
	size_t body_len;
	const char *authorization;	/* the header; NULL when there is none */
};

enum signature_verdict {
	SIGNATURE_GOOD,
	SIGNATURE_MISSING,	/* no OAuth header, or one that lacks something */
	SIGNATURE_WRONG,	/* another key or token, or the signature differs */
	SIGNATURE_TIME		/* right, but its timestamp is too far from now */
};

/* The pairs of an Authorization header, without realm. False when it is not an OAuth one. */
bool signature_parse_header(const char *header, struct param_list *ret_params);

/* The base string of RFC 5849 3.4.1 over query, body and header. Returns, free it. */
char *signature_base(const struct signed_request *request, const struct param_list *header);

/* The signature of a base string. */
void signature_make(const char *base, const char *consumer_secret, const char *token_secret,
		    char ret_signature[SIGNATURE_SIZE]);

/*
 * Checks a request against the only account, at `now_s` seconds since 1970.
 * `ret_header` has the header's pairs in any case; clear it.
 */
enum signature_verdict signature_check(const struct signed_request *request,
				       const struct credentials *credentials, int64_t now_s,
				       struct param_list *ret_header);

#endif
