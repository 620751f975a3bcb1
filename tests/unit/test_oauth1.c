/* SPDX-License-Identifier: MIT */
/* Signing by OAuth 1.0a: published requests, what is signed of a request, what is refused. */
#include <check.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "data/oauth1_vectors.h"
#include "ground/env.h"
#include "support/memory.h"
#include "support/run.h"
#include "wire/form.h"
#include "wire/liboauth.h"
#include "wire/oauth1.h"

static struct weir_env env;

static void setup(void)
{
	env = weir__env_complete(NULL);
}

/* The request of a vector, complete with its extra parameter. */
static struct weir__oauth1_request vector_request(size_t row)
{
	struct weir__oauth1_request request = vectors[row].request;

	if (vectors[row].extra.name) {
		request.extras = &vectors[row].extra;
		request.extra_count = 1;
	}
	return request;
}

static struct weir__oauth1_signed sign(const struct weir__oauth1_keys *keys,
				       const struct weir__oauth1_request *request)
{
	struct weir__oauth1_signed result = { 0 };
	struct weir_error err = { 0 };

	ck_assert_msg(weir__oauth1_sign(&env, keys, request, &result, &err) == WEIR_OK, "%s",
		      err.text);
	return result;
}

/* O1 */
START_TEST(every_step_of_a_published_request_comes_out)
{
	const struct weir__oauth1_request request = vector_request((size_t)_i);
	struct weir__oauth1_signed got = sign(&vectors[_i].keys, &request);
	const struct {
		const char *step, *got, *want;
	} steps[] = {
		{ "parameters", got.parameters, vectors[_i].parameters },
		{ "base", got.base, vectors[_i].base },
		{ "key", got.key, vectors[_i].key },
		{ "signature", got.signature, vectors[_i].signature },
		{ "header", got.header, vectors[_i].header },
	};

	for (int n = 0; n < ROWS(steps); n++)
		ck_assert_msg(!steps[n].want || strcmp(steps[n].got, steps[n].want) == 0,
			      "%s, %s: got %s", vectors[_i].name, steps[n].step, steps[n].got);
	weir__oauth1_signed_release(&env, &got);
}
END_TEST

START_TEST(the_header_carries_the_signature_encoded_once_more)
{
	const struct weir__oauth1_request request = vector_request((size_t)_i);
	char want[80];
	char *header = NULL;

	if (!vectors[_i].header_signature)
		return;
	snprintf(want, sizeof want, " oauth_signature=\"%s\", ", vectors[_i].header_signature);
	ck_assert_int_eq(weir__oauth1_header(&env, &vectors[_i].keys, &request, &header, NULL),
			 WEIR_OK);
	ck_assert_msg(strstr(header, want), "%s: got %s", vectors[_i].name, header);
	weir__text_free(&env, header);
}
END_TEST

START_TEST(the_header_lists_the_oauth_parameters_and_no_others)
{
	static const struct weir_property extra = { "oauth_callback", "http://a.example/x?y" };
	const struct weir__oauth1_keys keys = { .consumer_key = "ck", .consumer_secret = "cs" };
	const struct weir__oauth1_request request = {
		.method = "get", .url = "http://h.example/?oauth_color=blue&size=1", .nonce = "n",
		.timestamp_s = 7, .extras = &extra, .extra_count = 1, .without_version = true,
	};
	struct weir__oauth1_signed got = sign(&keys, &request);
	char *signature = weir__form_escape(&env, got.signature);
	char *want = weir__text_format(&env,
		"OAuth oauth_callback=\"http%%3A%%2F%%2Fa.example%%2Fx%%3Fy\", "
		"oauth_consumer_key=\"ck\", oauth_nonce=\"n\", oauth_signature=\"%s\", "
		"oauth_signature_method=\"HMAC-SHA1\", oauth_timestamp=\"7\"", signature);

	ck_assert_str_eq(got.header, want);
	ck_assert_ptr_nonnull(strstr(got.parameters, "oauth_color=blue"));
	ck_assert_ptr_nonnull(strstr(got.parameters, "&size=1"));
	ck_assert_ptr_null(strstr(got.parameters, "oauth_signature="));
	ck_assert(strncmp(got.base, "GET&http%3A%2F%2Fh.example%2F&", 30) == 0);
	weir__text_free(&env, want);
	weir__text_free(&env, signature);
	weir__oauth1_signed_release(&env, &got);
}
END_TEST

