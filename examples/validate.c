/* SPDX-License-Identifier: MIT */
/*
 * Sorts a topic by a range: Kafka source, two routes, Kafka sink.
 *
 *     validate BROKERS FIELD MIN MAX [GROUP]
 *     validate localhost:9092 temperature -40 60
 *
 * Reads the topic raw-messages. A message whose field is a number, or a string that holds one, from
 * MIN to MAX goes to valid-messages; every other one, what is not JSON as well, to invalid-messages.
 * A message is forgotten by the group (default: validate) when Kafka has acknowledged its copy:
 * started again, or twice at a time, it goes on where it or another ended. Interrupt it to stop.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <weir.h>

static weir_pipeline *p;

static void stop(int signal)
{
	(void)signal;
	weir_pipeline_stop(p);
}

static void add_routes(const char *field, double min, double max, weir_sink *sink)
{
	const struct weir_field_match in_range = {
		.path = field,
		.test = WEIR_TEST_RANGE,
		.min = min,
		.max = max,
	};

	weir_route_add(p, WEIR_WITH(weir_route, .where = &in_range, .where_count = 1,
				    .to = "valid-messages", .final = true, .name = "valid"), sink);
	weir_route_add(p, WEIR_WITH(weir_route, .to = "invalid-messages", .name = "invalid"), sink);
}

static void print_counts(void)
{
	struct weir_metrics all = WEIR_METRICS(weir_metrics);

	weir_pipeline_metrics(p, &all);
	printf("%llu messages, %llu delivered\n", (unsigned long long)all.all.received,
	       (unsigned long long)all.all.delivered);
}

int main(int argc, char **argv)
{
	static const struct weir_env env = {
		.size = sizeof env,
		.logger = { .write = weir_log_to_stderr, .threshold = WEIR_LOG_INFO },
	};
	static const char *const topics[] = { "raw-messages" };

	if (argc != 5 && argc != 6) {
		fprintf(stderr, "usage: %s BROKERS FIELD MIN MAX [GROUP]\n", argv[0]);
		return 2;
	}
	p = weir_pipeline_new(WEIR_WITH(weir_pipeline_options, .env = &env));
	signal(SIGINT, stop);
	signal(SIGTERM, stop);
	weir_kafka_source_add(p, "raw",
		WEIR_WITH(weir_kafka_source_options, .brokers = argv[1],
			  .group = argc == 6 ? argv[5] : "validate", .topics = topics,
			  .topic_count = 1, .kind = WEIR_KIND_RECORD));
	weir_sink *kafka = weir_kafka_sink_add(p, "sorted",
		WEIR_WITH(weir_kafka_sink_options, .brokers = argv[1]));

	add_routes(argv[2], strtod(argv[3], NULL), strtod(argv[4], NULL), kafka);

	const enum weir_status status = weir_pipeline_run(p);

	signal(SIGINT, SIG_DFL);	/* the handler's pipeline is about to go */
	signal(SIGTERM, SIG_DFL);
	if (status < 0)
		fprintf(stderr, "%s\n", weir_pipeline_error(p)->text);
	print_counts();
	weir_pipeline_free(p);
	return status < 0 ? 1 : 0;
}
