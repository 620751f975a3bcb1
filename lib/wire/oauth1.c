/* SPDX-License-Identifier: MIT */
/*
 * Signing by OAuth 1.0a, HMAC-SHA1 (RFC 5849, 3.4 and 3.5.1).
 *
 *     query, form body, oauth_… ──decode, encode, sort──▶ parameters
 *     METHOD & enc(base URL) & enc(parameters) ─────────▶ base
 *     enc(consumer secret) & enc(token secret) ─────────▶ key
 *     base64(HMAC-SHA1(key, base)) ─────────────────────▶ signature ──▶ header
 *
 * Guarantees: what is signed is what the receiver will decode, not the bytes as written; the same
 * input gives the same header; everything but the header is wiped before it is freed; no error
 * text quotes a key, the URL or the body. liboauth.c says what is liboauth's and what is not.
 * Callers: connectors, once per attempt.
 */
#include "wire/oauth1.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ground/error.h"
#include "wire/form.h"
#include "wire/liboauth.h"

#define SIGNATURE "oauth_signature"
#define OWN_MOST 7	/* oauth_… that every header may have, the signature included */

struct parameter {
	struct weir__form_field field;	/* encoded */
	bool own;			/* goes into the header */
};

struct parameters {
	const struct weir_env *env;
	struct parameter *items;
	size_t count;
	size_t size;
};

static void parameters_release(struct parameters *all)
{
	for (size_t n = 0; n < all->count; n++)
		weir__form_field_release(all->env, &all->items[n].field);
	weir__free(all->env, all->items, all->size * sizeof *all->items);
}

static size_t count_fields(struct weir_slice form)
{
	const char *chars = form.data;
	size_t count = 1;

	for (size_t n = 0; n < form.len; n++)
		count += chars[n] == '&';
	return count;
}

static enum weir_status add(struct parameters *all, const char *name, const char *value, bool own,
			    struct weir_error *err)
{
	struct parameter *item = &all->items[all->count];

	*item = (struct parameter){
		.field.name = weir__form_escape(all->env, name),
		.field.value = weir__form_escape(all->env, value),
		.own = own,
	};
	if (!item->field.name || !item->field.value) {
		weir__form_field_release(all->env, &item->field);
		return weir__error_no_memory(err);
	}
	all->count++;
	return WEIR_OK;
}

static enum weir_status add_form(struct parameters *all, struct weir_slice form, const char *what,
				 struct weir_error *err)
{
	struct weir__form_field field = { 0 };
	enum weir_status status;

	while ((status = weir__form_next(all->env, &form, what, &field, err)) == WEIR_OK) {
		if (strcmp(field.name, SIGNATURE) != 0)
			status = add(all, field.name, field.value, false, err);
		weir__form_field_release(all->env, &field);
		if (status < 0)
			return status;
	}
	return status == WEIR_END ? WEIR_OK : status;
}

static enum weir_status add_own(struct parameters *all, const struct weir__oauth1_keys *keys,
				const struct weir__oauth1_request *request, struct weir_error *err)
{
	char seconds[24];
	const struct weir_property own[] = {
		{ "oauth_consumer_key", keys->consumer_key },
		{ "oauth_nonce", request->nonce },
		{ "oauth_signature_method", "HMAC-SHA1" },
		{ "oauth_timestamp", seconds },
		{ "oauth_token", keys->token && *keys->token ? keys->token : NULL },
		{ "oauth_version", request->without_version ? NULL : "1.0" },
	};
	enum weir_status status = WEIR_OK;

	snprintf(seconds, sizeof seconds, "%" PRIu64, request->timestamp_s);
	for (size_t n = 0; n < sizeof own / sizeof *own && status == WEIR_OK; n++) {
		if (own[n].value)
			status = add(all, own[n].name, own[n].value, true, err);
	}
	for (size_t n = 0; n < request->extra_count && status == WEIR_OK; n++)
		status = add(all, request->extras[n].name, request->extras[n].value, true, err);
	return status;
}

/* By encoded name, then by encoded value; both are ASCII, so strcmp is the order of bytes. */
static int compare(const void *a, const void *b)
{
	const struct parameter *left = a;
	const struct parameter *right = b;
	const int by_name = strcmp(left->field.name, right->field.name);

	return by_name ? by_name : strcmp(left->field.value, right->field.value);
}

