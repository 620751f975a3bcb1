/* SPDX-License-Identifier: MIT */
/* One stream server, and what it answered when it was last asked. */
#ifndef SUPPORT_STREAM_RIG_H
#define SUPPORT_STREAM_RIG_H

#include "support/stream_ask.h"

extern struct stream_server stream_server;	/* only its url, when the test has its own */
extern struct stream_answer got;

#define WORDS(...) ((const char *const[]){ __VA_ARGS__, NULL })
/* Fails the test unless it starts, with these words; unless it ends well. */
void server_start(const char *const *words);
void server_stop(void);

/* Asks and waits for the end; `got` has the answer. Returns its status. */
#define ASK(...) server_ask((struct stream_ask){ __VA_ARGS__ })
int server_ask(struct stream_ask ask);
void server_forget(void);

#endif
