/* SPDX-License-Identifier: MIT */
/**
 * The Twitter v1.1 streams as a source: filter, sample, and any path that speaks their protocol.
 *
 * The service switched these streams off in 2023; recordings, gateways and compatible servers speak
 * them on, so the URL is always settable.
 */
#ifndef WEIR_TWITTER_H
#define WEIR_TWITTER_H

#include "http.h"
#include "pipeline.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Where the service had its streams: statuses/filter and statuses/sample. Since: 0.1. */
#define WEIR_TWITTER_FILTER_URL "https://stream.twitter.com/1.1/statuses/filter.json"
#define WEIR_TWITTER_SAMPLE_URL "https://stream.twitter.com/1.1/statuses/sample.json"

/**
 * Options. Needed are the four credentials, or `anonymous`, and for the filter stream one of track,
 * follow, locations; zero is the default elsewhere. Strings are borrowed: copied by the add.
 * Everything is checked there: a phrase too long is an error that names the phrase, its bytes and
 * the limit.
 * Since: 0.1.
 */
struct weir_twitter_source_options {
	size_t size;

	/* OAuth 1.0a (RFC 5849); all four are needed unless `anonymous`. Never shown anywhere. */
	const char *consumer_key;
	const char *consumer_secret;
	const char *token;
	const char *token_secret;

	/* Predicates, comma-separated UTF-8, OR-ed by the service. These and the two that narrow
	 * them can be changed while the source runs: weir_twitter_source_set_predicates. */
	const char *track;	/* phrases, 1 to 60 bytes each; blanks inside mean AND */
	const char *follow;	/* numeric user ids */
	const char *locations;	/* boxes: west,south,east,north in degrees, four numbers each */

	/* What narrows them. */
	const char *language;		/* BCP 47 codes: "ko,en" */
	const char *filter_level;	/* "none", "low", "medium" */
	bool stall_warnings;		/* ask for FALLING_BEHIND warnings */
	int32_t count;			/* backfill, ±1 … ±150,000; needs permission; 0: none */
	/* Any others, sent and signed as they are; none that is an option here, no oauth_…. */
	const struct weir_property *parameters;
	size_t parameter_count;

	const char *url;	/* the whole stream's URL; default WEIR_TWITTER_FILTER_URL */
	const char *method;	/* "GET" or "POST"; default POST if the path ends in filter.json */
	bool delimited;		/* ask for delimited=length framing */
	bool uncompressed;	/* do not ask for gzip */
	bool anonymous;		/* no Authorization: for gateways that want none */
	const char *user_agent;	/* default "weir/VERSION" */
	const char *ca_file;	/* PEM, a certificate in its first 64 KiB; default: the system's */
	/* "http://host:port", or "http://user:password@host:port" with both percent-encoded; no
	 * other kind. Default: none, whatever the environment says. Never shown. */
	const char *proxy;
	const char *unix_socket;	/* connect here instead of to the URL's host */

	/* Times in milliseconds. */
	uint64_t connect_ms;	/* DNS, connect, TLS; default 10,000 */
	uint64_t stall_ms;	/* no byte for so long: reconnect; default 90,000 */
	uint64_t proven_ms;	/* a connection that lived so long resets the backoff;
				 * default 5,000 */
	uint64_t min_reconfigure_ms;	/* a connection stands so long before it is given up for
					 * other predicates; default 120,000 */
	uint32_t jitter_percent;	/* on top of each delay, never below; 0 to 25; default 0 */
	uint32_t most_attempts;	/* failures in a row, then the pipeline fails; default 0: never */
	size_t max_message_bytes;	/* larger ones are counted and skipped; default 4 MiB */

	/* The service's limits. */
	uint32_t max_phrases;	/* default 400 */
	uint32_t max_follow;	/* default 5,000 */
	uint32_t max_boxes;	/* default 25 */

	/* Told when somebody should look: a delay reached its cap, another consumer uses these
	 * credentials, this client is too slow, other predicates were refused. What the peer sends
	 * is told at once and then once a minute of each kind, "(12 more)". `text` is lent. Thread:
	 * the pipeline's. */
	void (*on_alert)(void *user, const char *text);
	void *user;		/* its first argument; stays the application's */

	const struct weir_http *http;	/* takes `self`; NULL: libcurl */
};

