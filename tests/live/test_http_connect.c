/* SPDX-License-Identifier: MIT */
/*
 * The default HTTP transport's connections: names, proxies, sockets, failures to connect, and that
 * closing closes, whenever it happens.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <dlfcn.h>
#include <netdb.h>
#include <pthread.h>

#include "support/http_rig.h"
#include "support/run.h"

/* ---- a resolver of our own: libcurl finds this one first ---- */

static struct {
	const char *answer;	/* an address; NULL: there is no such name */
	bool stuck;		/* answers only when `release` is unlocked */
	pthread_mutex_t release;
	unsigned lookups;
} resolver = { .answer = "127.0.0.1", .release = PTHREAD_MUTEX_INITIALIZER };

__attribute__((visibility("default")))
int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints,
		struct addrinfo **ret)
{
	int (*real)(const char *, const char *, const struct addrinfo *, struct addrinfo **);

	__atomic_add_fetch(&resolver.lookups, 1, __ATOMIC_SEQ_CST);
	if (resolver.stuck) {
		pthread_mutex_lock(&resolver.release);
		pthread_mutex_unlock(&resolver.release);
	}
	if (strcmp(name, "stream.test") == 0 && !resolver.answer)
		return EAI_NONAME;
	*(void **)&real = dlsym(RTLD_NEXT, "getaddrinfo");
	return real(strcmp(name, "stream.test") == 0 ? resolver.answer : name, service, hints, ret);
}

static void reset_resolver(void)
{
	resolver.answer = "127.0.0.1";
	resolver.stuck = false;
	resolver.lookups = 0;
}

/* ---- connections ---- */

START_TEST(a_refused_connection_says_where)
{
	struct rig rig;
	char where[32];

	rig_init(&rig);
	snprintf(where, sizeof where, "'127.0.0.1:%d'", rig.server.port);
	close(rig.server.listener);
	rig.server.listener = -1;
	rig_get(&rig, rig_url(&rig, "127.0.0.1", "/?key=s3cret"));
	RIG_UNTIL(&rig, rig.ended);
	ck_assert_int_eq(rig.error.status, WEIR_ERR_IO);
	ck_assert_int_eq(rig.error.remedy, WEIR_REMEDY_RETRY);
	ck_assert_int_eq(rig.error.os_error, ECONNREFUSED);
	ck_assert_msg(strstr(rig.error.text, where), "%s", rig.error.text);
	ck_assert_ptr_null(strstr(rig.error.text, "s3cret"));
	rig_release(&rig);
}
END_TEST

START_TEST(an_unknown_name_says_which)
{
	struct rig rig;

	rig_init(&rig);
	resolver.answer = NULL;
	rig_get(&rig, "http://stream.test/");
	RIG_UNTIL(&rig, rig.ended);
	ck_assert_int_eq(rig.error.status, WEIR_ERR_IO);
	ck_assert_int_eq(rig.error.remedy, WEIR_REMEDY_RETRY);
	ck_assert_msg(strstr(rig.error.text, "'stream.test:80'"), "%s", rig.error.text);
	rig_release(&rig);
}
END_TEST

