/* SPDX-License-Identifier: MIT */
/**
 * The fault kit: a stream server and a Kafka cluster inside a test, both on loopback, both broken
 * as the test says. For trying your own programs, not for running them: a library of its own
 * (`pkg-config --cflags --libs weir-testing`, static), which weir.h does not include and libweir
 * knows nothing of. It takes nothing from libweir either, so it may judge it.
 *
 *     weir_test_broker *kafka = weir_test_broker_new(NULL, &err);
 *     weir_test_stream *twitter = weir_test_stream_new(WEIR_WITH(weir_test_stream_options,
 *             .generate = 500, .faults = "cut=100,drop,ok", .anonymous = true), &err);
 *
 *     …your pipeline, with .url = weir_test_stream_filter_url(twitter), .anonymous = true and
 *     .brokers = weir_test_broker_addresses(kafka)…
 *
 *     weir_test_broker_set_down(kafka, 0);
 *     …
 *     weir_test_topic_read(kafka, "tweets", note, &seen, &err);
 *
 * The contract of weir/base.h holds (ownership, options, outputs), with two differences: handles of
 * the kit are good until their own `_free`, and when memory runs out the kit says so on standard
 * error and aborts. Threads: each server has threads of its own, with all signals blocked; every
 * call may come from any thread, but for `_free`, after which nothing may use the handle.
 */
#ifndef WEIR_TESTING_H
#define WEIR_TESTING_H

#include "base.h"
#include "error.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- a stream server */

/**
 * A server that speaks the Twitter v1.1 stream protocol, and checks what is asked of it: OAuth 1.0a
 * signatures, methods, parameters, limits. Paths: /1.1/statuses/filter.json, sample.json and
 * firehose.json, GET or POST. Every stream gets all messages from the first one on; track, follow
 * and locations are checked, but do not select.
 *
 * And X API v2, whose bearer token it checks: GET /2/tweets/sample/stream and, with rules,
 * /2/tweets/search/stream, at weir_test_stream_url. The rules of /2/tweets/search/stream/rules are
 * kept until the end (GET, POST, dry_run, pages); posts match them in turn, every seventh two of
 * them. A value that holds "bad:" is refused as invalid. Since: 0.1.
 */
typedef struct weir_test_stream weir_test_stream;

/**
 * Options. Zero is the default everywhere; strings are borrowed: copied by weir_test_stream_new.
 *
 * `faults` is a script: steps joined by commas, one per request to a stream path; the last one
 * stays. `\,` is a comma within a step. N counts the messages sent before it happens.
 *
 *     ok                       nothing
 *     drop                     the connection is closed instead of an answer
 *     silent=MS                MS without an answer, then ok; 0 is for ever
 *     status=CODE[;NAME=VALUE]…[:BODY]   with headers; VALUE now+N is a time in seconds, as in
 *                              status=429;x-rate-limit-reset=now+2:Too many
 *     html-error=SIZE[:CODE]   503 with an HTML body of SIZE bytes
 *     redirect=URL             302
 *     limited=KIND[:S]         429 as v2 says it: rate, connections, daily or monthly, with
 *                              x-rate-limit-reset in S (1) seconds
 *     wrong-date=S             the server's clock is S seconds off, for the Date header and the
 *                              check of timestamps: 401 code 135 until the client follows it
 *     close                    200, and the end at once
 *     keepalive-close          200, one empty line, the end
 *     cut=N                    half a message, and the connection is closed without an end
 *     cut-chunk=N              the same within an HTTP chunk
 *     reset=N                  half a message, and a TCP reset; it may overtake what was sent
 *     stall=N                  silence, without keep-alives, until the client goes
 *     idle=N                   only keep-alives
 *     drip=BYTES[:MS]          the first BYTES one at a time, MS (1) apart, then ok
 *     disconnect=CODE[:N]      a disconnect message, and the end
 *     disconnect-hold=CODE[:N] a disconnect message, and silence
 *     problem=NAME[:N]         v2's errors without data, and the end: NAME is a disconnect_type
 *                              (SlowReader), or a KIND as above
 *     bad-gzip=N               bytes that are no deflate, then silence; without gzip as cut=N
 *     gzip-members=N           a gzip member ends after every N messages
 *     bad-length=N             with delimited=length: a length line that says 7 too many
 *     text=LINE                a line of plain text first
 *     malformed=N              a line that is no JSON: {"a":
 *     bare-lf=N                a message with line feeds inside
 *     huge=SIZE                a message of SIZE bytes and a few first
 *
 * Since: 0.1.
 */
