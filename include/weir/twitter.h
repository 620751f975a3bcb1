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
 * Options. Zero is the default everywhere; strings are borrowed: copied by the add. Everything is
 * checked there: a phrase too long is an error that names the phrase, its bytes and the limit.
 * Since: 0.1.
 */
struct weir_twitter_source_options {
	size_t size;

	/* OAuth 1.0a (RFC 5849); all four are needed unless `anonymous`. Never shown anywhere. */
	const char *consumer_key;
	const char *consumer_secret;
	const char *token;
	const char *token_secret;

	/* Predicates, comma-separated UTF-8, OR-ed by the service. */
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
	uint32_t jitter_percent;	/* on top of each delay, never below; 0 to 25; default 0 */
	uint32_t most_attempts;	/* failures in a row, then the pipeline fails; default 0: never */
	size_t max_message_bytes;	/* larger ones are counted and skipped; default 4 MiB */

	/* The service's limits; default 400, 5,000 and 25. */
	uint32_t max_phrases;
	uint32_t max_follow;
	uint32_t max_boxes;

	/* Told when somebody should look: a delay reached its cap, another consumer uses these
	 * credentials, this client is too slow. What the peer sends is told at once and then once a
	 * minute of each kind, "(12 more)". `text` is lent. Thread: the pipeline's. */
	void (*on_alert)(void *user, const char *text);
	void *user;		/* its first argument; stays the application's */

	const struct weir_http *http;	/* takes `self`; NULL: libcurl */
};

/**
 * Adds a Twitter stream.
 *
 * A gap message (kind WEIR_KIND_GAP) follows each reconnection:
 * `{"gap":{"source":"twitter","from_ms":…,"to_ms":…,"cause":"stalled","missed":…}}`.
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

#ifdef __cplusplus
}
#endif

#endif