START_TEST(names_are_looked_up_for_each_exchange)
{
	struct rig rig;
	struct rig_server first;

	rig_init(&rig);
	for (unsigned i = 1; i <= 2; i++) {
		rig_clear(&rig);
		rig.server.request_len = 0;
		rig_get(&rig, rig_url(&rig, "stream.test", "/"));
		RIG_UNTIL(&rig, rig_asked(&rig));
		rig_send(&rig, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
		RIG_UNTIL(&rig, rig.ended);
		ck_assert_uint_eq(resolver.lookups, i);
	}
	first = rig.server;
	rig_listen_at(&rig.server, "127.0.0.2", first.port, 4);
	resolver.answer = "127.0.0.2";
	rig_clear(&rig);
	rig_get(&rig, rig_url(&rig, "stream.test", "/"));
	RIG_UNTIL(&rig, rig_asked(&rig));
	ck_assert_uint_eq(first.accepted, 2);
	rig_release(&rig);
	rig_server_free(&first);
}
END_TEST

/* A listener that takes no more connections: the next one's SYN is not answered. */
static void fill_backlog(struct rig *rig, int fillers[3])
{
	struct sockaddr_in at = { .sin_family = AF_INET };

	rig_listen_at(&rig->server, "127.0.0.1", 0, 0);
	at.sin_port = htons((uint16_t)rig->server.port);
	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	for (int i = 0; i < 3; i++) {
		fillers[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
		connect(fillers[i], (struct sockaddr *)&at, sizeof at);
	}
}

START_TEST(a_connect_that_hangs_times_out)
{
	struct rig rig;
	int fillers[3], listener;

	rig_init_bare(&rig, NULL);
	fill_backlog(&rig, fillers);
	listener = rig.server.listener;
	rig.server.listener = -1;	/* nobody accepts */
	rig_open(&rig, WEIR_WITH(weir_http_request, .method = "GET",
				 .url = rig_url(&rig, "127.0.0.1", "/"), .connect_ms = 150));
	RIG_UNTIL(&rig, rig.ended);
	ck_assert_int_eq(rig.error.status, WEIR_ERR_TIMEOUT);
	ck_assert_int_eq(rig.error.remedy, WEIR_REMEDY_RETRY);
	rig_release(&rig);
	close(listener);
	for (int i = 0; i < 3; i++)
		close(fillers[i]);
}
END_TEST

START_TEST(the_old_connection_is_closed_before_the_next)
{
	struct rig rig;

	rig_init(&rig);
	for (int i = 0; i < 6; i++) {
		rig_clear(&rig);
		rig_ask(&rig);
		rig_send(&rig, "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nab");
		RIG_UNTIL(&rig, rig.body_len == 2);
		if (i % 2) {
			rig_send(&rig, "cd");	/* ends; else it is closed in the middle */
			RIG_UNTIL(&rig, rig.ended);
		} else {
			rig.http.ops->close(rig.http.self);
		}
		ck_assert(rig_is_gone(rig_connection(&rig.server)));
	}
	ck_assert_uint_eq(rig.server.accepted, 6);
	ck_assert(!rig.server.overlapped);
	rig_release(&rig);
}
END_TEST

START_TEST(a_unix_socket_is_asked_instead_of_the_host)
{
	char path[] = "/tmp/weir-test-XXXXXX", name[64], want[160];
	struct rig rig;

	rig_init_bare(&rig, NULL);
	ck_assert_ptr_nonnull(mkdtemp(path));
	snprintf(name, sizeof name, "%s/http", path);
	rig_listen_unix(&rig.server, name);
	rig_open(&rig, WEIR_WITH(weir_http_request, .method = "GET", .url = "http://nowhere.test/a",
				 .unix_socket = name));
	RIG_UNTIL(&rig, rig_asked(&rig));
	ck_assert_str_eq(rig.server.request, "GET /a HTTP/1.1\r\nHost: nowhere.test\r\n\r\n");
	unlink(name);
	rig.http.ops->close(rig.http.self);
	rig_open(&rig, WEIR_WITH(weir_http_request, .method = "GET", .url = "http://nowhere.test/a",
				 .unix_socket = name));
	RIG_UNTIL(&rig, rig.ended);
	snprintf(want, sizeof want, "cannot connect to unix socket '%s': No such file or directory",
		 name);
	ck_assert_str_eq(rig.error.text, want);
	ck_assert_int_eq(rig.error.os_error, ENOENT);
	ck_assert_uint_eq(resolver.lookups, 0);
	rmdir(path);
	rig_release(&rig);
}
END_TEST

static void point_proxies_at(const char *url, const char *except)
{
	setenv("http_proxy", url, 1);
	setenv("https_proxy", url, 1);
	setenv("ALL_PROXY", url, 1);
	setenv("no_proxy", except, 1);
}

START_TEST(the_environments_proxies_do_not_count)
{
	struct rig rig;

	rig_init(&rig);
	point_proxies_at("http://127.0.0.1:1", "");
	rig_ask(&rig);
	ck_assert_int_eq(strncmp(rig.server.request, "GET / ", 6), 0);
	rig_release(&rig);
}
END_TEST

START_TEST(a_given_proxy_counts_whatever_the_environment_excepts)
{
	char proxy[64];
	struct rig rig;

	rig_init(&rig);
	point_proxies_at("http://127.0.0.1:1", "*");
	snprintf(proxy, sizeof proxy, "http://127.0.0.1:%d", rig.server.port);
	rig_open(&rig, WEIR_WITH(weir_http_request, .method = "GET", .url = "http://far.test/a",
				 .proxy = proxy));
	RIG_UNTIL(&rig, rig_asked(&rig));
	ck_assert_int_eq(strncmp(rig.server.request, "GET http://far.test/a ", 22), 0);
	rig_release(&rig);
}
END_TEST

START_TEST(a_proxys_password_is_decoded_and_never_said)
{
	char proxy[64];
	struct rig rig;

	rig_init(&rig);
	snprintf(proxy, sizeof proxy, "http://me:p%%40ss@127.0.0.1:%d", rig.server.port);
	rig_open(&rig, WEIR_WITH(weir_http_request, .method = "GET", .url = "http://far.test/a",
				 .proxy = proxy));
	RIG_UNTIL(&rig, rig_asked(&rig));
	ck_assert_ptr_nonnull(strstr(rig.server.request,
				     "Proxy-Authorization: Basic bWU6cEBzcw==\r\n"));
	rig.http.ops->close(rig.http.self);
	close(rig.server.listener);
	rig.server.listener = -1;
	rig_open(&rig, WEIR_WITH(weir_http_request, .method = "GET", .url = "http://far.test/a",
				 .proxy = proxy));
	RIG_UNTIL(&rig, rig.ended);
	ck_assert_msg(strstr(rig.error.text, "127.0.0.1"), "%s", rig.error.text);
	ck_assert_msg(!strstr(rig.error.text, "me:") && !strstr(rig.error.text, "40ss") &&
		      !strstr(rig.error.text, "p@ss"), "%s", rig.error.text);
	rig_release(&rig);
}
END_TEST

static const char *const no_proxies[] = {
	"http://me:s3cret@{proxy}:3128", "http://me:s3cret@$PROXY:3128",
	"http://me:s3cret@pro,xy:3128",	 "http://me:s3cret@[zz]:3128",
	"socks9://me:s3cret@proxy:3128", "me:s3cret@{proxy}:3128",
};

START_TEST(a_proxy_that_is_none_is_refused_and_its_password_not_said)
{
	struct weir_error err = { 0 };
	struct rig rig;

	rig_init(&rig);
	ck_assert_int_eq(rig.http.ops->open(rig.http.self, &rig.port,
					    WEIR_WITH(weir_http_request, .method = "GET",
						      .url = "http://far.test/a",
						      .proxy = no_proxies[_i]),
					    &rig.events, &err), WEIR_ERR_INVALID);
	ck_assert_int_eq(err.remedy, WEIR_REMEDY_STOP);
	ck_assert_msg(strncmp(err.text, "proxy: ", 7) == 0 && !strstr(err.text, "me:") &&
		      !strstr(err.text, "s3cret"), "%s: %s", no_proxies[_i], err.text);
	rig_release(&rig);
}
END_TEST

static const struct weir_property secret_header[] = {
	{ "Authorization", "OAuth oauth_token=\"s3cret\"" },
};

START_TEST(a_tunnels_proxy_sees_no_header_of_ours)
{
	char proxy[64];
	struct rig rig;

	rig_init(&rig);
	snprintf(proxy, sizeof proxy, "http://127.0.0.1:%d", rig.server.port);
	rig_open(&rig, WEIR_WITH(weir_http_request, .method = "GET", .url = "https://far.test/a",
				 .headers = secret_header, .header_count = 1,
				 .proxy = proxy));
	RIG_UNTIL(&rig, rig_asked(&rig));
	ck_assert_int_eq(strncmp(rig.server.request, "CONNECT far.test:443 ", 21), 0);
	ck_assert_ptr_null(strstr(rig.server.request, "s3cret"));
	rig_send(&rig, "HTTP/1.1 407 No\r\nContent-Length: 0\r\n\r\n");
	RIG_UNTIL(&rig, rig.ended);
	ck_assert_int_eq(rig.status, 0);
	ck_assert_int_eq(rig.error.status, WEIR_ERR_IO);
	ck_assert_msg(strstr(rig.error.text, "407"), "%s", rig.error.text);
	rig_release(&rig);
}
END_TEST

/* ---- closing ---- */

enum phase { OPENED, CONNECTING, CONNECTED, ASKED, IN_HEAD, IN_BODY, PAUSED, PHASES };

static void bring_to(struct rig *rig, enum phase phase)
{
	if (phase == OPENED || phase == CONNECTING)
		rig_get(rig, rig_url(rig, "127.0.0.1", "/"));
	while (phase == CONNECTING && rig->port.count == 0)
		rig_turn_within(rig, 0);
	if (phase == CONNECTED) {
		rig_get(rig, rig_url(rig, "127.0.0.1", "/"));
		RIG_UNTIL(rig, rig->server.accepted);
	}
	if (phase >= ASKED)
		rig_ask(rig);
	rig->full = phase == PAUSED;
	if (phase == IN_HEAD)
		rig_send(rig, "HTTP/1.1 200 OK\r\nX: ");
	if (phase >= IN_BODY)
		rig_send(rig, "HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nabcde");
	if (phase >= IN_HEAD)
		RIG_UNTIL(rig, phase == IN_HEAD ? rig->statuses : rig->offered);
}

START_TEST(closing_closes_the_socket_in_every_phase)
{
	struct rig rig;
	size_t before;
	int fillers[3], listener = -1;

	rig_init_bare(&rig, NULL);
	if (_i == CONNECTING) {
		fill_backlog(&rig, fillers);
		listener = rig.server.listener;
		rig.server.listener = -1;	/* nobody accepts */
	} else {
		rig_listen_at(&rig.server, "127.0.0.1", 0, 8);
	}
	before = rig_open_descriptors();
	bring_to(&rig, (enum phase)_i);
	rig.http.ops->close(rig.http.self);

	ck_assert_uint_eq(rig_open_descriptors(), before + rig.server.accepted);
	ck_assert_uint_eq(rig.port.count, 0);
	ck_assert_uint_eq(rig.http.ops->deadline_ms(rig.http.self), 0);
	if (rig.server.accepted) {
		rig_read(&rig.server);
		ck_assert(rig_is_gone(rig_connection(&rig.server)));
	}
	rig.closed = true;
	rig.http.ops->step(rig.http.self, rig_now_ms());
	rig.http.ops->resume(rig.http.self);
	rig.http.ops->close(rig.http.self);
	rig_release(&rig);
	for (int i = 0; _i == CONNECTING && i < 3; i++)
		close(fillers[i]);
	if (_i == CONNECTING)
		close(listener);
}
END_TEST

/* The name server is silent until the test says otherwise: close must return before that. */
START_TEST(closing_does_not_wait_for_a_name)
{
	struct rig rig;

	rig_init(&rig);
	pthread_mutex_lock(&resolver.release);
	resolver.stuck = true;
	rig_get(&rig, rig_url(&rig, "stream.test", "/"));
	RIG_UNTIL(&rig, __atomic_load_n(&resolver.lookups, __ATOMIC_SEQ_CST));
	rig.http.ops->close(rig.http.self);
	ck_assert_uint_eq(rig.port.count, 0);
	pthread_mutex_unlock(&resolver.release);
	rig_release(&rig);
}
END_TEST

static const char *const callbacks[] = { "status", "header", "body", "end" };

START_TEST(closing_inside_a_callback_is_the_last_that_is_told)
{
	struct rig rig;
	size_t told;

	rig_init(&rig);
	rig_ask(&rig);
	rig.close_in = callbacks[_i];
	rig_send(&rig, "HTTP/1.1 200 OK\r\nA: 1\r\nB: 2\r\nTransfer-Encoding: chunked\r\n\r\n"
		       "2\r\nab\r\n2\r\ncd\r\n0\r\n\r\n");
	RIG_UNTIL(&rig, rig.closed);
	told = rig.told;
	ck_assert(rig_is_gone(rig_connection(&rig.server)));
	for (int i = 0; i < 5; i++)
		rig_turn_within(&rig, 0);
	ck_assert_uint_eq(rig.told, told);

	rig.close_in = NULL;	/* and the next exchange is a fresh one */
	rig_clear(&rig);
	rig_ask(&rig);
	rig_send(&rig, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
	RIG_UNTIL(&rig, rig.ended);
	ck_assert(!rig.failed);
	rig_release(&rig);
}
END_TEST

static void open_again(void *user, const struct weir_error *error)
{
	struct rig *rig = user;

	ck_assert_ptr_null(error);
	rig->events.end = rig_on_end;
	rig_get(rig, rig_url(rig, "127.0.0.1", "/again"));
}

START_TEST(the_end_may_open_the_next_exchange)
{
	struct rig rig;

	rig_init(&rig);
	rig.events.end = open_again;
	rig_ask(&rig);
	rig_send(&rig, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
	RIG_UNTIL(&rig, rig.server.accepted == 2 && rig_asked(&rig));
	ck_assert_int_eq(strncmp(rig.server.request, "GET /again ", 11), 0);
	ck_assert(!rig.server.overlapped);
	rig_release(&rig);
}
END_TEST

START_TEST(a_second_exchange_at_once_is_refused)
{
	struct weir_error err = { 0 };
	struct rig rig;

	rig_init(&rig);
	rig_ask(&rig);
	ck_assert_int_eq(rig.http.ops->open(rig.http.self, &rig.port,
					    WEIR_WITH(weir_http_request, .method = "GET",
						      .url = "http://127.0.0.1/"),
					    &rig.events, &err), WEIR_ERR_STATE);
	rig_send(&rig, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
	RIG_UNTIL(&rig, rig.ended);
	ck_assert(!rig.failed);
	rig_release(&rig);
}
END_TEST

START_TEST(a_loop_that_cannot_watch_ends_the_exchange)
{
	struct rig rig;

	rig_init(&rig);
	rig.port.refuse = true;
	rig_get(&rig, rig_url(&rig, "127.0.0.1", "/"));
	RIG_UNTIL(&rig, rig.ended);
	ck_assert_str_eq(rig.error.text, "cannot watch");
	rig_release(&rig);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("http connections");

	tcase_set_timeout(tcase, 60);
	tcase_add_checked_fixture(tcase, reset_resolver, NULL);
	tcase_add_test(tcase, a_refused_connection_says_where);
	tcase_add_test(tcase, an_unknown_name_says_which);
	tcase_add_test(tcase, names_are_looked_up_for_each_exchange);
	tcase_add_test(tcase, a_connect_that_hangs_times_out);
	tcase_add_test(tcase, the_old_connection_is_closed_before_the_next);
	tcase_add_test(tcase, a_unix_socket_is_asked_instead_of_the_host);
	tcase_add_test(tcase, the_environments_proxies_do_not_count);
	tcase_add_test(tcase, a_given_proxy_counts_whatever_the_environment_excepts);
	tcase_add_test(tcase, a_proxys_password_is_decoded_and_never_said);
	LOOP(tcase, a_proxy_that_is_none_is_refused_and_its_password_not_said, no_proxies);
	tcase_add_test(tcase, a_tunnels_proxy_sees_no_header_of_ours);
	tcase_add_loop_test(tcase, closing_closes_the_socket_in_every_phase, 0, PHASES);
	tcase_add_test(tcase, closing_does_not_wait_for_a_name);
	LOOP(tcase, closing_inside_a_callback_is_the_last_that_is_told, callbacks);
	tcase_add_test(tcase, the_end_may_open_the_next_exchange);
	tcase_add_test(tcase, a_second_exchange_at_once_is_refused);
	tcase_add_test(tcase, a_loop_that_cannot_watch_ends_the_exchange);
	return run_case("http connections", tcase);
}