struct weir_test_stream_options {
	size_t size;

	/* What is sent: `messages`, else the lines of `file`, else invented ones. */
	const struct weir_slice *messages;	/* without a line end; copied */
	size_t message_count;		/* 0 with non-NULL `messages`: none */
	const char *file;		/* a message per line, plain or gzip */
	uint64_t generate;		/* so many invented ones of every kind; default 10,000 */
	uint64_t seed;			/* which ones; default 1 */
	bool repeat;			/* from the start again, for ever */

	/* How. */
	uint64_t rate;			/* messages a second; default: as fast as the client reads */
	bool gzip;			/* when the client accepts it; each piece is flushed */
	uint64_t chunk_bytes;		/* HTTP chunks of that size; default: as they come */
	uint64_t keep_alive_ms;		/* an empty line after that much silence; default 30,000 */
	bool hold;			/* after the last message only keep-alives; default: the end */
	const char *faults;		/* above; default "ok" */

	/* Who may: one account. */
	bool anonymous;			/* everybody, signatures are not looked at */
	const char *consumer_key;	/* default "demo-consumer-key" */
	const char *consumer_secret;	/* default "demo-consumer-secret" */
	const char *token;		/* default "42-demo-token" */
	const char *token_secret;	/* default "demo-token-secret" */
	bool allow_count;		/* count=… is permitted; else 416 */
	bool one_connection;		/* a newer stream ends the older with disconnect code 7 */
	uint64_t strict_rate_ms;	/* 420 within so long of the attempt before; default: never */

	/* Where. */
	uint16_t port;			/* of 127.0.0.1; default: any that is free */
	const char *unix_socket;	/* a path, instead of a port; replaced, and removed at the end */
	const char *certificate_file;	/* PEM, both or none: https */
	const char *key_file;
	const char *path;		/* one more stream, without predicates: "/2/else" */

	/* What is written down. */
	const char *log_file;		/* what happens, a line each; "-": standard error */
	const char *record_file;	/* each request as a JSON object per line, with all its
					 * headers: use invented credentials */

	/* X API v2. */
	const char *bearer_token;	/* default "demo-bearer-token" */
	bool allow_backfill;		/* backfill_minutes=0…5 is permitted; else 400 */
	uint64_t most_rules;		/* rule-cap above it; default 1,000 */
	uint64_t usage_cap;		/* after so many posts: usage-capped; default: never */
};

/**
 * Starts a stream server. It listens when this returns.
 *
 * @param options  borrows; NULL: every default
 * @param err      filled on failure; may be NULL. WEIR_ERR_INVALID: an option, or the step of the
 *                 script that is none · WEIR_ERR_IO: a file cannot be read or written, the port or
 *                 socket is not to be had, the certificate is none
 * @return returns, free it with weir_test_stream_free; NULL on failure
 * Thread: any.  Since: 0.1.
 */
WEIR_API weir_test_stream *weir_test_stream_new(const struct weir_test_stream_options *options,
						struct weir_error *err);

/**
 * Ends it, whatever its streams are doing: they break off.
 *
 * @param stream  takes; NULL: nothing happens
 * @return NULL
 * Thread: any, one.  Since: 0.1.
 */
WEIR_API weir_test_stream *weir_test_stream_free(weir_test_stream *stream);

/**
 * Where it is: the server alone ("http://127.0.0.1:40123"), its filter stream, its sample stream.
 * With a Unix socket the host is "localhost", and the client has to be told of the socket.
 *
 * @param stream  borrows; NULL: ""
 * @return lends, until weir_test_stream_free
 * Thread: any.  Since: 0.1.
 */
WEIR_API const char *weir_test_stream_url(const weir_test_stream *stream);
WEIR_API const char *weir_test_stream_filter_url(const weir_test_stream *stream);
WEIR_API const char *weir_test_stream_sample_url(const weir_test_stream *stream);

/**
 * What a stream server has seen so far. Set `size` before the call, with WEIR_METRICS (of
 * <weir/metrics.h>): `struct weir_test_stream_metrics m = WEIR_METRICS(weir_test_stream_metrics);`
 * Since: 0.1.
 */
