/* SPDX-License-Identifier: MIT */
/* One exchange beside the stream, whole: a JSON text goes, an answer comes. */
#ifndef WEIR_X_CALL_H
#define WEIR_X_CALL_H

#include "connect/twitter/answer.h"
#include "kit/bytes.h"
#include "weir/http.h"

struct weir__twitter_source;

struct weir__x_call {
	struct weir_http http;
	struct weir__twitter_answer answer;
	struct weir__bytes body;
	struct weir_error end;		/* how it ended; status WEIR_OK: well */
	uint64_t until_ms;		/* it is given up */
	bool is_open, too_large;
};

/* Takes `http`. */
void weir__x_call_init(struct weir__x_call *call, const struct weir_env *env,
		       struct weir_http http);
void weir__x_call_release(struct weir__x_call *call);

/*
 * Sends a request with the credentials of this source: POST, or GET where `body` is NULL. Takes
 * both texts. Below zero: what no second attempt would cure.
 */
enum weir_status weir__x_call_begin(struct weir__x_call *call, struct weir__twitter_source *source,
				    char *url, char *body, struct weir_error *err);
/* True: it is over; `end`, `answer` and `body` say how. */
bool weir__x_call_turn(struct weir__x_call *call, uint64_t now_ms);
/* None open: nothing. */
void weir__x_call_close(struct weir__x_call *call);
uint64_t weir__x_call_deadline_ms(const struct weir__x_call *call);

#endif