static void sort(struct parameters *all)
{
	qsort(all->items, all->count, sizeof *all->items, compare);
}

static enum weir_status collect(struct parameters *all, struct weir_slice query,
				const struct weir__oauth1_keys *keys,
				const struct weir__oauth1_request *request, struct weir_error *err)
{
	const struct weir_slice body = {
		.data = request->form_body,
		.len = request->form_body ? strlen(request->form_body) : 0,
	};
	enum weir_status status;

	all->size = count_fields(query) + count_fields(body) + OWN_MOST + request->extra_count;
	all->items = weir__alloc_array(all->env, all->size, sizeof *all->items);
	if (!all->items)
		return weir__error_no_memory(err);
	status = add_own(all, keys, request, err);
	if (status == WEIR_OK)
		status = add_form(all, query, "the URL's query", err);
	if (status == WEIR_OK)
		status = add_form(all, body, "the form body", err);
	if (status == WEIR_OK)
		sort(all);
	return status;
}

/* `a=1&b=2`; there is always at least one. */
static char *join(const struct parameters *all)
{
	size_t size = 0;
	char *text, *at;

	for (size_t n = 0; n < all->count; n++)
		size += strlen(all->items[n].field.name) + strlen(all->items[n].field.value) + 2;
	text = weir__alloc(all->env, size);
	if (!text)
		return NULL;
	at = text;
	for (size_t n = 0; n < all->count; n++) {
		if (n > 0)
			*at++ = '&';
		at = stpcpy(at, all->items[n].field.name);
		*at++ = '=';
		at = stpcpy(at, all->items[n].field.value);
	}
	return text;
}

/* `OAuth a="1", b="2"` from the header's own. */
static char *write_header(const struct parameters *all)
{
	const char *between = "OAuth ";
	size_t size = strlen(between) + 1 - strlen(", ");
	char *text, *at;

	for (size_t n = 0; n < all->count; n++) {
		const struct weir__form_field *field = &all->items[n].field;

		if (all->items[n].own)
			size += strlen(field->name) + strlen(field->value) + strlen("=\"\", ");
	}
	text = weir__alloc(all->env, size);
	at = text;
	for (size_t n = 0; text && n < all->count; n++) {
		if (!all->items[n].own)
			continue;
		at = stpcpy(stpcpy(at, between), all->items[n].field.name);
		at = stpcpy(stpcpy(stpcpy(at, "=\""), all->items[n].field.value), "\"");
		between = ", ";
	}
	return text;
}

/* `first&second`, or `METHOD&first&second`, with all but the method encoded. */
static char *join_escaped(const struct weir_env *env, const char *method, const char *first,
			  const char *second)
{
	struct weir__form_field escaped = {
		.name = weir__form_escape(env, first),
		.value = weir__form_escape(env, second),
	};
	const size_t method_len = method ? strlen(method) : 0;
	char *text = NULL;

	if (escaped.name && escaped.value)
		text = weir__text_format(env, "%s%s%s&%s", method ? method : "", method ? "&" : "",
					 escaped.name, escaped.value);
	for (size_t n = 0; text && n < method_len; n++) {
		if (text[n] >= 'a' && text[n] <= 'z')
			text[n] = (char)(text[n] - 'a' + 'A');
	}
	weir__form_field_release(env, &escaped);
	return text;
}

static bool is_method(const char *method)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

	return method && *method && method[strspn(method, letters)] == '\0';
}

static bool are_extras(const struct weir__oauth1_request *request)
{
	for (size_t n = 0; n < request->extra_count; n++) {
		const struct weir_property *extra = &request->extras[n];

		if (!extra->name || !extra->value || strncmp(extra->name, "oauth_", 6) != 0 ||
		    strcmp(extra->name, SIGNATURE) == 0)
			return false;
	}
	return true;
}

