/* SPDX-License-Identifier: MIT */
/* X API v2: the rules of the only app, and what its streams are refused with. */
#ifndef WEIR_TESTING_X_H
#define WEIR_TESTING_X_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct request;

struct x_rule {
	char *id, *value, *tag;
};

struct x_rules {
	pthread_mutex_t lock;	/* guards all of it */
	struct x_rule *rules;
	size_t count;
	uint64_t next_id;
};

/* An answer, whole. */
struct x_answer {
	unsigned status;
	char *text;		/* free it */
};

void x_rules_init(struct x_rules *rules);
void x_rules_clear(struct x_rules *rules);
size_t x_rules_count(struct x_rules *rules);

/* What a request for the rules is answered: list, add, delete, each with dry_run. */
struct x_answer x_rules_answer(struct request *request, size_t most_rules);

/* `,"matching_rules":[…]}`, one rule in turn, two every seventh time. Returns, free it; NULL:
 * there are no rules. */
char *x_rules_matching(struct x_rules *rules, uint64_t number);

/* A problem of this kind (RFC 7807) as a text; `extra` are members, each with its comma. */
char *x_problem(const char *type, const char *title, const char *extra);

/* The kinds of 429: "rate", "connections", "daily", "monthly"; NULL: it is none. */
char *x_limit_problem(const char *kind);

#endif