/* O3, O4: what is signed of a query and a body; all names here come before `oauth_…`. */
static const struct {
	const char *name, *query, *body, *want;
} signed_forms[] = {
	{ "sorted after encoding", "c2=&c%40=", NULL, "c%40=&c2=" },
	{ "equal names by value", "a=2&a=10&a=1", "a=0", "a=0&a=1&a=10&a=2" },
	{ "a name before its longer brother", "ab=1&a=2", NULL, "a=2&ab=1" },
	{ "values sorted after encoding", "a=b&a=%C3%A9", NULL, "a=%C3%A9&a=b" },
	{ "a plus is a space", "a=1+2", "b=3+4", "a=1%202&b=3%204" },
	{ "an encoded plus is a plus", "a=1%2B2", NULL, "a=1%2B2" },
	{ "lower-case escapes", NULL, "a=%2b%c3%a9", "a=%2B%C3%A9" },
	{ "escapes nobody needed", "%61=%41", NULL, "a=A" },
	{ "empty values", "a&b=&c", "d", "a=&b=&c=&d=" },
	{ "a value with equal signs", "a=b=c", NULL, "a=b%3Dc" },
	{ "an equal sign in a name", "a%3D=c", NULL, "a%3D=c" },
	{ "a question mark in a value", "a=b?c", NULL, "a=b%3Fc" },
	{ "a URL in a value", "a=http://e/?f", NULL, "a=http%3A%2F%2Fe%2F%3Ff" },
	{ "empty fields do not count", "&&a=1&", "&b=2&&", "a=1&b=2" },
	{ "a fragment is not sent", "a=1#b=2", NULL, "a=1" },
	{ "a signature is not signed", "a=1&oauth_signature=x", "oauth_signature=y", "a=1" },
};

START_TEST(the_decoded_form_is_signed_in_order)
{
	const struct weir__oauth1_keys keys = { .consumer_key = "ck", .consumer_secret = "cs" };
	const char *query = signed_forms[_i].query ? signed_forms[_i].query : "";
	char *url = weir__text_format(&env, "http://h/p?%s", query);
	const struct weir__oauth1_request request = {
		.method = "POST", .url = url, .form_body = signed_forms[_i].body, .nonce = "n",
		.timestamp_s = 1,
	};
	char *want = weir__text_format(&env, "%s&oauth_consumer_key=ck&oauth_nonce=n"
				       "&oauth_signature_method=HMAC-SHA1&oauth_timestamp=1"
				       "&oauth_version=1.0", signed_forms[_i].want);
	struct weir__oauth1_signed got = sign(&keys, &request);

	ck_assert_msg(strcmp(got.parameters, want) == 0, "%s: got %s", signed_forms[_i].name,
		      got.parameters);
	weir__oauth1_signed_release(&env, &got);
	weir__text_free(&env, want);
	weir__text_free(&env, url);
}
END_TEST

#define SECRET "s3cret"

/* Every row holds SECRET somewhere; `why` is in the error, and the secret never. */
static const struct {
	const char *name, *url, *body, *why;
} refused[] = {
	{ "empty", "", SECRET, "does not begin with" },
	{ "no scheme", SECRET ".example/p", NULL, "does not begin with" },
	{ "another scheme", "ftp://" SECRET "/p", NULL, "does not begin with" },
	{ "half a scheme", "http:/" SECRET, NULL, "does not begin with" },
	{ "only a scheme", "http://", SECRET, "no host" },
	{ "no host", "http:///" SECRET, NULL, "no host" },
	{ "no host, a port", "http://:80/" SECRET, NULL, "no host" },
	{ "no host, a query", "http://?" SECRET, NULL, "no host" },
	{ "user and password", "http://me:" SECRET "@h/p", NULL, "user name" },
	{ "a space in the path", "http://h/" SECRET " x", NULL, "space or a control" },
	{ "a line end", "http://h/" SECRET "\r\nX: y", NULL, "space or a control" },
	{ "an escape in the host", "http://h%41/" SECRET, NULL, "host has other" },
	{ "a host that is not ASCII", "http://한국/" SECRET, NULL, "xn--" },
	{ "half an IPv6 address", "http://[::1/" SECRET, NULL, "host has other" },
	{ "brackets around nothing", "http://[]/" SECRET, NULL, "host has other" },
	{ "a word for a port", "http://h:" SECRET "/", NULL, "port" },
	{ "port 0", "http://h:0/" SECRET, NULL, "port" },
	{ "port 65536", "http://h:65536/" SECRET, NULL, "port" },
	{ "a port of many digits", "http://h:99999999999999999999/" SECRET, NULL, "port" },
	{ "a port that wraps to 80", "http://h:4294967376/" SECRET, NULL, "port" },
	{ "a negative port", "http://h:-1/" SECRET, NULL, "port" },
	{ "an escape that is none", "http://h/?a=" SECRET "%zz", NULL, "the URL's query" },
	{ "half an escape", "http://h/?a=" SECRET "%4", NULL, "the URL's query" },
	{ "a lonely percent", "http://h/?a=" SECRET "%", NULL, "the URL's query" },
	{ "a broken name", "http://h/?%g1=" SECRET, NULL, "the URL's query" },
	{ "an encoded zero byte", "http://h/?a=" SECRET "%00", NULL, "the URL's query" },
	{ "a broken body", "http://h/", "a=" SECRET "%zz", "the form body" },
};

