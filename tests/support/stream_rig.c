/* SPDX-License-Identifier: MIT */
/* The test bench of the local stream server. */
#include "support/stream_rig.h"

#include <check.h>
#include <stdlib.h>

struct stream_server stream_server;
struct stream_answer got;

void server_start(const char *const *words)
{
	ck_assert_int_eq(stream_server_start(&stream_server, words), 0);
}

void server_stop(void)
{
	ck_assert_int_eq(stream_server_stop(&stream_server), 0);
	server_forget();
}

int server_ask(struct stream_ask ask)
{
	server_forget();
	got = stream_ask(&stream_server, &ask);
	return got.status;
}

void server_forget(void)
{
	free(got.body);
	got = (struct stream_answer){ 0 };
}
