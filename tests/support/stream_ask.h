/* SPDX-License-Identifier: MIT */
/* Asking the stream server with libcurl, one request at a time or one beside another. */
#ifndef SUPPORT_STREAM_ASK_H
#define SUPPORT_STREAM_ASK_H

#include "support/stream_server.h"

#include <curl/curl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define STREAM_SAMPLE "/1.1/statuses/sample.json"
#define STREAM_FILTER "/1.1/statuses/filter.json"

/* What is asked. */
struct stream_ask {
	const char *path;
	const char *body;		/* POST when there is one */
	const char *authorization;
	bool gzip;
	const char *unix_path;
	size_t stop_at;			/* leaves after that many bytes; 0 is never */
};

/* What came. */
struct stream_answer {
	CURLcode code;
	int status;
	char *body;		/* free it; NULL when nothing came */
	size_t len;
	size_t stop_at;
	char date[64];
};

/* A handle that fills the answer when it is performed; its headers are to be freed after it. */
CURL *stream_ask_begin(const struct stream_server *server, const struct stream_ask *ask,
		       struct stream_answer *ret_answer, struct curl_slist **ret_headers);

/* Asks and waits for the end, at most 20 s. */
struct stream_answer stream_ask(const struct stream_server *server, const struct stream_ask *ask);

/* How many messages a body has. -1: a line is no JSON, or the last one has no end. */
int stream_count_messages(const char *body, size_t len);

#endif