/**
 * Adds a Twitter stream.
 *
 * It connects anew for as long as most_attempts allows: at once when a connection that had lived
 * for proven_ms ends or stalls, else after a delay of its class, which grows with each failure:
 *
 *     network   no answer, a short connection, broken framing,   250 ms, 500, 750 … 16 s
 *               disconnect codes 10, 11 and unknown ones
 *     http      5xx; any other status, the fifth ends it         5 s, doubled, up to 320 s
 *     rate      420, 429, another consumer (codes 2, 7)          60 s, doubled, up to 960 s
 *
 * and after 420, 429 and 5xx not before Retry-After and x-rate-limit-reset allow, a day at most. A
 * delay that has reached its limit, and each 420 and 429, is told to on_alert.
 *
 * These end the pipeline: 3xx, 400, 403, 404, 410; 401, unless this machine's clock was off by more
 * than a minute (then once more, by the server's); 406 and 413, unless there are predicates to go
 * back to; 416, unless it was for `count`, which is then left out; disconnect codes 6, 13, 14; and
 * 2 or 7 for the second time, unless the connection had lived for an hour. Codes 3 and 9 end the
 * source, and well.
 *
 * Each hole in the stream is told by one gap message (kind WEIR_KIND_GAP, no key), all on one line:
 *
 *     {"gap":{"source":"twitter","from_ms":1577836807000,"to_ms":1577836814600,
 *     "cause":"dropped","missed":12,"last_before":"1050118621198921728","first_after":null}}
 *
 *     source       string   the name of this source
 *     from_ms      number   the last byte of the connection that was lost; ms since 1970 UTC
 *     to_ms        number   the answer 200 of the next one, or when it was given up: see below
 *     cause        string   why it was lost: weir_reconnect_cause_name
 *     missed       number   what it held back, as its `limit` notices had told when it was lost
 *     last_before  string   the id of the last status (tweet, retweet) that this source emitted
 *                           before the hole, perhaps on a connection before; null: there was none
 *     first_after  string   the id of the first status behind the hole; null: not known in time
 *
 * It stands right before the first status of the new connection. Other messages of that (deletes,
 * notices) may stand before it: it waits for the status for 60 s, and is then emitted with
 * `"first_after":null`; so it is when that connection, too, is lost, or the source ends or is
 * stopped before. With a hole that is open when the source ends, fails or is stopped, to_ms is that
 * moment. Only where no room is left for it, because a failed pipeline takes nothing more or the
 * drain is over, it is not emitted: then the log tells it. In the metrics of the source, gap_ms is
 * the sum of to_ms - from_ms, and missed that of all connections, the one that stands included.
 *
 * A stop ends the connection at once. What had come and found no room until then is given up, as is
 * the rest of the stream.
 *
 * @param pipeline  NULL: nothing happens
 * @param name      borrows; not empty, unique among sources
 * @param options   borrows, but for `http`, whose `self` it takes, also when this fails
 * @return lends, until the pipeline is freed; NULL: the pipeline has failed, its error names the
 *         option and the remedy
 * Source: the protocol's limits, statuses, codes and delays as the service documented them.
 * Since: 0.1.
 */
WEIR_API weir_source *weir_twitter_source_add(weir_pipeline *pipeline, const char *name,
					      const struct weir_twitter_source_options *options);

/**
 * What a stream is asked for, as the members of the same names of struct
 * weir_twitter_source_options. NULL and "": not asked for. Since: 0.1.
 */
struct weir_twitter_predicates {
	size_t size;
	const char *track;
	const char *follow;
	const char *locations;
	const char *language;
	const char *filter_level;
};

/**
 * Declares the predicates anew, all of them, also while the stream is connected.
 *
 * The protocol has them in the request, and allows an account one connection: so the old one is
 * closed, and a new one is opened. Until then the old one is read on, with the predicates it has:
 * it stands for min_reconfigure_ms at least, counted from its answer, and what has come is handed
 * over first. Of several changes until then the last counts; one back to the very texts that the
 * stream has takes them back, and nothing is closed. Where there is no connection the next attempt
 * takes them along, not earlier than it would have come; an attempt that is not answered yet is
 * left to its answer. Before the start: the first attempt asks for them. When the source has ended
 * or is stopped: nothing happens.
 *
 * That reconnection is no failure: it neither waits nor counts for most_attempts or a delay. Its
 * hole is told as any other, with the cause "reconfigured" (WEIR_RECONNECT_RECONFIGURED). `count`
 * is asked for again, as after every hole. When the service refuses the new ones for what they are
 * (406, 413), that is told by on_alert, and those are asked for again that the last stream had.
 *
 * @param source      borrows; of weir_twitter_source_add
 * @param predicates  borrows, copied; checked at once as those of the options, with the limits
 *                    (max_phrases …) given there; NULL: none, which only a stream that is no
 *                    filter allows
 * @param err         may be NULL; names the predicate, what is wrong with it and what is right
 * @return WEIR_OK: accepted · WEIR_ERR_INVALID: nothing is changed; one is wrong, or this is no
 *         such source: rules of weir_x_source_add are changed by weir_x_source_set_rules ·
 *         WEIR_ERR_NOMEM: nothing is changed
 * Thread: any, also from inside callbacks.  Since: 0.1.
 */
WEIR_API enum weir_status
weir_twitter_source_set_predicates(weir_source *source,
				   const struct weir_twitter_predicates *predicates,
				   struct weir_error *err);

#ifdef __cplusplus
}
#endif

#endif
