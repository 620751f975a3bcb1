/* SPDX-License-Identifier: MIT */
/* The default transport behind include/weir/http.h: libcurl, driven by the pipeline's own loop. */
#ifndef WEIR_WIRE_HTTP_H
#define WEIR_WIRE_HTTP_H

#include "weir/http.h"

/*
 * A transport without an exchange. `env` is copied, NULL is fine; ret->ops->free(ret->self) frees
 * it. WEIR_ERR_UNSUPPORTED: the libcurl at hand cannot be initialised safely.
 */
enum weir_status weir__http_curl_new(const struct weir_env *env, struct weir_http *ret,
				     struct weir_error *err);

/* Whether libcurl can make something of a proxy: what it says of another has the password in it. */
enum weir_status weir__http_check_proxy(const char *proxy, struct weir_error *err);

#endif