START_TEST(what_cannot_be_signed_is_refused_in_words_without_secrets)
{
	const struct weir__oauth1_keys keys = { .consumer_key = "ck" SECRET,
						.consumer_secret = SECRET, .token = "t" SECRET,
						.token_secret = SECRET };
	const struct weir__oauth1_request request = {
		.method = "GET", .url = refused[_i].url, .form_body = refused[_i].body,
		.nonce = "n", .timestamp_s = 1,
	};
	struct weir_error err = { 0 };
	char *header = NULL;

	ck_assert_int_eq(weir__oauth1_header(&env, &keys, &request, &header, &err),
			 WEIR_ERR_INVALID);
	ck_assert_int_eq(err.status, WEIR_ERR_INVALID);
	ck_assert_msg(strstr(err.text, refused[_i].why), "%s: got %s", refused[_i].name, err.text);
	ck_assert_msg(!strstr(err.text, SECRET), "%s: got %s", refused[_i].name, err.text);
	ck_assert_ptr_null(header);
}
END_TEST

static const struct weir_property not_oauth = { "callback", "x" };
static const struct weir_property a_signature = { "oauth_signature", "x" };
static const struct weir_property no_value = { "oauth_callback", NULL };

#define KEYS { .consumer_key = "ck", .consumer_secret = "cs" }
#define REQUEST .method = "GET", .url = "http://h/", .nonce = "n", .timestamp_s = 1

static const struct {
	const char *name;
	struct weir__oauth1_keys keys;
	struct weir__oauth1_request request;
	const char *why;
} incomplete[] = {
	{ "no key", { .consumer_secret = "cs" }, { REQUEST }, "consumer key" },
	{ "an empty key", { .consumer_key = "", .consumer_secret = "cs" }, { REQUEST },
	  "consumer key" },
	{ "no secret", { .consumer_key = "ck" }, { REQUEST }, "consumer secret" },
	{ "no method", KEYS, { .url = "http://h/", .nonce = "n", .timestamp_s = 1 }, "method" },
	{ "a method with a space", KEYS,
	  { .method = "GET /", .url = "http://h/", .nonce = "n", .timestamp_s = 1 }, "method" },
	{ "no URL", KEYS, { .method = "GET", .nonce = "n", .timestamp_s = 1 }, "no URL" },
	{ "no nonce", KEYS, { .method = "GET", .url = "http://h/", .timestamp_s = 1 }, "nonce" },
	{ "an empty nonce", KEYS,
	  { .method = "GET", .url = "http://h/", .nonce = "", .timestamp_s = 1 }, "nonce" },
	{ "no time", KEYS, { .method = "GET", .url = "http://h/", .nonce = "n" }, "timestamp" },
	{ "a stranger as extra", KEYS, { REQUEST, .extras = &not_oauth, .extra_count = 1 },
	  "extra" },
	{ "a signature as extra", KEYS, { REQUEST, .extras = &a_signature, .extra_count = 1 },
	  "extra" },
	{ "an extra without value", KEYS, { REQUEST, .extras = &no_value, .extra_count = 1 },
	  "extra" },
};

START_TEST(a_request_with_a_part_missing_is_refused)
{
	struct weir_error err = { 0 };
	char *header = NULL;

	ck_assert_int_eq(weir__oauth1_header(&env, &incomplete[_i].keys, &incomplete[_i].request,
					     &header, &err), WEIR_ERR_INVALID);
	ck_assert_msg(strstr(err.text, incomplete[_i].why), "%s: got %s", incomplete[_i].name,
		      err.text);
}
END_TEST

