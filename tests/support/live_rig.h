/* SPDX-License-Identifier: MIT */
/*
 * A Twitter source over the real transport against the local stream server, as a child: libcurl,
 * sockets and clocks are those of the machine. One thread turns the pipeline; nothing waits but in
 * poll(), and every wait has a deadline after which the test fails and shows the log.
 */
#ifndef WEIR_TESTS_LIVE_RIG_H
#define WEIR_TESTS_LIVE_RIG_H

#include <jansson.h>

#include "support/memory.h"
#include "support/stream_server.h"
#include "weir.h"

#define LIVE_PATIENCE_MS 20000
#define LIVE_FILTER "/1.1/statuses/filter.json"
#define LIVE_SAMPLE "/1.1/statuses/sample.json"
#define LIVE_MOST_GAPS 64

/* Words for live_serve. */
#define WORDS(...) ((const char *const[]){ __VA_ARGS__, NULL })

/* Sanitizers are slow, and have memory of their own. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define LIVE_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define LIVE_SANITIZED 1
#endif
#endif
#ifndef LIVE_SANITIZED
#define LIVE_SANITIZED 0
#endif

struct live_text {
	char *data;		/* terminated, once anything was added */
	size_t len;
	size_t size;
};

struct live {
	/* Change them before live_start. */
	struct weir_twitter_source_options options;
	struct weir_x_source_options x_options;	/* instead, with is_x */
	bool is_x;
	struct weir_pipeline_options pipeline_options;
	weir_callback_fn *call;	/* instead of writing messages down; its user is the rig */

	struct stream_server server;
	int record_fd;
	char url[320];

	weir_pipeline *pipeline;
	weir_source *source;
	weir_sink *sink;
	enum weir_status status;	/* of the last step */

	struct live_text messages;	/* a line each, but for gaps */
	size_t message_count;
	struct live_text gaps;		/* a line each */
	size_t gap_at[LIVE_MOST_GAPS];	/* how many messages came before it */
	size_t gap_count;
	size_t kinds[WEIR_KIND_COUNT];
	struct live_text log;
	struct live_text alerts;

	struct weir_env env;
	struct counted_memory memory;
	size_t descriptors;	/* open before the rig */
};

/* Credentials the server knows, track "weir". Yours: end it with live_end. */
struct live *live_new(void);
/* The same with a v2 source, of the sample stream; serve it without a path. */
struct live *live_x_new(void);
/* Starts the server with these further words, and points the options at `path` there. */
void live_serve(struct live *live, const char *path, const char *const *words);
/* Makes the pipeline; every message goes to the callback. Nothing is sent before a turn. */
void live_start(struct live *live);
/* One step, and before it at most 20 ms of waiting for something to do. */
void live_turn(struct live *live);
void live_turn_within(struct live *live, int most_ms);
/* Stops the pipeline and turns it until it has ended. Returns how long that took, in ms. */
uint64_t live_stop(struct live *live);
/*
 * Frees all; checks that nothing is left behind, neither memory nor descriptors, that the accounts
 * are even, and that no secret was said.
 */
void live_end(struct live *live);

/* Turns until it is so. */
#define LIVE_UNTIL(live, condition) \
	do { \
		const uint64_t until_ms_ = live_now_ms() + LIVE_PATIENCE_MS; \
		while (!(condition)) { \
			live_turn(live); \
			if (live_now_ms() > until_ms_) \
				live_give_up(live, #condition); \
		} \
	} while (0)

/* Fails the test: what was waited for did not come. */
void live_give_up(const struct live *live, const char *what) __attribute__((noreturn));

uint64_t live_now_ms(void);
struct weir_source_metrics live_metrics(const struct live *live);
size_t live_descriptors(void);

/* What the server has recorded: how many requests, and the one of this number, from 0; yours. */
size_t live_requests(const struct live *live);
json_t *live_request(const struct live *live, size_t number);
/* A member by its names, two at most: ("headers", "User-Agent"). "" when it is not there. */
const char *live_member(const json_t *request, const char *outer, const char *inner);

/* A file without a name, with this text; the path is good here and in children. */
int live_file(const char *text, char path[64]);

void live_add(struct live_text *text, const void *bytes, size_t len);
void live_clear(struct live_text *text);
/* The first `count` messages that this seed gives, a line each. */
void live_add_sample(struct live_text *text, uint64_t seed, size_t count);
/* Fails the test unless exactly these messages came, gaps aside. Clears `want`. */
void live_check_messages(const struct live *live, struct live_text *want);

#endif
