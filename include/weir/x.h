/* SPDX-License-Identifier: MIT */
/**
 * The streams of X API v2 as a source: filtered, sampled, compliance, and any path that speaks
 * their protocol; and the rules of the filtered stream as a set that the application declares.
 */
#ifndef WEIR_X_H
#define WEIR_X_H

#include "http.h"
#include "pipeline.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Where the service is. Since: 0.1. */
#define WEIR_X_URL "https://api.x.com"

/** The streams that have a name. Since: 0.1. */
enum weir_x_stream {
	WEIR_X_FILTERED = 0,		/* /2/tweets/search/stream: what rules match */
	WEIR_X_SAMPLE = 1,		/* /2/tweets/sample/stream: about 1 % */
	WEIR_X_SAMPLE10 = 2,		/* /2/tweets/sample10/stream: 10 %, 2 partitions */
	WEIR_X_FIREHOSE = 3,		/* /2/tweets/firehose/stream: 20 partitions */
	WEIR_X_TWEETS_COMPLIANCE = 4,	/* /2/tweets/compliance/stream: 4 partitions */
	WEIR_X_USERS_COMPLIANCE = 5,	/* /2/users/compliance/stream: 4 partitions */
	WEIR_X_LIKES_COMPLIANCE = 6,	/* /2/likes/compliance/stream */
	WEIR_X_LABELS = 7,		/* /2/tweets/label/stream */
	WEIR_X_ACTIVITY = 8		/* /2/activity/stream */
};

/** How many there are. Since: 0.1. */
#define WEIR_X_STREAM_COUNT 9

/** A rule of the filtered stream: what is to match, and the name of it. Since: 0.1. */
struct weir_x_rule {
	const char *value;	/* in the service's language: "cat has:images -is:retweet" */
	const char *tag;	/* begins with rule_prefix; comes back in matching_rules */
};

/** What became of a declared set of rules. Texts are lent for the call. Since: 0.1. */
struct weir_x_rules_report {
	size_t size;
	size_t kept;		/* rules of the set that the account had */
	size_t added;		/* … that it has now; with rules_dry_run: that it would get */
	size_t removed;		/* rules under rule_prefix that were not in the set */
	size_t foreign;		/* rules outside rule_prefix: never touched */
	const struct weir_error *error;	/* NULL: the account has what was asked for; else why not,
					 * in the service's words; what was done counts */
};

/**
 * Options. Needed are credentials, or `anonymous`, and `partition` where the stream has them; zero
 * is the default elsewhere. Strings are borrowed: copied by the add, which checks everything.
 * Since: 0.1.
 */
struct weir_x_source_options {
	size_t size;

	/* One of the two, or neither with `anonymous`. Never shown anywhere. The service takes only
	 * the bearer token on these streams; OAuth 1.0a is for endpoints and gateways that allow
	 * it. */
	const char *bearer_token;	/* of the app; as it was issued, not decoded */
	const char *consumer_key;	/* OAuth 1.0a: all four */
	const char *consumer_secret;
	const char *token;
	const char *token_secret;

	const char *url;		/* scheme, host, and what stands before /2; WEIR_X_URL */
	enum weir_x_stream stream;
	const char *path;		/* instead of the stream's own: "/2/…/stream" */
	uint32_t partition;		/* from 1; needed where the stream has them */

	/* What a post comes with: names joined by commas, without blanks. Default: the service's,
	 * which is id, text and edit_history_tweet_ids. */
	const char *tweet_fields;	/* "author_id,created_at,referenced_tweets" */
	const char *expansions;		/* "author_id,referenced_tweets.id" */
	const char *user_fields;
	const char *media_fields;
	const char *poll_fields;
	const char *place_fields;
	/* Any others, sent as they are; none that is an option here. */
	const struct weir_property *parameters;
	size_t parameter_count;

	/* After a hole, ask for its posts: so many minutes back at most, 1 to 5; 0: never. What is
	 * asked for is the hole's length, rounded up to minutes: some posts come a second time, all
	 * of them before new ones. Needs permission: a service that refuses it is asked without. */
	uint32_t backfill_minutes;
	/* A recovery: the posts of a time that has passed, "2024-01-15T10:30:00Z"; both. The source
	 * ends when the service has sent them all. A recovery that breaks off begins again. */
	const char *start_time;
	const char *end_time;

	/* The rules of the filtered stream as the application wants them. NULL rule_prefix: the
	 * account's rules are left alone. Else the account is brought to exactly this set before
	 * the first attempt, as weir_x_source_set_rules says; a refused rule fails the pipeline. */
	const char *rule_prefix;	/* whose tag begins with it is ours: "weir." */
	const struct weir_x_rule *rules;
	size_t rule_count;
	bool rules_dry_run;	/* only say in on_rules what would be done; the service checks it */
	/* Told when a set has been applied, or could not be. Thread: the pipeline's. */
	void (*on_rules)(void *user, const struct weir_x_rules_report *report);

