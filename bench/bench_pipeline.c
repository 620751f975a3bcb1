/* SPDX-License-Identifier: MIT */
/*
 * The whole pipeline: a Twitter stream, three topics by kind, all acknowledged.
 *
 *     bench_pipeline NAME URL BROKERS COUNT
 *
 * Measures from the first message received until COUNT are acknowledged, and counts what the
 * library asked of the env's allocator for the second half of them. Of a million and more
 * its memory between powers of ten is printed, too (marks.h).
 */
#include <stdatomic.h>
#include <stdlib.h>
#include <weir.h>

#include "bench.h"
#include "marks.h"

struct run {
	weir_pipeline *pipeline;
	weir_sink *kafka;
	uint64_t wanted;
	struct marks marks;
	atomic_uint_fast64_t allocations;
	uint64_t allocations_at_half;
	uint64_t allocations_at_end;
	struct bench_moment ended;
};

static void *counted_resize(void *user, void *ptr, size_t old_size, size_t new_size)
{
	struct run *run = user;

	(void)old_size;
	if (new_size == 0) {
		free(ptr);
		return NULL;
	}
	atomic_fetch_add_explicit(&run->allocations, 1, memory_order_relaxed);
	return realloc(ptr, new_size);
}

static void acknowledged(void *user, const weir_message *message,
			 const struct weir_kafka_outcome *outcome)
{
	struct run *run = user;

	(void)message;
	if (outcome->status < 0 || run->marks.passed >= run->wanted)
		return;
	marks_pass(&run->marks);
	if (run->marks.passed == run->wanted / 2)
		run->allocations_at_half = run->allocations;
	if (run->marks.passed < run->wanted)
		return;
	run->allocations_at_end = run->allocations;
	run->ended = bench_moment_now();
	weir_pipeline_stop(run->pipeline);
}

static void build(struct run *run, const char *url, const char *brokers)
{
	struct weir_property properties[BENCH_KAFKA_COUNT];
	weir_pipeline *p = run->pipeline;

	for (size_t i = 0; i < BENCH_KAFKA_COUNT; i++)
		properties[i] = (struct weir_property){ bench_kafka[i].name, bench_kafka[i].value };

	run->kafka = weir_kafka_sink_add(p, "kafka",
		WEIR_WITH(weir_kafka_sink_options, .brokers = brokers, .properties = properties,
			  .property_count = BENCH_KAFKA_COUNT, .on_outcome = acknowledged,
			  .user = run));
	weir_twitter_source_add(p, "twitter",
		WEIR_WITH(weir_twitter_source_options, .track = "kpop", .url = url,
			  .uncompressed = true, .anonymous = true));
	weir_route_add(p, WEIR_WITH(weir_route, .kinds = WEIR_KIND_RETWEET, .to = "retweets",
				    .final = true), run->kafka);
	weir_route_add(p, WEIR_WITH(weir_route, .kinds = WEIR_KIND_DELETE, .to = "deletes",
				    .final = true), run->kafka);
	weir_route_add(p, WEIR_WITH(weir_route, .to = "tweets"), run->kafka);
}

static double wait_for_first(const weir_pipeline *p)
{
	const struct timespec tick = { .tv_nsec = 200 * 1000 };
	struct weir_metrics metrics = WEIR_METRICS(weir_metrics);

	while (metrics.all.received == 0 && weir_pipeline_state(p) < WEIR_STATE_FINISHED) {
		nanosleep(&tick, NULL);
		weir_pipeline_metrics(p, &metrics);
	}
	return bench_now();
}

int main(int argc, char **argv)
{
	struct weir_sink_metrics sink = WEIR_METRICS(weir_sink_metrics);
	struct run run = { 0 };
	const struct weir_env env = { .size = sizeof env,
				      .allocator = { .resize = counted_resize, .user = &run } };

	if (argc != 5)
		return fprintf(stderr, "usage: %s NAME URL BROKERS COUNT\n", argv[0]), 2;
	run.wanted = strtoull(argv[4], NULL, 10);
	run.marks = marks_new(argv[1], run.wanted);
	run.pipeline = weir_pipeline_new(WEIR_WITH(weir_pipeline_options, .env = &env));
	build(&run, argv[2], argv[3]);
	if (weir_pipeline_start(run.pipeline) < 0)
		return fprintf(stderr, "%s\n", weir_pipeline_error(run.pipeline)->text), 1;

	const struct bench_moment started = { .seconds = wait_for_first(run.pipeline) };

	if (weir_pipeline_join(run.pipeline) < 0)
		fprintf(stderr, "%s\n", weir_pipeline_error(run.pipeline)->text);
	weir_sink_metrics(run.kafka, &sink);
	weir_pipeline_free(run.pipeline);
	if (run.marks.passed < run.wanted)
		return 1;
	/* What was under way at the end arrived, too: of the bytes it is taken off. */
	bench_print(argv[1], run.wanted,
		    (uint64_t)((double)sink.bytes / (double)sink.delivered * (double)run.wanted), started,
		    run.ended);
	bench_figure(argv[1], "allocations",
		     (double)(run.allocations_at_end - run.allocations_at_half) /
			     (double)(run.wanted - run.wanted / 2));
	return 0;
}
