/* SPDX-License-Identifier: MIT */
/*
 * The problems of v2 (RFC 7807), in the stream or as the body of a refusal, and what follows from
 * each: one table.
 */
#ifndef WEIR_X_PROBLEM_H
#define WEIR_X_PROBLEM_H

#include "connect/twitter/dialect.h"
#include "ground/env.h"

struct weir__x_problem {
	const char *type;	/* the last segment of its type; with a - at the end: a beginning */
	const char *kind;	/* its disconnect_type, connection_issue, period, … ; NULL: any */
	struct weir__twitter_status refused;	/* as the body of a refusal */
	struct weir__twitter_disconnect parting;	/* in the stream */
};

/* What a text says. */
struct weir__x_said {
	const struct weir__x_problem *problem;	/* never NULL */
	char name[64];				/* its kind, or its type */
	char words[WEIR__TWITTER_WORDS];	/* "title: detail" */
};

/* Reads a problem, alone or the first that counts of `errors`; false: the text is none. */
bool weir__x_problem_read(const struct weir_env *env, struct weir_slice text,
			  struct weir__x_said *ret);

/* A refusal by its body, as a dialect explains it; `buffer` holds the words. */
void weir__x_problem_explain(const struct weir_env *env, struct weir_slice text, char *buffer,
			     size_t size, struct weir__twitter_refusal *ret);

/* What follows from statuses, where the body says no more. */
extern const struct weir__twitter_status weir__x_statuses[];

/* Notices in the stream. */
#define WEIR__X_NOTICES 1
extern const struct weir__twitter_notice_row weir__x_notices[WEIR__X_NOTICES];

#endif
