/* SPDX-License-Identifier: MIT */
/*
 * The README's program, with options: a Twitter stream into Kafka, a topic for each kind.
 *
 *     twitter_to_kafka [--url URL] [--track PHRASES | --track-file FILE] [--brokers LIST]
 *             [--set NAME=VALUE]…
 *
 * --url is the stream's whole URL (default: the service's filter stream, which it switched off in
 * 2023: name a gateway or compatible server), --set any librdkafka property.
 * FILE has a phrase on each line; on SIGHUP it is read again and the stream asked for what it says
 * now, by a new connection, once the old one has stood for two minutes.
 * Credentials come from TWITTER_CONSUMER_KEY, TWITTER_CONSUMER_SECRET, TWITTER_TOKEN and
 * TWITTER_SECRET. Interrupt it to stop: what is under way is delivered first.
 *
 * Try it with no account and no broker (the server's own keys, librdkafka's mock cluster):
 *
 *     build/examples/stream_server --port 8080 --rate 50 &
 *     TWITTER_CONSUMER_KEY=demo-consumer-key TWITTER_CONSUMER_SECRET=demo-consumer-secret \
 *     TWITTER_TOKEN=42-demo-token TWITTER_SECRET=demo-token-secret \
 *     build/examples/twitter_to_kafka --url http://127.0.0.1:8080/1.1/statuses/filter.json \
 *             --track kpop --set test.mock.num.brokers=1
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <weir.h>

static weir_pipeline *running;

/* The lines of a file, joined by commas; NULL: it cannot be read, or is too large. */
static const char *read_phrases(const char *path)
{
	static char phrases[1 << 16];
	char *end = phrases;
	FILE *file = fopen(path, "r");
	size_t len = file ? fread(phrases, 1, sizeof phrases, file) : sizeof phrases;

	if (file)
		fclose(file);
	if (len == sizeof phrases) {
		fprintf(stderr, "%s: cannot be read, or is larger than 64 KiB\n", path);
		return NULL;
	}
	while (len > 0 && strchr("\r\n", phrases[len - 1]))
		len--;
	for (size_t i = 0; i < len; i++)
		if (phrases[i] != '\r')
			*end++ = phrases[i] == '\n' ? ',' : phrases[i];
	*end = '\0';
	return phrases;
}

/* What cannot be read or is wrong is said, and the stream goes on as it is. */
static void change_phrases(weir_source *source, const char *path)
{
	const struct weir_twitter_predicates predicates = { .size = sizeof predicates,
							    .track = read_phrases(path) };
	struct weir_error err;

	if (predicates.track &&
	    weir_twitter_source_set_predicates(source, &predicates, &err) < 0)
		fprintf(stderr, "%s: %s\n", path, err.text);
}

static void on_state(void *user, weir_pipeline *self, enum weir_state state)
{
	(void)user;
	(void)self;
	if (state >= WEIR_STATE_FINISHED)
		kill(getpid(), SIGALRM);
}

/* The pipeline has a thread of its own; this one waits for signals, which all are blocked. */
static enum weir_status run(const sigset_t *signals, weir_source *source, const char *track_file)
{
	const enum weir_status status = weir_pipeline_start(running);
	int got;

	while (status == WEIR_OK && weir_pipeline_state(running) < WEIR_STATE_FINISHED) {
		if (sigwait(signals, &got) != 0 || got == SIGALRM)
			continue;
		if (got == SIGHUP && track_file)
			change_phrases(source, track_file);
		else
			weir_pipeline_stop(running);
	}
	return status == WEIR_OK ? weir_pipeline_join(running) : status;
}

/* Before any thread is made, so that none of them is interrupted. */
static sigset_t block_signals(void)
{
	sigset_t signals;

	sigemptyset(&signals);
	for (size_t i = 0; i < 4; i++)
		sigaddset(&signals, (int[]){ SIGTERM, SIGINT, SIGHUP, SIGALRM }[i]);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	return signals;
}

int main(int argc, char **argv)
{
	struct weir_twitter_source_options twitter = {
		.size = sizeof twitter,
		.consumer_key = getenv("TWITTER_CONSUMER_KEY"),
		.consumer_secret = getenv("TWITTER_CONSUMER_SECRET"),
		.token = getenv("TWITTER_TOKEN"),
		.token_secret = getenv("TWITTER_SECRET"),
	};
	struct weir_kafka_sink_options kafka = { .size = sizeof kafka, .brokers = "localhost:9092" };
	const struct weir_env env = { .size = sizeof env,
				      .logger = { .write = weir_log_to_stderr,
						  .threshold = WEIR_LOG_INFO } };
	struct weir_property properties[64];
	struct weir_metrics metrics = WEIR_METRICS(weir_metrics);
	const char *track_file = NULL;
	const sigset_t signals = block_signals();

	for (int i = 1; i < argc; i += 2) {
		char *value = i + 1 < argc ? argv[i + 1] : NULL;
		char *equals = value ? strchr(value, '=') : NULL;

		if (value && !strcmp(argv[i], "--url")) {
			twitter.url = value;
		} else if (value && !strcmp(argv[i], "--track")) {
			twitter.track = value;
		} else if (value && !strcmp(argv[i], "--track-file")) {
			track_file = value;
		} else if (value && !strcmp(argv[i], "--brokers")) {
			kafka.brokers = value;
		} else if (equals && !strcmp(argv[i], "--set") && kafka.property_count < 64) {
			*equals = '\0';
			properties[kafka.property_count++] =
				(struct weir_property){ value, equals + 1 };
		} else {
			fprintf(stderr, "usage: %s [--url URL] [--track PHRASES | --track-file FILE] "
				"[--brokers LIST] [--set NAME=VALUE]…\n", argv[0]);
			return 2;
		}
	}
	if (track_file && !(twitter.track = read_phrases(track_file)))
		return 1;
	kafka.properties = properties;

	running = weir_pipeline_new(WEIR_WITH(weir_pipeline_options, .env = &env,
					      .on_state = on_state));
	weir_source *source = weir_twitter_source_add(running, "twitter", &twitter);
	weir_sink *sink = weir_kafka_sink_add(running, "kafka", &kafka);

	weir_route_add(running, WEIR_WITH(weir_route, .kinds = WEIR_KIND_TWEET, .to = "tweets"), sink);
	weir_route_add(running, WEIR_WITH(weir_route, .kinds = WEIR_KIND_RETWEET, .to = "retweets"), sink);
	weir_route_add(running, WEIR_WITH(weir_route, .kinds = WEIR_KIND_DELETE, .to = "deletes"), sink);
	weir_route_add(running, WEIR_WITH(weir_route, .kinds = WEIR_KIND_LIMIT, .to = "limits"), sink);

	const enum weir_status status = run(&signals, source, track_file);

	weir_pipeline_metrics(running, &metrics);
	fprintf(stderr, "%llu received, %llu delivered, %llu dropped by rule, %llu not delivered\n",
		(unsigned long long)metrics.all.received, (unsigned long long)metrics.all.delivered,
		(unsigned long long)metrics.all.dropped, (unsigned long long)metrics.all.in_flight);
	if (status < 0)
		fprintf(stderr, "%s\n", weir_pipeline_error(running)->text);
	running = weir_pipeline_free(running);
	return status < 0 ? 1 : 0;
}
