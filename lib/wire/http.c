/* SPDX-License-Identifier: MIT */
/*
 * HTTP exchanges over libcurl's multi interface, in turns given by the pipeline's loop.
 *
 * Guarantees: nothing here blocks; events are told only from inside step and resume, in the
 * order of include/weir/http.h, and none after `end` or `close`; when `end` is told, and when
 * `close` returns outside a callback, the connection's socket is closed. A close from inside a
 * callback takes effect as soon as curl has returned. What curl holds back while a body is not
 * taken is at most one read of the socket; the rest stays with the kernel, and so the server. A turn
 * reads little more than TURN_BYTES, however much there is: then others have theirs.
 *
 * Invariant: `easy` is set exactly while there is an exchange, and then so is `multi`; every
 * descriptor watched at the port is in `sockets`. Both handles live for one exchange: no
 * connection, name or TLS session outlives it.
 *
 * The lines of an answer's head, as curl hands them over (trailers come as lines, too):
 *
 *     WAITING --status 1xx--> INTERIM --empty line--> WAITING
 *     WAITING --status------> HEAD ----empty line--> BODY
 *
 * What we inherit from libcurl and its TLS library: curl_global_init is called for each transport
 * (counted and safe among threads; never curl_global_cleanup, others may use curl, too); memory is
 * malloc's; names are resolved on a thread of curl's, which ends by itself when a close does not
 * wait for it; GnuTLS reads its own system-wide configuration, and SSLKEYLOGFILE.
 *
 * Called by the sources that read from HTTP servers.
 */
#include "wire/http.h"

#include <assert.h>
#include <string.h>

#include "ground/error.h"
#include "wire/http_internal.h"

#define MOST_SOCKETS 8			/* curl has at most 5 for one exchange */
#define MOST_HEAD_BYTES (256 * 1024)	/* of an answer, interim ones and trailers included */
#define TURN_BYTES (4u << 20)		/* curl by itself goes on for a hundred reads */

enum part {
	WAITING,
	INTERIM,
	HEAD,
	BODY
};

struct transport {
	struct weir_env env;
	weir_port *port;
	struct weir_http_events events;
	CURLM *multi;
	CURL *easy;
	struct curl_slist *headers;
	char *where;			/* the peer, for error texts */
	int sockets[MOST_SOCKETS];
	size_t socket_count;
	uint64_t deadline_ms;		/* 0: none */
	enum part part;
	size_t head_bytes;
	bool inside;			/* curl is being called: it must not be torn down */
	bool closed;			/* during that; nothing more is told */
	bool paused;			/* by who takes the body */
	bool yields;			/* paused until the next turn, which is wanted at once */
	size_t turn_bytes;		/* of the body, since the turn began */
	struct weir_error failure;	/* found in a callback; WEIR_OK: none */
	char curl_text[CURL_ERROR_SIZE];
};

/* ---- what curl wants of the loop ---- */

static void forget_socket(struct transport *transport, int fd)
{
	for (size_t i = 0; i < transport->socket_count; i++) {
		if (transport->sockets[i] != fd)
			continue;
		weir_port_unwatch(transport->port, fd);
		transport->sockets[i] = transport->sockets[--transport->socket_count];
		return;
	}
}

static bool has_socket(const struct transport *transport, int fd)
{
	for (size_t i = 0; i < transport->socket_count; i++)
		if (transport->sockets[i] == fd)
			return true;
	return false;
}

/*
 * CURLMOPT_SOCKETFUNCTION. -1 makes curl give up; `failure` says why. While a body is not taken,
 * curl wants nothing read: the port, which another exchange may share, has no room to wait for.
 */