struct weir_test_stream_metrics {
	size_t size;
	uint64_t requests;	/* to stream paths, whatever became of them: the script's steps */
	uint64_t streams;	/* of these: answered with 200 */
	uint64_t open;		/* of these: now; one counts until its connection is closed */
	uint64_t most_open;	/* at once, ever */
	uint64_t messages;	/* put on the wire, whole ones, over all streams; what the script
				 * adds does not count. A client that leaves may miss the last */
	uint64_t bytes;		/* of streams: bodies as sent, compressed ones so, chunking aside */
};

/**
 * Reads the metrics. Each number is right by itself; together they are no snapshot.
 *
 * @param stream     borrows; NULL: WEIR_ERR_INVALID
 * @param ret_metrics  its `size` set by the caller, 0 is WEIR_ERR_INVALID; what is beyond this
 *                   release's members is set to zero
 * @return WEIR_OK or WEIR_ERR_INVALID
 * Thread: any.  Since: 0.1.
 */
WEIR_API enum weir_status weir_test_stream_metrics(weir_test_stream *stream,
						   struct weir_test_stream_metrics *ret_metrics);

/* ---- a Kafka cluster */

/**
 * A cluster of Kafka brokers on loopback: librdkafka's mock cluster. It knows topics, partitions,
 * (idempotent, transactional) producers and consumer groups. It does not know the admin calls,
 * compaction or authentication, does not look at sequence numbers (what an idempotent producer sends
 * twice it writes twice), keeps about the last 5 MB of each partition, and forgets everything at its
 * end. Brokers have the ids 1, 2, …. Calls that change it return when it is changed. Since: 0.1.
 */
typedef struct weir_test_broker weir_test_broker;

/** Options. Zero is the default everywhere. Since: 0.1. */
struct weir_test_broker_options {
	size_t size;
	uint32_t broker_count;	/* 1 to 32; default 1 */
	uint32_t patience_ms;	/* how long reading a topic may take; default 10,000 */
};

/**
 * Starts a cluster. It listens when this returns.
 *
 * @param options  borrows; NULL: every default
 * @param err      filled on failure; may be NULL. WEIR_ERR_INVALID: an option · WEIR_ERR_IO: no
 *                 sockets, no threads
 * @return returns, free it with weir_test_broker_free; NULL on failure
 * Thread: any.  Since: 0.1.
 */
WEIR_API weir_test_broker *weir_test_broker_new(const struct weir_test_broker_options *options,
						struct weir_error *err);

/**
 * Ends it and forgets what it held. Clients that are connected lose their connection. It may take
 * a second: threads of librdkafka's that are asleep.
 *
 * @param broker  takes; NULL: nothing happens
 * @return NULL
 * Thread: any, one.  Since: 0.1.
 */
WEIR_API weir_test_broker *weir_test_broker_free(weir_test_broker *broker);

/**
 * Where the brokers are, "127.0.0.1:40123,127.0.0.1:40124": a client's bootstrap.servers.
 *
 * @param broker  borrows; NULL: ""
 * @return lends, until weir_test_broker_free
 * Thread: any.  Since: 0.1.
 */
WEIR_API const char *weir_test_broker_addresses(const weir_test_broker *broker);

/**
 * Takes a broker down: its connections are closed, new ones refused, and no other broker takes its
 * partitions over (weir_test_topic_set_leader does that). And up again. What it holds, it keeps.
 *
 * @param broker  borrows
 * @param id      which, from 1; 0: all
 * @return WEIR_OK, also when nothing changes · WEIR_ERR_INVALID: there is no such broker
 * Thread: any.  Since: 0.1.
 */
WEIR_API enum weir_status weir_test_broker_set_down(weir_test_broker *broker, uint32_t id);
WEIR_API enum weir_status weir_test_broker_set_up(weir_test_broker *broker, uint32_t id);

/**
 * Makes a broker slow: each answer from now on is held back so long.
 *
 * @param broker  borrows
 * @param id      which, from 1; 0: all
 * @param rtt_ms  milliseconds, up to 3,600,000; 0: none
 * @return WEIR_OK · WEIR_ERR_INVALID: there is no such broker, or too long
 * Thread: any.  Since: 0.1.
 */
WEIR_API enum weir_status weir_test_broker_set_rtt(weir_test_broker *broker, uint32_t id,
						   uint32_t rtt_ms);

/**
 * The requests that can be made to fail, by their numbers in Kafka's protocol. Metadata is not one
 * of them: see weir_test_topic_set_error. Since: 0.1.
 */
