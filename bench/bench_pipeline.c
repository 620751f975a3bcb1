/* SPDX-License-Identifier: MIT */
/*
 * The whole pipeline: a Twitter stream, three topics by kind, all acknowledged.
 *
 *     bench_pipeline URL BROKERS COUNT
 *
 * Stops when COUNT messages are acknowledged.
 */
#include <stdlib.h>
#include <weir.h>

#include "bench.h"

int main(int argc, char **argv)
{
	struct weir_metrics metrics = WEIR_METRICS(weir_metrics);
	double started = 0;
	uint64_t wanted;

	if (argc != 4)
		return fprintf(stderr, "usage: %s URL BROKERS COUNT\n", argv[0]), 2;
	wanted = strtoull(argv[3], NULL, 10);

	weir_pipeline *p = weir_pipeline_new(NULL);
	weir_sink *kafka = weir_kafka_sink_add(p, "kafka",
		WEIR_WITH(weir_kafka_sink_options, .brokers = argv[2]));

	weir_twitter_source_add(p, "twitter",
		WEIR_WITH(weir_twitter_source_options, .track = "kpop", .url = argv[1],
			  .uncompressed = true, .anonymous = true));
	weir_route_add(p, WEIR_WITH(weir_route, .kinds = WEIR_KIND_RETWEET, .to = "retweets",
				    .final = true), kafka);
	weir_route_add(p, WEIR_WITH(weir_route, .kinds = WEIR_KIND_DELETE, .to = "deletes",
				    .final = true), kafka);
	weir_route_add(p, WEIR_WITH(weir_route, .to = "tweets"), kafka);
	if (weir_pipeline_start(p) < 0)
		return fprintf(stderr, "%s\n", weir_pipeline_error(p)->text), 1;
	while (metrics.all.delivered < wanted && weir_pipeline_state(p) < WEIR_STATE_FINISHED) {
		const struct timespec tick = { .tv_nsec = 500 * 1000 };

		nanosleep(&tick, NULL);
		weir_pipeline_metrics(p, &metrics);
		if (started == 0 && metrics.all.received > 0)
			started = bench_now();
	}
	bench_print("weir", metrics.all.delivered, bench_now() - started);
	weir_pipeline_stop(p);
	if (weir_pipeline_join(p) < 0)
		fprintf(stderr, "%s\n", weir_pipeline_error(p)->text);
	weir_pipeline_free(p);
	return metrics.all.delivered >= wanted ? 0 : 1;
}
