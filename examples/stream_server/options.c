/* SPDX-License-Identifier: MIT */
/*
 * The command line of the stream server, and its usage text, which is its manual.
 *
 * Guarantees: settings are complete and sound, or options_read is false and has said why.
 */
#include "options.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

const char options_usage[] =
"usage: stream_server [options]\n"
"\n"
"Speaks the v1.1 stream protocol on loopback, for tests of what reads such streams. Its first\n"
"line on standard output is its URL; SIGTERM or SIGINT ends it. Paths (GET or POST):\n"
"/1.1/statuses/filter.json, sample.json and firehose.json. Every stream gets all messages:\n"
"track, follow and locations are checked and recorded, but do not select. And X API v2:\n"
"GET /2/tweets/sample/stream and /2/tweets/search/stream, whose posts match the rules of\n"
"/2/tweets/search/stream/rules (GET, POST, dry_run) in turn; none is kept beyond the end.\n"
"\n"
"where\n"
"  --port P                 0, the default, is any free one\n"
"  --bind ADDRESS           127.0.0.1\n"
"  --unix PATH              a Unix socket instead\n"
"  --tls CERT KEY           https, with these PEM files\n"
"  --path PATH              one more stream, without predicates; up to 8 times\n"
"what\n"
"  --file F                 a message per line, plain or gzip\n"
"  --generate N             N invented messages of every kind (10000)\n"
"  --seed S                 which ones (1)\n"
"  --repeat                 from the start again, for ever\n"
"how\n"
"  --rate N                 messages a second; without it as fast as the client reads\n"
"  --gzip                   when the client accepts it; each piece is flushed\n"
"  --chunk BYTES            HTTP chunks of that size, wherever that cuts\n"
"  --keep-alive-ms N        an empty line after that much silence (30000; 0 is never)\n"
"  --then close|hold        after the last message (close)\n"
"  delimited=length, and a negative count with --allow-count, are honoured from the request\n"
"who: one account; signatures are checked with HMAC-SHA1, timestamps within 300 s, nonces once\n"
"  --consumer-key K         demo-consumer-key\n"
"  --consumer-secret S      demo-consumer-secret\n"
"  --token T                42-demo-token\n"
"  --token-secret S         demo-token-secret\n"
"  --no-auth                everybody may\n"
"  --bearer TOKEN           of v2 (demo-bearer-token)\n"
"  --allow-backfill         backfill_minutes=0…5 is permitted; else 400\n"
"  --usage-cap N            after N posts: usage-capped, and so each attempt\n"
"  --most-rules N           rule-cap above it (1000); a value with \"bad:\" is invalid-rules\n"
"  --allow-count            count=… is permitted; else 416\n"
"  --one-connection         a newer stream ends the older with disconnect code 7; of v2 it is\n"
"                           refused: 429 TooManyConnections\n"
"  --strict-rate[=MS]       420 for a stream within MS (1000) of the attempt before; v2: 429\n"
"tests\n"
"  --log FILE               what happens, a line each; - is standard error\n"
"  --record FILE            each request as a JSON object per line: connection, at_ms, status,\n"
"                           method, url, headers, body, params (decoded), track (split).\n"
"                           Holds the Authorization header too; status 0 is no answer\n"
"  --once                   exit after the first stream whose messages all went out\n"
"  --fault SCRIPT           steps joined by commas (\\, is a comma), one per request to a\n"
"                           stream path; the last one stays\n"
"\n"
"steps; N counts messages sent before it happens\n"
"  ok                       nothing\n"
"  drop                     the connection is closed instead of an answer\n"
"  silent=MS                MS without an answer, then ok; 0 is for ever\n"
"  status=CODE[;NAME=VALUE]…[:BODY]   with headers; VALUE now+N is a time in seconds, as in\n"
"                           status=429;x-rate-limit-reset=now+2:Too many\n"
"  html-error=SIZE[:CODE]   503 with an HTML body of SIZE bytes\n"
"  redirect=URL             302\n"
"  limited=KIND[:S]         429 as v2 says it: rate, connections, daily, monthly; reset in S (1)\n"
"  wrong-date=S             the server's clock is S seconds off, for the Date header and the\n"
"                           check of timestamps: 401 code 135 until the client follows it\n"
"  close                    200, and the end at once\n"
"  keepalive-close          200, one empty line, the end\n"
"  cut=N                    half a message, and the connection is closed without an end\n"
"  cut-chunk=N              the same within an HTTP chunk\n"
"  reset=N                  half a message, and a TCP reset\n"
"  stall=N                  silence, without keep-alives, until the client goes\n"
"  idle=N                   only keep-alives\n"
"  drip=BYTES[:MS]          the first BYTES one at a time, MS (1) apart, then ok\n"
"  disconnect=CODE[:N]      a disconnect message, and the end\n"
"  disconnect-hold=CODE[:N] a disconnect message, and silence\n"
"  problem=NAME[:N]         v2 errors without data, and the end: a disconnect_type (SlowReader),\n"
"                           or a kind as of limited\n"
"  bad-gzip=N               bytes that are no deflate, then silence; without gzip as cut=N\n"
"  gzip-members=N           a gzip member ends after every N messages\n"
"  bad-length=N             with delimited: a length line that says 7 too many\n"
"  text=LINE                a line of plain text first\n"
"  malformed=N              a line that is no JSON: {\"a\":\n"
"  bare-lf=N                a message with line feeds inside\n"
"  huge=SIZE                a message of SIZE bytes and a few first\n";

