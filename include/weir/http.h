/* SPDX-License-Identifier: MIT */
/**
 * The transport a live source reads through: libcurl unless another is handed in. For tests with a
 * scripted one, and for programs that have an HTTP client of their own.
 */
#ifndef WEIR_HTTP_H
#define WEIR_HTTP_H

#include "port.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * One exchange to make (RFC 9110, 9112). Everything is borrowed for the call of `open`. Since: 0.1.
 */
struct weir_http_request {
	size_t size;
	const char *method;
	const char *url;			/* http or https, with its query */
	const struct weir_property *headers;	/* all to be sent beyond Host, Content-Length */
	size_t header_count;
	struct weir_slice body;			/* sent with Content-Length; NULL data: no body */
	const char *ca_file;			/* NULL: the system's */
	const char *proxy;			/* NULL: none, whatever the environment says */
	const char *unix_socket;		/* NULL: TCP */
	uint64_t connect_ms;			/* DNS, connect and TLS together, milliseconds */
};

/**
 * What the transport tells, from inside open, step or resume, in this order:
 * status, header …, body …, end. After end, or after close, nothing more. What it tells is borrowed
 * for the call. Thread: the pipeline's. Since: 0.1.
 */
struct weir_http_events {
	void *user;	/* the first argument of each */
	void (*status)(void *user, int status);	/* of the final answer; 1xx are not told */
	void (*header)(void *user, struct weir_slice name, struct weir_slice value);
	/* Bytes of the body, chunked coding undone, content coding not. Borrowed. False: not taken;
	 * the same bytes come again after `resume`. A transport that watches for reading with
	 * WEIR_ALWAYS stops watching until then. */
	bool (*body)(void *user, struct weir_slice bytes);
	/* The exchange is over. NULL: the body ended as it should. */
	void (*end)(void *user, const struct weir_error *error);
};

/**
 * A transport: one exchange at a time. All but deadline_ms and free are needed; `self` is that of
 * struct weir_http. A failure of `open` fills `err`.
 * Thread: the pipeline's.  Since: 0.1.
 */
struct weir_http_ops {
	size_t size;
	/* Starts an exchange. Must not block, must not follow redirects. `events` is copied. What
	 * it watches without WEIR_ALWAYS is not read while the source has no room: an exchange
	 * beside the stream, of rules, then waits for that. */
	enum weir_status (*open)(void *self, weir_port *port,
				 const struct weir_http_request *request,
				 const struct weir_http_events *events, struct weir_error *err);
	void (*step)(void *self, uint64_t now_ms);	/* a turn: make what progress there is */
	/* When `step` wants to be called by time alone, on the clock of its `now_ms`; 0: never.
	 * Asked after open, step and resume: a port has one deadline, and its owner sets the
	 * earliest. */
	uint64_t (*deadline_ms)(void *self);
	void (*resume)(void *self);			/* body may be taken again */
	void (*close)(void *self);	/* ends the exchange and its connection; none: nothing */
	void (*free)(void *self);
};

/** A transport with its own data. Since: 0.1. */
struct weir_http {
	const struct weir_http_ops *ops;	/* lives as long as the source: a static const */
	void *self;				/* freed with ops->free by whoever takes it */
};

#ifdef __cplusplus
}
#endif

#endif