static int on_socket(CURL *easy, curl_socket_t fd, int what, void *user, void *of_socket)
{
	struct transport *transport = user;
	const unsigned reading = WEIR_READABLE | WEIR_ALWAYS;
	const unsigned events = (what & CURL_POLL_IN ? reading : 0) |
				(what & CURL_POLL_OUT ? (unsigned)WEIR_WRITABLE : 0);

	(void)easy;
	(void)of_socket;
	if (events == 0) {
		forget_socket(transport, fd);
		return 0;
	}
	if (!has_socket(transport, fd)) {
		if (transport->socket_count == MOST_SOCKETS) {
			weir_error_set(&transport->failure, WEIR_ERR_UNSUPPORTED,
				       WEIR_REMEDY_RETRY, "libcurl opened too many sockets");
			return -1;
		}
		transport->sockets[transport->socket_count++] = fd;
	}
	return weir_port_watch(transport->port, fd, events, &transport->failure) < 0 ? -1 : 0;
}

/* CURLMOPT_TIMERFUNCTION. One-shot: step forgets the deadline when it has passed. */
static int on_timer(CURLM *multi, long timeout_ms, void *user)
{
	struct transport *transport = user;

	(void)multi;
	transport->deadline_ms = 0;
	if (timeout_ms >= 0)
		transport->deadline_ms = weir__monotonic_ms(&transport->env) + (uint64_t)timeout_ms;
	if (timeout_ms >= 0 && transport->deadline_ms == 0)
		transport->deadline_ms = 1;
	return 0;
}

/* ---- what curl tells of the answer ---- */

static struct weir_slice trim(const char *text, size_t len)
{
	while (len > 0 && strchr(" \t\r\n", text[len - 1]) && text[len - 1])
		len--;
	while (len > 0 && (*text == ' ' || *text == '\t')) {
		text++;
		len--;
	}
	return (struct weir_slice){ .data = text, .len = len };
}

/* What makes curl end the transfer from inside a callback. */
static size_t give_up(struct transport *transport, const char *why)
{
	if (why)
		weir_error_set(&transport->failure, WEIR_ERR_PROTOCOL, WEIR_REMEDY_RETRY,
			       "%s %s", transport->where, why);
	return CURL_WRITEFUNC_ERROR;
}

static size_t take_status(struct transport *transport, size_t len)
{
	long status = 0;

	curl_easy_getinfo(transport->easy, CURLINFO_RESPONSE_CODE, &status);
	if (status == 101)
		return give_up(transport, "switched protocols without being asked");
	transport->part = status / 100 == 1 ? INTERIM : HEAD;
	if (transport->part == HEAD)
		transport->events.status(transport->events.user, (int)status);
	return len;
}

/* Continuations of folded lines, long forbidden, have no name before a colon: they are not told. */
static void take_field(struct transport *transport, const char *line, size_t len)
{
	const char *colon = memchr(line, ':', len);

	if (colon && colon > line && *line != ' ' && *line != '\t')
		transport->events.header(transport->events.user,
					 trim(line, (size_t)(colon - line)),
					 trim(colon + 1, (size_t)(line + len - colon - 1)));
}

/* CURLOPT_HEADERFUNCTION: one line. */
static size_t on_header(char *line, size_t size, size_t count, void *user)
{
	struct transport *transport = user;
	const size_t len = size * count;
	const bool empty = trim(line, len).len == 0;

	if (transport->closed)
		return give_up(transport, NULL);
	transport->head_bytes += len;
	if (transport->head_bytes > MOST_HEAD_BYTES)
		return give_up(transport, "answered with too large a head");
	switch (transport->part) {
	case WAITING:
		if (take_status(transport, len) != len)
			return CURL_WRITEFUNC_ERROR;
		break;
	case INTERIM:
		transport->part = empty ? WAITING : INTERIM;
		break;
	case HEAD:
		transport->part = empty ? BODY : HEAD;
		if (!empty)
			take_field(transport, line, len);
		break;
	case BODY:
		break;
	}
	return transport->closed ? give_up(transport, NULL) : len;
}

