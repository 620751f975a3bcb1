/* SPDX-License-Identifier: MIT */
/*
 * A client exchange and a scripted server in one thread, turn by turn: the server's bytes are
 * exactly those a test sends, and nobody waits but in poll(). Included by the tests of the
 * HTTP transport.
 */
#ifndef TESTS_HTTP_RIG_H
#define TESTS_HTTP_RIG_H

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "fake_port.h"
#include "wire/http.h"

#define RIG_PATIENCE_MS 20000
#define RIG_MOST_CONNECTIONS 8

/* What a server got and gives. Connections are never closed but by a test. */
struct rig_server {
	int listener;
	int port;
	int connections[RIG_MOST_CONNECTIONS];
	size_t accepted;
	bool overlapped;	/* a client connected while an earlier connection was open */
	char *request;		/* what the last connection sent */
	size_t request_len;
};

/* What an exchange told. */
struct rig {
	weir_port port;
	struct weir_http http;
	struct weir_http_events events;
	struct rig_server server;
	int status;
	size_t statuses;
	char headers[8192];	/* "name=value|" each */
	char *body;
	size_t body_len;
	size_t offered;		/* calls of body, taken or not */
	bool full;		/* body is not taken */
	size_t full_at;		/* nor when so much was taken; 0: no such limit */
	bool keep;		/* body bytes are kept; else only counted */
	const char *close_in;	/* close from inside this callback */
	size_t told;		/* events in all */
	bool closed;
	bool ended;
	bool failed;
	struct weir_error error;
};

static inline uint64_t rig_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static inline size_t rig_open_descriptors(void)
{
	DIR *dir = opendir("/proc/self/fd");
	size_t count = 0;

	ck_assert_ptr_nonnull(dir);
	while (readdir(dir))
		count++;
	closedir(dir);
	return count;
}

/* ---- the server ---- */

static inline void rig_listen_at(struct rig_server *server, const char *address, int port,
				 int backlog)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
	socklen_t len = sizeof at;
	const int on = 1;

	*server = (struct rig_server){ .listener = socket(AF_INET, SOCK_STREAM, 0) };
	ck_assert_int_ge(server->listener, 0);
	ck_assert_int_eq(inet_pton(AF_INET, address, &at.sin_addr), 1);
	setsockopt(server->listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	ck_assert_int_eq(bind(server->listener, (struct sockaddr *)&at, sizeof at), 0);
	ck_assert_int_eq(listen(server->listener, backlog), 0);
	ck_assert_int_eq(getsockname(server->listener, (struct sockaddr *)&at, &len), 0);
	server->port = ntohs(at.sin_port);
}

static inline void rig_listen_unix(struct rig_server *server, const char *path)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };

	*server = (struct rig_server){ .listener = socket(AF_UNIX, SOCK_STREAM, 0) };
	snprintf(at.sun_path, sizeof at.sun_path, "%s", path);
	ck_assert_int_eq(bind(server->listener, (struct sockaddr *)&at, sizeof at), 0);
	ck_assert_int_eq(listen(server->listener, 4), 0);
}

static inline int rig_connection(const struct rig_server *server)
{
	return server->accepted ? server->connections[server->accepted - 1] : -1;
}

/* Whether the client has closed its end. */
static inline bool rig_is_gone(int fd)
{
	char byte;
	const ssize_t got = recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);

	return got == 0 || (got < 0 && errno != EAGAIN);
}