enum weir_test_request {
	WEIR_TEST_PRODUCE = 0,
	WEIR_TEST_FETCH = 1,
	WEIR_TEST_LIST_OFFSETS = 2,
	WEIR_TEST_OFFSET_COMMIT = 8,
	WEIR_TEST_OFFSET_FETCH = 9,
	WEIR_TEST_FIND_COORDINATOR = 10,
	WEIR_TEST_JOIN_GROUP = 11,
	WEIR_TEST_HEARTBEAT = 12,
	WEIR_TEST_LEAVE_GROUP = 13,
	WEIR_TEST_SYNC_GROUP = 14,
	WEIR_TEST_API_VERSIONS = 18,
	WEIR_TEST_INIT_PRODUCER_ID = 22,
	WEIR_TEST_ADD_PARTITIONS_TO_TXN = 24,
	WEIR_TEST_END_TXN = 26
};

/**
 * What to answer with: any error code of Kafka's protocol; these are the common ones. CUT is no
 * code: the connection is closed instead of an answer. Since: 0.1.
 */
enum weir_test_code {
	WEIR_TEST_CUT = -195,
	WEIR_TEST_OK = 0,
	WEIR_TEST_UNKNOWN_TOPIC = 3,
	WEIR_TEST_NOT_LEADER = 6,
	WEIR_TEST_TIMED_OUT = 7,
	WEIR_TEST_TOO_LARGE = 10,
	WEIR_TEST_NOT_ENOUGH_REPLICAS = 19,
	WEIR_TEST_NOT_ENOUGH_REPLICAS_AFTER = 20,
	WEIR_TEST_TOPIC_FORBIDDEN = 29,
	WEIR_TEST_CLUSTER_FORBIDDEN = 31,
	WEIR_TEST_OUT_OF_SEQUENCE = 45,
	WEIR_TEST_STORAGE_ERROR = 56
};

/** One answer of one broker. Since: 0.1. */
struct weir_test_answer {
	int32_t code;		/* enum weir_test_code, or any other; 0: none, as it should be */
	uint32_t rtt_ms;	/* held back so long, milliseconds, up to 3,600,000 */
};

/**
 * The next requests of this kind, to whichever broker, get these codes, in order, one each, behind
 * what was pushed before; then all is well again. Nothing of such a request is done.
 *
 * @param broker   borrows
 * @param request  an enum weir_test_request, else WEIR_ERR_INVALID
 * @param codes    borrows; `count` of them, each -195 or 0 to 32767; NULL: only with a count of 0
 * @return WEIR_OK · WEIR_ERR_INVALID: nothing was pushed
 * Thread: any.  Since: 0.1.
 */
WEIR_API enum weir_status weir_test_broker_push_codes(weir_test_broker *broker,
						      enum weir_test_request request,
						      const int32_t *codes, size_t count);

/**
 * Forgets what weir_test_broker_push_codes pushed for this kind of request and nobody met.
 *
 * @param broker   borrows
 * @param request  an enum weir_test_request, else WEIR_ERR_INVALID
 * @return WEIR_OK or WEIR_ERR_INVALID
 * Thread: any.  Since: 0.1.
 */
WEIR_API enum weir_status weir_test_broker_clear_codes(weir_test_broker *broker,
						       enum weir_test_request request);

/**
 * The same for one broker, and each answer held back for its time. They come before the codes that
 * were pushed for all.
 *
 * @param broker   borrows
 * @param id       which, from 1
 * @param request  an enum weir_test_request, else WEIR_ERR_INVALID
 * @param answers  borrows; `count` of them; NULL: only with a count of 0
 * @return WEIR_OK · WEIR_ERR_INVALID: nothing was pushed
 * Thread: any.  Since: 0.1.
 */
WEIR_API enum weir_status weir_test_broker_push_answers(weir_test_broker *broker, uint32_t id,
							enum weir_test_request request,
							const struct weir_test_answer *answers,
							size_t count);

/**
 * How many answers one broker has left: whether the script was played.
 *
 * @param broker   borrows
 * @param id       which, from 1
 * @param request  an enum weir_test_request
 * @return the number; 0 also for a broker or request that is none
 * Thread: any.  Since: 0.1.
 */
WEIR_API size_t weir_test_broker_answers_left(weir_test_broker *broker, uint32_t id,
					      enum weir_test_request request);

/* ---- topics */