/* CURLOPT_WRITEFUNCTION: bytes of the body, at most CURL_MAX_WRITE_SIZE. */
static size_t on_body(char *bytes, size_t size, size_t count, void *user)
{
	struct transport *transport = user;
	const struct weir_slice slice = { .data = bytes, .len = size * count };
	bool taken;

	if (transport->closed)
		return give_up(transport, NULL);
	transport->yields = transport->turn_bytes >= TURN_BYTES;
	if (transport->yields)
		return CURL_WRITEFUNC_PAUSE;
	transport->turn_bytes += slice.len;
	taken = slice.len == 0 || transport->events.body(transport->events.user, slice);
	if (transport->closed)
		return give_up(transport, NULL);
	transport->paused = !taken;
	return taken ? slice.len : CURL_WRITEFUNC_PAUSE;
}

/* ---- how an exchange ends ---- */

/* Descriptors leave the port first: they must not be closed while it watches them. */
static void tear_down(struct transport *transport)
{
	while (transport->socket_count > 0)
		forget_socket(transport, transport->sockets[0]);
	if (transport->multi && transport->easy)
		curl_multi_remove_handle(transport->multi, transport->easy);
	curl_easy_cleanup(transport->easy);
	curl_multi_cleanup(transport->multi);
	curl_slist_free_all(transport->headers);
	weir__text_free(&transport->env, transport->where);
	*transport = (struct transport){ .env = transport->env };
}

/* `end` comes last of all: it may open the next exchange. */
static void finish(struct transport *transport, CURLcode code)
{
	const struct weir_http_events events = transport->events;
	struct weir_error err;

	if (transport->failure.status < 0)
		err = transport->failure;
	else if (code != CURLE_OK)
		weir__http_explain(transport->easy, code, transport->where, transport->curl_text,
				   &err);
	tear_down(transport);
	events.end(events.user, code == CURLE_OK ? NULL : &err);
}

/* After curl has been called: what its callbacks asked for, and whether the exchange is over. */
static void settle(struct transport *transport, CURLcode code)
{
	CURLMsg *message;
	int left;

	transport->inside = false;
	if (transport->closed) {
		tear_down(transport);
		return;
	}
	if (code != CURLE_OK) {
		finish(transport, code);
		return;
	}
	message = curl_multi_info_read(transport->multi, &left);
	if (message && message->msg == CURLMSG_DONE)
		finish(transport, message->data.result);
}

/* ---- the operations ---- */

static CURLMcode turn_socket(struct transport *transport, int fd)
{
	const unsigned events = weir_port_events(transport->port, fd);
	const int bits = (events & WEIR_READABLE ? CURL_CSELECT_IN : 0) |
			 (events & WEIR_WRITABLE ? CURL_CSELECT_OUT : 0);
	int running;

	if (bits == 0)
		return CURLM_OK;
	return curl_multi_socket_action(transport->multi, fd, bits, &running);
}

/* Curl may hand over what it held back at once, and be told again that it is not taken. */
static void go_on(struct transport *transport)
{
	transport->paused = transport->yields = false;
	transport->inside = true;
	settle(transport, curl_easy_pause(transport->easy, CURLPAUSE_CONT));
}

static void transport_step(void *self, uint64_t now_ms)
{
	struct transport *transport = self;
	int sockets[MOST_SOCKETS];
	const size_t count = transport->socket_count;
	CURLMcode code = CURLM_OK;
	int running;

	if (!transport->easy || transport->inside)
		return;
	transport->turn_bytes = 0;
	if (transport->yields) {
		go_on(transport);
		return;
	}
	transport->inside = true;
	memcpy(sockets, transport->sockets, sizeof sockets);
	for (size_t i = 0; i < count && code == CURLM_OK; i++)
		if (has_socket(transport, sockets[i]))
			code = turn_socket(transport, sockets[i]);
	if (code == CURLM_OK && transport->deadline_ms && transport->deadline_ms <= now_ms) {
		transport->deadline_ms = 0;
		code = curl_multi_socket_action(transport->multi, CURL_SOCKET_TIMEOUT, 0, &running);
	}
	settle(transport, code == CURLM_OK ? CURLE_OK :
			  code == CURLM_OUT_OF_MEMORY ? CURLE_OUT_OF_MEMORY :
							CURLE_ABORTED_BY_CALLBACK);
}

