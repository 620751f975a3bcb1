/* SPDX-License-Identifier: MIT */
/*
 * A transport that plays answers from a table, on a fake clock, and keeps what it was asked.
 *
 * Attempt N gets answers[N], attempts beyond the last get the last. It fails the test when a second
 * exchange is begun before the first was closed or had ended, and it keeps to the contract of
 * weir/http.h: a body that is not taken comes again, from its first byte, after resume.
 */
#ifndef WEIR_TESTS_SCRIPT_HTTP_H
#define WEIR_TESTS_SCRIPT_HTTP_H

#include "support/fake_env.h"
#include "weir/http.h"

#define SCRIPT_EVENTS 12
#define SCRIPT_REQUESTS 256
#define SCRIPT_REQUEST_BYTES 4096

/* What happens at a time after the attempt's start: all that is set, in this order. */
struct script_event {
	uint64_t at_ms;
	bool refused;		/* open itself fails, with `fails` */
	int status;
	const char *name;	/* a header */
	const char *value;
	const char *text;	/* of the body */
	size_t len;		/* 0: up to its zero */
	bool ends;		/* well */
	enum weir_status fails;	/* ends with this error */
};

/* Events in the order of their times; the first one that is all zero ends them. */
struct script_answer {
	struct script_event events[SCRIPT_EVENTS];
};

struct script_request {
	uint64_t at_ms;		/* monotonic */
	char method[8];
	char url[SCRIPT_REQUEST_BYTES];
	char headers[SCRIPT_REQUEST_BYTES];	/* "Name: value\n" … */
	char body[SCRIPT_REQUEST_BYTES];
	size_t header_count;
	bool has_body;
};

struct script_http {
	struct fake_env *fake;
	const struct script_answer *answers;
	size_t answer_count;
	size_t piece;		/* bodies come in pieces of at most so many bytes; 0: whole */

	size_t opens;
	size_t closes;
	size_t refusals;	/* bodies that were not taken */
	bool freed;
	struct script_request *requests;	/* the first SCRIPT_REQUESTS */

	/* The exchange. */
	bool open;
	bool paused;
	uint64_t begun_ms;
	const struct script_answer *answer;
	size_t event;
	size_t sent;		/* bytes of that event's body that were taken */
	bool began_event;
	struct weir_http_events events;
};

/* The script must outlive the transport. */
struct weir_http script_http_init(struct script_http *script, struct fake_env *fake,
				  const struct script_answer *answers, size_t answer_count);
void script_http_release(struct script_http *script);

/* The value of a header of a request, up to its line end, copied to `ret`; false: not there. */
bool script_header(const struct script_request *request, const char *name, char *ret, size_t size);

#endif
