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

#endif