enum what { NUMBER, TEXT, FLAG, OTHER };

#define AT(member) offsetof(struct settings, member)

static const struct {
	const char *name;
	enum what what;
	size_t at;
	int argument;
} table[] = {
	{ "port", NUMBER, AT(port), required_argument },
	{ "bind", TEXT, AT(bind), required_argument },
	{ "unix", TEXT, AT(unix_path), required_argument },
	{ "tls", OTHER, 0, required_argument },
	{ "path", OTHER, 0, required_argument },
	{ "file", TEXT, AT(file), required_argument },
	{ "generate", NUMBER, AT(generate), required_argument },
	{ "seed", NUMBER, AT(seed), required_argument },
	{ "repeat", FLAG, AT(repeat), no_argument },
	{ "rate", NUMBER, AT(rate), required_argument },
	{ "gzip", FLAG, AT(gzip), no_argument },
	{ "chunk", NUMBER, AT(chunk), required_argument },
	{ "keep-alive-ms", NUMBER, AT(keep_alive_ms), required_argument },
	{ "then", OTHER, 0, required_argument },
	{ "consumer-key", TEXT, AT(credentials.consumer_key), required_argument },
	{ "consumer-secret", TEXT, AT(credentials.consumer_secret), required_argument },
	{ "token", TEXT, AT(credentials.token), required_argument },
	{ "token-secret", TEXT, AT(credentials.token_secret), required_argument },
	{ "no-auth", FLAG, AT(no_auth), no_argument },
	{ "bearer", TEXT, AT(bearer), required_argument },
	{ "allow-backfill", FLAG, AT(allow_backfill), no_argument },
	{ "usage-cap", NUMBER, AT(usage_cap), required_argument },
	{ "most-rules", NUMBER, AT(most_rules), required_argument },
	{ "allow-count", FLAG, AT(allow_count), no_argument },
	{ "one-connection", FLAG, AT(one_connection), no_argument },
	{ "strict-rate", OTHER, 0, optional_argument },
	{ "log", TEXT, AT(log_path), required_argument },
	{ "record", TEXT, AT(record_path), required_argument },
	{ "once", FLAG, AT(once), no_argument },
	{ "fault", OTHER, 0, required_argument },
};

#define ROWS (sizeof table / sizeof table[0])

static bool read_number(const char *text, uint64_t *ret_value)
{
	char *end;

	*ret_value = strtoull(text, &end, 10);
	return *text >= '0' && *text <= '9' && *end == 0;
}

/* The certificate is the option's argument, the key the word after it. */
static bool read_tls(int argc, char **argv, struct settings *settings)
{
	if (optind >= argc)
		return false;
	settings->certificate = optarg;
	settings->key = argv[optind++];
	return true;
}

static bool read_then(struct settings *settings)
{
	settings->hold = strcmp(optarg, "hold") == 0;
	return settings->hold || strcmp(optarg, "close") == 0;
}

static bool read_path(struct settings *settings)
{
	if (settings->path_count == SERVER_PATHS || *optarg != '/')
		return false;
	settings->paths[settings->path_count++] = optarg;
	return true;
}

static bool read_other(const char *name, int argc, char **argv, struct settings *settings)
{
	if (strcmp(name, "tls") == 0)
		return read_tls(argc, argv, settings);
	if (strcmp(name, "then") == 0)
		return read_then(settings);
	if (strcmp(name, "path") == 0)
		return read_path(settings);
	if (strcmp(name, "fault") == 0) {
		fault_clear(&settings->faults);
		return fault_parse(optarg, &settings->faults);
	}
	settings->strict_rate_ms = 1000;
	return !optarg || read_number(optarg, &settings->strict_rate_ms);
}

static bool read_row(size_t row, int argc, char **argv, struct settings *settings)
{
	void *at = (char *)settings + table[row].at;

	switch (table[row].what) {
	case NUMBER:
		return read_number(optarg, at);
	case TEXT:
		*(const char **)at = optarg;
		return true;
	case FLAG:
		*(bool *)at = true;
		return true;
	default:
		return read_other(table[row].name, argc, argv, settings);
	}
}

static void fill_names(struct option names[ROWS + 1])
{
	for (size_t i = 0; i < ROWS; i++)
		names[i] = (struct option){ table[i].name, table[i].argument, NULL, (int)i };
	names[ROWS] = (struct option){ NULL, 0, NULL, 0 };
}

bool options_read(int argc, char **argv, struct settings *settings)
{
	struct option names[ROWS + 1];
	int row;

	settings_init(settings);
	fill_names(names);
	while ((row = getopt_long(argc, argv, "", names, NULL)) != -1) {
		if (row == '?')
			return false;
		if (!read_row((size_t)row, argc, argv, settings)) {
			fprintf(stderr, "stream_server: --%s does not take '%s'\n",
				table[row].name, optarg ? optarg : "");
			return false;
		}
	}
	return optind == argc && settings->port < 65536;
}