static enum weir_status check(const struct weir__oauth1_keys *keys,
			      const struct weir__oauth1_request *request, struct weir_error *err)
{
	if (!keys->consumer_key || !*keys->consumer_key)
		return weir__error_invalid(err, "cannot sign: there is no consumer key");
	if (!keys->consumer_secret)
		return weir__error_invalid(err, "cannot sign: there is no consumer secret");
	if (!is_method(request->method))
		return weir__error_invalid(err, "cannot sign: the method is not made of letters");
	if (!request->url)
		return weir__error_invalid(err, "cannot sign: there is no URL");
	if (!request->nonce || !*request->nonce)
		return weir__error_invalid(err, "cannot sign: there is no nonce");
	if (request->timestamp_s == 0)
		return weir__error_invalid(err, "cannot sign: there is no timestamp");
	if (!are_extras(request))
		return weir__error_invalid(err, "cannot sign: an extra parameter has no value, or "
					   "is not one of 'oauth_…'");
	return WEIR_OK;
}

/* The three texts that the signature is made of. */
static enum weir_status prepare(struct parameters *all, const struct weir__oauth1_keys *keys,
				const struct weir__oauth1_request *request,
				struct weir__oauth1_signed *result, struct weir_error *err)
{
	const struct weir_env *env = all->env;
	struct weir_slice query;
	char *url = NULL;
	enum weir_status status = weir__oauth1_base_url(env, request->url, &url, &query, err);

	if (status < 0)
		return status;
	status = collect(all, query, keys, request, err);
	if (status < 0)
		goto out;
	result->parameters = join(all);
	if (result->parameters)
		result->base = join_escaped(env, request->method, url, result->parameters);
	result->key = join_escaped(env, NULL, keys->consumer_secret,
				   keys->token_secret ? keys->token_secret : "");
	if (!result->base || !result->key)
		status = weir__error_no_memory(err);
out:
	weir__text_free(env, url);
	return status;
}

static enum weir_status finish(struct parameters *all, struct weir__oauth1_signed *result,
			       struct weir_error *err)
{
	enum weir_status status = weir__liboauth_hmac_sha1(all->env, result->key, result->base,
							   &result->signature, err);

	if (status == WEIR_OK)
		status = add(all, SIGNATURE, result->signature, true, err);
	if (status < 0)
		return status;
	sort(all);
	result->header = write_header(all);
	return result->header ? WEIR_OK : weir__error_no_memory(err);
}

enum weir_status weir__oauth1_sign(const struct weir_env *env, const struct weir__oauth1_keys *keys,
				   const struct weir__oauth1_request *request,
				   struct weir__oauth1_signed *ret_signed, struct weir_error *err)
{
	struct weir__oauth1_signed result = { 0 };
	struct parameters all = { .env = env };
	enum weir_status status = check(keys, request, err);

	if (status == WEIR_OK)
		status = prepare(&all, keys, request, &result, err);
	if (status == WEIR_OK)
		status = finish(&all, &result, err);
	parameters_release(&all);
	if (status == WEIR_OK)
		*ret_signed = result;
	else
		weir__oauth1_signed_release(env, &result);
	return status;
}

void weir__oauth1_signed_release(const struct weir_env *env, struct weir__oauth1_signed *result)
{
	char **texts[] = { &result->parameters, &result->base, &result->key, &result->signature,
			   &result->header };

	for (size_t n = 0; n < sizeof texts / sizeof *texts; n++)
		*texts[n] = weir__form_forget(env, *texts[n]);
}

enum weir_status weir__oauth1_header(const struct weir_env *env,
				     const struct weir__oauth1_keys *keys,
				     const struct weir__oauth1_request *request, char **ret_header,
				     struct weir_error *err)
{
	struct weir__oauth1_signed result = { 0 };
	const enum weir_status status = weir__oauth1_sign(env, keys, request, &result, err);

	if (status < 0)
		return status;
	*ret_header = result.header;
	result.header = NULL;	/* it is the caller's now */
	weir__oauth1_signed_release(env, &result);
	return WEIR_OK;
}

bool weir__oauth1_nonce(const struct weir_env *env, char ret_nonce[WEIR__OAUTH1_NONCE_LEN + 1])
{
	static const char digits[] = "0123456789abcdef";
	uint8_t bytes[WEIR__OAUTH1_NONCE_LEN / 2];

	if (!weir__random(env, bytes, sizeof bytes))
		return false;
	for (size_t n = 0; n < sizeof bytes; n++) {
		ret_nonce[2 * n] = digits[bytes[n] >> 4];
		ret_nonce[2 * n + 1] = digits[bytes[n] & 15];
	}
	ret_nonce[WEIR__OAUTH1_NONCE_LEN] = '\0';
	return true;
}
