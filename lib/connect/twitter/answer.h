/* SPDX-License-Identifier: MIT */
/* One answer to one attempt: its status, the headers that matter, and of an error the words. */
#ifndef WEIR_TWITTER_ANSWER_H
#define WEIR_TWITTER_ANSWER_H

#include "wire/inflate.h"

#define WEIR__TWITTER_ERROR_BYTES 2048

struct weir__twitter_answer {
	int status;		/* 0: none yet */
	bool compressed;	/* by Content-Encoding, as `coding` says */
	bool unknown_coding;	/* Content-Encoding: one that was not asked for */
	enum weir__inflate_coding coding;
	bool over;		/* the exchange has ended */
	uint64_t date_ms;	/* Date; 0: none */
	uint64_t reset_ms;	/* x-rate-limit-reset or a dated Retry-After; 0: none */
	uint64_t wait_ms;	/* Retry-After in seconds; 0: none */
	bool none_left;		/* x-rate-limit-remaining: 0 */
	struct weir__inflate inflate;	/* of the text; in use while `inflating`; must not move */
	bool inflating;
	size_t text_len;
	char text[WEIR__TWITTER_ERROR_BYTES];	/* the beginning of an error's body */
};

/* Zeroed, or ready for the next. */
void weir__twitter_answer_clear(struct weir__twitter_answer *answer);

void weir__twitter_answer_header(struct weir__twitter_answer *answer, struct weir_slice name,
				 struct weir_slice value);

/* Keeps what there is room for, decoded; text that cannot be decoded is left out. */
void weir__twitter_answer_text(struct weir__twitter_answer *answer, const struct weir_env *env,
			       struct weir_slice bytes);
bool weir__twitter_answer_is_full(const struct weir__twitter_answer *answer);

/* How long the server wants us to wait, seen at `wall_ms` by our clock; a day at most. */
uint64_t weir__twitter_answer_wait_ms(const struct weir__twitter_answer *answer, uint64_t wall_ms);

#endif