	bool uncompressed;	/* do not ask for gzip */
	bool anonymous;		/* no Authorization: for gateways that want none */
	const char *user_agent;	/* default "weir/VERSION" */
	const char *ca_file;	/* PEM, a certificate in its first 64 KiB; default: the system's */
	const char *proxy;	/* as that of struct weir_twitter_source_options */
	const char *unix_socket;	/* connect here instead of to the URL's host */

	/* Times in milliseconds. */
	uint64_t connect_ms;	/* DNS, connect, TLS; default 10,000 */
	uint64_t stall_ms;	/* no byte for so long: reconnect; default 21,000. The service sends
				 * one every 20 s, sometimes a little later */
	uint64_t proven_ms;	/* a connection that lived so long resets the backoff;
				 * default 5,000 */
	uint32_t jitter_percent;	/* on top of each delay, never below; 0 to 25; default 0 */
	uint32_t most_attempts;	/* failures in a row, then the pipeline fails; default 0: never */
	size_t max_message_bytes;	/* larger ones are counted and skipped; default 4 MiB */

	/* Told when somebody should look: a delay reached its cap, the usage cap, too many
	 * connections, no rules, this client is too slow, a hole longer than backfill reaches.
	 * `text` is lent. Thread: the pipeline's. */
	void (*on_alert)(void *user, const char *text);
	void *user;		/* the first argument of both callbacks; the application's */

	const struct weir_http *http;	/* takes `self`; NULL: libcurl */
	const struct weir_http *rules_http;	/* the same, for the rules: a transport of their
						 * own, as they change beside a stream */
};

/**
 * Adds a v2 stream.
 *
 * Messages are the lines of the stream, as they come: one post with its `includes`, `errors` and
 * `matching_rules`, or one compliance event. `errors` beside `data` are parts that are missing from
 * a post, and no failure. `errors` alone are an error of the stream: they come as a message of kind
 * WEIR_KIND_NOTICE, and what the service's documentation says of them is done:
 *
 *     operational-disconnect   reconnect, at once after a connection that lived long enough;
 *                              an alert if this client is too slow, or rules or app are invalid
 *     streaming-connection     too many connections, or no rules: an alert, and a try after a
 *                              minute, two, four … sixteen
 *     usage-capped             an alert; the next try is after the next midnight UTC, and so
 *                              every day, as months begin on a day of the account's own
 *     rate-limit-exceeded      60 s and doubling, never before x-rate-limit-reset
 *     client-forbidden, unsupported-authentication, invalid-request: the pipeline fails
 *
 * The same holds for these as the body of an answer that refuses the connection; of 429 they tell
 * which of the three kinds it is. An answer that leaves no attempts (x-rate-limit-remaining: 0) is
 * not followed by one before x-rate-limit-reset.
 *
 * Reconnects, holes and their gap messages are those of weir_twitter_source_add; where posts were
 * asked for again, a gap has `"backfill_minutes":2` at its end.
 *
 * @param pipeline  NULL: nothing happens
 * @param name      borrows; not empty, unique among sources
 * @param options   borrows, but for `http` and `rules_http`, whose `self` it takes, also when this
 *                  fails
 * @return lends, until the pipeline is freed; NULL: the pipeline has failed, its error names the
 *         option and the remedy
 * Source: the service's documentation of the v2 streams.
 * Since: 0.1.
 */
WEIR_API weir_source *weir_x_source_add(weir_pipeline *pipeline, const char *name,
					const struct weir_x_source_options *options);

/**
 * Declares the rules anew, also while the stream is connected, which goes on.
 *
 * The account's rules are listed. What is new is validated by the service first, with dry_run: if
 * one is refused, nothing is changed. Then rules are added that were not there, and those of ours
 * (whose tag begins with rule_prefix) removed that are not in the set; no others, ever. A rule
 * whose tag alone has changed is removed and added. The service applies changes within some 20 s.
 * What failed in passing (network, 429, 5xx) is tried again with the delays of a stream. The end
 * is told by on_rules; an error also by on_alert and the log, and the stream goes on with the rules
 * there are. A set that is handed in while another is on its way comes after it; of several that
 * wait, the last counts. Before the start: it takes the place of the one in the options. When the
 * source has ended or is stopped: nothing happens.
 *
 * @param source  borrows; of weir_x_source_add, with a rule_prefix
 * @param rules   borrows, copied; NULL if count is 0: remove all of ours
 * @param err     may be NULL
 * @return WEIR_OK: accepted · WEIR_ERR_INVALID: a rule is without value, has a value that is there
 *         already or a tag without the prefix, or this is no such source · WEIR_ERR_STATE: no
 *         rule_prefix was given · WEIR_ERR_NOMEM
 * Thread: any, also from inside callbacks.  Since: 0.1.
 */
WEIR_API enum weir_status weir_x_source_set_rules(weir_source *source,
						  const struct weir_x_rule *rules, size_t count,
						  struct weir_error *err);

#ifdef __cplusplus
}
#endif

#endif
