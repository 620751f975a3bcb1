/* SPDX-License-Identifier: MIT */
/* What http.c asks of http_request.c and http_error.c. Included by these three only. */
#ifndef WEIR_WIRE_HTTP_INTERNAL_H
#define WEIR_WIRE_HTTP_INTERNAL_H

#include <curl/curl.h>

#include "ground/env.h"
#include "weir/http.h"

/*
 * Checks a request and sets everything about it on an easy handle. `ret_headers` must live as long
 * as the handle and is freed with curl_slist_free_all; `ret_where` names the peer in error texts,
 * `'HOST:PORT'` or `unix socket 'PATH'`, and is freed with weir__text_free. Both are NULL when this
 * fails.
 */
enum weir_status weir__http_request_apply(const struct weir_env *env, CURL *easy,
					  const struct weir_http_request *request,
					  struct curl_slist **ret_headers, char **ret_where,
					  struct weir_error *err);

#define WEIR__HTTP_UNIX "unix socket '"	/* how the name of such a peer begins */

/*
 * Says what a failed transfer means: `where` is the peer, `curl_text` what curl wrote about it
 * (CURL_ERROR_SIZE bytes, made printable here).
 */
void weir__http_explain(CURL *easy, CURLcode code, const char *where, char *curl_text,
			struct weir_error *err);

#endif
