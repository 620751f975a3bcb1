/* SPDX-License-Identifier: MIT */
/*
 * The stream server's parts and what they share. It uses nothing of libweir, so that it can judge
 * it. Two run it: the program examples/stream_server, and weir_test_stream (../stream.c).
 *
 *	server.c       listening, starting, ending
 *	pool.c         the messages, all in memory
 *	answer.c       a request and what is answered
 *	signature.c    OAuth 1.0a, checked (params.c: percent coding and parameter lists)
 *	predicates.c   track, follow, locations, count: what the service would refuse
 *	account.c      nonces, one connection per account, connecting too often, who is there
 *	x.c            what v2 refuses; x_rules.c: its rules (json.c: what is asked of them)
 *	stream.c       the body of a stream (stream_fault.c: what goes wrong in it; zip.c: gzip)
 *	fault.c        the script
 *	record.c       what came in, for tests to look at
 */
#ifndef WEIR_TESTING_SERVER_H
#define WEIR_TESTING_SERVER_H

#include "fault.h"
#include "pool.h"
#include "signature.h"
#include "x.h"

#include <microhttpd.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>

#define SERVER_PATHS 8
#define SERVER_WHY 232

/* What it is to do; all text is borrowed until the server's end. */
struct settings {
	const char *bind;
	uint64_t port;
	const char *unix_path;
	const char *certificate;
	const char *key;
	bool filled;			/* the pool is, already */
	const char *file;
	uint64_t generate;
	uint64_t seed;
	uint64_t rate;			/* messages a second; 0 is as fast as it goes */
	bool repeat;
	struct credentials credentials;
	bool no_auth;
	bool gzip;
	uint64_t chunk;			/* bytes; 0 is as they come */
	uint64_t keep_alive_ms;
	bool hold;			/* after the last message */
	struct fault_script faults;
	const char *log_path;
	const char *record_path;
	bool once;
	bool allow_count;
	bool one_connection;
	uint64_t strict_rate_ms;	/* 0 is off */
	const char *bearer;		/* of v2 */
	uint64_t most_rules;
	uint64_t usage_cap;		/* posts, over all v2 streams; 0 is none */
	bool allow_backfill;
	const char *paths[SERVER_PATHS];
	unsigned path_count;
};

struct stream;

#define ACCOUNT_NONCES 4096

/* What the only account did so far; its lock guards it. */
struct account {
	pthread_mutex_t lock;
	char *nonces[ACCOUNT_NONCES];	/* the newest, in a ring */
	size_t nonce_count;
	uint64_t opened_ms;		/* when its newest stream began; 0 is never */
	struct stream *newest;
	uint64_t streams;		/* ever */
	uint64_t open;			/* now */
	uint64_t most_open;		/* at once */
};

struct server {
	struct settings settings;
	struct pool pool;
	struct pool posts_pool;		/* of v2, made when it is first asked for */
	struct x_rules rules;
	atomic_uint_fast64_t posts;	/* put on the wire, over all v2 streams */
	struct account account;
	struct MHD_Daemon *daemon;	/* NULL: it does not run */
	int listen_fd;			/* the daemon's */
	bool bound;			/* a Unix socket is there to be removed */
	pthread_mutex_t record_lock;
	FILE *record;
	FILE *log;
	uint64_t started_ms;
	atomic_uint_fast64_t connections;
	atomic_uint_fast64_t messages;	/* put on the wire, over all streams */
	atomic_uint_fast64_t bytes;	/* of their bodies */
	atomic_bool quitting;
	int quit_fd;			/* readable once the server quits */
	int done_fd;			/* written when --once is satisfied */
};

/* A request while it arrives, and what was read out of it. */
struct request {
	struct server *server;
	struct MHD_Connection *connection;
	uint64_t number;		/* among the requests to stream paths, from 1 */
	char *uri;
	char *method;
	char *body;
	size_t body_len;
	bool started;
	bool body_too_long;
	bool is_form;
	struct param_list params;
	const struct fault *fault;
	int64_t clock_shift_s;
};

/* server.c: the defaults; the strings are constants */
void settings_init(struct settings *settings);

/*
 * Starts a server whose settings (and pool, when they say so) are filled and everything else zero;
 * it listens when this returns. False: `ret_why` says why, and server_stop is still to be called.
 */
bool server_start(struct server *server, char ret_why[SERVER_WHY]);

/* "http://127.0.0.1:40123", "unix:PATH". */
void server_url(const struct server *server, char *ret_url, size_t size);

/* Ends it, whatever its streams are doing, and frees what is in it. */
void server_stop(struct server *server);

/* clock and waiting, in wait.c */
uint64_t clock_us(void);
int64_t clock_wall_s(void);

enum wait_result { WAIT_TIMEOUT, WAIT_POKED, WAIT_GONE };

/* Waits for time, for the server's end or a poke (an eventfd, or -1), or for the client to go. */
enum wait_result wait_for(const struct server *server, int client_fd, int poke_fd, uint64_t us);

/* predicates.c: 200, or the status that the parameters deserve and a text that says why */
unsigned predicates_check(const struct request *request, bool filter, const char **ret_text);

/* account.c */
void account_init(struct account *account);
void account_clear(struct account *account);
bool account_nonce_is_new(struct account *account, const struct param_list *header);
bool account_may_open(struct server *server);
void account_opened(struct server *server, struct stream *stream);
void account_closed(struct server *server, struct stream *stream);
void account_read(struct account *account, uint64_t *ret_streams, uint64_t *ret_open,
		  uint64_t *ret_most_open);

/* record.c */
void record_request(struct request *request, unsigned status);
void log_line(struct server *server, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* answer.c: what libmicrohttpd calls */
void *answer_begin(void *user, const char *uri, struct MHD_Connection *connection);
enum MHD_Result answer(void *user, struct MHD_Connection *connection, const char *url,
		       const char *method, const char *version, const char *upload,
		       size_t *upload_len, void **context);
void answer_end(void *user, struct MHD_Connection *connection, void **context,
		enum MHD_RequestTerminationCode why);
/* By OAuth 1.0a, in time, and with a nonce of its own. */
bool request_is_signed(struct request *request);

/* x.c: false: the stream is refused with this answer */
bool x_check(struct request *request, bool filtered, struct x_answer *ret_answer);
struct x_answer x_rules_request(struct request *request);
const struct pool *x_pool(struct server *server);

/* stream.c: a response that streams; the client's newest stream is poked to end */
enum stream_sort { STREAM_V1, STREAM_X_FILTERED, STREAM_X };
struct MHD_Response *stream_new(struct request *request, enum stream_sort sort, bool gzip);
void stream_cut(struct stream *stream);

#endif
