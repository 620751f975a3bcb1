/* SPDX-License-Identifier: MIT */
/* How the faults of twitter_faults.c are put together. */
#ifndef WEIR_TESTS_TWITTER_TRIAL_INTERNAL_H
#define WEIR_TESTS_TWITTER_TRIAL_INTERNAL_H

#include "support/twitter_trial.h"

struct trial_fault {
	const char *name;
	void (*make)(struct trial_maker *maker, struct trial *trial);
	bool (*is_allowed)(const struct trial_maker *maker);	/* NULL: always */
};

/* twitter_faults.c: [0] is a good connection, which stands in for what is not allowed. */
extern const struct trial_fault trial_streams[], trial_stream_ends[];
extern const size_t trial_stream_count, trial_stream_end_count;
/* twitter_refusals.c */
extern const struct trial_fault trial_refusals[], trial_refusal_ends[];
extern const size_t trial_refusal_count, trial_refusal_end_count;

/* What comes of it: without this, a dropped connection. */
void trial_fail_with(struct trial *trial, enum weir_reconnect_cause cause, enum trial_pace pace,
		     enum trial_class class);

/* A copy that lives as long as the trial. */
char *trial_text(struct trial *trial, const char *text);

/* Events: the trial is over with the last one, unless the fault says otherwise. */
struct script_event *trial_event(struct trial *trial, uint64_t at_ms);
void trial_answer(struct trial *trial, uint64_t at_ms, const char *coding);
struct script_event *trial_raw(struct trial *trial, uint64_t at_ms, const char *bytes, size_t len);
/* What was added is sent, in the answer's coding; as a whole gzip member of its own. */
void trial_send(struct trial *trial, uint64_t at_ms);
void trial_send_member(struct trial *trial, uint64_t at_ms);
void trial_end(struct trial_maker *maker, struct trial *trial, uint64_t at_ms);

/* To be sent next. */
void trial_add(struct trial *trial, const char *bytes, size_t len);
void trial_add_keep_alive(struct trial *trial);
/* `extra`: how much too long its length is. */
void trial_add_frame(const struct trial_maker *maker, struct trial *trial, const char *body,
		     size_t extra);
void trial_add_message(struct trial_maker *maker, struct trial *trial, uint64_t at_ms);
void trial_add_half(struct trial_maker *maker, struct trial *trial);
void trial_expect(struct trial *trial, uint64_t at_ms, const char *body, const char *id);

void trial_burst(struct trial_maker *maker, struct trial *trial, uint64_t at_ms);
uint64_t trial_live(struct trial_maker *maker, struct trial *trial, uint64_t least_ms,
		    uint64_t most_ms);

#endif
