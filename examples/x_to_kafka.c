/* SPDX-License-Identifier: MIT */
/*
 * X API v2 into Kafka: two rules, a topic for each of them, and holes filled by backfill.
 *
 *     X_BEARER_TOKEN=… x_to_kafka [--url URL] [--brokers LIST] [--set NAME=VALUE]…
 *
 * --url is scheme and host (default: the service's), --set any librdkafka property. The account's
 * rules whose tag begins with "weir." become these two; no others are touched. Interrupt it to
 * stop: what is under way is delivered first.
 *
 * Try it with no account and no broker (the server's own token, librdkafka's mock cluster):
 *
 *     build/examples/stream_server --port 8080 --rate 50 &
 *     X_BEARER_TOKEN=demo-bearer-token build/examples/x_to_kafka --url http://127.0.0.1:8080 \
 *             --set test.mock.num.brokers=1
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
	static const struct weir_x_rule rules[] = {
		{ "cat has:images -is:retweet", "weir.cats" },
		{ "(kpop OR 케이팝) lang:ko", "weir.kpop" },
	};
	struct weir_x_source_options x = {
		.size = sizeof x,
		.bearer_token = getenv("X_BEARER_TOKEN"),
		.tweet_fields = "author_id,created_at,lang,referenced_tweets",
		.expansions = "author_id",
		.backfill_minutes = 5,	/* left out where the account may not */
		.rule_prefix = "weir.",
		.rules = rules,
		.rule_count = 2,
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
			x.url = value;
		} else if (value && !strcmp(argv[i], "--brokers")) {
			kafka.brokers = value;
		} else if (equals && !strcmp(argv[i], "--set") && kafka.property_count < 64) {
			*equals = '\0';
			properties[kafka.property_count++] =
				(struct weir_property){ value, equals + 1 };
		} else {
			fprintf(stderr, "usage: %s [--url URL] [--brokers LIST] "
				"[--set NAME=VALUE]…\n", argv[0]);
			return 2;
		}
	}
	kafka.properties = properties;

	running = weir_pipeline_new(WEIR_WITH(weir_pipeline_options, .env = &env));
	weir_x_source_add(running, "x", &x);
	weir_sink *sink = weir_kafka_sink_add(running, "kafka", &kafka);

	weir_route_add(running, WEIR_WITH(weir_route, .kinds = WEIR_KIND_TWEET | WEIR_KIND_RETWEET,
					  .to = "x.{matching_rules.tag}", .fallback = "x.other"),
		       sink);
	weir_route_add(running, WEIR_WITH(weir_route, .kinds = WEIR_KIND_GAP | WEIR_KIND_NOTICE,
					  .to = "x.notices"), sink);

	signal(SIGINT, stop);
	signal(SIGTERM, stop);
	const enum weir_status status = weir_pipeline_run(running);

	signal(SIGINT, SIG_DFL);
	signal(SIGTERM, SIG_DFL);
	weir_pipeline_metrics(running, &metrics);
	fprintf(stderr, "%llu received, %llu delivered, %llu not delivered\n",
		(unsigned long long)metrics.all.received, (unsigned long long)metrics.all.delivered,
		(unsigned long long)metrics.all.in_flight);
	if (status < 0)
		fprintf(stderr, "%s\n", weir_pipeline_error(running)->text);
	running = weir_pipeline_free(running);
	return status < 0 ? 1 : 0;
}
