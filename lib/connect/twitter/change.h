/* SPDX-License-Identifier: MIT */
/* Other predicates for a source that runs: from any thread to the next request. */
#ifndef WEIR_TWITTER_CHANGE_H
#define WEIR_TWITTER_CHANGE_H

#include <stdatomic.h>

#include "connect/twitter/config.h"
#include "weir/port.h"

struct weir__twitter_source;

/* Sets of them, owned, each a block. Zeroed is fine: nothing is to change. */
struct weir__twitter_change {
	_Atomic(struct weir_twitter_predicates *) next;	/* handed in, by any thread */
	_Atomic(weir_port *) port;			/* NULL: not opened yet */

	/* The pipeline's thread only. */
	struct weir_twitter_predicates *wanted;	/* in place of the config's; NULL: nothing is */
	struct weir_twitter_predicates *before;	/* what the last stream had, while the config's
						 * are not answered; NULL: they are, or none was */
	bool answered;				/* the config's were, by a 200 */
};

/* Reads, checks and copies; NULL: `err` says why not. Thread: any. */
struct weir_twitter_predicates *
weir__twitter_wanted_new(const struct weir__twitter_config *config,
			 const struct weir_twitter_predicates *given, struct weir_error *err);
/* Takes them. Thread: any. */
void weir__twitter_change_hand_in(struct weir__twitter_source *source,
				  struct weir_twitter_predicates *wanted);

/* The rest is for the pipeline's thread. Notes what was handed in, and says what it leads to. */
void weir__twitter_change_note(struct weir__twitter_source *source);
/* An attempt begins: it asks for what is wanted. */
void weir__twitter_change_adopt(struct weir__twitter_source *source);
/* What was asked for was answered 200. */
void weir__twitter_change_confirm(struct weir__twitter_source *source);
/* What was asked for was refused: back to what the last stream had; false: there is no way back. */
bool weir__twitter_change_undo(struct weir__twitter_source *source);
/* When the stream is to be given up for a change; 0: it is not. */
uint64_t weir__twitter_change_due_ms(const struct weir__twitter_source *source);
void weir__twitter_change_release(struct weir__twitter_source *source);

#endif
