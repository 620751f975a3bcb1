/* SPDX-License-Identifier: MIT */
/*
 * OAuth 1.0a on the server's side, written from RFC 5849 and from nothing the library uses, so
 * that a mistake of the library's is not made here a second time.
 *
 * Guarantees: a request is good only when key, token and method are the expected ones, the
 * signature is that of the request as it came, and the timestamp is within five minutes.
 * Called by answer.c, once per request.
 */
#include "signature.h"

#include "memory.h"

#include <ctype.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <strings.h>

static const char *skip_blanks(const char *at)
{
	while (*at == ' ' || *at == '\t' || *at == ',')
		at++;
	return at;
}

bool signature_parse_header(const char *header, struct param_list *ret_params)
{
	*ret_params = (struct param_list){ 0 };
	if (!header || strncasecmp(header, "OAuth ", 6) != 0)
		return false;
	header = skip_blanks(header + 6);
	while (*header) {
		const size_t name = strcspn(header, "=");
		const char *value = header + name + 2;
		const char *end;

		if (header[name] != '=' || header[name + 1] != '"')
			return false;
		end = strchr(value, '"');
		if (!end)
			return false;
		if (name != 5 || strncmp(header, "realm", 5) != 0)
			params_add(ret_params, header, name, value, (size_t)(end - value), false);
		header = skip_blanks(end + 1);
	}
	return true;
}

/* RFC 5849 3.4.1.2: lower case, and no port when it is the scheme's own. */
static char *base_url(const struct signed_request *request)
{
	const size_t path = strcspn(request->uri, "?#");
	const char *own_port = strcmp(request->scheme, "https") == 0 ? ":443" : ":80";
	size_t host = strlen(request->host);
	const size_t port = strlen(own_port);
	const size_t room = strlen(request->scheme) + host + path + 4;
	char *url = need(malloc(room));

	if (host > port && strcmp(request->host + host - port, own_port) == 0)
		host -= port;
	snprintf(url, room, "%s://%.*s", request->scheme, (int)host, request->host);
	for (char *at = url; *at; at++)
		*at = (char)tolower((unsigned char)*at);
	strncat(url, request->uri, path);
	return url;
}

static char *all_params(const struct signed_request *request, const struct param_list *header)
{
	const char *query = strchr(request->uri, '?');
	struct param_list all = { 0 };
	char *text;

	if (query)
		params_add_form(&all, query + 1, strcspn(query + 1, "#"));
	if (request->body)
		params_add_form(&all, request->body, request->body_len);
	params_add_all(&all, header);
	text = params_normalize(&all, "oauth_signature");
	params_clear(&all);
	return text;
}

char *signature_base(const struct signed_request *request, const struct param_list *header)
{
	char *url = base_url(request);
	char *params = all_params(request, header);
	char *coded_url = percent_encode(url, strlen(url));
	char *coded_params = percent_encode(params, strlen(params));
	const size_t room = strlen(request->method) + strlen(coded_url) + strlen(coded_params) + 3;
	char *base = need(malloc(room));
	size_t i;

	for (i = 0; request->method[i]; i++)
		base[i] = (char)toupper((unsigned char)request->method[i]);
	snprintf(base + i, room - i, "&%s&%s", coded_url, coded_params);
	free(url);
	free(params);
	free(coded_url);
	free(coded_params);
	return base;
}

/* 20 bytes to 28 characters: six whole groups, then two bytes and one `=`. */
static void write_base64(const uint8_t mac[20], char to[SIGNATURE_SIZE])
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	for (size_t i = 0; i < 7; i++) {
		const uint32_t third = i < 6 ? mac[3 * i + 2] : 0;
		const uint32_t group = (uint32_t)mac[3 * i] << 16 | (uint32_t)mac[3 * i + 1] << 8 |
				       third;

		for (size_t digit = 0; digit < 4; digit++)
			to[4 * i + digit] = digits[group >> (18 - 6 * digit) & 63];
	}
	to[27] = '=';
	to[28] = 0;
}

void signature_make(const char *base, const char *consumer_secret, const char *token_secret,
		    char ret_signature[SIGNATURE_SIZE])
{
	char *consumer = percent_encode(consumer_secret, strlen(consumer_secret));
	char *token = percent_encode(token_secret, strlen(token_secret));
	const size_t room = strlen(consumer) + strlen(token) + 2;
	char *key = need(malloc(room));
	uint8_t mac[20] = { 0 };

	snprintf(key, room, "%s&%s", consumer, token);
	if (gnutls_hmac_fast(GNUTLS_MAC_SHA1, key, room - 1, base, strlen(base), mac) < 0) {
		fputs("stream_server: no HMAC-SHA1\n", stderr);
		exit(1);
	}
	write_base64(mac, ret_signature);
	free(consumer);
	free(token);
	free(key);
}

static bool has(const struct param_list *header, const char *name, const char *value)
{
	const struct param *param = params_find(header, name);

	return param && strcmp(param->value, value) == 0;
}

static bool complete(const struct param_list *header)
{
	static const char *const needed[] = {
		"oauth_consumer_key", "oauth_token",	 "oauth_signature_method",
		"oauth_timestamp",    "oauth_signature", "oauth_nonce",
	};

	for (size_t i = 0; i < sizeof needed / sizeof needed[0]; i++) {
		const struct param *param = params_find(header, needed[i]);

		if (!param || param->value_len == 0)
			return false;
	}
	return true;
}

static bool signature_equals(const struct signed_request *request,
			     const struct credentials *credentials, const struct param_list *header)
{
	const struct param *got = params_find(header, "oauth_signature");
	char *base = signature_base(request, header);
	char want[SIGNATURE_SIZE];

	signature_make(base, credentials->consumer_secret, credentials->token_secret, want);
	free(base);
	return got->value_len == SIGNATURE_SIZE - 1 &&
	       gnutls_memcmp(got->value, want, SIGNATURE_SIZE - 1) == 0;
}

static bool timely(const struct param_list *header, int64_t now_s)
{
	const char *text = params_find(header, "oauth_timestamp")->value;
	char *end;
	const long long then = strtoll(text, &end, 10);

	return *text >= '0' && *text <= '9' && *end == 0 && then - now_s <= SIGNATURE_TOLERANCE_S &&
	       now_s - then <= SIGNATURE_TOLERANCE_S;
}

enum signature_verdict signature_check(const struct signed_request *request,
				       const struct credentials *credentials, int64_t now_s,
				       struct param_list *ret_header)
{
	if (!signature_parse_header(request->authorization, ret_header) || !complete(ret_header))
		return SIGNATURE_MISSING;
	if (!has(ret_header, "oauth_consumer_key", credentials->consumer_key) ||
	    !has(ret_header, "oauth_token", credentials->token) ||
	    !has(ret_header, "oauth_signature_method", "HMAC-SHA1") ||
	    (params_find(ret_header, "oauth_version") && !has(ret_header, "oauth_version", "1.0")))
		return SIGNATURE_WRONG;
	if (!signature_equals(request, credentials, ret_header))
		return SIGNATURE_WRONG;
	return timely(ret_header, now_s) ? SIGNATURE_GOOD : SIGNATURE_TIME;
}
