/* SPDX-License-Identifier: MIT */
/* The rules of the filtered stream: from what is declared to what the account has. */
#ifndef WEIR_X_RULES_H
#define WEIR_X_RULES_H

#include <stdatomic.h>

#include "connect/twitter/x_call.h"
#include "connect/twitter/x_set.h"
#include "kit/backoff.h"

enum weir__x_step {
	WEIR__X_IDLE,
	WEIR__X_WAIT,		/* until due_ms, then from the beginning */
	WEIR__X_LIST,		/* what the account has, a page at a time */
	WEIR__X_TRY,		/* new ones, with dry_run */
	WEIR__X_ADD,		/* new ones */
	WEIR__X_REMOVE,		/* ours that are not wanted */
	WEIR__X_ADD_LATE,	/* those that had to wait for that */
	WEIR__X_STEPS
};

/* Names of rules that are to go. */
struct weir__x_doomed {
	char **ids;
	size_t count, capacity;
};

struct weir__x_rules {
	const struct weir_env *env;
	char *url;			/* of the rules */
	char *prefix;
	bool dry_run;
	void (*on_rules)(void *user, const struct weir_x_rules_report *report);
	void *user;

	_Atomic(struct weir__x_set *) next;	/* handed in, by any thread */
	_Atomic(weir_port *) port;

	struct weir__x_call call;
	struct weir__x_set *set;	/* what is wanted; NULL: nothing was declared yet */
	struct weir__x_doomed doomed;
	enum weir__x_step step;
	size_t at;			/* of set->rules or doomed, where this step's call begins */
	size_t until;			/* … and ends */
	size_t foreign, removed, pages;
	char *page;			/* the next; NULL: the first */
	bool ready;			/* a set is applied: the stream may connect */
	uint64_t due_ms;
	struct weir__backoff backoff;
	uint32_t failures;		/* in a row */
};

/* Takes `http`, also when this fails. `set` it takes on success. */
struct weir__x_rules *weir__x_rules_new(const struct weir_env *env, const char *stream_url,
					const struct weir_x_source_options *options,
					struct weir_http http, struct weir__x_set *set,
					struct weir_error *err);
void weir__x_rules_free(struct weir__x_rules *rules);

/* Takes the set. Thread: any. */
void weir__x_rules_hand_in(struct weir__x_rules *rules, struct weir__x_set *set);
/* The account was found without rules: it is brought to the set again. */
void weir__x_rules_again(struct weir__x_rules *rules);

/* Below zero: the first set cannot be applied; the pipeline fails. */
enum weir_status weir__x_rules_turn(struct weir__x_rules *rules,
				    struct weir__twitter_source *source, struct weir_error *err);
uint64_t weir__x_rules_deadline_ms(const struct weir__x_rules *rules);	/* 0: none */
/* Ends what is under way. */
void weir__x_rules_close(struct weir__x_rules *rules);

/* ---- x_rules_answer.c: what an answer says, for x_rules.c ---- */

/* Adds a page of the account's rules to what is known; `ret_more`: there is another. */
enum weir_status weir__x_rules_read_page(struct weir__x_rules *rules, bool *ret_more,
					 struct weir_error *err);
/* The errors in the answer are about rules, not about the request. */
bool weir__x_rules_is_about_rules(struct weir__x_rules *rules);
/* What became of the rules at … until. WEIR_ERR_REFUSED: the service refuses one, in its words. */
enum weir_status weir__x_rules_read_added(struct weir__x_rules *rules,
					  const struct weir__twitter_source *source,
					  struct weir_error *err);
enum weir_status weir__x_rules_read_removed(struct weir__x_rules *rules,
					    const struct weir__twitter_source *source,
					    struct weir_error *err);

#endif
