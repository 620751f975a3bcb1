/* SPDX-License-Identifier: MIT */
/**
 * How calls fail: a status to test, and a struct that says what happened and what to do.
 */
#ifndef WEIR_ERROR_H
#define WEIR_ERROR_H

#include "base.h"

#ifdef __cplusplus
extern "C" {
#endif

/** What a call answers. Below zero is failure; the values never change. Since: 0.1. */
enum weir_status {
	WEIR_OK = 0,
	WEIR_AGAIN = 1,			/* nothing wrong, not now */
	WEIR_END = 2,			/* nothing wrong, no more to come */
	WEIR_ERR_NOMEM = -1,		/* out of memory */
	WEIR_ERR_INVALID = -2,		/* an argument or option is out of range */
	WEIR_ERR_STATE = -3,		/* not possible in this state */
	WEIR_ERR_IO = -4,		/* the operating system or the network refused */
	WEIR_ERR_AUTH = -5,		/* credentials were refused */
	WEIR_ERR_PROTOCOL = -6,		/* the peer broke its protocol */
	WEIR_ERR_TIMEOUT = -7,		/* a deadline passed */
	WEIR_ERR_REFUSED = -8,		/* the peer said no */
	WEIR_ERR_CORRUPT = -9,		/* stored or compressed data is damaged */
	WEIR_ERR_CANCELED = -10,	/* stopped before it was done */
	WEIR_ERR_UNSUPPORTED = -11	/* this build or peer cannot do it */
};

/** What the engine does about a failure. Since: 0.1. */
enum weir_remedy {
	WEIR_REMEDY_STOP = 0,	/* fail the pipeline: going on would lose or corrupt */
	WEIR_REMEDY_RETRY = 1,	/* back off, then the same again */
	WEIR_REMEDY_SKIP = 2	/* this one message cannot go: dead letter */
};

/**
 * What went wrong, in words. A plain struct of 256 bytes, nothing in it needs freeing.
 *
 * `text` is one line of UTF-8, terminated, that names the thing, the place and the remedy; it never
 * holds a secret. Since: 0.1.
 */
struct weir_error {
	enum weir_status status;
	enum weir_remedy remedy;
	int32_t os_error;	/* errno where the operating system was the cause, else 0 */
	int32_t reserved;
	int64_t remote_code;	/* HTTP status, Kafka error code, … where there is one, else 0 */
	char text[232];
};

/**
 * The name of a status, "WEIR_ERR_AUTH"; "unknown status" for what is none. Lends, for good.
 * Thread: any.  Since: 0.1.
 */
WEIR_API const char *weir_status_name(enum weir_status status);

/**
 * Fills an error; what connector authors call before they return a failure.
 *
 * @param err     filled; may be NULL
 * @param status  below zero; returned, so that `return weir_error_set(err, …)` reads well
 * @param remedy  what the engine is to do
 * @param format  borrows, as what follows; as printf; cut to what fits, at a character boundary of
 *                UTF-8
 * @return `status`
 * Thread: any.  Since: 0.1.
 */
WEIR_API enum weir_status weir_error_set(struct weir_error *err, enum weir_status status,
					 enum weir_remedy remedy, const char *format, ...)
	WEIR_PRINTF(4, 5);

#ifdef __cplusplus
}
#endif

#endif
