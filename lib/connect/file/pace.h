/* SPDX-License-Identifier: MIT */
/* When each message of a recording is due: so many a second, or as they were sent. */
#ifndef WEIR_FILE_PACE_H
#define WEIR_FILE_PACE_H

#include "kit/scan.h"

/* Zeroed but for the first four: as fast as possible, unless one of the first two is set. */
struct weir__pace {
	double per_second;
	bool original;		/* by the times of the messages */
	double speed;		/* of `original`; above 0 */
	uint64_t most_gap_ms;	/* of `original`: of their time, longer pauses are cut; 0: not */

	bool has_begun;
	uint64_t begin_ms;	/* the clock's; what comes next is counted from there */
	double elapsed_ms;	/* since then, of the last message */
	double count;		/* of `per_second`: messages behind the one at begin_ms */
	uint64_t last_time_ms;	/* the latest among the times of the messages */
	weir__plan *plan;
	struct weir__slot *slots;
};

/* For `original` memory is taken; NOMEM is the only failure. */
enum weir_status weir__pace_init(struct weir__pace *pace, const struct weir_env *env,
				 struct weir_error *err);
void weir__pace_release(struct weir__pace *pace, const struct weir_env *env);
/* Begins anew with the next message. */
void weir__pace_restart(struct weir__pace *pace);

/* When this message is due, on the clock of `now_ms`; once for each, in order. */
uint64_t weir__pace_next(struct weir__pace *pace, struct weir_slice body, uint64_t now_ms);

#endif