START_TEST(an_empty_token_is_no_token)
{
	const struct weir__oauth1_request request = { REQUEST };
	const struct weir__oauth1_keys without = KEYS;
	const struct weir__oauth1_keys empty = { .consumer_key = "ck", .consumer_secret = "cs",
						 .token = "", .token_secret = "" };
	struct weir__oauth1_signed want = sign(&without, &request);
	struct weir__oauth1_signed got = sign(&empty, &request);

	ck_assert_str_eq(got.header, want.header);
	ck_assert_str_eq(got.key, "cs&");
	weir__oauth1_signed_release(&env, &want);
	weir__oauth1_signed_release(&env, &got);
}
END_TEST

START_TEST(the_key_is_made_of_encoded_secrets)
{
	const struct weir__oauth1_request request = { REQUEST };
	const struct weir__oauth1_keys keys = { .consumer_key = "ck", .consumer_secret = "a&b",
						.token = "t", .token_secret = "c/d=" };
	struct weir__oauth1_signed got = sign(&keys, &request);

	ck_assert_str_eq(got.key, "a%26b&c%2Fd%3D");
	weir__oauth1_signed_release(&env, &got);
}
END_TEST

/* Out of memory at every place, and the memory all back. */
START_TEST(every_failed_allocation_is_out_of_memory_and_nothing_else)
{
	const struct weir__oauth1_request request = vector_request((size_t)_i);
	struct counted_memory memory = { 0 };
	const struct weir_env counted = counted_env(&memory);
	enum weir_status status = WEIR_ERR_NOMEM;
	char *header = NULL;

	for (size_t n = 1; status == WEIR_ERR_NOMEM && n < 1000; n++) {
		struct weir_error err = { 0 };

		memory = (struct counted_memory){ .fail_at = n };
		status = weir__oauth1_header(&counted, &vectors[_i].keys, &request, &header, &err);
		if (status == WEIR_OK)
			break;
		ck_assert_int_eq(status, WEIR_ERR_NOMEM);
		ck_assert_int_eq(err.status, WEIR_ERR_NOMEM);
		ck_assert_ptr_null(header);
		ck_assert_uint_eq(memory.now_bytes, 0);
	}
	ck_assert_int_eq(status, WEIR_OK);
	ck_assert_uint_eq(memory.now_bytes, strlen(header) + 1);
	ck_assert_uint_gt(memory.calls, 20);
	weir__text_free(&counted, header);
	ck_assert_uint_eq(memory.now_bytes, 0);
}
END_TEST

/* An allocator that looks into what it gets back. */
struct spy {
	const char *secrets[2];
	size_t freed;
	size_t seen;
};

static void *spy_resize(void *user, void *ptr, size_t old_size, size_t new_size)
{
	struct spy *spy = user;

	if (new_size > 0) {
		ck_assert_ptr_null(ptr);
		return malloc(new_size);
	}
	for (int n = 0; n < ROWS(spy->secrets); n++)
		if (memmem(ptr, old_size, spy->secrets[n], strlen(spy->secrets[n])))
			spy->seen++;
	spy->freed++;
	free(ptr);
	return NULL;
}

START_TEST(secrets_are_wiped_before_their_memory_goes_back)
{
	const struct weir__oauth1_keys *keys = &vectors[0].keys;
	const struct weir__oauth1_request request = vector_request(0);
	struct spy spy = { .secrets = { keys->consumer_secret, keys->token_secret } };
	struct weir_env spied = env;
	char *header = NULL;

	spied.allocator = (struct weir_allocator){ .resize = spy_resize, .user = &spy };
	ck_assert_int_eq(weir__oauth1_header(&spied, keys, &request, &header, NULL), WEIR_OK);
	ck_assert_uint_gt(spy.freed, 20);
	ck_assert_uint_eq(spy.seen, 0);
	ck_assert_ptr_null(strstr(header, keys->consumer_secret));
	ck_assert_ptr_null(strstr(header, keys->token_secret));
	weir__text_free(&spied, header);
}
END_TEST

#define THREADS 8

struct signer {
	pthread_t thread;
	pthread_barrier_t *barrier;
	size_t right;
};

static void *sign_often(void *user)
{
	struct signer *signer = user;

	pthread_barrier_wait(signer->barrier);
	for (int n = 0; n < 20; n++) {
		char *got = NULL;

		if (weir__liboauth_hmac_sha1(&env, vectors[0].key, vectors[0].base, &got, NULL) ==
		    WEIR_OK)
			signer->right += strcmp(got, vectors[0].signature) == 0;
		weir__text_free(&env, got);
	}
	return NULL;
}

