/* SPDX-License-Identifier: MIT */
/* The two things weir takes from liboauth: percent-encoding and HMAC-SHA1. Thread: any. */
#ifndef WEIR_WIRE_LIBOAUTH_H
#define WEIR_WIRE_LIBOAUTH_H

#include "ground/env.h"

/*
 * Unreserved bytes (letters, digits, `-._~`) stay, every other byte becomes %XX in upper case.
 * NULL when out of memory; free with weir__text_free.
 */
char *weir__liboauth_escape(const struct weir_env *env, const char *text);

/*
 * The base64 of HMAC-SHA1, 28 characters. WEIR_ERR_NOMEM, or WEIR_ERR_UNSUPPORTED when the
 * cryptographic library underneath does not work. Free with weir__text_free.
 */
enum weir_status weir__liboauth_hmac_sha1(const struct weir_env *env, const char *key,
					  const char *text, char **ret_digest,
					  struct weir_error *err);

#endif
