/* SPDX-License-Identifier: MIT */
/* The base URL of a signature. What is refused is in test_oauth1.c, with what else is. */
#include <check.h>
#include <string.h>

#include "support/memory.h"
#include "support/run.h"
#include "wire/oauth1.h"

static struct weir_env env;

static void setup(void)
{
	env = weir__env_complete(NULL);
}

/* O7 */
static const struct {
	const char *name, *url, *want, *query;
} base_urls[] = {
	{ "http's port", "http://EXAMPLE.COM:80/r%20v/X?id=123", "http://example.com/r%20v/X",
	  "id=123" },
	{ "another port", "https://www.example.net:8080/?q=1", "https://www.example.net:8080/",
	  "q=1" },
	{ "https's port", "HTTPS://Example.com:443/a", "https://example.com/a", "" },
	{ "https's port on http", "http://example.com:443/a", "http://example.com:443/a", "" },
	{ "http's port on https", "https://example.com:80/a", "https://example.com:80/a", "" },
	{ "no path", "http://h?a=b", "http://h/", "a=b" },
	{ "no path, with a port", "https://h:8443", "https://h:8443/", "" },
	{ "an empty port", "http://h:/p", "http://h/p", "" },
	{ "the path's case and marks", "http://h/A;b=c/..//~%7e,@:1", "http://h/A;b=c/..//~%7e,@:1",
	  "" },
	{ "a fragment", "http://h/p#a?b", "http://h/p", "" },
	{ "a fragment behind a query", "http://h/p?q#r", "http://h/p", "q" },
	{ "questions in the query", "http://h/p?a?b", "http://h/p", "a?b" },
	{ "a URL in the query", "http://h?u=https://e:1/", "http://h/", "u=https://e:1/" },
	{ "IPv4", "http://127.0.0.1:8080/p", "http://127.0.0.1:8080/p", "" },
	{ "IPv6", "http://[::1]/p", "http://[::1]/p", "" },
	{ "IPv6 with a port", "http://[FE80::A]:81/p", "http://[fe80::a]:81/p", "" },
	{ "IPv6 with the default port", "http://[::1]:80/p", "http://[::1]/p", "" },
};

START_TEST(the_base_url_is_what_the_server_sees)
{
	struct weir_slice query;
	char *got = NULL;

	ck_assert_int_eq(weir__oauth1_base_url(&env, base_urls[_i].url, &got, &query, NULL),
			 WEIR_OK);
	ck_assert_msg(strcmp(got, base_urls[_i].want) == 0, "%s: got %s", base_urls[_i].name, got);
	ck_assert_msg(query.len == strlen(base_urls[_i].query) &&
		      memcmp(query.data, base_urls[_i].query, query.len) == 0,
		      "%s: query %.*s", base_urls[_i].name, (int)query.len,
		      (const char *)query.data);
	weir__text_free(&env, got);
}
END_TEST

START_TEST(every_failed_allocation_is_out_of_memory_and_nothing_else)
{
	struct counted_memory memory = { 0 };
	const struct weir_env counted = counted_env(&memory);
	struct weir_slice query;
	char *got = NULL;

	for (size_t n = 1; n <= 3; n++) {
		memory = (struct counted_memory){ .fail_at = n };
		ck_assert_int_eq(weir__oauth1_base_url(&counted, base_urls[_i].url, &got, &query,
						       NULL), WEIR_ERR_NOMEM);
		ck_assert_uint_eq(memory.now_bytes, 0);
		ck_assert_ptr_null(got);
	}
	memory = (struct counted_memory){ 0 };
	ck_assert_int_eq(weir__oauth1_base_url(&counted, base_urls[_i].url, &got, &query, NULL),
			 WEIR_OK);
	ck_assert_uint_eq(memory.now_bytes, strlen(base_urls[_i].want) + 1);
	weir__text_free(&counted, got);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("oauth1_url");

	tcase_add_checked_fixture(tcase, setup, NULL);
	LOOP(tcase, the_base_url_is_what_the_server_sees, base_urls);
	LOOP(tcase, every_failed_allocation_is_out_of_memory_and_nothing_else, base_urls);
	return run_case("oauth1_url", tcase);
}
