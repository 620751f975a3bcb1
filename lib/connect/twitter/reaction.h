/* SPDX-License-Identifier: MIT */
/* What to do about an HTTP status, and about a message that ends the connection: rows of tables. */
#ifndef WEIR_TWITTER_REACTION_H
#define WEIR_TWITTER_REACTION_H

#include <limits.h>

#include "weir/error.h"

enum weir__twitter_answer_to {
	WEIR__TWITTER_BY_STATUS,	/* of a body: it says no more than its status */
	WEIR__TWITTER_FATAL,	/* stop with an error */
	WEIR__TWITTER_RETRY,	/* HTTP backoff, for ever */
	WEIR__TWITTER_TRY,	/* HTTP backoff, WEIR__TWITTER_TRIES times, then fatal */
	WEIR__TWITTER_CALM,	/* backoff of the rate class, and an alert */
	WEIR__TWITTER_SLOW,	/* the same, for what is no limit of a rate */
	WEIR__TWITTER_CAPPED,	/* wait until the next day begins, and an alert */
	WEIR__TWITTER_CLOCK,	/* correct the clock and try once more, else fatal */
	WEIR__TWITTER_LESS,	/* leave the dialect's extra out and try once more, else fatal */
	WEIR__TWITTER_BACK	/* ask once more for what the last stream had, else fatal */
};
#define WEIR__TWITTER_TRIES 5

struct weir__twitter_status {
	int first, last;
	enum weir__twitter_answer_to reaction;
	enum weir_status status;	/* of the error it ends in */
	const char *meaning;
	const char *remedy;
};

/* The first row whose range holds it: a table ends with one that holds every number. */
#define WEIR__TWITTER_ANY_STATUS INT_MIN, INT_MAX
const struct weir__twitter_status *weir__twitter_status(const struct weir__twitter_status *rows,
							int http_status);
extern const struct weir__twitter_status weir__twitter_v1_statuses[];

enum weir__twitter_parting {
	WEIR__TWITTER_PART_NOT,		/* the connection goes on */
	WEIR__TWITTER_PART_DROP,	/* as a dropped connection: at once after a proven one */
	WEIR__TWITTER_PART_BACKOFF,	/* network backoff, no free attempt */
	WEIR__TWITTER_PART_SLOW,	/* backoff of the rate class */
	WEIR__TWITTER_PART_CAPPED,	/* wait until the next day begins */
	WEIR__TWITTER_PART_TAKEOVER,	/* another consumer: alert, one more try after a minute */
	WEIR__TWITTER_PART_END,		/* as intended: the source ends */
	WEIR__TWITTER_PART_FATAL	/* stop with an error */
};

struct weir__twitter_disconnect {
	uint64_t code;
	enum weir__twitter_parting parting;
	const char *meaning;
	const char *alert;	/* NULL: none */
	enum weir_status status;	/* FATAL: of the error; and what helps */
	const char *remedy;
};

/* Never NULL; unknown codes and what is no code at all get a row of their own. */
const struct weir__twitter_disconnect *weir__twitter_disconnect(uint64_t code);

#endif