static uint64_t transport_deadline_ms(void *self)
{
	const struct transport *transport = self;

	return transport->yields ? 1 : transport->deadline_ms;
}

static void transport_resume(void *self)
{
	struct transport *transport = self;

	if (transport->easy && transport->paused && !transport->inside)
		go_on(transport);
}

static void transport_close(void *self)
{
	struct transport *transport = self;

	if (transport->inside)
		transport->closed = true;
	else
		tear_down(transport);
}

static void transport_free(void *self)
{
	struct transport *transport = self;
	struct weir_env env;

	if (!transport)
		return;
	assert(!transport->inside);
	env = transport->env;
	tear_down(transport);
	weir__free(&env, transport, sizeof *transport);
}

static CURLcode attach(struct transport *transport)
{
	CURL *easy = transport->easy;
	CURLcode code = curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, transport->curl_text);

	if (code == CURLE_OK)
		code = curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
	if (code == CURLE_OK)
		code = curl_easy_setopt(easy, CURLOPT_HEADERDATA, transport);
	if (code == CURLE_OK)
		code = curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
	if (code == CURLE_OK)
		code = curl_easy_setopt(easy, CURLOPT_WRITEDATA, transport);
	curl_multi_setopt(transport->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
	curl_multi_setopt(transport->multi, CURLMOPT_SOCKETDATA, transport);
	curl_multi_setopt(transport->multi, CURLMOPT_TIMERFUNCTION, on_timer);
	curl_multi_setopt(transport->multi, CURLMOPT_TIMERDATA, transport);
	return code;
}

/* The first turn is curl's to ask for: adding the handle sets a deadline of "now". */
static enum weir_status transport_open(void *self, weir_port *port,
				       const struct weir_http_request *request,
				       const struct weir_http_events *events,
				       struct weir_error *err)
{
	struct transport *transport = self;
	enum weir_status status = WEIR_OK;

	if (transport->easy)
		return weir_error_set(err, WEIR_ERR_STATE, WEIR_REMEDY_STOP,
				      "an exchange is under way already");
	transport->port = port;
	transport->events = *events;
	transport->easy = curl_easy_init();
	transport->multi = curl_multi_init();
	if (!transport->easy || !transport->multi || attach(transport) != CURLE_OK)
		status = weir__error_no_memory(err);
	if (status == WEIR_OK)
		status = weir__http_request_apply(&transport->env, transport->easy, request,
						  &transport->headers, &transport->where, err);
	if (status == WEIR_OK &&
	    curl_multi_add_handle(transport->multi, transport->easy) != CURLM_OK)
		status = weir__error_no_memory(err);
	if (status < 0)
		tear_down(transport);
	return status;
}

static const struct weir_http_ops curl_ops = {
	.size = sizeof curl_ops,
	.open = transport_open,
	.step = transport_step,
	.deadline_ms = transport_deadline_ms,
	.resume = transport_resume,
	.close = transport_close,
	.free = transport_free,
};

enum weir_status weir__http_curl_new(const struct weir_env *given, struct weir_http *ret,
				     struct weir_error *err)
{
	const struct weir_env env = weir__env_complete(given);
	struct transport *transport;

	if (!(curl_version_info(CURLVERSION_NOW)->features & CURL_VERSION_THREADSAFE))
		return weir_error_set(err, WEIR_ERR_UNSUPPORTED, WEIR_REMEDY_STOP,
				      "this libcurl cannot be initialised among threads");
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return weir_error_set(err, WEIR_ERR_UNSUPPORTED, WEIR_REMEDY_STOP,
				      "libcurl cannot be initialised");
	transport = weir__alloc(&env, sizeof *transport);
	if (!transport)
		return weir__error_no_memory(err);
	transport->env = env;
	*ret = (struct weir_http){ .ops = &curl_ops, .self = transport };
	return WEIR_OK;
}