/* Each round is a new process, in which nothing was signed yet. */
START_TEST(threads_may_make_their_first_signature_together)
{
	struct signer signers[THREADS] = { 0 };
	pthread_barrier_t barrier;

	ck_assert_int_eq(pthread_barrier_init(&barrier, NULL, THREADS), 0);
	for (int n = 0; n < THREADS; n++) {
		signers[n].barrier = &barrier;
		ck_assert_int_eq(pthread_create(&signers[n].thread, NULL, sign_often, &signers[n]),
				 0);
	}
	for (int n = 0; n < THREADS; n++)
		ck_assert_int_eq(pthread_join(signers[n].thread, NULL), 0);
	for (int n = 0; n < THREADS; n++)
		ck_assert_uint_eq(signers[n].right, 20);
	pthread_barrier_destroy(&barrier);
}
END_TEST

/* O5, the nonce */
static bool fill_counting(void *user, void *bytes, size_t len)
{
	uint8_t *next = user;

	for (size_t n = 0; n < len; n++)
		((uint8_t *)bytes)[n] = (uint8_t)(*next += 0x11);
	return true;
}

static bool fill_never(void *user, void *bytes, size_t len)
{
	(void)user;
	(void)bytes;
	(void)len;
	return false;
}

START_TEST(a_nonce_is_sixteen_random_bytes_in_hex)
{
	uint8_t next = 0xe0;
	struct weir_env scripted = env;
	char nonce[WEIR__OAUTH1_NONCE_LEN + 1];

	scripted.random = (struct weir_random){ .fill = fill_counting, .user = &next };
	ck_assert(weir__oauth1_nonce(&scripted, nonce));
	ck_assert_str_eq(nonce, "f102132435465768798a9bacbdcedff0");
}
END_TEST

START_TEST(nonces_differ)
{
	char first[WEIR__OAUTH1_NONCE_LEN + 1], second[WEIR__OAUTH1_NONCE_LEN + 1];

	ck_assert(weir__oauth1_nonce(&env, first));
	ck_assert(weir__oauth1_nonce(&env, second));
	ck_assert_uint_eq(strlen(first), WEIR__OAUTH1_NONCE_LEN);
	ck_assert_str_ne(first, second);
}
END_TEST

START_TEST(without_random_bytes_there_is_no_nonce)
{
	struct weir_env poor = env;
	char nonce[WEIR__OAUTH1_NONCE_LEN + 1];

	poor.random = (struct weir_random){ .fill = fill_never };
	ck_assert(!weir__oauth1_nonce(&poor, nonce));
}
END_TEST

static TCase *signing_case(void)
{
	TCase *tcase = tcase_create("signing");

	tcase_add_checked_fixture(tcase, setup, NULL);
	LOOP(tcase, every_step_of_a_published_request_comes_out, vectors);
	LOOP(tcase, the_header_carries_the_signature_encoded_once_more, vectors);
	tcase_add_test(tcase, the_header_lists_the_oauth_parameters_and_no_others);
	LOOP(tcase, the_decoded_form_is_signed_in_order, signed_forms);
	LOOP(tcase, what_cannot_be_signed_is_refused_in_words_without_secrets, refused);
	LOOP(tcase, a_request_with_a_part_missing_is_refused, incomplete);
	tcase_add_test(tcase, an_empty_token_is_no_token);
	tcase_add_test(tcase, the_key_is_made_of_encoded_secrets);
	LOOP(tcase, every_failed_allocation_is_out_of_memory_and_nothing_else, vectors);
	tcase_add_test(tcase, secrets_are_wiped_before_their_memory_goes_back);
	tcase_add_loop_test(tcase, threads_may_make_their_first_signature_together, 0, 20);
	return tcase;
}

static TCase *nonce_case(void)
{
	TCase *tcase = tcase_create("nonce");

	tcase_add_checked_fixture(tcase, setup, NULL);
	tcase_add_test(tcase, a_nonce_is_sixteen_random_bytes_in_hex);
	tcase_add_test(tcase, nonces_differ);
	tcase_add_test(tcase, without_random_bytes_there_is_no_nonce);
	return tcase;
}

int main(void)
{
	Suite *suite = suite_create("oauth1");

	suite_add_tcase(suite, signing_case());
	suite_add_tcase(suite, nonce_case());
	return run_suite(suite);
}