/**
 * Makes a topic. One that a producer asks for comes into being by itself, with 4 partitions.
 *
 * @param broker      borrows
 * @param topic       borrows; 1 to 249 of A-Z a-z 0-9 . _ -, not "." or ".."
 * @param partitions  1 to 1,000
 * @return WEIR_OK · WEIR_ERR_INVALID · WEIR_ERR_STATE: it is there already
 * Thread: any.  Since: 0.1.
 */
WEIR_API enum weir_status weir_test_topic_add(weir_test_broker *broker, const char *topic,
					      uint32_t partitions);

/**
 * Gives a partition to another broker. Clients learn of it as from Kafka: their next request there
 * is answered with NOT_LEADER, and they ask again who leads. A topic that is not there is made, with
 * the partitions up to this one.
 *
 * @param broker     borrows
 * @param topic      borrows
 * @param partition  from 0
 * @param id         the broker that leads from now on, from 1; 0: none does
 * @return WEIR_OK · WEIR_ERR_INVALID: there is no such broker or partition
 * Thread: any.  Since: 0.1.
 */
WEIR_API enum weir_status weir_test_topic_set_leader(weir_test_broker *broker, const char *topic,
						     uint32_t partition, uint32_t id);

/**
 * What clients are told when they ask for this topic's metadata: WEIR_TEST_UNKNOWN_TOPIC for one
 * that is not there, WEIR_TEST_TOPIC_FORBIDDEN, …. It stays so until WEIR_TEST_OK is set. Who
 * knows the topic already goes on until it asks again.
 *
 * @param broker  borrows
 * @param topic   borrows; made when it is not there
 * @param code    0 to 32767
 * @return WEIR_OK · WEIR_ERR_INVALID
 * Thread: any.  Since: 0.1.
 */
WEIR_API enum weir_status weir_test_topic_set_error(weir_test_broker *broker, const char *topic,
						    int32_t code);

/**
 * How many records were written to a topic, all partitions together, also those that the cluster
 * keeps no longer. Asks over the network as any client does: a broker that is down cannot be asked,
 * a slow one answers late, and codes pushed for what a client asks before and while it reads
 * (WEIR_TEST_API_VERSIONS, …_LIST_OFFSETS) may meet this call instead of the program.
 *
 * @param broker     borrows
 * @param topic      borrows
 * @param ret_count  written on success
 * @param err        filled on failure; may be NULL. WEIR_ERR_INVALID · WEIR_ERR_REFUSED: there is
 *                   no such topic, or Kafka's code, in `remote_code` · WEIR_ERR_TIMEOUT:
 *                   patience_ms are over
 * @return WEIR_OK, or the error's status
 * Thread: any; blocks.  Since: 0.1.
 */
WEIR_API enum weir_status weir_test_topic_count(weir_test_broker *broker, const char *topic,
						uint64_t *ret_count, struct weir_error *err);

/** A header of a record. Lent for the call. Since: 0.1. */
struct weir_test_header {
	const char *name;
	struct weir_slice value;	/* NULL data: none */
};

/** A record of a topic. All of it is lent for the call. Since: 0.1. */
struct weir_test_record {
	struct weir_slice key;		/* NULL data: none */
	struct weir_slice value;	/* NULL data: none */
	const struct weir_test_header *headers;
	size_t header_count;
	uint32_t partition;
	uint64_t offset;
	int64_t time_ms;		/* since 1970; -1: none */
};

/**
 * Gets one record, lent for the call. False: that is enough.
 * Thread: that of weir_test_topic_read.  Since: 0.1.
 */
typedef bool weir_test_record_fn(void *user, const struct weir_test_record *record);

/**
 * Reads what a topic holds: partition by partition, each in order, up to the ends it had when this
 * began or a little beyond. Everything is read before the first is told: either all or nothing.
 * Over the network, as weir_test_topic_count; codes pushed for WEIR_TEST_FETCH may meet it.
 *
 * @param broker  borrows
 * @param topic   borrows
 * @param call    gets each record
 * @param user    its first argument
 * @param err     filled on failure; may be NULL. As weir_test_topic_count
 * @return WEIR_OK, also when `call` had enough, or the error's status
 * Thread: any; blocks.  Since: 0.1.
 */
WEIR_API enum weir_status weir_test_topic_read(weir_test_broker *broker, const char *topic,
					       weir_test_record_fn *call, void *user,
					       struct weir_error *err);

#ifdef __cplusplus
}
#endif

#endif
