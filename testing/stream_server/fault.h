/* SPDX-License-Identifier: MIT */
/* What goes wrong on purpose: a script with a step per connection. */
#ifndef WEIR_TESTING_FAULT_H
#define WEIR_TESTING_FAULT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum fault_kind {
	FAULT_NONE,
	/* instead of an answer, or an answer that is no stream */
	FAULT_DROP,
	FAULT_SILENT,
	FAULT_STATUS,
	FAULT_HTML,
	FAULT_REDIRECT,
	FAULT_LIMITED,		/* v2 */
	FAULT_DATE,
	/* in the stream */
	FAULT_CLOSE,
	FAULT_KEEPALIVE_CLOSE,
	FAULT_CUT,
	FAULT_CUT_CHUNK,
	FAULT_RESET,
	FAULT_STALL,
	FAULT_IDLE,
	FAULT_DRIP,
	FAULT_DISCONNECT,
	FAULT_DISCONNECT_HOLD,
	FAULT_PROBLEM,		/* v2 */
	FAULT_BAD_GZIP,
	FAULT_GZIP_MEMBERS,
	FAULT_BAD_LENGTH,
	FAULT_TEXT,
	FAULT_MALFORMED,
	FAULT_BARE_LF,
	FAULT_HUGE
};

struct fault {
	enum fault_kind kind;
	int64_t number;		/* the step's number: messages, a status, a size, seconds, … */
	int64_t second;		/* the one after its colon */
	char *text;		/* a line, a body, a URL; NULL without */
	char *headers;		/* of status=…: "name=value;name=value"; NULL without */
};

struct fault_script {
	struct fault *steps;
	size_t count;
};

/*
 * Reads a script; weir/testing.h says what it may hold. An empty one is "ok". False: the last step
 * that was read is unknown or lacks its number. Clear it in both cases.
 */
bool fault_parse(const char *script, struct fault_script *ret_script);

/* The step for the n-th connection, counted from 0: the last one stays. */
const struct fault *fault_for(const struct fault_script *script, uint64_t connection);

void fault_clear(struct fault_script *script);

#endif
