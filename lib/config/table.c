/* SPDX-License-Identifier: MIT */
/*
 * The rows. A member that is a callback, or the application's own, has none. Called by build.c,
 * which fills the structs, and by those that list the keys.
 */
#include "config/table.h"

#include <string.h>

#include "weir/file.h"
#include "weir/kafka.h"
#include "weir/router.h"
#include "weir/spool.h"
#include "weir/twitter.h"
#include "weir/x.h"

#define ROW(kind, owner, member, words, help)                                                      \
	{ #member, kind, false, offsetof(struct owner, member), 0, words, help }
#define SECRET(owner, member, help)                                                                \
	{ #member, VALUE_TEXT, true, offsetof(struct owner, member), 0, NULL, help }
#define MANY(kind, name, owner, member, count, help)                                               \
	{ name, kind, false, offsetof(struct owner, member), offsetof(struct owner, count), NULL,  \
	  help }
#define TABLE(section, type, rows, owner, help)                                                    \
	{ section, type, rows, sizeof rows / sizeof *rows, sizeof(struct owner), help }

static const char *const unrouted_words[] = { "drop", "dead_letter", "stop", NULL };
static const char *const overflow_words[] = { "block", "drop_new", "drop_old", "spool", NULL };
static const char *const form_words[] = { "raw",	"text",		    "members",
					  "tombstone",	"eneco-string",	    "eneco-structured",
					  NULL };
static const char *const compression_words[] = { "plain", "gzip", "bzip2", "xz", "zstd", NULL };
static const char *const encoding_words[] = { "plain", "json", "json-schema", NULL };
static const char *const test_words[] = { "exists", "absent", "equals", "prefix", "range", NULL };
static const char *const trait_words[] = { "quote", "reply", "extended", "v2", "enveloped", NULL };
static const char *const header_words[] = { "kind", "id", "source", "received", "route", NULL };

static const char *const stream_words[] = { "filtered", "sample", "sample10", "firehose",
					    "tweets-compliance", "users-compliance",
					    "likes-compliance", "labels", "activity", NULL };
static const char *const start_words[] = { "earliest", "latest", "time", NULL };

#define P weir_pipeline_options
static const struct weir__key_row pipeline_rows[] = {
	ROW(VALUE_U64, P, window_messages, NULL, "most messages under way; default 16,384"),
	ROW(VALUE_U64, P, window_bytes, NULL, "most memory that they may keep; default 16 MiB"),
	ROW(VALUE_U64, P, drain_ms, NULL,
	    "how long a stop waits for acknowledgements; default 10,000"),
	ROW(VALUE_CHOICE, P, unrouted, unrouted_words,
	    "what becomes of what no route takes; default drop"),
	ROW(VALUE_U64, P, retry_first_ms, NULL,
	    "wait before a delivery's second attempt; default 100"),
	ROW(VALUE_U64, P, retry_most_ms, NULL, "the wait doubles up to this; default 30,000"),
	ROW(VALUE_U32, P, retry_attempts, NULL, "then a dead letter; default 0: for ever"),
};

#define T weir_twitter_source_options
static const struct weir__key_row twitter_rows[] = {
	SECRET(T, consumer_key, "OAuth 1.0a"),
	SECRET(T, consumer_secret, "OAuth 1.0a"),
	SECRET(T, token, "OAuth 1.0a"),
	SECRET(T, token_secret, "OAuth 1.0a"),
	ROW(VALUE_TEXT, T, track, NULL, "phrases, by commas"),
	ROW(VALUE_TEXT, T, follow, NULL, "user ids, by commas"),
	ROW(VALUE_TEXT, T, locations, NULL, "boxes: west,south,east,north"),
	ROW(VALUE_TEXT, T, language, NULL, "BCP 47 codes, by commas"),
	ROW(VALUE_TEXT, T, filter_level, NULL, "none, low, medium"),
	ROW(VALUE_BOOLEAN, T, stall_warnings, NULL, "ask for warnings of falling behind"),
	ROW(VALUE_I32, T, count, NULL, "backfill; needs permission"),
	MANY(VALUE_PROPERTIES, "parameter", T, parameters, parameter_count,
	     "any other parameter of the request"),
	ROW(VALUE_TEXT, T, url, NULL,
	    "the whole stream's URL; default " WEIR_TWITTER_FILTER_URL),
	ROW(VALUE_TEXT, T, method, NULL,
	    "GET or POST; default: POST of a URL that ends in filter.json"),
	ROW(VALUE_BOOLEAN, T, delimited, NULL, "ask for delimited=length framing"),
	ROW(VALUE_BOOLEAN, T, uncompressed, NULL, "do not ask for gzip"),
	ROW(VALUE_BOOLEAN, T, anonymous, NULL, "no Authorization"),
	ROW(VALUE_TEXT, T, user_agent, NULL, "what the client calls itself; default weir/VERSION"),
	ROW(VALUE_TEXT, T, ca_file, NULL, "PEM; default: the system's"),
	SECRET(T, proxy, "http://user:password@host:port"),
	ROW(VALUE_TEXT, T, unix_socket, NULL, "connect here instead"),
	ROW(VALUE_U64, T, connect_ms, NULL, "DNS, connect, TLS; default 10,000"),
	ROW(VALUE_U64, T, stall_ms, NULL, "no byte for so long: reconnect; default 90,000"),
	ROW(VALUE_U64, T, proven_ms, NULL,
	    "a connection that lived so long resets the backoff; default 5,000"),
	ROW(VALUE_U64, T, min_reconfigure_ms, NULL,
	    "a connection stands so long before other predicates end it; default 120,000"),
	ROW(VALUE_U32, T, jitter_percent, NULL, "on top of each delay, at most 25; default 0"),
	ROW(VALUE_U32, T, most_attempts, NULL, "failures in a row, then the end; default 0: never"),
	ROW(VALUE_SIZE, T, max_message_bytes, NULL,
	    "larger ones are counted and skipped; default 4 MiB"),
	ROW(VALUE_U32, T, max_phrases, NULL, "the service's limit; default 400"),
	ROW(VALUE_U32, T, max_follow, NULL, "the service's limit; default 5,000"),
	ROW(VALUE_U32, T, max_boxes, NULL, "the service's limit; default 25"),
};

#define X weir_x_source_options
static const struct weir__key_row x_rows[] = {
	SECRET(X, bearer_token, "of the app"),
	SECRET(X, consumer_key, "OAuth 1.0a, where that is taken"),
	SECRET(X, consumer_secret, "OAuth 1.0a"),
	SECRET(X, token, "OAuth 1.0a"),
	SECRET(X, token_secret, "OAuth 1.0a"),
	ROW(VALUE_TEXT, X, url, NULL,
	    "scheme, host, and what stands before /2; default " WEIR_X_URL),
	ROW(VALUE_CHOICE, X, stream, stream_words, "which stream; default filtered"),
	ROW(VALUE_TEXT, X, path, NULL, "in the place of the stream's own: /2/…/stream"),
	ROW(VALUE_U32, X, partition, NULL, "from 1, where the stream has them"),
	ROW(VALUE_TEXT, X, tweet_fields, NULL, "author_id,created_at,…"),
	ROW(VALUE_TEXT, X, expansions, NULL, "author_id,referenced_tweets.id,…"),
	ROW(VALUE_TEXT, X, user_fields, NULL, "names, by commas"),
	ROW(VALUE_TEXT, X, media_fields, NULL, "names, by commas"),
	ROW(VALUE_TEXT, X, poll_fields, NULL, "names, by commas"),
	ROW(VALUE_TEXT, X, place_fields, NULL, "names, by commas"),
	MANY(VALUE_PROPERTIES, "parameter", X, parameters, parameter_count,
	     "any other parameter of the request"),
	ROW(VALUE_U32, X, backfill_minutes, NULL, "asked for after a hole, at most; 0: never"),
	ROW(VALUE_TEXT, X, start_time, NULL, "a recovery's: 2024-01-15T10:30:00Z"),
	ROW(VALUE_TEXT, X, end_time, NULL, "a recovery's"),
	ROW(VALUE_TEXT, X, rule_prefix, NULL, "rules whose tag begins so are ours; none: all stay"),
	ROW(VALUE_BOOLEAN, X, rules_dry_run, NULL, "only ask what would become of the rules"),
	ROW(VALUE_BOOLEAN, X, uncompressed, NULL, "do not ask for gzip"),
	ROW(VALUE_BOOLEAN, X, anonymous, NULL, "no Authorization"),
	ROW(VALUE_TEXT, X, user_agent, NULL, "what the client calls itself; default weir/VERSION"),
	ROW(VALUE_TEXT, X, ca_file, NULL, "PEM; default: the system's"),
	SECRET(X, proxy, "http://user:password@host:port"),
	ROW(VALUE_TEXT, X, unix_socket, NULL, "connect here instead"),
	ROW(VALUE_U64, X, connect_ms, NULL, "DNS, connect, TLS; default 10,000"),
	ROW(VALUE_U64, X, stall_ms, NULL, "no byte for so long: reconnect; default 21,000"),
	ROW(VALUE_U64, X, proven_ms, NULL,
	    "a connection that lived so long resets the backoff; default 5,000"),
	ROW(VALUE_U32, X, jitter_percent, NULL, "on top of each delay, at most 25; default 0"),
	ROW(VALUE_U32, X, most_attempts, NULL, "failures in a row, then the end; default 0: never"),
	ROW(VALUE_SIZE, X, max_message_bytes, NULL,
	    "larger ones are counted and skipped; default 4 MiB"),
};

#define XR weir_x_rule
static const struct weir__key_row rule_rows[] = {
	ROW(VALUE_TEXT, XR, value, NULL, "in the service's language: cat has:images"),
	ROW(VALUE_TEXT, XR, tag, NULL, "begins with rule_prefix; comes back in matching_rules"),
};

#define KS weir_kafka_source_options
static const struct weir__key_row kafka_source_rows[] = {
	ROW(VALUE_TEXT, KS, brokers, NULL, "host:9092,host2:9092"),
	MANY(VALUE_PROPERTIES, "property", KS, properties, property_count,
	     "any property of librdkafka by its name"),
	ROW(VALUE_TEXT, KS, group, NULL, "group.id"),
	MANY(VALUE_LIST, "topics", KS, topics, topic_count,
	     "to subscribe to, by commas; one that begins with ^ is a regular expression"),
	MANY(VALUE_PARTITIONS, "partitions", KS, partitions, partition_count,
	     "in the place of topics, by commas; from OFFSET on, else as start says"),
	ROW(VALUE_CHOICE, KS, start, start_words, "where nothing is committed; default earliest"),
	ROW(VALUE_U64, KS, start_time_ms, NULL, "of time: ms since 1970"),
	ROW(VALUE_BOOLEAN, KS, until_end, NULL, "end when what is there has been read"),
	ROW(VALUE_KINDS, KS, kind, NULL, "record: not Twitter's messages"),
	ROW(VALUE_U64, KS, commit_ms, NULL, "offsets are committed so often; default 1,000"),
	ROW(VALUE_BOOLEAN, KS, place_headers, NULL, "add weir.topic, .partition, .offset"),
};

#define F weir_file_source_options
static const struct weir__key_row file_source_rows[] = {
	ROW(VALUE_TEXT, F, path, NULL, "the file; \"-\": standard input"),
	ROW(VALUE_BOOLEAN, F, crlf, NULL, "lines end in CR LF only, as recorded from the wire"),
	ROW(VALUE_KINDS, F, kind, NULL, "record: not Twitter's messages"),
	ROW(VALUE_SIZE, F, max_message_bytes, NULL,
	    "longer lines are counted and skipped; default 4 MiB"),
	ROW(VALUE_U64, F, start_offset, NULL, "byte to begin at"),
	ROW(VALUE_TEXT, F, state_dir, NULL, "where the position is kept; none: nowhere"),
	ROW(VALUE_U64, F, state_ms, NULL, "how often it is written at most; default 1,000"),
	ROW(VALUE_BOOLEAN, F, follow, NULL, "go on reading what is appended"),
	ROW(VALUE_U64, F, follow_ms, NULL,
	    "how often it is looked at when nothing comes; default 250"),
	MANY(VALUE_LIST, "paths", F, paths, path_count, "files to read in order, by commas"),
	ROW(VALUE_TEXT, F, glob, NULL, "files to read in order: a pattern"),
	ROW(VALUE_BOOLEAN, F, delimited, NULL, "each message behind its length"),
	ROW(VALUE_DOUBLE, F, per_second, NULL, "most messages a second; default: no limit"),
	ROW(VALUE_BOOLEAN, F, original_timing, NULL, "as the messages' times say"),
	ROW(VALUE_DOUBLE, F, speed, NULL, "of original_timing: 2 is twice as fast; default 1"),
	ROW(VALUE_U64, F, most_gap_ms, NULL,
	    "of original_timing: longer pauses are cut; default: none"),
};

#define K weir_kafka_sink_options
static const struct weir__key_row kafka_sink_rows[] = {
	ROW(VALUE_TEXT, K, brokers, NULL, "host:9092,host2:9092"),
	MANY(VALUE_PROPERTIES, "property", K, properties, property_count,
	     "any property of librdkafka by its name"),
	ROW(VALUE_TEXT, K, topic, NULL, "where messages go whose route names no topic"),
	ROW(VALUE_TEXT, K, transactional_id, NULL, "exactly once: with offsets_of"),
	ROW(VALUE_U64, K, transaction_ms, NULL,
	    "a transaction is committed so often; default 1,000"),
};

#define O weir_file_sink_options
static const struct weir__key_row file_sink_rows[] = {
	ROW(VALUE_TEXT, O, path, NULL, "\"-\": standard output; none: the routes' destinations"),
	ROW(VALUE_TEXT, O, directory, NULL,
	    "where relative names are; default: the current folder"),
	ROW(VALUE_BOOLEAN, O, truncate, NULL, "begin with an empty file"),
	ROW(VALUE_BOOLEAN, O, sync, NULL, "delivered means fsync'ed"),
	ROW(VALUE_CHOICE, O, compression, compression_words, "of the files; default plain"),
	ROW(VALUE_U64, O, rotate_bytes, NULL, "most bytes of a file; default: no limit"),
	ROW(VALUE_U64, O, rotate_ms, NULL,
	    "a file ends so long after it was begun; default: never"),
	ROW(VALUE_U64, O, flush_ms, NULL, "how long lines wait to be compressed; default 1,000"),
};

#define S weir_spool_options
static const struct weir__key_row spool_rows[] = {
	ROW(VALUE_TEXT, S, dir, NULL, "a folder of its own"),
	ROW(VALUE_U64, S, max_bytes, NULL, "most bytes on disk; default 1 GiB"),
	ROW(VALUE_U64, S, max_age_ms, NULL, "what is older is dropped; default 0: kept for ever"),
	ROW(VALUE_SIZE, S, commit_bytes, NULL, "a batch has so many bytes; default 1 MiB"),
	ROW(VALUE_U64, S, commit_ms, NULL, "or is so old; default 20"),
	ROW(VALUE_U64, S, sync_ms, NULL, "0: each batch waits for the disk; else every so often"),
};

#define R weir_route
static const struct weir__key_row route_rows[] = {
	ROW(VALUE_KINDS, R, kinds, NULL, "tweet,retweet,delete,…; none: all"),
	ROW(VALUE_SET, R, traits, trait_words, "all of these must hold"),
	ROW(VALUE_SET, R, without_traits, trait_words, "none of these may"),
	ROW(VALUE_TEXT, R, to, NULL, "destination template: tweets.{lang}"),
	ROW(VALUE_TEXT, R, key, NULL, "key template; empty: no key; none: the message's own"),
	ROW(VALUE_TEXT, R, fallback, NULL, "where messages go whose fields give no destination"),
	ROW(VALUE_SIZE, R, max_destinations, NULL, "then the fallback; default 1,000"),
	ROW(VALUE_SET, R, headers, header_words, "headers to add"),
	ROW(VALUE_BOOLEAN, R, final, NULL, "what it takes, later routes do not see"),
	ROW(VALUE_CHOICE, R, overflow, overflow_words,
	    "when the sink's share is used up; default block"),
	{ "format", VALUE_CHOICE, false, offsetof(struct R, format.form), 0, form_words,
	  "what the value is; default raw" },
	{ "format.fields", VALUE_LIST, false, offsetof(struct R, format.fields),
	  offsetof(struct R, format.field_count), NULL, "paths, of members" },
	{ "format.key", VALUE_CHOICE, false, offsetof(struct R, format.key_encoding), 0,
	  encoding_words, "Kafka Connect's converter, of eneco-…; default plain" },
	{ "format.value", VALUE_CHOICE, false, offsetof(struct R, format.value_encoding), 0,
	  encoding_words, "Kafka Connect's converter, of eneco-…; default plain" },
	{ "format.full_text", VALUE_BOOLEAN, false, offsetof(struct R, format.full_text), 0, NULL,
	  "the full text in place of text, of eneco-…" },
	{ "format.references", VALUE_BOOLEAN, false, offsetof(struct R, format.references), 0, NULL,
	  "&amp; stays &amp;, of text" },
};

#define D weir_dedup_options
static const struct weir__key_row dedup_rows[] = {
	ROW(VALUE_KINDS, D, kinds, NULL, "none: tweet, retweet, direct_message"),
	ROW(VALUE_SIZE, D, entries, NULL,
	    "most that are remembered, some 72 bytes each; default 65,536"),
	ROW(VALUE_U64, D, age_ms, NULL, "what was seen longer ago is new again; default 600,000"),
};

#define M weir_field_match
static const struct weir__key_row match_rows[] = {
	ROW(VALUE_TEXT, M, path, NULL, "user.lang, entities.urls[0]"),
	ROW(VALUE_CHOICE, M, test, test_words, "how it is tested; default exists"),
	MANY(VALUE_LIST, "any_of", M, any_of, any_of_count, "of equals and prefix, by commas"),
	ROW(VALUE_DOUBLE, M, min, NULL, "of range; -inf: none"),
	ROW(VALUE_DOUBLE, M, max, NULL, "of range; inf: none"),
};

const struct weir__key_table weir__key_tables[] = {
	TABLE("pipeline", NULL, pipeline_rows, P, "the pipeline"),
	TABLE("sources", "twitter", twitter_rows, T, "a v1.1 stream"),
	TABLE("sources", "x", x_rows, X, "a stream of v2"),
	TABLE("rules", NULL, rule_rows, XR, "a rule of the filtered stream, of v2"),
	TABLE("sources", "kafka", kafka_source_rows, KS, "a Kafka consumer"),
	TABLE("sources", "file", file_source_rows, F, "a file, one message a line"),
	TABLE("spools", NULL, spool_rows, S, "a queue on disk"),
	TABLE("dedup", NULL, dedup_rows, D, "a window of what was seen: what comes again is dropped"),
	TABLE("sinks", "kafka", kafka_sink_rows, K, "a Kafka producer"),
	TABLE("sinks", "file", file_sink_rows, O, "files, one message a line"),
	TABLE("routes", NULL, route_rows, R, "a route"),
	TABLE("where", NULL, match_rows, M, "a test of a route's; all of them must hold"),
};

const size_t weir__key_table_count = sizeof weir__key_tables / sizeof *weir__key_tables;

const struct weir__key_table *weir__key_table_find(const char *section, const char *type)
{
	for (size_t i = 0; i < weir__key_table_count; i++) {
		const struct weir__key_table *table = &weir__key_tables[i];

		if (strcmp(table->section, section) == 0 &&
		    (!table->type || (type && strcmp(table->type, type) == 0)))
			return table;
	}
	return NULL;
}

const char *weir__key_word(const char *section, const char *type, const char *key, unsigned choice)
{
	const struct weir__key_table *table = weir__key_table_find(section, type);

	for (size_t i = 0; i < table->count; i++)
		if (strcmp(table->rows[i].name, key) == 0)
			return table->rows[i].words[choice];
	return "";
}

bool weir__key_ends_in(const char *key, const char *name)
{
	const size_t len = strlen(key), name_len = strlen(name);

	return len > name_len && key[len - name_len - 1] == '.' &&
	       strcmp(key + len - name_len, name) == 0;
}

bool weir__key_is_secret(const char *key)
{
	if (strstr(key, "password") || strstr(key, "secret") || strstr(key, ".jaas."))
		return true;
	for (size_t i = 0; i < weir__key_table_count; i++)
		for (size_t row = 0; row < weir__key_tables[i].count; row++)
			if (weir__key_tables[i].rows[row].is_secret &&
			    weir__key_ends_in(key, weir__key_tables[i].rows[row].name))
				return true;
	return false;
}
