/* SPDX-License-Identifier: MIT */
/*
 * The README's program, with options: a Twitter stream into Kafka, a topic for each kind.
 *
 *     twitter_to_kafka [--url URL] [--track PHRASES] [--brokers LIST] [--set NAME=VALUE]…
 *
 * --url is the stream's whole URL (default: the filter stream), --set any librdkafka property.
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
#include <weir.h>

static weir_pipeline *running;	/* for the signal handler */

static void stop(int signal_number)
{
	(void)signal_number;
	weir_pipeline_stop(running);
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

	for (int i = 1; i < argc; i += 2) {
		char *value = i + 1 < argc ? argv[i + 1] : NULL;
		char *equals = value ? strchr(value, '=') : NULL;

		if (value && !strcmp(argv[i], "--url")) {
			twitter.url = value;
		} else if (value && !strcmp(argv[i], "--track")) {
			twitter.track = value;
		} else if (value && !strcmp(argv[i], "--brokers")) {
			kafka.brokers = value;
		} else if (equals && !strcmp(argv[i], "--set") && kafka.property_count < 64) {
			*equals = '\0';
			properties[kafka.property_count++] =
				(struct weir_property){ value, equals + 1 };
		} else {
			fprintf(stderr, "usage: %s [--url URL] [--track PHRASES] [--brokers LIST] "
				"[--set NAME=VALUE]…\n", argv[0]);
			return 2;
		}
	}
	kafka.properties = properties;

	running = weir_pipeline_new(WEIR_WITH(weir_pipeline_options, .env = &env));
	weir_twitter_source_add(running, "twitter", &twitter);
	weir_sink *sink = weir_kafka_sink_add(running, "kafka", &kafka);

	weir_route_add(running, WEIR_WITH(weir_route, .kinds = WEIR_KIND_TWEET, .to = "tweets"), sink);
	weir_route_add(running, WEIR_WITH(weir_route, .kinds = WEIR_KIND_RETWEET, .to = "retweets"), sink);
	weir_route_add(running, WEIR_WITH(weir_route, .kinds = WEIR_KIND_DELETE, .to = "deletes"), sink);
	weir_route_add(running, WEIR_WITH(weir_route, .kinds = WEIR_KIND_LIMIT, .to = "limits"), sink);

	signal(SIGINT, stop);
	signal(SIGTERM, stop);
	const enum weir_status status = weir_pipeline_run(running);

	signal(SIGINT, SIG_DFL);
	signal(SIGTERM, SIG_DFL);
	weir_pipeline_metrics(running, &metrics);
	fprintf(stderr, "%llu received, %llu delivered, %llu dropped by rule, %llu not delivered\n",
		(unsigned long long)metrics.all.received, (unsigned long long)metrics.all.delivered,
		(unsigned long long)metrics.all.dropped, (unsigned long long)metrics.all.in_flight);
	if (status < 0)
		fprintf(stderr, "%s\n", weir_pipeline_error(running)->text);
	running = weir_pipeline_free(running);
	return status < 0 ? 1 : 0;
}