static inline void rig_accept(struct rig_server *server)
{
	const int before = rig_connection(server);
	const int on = 1;

	ck_assert_uint_lt(server->accepted, RIG_MOST_CONNECTIONS);
	server->connections[server->accepted] = accept(server->listener, NULL, NULL);
	setsockopt(server->connections[server->accepted], IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	if (before >= 0 && !rig_is_gone(before))
		server->overlapped = true;
	server->accepted++;
	server->request_len = 0;
}

static inline void rig_read(struct rig_server *server)
{
	const size_t step = 65536;
	ssize_t got;

	server->request = realloc(server->request, server->request_len + step + 1);
	got = recv(rig_connection(server), server->request + server->request_len, step,
		   MSG_DONTWAIT);
	if (got > 0)
		server->request_len += (size_t)got;
	server->request[server->request_len] = '\0';
}

static inline void rig_send_n(struct rig *rig, const void *bytes, size_t len)
{
	ck_assert_int_eq(send(rig_connection(&rig->server), bytes, len, MSG_NOSIGNAL),
			 (ssize_t)len);
}

static inline void rig_send(struct rig *rig, const char *text)
{
	rig_send_n(rig, text, strlen(text));
}

static inline void rig_hang_up(struct rig *rig)
{
	shutdown(rig_connection(&rig->server), SHUT_WR);
}

static inline void rig_server_free(struct rig_server *server)
{
	for (size_t i = 0; i < server->accepted; i++)
		close(server->connections[i]);
	if (server->listener > 0)
		close(server->listener);
	free(server->request);
	*server = (struct rig_server){ .listener = -1 };
}

/* ---- the client ---- */

static inline void rig_tell(struct rig *rig, const char *what)
{
	ck_assert_msg(!rig->ended && !rig->closed, "%s was told after the end", what);
	rig->told++;
	if (rig->close_in && strcmp(rig->close_in, what) == 0) {
		rig->closed = true;
		rig->http.ops->close(rig->http.self);
	}
}

static inline void rig_on_status(void *user, int status)
{
	struct rig *rig = user;

	rig_tell(rig, "status");
	rig->status = status;
	rig->statuses++;
}

static inline void rig_on_header(void *user, struct weir_slice name, struct weir_slice value)
{
	struct rig *rig = user;
	const size_t len = strlen(rig->headers);

	rig_tell(rig, "header");
	ck_assert_msg(rig->status && rig->body_len == 0, "a header out of order");
	snprintf(rig->headers + len, sizeof rig->headers - len, "%.*s=%.*s|", (int)name.len,
		 (const char *)name.data, (int)value.len, (const char *)value.data);
}

static inline bool rig_on_body(void *user, struct weir_slice bytes)
{
	struct rig *rig = user;

	ck_assert_msg(rig->status, "a body without a status");
	rig_tell(rig, "body");
	rig->offered++;
	if (rig->full || (rig->full_at && rig->body_len >= rig->full_at))
		return false;
	if (rig->keep) {
		rig->body = realloc(rig->body, rig->body_len + bytes.len + 1);
		memcpy(rig->body + rig->body_len, bytes.data, bytes.len);
		rig->body[rig->body_len + bytes.len] = '\0';
	}
	rig->body_len += bytes.len;
	return true;
}

static inline void rig_on_end(void *user, const struct weir_error *error)
{
	struct rig *rig = user;

	rig_tell(rig, "end");
	rig->ended = true;
	rig->failed = error != NULL;
	if (error)
		rig->error = *error;
}

static inline void rig_init_bare(struct rig *rig, const struct weir_env *env)
{
	struct weir_error err = { 0 };

	*rig = (struct rig){ .server.listener = -1, .keep = true };
	rig->events = (struct weir_http_events){ .user = rig,
						 .status = rig_on_status,
						 .header = rig_on_header,
						 .body = rig_on_body,
						 .end = rig_on_end };
	ck_assert_msg(weir__http_curl_new(env, &rig->http, &err) == WEIR_OK, "%s", err.text);
}

static inline void rig_init(struct rig *rig)
{
	rig_init_bare(rig, NULL);
	rig_listen_at(&rig->server, "127.0.0.1", 0, 8);
}

static inline void rig_release(struct rig *rig)
{
	rig->http.ops->free(rig->http.self);
	ck_assert_uint_eq(rig->port.count, 0);
	rig_server_free(&rig->server);
	free(rig->body);
}

/* Forgets what the last exchange told. */
static inline void rig_clear(struct rig *rig)
{
	free(rig->body);
	rig->body = NULL;
	rig->body_len = rig->offered = rig->statuses = rig->told = 0;
	rig->status = 0;
	rig->headers[0] = '\0';
	rig->closed = rig->ended = rig->failed = false;
}

/* A text that lives until the next call. */
static inline const char *rig_url(const struct rig *rig, const char *host, const char *path)
{
	static char url[512];

	snprintf(url, sizeof url, "http://%s:%d%s", host, rig->server.port, path);
	return url;
}

static inline void rig_open(struct rig *rig, const struct weir_http_request *request)
{
	struct weir_error err = { 0 };

	ck_assert_msg(rig->http.ops->open(rig->http.self, &rig->port, request, &rig->events,
					  &err) == WEIR_OK, "%s", err.text);
}

static inline void rig_get(struct rig *rig, const char *url)
{
	rig_open(rig, WEIR_WITH(weir_http_request, .method = "GET", .url = url,
				.connect_ms = 10000));
}

/* Waits for the client, the server or the client's deadline, at most `most_ms`; lets both work. */
static inline bool rig_turn_within(struct rig *rig, int most_ms)
{
	struct pollfd all[FAKE_PORT_MOST + 2];
	const size_t count = rig->port.count;
	const uint64_t due = rig->http.ops->deadline_ms(rig->http.self), now = rig_now_ms();
	int wait_ms = most_ms, ready;

	if (due)
		wait_ms = due <= now ? 0 : due - now < (uint64_t)most_ms ? (int)(due - now) : most_ms;
	memcpy(all, rig->port.watched, count * sizeof *all);
	all[count] = (struct pollfd){ .fd = rig->server.listener, .events = POLLIN };
	all[count + 1] = (struct pollfd){ .fd = rig_connection(&rig->server), .events = POLLIN };
	if (rig->server.accepted && rig_is_gone(all[count + 1].fd))
		all[count + 1].fd = -1;
	ready = poll(all, count + 2, wait_ms);
	for (size_t i = 0; i < count; i++)
		rig->port.watched[i].revents = all[i].revents;
	if (all[count].revents)
		rig_accept(&rig->server);
	else if (all[count + 1].revents)
		rig_read(&rig->server);
	rig->http.ops->step(rig->http.self, rig_now_ms());
	return ready > 0 || (due && due <= rig_now_ms());
}

static inline void rig_turn(struct rig *rig)
{
	rig_turn_within(rig, 1000);
}

/* Turns until `condition` holds; the test fails when it never does. */
#define RIG_UNTIL(rig, condition) \
	do { \
		const uint64_t rig_limit_ms = rig_now_ms() + RIG_PATIENCE_MS; \
		while (!(condition)) { \
			rig_turn(rig); \
			ck_assert_msg(rig_now_ms() < rig_limit_ms, "never: %s (%s)", #condition, \
				      (rig)->error.text); \
		} \
	} while (0)

/* Whether the server has a whole head. */
static inline bool rig_asked(const struct rig *rig)
{
	return rig->server.request_len && strstr(rig->server.request, "\r\n\r\n");
}

/* An exchange up to where the server has the request. */
static inline void rig_ask(struct rig *rig)
{
	rig->server.request_len = 0;
	rig_get(rig, rig_url(rig, "127.0.0.1", "/"));
	RIG_UNTIL(rig, rig_asked(rig));
}

#endif
